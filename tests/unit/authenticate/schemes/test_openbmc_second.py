"""Post-quantum signatures in OpenBMC tarballs: announced or there, they cannot be stripped."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import mldsa

from fwverify.authenticate.stage import Authenticated, Inside
from fwverify.ingest.stage import ingest
from fwverify.limits import DEFAULT_LIMITS
from fwverify.model.artifact import Role, merged
from fwverify.model.evidence import SignatureObservation
from fwverify.trust.registry import load
from tests.vectors.makers import update_archives as maker

ANNOUNCED = maker.MANIFEST + b"PQ_Hash_Type=SHA512,MLDSA87\n"


def statuses(members: dict[str, bytes], folder: Path) -> list[str]:
    """Of the tarball's signatures."""
    return [one.status.value for one in observed(members, folder)]


def observed(members: dict[str, bytes], folder: Path) -> list[SignatureObservation]:
    """Of the tarball, under the RSA key of the vectors, as a single file and so as one image."""
    (folder / "fw.tar").write_bytes(maker.tar(list(members.items())))
    for name, data in maker.pinned().items():
        (folder / "keys" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "keys" / name).write_bytes(data)
    delivery = ingest([folder / "fw.tar"], DEFAULT_LIMITS).delivery
    into = Authenticated()
    for image in delivery.of(Role.IMAGE):
        Inside(delivery, (), load(folder / "keys"), "2026-11-22T00:00:00Z", into).check(image)
    return into.signatures


def hybrid(manifest: bytes = ANNOUNCED) -> dict[str, bytes]:
    """Signed twice, the second time over the digests."""
    key = mldsa.MLDSA87PrivateKey.generate()
    members = maker.tarball({"image-bmc": maker.IMAGE}, manifest=manifest)
    second = {"MLDSA87/publickey": key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )}  # fmt: skip
    for name in ("image-bmc", "MANIFEST", "publickey"):
        second[f"MLDSA87/{name}.sig"] = key.sign(hashlib.sha512(members[name]).digest())
    return {**members, **second}


def test_both_hold(tmp_path: Path) -> None:
    """A hybrid tarball holds, whether MANIFEST announces the folder or not."""
    assert statuses(hybrid(), tmp_path) == ["valid"]
    assert statuses(hybrid(maker.MANIFEST), tmp_path) == ["valid"]


@pytest.mark.parametrize("gone", ["publickey", "MANIFEST.sig", "publickey.sig", "image-bmc.sig", ""])
def test_not_strippable(gone: str, tmp_path: Path) -> None:
    """Without one of the second signatures, or all of them, the classical ones count for nothing."""
    members = {name: data for name, data in hybrid().items() if not name.startswith(f"MLDSA87/{gone}")}
    if gone:
        members = {name: data for name, data in hybrid().items() if name != f"MLDSA87/{gone}"}
    assert statuses(members, tmp_path) == ["invalid"]


def test_damaged(tmp_path: Path) -> None:
    """A second signature that does not hold makes it invalid."""
    members = hybrid()
    members["MLDSA87/image-bmc.sig"] = members["MLDSA87/MANIFEST.sig"]
    assert statuses(members, tmp_path) == ["invalid"]


def unsigned_bytes(found: SignatureObservation, folder: Path) -> bytes:
    """What of the tarball is neither signed nor frame."""
    raw = bytearray((folder / "fw.tar").read_bytes())
    for one in merged((*found.covers, *found.envelope)):
        raw[one.start : one.end] = bytes(one.size)
    return bytes(raw)


def test_nothing_stays_uncovered(tmp_path: Path) -> None:
    """The folder's key is frame like a certificate, while it is written the one way a tool writes it."""
    (found,) = observed(hybrid(), tmp_path)
    assert not any(unsigned_bytes(found, tmp_path))
    members = hybrid()
    members["MLDSA87/publickey"] = members["MLDSA87/publickey"].replace(b"\n", b"\n\n", 1)
    (found,) = observed(members, tmp_path)
    assert found.status.value == "valid" and b"BEGIN PUBLIC KEY" in unsigned_bytes(found, tmp_path)


def test_system_key_not_on_record(tmp_path: Path) -> None:
    """System files signed by a post-quantum key nobody pinned: the classical signature stands, those stay uncovered."""
    members, system = hybrid(), mldsa.MLDSA87PrivateKey.generate()
    signed = {
        f"MLDSA87/{one}.sig": system.sign(hashlib.sha512(members[one]).digest()) for one in ("MANIFEST", "publickey")
    }
    (found,) = observed(members | signed, tmp_path)
    assert found.status.value == "valid" and signed["MLDSA87/MANIFEST.sig"] in unsigned_bytes(found, tmp_path)
    half = members | {"MLDSA87/MANIFEST.sig": signed["MLDSA87/MANIFEST.sig"]}
    assert statuses(half, tmp_path) == ["invalid"]
