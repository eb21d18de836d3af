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
def workbench(limits: Limits, *, in_process: bool) -> Iterator[Bench | None]:
    """The bench for one run; None means in this process. No worker starts before there is work."""
    if in_process:
        yield None
        return
    from fwverify.isolate.bench import workers

    with workers(limits) as bench:
        yield bench


def refuse_weaker(policy: Policy, *, in_process: bool) -> None:
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
    least = str(wanted.values()["isolation"])
    if ISOLATION.index(offered) < ISOLATION.index(least):
        todo = "Leave out --in-process." if in_process else "`fwverify doctor` tells what this machine lacks."
        raise UsageError(f"policy {policy.id} requires isolation {least!r}; this run has {offered!r}", todo=todo)
