"""Signatures inside images, made fresh by the official tools and verified here, valid and damaged in pairs.

Debian: u-boot-tools, device-tree-compiler, openssl. PyPI: imgtool, esptool (espsecure).
"""

from __future__ import annotations

import itertools
import random
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from fwverify.authenticate.interface import Group, SignatureScheme
from fwverify.authenticate.schemes.esp_secure_boot import SCHEME as ESP
from fwverify.authenticate.schemes.fit_signature import SCHEME as FIT
from fwverify.authenticate.schemes.mcuboot_tlv import SCHEME as MCUBOOT
from fwverify.authenticate.stage import Authenticated, authenticate_inside
from fwverify.formats import key_file
from fwverify.model.artifact import subtracted
from fwverify.model.evidence import KeyRecord, SignatureObservation, SignatureStatus
from fwverify.trust.store import PinnedKey, TrustStore
from tests.interop.tools import need, run
from tests.unit.unpack.opened import artifact
from tests.vectors.makers.embedded_signatures import configuration, fit_source
from tests.vectors.makers.firmware import esp_app

pytestmark = pytest.mark.interop
CHANCE = random.Random(20261122)
PAYLOAD = CHANCE.randbytes(3001)
VALID, INVALID = SignatureStatus.VALID, SignatureStatus.INVALID


def trust(*keys: bytes, **constraints: str) -> TrustStore:
    """A store with these PEM public keys."""
    found = []
    for index, raw in enumerate(keys):
        key = key_file.parse(raw)
        record = KeyRecord(
            "v", f"k{index}", "public-key", key.fingerprint, ("firmware",), ("*",), (), "", "", "active", "", "", "",
            (), False,
        )  # fmt: skip
        found.append(PinnedKey(record, key, constraints=tuple(sorted(constraints.items()))))
    return TrustStore(tuple(found))


def observed(scheme: SignatureScheme, data: bytes, store: TrustStore) -> list[SignatureObservation]:  # type: ignore[type-arg]
    image, into = artifact(data), Authenticated()
    authenticate_inside(Group(image, image), store, (scheme,), into=into)
    return into.signatures


def statuses(scheme: SignatureScheme, data: bytes, store: TrustStore) -> set[SignatureStatus]:  # type: ignore[type-arg]
    return {one.status for one in observed(scheme, data, store)}


def pair(private: object) -> tuple[bytes, bytes]:
    secret = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())  # type: ignore[attr-defined]
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)  # type: ignore[attr-defined]
    return secret, public


def flips(data: bytes, one: SignatureObservation, count: int) -> list[bytes]:
    """The data with one bit of its covered bytes changed, at places by chance."""
    out = []
    for _ in range(count):
        span = CHANCE.choice(one.covers)
        at = CHANCE.randrange(span.start, span.end)
        out.append(data[:at] + bytes([data[at] ^ 1 << CHANCE.randrange(8)]) + data[at + 1 :])
    return out


def check_pair(scheme: SignatureScheme, data: bytes, store: TrustStore, foreign: TrustStore) -> None:  # type: ignore[type-arg]
    """Valid as made, by its key alone; never with one covered bit changed."""
    (one,) = [each for each in observed(scheme, data, store) if each.status is VALID]
    assert statuses(scheme, data, foreign).isdisjoint({VALID})
    assert statuses(scheme, data, TrustStore()).isdisjoint({VALID})
    for damaged in flips(data, one, 40):
        assert VALID not in statuses(scheme, damaged, store)


# --- FIT ---


def fit(folder: Path, source: str, secret: bytes, *options: str) -> bytes:
    need("mkimage", "dtc")
    for name in ("kernel", "fdt", "init"):
        (folder / name).write_bytes(CHANCE.randbytes(700))
    for name in ("dev.key", "dev.pem"):  # RSA keys are looked for under the first name, others under the second
        (folder / name).write_bytes(secret)
    (folder / "f.its").write_text(source)
    run("mkimage", "-D", "-I dts -O dtb -p 1000", *options, "-f", "f.its", "-k", ".", "-r", "f.itb", cwd=folder)
    return (folder / "f.itb").read_bytes()


@pytest.fixture(scope="module")
def rsa_pairs() -> dict[int, tuple[bytes, bytes]]:
    return {bits: pair(rsa.generate_private_key(65537, bits)) for bits in (2048, 3072, 4096)}


FOREIGN = pair(rsa.generate_private_key(65537, 2048))[1]


FIT_KINDS = [
    ((), algorithm, padding)
    for algorithm in ("sha256,rsa2048", "sha384,rsa3072", "sha512,rsa4096", "sha1,rsa2048")
    for padding in ("pkcs-1.5", "pss")
]
FIT_KINDS += [
    (options, "sha256,rsa2048", "pkcs-1.5") for options in (("-E",), ("-E", "-p", "0x3000"), ("-E", "-B", "0x1000"))
]


@pytest.mark.parametrize(("options", "algorithm", "padding"), FIT_KINDS, ids=str)
def test_fit(
    tmp_path: Path, rsa_pairs: dict[int, tuple[bytes, bytes]], options: tuple[str, ...], algorithm: str, padding: str
) -> None:
    """Configurations signed by mkimage hold, and what they cover cannot change."""
    source = fit_source(configuration()).replace("sha256,rsa2048", algorithm)
    source = source.replace("key-name-hint", f'padding = "{padding}"; key-name-hint')
    secret, public = rsa_pairs[int(algorithm[-4:])]
    data = fit(tmp_path, source, secret, *options)
    check_pair(FIT, data, trust(public), trust(FOREIGN))
    (one,) = observed(FIT, data, trust(public))
    assert one.algorithm == ("rsa-pss" if padding == "pss" else "rsa-pkcs1v15")
    left = [data[span.start : span.end] for span in subtracted(artifact(data).whole, (*one.covers, *one.envelope))]
    assert "-B" in options or all(not any(each) for each in left)


@pytest.mark.parametrize("algorithm", ["sha256,ecdsa256"])
def test_fit_with_ecdsa(tmp_path: Path, algorithm: str) -> None:
    """r and s of a P-256 key."""
    secret, public = pair(ec.generate_private_key(ec.SECP256R1()))
    data = fit(tmp_path, fit_source(configuration()).replace("sha256,rsa2048", algorithm), secret)
    check_pair(FIT, data, trust(public), trust(FOREIGN))


@pytest.mark.parametrize("hashing", ["sha384", "sha512"])
def test_fit_with_other_digests(tmp_path: Path, rsa_pairs: dict[int, tuple[bytes, bytes]], hashing: str) -> None:
    """Images bound by SHA-384 or SHA-512."""
    secret, public = rsa_pairs[2048]
    data = fit(tmp_path, fit_source(configuration(), hashing=hashing), secret)
    check_pair(FIT, data, trust(public), trust(FOREIGN))


def test_fit_images_alone(tmp_path: Path, rsa_pairs: dict[int, tuple[bytes, bytes]]) -> None:
    """Signatures of single images count under an entry that asks for them, and under no other."""
    secret, public = rsa_pairs[2048]
    sign = 'signature-1 { algo = "sha256,rsa2048"; key-name-hint = "dev"; };'
    data = fit(tmp_path, fit_source(configuration(sign=""), more=sign), secret)
    assert statuses(FIT, data, trust(public)) == {INVALID}
    assert statuses(FIT, data, trust(public, required="conf")) == {INVALID}
    assert statuses(FIT, data, trust(public, required="image")) == {VALID}
    both = fit(tmp_path, fit_source(configuration(), more=sign), secret)
    assert statuses(FIT, both, trust(public)) == {VALID}
    assert statuses(FIT, both, trust(public, required="image")) == {VALID}


def test_fit_of_two_signers(tmp_path: Path, rsa_pairs: dict[int, tuple[bytes, bytes]]) -> None:
    """Either key alone makes the configuration valid; the other's signature is unknown then, not broken."""
    secret, public = rsa_pairs[2048]
    other_secret, other = pair(rsa.generate_private_key(65537, 2048))
    (tmp_path / "other.key").write_bytes(other_secret)
    second = (
        'signature-2 { algo = "sha256,rsa2048"; key-name-hint = "other"; sign-images = "kernel", "fdt", "ramdisk"; };'
    )
    source = fit_source(configuration().replace("signature-1", f"{second} signature-1"))
    data = fit(tmp_path, source, secret)
    assert statuses(FIT, data, trust(public, other)) == {VALID}
    for single in (public, other):
        assert statuses(FIT, data, trust(single)) == {VALID, SignatureStatus.UNVERIFIABLE}
    assert statuses(FIT, data, trust(FOREIGN)) == {INVALID}


def test_fit_changed_by_fdtput(tmp_path: Path, rsa_pairs: dict[int, tuple[bytes, bytes]]) -> None:
    """Edits that keep the tree well-formed: never valid, or the edited bytes are not among the covered."""
    need("fdtput")
    secret, public = rsa_pairs[2048]
    second = configuration("other", 'kernel = "kernel"; ramdisk = "init";', '"kernel", "ramdisk"')
    data = fit(tmp_path, fit_source(configuration() + second), secret)
    assert statuses(FIT, data, trust(public)) == {VALID}
    edits = (
        ("-t", "x", "/images/kernel", "load", "41414141"),
        ("-t", "s", "/configurations/conf", "kernel", "init"),
        ("-t", "s", "/configurations/conf", "loadables", "init"),
        ("-t", "s", "/configurations", "default", "gone"),
        ("-c", "/images/kernel/signature-9"),
        ("-c", "/kernel"),
        ("-t", "x", "/images/kernel", "data-offset", "0"),
        ("-t", "s", "/configurations/conf/signature-1", "hashed-nodes", "/"),
        ("-t", "s", "/configurations/conf/signature-1", "algo", "sha384,rsa2048"),
        ("-t", "s", "/configurations/conf/signature-1", "padding", "pss"),
        ("-r", "/configurations/conf/signature-1"),
    )
    for edit in edits:
        (tmp_path / "e.itb").write_bytes(data)
        options, rest = list(itertools.takewhile(lambda part: not part.startswith("/"), edit)), edit
        run("fdtput", *options, tmp_path / "e.itb", *rest[len(options) :])
        after = observed(FIT, (tmp_path / "e.itb").read_bytes(), trust(public))
        whole = {one.status for one in after} == {VALID}
        assert not whole or ("hashed-nodes" in edit and after[0].oddities), edit


# --- MCUboot ---

MCU_KEYS = {
    "rsa-2048": lambda: rsa.generate_private_key(65537, 2048),
    "rsa-3072": lambda: rsa.generate_private_key(65537, 3072),
    "p256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "p384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "ed25519": ed25519.Ed25519PrivateKey.generate,
}


def mcuboot(folder: Path, secret: bytes, *options: str) -> bytes:
    need("imgtool")
    (folder / "p.bin").write_bytes(PAYLOAD)
    (folder / "k.pem").write_bytes(secret)
    signing = ("--align", "4", "-v", "2.3.4+5", "-H", "0x200", "--pad-header", "-S", "0x8000", "--key", "k.pem")
    run("imgtool", "sign", *signing, *options, "p.bin", "o.bin", cwd=folder)
    return (folder / "o.bin").read_bytes()


@pytest.mark.parametrize("kind", sorted(MCU_KEYS))
@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--public-key-format", "full"),
        ("--security-counter", "7", "--boot-record", "APP", "-d", "(1, 1.2.3+0)"),
        ("--custom-tlv", "0x00a5", "0x0102"),
        ("--pad", "--confirm"),
        ("--pad", "--max-align", "32"),
        ("--pad-sig",),
        ("-e", "big"),
        ("--rom-fixed", "0x8000"),
        ("--vid", "vendor.example", "--cid", "gateway"),
    ],
    ids=lambda one: " ".join(one) or "plain",
)
def test_mcuboot(tmp_path: Path, kind: str, options: tuple[str, ...]) -> None:
    """Every kind of key and option of imgtool."""
    secret, public = pair(MCU_KEYS[kind]())
    data = mcuboot(tmp_path, secret, *options)
    check_pair(MCUBOOT, data, trust(public), trust(FOREIGN))
    (one,) = observed(MCUBOOT, data, trust(public))
    assert one.oddities == ()
    assert ("version", "2.3.4+5") in one.states
    assert ("security-counter", "7") in one.states or "--security-counter" not in options
    left = subtracted(artifact(data).whole, (*one.covers, *one.envelope))
    assert all(set(data[span.start : span.end]) <= {0xFF} for span in left)


@pytest.mark.parametrize("options", [("--sha", "256"), ("--sha", "512"), ("--pure",)], ids=" ".join)
def test_mcuboot_ed25519(tmp_path: Path, options: tuple[str, ...]) -> None:
    """Over either digest, or over the bytes."""
    secret, public = pair(ed25519.Ed25519PrivateKey.generate())
    check_pair(MCUBOOT, mcuboot(tmp_path, secret, *options), trust(public), trust(FOREIGN))


def test_mcuboot_encrypted(tmp_path: Path) -> None:
    """An encrypted image is said to be that; with its bytes left plain it verifies."""
    secret, public = pair(ec.generate_private_key(ec.SECP256R1()))
    (tmp_path / "enc.pem").write_bytes(pair(ec.generate_private_key(ec.SECP256R1()))[1])
    sealed = mcuboot(tmp_path, secret, "-E", "enc.pem")
    (one,) = observed(MCUBOOT, sealed, trust(public))
    assert one.status is SignatureStatus.UNVERIFIABLE and "encrypted" in one.detail
    check_pair(MCUBOOT, mcuboot(tmp_path, secret, "-E", "enc.pem", "--clear"), trust(public), trust(FOREIGN))


@pytest.mark.parametrize("compression", ["lzma2", "lzma2armthumb"])
def test_mcuboot_compressed(tmp_path: Path, compression: str) -> None:
    """The packed payload is what is signed."""
    secret, public = pair(ec.generate_private_key(ec.SECP256R1()))
    data = mcuboot(tmp_path, secret, "--compression", compression, "--erased-val", "0")
    check_pair(MCUBOOT, data, trust(public), trust(FOREIGN))


# --- ESP32 ---


@pytest.mark.parametrize("scheme", ["rsa3072", "ecdsa192", "ecdsa256", "ecdsa384"])
@pytest.mark.parametrize("content", ["app", "table"])
def test_esp_version_2(tmp_path: Path, scheme: str, content: str) -> None:
    """Every kind of key over an application and over a partition table; two signers in one sector."""
    need("espsecure")
    table = (b"\xaa\x50" + bytes(30)) * 3 + b"\xeb\xeb" + b"\xff" * 14 + bytes(16)
    (tmp_path / "p.bin").write_bytes(esp_app() if content == "app" else table.ljust(0xC00, b"\xff"))
    public = []
    for name in ("a", "b"):
        run("espsecure", "generate-signing-key", "--version", "2", "--scheme", scheme, f"{name}.pem", cwd=tmp_path)
        public.append(pair(load_pem_private_key((tmp_path / f"{name}.pem").read_bytes(), None))[1])
    sign = ("espsecure", "sign-data", "--version", "2", "--keyfile")
    run(*sign, "a.pem", "--output", "one.bin", "p.bin", cwd=tmp_path)
    run(*sign, "b.pem", "--append-signatures", "--output", "two.bin", "one.bin", cwd=tmp_path)
    one, two = ((tmp_path / name).read_bytes() for name in ("one.bin", "two.bin"))
    check_pair(ESP, one, trust(public[0]), trust(public[1]))
    for key in public:
        assert statuses(ESP, two, trust(key)) == {VALID, SignatureStatus.UNKNOWN_KEY}
    assert statuses(ESP, two, trust(*public)) == {VALID}
    (found,) = observed(ESP, one, trust(public[0]))
    assert subtracted(artifact(one).whole, (*found.covers, *found.envelope)) == ()


def test_esp_version_2_without_filling(tmp_path: Path) -> None:
    """The sector right behind contents that fill no sector."""
    need("espsecure")
    (tmp_path / "p.bin").write_bytes(esp_app())
    run("espsecure", "generate-signing-key", "--version", "2", "--scheme", "ecdsa256", "a.pem", cwd=tmp_path)
    run("espsecure", "sign-data", "--version", "2", "--keyfile", "a.pem", "--skip-padding", "--output", "o.bin",
        "p.bin", cwd=tmp_path)  # fmt: skip
    public = pair(load_pem_private_key((tmp_path / "a.pem").read_bytes(), None))[1]
    check_pair(ESP, (tmp_path / "o.bin").read_bytes(), trust(public), trust(FOREIGN))


def test_esp_version_1(tmp_path: Path) -> None:
    """The 68 bytes behind an application."""
    need("espsecure")
    secret, public = pair(ec.generate_private_key(ec.SECP256R1()))
    (tmp_path / "p.bin").write_bytes(esp_app())
    (tmp_path / "a.pem").write_bytes(secret)
    run("espsecure", "sign-data", "--version", "1", "--keyfile", "a.pem", "--output", "o.bin", "p.bin", cwd=tmp_path)
    check_pair(ESP, (tmp_path / "o.bin").read_bytes(), trust(public), trust(FOREIGN))
