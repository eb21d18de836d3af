"""Bombs: small files that unpack to more than anybody has, or for ever. Each is made in seconds."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import subprocess
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

from tests.interop.tools import found
from tests.vectors.makers import firmware, squashfs_images

MIB, GIB = 1 << 20, 1 << 30
TEN_GB = 10 * GIB
ZEROS = bytes(64 * MIB)


def _times(matrix: list[int], vector: int) -> int:
    out = 0
    for row in matrix:
        if vector & 1:
            out ^= row
        vector >>= 1
    return out


def crc_of_zeros(count: int) -> int:
    """CRC-32 of so many zeros, by squaring the step over one bit (as zlib's crc32_combine does)."""
    step = [0xEDB88320, *(1 << one for one in range(31))]
    for _ in range(3):
        step = [_times(step, row) for row in step]
    value = 0xFFFFFFFF
    while count:
        if count & 1:
            value = _times(step, value)
        step = [_times(step, row) for row in step]
        count >>= 1
    return value ^ 0xFFFFFFFF


def deflated_zeros(count: int) -> bytes:
    """Raw deflate of so many zeros (a multiple of 64 MiB): one flushed run of blocks again and again."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    run = packer.compress(ZEROS) + packer.flush(zlib.Z_FULL_FLUSH)
    return run * (count // len(ZEROS)) + b"\x03\x00"


def gzip_10gb() -> bytes:
    """One gzip stream of 10 GiB of zeros in 10 MB, its checksum and its length sound."""
    body = deflated_zeros(TEN_GB)
    return b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + body + struct.pack("<II", crc_of_zeros(TEN_GB), TEN_GB % (1 << 32))


def gzip_layers() -> bytes:
    """The same, packed twice more."""
    return gzip.compress(gzip.compress(gzip_10gb(), mtime=0), mtime=0)


def xz_10gb() -> bytes:
    """Forty xz streams in a row: 1.5 MB."""
    return lzma.compress(bytes(256 * MIB), preset=0) * 40


def bzip2_10gb() -> bytes:
    """A hundred bzip2 streams in a row: 12 KB."""
    return bz2.compress(bytes(100 * MIB)) * 103


def zstd_10gb() -> bytes:
    """One Zstandard frame of run-length blocks, 128 KiB in four bytes each (RFC 8878, 3.1.1.2)."""
    block = struct.pack("<I", (128 << 10) << 3 | 1 << 1)[:3] + b"\0"
    last = struct.pack("<I", (128 << 10) << 3 | 1 << 1 | 1)[:3] + b"\0"
    return b"\x28\xb5\x2f\xfd" + b"\x00\x58" + block * (TEN_GB // (128 << 10) - 1) + last


def lz4_10gb() -> bytes:
    """One LZ4 frame of 4 MiB blocks of zeros: 42 MB, packed once more with xz."""
    import lz4.block

    block = lz4.block.compress(bytes(4 * MIB), store_size=False)
    head = b"\x04\x22\x4d\x18" + b"\x60\x70" + b"\x73"
    return head + (struct.pack("<I", len(block)) + block) * (TEN_GB // (4 * MIB)) + bytes(4)


def zipped(members: list[tuple[str, bytes]]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def zip_of_zeros(size: int, packed: bytes, name: bytes = b"0.dll") -> bytes:
    """A zip of one member whose deflate stream is given."""
    fields = struct.pack("<HHHHHIII", 20, 0, 8, 0, 33, crc_of_zeros(size), len(packed), size)
    local = b"PK\3\4" + fields + struct.pack("<HH", len(name), 0) + name
    central = b"PK\1\2" + struct.pack("<H", 20) + fields + struct.pack("<HHHHHII", len(name), 0, 0, 0, 0, 0, 0) + name
    end = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 1, 1, len(central), len(local) + len(packed), 0)
    return local + packed + central + end


def zip_42(leaf: int = 4 * GIB - 64 * MIB) -> bytes:
    """As 42.zip: sixteen zips in each, five levels down, nearly 4 GiB of zeros in each of a million leaves."""
    data = zip_of_zeros(leaf, deflated_zeros(leaf))
    for _ in range(5):
        data = zipped([(f"lib {one:x}.zip", data) for one in range(16)])
    return data


def zip_42_small() -> bytes:
    """The same with 256 MiB in every leaf: no single member is too large."""
    return zip_42(256 * MIB)


def zip_overlapping() -> bytes:
    """A flat bomb: each member is a stored block that quotes the next one's local header; all end in one kernel."""
    kernel = deflated_zeros(256 * MIB)
    crc, size = crc_of_zeros(256 * MIB), 256 * MIB
    files: list[tuple[bytes, int, int, int, bytes]] = []
    data = b""
    for one in range(2000):
        name = b"%04d" % one
        quote = b"\0" + struct.pack("<HH", len(data[:34]), len(data[:34]) ^ 0xFFFF) if data else b""
        if data:
            crc = _joined(zlib.crc32(data[:34]), crc, size)
            size += 34
        packed = len(quote) + len(data) if data else len(kernel)
        fields = struct.pack("<HHHHHIII", 20, 0, 8, 0, 33, crc, packed, size)
        data = b"PK\3\4" + fields + struct.pack("<HH", 4, 0) + name + quote + (data or kernel)
        files.append((fields, packed, len(data), size, name))
    whole, central = len(data), b""
    for fields, _, length, _, name in reversed(files):
        rest = struct.pack("<HHHHHII", 4, 0, 0, 0, 0, 0, whole - length)
        central += b"PK\1\2" + struct.pack("<H", 20) + fields + rest + name
    return data + central + struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 2000, 2000, len(central), whole, 0)


def _joined(first: int, second: int, size: int) -> int:
    """CRC-32 of two pieces in a row, the second of so many bytes."""
    step = [0xEDB88320, *(1 << one for one in range(31))]
    for _ in range(3):
        step = [_times(step, row) for row in step]
    while size:
        if size & 1:
            first = _times(step, first)
        step = [_times(step, row) for row in step]
        size >>= 1
    return first ^ second


def squashfs_million() -> bytes:
    """A SquashFS of a million tiny files, written by hand."""
    return squashfs_images.many_files(1_000_000)


def squashfs_genuine() -> bytes:
    """60,000 empty files in one SquashFS of mksquashfs: more than 12 for each KiB of it."""
    import tempfile

    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch, "many.sqfs")
        command = [found("mksquashfs"), "-", str(path), "-tar", "-quiet", "-no-progress", "-comp", "gzip"]
        subprocess.run(command, input=tar_of(60_000), check=True, capture_output=True, timeout=120)
        return path.read_bytes()


def tar_of(count: int, content: bytes = b"") -> bytes:
    """A tar of so many small files, by patching the name and the checksum of one header."""
    info = tarfile.TarInfo("d00/f0000000")
    info.size = len(content)
    head = bytearray(info.tobuf(tarfile.USTAR_FORMAT)[:512])
    body = content + bytes(-len(content) % 512)
    out, base = bytearray(), sum(head[:148]) + 8 * 32 + sum(head[156:])
    zero = sum(head[:12])
    for one in range(count):
        name = b"d%02d/f%07d" % (one % 100, one)
        head[:12] = name
        head[148:156] = b"%06o\0 " % (base - zero + sum(name))
        out += head
        out += body
    return bytes(out) + bytes(1024)


def tar_many() -> bytes:
    """A tar of 400,000 files, in gzip."""
    return gzip.compress(tar_of(400_000), 1, mtime=0)


def cpio_many() -> bytes:
    """A cpio archive of 400,000 files, in gzip."""
    entries = (
        b"070701%08X000081A400000000000000000000000100000000000000000000000000000000000000000000000000000009%08X%08d\0\0"
        % (one + 1, 0, one)
        for one in range(400_000)
    )
    return gzip.compress(b"".join(entries), 1, mtime=0)


def fit_overlapping() -> bytes:
    """A FIT of 5,000 images that all lie in the same 20 MB."""
    size = 20 * MIB
    images = {
        f"image-{one}": {"description": "one", "type": "firmware", "data-position": 4 * MIB, "data-size": size - one}
        for one in range(5000)
    }
    data = firmware.fdt({"description": "bomb", "images": images, "configurations": {}})
    return data + bytes(4 * MIB - len(data)) + bytes(range(1, 251)) * (size // 250 + 1)


def fit_droste() -> bytes:
    """A FIT whose two images are the FIT itself."""
    for size in range(300, 3000, 4):
        one = {"description": "me", "type": "firmware", "data-position": 0, "data-size": size}
        data = firmware.fdt({"description": "me", "images": {"a": one, "b": one}, "configurations": {}})
        if len(data) <= size:
            return data + b"\xff" * (size - len(data))
    raise AssertionError("no size fits")


def deep_tree() -> bytes:
    """A device tree of 200,000 nodes inside one another."""
    depth = 200_000
    tree = bytes(3) + b"\1" + bytes(4) + b"\0\0\0\1a\0\0\0" * (depth - 1) + b"\0\0\0\2" * depth + b"\0\0\0\x09"
    head = struct.pack(">10I", 0xD00DFEED, 56 + len(tree), 56, 56 + len(tree), 40, 17, 16, 0, 0, len(tree))
    return head + bytes(16) + tree


def layers(depth: int = 1000) -> bytes:
    """A thousand archives in one another: zip, gzip and tar in turn."""
    data = b"the innermost\n"
    for one in range(depth):
        if one % 20 == 19:
            data = zipped([("in", data)])
        elif one % 20 == 9:
            out = io.BytesIO()
            with tarfile.open(fileobj=out, mode="w") as archive:
                info = tarfile.TarInfo("in")
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))
            data = out.getvalue()
        else:
            data = gzip.compress(data, mtime=0)
    return data


def ext4_sparse() -> bytes:
    """An ext4 of 16 MiB with a file of nearly 16 TiB, all hole, from mke2fs and debugfs."""
    import tempfile

    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch, "tree")
        folder.mkdir()
        with (folder / "hole").open("wb") as file:
            file.truncate(8 << 40)
            file.write(b"in front of the hole")
        (folder / "other").write_bytes(b"another file\n")
        path = Path(scratch, "ext4.img")
        command = [found("mkfs.ext4"), "-q", "-b", "4096", "-O", "^has_journal", "-d", str(folder), str(path), "16M"]
        subprocess.run(command, check=True, capture_output=True, timeout=60)
        resize = [found("debugfs"), "-w", "-R", f"sif hole size {(16 << 40) - 4096}", str(path)]
        subprocess.run(resize, check=True, capture_output=True, timeout=60)
        return path.read_bytes()


Maker = Callable[[], bytes]
