"""OpenPGP beside GnuPG and Sequoia: fresh signatures of each tool hold here, damaged ones do not.

Debian packages: gpg, gpgv, sqv. PyPI: pysequoia.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from fwverify.authenticate.stage import Authenticated, authenticate_delivery
from fwverify.formats import key_file
from fwverify.ingest.stage import ingest
from fwverify.limits import DEFAULT_LIMITS
from fwverify.model.evidence import KeyRecord, SignatureObservation
from fwverify.model.examining import Malformed
from fwverify.model.ledger import reach
from fwverify.trust.store import PinnedKey, TrustStore
from tests.interop.tools import found, need, need_module, run

pytestmark = pytest.mark.interop
AT = "2026-11-22T00:00:00Z"
MADE, SIGNED = "20250101T000000", "20260601T000000"
VECTORS = Path(__file__).resolve().parents[1] / "vectors" / "schemes" / "openpgp"
PAYLOAD = b"firmware\r\nwith lines \nand\0bytes\n" * 20


@dataclass(frozen=True)
class Gpg:
    """A GnuPG home of one test."""

    home: Path

    def __call__(self, *command: object, when: str = SIGNED, text: bytes | None = None) -> bytes:
        head = ("gpg", "--homedir", self.home, "--batch", "--yes", "--no-tty", "--pinentry-mode", "loopback")
        return run(*head, "--passphrase", "", "--faked-system-time", when, *command, text=text)

    def generate(self, algorithm: str, usage: str = "sign", until: str = "0", name: str = "Vendor") -> str:
        self("--quick-generate-key", f"{name} <{name}@vendor.example>", algorithm, usage, until, when=MADE)
        listed = self("--with-colons", "--list-keys", name).decode().splitlines()
        return next(one.split(":")[9] for one in listed if one.startswith("fpr"))


@pytest.fixture
def gpg() -> Iterator[Gpg]:
    need("gpg", "gpgconf")
    home = Path(tempfile.mkdtemp(prefix="g"))  # short: the agent's socket lies in it
    home.chmod(0o700)
    yield Gpg(home)
    run("gpgconf", "--homedir", home, "--kill", "all")
    shutil.rmtree(home, ignore_errors=True)


def pinned(certificate: bytes) -> TrustStore:
    key = key_file.parse(certificate)
    record = KeyRecord(
        "acme", "key", "openpgp", key.fingerprint, ("firmware",), ("*",), (), "", "", "active", "", "", "", (), False
    )
    return TrustStore((PinnedKey(record, key),))


def observed(folder: Path, trust: TrustStore, at: str = AT) -> Authenticated:
    return authenticate_delivery(ingest([folder], DEFAULT_LIMITS).delivery, (), trust, at)


def one(folder: Path, trust: TrustStore, at: str = AT) -> SignatureObservation:
    (found,) = observed(folder, trust, at).signatures
    return found


def status(folder: Path, trust: TrustStore, at: str = AT) -> str:
    return one(folder, trust, at).status.value


def delivery(folder: Path, signature: bytes, name: str = "fw.bin.sig", payload: bytes = PAYLOAD) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "fw.bin").write_bytes(payload)
    (folder / name).write_bytes(signature)
    return folder


ALGORITHMS = (
    "ed25519", "rsa2048", "rsa3072", "nistp256", "nistp384", "nistp521", "brainpoolP256r1", "brainpoolP384r1",
    "brainpoolP512r1", "secp256k1",
)  # fmt: skip


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_gpg_detached(gpg: Gpg, tmp_path: Path, algorithm: str) -> None:
    """Binary, armored and text signatures of GnuPG hold; over a changed file none does."""
    trust = pinned(gpg("--export", gpg.generate(algorithm)))
    # GnuPG makes no digest shorter than the curve
    digests = ("SHA512",) if "21" in algorithm or "512" in algorithm else ("SHA384", "SHA512")
    digests = digests if "p" in algorithm else (*digests, "SHA224")
    for options in ((), ("--armor",), ("--textmode",), *(("--digest-algo", name) for name in digests)):
        signature = gpg(*options, "--detach-sign", "-o", "-", text=PAYLOAD)
        assert status(delivery(tmp_path / "d", signature), trust) == "valid", options
        assert status(delivery(tmp_path / "d", signature, payload=PAYLOAD + b"x"), trust) == "invalid", options


def test_gpg_text_signature_is_odd(gpg: Gpg, tmp_path: Path) -> None:
    """A text signature holds over other line ends too, and that is said."""
    trust = pinned(gpg("--export", gpg.generate("ed25519")))
    signature = gpg("--textmode", "--detach-sign", "-o", "-", text=PAYLOAD)
    changed = PAYLOAD.replace(b"\r\n", b"\n")
    found = one(delivery(tmp_path / "d", signature, payload=changed), trust)
    assert found.status.value == "valid"
    assert "line" in found.oddities[0]


def test_gpg_subkey(gpg: Gpg, tmp_path: Path) -> None:
    """A signing subkey of a primary key that only certifies; revoked, it signs no more."""
    primary = gpg.generate("ed25519", "cert")
    gpg("--quick-add-key", primary, "rsa2048", "sign", "0", when=MADE)
    gpg("--quick-add-key", primary, "cv25519", "encr", "0", when=MADE)
    signature = gpg("--detach-sign", "-o", "-", text=PAYLOAD)
    folder = delivery(tmp_path / "d", signature)
    found = one(folder, pinned(gpg("--armor", "--export", primary)))
    assert found.status.value == "valid"
    assert found.anchor == key_file.parse(gpg("--export", primary)).fingerprint != found.fingerprint
    run_edit(gpg, primary, "key 1\nrevkey\ny\n0\n\ny\nsave\n")
    assert status(folder, pinned(gpg("--export", primary))) == "invalid"


def run_edit(gpg: Gpg, key: str, commands: str) -> None:
    gpg("--command-fd", "0", "--no-batch", "--edit-key", key, when=SIGNED, text=commands.encode())


def test_gpg_revoked_and_expired(gpg: Gpg, tmp_path: Path) -> None:
    """A revoked certificate and an expired one make nothing valid, though both signed in good time."""
    key, old = gpg.generate("ed25519"), gpg.generate("ed25519", until="2026-07-01", name="Old")
    folder = delivery(tmp_path / "d", gpg("-u", key, "--detach-sign", "-o", "-", text=PAYLOAD))
    assert status(folder, pinned(gpg("--export", key))) == "valid"
    revocation = (gpg.home / "openpgp-revocs.d" / f"{key}.rev").read_text().replace(":-----BEGIN", "-----BEGIN")
    gpg("--import", text=revocation.encode())
    assert status(folder, pinned(gpg("--export", key))) == "invalid"
    folder = delivery(tmp_path / "e", gpg("-u", old, "--detach-sign", "-o", "-", text=PAYLOAD))
    certificate = gpg("--export", old)
    assert status(folder, pinned(certificate), "2026-06-15T00:00:00Z") == "valid"
    assert status(folder, pinned(certificate)) == "invalid"
    gpg("--quick-set-expire", old, "0", when="20260620T000000")
    assert status(folder, pinned(gpg("--export", old))) == "valid"


@pytest.mark.parametrize("digest", ["SHA256", "SHA512"])
def test_gpg_clear_signed_list(gpg: Gpg, tmp_path: Path, digest: str) -> None:
    """A clear-signed list reaches the file it lists; with an edited digest it reaches nothing."""
    import hashlib

    trust = pinned(gpg("--export", gpg.generate("ed25519")))
    listed = f"{hashlib.sha256(PAYLOAD).hexdigest()}  fw.bin\n- odd line\n".replace("- odd line\n", "").encode()
    signed = gpg("--digest-algo", digest, "--clearsign", "-o", "-", text=listed)
    folder = delivery(tmp_path / "d", signed, "SHA256SUMS.asc")
    got = observed(folder, trust)
    sizes = {found.subject: len(signed) for found in got.signatures if found.subject}
    assert [name.name for name in reach(got.signatures, got.checksums, got.bindings, sizes)].count("fw.bin") == 1
    broken = signed.replace(listed[:8], b"00000000")
    got = observed(delivery(tmp_path / "d", broken, "SHA256SUMS.asc"), trust)
    assert [found.status.value for found in got.signatures] == ["invalid"]
    assert not got.checksums


def test_gpg_clear_signed_text_with_dashes(gpg: Gpg, tmp_path: Path) -> None:
    """Escaped dashes, blanks at line ends and empty lines are read as GnuPG writes them."""
    trust = pinned(gpg("--export", gpg.generate("rsa2048")))
    for text in (
        b"-----\n- a\n\nFrom me  \n\ttab\t\n",
        b"no line end",
        b"\n\nempty\n\n\n",
        b"umlaut \xc3\xa4\r\ncrlf\r\n",
    ):
        signed = gpg("--clearsign", "-o", "-", text=text)
        assert status(delivery(tmp_path / "d", signed, "notes.asc"), trust) == "valid", text


def test_gpg_other_material(gpg: Gpg, tmp_path: Path) -> None:
    """A signed message is refused; SHA-1 is recorded; DSA keys cannot be pinned."""
    trust = pinned(gpg("--export", gpg.generate("rsa2048")))
    assert status(delivery(tmp_path / "d", gpg("--sign", "-o", "-", text=PAYLOAD)), trust) == "invalid"
    assert status(delivery(tmp_path / "d", gpg("--armor", "--sign", "-o", "-", text=PAYLOAD)), trust) == "invalid"
    weak = gpg("--digest-algo", "SHA1", "--detach-sign", "-o", "-", text=PAYLOAD)
    assert dict(one(delivery(tmp_path / "d", weak), trust).parameters)["hash"] == "sha1"
    with pytest.raises(Malformed, match="DSA"):
        key_file.parse(gpg("--export", gpg.generate("dsa2048", name="Dsa")))


@pytest.mark.parametrize("profile", ["RFC4880", "RFC9580"])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_sequoia(tmp_path: Path, profile: str) -> None:
    """Signatures of Sequoia by a subkey, version 4 and 6, detached and clear-signed, in pairs."""
    need_module("pysequoia")
    import pysequoia as sq

    at = "2030-01-01T00:00:00Z"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        secret = sq.Cert.generate(
            user_id="V <v@v.example>", profile=getattr(sq.Profile, profile), validity_seconds=None
        )
        made = sq.sign(secret.secrets.signer(), PAYLOAD, mode=sq.SignatureMode.DETACHED)
        clear = sq.sign(secret.secrets.signer(), b"text\n- x \nend\n", mode=sq.SignatureMode.CLEAR)
    trust = pinned(bytes(secret))
    assert status(delivery(tmp_path / "d", made), trust, at) == "valid"
    assert status(delivery(tmp_path / "d", made, payload=b"x" + PAYLOAD), trust, at) == "invalid"
    assert status(delivery(tmp_path / "c", clear, "notes.asc"), trust, at) == "valid"
    assert status(delivery(tmp_path / "c", clear.replace(b"end", b"edn"), "notes.asc"), trust, at) == "invalid"


def test_vectors_by_gpgv_and_sqv(tmp_path: Path) -> None:
    """The valid detached vectors of version 4 hold for gpgv and sqv: the writer of vectors is right."""
    need("gpg", "gpgv", "sqv")
    for name in ("v4-ed25519-legacy", "v4-rsa-armored", "subkey"):
        folder = VECTORS / "valid" / name
        signature = next((folder / "delivery").glob("fw.bin.*"))
        ring = folder / "keys" / "vendor.pgp"
        run("gpgv", "--keyring", ring, signature, folder / "delivery" / "fw.bin")
        run("sqv", "--keyring", ring, signature, folder / "delivery" / "fw.bin")


@pytest.mark.parametrize("name", ["payload-changed", "revoked-key", "future", "before-its-key", "signature-expired"])
def test_invalid_vectors_by_sqv(name: str) -> None:
    """What fwverify refuses for its dates or revocation, sqv refuses too."""
    need("sqv")
    folder = VECTORS / "invalid" / name
    command = [found("sqv"), "--keyring", folder / "keys" / "vendor.pgp", folder / "delivery" / "fw.bin.sig"]
    assert subprocess.run([*command, folder / "delivery" / "fw.bin"], capture_output=True).returncode != 0
