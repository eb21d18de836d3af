"""Rules on signatures and origin: pass, fail, not evaluated."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fwverify.model.artifact import ByteRange, Role
from fwverify.model.canonical import identify
from fwverify.model.evidence import ContentKind, ContentObservation, KeySource, Opened, SignatureStatus
from fwverify.model.expectation import Expectation
from fwverify.model.finding import Outcome
from fwverify.trust.known_test_keys import KNOWN
from tests.unit.evaluate.builders import (
    AT,
    FW,
    LIST,
    OTHER_PRINT,
    PRINT,
    SIZE,
    at,
    bare,
    broken,
    checksum,
    evidence,
    finding,
    given,
    good,
    judged,
    key,
    ledger,
    record,
    signature,
    span,
    trust,
    unknown,
)

PASS, FAIL, OPEN = Outcome.PASS, Outcome.FAIL, Outcome.NOT_EVALUATED
ON_SIGNATURES = (
    "signature.present", "signature.valid", "signature.signer-pinned", "signature.coverage", "signature.algorithm",
    "signature.revocation",
)  # fmt: skip
UNCHECKED = signature(status=SignatureStatus.UNVERIFIABLE, covers=(), keys=(), fingerprint="", detail="openpgp")
STATED = "if-unstated: not_evaluated"


@pytest.mark.parametrize("rule", [*ON_SIGNATURES, "origin.strength"])
def test_good(rule: str) -> None:
    """The good delivery passes every rule of the family."""
    assert finding(good(), rule).outcome is PASS


@pytest.mark.parametrize("rule", [*ON_SIGNATURES, "origin.strength", "sbom.authentic"])
def test_nothing_to_check(rule: str) -> None:
    """No signature at all is not evaluated, never not applicable, and says so."""
    found = finding(evidence(), rule)
    assert found.outcome is OPEN
    assert "no signature" in found.message
    assert found.items, "something a waiver could bind to"


@pytest.mark.parametrize("rule", ON_SIGNATURES)
def test_only_unverifiable(rule: str) -> None:
    """A signature nobody could check earns nothing and convicts nobody."""
    assert finding(evidence(UNCHECKED), rule).outcome is OPEN


@pytest.mark.parametrize("rule", ["signature.signer-pinned", "signature.coverage", "origin.strength"])
def test_no_registry(rule: str) -> None:
    """Without any key on record there is nothing to compare a signature with."""
    assert finding(evidence(unknown(), trust=trust()), rule).outcome is OPEN


def test_present_but_for_nothing() -> None:
    """A signature for a file that was not delivered is present and too weak."""
    assert finding(evidence(signature(subject=None, covers=())), "signature.present").outcome is FAIL


def test_one_invalid_fails() -> None:
    """An invalid signature fails, however many others hold."""
    found = finding(evidence(signature(), broken(source=at("other.sig"))), "signature.valid")
    assert found.outcome is FAIL
    assert [one.subject for one in found.items] == ["other.sig"]


def test_intact_by_unknown_key_is_not_invalid() -> None:
    """It earns nothing in signature.valid; signer-pinned says what it is."""
    found = evidence(unknown())
    assert finding(found, "signature.valid").outcome is OPEN
    pinned = finding(found, "signature.signer-pinned")
    assert pinned.outcome is FAIL
    assert "9f3a 77c0 51de 02b8" in pinned.message
    assert "came inside this delivery" in pinned.message


REFUSALS = [
    (key(vendor="volta", legal_name="VOLTA"), "VOLTA, not for acme"),
    (key(products=("acme-bms-*",)), "not for acme-ups"),
    (key(products=()), "no product"),
    (key(purposes=("sbom",)), "not for firmware"),
    (key(formats=("minisign",)), "not for raw-signature"),
    (key(sample=True), "sample key"),
    (key(status="suspended"), "suspended"),
    (key(status="revoked", revocation_date="2026-05-01", revocation_reason="stolen"), "since 2026-05-01: stolen"),
    (key(status="superseded", revocation_date="2026-05-01"), "superseded"),
    (key(status="lost"), "unknown status"),
    (key(status="tofu"), "first use"),
    (key(valid_to="2026-11-21"), "valid until"),
    (key(valid_from="2026-11-23"), "only from"),
    (key(sources=()), "0 of 2"),
    (key(sources=(KeySource("phone", "A", ""), KeySource("phone", "B", ""))), "1 of 2"),
    (key(sources=(KeySource("phone", "A", ""), KeySource("Web", "a", ""))), "1 of 2"),
    (key(sources=(KeySource("phone", "A", "", "ffff" * 16), KeySource("web", "B", "", PRINT))), "1 of 2"),
    (key(sources=(KeySource("phone", "A", "", PRINT[:8]), KeySource("web", "B", "", PRINT))), "1 of 2"),
    (key(fingerprint=OTHER_PRINT), "not on record"),
]


@pytest.mark.parametrize(("entry", "words"), REFUSALS)
def test_refusals(entry: object, words: str) -> None:
    """Every reason to refuse a key is said in plain words, fails the rule, and takes the coverage away."""
    found = good(trust=trust(entry))
    pinned = finding(found, "signature.signer-pinned")
    assert pinned.outcome is FAIL
    assert words in pinned.message
    covered = judged(found, "signature.coverage: must\nsignature.signer-pinned: must")
    assert covered.signed.signed_bytes == 0
    assert covered.signed.unpinned_bytes == SIZE
    assert covered.signed.by == ()


@pytest.mark.parametrize(
    "entry",
    [
        key(valid_to="2026-11-22"),
        key(valid_from="2026-11-22"),
        key(status="superseded", revocation_date="2026-12-01"),
        key(sources=(KeySource("phone", "A", "", PRINT[:16]), KeySource("web", "B", "", "44C1 F0D2 8A7E 19B3"))),
        key(formats=("raw-signature",)),
    ],
)
def test_accepted_edges(entry: object) -> None:
    """The last day counts, a withdrawal to come does not yet, first digits of a fingerprint are enough."""
    assert finding(good(trust=trust(entry)), "signature.signer-pinned").outcome is PASS


def test_withdrawn_after_a_proven_time() -> None:
    """What a now superseded key signed before its date counts, if the signer could not write the time himself."""
    entry = key(status="revoked", revocation_date="2026-05-01", distrust="after")
    before = "2026-04-30T12:00:00Z"
    for source, outcome in (("rekor", PASS), ("rfc3161", PASS), ("claimed", FAIL), ("", FAIL)):
        found = evidence(signature(signed_at=before, time_source=source), trust=trust(entry))
        assert finding(found, "signature.signer-pinned").outcome is outcome, source
        assert finding(found, "signature.revocation").outcome is outcome, source
    always = evidence(
        signature(signed_at=before, time_source="rekor"), trust=trust(replace(entry, distrust="always"))
    )  # fmt: skip
    assert finding(always, "signature.revocation").outcome is FAIL


def test_revocation_needs_a_key_on_record() -> None:
    """Where no key on record signed, none can be withdrawn."""
    assert finding(evidence(unknown()), "signature.revocation").outcome is OPEN


def test_parameters_of_signer_pinned() -> None:
    """Sample keys, first use and one confirmation are accepted where the policy says so, and only there."""
    once = good(trust=trust(key(sources=(KeySource("phone", "A", ""),))))
    assert finding(once, "signature.signer-pinned", "min-confirmations: 1").outcome is PASS
    tofu = good(trust=trust(key(status="tofu", sources=())))
    assert finding(tofu, "signature.signer-pinned", "allow-tofu: true").outcome is PASS
    sample = good(trust=trust(key(sample=True)))
    verdict = judged(sample, "signature.signer-pinned: must", "allow-sample-keys: true")
    assert verdict.findings[0].outcome is PASS
    assert verdict.sample_keys


def test_nobody_stated_whom_to_expect() -> None:
    """Production wants to know; baseline takes the key's vendor as long as there is one."""
    found = good(expectation=Expectation())
    assert finding(found, "signature.signer-pinned", STATED).outcome is OPEN
    assert "--vendor and --product" in finding(found, "signature.signer-pinned", STATED).remedy
    easy = "if-unstated: accept-key-vendor"
    assert finding(found, "signature.signer-pinned", easy).outcome is PASS
    volta = signature(source=at("v.sig"), fingerprint=OTHER_PRINT, keys=("volta/fw",))
    two = evidence(
        signature(), volta, expectation=Expectation(), trust=trust(key(), key(vendor="volta", fingerprint=OTHER_PRINT))
    )
    assert finding(two, "signature.signer-pinned", easy).outcome is OPEN
    assert finding(found, "signature.coverage").outcome is PASS, "what was signed does not depend on it"


def test_coverage_names_what_is_not_signed() -> None:
    """A part and a second image without signature fail, executables first; padding does not count unless signed."""
    one = signature()
    rest = span(600, 800, owner=at("fw.bin", "app"), opened=Opened.EXAMINED)
    pad = span(800, SIZE, opened=Opened.EMPTY)
    contents = (ContentObservation(ContentKind.EXECUTABLE, at("fw.bin", "app"), 0, "", "elf"),)
    found = evidence(
        one,
        ledger=ledger(span(0, 500, identify(one)), span(500, 600, owner=at("fw.bin", "cfg")), rest, pad),
        contents=contents,
    )
    covered = finding(found, "signature.coverage")
    assert covered.outcome is FAIL
    assert covered.denominator == "500 of 800 bytes"
    assert [item.subject for item in covered.items] == ["fw.bin!app", "fw.bin!cfg"]
    assert finding(found, "signature.coverage", "min: 0.625").outcome is PASS
    assert finding(found, "signature.coverage", "min: 0.6251").outcome is FAIL
    assert finding(found, "signature.coverage", "ignore: []").denominator == "500 of 1,000 bytes"
    second = evidence(one, artifacts=(*found.artifacts, record(at("b.bin"), 77, Role.IMAGE)))
    bad = finding(second, "signature.coverage")
    assert bad.outcome is FAIL
    assert [item.subject for item in bad.items] == ["b.bin"]
    assert judged(second, "origin.strength: must").strength.value == 0, "the other image has nothing"


def test_signed_padding_counts() -> None:
    """Empty bytes that the signature covers are part of what is installed."""
    one = signature()
    found = evidence(
        one, ledger=ledger(span(0, 900, identify(one)), span(900, SIZE, identify(one), opened=Opened.EMPTY))
    )
    assert judged(found, "signature.coverage: must").signed.total_bytes == SIZE


def test_ledger_with_holes_covers_nothing() -> None:
    """An image whose ledger is not complete counts as not covered."""
    one = signature()
    found = evidence(one, ledger=ledger(span(0, 999, identify(one))))
    assert finding(found, "signature.coverage").outcome is FAIL


def test_coverage_of_no_bytes() -> None:
    """A ratio over zero is not evaluated."""
    found = good(artifacts=(record(FW, 0, Role.IMAGE),), ledger=ledger())
    assert finding(found, "signature.coverage").outcome is OPEN
    assert finding(found, "origin.strength").outcome is OPEN


WEAK = [
    ("rsa-pkcs1v15", {"bits": "1024", "exponent": "65537", "hash": "sha256"}, "1024"),
    ("rsa-pss", {"bits": "4096", "exponent": "3", "hash": "sha256"}, "exponent 3"),
    ("rsa-pss", {"bits": "4096", "exponent": "65537", "hash": "sha1"}, "sha1"),
    ("rsa-pss", {"bits": "4096", "exponent": "65537"}, "hash not recorded"),
    ("ecdsa", {"curve": "secp192r1", "hash": "sha256"}, "secp192r1"),
    ("ecdsa", {"curve": "secp256r1", "hash": "MD5"}, "MD5"),
    ("dsa", {"hash": "sha256"}, "algorithm dsa"),
    ("", {"hash": "sha256"}, "not recorded"),
]


@pytest.mark.parametrize(("algorithm", "facts", "words"), WEAK)
def test_weak(algorithm: str, facts: dict[str, str], words: str) -> None:
    """Weak or unrecorded algorithms fail, with the reason."""
    found = finding(
        evidence(signature(algorithm=algorithm, parameters=tuple(sorted(facts.items())))), "signature.algorithm"
    )
    assert found.outcome is FAIL
    assert words in found.message


def test_profiles_and_sunset() -> None:
    """RSA-2048 ends with 2030; the CNSA profile takes post-quantum only."""
    rsa = evidence(
        signature(algorithm="rsa-pss", parameters=(("bits", "2048"), ("exponent", "65537"), ("hash", "sha256")))
    )
    assert finding(rsa, "signature.algorithm").outcome is PASS
    late = judged(rsa, "signature.algorithm: must")
    assert late.findings[0].outcome is PASS
    from fwverify.evaluate.stage import evaluate
    from tests.unit.evaluate.builders import policy

    later = evaluate(policy("signature.algorithm: must"), rsa, "2031-01-01T00:00:00Z", evidence_digest="")
    assert later.findings[0].outcome is FAIL
    assert finding(rsa, "signature.algorithm", "profile: cnsa-2.0").outcome is FAIL
    quantum = evidence(signature(algorithm="ml-dsa-87"))
    assert finding(quantum, "signature.algorithm", "profile: cnsa-2.0").outcome is PASS


def test_weak_beside_strong() -> None:
    """A weak signature over bytes that a strong one covers too does no harm; one that stands alone does."""
    strong, weak = signature(), signature(source=at("w.sig"), algorithm="rsa-pss")
    assert finding(evidence(strong, weak), "signature.algorithm").outcome is PASS
    apart = ledger(span(0, 500, identify(strong)), span(500, SIZE, identify(weak)))
    assert finding(evidence(strong, weak, ledger=apart), "signature.algorithm").outcome is FAIL


def test_known_test_keys() -> None:
    """A published key as signer or inside the image fails; absence counts only in what was examined."""
    published = next(iter(KNOWN))
    assert finding(good(), "signature.known-test-key").outcome is PASS
    assert finding(evidence(unknown(fingerprint=published)), "signature.known-test-key").outcome is FAIL
    inside = (ContentObservation(ContentKind.PUBLIC_KEY, FW, 5, published, "key"),)
    assert finding(good(contents=inside), "signature.known-test-key").outcome is FAIL
    assert finding(good(), "signature.known-test-key", f"extra: ['{PRINT.upper()}']").outcome is FAIL
    dark = good(ledger=ledger(span(0, SIZE, opened_bytes=900)))
    assert finding(dark, "signature.known-test-key").outcome is OPEN
    assert finding(dark, "signature.known-test-key", "max-unexamined: 0.1").outcome is PASS


def strength(found: object) -> int:
    return judged(found, "origin.strength: must").strength.value  # type: ignore[arg-type]


def test_ladder() -> None:
    """Every rung of the ladder, by what it needs."""
    assert strength(bare()) == 0
    listed = evidence()
    assert strength(listed) == 1
    assert strength(bare(checksums=(given(),))) == 2
    assert strength(bare(checksums=(given(channel=" "),))) == 1, "nobody said over which channel"
    assert strength(bare(checksums=(given(declared=replace(given().declared, algorithm="md5")),))) == 1
    assert strength(bare(checksums=(given(), given(holds=False)))) == 1, "two words of the vendor that differ"
    assert strength(bare(checksums=(given(subject=at("else.bin")),))) == 0
    assert strength(bare(checksums=(checksum(inner=True),))) == 0, "inside the image: damage, not origin"
    assert strength(good(trust=trust(key(sources=(KeySource("phone", "A", ""),))))) == 3
    assert strength(good(trust=trust(key(status="tofu")))) == 3
    assert strength(good()) == 4
    half = signature()
    partly = evidence(half, ledger=ledger(span(0, 500, identify(half)), span(500, SIZE)))
    assert strength(partly) == 3
    assert strength(evidence(signature(signed_at=AT, time_source="rekor"))) == 5
    assert strength(evidence(signature(signed_at=AT, time_source="claimed"))) == 4
    twin = signature(source=at("b.sig"), fingerprint=OTHER_PRINT, keys=("acme/b",))
    both = trust(key(), key(id="b", fingerprint=OTHER_PRINT))
    assert strength(evidence(signature(), twin, trust=both)) == 5
    assert strength(evidence(signature(), signature(source=at("c.sig")))) == 4, "one key twice is one key"
    assert strength(evidence(unknown())) == 1
    assert strength(good(trust=trust(key(vendor="volta")))) == 1


def test_checksum_reaches_through_the_ledger() -> None:
    """An operator's checksum over the list reaches the image by binding, as the ledger says."""
    own = given(subject=LIST)
    found = bare(checksums=(own,), ledger=ledger(span(0, SIZE, identify(own))))
    assert strength(found) == 2


def test_origin_outcomes() -> None:
    """Enough passes, too little fails, nothing to compare with is not evaluated, even where 0 is asked."""
    assert finding(good(), "origin.strength", "min: 5").outcome is FAIL
    assert finding(evidence(unknown()), "origin.strength", "min: 2").outcome is FAIL
    assert finding(bare(checksums=(given(),)), "origin.strength", "min: 2").outcome is PASS
    assert finding(bare(checksums=(given(),)), "origin.strength", "min: 4").outcome is OPEN
    assert finding(bare(), "origin.strength", "min: 0").outcome is OPEN
    words = finding(good(), "origin.strength").message
    assert "44c1 f0d2 8a7e 19b3" in words
    assert "phone (J. Ortiz, 2026-10-03), unit in service (M. Lee, 2026-10-05)" in words


def test_sigstore_entries_need_their_own_trust_root() -> None:
    """Identity and issuer count only for the entry under whose trust root they held."""
    who = {"type": "sigstore-identity", "fingerprint": "", "identity": "ci@acme", "issuer": "https://login"}
    bundle = signature(scheme="sigstore-bundle", identity="ci@acme", issuer="https://login", keys=("acme/fw",))
    assert finding(evidence(bundle, trust=trust(key(**who))), "signature.signer-pinned").outcome is PASS
    other = replace(bundle, keys=("volta/ci",))
    assert finding(evidence(other, trust=trust(key(**who))), "signature.signer-pinned").outcome is FAIL
    wrong = replace(bundle, issuer="https://evil")
    assert finding(evidence(wrong, trust=trust(key(**who))), "signature.signer-pinned").outcome is FAIL


def test_another_registry() -> None:
    """`reassess --keys` judges by the registry it is given, not by the evidence's."""
    verdict = judged(good(), "signature.signer-pinned: must", trust=trust(key(status="revoked")))
    assert verdict.findings[0].outcome is FAIL


def test_partial_subject_is_not_whole() -> None:
    """A signature over a part of the list does not authenticate what the list binds."""
    part = signature(covers=(ByteRange(0, 99),))
    assert finding(evidence(part), "sbom.authentic").outcome is FAIL
