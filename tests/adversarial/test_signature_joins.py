"""Attempts to get a PASS out of how the results of single signatures are joined: entries, places, images, versions.

The attacker writes the delivery, may repeat whatever was signed once, and may hold keys that are on record for another
vendor, product or purpose.
"""

from __future__ import annotations

import io
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed25519

from fwverify.cli.policies_io import load_policy
from fwverify.formats import signature_kinds
from fwverify.ingest.stage import ingest
from fwverify.limits import DEFAULT_LIMITS
from fwverify.model.artifact import ByteRange, Role
from fwverify.model.evidence import KeySource, SignatureStatus
from fwverify.model.expectation import Expectation, VersionClaim
from fwverify.model.finding import Outcome
from fwverify.model.verdict import Assessment, Decision
from fwverify.pipeline import verify
from fwverify.trust.store import PinnedKey, TrustStore
from tests import pki
from tests.unit.evaluate.builders import (
    FW,
    LIST,
    SBOM,
    SIG,
    SIZE,
    at,
    evidence,
    finding,
    key,
    record,
    sbom,
    signature,
    trust,
)

from .deliveries import write

STRICT = Path(__file__).resolve().parents[1] / "corpus/corpus-strict.yaml"
FIRMWARE = b"plain text firmware, long enough to be looked at\n" * 8
HIDDEN = b"bytes that nobody signed and that another reader would take out of the archive\n" * 8
CONFIRMED = (KeySource("phone", "J. Ortiz", "2026-10-03"), KeySource("unit in service", "M. Lee", "2026-10-05"))


def pinned(material: bytes, name: str, *, products: tuple[str, ...] = ("*",), prehash: str = "") -> PinnedKey:
    """A confirmed entry."""
    made = pki.pin(material, name, **({"prehash": prehash} if prehash else {}))  # type: ignore[arg-type]
    return replace(
        made, record=replace(made.record, products=products, sources=CONFIRMED, constraints=made.constraints)
    )


def judged(path: Path, keys: tuple[PinnedKey, ...], product: str = "gw") -> Assessment:
    return verify(
        [path],
        policy=load_policy(str(STRICT)),
        at=pki.AT,
        trust=TrustStore(keys),
        expectation=Expectation(vendor="v", product=product),
    )


# --- entries of one key ---


@pytest.fixture
def prehashed() -> tuple[dict[str, bytes], tuple[PinnedKey, ...]]:
    """One Ed25519 key with two entries, and a file signed in the way that only the entry for old devices allows."""
    own = ed25519.Ed25519PrivateKey.generate()
    digest = hashes.Hash(hashes.SHA256())
    digest.update(FIRMWARE)
    files = {"fw.bin": FIRMWARE, "fw.bin.sig": own.sign(digest.finalize())}
    keys = (
        pinned(pki.bare(own), "old", products=("old-gw",), prehash="sha256"),
        pinned(pki.bare(own), "new", products=("new-gw",)),
    )
    return files, keys


def test_an_entry_speaks_only_for_what_held_under_it(
    tmp_path: Path, prehashed: tuple[dict[str, bytes], tuple[PinnedKey, ...]]
) -> None:
    """A signature that is refused under one entry of its key does not count for that entry's product."""
    files, keys = prehashed
    old = judged(write(tmp_path / "old", files), keys, product="old-gw")
    assert [one.status for one in old.evidence.signatures] == [SignatureStatus.VALID]
    assert old.verdict.decision is Decision.PASS
    new = judged(write(tmp_path / "new", files), keys, product="new-gw")
    assert new.verdict.decision is not Decision.PASS
    alone = judged(write(tmp_path / "alone", files), keys[1:], product="new-gw")
    assert [one.status for one in alone.evidence.signatures] == [SignatureStatus.INVALID]


# --- two things in one place ---


def padded(content: bytes) -> bytes:
    return content + bytes(-len(content) % 512)


def test_bytes_of_no_member_take_no_member_s_place(tmp_path: Path) -> None:
    """A signed member that is named like a run of unclaimed bytes lends those bytes nothing."""
    own = ed25519.Ed25519PrivateKey.generate()
    size = len(HIDDEN)

    def archive(name: str) -> bytes:
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
            for member, content in ((name, FIRMWARE.ljust(size, b".")[:size]), (f"{name}.sig", b"")):
                data = content or own.sign(FIRMWARE.ljust(size, b".")[:size])
                info = tarfile.TarInfo(member)
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
        return out.getvalue()

    plain = archive("x" * 12)
    (tmp_path / "first.tar").write_bytes(plain + HIDDEN)
    seen = ingest([tmp_path / "first.tar"], DEFAULT_LIMITS).delivery.of(Role.IMAGE)
    places = {one.name for one in seen if one.name.startswith("@")}
    assert places, "the archive's tail is a file of its own"
    path = tmp_path / "second.tar"
    path.write_bytes(archive(places.pop()) + HIDDEN)
    images = ingest([path], DEFAULT_LIMITS).delivery.of(Role.IMAGE)
    assert len({one.locator for one in images}) == len(images) == 2
    found = judged(path, (pinned(pki.bare(own), "fw"),))
    assert found.verdict.decision is not Decision.PASS
    assert found.verdict.signed.signed_bytes < found.verdict.signed.total_bytes


# --- what is called a signature ---

SCRIPT = b"\ncp /mnt/evil /usr/sbin/updated\n"
XML = b'<Signature xmlns="http://www.w3.org/2000/09/xmldsig#">'


@pytest.mark.parametrize(
    "content", [b"ostree.gpgsigs" + SCRIPT, b"ostree.sign." + SCRIPT, XML + SCRIPT + b"#</Signature>"]
)
def test_a_script_is_no_signature_by_its_first_word(tmp_path: Path, content: bytes) -> None:
    """Formats that are recognised and not read take a file out of coverage only under a signature's name."""
    own = ed25519.Ed25519PrivateKey.generate()
    files = {"fw.bin": FIRMWARE, "fw.bin.sig": own.sign(FIRMWARE), "update": content}
    assert signature_kinds.document(memoryview(content))
    found = judged(write(tmp_path / "release", files), (pinned(pki.bare(own), "fw"),))
    assert found.verdict.decision is not Decision.PASS
    roles = {one.locator.name: one.role for one in found.evidence.artifacts}
    assert roles["update"] is Role.IMAGE


# --- several images ---

OTHER = at("other.bin")
DEVICE = Expectation(vendor="acme", product="acme-ups", device=(("compatible", "acme-ups"),), minimum_counter=5)


def test_every_image_says_for_which_device_it_is() -> None:
    """A small signed file that names the device says nothing of a signed image beside it that keeps silent."""
    says = signature(source=FW, subject=FW, states=(("compatible", "acme-ups"), ("security-counter", "7")))
    silent = signature(source=at("other.bin.sig"), subject=OTHER)
    both = (record(FW, role=Role.IMAGE), record(OTHER, role=Role.IMAGE))
    apart = evidence(says, silent, artifacts=both, bindings=(), expectation=DEVICE)
    assert finding(apart, "package.product-match").outcome is Outcome.NOT_EVALUATED
    assert finding(apart, "version.security-counter").outcome is Outcome.NOT_EVALUATED
    one = evidence(says, artifacts=both[:1], bindings=(), expectation=DEVICE)
    assert finding(one, "package.product-match").outcome is Outcome.PASS
    assert finding(one, "version.security-counter").outcome is Outcome.PASS
    spoken = evidence(
        says, replace(silent, source=FW), artifacts=both, bindings=(), expectation=DEVICE
    )  # one catalogue over both
    assert finding(spoken, "package.product-match").outcome is Outcome.PASS
    assert finding(spoken, "version.security-counter").outcome is Outcome.PASS


# --- versions ---

WHOLE = (ByteRange(0, SIZE),)
SBOM_PRINT = "5b" * 32


def test_an_sbom_key_does_not_renew_an_old_image() -> None:
    """What the image's own signed header says counts beside an SBOM that only a key for SBOMs signed."""
    bom, mark = SBOM_PRINT, record(SBOM, role=Role.SBOM)
    image = record(FW, role=Role.IMAGE)
    header = signature(source=FW, subject=FW, covers=WHOLE, states=(("version", "1.0.0"),))
    stated = signature(source=at("sbom.json.sig"), subject=SBOM, covers=WHOLE, fingerprint=bom, keys=("acme/bom",))
    both = trust(key(), key(id="bom", fingerprint=bom, purposes=("sbom",)))
    found = evidence(
        header, stated, artifacts=(image, mark), bindings=(), trust=both,
        sboms=(sbom(subject_hashes=image.digests),),
        claims=(VersionClaim("9.9.0", "", "sbom-subject", SBOM, "acme-ups"),),
        expectation=Expectation(vendor="acme", product="acme-ups", installed="3.0.2"),
    )  # fmt: skip
    assert finding(found, "version.no-downgrade").outcome is Outcome.FAIL


def test_a_part_with_a_version_does_not_renew_the_image_around_it() -> None:
    """A signed boot loader 9.9 inside an old release leaves the release as old as its os-release says."""
    inner = at("fw.bin", "boot.bin")
    whole = signature(source=SIG, subject=LIST)
    part = signature(source=inner, subject=inner, states=(("version", "9.9.0"),))
    found = evidence(
        whole, part,
        claims=(VersionClaim("1.0.0", "", "os-release", at("fw.bin", "etc/os-release"), "acme-ups"),),
        expectation=Expectation(vendor="acme", product="acme-ups", installed="3.0.2"),
    )  # fmt: skip
    assert finding(found, "version.no-downgrade").outcome is Outcome.FAIL
