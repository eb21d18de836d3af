"""Which version the delivery is, as far as bytes with an accepted signature say so. Pure.

A file name claims nothing: no signature covers it. Packages inside the image claim only their own versions.
"""

from __future__ import annotations

from collections.abc import Callable

from fwverify.model.artifact import Locator
from fwverify.model.evidence import Evidence
from fwverify.model.expectation import VersionClaim

PREFERRED = ("sbom-subject", "os-release")
"""Sources of a claim for the whole delivery. The SBOM names the release; os-release may name the base system."""
NEVER = frozenset({"file-name"})

Covered = Callable[[Locator, str], tuple[str, ...]]


def covered_claims(evidence: Evidence, covered: Covered) -> tuple[VersionClaim, ...]:
    """The claims that count: those of the first preferred source that has any in covered bytes.

    An SBOM signed apart from the image may be that of another release. Its subject therefore counts only when it names
    an image by digest, or when one signature covers both the SBOM and every image.
    """
    counting = [one for one in evidence.claims if one.source not in NEVER and _counts(evidence, covered, one)]
    sources = [*PREFERRED, *sorted({one.source for one in counting} - set(PREFERRED))]
    return next((found for source in sources if (found := _of(counting, source))), ())


def _of(claims: list[VersionClaim], source: str) -> tuple[VersionClaim, ...]:
    return tuple(one for one in claims if one.source == source and one.value)


def _counts(evidence: Evidence, covered: Covered, claim: VersionClaim) -> bool:
    if claim.source != "sbom-subject":
        return bool(covered(claim.locator, "firmware"))
    ids = frozenset(covered(claim.locator, "sbom"))
    return bool(ids) and (_names_image(evidence, claim.locator) or _one_signature(evidence, covered, ids))


def _names_image(evidence: Evidence, sbom: Locator) -> bool:
    stated = {one for document in evidence.sboms if document.locator == sbom for one in document.subject_hashes}
    return any(not stated.isdisjoint(image.digests) for image in evidence.images())


def _one_signature(evidence: Evidence, covered: Covered, ids: frozenset[str]) -> bool:
    images = [one for one in evidence.images() if one.size]
    return bool(images) and all(not ids.isdisjoint(covered(one.locator, "firmware")) for one in images)
