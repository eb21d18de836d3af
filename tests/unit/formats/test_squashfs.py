"""SquashFS tables: references, bounds, variants."""

from __future__ import annotations

import lzma
import struct
import zlib

import pytest
import zstandard

from fwverify.formats import codecs, squashfs, squashfs_inodes, squashfs_tables, squashfs_variants
from fwverify.limits import Budget, LimitExceeded
from fwverify.model.examining import Malformed, Unsupported
from tests.vectors.makers.archives import TEXT, SquashNode, squash_tree, squashfs_bytes

TREE = squash_tree((b"app", SquashNode(TEXT)))


def read(data: bytes) -> squashfs.Image:
    return squashfs.read(memoryview(data), Budget())


def test_tree() -> None:
    """The root's listing names the file, whose inode gives its blocks."""
    image = read(squashfs_bytes(TREE))
    head = image.superblock
    root = squashfs_inodes.inode(image.inodes, head.root_block, head.root_offset, head.block_size)
    (name,) = squashfs_inodes.listing(image.directories, root)
    node = squashfs_inodes.inode(image.inodes, name.block, name.offset, head.block_size)
    assert (name.raw, node.size) == (b"app", len(TEXT))
    assert squashfs.data_block(image, node.start, node.blocks[0], node.size) == TEXT


@pytest.mark.parametrize(
    "lies",
    [{"used": 1 << 40}, {"used": 96}, {"block": 1}, {"block": 1 << 30, "log": 30}, {"inode_table": 0},
     {"directory_table": 1 << 50}, {"fragments": 1 << 31}, {"fragments": 1, "fragment_table": 1 << 60}],
)  # fmt: skip
def test_superblock_that_lies(lies: dict[str, int]) -> None:
    """Sizes and places that cannot be are refused at once."""
    with pytest.raises(Malformed):
        read(squashfs_bytes(TREE, **lies))


def test_compressor_not_read() -> None:
    """The compressor is named."""
    with pytest.raises(Unsupported, match="number 77"):
        read(squashfs_bytes(TREE, compressor=77))


@pytest.mark.parametrize("magic", [b"sqsh", b"sqlz", b"qshs", b"shsq", b"tqsh"])
def test_variants(magic: bytes) -> None:
    """Other magics are recognised and named with their version."""
    order = "big" if magic in squashfs_variants.BIG_ENDIAN else "little"
    data = magic + bytes(24) + (3).to_bytes(2, order) + (1).to_bytes(2, order) + bytes(200)
    assert squashfs.looks_like(memoryview(data))
    with pytest.raises(Unsupported, match=r"SquashFS 3\.1"):
        read(data)


def test_table_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables larger than any real image's are a limit, not a matter of memory."""
    monkeypatch.setattr(squashfs_tables, "MAX_TABLE_BYTES", 20)
    with pytest.raises(LimitExceeded):
        read(squashfs_bytes(TREE))


@pytest.mark.parametrize(
    ("block", "pack"),
    [(codecs.block_zlib, zlib.compress), (codecs.block_xz, lzma.compress),
     (codecs.block_zstd, zstandard.ZstdCompressor().compress)],
    ids=["zlib", "xz", "zstd"],
)  # fmt: skip
def test_blocks(block: codecs.Block, pack: object) -> None:
    """A block comes back whole, at its bound too; beyond it, cut or with bytes behind it is malformed."""
    packed = pack(TEXT)  # type: ignore[operator]
    assert block(memoryview(packed), len(TEXT)) == TEXT
    assert block(memoryview(packed), 8192) == TEXT
    for bad, most in (
        (packed, len(TEXT) - 1),
        (packed[:-5], 8192),
        (packed + b"more", 8192),
        (b"", 8192),
        (b"rubbish!", 99),
    ):
        with pytest.raises(Malformed):
            block(memoryview(bad), most)


def test_block_bomb() -> None:
    """A block that would unpack to 16 MiB never gets further than its bound."""
    for block, pack in ((codecs.block_zlib, zlib.compress), (codecs.block_xz, lzma.compress)):
        with pytest.raises(Malformed):
            block(memoryview(pack(bytes(16 << 20))), 4096)


def file_inode(blocks: int, listed: bytes) -> bytes:
    """An inode of a file with so many blocks of 4 KiB, and its block list."""
    body = struct.pack("<IIII", 96, squashfs_inodes.NO_FRAGMENT, 0, blocks * 4096)
    return struct.pack("<HHHHII", 2, 0o644, 0, 0, 0, 1) + body + listed


def test_inodes_never_overlap() -> None:
    """An inode inside another's block list finds no room: all inodes together are no longer than their table."""
    inner = file_inode(4, bytes(16))
    table = squashfs_inodes.Table(file_inode(len(inner) // 4, inner), {0: 0})
    inodes = squashfs_inodes.Inodes(table, 4096)
    assert len(inodes.read(0, 0).blocks) == len(inner) // 4
    assert inodes.read(0, 0) is inodes.known[0]
    with pytest.raises(Malformed, match="declares 4 blocks"):
        inodes.read(0, 32)
    assert len(squashfs_inodes.Inodes(table, 4096).read(0, 32).blocks) == 4


def test_damaged_directory_indexes_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """An index that runs out at its end costs its entries each time it is met, and that has a bound."""
    head = struct.pack("<HHHHII", 8, 0o755, 0, 0, 0, 1)
    entries = (struct.pack("<III", 0, 0, 0) + b"n") * 9 + struct.pack("<III", 0, 0, 1 << 20) + b"n"
    data = head + struct.pack("<IIIIHHI", 2, 100, 0, 1, 10, 0, squashfs_inodes.NO_ATTRIBUTES) + entries
    monkeypatch.setattr(squashfs_inodes, "MAX_DAMAGED_INDEXES", 20)
    inodes = squashfs_inodes.Inodes(squashfs_inodes.Table(data, {0: 0}), 4096)
    for _ in range(3):
        with pytest.raises(Malformed):
            inodes.read(0, 0)
    with pytest.raises(LimitExceeded, match="index entries"):
        inodes.read(0, 0)
