"""Signatures of UEFI firmware management (FMP) capsules.

Layout: `formats.uefi_capsule`; UEFI Specification 2.10 sections 23.1 and 23.3, read 2026-11-22.
Signed, for each image: everything behind its authentication (dependencies, payload header, firmware) and the
MonotonicCount, in this order. Not signed: the capsule's and the images' headers, so neither device nor index are
stated by signed bytes; the image type is told as `unsigned-guid`. Embedded drivers are signed on their own or not.

Procedure:
1. Every image of a capsule in which one is signed must be signed.
2. The CMS is detached (or attached with exactly these bytes) and of type data.
3. Its signers are checked over payload and MonotonicCount (`cms`).
4. One image that does not hold breaks the capsule: a device takes it whole.

Does not do: signatures other than PKCS#7 in EFI_FIRMWARE_IMAGE_AUTHENTICATION.
"""

from __future__ import annotations

from dataclasses import dataclass

from fwverify.authenticate import cms, placed_cms
from fwverify.authenticate.interface import Group, Observed, SignatureScheme
from fwverify.authenticate.placed_cms import PlacedCms
from fwverify.authenticate.proofs import Message
from fwverify.authenticate.signer import Signer, observation
from fwverify.formats import uefi_capsule
from fwverify.formats.uefi_capsule import Capsule, CapsuleImage
from fwverify.model.artifact import Artifact, ByteRange
from fwverify.model.evidence import SignatureStatus
from fwverify.model.plugin import Doc
from fwverify.trust.store import TrustStore

NAME = "uefi-capsule"
ID_DATA = "1.2.840.113549.1.7.1"
PADDING_BYTES = 7


@dataclass(frozen=True, slots=True)
class Signed:
    """A capsule with the signature of each image, None where there is none."""

    capsule: Capsule
    placed: tuple[PlacedCms | None, ...]


def _detect(artifact: Artifact) -> bool:
    return uefi_capsule.looks_like(artifact.content)


def _parse(artifact: Artifact) -> tuple[Signed, ...]:
    capsule = uefi_capsule.parse(artifact.content)
    placed = tuple(
        placed_cms.read(artifact.content, one.authentication.pkcs7, padding=PADDING_BYTES, bare=True)
        if one.authentication
        else None
        for one in capsule.images
    )
    return (Signed(capsule, placed),) if any(placed) else ()


def _verify(signed: Signed, group: Group, trust: TrustStore) -> tuple[Observed, ...]:
    outcomes = [
        (image, placed, signer)
        for image, placed in zip(signed.capsule.images, signed.placed, strict=True)
        if placed is not None
        for signer in _signers(image, placed, group, trust)
    ]
    unsigned = [str(at) for at, one in enumerate(signed.placed, 1) if one is None]
    reason = f"image {', '.join(unsigned)} of the capsule carries no signature" if unsigned else ""  # 1
    if not reason and any(one.status is SignatureStatus.INVALID for _, _, one in outcomes):
        reason = "another signature in the capsule does not hold"  # 4
    where = group.locator()
    return tuple(
        observation(
            signer.broken(reason) if reason and signer.held is not None else signer,
            NAME,
            where,
            where,
            covers=_covers(image),
            envelope=(*signed.capsule.headers, *_envelope(image, placed)),
            states=_states(image),
            oddities=(*placed.oddities, *_oddities(signed.capsule, image)),
        )
        for image, placed, signer in outcomes
    )


def _signers(image: CapsuleImage, placed: PlacedCms, group: Group, trust: TrustStore) -> tuple[Signer, ...]:
    view = group.artifact.content
    count = image.authentication.count if image.authentication else image.signed
    content = b"".join([view[image.signed.start : image.signed.end], view[count.start : count.end]])
    found = cms.signers(placed.data, Message(memoryview(content)), group, trust)  # 3
    data, wrong = placed.data, ""
    if data.content is not None and data.content != content:  # 2
        wrong = "the signature brings content of its own in place of the payload"
    elif data.content_type != ID_DATA:
        wrong = f"the signature is for content of type {data.content_type}, not for a payload"
    return tuple(one.broken(wrong) if wrong and one.held is not None else one for one in found)


def _covers(image: CapsuleImage) -> tuple[ByteRange, ...]:
    return (image.signed, image.authentication.count) if image.authentication else ()


def _envelope(image: CapsuleImage, placed: PlacedCms) -> tuple[ByteRange, ...]:
    certificate = (image.authentication.header,) if image.authentication else ()
    return (image.header, *certificate, *placed.envelope)


def _states(image: CapsuleImage) -> tuple[tuple[str, str], ...]:
    states = [("unsigned-guid", image.guid)]
    if image.version >= 0:
        states += [("version", str(image.version)), ("lowest-supported-version", str(image.lowest))]
    return tuple(states)


def _oddities(capsule: Capsule, image: CapsuleImage) -> tuple[str, ...]:
    found = []
    if not image.announced:
        found.append("the unsigned image header denies the signature that follows it")
    if capsule.drivers:
        found.append("the capsule brings drivers that run before the update and that its signature does not cover")
    if image.vendor_code:
        found.append("the capsule brings vendor code that its signature does not cover")
    return tuple(found)


SCHEME: SignatureScheme[Signed] = SignatureScheme(
    name=NAME,
    detect=_detect,
    parse=_parse,
    verify=_verify,
    embedded=True,
    doc=Doc(
        title="UEFI firmware management capsule",
        vendor="UEFI Forum",
        references=("UEFI Specification 2.10, sections 23.1, 23.3 and 32.2.4, read 2026-11-22",),
        limitations=(
            "headers, image type and index are not signed by the format",
            "embedded drivers and vendor code are not covered",
        ),
    ),
)
