"""CMS signers against the registry: algorithms, attributes, times and what takes their place in a forgery."""

from __future__ import annotations

import base64
import datetime
import hashlib
from dataclasses import replace
from typing import Any

import pytest
from asn1crypto import cms as asn1
from asn1crypto import core
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from fwverify.authenticate import cms as verification
from fwverify.authenticate.interface import Group
from fwverify.authenticate.proofs import Message
from fwverify.authenticate.schemes import raw_signature
from fwverify.authenticate.signer import Signer, by_key
from fwverify.content import identified
from fwverify.formats import cms, key_file
from fwverify.formats import der as framing
from fwverify.formats.detached_signature import Candidate
from fwverify.model.artifact import Locator, Step
from fwverify.model.evidence import SignatureStatus
from fwverify.model.examining import Malformed
from fwverify.trust.store import CarriedKey, PinnedKey, TrustStore
from tests.pki import AT, CODE, TIME, bare, certificate, der, key, pem, pin, revocation_list
from tests.vectors.makers import cms_writer as write

CONTENT = b"firmware of the CMS tests" * 9
HASHES = {"sha256": hashes.SHA256(), "sha512": hashes.SHA512(), "sha1": hashes.SHA1()}
OIDS = {"ed25519": "1.3.101.112", "ed448": "1.3.101.113", "ml-dsa-65": "2.16.840.1.101.3.4.3.18"}
VALID, INVALID = SignatureStatus.VALID, SignatureStatus.INVALID
ROOT = certificate("cms root", "cms root", ca=True)
LEAF = certificate("cms leaf", "cms root", kind="rsa")


def group(*carried: bytes, at: str = AT) -> Group:
    place = Locator((Step("fw.bin"),))
    given = tuple(CarriedKey(place, key_file.parse(one)) for one in carried)
    return Group(identified(place, b""), identified(place, CONTENT), {}, given, at)


def check(
    raw: bytes, *pins: PinnedKey, content: bytes = CONTENT, at: str = AT, carried: tuple[bytes, ...] = ()
) -> Signer:
    """The one signer of a CMS over the content."""
    (found,) = verification.signers(
        cms.parse(raw), Message(memoryview(content)), group(*carried, at=at), TrustStore(pins or (pin(ROOT),))
    )
    return found


def signed(
    leaf: x509.Certificate = LEAF, name: str = "cms leaf", kind: str = "rsa", digest: str = "sha256", **changes: Any
) -> bytes:
    """A detached CMS by the key of any kind."""
    given = changes.pop("given", None) or write.attributes(CONTENT, digest=digest)
    value = sign(write.as_set(given), name, kind, digest)
    one = write.signer(leaf, None, CONTENT, signed=given, digest=digest, value=value, **changes)
    algorithm = {"rsa": "rsassa_pkcs1v15", "p256": f"{digest}_ecdsa"}.get(kind) or OIDS[kind]
    one["signature_algorithm"] = {"algorithm": algorithm}
    return write.signed_data([one], [leaf])


def sign(what: bytes, name: str, kind: str, digest: str = "sha256") -> bytes:
    if kind == "rsa":
        return key(name, kind).sign(what, padding.PKCS1v15(), HASHES[digest])
    return key(name, kind).sign(what, ec.ECDSA(HASHES[digest])) if kind == "p256" else key(name, kind).sign(what)


@pytest.mark.parametrize("kind", ["rsa", "p256", "ed25519", "ed448", "ml-dsa-65"])
def test_algorithms(kind: str) -> None:
    """Every algorithm is verified under root, signer's certificate and bare key, and not over other content."""
    name = f"signer {kind}"
    leaf = certificate(name, "cms root", kind=kind)
    raw = signed(leaf, name, kind, "sha512")
    for pinned in (pin(ROOT), pin(leaf), pin(bare(key(name, kind)))):
        found = check(raw, pinned)
        assert found.valid, found.detail
        assert found.held is not None
        assert dict(found.held.parameters)["hash"] == "sha512"
    assert check(raw, content=CONTENT + b"x").status is INVALID


def test_constraints() -> None:
    """What an entry asks for is held against the certificate and the way it was signed."""
    asked = {"eku": "codeSigning", "hash": "sha256", "signed_attributes": "yes", "min_rsa_bits": "2048"}
    assert check(signed(), pin(ROOT, leaf_spki=key_file.parse(der(LEAF)).fingerprint, **asked)).valid
    for wrong in ({"eku": "serverAuth"}, {"hash": "sha512"}, {"min_rsa_bits": "3072"}, {"leaf_spki": "0" * 64}):
        assert check(signed(), pin(ROOT, **{**asked, **wrong})).status is INVALID, wrong


def test_one_entry_of_several_is_enough() -> None:
    """An intermediate whose entry asks for what is not given does not shadow the root, whose entry is content."""
    inter = certificate("cms inter", "cms root", ca=True)
    leaf = certificate("cms leaf", "cms inter", kind="rsa")
    strict, lax = pin(inter, "inter", hash="sha512"), pin(ROOT)
    assert check(signed(leaf), strict, lax).valid
    assert check(signed(leaf), strict).status is INVALID


def test_two_digests() -> None:
    """A signer that names one digest for the content and another for its signature is refused."""
    info = write.signer(LEAF, key("cms leaf", "rsa"), CONTENT, signed=write.attributes(CONTENT))
    info["signature_algorithm"] = {"algorithm": "sha512_rsa"}
    assert "two digests" in check(write.signed_data([info], [LEAF])).detail


def test_an_unknown_algorithm_beside_a_known_one() -> None:
    """A signer that cannot be read says so and does not take the other one with it."""
    good = write.signer(LEAF, key("cms leaf", "rsa"), CONTENT, signed=write.attributes(CONTENT))
    odd = write.signer(LEAF, key("cms leaf", "rsa"), CONTENT, signed=write.attributes(CONTENT))
    odd["signature_algorithm"] = {"algorithm": "2.16.840.1.101.3.4.3.20"}
    raw = write.signed_data([odd, good], [LEAF])
    found = verification.signers(cms.parse(raw), Message(memoryview(CONTENT)), group(), TrustStore((pin(ROOT),)))
    assert sorted(one.status for one in found) == [SignatureStatus.UNVERIFIABLE, VALID]


def test_the_certificate_that_the_attributes_name() -> None:
    """RFC 5035: the signature is for the certificate named there; another one with the same key will not do."""
    for named, status in ((LEAF, VALID), (certificate("cms leaf", "cms root", kind="rsa"), INVALID)):
        digest = hashlib.sha256(der(named)).digest()
        bound = {"type": "signing_certificate_v2", "values": [{"certs": [{"cert_hash": digest}]}]}
        assert check(signed(given=[*write.attributes(CONTENT), bound])).status is status


def test_attributes_of_a_signature_given_out_as_firmware() -> None:
    """The set of signed attributes is refused as content: of a CMS without attributes, and of a raw signature."""
    given = write.as_set(write.attributes(CONTENT))
    value = sign(given, "cms leaf", "rsa")
    raw = write.signed_data([write.signer(LEAF, None, b"", value=value)], [LEAF])
    assert check(raw, content=given).status is INVALID
    about = replace(group(), about=identified(Locator((Step("fw.bin"),)), given))
    trust = TrustStore((pin(bare(key("cms leaf", "rsa"))),))
    (seen,) = raw_signature.SCHEME.verify(Candidate("binary", value), about, trust)
    assert seen.status is INVALID
    assert by_key(value, Message(memoryview(given)), group(), trust).valid, "the value itself fits"


def test_an_expired_certificate_stays_with_its_dates() -> None:
    """Expiry is a fact for a rule; what is not yet valid is not valid."""
    late = certificate("cms leaf", "cms root", kind="rsa", until=datetime.datetime(2021, 1, 1))
    found = check(signed(late))
    assert found.valid
    assert found.path[0].not_after == "2021-01-01T00:00:00Z"
    early = certificate("cms leaf", "cms root", kind="rsa", since=datetime.datetime(2027, 1, 1))
    assert check(signed(early)).status is INVALID


def test_a_certificate_delivered_beside_the_signature() -> None:
    """Without certificates inside, one that was delivered beside it leads to the root."""
    info = write.signer(LEAF, key("cms leaf", "rsa"), CONTENT, signed=write.attributes(CONTENT))
    raw = write.signed_data([info])
    assert check(raw, carried=(pem(LEAF),)).valid
    assert check(raw).status is SignatureStatus.UNVERIFIABLE


CLOCK_ROOT = certificate("clock root", "clock root", kind="rsa", ca=True)
CLOCK = certificate("clock", "clock root", kind="rsa", issuer_kind="rsa", usages=[TIME], critical_usage=True)


def stamped(clock: x509.Certificate = CLOCK, *, over: bytes = b"", **changes: Any) -> bytes:
    """A CMS with a timestamp token over its signature value."""
    value = sign(write.as_set(write.attributes(CONTENT)), "cms leaf", "rsa")
    token = write.token(over or value, clock, key("clock", "rsa"), **changes)
    return signed(unsigned=[write.stamp(token)])


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (stamped(), ""),
        (stamped(over=b"other"), "not over this signature"),
        (stamped(digest="sha1"), "not over this signature"),
        (stamped(ess=False), "does not name its certificate"),
        (stamped(at=datetime.datetime(2028, 1, 1, tzinfo=datetime.UTC)), "after the time of judgement"),
        (stamped(certificate("clock", "clock root", kind="rsa", issuer_kind="rsa", usages=[TIME])), "critically"),
        (
            stamped(certificate("clock", "clock root", kind="rsa", issuer_kind="rsa", usages=[TIME],
                                critical_usage=True, until=datetime.datetime(2026, 9, 1))),
            "had expired",
        ),
    ],
    ids=["good", "another-value", "sha1", "no-ess", "future", "not-critical", "expired-authority"],
)  # fmt: skip
def test_timestamps(raw: bytes, why: str) -> None:
    """A token gives a time only where its authority is on record for that and everything of it holds."""
    found = check(raw, pin(ROOT), pin(CLOCK_ROOT, "clock", purposes=("timestamp",)))
    assert found.valid
    assert found.time_source == ("claimed" if why else "rfc3161")
    assert all(why in one for one in found.oddities)
    assert len(found.oddities) == (1 if why else 0)


def test_a_timestamp_counts_only_by_an_authority_on_record_for_it() -> None:
    """Not on record, or on record for firmware: no trusted time, and nothing odd about it."""
    for pins in ((pin(ROOT),), (pin(ROOT), pin(CLOCK_ROOT, "clock"))):
        found = check(stamped(), *pins)
        assert (found.valid, found.time_source, found.oddities) == (True, "claimed", ())


def test_an_unsigned_attribute_of_the_wrong_type_reads_alike_in_any_order() -> None:
    """What asn1crypto was asked before does not change what is read."""
    raw = signed(unsigned=[{"type": "1.2.3.4.5", "values": [core.Integer(5)]}])
    assert cms.parse(raw) == cms.parse(raw)
    assert cms.parse(raw).signers[0].unsigned == (("1.2.3.4.5", b"\x02\x01\x05"),)


def test_a_key_identifier_on_several_certificates() -> None:
    """Named by key identifier, the certificate that leads to the root counts, wherever it stands among its doubles."""
    double = certificate("cms leaf", "elsewhere", kind="rsa")
    given = write.attributes(CONTENT)
    value = sign(write.as_set(given), "cms leaf", "rsa")
    info = write.signer(LEAF, None, CONTENT, signed=given, value=value)
    identifier = x509.SubjectKeyIdentifier.from_public_key(LEAF.public_key()).digest
    info["sid"] = asn1.SignerIdentifier(name="subject_key_identifier", value=core.OctetString(identifier))
    for inside, beside in ((double, LEAF), (LEAF, double)):
        assert check(write.signed_data([info], [inside]), carried=(pem(beside),)).valid
    assert check(write.signed_data([info], [double])).status is SignatureStatus.UNKNOWN_KEY


def test_a_pinned_certificate_is_not_its_key() -> None:
    """Without certificates inside: the pinned one by its name is valid, another for the same key is not; a key is."""
    info = write.signer(LEAF, key("cms leaf", "rsa"), CONTENT, signed=write.attributes(CONTENT))
    renewed = certificate("cms leaf", "cms root", kind="rsa")
    raw = write.signed_data([info])
    assert check(raw, pin(LEAF)).valid
    assert check(raw, pin(renewed)).status is SignatureStatus.UNKNOWN_KEY
    assert check(raw, pin(renewed), pin(bare(key("cms leaf", "rsa")), "key")).valid
    assert check(raw, pin(bare(key("cms leaf", "rsa"))), content=CONTENT + b"x").status is INVALID


def test_raw_numbers_are_no_cms_signature() -> None:
    """ECDSA in CMS is DER (RFC 5753 section 7.2): r and s side by side are refused, with and without certificates."""
    leaf = certificate("cms ec", "cms root")
    given = write.attributes(CONTENT)
    r, s = decode_dss_signature(sign(write.as_set(given), "cms ec", "p256"))
    for value, status in ((encode_dss_signature(r, s), VALID), (r.to_bytes(32) + s.to_bytes(32), INVALID)):
        for inside in ([leaf], []):
            info = write.signer(leaf, None, CONTENT, signed=given, value=value)
            info["signature_algorithm"] = {"algorithm": "sha256_ecdsa"}
            found = check(write.signed_data([info], inside), pin(ROOT), pin(bare(key("cms ec")), "key"))
            assert found.status is status


@pytest.mark.parametrize(
    ("salt", "mask", "status"), [(32, "sha256", VALID), (20, "sha256", INVALID), (32, "sha1", INVALID)]
)
def test_pss_as_it_is_named(salt: int, mask: str, status: SignatureStatus) -> None:
    """The salt and the mask's hash that are named are those it was made with, with and without certificates."""
    given = write.attributes(CONTENT)
    value = key("cms leaf", "rsa").sign(
        write.as_set(given), padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256()
    )
    info = write.signer(LEAF, None, CONTENT, signed=given, value=value)
    mgf = {"algorithm": "mgf1", "parameters": {"algorithm": mask}}
    named = {"hash_algorithm": {"algorithm": "sha256"}, "mask_gen_algorithm": mgf, "salt_length": salt}
    info["signature_algorithm"] = {"algorithm": "rsassa_pss", "parameters": named}
    for inside in ([LEAF], []):
        found = check(write.signed_data([info], inside), pin(ROOT), pin(bare(key("cms leaf", "rsa")), "key"))
        assert found.status is status


def test_a_hash_that_nothing_here_signs_with() -> None:
    """SHA3-224 is known to CMS and to no key here: an answer without an exception, certificates or not."""
    for inside in ([LEAF], []):
        info = write.signer(LEAF, None, CONTENT, value=b"\1" * 256, named="sha3_224")
        found = check(write.signed_data([info], inside), pin(bare(key("cms leaf", "rsa"))))
        assert found.status is SignatureStatus.UNVERIFIABLE
        assert "sha3_224 is not supported" in found.detail


def test_shake_with_ed448() -> None:
    """RFC 8419: Ed448 goes with SHAKE256 of 64 bytes; of 32 it is another digest."""
    leaf = certificate("cms 448", "cms root", kind="ed448")
    for size, status in ((64, VALID), (32, INVALID)):
        given = write.attributes(CONTENT, drop=("message_digest",))
        given.append({"type": "message_digest", "values": [hashlib.shake_256(CONTENT).digest(size)]})
        value = sign(write.as_set(given), "cms 448", "ed448")
        info = write.signer(leaf, None, CONTENT, signed=given, value=value)
        info["signature_algorithm"] = {"algorithm": "1.3.101.113"}
        info["digest_algorithm"] = {"algorithm": "2.16.840.1.101.3.4.2.12"}
        assert check(write.signed_data([info], [leaf])).status is status


def test_unsigned_attributes_are_told() -> None:
    """What nobody signed and nothing knows is odd; a timestamp's attribute is not."""
    hidden = {"type": "1.2.3.4.5", "values": [core.OctetString(b"payload")]}
    found = check(signed(unsigned=[hidden]))
    assert found.valid
    assert found.oddities == ("the unsigned attribute 1.2.3.4.5 has 9 bytes that nobody signed",)
    assert check(stamped()).oddities == ()


def test_content_that_is_no_octet_string() -> None:
    """Data in another wrapping than an octet string is refused: two readers would take different bytes."""
    raw = write.signed_data([write.signer(LEAF, key("cms leaf", "rsa"), CONTENT)], [LEAF], content=CONTENT)
    assert cms.parse(raw).content == CONTENT
    size = len(CONTENT)
    at = raw.index(CONTENT) - 2 if size < 128 else raw.index(CONTENT) - 3
    assert raw[at] == 0x04
    with pytest.raises(Malformed):
        cms.parse(raw[:at] + b"\x0c" + raw[at + 1 :])


def test_a_timestamp_with_a_broken_hash_gives_no_time() -> None:
    """A token whose own signature is over SHA-1 proves no time."""
    value = sign(write.as_set(write.attributes(CONTENT)), "cms leaf", "rsa")
    info = asn1.ContentInfo.load(write.token(value, CLOCK, key("clock", "rsa")))
    signer = info["content"]["signer_infos"][0]
    tst = info["content"]["encap_content_info"]["content"].contents
    kept = [one for one in signer["signed_attrs"] if one["type"].native == "signing_certificate_v2"]
    given = [*write.attributes(tst, kind="tst_info", digest="sha1"), *kept]
    made = sign(write.as_set(given), "clock", "rsa", "sha1")
    token = write.signed_data(
        [write.signer(CLOCK, None, tst, signed=given, value=made, digest="sha1")], [CLOCK],
        content=tst, kind="tst_info", version="v3",
    )  # fmt: skip
    found = check(signed(unsigned=[write.stamp(token)]), pin(ROOT), pin(CLOCK_ROOT, "clock", purposes=("timestamp",)))
    assert found.valid
    assert found.time_source == "claimed"
    assert "broken or unknown hash" in found.oddities[0]


@pytest.mark.parametrize("label", ["CMS", "PKCS7", "PKCS #7 SIGNED DATA", "SIGNED MESSAGE"])
def test_labels(label: str) -> None:
    """Every label tools write reads; two blocks, or an end by another label, do not."""
    text = base64.encodebytes(b"\x30\x00")
    block = b"-----BEGIN %b-----\n%b-----END %b-----\n" % (label.encode(), text, label.encode())
    assert cms.decoded(block) == b"\x30\x00"
    for wrong in (block + block, block.replace(b"END " + label.encode(), b"END PGP")):
        with pytest.raises(Malformed):
            cms.decoded(wrong)


@pytest.mark.parametrize("inside", [[LEAF], []], ids=["with", "without"])
def test_padding_other_than_named(inside: list[x509.Certificate]) -> None:
    """A PSS value under the name of PKCS#1 v1.5 is refused, with and without certificates."""
    given = write.attributes(CONTENT)
    value = key("cms leaf", "rsa").sign(
        write.as_set(given), padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256()
    )
    info = write.signer(LEAF, None, CONTENT, signed=given, value=value)
    found = check(write.signed_data([info], inside), pin(ROOT), pin(bare(key("cms leaf", "rsa")), "key"))
    assert found.status is INVALID


def test_ed25519_over_a_digest_is_no_cms_signature() -> None:
    """RFC 8419 takes the attributes as they are: Ed25519 over their SHA-512 is refused."""
    leaf = certificate("cms 25519", "cms root", kind="ed25519")
    given = write.attributes(CONTENT, digest="sha512")
    whole = write.as_set(given)
    for what, status in ((whole, VALID), (hashlib.sha512(whole).digest(), INVALID)):
        for inside in ([leaf], []):
            value = key("cms 25519", "ed25519").sign(what)
            info = write.signer(leaf, None, CONTENT, signed=given, value=value, digest="sha512")
            info["signature_algorithm"] = {"algorithm": OIDS["ed25519"]}
            pins = (pin(ROOT), pin(bare(key("cms 25519", "ed25519")), "key", prehash="sha512,none"))
            assert check(write.signed_data([info], inside), *pins).status is status


def test_content_of_another_type_without_attributes() -> None:
    """Only data may be signed without attributes (RFC 5652 section 5.3): nothing else would bind its type."""
    for kind, status in (("data", VALID), ("tst_info", INVALID)):
        raw = write.signed_data([write.signer(LEAF, key("cms leaf", "rsa"), CONTENT)], [LEAF], kind=kind)
        assert check(raw).status is status


def test_two_digests_of_the_signers_certificate() -> None:
    """Two attributes that name different certificates by one hash are refused, though one of them is right."""
    right, wrong = (hashlib.sha256(one).digest() for one in (der(LEAF), b"another"))
    for digests, status in (((right, right), VALID), ((right, wrong), INVALID), ((wrong, right), INVALID)):
        bound = [{"certs": [{"cert_hash": one}]} for one in digests]
        given = [*write.attributes(CONTENT), {"type": "signing_certificate_v2", "values": bound}]
        assert check(signed(given=given)).status is status


def test_attributes_out_of_order() -> None:
    """Written in another order than DER asks, what is signed is the ordered set (section 5.4), and that is odd."""
    raw = signed()
    inside = cms.parse(raw).signers[0].signed_attributes
    whole = framing.element(inside, 0, len(inside), "test")
    parts = [inside[one.start : one.end] for one in framing.children(inside, whole, "test")]
    body = inside[whole.body :]
    turned = raw.replace(body, b"".join(reversed(parts)))
    assert turned != raw
    found = check(turned)
    assert found.valid
    assert found.oddities == ("the signed attributes are not in the order DER asks for",)


def test_pss_with_another_trailer() -> None:
    """The trailer of PSS is 0xBC: a signer that names another is refused."""
    info = write.signer(LEAF, None, CONTENT, value=b"\1" * 256)
    for trailer in (1, 2):
        mgf = {"algorithm": "mgf1", "parameters": {"algorithm": "sha256"}}
        named = {"hash_algorithm": {"algorithm": "sha256"}, "mask_gen_algorithm": mgf, "trailer_field": trailer}
        info["signature_algorithm"] = {"algorithm": "rsassa_pss", "parameters": named}
        if trailer == 1:
            assert cms.parse(write.signed_data([info])).signers[0].pss_mask == "sha256"
        else:
            with pytest.raises(Malformed):
                cms.parse(write.signed_data([info]))


def test_an_authority_for_more_than_time_gives_none() -> None:
    """RFC 3161 section 2.3: timeStamping alone; with code signing beside it the token is odd and gives no time."""
    both = certificate("clock", "clock root", kind="rsa", issuer_kind="rsa", usages=[TIME, CODE], critical_usage=True)
    found = check(stamped(both), pin(ROOT), pin(CLOCK_ROOT, "clock", purposes=("timestamp",)))
    assert (found.valid, found.time_source) == (True, "claimed")
    assert "alone" in found.oddities[0]


@pytest.mark.parametrize(
    ("reason", "when", "source"),
    [
        (x509.ReasonFlags.superseded, datetime.datetime(2026, 10, 1), "rfc3161"),
        (x509.ReasonFlags.superseded, datetime.datetime(2026, 9, 1), "claimed"),
        (x509.ReasonFlags.key_compromise, datetime.datetime(2026, 10, 1), "claimed"),
        (None, datetime.datetime(2026, 10, 1), "claimed"),
    ],
)
def test_a_revoked_authority_of_time(reason: x509.ReasonFlags | None, when: datetime.datetime, source: str) -> None:
    """Superseded after the time it states, a token stays good; compromised or unexplained, it never does."""
    crl = revocation_list("clock root", [CLOCK.serial_number], reason=reason, when=when, kind="rsa")
    found = check(stamped(), pin(ROOT), pin(CLOCK_ROOT, "clock", purposes=("timestamp",), crls=(crl,)))
    assert (found.valid, found.time_source) == (True, source), found.oddities


@pytest.mark.parametrize("at", [1, -400, -300, -10])
def test_a_damaged_copy_of_a_pinned_certificate(at: int) -> None:
    """The signer's pinned certificate does not make up for another of its issuer and number in the CMS."""
    raw, copy = signed(), der(LEAF)
    assert check(raw, pin(LEAF), pin(ROOT)).status is VALID
    damaged = bytearray(copy)
    damaged[at] ^= 1
    try:
        found = check(raw.replace(copy, bytes(damaged)), pin(LEAF), pin(ROOT))
    except Malformed:
        return
    assert found.status is INVALID
