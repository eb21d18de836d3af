"""Vectors of UBI: devices by ubinize, and erase blocks laid out here where it has no option or would refuse.

Sums are computed anew after every change, so that what is wrong is only what the case is about.
"""

from __future__ import annotations

import struct
import tempfile
import zlib
from pathlib import Path
from typing import Any

from tests.vectors.makers.firmware import Writer
from tests.vectors.makers.read_only_systems import NOISE, TEXT, digest, tool

ORIGIN = "tests/vectors/makers/ubi_images.py"
PEB, VOLUME_AT, DATA_AT = 4096, 512, 1024
LEB = PEB - DATA_AT
LAYOUT, FASTMAP = 0x7FFFEFFF, 0x7FFFF000
DYNAMIC, STATIC = 1, 2


def crc(data: bytes) -> int:
    return zlib.crc32(data) ^ 0xFFFFFFFF


def summed(raw: bytes) -> bytes:
    return raw + struct.pack(">I", crc(raw))


def counter(*, image: int = 7, version: int = 1, volume_at: int = VOLUME_AT, data_at: int = DATA_AT,
            reserved: bytes = b"") -> bytes:  # fmt: skip
    return summed(struct.pack(">4sB3xQIII", b"UBI#", version, 0, volume_at, data_at, image) + reserved.ljust(32, b"\0"))


def identifier(
    volume: int, number: int, *, kind: int = DYNAMIC, copied: int = 0, compatibility: int = 0, size: int = 0,
    used: int = 0, unused: int = 0, sum: int = 0, sequence: int = 0,
) -> bytes:  # fmt: skip
    return summed(struct.pack(">4s4BII4xIIII4xQ12x", b"UBI!", 1, kind, copied, compatibility, volume, number, size,
                              used, unused, sum, sequence))  # fmt: skip


def erase_block(head: bytes = b"", data: bytes = b"", first: bytes = b"", size: int = PEB) -> bytes:
    """An erase block; without a volume identifier it is free."""
    raw = (first or counter()).ljust(VOLUME_AT, b"\xff") + head
    return (raw.ljust(DATA_AT, b"\xff") + data).ljust(size, b"\xff")


def record(
    name: bytes, reserved: int = 4, *, kind: int = DYNAMIC, unused: int = 0, updating: int = 0, tail: bytes = b""
) -> bytes:  # fmt: skip
    raw = struct.pack(">IIIBBH", reserved, 1, unused, kind, updating, len(name))
    return summed(raw + (name + tail).ljust(128, b"\0") + bytes(24))


def table(*records: bytes, second: tuple[bytes, ...] | None = None) -> bytes:
    """Both erase blocks of the layout volume."""
    out = b""
    for number, several in enumerate((records, second if second is not None else records)):
        rows = [*several, *[summed(bytes(168))] * (LEB // 172 - len(several))]
        out += erase_block(identifier(LAYOUT, number, compatibility=5), b"".join(rows))
    return out


def dynamic(number: int, leb: int, data: bytes, sequence: int = 0) -> bytes:
    return erase_block(identifier(number, leb, sequence=sequence), data)


def static(number: int, leb: int, data: bytes, used: int, *, wrong: int = 0) -> bytes:
    head = identifier(number, leb, kind=STATIC, size=len(data), used=used, sum=crc(data) ^ wrong)
    return erase_block(head, data)


def filled(data: bytes) -> bytes:
    return data.ljust(LEB, b"\xff")


def make_official(root: Path) -> None:
    case = Writer(root, "ubi", "ubinize (mtd-utils 2.1.5)").case
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "one").write_bytes(NOISE)
        (folder / "two").write_bytes(TEXT)
        for label, why, unit, kind in (
            ("page-512", "pages of 512 bytes", 512, "dynamic"), ("page-2048", "pages of 2 KiB", 2048, "dynamic"),
            ("page-4096", "pages of 4 KiB", 4096, "static"),
        ):  # fmt: skip
            ini = (
                f"[a]\nmode=ubi\nimage=one\nvol_id=0\nvol_type={kind}\nvol_name=first\nvol_size=20KiB\n"
                "[b]\nmode=ubi\nimage=two\nvol_id=4\nvol_type=static\nvol_name=second\n"
            )
            (folder / "ini").write_text(ini)
            tool("ubinize", "-o", "out", "-p", 12288, "-m", unit, "-Q", 7, "ini", cwd=scratch)
            leb = 12288 - 2 * unit
            first = NOISE
            if kind == "dynamic":
                first += b"\xff" * (-len(first) % leb)
            members = {"first": digest(first), "second": digest(TEXT)}
            case("valid", label, (folder / "out").read_bytes(), f"{why}, dynamic and static volumes",
                 members=members, anomalies=[])  # fmt: skip


def make_valid(case: Any) -> None:
    layout = table(record(b"one"), record(b"two", 2, kind=STATIC))
    holes = layout + dynamic(0, 3, b"three") + dynamic(0, 1, b"one") + static(1, 0, TEXT[:400], 1)
    wanted = b"\xff" * LEB + filled(b"one") + b"\xff" * LEB + filled(b"three")
    case("valid", "holes", holes, "erase blocks in any order, some not there",
         members={"one": digest(wanted), "two": digest(TEXT[:400])}, anomalies=[])  # fmt: skip
    newer = layout + dynamic(0, 0, b"old", 3) + dynamic(0, 0, b"new", 9) + static(1, 0, b"2", 1)
    case("valid", "sequence", newer, "the higher sequence number counts",
         members={"one": digest(filled(b"new")), "two": digest(b"2")}, anomalies=[])  # fmt: skip
    free = layout + erase_block() + b"\xff" * PEB + dynamic(0, 0, b"x") + static(1, 0, b"2", 1) + erase_block()
    case("valid", "free", free, "free and erased blocks between",
         members={"one": digest(filled(b"x")), "two": digest(b"2")}, anomalies=[])  # fmt: skip
    empty = table(record(b"empty"))
    case("valid", "empty", empty, "a volume without erase blocks", members={"empty": digest(b"")}, anomalies=[])


def make_invalid(case: Any) -> None:
    layout = table(record(b"one"), record(b"two", 2, kind=STATIC))
    good = layout + dynamic(0, 0, b"x") + static(1, 0, TEXT[:400], 1)
    one = {"one": digest(filled(b"x"))}
    both = one | {"two": digest(TEXT[:400])}
    for label, why, at, what in (
        ("counter-sum", "an erase counter", 2 * PEB + 8, f"erase counter at 0x{2 * PEB:x}"),
        ("identifier-sum", "a volume identifier", 2 * PEB + VOLUME_AT + 40,
         f"volume identifier at 0x{2 * PEB + VOLUME_AT:x}"),
    ):  # fmt: skip
        wrong = bytearray(good)
        wrong[at] ^= 1
        case("invalid", label, bytes(wrong), f"the sum of {why} does not hold",
             members={"one": digest(b""), "two": digest(TEXT[:400])}, gap="malformed", checks_fail=[what])  # fmt: skip
    data = layout + dynamic(0, 0, b"x") + static(1, 0, TEXT[:400], 1, wrong=1)
    case("invalid", "data-sum", data, "the sum of a static volume does not hold", members=both,
         checks_fail=[f"erase block 0 of two at 0x{3 * PEB:x}"])  # fmt: skip
    differ = table(record(b"one"), second=(record(b"other"),)) + dynamic(0, 0, b"x")
    case("invalid", "tables-differ", differ, "two copies of the table that differ", members=one,
         anomalies=["headers-disagree"])  # fmt: skip
    lost = layout + dynamic(0, 0, b"x") + static(1, 0, filled(TEXT[:9])[:LEB], 2)
    case("invalid", "static-part", lost, "half of a static volume", members=one, gap="malformed")
    images = good + erase_block(first=counter(image=8)) + good[2 * PEB : 3 * PEB]
    case("invalid", "images", images, "an erase block of another image", members=both,
         anomalies=["trailing-data"])  # fmt: skip
    unnamed = good + dynamic(9, 0, TEXT)
    case("invalid", "unnamed", unnamed, "a volume that the table does not name",
         members=both | {".deleted/volume-9": digest(filled(TEXT))}, anomalies=["headers-disagree"])  # fmt: skip
    fastmap = good + erase_block(identifier(FASTMAP, 0, compatibility=1), b"fastmap")
    case("invalid", "fastmap", fastmap, "a fastmap, which is not read", members=both, gap="unsupported")
    case("invalid", "version", erase_block(first=counter(version=2)), "a later version", gap="unsupported")
    case("invalid", "appended", good + bytes(range(1, 256)) * 40, "bytes behind it", anomalies=["trailing-data"])
    case("truncated", "block", good[: 3 * PEB + 1100], "the last erase block is cut off", members=one, gap="malformed")


def make_hostile(case: Any) -> None:
    far = table(record(b"one", 0x7FFFFFFF)) + dynamic(0, 0x7FFFFFF0, b"x")
    case("hostile", "far", far, "a volume of 6 TiB", members={}, gap="limit")
    many = table(*(record(b"v%d" % one, 1 << 20) for one in range(17)))
    many += b"".join(dynamic(one, 600_000, b"x") for one in range(10))
    case("hostile", "holes", many, "ten volumes of 1.8 GB in 50 KiB", gap="limit")
    beyond = table(record(b"one", 1)) + dynamic(0, 0, b"x") + dynamic(0, 1, TEXT)
    case("hostile", "beyond", beyond, "an erase block behind the end of its volume",
         members={"one": digest(filled(b"x"))}, anomalies=["headers-disagree"])  # fmt: skip
    names = table(record(b"../up"), record(b"same"), record(b"same")) + dynamic(0, 0, b"x")
    case("hostile", "names", names, "names that lead outside or are there twice",
         anomalies=["duplicate-member", "path-traversal"])  # fmt: skip
    unused = table(record(b"one")) + erase_block(identifier(0, 0, unused=LEB))
    case("hostile", "no-room", unused, "an erase block of which nothing is used", members={}, gap="malformed")
    twins = table(record(b"one")) + dynamic(0, 0, b"x", 5) + dynamic(0, 0, b"y", 5)
    case("hostile", "twins", twins, "two erase blocks with one sequence number", anomalies=["headers-disagree"])
    case("hostile", "magics", counter() + b"UBI#" * 2000, "magics without headers", gap="malformed", members={})


def make(root: Path) -> None:
    """Write every vector below `root` (tests/vectors)."""
    make_official(root)
    case = Writer(root, "ubi", ORIGIN).case
    make_valid(case)
    make_invalid(case)
    make_hostile(case)
