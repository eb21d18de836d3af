"""CMS signers against the registry: algorithms, attributes, times and what takes their place in a forgery."""

from __future__ import annotations

import datetime
import hashlib
from dataclasses import replace
from typing import Any

import pytest
from asn1crypto import core
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding

from fwverify.authenticate import cms as verification
from fwverify.authenticate.interface import Group
from fwverify.authenticate.proofs import Message
from fwverify.authenticate.schemes import raw_signature
from fwverify.authenticate.signer import Signer, by_key
from fwverify.content import identified
from fwverify.formats import cms, public_key
from fwverify.formats.detached_signature import Candidate
from fwverify.model.artifact import Locator, Step
from fwverify.model.evidence import SignatureStatus
from fwverify.trust.store import CarriedKey, PinnedKey, TrustStore
from tests.pki import AT, TIME, bare, certificate, der, key, pem, pin
from tests.vectors.makers import cms_writer as write

CONTENT = b"firmware of the CMS tests" * 9
HASHES = {"sha256": hashes.SHA256(), "sha512": hashes.SHA512(), "sha1": hashes.SHA1()}
OIDS = {"ed25519": "1.3.101.112", "ed448": "1.3.101.113", "ml-dsa-65": "2.16.840.1.101.3.4.3.18"}
VALID, INVALID = SignatureStatus.VALID, SignatureStatus.INVALID
ROOT = certificate("cms root", "cms root", ca=True)
LEAF = certificate("cms leaf", "cms root", kind="rsa")


def group(*carried: bytes, at: str = AT) -> Group:
    place = Locator((Step("fw.bin"),))
    given = tuple(CarriedKey(place, public_key.parse(one)) for one in carried)
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
    assert check(signed(), pin(ROOT, leaf_spki=public_key.parse(der(LEAF)).fingerprint, **asked)).valid
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
