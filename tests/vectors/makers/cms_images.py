"""Vectors of images that carry a CMS: Authenticode, kernel modules, UEFI capsules, Jcat catalogues and cabinets.

The images are built here; osslsigncode, sign-file (linux-kbuild), openssl and gcab sign and pack them. Keys are made of
a published sentence, certificates have fixed dates and numbers, times are fixed: the same tools give the same bytes.
"""

from __future__ import annotations

import base64
import datetime
import functools
import gzip
import hashlib
import json
import os
import struct
import subprocess
import tempfile
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.vectors.makers.keys_and_signatures import Case, entry, fingerprint, registry, rsa_key, seed

BY = "tests/vectors/makers/cms_images.py"
SIGN_FILE = "/usr/lib/linux-kbuild-6.1/scripts/sign-file"
WHEN = 1790000000
"""2026-09-21: stated as time of signing and of files."""
SINCE, UNTIL = datetime.datetime(2020, 1, 1), datetime.datetime(2049, 1, 1)
FIRMWARE = b"firmware of the vectors\n" * 6 + seed("firmware", 300)
GUID = "a1b2c3d4-0001-4002-8003-00000000f00d"
METAINFO = f"""<?xml version="1.0" encoding="UTF-8"?>
<component type="firmware"><id>site.example.gateway.firmware</id><provides><firmware type="flashed">{GUID}</firmware>
</provides><releases><release version="2.1.0"/><release version="2.0.0"/></releases></component>
""".encode()


# --- keys ---------------------------------------------------------------------------------------------------------


@functools.cache
def key(name: str) -> rsa.RSAPrivateKey:
    return rsa_key(f"cms-{name}")


@functools.cache
def certificate(name: str, issuer: str = "", *, purposes: bool = True) -> x509.Certificate:
    """A certificate for `key(name)`: of an authority, or (with an issuer) of a code signer."""
    named, by = (
        x509.Name(
            [x509.NameAttribute(NameOID.ORGANIZATION_NAME, "vectors"), x509.NameAttribute(NameOID.COMMON_NAME, one)]
        )
        for one in (name, issuer or name)
    )
    public = key(name).public_key()
    number = int.from_bytes(seed(f"serial-{name}-{issuer}", 8), "big") >> 1
    made = x509.CertificateBuilder(by, named, public, number, SINCE, UNTIL)
    made = made.add_extension(x509.BasicConstraints(ca=not issuer, path_length=None), critical=True)
    made = made.add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    if issuer and purposes:
        made = made.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=False)
    return made.sign(key(issuer or name), hashes.SHA256())


def pem(*certificates: x509.Certificate) -> bytes:
    return b"".join(one.public_bytes(serialization.Encoding.PEM) for one in certificates)


def private(name: str) -> bytes:
    return key(name).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def root() -> x509.Certificate:
    return certificate("root")


def leaf() -> x509.Certificate:
    return certificate("signer", "root")


def pinned(name: str = "root", issuer: str = "") -> dict[str, bytes]:
    """A registry with one certificate."""
    rows = entry(name, "x509", f"vendor/{name}.pem", fingerprint(key(name)))
    return {"vendor.yaml": registry(rows), f"vendor/{name}.pem": pem(certificate(name, issuer))}


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


class Scratch:
    """A folder with keys and certificates, in which tools run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name, issuer in (("signer", "root"), ("stranger", "elsewhere")):
            self.write(f"{name}.key", private(name))
            self.write(f"{name}.crt", pem(certificate(name, issuer)))

    def write(self, name: str, data: bytes) -> Path:
        path = self.folder / name
        path.write_bytes(data)
        os.utime(path, (WHEN, WHEN))
        return path

    def run(self, *command: str) -> None:
        environment = {**os.environ, "TZ": "UTC", "SOURCE_DATE_EPOCH": str(WHEN)}
        subprocess.run(command, cwd=self.folder, check=True, capture_output=True, env=environment)

    def made(self, name: str) -> bytes:
        data = (self.folder / name).read_bytes()
        (self.folder / name).unlink()
        return data


# --- Authenticode -------------------------------------------------------------------------------------------------


def pe_image(*, plus: bool = True, gap: int = 0, tail: bytes = b"") -> bytes:
    """An EFI application of two sections that does nothing."""
    optional = 240 if plus else 224
    contents = [seed("pe-text", 512), seed("pe-data", 512)]
    places = [512, 1024 + gap]
    head = b"MZ" + bytes(58) + struct.pack("<I", 64) + b"PE\0\0"
    head += struct.pack("<HHIIIHH", 0x8664 if plus else 0x14C, 2, 0, 0, 0, optional, 0x222E if plus else 0x212E)
    head += struct.pack("<HBBIIIII", 0x20B if plus else 0x10B, 2, 0, 512, 512, 0, 0x1000, 0x1000)
    head += struct.pack("<QII", 0, 0x1000, 512) if plus else struct.pack("<IIII", 0x2000, 0, 0x1000, 512)
    head += struct.pack("<HHHHHHIIIIHH", 0, 0, 0, 0, 1, 0, 0, 0x3000, 512, 0, 10, 0)
    head += struct.pack("<QQQQII", 0, 0, 0, 0, 0, 16) if plus else struct.pack("<IIIIII", 0, 0, 0, 0, 0, 16)
    head += bytes(16 * 8)
    for at, (name, flags) in enumerate(((b".text", 0x60000020), (b".data", 0xC0000040))):
        head += struct.pack("<8sIIIIIIHHI", name, 512, 0x1000 * (at + 1), 512, places[at], 0, 0, 0, 0, flags)
    return head.ljust(512, b"\0") + contents[0] + b"gap." * (gap // 4) + contents[1] + tail


def directory(data: bytes) -> int:
    """Where the certificate table's directory entry lies."""
    plus = data[64 + 24 : 64 + 26] == b"\x0b\x02"
    return 64 + 24 + (112 if plus else 96) + 32


def table(data: bytes) -> tuple[int, int]:
    start, size = struct.unpack_from("<II", data, directory(data))
    return start, size


def padded_table(data: bytes, hidden: bytes) -> bytes:
    """The same signature with bytes hidden behind it, inside its WIN_CERTIFICATE."""
    start, size = table(data)
    hidden = hidden.ljust((len(hidden) + 7) // 8 * 8, b"\0")
    out = bytearray(data[: start + size] + hidden)
    struct.pack_into("<I", out, start, size + len(hidden))
    struct.pack_into("<I", out, directory(data) + 4, size + len(hidden))
    return bytes(out)


def authenticode(scratch: Scratch, data: bytes, *more: str, signer: str = "signer") -> bytes:
    scratch.write("in.efi", data)
    credentials = ("-certs", f"{signer}.crt", "-key", f"{signer}.key", "-time", str(WHEN))
    scratch.run("osslsigncode", "sign", *credentials, "-h", "sha256", *more, "-in", "in.efi", "-out", "out.efi")
    return scratch.made("out.efi")


def pe_cases(scratch: Scratch) -> Iterator[Case]:
    good = authenticode(scratch, pe_image())
    section = 64 + 24 + 240
    start, _ = table(good)
    overlapping = bytearray(pe_image())
    struct.pack_into("<I", overlapping, section + 40 + 20, 768)
    swallowing = bytearray(good)
    struct.pack_into("<I", swallowing, section + 40 + 16, 1024)
    stripped = bytearray(good)
    struct.pack_into("<II", stripped, directory(good), 0, 0)
    nested = authenticode(scratch, good, "-nest", "-h", "sha384")
    old = good[: start + 4] + struct.pack("<H", 0x0100) + good[start + 6 :]
    rows: tuple[tuple[str, str, str, list[str], bytes], ...] = (
        ("valid", "pe32-plus", "PE32+, one signature", ["valid"], good),
        ("valid", "pe32", "PE32, with a description", ["valid"],
         authenticode(scratch, pe_image(plus=False), "-n", "Vector", "-i", "https://site.example/")),
        ("valid", "page-hashes", "with page hashes and bytes behind the last section", ["valid"],
         authenticode(scratch, pe_image(tail=b"overlay!" * 3), "-ph")),
        ("valid", "nested", "a second signature inside the first", ["valid", "valid"], nested),
        ("invalid", "unsigned", "no signature: nothing is said", [], pe_image()),
        ("invalid", "stripped", "the directory entry was zeroed", [], bytes(stripped)),
        ("invalid", "changed", "one bit of a section", ["invalid"], flipped(good, 700)),
        ("invalid", "header-changed", "one bit of the section table", ["invalid"], flipped(good, section + 8)),
        ("invalid", "stranger", "signed below another root", ["unknown_key"],
         authenticode(scratch, pe_image(), signer="stranger")),
        ("invalid", "one-of-two", "the nested signature's bytes were damaged", ["valid", "invalid"],
         _damaged_nested(nested)),
        ("truncated", "table-cut", "the file ends inside its certificate table", ["invalid"], good[: start + 40]),
        ("hostile", "hidden-in-padding", "bytes behind the signature in its own field (MS13-098): holds, not covered",
         ["valid"], padded_table(good, b"MZ this would be run")),
        ("hostile", "old-revision", "a WIN_CERTIFICATE that says it is of revision 1", ["invalid"], old),
        ("hostile", "appended", "bytes behind the certificate table", ["invalid"], good + b"MZ this would be run"),
        ("hostile", "sections-overlap", "two sections share bytes", ["invalid"],
         authenticode_of(good, bytes(overlapping))),
        ("hostile", "section-in-table", "a section reaches into the certificate table", ["invalid"], bytes(swallowing)),
    )  # fmt: skip
    for kind, name, why, statuses, data in rows:
        yield case("authenticode", kind, name, why, {"boot.efi": data}, [("boot.efi", one) for one in statuses])


def authenticode_of(signed: bytes, other: bytes) -> bytes:
    """Another image with the certificate table of a signed one."""
    start, size = table(signed)
    out = bytearray(other + signed[start : start + size])
    struct.pack_into("<II", out, directory(other), len(other), size)
    return bytes(out)


def _damaged_nested(data: bytes) -> bytes:
    """One bit of the last signature value in the file, which is that of the nested signature."""
    start, size = table(data)
    end = start + size - len(data[start : start + size]) + len(data[start : start + size].rstrip(b"\0"))
    return flipped(data, end - 20)


# --- kernel modules -----------------------------------------------------------------------------------------------

MODULE = b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HH", 1, 62) + seed("module", 700)
MARKER = b"~Module signature appended~\n"


def module(scratch: Scratch, digest: str = "sha256", signer: str = "signer", body: bytes = MODULE) -> bytes:
    scratch.write("in.ko", body)
    scratch.run(SIGN_FILE, digest, f"{signer}.key", f"{signer}.crt", "in.ko", "out.ko")
    return scratch.made("out.ko")


def module_cases(scratch: Scratch) -> Iterator[Case]:
    good = module(scratch)
    info = len(good) - len(MARKER) - 12
    rows: tuple[tuple[str, str, str, list[str], bytes], ...] = (
        ("valid", "sha256", "the certificate lies in the registry only", ["valid"], good),
        ("valid", "sha512", "SHA-512", ["valid"], module(scratch, "sha512")),
        ("valid", "twice", "signed twice: kernels look at the last one", ["valid"], module(scratch, body=good)),
        ("invalid", "changed", "one bit of the module", ["invalid"], flipped(good, 300)),
        ("invalid", "stranger", "a key nobody pinned", ["unverifiable"], module(scratch, signer="stranger")),
        ("invalid", "unsigned", "no trailer: nothing is said", [], MODULE),
        ("truncated", "marker-cut", "the marker is cut: no kernel sees a signature", [], good[:-3]),
        ("truncated", "body-cut", "bytes are missing before the signature", ["invalid"], good[:400] + good[500:]),
        ("hostile", "behind-the-marker", "bytes behind the marker: no kernel sees a signature", [], good + b"\n"),
        ("hostile", "reserved", "a reserved byte of the trailer is set", ["invalid"], flipped(good, info + 5)),
        ("hostile", "old-kind", "a kind that kernels no longer take", ["unverifiable"],
         good[: info + 2] + b"\x01" + good[info + 3 :]),
        ("hostile", "length", "a length beyond the file", ["invalid"],
         good[: info + 8] + b"\x7f\xff\xff\xff" + good[info + 12 :]),
    )  # fmt: skip
    keys = pinned("signer", "root")
    for kind, name, why, statuses, data in rows:
        yield case("kmod", kind, name, why, {"pump.ko": data}, [("pump.ko", one) for one in statuses], keys)


# --- UEFI capsules ------------------------------------------------------------------------------------------------


def detached(scratch: Scratch, content: bytes, signer: str = "signer", form: str = "DER") -> bytes:
    """CMS without signed attributes over these bytes."""
    scratch.write("content", content)
    credentials = ("-signer", f"{signer}.crt", "-inkey", f"{signer}.key")
    scratch.run(
        "openssl", "cms", "-sign", "-binary", "-noattr", "-md", "sha256", *credentials,
        "-in", "content", "-outform", form, "-out", "content.p7",
    )  # fmt: skip
    return scratch.made("content.p7")


def payload(version: int = 3, lowest: int = 2) -> bytes:
    return b"MSS1" + struct.pack("<III", 16, version, lowest) + FIRMWARE


def authenticated(scratch: Scratch, content: bytes, count: int = 7, signer: str = "signer") -> bytes:
    """EFI_FIRMWARE_IMAGE_AUTHENTICATION and what it signs."""
    number = struct.pack("<Q", count)
    signature = detached(scratch, content + number, signer)
    kind = uuid.UUID("4aafd29d-68df-49ee-8aa9-347d375665a7").bytes_le
    return number + struct.pack("<IHH", 24 + len(signature), 0x0200, 0x0EF1) + kind + signature + content


def capsule_image(content: bytes, version: int = 3, support: int = 1) -> bytes:
    head = struct.pack("<I16sB3xII", version, uuid.UUID(GUID).bytes_le, 1, len(content), 0)
    return head + (bytes(8) if version > 1 else b"") + (struct.pack("<Q", support) if version > 2 else b"") + content


def capsule(images: Iterable[bytes], *, drivers: Iterable[bytes] = (), header: int = 32) -> bytes:
    drivers, images = tuple(drivers), tuple(images)
    offset = 8 + 8 * len(drivers + images)
    offsets = []
    for one in drivers + images:
        offsets.append(offset)
        offset += len(one)
    fmp = struct.pack("<IHH", 1, len(drivers), len(images)) + struct.pack(f"<{len(offsets)}Q", *offsets)
    guid = uuid.UUID("6dcbd5ed-e82d-4c44-bda1-7194199ad92a").bytes_le
    head = guid + struct.pack("<III", header, 0x10000, header + offset)
    return head.ljust(header, b"\0") + fmp + b"".join(drivers + images)


def capsule_cases(scratch: Scratch) -> Iterator[Case]:
    signed = authenticated(scratch, payload())
    good = capsule([capsule_image(signed)])
    at = len(good) - len(FIRMWARE)
    depex = b"\x00" + uuid.UUID(GUID).bytes_le + b"\x01\x02\x00\x00\x00\x0a\x0d"
    dependent = capsule([capsule_image(authenticated(scratch, depex + payload()), support=3)])
    rows: tuple[tuple[str, str, str, list[str], bytes], ...] = (
        ("valid", "version-3", "as GenerateCapsule makes them", ["valid"], good),
        ("valid", "version-1", "image header of version 1, header of 28 bytes, no payload header", ["valid"],
         capsule([capsule_image(authenticated(scratch, FIRMWARE), version=1)], header=28)),
        ("valid", "dependencies", "a dependency expression before the payload header", ["valid"], dependent),
        ("invalid", "changed", "one bit of the firmware", ["invalid"], flipped(good, at + 9)),
        ("invalid", "count", "the MonotonicCount was changed", ["invalid"], flipped(good, good.index(signed))),
        ("invalid", "version", "FwVersion was changed", ["invalid"], flipped(good, good.index(b"MSS1") + 8)),
        ("invalid", "stranger", "signed below another root", ["unknown_key"],
         capsule([capsule_image(authenticated(scratch, payload(), signer="stranger"))])),
        ("invalid", "unsigned", "no authentication: nothing is said", [],
         capsule([capsule_image(payload(), support=0)])),
        ("truncated", "cut", "the file ends before the capsule does", ["invalid"], good[:-100]),
        ("hostile", "announced", "the header announces a signature that is not there", ["invalid"],
         capsule([capsule_image(payload())])),
        ("hostile", "denied", "the unsigned header denies the signature: holds, and is told", ["valid"],
         capsule([capsule_image(signed, support=0)])),
        ("hostile", "second-unsigned", "a second image without a signature", ["invalid"],
         capsule([capsule_image(signed), capsule_image(payload(), support=0)])),
        ("hostile", "driver", "a driver that no signature covers: holds, and is told", ["valid"],
         capsule([capsule_image(signed)], drivers=[pe_image()])),
        ("hostile", "offsets-back", "item offsets that go backwards", ["invalid"], _backwards(good)),
    )  # fmt: skip
    for kind, name, why, statuses, data in rows:
        yield case("uefi-capsule", kind, name, why, {"fw.cap": data}, [("fw.cap", one) for one in statuses])


def _backwards(data: bytes) -> bytes:
    return data[:40] + struct.pack("<Q", 4) + data[48:]


# --- Jcat ---------------------------------------------------------------------------------------------------------


def blob(kind: int, data: bytes, target: int = 0) -> dict[str, object]:
    text = kind != 9
    row: dict[str, object] = {"Kind": kind} | ({"Target": target} if target else {})
    said = data.decode() if text else base64.b64encode(data).decode()
    return row | {"Flags": int(text), "Timestamp": WHEN, "Data": said}


def catalogue(items: dict[str, list[dict[str, object]]], aliases: dict[str, list[str]] | None = None) -> bytes:
    rows = [
        {"Id": name} | ({"AliasIds": (aliases or {})[name]} if name in (aliases or {}) else {}) | {"Blobs": blobs}
        for name, blobs in items.items()
    ]
    text = json.dumps({"JcatVersionMajor": 0, "JcatVersionMinor": 1, "Items": rows}, indent=1)
    return gzip.compress(text.encode(), mtime=0)


def pkcs7(scratch: Scratch, content: bytes, signer: str = "signer") -> dict[str, object]:
    text = detached(scratch, content, signer, "PEM").replace(b"-----BEGIN CMS", b"-----BEGIN PKCS7")
    return blob(3, text.replace(b"-----END CMS", b"-----END PKCS7"))


def cab(scratch: Scratch, files: dict[str, bytes], *, packed: bool = False) -> bytes:
    for name, data in files.items():
        scratch.write(name, data)
    scratch.run("gcab", "-c", *(["-z"] if packed else []), "-n", "out.cab", *files)
    return scratch.made("out.cab")


def jcat_cases(scratch: Scratch) -> Iterator[Case]:
    files = {"firmware.bin": FIRMWARE, "firmware.metainfo.xml": METAINFO}
    signed = {name: [pkcs7(scratch, data)] for name, data in files.items()}
    text = hashlib.sha256(FIRMWARE).hexdigest().encode()
    by_digest = {"firmware.bin": [blob(1, text), {**pkcs7(scratch, text), "Target": 1}]}
    swapped = dict(zip(signed, reversed(signed.values()), strict=True))
    both = [("firmware.jcat", "valid")] * 2
    changed = {**files, "firmware.bin": flipped(FIRMWARE, 50)}
    rows: tuple[tuple[str, str, str, dict[str, bytes], list[tuple[str, str]]], ...] = (
        ("valid", "two-files", "PKCS#7 over firmware and metainfo", files | {"firmware.jcat": catalogue(signed)}, both),
        ("valid", "by-digest", "PKCS#7 over the text of the SHA-256",
         {"firmware.bin": FIRMWARE, "firmware.jcat": catalogue(by_digest)}, both[:1]),
        ("valid", "alias", "the file has the name of an alias",
         {"fw-2.1.bin": FIRMWARE, "firmware.jcat": catalogue({"firmware.bin": signed["firmware.bin"]},
                                                             {"firmware.bin": ["fw-2.1.bin"]})}, both[:1]),
        ("invalid", "changed", "one bit of the firmware", changed | {"firmware.jcat": catalogue(signed)},
         [("firmware.jcat", "invalid"), ("firmware.jcat", "valid")]),
        ("invalid", "swapped", "the signatures of the two files swapped", files | {"firmware.jcat": catalogue(swapped)},
         [("firmware.jcat", "invalid")] * 2),
        ("invalid", "by-digest-changed", "the SHA-256 is signed, the file is another",
         {"firmware.bin": flipped(FIRMWARE, 50), "firmware.jcat": catalogue(by_digest)},
         [("firmware.jcat", "invalid")]),
        ("invalid", "absent", "the file that is signed was not delivered",
         {"other.bin": FIRMWARE, "firmware.jcat": catalogue({"firmware.bin": signed["firmware.bin"]})},
         [("firmware.jcat", "unverifiable")]),
        ("invalid", "checksum-only", "a checksum is no signature",
         {"firmware.bin": FIRMWARE, "firmware.jcat": catalogue({"firmware.bin": [blob(1, text)]})}, []),
        ("hostile", "wrong-checksum", "the signature holds, the checksum beside it does not",
         {"firmware.bin": FIRMWARE,
          "firmware.jcat": catalogue({"firmware.bin": [blob(1, b"0" * 64), *signed["firmware.bin"]]})},
         [("firmware.jcat", "invalid")]),
    )  # fmt: skip
    for kind, name, why, delivery, statuses in rows:
        yield case("jcat", kind, name, why, delivery, statuses)


def cabinet_cases(scratch: Scratch) -> Iterator[Case]:
    files = {"firmware.bin": FIRMWARE, "firmware.metainfo.xml": METAINFO}
    signed = {name: [pkcs7(scratch, data)] for name, data in files.items()}
    good = catalogue(signed)
    swapped = catalogue(dict(zip(signed, reversed(signed.values()), strict=True)))
    changed = {**files, "firmware.bin": flipped(FIRMWARE, 50)}
    stored = cab(scratch, {**files, "firmware.jcat": good})
    rows: tuple[tuple[str, str, str, bytes, list[str]], ...] = (
        ("valid", "stored", "every member signed", stored, ["valid"] * 2),
        ("invalid", "changed", "one bit of the firmware, checksums made anew: nothing of the cabinet holds",
         cab(scratch, {**changed, "firmware.jcat": good}), ["invalid"] * 2),
        ("invalid", "swapped", "the signatures of two members swapped",
         cab(scratch, {**files, "firmware.jcat": swapped}), ["invalid"] * 2),
        ("invalid", "without", "no catalogue: nothing is said", cab(scratch, files), []),
        ("invalid", "missing", "a signed member was taken out",
         cab(scratch, {"firmware.bin": FIRMWARE, "firmware.jcat": good}), ["invalid"]),
        ("hostile", "unlisted", "a member no item names: the rest holds, it is not covered",
         cab(scratch, {**files, "extra.bin": b"this would be installed", "firmware.jcat": good}), ["valid"] * 2),
        ("hostile", "packed", "packed with MSZIP: carried, not covered byte by byte",
         cab(scratch, {**files, "firmware.jcat": good}, packed=True), ["valid"] * 2),
        ("hostile", "two-catalogues", "two catalogues",
         cab(scratch, {**files, "a.jcat": good, "b.jcat": swapped}), ["invalid"]),
        ("hostile", "twice", "two members of one name",
         cab(scratch, {**files, "firmwarX.bin": FIRMWARE, "firmware.jcat": good}).replace(b"firmwarX", b"firmware"),
         ["invalid"] * 2),
        ("truncated", "cut", "the file ends before the cabinet does", stored[:-40], ["invalid"]),
    )  # fmt: skip
    for kind, name, why, data, statuses in rows:
        yield case("jcat-cabinet", kind, name, why, {"fw.cab": data}, [("fw.cab", one) for one in statuses])


# --- containers ---------------------------------------------------------------------------------------------------


def container(
    root: Path, place: str, data: bytes, why: str, members: dict[str, bytes] | None = None, *lines: str
) -> None:
    """One vector of a container: its input, what comes out, further lines of `expect`."""
    folder = root / "containers" / place
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "input").write_bytes(data)
    table = [] if members is None else ["", "[expect.members]"]
    for name, content in (members or {}).items():
        table.append(f'"{name}" = "{hashlib.sha256(content).hexdigest()}"')
    text = ["origin = " + json.dumps(BY), "why = " + json.dumps(why), "", "[expect]", *lines, *table]
    (folder / "vector.toml").write_text("\n".join(text) + "\n")


def containers(root: Path, scratch: Scratch) -> None:
    files = {"firmware.bin": FIRMWARE, "notes.txt": b"two files\n"}
    long = {"image.bin": seed("long", 9000) * 8, "same.bin": seed("long", 9000) * 3}
    stored, block = cab(scratch, files), FIRMWARE[:40]
    container(root, "cabinet/valid/stored", stored, "two stored files", files)
    container(root, "cabinet/valid/mszip", cab(scratch, long, packed=True), "MSZIP that looks back over blocks", long)
    container(root, "cabinet/invalid/checksum", stored.replace(block, flipped(block, 3)), "one bit of a stored file",
              None, 'checks_fail = ["block 1"]')  # fmt: skip
    container(root, "cabinet/truncated/cut", stored[:-20], "it ends early", None, 'gap = "malformed"')
    method = stored[:42] + struct.pack("<H", 0x1503) + stored[44:]
    container(root, "cabinet/hostile/lzx", method, "packed with LZX", {}, 'gap = "unsupported"')
    entry_at = struct.unpack_from("<I", stored, 16)[0]
    second = entry_at + 16 + len("firmware.bin") + 1
    overlap = stored[: second + 4] + bytes(4) + stored[second + 8 :]
    container(root, "cabinet/hostile/shared", overlap, "two files share bytes", None, 'gap = "malformed"')
    behind = stored + b"bytes behind the cabinet"
    container(root, "cabinet/hostile/appended", behind, "bytes behind it", files, 'anomalies = ["trailing-data"]')

    signed, driver = authenticated(scratch, payload()), pe_image()
    good = capsule([capsule_image(signed)])
    container(root, "uefi_capsule/valid/one-image", good, "a signed image", {"image-1": FIRMWARE})
    two = capsule([capsule_image(signed), capsule_image(FIRMWARE, version=2)], drivers=[driver], header=28)
    inside = {"driver-1": driver, "image-1": FIRMWARE, "image-2": FIRMWARE}
    container(root, "uefi_capsule/valid/driver-and-two", two, "a driver and two images", inside)
    container(root, "uefi_capsule/truncated/cut", good[:-1], "it ends early", None, 'gap = "malformed"')
    container(root, "uefi_capsule/hostile/offsets-back", _backwards(good), "offsets go backwards", None,
              'gap = "malformed"')  # fmt: skip


# --- all ----------------------------------------------------------------------------------------------------------


def case(
    plugin: str,
    kind: str,
    name: str,
    why: str,
    delivery: dict[str, bytes],
    statuses: list[tuple[str, str]],
    keys: dict[str, bytes] | None = None,
) -> Case:
    expect = "statuses = [" + ", ".join(f'["{file}", "{status}"]' for file, status in statuses) + "]"
    return Case(plugin, kind, name, why, expect, delivery, pinned() if keys is None else keys)


def make(root: Path) -> None:
    """Write every vector below `root` (tests/vectors)."""
    with tempfile.TemporaryDirectory() as folder:
        scratch = Scratch(Path(folder))
        for cases in (pe_cases, module_cases, capsule_cases, jcat_cases, cabinet_cases):
            for one in cases(scratch):
                one.write(root)
        containers(root, scratch)
