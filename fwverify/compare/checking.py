"""What is to be said about one SBOM as a document: profiles entry by entry, and whether it is about an image.

Pure. Does NOT give one grade, and claims no compliance: that an element is there does not make it true.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from fwverify.compare.entries import label
from fwverify.compare.interface import Document
from fwverify.formats.sbom_profiles import Profile
from fwverify.model.artifact import Artifact, Digest
from fwverify.model.evidence import SbomObservation
from fwverify.model.versions import compare

_COMPUTED = frozenset({"md5", "sha1", "sha256", "sha384", "sha512", "sha3_256", "sha3_384", "sha3_512"})


@dataclass(frozen=True, slots=True)
class Lacking:
    """One element that a profile asks for and that is not everywhere."""

    element: str
    of: int
    """Entries that should have it; 1 for an element of the document."""
    entries: tuple[tuple[str, str], ...]
    """Place and name of each entry that lacks it; empty for an element of the document."""


@dataclass(frozen=True, slots=True)
class ProfileAnswer:
    """One document against one profile."""

    profile: Profile
    asked: int
    there: int
    lacking: tuple[Lacking, ...]
    old: str
    """Format and version, where the profile asks for a newer one; else empty."""

    @property
    def met(self) -> bool:
        return not self.lacking and not self.old


def against(document: Document, profile: Profile) -> ProfileAnswer:
    """Which elements of a profile are missing, and where."""
    seen = document.observation
    absent = {one.element for one in seen.elements if one.lacking}
    lacking = [Lacking(one, 1, ()) for one in profile.document if one in absent]
    total = max((one.of for one in seen.elements if one.element in profile.component), default=0)
    for element in profile.component:
        entries = tuple(
            (detail.place, label(one.name, one.version))
            for one, detail in zip(document.components, document.details, strict=True)
            if element in detail.lacks
        )
        if entries:
            lacking.append(Lacking(element, total, entries))
    asked = len(profile.document) + total * len(profile.component)
    missing = sum(len(one.entries) or 1 for one in lacking)
    return ProfileAnswer(profile, asked, asked - missing, tuple(lacking), _too_old(seen, profile))


def _too_old(seen: SbomObservation, profile: Profile) -> str:
    if not profile.formats:
        return ""
    least = dict(profile.formats).get(seen.format)
    fits = least is not None and compare(seen.spec_version, least) in (0, 1)
    return "" if fits else f"{seen.format} {seen.spec_version}"


def about(seen: SbomObservation, image: Artifact) -> tuple[bool | None, str]:
    """Whether the document says that it is about this file: by a hash, which decides, else not told."""
    known = [one for one in seen.subject_hashes if one.algorithm in _COMPUTED]
    for one in known:
        if _digest(image, one.algorithm) != one:
            return False, f"its {one.algorithm} is not that of {image.name}"
    if known:
        return True, f"by {', '.join(one.algorithm for one in known)}"
    if not seen.subject_name:
        return None, "it names no subject"
    if seen.subject_name == image.name:
        return None, f"it names {image.name} and gives no hash: any file may be called so"
    return None, f"it names {label(seen.subject_name, seen.subject_version)} and gives no hash"


def _digest(image: Artifact, algorithm: str) -> Digest:
    known = {one.algorithm: one for one in image.digests}
    if algorithm in known:
        return known[algorithm]
    return Digest(algorithm, hashlib.new(algorithm, image.content, usedforsecurity=False).digest())
