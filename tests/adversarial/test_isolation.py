"""A run whose workers are attacked: the artifact that did it is a gap, the rest is examined, and nothing passes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from fwverify import pipeline
from fwverify.cli.policies_io import load_policy
from fwverify.isolate.opener import Opener
from fwverify.isolate.pool import WorkerPool
from fwverify.limits import MIB, Limits
from fwverify.model.evidence import Evidence, GapReason, Opened
from fwverify.model.plugin import Doc
from fwverify.model.verdict import Decision
from fwverify.unpack.interface import Container
from fwverify.unpack.registry import BUILTIN
from fwverify.worklist import Bench

ROOT = Path(__file__).resolve().parents[2]
WORKER = ROOT / "tests" / "unit" / "isolate" / "hostile_worker.py"
HOSTILE = (sys.executable, "-s", "-P", str(WORKER), str(ROOT), "obey")
LIMITS = Limits(workers=2, worker_seconds=3, unpack_seconds=3, worker_memory_bytes=1024 * MIB)
BOX = Container("box", lambda _: False, lambda *_: iter(()), Doc("the worker's own"))


def facts(image: Path) -> Evidence:
    """All facts of an image, read by workers that do what it says."""
    opener = Opener(LIMITS, HOSTILE, (*BUILTIN, BOX))
    try:
        with WorkerPool(LIMITS, HOSTILE) as pool:
            return pipeline.facts([image], at="2026-11-22T00:00:00Z", limits=LIMITS, bench=Bench(pool, opener))
    finally:
        opener.close()


@pytest.mark.parametrize("order", ["die", "segfault", "loop", "allocate"])
@pytest.mark.parametrize("where", ["opening", "examining"])
def test_attack_costs_one_artifact(order: str, where: str, tmp_path: Path) -> None:
    """Killed, crashed, endless or swollen, while opening or examining: one gap, the rest examined, INCONCLUSIVE."""
    image = tmp_path / "image.bin"
    # A line is obeyed while the box is opened; a member's text while it is examined.
    attack = f"box:a,{order},b" if where == "opening" else f"say {order}"
    image.write_text(f"box\nfirst\n{attack}\nbox:c,d\nlast\n")
    evidence = facts(image)
    lost = [one for one in evidence.gaps if one.reason in (GapReason.CRASHED, GapReason.LIMIT)]
    assert [one.locator.name for one in lost] == ["1"]
    read = {one.locator.name: one.opened for one in evidence.artifacts if len(one.locator.steps) > 1}
    assert read["0"] is Opened.EXAMINED
    assert read["3"] is Opened.EXAMINED
    assert sum(one.size for one in evidence.artifacts if str(one.locator).startswith("image.bin!2!")) > 0
    verdict = pipeline.judge(evidence, load_policy("builtin:production"), "2026-11-22T00:00:00Z").verdict
    assert verdict.decision is not Decision.PASS
    assert next(one for one in verdict.findings if one.rule == "package.examined").outcome != "pass"


def children(process: int) -> list[int]:
    """Process ids of a process's children, from /proc."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == process:
            found.append(int(stat.parent.name))
    return found


def test_kill_9_of_every_worker(tmp_path: Path) -> None:
    """Whoever kills all workers of a real run again and again gets gaps, never a pass and never a hang."""
    command = [sys.executable, "-m", "fwverify", "verify", str(ROOT / "samples/acme-ups-3.1.0"), "--policy",
               str(ROOT / "samples/demo.yaml"), "--keys", str(ROOT / "keys"), "--no-evidence"]  # fmt: skip
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as run:
        until = time.monotonic() + 60
        while run.poll() is None and time.monotonic() < until:
            for one in children(run.pid):
                with suppress(ProcessLookupError):  # it may have ended since it was listed
                    os.kill(one, signal.SIGKILL)
            time.sleep(0.005)
        said, _ = run.communicate(timeout=10)
    assert run.returncode in (1, 3), said.decode()
    assert not said.startswith(b"PASS")
    assert not list(tmp_path.iterdir())
