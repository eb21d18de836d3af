"""Where a command reads hostile bytes: in workers, or in this process when asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fwverify.worklist import Bench


@contextmanager
def workbench(*, in_process: bool) -> Iterator[Bench | None]:
    """The bench for one run; None means in this process. No worker starts before there is work."""
    if in_process:
        yield None
        return
    from fwverify.isolate.bench import workers

    with workers() as bench:
        yield bench
