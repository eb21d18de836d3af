"""Operator mistakes: the only exceptions that leave the library on purpose.

Hostile or broken input never raises one of these (see `model.examining`); a bug raises anything else.
"""

from __future__ import annotations


class FwverifyError(Exception):
    """Root of every operator mistake. The command line maps it to exit status 2.

    Args:
        what: what is wrong, one plain sentence.
        where: the file (with line and column where known) or the option it is about.
        todo: what the operator can do about it.
    """

    def __init__(self, what: str, *, where: str = "", todo: str = "") -> None:
        self.what, self.where, self.todo = what, where, todo
        super().__init__(what)

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        return f"{place}{self.what}" + (f"\n  {self.todo}" if self.todo else "")


class UsageError(FwverifyError):
    """An option or argument that cannot be used as given."""


class PolicyError(FwverifyError):
    """A policy file that cannot be read as a policy."""


class WaiverError(FwverifyError):
    """A waiver file that cannot be read as a waiver."""


class TrustStoreError(FwverifyError):
    """A key registry or key file that cannot be read."""


class ReferenceStoreError(FwverifyError):
    """A store of reference packages that cannot be read or written, or a package that cannot be learned."""


class RecordError(FwverifyError):
    """An evidence pack, a statement, a log of decisions or a site key that cannot be made, read or used."""


class IngestError(FwverifyError):
    """The delivery named by the operator is not there or cannot be read."""
