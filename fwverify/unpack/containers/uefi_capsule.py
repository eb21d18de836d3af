"""UEFI firmware management capsules as containers; the layout is read by formats/uefi_capsule.py.

Drivers, vendor code and the firmware of each image come out as they are stored. The signatures are the authenticate
stage's. Bytes that no header claims are left to be looked into.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwverify.formats import uefi_capsule
from fwverify.formats.uefi_capsule import CapsuleImage
from fwverify.limits import Budget
from fwverify.model.artifact import Artifact, ByteRange
from fwverify.model.evidence import AnomalyKind
from fwverify.model.plugin import Doc
from fwverify.unpack.interface import Container, Event, Fact, Member, Oddity, Part, PartUse


def _detect(artifact: Artifact) -> bool:
    return uefi_capsule.looks_like(artifact.content)


def _unpack(artifact: Artifact, budget: Budget) -> Iterator[Event]:
    view = artifact.content
    capsule = uefi_capsule.parse(view)
    for one in capsule.headers:
        yield Part(one, PartUse.HEADER)
    for ordinal, span in enumerate(capsule.drivers, 1):
        budget.member()
        yield Member(f"driver-{ordinal}", content=view[span.start : span.end], ranges=(span,), stored=True)
    for ordinal, image in enumerate(capsule.images, 1):
        budget.member()
        yield from _image(view, ordinal, image)
    if capsule.size < artifact.size:
        rest = ByteRange(capsule.size, artifact.size)
        yield Oddity(AnomalyKind.TRAILING_DATA, "bytes after the end of the capsule", rest)


def _image(view: memoryview, ordinal: int, image: CapsuleImage) -> Iterator[Event]:
    yield Fact("guid", image.guid)
    if image.version >= 0:
        yield Fact("version", str(image.version))
    yield Part(image.header, PartUse.HEADER)
    if image.authentication is not None:
        for one in (image.authentication.count, image.authentication.header):
            yield Part(one, PartUse.HEADER)
        yield Part(image.authentication.pkcs7, PartUse.CHECK)
    payload = image.payload
    before = payload.start if payload else image.signed.end
    if before > image.signed.start:
        yield Part(ByteRange(image.signed.start, before), PartUse.HEADER)
    if payload is not None:
        yield Member(f"image-{ordinal}", content=view[payload.start : payload.end], ranges=(payload,), stored=True)
    for span in [image.vendor_code] if image.vendor_code else []:
        content = view[span.start : span.end]
        yield Member(f"vendor-code-{ordinal}", content=content, ranges=(span,), stored=True)


CONTAINER = Container(
    name="uefi_capsule",
    detect=_detect,
    unpack=_unpack,
    doc=Doc(
        title="UEFI firmware management capsule",
        vendor="UEFI Forum",
        references=("UEFI Specification 2.10, sections 8.5.3 and 23.3, read 2026-11-22",),
        limitations=("capsules with a vendor's own identifier are not read",),
    ),
)
