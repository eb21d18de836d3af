"""Intel HEX: one member for each contiguous region of memory, named by its address.

Source: Intel "Hexadecimal Object File Format Specification", revision A (1988), read 2026-11-22.
Record types other than 00 to 05 are not read; record checksums show damage, never origin.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwverify.formats.intel_hex import looks_like, read_intel_hex
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
    yield from text_image(artifact, budget, "Intel HEX", read_intel_hex)


CONTAINER = Container(
    name="intel_hex_image",
    detect=detect,
    unpack=unpack,
    doc=Doc(
        title="Intel HEX",
        vendor="Intel",
        references=("Hexadecimal Object File Format Specification, revision A (1988), read 2026-11-22",),
        limitations=(
            "Record types other than 00 to 05 are not read.",
            "Reading stops at the first record with a wrong checksum.",
        ),
    ),
)
