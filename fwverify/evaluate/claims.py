"""Which version the delivery is, as far as bytes with an accepted signature say so. Pure.

A file name claims nothing: no signature covers it. Packages inside the image claim only their own versions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Set

from fwverify.model.artifact import Locator
from fwverify.model.canonical import identify
from fwverify.model.evidence import ArtifactRecord, Evidence, SignatureObservation
from fwverify.model.expectation import VersionClaim

HEADER = "signed-header"
"""Source of a claim that a signature scheme read from the bytes under the signature (MCUboot header, RAUC manifest)."""
PREFERRED = ("sbom-subject", HEADER, "os-release")
"""Sources of a claim for the whole delivery. The SBOM names the release; os-release may name the base system."""
NEVER = frozenset({"file-name"})

Covered = Callable[[Locator, str], tuple[str, ...]]


def covered_claims(
    evidence: Evidence, covered: Covered, accepted: Iterable[SignatureObservation] = ()
) -> tuple[VersionClaim, ...]:
    """The claims that count: for each image those of the first preferred source that speaks for it.

    Every image is asked for, so that an old one beside a new one does not hide behind the new one's SBOM.
    """
    return tuple(dict.fromkeys(one for _, claims in _of_images(evidence, covered, accepted) for one in claims))


def silent_images(
    evidence: Evidence, covered: Covered, accepted: Iterable[SignatureObservation] = ()
) -> tuple[Locator, ...]:
    """Images of which no signed bytes say the version."""
    return tuple(image for image, claims in _of_images(evidence, covered, accepted) if not claims)


def _of_images(
    evidence: Evidence, covered: Covered, accepted: Iterable[SignatureObservation]
) -> list[tuple[Locator, tuple[VersionClaim, ...]]]:
    accepted = tuple(accepted)
    stated, firmware = _stated(accepted), frozenset(identify(one) for one in accepted)
    counting = [one for one in evidence.claims if one.source not in NEVER and one.value]
    signed = [(one, frozenset(covered(one.locator, _purpose(one)))) for one in counting]
    images = [one for one in evidence.images() if one.size]
    return [
        (
            image.locator,
            _preferred(
                [claim for claim, ids in signed if ids and _speaks(evidence, covered, claim, ids, image)],
                [claim for claim in stated if claim.locator.within(image.locator)],
                {claim for claim, ids in signed if not firmware.isdisjoint(ids)},
                image.locator,
            ),
        )
        for image in images
    ]


def _stated(accepted: Iterable[SignatureObservation]) -> list[VersionClaim]:
    """What bytes under an accepted signature say in a field of the format itself."""
    return [
        VersionClaim(value, "", HEADER, one.subject)
        for one in accepted
        for name, value in one.states
        if name == "version" and value and one.subject is not None
    ]


def _preferred(
    claims: list[VersionClaim], headers: list[VersionClaim], by_firmware: Set[VersionClaim], image: Locator
) -> tuple[VersionClaim, ...]:
    """Those of the first preferred source, and those that it may not outvote.

    1. The image's own signed header counts beside an SBOM that no key for firmware signed: whoever may sign SBOMs alone
       could else make an old image new.
    2. The header of a part counts beside what os-release says: a boot loader has a version of its own.
    """
    every = [*claims, *headers]
    sources = [*PREFERRED, *sorted({one.source for one in every} - set(PREFERRED))]
    found = next((found for source in sources if (found := tuple(one for one in every if one.source == source))), ())
    own = any(one.locator == image for one in headers)
    if found and found[0].source == PREFERRED[0] and by_firmware.isdisjoint(found):  # 1
        found += tuple(one for one in headers if one.locator == image)
    elif found and found[0].source == HEADER and not own:  # 2
        found += tuple(one for one in claims if one.source == PREFERRED[2])
    return found


def _purpose(claim: VersionClaim) -> str:
    return "sbom" if claim.source == "sbom-subject" else "firmware"


def _speaks(
    evidence: Evidence, covered: Covered, claim: VersionClaim, ids: frozenset[str], image: ArtifactRecord
) -> bool:
    """A claim inside the image; one signature over both; or an SBOM that names the image by digest.

    An SBOM signed apart from the image may be that of another release, a file system that of another image.
    """
    if claim.locator.within(image.locator) or not ids.isdisjoint(covered(image.locator, "firmware")):
        return True
    stated = {
        one for document in evidence.sboms if document.locator == claim.locator for one in document.subject_hashes
    }
    return claim.source == "sbom-subject" and not stated.isdisjoint(image.digests)
