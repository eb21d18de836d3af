"""Blocks of UBIFS files, unpacked: none, LZO, zlib without header, Zstandard.

Source: Linux fs/ubifs/compress.c and ubifs-media.h, read 2026-11-22. Does NOT do: decryption.
"""

from __future__ import annotations

from fwverify.formats.blocks import block_deflate, block_lzo, block_zstd
from fwverify.formats.ubifs import WHAT, Block
from fwverify.model.examining import Malformed, Unsupported

NAMES = {0: "none", 1: "lzo", 2: "zlib", 3: "zstd"}
UNPACK = {1: block_lzo, 2: block_deflate, 3: block_zstd}


def unpacked(view: memoryview, one: Block) -> bytes | memoryview:
    """The bytes of a block, as many as it declares.

    Raises:
        Malformed: it does not unpack to them.
        Unsupported: a compression that is not read.
    """
    packed = view[one.data.start : one.data.end] if one.data else view[:0]
    if one.compression not in NAMES:
        raise Unsupported(f"UBIFS with compression {one.compression}")
    data = UNPACK[one.compression](packed, one.size) if one.compression else packed
    if len(data) != one.size:
        raise Malformed(WHAT, f"a block unpacks to {len(data)} bytes where it has {one.size}", one.at)
    return data
