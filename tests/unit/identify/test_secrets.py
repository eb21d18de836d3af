"""Keys and passwords in content: found with the right fingerprint, and never repeated in the evidence."""

from __future__ import annotations

import base64
import hashlib
import struct

import pytest
from cryptography.hazmat.primitives import serialization as form
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from fwverify.content import identified
from fwverify.identify.interface import Observed
from fwverify.identify.keys import private_fingerprint
from fwverify.identify.stage import observe
from fwverify.model.artifact import Locator, Step
from fwverify.model.canonical import canonical
from fwverify.model.evidence import ContentKind, ContentObservation

RSA = rsa.generate_private_key(65537, 2048)
EC = ec.generate_private_key(ec.SECP384R1())
EDWARDS = ed25519.Ed25519PrivateKey.generate()
PLAIN, LOCKED = form.NoEncryption(), form.BestAvailableEncryption(b"secret")
FORMS = form.PrivateFormat
KEYS = {"rsa": RSA, "ec": EC, "ed25519": EDWARDS}


def look(data: bytes, name: str = "etc/thing") -> Observed:
    return observe(identified(Locator((Step("image.bin"), Step(name, "cpio"))), data))


def secrets(data: bytes, name: str = "etc/thing") -> list[ContentObservation]:
    return [one for one in look(data, name).contents if one.kind is ContentKind.PRIVATE_KEY]


def fingerprint(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey) -> str:
    spki = key.public_key().public_bytes(form.Encoding.DER, form.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(spki).hexdigest()


@pytest.mark.parametrize("kind", KEYS)
@pytest.mark.parametrize("layout", ["pkcs8", "traditional", "openssh", "der"])
def test_plain_keys(kind: str, layout: str) -> None:
    """An unencrypted key has the fingerprint of its public half, whatever it is written as."""
    if (kind, layout) == ("ed25519", "traditional"):
        pytest.skip("there is no such form")
    key = KEYS[kind]
    encoding = form.Encoding.DER if layout == "der" else form.Encoding.PEM
    shape = {"traditional": FORMS.TraditionalOpenSSL, "openssh": FORMS.OpenSSH}.get(layout, FORMS.PKCS8)
    seen = secrets(key.private_bytes(encoding, shape, PLAIN))
    assert [one.fingerprint for one in seen] == [fingerprint(key)]


@pytest.mark.parametrize("shape", [FORMS.PKCS8, FORMS.TraditionalOpenSSL])
def test_encrypted_keys(shape: form.PrivateFormat) -> None:
    """An encrypted key is found, with a fingerprint of its own, and said to be encrypted."""
    seen = secrets(RSA.private_bytes(form.Encoding.PEM, shape, LOCKED))
    assert len(seen) == 1
    assert "encrypted" in seen[0].detail
    assert seen[0].fingerprint != fingerprint(RSA)


def test_key_escaped_in_source() -> None:
    """A key written into a script or JSON with backslash-n is the same key; line ends of any kind too."""
    pem = EC.private_bytes(form.Encoding.PEM, FORMS.PKCS8, PLAIN)
    for text in (pem.replace(b"\n", b"\\n"), pem.replace(b"\n", b"\r\n")):
        assert [one.fingerprint for one in secrets(b'{"key": "' + text + b'"}')] == [fingerprint(EC)]


def test_place_of_an_embedded_key() -> None:
    """The offset is that of the first dash."""
    pem = EC.private_bytes(form.Encoding.PEM, FORMS.PKCS8, PLAIN)
    seen = secrets(b"\x80\0" * 50 + pem + b"\0" + pem)
    assert [one.offset for one in seen] == [100, 101 + len(pem)]


def test_dropbear_host_key() -> None:
    """A Dropbear host key is private, the public key of the same shape is not."""
    numbers = RSA.private_numbers()

    def packed(*values: bytes) -> bytes:
        return b"".join(struct.pack(">I", len(one)) + one for one in values)

    def number(value: int) -> bytes:
        return value.to_bytes(value.bit_length() // 8 + 1, "big")

    public = (b"ssh-rsa", number(numbers.public_numbers.e), number(numbers.public_numbers.n))
    assert len(secrets(packed(*public, number(numbers.d), number(numbers.p), number(numbers.q)))) == 1
    assert secrets(packed(*public)) == []
    assert secrets(packed(*public, number(numbers.d))[:-1]) == []


@pytest.mark.parametrize(
    "data",
    [
        b"-----BEGIN RSA PRIVATE KEY-----",
        b"\0-----BEGIN PRIVATE KEY-----\0-----END PRIVATE KEY-----\0",
        b"-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----\n",
        b"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n",
        b"-----BEGIN PUBLIC KEY-----\n" + base64.b64encode(b"0" * 90) + b"\n-----END PUBLIC KEY-----\n",
        b"-----BEGIN PRIVATE KEY-----\n" * 2000,
    ],
    ids=["header", "both-headers", "dots", "no-magic", "public", "many-headers"],
)
def test_no_key(data: bytes) -> None:
    """A program, a manual or a template is no key."""
    assert secrets(data) == []


def test_nothing_secret_is_kept() -> None:
    """Neither the key's body nor a password hash stands in what is observed."""
    pem = EC.private_bytes(form.Encoding.PEM, FORMS.PKCS8, PLAIN)
    assert pem.splitlines()[1] not in canonical(look(pem))
    line = b"root:$1$deadbeef$RAPdHBl6WylRnLu9F0jaM1:1::::::\n"
    seen = look(line, "etc/shadow")
    assert seen.contents
    assert b"RAPdHBl6" not in canonical(seen)


@pytest.mark.parametrize(
    ("line", "reasons"),
    [
        ("root::1::::::", ["empty"]),
        ("root:ab9yVReW51CXE:1::::::", ["weak-scheme"]),
        ("root:$1$deadbeef$RAPdHBl6WylRnLu9F0jaM1:1::::::", ["weak-scheme"]),
        ("x:$5$acmesalt$A28pRunElSS0kk84SK6wFZIv7CPVp2qjNZNYr.mkOv9:1::::::", ["default"]),
        ("root:$y$j9T$aaaa$bbbb:1::::::", []),
        ("root:*:1::::::", []),
        ("root:!$1$deadbeef$RAPdHBl6WylRnLu9F0jaM1:1::::::", []),
        ("nothing", []),
    ],
)
def test_shadow(line: str, reasons: list[str]) -> None:
    """Empty, weak and well-known passwords are told apart; locked accounts are no finding."""
    seen = look(f"{line}\n".encode(), "rootfs/etc/shadow")
    assert [one.fingerprint for one in seen.contents] == reasons


def test_many_hashes_are_bounded() -> None:
    """A shadow file of ten thousand expensive hashes does not take for ever."""
    line = "user:$6$saltsalt$" + "a" * 86 + ":1::::::\n"
    seen = look((line * 10_000).encode(), "etc/shadow")
    assert seen.contents == ()


def test_numbers_that_make_no_key() -> None:
    """An RSA key whose primes do not make its modulus is none; nobody asks whether they are prime."""
    der = RSA.private_bytes(form.Encoding.DER, FORMS.TraditionalOpenSSL, PLAIN)
    first = RSA.private_numbers().p.to_bytes(128, "big")
    assert der.count(first) == 1
    assert private_fingerprint(der) == (fingerprint(RSA), "RSA 2048")
    wrong = der.replace(first, first[:-1] + bytes([first[-1] ^ 0x40]))
    assert private_fingerprint(wrong) == ("", "")
