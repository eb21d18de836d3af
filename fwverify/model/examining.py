"""The one block that turns hostile input into gaps.

Readers below (formats/ and the rooms) raise Malformed, Unsupported, Encrypted or LimitExceeded, isolate raises
Crashed; none of them leaves a stage. Anything else is a bug and is not caught here.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import TracebackType

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


@dataclass(slots=True)
class examining:  # noqa: N801 - used as a word: `with examining(...)`; a class, for it is entered a million times
    """Run a reader on hostile bytes; what it cannot do becomes one gap on `locator`."""

    locator: Locator
    gaps: list[Gap]
    by: str
    range: ByteRange | None = None

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> bool:
        match problem:
            case None:
                return False
            case Malformed():
                place = f" at byte {problem.offset}" if problem.offset >= 0 else ""
                reason, detail = GapReason.MALFORMED, f"{problem.what}: {problem.reason}{place}"
            case LimitExceeded():
                reason, detail = GapReason.LIMIT, f"limit {problem.limit} reached ({problem.value})"
            case Unsupported():
                reason, detail = GapReason.UNSUPPORTED, str(problem)
            case Encrypted():
                reason, detail = GapReason.ENCRYPTED, str(problem)
            case Crashed():
                reason, detail = problem.reason, str(problem)
            case _:
                return False
        self.gaps.append(Gap(reason, self.locator, detail, self.by, self.range))
        return True
