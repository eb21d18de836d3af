"""SSH signatures beside ssh-keygen: fresh ones hold here, damaged ones do not, and our vectors hold there.

Debian package: openssh-client.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from fwverify.authenticate.stage import authenticate_delivery
from fwverify.formats import key_file
from fwverify.ingest.stage import ingest
from fwverify.limits import DEFAULT_LIMITS
from fwverify.model.evidence import KeyRecord
from fwverify.trust.store import PinnedKey, TrustStore
from tests.interop.tools import need, run

pytestmark = pytest.mark.interop
AT = "2026-11-22T00:00:00Z"
PAYLOAD = b"firmware of an interop test\n" * 9
VECTORS = Path(__file__).resolve().parents[1] / "vectors" / "schemes" / "sshsig"
KINDS = (("ed25519", ""), ("rsa", "2048"), ("rsa", "3072"), ("ecdsa", "256"), ("ecdsa", "384"), ("ecdsa", "521"))


def pinned(content: bytes, *constraints: tuple[str, str]) -> TrustStore:
    key = key_file.parse(content)
    record = KeyRecord(
        "acme", "key", "ssh", key.fingerprint, ("firmware",), ("*",), (), "", "", "active", "", "", "", (), False
    )
    return TrustStore((PinnedKey(record, key, constraints=constraints),))


def status(folder: Path, trust: TrustStore) -> str:
    (found,) = authenticate_delivery(ingest([folder], DEFAULT_LIMITS).delivery, (), trust, AT).signatures
    return found.status.value


@pytest.mark.parametrize(("kind", "bits"), KINDS)
@pytest.mark.parametrize("digest", ["sha256", "sha512"])
def test_ssh_keygen(tmp_path: Path, kind: str, bits: str, digest: str) -> None:
    """Signatures of every kind of key hold in their namespace, not in another, and not over a changed file."""
    need("ssh-keygen")
    key, folder = tmp_path / "key", tmp_path / "d"
    folder.mkdir()
    run("ssh-keygen", "-q", "-t", kind, *(("-b", bits) if bits else ()), "-N", "", "-C", "c", "-f", key)
    (folder / "fw.bin").write_bytes(PAYLOAD)
    run("ssh-keygen", "-Y", "sign", "-f", key, "-n", "firmware", "-O", f"hashalg={digest}", folder / "fw.bin")
    public = key.with_suffix(".pub").read_bytes()
    assert status(folder, pinned(public, ("namespace", "firmware"))) == "valid"
    assert status(folder, pinned(public)) == "invalid"
    assert status(folder, pinned(b'me@x namespaces="git,firm*" ' + public, ("identity", "me@x"))) == "valid"
    assert status(folder, pinned(b'me@x namespaces="firm*,!firmware" ' + public)) == "invalid"
    (folder / "fw.bin").write_bytes(PAYLOAD + b"\0")
    assert status(folder, pinned(public, ("namespace", "firmware"))) == "invalid"


def test_public_key_forms(tmp_path: Path) -> None:
    """One key is one fingerprint as .pub, allowed_signers, RFC 4716 and PKCS#8 file."""
    need("ssh-keygen")
    key = tmp_path / "key"
    run("ssh-keygen", "-q", "-t", "ecdsa", "-N", "", "-C", "a comment", "-f", key)
    public = key.with_suffix(".pub").read_bytes()
    forms = [run("ssh-keygen", "-e", "-m", one, "-f", f"{key}.pub") for one in ("RFC4716", "PKCS8")]
    forms += [public, b"# who\n\n*@x,y " + public, b'restrict,command="a b" ' + public]
    assert len({key_file.parse(one).fingerprint for one in forms}) == 1
    shown = run("ssh-keygen", "-l", "-f", f"{key}.pub").decode().split()[1]
    assert key_file.parse(public).key_id == shown


@pytest.mark.parametrize("name", ["ed25519", "sha256", "rsa"])
def test_vectors_by_ssh_keygen(tmp_path: Path, name: str) -> None:
    """The valid vectors hold for ssh-keygen: the writer of vectors is right."""
    need("ssh-keygen")
    folder = VECTORS / "valid" / name
    (tmp_path / "allowed").write_text("me " + (folder / "keys" / "vendor.pub").read_text())
    run(
        "ssh-keygen", "-Y", "verify", "-f", tmp_path / "allowed", "-I", "me", "-n", "file", "-s",
        folder / "delivery" / "fw.bin.sig", text=(folder / "delivery" / "fw.bin").read_bytes(),
    )  # fmt: skip
