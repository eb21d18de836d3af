"""What official tools accept and fwverify refuses: signatures inside images.

Every case is made fresh by the official maker, with a good one beside it that fwverify passes. docs/signatures.md lists
them. Debian: osslsigncode, sbsigntool, cryptsetup-bin. PyPI: lief, imgtool, esptool (espsecure).
"""

from __future__ import annotations

import hashlib
import struct
import sys
from pathlib import Path

import pytest

from tests.interop.stricter import FIRMWARE, Bench
from tests.interop.tools import need, need_module
from tests.pki import TLS, bare, certificate, key, pem, private
from tests.vectors.makers.cms_images import padded_table, pe_image
from tests.vectors.makers.firmware import esp_app

pytestmark = pytest.mark.interop


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


# --- Authenticode ---

ROOT, INTER = certificate("root", "root", ca=True), certificate("inter", "root", ca=True)
LEAF = certificate("signer", "inter", kind="rsa")
PINS = {"eku": "codeSigning"}


def signed_pe(bench: Bench, leaf: object = LEAF, inter: object = INTER, name: str = "signer", *more: str) -> bytes:
    """osslsigncode with the intermediate certificate inside."""
    need("osslsigncode")
    bench.write("in.efi", pe_image())
    bench.write("chain.pem", pem(leaf) + pem(inter))  # type: ignore[arg-type]
    bench.write("leaf.key", private(key(name, "rsa")))
    bench.write("root.pem", pem(ROOT))
    bench.write("pin.pem", pem(LEAF))
    (bench.folder / "out.efi").unlink(missing_ok=True)
    bench.run("osslsigncode", "sign", "-h", "sha256", "-certs", "chain.pem", "-key", "leaf.key", *more, "-in",
              "in.efi", "-out", "out.efi")  # fmt: skip
    return bench.read("out.efi")


def lief_accepts(bench: Bench, name: str) -> None:
    need_module("lief")
    asked = "import lief, sys; print(lief.PE.parse(sys.argv[1]).verify_signature())"
    bench.tool_accepts(sys.executable, "-c", asked, name, says="VERIFICATION_FLAGS.OK")


STRANGER_ROOT = certificate("foreign", "foreign", ca=True)
STRANGER_INTER = certificate("foreign-inter", "foreign", ca=True)
STRANGER = certificate("stranger", "foreign-inter", kind="rsa")


@pytest.mark.parametrize("tool", ["sbverify", "lief"])
def test_authenticode_strange_chain(bench: Bench, tool: str) -> None:
    """sbverify --cert and LIEF accept an image signed below a root that nobody pinned, its chain inside."""
    bench.holds({"boot.efi": signed_pe(bench)}, pins=PINS, root=pem(ROOT))
    bad = bench.write("bad.efi", signed_pe(bench, STRANGER, STRANGER_INTER, "stranger"))
    if tool == "lief":
        lief_accepts(bench, "bad.efi")
    else:
        need("sbverify")
        bench.tool_accepts("sbverify", "--cert", "pin.pem", "bad.efi", says="Signature verification OK")
    for pinned in (pem(ROOT), pem(LEAF)):
        bench.refused({"boot.efi": bad}, pins=PINS, root=pinned, because="unknown_key")


@pytest.mark.parametrize("tool", ["sbverify", "osslsigncode", "lief"])
def test_authenticode_padding(bench: Bench, tool: str) -> None:
    """sbverify, osslsigncode and LIEF do not look at bytes behind the signature in its own field (MS13-098)."""
    good = signed_pe(bench)
    bad = bench.write("bad.efi", padded_table(good, b"MZ this would be run"))
    if tool == "lief":
        lief_accepts(bench, "bad.efi")
    elif tool == "sbverify":
        need("sbverify")
        bench.tool_accepts("sbverify", "--cert", "pin.pem", "bad.efi", says="Signature verification OK")
    else:
        bench.tool_accepts("osslsigncode", "verify", "-CAfile", "root.pem", "-in", "bad.efi", says="Succeeded")
    bench.holds({"boot.efi": good}, pins=PINS, root=pem(ROOT))
    bench.refused({"boot.efi": bad}, pins=PINS, root=pem(ROOT), because="")


@pytest.mark.parametrize("tool", ["sbverify", "osslsigncode", "lief"])
@pytest.mark.parametrize("what", ["usage", "sha1"])
def test_authenticode_weak(bench: Bench, tool: str, what: str) -> None:
    """A web server's certificate, and SHA-1."""
    leaf = certificate("signer", "inter", kind="rsa", usages=(TLS,)) if what == "usage" else LEAF
    made = signed_pe(bench, leaf, INTER, "signer", *(("-h", "sha1") if what == "sha1" else ()))
    bad = bench.write("bad.efi", made)
    bench.write("pin.pem", pem(leaf))
    if tool == "lief":
        lief_accepts(bench, "bad.efi")
    elif tool == "sbverify":
        bench.tool_accepts("sbverify", "--cert", "pin.pem", "bad.efi", says="Signature verification OK")
    else:
        bench.tool_accepts("osslsigncode", "verify", "-CAfile", "root.pem", "-in", "bad.efi", says="Succeeded")
    bench.refused({"boot.efi": bad}, pins=PINS, root=pem(ROOT), because="")


# --- MCUboot ---


def mcuboot(bench: Bench, *options: str) -> bytes:
    need("imgtool")
    bench.write("k.pem", private(key("mcu")))
    bench.write("k.pub", bare(key("mcu")))
    bench.write("p.bin", FIRMWARE)
    bench.run("imgtool", "sign", "--align", "4", "-v", "1.2.3+4", "-H", "0x200", "--pad-header", "-S", "0x8000",
              "--key", "k.pem", *options, "p.bin", "o.bin")  # fmt: skip
    return bench.read("o.bin")


def mcuboot_records(image: bytes) -> int:
    """Where the unprotected records begin."""
    header, protected, size = struct.unpack_from("<HHI", image, 8)
    return int(header + size + protected)


def mcuboot_counted(image: bytes) -> bytes:
    """With a security counter among the unprotected records."""
    at = mcuboot_records(image)
    (total,) = struct.unpack_from("<H", image, at + 2)
    more = struct.pack("<HHI", 0x50, 4, 99)
    return image[: at + 2] + struct.pack("<H", total + len(more)) + image[at + 4 : at + total] + more


def mcuboot_renamed(image: bytes) -> bytes:
    """With the digest of another key in its KEYHASH."""
    digest = hashlib.sha256(
        key("mcu").public_key().public_bytes(*_SPKI)
    ).digest()
    assert image.count(digest) == 1
    return image.replace(digest, hashlib.sha256(b"another key").digest())


from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
_SPKI = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


@pytest.mark.parametrize("how", ["appended", "counter", "keyhash", "rollback"])
def test_imgtool(bench: Bench, how: str) -> None:
    """imgtool verify."""
    good = mcuboot(bench, "--security-counter", "5") if how == "rollback" else mcuboot(bench)
    pins = {"min_security_counter": 6} if how in ("rollback", "counter") else {}
    make = {"appended": lambda one: one + b"code that nobody signed", "counter": mcuboot_counted,
            "keyhash": mcuboot_renamed, "rollback": lambda one: one}
    bad = bench.write("bad.bin", make[how](good))
    bench.tool_accepts("imgtool", "verify", "-k", "k.pub", "bad.bin", says="Image was correctly validated")
    bench.holds({"fw.bin": mcuboot(bench, "--security-counter", "6")}, pins=pins, key=bare(key("mcu")))
    bench.refused({"fw.bin": bad}, pins=pins, key=bare(key("mcu")), because="")


# --- ESP32 ---


def test_espsecure_unused_slot(bench: Bench) -> None:
    """espsecure."""
    need("espsecure")
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    bench.write("app.bin", esp_app())
    bench.run("espsecure", "generate-signing-key", "--version", "2", "--scheme", "rsa3072", "k.pem")
    bench.run("espsecure", "sign-data", "--version", "2", "--keyfile", "k.pem", "--output", "good.bin", "app.bin")
    public = bare(load_pem_private_key(bench.read("k.pem"), None))
    good = bench.read("good.bin")
    slot = len(good) - 4096 + 1216
    bad = bench.write("bad.bin", good[:slot] + hashlib.sha512(b"hidden").digest() + good[slot + 64 :])
    bench.tool_accepts("espsecure", "verify-signature", "--version", "2", "--keyfile", "k.pem", "bad.bin", says="")
    bench.holds({"fw.bin": good}, key=public)
    bench.refused({"fw.bin": bad}, key=public, because="")


# --- dm-verity ---


def test_veritysetup_behind_data(bench: Bench) -> None:
    """veritysetup verify does not look at blocks behind those that the superblock counts."""
    need("veritysetup")
    data = bench.write("rootfs.img", hashlib.shake_256(b"rootfs").digest(65536))
    said = bench.run("veritysetup", "format", "rootfs.img", "rootfs.verity").decode()
    root = said.split("Root hash:")[1].split()[0]
    bad = bench.write("rootfs.img", data + b"code that nobody signed".ljust(4096, b"."))
    bench.tool_accepts("veritysetup", "verify", "rootfs.img", "rootfs.verity", root)
    files = {"rootfs.img": data, "rootfs.verity": bench.read("rootfs.verity")}
    pins = {"root_hash": root}
    print("GOOD", bench.judged(files, {}, pins, True))
    bench.refused({**files, "rootfs.img": bad}, pins=pins, because="")
