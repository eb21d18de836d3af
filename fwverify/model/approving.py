"""The evidence of an approved release -> what later releases are held against. Pure."""

from __future__ import annotations

from fwverify.model.canonical import identify
from fwverify.model.change import ApprovedRelease
from fwverify.model.evidence import Evidence, SignatureStatus
from fwverify.model.expectation import VersionClaim

COUNTERS = ("rollback-index", "security-counter", "sequence")
"""Signed numbers that a device compares, so that nobody installs an older release."""
SOURCES = ("sbom-subject", "signed-header", "os-release")
"""Whose word about the version of the whole comes first (as `evaluate.claims` has it)."""
MAX_DIGITS = 20


def approved_release(evidence: Evidence, *, set_by: str = "", set_on: str = "", observed: str = "") -> ApprovedRelease:
    """What is known of it.

    Args:
        evidence: of the release that was approved.
        set_by: who made it the baseline.
        set_on: the ISO date of that.
        observed: the version a unit in service reported.
    """
    images = [(one.locator.name, digest) for one in evidence.images() for digest in one.digests
              if digest.algorithm == "sha256"]  # fmt: skip
    return ApprovedRelease(
        name=evidence.delivery,
        evidence=identify(evidence),
        at=evidence.at,
        images=tuple(sorted(images)),
        versions=(observed,) if observed else stated_versions(evidence),
        counters=counters(evidence),
        set_by=set_by,
        set_on=set_on,
        observed=observed,
    )


def stated_versions(evidence: Evidence) -> tuple[str, ...]:
    """The version that the delivery states, by the first source that states one; a file name states none."""
    headers = [
        VersionClaim(value, "", "signed-header", one.source)
        for one in evidence.signatures
        if one.status is SignatureStatus.VALID
        for name, value in one.states
        if name == "version"
    ]
    claims = [one for one in (*evidence.claims, *headers) if one.value]
    for source in SOURCES:
        found = sorted({one.value for one in claims if one.source == source})
        if found:
            return tuple(found)
    return ()


def counters(evidence: Evidence) -> tuple[tuple[str, int], ...]:
    """(name, value) of every counter that valid signatures cover, sorted."""
    return tuple(
        sorted(
            {
                (name, int(value))
                for one in evidence.signatures
                if one.status is SignatureStatus.VALID
                for name, value in one.states
                if name in COUNTERS and value.isascii() and value.isdigit() and len(value) <= MAX_DIGITS
            }
        )
    )
