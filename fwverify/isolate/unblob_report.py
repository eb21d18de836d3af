"""What the last resort says of one artifact, as JSON: the worker writes it, the parent checks it.

{"carved": bool, "chunks": [[handler, start, end, encrypted, [[trouble, detail]...]]...], "troubles": [[...]...]} where
`carved` tells that each chunk has a folder of its own. What came out lies in files, which the parent finds itself: a
report names no path. It may have been written by whoever took over the worker.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from fwverify.formats.names import quoted
from fwverify.model.artifact import ByteRange
from fwverify.model.canonical import Json, NotEvidence

INPUT = "input"
"""Name of the file that is opened; unblob calls folders after it."""
SUFFIX = "_extract"
MAX_DETAIL_CHARACTERS = 200
MAX_TROUBLES = 100
"""Of one chunk or of the whole; the rest is left out, for one is enough to make a gap."""
Run = Callable[[Path, Path], dict[str, Any]]
"""Opens a file into a folder, answers the report (unblob_report)."""
HANDLER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


class Trouble(StrEnum):
    """What went wrong with a chunk, or with the search for chunks."""

    MISSING = "missing"
    """A program that would have been needed is not installed."""
    FAILED = "failed"
    """A program ended with an error, or something was left out."""
    CRASHED = "crashed"
    """unblob itself met an exception it did not expect."""
    PATH = "path"
    LINK = "link"
    DEVICE = "device"


@dataclass(frozen=True, slots=True)
class Told:
    """One trouble."""

    kind: Trouble
    detail: str
    """Printable ASCII."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A range of the artifact that unblob took for something."""

    handler: str
    range: ByteRange
    encrypted: bool
    troubles: tuple[Told, ...]

    def folder(self, *, carved: bool) -> tuple[bytes, ...]:
        """Where what came out of it lies, in parts."""
        whole = f"{INPUT}{SUFFIX}".encode()
        own = f"{self.range.start}-{self.range.end}.{self.handler}{SUFFIX}".encode()
        return (whole, own) if carved else (whole,)

    def place(self) -> str:
        """For names: `0x0-0x1000.yaffs`."""
        return f"0x{self.range.start:x}-0x{self.range.end:x}.{self.handler}"


@dataclass(frozen=True, slots=True)
class Report:
    carved: bool
    chunks: tuple[Chunk, ...]
    """In order of place."""
    troubles: tuple[Told, ...]
    """With the search for chunks."""


def told(kind: Trouble, detail: str) -> list[str]:
    """A trouble as JSON."""
    return [kind, quoted(detail.encode("utf-8", "surrogateescape"), MAX_DETAIL_CHARACTERS)]


def decoded(text: str, size: int) -> Report:
    """A report as the parent may use it.

    Args:
        text: as it came.
        size: bytes of the artifact.

    Raises:
        NotEvidence: it is not a report about an artifact of this size.
    """
    try:
        data = json.loads(text)
        carved, chunks, troubles = data["carved"], data["chunks"], data["troubles"]
        found = sorted((_chunk(one, size) for one in chunks), key=lambda one: (one.range, one.handler))
        general = _troubles(troubles)
    except (ValueError, KeyError, TypeError, RecursionError) as wrong:
        raise NotEvidence(f"not a report: {wrong}"[:MAX_DETAIL_CHARACTERS]) from None
    if carved is not True and len(found) > 1:
        raise NotEvidence("several chunks and one folder")
    return Report(carved is True, tuple(found), general)


def _chunk(data: Json, size: int) -> Chunk:
    match data:
        case [str(handler), int(start), int(end), bool(encrypted), list(troubles)]:
            if not HANDLER.fullmatch(handler) or not 0 <= start < end <= size:
                raise NotEvidence("a chunk that cannot be")
            return Chunk(handler, ByteRange(start, end), encrypted, _troubles(troubles))
    raise NotEvidence("not a chunk")


def _troubles(data: Json) -> tuple[Told, ...]:
    if not isinstance(data, list):
        raise NotEvidence("expected a list")
    return tuple(_told(one) for one in data[:MAX_TROUBLES])


def _told(data: Json) -> Told:
    match data:
        case [str(kind), str(detail)] if len(detail) <= MAX_DETAIL_CHARACTERS and detail.isascii():
            if detail.isprintable():
                return Told(Trouble(kind), detail)
    raise NotEvidence("not a trouble")
