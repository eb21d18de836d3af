"""MCUboot image: header, payload, protected and unprotected records (TLV), boot trailer of a slot.

Source: MCUboot docs/design.md ("Image Format", "Image Trailer", "Integrity Check"), docs/encrypted_images.md,
docs/imgtool.md and the image header file it refers to, read 2026-11-22. Both byte orders are read; the magic tells.
Nothing is verified here and nothing decrypted or decompressed. Not read: the steps of an interrupted update (what a
trailer says of an update as a whole is), images with the magic of version 1.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from fwverify.limits import LimitExceeded
from fwverify.model.artifact import ByteRange
from fwverify.model.examining import Malformed

WHAT = "MCUboot image"
MAGIC = {b"\x3d\xb8\xf3\x96": "<", b"\x96\xf3\xb8\x3d": ">"}
"""First bytes -> byte order."""
HEADER_BYTES = 32
INFO_BYTES = 4
"""Of an area's own header; a record's has as many."""
PROTECTED, UNPROTECTED = 0x6908, 0x6907
MAX_RECORDS = 512
"""imgtool writes about ten; an area of 64 KiB could hold 16,000 empty ones."""
KEYHASH, PUBKEY, SIG_PURE, SECURITY_COUNTER = 0x01, 0x02, 0x25, 0x50
UUID_VENDOR, UUID_CLASS = 0x74, 0x75
DIGESTS = {0x10: "sha256", 0x11: "sha384", 0x12: "sha512"}
SIGNATURES = {0x20: "rsa", 0x21: "ecdsa", 0x22: "ecdsa", 0x23: "rsa", 0x24: "ed25519"}
"""Record type -> family of the signature."""
RSA_BITS = {0x20: 2048, 0x23: 3072}
ENCRYPTION = frozenset({0x30, 0x31, 0x32, 0x33, 0x34})
"""Records that hold the wrapped key of an encrypted image."""
NAMES = {
    KEYHASH: "KEYHASH", PUBKEY: "PUBKEY", 0x10: "SHA256", 0x11: "SHA384", 0x12: "SHA512", 0x20: "RSA2048_PSS",
    0x21: "ECDSA224", 0x22: "ECDSA_SIG", 0x23: "RSA3072_PSS", 0x24: "ED25519", SIG_PURE: "SIG_PURE",
    0x30: "ENC_RSA2048", 0x31: "ENC_KW", 0x32: "ENC_EC256", 0x33: "ENC_X25519", 0x34: "ENC_X25519_SHA512",
    0x40: "DEPENDENCY", SECURITY_COUNTER: "SEC_CNT", 0x60: "BOOT_RECORD", 0x70: "DECOMP_SIZE", 0x71: "DECOMP_SHA",
    0x72: "DECOMP_SIGNATURE", 0x73: "COMP_DEC_SIZE", UUID_VENDOR: "UUID_VID", UUID_CLASS: "UUID_CID",
}  # fmt: skip
MOST_BYTES = {
    KEYHASH: 64, PUBKEY: 800, 0x10: 32, 0x11: 48, 0x12: 64, 0x20: 256, 0x21: 144, 0x22: 144, 0x23: 384, 0x24: 64,
    SIG_PURE: 1, 0x30: 256, 0x31: 40, 0x32: 145, 0x33: 112, 0x34: 144, 0x40: 12, SECURITY_COUNTER: 4, 0x70: 4, 0x71: 64,
    0x72: 384, 0x73: 4, UUID_VENDOR: 16, UUID_CLASS: 16,
}  # fmt: skip
"""The longest value that records of a type have."""
MAX_OF_A_TYPE = 8
"""Records of one type in one image that have a meaning: keys of several signers."""
BOOT_RECORD = 0x60
MAX_FACTS = 8
"""Entries of a boot record; imgtool writes up to six."""
ENCRYPTED_FLAGS, COMPRESSED_FLAGS = 0x04 | 0x08, 0x200 | 0x400
RAM_LOAD, ROM_FIXED = 0x20, 0x100
FLAGS = {
    0x01: "position independent", 0x04: "encrypted with AES-128", 0x08: "encrypted with AES-256",
    0x10: "not bootable", 0x20: "loaded to RAM", 0x100: "fixed address", 0x200: "compressed with LZMA1",
    0x400: "compressed with LZMA2", 0x800: "ARM Thumb filter",
}  # fmt: skip
BOOT_MAGIC = bytes.fromhex("77c295f360d2ef7f3552500f2cb67980")
BOOT_MAGIC_END = bytes.fromhex("2de15d29410b8d77679c110f1f8a")
"""The last 14 bytes of the magic for flash that is written in units above 8; the unit stands before it."""
ALIGNMENTS = (8, 16, 32, 64, 128, 256, 512)


@dataclass(frozen=True, slots=True)
class Record:
    """One TLV."""

    type: int
    whole: ByteRange
    """With its header."""
    value: bytes = field(repr=False)

    @property
    def name(self) -> str:
        return NAMES.get(self.type, f"type {self.type:#x}")


@dataclass(frozen=True, slots=True)
class McubootImage:
    """One image without what follows it."""

    order: str
    """`<` or `>`."""
    load_address: int
    flags: int
    version: str
    """`1.2.3+4`"""
    header: ByteRange
    """All of it: 32 bytes and the filling up to the payload."""
    payload: ByteRange | None
    protected: tuple[Record, ...]
    protected_area: ByteRange | None
    unprotected: tuple[Record, ...]
    area: ByteRange
    """The unprotected records with their header."""

    @property
    def signed(self) -> ByteRange:
        """What the digest is over: header, payload, protected records."""
        return ByteRange(0, self.area.start)

    @property
    def end(self) -> int:
        return self.area.end

    @property
    def encrypted(self) -> bool:
        """The flags say so, or the key for it is there."""
        return bool(self.flags & ENCRYPTED_FLAGS) or any(one.type in ENCRYPTION for one in self.unprotected)

    @property
    def flag_names(self) -> tuple[str, ...]:
        return tuple(name for bit, name in FLAGS.items() if self.flags & bit)

    def integer(self, value: bytes) -> int:
        return int.from_bytes(value, "little" if self.order == "<" else "big")


def read_image(view: memoryview) -> McubootImage:
    """Read an image from the start of the view; the view may go on behind it.

    1. Header; its sizes lie inside the view.
    2. Behind the payload the protected records, as long as the header says, exactly when it says there are any.
    3. Then the unprotected records.

    Raises:
        Malformed, LimitExceeded
    """
    order = MAGIC.get(bytes(view[:4]))
    if order is None or len(view) < HEADER_BYTES:
        raise Malformed(WHAT, "no header", 0)
    fields = struct.unpack_from(order + "IIHHIIBBHI", view)
    _, load_address, header_size, protected_size, size, flags, major, minor, revision, build = fields
    if header_size < HEADER_BYTES:
        raise Malformed(WHAT, f"a header of {header_size} bytes; it has at least {HEADER_BYTES}", 8)
    at = header_size + size
    if at + INFO_BYTES > len(view):
        raise Malformed(WHAT, f"header and payload have {at} bytes, {len(view)} are there", 12)
    protected: tuple[Record, ...] = ()
    area = None
    kind, total = struct.unpack_from(order + "HH", view, at)
    if kind == PROTECTED or protected_size:
        if kind != PROTECTED or total != protected_size:
            raise Malformed(WHAT, f"the header says {protected_size} bytes of protected records, there are others", at)
        area, protected = _area(view, order, at, PROTECTED)
        at = area.end
    rest, unprotected = _area(view, order, at, UNPROTECTED)
    return McubootImage(
        order,
        load_address,
        flags,
        f"{major}.{minor}.{revision}" + (f"+{build}" if build else ""),
        ByteRange(0, header_size),
        ByteRange(header_size, header_size + size) if size else None,
        protected,
        area,
        unprotected,
        rest,
    )


def _area(view: memoryview, order: str, start: int, wanted: int) -> tuple[ByteRange, tuple[Record, ...]]:
    if start + INFO_BYTES > len(view):
        raise Malformed(WHAT, "ends before its records", start)
    kind, total = struct.unpack_from(order + "HH", view, start)
    if kind != wanted:
        raise Malformed(WHAT, f"no records where they belong: {kind:#06x} in place of {wanted:#06x}", start)
    end = start + total
    if total < INFO_BYTES or end > len(view):
        raise Malformed(WHAT, f"records of {total} bytes, {len(view) - start} are left", start)
    records: list[Record] = []
    at = start + INFO_BYTES
    while at < end:
        if len(records) >= MAX_RECORDS:
            raise LimitExceeded("MCUboot records", len(records) + 1)
        records.append(_record(view, order, at, end))
        at = records[-1].whole.end
    return ByteRange(start, end), tuple(records)


def _record(view: memoryview, order: str, at: int, end: int) -> Record:
    if at + INFO_BYTES > end:
        raise Malformed(WHAT, "a record is cut off", at)
    # Types of vendors fill both bytes (0xa0 to 0xfffe); those of MCUboot have an empty second one.
    name, size = struct.unpack_from(order + "HH", view, at)
    if order == ">" and not name & 0xFF:
        name >>= 8
    whole = ByteRange(at, at + INFO_BYTES + size)
    if whole.end > end:
        raise Malformed(WHAT, f"a record of {size} bytes is cut off", at)
    return Record(name, whole, bytes(view[at + INFO_BYTES : whole.end]))


@dataclass(frozen=True, slots=True)
class Trailer:
    """What the boot loader keeps at the end of a slot."""

    ranges: tuple[ByteRange, ...]
    """The magic, and each field that is set; the rest of a fresh trailer is erased flash."""
    facts: tuple[tuple[str, str], ...] = ()


SWAPS = {1: "none", 2: "test", 3: "permanent", 4: "revert"}


def trailer(view: memoryview, start: int) -> tuple[ByteRange, ...]:
    """The fields of the boot trailer that are set."""
    return read_trailer(view, start).ranges


def read_trailer(view: memoryview, start: int) -> Trailer:
    """The boot trailer at the end of a slot: its magic, and before it, in units of the flash, the marks `confirmed` and
    `copied`, the kind of update, and how much of it is swapped.

    The steps of an update under way stand before these and are not told here.
    """
    magic = ByteRange(len(view) - 16, len(view)) if len(view) - 16 >= start else None
    align = _alignment(bytes(view[magic.start : magic.end])) if magic is not None else 0
    if magic is None or not align:
        return Trailer(())
    # The magic itself fills whole units.
    base = len(view) - max(16, align)
    found, facts = [magic], []
    for unit, name, meaning in ((1, "confirmed", {1: "yes"}), (2, "copied", {1: "yes"}), (3, "update", SWAPS)):
        at = base - unit * align
        value = view[at] if at >= start else 0xFF
        if value & 0x0F in meaning and (unit == 3 or value == 1):
            found.append(ByteRange(at, at + 1))
            facts.append((name, meaning[value & 0x0F]))
    at = base - 4 * align
    size = int.from_bytes(view[at : at + 4], "little") if at >= start else 0
    if 0 < size <= len(view):
        found.append(ByteRange(at, at + 4))
        facts.append(("swap-size", str(size)))
    return Trailer(tuple(sorted(found)), tuple(facts))


def is_boot_record(value: bytes) -> bool:
    """A boot record is a CBOR map of small numbers to short texts or bytes, and nothing behind it."""
    if not value or not 0xA1 <= value[0] <= 0xA0 + MAX_FACTS:
        return False
    at = 1
    for _ in range(value[0] & 0x1F):
        head = value[at + 1 : at + 3]
        if at + 1 >= len(value) or value[at] > 0x17 or head[0] >> 5 not in (2, 3):
            return False
        short = head[0] & 0x1F
        if short > 24 or (short == 24 and len(head) < 2):
            return False
        at += 2 + (1 + head[1] if short == 24 else short)
    return at == len(value)


def understood(record: Record) -> bool:
    """Its type has a meaning and its value no more bytes than that can take."""
    if record.type == BOOT_RECORD:
        return is_boot_record(record.value)
    return len(record.value) <= MOST_BYTES.get(record.type, -1)


def _alignment(magic: bytes) -> int:
    if magic == BOOT_MAGIC:
        return 8
    align = int.from_bytes(magic[:2], "little")
    return align if magic[2:] == BOOT_MAGIC_END and align in ALIGNMENTS else 0
