"""Images that carry a CMS, signed fresh by the official tools and verified here, good and damaged in pairs.

Debian: osslsigncode, sbsigntool, pesign, u-boot-tools (mkeficapsule), linux-kbuild-6.1 (sign-file), jcat, gcab,
openssl.
PyPI: edk2-basetools (GenerateCapsule).
"""

from __future__ import annotations

import hashlib
import random
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from fwverify.authenticate.stage import Authenticated, Inside, authenticate_delivery
from fwverify.formats import key_file, pe
from fwverify.ingest.stage import ingest
from fwverify.limits import DEFAULT_LIMITS
from fwverify.model.artifact import ByteRange, Role, subtracted
from fwverify.model.evidence import KeyRecord, SignatureObservation, SignatureStatus
from fwverify.trust.store import PinnedKey, TrustStore
from tests.interop.tools import need, need_module, run
from tests.vectors.makers import cms_images as made

pytestmark = pytest.mark.interop
CHANCE = random.Random(20261122)
VALID = SignatureStatus.VALID
AT = "2026-11-22T00:00:00Z"


def trust(*certificates: bytes, **constraints: str) -> TrustStore:
    """A store with these certificates."""
    found = []
    for index, raw in enumerate(certificates):
        key = key_file.parse(raw)
        record = KeyRecord(
            "v",
            f"k{index}",
            "x509",
            key.fingerprint,
            ("firmware",),
            ("*",),
            (),
            "",
            "",
            "active",
            "",
            "",
            "",
            (),
            False,
        )
        found.append(PinnedKey(record, key, constraints=tuple(sorted(constraints.items()))))
    return TrustStore(tuple(found))


ROOT = trust(made.pem(made.root()))
LEAF = trust(made.pem(made.leaf()))


def observed(folder: Path, store: TrustStore, **files: bytes) -> list[SignatureObservation]:
    """What is observed of a delivery of these files (underscores in names stand for dots)."""
    for old in folder.glob("*"):
        old.unlink()
    for name, data in files.items():
        (folder / name.replace("_", ".")).write_bytes(data)
    delivery = ingest([folder], DEFAULT_LIMITS).delivery
    into: Authenticated = authenticate_delivery(delivery, (), store, AT)
    for image in delivery.of(Role.IMAGE):
        Inside(delivery, (), store, AT, into).check(image)
    return into.signatures


def holds(seen: list[SignatureObservation]) -> bool:
    return bool(seen) and all(one.status is VALID for one in seen)


def complete(seen: list[SignatureObservation], size: int) -> bool:
    """Every byte is signed or the signature's own."""
    spans = [span for one in seen for span in (*one.covers, *one.carries, *one.envelope)]
    return not subtracted([ByteRange(0, size)], spans)


def damaged(data: bytes, within: range) -> bytes:
    return made.flipped(data, CHANCE.choice(within))


@pytest.fixture
def scratch(tmp_path: Path) -> made.Scratch:
    (tmp_path / "tools").mkdir()
    return made.Scratch(tmp_path / "tools")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "delivery").mkdir()
    return tmp_path / "delivery"


def digest_of(data: bytes) -> bytes:
    layout = pe.parse(memoryview(data))
    assert layout is not None
    return hashlib.sha256(b"".join(data[one.start : one.end] for one in layout.digested)).digest()


@pytest.mark.parametrize("plus", [True, False])
@pytest.mark.parametrize("tail", [b"", b"overlay of odd length!!"])
def test_osslsigncode(scratch: made.Scratch, folder: Path, plus: bool, tail: bytes) -> None:
    """osslsigncode's signature holds under the root and covers all; a bit of the image or of a header breaks it."""
    need("osslsigncode")
    good = made.authenticode(scratch, made.pe_image(plus=plus, tail=tail))
    seen = observed(folder, ROOT, boot_efi=good)
    assert holds(seen)
    assert complete(seen, len(good))
    assert not holds(observed(folder, ROOT, boot_efi=damaged(good, range(512, 1530))))
    assert not holds(observed(folder, ROOT, boot_efi=damaged(good, range(400, 512))))
    assert not holds(observed(folder, trust(made.pem(made.certificate("elsewhere"))), boot_efi=good))


def test_digest_agrees_with_others(scratch: made.Scratch) -> None:
    """pesign and LIEF compute the same digest of the image as we do."""
    need("osslsigncode", "pesign")
    need_module("lief")
    good = made.authenticode(scratch, made.pe_image(tail=b"8 bytes!"))
    path = scratch.write("signed.efi", good)
    said = run("pesign", "--hash", "--in", path, "--digest_type", "sha256").decode().split()
    assert digest_of(good).hex() in said
    asked = "import lief, sys; print(bytes(lief.PE.parse(sys.argv[1]).authentihash_sha256).hex())"
    assert run(sys.executable, "-c", asked, path).decode().strip() == digest_of(good).hex()


def test_sbsign_twice(scratch: made.Scratch, folder: Path) -> None:
    """sbsign's two signatures (pinned leaf, no chain): both hold; a stranger's beside it does not disturb the first."""
    need("sbsign")
    path = scratch.write("in.efi", made.pe_image())
    for signer in ("signer", "stranger"):
        run("sbsign", "--key", f"{signer}.key", "--cert", f"{signer}.crt", "--output", path, path, cwd=scratch.folder)
    good = path.read_bytes()
    seen = observed(folder, LEAF, boot_efi=good)
    assert [one.status.value for one in seen] == ["valid", "unknown_key"]
    assert complete(seen, len(good))
    both = trust(made.pem(made.leaf()), made.pem(made.certificate("stranger", "elsewhere")))
    assert holds(observed(folder, both, boot_efi=good))
    assert VALID not in {one.status for one in observed(folder, LEAF, boot_efi=damaged(good, range(600, 1500)))}


def test_code_signing_is_asked_for(scratch: made.Scratch, folder: Path) -> None:
    """A constraint on the certificate's purposes is held against the signer."""
    need("osslsigncode")
    good = made.authenticode(scratch, made.pe_image())
    assert holds(observed(folder, trust(made.pem(made.root()), eku="codeSigning"), boot_efi=good))
    assert not holds(observed(folder, trust(made.pem(made.root()), eku="timeStamping"), boot_efi=good))


@pytest.mark.parametrize("digest", ["sha256", "sha384", "sha512"])
def test_sign_file(scratch: made.Scratch, folder: Path, digest: str) -> None:
    """The kernel's sign-file: holds under the pinned certificate that the file does not bring."""
    need(made.SIGN_FILE)
    good = made.module(scratch, digest)
    seen = observed(folder, LEAF, pump_ko=good)
    assert holds(seen)
    assert complete(seen, len(good))
    assert dict(seen[0].parameters)["hash"] == digest
    assert not holds(observed(folder, LEAF, pump_ko=damaged(good, range(len(made.MODULE)))))
    assert not holds(observed(folder, trust(made.pem(made.leaf()), hash="sha224"), pump_ko=good))


def test_mkeficapsule(scratch: made.Scratch, folder: Path) -> None:
    """mkeficapsule: holds and covers all; payload, count and signature changed do not."""
    need("mkeficapsule")
    scratch.write("fw.bin", made.payload(version=5))
    signing = ("--monotonic-count", "9", "--private-key", "signer.key", "--certificate", "signer.crt")
    run("mkeficapsule", "--guid", made.GUID, "--index", "1", *signing, "fw.bin", "fw.cap", cwd=scratch.folder)
    good = scratch.made("fw.cap")
    seen = observed(folder, ROOT, fw_cap=good)
    assert holds(seen)
    assert complete(seen, len(good))
    assert ("version", "5") in seen[0].states
    for within in (range(len(good) - 400, len(good)), range(92, 100), range(200, 900)):
        assert not holds(observed(folder, ROOT, fw_cap=damaged(good, within)))


def test_generate_capsule(scratch: made.Scratch, folder: Path) -> None:
    """edk2's GenerateCapsule: holds and covers all; a changed payload does not."""
    need_module("edk2basetools")
    need("openssl")
    scratch.write("fw.bin", made.FIRMWARE)
    scratch.write("both.pem", made.private("signer") + made.pem(made.leaf()))
    scratch.write("root.pem", made.pem(made.root()))
    numbers = (
        "--fw-version",
        "0x30001",
        "--lsv",
        "0x20000",
        "--capflag",
        "PersistAcrossReset",
        "--monotonic-count",
        "3",
    )
    files = (
        "--signer-private-cert",
        "both.pem",
        "--other-public-cert",
        "root.pem",
        "--trusted-public-cert",
        "root.pem",
    )
    command = ("-m", "edk2basetools.Capsule.GenerateCapsule", "-e", "-o", "fw.cap", "--guid", made.GUID)
    run(sys.executable, *command, *numbers, *files, "fw.bin", cwd=scratch.folder)
    good = scratch.made("fw.cap")
    seen = observed(folder, ROOT, fw_cap=good)
    assert holds(seen)
    assert complete(seen, len(good))
    assert ("version", str(0x30001)) in seen[0].states
    assert not holds(observed(folder, ROOT, fw_cap=damaged(good, range(len(good) - 400, len(good)))))


@pytest.mark.parametrize("packed", [True, False])
def test_jcat_tool_and_gcab(scratch: made.Scratch, folder: Path, packed: bool) -> None:
    """jcat-tool signs two files, gcab packs them: cabinet and loose files hold; one changed file breaks its own."""
    need("jcat-tool", "gcab")
    files = {"firmware.bin": CHANCE.randbytes(70_001), "firmware.metainfo.xml": made.METAINFO}
    for name, data in files.items():
        scratch.write(name, data)
        run("jcat-tool", "--basename", "sign", "firmware.jcat", name, "signer.crt", "signer.key", cwd=scratch.folder)
    catalogue = scratch.made("firmware.jcat")
    whole = made.cab(scratch, {**files, "firmware.jcat": catalogue}, packed=packed)
    seen = observed(folder, ROOT, fw_cab=whole)
    assert len(seen) == 2
    assert holds(seen)
    assert complete(seen, len(whole))
    assert {("version", "2.1.0"), ("guid", made.GUID)} <= {state for one in seen for state in one.states}
    loose = {name.replace(".", "_"): data for name, data in files.items()}
    assert holds(observed(folder, ROOT, firmware_jcat=catalogue, **loose))
    changed = {**files, "firmware.bin": damaged(files["firmware.bin"], range(70_000))}
    spoiled = made.cab(scratch, {**changed, "firmware.jcat": catalogue}, packed=packed)
    assert VALID not in {one.status for one in observed(folder, ROOT, fw_cab=spoiled)}
    loose["firmware_bin"] = changed["firmware.bin"]
    assert not holds(observed(folder, ROOT, firmware_jcat=catalogue, **loose))


@pytest.mark.parametrize("target", ["sha256", "sha512"])
def test_jcat_over_a_digest(scratch: made.Scratch, folder: Path, target: str) -> None:
    """jcat-tool signs the text of a digest: it holds for the file, and for no other."""
    need("jcat-tool")
    data = CHANCE.randbytes(5000)
    scratch.write("firmware.bin", data)
    run("jcat-tool", "--basename", "self-sign", "f.jcat", "firmware.bin", "--kind", target, cwd=scratch.folder)
    signing = ("signer.crt", "signer.key", "--kind", "pkcs7", "--target", target)
    run("jcat-tool", "--basename", "sign", "f.jcat", "firmware.bin", *signing, cwd=scratch.folder)
    catalogue = scratch.made("f.jcat")
    assert holds(observed(folder, ROOT, f_jcat=catalogue, firmware_bin=data))
    assert not holds(observed(folder, ROOT, f_jcat=catalogue, firmware_bin=damaged(data, range(5000))))


def test_gcab_reads_as_we_do(scratch: made.Scratch) -> None:
    """Our reading of a packed cabinet is gcab's: the files it extracts are the members found."""
    need("gcab")
    from fwverify.formats import cabinet
    from fwverify.limits import Budget

    files = {"a.bin": CHANCE.randbytes(40_000) * 3, "b.txt": b"text " * 9000, "c.bin": bytes(100_000)}
    raw = memoryview(made.cab(scratch, files, packed=True))
    read = cabinet.parse(raw, Budget())
    stream = [cabinet.content(raw, one, Budget()) for one in read.folders]
    assert {one.name: bytes(stream[one.folder][one.offset : one.offset + one.size]) for one in read.files} == files
    assert read.sound()


def test_keys_of_other_kinds_are_no_match(scratch: made.Scratch, folder: Path) -> None:
    """Bare keys of strangers in the registry make nothing valid."""
    need("osslsigncode")
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    strangers = [ec.generate_private_key(ec.SECP256R1()), rsa.generate_private_key(65537, 2048)]
    keys = [one.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo) for one in strangers]
    assert not holds(observed(folder, trust(*keys), boot_efi=made.authenticode(scratch, made.pe_image())))


def test_gpg_in_a_catalogue(scratch: made.Scratch, folder: Path) -> None:
    """A GnuPG signature in a catalogue holds for the file under the pinned certificate, and for no other file."""
    need("gpg")
    home = scratch.folder / "gpg"
    home.mkdir(mode=0o700)
    gpg = ("gpg", "--homedir", home, "--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", "")
    run(*gpg, "--quick-gen-key", "vendor@site.example", "ed25519", "sign", "0")
    data = CHANCE.randbytes(3000)
    path = scratch.write("firmware.bin", data)
    run(*gpg, "--armor", "--output", scratch.folder / "f.asc", "--detach-sign", path)
    certificate = run(*gpg, "--export", "vendor@site.example")
    key = key_file.parse(certificate)
    record = KeyRecord(
        "v", "k", "openpgp", key.fingerprint, ("firmware",), ("*",), (), "", "", "active", "", "", "", (), False
    )
    store = TrustStore((PinnedKey(record, key),))
    catalogue = made.catalogue({"firmware.bin": [made.blob(2, scratch.made("f.asc"))]})
    now = "2049-01-01T00:00:00Z"  # the key is made by the machine's clock
    for content, good in ((data, True), (damaged(data, range(3000)), False)):
        for old in folder.glob("*"):
            old.unlink()
        (folder / "firmware.jcat").write_bytes(catalogue)
        (folder / "firmware.bin").write_bytes(content)
        delivery = ingest([folder], DEFAULT_LIMITS).delivery
        assert holds(authenticate_delivery(delivery, (), store, now).signatures) is good


def test_ed25519_in_a_catalogue(folder: Path) -> None:
    """A bare Ed25519 signature in a catalogue holds for the file under the pinned key, and for no other file."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    signer, data = Ed25519PrivateKey.generate(), CHANCE.randbytes(3000)
    store = trust(signer.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    catalogue = made.catalogue({"firmware.bin": [made.blob(9, signer.sign(data))]})
    assert holds(observed(folder, store, firmware_jcat=catalogue, firmware_bin=data))
    assert not holds(observed(folder, store, firmware_jcat=catalogue, firmware_bin=damaged(data, range(3000))))
