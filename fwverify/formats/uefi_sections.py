"""Sections of UEFI firmware files: headers, and the small ones that are read whole (names, versions, dependencies).

Source: UEFI Platform Initialization Specification 1.8, volume 3, sections 2.1.5, 2.2.4 and 3.2.5 (section headers and
types), volume 1 section 10.7 and volume 2 section 10.7 (dependency expressions), read 2026-11-22.

    size (3) | type (1) | [size (4)] | what the type has       next section at a multiple of 4 bytes

Not done: unpacking (uefi_packed).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from fwverify.formats.cursor import Cursor
from fwverify.formats.names import decoded, fill_byte
from fwverify.formats.uefi_volume import SIGNATURE, SIGNATURE_AT, guid
from fwverify.limits import LimitExceeded
from fwverify.model.artifact import ByteRange
from fwverify.model.examining import Malformed

WHAT = "UEFI section"
COMPRESSION, GUID_DEFINED, DISPOSABLE = 0x01, 0x02, 0x03
PE32, PIC, TE, DXE_DEPEX, VERSION, USER_INTERFACE, COMPATIBILITY16 = range(0x10, 0x17)
VOLUME_IMAGE, FREEFORM, RAW, PEI_DEPEX, MM_DEPEX = 0x17, 0x18, 0x19, 0x1B, 0x1C
KINDS = {
    COMPRESSION: "compressed", GUID_DEFINED: "guided", DISPOSABLE: "disposable", PE32: "pe32", PIC: "pic", TE: "te",
    DXE_DEPEX: "dxe-depex", VERSION: "version", USER_INTERFACE: "ui", COMPATIBILITY16: "compatibility16",
    VOLUME_IMAGE: "volume", FREEFORM: "freeform", RAW: "raw", PEI_DEPEX: "pei-depex", MM_DEPEX: "mm-depex",
}  # fmt: skip
FIRST_OWN_KIND = 0xC0
"""From here on a type is whoever's who makes the firmware."""
LARGE = 0xFFFFFF
PROCESSING_REQUIRED = 0x01
GUID_BYTES = 16
MAX_TEXT_BYTES = 1024
"""Names and versions; longer ones are data."""
MAX_DEPEX_BYTES = 4096
MAX_SECTIONS = 65_536
"""Of one file or stream; real files have up to 20."""
LOOK_SECTIONS = 64
"""Headers looked at before bytes are taken for sections."""
_OPERANDS = {0x00: 16, 0x01: 16, 0x02: 16, 0x03: 0, 0x04: 0, 0x05: 0, 0x06: 0, 0x07: 0, 0x09: 0}
"""Operation codes of a dependency expression and the bytes behind them: before, after, push, and, or, not, true,
false, schedule on request."""
_END = 0x08


@dataclass(frozen=True, slots=True)
class Section:
    """One section; ranges are in the view it was read from."""

    kind: int
    whole: ByteRange
    header: ByteRange
    """Common header and the fixed fields of the type."""
    data: ByteRange | None
    """What the section holds: behind its fixed fields, for a GUID-defined one from its data offset on."""
    guid: str = ""
    """Of a GUID-defined or freeform section."""
    attributes: int = 0
    """Of a GUID-defined section."""
    extra: ByteRange | None = None
    """Of a GUID-defined section: what its GUID puts between header and data."""
    method: int = 0
    """Of a compression section."""
    unpacked: int = 0
    """Of a compression section: size of what it unpacks to, bytes"""

    @property
    def name(self) -> str:
        return KINDS.get(self.kind, f"type-{self.kind:02x}")


def sections(view: memoryview, span: ByteRange) -> Iterator[Section]:
    """The sections of a range in order, aligned from its beginning.

    Raises:
        Malformed: what follows is none; those before it were handed out.
        LimitExceeded: too many.
    """
    at, count = span.start, 0
    while at < span.end:
        count += 1
        if count > MAX_SECTIONS:
            raise LimitExceeded("UEFI sections in a row", count)
        one = read_section(view, at, span.end)
        yield one
        at = one.whole.end + (span.start - one.whole.end) % 4


def read_section(view: memoryview, at: int, end: int) -> Section:
    """One header and the fixed fields of its type. Raises Malformed."""
    cursor = Cursor(view, WHAT, at, end)
    word = cursor.le32("header")
    size, kind = word & LARGE, word >> 24
    if size == LARGE:
        size = cursor.le32("extended size")
    if size < cursor.at - at or size > end - at or (kind not in KINDS and kind < FIRST_OWN_KIND):
        raise Malformed(WHAT, f"a section of type {kind:#x} states {size} bytes, {end - at} are left", at)
    whole = ByteRange(at, at + size)
    cursor = Cursor(view, WHAT, cursor.at, whole.end)
    if kind == COMPRESSION:
        length, method = cursor.unpack("<IB", "compression section")
        return Section(kind, whole, ByteRange(at, cursor.at), _rest(cursor), method=method, unpacked=length)
    if kind == GUID_DEFINED:
        return _guided(cursor, whole)
    if kind == FREEFORM:
        name = guid(cursor.take(GUID_BYTES, "subtype"))
        return Section(kind, whole, ByteRange(at, cursor.at), _rest(cursor), name)
    return Section(kind, whole, ByteRange(at, cursor.at), _rest(cursor))


def _guided(cursor: Cursor, whole: ByteRange) -> Section:
    name = guid(cursor.take(GUID_BYTES, "section definition"))
    offset, attributes = cursor.unpack("<HH", "GUID-defined section")
    start = whole.start + offset
    if not cursor.at <= start <= whole.end:
        raise Malformed(WHAT, f"a GUID-defined section of {whole.size} bytes states its data at {offset}", whole.start)
    extra = ByteRange(cursor.at, start) if start > cursor.at else None
    data = ByteRange(start, whole.end) if start < whole.end else None
    header = ByteRange(whole.start, cursor.at)
    return Section(GUID_DEFINED, whole, header, data, name, attributes, extra)


def _rest(cursor: Cursor) -> ByteRange | None:
    return ByteRange(cursor.at, cursor.end) if cursor.left else None


def looks_like(view: memoryview) -> bool:
    """Sections from the first byte to the last (fill may follow), each beginning as its type says."""
    if len(view) < 8 or (view[3] not in KINDS and view[3] < FIRST_OWN_KIND):
        return False
    at, seen = 0, False
    try:
        for one in islice(sections(view, ByteRange(0, len(view))), LOOK_SECTIONS):
            if not _fits(view, one):
                return False
            at, seen = one.whole.end, seen or one.data is not None
    except Malformed:
        rest = ByteRange((at + 3) & ~3, len(view)) if (at + 3) & ~3 < len(view) else None
        return seen and (rest is None or fill_byte(view, rest) != "")
    return seen


def _fits(view: memoryview, one: Section) -> bool:
    """The data begins as data of its type does."""
    if one.data is None:
        return True
    head = bytes(view[one.data.start : min(one.data.start + 44, one.data.end)])
    if one.kind == PE32:
        return head.startswith(b"MZ")
    if one.kind == TE:
        return head.startswith(b"VZ")
    if one.kind == VOLUME_IMAGE:
        return head[SIGNATURE_AT:] == SIGNATURE
    return one.kind in KINDS


def text(view: memoryview, section: Section) -> str:
    """The name or version a section states; empty when it is not exactly one line of UTF-16 with a NUL behind it."""
    if section.data is None or section.data.size > MAX_TEXT_BYTES:
        return ""
    start = section.data.start + (2 if section.kind == VERSION else 0)
    raw = bytes(view[start : section.data.end])
    return utf16(raw)


def utf16(raw: bytes) -> str:
    """UTF-16 with a NUL at its very end, as a member name may carry it; empty for anything else."""
    if len(raw) < 4 or len(raw) % 2 or raw[-2:] != b"\0\0":
        return ""
    try:
        out = raw[:-2].decode("utf-16-le")
    except UnicodeDecodeError:
        return ""
    return decoded(out.encode()).replace("/", "%2F") if out.isprintable() else ""


def build(view: memoryview, section: Section) -> int:
    """Build number of a version section."""
    return int.from_bytes(view[section.data.start : section.data.start + 2], "little") if section.data else 0


def is_expression(view: memoryview, section: Section) -> bool:
    """True for a dependency expression that is well formed to its last byte: postfix, one value left at its end."""
    if section.data is None or section.data.size > MAX_DEPEX_BYTES:
        return False
    code = bytes(view[section.data.start : section.data.end])
    at, depth = 0, 0
    while at < len(code) - 1:
        operation = code[at]
        if operation not in _OPERANDS:
            return False
        if operation in (0x02, 0x06, 0x07):
            depth += 1
        elif operation in (0x03, 0x04):
            depth -= 1
        if depth < 0:
            return False
        at += 1 + _OPERANDS[operation]
    return at == len(code) - 1 and code[at] == _END and depth <= 1
