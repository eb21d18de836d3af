"""UEFI capsules of any kind: the header that all have, and the body behind it.

Sources: UEFI Specification 2.10, section 8.5.3.1 (EFI_CAPSULE_HEADER); the vendors' identifiers and the order of
fields in Toshiba's header as UEFITool's common/ffs.h lists them; read 2026-11-22.

    identifier (16) | header size | flags | image size | ... | body

Not done: what a vendor puts behind the 28 bytes of the header, signatures in there, capsules for firmware management
(uefi_capsule).
"""

from __future__ import annotations

import struct
import uuid
from dataclasses import dataclass

from fwverify.formats.cursor import Cursor
from fwverify.formats.uefi_capsule import FLAGS, FMP_GUID, HEADER_BYTES, WHAT
from fwverify.formats.uefi_volume import guid
from fwverify.model.artifact import ByteRange
from fwverify.model.examining import Malformed

MAX_HEADER_BYTES = 1 << 16
TOSHIBA = "3be07062-1d51-45d2-832b-f093257ed461"
VENDORS = {
    "3b6686bd-0d76-4030-b70e-b5519e2fc5a0": "EFI capsule",
    "539182b9-abb5-4391-b69a-e3a943f72fcc": "Intel",
    "e20bafd3-9914-4f4f-9537-3129e090eb3c": "Lenovo",
    "25b5fe76-8243-4a5c-a9bd-7ee3246198b5": "Lenovo",
    TOSHIBA: "Toshiba",
    "4a3ca68b-7723-48fb-803d-578cc1fec44d": "AMI Aptio, signed",
    "14eebb90-890a-43db-aed1-5d3c4588a418": "AMI Aptio",
    "3b8c8162-188c-46a4-aec9-be43f1d65697": "Windows display",
}
"""Identifiers of capsules that are not for firmware management; others are taken when their header fits exactly."""
_VENDORS_AS_BYTES = frozenset(uuid.UUID(one).bytes_le for one in VENDORS)


@dataclass(frozen=True, slots=True)
class CapsuleFrame:
    guid: str
    header: ByteRange
    """The 28 bytes of the specification."""
    body: ByteRange
    flags: int

    @property
    def vendor(self) -> str:
        return VENDORS.get(self.guid, "")


def looks_like(view: memoryview) -> bool:
    """A capsule that is none for firmware management: a known identifier, or a header that fits these very bytes."""
    if len(view) <= HEADER_BYTES or bytes(view[:16]) == FMP_GUID:
        return False
    size, flags, total = struct.unpack_from("<3I", view, 16)
    if HEADER_BYTES <= size <= 4096 and size < total == len(view) and not flags & ~FLAGS:
        return guid(view[:16]) in VENDORS or uuid.UUID(bytes_le=bytes(view[:16])).variant == uuid.RFC_4122
    return bytes(view[:16]) in _VENDORS_AS_BYTES


def read_frame(view: memoryview) -> CapsuleFrame:
    """Read the header. Raises Malformed when its sizes do not fit the bytes or flags are set that nobody defined."""
    cursor = Cursor(view, WHAT)
    name = guid(cursor.take(16, "capsule identifier"))
    size, flags, total = cursor.unpack("<III", "capsule header")
    if name == TOSHIBA:
        flags, total = total, flags
    if not HEADER_BYTES <= size <= MAX_HEADER_BYTES or not size < total <= len(view) or flags & ~FLAGS:
        reason = f"header of {size} bytes, capsule of {total} in {len(view)}, flags {flags:#x}"
        raise Malformed(WHAT, reason, 16)
    return CapsuleFrame(name, ByteRange(0, HEADER_BYTES), ByteRange(size, total), flags)
