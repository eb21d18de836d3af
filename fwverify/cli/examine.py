"""Where a command reads hostile bytes: in workers, or in this process when asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from fwverify.errors import UsageError

if TYPE_CHECKING:
    from fwverify.evaluate.policy import Policy
    from fwverify.limits import Limits
    from fwverify.worklist import Bench


@contextmanager
def workbench(limits: Limits, *, in_process: bool, last_resort: str | None = None) -> Iterator[Bench | None]:
    """The bench for one run; None means in this process. No worker starts before there is work.

    Raises:
        UsageError: there is no such last resort on this machine.
    """
    if last_resort:
        refuse_absent(last_resort, in_process=in_process)
    if in_process:
        yield None
        return
    from fwverify.isolate.bench import workers

    with workers(limits, last_resort=bool(last_resort)) as bench:
        yield bench


def refuse_absent(last_resort: str, *, in_process: bool) -> None:
    """Raises UsageError where the last resort is not installed, or cannot be confined."""
    from fwverify.isolate import unblob
    from fwverify.isolate.bench import HAS_WORKERS

    if in_process:
        raise UsageError("--in-process and --last-resort contradict each other", todo="Leave one of them out.")
    if not unblob.version():
        todo = f"pip install 'fwverify[{last_resort}]'; 'fwverify doctor' then tells which programs it lacks."
        raise UsageError(f"{last_resort} is not installed", where="--last-resort", todo=todo)
    if not HAS_WORKERS or not unblob.can_be_confined():
        problem = f"the programs {last_resort} starts cannot be confined on this system (no Landlock)"
        raise UsageError(problem, where="--last-resort", todo="Leave it out, or verify on a Linux that has Landlock.")


def refuse_weaker(policy: Policy, *, in_process: bool, last_resort: str | None = None) -> None:
    """Say before any work that this run cannot give the isolation the policy requires.

    Raises:
        UsageError: it cannot.
    """
    from fwverify.isolate import sandbox
    from fwverify.isolate.bench import HAS_WORKERS
    from fwverify.model.evidence import ISOLATION
    from fwverify.model.finding import Level

    wanted = policy.rule("run.settings")
    if wanted is None or wanted.level is not Level.MUST:
        return
    offered = "in-process" if in_process or not HAS_WORKERS else sandbox.isolation(sandbox.available())
    if last_resort:
        from fwverify.isolate.unblob import Unblob

        offered = min(offered, Unblob.mode, key=ISOLATION.index)
    least = str(wanted.values()["isolation"])
    if ISOLATION.index(offered) < ISOLATION.index(least):
        todo = "'fwverify doctor' tells what this machine lacks."
        todo = "Leave out --last-resort: it starts programs." if last_resort else todo
        todo = "Leave out --in-process." if in_process else todo
        raise UsageError(f"policy {policy.id} requires isolation {least!r}; this run has {offered!r}", todo=todo)
