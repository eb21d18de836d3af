"""A tar archive inside a member: plain, or one gzip, xz or Zstandard stream that holds it and nothing else.

For formats that sign the files of a packed archive by digest. What unpacks must be all there is: bytes behind the
stream, a second content in the stream's header, bytes behind the archive's end marker and special members would be
something nobody signed.

Sources: RFC 1952 section 2.3 (gzip), the xz file format 1.2.1, RFC 8878 (Zstandard), `formats.tar_archive`; read
2026-11-22. Does not open bzip2, lzma and lz4 streams.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from fwverify.content import held
from fwverify.formats import archive_frames, codecs, tar_archive
from fwverify.formats.cursor import Cursor
from fwverify.formats.entries import EntryKind
from fwverify.formats.names import fill_byte
from fwverify.formats.tar_archive import TarEntry
from fwverify.limits import Budget
from fwverify.model.artifact import ByteRange
from fwverify.model.examining import Malformed, Unsupported

WHAT = "packed tar archive"
GZIP, XZ, ZSTD = b"\x1f\x8b\x08", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd"
STORED_NAME = 1 << 3
"""The flag of a gzip header with a file name."""
MAX_NAME_BYTES = 256
SUFFIXES = {".gz": GZIP, ".xz": XZ, ".zst": ZSTD}


@dataclass(frozen=True, slots=True)
class PackedTar:
    """The archive and its files."""

    content: memoryview
    """Unpacked."""
    files: tuple[TarEntry, ...]
    bare: bool
    """Nothing but names, numbers, contents and zeros, in the stream's frame and in the archive."""

    def file(self, entry: TarEntry, budget: Budget) -> memoryview:
        return tar_archive.content(self.content, entry, budget)


def read(packed: memoryview, name: str, budget: Budget) -> PackedTar:
    """Unpack a member.

    Args:
        packed: the member's bytes.
        name: its name; the suffix says how it is packed, and the first bytes must agree.
        budget: of the run.

    Raises:
        Malformed: damaged, trailing bytes, or a member that is no file.
        Unsupported: another packing.
        LimitExceeded: it unpacks to too much.
    """
    content, bare = _unpacked(packed, name, budget)
    if content and fill_byte(content) != "00" and not tar_archive.looks_like(content):
        raise Malformed(WHAT, f"{name} holds no tar archive")
    archive = tar_archive.read(content, budget) if content and fill_byte(content) != "00" else tar_archive.TarArchive()
    if archive.problem is not None:
        raise archive.problem
    if archive.irregularities:
        raise Malformed(WHAT, f"{name}: {archive.irregularities[0].detail}")
    for one in archive.entries:
        if one.kind is not EntryKind.FILE or one.irregularities or one.sparse is not None:
            why = one.irregularities[0].detail if one.irregularities else f"{one.name} is a {one.kind.value}, no file"
            raise Malformed(WHAT, f"{name}: {why}")
    plain = all(archive_frames.plain_header(content, one) for one in archive.entries)
    zeros = all(fill_byte(content, span) == "00" for one in archive.entries for span in one.padding)
    return PackedTar(content, archive.entries, bare and plain and zeros and not archive.structure)


def _unpacked(packed: memoryview, name: str, budget: Budget) -> tuple[memoryview, bool]:
    """(content, whether the stream's frame holds nothing else)."""
    if name.endswith(".tar"):
        return packed, True
    magic = next((magic for suffix, magic in SUFFIXES.items() if name.endswith(f".tar{suffix}")), b"")
    if not magic:
        raise Unsupported(f"the packing of {name}")
    if bytes(packed[: len(magic)]) != magic:
        raise Malformed(WHAT, f"{name} is not packed as its name says", 0)
    if magic == GZIP:
        bare: list[bool] = []
        return held(_gunzip(packed, budget, bare), budget), all(bare)
    progress = codecs.Progress(0)
    unpack = codecs.unxz if magic == XZ else codecs.unzstd
    content = held(unpack(packed, ByteRange(0, len(packed)), budget, progress), budget)
    if progress.end != len(packed):
        raise Malformed(WHAT, f"bytes follow the stream of {name}", progress.end)
    return content, True


def _gunzip(packed: memoryview, budget: Budget, bare: list[bool]) -> Iterator[bytes]:
    """Members in a row, as gunzip reads them, up to the last byte."""
    at = 0
    while at < len(packed):
        budget.member()
        cursor = Cursor(packed, WHAT, at)
        header = cursor.take(10, "gzip header")
        if bytes(header[:3]) != GZIP:
            raise Malformed(WHAT, "bytes follow its gzip stream", at)
        if header[3] & ~STORED_NAME:
            raise Unsupported("a gzip stream with a comment or extra fields around a signed archive")
        stored = _stored_name(cursor) if header[3] else b""
        bare.append(header[8] in (0, 2, 4) and all(0x20 <= one < 0x7F for one in stored))
        progress, crc = codecs.Progress(cursor.at), 0
        if cursor.left == 0:
            raise Malformed(WHAT, "its gzip stream ends after its header", at)
        for chunk in codecs.inflate(packed, ByteRange(cursor.at, len(packed)), budget, progress):
            crc = zlib.crc32(chunk, crc)
            yield chunk
        trailer = Cursor(packed, WHAT, progress.end)
        if (trailer.le32("CRC-32"), trailer.le32("length")) != (crc, progress.produced & 0xFFFFFFFF):
            raise Malformed(WHAT, "the check of its gzip stream does not hold", progress.end)
        at = trailer.at


def _stored_name(cursor: Cursor) -> bytes:
    text, end, _ = bytes(cursor.view[cursor.at : cursor.at + MAX_NAME_BYTES]).partition(b"\0")
    if not end:
        raise Malformed(WHAT, "the name in its gzip header does not end", cursor.at)
    cursor.skip(len(text) + 1, "stored name")
    return text
