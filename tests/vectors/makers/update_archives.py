"""Vectors of swupdate, mender, openbmc, openwrt and signify. Keys are made from a published sentence; deterministic.

Written after the formats' documentation, byte for byte as their tools write them (tests/interop checks that the tools'
own files are read alike).
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import lzma
import struct
import tarfile
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from tests.vectors.makers.keys_and_signatures import Case, ec_key, ed_key, entry, fingerprint, pem, registry
from tests.vectors.makers.keys_and_signatures import rsa_key as slow_rsa_key

ORIGIN = "tests/vectors/makers/update_archives.py, cryptography 50"
IMAGE = b"firmware image of the update vectors\n" * 8
SCRIPT = b"#!/bin/sh\nexit 0\n"
SINCE, UNTIL = 1735689600, 2493072000
"""2025-01-01 and 2049-01-01."""
Members = Sequence[tuple[str, bytes]]


@cache
def rsa_key(name: str = "rsa") -> rsa.RSAPrivateKey:
    """Its primes are searched from a sentence, which takes seconds."""
    return slow_rsa_key(name)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def rsa_signed(data: bytes, name: str = "rsa") -> bytes:
    return rsa_key(name).sign(data, padding.PKCS1v15(), hashes.SHA256())


def pinned(kind: str = "rsa") -> dict[str, bytes]:
    key = {"rsa": rsa_key, "p256": ec_key}[kind]()
    text = registry(entry("release", "public-key", "vendor/release.pem", fingerprint(key)))
    return {"vendor.yaml": text, "vendor/release.pem": pem(key)}


# SWUpdate


def cpio(members: Members, *, trailer: bool = True) -> bytes:
    """The 070702 form, as swugenerator writes it."""
    out = b""
    for number, (name, data) in enumerate([*members, ("TRAILER!!!", b"")] if trailer else members, start=1):
        raw = name.encode() + b"\0"
        fields = [number, 0o100644 if data else 0, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(raw), sum(data)]
        out += b"070702" + b"".join(b"%08X" % one for one in fields) + raw
        out += bytes(-len(out) % 4) + data
        out += bytes(-len(out) % 4)
    return out + bytes(-len(out) % 512)


def description(images: dict[str, str], more: str = "") -> bytes:
    """libconfig; an empty digest leaves the sha256 out."""
    entries = ",\n".join(
        f'    {{ filename = "{name}"; device = "/dev/null"; type = "raw";'
        + (f' sha256 = "{digest}";' if digest else "")
        + " }"
        for name, digest in images.items()
    )
    return (
        f'software = {{\n  version = "2.1.0"; # a comment\n  hardware-compatibility: [ "1.0", "1.2" ];\n  {more}\n'
        f"  images: (\n{entries}\n  );\n}}\n"
    ).encode()


def json_description(image: str, script: str) -> bytes:
    """Two sets and a script, in JSON."""
    one = {"filename": "fw.bin", "device": "/dev/mmcblk0p1", "sha256": image}
    sets = {"main": {"images": [one]}, "alt": {"images": [{**one, "device": "/dev/mmcblk0p2"}]}}
    scripts = [{"filename": "post.sh", "type": "shellscript", "sha256": script}]
    software = {"version": "2.1.0", "hardware-compatibility": ["1.0"], "stable": sets, "scripts": scripts}
    return json.dumps({"software": software}, indent=1).encode()


def swu(text: bytes, members: Members, *, key: str = "rsa") -> bytes:
    return cpio([("sw-description", text), ("sw-description.sig", rsa_signed(text, key)), *members])


def _swupdate() -> Iterable[Case]:
    good = description({"fw.bin": sha256(IMAGE)})
    signed = ("sw-description.sig", rsa_signed(good))
    two = json_description(sha256(IMAGE), sha256(SCRIPT))
    twice = description({"fw.bin": sha256(IMAGE)}, 'version = "9.9";')
    include = b'@include "other.cfg"\n' + good
    bad = IMAGE.replace(b"firmware", b"malicous", 1)
    made = {
        ("valid", "libconfig", "one image, libconfig syntax"): swu(good, [("fw.bin", IMAGE)]),
        ("valid", "json-sets", "two sets and a script, JSON syntax"): swu(
            two, [("fw.bin", IMAGE), ("post.sh", SCRIPT)]
        ),
        ("valid", "unlisted", "a member nobody listed stays uncovered"): swu(
            good, [("fw.bin", IMAGE), ("extra.sh", SCRIPT)]
        ),
        ("invalid", "no-hash", "an image without sha256 is signed by nobody"): swu(
            description({"fw.bin": ""}), [("fw.bin", IMAGE)]
        ),
        ("invalid", "swapped", "the image is another one"): swu(good, [("fw.bin", bad)]),
        ("invalid", "missing", "a listed image is absent"): swu(good, [("other.bin", IMAGE)]),
        ("invalid", "changed", "the description was changed after it was signed"): cpio(
            [("sw-description", good.replace(b"2.1.0", b"2.0.0")), signed, ("fw.bin", IMAGE)]
        ),
        ("hostile", "twice", "a second member of the same name"): swu(good, [("fw.bin", IMAGE), ("fw.bin", bad)]),
        ("hostile", "not-first", "the description is not the first member"): cpio(
            [("fw.bin", IMAGE), ("sw-description", good), signed]
        ),
        ("hostile", "setting-twice", "a setting is given twice"): swu(twice, [("fw.bin", IMAGE)]),
        ("hostile", "include", "the description includes another file"): swu(include, [("fw.bin", IMAGE)]),
    }
    yield from _cases("swupdate", "fw.swu", made, pinned())


# tar


def tar(members: Members, kinds: dict[str, bytes] | None = None) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            info.type = (kinds or {}).get(name, tarfile.REGTYPE)
            archive.addfile(info, io.BytesIO(data))
    return stream.getvalue().rstrip(b"\0").ljust(
        len(stream.getvalue().rstrip(b"\0")) // 512 * 512 + 512, b"\0"
    ) + bytes(1024)


# Mender


def header(payloads: int = 1) -> bytes:
    info = {
        "payloads": [{"type": "fw"}] * payloads,
        "artifact_provides": {"artifact_name": "rel-2.1"},
        "artifact_depends": {"device_type": ["bms-gw"]},
    }
    kind = {"type": "fw", "artifact_provides": {"rootfs-image.fw.version": "2.1.0"}}
    members = [("header-info", json.dumps(info).encode())]
    members += [(f"headers/{one:04}/type-info", json.dumps(kind).encode()) for one in range(payloads)]
    return gzip.compress(tar(members), mtime=0)


def artifact(
    files: Members,
    *,
    kind: str = "rsa",
    listed: Members | None = None,
    payload: bytes = b"",
    suffix: str = ".gz",
    more: Members = (),
    version: bytes = b'{"format":"mender","version":3}',
) -> bytes:
    """An artifact with one payload.

    Args:
        files: in the payload archive.
        kind: of the key.
        listed: files the manifest is made from, where they are others.
        payload: the packed archive, where it is not simply the files.
        suffix: how it is packed.
        more: members behind it.
        version: content of the member in the archive; the manifest is over the right one.
    """
    packed = payload or {".gz": lambda data: gzip.compress(data, mtime=0), ".xz": lzma.compress}[suffix](tar(files))
    head, right = header(), b'{"format":"mender","version":3}'
    lines = [(f"data/0000/{name}", sha256(data)) for name, data in (files if listed is None else listed)]
    lines += [("header.tar.gz", sha256(head)), ("version", sha256(right))]
    manifest = "".join(f"{digest}  {name}\n" for name, digest in sorted(lines)).encode()
    value = rsa_signed(manifest) if kind == "rsa" else _raw_ecdsa(manifest)
    members = [("version", version), ("manifest", manifest), ("manifest.sig", base64.b64encode(value))]
    return tar([*members, ("header.tar.gz", head), (f"data/0000.tar{suffix}", packed), *more])


def _raw_ecdsa(data: bytes) -> bytes:
    der = ec_key().sign(data, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
    return b"".join(one.to_bytes(32, "big") for one in decode_dss_signature(der))


def _mender() -> Iterable[Case]:
    files = [("fw.bin", IMAGE)]
    packed = gzip.compress(tar(files), mtime=0)
    linked = gzip.compress(tar([*files, ("link", b"")], {"link": tarfile.SYMTYPE}), mtime=0)
    made = {
        ("valid", "rsa", "RSA, one file"): artifact(files),
        ("valid", "xz", "the payload is packed with xz"): artifact(files, suffix=".xz"),
        ("invalid", "payload", "the payload's file is another one"): artifact([("fw.bin", IMAGE + b"x")], listed=files),
        ("invalid", "version", "the version member is not the one of the manifest"): artifact(
            files, version=b'{"format":"mender","version":2}'
        ),
        ("invalid", "extra-file", "a file in the payload that the manifest lacks"): artifact(
            [*files, ("evil.sh", SCRIPT)], listed=files
        ),
        ("invalid", "missing-file", "a file of the manifest that is not there"): artifact(
            files, listed=[*files, ("more.bin", IMAGE)]
        ),
        ("hostile", "extra-payload", "a data archive the header does not announce"): artifact(
            files, more=[("data/0001.tar.gz", packed)]
        ),
        ("hostile", "behind-stream", "bytes behind the packed stream"): artifact(files, payload=packed + b"hidden"),
        ("hostile", "link", "a link in the payload"): artifact(files, payload=linked),
        ("hostile", "behind-data", "a member behind the data"): artifact(files, more=[("scripts", SCRIPT)]),
    }
    yield from _cases("mender", "fw.mender", made, pinned())
    yield from _cases(
        "mender", "fw.mender", {("valid", "ecdsa", "ECDSA, r || s"): artifact(files, kind="p256")}, pinned("p256")
    )


# OpenBMC

MANIFEST = (
    b"purpose=xyz.openbmc_project.Software.Version.VersionPurpose.BMC\nversion=v2.1.0\nKeyType=OpenBMC\n"
    b"HashType=RSA-SHA256\nMachineName=bms-gw\n"
)
ORDER = (
    "image-bmc",
    "image-hostfw",
    "image-kernel",
    "image-rofs",
    "image-rwfs",
    "image-u-boot",
    "MANIFEST",
    "publickey",
)


def tarball(
    images: dict[str, bytes],
    *,
    system: str = "rsa",
    image_key: str = "image",
    manifest: bytes = MANIFEST,
    full: bool = True,
) -> dict[str, bytes]:
    """Members by name, signed as image_types_phosphor does."""
    files = {**images, "MANIFEST": manifest, "publickey": pem(rsa_key(image_key))}
    signer = {**dict.fromkeys(images, image_key), "MANIFEST": system, "publickey": system}
    out: dict[str, bytes] = {}
    for name, data in files.items():
        out[name], out[f"{name}.sig"] = data, rsa_signed(data, signer[name])
    if full:
        joined = b"".join(out[f"{one}.sig"] for one in ORDER if f"{one}.sig" in out)
        out["image-full.sig"] = rsa_signed(joined, image_key)
    return out


def _openbmc() -> Iterable[Case]:
    good = tarball({"image-bmc": IMAGE})
    four = {f"image-{one}": one.encode() * 40 for one in ("kernel", "rofs", "rwfs", "u-boot")}
    other = tarball({"image-bmc": IMAGE[::-1]})
    twice = MANIFEST + b"HashType=RSA-SHA1\n"
    mixed = {
        **tarball(four),
        **{key: other_part for key, other_part in tarball({**four, "image-rofs": b"old" * 9}).items() if "rofs" in key},
    }
    attacker = tarball({"image-bmc": IMAGE}, system="attacker", image_key="attacker")
    made = {
        ("valid", "one-image", "a full flash image"): good,
        ("valid", "four-images", "an image in four parts"): tarball(four),
        ("invalid", "image", "the image was changed"): {**good, "image-bmc": IMAGE[::-1]},
        ("invalid", "full-missing", "image-full.sig was taken away"): tarball({"image-bmc": IMAGE}, full=False),
        ("invalid", "key-swapped", "publickey is another one"): {**good, "publickey": pem(rsa_key("attacker"))},
        ("invalid", "mixed", "one part comes from another build"): mixed,
        ("hostile", "second-stripped", "announced post-quantum signatures are gone"): tarball(
            {"image-bmc": IMAGE}, manifest=MANIFEST + b"PQ_Hash_Type=SHA512,MLDSA\n"
        ),
        ("hostile", "key-twice", "MANIFEST gives HashType twice"): tarball({"image-bmc": IMAGE}, manifest=twice),
        ("hostile", "unsigned-part", "an image without its signature"): {
            name: data for name, data in good.items() if name != "image-bmc.sig"
        },
    }
    packed = {name: tar(list(members.items())) for name, members in made.items()}
    yield from _cases("openbmc", "fw.tar", packed, pinned())
    unknown = {("invalid", "attacker", "everything is signed by the key it brings"): tar(list(attacker.items()))}
    yield from _cases("openbmc", "fw.tar", unknown, pinned(), status="unknown_key")
    assert other != good


# signify and OpenWrt


def number(name: str) -> bytes:
    return hashlib.sha256(f"number {name}".encode()).digest()[:8]


def usign_public(name: str) -> bytes:
    raw = ed_key(name).public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return b"untrusted comment: public key of a vector\n" + base64.b64encode(b"Ed" + number(name) + raw) + b"\n"


def usign(name: str, data: bytes, *, shown: bytes = b"", tag: bytes = b"Ed") -> bytes:
    shown = shown or number(name)
    line = base64.b64encode(tag + shown + ed_key(name).sign(data))
    return b"untrusted comment: signed by key " + shown.hex().encode() + b"\n" + line + b"\n"


def usign_pinned(name: str = "usign") -> dict[str, bytes]:
    text = registry(entry("release", "signify", "vendor/release.pub", fingerprint(ed_key(name))))
    return {"vendor.yaml": text, "vendor/release.pub": usign_public(name)}


def _signify() -> Iterable[Case]:
    lst = f"SHA256 (fw.bin) = {sha256(IMAGE)}\n".encode()
    bad = IMAGE[::-1]
    spoofed = usign("attacker", IMAGE, shown=number("usign"))
    for kind, name, why, data, signature in (
        ("valid", "plain", "a detached signature", IMAGE, usign("usign", IMAGE)),
        ("valid", "comment", "the comment is signed by nobody", IMAGE,
         usign("usign", IMAGE).replace(b"signed by", b"verify with", 1)),
        ("invalid", "changed", "the file was changed", bad, usign("usign", IMAGE)),
        ("invalid", "spoofed", "another key under the vendor's number", IMAGE, spoofed),
        ("hostile", "tag", "an unknown algorithm", IMAGE, usign("usign", IMAGE, tag=b"Xx")),
    ):  # fmt: skip
        status = "valid" if kind == "valid" else "invalid"
        yield _case(
            "signify", kind, name, why, {"fw.bin": data, "fw.bin.sig": signature}, usign_pinned(), "fw.bin.sig", status
        )
    signed = {"fw.bin": IMAGE, "SHA256.sig": usign("usign", lst) + lst}
    yield _case(
        "signify",
        "valid",
        "list",
        "a checksum list behind its signature",
        signed,
        usign_pinned(),
        "SHA256.sig",
        "valid",
        2,
    )
    other = {
        **signed,
        "SHA256.sig": usign("usign", lst) + lst.replace(sha256(IMAGE).encode(), sha256(bad).encode()),
        "fw.bin": bad,
    }
    yield _case(
        "signify",
        "hostile",
        "list-changed",
        "the list was changed behind its signature",
        other,
        usign_pinned(),
        "SHA256.sig",
        "invalid",
        2,
    )


def attribute(name: int, data: bytes) -> bytes:
    """A blob attribute, padded."""
    return struct.pack(">I", name << 24 | len(data) + 4) + data + bytes(-len(data) % 4)


def message(kind: int, name: str, data: bytes) -> bytes:
    """A named attribute (blobmsg)."""
    head = struct.pack(">H", len(name)) + name.encode() + b"\0"
    return attribute(0x80 | kind, head + bytes(-len(head) % 4) + data)


def certificate(name: str, by: str, *, kind: int = 1, since: int = SINCE, until: int = UNTIL) -> bytes:
    fields = message(5, "certtype", struct.pack(">I", kind)) + message(4, "validfrom", struct.pack(">Q", since))
    fields += message(4, "expiresat", struct.pack(">Q", until)) + message(3, "pubkey", usign_public(name) + b"\0")
    payload = message(2, "ucert", fields)
    return attribute(0, attribute(0, usign(by, payload)) + attribute(1, payload))


def chunk(image: bytes, kind: int, data: bytes) -> bytes:
    crc = zlib.crc32(image + data) ^ 0xFFFFFFFF
    return image + data + struct.pack(">4sIB3xI", b"FWx0", crc, kind, len(data) + 16)


def with_metadata(image: bytes) -> bytes:
    table = {
        "metadata_version": "1.1",
        "supported_devices": ["vendor,bms-gw"],
        "version": {"dist": "OpenWrt", "version": "24.10", "board": "bms-gw"},
    }
    return chunk(image, 1, bytes(8) + json.dumps(table).encode())


def sysupgrade(image: bytes, by: str = "usign", certificates: bytes = b"") -> bytes:
    return chunk(image, 0, certificates + attribute(0, attribute(0, usign(by, image))))


def _openwrt() -> Iterable[Case]:
    image = with_metadata(IMAGE)
    made = {
        ("valid", "plain", "a signature by the pinned key"): sysupgrade(image),
        ("valid", "chain", "a certificate for the signing key"): sysupgrade(
            image, "build", certificate("build", "usign")
        ),
        ("valid", "expired", "an expired certificate is told with its dates"): sysupgrade(
            image, "build", certificate("build", "usign", until=SINCE + 86400)
        ),
        ("invalid", "changed", "the image was changed, its CRC corrected"): chunk(
            with_metadata(IMAGE[::-1]), 0, attribute(0, attribute(0, usign("usign", image)))
        ),
        ("invalid", "foreign-chain", "the signature is by another key than the certificate's"): sysupgrade(
            image, "attacker", certificate("build", "usign")
        ),
        ("invalid", "future", "the certificate is not valid yet"): sysupgrade(
            image, "build", certificate("build", "usign", since=UNTIL - 1)
        ),
        ("hostile", "revoker", "a revocation in the place of a certificate"): sysupgrade(
            image, "build", certificate("build", "usign", kind=2)
        ),
        ("hostile", "metadata-behind", "metadata behind the signature"): with_metadata(sysupgrade(image)),
    }
    yield from _cases("openwrt", "sysupgrade.bin", made, usign_pinned())


def _cases(
    plugin: str, file: str, made: dict[tuple[str, str, str], bytes], keys: dict[str, bytes], *, status: str = ""
) -> Iterable[Case]:
    for (kind, name, why), data in made.items():
        what = status or ("valid" if kind == "valid" else "invalid")
        yield _case(plugin, kind, name, why, {file: data}, keys, file, what)


def _case(
    plugin: str, kind: str, name: str, why: str, delivery: dict[str, bytes], keys: dict[str, bytes], source: str,
    status: str, count: int = 1,
) -> Case:  # fmt: skip
    return Case(plugin, kind, name, why, f"statuses = {json.dumps([[source, status]] * count)}", delivery, keys)


def make(root: Path) -> None:
    for cases in (_swupdate(), _mender(), _openbmc(), _openwrt(), _signify()):
        for one in cases:
            replace(one).write(root)
            toml = root / "schemes" / one.plugin / one.kind / one.name / "vector.toml"
            toml.write_text(toml.read_text().replace(toml.read_text().split('"')[1], ORIGIN, 1))
            cut = root / "schemes" / one.plugin / "truncated" / one.name
            if one.kind == "valid" and one.name in CUT:
                _cut(one, cut)


CUT = frozenset({"libconfig", "rsa", "one-image"})


def _cut(case: Case, folder: Path) -> None:
    """The same file without its last third."""
    shorter = {name: data[: len(data) * 2 // 3] for name, data in case.delivery.items()}
    name = next(iter(shorter))
    made = _case(case.plugin, "truncated", case.name, "the file was cut", shorter, case.keys, name, "invalid")
    made.write(folder.parents[3])


if __name__ == "__main__":
    make(Path(__file__).resolve().parents[1])
