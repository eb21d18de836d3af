"""Update archives made by their official tools from fresh payloads: good ones hold, damaged ones do not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fwverify.authenticate.stage import Inside, authenticate_delivery
from fwverify.formats import key_file, libconfig_text
from fwverify.ingest.stage import ingest
from fwverify.limits import DEFAULT_LIMITS
from fwverify.model.artifact import Role
from fwverify.model.evidence import KeyRecord
from fwverify.trust.store import PinnedKey, TrustStore
from tests.interop.tools import need, need_module, run

pytestmark = pytest.mark.interop
AT = "2030-01-01T00:00:00Z"
"""Certificates made during the test are valid by then, whatever the clock."""


def trust(raw: bytes) -> TrustStore:
    """One pinned key."""
    key = key_file.parse(raw)
    record = KeyRecord(
        "acme", "k", "x509" if key.note == "certificate" else "public-key", key.fingerprint, ("firmware",), ("*",), (),
        "", "", "active", "", "", "", (), False,
    )  # fmt: skip
    return TrustStore((PinnedKey(record, key),))


def statuses(folder: Path, keys: TrustStore) -> list[str]:
    """Of every signature in a folder."""
    delivery = ingest([folder], DEFAULT_LIMITS).delivery
    into = authenticate_delivery(delivery, (), keys, AT)
    for image in delivery.of(Role.IMAGE):
        Inside(delivery, (), keys, AT, into).check(image)
    return [one.status.value for one in into.signatures]


def damaged(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(bytes(data))


def pair(file: Path, keys: TrustStore, at: int) -> None:
    """Valid as made; not valid with one bit of the payload changed."""
    assert statuses(file.parent, keys) == ["valid"]
    damaged(file, at)
    assert "valid" not in statuses(file.parent, keys)


def rsa_pair(folder: Path) -> bytes:
    """A fresh RSA key `rsa.pem`; its public half."""
    run("openssl", "genrsa", "-traditional", "-out", folder / "rsa.pem", "2048")
    return run("openssl", "rsa", "-in", folder / "rsa.pem", "-pubout")


def ec_pair(folder: Path) -> bytes:
    run("openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", folder / "ec.pem")
    return run("openssl", "ec", "-in", folder / "ec.pem", "-pubout")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    (tmp_path / "out").mkdir()
    (tmp_path / "fw.bin").write_bytes(os.urandom(3000))
    return tmp_path / "out"


@pytest.mark.parametrize("how", ["rsa", "cms"])
def test_swugenerator(how: str, out: Path) -> None:
    """A .swu of swugenerator, with a raw RSA signature and with CMS."""
    need("swugenerator", "openssl")
    work = out.parent
    key = rsa_pair(work)
    (work / "sd").write_text(
        'software = { version = "1.0.1"; hardware-compatibility: [ "1.0" ];\n'
        ' images: ( { filename = "fw.bin"; device = "/dev/null"; type = "raw"; } ); }\n'
    )
    signing = f"RSA,{work}/rsa.pem"
    if how == "cms":
        run(
            "openssl", "req", "-x509", "-new", "-key", work / "rsa.pem", "-subj", "/CN=swu", "-days", "9000",
            "-out", work / "cert.pem", "-addext", "extendedKeyUsage=emailProtection,codeSigning",
        )  # fmt: skip
        key, signing = (work / "cert.pem").read_bytes(), f"CMS,{work}/rsa.pem,{work}/cert.pem"
    run("swugenerator", "-k", signing, "-s", "sd", "-a", ".", "-o", "out/o.swu", "create", cwd=work)
    at = (out / "o.swu").read_bytes().index((work / "fw.bin").read_bytes())
    pair(out / "o.swu", trust(key), at + 100)


@pytest.mark.parametrize("kind", ["rsa", "ec"])
@pytest.mark.parametrize("packing", ["gzip", "lzma", "none"])
def test_mender_artifact(kind: str, packing: str, out: Path) -> None:
    """An artifact of mender-artifact, under both key types and three packings."""
    need("mender-artifact", "openssl")
    work = out.parent
    key = rsa_pair(work) if kind == "rsa" else ec_pair(work)
    run(
        "mender-artifact", "--compression", packing, "write", "module-image", "-t", "gw", "-n", "rel-3", "-T", "fw",
        "-f", work / "fw.bin", "-k", work / f"{kind}.pem", "-o", out / "fw.mender",
    )  # fmt: skip
    size = (out / "fw.mender").stat().st_size
    pair(out / "fw.mender", trust(key), size - 3500)


def test_openbmc_by_openssl(out: Path) -> None:
    """A tarball signed by openssl step by step, as image_types_phosphor does."""
    need("openssl", "tar")
    work = out.parent
    key = rsa_pair(work)
    (work / "publickey").write_bytes(key)
    (work / "fw.bin").rename(work / "image-bmc")
    (work / "MANIFEST").write_text(
        "purpose=xyz.openbmc_project.Software.Version.VersionPurpose.BMC\nversion=1\nHashType=RSA-SHA256\n"
    )
    for name in ("image-bmc", "MANIFEST", "publickey"):
        run("openssl", "dgst", "-sha256", "-sign", "rsa.pem", "-out", f"{name}.sig", name, cwd=work)
    joined = b"".join((work / f"{name}.sig").read_bytes() for name in ("image-bmc", "MANIFEST", "publickey"))
    (work / "image-full").write_bytes(joined)
    run("openssl", "dgst", "-sha256", "-sign", "rsa.pem", "-out", "image-full.sig", "image-full", cwd=work)
    members = [f"{name}{end}" for name in ("image-bmc", "MANIFEST", "publickey") for end in ("", ".sig")]
    run("tar", "-cf", "out/fw.tar", *members, "image-full.sig", cwd=work)
    at = (out / "fw.tar").read_bytes().index((work / "image-bmc").read_bytes())
    pair(out / "fw.tar", trust(key), at + 10)


def test_signify(out: Path) -> None:
    """Detached, and with the message in the signature's file."""
    need("signify-openbsd")
    work = out.parent
    run("signify-openbsd", "-G", "-n", "-p", work / "k.pub", "-s", work / "k.sec")
    keys = trust((work / "k.pub").read_bytes())
    (out / "fw.bin").write_bytes((work / "fw.bin").read_bytes())
    run("signify-openbsd", "-S", "-s", work / "k.sec", "-m", out / "fw.bin", "-x", out / "fw.bin.sig")
    pair(out / "fw.bin", keys, 100)


def test_signed_list(out: Path) -> None:
    """A checksum list behind its signature, as signify -C reads it."""
    need("signify-openbsd", "sha256sum")
    work = out.parent
    run("signify-openbsd", "-G", "-n", "-p", work / "k.pub", "-s", work / "k.sec")
    (out / "fw.bin").write_bytes((work / "fw.bin").read_bytes())
    (work / "SHA256").write_bytes(run("sha256sum", "--tag", "fw.bin", cwd=work))
    run("signify-openbsd", "-S", "-e", "-s", work / "k.sec", "-m", work / "SHA256", "-x", out / "SHA256.sig")
    keys = trust((work / "k.pub").read_bytes())
    assert statuses(out, keys) == ["valid", "valid"]
    damaged(out / "fw.bin", 7)
    assert statuses(out, keys) == ["valid", "invalid"]


@pytest.mark.parametrize(
    "text",
    [
        'a = 1; b: [ "x", "y" ]; c = ( { d = 1.5; }, { e = true } );',
        'a = "one" "two"; /* c */ b = 0xff; # c\n// c\nc = -3L',
        'software = { v = "a\\"b\\\\c\\n"; l: (); };',
        "a = { b = { c: { d = [1, 2, 3] } } }",
    ],
)
def test_libconfig_oracle(text: str) -> None:
    """libconf reads the same values."""
    need_module("libconf")
    import libconf

    assert libconfig_text.parse(text.encode()) == plain(libconf.loads(text))


def plain(value: object) -> object:
    """Without the oracle's own types."""
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, list | tuple) else value
