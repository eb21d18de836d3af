"""Vectors of lzma, bzip2, lz4, lzop and zlib streams; the hostile ones are bent by hand.

Makers: xz --format=lzma (XZ Utils), lz4 and lzop for what Python has no writer for; Python's lzma, bz2 and zlib. The
same tool versions give the same bytes.
"""

from __future__ import annotations

import bz2
import lzma
import os
import struct
import subprocess
import tempfile
import zlib
from pathlib import Path

from fwverify.formats.lz4_frame import xxh32_short
from tests.vectors.makers.archives import OTHER, TEXT, Case

ORIGIN = "tests/vectors/makers/compressed_streams.py"
ELF = b"\x7fELF\1\1\1" + bytes(9) + b"\2\0\x28\0\1\0\0\0" + bytes(range(256)) * 2
"""Begins like a program; planted where nobody should look away."""
SOUND = {"content": TEXT}


def tool(*command: str, files: dict[str, bytes] | None = None) -> bytes:
    """Standard output of a program in a folder with these files; TEXT on its standard input."""
    with tempfile.TemporaryDirectory() as scratch:
        for name, content in (files or {}).items():
            (Path(scratch) / name).write_bytes(content)
            os.utime(Path(scratch) / name, (1_700_000_000, 1_700_000_000))
        done = subprocess.run(command, input=TEXT, cwd=scratch, capture_output=True, check=True)
    return done.stdout


def case(plugin: str, kind: str, name: str, why: str, data: bytes, members: dict[str, bytes] | None = None,
         anomalies: tuple[str, ...] = (), gap: str = "", checks_fail: tuple[str, ...] = ()) -> Case:  # fmt: skip
    return Case(plugin, kind, name, why, data, members, anomalies, gap, checks_fail, ORIGIN)


def lzma_known(data: bytes) -> bytes:
    """A size in the header and no end marker."""
    return tool("xz", "--format=lzma", "-c", "content", files={"content": data})


def lzma_cases() -> list[Case]:
    known, marked = lzma_known(TEXT), lzma.compress(TEXT, format=lzma.FORMAT_ALONE)
    boot = [{"id": lzma.FILTER_LZMA1, "dict_size": 8 << 20, "lc": 1, "lp": 2, "pb": 2}]
    vendor = lzma.compress(TEXT, format=lzma.FORMAT_ALONE, filters=boot)
    damaged = bytearray(known)
    damaged[40] ^= 0xFF
    huge = known[:5] + struct.pack("<Q", 1 << 37) + known[13:]
    wide = known[:1] + struct.pack("<I", 1 << 30) + known[5:]
    return [
        case("lzma", "valid", "known-size", "xz --format=lzma of a file", known, SOUND),
        case("lzma", "valid", "end-marker", "the size is unknown, an end marker ends it", marked, SOUND),
        case("lzma", "valid", "boot-loader", "lc=1 lp=2 pb=2, as boot loaders have it", vendor, SOUND),
        case("lzma", "invalid", "damaged", "a byte of the stream is another", bytes(damaged), {}, gap="malformed"),
        case("lzma", "truncated", "no-end", "cut in its stream", known[:-20], {}, gap="malformed"),
        case("lzma", "hostile", "size", "it declares 128 GiB", huge, {}, gap="limit"),
        case("lzma", "hostile", "window", "it asks for a dictionary of 1 GiB", wide, {}, gap="limit"),
        case("lzma", "hostile", "behind", "a program behind its end", marked + ELF, SOUND, ("trailing-data",)),
    ]


def bzip2_cases() -> list[Case]:
    one = bz2.compress(TEXT)
    crc = one[:10] + bytes([one[10] ^ 1]) + one[11:]
    two = one + bz2.compress(OTHER, 1)
    return [
        case("bzip2", "valid", "one", "one stream", one, SOUND),
        case("bzip2", "valid", "two", "two streams are one content", two, {"content": TEXT + OTHER}),
        case("bzip2", "valid", "empty", "a stream without content", bz2.compress(b""), {"content": b""}),
        case("bzip2", "invalid", "crc", "the CRC of its block does not hold", crc, {}, gap="malformed"),
        case("bzip2", "truncated", "no-end", "cut in its block", one[:-12], {}, gap="malformed"),
        case("bzip2", "truncated", "second", "the second stream is cut", two[:-12], {}, gap="malformed"),
        case("bzip2", "hostile", "behind", "a program behind its end", one + ELF, SOUND, ("trailing-data",)),
    ]


def skippable(content: bytes) -> bytes:
    return b"\x53\x2a\x4d\x18" + struct.pack("<I", len(content)) + content


def lz4_cases() -> list[Case]:
    frame = tool("lz4", "-c", "-BX", "--content-size", "content", files={"content": TEXT})
    legacy = tool("lz4", "-l", "-c", "content", files={"content": TEXT})
    kernel = legacy + struct.pack("<I", len(TEXT))
    head = b"\x61\x40" + struct.pack("<I", 7)
    dictionary = frame[:4] + head + bytes([xxh32_short(head) >> 8 & 0xFF]) + bytes(8)
    block = frame[:15] + struct.pack("<I", 0x7FFFFFF0) + frame[19:]
    parts = skippable(b"note") + frame + skippable(ELF) + legacy
    return [
        case("lz4", "valid", "frame", "block checksums, content size and checksum", frame, SOUND),
        case("lz4", "valid", "legacy", "the frame Linux kernels have", legacy, SOUND),
        case("lz4", "valid", "kernel", "a legacy frame with the unpacked size behind", kernel, SOUND),
        case("lz4", "valid", "several", "frames of both kinds, others to be skipped", parts, {"content": TEXT * 2}),
        case("lz4", "invalid", "header", "the checksum of its header does not hold", frame[:6] + b"\1" + frame[7:],
             {}, gap="malformed"),
        case("lz4", "invalid", "checksum", "the checksum of its content does not hold",
             frame[:-1] + bytes([frame[-1] ^ 1]), {}, gap="malformed"),
        case("lz4", "truncated", "frame", "cut before its end mark", frame[:-9], {}, gap="malformed"),
        case("lz4", "truncated", "legacy", "cut in its block", legacy[:-3], {}, gap="malformed"),
        case("lz4", "hostile", "block", "a block larger than its frame allows", block, {}, gap="malformed"),
        case("lz4", "hostile", "dictionary", "it needs a dictionary", dictionary, {}, gap="unsupported"),
        case("lz4", "hostile", "behind", "a program behind its end", legacy + ELF, SOUND, ("trailing-data",)),
    ]  # fmt: skip


def lzop_header(name: bytes, flags: int = 1) -> bytes:
    """A header as lzop 1.04 writes it."""
    body = struct.pack(">HHHBBIIIIB", 0x1040, 0x20A0, 0x0940, 1, 5, 0x3000000 | flags, 0o100644, 0, 0, len(name)) + name
    return b"\x89LZO\0\r\n\x1a\n" + body + struct.pack(">I", zlib.adler32(body))


def lzop_cases() -> list[Case]:
    files = {"app.bin": TEXT, "other.bin": OTHER}
    one = tool("lzop", "-c", "app.bin", files=files)
    crc = tool("lzop", "-9", "--crc32", "-c", "app.bin", files=files)
    both = tool("lzop", "-c", "app.bin", "other.bin", files=files)
    app = {"app.bin": TEXT}
    at = one.index(b"app.bin") + 7 + 4  # name, header checksum
    sums = one[: at + 8] + bytes(4) + one[at + 12 :]
    header = one[: at - 1] + bytes([one[at - 1] ^ 1]) + one[at:]
    large = one[:at] + struct.pack(">II", 0x4000001, 100) + one[at + 8 :]
    fake = lzop_header(b"../../etc/passwd") + struct.pack(">III", 4, 4, zlib.adler32(b"root")) + b"root" + bytes(4)
    return [
        case("lzop", "valid", "one", "one file, Adler-32", one, app),
        case("lzop", "valid", "crc32", "one file, CRC-32", crc, app),
        case("lzop", "valid", "two", "two files in a row", both, files),
        case("lzop", "valid", "kernel", "the unpacked size behind, as kernels have it",
             one + struct.pack("<I", len(TEXT)), app),
        case("lzop", "invalid", "block", "the checksum of its block does not hold", sums, app,
             checks_fail=(f"app.bin: block at 0x{at + 12:x}",)),
        case("lzop", "invalid", "header", "the checksum of its header does not hold", header, app,
             checks_fail=("app.bin: header",)),
        case("lzop", "truncated", "no-end", "cut in its block", one[:-20], {}, gap="malformed"),
        case("lzop", "hostile", "block-size", "a block of 64 MiB and one byte", large, {}, gap="malformed"),
        case("lzop", "hostile", "name", "a stored name that leads outside", fake, {"../../etc/passwd": b"root"},
             ("path-traversal",)),
        case("lzop", "hostile", "filter", "a filter that is not known", lzop_header(b"x", 0x801) + bytes(40), {},
             gap="unsupported"),
        case("lzop", "hostile", "behind", "a program behind its end mark", one + ELF, app, ("trailing-data",)),
    ]  # fmt: skip


def zlib_cases() -> list[Case]:
    one = zlib.compress(TEXT, 9)
    return [
        case("zlib", "valid", "best", "level 9", one, SOUND),
        case("zlib", "valid", "fast", "level 1", zlib.compress(TEXT, 1), SOUND),
        case("zlib", "invalid", "adler32", "its Adler-32 does not hold", one[:-1] + bytes([one[-1] ^ 1]), SOUND,
             checks_fail=("content: adler32",)),
        case("zlib", "truncated", "no-end", "cut in its stream", one[:-12], {}, gap="malformed"),
        case("zlib", "hostile", "behind", "a program behind its end", one + ELF, SOUND, ("trailing-data",)),
    ]  # fmt: skip


def make(root: Path) -> None:
    """Write all cases under `root`/containers."""
    for maker in (lzma_cases, bzip2_cases, lz4_cases, lzop_cases, zlib_cases):
        for one in maker():
            one.write(root)
