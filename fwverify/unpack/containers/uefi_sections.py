"""Streams of UEFI sections: what a packed section unpacks to, or a file without its header.

Layout and names: formats/uefi_sections.py, unpack/uefi_members.py. There is no magic: the sections must follow one
another from the first byte to the last, and begin as their types say.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwverify.formats import uefi_sections
from fwverify.limits import Budget
from fwverify.model.artifact import Artifact
from fwverify.model.examining import Malformed
from fwverify.model.plugin import Doc
from fwverify.unpack import uefi_members
from fwverify.unpack.interface import Container, Event


def _detect(artifact: Artifact) -> bool:
    return uefi_sections.looks_like(artifact.content)


def _unpack(artifact: Artifact, budget: Budget) -> Iterator[Event]:
    if not artifact.whole:
        raise Malformed(uefi_sections.WHAT, "it is empty", 0)
    view, span = artifact.content, artifact.whole[0]
    title = uefi_members.title(view, span)
    yield from uefi_members.events(uefi_members.Walk(view, budget, f"{title}/" if title else ""), span)


CONTAINER = Container(
    name="uefi_sections",
    detect=_detect,
    unpack=_unpack,
    weak=True,
    doc=Doc(
        title="UEFI sections without a file header",
        vendor="UEFI Forum",
        references=("UEFI Platform Initialization Specification 1.8, volume 3, section 3.2.5, read 2026-11-22",),
        limitations=(
            "GUID-defined sections with a method other than LZMA, LZMA with x86 filter, Tiano, Brotli, gzip and CRC-32"
            " are named, not read.",
            "Signatures of signed sections are not verified.",
        ),
        makers=("edk2 GenSec, LzmaCompress, TianoCompress",),
    ),
)
