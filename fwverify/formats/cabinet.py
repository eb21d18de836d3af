"""Microsoft cabinet files: stored and MSZIP.

Source: Microsoft "Cabinet File Format" (MS-CAB, 2018-09-12) sections 2.1 to 2.5 and 3.1, MS-MCI section 2 (MSZIP), read
2026-11-22.

    CFHEADER [reserve] | CFFOLDER... | CFFILE... | for each folder: CFDATA (header [reserve] data)...

A folder is one stream of bytes, cut into blocks of at most 32 KiB; files lie in it one behind the other. With MSZIP
each block is a deflate stream of its own, which may refer to the bytes before it.
Does not do: LZX and Quantum (named), cabinets that go on in another file, the signature some cabinets have in their
reserve (left unclaimed).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from fwverify.content import Holder
from fwverify.formats.cursor import Cursor
from fwverify.formats.names import decoded
from fwverify.limits import Budget
from fwverify.model.artifact import ByteRange, merged, subtracted
from fwverify.model.examining import Malformed, Unsupported

WHAT = "cabinet"
MAGIC = b"MSCF"
HEADER_BYTES = 36
PREVIOUS, NEXT, RESERVE = 1, 2, 4
STORED, MSZIP, QUANTUM, LZX = 0, 1, 2, 3
METHODS = {QUANTUM: "Quantum", LZX: "LZX"}
BLOCK_BYTES = 32768
"""Unpacked bytes of one block at most; stored ones too."""
CONTINUED = 0xFFFD
"""From here on a folder index means a file that goes on in another cabinet."""
UTF8_NAME = 0x80
MAX_NAME_BYTES = 256


@dataclass(frozen=True, slots=True)
class Block:
    """One CFDATA."""

    header: ByteRange
    """Without its reserve."""
    data: ByteRange
    offset: int
    """Of its content in the folder's stream."""
    size: int
    """Unpacked bytes."""
    declared: int
    """Checksum; 0: none."""
    computed: int


@dataclass(frozen=True, slots=True)
class Folder:
    """One stream."""

    method: int
    blocks: tuple[Block, ...]
    size: int
    """Unpacked bytes of all blocks."""


@dataclass(frozen=True, slots=True)
class CabinetFile:
    """One CFFILE."""

    name: str
    size: int
    folder: int
    offset: int
    """In the folder's stream."""
    entry: ByteRange


@dataclass(frozen=True, slots=True)
class Cabinet:
    """All of it, nothing unpacked."""

    structure: tuple[ByteRange, ...]
    """Header, folder and file entries, block headers; without reserves."""
    folders: tuple[Folder, ...]
    files: tuple[CabinetFile, ...]
    size: int
    """cbCabinet: what follows is not the cabinet's."""

    def sound(self) -> bool:
        """True when every checksum that is there holds."""
        return all(one.declared in (0, one.computed) for folder in self.folders for one in folder.blocks)

    def within(self, file: CabinetFile) -> tuple[ByteRange, ...]:
        """The bytes of a stored file; of a packed one the blocks it lies in."""
        folder = self.folders[file.folder]
        out = []
        for block in folder.blocks:
            start, end = max(file.offset, block.offset), min(file.offset + file.size, block.offset + block.size)
            if start >= end:
                continue
            if folder.method == STORED:
                out.append(ByteRange(start, end).shifted(block.data.start - block.offset))
            else:
                out.append(block.data)
        return merged(out)


@dataclass(frozen=True, slots=True)
class _Reserves:
    folder: int
    data: int


def looks_like(view: memoryview) -> bool:
    return bytes(view[:4]) == MAGIC and bytes(view[4:8]) == bytes(4) and len(view) >= HEADER_BYTES


def parse(view: memoryview, budget: Budget) -> Cabinet:
    """Read every header.

    1. The header: reserved fields zero, version 1.3, sizes within the file, all in this one file.
    2. Folders, each with its blocks; no two share bytes.
    3. Files, each within its folder's stream; no two share bytes.

    Raises:
        Malformed: one of these does not hold.
        Unsupported: it goes on in another file.
        LimitExceeded: more files than a run may hold.
    """
    cursor = Cursor(view, WHAT)
    if cursor.take(8, "signature") != MAGIC + bytes(4):
        raise Malformed(WHAT, "no cabinet's signature", 0)
    size, second, files_at, third = cursor.unpack("<IIII", "header")  # 1
    version, folder_count, file_count, flags, _, number = cursor.unpack("<HHHHHH", "header")
    if second or third or version != 0x0103 or flags & ~(PREVIOUS | NEXT | RESERVE):
        raise Malformed(WHAT, "a header of another version, or with reserved bits", 8)
    if not HEADER_BYTES <= files_at <= size <= len(view):
        raise Malformed(WHAT, f"{size} bytes stated, {len(view)} there", 8)
    if flags & (PREVIOUS | NEXT) or number:
        raise Unsupported(f"{WHAT} that is one part of several files")
    budget.member(file_count)
    cursor = Cursor(view, WHAT, HEADER_BYTES, size)
    reserves, structure = _reserves(cursor, flags)
    folders, entries = _folders(cursor, folder_count, reserves)  # 2
    files = tuple(_files(Cursor(view, WHAT, files_at, size), file_count, folders))  # 3
    structure += [*entries, *(one.entry for one in files)]
    _disjoint(structure, folders, files)
    structure += [block.header for one in folders for block in one.blocks]
    return Cabinet(merged(structure), folders, files, size)


def _reserves(cursor: Cursor, flags: int) -> tuple[_Reserves, list[ByteRange]]:
    header = ByteRange(0, HEADER_BYTES)
    if not flags & RESERVE:
        return _Reserves(0, 0), [header]
    size, folder, data = cursor.unpack("<HBB", "reserve sizes")
    sizes = ByteRange(HEADER_BYTES, cursor.at)
    cursor.skip(size, "reserve of the header")
    return _Reserves(folder, data), [header, sizes]


def _folders(cursor: Cursor, count: int, reserves: _Reserves) -> tuple[tuple[Folder, ...], list[ByteRange]]:
    out, entries = [], []
    left = cursor.end  # bytes that all blocks together may have: folders that share blocks run out of it
    for _ in range(count):
        start = cursor.at
        at, blocks, method = cursor.unpack("<IHH", "folder")
        entries.append(ByteRange(start, cursor.at))
        cursor.skip(reserves.folder, "reserve of a folder")
        read = tuple(_blocks(Cursor(cursor.view, WHAT, min(at, cursor.end), cursor.end), blocks, reserves.data, left))
        left -= sum(one.header.size + one.data.size for one in read)
        out.append(Folder(method & 0x0F, read, sum(one.size for one in read)))
    return tuple(out), entries


def _blocks(cursor: Cursor, count: int, reserve: int, left: int) -> Iterator[Block]:
    offset = 0
    for _ in range(count):
        start = cursor.at
        declared, packed, size = cursor.unpack("<IHH", "block header")
        header = ByteRange(start, cursor.at)
        kept = cursor.take(reserve, "reserve of a block")
        data = cursor.take(packed, "block")
        left -= cursor.at - start
        if not packed or not 0 < size <= BLOCK_BYTES or left < 0:
            raise Malformed(WHAT, f"a block of {packed} bytes for {size}, or blocks that two folders share", start)
        computed = checksum(bytes(cursor.view[start + 4 : header.end]) + bytes(kept), checksum(data, 0))
        yield Block(header, ByteRange(cursor.at - packed, cursor.at), offset, size, declared, computed)
        offset += size


def checksum(content: bytes | memoryview, seed: int) -> int:
    """Section 3.1: little-endian words by exclusive or; of the last bytes the first is the highest."""
    whole = len(content) & ~3
    for (word,) in struct.iter_unpack("<I", content[:whole]):
        seed ^= word
    return seed ^ int.from_bytes(bytes(content[whole:]), "big")


def _files(cursor: Cursor, count: int, folders: tuple[Folder, ...]) -> Iterator[CabinetFile]:
    for _ in range(count):
        start = cursor.at
        size, offset, folder, _, _, flags = cursor.unpack("<IIHHHH", "file entry")
        raw, end, _ = bytes(cursor.view[cursor.at : min(cursor.at + MAX_NAME_BYTES, cursor.end)]).partition(b"\0")
        if not end or not raw:
            raise Malformed(WHAT, "a file name without an end", cursor.at)
        cursor.skip(len(raw) + 1, "file name")
        if folder >= CONTINUED:
            raise Unsupported(f"{WHAT} with a file that goes on in another cabinet")
        if folder >= len(folders) or offset + size > folders[folder].size:
            raise Malformed(WHAT, "a file that lies outside its folder", start)
        name = decoded(raw) if flags & UTF8_NAME or raw.isascii() else decoded(raw.decode("latin-1").encode())
        yield CabinetFile(name, size, folder, offset, ByteRange(start, cursor.at))


def _disjoint(structure: list[ByteRange], folders: tuple[Folder, ...], files: tuple[CabinetFile, ...]) -> None:
    blocks = [ByteRange(one.header.start, one.data.end) for folder in folders for one in folder.blocks]
    places = sorted([*structure, *blocks])
    streams = sorted((one.folder, one.offset, one.offset + one.size) for one in files if one.size)
    shared = any(one[0] == other[0] and other[1] < one[2] for one, other in pairwise(streams))
    if shared or any(one.intersects(other) for one, other in pairwise(places)):
        raise Malformed(WHAT, "two of its parts share bytes")


def content(view: memoryview, folder: Folder, budget: Budget) -> memoryview:
    """The stream of a folder.

    Raises:
        Malformed: a block does not unpack to exactly what its header says.
        Unsupported: packed by a method that is not read.
        LimitExceeded: more than a run may unpack.
    """
    if folder.method not in (STORED, MSZIP):
        raise Unsupported(f"{WHAT} packed with {METHODS.get(folder.method, f'method {folder.method}')}")
    budget.size(folder.size)
    holder, history = Holder(budget), b""
    for block in folder.blocks:
        data = view[block.data.start : block.data.end]
        piece = bytes(data) if folder.method == STORED else _inflated(bytes(data), block, history)
        if len(piece) != block.size:
            raise Malformed(WHAT, f"a block unpacks to {len(piece)} bytes, {block.size} are stated", block.data.start)
        holder.add(piece)
        history = piece if len(piece) == BLOCK_BYTES else (history + piece)[-BLOCK_BYTES:]
    return holder.view()


def _inflated(data: bytes, block: Block, history: bytes) -> bytes:
    if data[:2] != b"CK":
        raise Malformed(WHAT, "an MSZIP block without its mark", block.data.start)
    decoder = zlib.decompressobj(-zlib.MAX_WBITS, zdict=history)
    try:
        piece = decoder.decompress(data[2:], block.size + 1)
    except zlib.error as problem:
        raise Malformed(WHAT, f"an MSZIP block that is damaged ({problem})", block.data.start) from None
    if not decoder.eof or decoder.unused_data:
        raise Malformed(WHAT, "an MSZIP block that does not end where its header says", block.data.start)
    return piece


def unclaimed(folder: Folder, files: tuple[CabinetFile, ...], index: int) -> bool:
    """True when some bytes of a folder's stream belong to no file."""
    taken = (ByteRange(one.offset, one.offset + one.size) for one in files if one.folder == index and one.size)
    return bool(folder.size and subtracted([ByteRange(0, folder.size)], taken))
