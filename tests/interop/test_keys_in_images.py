"""Keys as the official tools write them are found, with the fingerprint the tools give."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pytest

from fwverify.content import identified
from fwverify.identify.stage import observe
from fwverify.model.artifact import Locator, Step
from fwverify.model.evidence import ContentKind, ContentObservation
from tests.interop.tools import need

pytestmark = pytest.mark.interop


def secrets(path: Path) -> list[ContentObservation]:
    artifact = identified(Locator((Step("image.bin"), Step(path.name, "cpio"))), path.read_bytes())
    return [one for one in observe(artifact).contents if one.kind is ContentKind.PRIVATE_KEY]


@pytest.mark.parametrize(
    "options",
    [
        ("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"),
        ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"),
        ("-algorithm", "ED25519"),
    ],
    ids=["rsa", "ec", "ed25519"],
)
@pytest.mark.parametrize("form", ["PEM", "DER"])
def test_openssl(tmp_path: Path, options: tuple[str, ...], form: str) -> None:
    """The fingerprint is the SHA-256 of what `openssl pkey -pubout` writes."""
    need("openssl")
    key = tmp_path / "key"
    subprocess.run(["openssl", "genpkey", *options, "-outform", form, "-out", key], check=True, capture_output=True)
    public = ["openssl", "pkey", "-in", key, "-pubout", "-outform", "DER"]
    spki = subprocess.run(public, check=True, capture_output=True).stdout
    assert [one.fingerprint for one in secrets(key)] == [hashlib.sha256(spki).hexdigest()]


@pytest.mark.parametrize("kind", ["rsa", "ecdsa", "ed25519"])
@pytest.mark.parametrize("passphrase", ["", "secret"])
def test_ssh_keygen(tmp_path: Path, kind: str, passphrase: str) -> None:
    """Keys of ssh-keygen are private keys, encrypted or not; their .pub file is none."""
    need("ssh-keygen")
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", passphrase, "-f", key], check=True)
    seen = secrets(key)
    assert len(seen) == 1
    assert ("encrypted" in seen[0].detail) == bool(passphrase)
    assert secrets(key.with_suffix(".pub")) == []


def test_programs_that_read_keys() -> None:
    """OpenSSL's own library and program contain the header lines and no key."""
    paths = [Path(one) for one in ("/usr/bin/openssl", "/usr/bin/ssh-keygen", "/usr/bin/ssh")]
    present = [one for one in paths if one.is_file()]
    if not present:
        need("openssl")
    assert {one.name: secrets(one) for one in present} == {one.name: [] for one in present}
