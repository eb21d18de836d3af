"""The parts samples are made of: root file systems, images, keys, signed deliveries, SBOMs. Used by build.py alone.

Needs mksquashfs (squashfs-tools), mkimage (u-boot-tools) and dtc (device-tree-compiler); output is the same for the
same versions of these tools.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

HERE = Path(__file__).resolve().parent
PARTS = HERE / "parts"
EPOCH = "1790812800"
"""2026-10-01T00:00:00Z, written into every image."""


@dataclass(frozen=True)
class Part:
    """One committed binary: where it goes, what it is, where it came from (samples/parts/README.md)."""

    file: str
    path: str
    product: str
    version: str
    purl: str


def _deb(name: str, version: str) -> str:
    return f"pkg:deb/debian/{name}@{version}?arch=armhf"


ALL = {
    one.file: one
    for one in (
        Part("toybox", "bin/toybox", "toybox", "0.8.9", "pkg:generic/toybox@0.8.9"),
        Part("lighttpd", "usr/sbin/lighttpd", "lighttpd", "1.4.69", "pkg:generic/lighttpd@1.4.69"),
        Part("mini_httpd", "usr/sbin/mini_httpd", "mini-httpd", "1.30", "pkg:generic/mini-httpd@1.30"),
        Part("mosquitto", "usr/sbin/mosquitto", "mosquitto", "2.0.11", "pkg:generic/mosquitto@2.0.11"),
        Part("libmosquitto.so.2.0.11", "usr/lib/libmosquitto.so.1", "mosquitto", "2.0.11", "pkg:generic/mosquitto@2.0.11"),
        Part("libsqlite3.so.0.8.6", "usr/lib/libsqlite3.so.0", "sqlite", "3.40.1", "pkg:generic/sqlite@3.40.1"),
        Part("libz.so.1.2.13", "usr/lib/libz.so.1", "zlib", "1.2.13", "pkg:generic/zlib@1.2.13"),
        Part("liblz4.so.1.9.4", "usr/lib/liblz4.so.1", "lz4", "1.9.4", "pkg:generic/lz4@1.9.4"),
        Part("libexpat.so.1.8.10", "usr/lib/libexpat.so.1", "expat", "2.5.0", "pkg:generic/expat@2.5.0"),
        Part("libcjson.so.1.7.15", "usr/lib/libcjson.so.1", "cjson", "1.7.15", "pkg:generic/cjson@1.7.15"),
        Part("libwebsockets.so.17", "usr/lib/libwebsockets.so.17", "libwebsockets", "4.1.6", "pkg:generic/libwebsockets@4.1.6"),
        Part("libevent-2.1.so.7.0.1", "usr/lib/libevent-2.1.so.7", "libevent", "2.1.12", "pkg:generic/libevent@2.1.12"),
        Part("dropbear", "usr/sbin/dropbear", "dropbear", "2022.83", "pkg:generic/dropbear@2022.83"),
    )
}  # fmt: skip
UPS = tuple(one for one in ALL if one not in ("dropbear", "mini_httpd"))
PDU = ("toybox", "mini_httpd", "libz.so.1.2.13", "libcjson.so.1.7.15")
GATEWAY = ("mini_httpd", "libcjson.so.1.7.15")
"""Without a shell: small enough for many copies."""


def key(name: str) -> ec.EllipticCurvePrivateKey:
    """A sample signing key, derived from its name: public by construction, worth nothing."""
    seed = hashlib.sha256(f"fwverify sample key {name}: published, protects nothing".encode()).digest()
    return ec.derive_private_key(int.from_bytes(seed, "big") % (1 << 255) + 1, ec.SECP256R1())


def public_pem(name: str) -> bytes:
    return (
        key(name).public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )


def fingerprint(name: str) -> str:
    der = (
        key(name).public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    return hashlib.sha256(der).hexdigest()


def sign(name: str, data: bytes) -> bytes:
    """ECDSA P-256 over SHA-256, DER, as `openssl dgst -sha256 -sign` makes it (but deterministic, RFC 6979)."""
    return key(name).sign(data, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))


def root_files(product: str, version: str, title: str) -> dict[str, str]:
    """Text files of the root file system."""
    return {
        "etc/os-release": f'NAME="{title}"\nID={product}\nVERSION_ID={version}\nPRETTY_NAME="{title} {version}"\n',
        "etc/passwd": "root:x:0:0:root:/root:/bin/sh\nweb:x:33:33:web:/var/www:/bin/false\n",
        "etc/shadow": "root:!:20000:0:99999:7:::\nweb:!:20000:0:99999:7:::\n",
        "etc/inittab": "::sysinit:/etc/init.d/rcS\n::respawn:/usr/sbin/mosquitto -c /etc/mosquitto.conf\n",
        "etc/init.d/rcS": "#!/bin/sh\nmount -t proc proc /proc\nmount -t sysfs sysfs /sys\nifconfig lo up\n",
        "etc/mosquitto.conf": "listener 8883\nallow_anonymous false\n",
        "var/www/index.html": f"<!doctype html><title>{title}</title><p>{title} {version}\n",
    }


def gateway_files(product: str, version: str, title: str) -> dict[str, str]:
    """Text files of a gateway's root file system."""
    return {
        "etc/os-release": f'NAME="{title}"\nID={product}\nVERSION_ID={version}\nPRETTY_NAME="{title} {version}"\n',
        "etc/inittab": "::respawn:/usr/sbin/mini_httpd -D -d /var/www -u web\n",
        "etc/passwd": "root:x:0:0:root:/root:/bin/false\nweb:x:33:33:web:/var/www:/bin/false\n",
        "etc/shadow": "root:!:20000:0:99999:7:::\nweb:!:20000:0:99999:7:::\n",
        "var/www/index.html": f"<!doctype html><title>{title}</title><p>{title} {version}\n",
    }


def squashfs(parts: tuple[str, ...], texts: dict[str, str]) -> bytes:
    """A root file system."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "root"
        for name in parts:
            target = root / ALL[name].path
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(PARTS / name, target)
            target.chmod(0o755)
        for name, text in texts.items():
            target = root / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
            target.chmod(0o755 if text.startswith("#!") else 0o644)
        if "toybox" in parts:
            (root / "bin/sh").symlink_to("toybox")
        out = Path(folder) / "root.squashfs"
        run(
            "mksquashfs", root, out, "-comp", "xz", "-noappend", "-quiet", "-no-progress", "-all-root", "-no-xattrs",
            "-reproducible",
        )  # fmt: skip
        return out.read_bytes()


def run(*command: object) -> None:
    subprocess.run(
        [str(one) for one in command], check=True, stdout=subprocess.DEVNULL,
        env={**os.environ, "SOURCE_DATE_EPOCH": EPOCH, "TZ": "UTC", "LC_ALL": "C"},
    )  # fmt: skip


TREE = """/dts-v1/;
/ {{ model = "{title}"; compatible = "{vendor},{product}"; #address-cells = <1>; #size-cells = <1>;
  cpus {{ #address-cells = <1>; #size-cells = <0>; cpu@0 {{ device_type = "cpu"; compatible = "arm,cortex-a7"; reg = <0>; }}; }};
  memory@80000000 {{ device_type = "memory"; reg = <0x80000000 0x8000000>; }};
  chosen {{ bootargs = "root=/dev/mtdblock4 ro"; }}; }};
"""
FIT = """/dts-v1/;
/ {{ description = "{title} {version}"; #address-cells = <1>;
  images {{
    fdt {{ description = "device tree"; data = /incbin/("board.dtb"); type = "flat_dt"; arch = "arm"; compression = "none";
           hash-1 {{ algo = "sha256"; }}; }};
    rootfs {{ description = "root file system"; data = /incbin/("root.squashfs"); type = "filesystem"; arch = "arm";
             compression = "none"; hash-1 {{ algo = "sha256"; }}; }};
  }};
  configurations {{ default = "conf-1"; conf-1 {{ description = "{title}"; fdt = "fdt"; loadables = "rootfs"; }}; }}; }};
"""


def fit(vendor: str, product: str, version: str, title: str, root: bytes) -> bytes:
    """A FIT image with device tree and root file system, padded with FF to whole 16 KiB erase blocks."""
    words = {"vendor": vendor, "product": product, "version": version, "title": title}
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        (here / "root.squashfs").write_bytes(root)
        (here / "board.dts").write_text(TREE.format(**words))
        (here / "image.its").write_text(FIT.format(**words))
        run("dtc", "-q", "-O", "dtb", "-o", here / "board.dtb", here / "board.dts")
        run("mkimage", "-q", "-f", here / "image.its", here / "image.itb")
        data = (here / "image.itb").read_bytes()
    return data + b"\xff" * (-len(data) % 16384)


def sbom(vendor: str, product: str, version: str, image: bytes, parts: tuple[str, ...], **changed: str) -> bytes:
    """A CycloneDX 1.6 document that names this image. `changed`: product -> version it (wrongly) declares."""
    components = {}
    for name in parts:
        part = ALL[name]
        stated = changed.get(part.product, part.version)
        components[part.product] = {
            "type": "application" if not name.startswith("lib") else "library",
            "bom-ref": part.product, "name": part.product, "version": stated,
            "purl": part.purl.replace(f"@{part.version}", f"@{stated}"),
        }  # fmt: skip
    serial = hashlib.sha256(image + version.encode()).hexdigest()
    document = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
        "serialNumber": f"urn:uuid:{serial[:8]}-{serial[8:12]}-4{serial[13:16]}-8{serial[17:20]}-{serial[20:32]}",
        "metadata": {
            "timestamp": "2026-10-01T00:00:00Z",
            "component": {
                "type": "firmware", "bom-ref": "image", "name": product, "version": version,
                "supplier": {"name": vendor},
                "hashes": [{"alg": "SHA-256", "content": hashlib.sha256(image).hexdigest()}],
            },
        },
        "components": [components[one] for one in sorted(components)],
        "dependencies": [{"ref": "image", "dependsOn": sorted(components)}],
    }  # fmt: skip
    return (json.dumps(document, indent=1) + "\n").encode()


def listed(files: dict[str, bytes]) -> bytes:
    """A checksum list in the form of sha256sum(1)."""
    return "".join(f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in sorted(files.items())).encode()


def signed(files: dict[str, bytes], signer: str) -> dict[str, bytes]:
    """The files with a checksum list over them and a detached signature over the list."""
    sums = listed(files)
    return {**files, "SHA256SUMS": sums, "SHA256SUMS.sig": sign(signer, sums)}


def microcontroller() -> bytes:
    """samples/src/bms_12s.c, compiled: needs gcc-arm-none-eabi."""
    with tempfile.TemporaryDirectory() as folder:
        elf, out = Path(folder) / "bms.elf", Path(folder) / "bms.bin"
        run(
            "arm-none-eabi-gcc", "-mcpu=cortex-m4", "-mthumb", "-Os", "-nostdlib", "-ffreestanding", "-fno-builtin",
            "-T", HERE / "src/bms_12s.ld", "-Wl,--build-id=none", "-o", elf, HERE / "src/bms_12s.c",
        )  # fmt: skip
        run("arm-none-eabi-objcopy", "-O", "binary", elf, out)
        return out.read_bytes()
