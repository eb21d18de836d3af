"""UEFI capsules for firmware management (FMP): headers, images, their authentication, the payload header.

Sources, read 2026-11-22: UEFI Specification 2.10 sections 8.5.3 (EFI_CAPSULE_HEADER), 23.3 (FMP capsules, image
headers of versions 1 to 3, dependency expressions), 23.1 (EFI_FIRMWARE_IMAGE_AUTHENTICATION), 32.2.4
(WIN_CERTIFICATE_UEFI_GUID); edk2 FmpDevicePkg/Include/FmpPayloadHeader.h (MSS1).

    EFI_CAPSULE_HEADER | FMP header, offsets | [drivers] | (image header | [authentication | dependencies] | payload)...

Every header field is read and must be one that its specification allows; whatever no header claims is nobody's.
Does not do: capsules with a vendor's own identifier, capsules split into blocks, vendor code (said where it is).
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from itertools import pairwise

from fwverify.formats.cursor import Cursor
from fwverify.formats.names import fill_byte
from fwverify.model.artifact import ByteRange
from fwverify.model.examining import Malformed, Unsupported

WHAT = "UEFI capsule"
FMP_GUID = uuid.UUID("6dcbd5ed-e82d-4c44-bda1-7194199ad92a").bytes_le
PKCS7_GUID = uuid.UUID("4aafd29d-68df-49ee-8aa9-347d375665a7").bytes_le
HEADER_BYTES, FMP_BYTES, OFFSET_BYTES = 28, 8, 8
FLAGS = 0x0007FFFF
"""Persist, populate, reset, and sixteen bits of the vendor's own."""
IMAGE_BYTES = {1: 32, 2: 40, 3: 48}
AUTHENTICATION, DEPENDENCY = 1, 2
"""Bits of ImageCapsuleSupport."""
COUNT_BYTES, CERTIFICATE_BYTES = 8, 24
REVISION, EFI_GUID_CERTIFICATE = 0x0200, 0x0EF1
MAX_ITEMS = 256
"""Drivers and images of one capsule; real ones have one."""
MAX_SIGNATURE_BYTES = 1 << 20
PAYLOAD_MAGIC = b"MSS1"
PAYLOAD_BYTES = 16
_OPERANDS = {0x00: 16, 0x01: 4, 0x0E: 4} | dict.fromkeys(
    (0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0A, 0x0B, 0x0C), 0
)
"""Operation codes of a dependency expression and the bytes that follow them."""
_NAME, _END = 0x02, 0x0D


@dataclass(frozen=True, slots=True)
class Authentication:
    """EFI_FIRMWARE_IMAGE_AUTHENTICATION."""

    count: ByteRange
    """MonotonicCount, which is signed behind the payload."""
    header: ByteRange
    """WIN_CERTIFICATE_UEFI_GUID without its data."""
    pkcs7: ByteRange


@dataclass(frozen=True, slots=True)
class CapsuleImage:
    """One payload item."""

    guid: str
    index: int
    hardware_instance: int
    """0: any, or a header version that has none."""
    header: ByteRange
    content: ByteRange
    """UpdateImageSize bytes: authentication and payload."""
    signed: ByteRange
    """`content` behind the authentication; all of it without one."""
    authentication: Authentication | None
    announced: bool
    """The header says that it is authenticated (version 3)."""
    payload: ByteRange | None
    """The firmware itself, behind dependencies and payload header; None when it is empty."""
    version: int = -1
    """FwVersion of the payload header; -1 without one."""
    lowest: int = -1
    """LowestSupportedVersion."""
    vendor_code: ByteRange | None = None


@dataclass(frozen=True, slots=True)
class Capsule:
    """All of it."""

    headers: tuple[ByteRange, ...]
    """Capsule header with its padding, FMP header, offsets."""
    drivers: tuple[ByteRange, ...]
    images: tuple[CapsuleImage, ...]
    size: int
    """CapsuleImageSize, bytes"""


def looks_like(view: memoryview) -> bool:
    return bytes(view[:16]) == FMP_GUID


def parse(view: memoryview) -> Capsule:
    """Read a capsule from its first byte.

    1. Capsule header: sizes within the file, padding empty, known flags.
    2. FMP header: version, counts, offsets in ascending order and behind the offset list.
    3. Each item reaches to the next one's offset or less.

    Raises:
        Malformed: one of these does not hold.
        Unsupported: a version of a header that is not read.
    """
    cursor = Cursor(view, WHAT)
    if cursor.take(16, "capsule identifier") != FMP_GUID:
        raise Malformed(WHAT, "not a firmware management capsule", 0)
    header_size, flags, size = cursor.unpack("<III", "capsule header")  # 1
    if not HEADER_BYTES <= header_size < size <= len(view) or flags & ~FLAGS:
        raise Malformed(WHAT, f"header of {header_size} bytes, capsule of {size} in {len(view)}, flags {flags:#x}", 16)
    if header_size > HEADER_BYTES and fill_byte(view, ByteRange(HEADER_BYTES, header_size)) != "00":
        raise Malformed(WHAT, "bytes between its header and what follows", HEADER_BYTES)
    items = Cursor(view, WHAT, header_size, size)
    version, drivers, payloads = items.unpack("<IHH", "FMP header")  # 2
    if version != 1:
        raise Unsupported(f"{WHAT} with an FMP header of version {version}")
    if not 1 <= drivers + payloads <= MAX_ITEMS:
        raise Malformed(WHAT, f"{drivers + payloads} items", header_size)
    starts = [header_size + one for one in items.unpack(f"<{drivers + payloads}Q", "item offsets")]
    if any(one >= other for one, other in pairwise([items.at - 1, *starts, size])):
        raise Malformed(WHAT, "item offsets that are not in order or not inside the capsule", header_size + FMP_BYTES)
    spans = [ByteRange(one, other) for one, other in pairwise([*starts, size])]  # 3
    return Capsule(
        (ByteRange(0, items.at),),
        tuple(spans[:drivers]),
        tuple(_image(view, one) for one in spans[drivers:]),
        size,
    )


def _image(view: memoryview, span: ByteRange) -> CapsuleImage:
    """One item: its header, and what the header gives it.

    1. Header of the version it says, reserved fields zero, support bits known.
    2. Image and vendor code within the item.
    3. The authentication, by its own form: the support bits are not signed and may lie.
    4. Behind it dependencies, payload header, firmware.
    """
    cursor = Cursor(view, WHAT, span.start, span.end)
    version = cursor.le32("image header's version")
    if version not in IMAGE_BYTES:
        raise Unsupported(f"{WHAT} with an image header of version {version}")
    guid = str(uuid.UUID(bytes_le=bytes(cursor.take(16, "UpdateImageTypeId"))))
    index = cursor.u8("UpdateImageIndex")
    reserved = bytes(cursor.take(3, "reserved bytes"))
    size, vendor = cursor.unpack("<II", "image header")
    instance = cursor.le64("UpdateHardwareInstance") if version > 1 else 0
    support = cursor.le64("ImageCapsuleSupport") if version > 2 else 0
    if any(reserved) or support & ~(AUTHENTICATION | DEPENDENCY):
        raise Malformed(WHAT, "an image header with reserved bits", span.start)  # 1
    start = cursor.at
    cursor.skip(size, "image")  # 2
    cursor.skip(vendor, "vendor code")
    if size == 0:
        raise Malformed(WHAT, "an image without a byte", start)
    content = ByteRange(start, start + size)
    authentication = _authentication(view, content, needed=bool(support & AUTHENTICATION))  # 3
    signed = ByteRange(authentication.pkcs7.end, content.end) if authentication else content
    image = CapsuleImage(
        guid,
        index,
        instance,
        ByteRange(span.start, start),
        content,
        signed,
        authentication,
        bool(support & AUTHENTICATION) or version < 3,
        signed,
        vendor_code=ByteRange(content.end, content.end + vendor) if vendor else None,
    )
    return _payload(view, image, dependencies=bool(support & DEPENDENCY))  # 4


def _authentication(view: memoryview, content: ByteRange, *, needed: bool) -> Authentication | None:
    at = content.start
    fixed = at + COUNT_BYTES + CERTIFICATE_BYTES
    there = fixed < content.end and bytes(view[fixed - 16 : fixed]) == PKCS7_GUID
    if there:
        length, revision, kind = Cursor(view, WHAT, at + COUNT_BYTES).unpack("<IHH", "certificate header")
        end = at + COUNT_BYTES + length
        if length <= CERTIFICATE_BYTES or length > MAX_SIGNATURE_BYTES or end >= content.end:
            raise Malformed(WHAT, f"a signature of {length} bytes does not fit its image", at + COUNT_BYTES)
        if (revision, kind) != (REVISION, EFI_GUID_CERTIFICATE):
            raise Malformed(WHAT, "the certificate header of its signature is of another kind", at + COUNT_BYTES)
        count = ByteRange(at, at + COUNT_BYTES)
        return Authentication(count, ByteRange(count.end, fixed), ByteRange(fixed, end))
    if needed:
        raise Malformed(WHAT, "an image header announces a signature, and there is none of a known kind", at)
    return None


def _payload(view: memoryview, image: CapsuleImage, *, dependencies: bool) -> CapsuleImage:
    start, end = image.signed.start, image.signed.end
    if dependencies:
        start = _behind_dependencies(Cursor(view, WHAT, start, end))
    head = bytes(view[start : min(start + PAYLOAD_BYTES, end)])
    if not head.startswith(PAYLOAD_MAGIC) or len(head) < PAYLOAD_BYTES:
        return replace(image, payload=ByteRange(start, end) if start < end else None)
    size, version, lowest = (int.from_bytes(head[at : at + 4], "little") for at in (4, 8, 12))
    if not PAYLOAD_BYTES <= size <= end - start:
        raise Malformed(WHAT, f"a payload header of {size} bytes", start + 4)
    behind = ByteRange(start + size, end) if start + size < end else None
    return replace(image, payload=behind, version=version, lowest=lowest)


def _behind_dependencies(cursor: Cursor) -> int:
    """Walk an expression of EFI_FIRMWARE_IMAGE_DEP to its end."""
    while True:
        code = cursor.u8("dependency expression")
        if code == _END:
            return cursor.at
        if code == _NAME:
            while cursor.u8("version name"):
                pass
        elif code in _OPERANDS:
            cursor.skip(_OPERANDS[code], "operand")
        else:
            raise Malformed(WHAT, f"an unknown operation {code:#x} in a dependency expression", cursor.at - 1)
