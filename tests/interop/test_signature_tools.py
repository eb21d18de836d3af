"""Fresh signatures of the official tools, in pairs: as made, and damaged."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fwverify.authenticate.stage import authenticate_delivery
from fwverify.ingest.stage import ingest
from fwverify.limits import DEFAULT_LIMITS
from fwverify.model.evidence import SignatureObservation, SignatureStatus
from fwverify.trust.registry import from_key_file
from tests.interop.tools import found, need

pytestmark = pytest.mark.interop

AT = "2026-11-22T00:00:00Z"
PAYLOAD = b"payload of the interop tests\n" * 100


def tool(name: str) -> str:
    need(name)
    return found(name)


def run(*arguments: str, cwd: Path) -> None:
    subprocess.run(arguments, cwd=cwd, check=True, capture_output=True)


def observed(folder: Path, key: Path, at: str = AT) -> SignatureObservation:
    delivery = ingest([folder], DEFAULT_LIMITS).delivery
    (found,) = authenticate_delivery(delivery, (), from_key_file(key), at).signatures
    return found


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with the delivery `d`; keys lie beside it."""
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "fw.bin").write_bytes(PAYLOAD)
    return tmp_path


OPENSSL = [
    (
        "rsa-pkcs1v15",
        ("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"),
        ("dgst", "-sha256"),
        {"hash": "sha256"},
    ),
    (
        "rsa-pkcs1v15",
        ("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:3072"),
        ("dgst", "-sha512"),
        {"hash": "sha512"},
    ),
    (
        "rsa-pss",
        ("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"),
        ("dgst", "-sha256", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:20"),
        {"salt": "20"},
    ),
    ("ecdsa", ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"), ("dgst", "-sha256"), {"curve": "secp256r1"}),
    ("ecdsa", ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"), ("dgst", "-sha384"), {"hash": "sha384"}),
    ("ecdsa", ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:brainpoolP256r1"), ("dgst", "-sha256"), {}),
    ("ed25519", ("-algorithm", "ED25519"), ("pkeyutl",), {}),
    ("ed448", ("-algorithm", "ED448"), ("pkeyutl",), {}),
]


@pytest.mark.parametrize(("algorithm", "generate", "sign", "parameters"), OPENSSL)
def test_openssl(
    place: Path, algorithm: str, generate: tuple[str, ...], sign: tuple[str, ...], parameters: dict[str, str]
) -> None:
    """What openssl signs is valid and recorded as made; a changed payload is invalid."""
    openssl = tool("openssl")
    run(openssl, "genpkey", *generate, "-out", "k.pem", cwd=place)
    run(openssl, "pkey", "-in", "k.pem", "-pubout", "-out", "k.pub", cwd=place)
    if sign[0] == "dgst":
        run(openssl, *sign, "-sign", "k.pem", "-out", "d/fw.bin.sig", "d/fw.bin", cwd=place)
    else:
        run(
            openssl,
            "pkeyutl",
            "-sign",
            "-rawin",
            "-inkey",
            "k.pem",
            "-in",
            "d/fw.bin",
            "-out",
            "d/fw.bin.sig",
            cwd=place,
        )
    good = observed(place / "d", place / "k.pub")
    assert (good.status, good.algorithm) == (SignatureStatus.VALID, algorithm)
    assert parameters.items() <= dict(good.parameters).items()
    (place / "d" / "fw.bin").write_bytes(PAYLOAD[:-1] + b"!")
    assert observed(place / "d", place / "k.pub").status is SignatureStatus.INVALID


def test_openssl_certificate_and_base64(place: Path) -> None:
    """A certificate's key verifies, and a signature written as base64 by openssl is read."""
    openssl = tool("openssl")
    run(openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "k.pem", "-out", "c.pem", "-subj", "/CN=x",
        cwd=place)  # fmt: skip
    run(openssl, "dgst", "-sha256", "-sign", "k.pem", "-out", "raw", "d/fw.bin", cwd=place)
    run(openssl, "base64", "-in", "raw", "-out", "d/fw.bin.sig", cwd=place)
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")  # the certificate begins when openssl made it
    assert observed(place / "d", place / "c.pem", now).status is SignatureStatus.VALID
    assert observed(place / "d", place / "c.pem", "2020-01-01T00:00:00Z").status is SignatureStatus.INVALID


@pytest.mark.parametrize("legacy", [False, True])
def test_minisign(place: Path, legacy: bool) -> None:
    """What minisign signs is valid; a changed payload or trusted comment is invalid."""
    minisign = tool("minisign")
    run(minisign, "-G", "-W", "-f", "-p", "k.pub", "-s", "k.sec", cwd=place)
    extra = ("-l",) if legacy else ()
    run(minisign, "-S", *extra, "-s", "k.sec", "-m", "d/fw.bin", cwd=place)
    good = observed(place / "d", place / "k.pub")
    assert (good.status, good.time_source) == (SignatureStatus.VALID, "claimed")
    assert dict(good.parameters)["legacy"] == ("yes" if legacy else "no")
    run(minisign, "-V", "-p", "k.pub", "-m", "d/fw.bin", cwd=place)
    signature = place / "d" / "fw.bin.minisig"
    raw = signature.read_bytes()
    signature.write_bytes(raw.replace(b"file:fw.bin", b"file:fw.bix"))
    assert observed(place / "d", place / "k.pub").status is SignatureStatus.INVALID
    signature.write_bytes(raw)
    (place / "d" / "fw.bin").write_bytes(PAYLOAD + b"!")
    assert observed(place / "d", place / "k.pub").status is SignatureStatus.INVALID


def test_minisign_secret_key_is_refused(place: Path) -> None:
    """The secret key file minisign writes is not taken for a key."""
    from fwverify.errors import TrustStoreError

    run(tool("minisign"), "-G", "-W", "-f", "-p", "k.pub", "-s", "k.sec", cwd=place)
    with pytest.raises(TrustStoreError, match="private key"):
        from_key_file(place / "k.sec")


@pytest.mark.parametrize(
    "arguments", [("sha256sum",), ("sha256sum", "-b"), ("sha256sum", "--tag"), ("md5sum",), ("b2sum", "--tag")]
)
def test_coreutils(place: Path, arguments: tuple[str, ...]) -> None:
    """Lists written by coreutils hold for the files and not for changed ones."""
    name = {"md5sum": "MD5SUMS", "b2sum": "B2SUMS"}.get(arguments[0], "SHA256SUMS")
    text = subprocess.run(
        (tool(arguments[0]), *arguments[1:], "fw.bin"), cwd=place / "d", check=True, capture_output=True
    ).stdout
    (place / "d" / name).write_bytes(text)
    for payload, expected in ((PAYLOAD, True), (PAYLOAD + b"!", False)):
        (place / "d" / "fw.bin").write_bytes(payload)
        delivery = ingest([place / "d"], DEFAULT_LIMITS).delivery
        from fwverify.trust.store import EMPTY

        assert [one.holds for one in authenticate_delivery(delivery, (), EMPTY, AT).checksums] == [expected]
