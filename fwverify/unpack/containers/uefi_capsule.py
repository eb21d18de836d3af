"""UEFI capsules as containers; layouts are read by formats/uefi_capsule.py (firmware management) and
uefi_capsule_frame.py (all others).

Drivers, vendor code and the firmware of each image come out as they are stored; of a capsule with a vendor's own
identifier the body does. The signatures are the authenticate stage's. Bytes that no header claims are left to be
looked into.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwverify.formats import firmware_extents, uefi_capsule, uefi_capsule_frame
from fwverify.formats.uefi_capsule import CapsuleImage
from fwverify.limits import Budget
from fwverify.model.artifact import Artifact, ByteRange
from fwverify.model.evidence import AnomalyKind
from fwverify.model.plugin import Doc
from fwverify.unpack.interface import Carve, Container, Event, Fact, Member, Oddity, Part, PartUse
from fwverify.unpack.tail import tail


def _detect(artifact: Artifact) -> bool:
    return uefi_capsule.looks_like(artifact.content) or uefi_capsule_frame.looks_like(artifact.content)


def _unpack(artifact: Artifact, budget: Budget) -> Iterator[Event]:
    if uefi_capsule.looks_like(artifact.content):
        yield from _managed(artifact, budget)
    else:
        yield from _framed(artifact, budget)


def _framed(artifact: Artifact, budget: Budget) -> Iterator[Event]:
    """A capsule of another kind: what its header gives is its body."""
    view = artifact.content
    frame = uefi_capsule_frame.read_frame(view)
    yield Part(frame.header, PartUse.HEADER)
    yield Fact("guid", frame.guid)
    if frame.vendor:
        yield Fact("kind", frame.vendor)
    budget.member()
    content = view[frame.body.start : frame.body.end]
    yield Member("body", content=content, ranges=(frame.body,), stored=True)
    yield from tail(view, frame.body.end, "after the end of the capsule")


def _managed(artifact: Artifact, budget: Budget) -> Iterator[Event]:
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
    carve=Carve(((uefi_capsule.FMP_GUID, 0),), firmware_extents.capsule_end),
    doc=Doc(
        title="UEFI capsule (firmware management, and vendors' own)",
        vendor="UEFI Forum",
        references=("UEFI Specification 2.10, sections 8.5.3 and 23.3, read 2026-11-22",),
        limitations=(
            "Of capsules with a vendor's own identifier the body comes out; headers and signatures that vendors put in"
            " front of it are not read.",
        ),
    ),
)
