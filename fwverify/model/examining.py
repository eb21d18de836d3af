"""The one block that turns hostile input into gaps.

Readers below (formats/ and the rooms) raise Malformed, Unsupported, Encrypted or LimitExceeded, isolate raises
Crashed; none of them leaves a stage. Anything else is a bug and is not caught here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from fwverify.limits import LimitExceeded
from fwverify.model.artifact import ByteRange, Locator
from fwverify.model.evidence import Gap, GapReason


class Malformed(Exception):
    """Bytes that are not what their format says."""

    def __init__(self, what: str, reason: str, offset: int = -1) -> None:
        self.what, self.reason, self.offset = what, reason, offset
        super().__init__(f"{what}: {reason}")


class Unsupported(Exception):
    """A variant that was recognised and is not read (a compression, a version), named."""


class Encrypted(Exception):
    """Content that cannot be read without a secret."""


class Crashed(Exception):
    """The process that was reading was lost: killed, crashed, hung or out of memory."""

    def __init__(self, detail: str, reason: GapReason = GapReason.CRASHED) -> None:
        self.reason = reason
        super().__init__(detail)


@contextmanager
def examining(locator: Locator, gaps: list[Gap], by: str, range: ByteRange | None = None) -> Iterator[None]:
    """Run a reader on hostile bytes; what it cannot do becomes one gap on `locator`."""
    try:
        yield
    except Malformed as problem:
        place = f" at byte {problem.offset}" if problem.offset >= 0 else ""
        gaps.append(Gap(GapReason.MALFORMED, locator, f"{problem.what}: {problem.reason}{place}", by, range))
    except LimitExceeded as problem:
        gaps.append(Gap(GapReason.LIMIT, locator, f"limit {problem.limit} reached ({problem.value})", by, range))
    except Unsupported as problem:
        gaps.append(Gap(GapReason.UNSUPPORTED, locator, str(problem), by, range))
    except Encrypted as problem:
        gaps.append(Gap(GapReason.ENCRYPTED, locator, str(problem), by, range))
    except Crashed as problem:
        gaps.append(Gap(problem.reason, locator, str(problem), by, range))
