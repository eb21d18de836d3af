"""Fresh signatures of other implementations: LMS/HSS of pyhsslms, DSSE of securesystemslib, PSS of openssl; each good
and damaged, in pairs.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fwverify.authenticate.stage import authenticate_delivery
from fwverify.formats import key_file, lms
from fwverify.ingest.stage import ingest
from fwverify.limits import DEFAULT_LIMITS
from fwverify.model.evidence import KeyRecord, SignatureStatus
from fwverify.trust.store import PinnedKey, TrustStore
from tests.interop.tools import need, need_module, run
from tests.vectors.makers.attestations import IN_TOTO, statement

pytestmark = pytest.mark.interop

PAYLOAD = b"fresh firmware\n" * 100


def statuses(folder: Path, key: bytes) -> list[SignatureStatus]:
    public = key_file.parse(key)
    record = KeyRecord(
        "v", "key", "public-key", public.fingerprint, ("firmware",), ("*",), (), "", "", "active", "", "", "", (), False
    )
    delivery = ingest([folder], DEFAULT_LIMITS).delivery
    found = authenticate_delivery(delivery, (), TrustStore((PinnedKey(record, public),)), "2026-11-22T00:00:00Z")
    return [one.status for one in found.signatures]


def pair(folder: Path, name: str, signature: bytes, key: bytes) -> None:
    """Valid over the payload; never valid over another, and never with a byte more."""
    folder.mkdir(exist_ok=True)
    (folder / "fw.bin").write_bytes(PAYLOAD)
    (folder / name).write_bytes(signature)
    assert statuses(folder, key) == [SignatureStatus.VALID]
    (folder / "fw.bin").write_bytes(PAYLOAD[:-1])
    assert SignatureStatus.VALID not in statuses(folder, key)
    (folder / "fw.bin").write_bytes(PAYLOAD)
    (folder / name).write_bytes(signature + b"\0")
    assert SignatureStatus.VALID not in statuses(folder, key)


SETS = [
    (tree, one_time)
    for tree, kind in lms.TREES.items()
    for one_time, ots in lms.ONE_TIMES.items()
    if kind.height == 5 and (kind.hash, kind.m) == (ots.hash, ots.n)
]


@pytest.mark.parametrize(("tree", "one_time"), SETS)
def test_lms_of_every_parameter_set(tree: int, one_time: int, tmp_path: Path) -> None:
    """A bare LMS signature of pyhsslms, for each hash, length and width."""
    need_module("pyhsslms")
    import pyhsslms

    codes = tree.to_bytes(4, "big"), one_time.to_bytes(4, "big")
    key = pyhsslms.LmsPrivateKey(lms_type=codes[0], lmots_type=codes[1])
    pair(tmp_path / "d", "fw.bin.sig", key.sign(PAYLOAD), key.publicKey().serialize())


@pytest.mark.parametrize("levels", [1, 2, 3])
def test_hss(levels: int, tmp_path: Path) -> None:
    """HSS of one to three levels."""
    need_module("pyhsslms")
    import pyhsslms

    key = pyhsslms.HssPrivateKey(
        levels=levels, lms_type=pyhsslms.lms_sha256_m32_h5, lmots_type=pyhsslms.lmots_sha256_n32_w4
    )
    pair(tmp_path / "d", "fw.bin.sig", key.sign(PAYLOAD), key.publicKey().serialize())


@pytest.mark.parametrize("scheme", ["ecdsa", "ed25519", "rsa"])
def test_dsse_of_securesystemslib(scheme: str, tmp_path: Path) -> None:
    """An envelope made by securesystemslib holds; with its payload's subject changed it does not."""
    need_module("securesystemslib")
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
    from securesystemslib.dsse import Envelope
    from securesystemslib.signer import CryptoSigner

    signer = getattr(CryptoSigner, f"generate_{scheme}")()
    key = signer._private_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "fw.bin").write_bytes(PAYLOAD)
    for payload, valid in ((PAYLOAD, True), (PAYLOAD + b"x", False)):
        envelope = Envelope(json.dumps(statement(payload)).encode(), IN_TOTO, {})
        envelope.sign(signer)
        (tmp_path / "fw.intoto.jsonl").write_text(json.dumps(envelope.to_dict()) + "\n")
        found = statuses(tmp_path, key)
        assert found == [SignatureStatus.VALID if valid else SignatureStatus.INVALID]


@pytest.mark.parametrize(
    ("digest", "mask", "salt"), [("sha256", "sha256", 32), ("sha384", "sha1", 20), ("sha512", "sha256", 0)]
)
def test_pss_of_openssl(digest: str, mask: str, salt: int, tmp_path: Path) -> None:
    """PSS with every choice of its parameters."""
    need("openssl")
    key, public = tmp_path / "key.pem", tmp_path / "key.pub"
    run("openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", key)
    run("openssl", "pkey", "-in", key, "-pubout", "-out", public)
    (tmp_path / "fw.bin").write_bytes(PAYLOAD)
    options = ("rsa_padding_mode:pss", f"rsa_pss_saltlen:{salt}", f"rsa_mgf1_md:{mask}")
    chosen = [part for one in options for part in ("-sigopt", one)]
    run("openssl", "dgst", f"-{digest}", "-sign", key, *chosen, "-out", tmp_path / "sig", tmp_path / "fw.bin")
    pair(tmp_path / "d", "fw.bin.sig", (tmp_path / "sig").read_bytes(), public.read_bytes())
