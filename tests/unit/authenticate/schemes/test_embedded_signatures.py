"""Signatures inside images: what is said of them beyond their status, and the published material."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from fwverify.authenticate.interface import Group, SignatureScheme
from fwverify.authenticate.schemes.esp_secure_boot import SCHEME as ESP
from fwverify.authenticate.schemes.fit_signature import SCHEME as FIT
from fwverify.authenticate.schemes.mcuboot_tlv import SCHEME as MCUBOOT
from fwverify.authenticate.stage import Authenticated, authenticate_inside
from fwverify.formats import key_file
from fwverify.model.artifact import subtracted
from fwverify.model.evidence import KeyRecord, SignatureObservation, SignatureStatus
from fwverify.trust.store import PinnedKey, TrustStore
from tests.unit.unpack.opened import artifact
from tests.vectors.makers.firmware import fit, image

VECTORS = Path(__file__).resolve().parents[3] / "vectors/schemes"
VALID = SignatureStatus.VALID
Scheme = SignatureScheme  # type: ignore[type-arg]


def trust(*keys: bytes, **constraints: str) -> TrustStore:
    found = []
    for index, raw in enumerate(keys):
        if b"PRIVATE" in raw:
            key = load_pem_private_key(raw, None).public_key()
            raw = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        public = key_file.parse(raw)
        record = KeyRecord(
            "v", f"k{index}", "public-key", public.fingerprint, ("firmware",), ("*",), (), "", "", "active", "", "",
            "", (), False,
        )  # fmt: skip
        found.append(PinnedKey(record, public, constraints=tuple(sorted(constraints.items()))))
    return TrustStore(tuple(found))


def observed(scheme: Scheme, data: bytes, store: TrustStore) -> list[SignatureObservation]:
    whole, into = artifact(data), Authenticated()
    authenticate_inside(Group(whole, whole), store, (scheme,), into=into)
    return into.signatures


def vector(name: str, **constraints: str) -> tuple[bytes, TrustStore]:
    folder = VECTORS / name
    store = trust((folder / "keys/vendor/release.pem").read_bytes(), **constraints)
    return (folder / "delivery/fw.bin").read_bytes(), store


def one(scheme: Scheme, name: str) -> SignatureObservation:
    data, store = vector(name)
    (found,) = observed(scheme, data, store)
    return found


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("invalid/data-changed", "the sha256 digest in hash-1 does not hold"),
        ("invalid/leaves-out", "the signature leaves out /images/fdt"),
        ("hostile/unsigned-default", "the default configuration evil is not signed"),
        ("hostile/crc32", "its digests are crc32, SHA-256 or better is needed"),
        ("hostile/sha1", "its digests are sha1, SHA-256 or better is needed"),
        ("hostile/data-twice", "states its data more than once"),
        ("hostile/unit-address", "readers disagree on which node it names"),
    ],
)
def test_fit_says_why_not(name: str, said: str) -> None:
    """The reason is the format's, not that of a key."""
    assert said in one(FIT, f"fit-signature/{name}").detail


def test_fit_statements() -> None:
    """What the signed configuration says of its device."""
    assert one(FIT, "fit-signature/valid/configuration").states == (("compatible", "vendor,gateway"),)


def test_fit_leaves_only_empty_bytes_unsigned() -> None:
    """Everything in the file is signed, or frame of the signature, or empty."""
    data, store = vector("fit-signature/valid/configuration")
    (found,) = observed(FIT, data, store)
    left = subtracted(artifact(data).whole, (*found.covers, *found.envelope))
    assert not any(any(data[span.start : span.end]) for span in left)


def test_fit_hashed_nodes_is_not_believed() -> None:
    """Changed, it is an oddity and no longer frame: older boot loaders read it."""
    data, store = vector("fit-signature/valid/configuration")
    (found,) = observed(FIT, data.replace(b"/images/init/hash-1\0", b"/images/init/hash-2\0"), store)
    assert found.status is VALID
    assert "hashed-nodes" in found.oddities[0]
    at = data.index(b"/images/init/hash-1\0")
    assert not any(span.start <= at < span.end for span in (*found.covers, *found.envelope))


def test_fit_late_property_names_are_frame_only_when_known() -> None:
    """A name in the unsigned tail of the strings block that nobody knows stays uncovered."""
    data, store = vector("fit-signature/valid/configuration")
    changed = data.replace(b"signer-version\0", b"signer-verslon\0")
    assert changed != data
    at = changed.index(b"signer-verslon")
    (found,) = observed(FIT, changed, store)
    assert not any(span.start <= at < span.end for span in (*found.covers, *found.envelope))


def test_fit_image_signatures_need_an_entry_that_asks_for_them() -> None:
    """The same file, pinned otherwise."""
    data, store = vector("fit-signature/invalid/images-only", required="image")
    assert {found.status for found in observed(FIT, data, store)} == {VALID}


def test_fit_without_any_signature_says_nothing() -> None:
    """Digests alone are no signature, and neither is a broken tree without one."""
    data = fit({"kernel": image(b"kernel", "sha256")})
    assert FIT.detect(artifact(data))
    assert observed(FIT, data, TrustStore()) == []
    assert observed(FIT, data[:-100], TrustStore()) == []


def test_mcuboot_statements_come_from_signed_bytes_alone() -> None:
    """A counter in the unprotected area is an oddity, never a statement."""
    counted = one(MCUBOOT, "mcuboot/valid/protected")
    assert counted.states == (("security-counter", "5"), ("version", "1.2.3+4"))
    data, store = vector("mcuboot/valid/ed25519")
    at = data.index(b"\x07\x69", 900)
    size = int.from_bytes(data[at + 2 : at + 4], "little") + 8
    record = b"\x50\x00\x04\x00\x63\x00\x00\x00"
    (found,) = observed(MCUBOOT, data[: at + 2] + size.to_bytes(2, "little") + data[at + 4 :] + record, store)
    assert found.status is VALID
    assert found.states == (("version", "1.2.3+4"),)
    assert "SEC_CNT" in found.oddities[0]
    assert found.covers[-1].end == at and found.envelope[-1].end == len(data)


def test_mcuboot_key_digest_of_another_is_an_oddity() -> None:
    """KEYHASH chooses nothing; the record is then no frame either."""
    found = one(MCUBOOT, "mcuboot/hostile/keyhash-of-another")
    assert found.status is VALID and "names another key" in found.oddities[0]
    assert len(found.envelope) == 2


@pytest.mark.parametrize("pure", [False, True])
def test_mcuboot_takes_a_signature_only_over_what_the_image_says(pure: bool) -> None:
    """A pure signature in an image without SIG_PURE is refused, and the other way round."""
    data, store = vector("mcuboot/valid/pure" if pure else "mcuboot/valid/ed25519")
    at = data.index(b"\x07\x69", 900)
    mark = b"\x25\x00\x01\x00\x01"
    records = data[at + 4 :].replace(mark, b"") if pure else mark + data[at + 4 :]
    changed = data[: at + 2] + (len(records) + 4).to_bytes(2, "little") + records
    (found,) = observed(MCUBOOT, changed, store)
    assert found.status is SignatureStatus.INVALID and "over something else" in found.detail


def test_esp_statements_and_frame() -> None:
    """Version, name and counter of the application; image and sector leave nothing over."""
    data, store = vector("esp-secure-boot/valid/version-2")
    (found,) = observed(ESP, data, store)
    assert found.states == (("name", "vectors"), ("security-counter", "3"), ("version", "1.4.2"))
    assert subtracted(artifact(data).whole, (*found.covers, *found.envelope)) == ()


def test_esp_used_slot_is_an_oddity_and_not_frame() -> None:
    """Bytes in an unused slot are neither signed nor frame."""
    data, store = vector("esp-secure-boot/hostile/used-slot")
    (found,) = observed(ESP, data, store)
    assert "not erased" in found.oddities[0]
    at = data.index(b"hidden")
    assert not any(span.start <= at < span.end for span in (*found.covers, *found.envelope))


FORMATS = {"fit": FIT, "mcuboot": MCUBOOT, "esp32-sbv2": ESP}


@pytest.mark.corpus
@pytest.mark.parametrize("name", sorted(FORMATS))
def test_corpus(cases: Path, name: str) -> None:
    """Every case that any right verifier decides alike."""
    folder = cases / "signatures" / name
    wrong = []
    for case in json.loads((folder / "manifest.json").read_text())["cases"]:
        pinned = case["pinned"]
        constraints = {"required": pinned["required"]} if "required" in pinned else {}
        store = trust((folder / pinned["key"]).read_bytes(), **constraints)
        found = observed(FORMATS[name], (folder / case["files"]["artifact"]).read_bytes(), store)
        seen = {each.status for each in found}
        accepted = VALID in seen and SignatureStatus.INVALID not in seen
        if case["level"] == "must" and accepted != (case["expected"] == "valid"):
            wrong.append((case["id"], seen))
    assert wrong == []


ESP_SIGNED = [
    *(f"bootloader_{many}signed_v2_{kind}" for kind in ("rsa", "ecdsa192", "ecdsa256", "ecdsa384")
      for many in ("", "multi_")),
    "bootloader_signed",
]  # fmt: skip


@pytest.mark.corpus
@pytest.mark.parametrize("name", ESP_SIGNED)
def test_published_esp_images(cases: Path, name: str) -> None:
    """Espressif's own test images: accepted with each of their keys, refused with any other or with one bit changed."""
    folder = cases / "images/esp-secure-images"
    kind = name.rpartition("_")[2] if "v2" in name else "ecdsa256"
    data = (folder / f"{name}.bin").read_bytes()
    numbers = ("", "2", "3") if "multi" in name else ("",)
    for number in ("", "2", "3", "4"):
        store = trust((folder / f"{kind}_secure_boot_signing_key{number}.pem").read_bytes())
        found = observed(ESP, data, store)
        assert (VALID in {each.status for each in found}) == (number in numbers)
        damaged = data[:1000] + bytes([data[1000] ^ 1]) + data[1001:]
        assert VALID not in {each.status for each in observed(ESP, damaged, store)}


@pytest.mark.corpus
@pytest.mark.parametrize("name", ["bootloader", "bootloader_unsigned_v2", "bootloader_digested"])
def test_published_esp_images_without_signature(cases: Path, name: str) -> None:
    """Nothing is signed: nothing is said."""
    data = (cases / f"images/esp-secure-images/{name}.bin").read_bytes()
    assert observed(ESP, data, TrustStore()) == []
