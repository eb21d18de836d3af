"""Vectors of the container packed_kernel: stubs laid out as the kernel's own boot documentation says, around a payload
of noise (seeded) with a kernel banner in it. The ELF stub is assembled by gcc and linked by GNU ld for x86-64.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import random
import struct
import subprocess
import tempfile
from hashlib import sha256
from pathlib import Path

import zstandard

from tests.vectors.makers.firmware import Writer, fdt

BANNER = (
    b"\0Linux version 5.10.92-acme (build@forge) (gcc (GCC) 11.2.0, GNU ld 2.37) #1 SMP Tue Mar 4 05:06:07 UTC 2025\n\0"
)
KERNEL = random.Random(1).randbytes(5000) + BANNER + random.Random(2).randbytes(500)
STUB = b"\x01\x02\x03\x04 stub code \xfd7zXZ\0 not a stream\0" + random.Random(3).randbytes(60)
SIZE = struct.pack("<I", len(KERNEL))
MEMBERS = {"kernel": sha256(KERNEL).hexdigest()}


def gzipped() -> bytes:
    return gzip.compress(KERNEL, 9, mtime=0)


def xz() -> bytes:
    return lzma.compress(KERNEL, lzma.FORMAT_XZ, lzma.CHECK_CRC32)


def zstd() -> bytes:
    return zstandard.ZstdCompressor(write_checksum=True).compress(KERNEL)


def packed(tool: str, *options: str) -> bytes:
    """The kernel as an official tool packs it from a pipe."""
    return subprocess.run([tool, *options], input=KERNEL, capture_output=True, check=True).stdout


def packings() -> dict[str, bytes]:
    """What scripts/Makefile.lib packs with beside gzip, xz and zstd."""
    lzma_alone = lzma.compress(KERNEL, lzma.FORMAT_ALONE, filters=[{"id": lzma.FILTER_LZMA1, "preset": 9}])
    return {
        "lzma": lzma_alone, "bzip2": bz2.compress(KERNEL), "lz4": packed("lz4", "-l", "-9", "-c"),
        "lzo": packed("lzop", "-9", "-c"),
    }  # fmt: skip


def zboot(payload: bytes, packing: bytes, reserved: bytes = bytes(8)) -> bytes:
    """An EFI stub with its payload (drivers/firmware/efi/libstub/zboot-header.S)."""
    head = struct.pack(
        "<4s4sII8s32s4sI", b"MZ\0\0", b"zimg", 512, len(payload), reserved, packing, b"\xcd\x23\x82\x81", 64
    )
    return (head + b"PE\0\0" + STUB).ljust(512, b"\1") + payload + SIZE + STUB


def aligned(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


def zimage(payload: bytes, order: str = "<", appended: bytes = b"") -> bytes:
    """Bytes 0x24 to 0x30: magic, start, end (arch/arm/boot/compressed/head.S)."""
    head = 9 * struct.pack(f"{order}I", 0xE1A00000)
    body = aligned(STUB) + payload
    return head + struct.pack(f"{order}3I", 0x016F2818, 0, len(head) + 12 + len(body)) + body + appended


def bzimage(payload: bytes, version: int = 0x020F, length: int | None = None) -> bytes:
    """One setup sector behind the boot sector, 64 bytes of code, then the payload (Documentation/arch/x86/boot.rst)."""
    head = bytearray(1024)
    head[0x1F1] = 1
    head[0x1FE:0x200] = b"\x55\xaa"
    head[0x200:0x206] = b"\xeb\x6aHdrS"
    head[0x206:0x208] = struct.pack("<H", version)
    head[0x248:0x250] = struct.pack("<2I", 64, len(payload) if length is None else length)
    return bytes(head) + STUB[:64].ljust(64, b"\x90") + payload


def elf(payload: bytes, *, code: int = 40, dynamic: bool = False) -> bytes:
    """A program whose data section is the payload."""
    source = f'.globl _start\n_start: .rept {code}\nnop\n.endr\njmp _start\n.data\n.incbin "payload"\n'
    with tempfile.TemporaryDirectory() as scratch:
        Path(scratch, "payload").write_bytes(payload)
        Path(scratch, "stub.s").write_text(source)
        how = (
            ["-nostartfiles", "-Wl,--no-as-needed"]
            if dynamic
            else ["-nostdlib", "-static", "-Wl,-N,--no-warn-rwx-segments"]
        )
        subprocess.run(
            ["gcc", *how, "-no-pie", "-s", "-Wl,--build-id=none", "stub.s", "-o", "stub"], cwd=scratch, check=True
        )
        return Path(scratch, "stub").read_bytes()


def make(root: Path) -> None:
    """Write every vector below `root` (tests/vectors)."""
    case = Writer(root, "packed_kernel").case
    for name, payload in (("gzip", gzipped()), ("xz", xz() + SIZE), ("zstd", zstd() + SIZE)):
        case("valid", f"zimage-{name}", zimage(payload), f"ARM zImage with {name}", members=MEMBERS, anomalies=[])
    case("valid", "zimage-big-endian", zimage(gzipped(), ">"), "ARM zImage of a big-endian kernel", members=MEMBERS)
    for name, payload in packings().items():
        case(
            "valid", f"zimage-{name}", zimage(payload + SIZE), f"ARM zImage with {name}", members=MEMBERS, anomalies=[]
        )
        case("valid", f"bzimage-{name}", bzimage(payload + SIZE), f"bzImage with {name}", members=MEMBERS, anomalies=[])
    for name, payload in (("zstd22", zstd()), ("gzip", gzipped()), ("lzo", packings()["lzo"])):
        case("valid", f"zboot-{name}", zboot(payload, name.encode()), f"EFI zboot, {name}", members=MEMBERS)
    case("hostile", "zboot-reserved", zboot(gzipped(), b"gzip", b"reserved"), "reserved bytes", members=MEMBERS)
    literal = zimage(b"\x28\xb5\x2f\xfd\0\0\0\0\x02\x21\x4c\x18\xff\xff\0\0" + STUB + xz() + SIZE)
    case("valid", "zimage-constants", literal, "magics among the stub's constants", members=MEMBERS, anomalies=[])
    trees = [fdt({"model": name}) for name in ("Vector board", "Vector board, larger")]
    with_trees = MEMBERS | {f"dtb-{at}": sha256(one).hexdigest() for at, one in enumerate(trees)}
    appended = zimage(gzipped(), appended=b"".join(trees))
    case("valid", "zimage-dtbs", appended, "two device trees behind it", members=with_trees, anomalies=[])
    tree = zimage(gzipped(), appended=b"device tree or so, behind the kernel\x01")
    case("valid", "zimage-appended", tree, "what follows the zImage is nobody's", members=MEMBERS)
    case("valid", "bzimage", bzimage(xz() + SIZE), "x86 bzImage, protocol 2.15", members=MEMBERS, anomalies=[])
    case("valid", "elf", elf(xz() + SIZE), "ELF stub as of MIPS vmlinuz", members=MEMBERS, anomalies=[])
    case(
        "invalid", "lzo", zimage(b"\x89LZO\0\r\n\x1a\n" + KERNEL), "an lzop magic alone", members={}, gap="unsupported"
    )
    bad = bytearray(packings()["lzo"])
    bad[200] ^= 1
    case("invalid", "lzo-block", bzimage(bytes(bad)), "a damaged block", members={}, gap="malformed")
    case("invalid", "no-payload", zimage(KERNEL), "nothing in it begins like a stream", members={}, gap="unsupported")
    small = elf(xz(), code=3 * len(KERNEL))
    case("invalid", "small-section", small, "a program with something packed in it", members={}, gap="malformed")
    program = elf(lzma.compress(random.Random(4).randbytes(20_000)), dynamic=True)
    case("invalid", "dynamic", program, "a program for a dynamic linker is no kernel", members={}, gap="malformed")
    wrong = gzipped()
    wrong = wrong[:-8] + bytes([wrong[-8] ^ 1]) + wrong[-7:]
    case("invalid", "crc", zimage(wrong), "the CRC does not hold", members=MEMBERS, checks_fail=["kernel: crc32"])
    case("truncated", "half", bzimage(xz()[:2600]), "the stream ends early", members={}, gap="malformed")
    case("truncated", "zimage", zimage(gzipped()[:300]), "the stream ends early", members={}, gap="malformed")
    magics = b"".join(
        aligned(b"\xfd7zXZ\0\0\x04") + b"\x1f\x8b\x08\0" + bytes([0, 0, 0, 0, 9, 9, 0, 0]) for _ in range(40)
    )
    case("hostile", "many-magics", zimage(magics + gzipped()), "magics that begin no stream", members=MEMBERS)
    bomb = zstandard.ZstdCompressor().compress(bytes(8 << 20))
    case("hostile", "bomb", zimage(bomb), "zeros, packed 20,000 times", gap="limit")
    case(
        "hostile", "length", bzimage(xz(), length=40), "the payload is longer than stated", members={}, gap="malformed"
    )
