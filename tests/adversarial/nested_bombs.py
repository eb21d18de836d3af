"""Bombs of two more sorts: archives that hold themselves, and layouts of flash that claim what is not there."""

from __future__ import annotations

import lzma
import struct
import zlib
from collections.abc import Iterator

from tests.adversarial import bombs
from tests.adversarial.bombs import GIB, MIB
from tests.vectors.makers import jffs2_images, ubi_images, uefi


def stored(size: int) -> bytes:
    """Header of a stored deflate block, alone on its bytes (RFC 1951, 3.2.4)."""
    return b"\0" + struct.pack("<HH", size, size ^ 0xFFFF)


def repeat_20() -> bytes:
    """A block of fixed codes that repeats the last 20 bytes: two matches of 10 at distance 20, exactly five bytes."""
    match = "0001000" + "01000" + "110"  # length code 264; distance code 8 (17 to 24) and 3 more, lowest bit first
    bits = "0" + "10" + match + match + "0000000"
    whole = [int(bits[at : at + 8][::-1], 2) for at in range(0, 40, 8)]
    return bytes(whole)


def gzip_quine() -> bytes:
    """A gzip file that unpacks to itself, for ever.

    After the idea of R. Cox, "Zip Files All The Way Down" (2010), worked out anew: with P the header, T the end (an
    empty last block, checksum, length), L(n) a stored block's header, and R the repetition of 20 bytes, it is
    P L(20) P L(20) R L(20) R L(20) R L(20) R L(20) R L(10) T R L(10) T T. The checksum stands in it three times; as
    CRC-32 is affine, the one that is its own is the solution of 32 equations. P has 15 bytes, so that P and L(20) are
    the 20 bytes R repeats.
    """
    for letter in range(0x41, 0x5B):
        head = b"\x1f\x8b\x08\x08" + bytes(6) + bytes([letter]) * 4 + b"\0"
        solved = _fixed_point(head)
        if solved is not None:
            return _quine(head, solved)
    raise AssertionError("no letter gives a solution")


def _quine(head: bytes, crc: int) -> bytes:
    again, twenty, ten = repeat_20(), stored(20), stored(10)
    front = head + twenty + head + twenty + again + twenty + again + twenty + again + twenty + again + twenty
    size = len(front) + 5 + 5 + 10 + 5 + 5 + 10 + 10
    tail = b"\x03\0" + struct.pack("<II", crc, size)
    return front + again + ten + tail + again + ten + tail + tail


def _fixed_point(head: bytes) -> int | None:
    """The checksum which the quine has that states it."""
    zero = zlib.crc32(_quine(head, 0))
    columns = [zlib.crc32(_quine(head, 1 << one)) ^ zero ^ (1 << one) for one in range(32)]
    rows = [  # crc(x) ^ crc(0) ^ x = crc(0), one for each bit, the right side on top
        sum(1 << one for one in range(32) if columns[one] >> bit & 1) | (zero >> bit & 1) << 32 for bit in range(32)
    ]
    for column in range(32):
        found = next((one for one in range(column, 32) if rows[one] >> column & 1), None)
        if found is None:
            return None
        rows[column], rows[found] = rows[found], rows[column]
        for one in range(32):
            if one != column and rows[one] >> column & 1:
                rows[one] ^= rows[column]
    return sum(1 << one for one in range(32) if rows[one] >> 32)


def zip_doubling(levels: int = 20) -> bytes:
    """Zips in zips, the inner one stored once and listed twice, in a few KB."""
    data = b"the innermost\n"
    for _ in range(levels):
        data = _listed_twice(data)
    return data


def _listed_twice(data: bytes) -> bytes:
    size, crc = len(data), zlib.crc32(data)
    central = b""
    local = b"PK\3\4" + struct.pack("<HHHHHIIIHH", 20, 0, 0, 0, 33, crc, size, size, 1, 0) + b"a"
    for name in (b"a", b"b"):
        fields = struct.pack("<HHHHHHIIIHH", 20, 20, 0, 0, 0, 33, crc, size, size, 1, 0)
        central += b"PK\1\2" + fields + struct.pack("<HHHII", 0, 0, 0, 0, 0) + name
    where = len(local) + size
    return local + data + central + struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 2, 2, len(central), where, 0)


def tar_gz_10gb() -> bytes:
    """A tar of one file of 10 GiB of zeros, in gzip: 10 MB."""
    size = 10 * GIB
    head = bytearray(bombs.tar_of(1)[:512])
    head[124:136] = b"%011o " % size if size < 8**11 else b"\x80" + size.to_bytes(11, "big")
    head[148:156] = b" " * 8
    head[148:156] = b"%06o\0 " % sum(head)
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    front = packer.compress(bytes(head)) + packer.flush(zlib.Z_FULL_FLUSH)
    return b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + front + bombs.deflated_zeros(size) + bytes(8)


def jffs2_zeros() -> bytes:
    """A JFFS2 image of 500 files of 1.9 GiB, each one node that says it is zeros."""
    return _jffs2(500, 1900 * MIB)


def _jffs2(files: int, size: int) -> bytes:
    def nodes() -> Iterator[bytes]:
        for one in range(files):
            yield jffs2_images.name(1, one + 1, one + 2, b"%06d" % one)
            yield jffs2_images.inode(one + 2, 1, compression=1, unpacked=size)

    return _erase_blocks(nodes())


def jffs2_overlapping() -> bytes:
    """A JFFS2 image of one file with 150,000 versions of its first page, all in force."""
    page = zlib.compress(bytes(4096), 9)

    def nodes() -> Iterator[bytes]:
        yield jffs2_images.name(1, 1, 2, b"file")
        for one in range(150_000):
            yield jffs2_images.inode(2, one + 1, page, compression=6, unpacked=4096, size=4096)

    return _erase_blocks(nodes())


def _erase_blocks(nodes: Iterator[bytes], size: int = 64 << 10) -> bytes:
    out, block = bytearray(), jffs2_images.clean()
    for one in nodes:
        if len(block) + len(one) > size:
            out += block.ljust(size, b"\xff")
            block = jffs2_images.clean()
        block += one
    return bytes(out + block.ljust(size, b"\xff"))


def ubi_volume() -> bytes:
    """A UBI image of 17 volumes of 1.9 GiB, each with one erase block, its last."""
    count = 1900 * MIB // ubi_images.LEB
    names = [ubi_images.record(b"volume%02d" % one, count) for one in range(17)]
    parts = [ubi_images.dynamic(one, count - 1, b"the last") for one in range(17)]
    return ubi_images.table(*names) + b"".join(parts)


def uefi_nested() -> bytes:
    """A UEFI volume of LZMA sections in one another, 200 MiB of zeros in each of eight levels."""
    zeros = uefi.guided(uefi.LZMA, _lzma(uefi.section(0x19, bytes(200 * MIB), large=True)))
    body = zeros
    for _ in range(8):
        body = uefi.sections(uefi.guided(uefi.LZMA, _lzma(body)), zeros)
    return uefi.volume(uefi.ffs(body, 2))


def _lzma(data: bytes) -> bytes:
    packed = lzma.compress(data, lzma.FORMAT_ALONE, preset=0)
    return packed[:5] + struct.pack("<Q", len(data)) + packed[13:]
