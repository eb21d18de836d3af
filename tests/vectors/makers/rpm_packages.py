"""Vectors of RPM packages, written byte by byte as rpmbuild 4.18 lays them out."""

from __future__ import annotations

import gzip
import hashlib
import lzma
import struct
from collections.abc import Sequence
from pathlib import Path

from tests.vectors.makers.archives import CPIO_END, OTHER, TEXT, Case, cpio_entry

ORIGIN = "tests/vectors/makers/rpm_packages.py"
Value = tuple[int, int, bytes, int]
"""Tag, type, bytes, count."""
FILES = ((b"etc/agent.conf", TEXT), (b"usr/bin/agent", OTHER))


def text(tag: int, value: bytes) -> Value:
    return tag, 6, value + b"\0", 1


def texts(tag: int, values: Sequence[bytes]) -> Value:
    return tag, 8, b"".join(one + b"\0" for one in values), len(values)


def numbers(tag: int, values: Sequence[int]) -> Value:
    return tag, 4, b"".join(struct.pack(">I", one) for one in values), len(values)


def header(region: int, values: Sequence[Value]) -> bytes:
    """A header with its region, whose trailer is the last value of the store."""
    rows, store = b"", b""
    for tag, kind, data, count in values:
        store += bytes(-len(store) % 4) if kind == 4 else b""
        rows += struct.pack(">4I", tag, kind, len(store), count)
        store += data
    trailer = struct.pack(">IIiI", region, 7, -16 * (len(values) + 1), 16)
    first = struct.pack(">4I", region, 7, len(store), 16)
    store += trailer
    return b"\x8e\xad\xe8\x01" + bytes(4) + struct.pack(">II", len(values) + 1, len(store)) + first + rows + store


def package(
    payload: bytes, *, more: Sequence[Value] = (), signed: Sequence[Value] = (), name: bytes = b"acme-agent-1.4.0-2"
) -> bytes:
    """A package of two files around a payload, with the digests rpmbuild writes."""
    own = [
        text(1000, b"acme-agent"), text(1001, b"1.4.0"), text(1002, b"2"), (1004, 9, b"An agent\0", 1),
        numbers(1009, [len(TEXT) + len(OTHER)]), text(1011, b"ACME Power"), text(1022, b"armv7hl"),
        numbers(1028, [len(TEXT), len(OTHER)]), text(1044, b"acme-agent-1.4.0-2.src.rpm"), numbers(1116, [0, 1]),
        texts(1117, [b"agent.conf", b"agent"]), texts(1118, [b"/etc/", b"/usr/bin/"]),
        texts(5092, [hashlib.sha256(payload).hexdigest().encode()]), numbers(5093, [8]), *more,
    ]  # fmt: skip
    main = header(63, own)
    outer = [
        text(269, hashlib.sha1(main).hexdigest().encode()), text(273, hashlib.sha256(main).hexdigest().encode()),
        numbers(1000, [len(main) + len(payload)]), (1004, 7, hashlib.md5(main + payload).digest(), 16), *signed,
        (1008, 7, bytes(64), 64),
    ]  # fmt: skip
    signature = header(62, outer)
    lead = b"\xed\xab\xee\xdb\x03\x00" + struct.pack(">HH", 0, 12) + name.ljust(66, b"\0") + struct.pack(">HH", 1, 5)
    return lead + bytes(16) + signature + bytes(-len(signature) % 8) + main + payload


ARCHIVE = b"".join(cpio_entry(b"./" + name, data) for name, data in FILES) + CPIO_END
PACKED = gzip.compress(ARCHIVE, mtime=0)


def make(root: Path) -> None:
    """Write every vector below `root` (tests/vectors)."""

    def case(kind: str, name: str, data: bytes, why: str, **expect: object) -> None:
        Case("rpm_package", kind, name, why, data, origin=ORIGIN, **expect).write(root)  # type: ignore[arg-type]

    whole = package(PACKED)
    case("valid", "gzip", whole, "as rpmbuild writes it", members={"payload.cpio.gz": PACKED})
    packed = lzma.compress(ARCHIVE)
    case("valid", "xz", package(packed), "another compression", members={"payload.cpio.xz": packed})
    case("valid", "plain", package(ARCHIVE), "not packed at all", members={"payload.cpio": ARCHIVE})
    case(
        "valid",
        "signed",
        package(PACKED, signed=[(268, 7, b"\x89\x01\x00" + bytes(range(200)), 203)]),
        "a signature, which is named and not verified",
        members={"payload.cpio.gz": PACKED},
    )
    changed = bytearray(whole)
    changed[whole.index(b"armv7hl")] ^= 1
    case(
        "invalid",
        "header",
        bytes(changed),
        "the header was changed",
        members={"payload.cpio.gz": PACKED},
        checks_fail=("header", "header", "header and payload"),
    )
    changed = whole[:-1] + bytes([whole[-1] ^ 1])
    case(
        "invalid",
        "payload",
        changed,
        "the payload was changed",
        members={"payload.cpio.gz": PACKED[:-1] + changed[-1:]},
        checks_fail=("header and payload", "payload"),
    )
    case("truncated", "header", whole[: whole.index(b"agent.conf")], "cut in the header", gap="malformed")
    case(
        "truncated",
        "payload",
        whole[:-20],
        "cut in the payload",
        members={"payload.cpio.gz": PACKED[:-20]},
        checks_fail=("header and payload", "payload"),
    )
    many = bytearray(whole)
    many[96 + 8 : 96 + 12] = struct.pack(">I", 0xFFFFFFFF)
    case("hostile", "entries", bytes(many), "four thousand million entries", gap="malformed")
    outside = bytearray(whole)
    outside[96 + 16 + 8 : 96 + 16 + 12] = struct.pack(">I", 0x7FFFFFFF)
    case("hostile", "outside", bytes(outside), "a value far outside the store", gap="malformed")
