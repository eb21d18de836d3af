"""Rules on package, checksums, Sigstore, versions, SBOM, components and secrets."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fwverify.model.artifact import ByteRange, Digest, Role
from fwverify.model.canonical import identify
from fwverify.model.component import DiscrepancyKind
from fwverify.model.evidence import (
    Anomaly,
    AnomalyKind,
    Binding,
    ContentKind,
    ContentObservation,
    GapReason,
    Opened,
    SignatureStatus,
)
from fwverify.model.expectation import Expectation, VersionClaim
from fwverify.model.finding import Outcome
from tests.unit.evaluate.builders import (
    FW,
    LIST,
    SBOM,
    SIZE,
    at,
    bare,
    broken,
    checksum,
    component,
    evidence,
    finding,
    gap,
    given,
    good,
    judged,
    key,
    ledger,
    record,
    row,
    sbom,
    sha256,
    signature,
    span,
    trust,
)

PASS, FAIL, OPEN, NOT_ASKED = Outcome.PASS, Outcome.FAIL, Outcome.NOT_EVALUATED, Outcome.NOT_APPLICABLE
K, A, D = ContentKind, AnomalyKind, DiscrepancyKind
PACKAGE = (
    "package.identified", "package.examined", "package.limits", "package.opaque", "package.duplicate-members",
    "package.trailing-data",
)  # fmt: skip


def outcome(found: object, rule: str, params: str = "") -> Outcome:
    return finding(found, rule, params).outcome  # type: ignore[arg-type]


def anomaly(kind: AnomalyKind, locator: object = FW, **changes: object) -> Anomaly:
    return replace(Anomaly(kind, FW, "seen"), **{"locator": locator, **changes})


# --- package -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", PACKAGE)
def test_package(rule: str) -> None:
    """The good delivery passes; one without image is not evaluated."""
    assert outcome(good(), rule) is PASS
    assert outcome(good(artifacts=(), ledger=ledger()), rule) is OPEN


def test_identified() -> None:
    """An unknown format is not evaluated, one the policy does not allow fails, a broken structure is not a pass."""
    unknown = record(FW, role=Role.IMAGE, format="scan", format_title="")
    assert outcome(good(artifacts=(unknown,)), "package.identified") is OPEN
    assert outcome(good(), "package.identified", "allowed-formats: [fit]") is FAIL
    assert outcome(good(), "package.identified", "allowed-formats: [box]") is PASS
    assert outcome(good(gaps=(gap(GapReason.MALFORMED),)), "package.identified") is OPEN
    assert outcome(good(artifacts=(replace(unknown, format="elf"),)), "package.identified") is PASS


def test_examined() -> None:
    """The ratio is exact: one byte below the minimum fails, and names its owner."""
    found = good(
        ledger=ledger(span(0, 980), span(980, SIZE, opened=Opened.GAP, opened_bytes=0, owner=at("fw.bin", "x")))
    )
    assert outcome(found, "package.examined", "min: 0.98") is PASS
    bad = finding(found, "package.examined", "min: 0.9801")
    assert bad.outcome is FAIL
    assert [one.subject for one in bad.items] == ["fw.bin!x"]
    assert bad.denominator == "980 of 1,000 bytes"
    assert outcome(good(ledger=ledger(span(0, SIZE, opened=Opened.EMPTY, opened_bytes=0))), "package.examined") is PASS


@pytest.mark.parametrize("kind", [A.TRAVERSAL, A.LINK_ESCAPE, A.DEVICE_NODE])
def test_hostile_structure(kind: AnomalyKind) -> None:
    """Each kind of hostile structure fails."""
    assert outcome(good(anomalies=(anomaly(kind),)), "package.limits") is FAIL


def test_device_nodes_in_a_root_file_system() -> None:
    """Device nodes are normal in a root file system; names that lead out are not."""
    inside = at("fw.bin", "rootfs")
    records = (record(FW, role=Role.IMAGE), record(inside, format="squashfs"))
    assert outcome(good(artifacts=records, anomalies=(anomaly(A.DEVICE_NODE, inside),)), "package.limits") is PASS
    assert outcome(good(artifacts=records, anomalies=(anomaly(A.TRAVERSAL, inside),)), "package.limits") is FAIL


def test_limits_reached() -> None:
    """A bomb fails on every machine; a slow machine or a dead reader is not evaluated."""
    bomb = gap(GapReason.LIMIT, detail="limit max_ratio reached (2001)")
    slow = gap(GapReason.LIMIT, detail="limit max_seconds reached (900)")
    assert outcome(good(gaps=(bomb,)), "package.limits") is FAIL
    assert outcome(good(gaps=(slow,)), "package.limits") is OPEN
    assert outcome(good(gaps=(gap(GapReason.CRASHED),)), "package.limits") is OPEN


def test_opaque() -> None:
    """Encrypted or random-looking unknown content fails beyond the ratio."""
    part = gap(GapReason.ENCRYPTED, range=ByteRange(0, 100))
    assert outcome(good(gaps=(part,)), "package.opaque") is FAIL
    assert outcome(good(gaps=(part,)), "package.opaque", "max-ratio: 0.1") is PASS
    assert outcome(good(gaps=(part,)), "package.opaque", "max-ratio: 0.0999") is FAIL
    noise = gap(GapReason.UNEXPLAINED, range=ByteRange(0, 100), entropy=790)
    assert outcome(good(gaps=(noise,)), "package.opaque") is FAIL
    assert outcome(good(gaps=(replace(noise, entropy=300),)), "package.opaque") is PASS
    unmeasured = gap(GapReason.UNEXPLAINED, range=ByteRange(0, 256))
    assert outcome(good(gaps=(unmeasured,)), "package.opaque") is FAIL, "it may be anything"
    assert outcome(good(gaps=(replace(unmeasured, range=ByteRange(0, 255)),)), "package.opaque") is PASS
    nowhere = gap(GapReason.ENCRYPTED, at("gone"))
    assert outcome(good(gaps=(nowhere,)), "package.opaque", "max-ratio: 1") is FAIL, "of unknown size"


def test_opaque_in_damage() -> None:
    """What looks random within a container that broke is not judged; beside real opaque content it does not help."""
    noise = gap(GapReason.UNEXPLAINED, range=ByteRange(0, 100), entropy=790)
    broken = gap(GapReason.MALFORMED)
    assert outcome(good(gaps=(noise, broken)), "package.opaque") is Outcome.NOT_EVALUATED
    assert outcome(good(gaps=(noise, replace(broken, locator=at("other")))), "package.opaque") is FAIL
    for reason, detail in (
        (GapReason.CRASHED, "the worker died"),
        (GapReason.LIMIT, "limit worker_cpu_seconds reached (1)"),
    ):
        stopped = gap(reason, detail=detail)
        assert outcome(good(gaps=(noise, stopped)), "package.opaque") is Outcome.NOT_EVALUATED
    bomb = gap(GapReason.LIMIT, detail="limit max_ratio reached (2001)")
    assert outcome(good(gaps=(noise, bomb)), "package.opaque") is FAIL
    within = replace(noise, locator=noise.locator.into("range", "@0x0-0x64"))
    assert outcome(good(gaps=(within, broken)), "package.opaque") is Outcome.NOT_EVALUATED
    deeper = replace(within, locator=within.locator.into("gzip", "inner"))
    assert outcome(good(gaps=(deeper, broken)), "package.opaque") is FAIL
    hidden = gap(GapReason.ENCRYPTED, range=ByteRange(100, 200))
    assert outcome(good(gaps=(noise, broken, hidden)), "package.opaque") is FAIL
    assert outcome(good(gaps=(noise, broken, hidden)), "package.opaque", "max-ratio: 0.1") is Outcome.NOT_EVALUATED


def test_ambiguous_structure() -> None:
    """What two readers would see differently fails; a structure that was not read to the end is not judged."""
    for kind in (A.DUPLICATE_MEMBER, A.NAME_COLLISION, A.HEADER_DISAGREES):
        assert outcome(good(anomalies=(anomaly(kind),)), "package.duplicate-members") is FAIL
    assert outcome(good(gaps=(gap(GapReason.LIMIT),)), "package.duplicate-members") is OPEN


def test_trailing_data() -> None:
    """Padding and what the policy tolerates pass; other bytes, overlaps and second formats fail."""
    rule = "package.trailing-data"
    behind = anomaly(A.TRAILING_DATA, range=ByteRange(0, 8))
    assert outcome(good(anomalies=(behind,)), rule) is FAIL
    assert outcome(good(anomalies=(behind,)), rule, "max-bytes: 8") is PASS
    assert outcome(good(anomalies=(behind,)), rule, "max-bytes: 7") is FAIL
    assert outcome(good(anomalies=(replace(behind, fill="FF"),)), rule) is PASS
    assert outcome(good(anomalies=(replace(behind, fill="FF"),)), rule, 'padding: ["00"]') is FAIL
    for kind in (A.OVERLAP, A.TWO_FORMATS):
        assert outcome(good(anomalies=(anomaly(kind),)), rule, "max-bytes: 999") is FAIL


# --- checksums ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", ["checksum.match", "checksum.strength", "checksum.channel", "checksum.inner"])
def test_no_checksum(rule: str) -> None:
    """Nothing there: not evaluated, or not applicable where the policy says that it does not ask."""
    assert outcome(bare(), rule) is OPEN
    assert outcome(bare(), rule, "if-absent: not_applicable") is NOT_ASKED


def test_match() -> None:
    """What fits passes; what does not fit, contradicts itself or leaves an image out of its list fails."""
    rule, quiet = "checksum.match", "if-absent: not_applicable"
    assert outcome(good(), rule) is PASS
    assert outcome(good(checksums=(checksum(holds=False),)), rule, quiet) is FAIL
    assert outcome(good(checksums=(checksum(), given(subject=None, computed=None, holds=False))), rule) is FAIL
    undelivered = checksum(subject=None, computed=None, holds=False, name="other.bin")
    assert outcome(good(checksums=(checksum(), undelivered)), rule) is PASS
    assert outcome(good(checksums=(checksum(), checksum(declared=sha256("x")))), rule) is FAIL
    second = (*good().artifacts, record(at("b.bin"), 5, Role.IMAGE))
    unlisted = finding(good(artifacts=second), rule, quiet)
    assert unlisted.outcome is FAIL
    assert [one.subject for one in unlisted.items] == ["b.bin"]
    assert outcome(bare(artifacts=second, checksums=(given(),)), rule) is OPEN, "no list that leaves it out"
    assert outcome(bare(artifacts=(), checksums=(given(),)), rule) is OPEN
    through = (Binding(FW, at("b.bin"), "sha256", True, True),)
    assert outcome(good(artifacts=second, bindings=through), rule) is PASS
    archive = checksum(subject=at("all.zip"))
    inside = (record(at("all.zip", "fw.bin"), role=Role.IMAGE),)
    assert outcome(bare(artifacts=inside, checksums=(archive,)), rule) is PASS


def test_checksum_strength() -> None:
    """MD5 alone is too weak; the policy may ask for more than SHA-256."""
    md5 = checksum(declared=Digest("md5", bytes(16)), computed=Digest("md5", bytes(16)))
    assert outcome(good(), "checksum.strength") is PASS
    assert outcome(good(checksums=(md5,)), "checksum.strength") is FAIL
    assert outcome(good(checksums=(md5, checksum())), "checksum.strength") is PASS
    assert outcome(good(), "checksum.strength", "min: sha512") is FAIL
    assert outcome(good(checksums=(checksum(holds=False),)), "checksum.strength") is OPEN


def test_channel() -> None:
    """A list beside the file is the same channel; a given one must say way, person and date."""
    rule = "checksum.channel"
    assert outcome(good(), rule) is FAIL
    assert outcome(good(checksums=(checksum(), given())), rule) is PASS
    for words in ("", "phone", "2026-10-03", "phone, 2026-10-03", "phone, J. Ortiz", "phone, J. Ortiz, yesterday"):
        assert outcome(good(checksums=(given(channel=words),)), rule) is FAIL, words
    assert outcome(good(checksums=(given(holds=False),)), rule) is FAIL


def test_inner() -> None:
    """Checks inside the image hold or fail with their names."""
    rule = "checksum.inner"
    assert outcome(good(checksums=(checksum(inner=True, name="rootfs"),)), rule) is PASS
    bad = finding(good(checksums=(checksum(inner=True, name="rootfs", holds=False),)), rule)
    assert bad.outcome is FAIL
    assert "rootfs" in bad.message


# --- Sigstore ----------------------------------------------------------------------------------------------------


def test_sigstore_identity() -> None:
    """Identity and issuer on record pass; another one fails; an unreadable bundle is not evaluated."""
    rule = "sigstore.identity"
    who = {"type": "sigstore-identity", "fingerprint": "", "identity": "ci@acme", "issuer": "https://login"}
    bundle = signature(scheme="sigstore-bundle", identity="ci@acme", issuer="https://login")
    found = evidence(bundle, trust=trust(key(**who)))
    assert outcome(good(), rule) is OPEN
    assert outcome(good(), rule, "if-absent: not_applicable") is NOT_ASKED
    assert outcome(found, rule) is PASS
    assert outcome(found, rule, "identity: ci@acme, issuer: 'https://login'") is PASS
    assert outcome(found, rule, "identity: ci@acme, issuer: 'https://else'") is FAIL
    stranger = replace(bundle, identity="me@evil", status=SignatureStatus.UNKNOWN_KEY, keys=())
    assert outcome(evidence(stranger, trust=trust(key(**who))), rule) is FAIL
    unchecked = replace(bundle, status=SignatureStatus.UNVERIFIABLE)
    assert outcome(evidence(unchecked, trust=trust(key(**who))), rule) is OPEN
    assert outcome(evidence(stranger, trust=trust()), rule) is OPEN


# --- versions ----------------------------------------------------------------------------------------------------


def test_no_downgrade() -> None:
    """Later and same pass, older and unparsable fail, nothing stated or nothing signed is not evaluated."""
    rule = "version.no-downgrade"

    def installed(version: str) -> object:
        return good(expectation=Expectation("acme", "acme-ups", installed=version))

    for version, wanted in (("3.0.2", PASS), ("3.1.0", PASS), ("3.1.1", FAIL), ("3.10", FAIL), ("", OPEN)):
        assert outcome(installed(version), rule) is wanted, version
    assert outcome(installed("unknown"), rule) is FAIL
    assert outcome(evidence(), rule) is OPEN, "unsigned bytes claim nothing"
    assert outcome(evidence(broken()), rule) is OPEN


def test_which_claims_count() -> None:
    """Only covered bytes speak: a file name never, a package's os-release where the SBOM says nothing."""
    rule = "version.no-downgrade"
    named = VersionClaim("9.9", "", "file-name", FW)
    release = VersionClaim("3.0.1", "", "os-release", at("fw.bin", "etc/os-release"))
    assert outcome(good(claims=(named,)), rule) is OPEN
    assert outcome(good(claims=(release,)), rule) is FAIL
    verdict = judged(good(claims=(*good().claims, release)), f"{rule}: must")
    assert verdict.version == "3.1.0"
    assert verdict.findings[0].outcome is PASS


def test_sbom_of_another_release_claims_nothing() -> None:
    """A newer SBOM, signed apart and naming no image here, cannot hide a downgrade."""
    apart = signature(source=at("s.sig"), subject=SBOM, covers=(ByteRange(0, 500),))
    over_image = signature(subject=FW, covers=(ByteRange(0, SIZE),))
    found = evidence(apart, over_image, bindings=(), sboms=(sbom(subject_hashes=(sha256("else"),)),))
    assert outcome(found, "sbom.authentic") is PASS
    assert outcome(found, "version.no-downgrade") is OPEN
    assert outcome(replace(found, sboms=(sbom(),)), "version.no-downgrade") is PASS


def test_minimum() -> None:
    """Below the minimum fails, and so does what cannot be compared."""
    rule = "version.minimum"
    for least, wanted in (("3.1.0", PASS), ("3.0", PASS), ("3.1.1", FAIL), ("20260101", FAIL)):
        assert outcome(good(), rule, f'min: "{least}"') is wanted, least
    assert outcome(good(), rule) is OPEN
    assert outcome(good(), rule, "if-absent: not_applicable") is NOT_ASKED
    assert outcome(evidence(), rule, "min: 1.0, if-absent: not_applicable") is OPEN


# --- SBOM --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", ["sbom.present", "sbom.schema", "sbom.subject", "sbom.authentic"])
def test_sbom(rule: str) -> None:
    """The good SBOM passes; none at all, or one that could not be read, is not evaluated."""
    assert outcome(good(), rule) is PASS
    assert outcome(bare(), rule) is OPEN
    assert "could not be read" in finding(good(sboms=()), rule).message


def test_sbom_present_but_empty() -> None:
    """An SBOM that declares nothing is present and too weak."""
    assert outcome(good(sboms=(sbom(components=0),)), "sbom.present") is FAIL


def test_schema() -> None:
    """Invalid fails with the place; a version without schema is not evaluated; too old fails."""
    wrong = finding(good(sboms=(sbom(schema_valid=False, schema_errors=("/components/0: no name",)),)), "sbom.schema")
    assert wrong.outcome is FAIL
    assert "/components/0" in wrong.message
    assert outcome(good(sboms=(sbom(schema_valid=None),)), "sbom.schema") is OPEN
    assert outcome(good(sboms=(sbom(spec_version="1.4"),)), "sbom.schema", "min-spec: 1.5") is FAIL
    assert outcome(good(sboms=(sbom(spec_version="1.10"),)), "sbom.schema", "min-spec: 1.5") is PASS


def test_subject() -> None:
    """A digest decides; without one, name and version do."""
    rule = "sbom.subject"

    def about(**changes: object) -> object:
        return good(sboms=(sbom(subject_hashes=(), **changes),))

    assert outcome(good(sboms=(sbom(subject_hashes=(sha256("else"),)),)), rule) is FAIL
    assert outcome(about(subject_name="acme-bms"), rule) is FAIL
    assert outcome(about(subject_name="ACME UPS"), rule) is OPEN, "no version to compare"
    stated = Expectation("acme", "acme-ups", version="3.1.0")
    assert outcome(replace(about(), expectation=stated), rule) is PASS  # type: ignore[type-var]
    assert outcome(replace(about(subject_version="3.0"), expectation=stated), rule) is FAIL  # type: ignore[type-var]
    assert outcome(about(subject_name="UPS3"), rule, "aliases: [ups3]") is OPEN
    assert outcome(replace(about(), expectation=Expectation()), rule) is OPEN  # type: ignore[type-var]


def test_authentic() -> None:
    """An SBOM is authentic by list, by own signature with the purpose, or inside a signed image; else it fails."""
    rule = "sbom.authentic"
    assert outcome(good(bindings=(Binding(LIST, FW, "sha256", True, True),)), rule) is FAIL
    assert outcome(good(bindings=(Binding(LIST, SBOM, "md5", True, False),)), rule) is FAIL
    assert outcome(good(bindings=(Binding(LIST, SBOM, "sha256", False, True),)), rule) is FAIL
    assert outcome(good(trust=trust(key(purposes=("firmware",)))), rule) is FAIL
    own = signature(source=at("s.sig"), subject=SBOM, covers=(ByteRange(0, 500),))
    assert outcome(evidence(own, bindings=(), trust=trust(key(purposes=("sbom",)))), rule) is PASS
    inside = at("fw.bin", "sbom.json")
    found = good(sboms=(sbom(locator=inside),), trust=trust(key(purposes=("firmware",))))
    assert outcome(found, rule) is PASS


# --- components --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "rule", ["component.undeclared", "component.absent", "component.version-mismatch", "component.hash-mismatch"]
)
def test_no_sbom(rule: str) -> None:
    """Without an SBOM there is nothing to compare."""
    assert outcome(good(sboms=(), discrepancies=()), rule) is OPEN


def test_undeclared() -> None:
    """One undeclared component fails; ignored, unsure and the release itself do not; absence must be earned."""
    rule = "component.undeclared"
    more = (row(D.MATCHED), row(D.UNDECLARED, "dropbear"))
    assert outcome(good(), rule) is PASS
    bad = finding(good(discrepancies=more), rule)
    assert bad.outcome is FAIL
    assert bad.denominator == "1 of 2 components found are in the SBOM"
    assert [one.subject for one in bad.items] == ["pkg:generic/dropbear"]
    assert outcome(good(discrepancies=more), rule, "ignore: [drop*]") is PASS
    assert outcome(good(discrepancies=more), rule, "ignore: ['pkg:generic/drop*']") is PASS
    assert outcome(good(discrepancies=more), rule, "min-confidence: 0.91") is PASS
    release = row(D.UNDECLARED, "acme-ups", seen="3.1.0")
    assert outcome(good(discrepancies=(row(D.MATCHED), release)), rule) is PASS
    assert outcome(good(discrepancies=()), rule) is OPEN, "a ratio over zero"
    dark = good(ledger=ledger(span(0, SIZE, opened_bytes=990)))
    assert outcome(dark, rule) is OPEN
    assert outcome(dark, rule, "max-unexamined: 0.01") is PASS
    assert outcome(replace(dark, discrepancies=more), rule) is FAIL, "what was found is found"


def test_copies_inside_declared_components() -> None:
    """They are told and do not count, unless the policy says so; alone they are no ratio."""
    rule, copy = "component.undeclared", row(D.COPY, "lua", seen="5.1.5")
    copy = replace(copy, observed=component("lua", "5.1.5", inside="redis"))
    held = finding(good(discrepancies=(row(D.MATCHED), copy)), rule)
    assert held.outcome is PASS
    assert "lua 5.1.5 in redis" in held.message
    assert held.denominator == "1 of 1 components found are in the SBOM"
    strict = finding(good(discrepancies=(row(D.MATCHED), copy)), rule, "copies: false")
    assert strict.outcome is FAIL
    assert strict.denominator == "1 of 2 components found are in the SBOM"
    assert outcome(good(discrepancies=(copy,)), rule) is OPEN


def test_absent() -> None:
    """What should have been visible fails; what could not be seen is not evaluated."""
    rule = "component.absent"
    assert outcome(good(), rule) is PASS
    assert outcome(good(discrepancies=(row(D.ABSENT_VISIBLE),)), rule) is FAIL
    assert outcome(good(discrepancies=(row(D.ABSENT_UNSEEN),)), rule) is OPEN
    assert outcome(good(discrepancies=()), rule) is OPEN


def test_version_mismatch() -> None:
    """A contradiction fails unless tolerated; nothing comparable is not evaluated."""
    rule = "component.version-mismatch"
    differs = (row(D.MATCHED), row(D.VERSION_DIFFERS, "lighttpd", "1.4.70", "1.4.69"))
    assert outcome(good(), rule) is PASS
    bad = finding(good(discrepancies=differs), rule)
    assert bad.outcome is FAIL
    assert "lighttpd 1.4.70 declared, 1.4.69 in the image" in bad.message
    assert outcome(good(discrepancies=differs), rule, "tolerate: [lighttpd]") is PASS
    assert outcome(good(discrepancies=(row(D.MATCHED, seen=""),)), rule) is OPEN


def test_hash_mismatch() -> None:
    """A file whose hash differs fails; no hash at all is absent."""
    rule = "component.hash-mismatch"
    assert outcome(good(), rule, "if-absent: not_applicable") is NOT_ASKED
    differs = replace(row(D.HASH_DIFFERS), locator=at("fw.bin", "bin/sh"))
    assert outcome(good(discrepancies=(differs,)), rule) is FAIL
    same = row(D.MATCHED)
    assert same.declared is not None
    same = replace(same, locator=FW, declared=replace(same.declared, hashes=(sha256(str(FW)),)))
    assert outcome(good(discrepancies=(same,)), rule) is PASS


def test_forbidden() -> None:
    """The deny list by name, range, glob and purl, in image and SBOM; a version nobody knows is not a pass."""
    rule = "component.forbidden"
    assert outcome(good(), rule) is OPEN
    assert outcome(good(), rule, "if-absent: not_applicable") is NOT_ASKED
    for deny, wanted in (
        ("OpenSSL", FAIL), ("openssl@<3.0.14", FAIL), ("openssl@<3.0.9", PASS), ("openssl@>=3.0,<3.1", FAIL),
        ("openssl@=3.0.9", FAIL), ("open*", FAIL), ("pkg:generic/openssl*", FAIL), ("telnetd", PASS),
        ("openssl@<20260101", OPEN),
    ):  # fmt: skip
        assert outcome(good(), rule, f'deny: ["{deny}"]') is wanted, deny
    nameless = good(components=(component(version=""),), discrepancies=())
    assert outcome(nameless, rule, 'deny: ["openssl@<3.0.14"]') is OPEN
    declared = good(components=(), discrepancies=(row(D.ABSENT_UNSEEN, "telnetd"),))
    assert outcome(declared, rule, "deny: [telnetd]") is FAIL
    assert outcome(good(ledger=ledger(span(0, SIZE, opened_bytes=0))), rule, "deny: [telnetd]") is OPEN


def test_executables_examined() -> None:
    """Parsed by present; raw machine code and no executables are not evaluated."""
    rule = "component.examined"
    one, two = at("fw.bin", "a"), at("fw.bin", "b")
    records = (
        record(FW, role=Role.IMAGE), record(one, format="elf", opened=Opened.EXAMINED),
        record(two, format="elf", opened=Opened.EXAMINED),
    )  # fmt: skip
    assert outcome(good(), rule) is OPEN
    assert outcome(good(artifacts=records), rule) is PASS
    hollow = good(artifacts=records, gaps=(gap(GapReason.MALFORMED, two),))
    assert outcome(hollow, rule) is FAIL
    assert outcome(hollow, rule, "min: 0.5") is PASS
    raw = good(contents=(ContentObservation(K.MACHINE_CODE, FW, 0, "", "cortex-m"),))
    assert "not analysed" in finding(raw, rule).message


# --- secrets -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "kind"),
    [
        ("secret.private-key", K.PRIVATE_KEY),
        ("secret.default-password", K.PASSWORD),
        ("secret.token", K.TOKEN),
        ("secret.authorized-keys", K.AUTHORIZED_KEY),
        ("secret.debug-shell", K.DEBUG_SHELL),
        ("secret.cleartext-service", K.SERVICE),
        ("endpoint.unattended-update", K.UPDATER),
    ],
)
def test_secrets(rule: str, kind: ContentKind) -> None:
    """Found fails unless allowed by place or fingerprint; not found counts only in what was examined."""
    found = good(contents=(ContentObservation(kind, at("fw.bin", "etc/shadow"), 3, "abcd", "root"),))
    assert outcome(good(), rule) is PASS
    assert outcome(found, rule) is FAIL
    assert outcome(found, rule, "allow: [etc/shadow]") is PASS
    assert outcome(found, rule, "allow: ['fw.bin!etc/*']") is PASS
    assert outcome(found, rule, "allow: [abcd]") is PASS
    assert outcome(found, rule, "allow: [ab]") is FAIL
    dark = good(ledger=ledger(span(0, SIZE, identify(signature()), opened_bytes=999)))
    assert outcome(dark, rule) is OPEN
    assert outcome(dark, rule, "max-unexamined: 0.001") is PASS
    assert outcome(bare(artifacts=(), ledger=ledger()), rule) is OPEN
