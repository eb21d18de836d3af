"""Check every signature and checksum of a delivery. Mathematics only: which key, which bytes, holds or not.

Whether a key is pinned for this vendor, product and purpose, in force, revoked or strong enough is judged by rules
over the trust snapshot, never here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from fwverify.authenticate import verity_files
from fwverify.authenticate.interface import Group, SignatureScheme
from fwverify.authenticate.registry import BUILTIN
from fwverify.formats import signature_kinds, verity
from fwverify.model.artifact import Artifact, DeliveredFile, Delivery, Digest, Locator, Role
from fwverify.model.evidence import Binding, ChecksumObservation, Gap, GapReason, SignatureObservation, SignatureStatus
from fwverify.model.examining import examining
from fwverify.model.expectation import ExpectedChecksum
from fwverify.trust.store import CarriedKey, TrustStore

Schemes = Sequence[SignatureScheme[Any]]  # Any: each scheme has a signature type of its own


@dataclass(slots=True)
class Authenticated:
    """Observations of one run, in the order they were made; `pipeline` sorts them."""

    signatures: list[SignatureObservation] = field(default_factory=list)
    checksums: list[ChecksumObservation] = field(default_factory=list)
    bindings: list[Binding] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)


def authenticate(group: Group, trust: TrustStore, schemes: Schemes = BUILTIN, *, into: Authenticated) -> None:
    """Run the first scheme that recognises a delivered signature or list; the outcome is added to `into`.

    Args:
        group: the artifact with the files it may speak of.
        trust: the operator's keys.
        schemes: the plug-ins.
        into: collects.
    """
    artifact = group.artifact
    found = False
    for scheme in schemes:
        if scheme.embedded or not scheme.detect(artifact):
            continue
        before = len(into.gaps)
        with examining(artifact.locator, into.gaps, scheme.name):
            for signature in scheme.parse(artifact):
                found = True
                _sort(scheme.verify(signature, group, trust), into)
        if len(into.gaps) > before:
            found = True
            _sort((_unread(scheme.name, group, into.gaps[-1]),), into)
        if found:
            return
    _sort((_unsupported(group),), into)


def authenticate_inside(group: Group, trust: TrustStore, schemes: Schemes = BUILTIN, *, into: Authenticated) -> bool:
    """Run every scheme whose signatures lie inside images on one image, or on one artifact found inside an image.

    Asked before anything nested is opened. A scheme that recognises the artifact and cannot read it leaves a gap, and
    where it read its own material as malformed an `invalid` observation: the material is there and does not hold.
    Returns whether any scheme recognised it.
    """
    artifact = group.artifact
    recognised = False
    for scheme in schemes:
        if not scheme.embedded or not scheme.detect(artifact):
            continue
        recognised = True
        before = len(into.gaps)
        with examining(artifact.locator, into.gaps, scheme.name):
            for signature in scheme.parse(artifact):
                _sort(scheme.verify(signature, group, trust), into)
        if len(into.gaps) > before:
            _sort((_unread(scheme.name, group, into.gaps[-1]),), into)
    return recognised


def _sort(observed: Sequence[SignatureObservation | ChecksumObservation | Binding], into: Authenticated) -> None:
    for one in observed:
        match one:
            case SignatureObservation():
                into.signatures.append(one)
            case ChecksumObservation():
                into.checksums.append(one)
            case Binding():
                into.bindings.append(one)


def _unread(scheme: str, group: Group, gap: Gap) -> SignatureObservation:
    """Malformed material is invalid; what could not be read for another reason was not checked."""
    about = group.about.locator if group.about else None
    malformed = gap.reason is GapReason.MALFORMED
    status = SignatureStatus.INVALID if malformed else SignatureStatus.UNVERIFIABLE
    return SignatureObservation(scheme, group.artifact.locator, about, (), status, gap.detail)


def _unsupported(group: Group) -> SignatureObservation:
    kind = signature_kinds.recognised(group.artifact.content)
    about = group.about.locator if group.about else None
    detail = f"{kind} signatures are not supported yet" if kind else "no scheme fwverify knows reads this signature"
    return SignatureObservation(
        kind.lower() or "unrecognised", group.artifact.locator, about, (), SignatureStatus.UNVERIFIABLE, detail
    )


def authenticate_delivery(
    delivery: Delivery, carried: Sequence[CarriedKey], trust: TrustStore, at: str, schemes: Schemes = BUILTIN
) -> Authenticated:
    """Check every signature file and checksum list of a delivery."""
    into = Authenticated()
    by_name = {relative(delivery, one): one.artifact for one in delivery.files}
    by_locator = {one.artifact.locator: one.artifact for one in delivery.files}
    for file in delivery.files:
        if file.role not in (Role.SIGNATURE, Role.CHECKSUMS):
            continue
        about = by_locator.get(file.about) if file.about is not None else None
        group = Group(file.artifact, about, by_name, tuple(carried), at)
        authenticate(group, trust, schemes, into=into)
    return into


@dataclass(frozen=True, slots=True)
class Inside:
    """Checks the signatures inside one run's images, as the walk meets them."""

    delivery: Delivery
    carried: tuple[CarriedKey, ...]
    trust: TrustStore
    at: str
    into: Authenticated
    schemes: Schemes = BUILTIN
    met: set[Locator] = field(default_factory=set)
    """Artifacts that some scheme recognised."""

    def check(self, artifact: Artifact) -> None:
        """One image, or one artifact inside an image. Delivered files see one another, nested ones only themselves."""
        delivered = {relative(self.delivery, one): one.artifact for one in self.delivery.files}
        siblings = delivered if any(artifact.locator == one.locator for one in delivered.values()) else {}
        group = Group(artifact, artifact, siblings, self.carried, self.at)
        if authenticate_inside(group, self.trust, self.schemes, into=self.into):
            self.met.add(artifact.locator)


def relative(delivery: Delivery, file: DeliveredFile) -> str:
    """Name of a delivered file inside the delivery, POSIX separators: the last step of its locator."""
    return file.artifact.locator.name


def confirm(expected: Sequence[ExpectedChecksum], delivery: Delivery) -> list[ChecksumObservation]:
    """Compare checksums that reached the operator by another way with what was delivered.

    One that fits a file (or the archive the delivery came in) is an observation on that file. One that fits nothing
    is an observation on the archive or on the only image, so that the page can show both values; with several images
    it is on none of them. A dm-verity root hash speaks of an image and of its hash tree.
    """
    subjects = ([delivery.archive] if delivery.archive else []) + list(delivery.of(Role.IMAGE))
    subjects += [one.artifact for one in delivery.files if one.role is not Role.IMAGE]
    found: list[ChecksumObservation] = []
    for one in expected:
        if one.digest.algorithm == verity.ALGORITHM:
            found += verity_files.confirmed(one, subjects)
        else:
            found.append(_confirm(one, subjects))
    return found


def _confirm(expected: ExpectedChecksum, subjects: Sequence[Artifact]) -> ChecksumObservation:
    algorithm = expected.digest.algorithm
    for artifact in subjects:
        computed = digest(artifact, algorithm)
        if computed == expected.digest:
            return ChecksumObservation(
                artifact.locator,
                "",
                expected.digest,
                computed,
                None,
                True,
                expected.channel,
                detail="given by the operator",
            )
    only = subjects[0] if subjects else None
    return ChecksumObservation(
        only.locator if only else None,
        "",
        expected.digest,
        digest(only, algorithm) if only else None,
        None,
        False,
        expected.channel,
        detail="given by the operator; no delivered file has it",
    )


def digest(artifact: Artifact, algorithm: str) -> Digest:
    """A digest of the whole content; SHA-256 was computed while reading, others are computed here."""
    known = next((one for one in artifact.digests if one.algorithm == algorithm), None)
    return known or Digest(algorithm, hashlib.new(algorithm, artifact.content, usedforsecurity=False).digest())
