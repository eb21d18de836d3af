"""Certification paths: what leads from a signer to a pinned certificate, and what must not."""

from __future__ import annotations

import datetime
from dataclasses import replace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, x25519
from cryptography.x509.oid import NameOID

from fwverify.authenticate import chains
from fwverify.authenticate.chains import Path
from fwverify.formats.x509 import Certificate
from fwverify.formats.x509 import certificate as read
from fwverify.formats.x509 import revocation_list as read_list
from fwverify.model.examining import Malformed
from fwverify.trust.store import PinnedKey, TrustStore
from tests.pki import SINCE, TLS, UNTIL, certificate, der, key, pin, revocation_list

ROOT = certificate("root", "root", ca=True)
INTER = certificate("inter", "root", ca=True)
LEAF = certificate("leaf", "inter")


def ways(leaf: x509.Certificate, *pool: x509.Certificate, pins: tuple[PinnedKey, ...] = ()) -> tuple[Path, ...]:
    """Paths with the root pinned, or with `pins`."""
    given: tuple[Certificate, ...] = tuple(read(der(one)) for one in pool)
    return chains.paths(read(der(leaf)), given, TrustStore(pins or (pin(ROOT),)))


def test_a_root_an_intermediate_and_the_signer_itself_may_be_pinned() -> None:
    """Any certificate of the path can be the pinned one; the path ends there."""
    for pinned, length in ((ROOT, 3), (INTER, 2), (LEAF, 1)):
        (found,) = ways(LEAF, INTER, pins=(pin(pinned),))
        assert len(found.certificates) == length
        assert bool(found.anchor) == (length > 1)


def test_every_path_to_a_pinned_certificate_is_given() -> None:
    """Root and intermediate pinned: two paths, because their entries may ask for different things."""
    found = ways(LEAF, INTER, pins=(pin(ROOT), pin(INTER, "inter")))
    assert sorted(len(one.certificates) for one in found) == [2, 3]


def test_the_order_of_the_certificates_does_not_matter() -> None:
    """A shuffled bundle with the root in it gives the same path."""
    (found,) = ways(LEAF, ROOT, LEAF, INTER)
    assert [one.subject_text for one in found.certificates] == ["CN=leaf", "CN=inter", "CN=root"]


@pytest.mark.parametrize(
    ("leaf", "pool"),
    [
        (LEAF, []),
        (certificate("leaf", "other", issuer_title="root"), []),
        (certificate("pupil", "leaf"), [LEAF, INTER]),
        (
            certificate("deep", "sub"),
            [certificate("sub", "short", ca=True), certificate("short", "root", ca=True, path_length=0)],
        ),
        (certificate("leaf", "nosign"), [certificate("nosign", "root", ca=True, key_usage=("digital_signature",))]),
        (certificate("leaf", "v3"), [certificate("v3", "root", ca=None, key_usage=("key_cert_sign",))]),
        (INTER, []),
        (certificate("leaf", "root", key_usage=("key_encipherment",)), []),
    ],
    ids=["missing", "same-name", "leaf-issues", "path-length", "key-usage", "no-constraints", "authority", "encipher"],
)
def test_what_does_not_lead_to_the_root(leaf: x509.Certificate, pool: list[x509.Certificate]) -> None:
    """No path: a gap, a same-name root, issuers that may not issue, and signers that may not sign."""
    assert ways(leaf, *pool) == ()


def test_extensions_that_are_not_understood() -> None:
    """A critical extension nobody knows refuses a path, the same one uncritical does not; name constraints always."""
    odd = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
    limits = x509.NameConstraints(permitted_subtrees=[x509.DNSName("example.com")], excluded_subtrees=None)
    assert ways(certificate("leaf", "root", extra=[(odd, True)])) == ()
    assert ways(certificate("leaf", "root", extra=[(odd, False)]))
    for critical in (True, False):
        inter = certificate("inter", "root", ca=True, extra=[(limits, critical)])
        assert ways(certificate("leaf", "inter"), inter) == ()


def test_a_changed_certificate_signature() -> None:
    """One bit in the signature of the leaf, and in what it signs, ends the path."""
    raw = bytearray(der(LEAF))
    for at in (len(raw) - 3, raw.index(b"leaf")):
        changed = bytearray(raw)
        changed[at] ^= 1
        assert chains.paths(read(bytes(changed)), (read(der(INTER)),), TrustStore((pin(ROOT),))) == ()


def test_self_issued_authorities_do_not_count_against_the_length() -> None:
    """RFC 5280 section 6.1.4 (l): a key change of the same authority uses up nothing."""
    first = certificate("old", "root", ca=True, title="inter", path_length=0)
    second = certificate("new", "old", ca=True, title="inter", issuer_title="inter")
    assert ways(certificate("leaf", "new", issuer_title="inter"), first, second)


def test_loops_and_crowds_end() -> None:
    """Authorities that certify one another, and many of one name, cost a bounded number of steps."""
    ring = [certificate("a", "b", ca=True), certificate("b", "a", ca=True)]
    assert ways(certificate("leaf", "a"), *ring) == ()
    crowd = [certificate(f"c{one % 3}", f"c{one % 2}", ca=True, title="c", issuer_title="c") for one in range(60)]
    assert ways(certificate("leaf", "c0", issuer_title="c"), *crowd) == ()


def test_ml_dsa_and_ed25519_authorities() -> None:
    """Issuer signatures of the newer algorithms are checked too."""
    for kind in ("ml-dsa-65", "ed25519", "ed448", "rsa", "p521"):
        root = certificate(f"root {kind}", f"root {kind}", kind=kind, ca=True)
        leaf = certificate("leaf", f"root {kind}", issuer_kind=kind)
        assert ways(leaf, pins=(pin(root),)), kind
        assert ways(leaf, pins=(pin(ROOT),)) == ()


def test_usages_are_what_all_of_the_path_allow() -> None:
    """An authority limited to TLS takes code signing away from those below it."""
    limit = x509.ExtendedKeyUsage([TLS])
    inter = certificate("inter", "root", ca=True, extra=[(limit, False)])
    (found,) = ways(certificate("leaf", "inter"), inter)
    assert dict(found.parameters)["eku"] == ""
    (found,) = ways(LEAF, INTER)
    assert dict(found.parameters)["eku"] == "codeSigning"


def test_not_yet_valid() -> None:
    """A certificate of the path that begins later is told; an expired one is not (a rule judges it)."""
    (found,) = ways(certificate("leaf", "root", since=datetime.datetime(2030, 1, 1)))
    assert "2030-01-01" in found.unready("2026-11-22T00:00:00Z")
    (found,) = ways(certificate("leaf", "root", until=datetime.datetime(2021, 1, 1)))
    assert not found.unready("2026-11-22T00:00:00Z")


def test_revocation() -> None:
    """A list pinned beside the root and signed by the issuer revokes; one that another key signed says nothing."""
    for by, expected in (("inter", "2026-01-01T00:00:00Z"), ("elsewhere", "")):
        crl = revocation_list("inter", [LEAF.serial_number], by=by, reason=x509.ReasonFlags.key_compromise)
        (found,) = ways(LEAF, INTER, pins=(pin(ROOT, crls=(crl,)),))
        leaf, inter, _ = chains.facts(found)
        assert leaf.revoked_at == expected
        assert leaf.revocation_reason == ("keyCompromise" if expected else "")
        assert bool(leaf.crl_updated) == bool(expected)
        assert not inter.revoked_at


def test_revocation_of_a_pinned_signer() -> None:
    """The signer's own certificate is pinned: a list of its issuer still revokes it."""
    crl = revocation_list("inter", [LEAF.serial_number])
    found = ways(LEAF, INTER, pins=(pin(LEAF, "leaf"), pin(ROOT, crls=(crl,))))
    assert len(found[0].certificates) == 1
    assert chains.facts(found[0])[0].revoked_at


def test_a_version_1_authority_counts_only_where_it_is_pinned() -> None:
    """Version 1 cannot say that it is an authority; the registry can."""
    old = replace(read(der(ROOT)), version=1)
    leaf = read(der(certificate("leaf", "root")))
    pinned = {old.public.fingerprint: [(pin(ROOT), old)]}
    assert list(chains._paths([leaf], [old], pinned, chains._Search()))
    above = read(der(certificate("leaf", "inter")))
    odd = replace(read(der(INTER)), version=1)
    assert not list(chains._paths([above], [odd, old], pinned, chains._Search()))


def test_a_list_with_two_algorithms_or_another_issuers_entries() -> None:
    """A revocation list is not read that names two algorithms, or whose entries are by another authority."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "root")])
    other = x509.CertificateIssuer([x509.DirectoryName(name)])
    for extension, critical in ((other, True), (other, False)):
        entry = x509.RevokedCertificateBuilder(5, datetime.datetime(2026, 1, 1)).add_extension(extension, critical)
        built = x509.CertificateRevocationListBuilder(name, SINCE, UNTIL).add_revoked_certificate(entry.build())
        made = built.sign(key("root"), hashes.SHA256()).public_bytes(serialization.Encoding.DER)
        if critical:
            with pytest.raises(Malformed):
                read_list(made)
        else:
            assert read_list(made).revoked
    good = revocation_list("root", [5])
    bent = good[::-1].replace(
        bytes.fromhex("06082a8648ce3d040302")[::-1], bytes.fromhex("06082a8648ce3d040303")[::-1], 1
    )[::-1]
    assert bent != good
    with pytest.raises(Malformed):
        read_list(bent)


def test_keys_that_are_not_read_do_not_end_the_search() -> None:
    """Certificates by DSA or X25519 keys beside the chain are passed over."""
    made = []
    for public in (dsa.generate_private_key(2048).public_key(), x25519.X25519PrivateKey.generate().public_key()):
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "odd")])
        built = x509.CertificateBuilder(name, name, public, 5, SINCE, UNTIL)
        made.append(der(built.sign(key("root"), hashes.SHA256())))
    assert chains.readable([*made, b"", b"\x30\x00", der(ROOT)]) == (read(der(ROOT)),)


def test_the_same_key_under_another_name_is_another_authority() -> None:
    """The issuer's name counts besides its key, and a pinned certificate is not another one for the same key."""
    twin = certificate("root", "root", title="twin", issuer_title="twin", ca=True)
    leaf = certificate("leaf", "root")
    assert ways(leaf)
    assert ways(leaf, pins=(pin(twin),)) == ()
    assert ways(LEAF, pins=(pin(certificate("leaf", "other")),)) == ()


def test_a_pinned_signer_with_an_extension_that_is_not_understood() -> None:
    """Its own entry vouches for it; no path above it does, though its root is pinned too."""
    odd = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
    leaf = certificate("leaf", "root", extra=[(odd, True)])
    (found,) = ways(leaf, pins=(pin(ROOT), pin(leaf, "leaf")))
    assert len(found.certificates) == 1


def test_lists_that_do_not_count() -> None:
    """By an authority that signs no lists, in another issuer's name, delta or partial: nothing is revoked by them."""
    silent = certificate("silent", "root", ca=True, key_usage=("key_cert_sign",))
    below = certificate("leaf", "silent")
    crl = revocation_list("silent", [below.serial_number])
    (found,) = ways(below, silent, pins=(pin(ROOT, crls=(crl,)),))
    assert not chains.facts(found)[0].revoked_at
    whole = x509.IssuingDistributionPoint(None, None, True, False, None, False, False)
    lists = (
        (revocation_list("inter", [LEAF.serial_number]), True),
        (revocation_list("elsewhere", [LEAF.serial_number], by="inter"), False),
        (revocation_list("inter", [LEAF.serial_number], extra=[(x509.DeltaCRLIndicator(1), True)]), False),
        (revocation_list("inter", [LEAF.serial_number], extra=[(whole, True)]), False),
    )
    for crl, counts in lists:
        (found,) = ways(LEAF, INTER, pins=(pin(ROOT, crls=(crl,)),))
        assert bool(chains.facts(found)[0].revoked_at) is counts


def test_a_certificate_with_two_algorithms() -> None:
    """The algorithm outside a certificate, which nobody signed, must be the one inside (RFC 5280 section 4.1.1.2)."""
    ecdsa_sha256, ecdsa_sha384 = (bytes.fromhex(one) for one in ("06082a8648ce3d040302", "06082a8648ce3d040303"))
    head, _, tail = der(LEAF).rpartition(ecdsa_sha256)
    assert ecdsa_sha256 in head
    with pytest.raises(Malformed):
        read(head + ecdsa_sha384 + tail)
