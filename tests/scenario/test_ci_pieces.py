"""The pieces under ci/: their scripts run here as a pipeline runs them; hostile values never become shell code."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "ci/github/action.yml").read_text())
GITLAB: dict[str, Any] = yaml.safe_load((ROOT / "ci/gitlab/fwverify.gitlab-ci.yml").read_text())
HOOKS: list[dict[str, Any]] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
HOSTILE = ("$(touch pwned)", "`touch pwned`", "; touch pwned #", "'; touch pwned; '", '"; touch pwned; "', "--help",
           "a\n::set-output name=x::y", "${IFS}x")  # fmt: skip
DEMO = {"policy": str(ROOT / "samples/demo.yaml"), "floor": "", "keys": str(ROOT / "keys"), "product": "acme-ups",
        "installed": "3.0.1"}  # fmt: skip


@pytest.fixture
def bench(tmp_path: Path) -> Path:
    """A workspace, a temporary folder and a program called fwverify."""
    for name in ("bin", "temp", "work", "home"):
        (tmp_path / name).mkdir()
    program = tmp_path / "bin/fwverify"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -P -m fwverify "$@"\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return tmp_path


def environment(bench: Path) -> dict[str, str]:
    return {
        "PATH": f"{bench / 'bin'}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT), "HOME": str(bench / "home"),
        "RUNNER_TEMP": str(bench / "temp"), "GITHUB_OUTPUT": str(bench / "output"), "FWVERIFY_CACHE": "off",
        "GITHUB_STEP_SUMMARY": str(bench / "summary"), "GITHUB_ACTION_PATH": str(ROOT / "ci/github"),
    }  # fmt: skip


def act(bench: Path, **given: str) -> subprocess.CompletedProcess[str]:
    """The action's step `verify`, with the environment that GitHub would make of these inputs."""
    (step,) = (one for one in ACTION["runs"]["steps"] if one.get("id") == "verify")
    inputs = {name: str(one.get("default", "")) for name, one in ACTION["inputs"].items()} | given

    def value(text: str) -> str:
        found = re.fullmatch(r"\$\{\{ inputs\.([a-z0-9-]+) \}\}", text)
        return inputs[found[1]] if found else "fwverify" if "steps.install" in text else text

    env = environment(bench) | {name: value(text) for name, text in step["env"].items()}
    script = bench / "step.sh"
    script.write_text(step["run"])
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)]
    return subprocess.run(command, env=env, cwd=bench / "work", capture_output=True, text=True, timeout=120)


def test_no_expression_stands_in_a_script() -> None:
    """GitHub pastes expressions into the text: only `env`, `if` and `with` may have them. Actions are pinned."""
    for step in ACTION["runs"]["steps"]:
        assert "${{" not in step.get("run", "")
        if "uses" in step:
            assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", step["uses"])


@pytest.mark.parametrize(("sample", "status"), [("acme-ups-3.1.0", 0), ("acme-ups-3.1.0-replaced", 1)])
def test_action_gates_and_reports(bench: Path, sample: str, status: int) -> None:
    """The step ends with fwverify's own status, leaves every form, the summary and its outputs."""
    done = act(bench, delivery=str(ROOT / "samples" / sample), **DEMO)
    assert done.returncode == status, done.stderr
    outputs = dict(line.split("=", 1) for line in (bench / "output").read_text().splitlines())
    assert outputs["status"] == str(status)
    names = {one.name for one in Path(outputs["report"]).iterdir()}
    assert {"delivery.code-scanning.sarif", "delivery.evidence.json", "delivery.junit.xml", "delivery.html"} <= names
    assert (bench / "summary").read_text().startswith("# ")
    lines = done.stdout.splitlines()
    token = lines[0].removeprefix("::stop-commands::")
    assert re.fullmatch(r"[0-9a-f]{32}", token)
    end = lines.index(f"::{token}::")
    assert "DO NOT INSTALL" in done.stdout if status else "may be installed" in done.stdout
    assert not [line for line in lines[1:end] if line.lstrip().startswith("::")]
    assert lines[end + 1].startswith("::error " if status else "::notice ")


@pytest.mark.parametrize("value", HOSTILE)
def test_action_inputs_are_never_code(bench: Path, value: str) -> None:
    """Whatever an input holds, it is one word: nothing runs, nothing is judged, the step fails, and it says so."""
    for names in (("delivery",), ("timeout",), tuple(set(ACTION["inputs"]) - {"timeout", "install", "upload-sarif"})):
        done = act(bench, **{"delivery": "missing", **dict.fromkeys(names, value)})
        assert done.returncode == 2, (names, done.stdout, done.stderr)
        assert "::error title=fwverify::Nothing was judged (exit status 2)." in done.stdout
    assert not [one for one in bench.rglob("*pwned*")]
    assert "set-output" not in (bench / "output").read_text()


def test_action_refuses_what_is_weaker_than_the_floor(bench: Path) -> None:
    """The floor holds unless the workflow itself names another."""
    done = act(bench, delivery=str(ROOT / "samples/acme-ups-3.1.0"), policy="builtin:lab")
    assert done.returncode == 2
    assert "floor" in done.stderr


def run_gitlab(bench: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """The template's script with a plain shell, as a runner runs it."""
    job = GITLAB[".fwverify"]
    env = environment(bench) | {name: str(text) for name, text in job["variables"].items()} | variables
    return subprocess.run(["sh", "-c", "\n".join(job["script"])], env=env, cwd=bench / "work", capture_output=True,
                          text=True, timeout=120)  # fmt: skip


def test_gitlab_job_leaves_its_reports(bench: Path) -> None:
    """The files that `artifacts` names are there; a report that was checked out is not taken for one."""
    old = bench / "work/fwverify-report"
    old.mkdir()
    (old / "delivery.junit.xml").write_text("<testsuites/>")
    demo = {f"FWVERIFY_{name.upper()}": value for name, value in DEMO.items()}
    done = run_gitlab(bench, FWVERIFY_DELIVERY=str(ROOT / "samples/acme-ups-3.1.0"), **demo)
    assert done.returncode == 0, done.stderr
    for path in GITLAB[".fwverify"]["artifacts"]["reports"].values():
        assert (bench / "work" / path).stat().st_size > 2
    assert "<testsuites/>" not in (old / "delivery.junit.xml").read_text()


@pytest.mark.parametrize("value", HOSTILE)
def test_gitlab_variables_are_never_code(bench: Path, value: str) -> None:
    """As for the action."""
    done = run_gitlab(bench, FWVERIFY_DELIVERY=value, FWVERIFY_VENDOR=value)
    assert done.returncode == 2
    assert not [one for one in bench.rglob("*pwned*")]
    assert not list((bench / "work/fwverify-report").iterdir())


def test_hooks_name_commands_that_exist() -> None:
    """Each hook's command answers to --help."""
    for hook in HOOKS:
        words = hook["entry"].split()
        assert words[0] == "fwverify"
        done = subprocess.run([sys.executable, "-m", *words, "--help"], cwd=ROOT, capture_output=True, timeout=60)
        assert done.returncode == 0


def test_container_runs_without_rights() -> None:
    """The image's user is no root, and packages are installed by hash."""
    text = (ROOT / "ci/container/Containerfile").read_text()
    assert re.search(r"^USER (?!0|root)\d+:\d+$", text, re.MULTILINE)
    assert "--require-hashes" in text
