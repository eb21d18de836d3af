"""7z archives: the frame read here, what is packed read by py7zr, the only door to it.

7zFormat.txt of the LZMA SDK 23.01 (signature header, archive properties), read 2026-11-23. The frame's two CRCs are
checked here. py7zr decodes the rest into writers of ours, which count against the budget, and touches no disk; it runs
where content is read, in a worker that has neither files nor network. Does NOT decrypt, and does not see bytes that lie
behind the end of a packed stream within its declared size.

    37 7a bc af 27 1c | version (2) | CRC of the next 20 | offset (8) | size (8) | CRC (4) | packed streams | header
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from lzma import LZMAError
from typing import Any

from fwverify.content import Holder
from fwverify.limits import Budget
from fwverify.model.artifact import ByteRange, Digest
from fwverify.model.examining import Encrypted, Malformed, Unsupported

WHAT, MAGIC, HEADER_BYTES = "7z archive", b"7z\xbc\xaf\x27\x1c", 32
MAX_HEADER_BYTES = 64 << 20
"""Names and sizes of 300,000 files take 30 MiB."""
_BROKEN = (LZMAError, struct.error, EOFError, ValueError, TypeError, KeyError, IndexError, AttributeError, OSError,
           AssertionError, OverflowError, zlib.error)  # fmt: skip
"""What py7zr lets through where an archive does not hold."""


@dataclass(frozen=True, slots=True)
class Frame:
    """The archive's first 32 bytes, and what they point to."""

    packed: ByteRange | None
    """Between them and the header."""
    header: ByteRange | None
    """None in an empty archive."""
    checks: tuple[tuple[str, Digest, Digest], ...]
    end: int


@dataclass(frozen=True, slots=True)
class SevenZipEntry:
    """One entry."""

    name: str
    folder: bool
    link: bool
    """Its content is the target."""
    content: memoryview | None


Entries = Sequence[SevenZipEntry]


def looks_like(view: memoryview, at: int = 0) -> bool:
    """Magic, and a first header whose CRC fits."""
    head = bytes(view[at : at + HEADER_BYTES])
    return (
        head[:6] == MAGIC
        and len(head) == HEADER_BYTES
        and zlib.crc32(head[12:]) == struct.unpack_from("<I", head, 8)[0]
    )


def frame(view: memoryview) -> Frame:
    """The frame. Raises Malformed: it does not hold."""
    if not looks_like(view):
        raise Malformed(WHAT, "first header does not hold", 0)
    stated, offset, size, declared = struct.unpack_from("<IQQI", view, 8)
    start, end = HEADER_BYTES + offset, HEADER_BYTES + offset + size
    if end > len(view) or size > MAX_HEADER_BYTES:
        raise Malformed(WHAT, f"its header, bytes {start} to {end}, is not in the file", 12)
    first = ("first header", _crc(stated), _crc(zlib.crc32(view[12:HEADER_BYTES])))
    last = ("header", _crc(declared), _crc(zlib.crc32(view[start:end])))
    return Frame(
        ByteRange(HEADER_BYTES, start) if offset else None, ByteRange(start, end) if size else None,
        (first, last) if size else (first,), end,
    )  # fmt: skip


def _crc(value: int) -> Digest:
    return Digest("crc32", value.to_bytes(4, "big"))


def entries(view: memoryview, found: Frame, budget: Budget) -> tuple[Entries, tuple[ByteRange, ...]]:
    """Every entry with its content, and the bytes of the file that are packed streams.

    1. Names and sizes are read, counted and compared with the budget before anything is unpacked.
    2. Everything is unpacked into writers that count what comes out; sums are checked by py7zr.

    Raises:
        Malformed, Encrypted, Unsupported: the archive cannot be read.
        LimitExceeded: it is too much.
    """
    import py7zr
    from py7zr import exceptions

    try:
        with py7zr.SevenZipFile(io.BytesIO(view[: found.end]), "r") as archive:
            if archive.needs_password():
                raise Encrypted(WHAT)
            _measured(archive, found, budget)  # 1
            factory = _Factory(budget)
            archive.extractall(factory=factory)  # 2
            return _entries(archive, factory), _streams(archive, found)
    except exceptions.PasswordRequired:
        raise Encrypted(WHAT) from None
    except exceptions.UnsupportedCompressionMethodError as problem:
        raise Unsupported(f"{WHAT}: {_said(problem)}") from None
    except (exceptions.ArchiveError, *_BROKEN) as problem:
        raise Malformed(WHAT, f"py7zr cannot read it: {_said(problem)}") from None


def _said(problem: Exception) -> str:
    text = " ".join(str(problem).split())[:120]
    return text if text.isprintable() and text else type(problem).__name__


def packed_header(view: memoryview, found: Frame) -> ByteRange | None:
    """Where the header's own packed stream lies, when the header is packed; None otherwise.

    EncodedHeader: 17 | 06 | position | 01 | 09 | size, both numbers in 7z's own form.
    """
    if found.header is None or found.packed is None or view[found.header.start] != 0x17:
        return None
    raw = bytes(view[found.header.start : found.header.start + 32])
    position, at = _number(raw, 2)
    size, _ = _number(raw, at + 2)
    start = HEADER_BYTES + position
    fits = raw[1:2] == b"\x06" and raw[at : at + 2] == b"\x01\x09" and found.packed.start <= start
    return ByteRange(start, start + size) if fits and size > 0 and start + size <= found.packed.end else None


def _number(raw: bytes, at: int) -> tuple[int, int]:
    """A number of one to nine bytes, and where it ends: leading ones of the first byte count those that follow."""
    first = raw[at] if at < len(raw) else 0
    more = next((bit for bit in range(8) if not first & (0x80 >> bit)), 8)
    low = int.from_bytes(raw[at + 1 : at + 1 + more], "little")
    high = first & (0x7F >> more) if more < 8 else 0
    return low | high << (8 * more), at + 1 + more


class _Writer:
    """Takes what comes out of one entry."""

    def __init__(self, budget: Budget) -> None:
        self.holder = Holder(budget, digest=False)

    def write(self, chunk: bytes) -> int:
        self.holder.add(chunk)
        return len(chunk)

    def read(self, size: int | None = None) -> bytes:
        return b""

    def seek(self, offset: int, whence: int = 0) -> int:
        return 0

    def flush(self) -> None:
        return

    def size(self) -> int:
        return self.holder.size

    def close(self) -> None:
        return


class _Factory:
    """Makes a writer for each entry that is no folder."""

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self.made: dict[str, _Writer] = {}

    def create(self, filename: str) -> _Writer:
        self.made[filename] = _Writer(self.budget)
        return self.made[filename]


def _measured(archive: Any, found: Frame, budget: Budget) -> None:
    total = 0
    for one in archive.files:
        budget.member()
        budget.size(one.uncompressed)
        total += one.uncompressed
    budget.size(0)
    budget.ratio(found.packed.size if found.packed else 0, total)


def _entries(archive: Any, factory: _Factory) -> list[SevenZipEntry]:
    """Every entry with what was written for it. py7zr names the second of a name `name_0`, as here."""
    from py7zr.helpers import get_sanitized_output_path

    seen: dict[str, int] = {}
    out: list[SevenZipEntry] = []
    for one in archive.files:
        name = str(one.filename)
        count = seen.get(name, -1)
        seen[name] = count + 1
        if one.is_directory:
            out.append(SevenZipEntry(name, True, False, None))
            continue
        written = factory.made.get(get_sanitized_output_path(name if count < 0 else f"{name}_{count}", None).as_posix())
        content = written.holder.view() if written is not None else memoryview(b"") if one.emptystream else None
        out.append(SevenZipEntry(name, False, bool(one.is_symlink or one.is_junction), content))
    return out


def _streams(archive: Any, found: Frame) -> tuple[ByteRange, ...]:
    """The packed streams in a row; what else lies between the frame's ends belongs to none."""
    streams = getattr(archive.header, "main_streams", None)
    if streams is None or found.packed is None:
        return ()
    start = HEADER_BYTES + int(streams.packinfo.packpos)
    end = start + sum(int(one) for one in streams.packinfo.packsizes)
    return (ByteRange(start, end),) if found.packed.start <= start < end <= found.packed.end else ()
