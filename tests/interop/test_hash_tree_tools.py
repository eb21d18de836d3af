"""Fresh RAUC bundles, dm-verity trees and signed root hashes of the official tools, in pairs: as made, and damaged."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from fwverify.authenticate import verity_files
from fwverify.authenticate.stage import Authenticated, Inside, authenticate_delivery, confirm
from fwverify.formats import verity
from fwverify.ingest.stage import ingest
from fwverify.limits import DEFAULT_LIMITS
from fwverify.model.artifact import Digest, Role
from fwverify.model.evidence import SignatureStatus
from fwverify.model.expectation import ExpectedChecksum
from fwverify.trust.registry import from_key_file
from tests.interop.tools import need, run

pytestmark = pytest.mark.interop

AT = "2026-11-22T00:00:00Z"
PAYLOAD = b"".join(hashlib.sha512(str(one).encode()).digest() for one in range(1024))
"""64 KiB that do not compress."""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A self-signed certificate with its key, and an empty delivery `d`."""
    need("openssl")
    (tmp_path / "d").mkdir()
    _certificate(tmp_path)
    return tmp_path


def _certificate(folder: Path) -> None:
    """openssl of Debian 12 cannot set a beginning, so the certificate is made here."""
    from tests.vectors.makers.cms_images import certificate, pem, private

    (folder / "key.pem").write_bytes(private("signer"))
    (folder / "cert.pem").write_bytes(pem(certificate("signer", "root")))
    (folder / "root.pem").write_bytes(pem(certificate("root")))


def observed(folder: Path, key: Path) -> Authenticated:
    """Everything that is said of the delivery under one pinned certificate."""
    trust = from_key_file(key)
    delivery = ingest([folder / "d"], DEFAULT_LIMITS).delivery
    into = authenticate_delivery(delivery, (), trust, AT)
    for image in delivery.of(Role.IMAGE):
        Inside(delivery, (), trust, AT, into).check(image)
    return into


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize("kind", ["plain", "verity"])
@pytest.mark.parametrize("damage", [None, 3000, -2200])
def test_rauc(place: Path, kind: str, damage: int | None) -> None:
    """A bundle of rauc is valid and states its device; one bit of squashfs or of what follows it, and it is not."""
    need("rauc", "mksquashfs")
    (place / "b").mkdir()
    (place / "b/rootfs.img").write_bytes(PAYLOAD)
    (place / "b/manifest.raucm").write_text(
        f"[update]\ncompatible=interop-gw\nversion=3.1\n\n[bundle]\nformat={kind}\n\n[image.rootfs]\n"
        "filename=rootfs.img\n"
    )
    run("rauc", "bundle", "--cert=cert.pem", "--key=key.pem", "b", "d/fw.raucb", cwd=place)
    if damage is not None:
        flip(place / "d/fw.raucb", damage)
    (one,) = observed(place, place / "root.pem").signatures
    assert (one.status is SignatureStatus.VALID) is (damage is None), one.detail
    if damage is None:
        assert dict(one.states)["compatible"] == "interop-gw"
        assert dict(one.parameters)["bundle-format"] == kind
        assert one.covers[0].end == one.envelope[0].start


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
@pytest.mark.parametrize("block", [512, 4096])
@pytest.mark.parametrize("damage", [None, "image", "tree"])
def test_veritysetup(place: Path, algorithm: str, block: int, damage: str | None) -> None:
    """A tree of veritysetup gives its root hash, signed or pinned; one bit of image or tree, and nothing holds."""
    need("veritysetup")
    delivery = place / "d"
    (delivery / "rootfs.img").write_bytes(PAYLOAD)
    said = run(
        "veritysetup", "format", "--hash", algorithm, "--data-block-size", block, "--hash-block-size", block,
        delivery / "rootfs.img", delivery / "rootfs.verity",
    )  # fmt: skip
    root = said.decode().split("Root hash:")[1].split()[0]
    (delivery / "roothash").write_text(root)
    run(
        "openssl", "smime", "-sign", "-nocerts", "-noattr", "-binary", "-in", "d/roothash", "-inkey", "key.pem",
        "-signer", "cert.pem", "-outform", "der", "-out", "d/roothash.p7s", cwd=place,
    )  # fmt: skip
    if damage is not None:
        flip(delivery / ("rootfs.img" if damage == "image" else "rootfs.verity"), block + 5)
    got = observed(place, place / "cert.pem")
    assert [one.status for one in got.signatures] == [SignatureStatus.VALID]
    assert [one.holds for one in got.checksums] == [damage is None]
    assert {(one.subject.name, one.holds) for one in got.bindings} == {
        ("rootfs.img", damage is None),
        ("rootfs.verity", damage is None),
    }
    expected = ExpectedChecksum(Digest(verity.ALGORITHM, bytes.fromhex(root)), "interop")
    pinned = confirm([expected], ingest([delivery], DEFAULT_LIMITS).delivery)
    assert [one.holds for one in pinned] == [damage is None] * 2


def test_veritysetup_tree_behind_data(place: Path) -> None:
    """A tree that veritysetup appends to the data in one file binds that file."""
    need("veritysetup")
    image = place / "d/rootfs.img"
    image.write_bytes(PAYLOAD)
    said = run(
        "veritysetup", "format", "--data-blocks", len(PAYLOAD) // 4096, "--hash-offset", len(PAYLOAD), image, image
    )
    root = bytes.fromhex(said.decode().split("Root hash:")[1].split()[0])
    delivery = ingest([place / "d"], DEFAULT_LIMITS).delivery
    found = verity_files.match(root, delivery.of(Role.IMAGE))
    assert found is not None and (found.wrong, found.computed) == ("", root)
    image.write_bytes(image.read_bytes() + b"more")
    delivery = ingest([place / "d"], DEFAULT_LIMITS).delivery
    found = verity_files.match(root, delivery.of(Role.IMAGE))
    assert found is not None and found.wrong == "4 bytes behind the hash tree are not checked by the root hash"
