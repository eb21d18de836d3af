"""UEFI flash images: one firmware volume after another, as platforms put them into a flash device.

Layout: formats/uefi_volume.py. The image begins with a volume; every further one is found by its signature, checksum
and block map. What lies between and behind them is nobody's: the stage takes fill as empty and looks into the rest.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwverify.formats import uefi_volume
from fwverify.formats.uefi_volume import SIGNATURE, SIGNATURE_AT
from fwverify.limits import MIB, Budget
from fwverify.model.artifact import Artifact, ByteRange
from fwverify.model.evidence import GapReason
from fwverify.model.plugin import Doc
from fwverify.unpack.interface import Container, Event, Member, Unread

WINDOW_BYTES = 4 * MIB
"""Searched at a time, so that a large image is never copied whole."""
MAX_ATTEMPTS = 10_000
"""Signatures that lead to no volume before the search is given up; real images have a handful."""


def _detect(artifact: Artifact) -> bool:
    return 0 < uefi_volume.end(artifact.content, 0) < artifact.size


def _unpack(artifact: Artifact, budget: Budget) -> Iterator[Event]:
    view = artifact.content
    behind, attempts = 0, 0
    for found in _signatures(view):
        if found < behind:  # inside the volume before
            continue
        budget.check_time()
        end = uefi_volume.end(view, found)
        if end:
            budget.member()
            place = ByteRange(found, end)
            yield Member(f"volume@0x{found:x}", content=view[found:end], ranges=(place,), stored=True)
            behind = end
            continue
        attempts += 1
        if attempts > MAX_ATTEMPTS:
            rest = ByteRange(found, artifact.size)
            yield Unread(GapReason.LIMIT, f"{attempts} volume signatures that begin no volume", rest)
            return


def _signatures(view: memoryview) -> Iterator[int]:
    """Where volumes could begin, in order; every byte is looked at once."""
    for base in range(SIGNATURE_AT, len(view), WINDOW_BYTES):
        chunk = bytes(view[base : base + WINDOW_BYTES + len(SIGNATURE) - 1])
        hit = chunk.find(SIGNATURE)
        while hit >= 0:
            yield base + hit - SIGNATURE_AT
            hit = chunk.find(SIGNATURE, hit + 1)


CONTAINER = Container(
    name="uefi_flash",
    detect=_detect,
    unpack=_unpack,
    doc=Doc(
        title="UEFI flash image (volumes in a row)",
        vendor="UEFI Forum",
        references=("UEFI Platform Initialization Specification 1.8, volume 3, section 2.1, read 2026-11-22",),
        limitations=("Images that begin with something else are opened by searching for volumes in them.",),
        makers=("Debian ovmf, qemu-efi-arm, qemu-efi-aarch64",),
    ),
)
