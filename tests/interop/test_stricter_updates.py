"""What official tools accept and fwverify refuses: update bundles.

Every case is made fresh by the official maker, with a good one beside it that fwverify passes. docs/signatures.md lists
them. Debian: rauc, swupdate, mender-artifact, jcat, openssl. PyPI: swugenerator.
"""

from __future__ import annotations

import gzip
import io
import random
import struct
import tarfile
from pathlib import Path

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID

from tests.interop.stricter import FIRMWARE, NAME, NO_SIGNATURE, Bench
from tests.interop.tools import need
from tests.pki import CODE, TLS, bare, certificate, key, pem, private

pytestmark = pytest.mark.interop
ROOT = certificate("root", "root", ca=True)
LEAF = certificate("signer", "root", kind="rsa", usages=(CODE, ExtendedKeyUsageOID.EMAIL_PROTECTION))


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    made = Bench(tmp_path)
    made.write(NAME, FIRMWARE)
    made.write("root.pem", pem(ROOT))
    made.write("leaf.pem", pem(LEAF))
    made.write("leaf.key", private(key("signer", "rsa")))
    return made


# --- RAUC ---


def rauc(bench: Bench, payload: bytes, name: str) -> bytes:
    need("rauc", "mksquashfs")
    bench.write(f"{name}/rootfs.img", payload)
    bench.write(
        f"{name}/manifest.raucm",
        b"[update]\ncompatible=gw\nversion=3.1\n\n[bundle]\nformat=verity\n\n[image.rootfs]\nfilename=rootfs.img\n",
    )
    bench.run("rauc", "bundle", "--cert=leaf.pem", "--key=leaf.key", name, f"{name}.raucb")
    return bench.read(f"{name}.raucb")


def rauc_cms(bundle: bytes) -> int:
    """Where the CMS begins."""
    return int(len(bundle) - 8 - struct.unpack(">Q", bundle[-8:])[0])


@pytest.mark.parametrize(
    ("how", "because"),
    [
        ("payload", "the payload is not the signed one: data block 0"),
        ("tree", "the hash tree is not that of the payload"),
        ("graft", "the payload is not the signed one: data block 0"),
    ],
)
def test_rauc_verity(bench: Bench, how: str, because: str) -> None:
    """rauc info --keyring says "Verified" of a verity bundle whose payload, hash tree or CMS is another one's."""
    good, other = (rauc(bench, random.Random(name).randbytes(200_000), name) for name in ("a", "b"))
    end = rauc_cms(good)
    at = 3000 if how == "payload" else end - 100
    bad = good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :]
    if how == "graft":
        bad = other[: rauc_cms(other)] + good[end:]
    bench.write("bad.raucb", bad)
    bench.tool_accepts("rauc", "info", "--keyring=root.pem", "bad.raucb", says="Verified inline signature")
    bench.holds({"fw.raucb": good}, root=pem(ROOT))
    bench.refused({"fw.raucb": bad}, root=pem(ROOT), because=because)


# --- SWUpdate ---


def swu(bench: Bench) -> bytes:
    need("swugenerator", "swupdate")
    bench.write("sd", b'software = { version = "1.0.1"; hardware-compatibility: [ "1.0" ];\n images: ( { filename = '
                b'"fw.bin"; device = "/dev/null"; type = "raw"; } ); }\n')  # fmt: skip
    bench.run("swugenerator", "-k", f"CMS,{bench.folder}/leaf.key,{bench.folder}/leaf.pem", "-s", "sd", "-a", ".",
              "-o", "o.swu", "create")  # fmt: skip
    return bench.read("o.swu")


def member(name: str, content: bytes, number: int = 99) -> bytes:
    """One member of a cpio archive with sums (070702)."""
    fields = (number, 0o100644, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name) + 1, sum(content) & 0xFFFFFFFF)
    head = b"070702" + b"".join(b"%08X" % one for one in fields) + name.encode() + b"\0"
    return head + bytes(-len(head) % 4) + content + bytes(-len(content) % 4)


def test_swupdate_unlisted(bench: Bench) -> None:
    """swupdate -c says nothing of a member that sw-description does not list."""
    good = swu(bench)
    end = good.index(b"TRAILER!!!") - 110
    bad = bench.write("bad.swu", good[:end] + member("autorun.sh", b"#!/bin/sh\n") + good[end:])
    bench.tool_accepts("swupdate", "-c", "-H", "gw:1.0", "-k", "root.pem", "-i", "bad.swu", says="SWUPDATE successful")
    bench.holds({"fw.swu": good}, root=pem(ROOT))
    bench.refused({"fw.swu": bad}, root=pem(ROOT), because="signature.coverage: fail")


# --- Mender ---


def members(artifact: bytes) -> list[tuple[tarfile.TarInfo, bytes]]:
    with tarfile.open(fileobj=io.BytesIO(artifact)) as tar:
        return [(one, tar.extractfile(one).read()) for one in tar]  # type: ignore[union-attr]


def packed(rows: list[tuple[str, bytes]]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for name, content in rows:
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(content), 0o600
            tar.addfile(info, io.BytesIO(content))
    return out.getvalue()


def test_mender_payload(bench: Bench) -> None:
    """mender-artifact validate does not look at a payload archive that neither manifest nor header knows."""
    need("mender-artifact")
    bench.write("pub.pem", bare(key("signer", "rsa")))
    bench.run("openssl", "rsa", "-in", "leaf.key", "-traditional", "-out", "old.key")
    bench.run("mender-artifact", "write", "module-image", "-t", "gw", "-n", "rel-3", "-T", "fw", "-f", NAME, "-k",
              "old.key", "-o", "fw.mender")  # fmt: skip
    good = bench.read("fw.mender")
    rows = [(one.name, content) for one, content in members(good)]
    hidden = gzip.compress(packed([("evil.bin", b"code that nobody signed")]))
    bad = bench.write("bad.mender", packed([*rows, ("data/0001.tar.gz", hidden)]))
    bench.tool_accepts("mender-artifact", "validate", "-k", "pub.pem", "bad.mender", says="validated successfully")
    bench.holds({"fw.mender": good}, key=bench.read("pub.pem"))
    bench.refused({"fw.mender": bad}, key=bench.read("pub.pem"),
                  because="belongs to no payload that its header announces")  # fmt: skip


# --- Jcat ---


def jcat(bench: Bench, *signed: str) -> bytes:
    """A catalogue with a digest, and with signatures by these certificates."""
    need("jcat-tool")
    bench.run("jcat-tool", "--basename", "self-sign", "fw.jcat", NAME, "--kind", "sha256")
    for name in signed:
        bench.run("jcat-tool", "--basename", "sign", "fw.jcat", NAME, name, "leaf.key")
    made = bench.read("fw.jcat")
    (bench.folder / "fw.jcat").unlink()
    return made


@pytest.mark.parametrize("how", ["digest alone", "usage"])
def test_jcat_tool(bench: Bench, how: str) -> None:
    """jcat-tool verify leaves with 0 where a digest is all there is, and for a web server's certificate."""
    bench.write("tls.pem", pem(certificate("signer", "root", kind="rsa", usages=(TLS,))))
    bad = jcat(bench, *(["tls.pem"] if how == "usage" else []))
    bench.write("bad.jcat", bad)
    bench.tool_accepts("jcat-tool", "--public-key", "root.pem", "verify", "bad.jcat", NAME, says="PASSED")
    bench.holds({NAME: FIRMWARE, "fw.jcat": jcat(bench, "leaf.pem")}, root=pem(ROOT))
    because = "is for serverAuth alone" if how == "usage" else NO_SIGNATURE
    bench.refused({NAME: FIRMWARE, "fw.jcat": bad}, root=pem(ROOT), because=because)
