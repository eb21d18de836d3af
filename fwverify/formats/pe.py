"""PE/COFF images as far as Authenticode needs them: headers, sections, the certificate table, what is digested.

Sources, read 2026-11-22: Microsoft "PE Format" (MS-DOS stub, COFF file header, optional header, section table, the
attribute certificate table, appendix A), "Windows Authenticode Portable Executable Signature Format" (2008-03-21,
"Calculating the PE Image Hash"), UEFI Specification 2.10 section 32.2.4 (WIN_CERTIFICATE).

The certificate table must end the file (00 or FF behind it apart), sections must not overlap one another, the headers
or the table: the published procedure and its implementations digest such files in different ways.

Does not do: imports, resources, relocations, ROM images, anything a loader does with the content.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from fwverify.formats.cursor import Cursor
from fwverify.formats.names import fill_byte
from fwverify.model.artifact import ByteRange, merged, subtracted
from fwverify.model.examining import Malformed

WHAT = "PE image"
COFF_BYTES, SECTION_BYTES, CERTIFICATE_BYTES, GUID_BYTES = 20, 40, 8, 16
PE32, PE32_PLUS = 0x10B, 0x20B
CHECKSUM_AT, HEADERS_SIZE_AT = 64, 60
"""In the optional header; the same in both kinds."""
DIRECTORIES_AT = {PE32: 96, PE32_PLUS: 112}
SECURITY = 4
"""Index of the certificate table among the data directories."""
UNINITIALIZED = 0x80
REVISION = 0x0200
PKCS_SIGNED_DATA, EFI_GUID = 0x0002, 0x0EF1
PKCS7_GUID = bytes.fromhex("9dd2af4adf68ee498aa9347d375665a7")
MAX_SECTIONS = 4096
"""Windows loads 96; toolchains with a section for each function make hundreds."""
MAX_CERTIFICATES = 32
"""Entries of a certificate table. Real images have one to three."""


@dataclass(frozen=True, slots=True)
class CertificateEntry:
    """One WIN_CERTIFICATE."""

    span: ByteRange
    """With its padding to eight bytes."""
    content: ByteRange | None
    """What dwLength gives to the PKCS#7 (padding behind the DER included); None for other kinds."""
    kind: int
    """wCertificateType."""


@dataclass(frozen=True, slots=True)
class PeImage:
    """The layout of a signed image."""

    plus: bool
    checksum: ByteRange
    directory: ByteRange
    """The certificate table's data directory entry."""
    table: ByteRange
    digested: tuple[ByteRange, ...]
    """All bytes before the table without the two fields."""
    by_sections: tuple[ByteRange, ...]
    """What the published procedure digests: headers, sections, what follows the last. Differs only where there are
    gaps between sections."""
    entries: tuple[CertificateEntry, ...]


@dataclass(frozen=True, slots=True)
class _Headers:
    plus: bool
    checksum: ByteRange
    directory: ByteRange
    table: tuple[int, int]
    """(file offset, size); size 0: there is none."""
    size: int
    """SizeOfHeaders"""
    sections_at: int
    sections: int


def certificate_table(view: memoryview) -> bool:
    """True for a PE image whose headers speak of a certificate table. Cheap and total."""
    if bytes(view[:2]) != b"MZ":
        return False
    try:
        headers = _headers(view)
    except Malformed:
        return False
    return headers is not None and headers.table != (0, 0)


def parse(view: memoryview) -> PeImage | None:
    """Read the layout; None when there is no certificate table.

    1. Headers, whose end SizeOfHeaders must include.
    2. The table lies behind the headers, and nothing but padding lies behind the table.
    3. Sections lie between headers and table and do not overlap.
    4. The table's entries fill it.

    Raises:
        Malformed: one of these does not hold.
    """
    headers = _headers(view)  # 1
    if headers is None or headers.table[1] == 0:
        return None
    if not headers.sections_at + headers.sections * SECTION_BYTES <= headers.size <= len(view):
        raise Malformed(WHAT, f"SizeOfHeaders ({headers.size}) does not hold its headers")
    table = _table(view, headers)  # 2
    sections = _sections(view, headers, table)  # 3
    fields = (headers.checksum, headers.directory)
    behind = max([headers.size, *(one.end for one in sections)])
    tail = [ByteRange(behind, table.start)] if behind < table.start else []
    return PeImage(
        headers.plus,
        headers.checksum,
        headers.directory,
        table,
        subtracted([ByteRange(0, table.start)], fields),
        subtracted(merged([ByteRange(0, headers.size), *sections, *tail]), fields),
        _entries(view, table),  # 4
    )


def _headers(view: memoryview) -> _Headers | None:
    """None for an image of a kind that has no certificate table."""
    cursor = Cursor(view, WHAT)
    if bytes(cursor.take(2, "MZ")) != b"MZ":
        raise Malformed(WHAT, "it does not begin with MZ", 0)
    cursor.skip(0x3A, "MS-DOS header")
    cursor = Cursor(view, WHAT, min(cursor.le32("e_lfanew"), len(view)))
    if bytes(cursor.take(4, "signature")) != b"PE\0\0":
        raise Malformed(WHAT, "no PE signature where e_lfanew points", cursor.at - 4)
    _, sections, _, _, _, optional_bytes, _ = cursor.unpack("<HHIIIHH", "COFF header")
    start = cursor.at
    optional = Cursor(view, WHAT, start, min(start + optional_bytes, len(view)))
    magic = optional.le16("optional header's magic")
    if magic not in DIRECTORIES_AT:
        return None
    directories = start + DIRECTORIES_AT[magic]
    count = Cursor(view, WHAT, min(directories - 4, len(view))).le32("number of data directories")
    if count <= SECURITY or directories + 8 * (SECURITY + 1) > start + optional_bytes:
        return None
    at = directories + 8 * SECURITY
    offset, size = Cursor(view, WHAT, at).unpack("<II", "certificate table's directory")
    return _Headers(
        magic == PE32_PLUS,
        ByteRange(start + CHECKSUM_AT, start + CHECKSUM_AT + 4),
        ByteRange(at, at + 8),
        (offset, size),
        Cursor(view, WHAT, start + HEADERS_SIZE_AT).le32("SizeOfHeaders"),
        start + optional_bytes,
        sections,
    )


def _table(view: memoryview, headers: _Headers) -> ByteRange:
    offset, size = headers.table
    end = offset + size
    if offset < headers.size or end > len(view):
        raise Malformed(WHAT, f"its certificate table at {offset}-{end} lies outside the file or in the headers")
    if end < len(view) and not fill_byte(view, ByteRange(end, len(view))):
        raise Malformed(WHAT, "bytes follow the certificate table, which must end the file", end)
    return ByteRange(offset, end)


def _sections(view: memoryview, headers: _Headers, table: ByteRange) -> list[ByteRange]:
    if headers.sections > MAX_SECTIONS:
        raise Malformed(WHAT, f"{headers.sections} sections")
    cursor = Cursor(view, WHAT, headers.sections_at)
    found = []
    for _ in range(headers.sections):
        _, _, _, size, pointer, _, _, _, _, flags = cursor.unpack("<8sIIIIIIHHI", "section header")
        if size == 0 or (pointer == 0 and flags & UNINITIALIZED):
            continue
        if pointer < headers.size or pointer + size > table.start:
            raise Malformed(
                WHAT, f"a section at {pointer}-{pointer + size} lies in the headers or the certificate table"
            )
        found.append(ByteRange(pointer, pointer + size))
    found.sort()
    if any(one.intersects(other) for one, other in pairwise(found)):
        raise Malformed(WHAT, "its sections overlap: readers disagree on what is digested")
    return found


def _entries(view: memoryview, table: ByteRange) -> tuple[CertificateEntry, ...]:
    cursor = Cursor(view, WHAT, table.start, table.end)
    out: list[CertificateEntry] = []
    while cursor.left:
        start = cursor.at
        if fill_byte(view, ByteRange(start, table.end)) == "00" and out:
            break  # zeros behind the last entry: padding
        length, revision, kind = cursor.unpack("<IHH", "WIN_CERTIFICATE header")
        if length <= CERTIFICATE_BYTES or revision != REVISION or len(out) >= MAX_CERTIFICATES:
            raise Malformed(WHAT, f"entry {len(out) + 1} of its certificate table is none", start)
        cursor.skip(length - CERTIFICATE_BYTES, "certificate")
        cursor.skip(min(-length % 8, cursor.left), "padding")
        content = _content(view, ByteRange(start, start + length), kind)
        out.append(CertificateEntry(ByteRange(start, cursor.at), content, kind))
    return tuple(out)


def _content(view: memoryview, span: ByteRange, kind: int) -> ByteRange | None:
    at = span.start + CERTIFICATE_BYTES
    if kind == PKCS_SIGNED_DATA:
        return ByteRange(at, span.end)
    behind = at + GUID_BYTES
    if kind == EFI_GUID and behind < span.end and bytes(view[at:behind]) == PKCS7_GUID:
        return ByteRange(behind, span.end)
    return None
