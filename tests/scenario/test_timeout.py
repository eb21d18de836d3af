"""`--timeout`: a run that reaches it ends, says so, and never passes by it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from fwverify.cli import main
from fwverify.identify.stage import InProcess
from fwverify.isolate.pool import WorkerPool
from fwverify.limits import Budget, LimitExceeded, Limits
from fwverify.model.artifact import Artifact, Digest, Locator, Step
from fwverify.model.evidence import GapReason, Opened
from fwverify.unpack.stage import Here
from fwverify.worklist import Bench, Walk

ROOT = Path(__file__).resolve().parents[2]
AT = ("--at", "2026-11-22T00:00:00Z", "--no-cache", "--no-evidence")
SLACK_SECONDS = 40
"""Starting Python and workers on a busy machine, beside the bound itself."""


def artifact(name: str, content: bytes) -> Artifact:
    return Artifact(Locator((Step(name),)), len(content), (Digest("sha256", bytes(32)),), memoryview(content))


@pytest.fixture
def slow(tmp_path: Path) -> Path:
    """Files that take far longer to examine than a second."""
    path = tmp_path / "slow.zip"
    with zipfile.ZipFile(path, "w") as made:
        for number in range(12_000):
            made.writestr(f"etc/{number}.conf", f"option {number} = {number * 7919}\n" * 40)
    return path


@pytest.mark.parametrize("extra", [(), ("--in-process",)])
def test_a_slow_delivery_ends_in_time(slow: Path, extra: tuple[str, ...]) -> None:
    """The run ends, is inconclusive, and names the bound in the rule and in a gap."""
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "fwverify", "verify", str(slow), "--timeout", "1", "--json", *extra, *AT],
        capture_output=True, timeout=300, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 3, done.stderr.decode()
    assert time.monotonic() - began < 1 + SLACK_SECONDS
    report = json.loads(done.stdout)
    (rule,) = (one for one in report["verdict"]["findings"] if one["rule"] == "package.limits")
    assert rule["outcome"] == "not_evaluated"
    assert "max_seconds" in rule["message"]
    assert not [one for one in report["verdict"]["findings"] if one["level"] == "must" and one["outcome"] == "fail"]
    assert dict(report["evidence"]["settings"]["limits"])["max_seconds"] == 1


def test_a_signed_delivery_does_not_pass_by_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What passes with time enough is inconclusive without, and the page says why and what to do."""
    sample = ("verify", str(ROOT / "samples/acme-ups-3.1.0"), "--policy", str(ROOT / "samples/demo.yaml"), "--keys",
              str(ROOT / "keys"), "--product", "acme-ups", "--installed", "3.0.1", "--in-process", *AT)  # fmt: skip
    assert main([*sample, "--timeout", "300", "-q"]) == 0

    def over(budget: Budget) -> None:
        raise LimitExceeded("max_seconds", budget.limits.max_seconds)

    monkeypatch.setattr(Budget, "check_time", over)
    assert main([*sample, "--timeout", "300"]) == 3
    page = " ".join(capsys.readouterr().out.split())
    assert "The run's time was over (300 seconds) before all of it was examined" in page
    assert "--timeout 1200" in page


def test_both_spellings_of_the_bound_are_refused(slow: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--timeout is --limit max_seconds; zero is no time at all."""
    assert main(["verify", str(slow), "--timeout", "5", "--limit", "max_seconds=6", *AT]) == 2
    assert main(["verify", str(slow), "--timeout", "0", *AT]) == 2
    assert "same bound" in capsys.readouterr().err


def test_a_worker_is_not_asked_when_time_is_over() -> None:
    """The pool answers with a gap that names the bound, and starts nobody."""
    with WorkerPool(Limits(max_seconds=5, workers=1), ("/nonexistent/worker",)) as pool:
        pool.until(Budget(Limits(max_seconds=5), deadline=time.monotonic() - 10))
        pool.submit(artifact("a", b"text"))
        ((_, answer),) = pool.results()
    (gap,) = answer.gaps
    assert (gap.reason, gap.detail) == (GapReason.LIMIT, "limit max_seconds reached (5)")


def test_nothing_is_examined_after_the_end() -> None:
    """In this process too: each artifact has an answer, and it is a gap."""
    now = [0.0]
    limits = Limits(max_seconds=5)
    walk = Walk(Budget(limits, lambda: now[0]), Bench(InProcess(limits), Here()), lambda _: None)
    now[0] = 6.0
    walk.image(artifact("a.txt", b"some text to read\n" * 10))
    walk.finish()
    (seen,) = walk.observed.values()
    assert seen.opened is Opened.GAP
    assert {one.detail for one in walk.gaps} == {"limit max_seconds reached (5)"}
