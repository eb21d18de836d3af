"""Which examiner a command uses: workers, or this process when asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fwverify.worklist import Examiner


@contextmanager
def examiner(*, in_process: bool) -> Iterator[Examiner | None]:
    """The examiner for one run; None means in this process. No worker starts before there is work."""
    if in_process:
        yield None
        return
    from fwverify.isolate.pool import WorkerPool

    with WorkerPool() as pool:
        yield pool
