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
from fwverify.model.artifact import Role
from fwverify.trust.registry import load
from tests.vectors.makers import update_archives as maker

ANNOUNCED = maker.MANIFEST + b"PQ_Hash_Type=SHA512,MLDSA87\n"


def statuses(members: dict[str, bytes], folder: Path) -> list[str]:
    """Of the tarball, under the RSA key of the vectors, as a single file and so as one image."""
    (folder / "fw.tar").write_bytes(maker.tar(list(members.items())))
    for name, data in maker.pinned().items():
        (folder / "keys" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "keys" / name).write_bytes(data)
    delivery = ingest([folder / "fw.tar"], DEFAULT_LIMITS).delivery
    into = Authenticated()
    for image in delivery.of(Role.IMAGE):
        Inside(delivery, (), load(folder / "keys"), "2026-11-22T00:00:00Z", into).check(image)
    return [one.status.value for one in into.signatures]


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
