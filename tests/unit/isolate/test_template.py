"""Workers forked from a template do what started ones do, and end as they do."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from fwverify.content import identified
from fwverify.isolate import sandbox
from fwverify.isolate.frames import Answer, Role, Settings, examine_header
from fwverify.isolate.pool import WorkerPool
from fwverify.isolate.process import ENVIRONMENT, Deadline, Lost, WorkerProcess, default_command
from fwverify.isolate.template import HAS_TEMPLATE, Forked, Template, Unavailable
from fwverify.limits import Limits
from fwverify.model.artifact import Artifact, Locator, Step
from fwverify.model.evidence import GapReason

pytestmark = pytest.mark.skipif(not HAS_TEMPLATE, reason="Linux only")
LIMITS = Limits(workers=2, worker_seconds=60)
SETTINGS = Settings(Role.EXAMINE, sandbox.Confinement(LIMITS.worker_memory_bytes, 60), LIMITS)
ROOT = Path(__file__).resolve().parents[3]


def text(name: str = "a.txt") -> Artifact:
    return identified(Locator((Step(name),)), b"BusyBox v1.36.1 (2024-01-01 00:00:00 UTC)\n")


def soon(seconds: int = 60) -> Deadline:
    return Deadline("worker_seconds", seconds)


@pytest.fixture
def template() -> Iterator[Template]:
    one = Template(ENVIRONMENT)
    yield one
    one.close()


def forked(template: Template) -> WorkerProcess:
    worker = WorkerProcess(("/nonexistent/worker",), SETTINGS, template)
    worker.wait_ready(soon())
    return worker


def alive(pid: int) -> bool:
    """Running, and not a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def gone(pid: int) -> bool:
    deadline = time.monotonic() + 20
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not alive(pid)


def test_answers_as_a_started_one(template: Template) -> None:
    """The same protections hold and the same bytes come back."""
    started = WorkerProcess(default_command(), SETTINGS)
    answers = []
    for worker in (forked(template), started):
        worker.wait_ready(soon())
        answers.append((worker.protections, worker.ask(examine_header(text()), text().content, soon())))
        worker.stop()
    assert answers[0] == answers[1]
    assert answers[0][1][0] == Answer.OBSERVED


def test_its_end_is_told(template: Template) -> None:
    """A signal by name, an end in order as one, and a process that is gone is killed no more."""
    worker = forked(template)
    assert isinstance(worker.process, Forked)
    os.kill(worker.process.pid, signal.SIGSEGV)
    with pytest.raises(Lost, match="SIGSEGV"):
        worker.ask(examine_header(text()), text().content, soon())
    worker.stop()
    worker.kill()
    other = forked(template)
    other.retire(20)
    assert other.process.wait() == 0


def test_a_killed_one_is_replaced_at_little_cost(template: Template) -> None:
    """The next comes from the same template, which has loaded everything."""
    first, pid = forked(template), 0
    for _ in range(5):
        assert isinstance(first.process, Forked)
        pid = first.process.pid
        first.kill()
        with pytest.raises(Lost):
            first.ask(examine_header(text()), text().content, soon())
        first.stop()
        assert gone(pid)
        first = forked(template)
    first.stop()


def test_processor_time_is_bounded_from_the_fork_on(template: Template) -> None:
    """What the template used to load everything counts for no worker."""
    worker = forked(template)
    assert isinstance(worker.process, Forked)
    stat = Path(f"/proc/{worker.process.pid}/stat").read_text().rpartition(")")[2].split()
    assert (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK") < 0.3
    worker.stop()


def test_without_the_template_workers_are_started(template: Template) -> None:
    """A template that was killed costs nothing but time."""
    forked(template).stop()
    assert template._process is not None
    template._process.kill()
    template._process.wait()
    with pytest.raises(Unavailable):
        template.fork(SETTINGS.text())
    worker = WorkerProcess(default_command(), SETTINGS, template)
    worker.wait_ready(soon())
    assert isinstance(worker.process, subprocess.Popen)
    worker.stop()


def test_nothing_outlives_the_pool() -> None:
    """Template, watchers and workers are gone when the pool is closed, busy or not."""
    with WorkerPool(LIMITS) as pool:
        pool.submit(text())
        ((_, answer),) = pool.results()
        assert answer.reader == "text"
        assert pool._template is not None
        assert pool._template._process is not None
        processes = [pool._template._process.pid]
        processes += [one.process.pid for one in pool._running]
        pool.submit(text("b.txt"))
    assert all(gone(one) for one in processes)


def test_nothing_outlives_a_killed_parent(tmp_path: Path) -> None:
    """SIGKILL of the program leaves no template and no worker behind."""
    code = (
        "import sys, time; from pathlib import Path; from tests.unit.isolate.test_template import *\n"
        "pool = WorkerPool(LIMITS); pool.submit(text()); list(pool.results())\n"
        "pids = [pool._template._process.pid, *(one.process.pid for one in pool._running)]\n"
        f"Path({str(tmp_path / 'pids')!r}).write_text(' '.join(map(str, pids)))\n"
        "print('ready', flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE)
    assert parent.stdout is not None
    assert parent.stdout.readline() == b"ready\n"
    parent.kill()
    parent.wait()
    parent.stdout.close()
    pids = [int(one) for one in (tmp_path / "pids").read_text().split()]
    assert len(pids) >= 2
    assert all(gone(one) for one in pids)


def test_time_that_is_over_is_told(template: Template) -> None:
    """A stopped worker is lost when its time is over, and can be ended."""
    worker = forked(template)
    assert isinstance(worker.process, Forked)
    os.kill(worker.process.pid, signal.SIGSTOP)
    with pytest.raises(Lost) as lost:
        worker.ask(examine_header(text()), text().content, soon(1))
    assert lost.value.reason is GapReason.LIMIT
    worker.stop()
    assert gone(worker.process.pid)
