"""Hand-built assessments: the three pages of the contract, and pieces to build others."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fwverify.model.artifact import ByteRange, Digest, Locator, Role, Step
from fwverify.model.canonical import identify
from fwverify.model.component import Component, DeclaredComponent, Discrepancy, DiscrepancyKind
from fwverify.model.evidence import (
    SCHEMA,
    Anomaly,
    AnomalyKind,
    ArtifactRecord,
    ByteLedger,
    ChecksumObservation,
    ContentKind,
    ContentObservation,
    Evidence,
    KeyRecord,
    KeySource,
    LedgerSpan,
    Opened,
    RunSettings,
    SbomObservation,
    SignatureObservation,
    SignatureStatus,
    TrustSnapshot,
)
from fwverify.model.expectation import Expectation
from fwverify.model.finding import Finding, Item, Level, Outcome
from fwverify.model.verdict import Assessment, Condition, Decision, SignedShare, Strength, Verdict

AT = "2026-11-22T00:00:00Z"
PINNED = "44c1f0d28a7e19b3" + "0" * 48
STRANGER = "9f3a77c051de02b8" + "0" * 48
SHA256 = "f72bb1c48eb90491cd2232ec3b4c495928e8e96643e8d544eba095ca64596d43"


def at(*names: str) -> Locator:
    return Locator(tuple(Step(one) for one in names))


def sha256(text: str) -> tuple[Digest, ...]:
    return (Digest("sha256", bytes.fromhex(text)),)


def record(locator: Locator, size: int, role: Role | None, **more: object) -> ArtifactRecord:
    base = ArtifactRecord(
        locator, size, sha256(SHA256), role, "", "", Opened.EXAMINED, size, 0, "the file you named" if role else ""
    )
    return replace(base, **more)


def finding(rule: str, outcome: Outcome = Outcome.PASS, level: Level = Level.MUST, **more: object) -> Finding:
    base = Finding(rule, level, level, outcome, f"what {rule} found", fingerprinted(outcome))
    return replace(base, **more)


def fingerprinted(outcome: Outcome) -> tuple[Item, ...]:
    return (Item("subject", "detail", "f" * 64),) if outcome is Outcome.FAIL else ()


def fill(rules: int, *named: Finding) -> tuple[Finding, ...]:
    """Findings, completed with passing required ones to this number of required rules."""
    must = sum(one.level is Level.MUST for one in named)
    return (*named, *(finding(f"filler.rule-{number:02d}") for number in range(rules - must)))


KEY = KeyRecord(
    "acme", "acme-fw-2024", "public-key", PINNED, ("firmware",), ("*",), (), "", "", "active", "", "", "after",
    (KeySource("phone", "J. Ortiz", "2026-10-03"), KeySource("on a unit in service", "M. Lee", "")), True,
    legal_name="ACME",
)  # fmt: skip
IMAGE = at("acme-ups.fit")
SBOM = at("bom.cdx.json")
SIGNATURE = SignatureObservation(
    "raw-signature", at("acme-ups.fit.sig"), IMAGE, (ByteRange(0, 2_411_520),),
    SignatureStatus.VALID, "it holds", PINNED, ("acme/acme-fw-2024",), False, "ed25519",
)  # fmt: skip


def seen(name: str, version: str, place: str = "/usr/lib") -> Component:
    return Component(name, version, "", 95, ("elf-note",), (at(place),), ("quote",))


def pair(name: str, agrees: bool | None) -> Discrepancy:
    return Discrepancy(
        DiscrepancyKind.MATCHED, DeclaredComponent(name, "1.0"), seen(name, "1.0" if agrees else ""), "same", agrees
    )


MATCHES = (*(pair(f"lib{number}", True) for number in range(12)), pair("libmodbus", None), pair("lwip", None))


def ledger(locator: Locator, examined: int, empty: int, ids: tuple[str, ...]) -> ByteLedger:
    spans = [LedgerSpan(ByteRange(0, examined), locator, Opened.EXAMINED, "fit", examined, ids, True)]
    if empty:
        where = ByteRange(examined, examined + empty)
        spans.append(LedgerSpan(where, locator, Opened.EMPTY, "", empty, ids, False))
    return ByteLedger(((locator, tuple(spans)),))


def good_evidence() -> Evidence:
    return Evidence(
        schema=SCHEMA, at=AT, delivery="acme-ups-3.1.0",
        expectation=Expectation("acme", "acme-ups", "", "3.0.2"),
        trust=TrustSnapshot("keys", "9a8b" * 16, (KEY,)),
        settings=RunSettings((), "worker", ("schemes/minisign", "schemes/raw-signature"), (("fwverify", "0.1.0"),)),
        artifacts=(record(IMAGE, 2_411_520, Role.IMAGE), record(SBOM, 9_000, Role.SBOM)),
        signatures=(SIGNATURE,), checksums=(), bindings=(),
        anomalies=(Anomaly(AnomalyKind.TRAILING_DATA, IMAGE, "padding", ByteRange(2_398_208, 2_411_520), "FF"),),
        contents=(), claims=(), clues=(), components=(),
        sboms=(SbomObservation(SBOM, "CycloneDX", "1.6", True, (), (), "acme-ups", "3.1.0", "ACME", (), 14),),
        discrepancies=MATCHES, gaps=(), ledger=ledger(IMAGE, 2_398_208, 13_312, (identify(SIGNATURE),)),
    )  # fmt: skip


def good_verdict() -> Verdict:
    return Verdict(
        decision=Decision.PASS, content_only=False, action="install", policy_id="production", policy_version="7",
        policy_digest="3b4c" * 16, policy_source="builtin:production", evidence_digest="71d03fa2" + "0" * 56,
        judged_at=AT, vendor="ACME", product="UPS", version="3.1.0", installed="3.0.2", installed_from="options",
        strength=Strength(4, "SIGNED, PINNED KEY",
                          "Key 44c1 f0d2 8a7e 19b3, confirmed by phone (J. Ortiz, 2026-10-03)."),
        signed=SignedShare(2_411_520, 2_411_520, ("acme/acme-fw-2024",), 0, (), ()),
        findings=fill(31, finding("signature.valid"), finding("sbom.authentic"), finding("sbom.subject"),
                      finding("version.no-downgrade")),
        conditions=(Condition("libmodbus 3.1.10, lwip 2.1.3: their bytes show no version; these are what the vendor "
                              "says."),
                    Condition("The policy is to be reviewed by 2026-12-01", "policy"),), sample_keys=True,
    )  # fmt: skip


def stranger_assessment() -> Assessment:
    stranger = replace(
        SIGNATURE, status=SignatureStatus.UNKNOWN_KEY, keys=(), fingerprint=STRANGER, carried=True, covers=()
    )
    dropbear = seen("dropbear", "2022.83", "/usr/sbin/dropbear")
    evidence = replace(
        good_evidence(),
        signatures=(stranger,),
        discrepancies=(*MATCHES, Discrepancy(DiscrepancyKind.UNDECLARED, None, dropbear, "not listed")),
        artifacts=(
            *good_evidence().artifacts, record(at("release.pem"), 113, Role.KEY),
            record(at("fwverify.toml"), 40, Role.IGNORED),
        ),
    )  # fmt: skip
    verdict = replace(
        good_verdict(), decision=Decision.FAIL, sample_keys=False, version="",
        strength=Strength(1, "CHECKSUM, SAME CHANNEL",
                          "SHA256SUMS matches, but it came with the file: whoever changes one changes both"),
        signed=SignedShare(0, 2_411_520, (), 2_411_520, (STRANGER,), ("acme-ups.fit",)),
        findings=fill(33, finding("signature.signer-pinned", Outcome.FAIL), finding("signature.coverage", Outcome.FAIL),
                      finding("signature.valid", Outcome.NOT_EVALUATED),
                      finding("version.no-downgrade", Outcome.NOT_EVALUATED),
                      finding("origin.strength", Outcome.FAIL, expected="at least 4 of 5"),
                      finding("component.undeclared", Outcome.FAIL, Level.SHOULD)),
    )  # fmt: skip
    return Assessment(evidence, verdict)


def unknown_assessment() -> Assessment:
    image = at("12s7p.bin")
    span = LedgerSpan(ByteRange(0, 85_240), image, Opened.SCANNED, "cortex-m", 240, (), False)
    base = good_evidence()
    evidence = replace(
        base, delivery="12s7p.bin", expectation=Expectation(), trust=TrustSnapshot("", "", ()),
        settings=replace(base.settings, plugins=tuple(f"schemes/s{number}" for number in range(31))),
        artifacts=(record(image, 85_240, Role.IMAGE, format="cortex-m", format_title="Cortex-M program",
                          opened=Opened.SCANNED,
                          facts=(("entry", "080002e0"), ("load-address", "08000000"))),),
        signatures=(), anomalies=(), sboms=(), discrepancies=(), ledger=ByteLedger(((image, (span,)),)),
        contents=(ContentObservation(ContentKind.TEXT_HINT, image, 9, "", 'text "12s7p" occurs'),),
    )  # fmt: skip
    missing = ("signature.valid", "signature.signer-pinned", "component.version-mismatch")
    verdict = replace(
        good_verdict(), decision=Decision.INCONCLUSIVE, vendor="", product="", version="", installed="",
        strength=Strength(0, "NO METHOD", ""), signed=SignedShare(0, 85_240, (), 0, (), ("12s7p.bin",)),
        sample_keys=False, conditions=(),
        findings=fill(13, *(finding(one, Outcome.NOT_EVALUATED) for one in missing),
                      finding("secret.private-key", Outcome.NOT_EVALUATED, expected="at most 2 % unexamined"),
                      finding("origin.strength", Outcome.NOT_EVALUATED, expected="at least 4 of 5")),
    )  # fmt: skip
    return Assessment(evidence, verdict)


@pytest.fixture
def good() -> Assessment:
    """The first page: everything holds."""
    return Assessment(good_evidence(), good_verdict())


@pytest.fixture
def stranger() -> Assessment:
    """The second page: signed by a key that came inside."""
    return stranger_assessment()


@pytest.fixture
def unknown() -> Assessment:
    """The third page: nothing to compare with."""
    return unknown_assessment()


@pytest.fixture
def wrong_checksum() -> ChecksumObservation:
    """A list that names the image with another digest."""
    return ChecksumObservation(IMAGE, "acme-ups.fit", sha256("00" * 32)[0], sha256(SHA256)[0], at("SHA256SUMS"), False)
