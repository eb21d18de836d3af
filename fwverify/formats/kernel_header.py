"""The 64-byte header of an unpacked Linux kernel for 64-bit Arm and RISC-V (`Image`).

Sources: Linux Documentation/arch/arm64/booting.rst and Documentation/arch/riscv/boot-image-header.rst, read 2026-11-22.
The header says how much memory the kernel takes, not how long the file is: where the kernel ends is not known from it.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from fwverify.model.artifact import ByteRange
from fwverify.model.examining import Malformed

WHAT = "Linux kernel image"
BYTES, MAGIC_AT = 64, 56
MAGICS = {b"ARM\x64": "arm64", b"RSC\x05": "riscv"}
ARM_PAGES = {1: "4 KiB", 2: "16 KiB", 3: "64 KiB"}
MAX_MEMORY_BYTES = 1 << 32


@dataclass(frozen=True, slots=True)
class KernelHeader:
    architecture: str
    offset: int
    """From a 2 MiB boundary (4 MiB on 32-bit RISC-V) to where the kernel is loaded."""
    memory_bytes: int
    """What it takes in memory, bss included; 0 where it is not stated."""
    big_endian: bool
    page: str
    """Size of its pages, where it is stated."""
    structure: tuple[ByteRange, ...]
    unused: tuple[ByteRange, ...]
    """Reserved words."""


def looks_like(view: memoryview) -> bool:
    """The magic, and a size and reserved words that can be. Never raises."""
    magic = bytes(view[MAGIC_AT : MAGIC_AT + 4])
    if len(view) < BYTES or magic not in MAGICS:
        return False
    offset, size = struct.unpack_from("<QQ", view, 8)
    return bool(offset < MAX_MEMORY_BYTES and size < MAX_MEMORY_BYTES)


def read(view: memoryview) -> KernelHeader:
    """The header at the start of the view. Raises Malformed."""
    if not looks_like(view):
        raise Malformed(WHAT, "no header", 0)
    architecture = MAGICS[bytes(view[MAGIC_AT : MAGIC_AT + 4])]
    offset, size, flags = struct.unpack_from("<QQQ", view, 8)
    arm = architecture == "arm64"
    unused = (ByteRange(32, 56),) if arm else (ByteRange(36, 48),)
    structure = (ByteRange(8, 32), ByteRange(56, 64)) if arm else (ByteRange(8, 36), ByteRange(48, 64))
    page = ARM_PAGES.get(flags >> 1 & 3, "") if arm else ""
    return KernelHeader(architecture, offset, size, bool(flags & 1), page, structure, unused)
