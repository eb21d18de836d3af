"""What pages ask of an assessment, answered once: which required rules failed, who signed, what was opened, what was
declared. Pure; no words yet (`report.wording`, `report.ledger_lines`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from fwverify.model.artifact import Locator, Role
from fwverify.model.canonical import identify
from fwverify.model.component import Component, Discrepancy, DiscrepancyKind
from fwverify.model.evidence import (
    AnomalyKind,
    ArtifactRecord,
    ChecksumObservation,
    ContentKind,
    Evidence,
    KeyRecord,
    LedgerSpan,
    Opened,
    SignatureObservation,
    SignatureStatus,
)
from fwverify.model.finding import Finding, Level, Outcome
from fwverify.model.verdict import Assessment, Verdict

PROVEN = 4
"""Origin strength from which a page may say whose file it is (rules.md, the ladder)."""
SIGNED = 3
"""Origin strength from which an accepted key signed something of every image."""


@dataclass(frozen=True, slots=True)
class Reading:
    """An assessment with its findings sorted by what they mean for the decision."""

    evidence: Evidence
    verdict: Verdict
    required: tuple[Finding, ...]
    """Level `must`, not counting those that do not apply."""
    passed: tuple[Finding, ...]
    failed: tuple[Finding, ...]
    """Required, failed, not waived."""
    missing: tuple[Finding, ...]
    """Required, not evaluated, not waived."""
    waived: tuple[Finding, ...]
    advisory: tuple[Finding, ...]
    """Level `should`, failed, not waived."""

    def fails(self, rule: str) -> bool:
        """True when this required rule failed."""
        return any(one.rule == rule for one in self.failed)

    def lacks(self, rule: str) -> bool:
        """True when this required rule was not evaluated."""
        return any(one.rule == rule for one in self.missing)

    def finding(self, rule: str) -> Finding | None:
        return next((one for one in self.verdict.findings if one.rule == rule), None)

    def held(self, rule: str) -> bool:
        """True when this rule was judged at any level and passed."""
        found = self.finding(rule)
        return found is not None and found.outcome is Outcome.PASS


def read(assessment: Assessment) -> Reading:
    """Sort an assessment's findings."""
    findings = sorted(assessment.verdict.findings, key=lambda one: one.rule)
    must = [one for one in findings if one.level is Level.MUST and one.outcome is not Outcome.NOT_APPLICABLE]
    poor = (Outcome.FAIL, Outcome.NOT_EVALUATED)
    return Reading(
        evidence=assessment.evidence,
        verdict=assessment.verdict,
        required=tuple(must),
        passed=tuple(one for one in must if one.outcome is Outcome.PASS),
        failed=tuple(one for one in must if one.outcome is Outcome.FAIL and not one.waived),
        missing=tuple(one for one in must if one.outcome is Outcome.NOT_EVALUATED and not one.waived),
        waived=tuple(one for one in must if one.outcome in poor and one.waived),
        advisory=tuple(
            one for one in findings if one.level is Level.SHOULD and one.outcome is Outcome.FAIL and not one.waived
        ),
    )


def accepted(reading: Reading, one: SignatureObservation) -> bool:
    """True for a signature whose key the verdict counted."""
    return one.status is SignatureStatus.VALID and any(key in reading.verdict.signed.by for key in one.keys)


def refused(reading: Reading) -> tuple[SignatureObservation, ...]:
    """Intact signatures whose key the verdict did not count."""
    intact = (SignatureStatus.VALID, SignatureStatus.UNKNOWN_KEY)
    return tuple(one for one in reading.evidence.signatures if one.status in intact and not accepted(reading, one))


def broken(reading: Reading) -> tuple[SignatureObservation, ...]:
    """The outermost first: what is found in the pieces of a broken image only follows from it."""
    found = [one for one in reading.evidence.signatures if one.status is SignatureStatus.INVALID]
    return tuple(sorted(found, key=lambda one: len(one.source.steps)))


def unchecked(reading: Reading) -> tuple[SignatureObservation, ...]:
    return tuple(one for one in reading.evidence.signatures if one.status is SignatureStatus.UNVERIFIABLE)


def wrong_checksums(reading: Reading) -> tuple[ChecksumObservation, ...]:
    """Published or confirmed checksums that do not fit the bytes they speak of."""
    return tuple(
        one for one in reading.evidence.checksums if not one.inner and not one.holds and one.computed is not None
    )


def outer_checksums(reading: Reading) -> tuple[ChecksumObservation, ...]:
    return tuple(one for one in reading.evidence.checksums if not one.inner)


def confirmed_checksums(reading: Reading) -> tuple[ChecksumObservation, ...]:
    """Those the operator had from elsewhere, and that hold."""
    return tuple(one for one in reading.evidence.checksums if one.declared_in is None and one.holds)


def signed_list(reading: Reading, checksum: ChecksumObservation) -> bool:
    """True when the list that declares it carries an accepted signature."""
    return any(one.subject == checksum.declared_in and accepted(reading, one) for one in reading.evidence.signatures)


def key(reading: Reading, name: str) -> KeyRecord | None:
    """Registry entry by `vendor/id`."""
    return next((one for one in reading.evidence.trust.keys if one.name == name), None)


def keys_with(reading: Reading, fingerprint: str) -> tuple[KeyRecord, ...]:
    return tuple(one for one in reading.evidence.trust.keys if fingerprint and one.fingerprint == fingerprint)


def expected_vendor(reading: Reading) -> str:
    """Vendor id of the registry: as the operator stated it, else the one the verdict speaks of."""
    stated, words = reading.evidence.expectation.vendor, reading.verdict.vendor
    if stated or not words:
        return stated
    named = {one.vendor for one in reading.evidence.trust.keys if words in (one.vendor, one.legal_name)}
    return named.pop() if len(named) == 1 else ""


def proven(reading: Reading) -> bool:
    """True when it is shown whose file it is, and that it is unchanged, whatever else is wrong."""
    signed = reading.verdict.signed
    return reading.verdict.strength.value >= PROVEN and 0 < signed.total_bytes <= signed.signed_bytes


def on_record(reading: Reading) -> tuple[KeyRecord, ...]:
    """Firmware keys pinned for the expected vendor (for everybody, where none is expected) that signed nothing here."""
    vendor = expected_vendor(reading)
    signers = {one.fingerprint for one in reading.evidence.signatures if one.status is SignatureStatus.VALID}
    return tuple(
        one
        for one in reading.evidence.trust.keys
        if (not vendor or one.vendor == vendor)
        and one.status == "active"
        and "firmware" in one.purposes
        and one.fingerprint not in signers
    )


@dataclass(frozen=True, slots=True)
class OpenedSums:
    """Bytes of all images by how they were looked at."""

    total: int
    examined: int
    """structure and content a reader knows"""
    empty: int
    scanned: int
    """searched for texts and keys only"""
    unexplained: int

    @property
    def counted(self) -> int:
        return self.examined + self.empty


def spans(reading: Reading) -> tuple[LedgerSpan, ...]:
    return tuple(one for _, image in reading.evidence.ledger.spans for one in image)


def opened(reading: Reading) -> OpenedSums:
    """Sum the ledger. Packed content read in part counts in proportion; what no span accounts for is not explained."""
    total = sum(one.size for one in reading.evidence.images())
    examined = empty = scanned = 0
    for one in spans(reading):
        match one.opened:
            case Opened.EMPTY:
                empty += one.range.size
            case Opened.SCANNED:
                examined += one.opened_bytes
                scanned += one.range.size - one.opened_bytes
            case Opened.STRUCTURE | Opened.EXAMINED | Opened.GAP:
                examined += one.opened_bytes
    return OpenedSums(total, examined, empty, scanned, max(total - examined - empty - scanned, 0))


def inside(reading: Reading, one: ArtifactRecord) -> tuple[ArtifactRecord, ...]:
    """Artifacts found in this one."""
    return tuple(
        other
        for other in reading.evidence.artifacts
        if other.locator != one.locator and other.locator.within(one.locator)
    )


def programs(reading: Reading) -> tuple[ArtifactRecord, ...]:
    """Raw microcontroller programs: an entry point is stated, and the rest could only be searched for texts."""
    codes = {one.locator for one in reading.evidence.contents if one.kind is ContentKind.MACHINE_CODE}
    started = {one.locator for one in reading.evidence.artifacts if "entry" in dict(one.facts)}
    states: dict[Locator, set[Opened]] = {}
    for one in reading.evidence.artifacts:
        for depth in range(1, len(one.locator.steps)) if one.size and started else ():
            states.setdefault(Locator(one.locator.steps[:depth]), set()).add(one.opened)

    def only_scanned(one: ArtifactRecord) -> bool:
        return one.locator in started and (states.get(one.locator) or {one.opened}) == {Opened.SCANNED}

    return tuple(one for one in reading.evidence.artifacts if one.locator in codes or only_scanned(one))


def fills(reading: Reading) -> str:
    """Which byte the empty parts are filled with; empty where it was not recorded."""
    seen = {one.fill for one in reading.evidence.anomalies if one.kind is AnomalyKind.TRAILING_DATA and one.fill}
    return ", ".join(sorted(seen))


@dataclass(frozen=True, slots=True)
class Declared:
    """The comparison with the SBOM, by class."""

    matched: tuple[Discrepancy, ...]
    undeclared: tuple[Discrepancy, ...]
    release: tuple[Component, ...]
    """The release itself, seen in the bytes under the name the SBOM gives its subject: declared as that."""
    differing: tuple[Discrepancy, ...]
    """Declared with another version."""
    ambiguous: tuple[Discrepancy, ...]
    hashes: tuple[Discrepancy, ...]
    copies: tuple[Component, ...]
    """Of libraries, inside the files of declared components; counted nowhere else."""
    absent: int

    @property
    def found(self) -> int:
        """Components seen in the image."""
        others = len(self.undeclared) + len(self.differing) + len(self.ambiguous)
        return len(self.matched) + len(self.release) + others

    @property
    def listed(self) -> int:
        """Of these: in the SBOM."""
        return self.found - len(self.undeclared)

    @property
    def agreeing(self) -> int:
        return sum(one.version_agrees is True for one in self.matched) + sum(bool(one.version) for one in self.release)

    @property
    def versionless(self) -> int:
        """In the SBOM, but their bytes show no version."""
        seen = [one.observed for one in self.matched if one.version_agrees is not True]
        return sum(one is not None and not one.version for one in (*seen, *self.release))

    @property
    def uncompared(self) -> int:
        """In the SBOM and with a version in the bytes, but not to be compared: the SBOM gives none, or several fit."""
        return self.listed - len(self.differing) - self.agreeing - self.versionless


def declared(reading: Reading) -> Declared:
    def of(kind: DiscrepancyKind) -> tuple[Discrepancy, ...]:
        return tuple(one for one in reading.evidence.discrepancies if one.kind is kind)

    extra = of(DiscrepancyKind.UNDECLARED)
    release = tuple(one for one in extra if one.observed is not None and _is_release(reading, one.observed))
    return Declared(
        release=tuple(one.observed for one in release if one.observed is not None),
        matched=tuple(one for one in of(DiscrepancyKind.MATCHED) if one.observed is not None),
        undeclared=tuple(one for one in extra if one not in release),
        differing=of(DiscrepancyKind.VERSION_DIFFERS),
        ambiguous=tuple(one for one in of(DiscrepancyKind.AMBIGUOUS) if one.observed is not None),
        hashes=of(DiscrepancyKind.HASH_DIFFERS),
        copies=tuple(one.observed for one in of(DiscrepancyKind.COPY) if one.observed is not None),
        absent=len(of(DiscrepancyKind.ABSENT_VISIBLE)) + len(of(DiscrepancyKind.ABSENT_UNSEEN)),
    )


def _is_release(reading: Reading, one: Component) -> bool:
    return any(
        document.subject_name.casefold() == one.name.casefold() and one.version in ("", document.subject_version)
        for document in reading.evidence.sboms
    )


def unread(reading: Reading) -> tuple[Locator, ...]:
    """Owners of bytes that were not, or not wholly, looked at; the largest first."""
    sizes: dict[Locator, int] = {}
    for one in spans(reading):
        rest = 0 if one.opened is Opened.EMPTY else one.range.size - one.opened_bytes
        if rest > 0:
            sizes[one.owner] = sizes.get(one.owner, 0) + rest
    return tuple(sorted(sizes, key=lambda one: (-sizes[one], one)))


def in_order(records: Iterable[ArtifactRecord]) -> tuple[ArtifactRecord, ...]:
    """As a tree reads: by place."""
    return tuple(sorted(records, key=lambda one: one.locator))


def of_role(reading: Reading, role: Role) -> tuple[ArtifactRecord, ...]:
    return in_order(one for one in reading.evidence.artifacts if one.role is role)


def counted_ids(reading: Reading) -> frozenset[str]:
    """Ids of the observations that the verdict counts as covering bytes."""
    signatures = {identify(one) for one in reading.evidence.signatures if accepted(reading, one)}
    return frozenset(signatures | {identify(one) for one in confirmed_checksums(reading)})


def bare_images(reading: Reading) -> tuple[ArtifactRecord, ...]:
    """Images that nothing counted reaches, while it reaches another image."""
    ids = counted_ids(reading)
    reached = {
        locator
        for locator, image in reading.evidence.ledger.spans
        if any(ids.intersection(one.signed_by) for one in image)
    }
    if not reached:
        return ()
    return tuple(one for one in reading.evidence.images() if one.size and one.locator not in reached)


def texts_seen(reading: Reading) -> tuple[str, ...]:
    """Hints at a product in the bytes, worth nothing as proof."""
    return tuple(one.detail for one in reading.evidence.contents if one.kind is ContentKind.TEXT_HINT)
