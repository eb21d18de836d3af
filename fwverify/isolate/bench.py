"""The bench of an isolated run: one process that opens containers, several that examine contents, and when asked for
the last resort.

On systems where workers cannot be served (no POSIX pipes), everything is read in this process; the evidence and
`fwverify doctor` say so.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from fwverify.identify.stage import InProcess
from fwverify.limits import DEFAULT_LIMITS, Limits
from fwverify.unpack.stage import Here
from fwverify.worklist import Bench

HAS_WORKERS = sys.platform != "win32"
"""Workers are served with select on pipes, which Windows does not have."""


@contextmanager
def workers(limits: Limits = DEFAULT_LIMITS, *, last_resort: bool = False) -> Iterator[Bench]:
    """Where to read hostile bytes for one or several runs.

    Args:
        limits: of the runs.
        last_resort: have unblob open what nobody else does; not where there are no workers.

    Nothing starts before the bench is told to prepare, or there is work: an image that is known needs no worker.
    """
    if not HAS_WORKERS:
        yield Bench(InProcess(limits), Here())
        return
    from fwverify.isolate.opener import Opener
    from fwverify.isolate.pool import WorkerPool
    from fwverify.isolate.unblob import Unblob

    opener, unblob = Opener(limits), Unblob(limits) if last_resort else None
    try:
        with WorkerPool(limits) as pool:

            def prepare() -> None:
                for one in (opener, pool, unblob):
                    if one is not None:
                        one.start()

            yield Bench(pool, opener, unblob, prepare)
    finally:
        opener.close()
        if unblob is not None:
            unblob.close()
