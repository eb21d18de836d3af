"""Vectors of fit-signature, mcuboot and esp-secure-boot: signatures inside images.

FIT by mkimage (u-boot-tools, dtc), MCUboot by imgtool, ESP version 1 by espsecure; ESP version 2, whose tool signs with
chance, byte by byte from its description. Names are chosen so that mkimage leaves no byte of its memory in the file.
"""

from __future__ import annotations

import hashlib
import os
import struct
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from tests.vectors.makers.firmware import esp_app
from tests.vectors.makers.keys_and_signatures import ec_key, ed_key, entry, fingerprint, pem, registry, rsa_key

ORIGINS = {
    "fit-signature": "mkimage 2023.01",
    "mcuboot": "imgtool 2.5.0",
    "esp-secure-boot": "tests/vectors/makers/embedded_signatures.py; version 1: espsecure 5.6.0",
}
KERNEL, TREE, INIT = b"kernel of the vectors\n" * 20, b"\xd0\x0d\xfe\xedno tree\n", b"init of the vectors\n" * 9
PROGRAM = bytes((7 * one + one // 3) % 251 for one in range(900))
Key = rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey


def keys(key: Key) -> dict[str, bytes]:
    text = entry("release", "public-key", "vendor/release.pem", fingerprint(key))
    return {"vendor.yaml": registry(text), "vendor/release.pem": pem(key)}


def secret(key: Key) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def tool(folder: Path, name: str, *arguments: str) -> None:
    beside = Path(sys.executable).parent / name
    environment = dict(os.environ, SOURCE_DATE_EPOCH="1790000000")
    command = [str(beside) if beside.exists() else name, *arguments]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, env=environment)


def writer(root: Path, plugin: str, key: Key) -> Callable[[str, str, bytes, str, str], None]:
    def case(kind: str, name: str, data: bytes, why: str, statuses: str) -> None:
        folder = root / "schemes" / plugin / kind / name
        expected = ", ".join(f'["fw.bin", "{one}"]' for one in statuses.split())
        meta = f'origin = "{ORIGINS[plugin]}"\nwhy = "{why}"\n\n[expect]\nstatuses = [{expected}]\n'
        files = {f"keys/{path}": raw for path, raw in keys(key).items()}
        for path, raw in {**files, "delivery/fw.bin": data, "vector.toml": meta.encode()}.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(raw)

    return case


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def image_source(name: str, kind: str, hashing: str = "sha256", more: str = "") -> str:
    head = f'description = "{name}"; data = /incbin/("{name}"); type = "{kind}"; arch = "arm"; os = "linux";'
    return f'{name} {{ {head} compression = "none"; load = <0x80008000>; entry = <0x80008000>; ' + (
        f'hash-1 {{ algo = "{hashing}"; }}; {more} }};'
    )


SIGN = 'signature-1 {{ algo = "sha256,rsa2048"; key-name-hint = "dev"; sign-images = {0}; }};'
ALL = 'kernel = "kernel"; fdt = "fdt"; ramdisk = "init";'


def configuration(name: str = "conf", images: str = ALL, sign: str = '"kernel", "fdt", "ramdisk"') -> str:
    return f'{name} {{ compatible = "vendor,gateway"; {images} {SIGN.format(sign) if sign else ""} }};'


def fit_source(configurations: str, *, hashing: str = "sha256", more: str = "", default: str = "conf") -> str:
    images = image_source("kernel", "kernel", hashing, more) + image_source("fdt", "flat_dt", hashing, more)
    images += image_source("init", "ramdisk", hashing, more)
    tree = f'images {{ {images} }}; configurations {{ default = "{default}"; {configurations} }};'
    return f'/dts-v1/;\n/ {{ description = "vectors"; #address-cells = <1>; {tree} }};\n'


def fit(source: str, *options: str, edit: tuple[tuple[str, ...], ...] = ()) -> bytes:
    """Signed by mkimage, then changed by fdtput."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for name, raw in (("kernel", KERNEL), ("fdt", TREE), ("init", INIT), ("dev.key", secret(rsa_key()))):
            (folder / name).write_bytes(raw)
        (folder / "f.its").write_text(source)
        tool(folder, "mkimage", "-D", "-I dts -O dtb -p 1200", *options, "-f", "f.its", "-k", ".", "-r", "f.itb")
        for one in edit:
            tool(folder, "fdtput", *one)
        return (folder / "f.itb").read_bytes()


def make_fit(root: Path) -> None:
    case = writer(root, "fit-signature", rsa_key())
    good = fit(fit_source(configuration()))
    case("valid", "configuration", good, "one signed configuration", "valid")
    case("valid", "external", fit(fit_source(configuration()), "-E"), "data outside the tree", "valid")
    at = good.index(KERNEL)
    case("invalid", "data-changed", flipped(good, at + 40), "one bit of the kernel", "invalid")
    at = good.index(hashlib.sha256(KERNEL).digest())
    case("invalid", "digest-changed", flipped(good, at), "one bit of a signed digest", "invalid")
    partial = fit(fit_source(configuration(sign='"kernel"')))
    case("invalid", "leaves-out", partial, "fdt and ramdisk are not signed", "invalid")
    images = fit(fit_source(configuration(sign=""), more=SIGN.format('"x"').replace(' sign-images = "x";', "")))
    case("invalid", "images-only", images, "single images are signed, they can be put together anew", "invalid " * 3)
    unsigned = fit(fit_source(configuration() + configuration("evil", sign=""), default="evil"))
    case("hostile", "unsigned-default", unsigned, "the default is not the signed configuration", "invalid")
    weak = fit(fit_source(configuration(), hashing="crc32"))
    case("hostile", "crc32", weak, "signed, and bound by CRC-32 alone", "invalid")
    case("hostile", "sha1", fit(fit_source(configuration(), hashing="sha1")), "bound by SHA-1 alone", "invalid")
    twice = ("-t", "x", "f.itb", "/images/kernel", "data-position", "40")
    case("hostile", "data-twice", fit(fit_source(configuration()), edit=(twice,)), "data inside and outside", "invalid")
    name = (
        fit_source(configuration())
        .replace("kernel {", "kernel@1 {")
        .replace('kernel = "kernel"', 'kernel = "kernel@1"')
    )
    case("hostile", "unit-address", fit(name), "kernel@1 also answers to kernel", "invalid")
    double = ("-c", "f.itb", "/images/kernel/hash-2")
    case("hostile", "node-added", fit(fit_source(configuration()), edit=(double,)), "a hash node added", "invalid")
    case("truncated", "half", good[:900], "cut before any signature: a gap of the container, no observation", "")
    case("truncated", "in-the-signature", good[:1800], "cut in the signature", "invalid")
    case("truncated", "one-byte", good[:-1], "shorter than the header says", "invalid")


def mcuboot(*options: str, key: Key | None = None) -> bytes:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "p.bin").write_bytes(PROGRAM)
        (folder / "k.pem").write_bytes(secret(key or ed_key("mcuboot")))
        signing = ("sign", "--align", "4", "-v", "1.2.3+4", "-H", "0x40", "--pad-header", "-S", "0x1000")
        tool(folder, "imgtool", *signing, "--key", "k.pem", *options, "p.bin", "o.bin")
        return (folder / "o.bin").read_bytes()


def make_mcuboot(root: Path) -> None:
    case = writer(root, "mcuboot", ed_key("mcuboot"))
    good, counted = mcuboot(), mcuboot("--security-counter", "5")
    area = 0x40 + len(PROGRAM)
    case("valid", "ed25519", good, "over the digest", "valid")
    case("valid", "protected", counted, "a protected security counter", "valid")
    case("valid", "pure", mcuboot("--pure"), "over the bytes themselves", "valid")
    case("valid", "slot", mcuboot("--pad", "--confirm"), "a whole slot with its trailer", "valid")
    case("valid", "whole-key", mcuboot("--public-key-format", "full"), "the key in place of its digest", "valid")
    case("invalid", "payload-changed", flipped(good, 0x50), "one bit", "invalid")
    case("invalid", "version-changed", flipped(good, 20), "the header is signed", "invalid")
    case("invalid", "counter-changed", flipped(counted, area + 8), "the protected counter", "invalid")
    rehashed = flipped(good, 0x50)
    rehashed = rehashed.replace(hashlib.sha256(good[:area]).digest(), hashlib.sha256(rehashed[:area]).digest())
    case("invalid", "rehashed", rehashed, "the digest record fits the changed payload", "invalid")
    case("hostile", "not-on-record", mcuboot(key=ed_key("stranger")), "a stranger's key", "unverifiable")
    whole = mcuboot("--public-key-format", "full", key=ed_key("stranger"))
    case("hostile", "key-inside", whole, "a stranger's key lies in the image", "unknown_key")
    zero = counted[:10] + b"\0\0" + counted[12:]
    case("hostile", "protected-size-zero", zero, "the header hides the protected records", "invalid")
    other = hashlib.sha256(pem(ed_key("stranger"))).digest()
    at = good.index(b"\x01\x00\x20\x00", area) + 4
    case("hostile", "keyhash-of-another", good[:at] + other + good[at + 32 :], "the id is no proof: an oddity", "valid")
    bare = good[:area] + struct.pack("<HH", 0x6907, 40) + good[area + 4 : area + 40]
    case("hostile", "digest-only", bare, "nothing is signed: no observation", "")
    case("truncated", "signature", good[:-10], "cut in the signature", "invalid")
    case("truncated", "payload", good[:300], "cut in the payload", "invalid")


def block(key: ec.EllipticCurvePrivateKey, contents: bytes, inside: ec.EllipticCurvePrivateKey | None = None) -> bytes:
    """One block of version 2, ECDSA P-256."""
    digest = hashlib.sha256(contents).digest()
    r, s = decode_dss_signature(key.sign(contents, ec.ECDSA(hashes.SHA256(), deterministic_signing=True)))
    point = (inside or key).public_key().public_numbers()
    x, y, first, second = (one.to_bytes(32, "little") for one in (point.x, point.y, r, s))
    raw = (b"\xe7\x03\x00\x00" + digest + b"\x02" + x + y + first + second).ljust(1196, b"\0")
    return raw + struct.pack("<I", zlib.crc32(raw)) + bytes(16)


def sector(*blocks: bytes) -> bytes:
    return b"".join(blocks).ljust(4096, b"\xff")


def version1(contents: bytes) -> bytes:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "p.bin").write_bytes(contents)
        (folder / "k.pem").write_bytes(secret(ec_key()))
        tool(folder, "espsecure", "sign-data", "--version", "1", "-k", "k.pem", "--output", "o.bin", "p.bin")
        return (folder / "o.bin").read_bytes()


def make_esp(root: Path) -> None:
    case = writer(root, "esp-secure-boot", ec_key())
    contents, stranger = esp_app().ljust(4096, b"\xff"), ec_key("stranger")
    mine, other = block(ec_key(), contents), block(stranger, contents)
    good = contents + sector(mine)
    case("valid", "version-2", good, "one block, ECDSA P-256", "valid")
    case("valid", "second-block", contents + sector(other, mine), "another signer stands first", "unknown_key valid")
    case("valid", "version-1", version1(esp_app()), "68 bytes behind the image", "valid")
    case("invalid", "contents-changed", flipped(good, 300), "one bit", "invalid")
    case("invalid", "filling-changed", flipped(good, 4000), "the filling is signed", "invalid")
    case("invalid", "version-1-changed", flipped(version1(esp_app()), 300), "one bit", "invalid")
    case(
        "invalid",
        "digest-only",
        contents + sector(block(stranger, contents, ec_key())),
        "another key made it",
        "invalid",
    )
    case("hostile", "key-inside", contents + sector(other), "the key in the block is a stranger's", "unknown_key")
    swapped = contents + sector(block(ec_key(), contents, stranger))
    case("hostile", "other-key-in-block", swapped, "the block names another key than signed", "invalid")
    damaged = flipped(other, 140)[:1196]
    damaged += struct.pack("<I", zlib.crc32(damaged)) + bytes(16)
    why = "beside a good block one that does not hold under its own key"
    case("hostile", "broken-block", contents + sector(damaged, mine), why, "invalid valid")
    case("hostile", "appended", good + b"\xff" * 4096, "a sector behind the signature", "invalid")
    case("hostile", "used-slot", contents + sector(mine, b"hidden"), "bytes in an empty slot: an oddity", "valid")
    case("hostile", "crc", contents + sector(flipped(mine, 1197)), "the CRC of the block", "invalid")
    case("truncated", "sector", good[:-100], "no whole sector: nothing signed", "")
    case("truncated", "image", good[:600], "cut in the image", "")


def plain_mcuboot(payload: bytes = PROGRAM, flags: int = 0, order: str = "<", records: bytes = b"") -> bytes:
    """Header, payload and digest; nothing signed."""
    head = struct.pack(order + "IIHHIIBBHII", 0x96F3B83D, 0, 64, 0, len(payload), flags, 1, 2, 3, 4, 0)
    body = head.ljust(64, b"\0") + payload
    area = struct.pack(order + ("HH" if order == "<" else "BxH"), 0x10, 32) + hashlib.sha256(body).digest() + records
    return body + struct.pack(order + "HH", 0x6907, 4 + len(area)) + area


def make_container(root: Path) -> None:
    def case(kind: str, name: str, data: bytes, why: str, **expect: object) -> None:
        folder = root / "containers" / "mcuboot_image" / kind / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "input").write_bytes(data)
        lines = [f"{key} = {value}" for key, value in expect.items()]
        meta = f'origin = "tests/vectors/makers/embedded_signatures.py"\nwhy = "{why}"\n\n[expect]\n'
        (folder / "vector.toml").write_text(meta + "\n".join(lines) + "\n")

    members = f'{{"payload" = "{hashlib.sha256(PROGRAM).hexdigest()}"}}'
    good = plain_mcuboot()
    case("valid", "image", good, "header, payload, digest", members=members, anomalies=[])
    case("valid", "big-endian", plain_mcuboot(order=">"), "the other byte order", members=members, anomalies=[])
    slot = good.ljust(4080, b"\xff") + bytes.fromhex("77c295f360d2ef7f3552500f2cb67980")
    case("valid", "slot", slot, "erased flash and the boot magic behind it", members=members, anomalies=[])
    case("invalid", "payload-changed", flipped(good, 100), "the digest does not hold", checks_fail='["image"]')
    trailing = '["trailing-data"]'
    case("hostile", "appended", good + b"more than there should be", "bytes behind it", anomalies=trailing)
    case("hostile", "huge-payload", good[:12] + b"\xff" * 4 + good[16:], "4 GiB", gap='"malformed"')
    case("hostile", "small-header", good[:8] + b"\x04\0" + good[10:], "a header of 4 bytes", gap='"malformed"')
    case("hostile", "encrypted", plain_mcuboot(flags=4)[:-1] + b"x", "the flag says so", gap='"encrypted"')
    case("truncated", "records", good[:-5], "cut in the digest", gap='"malformed"')
    case("truncated", "header", good[:20], "cut in the header", gap='"malformed"')


def make(root: Path) -> None:
    """Write all cases under `root`/schemes and `root`/containers."""
    for one in (make_fit, make_mcuboot, make_esp, make_container):
        one(root)
