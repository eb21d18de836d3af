"""U-Boot legacy image (uImage): the 64-byte header, its two CRCs, and the size table of multi-file images and scripts.

Source: U-Boot include/image.h (struct legacy_img_hdr) and doc/usage/cmd/bootm.rst, read 2026-11-22.
All integers are big-endian. The payload is not unpacked; variants with another header are not read.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

from fwverify.formats.names import quoted
from fwverify.model.artifact import ByteRange, Digest
from fwverify.model.examining import Malformed

MAGIC = b"\x27\x05\x19\x56"
WHAT = "uImage"
HEADER_BYTES, NAME_AT = 64, 32
MULTI, SCRIPT = 4, 6
"""Image types whose data begins with a size table."""
MAX_FILES = 256
"""Files of one multi-file image; U-Boot boots at most three."""


def _numbered(words: str) -> dict[int, str]:
    """Names by their number, in the order U-Boot counts them."""
    return dict(enumerate(words.split()))


OPERATING_SYSTEMS = _numbered(
    "invalid openbsd netbsd freebsd 4_4bsd linux svr4 esix solaris irix sco dell ncr lynxos vxworks psos qnx u-boot"
    " rtems artos unity integrity ose plan9 openrtos arm-trusted-firmware tee opensbi efi elf"
)
ARCHITECTURES = _numbered(
    "invalid alpha arm x86 ia64 mips mips64 powerpc s390 sh sparc sparc64 m68k nios microblaze nios2 blackfin avr32"
    " st200 sandbox nds32 or1k arm64 arc x86_64 xtensa riscv"
)
TYPES = _numbered(
    "invalid standalone kernel ramdisk multi firmware script filesystem flat_dt kwbimage imximage ublimage omapimage"
    " aisimage kernel_noload pblimage mxsimage gpimage atmelimage socfpgaimage x86_setup lpc32xximage loadable rkimage"
    " rksd rkspi zynqimage zynqmpimage zynqmpbif fpga vybridimage tee firmware_ivt pmmc stm32image"
)
COMPRESSIONS = _numbered("none gzip bzip2 lzma lzo lz4 zstd")


@dataclass(frozen=True, slots=True)
class UImage:
    """The header's values. `data` may reach behind the view: see `check_size`."""

    name: str
    """Printable, hostile bytes escaped; may be empty."""
    time: int
    """seconds since 1970"""
    size: int
    """Of the data, bytes."""
    load: int
    entry: int
    os: int
    arch: int
    type: int
    compression: int
    header_crc: Digest
    header_crc_computed: Digest
    data_crc: Digest

    @property
    def end(self) -> int:
        return HEADER_BYTES + self.size

    @property
    def intact(self) -> bool:
        """The header's own CRC holds."""
        return self.header_crc == self.header_crc_computed

    @property
    def plausible(self) -> bool:
        """Every enumerated field has a value that exists (new ones are added at the ends, so there is some room)."""
        return self.os <= 48 and 1 <= self.arch <= 40 and 1 <= self.type <= 64 and self.compression <= 8


def crc32(data: memoryview | bytes) -> Digest:
    return Digest("crc32", zlib.crc32(data).to_bytes(4, "big"))


def read_uimage(view: memoryview) -> UImage:
    """Read the header at the start of the view. Raises Malformed when it is cut off or has no magic."""
    if len(view) < HEADER_BYTES or view[:4] != MAGIC:
        raise Malformed(WHAT, "no header", 0)
    raw = bytes(view[:HEADER_BYTES])
    _, header_crc, time, size, load, entry, data_crc = struct.unpack(">7I", raw[:28])
    os, arch, kind, compression = raw[28:32]
    return UImage(
        quoted(raw[32:].partition(b"\0")[0]), time, size, load, entry, os, arch, kind, compression,
        Digest("crc32", header_crc.to_bytes(4, "big")), crc32(raw[:4] + bytes(4) + raw[8:]),
        Digest("crc32", data_crc.to_bytes(4, "big")),
    )  # fmt: skip


def check_size(header: UImage, view: memoryview) -> None:
    """Raise Malformed when the data is not all there."""
    if not header.size:
        raise Malformed(WHAT, "has no data", 12)
    if header.end > len(view):
        raise Malformed(WHAT, f"says {header.size} bytes of data, {len(view) - HEADER_BYTES} are there", 12)


def read_table(header: UImage, view: memoryview) -> tuple[ByteRange, tuple[ByteRange, ...]]:
    """The size table of a multi-file image or script, and where its files lie (each padded to 4, the last need not be).

    Raises:
        Malformed: the table has no end, is empty, or names more than there is.
    """
    sizes: list[int] = []
    at = HEADER_BYTES
    while True:
        if at + 4 > header.end or len(sizes) > MAX_FILES:
            raise Malformed(WHAT, "size table has no end", HEADER_BYTES)
        (size,) = struct.unpack_from(">I", view, at)
        at += 4
        if not size:
            break
        sizes.append(size)
    if not sizes:
        raise Malformed(WHAT, "size table is empty", HEADER_BYTES)
    files, table = [], ByteRange(HEADER_BYTES, at)
    for size in sizes:
        if at + size > header.end:
            raise Malformed(WHAT, f"size table names {size} bytes, {header.end - at} are left", at)
        files.append(ByteRange(at, at + size))
        at = min((at + size + 3) & ~3, header.end)
    return table, tuple(files)
