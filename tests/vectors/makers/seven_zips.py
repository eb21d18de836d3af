"""Vectors of 7z archives, made by py7zr 1.1 (7z of p7zip makes those of the interop tests)."""

from __future__ import annotations

import io
from pathlib import Path

import py7zr

from tests.vectors.makers.archives import OTHER, TEXT, Case

ORIGIN = "py7zr 1.1.4 through tests/vectors/makers/seven_zips.py"


def archive(
    *files: tuple[str, bytes], password: str | None = None, filters: list[dict[str, int]] | None = None
) -> bytes:
    """A solid archive of these files."""
    out = io.BytesIO()
    with py7zr.SevenZipFile(out, "w", filters=filters, password=password) as made:
        for name, data in files:
            made.writestr(data, name)
    return out.getvalue()


WHOLE = archive(("etc/agent.conf", TEXT), ("usr/bin/agent", OTHER), ("empty", b""))
FILES = {"etc/agent.conf": TEXT, "usr/bin/agent": OTHER, "empty": b""}


def make(root: Path) -> None:
    """Write every vector below `root` (tests/vectors)."""

    def case(kind: str, name: str, data: bytes, why: str, **expect: object) -> None:
        Case("seven_zip", kind, name, why, data, origin=ORIGIN, **expect).write(root)  # type: ignore[arg-type]

    case("valid", "solid", WHOLE, "two files in one stream, and an empty one", members=FILES)
    stored = archive(("a", TEXT), filters=[{"id": py7zr.FILTER_COPY}])
    case("valid", "stored", stored, "not packed", members={"a": TEXT})
    case(
        "valid",
        "bzip2",
        archive(("a", TEXT), filters=[{"id": py7zr.FILTER_BZIP2}]),
        "another method",
        members={"a": TEXT},
    )
    case(
        "invalid",
        "header",
        WHOLE[:-3] + bytes([WHOLE[-3] ^ 1]) + WHOLE[-2:],
        "the header was changed",
        gap="malformed",
        checks_fail=("header",),
    )
    changed = bytearray(WHOLE)
    changed[40] ^= 0x10
    case("invalid", "packed", bytes(changed), "the packed stream was changed", gap="malformed")
    secret = archive(("a", TEXT), password="acme")
    case("invalid", "encrypted", secret, "encrypted", gap="encrypted")
    case("truncated", "header", WHOLE[:-10], "cut in the header", gap="malformed")
    case("hostile", "behind", WHOLE + b"more", "bytes behind the archive", members=FILES, anomalies=("trailing-data",))
    twice = archive(("a", TEXT), ("a", OTHER))
    case(
        "hostile",
        "twice",
        twice,
        "two files of one name",
        members={"a": OTHER},
        anomalies=("duplicate-member",),
    )
