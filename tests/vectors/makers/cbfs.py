"""Vectors of the container coreboot_cbfs, built byte by byte from coreboot's cbfs_serialized.h."""

from __future__ import annotations

import hashlib
import struct
from pathlib import Path

from tests.vectors.makers.firmware import Writer
from tests.vectors.makers.uefi import ELF, NOISE, digests, lzma_packed

ORIGIN = "tests/vectors/makers/cbfs.py; LZMA: uefi-firmware 1.16"
TEXT = b"CONFIG_VECTORS=y\n" * 40


def entry(name: str, data: bytes, kind: int = 0x50, attributes: bytes = b"") -> bytes:
    """One file, filled up to a multiple of 64 bytes."""
    head = name.encode() + b"\0"
    head += bytes(-len(head) % 4)
    offset = 24 + len(head) + len(attributes)
    at = 24 + len(head) if attributes else 0
    out = b"LARCHIVE" + struct.pack(">IIII", len(data), kind, at, offset) + head + attributes + data
    return out + b"\xff" * (-len(out) % 64)


def compressed(size: int, method: int = 1) -> bytes:
    return struct.pack(">IIII", 0x42435A4C, 16, method, size)


def hashed(data: bytes, wrong: bool = False) -> bytes:
    value = hashlib.sha256(data + b"x" * wrong).digest()
    return struct.pack(">III", 0x68736148, 44, 2) + value


def free(size: int, content: bytes = b"") -> bytes:
    return entry("", content.ljust(size, b"\xff"), 0xFFFFFFFF)


def make(root: Path) -> None:
    """Write every vector below `root` (tests/vectors)."""
    case = Writer(root, "coreboot_cbfs", ORIGIN).case
    packed = lzma_packed(TEXT)
    image = entry("fallback/raw", NOISE[:300], attributes=hashed(NOISE[:300]))
    image += entry("config", packed, attributes=compressed(len(TEXT)) + hashed(packed)) + free(500)
    members = digests({"fallback/raw": NOISE[:300], "config": TEXT})
    case("valid", "two", image, "a stored and a packed file, free space", members=members, anomalies=[])
    wrong = entry("raw", NOISE[:99], attributes=hashed(NOISE[:99], wrong=True)) + free(100)
    case("invalid", "digest", wrong, "a digest that does not hold", checks_fail=["raw"],
         members=digests({"raw": NOISE[:99]}))  # fmt: skip
    bad = entry("config", packed[:-20] + NOISE[:20], attributes=compressed(len(TEXT))) + entry("raw", NOISE[:50])
    case("invalid", "damaged", bad, "a damaged LZMA stream", gap="malformed", members=digests({"raw": NOISE[:50]}))
    odd = entry("odd", NOISE[:50], attributes=compressed(70, 9))
    case("invalid", "method", odd, "an unknown packing", gap="unsupported", members=digests({"odd": NOISE[:50]}))
    case("truncated", "second", image[:450], "cut in the second file", gap="malformed",
         members=digests({"fallback/raw": NOISE[:300]}))  # fmt: skip
    hidden = entry("raw", NOISE[:50]) + free(900, b"\xff" * 90 + ELF) + ELF
    case("hostile", "planted", hidden, "programs in free space and behind the last entry",
         members=digests({"raw": NOISE[:50]}))  # fmt: skip
    lies = entry("raw", NOISE[:50]) + b"LARCHIVE" + struct.pack(">IIII", 0xFFFFFF00, 0x50, 0, 0x100)
    case("hostile", "size", lies, "an entry of 4 GiB", gap="malformed", members=digests({"raw": NOISE[:50]}))
