"""RAUC, dm-verity and AVB: what is said besides the status, and the published bundles of RAUC."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from fwverify.authenticate.stage import Authenticated, Inside, authenticate_delivery
from fwverify.content import identified
from fwverify.formats import avb, key_file
from fwverify.ingest.stage import ingest
from fwverify.limits import DEFAULT_LIMITS, Budget
from fwverify.model.artifact import ByteRange, Locator, Role, Step, merged
from fwverify.model.evidence import SignatureStatus
from fwverify.model.examining import Malformed
from fwverify.trust.registry import load
from fwverify.trust.store import EMPTY, TrustStore
from fwverify.unpack.containers.squashfs import CONTAINER as SQUASHFS
from fwverify.unpack.interface import Check, Fact, Oddity, Part
from tests.unit.authenticate.schemes.conftest import pin
from tests.vectors.makers.verity_images import (
    BOOT,
    avb_key,
    avb_registry,
    hash_descriptor,
    key,
    vbmeta,
    with_footer,
)

VECTORS = Path(__file__).resolve().parents[3] / "vectors/schemes"
AT = "2026-11-22T00:00:00Z"
VALID, INVALID = SignatureStatus.VALID, SignatureStatus.INVALID


def check(folder: Path, trust: TrustStore) -> Authenticated:
    """All that is said of a folder of files."""
    delivery = ingest([folder], DEFAULT_LIMITS).delivery
    into = authenticate_delivery(delivery, (), trust, AT)
    for image in delivery.of(Role.IMAGE):
        Inside(delivery, (), trust, AT, into).check(image)
    return into


def vector(name: str) -> Authenticated:
    return check(VECTORS / name / "delivery", load(VECTORS / name / "keys"))


def delivered(folder: Path, files: Mapping[str, bytes]) -> Authenticated:
    """Files under the sample AVB key."""
    for name, data in {f"d/{one}": data for one, data in files.items()}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    trust = TrustStore((pin(key_file.parse(avb_registry()["vendor/avb.pem"])),))
    return check(folder / "d", trust)


def test_rauc_says_what_is_signed() -> None:
    """A verity bundle states device and version, covers data and tree, and its frame is the rest of the file."""
    (one,) = vector("rauc/valid/verity").signatures
    assert one.states == (("compatible", "vector-gw"), ("version", "1.2.0"))
    assert dict(one.parameters)["bundle-format"] == "verity"
    size = (VECTORS / "rauc/valid/verity/delivery/fw.raucb").stat().st_size
    assert merged((*one.covers, *one.envelope)) == (ByteRange(0, size),)
    assert [(check.name, check.holds, check.inner) for check in vector("rauc/valid/plain").checksums] == [
        ("rootfs.img", True, True)
    ]


def test_rauc_crypt_is_said_to_be_encrypted() -> None:
    """The signature of a crypt bundle holds, and the detail says that nobody looked inside."""
    (one,) = vector("rauc/valid/crypt").signatures
    assert one.status is VALID and "encrypted" in one.detail
    assert dict(one.parameters)["bundle-format"] == "crypt"


@pytest.mark.parametrize(("asked", "status"), [("plain, verity", VALID), ("verity, crypt", INVALID)])
def test_rauc_bundle_format_is_a_constraint(asked: str, status: SignatureStatus) -> None:
    """An entry that asks for verity or crypt refuses a plain bundle."""
    folder = VECTORS / "rauc/valid/plain"
    (entry,) = load(folder / "keys").keys
    trust = TrustStore((type(entry)(entry.record, entry.public, constraints=(("bundle-format", asked),)),))
    assert [one.status for one in check(folder / "delivery", trust).signatures] == [status]


def test_rauc_tail_is_structure_of_the_file_system() -> None:
    """Behind the squashfs hash tree, CMS and size are accounted for; a tree that is not that of the data is not."""
    for name, sound in (("valid/verity", True), ("valid/plain", True), ("invalid/tree-changed", False)):
        data = (VECTORS / f"rauc/{name}/delivery/fw.raucb").read_bytes()
        events = list(SQUASHFS.unpack(identified(Locator((Step("fw"),)), data), Budget()))
        assert (Fact("bundle", "RAUC") in events) is sound
        assert any(isinstance(one, Oddity) for one in events) is not sound
        if sound:
            assert max(one.range.end for one in events if isinstance(one, Part)) == len(data)
            assert all(one.declared == one.computed for one in events if isinstance(one, Check))


def test_rauc_payload_behind_the_file_system_is_told() -> None:
    """What the hash tree covers behind the squashfs is no part of the signature: only it stays unaccounted for."""
    data = (VECTORS / "rauc/valid/resigned/delivery/fw.raucb").read_bytes()
    events = list(SQUASHFS.unpack(identified(Locator((Step("fw"),)), data), Budget()))
    (told,) = [one for one in events if isinstance(one, Oddity)]
    assert Fact("bundle", "RAUC") in events and told.range is not None and told.range.size == 4096
    assert max(one.range.end for one in events if isinstance(one, Part)) == len(data)
    assert [one.status for one in vector("rauc/valid/resigned").signatures] == [VALID]


def test_root_hash_binds_image_and_tree() -> None:
    """The root hash binds both files or neither, with the algorithm named."""
    for name, holds in (("valid/signed-root-hash", True), ("hostile/data-appended", False)):
        got = vector(f"dm-verity/{name}")
        assert sorted((one.subject.name, one.holds, one.strong) for one in got.bindings) == [
            ("rootfs.img", holds, True),
            ("rootfs.verity", holds, True),
        ]
        assert got.bindings[0].algorithm == "dm-verity sha256"
        assert [one.holds for one in got.checksums] == [holds]


def test_avb_covers_the_other_partition() -> None:
    """A separate vbmeta covers exactly the signed bytes of the partition, and its unsigned copy there is envelope."""
    by_subject = {one.subject.name: one for one in vector("avb/valid/separate").signatures if one.subject}
    assert by_subject["boot.img"].covers == (ByteRange(0, len(BOOT)),)
    assert by_subject["boot.img"].source.name == "vbmeta.img"
    assert by_subject["boot.img"].envelope[-1].end == 6144
    assert by_subject["vbmeta.img"].states == (("rollback-index", "5"),)


def test_avb_missing_partition_is_said() -> None:
    """What a vbmeta names and nobody delivered is told, and covers nothing."""
    (one,) = vector("avb/valid/partition-missing").signatures
    assert one.status is VALID
    assert one.oddities == ("partition boot is not in the delivery",)
    assert "partition boot is not in the delivery" in one.detail


def test_avb_unsigned_copy_that_says_more_is_no_envelope(tmp_path: Path) -> None:
    """The unsigned vbmeta behind a partition counts as a frame only while it repeats what is signed."""
    boot = hash_descriptor(b"boot", BOOT)
    other = with_footer(BOOT, vbmeta(boot + hash_descriptor(b"x", b"y"), None), 8192)
    got = delivered(tmp_path, {"vbmeta.img": vbmeta(boot, key("avb")), "boot.img": other})
    (one,) = [one for one in got.signatures if one.subject and one.subject.name == "boot.img"]
    assert (one.status, one.envelope) == (VALID, ())


def test_avb_not_signed_says_nothing(tmp_path: Path) -> None:
    """A vbmeta that never was signed gives no observation at all."""
    image = with_footer(BOOT, vbmeta(hash_descriptor(b"boot", BOOT), None), 6144)
    assert not delivered(tmp_path, {"boot.img": image}).signatures


def test_avb_key_inside_must_be_the_signer(tmp_path: Path) -> None:
    """A pinned key's signature with another public key inside is refused: so would the device."""
    data = vbmeta(hash_descriptor(b"boot", BOOT), key("avb"), inside=key("avb-second"))
    (one,) = delivered(tmp_path, {"vbmeta.img": data}).signatures
    assert one.status is INVALID and "the public key inside" in one.detail


def test_avb_numbers_of_the_key() -> None:
    """A key whose helper numbers are not its own is malformed."""
    raw = avb_key(key("avb"))
    method = avb.ALGORITHMS[1]
    assert avb.parse_key(raw, method)[0] == key("avb").public_key().public_numbers().n
    for changed in (raw[:4] + bytes(4) + raw[8:], raw[:-1] + bytes([raw[-1] ^ 1]), raw + b"\0", raw[:-1]):
        with pytest.raises(Malformed):
            avb.parse_key(changed, method)


@pytest.mark.corpus
@pytest.mark.parametrize(
    "name", ["good-bundle", "good-verity-bundle", "good-adaptive-meta-bundle", "invalid-sig-bundle"]
)
def test_published_bundles(name: str, tmp_path: Path) -> None:
    """RAUC's own test bundles under its release authority: the good ones valid, the broken one not."""
    cases = os.environ.get("FWVERIFY_CASES")
    if not cases:
        pytest.skip("FWVERIFY_CASES is not set")
    base = Path(cases) / "rauc/test"
    text = (base / "openssl-ca/rel/ca.cert.pem").read_bytes()
    block = re.search(rb"-----BEGIN CERTIFICATE-----.*-----END CERTIFICATE-----", text, re.DOTALL)
    assert block
    (tmp_path / "fw.raucb").write_bytes((base / f"{name}.raucb").read_bytes())
    (one,) = check(tmp_path, TrustStore((pin(key_file.parse(block[0])),))).signatures
    assert one.status is (VALID if name.startswith("good") else INVALID), one.detail
    assert SignatureStatus.VALID not in {two.status for two in check(tmp_path, EMPTY).signatures}
