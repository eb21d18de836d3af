"""Motorola S-record: one member for each contiguous region of memory, named by its address.

Source: Motorola M68000 Family Programmer's Reference Manual, appendix C, read 2026-11-22.
Record checksums show damage, never origin; the reserved type S4 is not read.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwverify.formats.srec import looks_like, read_srec
from fwverify.limits import Budget
from fwverify.model.artifact import Artifact
from fwverify.model.plugin import Doc
from fwverify.unpack.interface import Container, Event
from fwverify.unpack.record_text import text_image


def detect(artifact: Artifact) -> bool:
    """The text begins with a record whose length field fits its line."""
    return looks_like(bytes(artifact.content[:640]))


def unpack(artifact: Artifact, budget: Budget) -> Iterator[Event]:
    """Read and check all records; see `record_text.text_image`."""
    yield from text_image(artifact, budget, "S-record", read_srec)


CONTAINER = Container(
    name="srec_image",
    detect=detect,
    unpack=unpack,
    doc=Doc(
        title="Motorola S-record",
        vendor="Motorola",
        references=("M68000 Family Programmer's Reference Manual, appendix C, read 2026-11-22",),
        limitations=(
            "The reserved record type S4 is not read.",
            "Reading stops at the first record with a wrong checksum.",
        ),
    ),
)
