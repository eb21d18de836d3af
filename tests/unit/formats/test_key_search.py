"""Keys inside other bytes: found where they are whole, nothing else taken for one."""

from __future__ import annotations

import datetime
import random
import struct
import subprocess
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import serialization as s
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from fwverify.formats import key_file, key_search
from fwverify.trust.key_names import avb_public_key

RSA = rsa.generate_private_key(65537, 2048)
EC = ec.generate_private_key(ec.SECP256R1())


def der(private: object) -> bytes:
    return private.public_key().public_bytes(s.Encoding.DER, s.PublicFormat.SubjectPublicKeyInfo)  # type: ignore[attr-defined]


def certificate(private: object = EC, bits: object = hashes.SHA256()) -> bytes:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "ACME root")])
    day = datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())  # type: ignore[attr-defined]
        .serial_number(7)
        .not_valid_before(day)
        .not_valid_after(day + datetime.timedelta(9000))
    )
    return made.sign(private, bits).public_bytes(s.Encoding.DER)  # type: ignore[arg-type]


def found(content: bytes) -> list[tuple[int, str, str]]:
    return [(one.offset, one.what, one.key.fingerprint) for one in key_search.search(memoryview(content))]


NOISE = random.Random(1).randbytes(1000)


@pytest.mark.parametrize(
    "private",
    [
        RSA, rsa.generate_private_key(3, 1024), rsa.generate_private_key(65537, 4096), EC,
        ec.generate_private_key(ec.SECP384R1()), ec.generate_private_key(ec.SECP521R1()),
        ed25519.Ed25519PrivateKey.generate(), ed448.Ed448PrivateKey.generate(),
    ],
    ids=lambda one: f"{type(one).__name__}-{getattr(one, 'key_size', '')}",
)  # fmt: skip
def test_der_keys_between_other_bytes(private: object) -> None:
    """A SubjectPublicKeyInfo of each kind is found once, at its place, with its fingerprint."""
    raw = der(private)
    assert found(NOISE + raw + NOISE) == [(1000, "public key", key_file.parse(raw).fingerprint)]
    assert found(NOISE + raw[:-1]) == []


@pytest.mark.parametrize(("private", "digest"), [(EC, hashes.SHA256()), (RSA, hashes.SHA256())])
def test_certificates(private: object, digest: object) -> None:
    """A certificate is found as one thing with its name; the key inside it is not told a second time."""
    raw = certificate(private, digest)
    fingerprint = key_file.parse(der(private)).fingerprint
    assert found(NOISE + raw + NOISE) == [(1000, "certificate of CN=ACME root", fingerprint)]
    (one,) = key_search.search(memoryview(NOISE + raw))
    assert one.key.material == raw


def test_small_certificate() -> None:
    """One whose inner lengths take a single octet (Ed25519) is found as well."""
    private = ed25519.Ed25519PrivateKey.generate()
    assert len(found(b"\0" + certificate(private, None))) == 1


def test_pem() -> None:
    """PEM keys and certificates are found; private ones and broken ones are not."""
    public = RSA.public_key().public_bytes(s.Encoding.PEM, s.PublicFormat.SubjectPublicKeyInfo)
    secret = RSA.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.NoEncryption())
    assert [one[0] for one in found(b"x = " + public + b"and" + secret)] == [4]
    assert found(public.replace(b"M", b"!")) == []


@pytest.mark.parametrize("bits", [2048, 4096])
def test_avb_public_key(bits: int) -> None:
    """An AVB key is found by its three numbers that must agree; one changed bit in any of them and it is none."""
    private = rsa.generate_private_key(65537, bits)
    blob = avb_public_key(private.public_key().public_numbers().n)
    assert found(NOISE + blob + NOISE) == [(1000, "AVB public key", key_file.parse(der(private)).fingerprint)]
    for at in (5, 20, len(blob) - 1):
        assert found(blob[:at] + bytes([blob[at] ^ 1]) + blob[at + 1 :]) == []


def tree(properties: dict[str, bytes], name: str = "key-dev", holder: str = "signature") -> bytes:
    """A device tree with one node below /signature."""
    strings, offsets = b"", {}
    for one in properties:
        offsets[one] = len(strings)
        strings += one.encode() + b"\0"

    def begin(text: str) -> bytes:
        raw = text.encode() + b"\0"
        return struct.pack(">I", 1) + raw + bytes(-len(raw) % 4)

    body = begin("") + begin(holder) + begin(name)
    for one, value in properties.items():
        body += struct.pack(">III", 3, len(value), offsets[one]) + value + bytes(-len(value) % 4)
    body += struct.pack(">IIII", 2, 2, 2, 9)
    head = 40 + 16
    total = head + len(body) + len(strings)
    return (
        struct.pack(">10I", 0xD00DFEED, total, head, head + len(body), 40, 17, 16, 0, len(strings), len(body))
        + bytes(16)
        + body
        + strings
    )


def test_keys_of_a_control_tree() -> None:
    """U-Boot's RSA and ECDSA keys are found below /signature, in a tree that lies behind a program."""
    n = RSA.public_key().public_numbers().n
    rsa_tree = tree({"rsa,modulus": n.to_bytes(256, "big"), "rsa,exponent": (65537).to_bytes(8, "big")})
    fingerprint = key_file.parse(der(RSA)).fingerprint
    assert [one[1:] for one in found(NOISE + rsa_tree + NOISE)] == [('key "dev" of a U-Boot device tree', fingerprint)]
    point = EC.public_key().public_numbers()
    fields = {"ecdsa,curve": b"prime256v1\0", "ecdsa,x-point": point.x.to_bytes(32, "big")}
    ec_tree = tree({**fields, "ecdsa,y-point": point.y.to_bytes(32, "big")})
    assert found(ec_tree)[0][2] == key_file.parse(der(EC)).fingerprint
    assert found(tree({**fields, "ecdsa,y-point": point.x.to_bytes(32, "big")})) == []
    assert found(tree({"rsa,modulus": bytes(256)})) == found(tree({"rsa,modulus": b"\x04"})) == []
    assert found(tree({"rsa,modulus": n.to_bytes(256, "big")}, holder="chosen")) == []


@given(
    st.sampled_from(
        [der(RSA), certificate(), avb_public_key(RSA.public_key().public_numbers().n), tree({"rsa,modulus": b"1"})]
    ),
    st.integers(0, 10**6),
    st.integers(0, 255),
)
@settings(max_examples=150, deadline=None)
def test_damage_never_raises(raw: bytes, at: int, value: int) -> None:
    """A changed byte gives keys or none, never an exception."""
    at %= len(raw)
    found(raw[:at] + bytes([value]) + raw[at + 1 :])
    found(raw[:at])


@pytest.mark.interop
def test_certificates_of_a_cms_file(tmp_path: Path) -> None:
    """The certificates in a CMS signature made by openssl are found, PEM and DER alike."""
    (tmp_path / "k.pem").write_bytes(EC.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.NoEncryption()))
    (tmp_path / "c.pem").write_bytes(x509.load_der_x509_certificate(certificate()).public_bytes(s.Encoding.PEM))
    (tmp_path / "fw").write_bytes(b"firmware")
    for form in ("DER", "PEM"):
        subprocess.run(
            ["openssl", "cms", "-sign", "-binary", "-in", "fw", "-signer", "c.pem", "-inkey", "k.pem", "-outform", form,
             "-out", "s"], cwd=tmp_path, check=True, capture_output=True,
        )  # fmt: skip
        assert [one[1] for one in found((tmp_path / "s").read_bytes())] == ["certificate of CN=ACME root"]
