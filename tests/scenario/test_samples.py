"""Every sample through the real command line: exit status, rules and words exactly as its expectation file says."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from fwverify.cli import main
from tests.interop.tools import found

ROOT = Path(__file__).resolve().parents[2]
EXPECTATIONS = sorted((ROOT / "samples").glob("*.expected.toml"))


def run(command: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    """Run fwverify in this process; status, standard output, standard error."""
    status = main(command)
    out, err = capsys.readouterr()
    return status, out, err


@pytest.mark.parametrize("expected", EXPECTATIONS, ids=lambda path: path.name.removesuffix(".expected.toml"))
def test_sample(
    expected: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The sample's exit status, failed rules, unevaluated rules and words are those of its expectation file."""
    want = tomllib.loads(expected.read_text())
    monkeypatch.chdir(ROOT)
    report = tmp_path / "report.json"
    at = ["--at", "2026-11-22T00:00:00Z"]
    common = [*at, "--evidence", str(tmp_path / "evidence.json")]
    if "baseline" in want:
        approved = tomllib.loads((ROOT / f"samples/{want['baseline']}.expected.toml").read_text())
        baseline = str(tmp_path / "baseline.json")
        assert run([*approved["command"], *at, "--evidence", baseline], capsys)[0] == 0
        common += ["--baseline", baseline]
    status, page, err = run([*want["command"], *common], capsys)
    assert (status, err) == (want["exit"], ""), page
    for words in want["says"]:
        assert words in page
    assert all(len(line) <= 80 for line in page.splitlines()), "wider than 80 columns"
    run([*want["command"], *common, "--json", "-o", str(report)], capsys)
    findings = json.loads(report.read_text())["verdict"]["findings"]
    failed = {one["rule"] for one in findings if one["outcome"] == "fail" and one["level"] == "must"}
    assert failed == set(want["failed"])
    missing = {one["rule"] for one in findings if one["outcome"] == "not_evaluated"}
    assert set(want["not_evaluated"]) <= missing


def test_every_sample_has_an_expectation() -> None:
    """No sample folder stands without a file that says what fwverify must answer."""
    folders = {one.name for one in (ROOT / "samples").iterdir() if one.is_dir()} - {
        "parts",
        "src",
        "rfp",
        "__pycache__",
    }
    assert folders <= {one.name.removesuffix(".expected.toml") for one in EXPECTATIONS}
    assert len(EXPECTATIONS) >= 15


MADE_WITH = {
    "mksquashfs": ("-version", "version 4.5.1"), "mkimage": ("-V", "version 2023.01"), "imgtool": ("version", "2.5.0"),
}  # fmt: skip
"""Tool versions the committed samples were made with: others lay out the same content differently."""


@pytest.mark.interop
def test_samples_are_what_build_makes() -> None:
    """Rebuilding from the committed parts gives the committed samples, byte for byte."""
    for tool, (option, version) in MADE_WITH.items():
        path = found(tool)
        said = subprocess.run([path, option], capture_output=True, text=True).stdout if path else ""
        if version not in said:
            pytest.skip(f"{tool} {version} is not installed")
    done = subprocess.run([sys.executable, "samples/build.py", "--check"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
