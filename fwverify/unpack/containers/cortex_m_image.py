"""Raw Cortex-M program image: vector table, load address and entry point. No members; the code is not analysed.

Source: Armv7-M Architecture Reference Manual (DDI 0403E) B1.5.2 and B1.5.3, read 2026-11-22.
Recognised by the shape of its vector table, since such an image has no magic.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from fwverify.formats.cortex_m import looks_like, read_cortex_m
from fwverify.limits import Budget
from fwverify.model.artifact import Artifact
from fwverify.model.plugin import Doc
from fwverify.unpack.interface import Container, Event, Fact, Part, PartUse

_ADDRESS = re.compile(r"(?:[\w-]*-)?([0-9a-f]{8})")
BY_ADDRESS = frozenset({"intel_hex_image", "srec_image", "uf2_image", "dfuse_image"})
"""Containers whose members have their address for a name, with the family or setting before it."""


def _named_address(artifact: Artifact) -> int | None:
    """The address that the container gave this member; None for every other artifact."""
    step = artifact.locator.steps[-1]
    named = _ADDRESS.fullmatch(step.member) if step.container in BY_ADDRESS else None
    return int(named[1], 16) if named else None


def detect(artifact: Artifact) -> bool:
    """The first 16 words are a vector table whose handlers can lie in the image."""
    return looks_like(artifact.content, _named_address(artifact))


def unpack(artifact: Artifact, budget: Budget) -> Iterator[Event]:
    """State where the program lies and starts; claim the vector table alone."""
    budget.check_time()
    image = read_cortex_m(artifact.content, _named_address(artifact))
    yield Part(image.table, PartUse.HEADER)
    yield Fact("load-address", f"{image.load:08x}")
    yield Fact("entry", f"{image.entry:08x}")
    yield Fact("initial-stack", f"{image.stack:08x}")
    yield Fact("load-address-from", "pointers" if image.load_proven else "vector table")


CONTAINER = Container(
    name="cortex_m_image",
    detect=detect,
    unpack=unpack,
    partial=True,
    doc=Doc(
        title="Cortex-M program",
        vendor="Arm",
        references=("Armv7-M Architecture Reference Manual DDI 0403E, B1.5.2 and B1.5.3, read 2026-11-22",),
        limitations=(
            "Machine code is not analysed.",
            "The load address is concluded from the vectors and pointers, not stated in the image.",
            "Images that begin with something other than the vector table are not recognised.",
        ),
    ),
)
