"""Writers of firmware layouts for vectors and tests: TRX, Android, UF2, DfuSe, ESP32 flash, kernels' headers.

Each is written from the format's own description and makes any field wrong on demand. Official makers are used where
there are some: see layouts.py and tests/interop.
"""

from __future__ import annotations

import hashlib
import struct
import zlib

from tests.vectors.makers.firmware import esp_app


def noise(size: int, seed: bytes = b"layout") -> bytes:
    """Bytes that do not compress and are no format."""
    blocks = (hashlib.sha256(seed + b"%d" % one).digest() for one in range(size // 32 + 1))
    return b"".join(blocks)[:size]


def trx(
    *parts: bytes, version: int = 1, gap: bytes = b"", crc: int | None = None, offsets: tuple[int, ...] = ()
) -> bytes:
    """Partitions one behind the other; `gap` between header and the first."""
    count = {1: 3, 2: 4}.get(version, 3)
    at = 16 + 4 * count + len(gap)
    places = []
    for one in parts:
        places.append(at)
        at += len(one)
    words = offsets or tuple(places + [0] * (count - len(places)))
    body = struct.pack("<HH", 0, version) + struct.pack(f"<{count}I", *words) + gap + b"".join(parts)
    value = zlib.crc32(body) ^ 0xFFFFFFFF if crc is None else crc
    return b"HDR0" + struct.pack("<II", len(body) + 12, value) + body


def sparse(*chunks: tuple[int, int, bytes], block: int = 1024, blocks: int | None = None, checksum: int = 0) -> bytes:
    """Chunks as type, blocks, data."""
    total = sum(count for kind, count, _ in chunks if kind != 0xCAC4) if blocks is None else blocks
    out = struct.pack("<IHHHHIIII", 0xED26FF3A, 1, 0, 28, 12, block, total, len(chunks), checksum)
    return out + b"".join(struct.pack("<HHII", kind, 0, count, 12 + len(data)) + data for kind, count, data in chunks)


def paged(data: bytes, page: int) -> bytes:
    return data + bytes(-len(data) % page)


def boot(version: int, page: int = 2048, *, overlay: bytes = b"", name: bytes = b"acme", **parts: bytes) -> bytes:
    """A boot image of version 0 to 2 with kernel, ramdisk, second, dtb."""
    kernel, ramdisk = parts.get("kernel", b""), parts.get("ramdisk", b"")
    second, tree = parts.get("second", b""), parts.get("dtb", b"")
    pieces = [kernel, ramdisk, second] + ([overlay] if version else []) + ([tree] if version == 2 else [])
    digest = hashlib.sha1(b"".join(one + struct.pack("<I", len(one)) for one in pieces), usedforsecurity=False)
    release = (12 << 14 | 1 << 7 | 3) << 11 | (2026 - 2000) << 4 | 10
    numbers = (len(kernel), 0x8000, len(ramdisk), 0x1000000, len(second), 0xF00000, 0x100, page, version, release)
    head = struct.pack("<8s10I", b"ANDROID!", *numbers)
    head += struct.pack("<16s512s32s1024s", name, b"console=ttyS0", digest.digest(), b"")
    if version:
        at = page + sum(len(paged(one, page)) for one in pieces[:3])
        head += struct.pack("<IQI", len(overlay), at if overlay else 0, {1: 1648, 2: 1660}[version])
    if version == 2:
        head += struct.pack("<IQ", len(tree), 0x1F00000)
    return paged(head, page) + b"".join(paged(one, page) for one in pieces)


def boot4(kernel: bytes, ramdisk: bytes, signature: bytes = b"") -> bytes:
    """A boot image of version 4."""
    head = struct.pack("<8s4I", b"ANDROID!", len(kernel), len(ramdisk), 0x1800034A, 1584) + bytes(16)
    head += struct.pack("<I1536sI", 4, b"panic=-1", len(signature))
    return paged(head, 4096) + b"".join(paged(one, 4096) for one in (kernel, ramdisk, signature))


def vendor_boot4(ramdisks: list[tuple[bytes, int, bytes]], tree: bytes, config: bytes, page: int = 2048) -> bytes:
    """A vendor boot image of version 4; ramdisks as name, type, content."""
    table, at = b"", 0
    for name, kind, data in ramdisks:
        table += struct.pack("<3I32s64s", len(data), at, kind, name, b"")
        at += len(data)
    head = struct.pack("<8s5I2048sI16sIIQ", b"VNDRBOOT", 4, page, 0x8000, 0x1000000, at, b"a=b", 0x100, b"acme", 2128,
                       len(tree), 0x1F00000)  # fmt: skip
    head += struct.pack("<4I", len(table), len(ramdisks), 108, len(config))
    parts = (b"".join(data for _, _, data in ramdisks), tree, table, config)
    return paged(head, page) + b"".join(paged(one, page) for one in parts)


def dtbo(*trees: bytes, version: int = 0, same: bool = False, custom: tuple[int, ...] = (0, 0, 0, 0)) -> bytes:
    """A table of trees; `same`: one more entry that names the first again."""
    count = len(trees) + same
    at = 32 + 32 * count
    entries, body = b"", b""
    for number, one in enumerate(trees):
        entries += struct.pack(">8I", len(one), at + len(body), number + 1, 7, *custom)
        body += one
    if same:
        entries += struct.pack(">8I", len(trees[0]), at, 99, 7, *custom)
    return struct.pack(">8I", 0xD7B7AB1E, at + len(body), 32, 32, count, 32, 2048, version) + entries + body


def uf2_block(
    address: int, data: bytes, number: int, total: int, *, flags: int = 0x2000, family: int = 0xE48BFF56,
    behind: bytes = b"", fill: bytes = b"\0", last: bytes = b"",
) -> bytes:  # fmt: skip
    """One block; `behind` follows the payload, `last` ends the data."""
    head = struct.pack("<8I", 0x0A324655, 0x9E5D5157, flags, address, len(data), number, total, family)
    body = data + behind
    return head + body.ljust(476 - len(last), fill) + last + struct.pack("<I", 0x0AB16F30)


def uf2(data: bytes, address: int = 0x10000000, size: int = 256, **more: object) -> bytes:
    """A whole file of blocks in order."""
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    return b"".join(
        uf2_block(address + size * number, one, number, len(pieces), **more)  # type: ignore[arg-type]
        for number, one in enumerate(pieces)
    )


def dfu_suffix(data: bytes, version: int = 0x011A, size: int = 16) -> bytes:
    """The data with a suffix behind it."""
    out = data + bytes(size - 16) + struct.pack("<4H3sB", 0xFFFF, 0xDF11, 0x0483, version, b"UFD", size)
    return out + struct.pack("<I", zlib.crc32(out) ^ 0xFFFFFFFF)


def dfuse(*targets: tuple[int, bytes, dict[int, bytes]], slack: bytes = b"", suffix: bool = True) -> bytes:
    """Targets as alternate setting, name, elements by address; `slack` ends the last target."""
    body = b""
    for number, (setting, name, elements) in enumerate(targets):
        inner = b"".join(struct.pack("<II", address, len(data)) + data for address, data in elements.items())
        inner += slack if number == len(targets) - 1 else b""
        body += struct.pack("<6sBI255sII", b"Target", setting, bool(name), name, len(inner), len(elements)) + inner
    out = struct.pack("<5sBIB", b"DfuSe", 1, 11 + len(body), len(targets)) + body
    return dfu_suffix(out) if suffix else out


def esp_entry(name: bytes, kind: int, subtype: int, offset: int, size: int, flags: int = 0) -> bytes:
    return struct.pack("<2sBBII16sI", b"\xaa\x50", kind, subtype, offset, size, name, flags)


def esp_table(*entries: bytes, md5: bool = True) -> bytes:
    """The sector of a partition table, as gen_esp32part writes it."""
    rows = b"".join(entries)
    check = b"\xeb\xeb" + b"\xff" * 14 + hashlib.md5(rows, usedforsecurity=False).digest() if md5 else b""
    return (rows + check).ljust(0xC00, b"\xff")


ESP_ROWS = (
    esp_entry(b"nvs", 1, 2, 0x3000, 0x1000),
    esp_entry(b"factory", 0, 0, 0x4000, 0x2000),
    esp_entry(b"storage", 1, 0x82, 0x6000, 0x1000),
)


def esp_flash(table: bytes = b"", *, gap: bytes = b"", nvs: bytes = b"nvs page") -> bytes:
    """A flash of a chip that starts at 0, its table at 0x2000 so that it stays small; cut behind the application."""
    out = esp_app().ljust(0x2000, b"\xff") + (table or esp_table(*ESP_ROWS)).ljust(0x1000, b"\xff")
    if gap:
        out = out[: 0x3000 - len(gap)] + gap
    return out + nvs.ljust(0x1000, b"\xff") + esp_app()


def arm64_image(code: bytes, size: int = 0x20000, flags: int = 0xA, reserved: bytes = bytes(24)) -> bytes:
    """An unpacked kernel without an EFI header."""
    return struct.pack("<IIQQQ24s4sI", 0x14000010, 0, 0, size, flags, reserved, b"ARM\x64", 0) + code


def riscv_image(code: bytes, size: int = 0x20000) -> bytes:
    head = struct.pack("<IIQQQIIQ8s4sI", 0x0000A009, 0, 0x200000, size, 0, 2, 0, 0, b"RISCV\0\0\0", b"RSC\x05", 0)
    return head + code
