"""Rules on signers: certificates, trusted time, stripping, thresholds, weak keys, wrappers, test names."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fwverify.model.artifact import ByteRange, Role
from fwverify.model.canonical import identify
from fwverify.model.evidence import Certificate, Opened, SignatureStatus
from fwverify.model.expectation import Expectation
from fwverify.model.finding import Outcome
from tests.unit.evaluate.builders import (
    FW,
    OTHER_PRINT,
    PRINT,
    SIZE,
    at,
    bare,
    evidence,
    finding,
    judged,
    key,
    ledger,
    record,
    signature,
    span,
    trust,
)

PASS, FAIL, OPEN, NONE = Outcome.PASS, Outcome.FAIL, Outcome.NOT_EVALUATED, Outcome.NOT_APPLICABLE
EXPECTED = Expectation(vendor="acme", product="acme-ups", installed="3.0.2")


def certificate(**changes: object) -> Certificate:
    plain = Certificate(
        "CN=ACME firmware", "CN=ACME root", "01", OTHER_PRINT, "2024-01-01T00:00:00Z", "2028-01-01T00:00:00Z",
        "rsa 3072", "rsa-pkcs1v15 sha256", ("codeSigning",),
    )  # fmt: skip
    return replace(plain, **changes)


ROOT = certificate(subject="CN=ACME root", fingerprint=PRINT, not_after="2040-01-01T00:00:00Z", signed_with="")


def chained(leaf: Certificate, **changes: object) -> object:
    """A signature whose signer leads to the pinned root."""
    return signature(**{"fingerprint": OTHER_PRINT, "anchor": PRINT, "path": (leaf, ROOT), "keys": (), **changes})


def test_path_to_a_pinned_certificate_is_accepted() -> None:
    """The signer's own key is on no record; the root it leads to is."""
    found = evidence(chained(certificate()))
    assert finding(found, "signature.signer-pinned").outcome is PASS
    assert finding(found, "signature.chain").outcome is PASS


def test_constraints_of_the_entry_are_asked_again() -> None:
    """Under another registry the recorded parameters must meet the entry: otherwise any use of a pinned root counts."""
    strict = trust(key(constraints=(("eku", "codeSigning"),)))
    wrong = chained(certificate(), parameters=(("eku", "serverAuth"),))
    right = chained(certificate(), parameters=(("eku", "codeSigning,emailProtection"),))
    assert finding(evidence(wrong, trust=strict), "signature.signer-pinned").outcome is FAIL
    assert finding(evidence(right, trust=strict), "signature.signer-pinned").outcome is PASS


def test_expired_certificate() -> None:
    """Refused without a trusted time, held with one from inside its validity; the policy may accept it."""
    old = certificate(not_after="2026-01-01T00:00:00Z")
    found = finding(evidence(chained(old)), "signature.chain")
    assert found.outcome is FAIL
    assert "expired on 2026-01-01" in found.message
    timed = chained(old, signed_at="2025-06-01T00:00:00Z", time_source="rfc3161")
    assert finding(evidence(timed), "signature.chain").outcome is PASS
    claimed = chained(old, signed_at="2025-06-01T00:00:00Z", time_source="claimed")
    assert finding(evidence(claimed), "signature.chain").outcome is FAIL
    assert finding(evidence(chained(old)), "signature.chain", "expired: accept").outcome is PASS


def test_expired_anchor_counts_too() -> None:
    """Every certificate of the path is looked at."""
    gone = replace(ROOT, not_after="2025-01-01T00:00:00Z")
    assert finding(evidence(chained(certificate(), path=(certificate(), gone))), "signature.chain").outcome is FAIL


def test_usage_the_policy_asks_for() -> None:
    """A TLS certificate of the same authority signs no firmware."""
    web = chained(certificate(usages=("serverAuth",)))
    assert finding(evidence(web), "signature.chain", "eku: [codeSigning]").outcome is FAIL
    assert finding(evidence(chained(certificate())), "signature.chain", "eku: [codeSigning]").outcome is PASS


@pytest.mark.parametrize(
    ("usages", "outcome"),
    [(("serverAuth",), FAIL), (("timeStamping",), FAIL), (("serverAuth", "codeSigning"), PASS), ((), PASS),
     (("emailProtection",), PASS)],
)  # fmt: skip
def test_certificates_of_another_trade(usages: tuple[str, ...], outcome: Outcome) -> None:
    """A web server's or a clock's certificate under a pinned authority signs no firmware, asked for or not."""
    assert finding(evidence(chained(certificate(usages=usages))), "signature.chain").outcome is outcome


def test_chain_without_certificates() -> None:
    """A bare key has no chain; the policy says what that is worth."""
    assert finding(evidence(signature()), "signature.chain").outcome is OPEN
    assert finding(evidence(signature()), "signature.chain", "if-absent: not_applicable").outcome is NONE


@pytest.mark.parametrize(
    ("reason", "timed", "accepted"),
    [("keyCompromise", True, False), ("", True, False), ("superseded", True, True), ("superseded", False, False)],
)
def test_revoked_certificate(reason: str, timed: bool, accepted: bool) -> None:
    """A stolen key was never good; one that went out of use was, before its day, if the time is proven."""
    gone = certificate(revoked_at="2026-05-01T00:00:00Z", revocation_reason=reason)
    when = {"signed_at": "2025-06-01T00:00:00Z", "time_source": "rfc3161"} if timed else {}
    found = finding(evidence(chained(gone, **when)), "signature.revocation")
    assert found.outcome is (PASS if accepted else FAIL)


def test_trusted_time() -> None:
    """Inside the validity passes, outside fails, none or only the signer's claim is not evaluated."""
    leaf = certificate()
    assert finding(evidence(chained(leaf)), "signature.time").outcome is OPEN
    inside = chained(leaf, signed_at="2025-06-01T00:00:00Z", time_source="rekor")
    assert finding(evidence(inside), "signature.time").outcome is PASS
    early = signature(signed_at="2023-12-30T00:00:00Z", time_source="rfc3161")
    wide = trust(key(valid_from=""))
    assert finding(evidence(early, trust=wide), "signature.time").outcome is PASS
    late = chained(leaf, signed_at="2028-01-03T00:00:00Z", time_source="rfc3161")
    assert finding(evidence(late), "signature.time").outcome is FAIL
    assert finding(evidence(late), "signature.time", "grace: 5").outcome is PASS


def test_stripped_signature() -> None:
    """What the baseline had and this lacks is named; so is a scheme the policy requires."""
    had = replace(EXPECTED, baseline=(("openpgp", "acme/pgp"), ("raw-signature", "acme/fw")))
    found = finding(evidence(signature(), expectation=had), "signature.all-required")
    assert found.outcome is FAIL
    assert "openpgp by acme/pgp" in found.message
    same = replace(EXPECTED, baseline=(("raw-signature", "acme/fw"),))
    assert finding(evidence(signature(), expectation=same), "signature.all-required").outcome is PASS
    assert finding(evidence(signature()), "signature.all-required", "require: [cms]").outcome is FAIL
    assert finding(evidence(signature()), "signature.all-required", "require: [raw-signature]").outcome is PASS
    assert finding(evidence(signature()), "signature.all-required", "if-absent: not_applicable").outcome is NONE


def two_signers(**second: object) -> object:
    one, other = signature(), signature(fingerprint=OTHER_PRINT, keys=("acme/fw2",), source=at("2.sig"))
    both = (key(owner="release"), key(**{"id": "fw2", "fingerprint": OTHER_PRINT, "owner": "quality", **second}))
    return evidence(one, other, trust=trust(*both))


def test_threshold_counts_keys_and_owners() -> None:
    """Two keys of one owner, or one key twice, are one signer; two of two owners are two."""
    assert finding(two_signers(), "signature.threshold", "m: 2").outcome is PASS
    assert finding(two_signers(owner="release"), "signature.threshold", "m: 2").outcome is FAIL
    twice = evidence(signature(), signature(source=at("2.sig")))
    assert finding(twice, "signature.threshold", "m: 2").outcome is FAIL


def test_threshold_asks_for_all_bytes() -> None:
    """A second signature over a part is no second signature over the image."""
    one, other = signature(), signature(fingerprint=OTHER_PRINT, keys=("acme/fw2",), source=at("2.sig"))
    ids = [identify(one), identify(other)]
    parts = ledger(span(0, 500, *ids), span(500, SIZE, ids[0]))
    both = trust(key(owner="release"), key(id="fw2", fingerprint=OTHER_PRINT, owner="quality"))
    assert finding(evidence(one, other, trust=both, ledger=parts), "signature.threshold", "m: 2").outcome is FAIL


def test_weak_keys_of_registry_and_strangers() -> None:
    """Known for pinned keys at load, recorded as a parameter for others."""
    pinned = evidence(signature(), trust=trust(key(weaknesses=("ROCA",))))
    assert "ROCA" in finding(pinned, "signature.weak-key").message
    stranger = evidence(
        signature(), signature(fingerprint=OTHER_PRINT, keys=(), parameters=(("weak", "close primes"),))
    )
    assert finding(stranger, "signature.weak-key").outcome is FAIL
    assert finding(evidence(signature()), "signature.weak-key").outcome is PASS


def test_wrapper() -> None:
    """Oddities of valid signatures count, one item each."""
    odd = finding(evidence(signature(oddities=("2 bytes after the DER", "unsigned attribute"))), "signature.wrapper")
    assert odd.outcome is FAIL
    assert len(odd.items) == 2
    assert finding(evidence(signature()), "signature.wrapper").outcome is PASS


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("CN=DO NOT TRUST - AMI Test PK", FAIL),
        ("CN=ACME Test Signing", FAIL),
        ("CN=Contest Power", PASS),
        ("CN=x", PASS),
    ],
)
def test_names_that_look_like_tests(name: str, outcome: Outcome) -> None:
    """Words, not parts of words."""
    assert finding(evidence(chained(certificate(subject=name))), "signature.test-like-name").outcome is outcome


def test_envelope_is_not_among_the_bytes_to_be_covered() -> None:
    """The signature's own field counts neither way, but only that of a signature that counts."""
    one = signature(subject=FW, covers=(ByteRange(0, 900),), envelope=(ByteRange(900, SIZE),))
    mine = ledger(span(0, 900, identify(one)), span(900, SIZE, frame_of=(identify(one),)))
    assert finding(evidence(one, ledger=mine), "signature.coverage").outcome is PASS
    other = ledger(span(0, 900, identify(one)), span(900, SIZE, frame_of=("f" * 64,)))
    assert finding(evidence(one, ledger=other), "signature.coverage").outcome is FAIL


def test_signed_programs_inside_are_no_signature_of_the_delivery() -> None:
    """An unknown key of a kernel module leaves the image what it is: unsigned."""
    module = signature(
        scheme="kmod", source=at("fw.bin", "a.ko"), subject=at("fw.bin", "a.ko"), status=SignatureStatus.UNKNOWN_KEY,
        keys=(), fingerprint=OTHER_PRINT,
    )  # fmt: skip
    assert "no signature" in finding(bare(signatures=(module,)), "signature.valid").message
    top = replace(module, source=FW, subject=FW)
    assert "no signature" not in finding(bare(signatures=(top,)), "signature.valid").message


def stated(**states: str) -> object:
    return signature(states=tuple(sorted((name.replace("_", "-"), value) for name, value in states.items())))


def expecting(**changes: object) -> Expectation:
    return replace(EXPECTED, **changes)


def test_device_identifiers() -> None:
    """Another device fails, silence is not evaluated, an unsigned header earns nothing."""
    want = expecting(device=(("compatible", "acme-gw"),))
    rule = "package.product-match"
    assert finding(evidence(stated(compatible="acme-gw"), expectation=want), rule).outcome is PASS
    assert finding(evidence(stated(compatible="volta-gw"), expectation=want), rule).outcome is FAIL
    assert finding(evidence(stated(version="1"), expectation=want), rule).outcome is OPEN
    aside = finding(evidence(stated(unsigned_compatible="acme-gw"), expectation=want), rule)
    assert aside.outcome is OPEN
    assert "nobody signed" in aside.message
    assert finding(evidence(stated(compatible="x")), rule, "if-absent: not_applicable").outcome is NONE


def test_device_in_an_unsigned_header() -> None:
    """It fails where it names another device; where it names this one it counts only if the policy says so."""
    want, rule = expecting(device=(("guid", "A1B2"),)), "package.product-match"
    accept = "accept-unsigned: true"
    assert finding(evidence(stated(unsigned_guid="ffff"), expectation=want), rule).outcome is FAIL
    assert finding(evidence(stated(unsigned_guid="a1b2"), expectation=want), rule).outcome is OPEN
    assert finding(evidence(stated(unsigned_guid="a1b2"), expectation=want), rule, accept).outcome is PASS
    assert finding(evidence(stated(unsigned_guid="ffff"), expectation=want), rule, accept).outcome is FAIL
    both = stated(guid="ffff", unsigned_guid="a1b2")
    assert finding(evidence(both, expectation=want), rule, accept).outcome is FAIL


def test_two_signed_images_one_for_another_device() -> None:
    """A right one beside a wrong one does not make it right."""
    want = expecting(device=(("compatible", "acme-gw"),))
    wrong = signature(states=(("compatible", "volta-gw"),), source=at("2.sig"))
    found = finding(evidence(stated(compatible="acme-gw"), wrong, expectation=want), "package.product-match")
    assert found.outcome is FAIL


def test_security_counter() -> None:
    """Below fails, none is not evaluated, enough passes."""
    want, rule = expecting(minimum_counter=6), "version.security-counter"
    assert finding(evidence(stated(security_counter="5"), expectation=want), rule).outcome is FAIL
    assert finding(evidence(stated(security_counter="6"), expectation=want), rule).outcome is PASS
    assert finding(evidence(stated(version="9"), expectation=want), rule).outcome is OPEN


def test_version_of_a_signed_header() -> None:
    """It is a claim for the image it lies in, and an operator's minimum counts like the policy's."""
    want = expecting(minimum="1.0")
    old = signature(subject=FW, covers=(ByteRange(0, SIZE),), states=(("version", "0.9"),))
    found = finding(evidence(old, expectation=want, claims=()), "version.minimum")
    assert found.outcome is FAIL
    new = replace(old, states=(("version", "1.2"),))
    assert finding(evidence(new, expectation=want, claims=()), "version.minimum").outcome is PASS
    assert finding(evidence(new, claims=()), "version.minimum", "min: 1.3").outcome is FAIL


def test_provenance() -> None:
    """A statement by a key on record; builder, source and level as the policy names them."""
    states = (("builder", "https://ci.example/b@1"), ("slsa-level", "2"), ("source", "git+https://src.example/fw"))
    one = signature(scheme="dsse", subject=FW, covers=(ByteRange(0, SIZE),), states=states)
    made = evidence(one)
    assert finding(made, "provenance.present").outcome is PASS
    assert finding(made, "provenance.builder", "builders: ['https://ci.example/*']").outcome is PASS
    assert finding(made, "provenance.builder", "builders: ['https://evil.example/*']").outcome is FAIL
    assert finding(made, "provenance.source", "sources: ['git+https://src.example/fw']").outcome is PASS
    assert finding(made, "provenance.slsa-level", "min-level: 3").outcome is FAIL
    assert finding(made, "provenance.slsa-level", "min-level: 2").outcome is PASS
    assert finding(evidence(signature()), "provenance.present").outcome is OPEN


def test_provenance_key_is_no_firmware_key() -> None:
    """A key pinned for statements alone makes them count, and signs no firmware."""
    only = trust(key(purposes=("provenance",)))
    one = signature(scheme="dsse", subject=FW, covers=(ByteRange(0, SIZE),), states=(("builder", "b"),))
    assert finding(evidence(one, trust=only), "provenance.present").outcome is PASS
    assert finding(evidence(one, trust=only), "signature.coverage").outcome is FAIL


@pytest.mark.parametrize(
    ("profile", "algorithm", "facts", "good"),
    [
        ("default", "ecdsa", {"curve": "secp256k1", "hash": "sha256"}, True),
        ("nist-131a", "ecdsa", {"curve": "secp256k1", "hash": "sha256"}, False),
        ("nist-131a", "ecdsa", {"curve": "secp384r1", "hash": "sha384"}, True),
        ("default", "ed25519", {"prehash": "blake2b-512"}, True),
        ("nist-131a", "ed25519", {"prehash": "blake2b-512"}, False),
        ("cnsa-2.0", "ecdsa", {"curve": "secp384r1", "hash": "sha384"}, False),
        ("cnsa-2.0", "hss", {}, True),
        ("cnsa-2.0", "ml-dsa-87", {}, True),
        ("cnsa-2.0", "ml-dsa-65", {}, False),
    ],
)
def test_profiles(profile: str, algorithm: str, facts: dict[str, str], good: bool) -> None:
    """What each profile takes and refuses."""
    one = signature(algorithm=algorithm, parameters=tuple(sorted(facts.items())))
    found = finding(evidence(one), "signature.algorithm", f"profile: {profile}")
    assert found.outcome is (PASS if good else FAIL)


def test_weakest_certificate_counts() -> None:
    """A strong leaf under a SHA-1 or RSA-1024 link is weak."""
    small = chained(certificate(key="rsa 1024"), algorithm="rsa-pss", parameters=(
        ("bits", "3072"), ("exponent", "65537"), ("hash", "sha256"),
    ))  # fmt: skip
    assert finding(evidence(small), "signature.algorithm").outcome is FAIL
    old = replace(small, path=(certificate(signed_with="rsa-pkcs1v15 sha1"), ROOT))
    assert finding(evidence(old), "signature.algorithm").outcome is FAIL
    assert finding(evidence(replace(small, path=(certificate(), ROOT))), "signature.algorithm").outcome is PASS


def test_all_rules_speak_for_a_stripped_down_delivery() -> None:
    """No rule crashes where nothing is there."""
    verdict = judged(bare(), "signature.chain: must\nsignature.time: must\nsignature.threshold: must\n"
                     "signature.weak-key: must\nsignature.wrapper: must\nprovenance.binding: must")  # fmt: skip
    assert {one.outcome for one in verdict.findings} == {OPEN}
    assert record(FW, role=Role.IMAGE).locator == FW


def packed(*files: str, size: int = SIZE) -> object:
    """A gzip of one or two files, of which the first is signed; what is beyond SIZE is the gzip's own."""
    inside = [FW.into("gzip", name) for name in files]
    one = signature(subject=inside[0], source=inside[0], covers=(ByteRange(0, SIZE),))
    spans = ledger(
        span(0, 10, opened=Opened.STRUCTURE),
        span(10, 900, identify(one), owner=inside[0]),
        span(900, size, opened=Opened.STRUCTURE),
    )
    records = (record(FW, role=Role.IMAGE, format="gzip", size=size), *(record(place) for place in inside))
    return evidence(one, artifacts=records, ledger=spans)


def test_packing_around_one_signed_file() -> None:
    """A gzip header is no byte that is installed; an archive's member names are."""
    assert finding(packed("fw"), "signature.coverage").outcome is PASS
    assert finding(packed("fw", "other"), "signature.coverage").outcome is FAIL


def test_packing_that_could_hide_something() -> None:
    """60,000 bytes of comment around one signed file are no mere packing."""
    assert finding(packed("fw", size=4000), "signature.coverage").outcome is PASS
    assert finding(packed("fw", size=60_000), "signature.coverage").outcome is FAIL
