"""U-Boot environment: its variables, as lines of text; the layout is read by formats/uboot_environment.py.

The CRC shows damage, never origin. Free space behind the variables is under the CRC too and may hold anything: only
what is 00 or FF there is padding, the rest is looked into.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from fwverify.formats import uboot_environment
from fwverify.formats.names import fill_byte
from fwverify.limits import Budget
from fwverify.model.artifact import Artifact, ByteRange, Digest
from fwverify.model.examining import Malformed
from fwverify.model.plugin import Doc
from fwverify.unpack.interface import Carve, Check, Container, Event, Member, Part, PartUse
from fwverify.unpack.tail import tail

WHAT = "U-Boot environment"
NAME = "u-boot-env"
"""Of the one member."""


def _detect(artifact: Artifact) -> bool:
    return uboot_environment.read(artifact.content) is not None


def _unpack(artifact: Artifact, budget: Budget) -> Iterator[Event]:
    view = artifact.content
    found = uboot_environment.read(view)
    if found is None:
        raise Malformed(WHAT, "no CRC fits", 0)
    budget.member()
    crc = zlib.crc32(view[found.first : found.end]).to_bytes(uboot_environment.CRC_BYTES, "big")
    declared = bytes(view[found.start : found.start + uboot_environment.CRC_BYTES])
    declared = declared if found.big_endian else declared[::-1]
    yield Part(ByteRange(found.start, found.first), PartUse.CHECK)
    yield Check(NAME, Digest("crc32", declared), Digest("crc32", crc))
    text = found.variables
    lines = bytes(view[text.start : text.end]).rstrip(b"\0").replace(b"\0", b"\n") + b"\n"
    yield Member(NAME, content=memoryview(lines), ranges=(text,))
    free = ByteRange(text.end, found.end) if text.end < found.end else None
    if free is not None and fill_byte(view, free):
        yield Part(free, PartUse.PADDING)
    yield from tail(view, found.end, "after the environment")


CONTAINER = Container(
    name="uboot_environment",
    detect=_detect,
    unpack=_unpack,
    carve=Carve(
        tuple((one, 0) for one in uboot_environment.COMMON_VARIABLES),
        uboot_environment.end,
        begin=uboot_environment.begin,
    ),
    doc=Doc(
        title="U-Boot environment",
        vendor="U-Boot",
        references=("U-Boot include/env_internal.h and env/common.c, read 2026-11-22",),
        limitations=(
            "Sizes that are neither 1, 2 nor whole 4 KiB up to 256 KiB are found only where the bytes end with it.",
            "The CRC shows damage, not origin; the flag of redundant environments is not judged.",
        ),
        makers=("mkenvimage (U-Boot)",),
    ),
)
