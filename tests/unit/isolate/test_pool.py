"""The pool: a worker that dies, hangs, swells or lies costs the artifact it had, and nothing else."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fwverify.content import held, identified
from fwverify.identify.interface import Observed
from fwverify.identify.stage import InProcess
from fwverify.isolate import process
from fwverify.isolate.pool import WorkerPool, _Memory
from fwverify.isolate.process import WorkerProcess
from fwverify.limits import MIB, Limits
from fwverify.model.artifact import Artifact, Locator, Step
from fwverify.model.canonical import canonical
from fwverify.model.evidence import GapReason, Opened

ROOT = Path(__file__).resolve().parents[3]
HOSTILE = (sys.executable, "-s", "-P", str(Path(__file__).with_name("hostile_worker.py")), str(ROOT))
VECTORS = ROOT / "tests" / "vectors" / "detectors"
LIMITS = Limits(workers=2, worker_seconds=2, worker_memory_bytes=1024 * MIB)


def artifact(data: bytes | memoryview, name: str) -> Artifact:
    return identified(Locator((Step("image.bin"), Step(name, "cpio"))), data)


def examined(artifacts: Iterable[Artifact], mode: str = "obey", limits: Limits = LIMITS) -> dict[str, Observed]:
    """Answers by name; every artifact has exactly one."""
    with WorkerPool(limits, (*HOSTILE, mode)) as pool:
        asked = [one.locator.name for one in artifacts if pool.submit(one) is None]  # type: ignore[func-returns-value]
        answers = list(pool.results())
        assert sorted(locator.name for locator, _ in answers) == sorted(asked)
    return {locator.name: seen for locator, seen in answers}


def with_others(order: str) -> list[Artifact]:
    """One troublemaker among sound artifacts."""
    return [artifact(order.encode() if at == 4 else b"fine", f"{at}") for at in range(9)]


@pytest.mark.parametrize(
    ("order", "reason", "words"),
    [
        ("die", GapReason.CRASHED, "SIGKILL"),
        ("segfault", GapReason.CRASHED, "SIGSEGV"),
        ("connect", GapReason.CRASHED, "PermissionError"),
        ("fork", GapReason.CRASHED, "PermissionError"),
        ("start", GapReason.CRASHED, "PermissionError"),
        ("read", GapReason.CRASHED, "PermissionError"),
        ("kill", GapReason.CRASHED, "PermissionError"),
        ("loop", GapReason.LIMIT, "worker_seconds"),
        ("sleep", GapReason.LIMIT, "worker_seconds"),
        ("allocate", GapReason.LIMIT, "worker_memory_bytes"),
        ("bug", GapReason.CRASHED, "KeyError"),
        ("leave", GapReason.CRASHED, "status 0"),
        ("write", GapReason.CRASHED, "FileNotFoundError"),
        ("other", GapReason.CRASHED, "another artifact"),
    ],
)
@pytest.mark.parametrize("workers", [1, 2])
def test_trouble_costs_one_artifact(order: str, reason: GapReason, words: str, workers: int) -> None:
    """The troublemaker is a gap with the reason; all others are examined, those that were sent with it too."""
    seen = examined(with_others(order), limits=replace(LIMITS, workers=workers))
    trouble = seen.pop("4")
    assert trouble.opened is Opened.GAP
    assert [(one.reason, one.by) for one in trouble.gaps] == [(reason, "isolate")]
    assert words in trouble.gaps[0].detail
    assert all(one.opened is Opened.EXAMINED and len(one.clues) == 1 for one in seen.values())


def test_more_than_fits_into_a_pipe_is_sent_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system gives narrow pipes, nobody waits for somebody who waits."""
    monkeypatch.setattr(process, "PIPE_BYTES", 4096)
    wide = b"fine " * 800  # a batch of them is more than a pipe takes, and so are the answers
    seen = examined([artifact(wide, str(at)) for at in range(40)], limits=replace(LIMITS, workers=1))
    assert len(seen) == 40
    assert all(one.opened is Opened.EXAMINED for one in seen.values())


def test_chatter_is_harmless() -> None:
    """What a library prints, on either output and more than a pipe holds, does not disturb the answers."""
    seen = examined([artifact(b"print", str(at)) for at in range(4)])
    assert all(one.opened is Opened.EXAMINED for one in seen.values())


def test_environment_is_scrubbed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker sees nothing of the operator's environment."""
    monkeypatch.setenv("OPERATOR_TOKEN", "secret")
    seen = examined([artifact(b"environment", "a")])
    assert [one.product for one in seen["a"].clues] == ["LC_ALL,PYTHONHASHSEED"]


@pytest.mark.parametrize("mode", ["garbage", "long", "stillborn"])
def test_workers_that_are_none(mode: str) -> None:
    """Garbage, an answer without end or no start at all: a gap for each artifact, and the run ends."""
    seen = examined([artifact(b"fine", str(at)) for at in range(3)], mode)
    assert [one.gaps[0].reason for one in seen.values()] == [GapReason.CRASHED] * 3


def test_killed_from_outside_while_idle() -> None:
    """A worker that was gone before an artifact came is replaced; the artifact is examined all the same."""
    with WorkerPool(Limits(workers=1, worker_seconds=20), (*HOSTILE, "obey")) as pool:
        pool.submit(artifact(b"fine", "a"))
        assert [seen.opened for _, seen in pool.results()] == [Opened.EXAMINED]
        (worker,) = pool._running
        os.kill(worker.process.pid, signal.SIGKILL)
        worker.process.wait()
        pool.submit(artifact(b"fine" + b" " * 300_000, "b"))
        assert [seen.opened for _, seen in pool.results()] == [Opened.EXAMINED]


def test_killed_from_outside_while_busy() -> None:
    """kill -9 on a worker in the middle of an artifact is a gap on that artifact."""
    with WorkerPool(Limits(workers=1, worker_seconds=20), (*HOSTILE, "obey")) as pool:
        pool.submit(artifact(b"sleep", "a"))
        while not any(one.ready for one in tuple(pool._running)):
            time.sleep(0.01)
        (worker,) = pool._running
        threading.Timer(0.2, os.kill, (worker.process.pid, signal.SIGKILL)).start()
        pool.submit(artifact(b"fine", "b"))
        seen = {locator.name: one for locator, one in pool.results()}
    assert seen["a"].gaps[0].reason is GapReason.CRASHED
    assert seen["b"].opened is Opened.EXAMINED


def test_no_worker_is_started_for_a_run_that_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits together with the artifact over which the run was interrupted is let go."""
    started: list[WorkerProcess] = []
    real = WorkerProcess.__init__

    def counted(self: WorkerProcess, *given: Any) -> None:
        started.append(self)
        real(self, *given)

    monkeypatch.setattr(WorkerProcess, "__init__", counted)
    with WorkerPool(Limits(workers=1, worker_seconds=20), (*HOSTILE, "obey")) as pool:
        pool.submit(artifact(b"fine", "a"))
        for at in range(20):
            pool.submit(artifact(b"sleep", str(at)))
        pool._flush()
        answers = pool.results()
        next(answers)
        time.sleep(0.2)
    assert len(started) == 1


def test_used_up_worker_retires() -> None:
    """A worker that used its processor time is replaced between artifacts, and no artifact pays for it."""
    limits = Limits(workers=1, worker_seconds=20, worker_cpu_seconds=1)
    seen = examined([artifact(b"burn" + b" " * at, str(at)) for at in range(5)], limits=limits)
    assert all(one.opened is Opened.EXAMINED for one in seen.values())
    assert len({clue.product for one in seen.values() for clue in one.clues}) > 2  # "seen" and several processes


def test_processor_time_of_one_artifact() -> None:
    """An artifact that alone uses up a worker's processor time is a gap that names the limit."""
    limits = Limits(workers=1, worker_seconds=20, worker_cpu_seconds=1)
    seen = examined([artifact(b"loop", "a"), artifact(b"fine", "b")], limits=limits)
    assert "worker_cpu_seconds" in seen["a"].gaps[0].detail
    assert seen["b"].opened is Opened.EXAMINED


def test_results_in_portions() -> None:
    """Submitting goes on after results were taken; each answer is given once."""
    with WorkerPool(LIMITS) as pool:
        for round_ in ("a", "b"):
            pool.submit(artifact(b"text", round_))
            assert [locator.name for locator, _ in pool.results()] == [round_]
        assert list(pool.results()) == []
        assert pool.mode == "full"


def test_no_worker_without_work() -> None:
    """Workers start with the first artifact, not with the pool."""
    with WorkerPool(LIMITS) as pool:
        assert not pool._running


def test_closing_does_not_wait() -> None:
    """A pool that is given up ends its workers at once, busy or not."""
    start = time.monotonic()
    with WorkerPool(Limits(workers=1, worker_seconds=60), (*HOSTILE, "obey")) as pool:
        pool.submit(artifact(b"sleep", "a"))
        pool.submit(artifact(b"sleep", "b"))
    assert time.monotonic() - start < 10


def test_same_answers_as_in_process() -> None:
    """Where content is examined changes nothing in what is observed."""
    artifacts = [artifact(one.read_bytes(), str(one.parent)) for one in sorted(VECTORS.glob("*/*/*/input"))]
    artifacts.append(artifact(os.urandom(3 * MIB), "large"))
    here = InProcess()
    with WorkerPool(Limits(workers=2)) as pool:
        for one in artifacts:
            here.submit(one)
            pool.submit(one)
        there = dict(pool.results())
    assert len(there) == len(artifacts)
    assert {locator: canonical(one) for locator, one in here.results()} == {
        locator: canonical(one) for locator, one in there.items()
    }


def test_large_content_is_no_memory_of_the_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Content larger than the worker may have memory is examined from a file, which is gone afterwards."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    limits = Limits(workers=1, worker_seconds=60, worker_memory_bytes=400 * MIB)
    block = os.urandom(MIB)
    large = artifact(held(block for _ in range(600)), "large")
    with WorkerPool(limits) as pool:
        pool.submit(large)
        ((_, seen),) = pool.results()
        assert seen.opened is Opened.SCANNED, seen.gaps
    assert list(tmp_path.iterdir()) == []


def test_waiting_contents_are_bounded() -> None:
    """Who would go beyond what may be held waits; one content alone never does."""
    memory = _Memory(100)
    memory.take(300)
    threading.Timer(0.2, memory.give, (300,)).start()
    started = time.monotonic()
    memory.take(10)
    assert time.monotonic() - started > 0.15
