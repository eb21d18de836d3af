"""Small evidence: one image, a signed list that binds the image and an SBOM, and everything in order. Tests break one
thing at a time."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from fwverify.evaluate.policy import Policy
from fwverify.evaluate.policy_text import parse_policy
from fwverify.evaluate.stage import evaluate
from fwverify.model.artifact import ByteRange, Digest, Locator, Role, Step
from fwverify.model.canonical import identify
from fwverify.model.component import Component, DeclaredComponent, Discrepancy, DiscrepancyKind
from fwverify.model.evidence import (
    SCHEMA,
    ArtifactRecord,
    Binding,
    ByteLedger,
    ChecksumObservation,
    Evidence,
    Gap,
    GapReason,
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
from fwverify.model.expectation import Expectation, VersionClaim
from fwverify.model.finding import Finding
from fwverify.model.verdict import Verdict

AT = "2026-11-22T00:00:00Z"
PRINT = "44c1f0d28a7e19b3" + "0" * 48
OTHER_PRINT = "9f3a77c051de02b8" + "0" * 48
SIZE = 1000


def at(*names: str) -> Locator:
    """`at("fw.bin", "rootfs")`: a file of the delivery and what lies in it."""
    return Locator((Step(names[0]), *(Step(one, "box") for one in names[1:])))


FW, LIST, SIG, SBOM = at("fw.bin"), at("SHA256SUMS"), at("SHA256SUMS.sig"), at("sbom.json")


def sha256(text: str) -> Digest:
    return Digest("sha256", hashlib.sha256(text.encode()).digest())


def record(locator: Locator, size: int = SIZE, role: Role | None = None, **changes: object) -> ArtifactRecord:
    plain = ArtifactRecord(
        locator, size, (sha256(str(locator)),), role, "box", "Box", Opened.STRUCTURE, size, 0
    )  # fmt: skip
    return replace(plain, **changes)


def key(**changes: object) -> KeyRecord:
    plain = KeyRecord(
        vendor="acme",
        id="fw",
        type="public-key",
        fingerprint=PRINT,
        purposes=("firmware", "sbom"),
        products=("acme-*",),
        formats=(),
        valid_from="2024-01-01",
        valid_to="2029-01-01",
        status="active",
        revocation_date="",
        revocation_reason="",
        distrust="",
        sources=(KeySource("phone", "J. Ortiz", "2026-10-03"), KeySource("unit in service", "M. Lee", "2026-10-05")),
        sample=False,
        legal_name="ACME Power",
    )
    return replace(plain, **changes)


def signature(**changes: object) -> SignatureObservation:
    """Valid, over the whole list."""
    plain = SignatureObservation(
        scheme="raw-signature",
        source=SIG,
        subject=LIST,
        covers=(ByteRange(0, 100),),
        status=SignatureStatus.VALID,
        detail="it holds",
        fingerprint=PRINT,
        keys=("acme/fw",),
        algorithm="ed25519",
    )
    return replace(plain, **changes)


def broken(**changes: object) -> SignatureObservation:
    return signature(
        **{"status": SignatureStatus.INVALID, "covers": (), "keys": (), "detail": "it does not fit", **changes}
    )


def unknown(**changes: object) -> SignatureObservation:
    given = {"status": SignatureStatus.UNKNOWN_KEY, "fingerprint": OTHER_PRINT, "keys": (), "carried": True}
    return signature(**{**given, **changes})


def checksum(**changes: object) -> ChecksumObservation:
    """The image in the list."""
    digest = sha256(str(FW))
    return replace(ChecksumObservation(FW, "fw.bin", digest, digest, LIST, True), **changes)


def given(**changes: object) -> ChecksumObservation:
    """The operator's own, over the phone."""
    return checksum(**{"declared_in": None, "name": "", "channel": "phone, J. Ortiz, 2026-10-03", **changes})


def span(start: int, end: int, *ids: str, **changes: object) -> LedgerSpan:
    plain = LedgerSpan(ByteRange(start, end), FW, Opened.EXAMINED, "box", end - start, tuple(sorted(ids)), False)
    return replace(plain, **changes)


def ledger(*spans: LedgerSpan) -> ByteLedger:
    return ByteLedger(((FW, spans),))


def component(name: str = "openssl", version: str = "3.0.9", **changes: object) -> Component:
    return replace(Component(name, version, f"pkg:generic/{name}", 90, ("text",), (FW,), ("quote",)), **changes)


def row(kind: DiscrepancyKind, name: str = "openssl", declared: str = "3.0.9", seen: str = "3.0.9") -> Discrepancy:
    """A row of the comparison; an empty side where the kind has none."""
    absent = kind in (DiscrepancyKind.ABSENT_VISIBLE, DiscrepancyKind.ABSENT_UNSEEN)
    return Discrepancy(
        kind,
        None if kind in (DiscrepancyKind.UNDECLARED, DiscrepancyKind.COPY) else DeclaredComponent(name, declared),
        None if absent else component(name, seen),
        "because",
        True if kind is DiscrepancyKind.MATCHED and declared == seen != "" else None,
    )


def sbom(**changes: object) -> SbomObservation:
    plain = SbomObservation(
        SBOM, "CycloneDX", "1.6", True, (), (), "acme-ups", "3.1.0", "ACME", (sha256(str(FW)),), 1
    )  # fmt: skip
    return replace(plain, **changes)


def evidence(*signatures: SignatureObservation, **changes: object) -> Evidence:
    """Everything in order unless told otherwise. The ledger says that every signature given reaches the image."""
    ids = [identify(one) for one in signatures if one.status is not SignatureStatus.INVALID]
    plain = Evidence(
        schema=SCHEMA,
        at=AT,
        delivery="acme-ups-3.1.0",
        expectation=Expectation(vendor="acme", product="acme-ups", installed="3.0.2"),
        trust=TrustSnapshot("keys", "d" * 64, (key(),)),
        settings=RunSettings((), "in-process", (), ()),
        artifacts=(
            record(FW, role=Role.IMAGE),
            record(LIST, 100, Role.CHECKSUMS),
            record(SIG, 64, Role.SIGNATURE),
            record(SBOM, 500, Role.SBOM),
        ),
        signatures=signatures,
        checksums=(checksum(), checksum(subject=SBOM, name="sbom.json")),
        bindings=(Binding(LIST, FW, "sha256", True, True), Binding(LIST, SBOM, "sha256", True, True)),
        anomalies=(),
        contents=(),
        claims=(VersionClaim("3.1.0", "", "sbom-subject", SBOM, "acme-ups"),),
        clues=(),
        components=(component(),),
        sboms=(sbom(),),
        discrepancies=(row(DiscrepancyKind.MATCHED),),
        gaps=(),
        ledger=ledger(span(0, SIZE, *ids)),
    )
    return replace(plain, **changes)


def good(**changes: object) -> Evidence:
    return evidence(signature(), **changes)


def bare(**changes: object) -> Evidence:
    """An image alone: no signature, no checksum, no SBOM."""
    nothing: dict[str, object] = {
        "artifacts": (record(FW, role=Role.IMAGE),), "checksums": (), "bindings": (), "claims": (), "sboms": (),
        "discrepancies": (), "components": (), "trust": TrustSnapshot("", "", ()),
    }  # fmt: skip
    return evidence(**{**nothing, **changes})


def gap(reason: GapReason, locator: Locator = FW, detail: str = "why", **changes: object) -> Gap:
    return replace(Gap(reason, locator, detail, "box"), **changes)


def trust(*keys: KeyRecord) -> TrustSnapshot:
    return TrustSnapshot("keys", "d" * 64, keys)


def no_parent(name: str) -> Policy:
    raise AssertionError(f"no parent is looked for here: {name}")


def policy(rules: str, head: str = "") -> Policy:
    """A policy of these `rule: level` lines."""
    body = "\n".join(f"  {one}" for one in rules.strip().splitlines())
    text = f'fwverify: policy/1\nid: test\nversion: "1"\ntitle: T\n{head}\nrules:\n{body}\n'
    return parse_policy(text, "test.yaml", no_parent)


def judged(found: Evidence, rules: str, head: str = "", **options: object) -> Verdict:
    return evaluate(policy(rules, head), found, AT, evidence_digest="e" * 64, **options)


def finding(found: Evidence, rule: str, params: str = "", head: str = "", **options: object) -> Finding:
    """The one finding of a rule, named as `must` with these parameters (`min: 0.5, ignore: []`)."""
    more = f", {params}" if params else ""
    (one,) = judged(found, f"{rule}: {{level: must{more}}}", head, **options).findings
    return one
