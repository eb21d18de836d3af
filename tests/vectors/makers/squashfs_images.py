"""Vectors of SquashFS in every compression, of its hiding places, and of the variants that are named.

mksquashfs (squashfs-tools 4.5) makes the sound ones; `hidden` and the variants are written by hand.
"""

from __future__ import annotations

import struct
from pathlib import Path

from tests.vectors.makers.archives import (
    SQUASHFS_FILES,
    TEXT,
    Case,
    squashfs_made,
)
from tests.vectors.makers.compressed_streams import ELF

ORIGIN = "tests/vectors/makers/squashfs_images.py"
ABSENT = (1 << 64) - 1
BLOCK = 4096


def case(kind: str, name: str, why: str, data: bytes, members: dict[str, bytes] | None = None,
         anomalies: tuple[str, ...] = (), gap: str = "") -> Case:  # fmt: skip
    return Case("squashfs", kind, name, why, data, members, anomalies, gap, (), ORIGIN)


def block(content: bytes) -> bytes:
    """A metadata block stored plain."""
    return struct.pack("<H", len(content) | 0x8000) + content if content else b""


def image(
    inodes: bytes, listings: bytes, root: int, *, data: bytes = b"", fragments: bytes = b"", exports: bytes = b"",
    attributes: tuple[bytes, bytes] | None = None, count: int = 1, options: bytes = b"", ids: int = 1,
) -> bytes:  # fmt: skip
    """An image from unpacked tables, each in one metadata block; nothing is compressed.

    Args:
        root: place of the root's inode.
        data: from byte 96 on, behind `options`.
        fragments: 16 bytes for each fragment block.
        exports: 8 bytes for each inode.
        attributes: values, and 16 bytes for each set.
        count: inodes declared.
        options: of the compressor.
        ids: entries of the table of ids.
    """
    out = bytearray(96) + options + data
    inode_at = len(out)
    out += block(inodes)
    directory_at = len(out)
    out += block(listings)

    def indexed(table: bytes) -> int:
        if not table:
            return ABSENT
        at = len(out)
        out.extend(block(table) + struct.pack("<Q", at))
        return len(out) - 8

    fragment_at, export_at, id_at = indexed(fragments), indexed(exports), indexed(bytes(4 * ids))
    attribute_at = ABSENT
    if attributes is not None:
        values_at = len(out)
        out += block(attributes[0])
        sets_at = len(out)
        out += block(attributes[1])
        attribute_at = len(out)
        out += struct.pack("<QII", values_at, len(attributes[1]) // 16, 0) + struct.pack("<Q", sets_at)
    out[:96] = struct.pack(
        "<4sIIIIHHHHHHQQQQQQQQ", b"hsqs", count, 0, BLOCK, len(fragments) // 16, 1, 12, 0x400 if options else 0, ids, 4,
        0, root, len(out), id_at, attribute_at, inode_at, directory_at, fragment_at if fragments else id_at, export_at,
    )  # fmt: skip
    return bytes(out)


def inode(kind: int, number: int, body: bytes, mode: int = 0o644, owner: int = 0) -> bytes:
    return struct.pack("<HHHHII", kind, mode, owner, owner, 0, number) + body


def listing(*names: tuple[bytes, int, int, int]) -> bytes:
    """Names with the place of their inodes, their numbers and types."""
    entries = b"".join(
        struct.pack("<HhHH", place, number, kind, len(name) - 1) + name for name, place, number, kind in names
    )
    return struct.pack("<III", len(names) - 1, 0, 0) + entries


def one_file(
    content: bytes = TEXT, *, tail: tuple[int, int] | None = None, attributes: int = -1, start: int = 96
) -> tuple[bytes, int]:
    """Inodes of a file (stored at byte 96, or in a fragment at `tail`) and of its root; the root's place."""
    fragment, offset = tail if tail is not None else (0xFFFFFFFF, 0)
    blocks = b"" if tail is not None else struct.pack("<I", len(content) | 1 << 24)
    if attributes >= 0:
        body = struct.pack("<QQQIIII", start, len(content), 0, 1, fragment, offset, attributes)
        file = inode(9, 1, body + blocks)
    else:
        file = inode(2, 1, struct.pack("<IIII", start, fragment, offset, len(content)) + blocks)
    return file, len(file)


def root(size: int, number: int = 2) -> bytes:
    return inode(1, number, struct.pack("<IIHHI", 0, 2, size + 3, 0, 3), 0o755)


def small(hidden_inode: bytes = b"", hidden_listing: bytes = b"", options: bytes = b"", **more: object) -> bytes:
    """One file `app` in the root; bytes that nothing refers to behind the tables."""
    file, place = one_file(start=96 + len(options))
    names = listing((b"app", 0, 1, 2))
    values: dict[str, object] = {"data": TEXT, "count": 2, "options": options, **more}
    return image(file + root(len(names)) + hidden_inode, names + hidden_listing, place, **values)  # type: ignore[arg-type]


def hidden_fragment() -> bytes:
    """A program between the tails of a fragment block."""
    file, place = one_file(tail=(0, 0))
    names = listing((b"app", 0, 1, 2))
    data = TEXT + ELF
    fragments = struct.pack("<QII", 96, len(data) | 1 << 24, 0)
    return image(file + root(len(names)), names, place, data=data, fragments=fragments, count=2)


def hidden_attribute(spare: bytes = b"", size: int = 2000) -> bytes:
    """A long extended attribute, and bytes that belong to no set."""
    file, place = one_file(attributes=0)
    names = listing((b"app", 0, 1, 2))
    value = (ELF * 4)[:size]
    values = struct.pack("<HH", 0, 4) + b"note" + struct.pack("<I", len(value)) + value
    sets = struct.pack("<QII", 0, 1, len(values))
    return image(
        file + root(len(names)), names, place, data=TEXT, attributes=(values + spare, sets), count=2
    )  # fmt: skip


def shared_listing() -> bytes:
    """Two directories with the same listing."""
    file, _ = one_file()
    inner = listing((b"app", 0, 1, 2))
    names = listing((b"a", len(file), 3, 1), (b"b", len(file) + 32, 4, 1))
    folders = b"".join(
        inode(1, number, struct.pack("<IIHHI", 0, 2, len(inner) + 3, len(names), 2), 0o755) for number in (3, 4)
    )
    top = inode(1, 2, struct.pack("<IIHHI", 0, 4, len(names) + 3, 0, 5), 0o755)
    return image(file + folders + top, names + inner, len(file) + 64, data=TEXT, count=4)


def version_two(magic: bytes = b"sqsh", order: str = ">") -> bytes:
    """A superblock of version 2.0 as squashfs_compat.h has it, and data that begin like LZMA."""
    head = magic + struct.pack(
        order + "6I4H3BIQIII", 12, 4000, 3990, 3994, 3000, 3500, 2, 0, 0, 16, 0x51, 1, 0, 1_234_429_795, 0x2020000,
        65536, 0, 3980,
    )  # fmt: skip
    return (head + b"\x5d\0\0\x08\0" + bytes(range(256)) * 16)[:4000]


def version_four_big() -> bytes:
    head = struct.pack(
        ">4sIIIIHHHHHHQQQQQQQQ", b"sqsh", 5, 1_234_429_795, 131072, 0, 4, 17, 0, 1, 4, 0, 0, 900, 880, ABSENT, 500, 600,
        700, ABSENT,
    )  # fmt: skip
    return head + bytes(range(200)) * 4 + bytes(4)


def sound() -> list[Case]:
    made = {
        "lzo": ("-comp", "lzo"), "lz4": ("-comp", "lz4"), "lz4-hc": ("-comp", "lz4", "-Xhc"), "lzma": ("-comp", "lzma"),
        "xz-options": ("-comp", "xz", "-Xbcj", "arm", "-Xdict-size", "8K", "-b", "8K"), "exports": ("-exports",),
        "no-fragments": ("-no-fragments",),
    }  # fmt: skip
    cases = [
        case("valid", name, "mksquashfs " + " ".join(options), squashfs_made(*options), SQUASHFS_FILES)
        for name, options in made.items()
    ]
    app = {"app": TEXT}
    exports = struct.pack("<QQ", 0, len(one_file()[0]))
    attributes = hidden_attribute(size=30)
    return [
        *cases,
        case("valid", "by-hand", "an export table and options of gzip, written by hand",
             small(exports=exports, options=block(struct.pack("<IHH", 9, 15, 1))), app),
        case("valid", "attributes", "an extended attribute, written by hand", attributes, app),
    ]  # fmt: skip


def bent() -> list[Case]:
    app = {"app": TEXT}
    exports = struct.pack("<QQ", 0, 0)
    spare = {**app, "@extended-attributes+0x7dc": ELF}
    return [
        case("hostile", "hidden-inode", "a program in the inode table", small(ELF),
             {**app, "@inode-table+0x44": ELF}, ("trailing-data",)),
        case("hostile", "hidden-listing", "a program in the directory table", small(b"", ELF),
             {**app, "@directory-table+0x17": ELF}, ("trailing-data",)),
        case("hostile", "hidden-tail", "a program in a fragment block", hidden_fragment(),
             {**app, f"@fragment-0+0x{len(TEXT):x}": ELF}, ("trailing-data",)),
        case("hostile", "hidden-attribute", "a program in an extended attribute, and behind all of them",
             hidden_attribute(ELF), {**spare, "@extended-attributes/0/user.note": (ELF * 4)[:2000]},
             ("trailing-data",)),
        case("hostile", "exports", "the export table leads elsewhere", small(exports=exports), app,
             ("headers-disagree",)),
        case("hostile", "owner", "an owner that the table of ids has not", small(ids=0), app, ("headers-disagree",)),
        case("hostile", "shared-listing", "two directories with one listing", shared_listing(), None, (), "malformed"),
        case("hostile", "version-2", "version 2.0, big endian, as a vendor made it", version_two(), None, (),
             "unsupported"),
        case("hostile", "big-endian", "version 4.0, big endian", version_four_big(), None, (), "unsupported"),
        case("hostile", "vendor-magic", "version 2.0 with another magic", version_two(b"shsq", "<"), None, (),
             "unsupported"),
        case("truncated", "lzma", "cut before its tables", squashfs_made("-comp", "lzma")[:400], {}, (), "malformed"),
        case("invalid", "lz4", "its inode table is damaged", _damaged(squashfs_made("-comp", "lz4")), {}, (),
             "malformed"),
    ]  # fmt: skip


def _damaged(data: bytes) -> bytes:
    """The first byte of the inode table's first packed block is another."""
    at = int.from_bytes(data[64:72], "little") + 2
    return data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]


def many_files(count: int) -> bytes:
    """A root with so many empty files: tables of many plain metadata blocks, one inode for each name."""
    size = 32
    per_block = 8192 // size
    inodes = b"".join(inode(2, number, struct.pack("<IIII", 0, 0xFFFFFFFF, 0, 0)) for number in range(1, per_block + 1))
    blocks = -(-count // per_block)
    names = bytearray()
    for number in range(blocks):
        names += struct.pack("<III", per_block - 1, number * (8192 + 2), number * per_block)
        names += b"".join(
            struct.pack("<HhHH", place * size, place + 1, 2, 7) + b"%08x" % (number * per_block + place)
            for place in range(per_block)
        )
    return _large(block(inodes) * blocks, names, count)


def _large(inodes: bytes, names: bytes, count: int) -> bytes:
    top = inode(8, count + 1, struct.pack("<IIIIHHI", 2, len(names) + 3, 0, count + 2, 0, 0, 0xFFFFFFFF), 0o755)
    out = bytearray(96)
    root_block = len(inodes)
    out += inodes + block(top)
    directory_at = len(out)
    for at in range(0, len(names), 8192):
        out += block(bytes(names[at : at + 8192]))
    ids = len(out)
    out += block(bytes(4)) + struct.pack("<Q", ids)
    id_at = len(out) - 8
    out[:96] = struct.pack(
        "<4sIIIIHHHHHHQQQQQQQQ", b"hsqs", min(count + 1, 1000), 0, BLOCK, 0, 1, 12, 0, 1, 4, 0, root_block << 16,
        len(out), id_at, ABSENT, 96, directory_at, id_at, ABSENT,
    )  # fmt: skip
    return bytes(out)


def same_blocks(files: int, packed: bytes, size: int, shift: int = 0) -> bytes:
    """Files of one block that all lie at the same place, or each `shift` bytes behind the one before."""
    inodes, entries = bytearray(), []
    for number in range(1, files + 1):
        entries.append((b"%06x" % number, len(inodes), number, 2))
        listed = struct.pack("<I", len(packed) | (1 << 24 if size == len(packed) else 0))
        inodes += inode(2, number, struct.pack("<IIII", 96 + shift * number, 0xFFFFFFFF, 0, size) + listed)
    names = b"".join(listing(*entries[at : at + 256]) for at in range(0, len(entries), 256))
    return image(
        bytes(inodes) + root(len(names), files + 1), names, len(inodes), data=packed * (2 if shift else 1),
        count=files + 1,
    )  # fmt: skip


def cases() -> list[Case]:
    return [*sound(), *bent()]


def make(root: Path) -> None:
    """Write all cases under `root`/containers."""
    for one in cases():
        one.write(root)
