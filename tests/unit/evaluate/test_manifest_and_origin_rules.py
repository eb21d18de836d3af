"""Lists of what is in a delivery, records where nothing shows the origin, licences, kernel settings."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fwverify.errors import PolicyError
from fwverify.evaluate.licences import choices
from fwverify.evaluate.no_method_text import parse_no_method
from fwverify.model.artifact import ByteRange, Role
from fwverify.model.component import DiscrepancyKind
from fwverify.model.evidence import (
    Anomaly,
    AnomalyKind,
    Binding,
    ContentKind,
    ContentObservation,
    Evidence,
    GapReason,
    SignatureStatus,
)
from fwverify.model.expectation import NoMethod
from fwverify.model.finding import Outcome
from fwverify.model.verdict import Decision
from tests.unit.evaluate.builders import (
    FW,
    LIST,
    SIG,
    SIZE,
    at,
    bare,
    checksum,
    component,
    evidence,
    finding,
    gap,
    given,
    good,
    judged,
    record,
    row,
    signature,
    unknown,
)

ROOTFS = at("fw.bin", "rootfs")
CONSISTENT, AUTHENTIC = "package.manifest-consistent", "checksum.manifest-authentic"
NO_METHOD, ENCRYPTED = "origin.no-method", "origin.encrypted-not-signed"


def binding(holds: bool = True) -> Binding:
    return Binding(FW, ROOTFS, "sha256", holds, True)


def test_manifest_fits() -> None:
    """Every part is what the package says; a checksum list beside it is no manifest of the package."""
    found = finding(good(bindings=(binding(),)), CONSISTENT)
    assert (found.outcome, found.denominator) == (Outcome.PASS, "1 of 1 entries fit")
    assert finding(good(), CONSISTENT).outcome is Outcome.NOT_EVALUATED
    assert finding(good(), CONSISTENT, "if-absent: not_applicable").outcome is Outcome.NOT_APPLICABLE


@pytest.mark.parametrize(
    "changes",
    [
        {"bindings": (binding(False),)},
        {"bindings": (binding(),), "anomalies": (Anomaly(AnomalyKind.OVERLAP, FW, "two at 0x10"),)},
        {"bindings": (binding(),), "anomalies": (Anomaly(AnomalyKind.HEADER_DISAGREES, ROOTFS, "two sizes"),)},
        {"gaps": (gap(GapReason.MISSING, FW, "the image ends before the region"),)},
    ],
)
def test_manifest_contradicted(changes: dict[str, object]) -> None:
    """Another part, two in one place, two sizes, a part that is not there."""
    found = finding(good(**changes), CONSISTENT, "if-absent: not_applicable")
    assert found.outcome is Outcome.FAIL
    assert len(found.items) == 1


def test_manifest_of_a_broken_image() -> None:
    """What could not be read to the end is not judged, and what lies beside the image says nothing of it."""
    cut = good(bindings=(binding(),), gaps=(gap(GapReason.MALFORMED),))
    assert finding(cut, CONSISTENT).outcome is Outcome.NOT_EVALUATED
    beside = good(bindings=(binding(),), anomalies=(Anomaly(AnomalyKind.OVERLAP, LIST, "x"),))
    assert finding(beside, CONSISTENT).outcome is Outcome.PASS


def test_checksum_list_authentic() -> None:
    """Signed by an accepted key, or confirmed itself over another way; else anybody may have written it."""
    assert finding(good(), AUTHENTIC).outcome is Outcome.PASS
    loose = finding(evidence(unknown()), AUTHENTIC)
    assert (loose.outcome, loose.denominator) == (Outcome.FAIL, "0 of 1 list")
    confirmed = evidence(checksums=(checksum(), given(subject=LIST)))
    assert finding(confirmed, AUTHENTIC).outcome is Outcome.PASS
    assert finding(bare(), AUTHENTIC).outcome is Outcome.NOT_EVALUATED
    assert finding(evidence(checksums=(given(),)), AUTHENTIC).outcome is Outcome.NOT_EVALUATED, "no list at all"


SAID = NoMethod("acme", (), "ACME PSIRT", "M. Lee", "phone", "2026-10-02", "none", ("compared with the approved copy",))


def asked(**changes: object) -> Evidence:
    plain = bare()
    return replace(plain, expectation=replace(plain.expectation, no_method=replace(SAID, **changes)))


def test_no_method_on_record() -> None:
    """A dated statement passes; where there is a method the rule does not apply; without either it is open."""
    found = finding(asked(), NO_METHOD)
    assert found.outcome is Outcome.PASS
    assert "ACME PSIRT, asked by M. Lee" in found.message
    assert finding(bare(), NO_METHOD).outcome is Outcome.NOT_EVALUATED
    assert finding(good(), NO_METHOD).outcome is Outcome.NOT_APPLICABLE
    assert finding(evidence(unknown()), NO_METHOD).outcome is Outcome.NOT_APPLICABLE, "a method, and not one that holds"
    assert finding(evidence(), NO_METHOD).outcome is Outcome.NOT_APPLICABLE, "a checksum list is one, if a weak one"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"vendor": "volta"}, "about volta, not about acme"),
        ({"products": ("acme-pdu",)}, "not about acme-ups"),
        ({"on": "2026-11-23"}, "has not come yet"),
        ({"on": "2025-11-21"}, "366 days old, and at most 365"),
    ],
)
def test_statements_that_do_not_count(changes: dict[str, object], words: str) -> None:
    """About somebody else, from the future, too old."""
    found = finding(asked(**changes), NO_METHOD)
    assert found.outcome is Outcome.FAIL
    assert words in found.message


def test_age_has_a_bound_that_can_be_lifted() -> None:
    """365 days count; 0 asks for no age."""
    assert finding(asked(on="2025-11-22"), NO_METHOD).outcome is Outcome.PASS
    assert finding(asked(on="1999-01-01"), NO_METHOD, "max-age-days: 0").outcome is Outcome.PASS


RECORD = """fwverify: no-method/1
vendor: acme
products: [acme-ups]
asked: ACME PSIRT, psirt@acme.example
asked-by: M. Lee
channel: phone
on: 2026-10-02
answer: They publish neither signatures nor checksums.
mitigation: [compared with the copy approved in 2024]
"""


def test_record_is_read() -> None:
    """Every field arrives."""
    found = parse_no_method(RECORD, "r.yaml")
    assert (found.vendor, found.products, found.on) == ("acme", ("acme-ups",), "2026-10-02")
    assert found.mitigation == ("compared with the copy approved in 2024",)


@pytest.mark.parametrize(
    ("old", "new", "place", "words"),
    [
        ("no-method/1", "no-method/2", "1:11", "no-method/2"),
        ("asked-by:", "askedby:", "5:1", "Did you mean 'asked-by'?"),
        ("on: 2026-10-02", "on: october", "7:5", "date"),
        ("[compared with the copy approved in 2024]", "[]", "9:13", "empty"),
        ("channel: phone\n", "", "1:1", "has no channel"),
        ("answer: They publish neither signatures nor checksums.", "answer: ''", "8:9", "empty"),
    ],
)
def test_mistakes_in_a_record(old: str, new: str, place: str, words: str) -> None:
    """Each with its place."""
    with pytest.raises(PolicyError) as caught:
        parse_no_method(RECORD.replace(old, new), "r.yaml")
    assert caught.value.where == f"r.yaml:{place}"
    assert words in caught.value.what


def encrypted(*signatures: object, **changes: object) -> Evidence:
    dark = (gap(GapReason.ENCRYPTED, range=ByteRange(0, SIZE)),)
    return evidence(*signatures, **{"gaps": dark, **changes})


def test_encrypted_not_signed() -> None:
    """Only a shared key protects it: fail. A signature over it, or over a list that names it: pass, whoever signed."""
    assert finding(encrypted(), ENCRYPTED).outcome is Outcome.FAIL
    assert finding(encrypted(signature(status=SignatureStatus.INVALID)), ENCRYPTED).outcome is Outcome.FAIL
    assert finding(encrypted(signature()), ENCRYPTED).outcome is Outcome.PASS
    assert finding(encrypted(unknown(subject=FW)), ENCRYPTED).outcome is Outcome.PASS
    assert finding(encrypted(signature(), bindings=()), ENCRYPTED).outcome is Outcome.FAIL, "it signs something else"


def test_partly_encrypted_or_damaged() -> None:
    """Half of an image counts; less does not; a broken container only looks encrypted."""
    part = (gap(GapReason.ENCRYPTED, range=ByteRange(0, 499)),)
    assert finding(evidence(gaps=part), ENCRYPTED).outcome is Outcome.PASS
    noise = gap(GapReason.UNEXPLAINED, range=ByteRange(0, SIZE), entropy=799)
    assert finding(evidence(gaps=(noise,)), ENCRYPTED).outcome is Outcome.FAIL
    assert finding(evidence(gaps=(noise, gap(GapReason.MALFORMED))), ENCRYPTED).outcome is Outcome.NOT_EVALUATED
    assert finding(evidence(artifacts=(record(SIG, role=Role.SIGNATURE),)), ENCRYPTED).outcome is Outcome.NOT_EVALUATED


@pytest.mark.parametrize(
    ("text", "ways"),
    [
        ("MIT", [{"MIT"}]),
        ("MIT OR Apache-2.0", [{"MIT"}, {"Apache-2.0"}]),
        ("MIT AND BSD-3-Clause", [{"MIT", "BSD-3-Clause"}]),
        ("(MIT or Zlib) and X11", [{"MIT", "X11"}, {"Zlib", "X11"}]),
        ("MIT OR Zlib AND X11", [{"MIT"}, {"Zlib", "X11"}]),
        ("GPL-2.0-only WITH Classpath-exception-2.0", [{"GPL-2.0-only WITH Classpath-exception-2.0"}]),
        ("The BSD licence, version 2", [{"The BSD licence, version 2"}]),
        ("(MIT", [{"(MIT"}]),
        ("MIT OR", [{"MIT OR"}]),
        ("(" * 40 + "MIT" + ")" * 40, [{"(" * 40 + "MIT" + ")" * 40}]),
        (" AND ".join(["(A OR B)"] * 12), [{" AND ".join(["(A OR B)"] * 12)}]),
    ],
)
def test_licence_expressions(text: str, ways: list[set[str]]) -> None:
    """SPDX precedence; what is no expression, nests without end or explodes counts as one name."""
    assert [set(one) for one in choices(text)] == ways


def licensed(*texts: str) -> Evidence:
    plain = row(DiscrepancyKind.MATCHED)
    assert plain.declared is not None
    return good(discrepancies=(replace(plain, declared=replace(plain.declared, licences=texts)),))


@pytest.mark.parametrize(
    ("texts", "params", "outcome"),
    [
        (("MIT",), "allow: [MIT]", Outcome.PASS),
        (("mit",), "allow: [MIT]", Outcome.PASS),
        (("GPL-3.0-only",), "allow: [MIT]", Outcome.FAIL),
        (("GPL-3.0-only",), "deny: ['GPL-3*', 'AGPL*']", Outcome.FAIL),
        (("GPL-3.0-only OR MIT",), "deny: ['GPL-3*']", Outcome.PASS),
        (("GPL-3.0-only AND MIT",), "deny: ['GPL-3*']", Outcome.FAIL),
        (("MIT", "GPL-3.0-only"), "deny: ['GPL-3*']", Outcome.FAIL),
        ((), "deny: ['GPL-3*']", Outcome.NOT_EVALUATED),
        (("MIT",), "if-absent: not_evaluated", Outcome.NOT_EVALUATED),
        (("MIT",), "if-absent: not_applicable", Outcome.NOT_APPLICABLE),
    ],
)
def test_licences(texts: tuple[str, ...], params: str, outcome: Outcome) -> None:
    """One acceptable choice is enough, all licences of an entry apply, silence is no licence."""
    assert finding(licensed(*texts), "component.licence", params).outcome is outcome


def configured(**settings: str) -> Evidence:
    found = [
        ContentObservation(ContentKind.KERNEL_CONFIG, FW, 0, f"CONFIG_{one}", value) for one, value in settings.items()
    ]
    return good(contents=tuple(found))


def test_kernel_config() -> None:
    """Settings as asked; one that is not named counts as off; no kernel does not apply, a silent one is open."""
    rule, want = "hardening.kernel-config", "want: [STRICT_KERNEL_RWX=y, KGDB=n]"
    assert finding(configured(STRICT_KERNEL_RWX="y"), rule, want).outcome is Outcome.PASS
    wrong = finding(configured(STRICT_KERNEL_RWX="n", KGDB="y"), rule, want)
    assert (wrong.outcome, wrong.denominator) == (Outcome.FAIL, "0 of 2 settings")
    assert finding(good(), rule, want).outcome is Outcome.NOT_APPLICABLE
    assert finding(good(components=(component("linux"),)), rule, want).outcome is Outcome.NOT_EVALUATED


def test_damage_and_absence_earn_no_pass() -> None:
    """A CRC that holds, and a test key that is not there, say nothing about origin: no required rule of these alone."""
    crc = replace(checksum(), inner=True)
    found = bare(checksums=(crc,))
    assert judged(found, "checksum.inner: must\nsignature.known-test-key: must").decision is Decision.INCONCLUSIVE
    assert judged(good(), "signature.valid: must").decision is Decision.PASS
