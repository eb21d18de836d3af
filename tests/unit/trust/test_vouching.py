"""An older key vouches for a newer one: counted when it holds, refused when it does not."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import serialization as s
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from fwverify.errors import TrustStoreError
from fwverify.evaluate.keys import confirmations
from fwverify.trust.registry import load
from fwverify.trust.revoking import revoke_key

NEW = ed25519.Ed25519PrivateKey.from_private_bytes(b"n" * 32)
OLD = {
    "ed25519": ed25519.Ed25519PrivateKey.from_private_bytes(b"o" * 32),
    "ecdsa": ec.generate_private_key(ec.SECP256R1()),
    "rsa": rsa.generate_private_key(65537, 2048),
}


def pin(private: object) -> str:
    der = private.public_key().public_bytes(s.Encoding.DER, s.PublicFormat.SubjectPublicKeyInfo)  # type: ignore[attr-defined]
    return hashlib.sha256(der).hexdigest()


def signed(kind: str, text: bytes) -> bytes:
    match private := OLD[kind]:
        case ed25519.Ed25519PrivateKey():
            return private.sign(text)
        case ec.EllipticCurvePrivateKey():
            return private.sign(text, ec.ECDSA(hashes.SHA256()))
        case rsa.RSAPrivateKey():
            return private.sign(text, padding.PKCS1v15(), hashes.SHA512())
    raise AssertionError


def folder(tmp_path: Path, kind: str, statement: bytes, signature: bytes, old: str = "active") -> Path:
    keys = tmp_path / "keys"
    keys.mkdir(exist_ok=True)
    for name, private in (("new", NEW), ("old", OLD[kind])):
        pem = private.public_key().public_bytes(s.Encoding.PEM, s.PublicFormat.SubjectPublicKeyInfo)
        (keys / f"{name}.pem").write_bytes(pem)
    (keys / "said.txt").write_bytes(statement)
    (keys / "said.sig").write_bytes(signature)
    revocation = "    revocation: {date: 2026-02-02, reason: lost, distrust: always}\n" if old == "revoked" else ""
    scope = "    purposes: [firmware]\n    products: ['*']\n"
    (keys / "acme.yaml").write_text(
        "fwverify: keys/1\nvendor: {id: acme, legal-name: ACME}\nkeys:\n"
        f"  - id: new\n    type: public-key\n    file: new.pem\n    spki-sha256: {pin(NEW)}\n{scope}"
        "    sources: [{channel: phone, who: A, when: 2026-01-01}]\n"
        "    vouched-by: {key: old, statement: said.txt, signature: said.sig, when: 2026-01-02}\n"
        f"  - id: old\n    type: public-key\n    file: old.pem\n    spki-sha256: {pin(OLD[kind])}\n{scope}"
        f"    status: {old}\n{revocation}    sources: [{{channel: phone, who: A, when: 2024-01-01}}]\n"
    )
    return keys


SAID = f"Our next key: {' '.join(pin(NEW)[at : at + 4] for at in range(0, 64, 4)).upper()}\n".encode()


@pytest.mark.parametrize("kind", list(OLD))
def test_counts_as_one_source(tmp_path: Path, kind: str) -> None:
    """A statement that names the new key, signed by the old one, is a second confirmation."""
    record = load(folder(tmp_path, kind, SAID, signed(kind, SAID))).keys[0].record
    assert (record.sources[-1].channel, confirmations(record)) == ("signed by acme/old", 2)


@pytest.mark.parametrize("kind", list(OLD))
def test_what_does_not_hold_is_an_error(tmp_path: Path, kind: str) -> None:
    """Another text, another key's signature or a statement about another key: the registry does not load."""
    other = SAID.replace(b"next", b"last")
    with pytest.raises(TrustStoreError, match="does not verify"):
        load(folder(tmp_path, kind, other, signed(kind, SAID)))
    with pytest.raises(TrustStoreError, match="does not verify"):
        load(folder(tmp_path, kind, SAID, NEW.sign(SAID)))
    about = b"Our next key is a secret\n"
    with pytest.raises(TrustStoreError, match="does not hold this key"):
        load(folder(tmp_path, kind, about, signed(kind, about)))


def test_a_withdrawn_key_vouches_for_nothing(tmp_path: Path) -> None:
    """Once the old key is revoked its statement counts no longer; the registry still loads."""
    record = load(folder(tmp_path, "ed25519", SAID, signed("ed25519", SAID), old="revoked")).keys[0].record
    assert confirmations(record) == 1


def test_revoking_the_old_key_is_possible(tmp_path: Path) -> None:
    """The command that withdraws the older key may take its word for the newer one away."""
    keys = folder(tmp_path, "ed25519", SAID, signed("ed25519", SAID))
    revoke_key(keys, "acme/old", reason="lost", distrust="always", date="2026-02-02", who="B")
    assert confirmations(load(keys).keys[0].record) == 1


@pytest.mark.interop
def test_minisign(tmp_path: Path) -> None:
    """A statement signed with minisign counts; with a changed trusted comment it does not."""
    for arguments in ("-G -W -p k.pub -s k.key", "-S -s k.key -m said.txt -x said.sig"):
        (tmp_path / "said.txt").write_bytes(SAID)
        subprocess.run(["minisign", *arguments.split()], cwd=tmp_path, check=True, capture_output=True)
    from fwverify.formats import key_file
    from fwverify.trust.vouching import holds

    key = key_file.parse((tmp_path / "k.pub").read_bytes())
    signature = (tmp_path / "said.sig").read_bytes()
    assert holds(key, SAID, signature) and not holds(key, SAID + b" ", signature)
    assert not holds(key, SAID, signature.replace(b"timestamp", b"Timestamp"))
