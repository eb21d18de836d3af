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
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

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


STRANGER_ROOT = certificate("foreign", "foreign", ca=True)
STRANGER_INTER = certificate("foreign-inter", "foreign", ca=True)
STRANGER = certificate("stranger", "foreign-inter", kind="rsa")


def tool_accepts(bench: Bench, tool: str) -> None:
    """One of the three verifiers over bad.efi, each told to trust the vendor as far as it can be told."""
    need(tool)
    asked = {
        "sbverify": ("--cert", "pin.pem", "bad.efi"),
        "osslsigncode": ("verify", "-CAfile", "root.pem", "-in", "bad.efi"),
    }[tool]
    bench.tool_accepts(tool, *asked, says={"sbverify": "Signature verification OK", "osslsigncode": "Succeeded"}[tool])


def lief_accepts(bench: Bench) -> None:
    need_module("lief")
    asked = "import lief; print(lief.PE.parse('bad.efi').verify_signature())"
    bench.tool_accepts(sys.executable, "-c", asked, says="VERIFICATION_FLAGS.OK")


def test_authenticode_strange_chain(bench: Bench) -> None:
    """sbverify --cert accepts an image signed below a root that nobody pinned, its chain inside; LIEF asks for none."""
    bench.holds({"boot.efi": signed_pe(bench)}, pins=PINS, root=pem(ROOT))
    bad = bench.write("bad.efi", signed_pe(bench, STRANGER, STRANGER_INTER, "stranger"))
    tool_accepts(bench, "sbverify")
    lief_accepts(bench)
    for pinned in (pem(ROOT), pem(LEAF)):
        bench.refused({"boot.efi": bad}, pins=PINS, root=pinned, because="leads to none on record")


def test_authenticode_padding(bench: Bench) -> None:
    """sbverify, osslsigncode and LIEF do not look at bytes behind the signature in its own field (MS13-098)."""
    good = signed_pe(bench)
    bad = bench.write("bad.efi", padded_table(good, b"MZ this would be run"))
    tool_accepts(bench, "sbverify")
    tool_accepts(bench, "osslsigncode")
    lief_accepts(bench)
    bench.holds({"boot.efi": good}, pins=PINS, root=pem(ROOT))
    bench.refused({"boot.efi": bad}, pins=PINS, root=pem(ROOT), because="follow the signature in its own field")


def test_authenticode_sha1(bench: Bench) -> None:
    """osslsigncode and LIEF take an image that is bound by SHA-1."""
    bad = bench.write("bad.efi", signed_pe(bench, LEAF, INTER, "signer", "-h", "sha1"))
    tool_accepts(bench, "osslsigncode")
    lief_accepts(bench)
    bench.refused({"boot.efi": bad}, pins=PINS, root=pem(ROOT), because="too weak: hash sha1")


def test_authenticode_usage(bench: Bench) -> None:
    """LIEF takes a web server's certificate."""
    leaf = certificate("signer", "inter", kind="rsa", usages=(TLS,))
    bad = bench.write("bad.efi", signed_pe(bench, leaf))
    lief_accepts(bench)
    bench.refused({"boot.efi": bad}, pins=PINS, root=pem(ROOT), because="eku is serverAuth")


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
    spki = key("mcu").public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    digest = hashlib.sha256(spki).digest()
    assert image.count(digest) == 1
    return image.replace(digest, hashlib.sha256(b"another key").digest())


def imgtool_accepts(bench: Bench, image: bytes) -> bytes:
    bench.write("bad.bin", image)
    bench.tool_accepts("imgtool", "verify", "-k", "k.pub", "bad.bin", says="Image was correctly validated")
    return image


def test_imgtool_appended(bench: Bench) -> None:
    """imgtool verify does not look at bytes behind the records."""
    good = mcuboot(bench)
    bad = imgtool_accepts(bench, good + b"code that nobody signed")
    bench.holds({"fw.bin": good}, key=bare(key("mcu")))
    bench.refused({"fw.bin": bad}, key=bare(key("mcu")), because="signature.coverage: fail")


def test_imgtool_counter_unprotected(bench: Bench) -> None:
    """imgtool verify does not mind a security counter among the records that nobody signed."""
    bad = imgtool_accepts(bench, mcuboot_counted(mcuboot(bench)))
    pins = {"min_security_counter": 6}
    bench.holds({"fw.bin": mcuboot(bench, "--security-counter", "6")}, pins=pins, key=bare(key("mcu")))
    bench.refused({"fw.bin": bad}, pins=pins, key=bare(key("mcu")), because="SEC_CNT record lies outside the signature")


def test_imgtool_keyhash(bench: Bench) -> None:
    """imgtool verify does not compare the KEYHASH record with the key: the device would refuse such an image."""
    bad = imgtool_accepts(bench, mcuboot_renamed(mcuboot(bench)))
    bench.refused({"fw.bin": bad}, key=bare(key("mcu")), because="KEYHASH record names another key")


def test_imgtool_rollback(bench: Bench) -> None:
    """imgtool verify cannot be told the least security counter."""
    bad = imgtool_accepts(bench, mcuboot(bench, "--security-counter", "5"))
    pins = {"min_security_counter": 6}
    bench.refused({"fw.bin": bad}, pins=pins, key=bare(key("mcu")), because="security counter is 5, below 6")


# --- ESP32 ---


def test_espsecure_unused_slot(bench: Bench) -> None:
    """espsecure verify-signature does not look at what lies in the unused slots of the signature sector."""
    need("espsecure")
    bench.write("app.bin", esp_app())
    bench.run("espsecure", "generate-signing-key", "--version", "2", "--scheme", "rsa3072", "k.pem")
    bench.run("espsecure", "sign-data", "--version", "2", "--keyfile", "k.pem", "--output", "good.bin", "app.bin")
    public = bare(load_pem_private_key(bench.read("k.pem"), None))
    good = bench.read("good.bin")
    slot = len(good) - 4096 + 1216
    bad = bench.write("bad.bin", good[:slot] + hashlib.sha512(b"hidden").digest() + good[slot + 64 :])
    bench.tool_accepts("espsecure", "verify-signature", "--version", "2", "--keyfile", "k.pem", "bad.bin",
                       says="verification successful")  # fmt: skip
    bench.holds({"fw.bin": good}, key=public)
    bench.refused({"fw.bin": bad}, key=public, because="unused parts of the signature sector are not erased")


# --- dm-verity ---


def test_veritysetup_behind_data(bench: Bench) -> None:
    """veritysetup verify does not look at blocks behind those that the superblock counts."""
    need("veritysetup")
    need("openssl")
    data = bench.write("rootfs.img", hashlib.shake_256(b"rootfs").digest(65536))
    said = bench.run("veritysetup", "format", "rootfs.img", "rootfs.verity").decode()
    root = said.split("Root hash:")[1].split()[0]
    bench.write("roothash", root.encode())
    bench.write("leaf.pem", pem(LEAF))
    bench.write("leaf.key", private(key("signer", "rsa")))
    signature = bench.run("openssl", "smime", "-sign", "-nocerts", "-noattr", "-binary", "-in", "roothash", "-inkey",
                          "leaf.key", "-signer", "leaf.pem", "-outform", "der")  # fmt: skip
    bad = bench.write("rootfs.img", data + b"code that nobody signed".ljust(4096, b"."))
    bench.tool_accepts("veritysetup", "verify", "rootfs.img", "rootfs.verity", root)
    beside = {"rootfs.verity": bench.read("rootfs.verity"), "roothash": root.encode(), "roothash.p7s": signature}
    bench.holds({"rootfs.img": data, **beside}, cert=pem(LEAF))
    bench.refused({"rootfs.img": bad, **beside}, cert=pem(LEAF), because="checksum.match: fail")
