"""What one key is called in fuses, trailers and tools, held against the official tools and published values."""

from __future__ import annotations

import base64
import hashlib
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization as s
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from fwverify.formats import key_file, public_key
from fwverify.trust import known_test_keys
from fwverify.trust.key_names import avb_public_key, names_of, native, openpgp_fingerprint

PRIVATE = {
    "rsa": rsa.generate_private_key(65537, 3072),
    "ec": ec.generate_private_key(ec.SECP256R1()),
    "ed25519": ed25519.Ed25519PrivateKey.generate(),
}


def parsed(name: str) -> public_key.PublicKey:
    raw = PRIVATE[name].public_key().public_bytes(s.Encoding.DER, s.PublicFormat.SubjectPublicKeyInfo)
    return key_file.parse(raw)


@pytest.mark.interop
@pytest.mark.parametrize("name", list(PRIVATE))
def test_mcuboot_key_hash(tmp_path: Path, name: str) -> None:
    """The KEYHASH is what imgtool prints."""
    pytest.importorskip("imgtool", reason="imgtool (PyPI) is not installed")
    from imgtool import keys as imgtool_keys

    file = tmp_path / "k.pem"
    file.write_bytes(PRIVATE[name].private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.NoEncryption()))
    digest = hashlib.sha256(imgtool_keys.load(str(file)).get_public_bytes()).hexdigest()
    assert dict(names_of(parsed(name)))["mcuboot"] == digest


@pytest.mark.interop
@pytest.mark.parametrize("name", ["rsa", "ec"])
def test_esp_digest(tmp_path: Path, name: str) -> None:
    """The eFuse digest is what espsecure computes."""
    espsecure = pytest.importorskip("espsecure", reason="esptool (PyPI) is not installed")
    pem = PRIVATE[name].private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.NoEncryption())
    (tmp_path / "k.pem").write_bytes(pem)
    with (tmp_path / "k.pem").open("rb") as file:
        digest = espsecure._digest_sbv2_public_key(file)
    assert dict(names_of(parsed(name)))["esp-efuse"] == digest.hex()


@pytest.mark.interop
@pytest.mark.parametrize("name", list(PRIVATE))
def test_ssh_fingerprint(tmp_path: Path, name: str) -> None:
    """SHA256:... is what ssh-keygen prints."""
    line = PRIVATE[name].public_key().public_bytes(s.Encoding.OpenSSH, s.PublicFormat.OpenSSH)
    (tmp_path / "k.pub").write_bytes(line)
    told = subprocess.run(["ssh-keygen", "-lf", "k.pub"], cwd=tmp_path, check=True, capture_output=True, text=True)
    digest = bytes.fromhex(dict(names_of(parsed(name)))["ssh-sha256"])
    assert "SHA256:" + base64.b64encode(digest).decode().rstrip("=") in told.stdout
    assert native(key_file.parse(line)) in told.stdout


def test_openpgp_fingerprint_of_odd_packets() -> None:
    """What is no public-key packet of version 4 or 6 has none; a cut-off one neither."""
    for raw in (b"", b"\x98", b"\x99\x00\x10\x04", b"\xc6\x05\x03abcd", b"\xc6\xff\x00\x01\x00\x00\x04", b"\x30" * 9):
        assert openpgp_fingerprint(raw) == ""
    assert openpgp_fingerprint(b"\xc6\x05\x04abcd") == openpgp_fingerprint(b"\x98\x05\x04abcd") != ""


def test_avb_form() -> None:
    """The numbers agree as libavb checks them."""
    n = PRIVATE["rsa"].public_key().public_numbers().n  # type: ignore[union-attr]
    blob = avb_public_key(n)
    assert (n * int.from_bytes(blob[4:8], "big") + 1) % 2**32 == 0
    assert int.from_bytes(blob[-384:], "big") == (1 << 6144) % n


def test_the_avb_test_key_by_its_published_name() -> None:
    """avbtool names its 4096-bit test key by the SHA-1 that stands in Android's own documentation of vbmeta images."""
    key = next(one for one in known_test_keys.known_keys() if one.path.endswith("testkey_rsa4096.pem"))
    assert dict(key.names)["avb-sha1"] == "2597c218aae470a130f61162feaae70afd97f011"


def test_lookup() -> None:
    """Any name leads to the published key; an unknown key to none."""
    key = known_test_keys.known_keys()[0]
    assert all(known_test_keys.lookup([name]) == key for name in key.names)
    assert known_test_keys.lookup(names_of(parsed("rsa"))) is None
    assert {len(one) for one in known_test_keys.by_bytes()} <= {20, 32}
