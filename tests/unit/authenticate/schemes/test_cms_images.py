"""What images with a CMS may and may not hide: PE layout, capsules, modules, cabinets, catalogues."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import pytest

from fwverify.authenticate.interface import Group
from fwverify.authenticate.schemes.authenticode import SCHEME as AUTHENTICODE
from fwverify.authenticate.schemes.jcat_cabinet import SCHEME as CABINET
from fwverify.authenticate.schemes.uefi_capsule import SCHEME as CAPSULE
from fwverify.authenticate.stage import Authenticated, Inside, authenticate_delivery, authenticate_inside
from fwverify.content import identified
from fwverify.formats import cms, kernel_module, key_file, metainfo, pe, spc, uefi_capsule
from fwverify.formats import jcat as catalogues
from fwverify.ingest.stage import ingest
from fwverify.limits import DEFAULT_LIMITS, LimitExceeded
from fwverify.model.artifact import Artifact, ByteRange, Locator, Role, Step, subtracted
from fwverify.model.evidence import KeyRecord, SignatureObservation, SignatureStatus
from fwverify.model.examining import Malformed, Unsupported
from fwverify.trust.registry import load
from fwverify.trust.store import EMPTY, PinnedKey, TrustStore
from tests.contract.vectors import flips
from tests.vectors.makers import cms_images as made

VECTORS = Path(__file__).resolve().parents[3] / "vectors" / "schemes"
AT = "2026-11-22T00:00:00Z"
VALID = SignatureStatus.VALID


def artifact(data: bytes, name: str = "image") -> Artifact:
    return identified(Locator((Step(name),)), data)


def vector(place: str) -> tuple[bytes, TrustStore]:
    """The one delivered file of a vector, with its registry."""
    (file,) = (VECTORS / place / "delivery").iterdir()
    return file.read_bytes(), load(VECTORS / place / "keys")


def inside(data: bytes, trust: TrustStore, scheme: object) -> list[SignatureObservation]:
    into, image = Authenticated(), artifact(data)
    authenticate_inside(Group(image, image, at=AT), trust, (scheme,), into=into)  # type: ignore[arg-type]
    return into.signatures


def delivered(folder: Path, trust: TrustStore) -> list[SignatureObservation]:
    delivery = ingest([folder], DEFAULT_LIMITS).delivery
    into = authenticate_delivery(delivery, (), trust, AT)
    for image in delivery.of(Role.IMAGE):
        Inside(delivery, (), trust, AT, into).check(image)
    return into.signatures


def left(seen: list[SignatureObservation], size: int) -> tuple[ByteRange, ...]:
    """Bytes that no observation accounts for."""
    spans = [span for one in seen for span in (*one.covers, *one.carries, *one.envelope)]
    return subtracted([ByteRange(0, size)], spans)


# --- PE -----------------------------------------------------------------------------------------------------------


def test_both_kinds_of_header_are_read_alike() -> None:
    """Checksum and directory entry lie where each kind of optional header has them."""
    for place, directory in (("pe32", 96 + 32), ("pe32-plus", 112 + 32)):
        layout = pe.parse(memoryview(vector(f"authenticode/valid/{place}")[0]))
        assert layout is not None
        assert layout.checksum == ByteRange(88 + 64, 88 + 68)
        assert layout.directory == ByteRange(88 + directory, 88 + directory + 8)
        assert layout.plus is (place == "pe32-plus")


def test_gap_between_sections_is_told() -> None:
    """With a gap between sections two digests are possible; bytes of the gap are in one of them only."""
    signed = made.authenticode_of(vector("authenticode/valid/pe32-plus")[0], made.pe_image(gap=512))
    layout = pe.parse(memoryview(signed))
    assert layout is not None
    assert subtracted(layout.digested, layout.by_sections) == (ByteRange(1024, 1536),)


def test_digest_over_sections_leaves_the_gap_unsigned(monkeypatch: pytest.MonkeyPatch) -> None:
    """A signature over headers and sections alone holds, and the gap counts as unsigned and is told."""
    data, trust = vector("authenticode/valid/pe32-plus")
    with_gap = made.authenticode_of(data, made.pe_image(gap=512))
    layout = pe.parse(memoryview(with_gap))
    assert layout is not None
    import hashlib

    digest = hashlib.sha256(b"".join(with_gap[one.start : one.end] for one in layout.by_sections)).digest()
    monkeypatch.setattr(spc, "parse", lambda _: spc.IndirectData("sha256", digest, False))
    (seen,) = inside(with_gap, trust, AUTHENTICODE)
    assert seen.status is VALID
    assert left([seen], len(with_gap)) == (ByteRange(1024, 1536),)
    assert any("sections" in one for one in seen.oddities)


def test_bytes_in_the_padding_are_not_covered() -> None:
    """MS13-098: the signature holds; what hides behind it is neither covered nor envelope, and is told."""
    data, trust = vector("authenticode/hostile/hidden-in-padding")
    (seen,) = inside(data, trust, AUTHENTICODE)
    (hidden,) = left([seen], len(data))
    assert b"MZ this would be run" in data[hidden.start : hidden.end]
    assert seen.oddities


def test_padding_behind_the_certificate_table_may_be_empty() -> None:
    """FF behind the table, as in a flash partition, changes nothing; anything else breaks the signature."""
    data, trust = vector("authenticode/valid/pe32-plus")
    assert inside(data + b"\xff" * 64, trust, AUTHENTICODE)[0].status is VALID
    assert inside(data + b"\xff" * 63 + b"!", trust, AUTHENTICODE)[0].status is SignatureStatus.INVALID


def test_size_of_headers_must_hold_the_headers() -> None:
    """SizeOfHeaders that ends before the section table, or beyond the file, is refused."""
    data, _ = vector("authenticode/valid/pe32-plus")
    at = 88 + 60
    for size in (300, 1 << 30):
        changed = data[:at] + struct.pack("<I", size) + data[at + 4 :]
        with pytest.raises(Malformed):
            pe.parse(memoryview(changed))


@pytest.mark.parametrize("scheme", ["authenticode/valid/nested", "authenticode/valid/pe32"])
def test_any_flip_is_an_outcome(scheme: str) -> None:
    """Every single bit of a small image flipped: an observation or none, never an exception, never uncovered valid."""
    data, trust = vector(scheme)
    for changed in flips(data, 900):
        for one in inside(changed, trust, AUTHENTICODE):
            assert one.status is not VALID or one.covers


def test_a_digest_named_twice_or_cut_is_malformed() -> None:
    """SpcIndirectDataContent is read to its last byte."""
    signed = cms.parse(_entry(vector("authenticode/valid/pe32")[0]))
    assert signed.content is not None
    assert spc.parse(signed.content).algorithm == "sha256"
    for broken in (signed.content[:-1], signed.content + b"\0", signed.content[2:], b""):
        with pytest.raises((Malformed, Unsupported)):
            spc.parse(broken)


def _entry(data: bytes) -> bytes:
    layout = pe.parse(memoryview(data))
    assert layout is not None
    content = layout.entries[0].content
    assert content is not None
    return data[content.start : content.end]


@pytest.mark.corpus
def test_doubly_signed_boot_loader() -> None:
    """The real, doubly signed boot loader: each signature holds under its own authority, and both cover all of it."""
    cases = os.environ.get("FWVERIFY_CASES")
    if not cases:
        pytest.skip("FWVERIFY_CASES is not set")
    data = (Path(cases) / "images" / "efi-signed" / "shimx64.efi.signed").read_bytes()
    layout = pe.parse(memoryview(data))
    assert layout is not None
    found = [cms.parse(data[one.content.start : one.content.end]) for one in layout.entries if one.content]
    authorities = [_authority(one) for one in found]
    assert [one.status for one in inside(data, TrustStore(tuple(authorities)), AUTHENTICODE)] == [VALID, VALID]
    first = inside(data, TrustStore((authorities[0],)), AUTHENTICODE)
    assert [one.status for one in first] == [VALID, SignatureStatus.UNKNOWN_KEY]
    assert left(first, len(data)) == ()
    assert VALID not in {one.status for one in inside(data, EMPTY, AUTHENTICODE)}
    assert VALID not in {
        one.status for one in inside(made.flipped(data, 500_000), TrustStore((authorities[0],)), AUTHENTICODE)
    }


def _authority(data: cms.SignedData) -> PinnedKey:
    """The issuing certificate that came along, taken as pinned."""
    from cryptography import x509

    der = next(
        one
        for one in data.certificates
        if x509.load_der_x509_certificate(one).extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    )
    key = key_file.parse(der)
    record = KeyRecord(
        "v", key.fingerprint[:8], "x509", key.fingerprint, ("firmware",), ("*",), (), "", "", "active", "", "", "", (),
        False,
    )  # fmt: skip
    return PinnedKey(record, key)


# --- modules and capsules -----------------------------------------------------------------------------------------


def test_only_the_last_bytes_make_a_signed_module() -> None:
    """The marker elsewhere than at the end says nothing."""
    data, _ = vector("kmod/valid/sha256")
    assert kernel_module.looks_like(memoryview(data))
    assert not kernel_module.looks_like(memoryview(data + b"\0"))
    with pytest.raises(Malformed):
        kernel_module.parse(memoryview(made.MARKER))


def test_driver_stays_uncovered() -> None:
    """A capsule's driver is neither covered nor envelope."""
    data, trust = vector("uefi-capsule/hostile/driver")
    seen = inside(data, trust, CAPSULE)
    capsule = uefi_capsule.parse(memoryview(data))
    assert left(seen, len(data)) == capsule.drivers


def test_identifier_is_not_stated_by_signed_bytes() -> None:
    """The image type lies in an unsigned header: it may change, and is named for what it is."""
    data, trust = vector("uefi-capsule/valid/version-3")
    at = data.index(bytes.fromhex("d4c3b2a1"))
    (before,), (after,) = inside(data, trust, CAPSULE), inside(made.flipped(data, at), trust, CAPSULE)
    assert before.status is after.status is VALID
    assert dict(before.states)["unsigned-guid"] != dict(after.states)["unsigned-guid"]
    assert "guid" not in dict(before.states)


def test_endless_dependencies_are_malformed() -> None:
    """A dependency expression without end, or of unknown operations, is refused."""
    for expression in (b"\x06" * 50, b"\xee", b"\x02name without end"):
        with pytest.raises(Malformed):
            uefi_capsule.parse(memoryview(made.capsule([made.capsule_image(expression, support=2)])))


def test_signature_without_its_content_info_is_read() -> None:
    """A bare SignedData, as the specification also allows, is the same signature."""
    data, trust = vector("uefi-capsule/valid/version-3")
    (image,) = uefi_capsule.parse(memoryview(data)).images
    assert image.authentication is not None
    span = image.authentication.pkcs7
    bare = data[span.start : span.end][4 + 11 + 4 :]
    head = data[image.content.start : span.start]
    changed = head[:8] + struct.pack("<I", 24 + len(bare)) + head[12:] + bare + data[span.end :]
    capsule = made.capsule([made.capsule_image(changed)])
    (seen,) = inside(capsule, trust, CAPSULE)
    assert seen.status is VALID
    assert left([seen], len(capsule)) == ()


# --- cabinets and catalogues --------------------------------------------------------------------------------------


def test_packed_members_are_carried() -> None:
    """MSZIP: all packed bytes are carried when every member is signed; nothing is when one is not."""
    data, trust = vector("jcat-cabinet/hostile/packed")
    seen = inside(data, trust, CABINET)
    assert all(one.status is VALID and not one.covers and one.carries for one in seen)
    assert left(seen, len(data)) == ()


def test_flips_of_a_packed_cabinet() -> None:
    """A bit of packed data changed: nothing stays valid, or the same content comes out."""
    data, trust = vector("jcat-cabinet/hostile/packed")
    (span, *_) = inside(data, trust, CABINET)[0].carries
    for at in range(span.start, span.end, max(1, span.size // 60)):
        assert VALID not in {one.status for one in inside(made.flipped(data, at), trust, CABINET)}, at


def test_catalogue_beside_the_cabinet(tmp_path: Path) -> None:
    """A cabinet without a catalogue is signed by the one delivered beside it."""
    cabinet, _ = vector("jcat-cabinet/invalid/without")
    source = VECTORS / "jcat" / "valid" / "two-files"
    (tmp_path / "fw.cab").write_bytes(cabinet)
    (tmp_path / "firmware.jcat").write_bytes((source / "delivery" / "firmware.jcat").read_bytes())
    seen = delivered(tmp_path, load(source / "keys"))
    assert [one.status for one in seen] == [VALID, VALID]
    assert {one.subject.name for one in seen if one.subject} == {"fw.cab"}
    assert left(seen, len(cabinet)) == ()


def test_names_are_matched_in_the_catalogue_s_folder(tmp_path: Path) -> None:
    """A file of the same name in another folder is not the file that is signed."""
    source = VECTORS / "jcat" / "valid" / "two-files"
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    files = {one.name: one.read_bytes() for one in (source / "delivery").iterdir()}
    (tmp_path / "a" / "firmware.jcat").write_bytes(files["firmware.jcat"])
    (tmp_path / "b" / "firmware.bin").write_bytes(files["firmware.bin"])
    (tmp_path / "b" / "firmware.metainfo.xml").write_bytes(files["firmware.metainfo.xml"])
    seen = delivered(tmp_path, load(source / "keys"))
    assert {one.status for one in seen} == {SignatureStatus.UNVERIFIABLE}
    for name in ("firmware.bin", "firmware.metainfo.xml"):
        (tmp_path / "a" / name).write_bytes(files[name])
    assert [one.status for one in delivered(tmp_path, load(source / "keys"))] == [VALID, VALID]


@pytest.mark.parametrize(
    "broken",
    [
        b"", b"{}", made.gzip.compress(b"[]"), made.gzip.compress(b'{"JcatVersionMajor": 0, "Items": []}'),
        made.catalogue({"f": []}) + b"x", made.catalogue({"f": []})[:-9],
        made.gzip.compress(b'{"JcatVersionMajor": 0, "Items": [{"Id": "f", "Blobs": [{"Kind": true, "Data": ""}]}]}'),
        made.gzip.compress(b'{"JcatVersionMajor": 0, "Items": [{"Id": "f", "Blobs": [{"Kind": 9, "Data": "?"}]}]}'),
    ],
    ids=lambda one: f"{len(one)}-bytes",  # a time lies in each gzip: two workers would see different names
)  # fmt: skip
def test_broken_catalogues(broken: bytes) -> None:
    """What is no catalogue from its first to its last byte is malformed."""
    with pytest.raises(Malformed):
        catalogues.parse(broken)


def test_catalogue_that_expands() -> None:
    """A catalogue that unpacks to more than any real one is refused."""
    with pytest.raises(LimitExceeded):
        catalogues.parse(made.gzip.compress(b" " * (catalogues.MAX_BYTES + 2)))


def test_unknown_fields_are_told() -> None:
    """Fields nobody reads could hold anything: the catalogue is no plain envelope then."""
    raw = made.gzip.compress(b'{"JcatVersionMajor": 0, "Extra": "?", "Items": [{"Id": "f", "Blobs": []}]}')
    assert catalogues.parse(raw).oddities


# --- metainfo -----------------------------------------------------------------------------------------------------


def test_metainfo_states() -> None:
    """Identifier, device and first release."""
    read = metainfo.parse(memoryview(made.METAINFO))
    assert read == metainfo.Metainfo("site.example.gateway.firmware", (made.GUID,), "2.1.0")


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE c [<!ENTITY v "9.9">]><component type="firmware"><id>&v;</id></component>',
        '<?php x?><component type="firmware"/>',
        '<component type="desktop"/>',
        '<component type="firmware">',
        "\xff",
    ],
)
def test_metainfo_that_means_more_than_it_says(text: str) -> None:
    """Document types, entities, processing instructions and broken documents are refused."""
    with pytest.raises(Malformed):
        metainfo.parse(memoryview(text.encode("latin-1")))


def test_metainfo_too_deep() -> None:
    """Nesting without end is refused."""
    with pytest.raises(LimitExceeded):
        metainfo.parse(memoryview(b'<component type="firmware">' + b"<a>" * 100))
