"""Signatures inside images and certificates for the samples: FIT, MCUboot, RAUC, CMS with timestamps, OpenPGP.

The official tools sign where they can be made to give the same bytes twice (mkimage, imgtool, openssl cms without
attributes). `rauc bundle` cannot, as it takes chance and the clock: its bundle is made once and kept. Timestamps of the
past and OpenPGP signatures are written here, after RFC 3161 and RFC 9580. All keys are derived from their names.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import math
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from asn1crypto import algos, cms, core, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from recipes import EPOCH, TREE

Private = rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
SIGNS_CODE = (ExtendedKeyUsageOID.CODE_SIGNING, ExtendedKeyUsageOID.EMAIL_PROTECTION)
"""The second is what `rauc` asks for when its configuration says nothing else."""
STAMPS = (ExtendedKeyUsageOID.TIME_STAMPING,)
PUBLIC = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
SMALL_PRIMES = [one for one in range(3, 2000, 2) if all(one % two for two in range(3, int(one**0.5) + 1, 2))]


def stream(name: str, size: int) -> bytes:
    text = f"fwverify sample key {name}: published, protects nothing".encode()
    return hashlib.shake_256(text).digest(size)


def _prime(name: str) -> int:
    """The first probable prime of 1024 bits at or after a number derived from the name, fit for the exponent 65537."""
    number = int.from_bytes(stream(name, 128), "big") | 3 << 1022 | 1
    while not all(number % one for one in SMALL_PRIMES) or math.gcd(number - 1, 65537) != 1 or not _probable(number):
        number += 2
    return number


def _probable(number: int) -> bool:
    """Miller and Rabin, with fixed bases: these numbers are nobody's attack."""
    odd, twos = number - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for base in SMALL_PRIMES[:16]:
        value = pow(base, odd, number)
        if value in (1, number - 1):
            continue
        for _ in range(twos - 1):
            value = value * value % number
            if value == number - 1:
                break
        else:
            return False
    return True


@functools.cache
def rsa_key(name: str) -> rsa.RSAPrivateKey:
    p, q = _prime(f"{name} p"), _prime(f"{name} q")
    d = pow(65537, -1, math.lcm(p - 1, q - 1))
    numbers = rsa.RSAPublicNumbers(65537, p * q)
    return rsa.RSAPrivateNumbers(p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p), numbers).private_key()


def ed_key(name: str) -> ed25519.Ed25519PrivateKey:
    return ed25519.Ed25519PrivateKey.from_private_bytes(stream(name, 32))


def fingerprint(key: Private) -> str:
    return hashlib.sha256(key.public_key().public_bytes(*PUBLIC)).hexdigest()


def public_pem(key: Private) -> bytes:
    return key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def _secret(key: Private) -> bytes:
    kind = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, kind, serialization.NoEncryption())


def _run(folder: str, *command: str) -> None:
    beside = Path(sys.executable).parent / command[0]
    program = str(beside) if beside.exists() else command[0]
    environment = {**os.environ, "SOURCE_DATE_EPOCH": EPOCH, "TZ": "UTC", "LC_ALL": "C"}
    subprocess.run([program, *command[1:]], cwd=folder, check=True, capture_output=True, env=environment)


# --- images that carry their signature ---

FIT = """/dts-v1/;
/ {{ description = "{title} {version}"; #address-cells = <1>;
  images {{
    fdt {{ description = "device tree"; data = /incbin/("board.dtb"); type = "flat_dt"; arch = "arm"; compression = "none";
           hash-1 {{ algo = "sha256"; }}; }};
    rootfs {{ description = "root file system"; data = /incbin/("root.squashfs"); type = "filesystem"; arch = "arm";
             compression = "none"; hash-1 {{ algo = "sha256"; }}; }};
  }};
  configurations {{ default = "{default}";
    conf-1 {{ description = "{title}"; compatible = "{vendor},{product}"; fdt = "fdt"; loadables = "rootfs";
      signature-1 {{ algo = "sha256,rsa2048"; key-name-hint = "dev"; sign-images = "fdt", "loadables"; }}; }};
    {more}
  }}; }};
"""
UNSIGNED = (
    'conf-2 {{ description = "{title}"; compatible = "{vendor},{product}"; fdt = "fdt"; loadables = "rootfs"; }};'
)


def signed_fit(key: rsa.RSAPrivateKey, root: bytes, words: dict[str, str], unsigned_default: bool = False) -> bytes:
    """A FIT with one signed configuration; on demand a second one, unsigned, that the device boots by default."""
    more = UNSIGNED.format(**words) if unsigned_default else ""
    source = FIT.format(**words, default="conf-2" if unsigned_default else "conf-1", more=more)
    with tempfile.TemporaryDirectory() as folder:
        files = {"root.squashfs": root, "board.dts": TREE.format(**words).encode(), "f.its": source.encode()}
        for name, data in {**files, "dev.key": _secret(key), "dev.pem": _secret(key)}.items():
            (Path(folder) / name).write_bytes(data)
        _run(folder, "dtc", "-q", "-O", "dtb", "-o", "board.dtb", "board.dts")
        _run(folder, "mkimage", "-D", "-I dts -O dtb -p 1000", "-f", "f.its", "-k", ".", "-r", "f.itb")
        return (Path(folder) / "f.itb").read_bytes()


def mcuboot(key: ed25519.Ed25519PrivateKey, program: bytes, version: str) -> bytes:
    """As imgtool signs it for a slot of 64 KiB: header of 512 bytes, program, records; not padded."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "key.pem").write_bytes(_secret(key))
        (Path(folder) / "in.bin").write_bytes(program)
        _run(
            folder, "imgtool", "sign", "--key", "key.pem", "--header-size", "0x200", "--pad-header", "--align", "4",
            "--slot-size", "0x10000", "--version", version, "--security-counter", "7", "in.bin", "out.bin",
        )  # fmt: skip
        return (Path(folder) / "out.bin").read_bytes()


MANIFEST = """[update]
compatible={compatible}
version={version}

[bundle]
format=verity

[image.rootfs]
filename=rootfs.squashfs
"""


def rauc_bundle(
    kept: Path, root: bytes, compatible: str, version: str, signer: rsa.RSAPrivateKey, leaf: bytes
) -> bytes:
    """A bundle in the verity format by `rauc bundle`: the committed one, where there is one."""
    if kept.is_file() or not shutil.which("rauc"):
        return kept.read_bytes()
    with tempfile.TemporaryDirectory() as folder:
        content = Path(folder) / "content"
        content.mkdir()
        (content / "rootfs.squashfs").write_bytes(root)
        (content / "manifest.raucm").write_text(MANIFEST.format(compatible=compatible, version=version))
        (Path(folder) / "key.pem").write_bytes(_secret(signer))
        (Path(folder) / "leaf.pem").write_bytes(leaf)
        _run(folder, "rauc", "bundle", "--cert", "leaf.pem", "--key", "key.pem", "content", "out.raucb")
        return (Path(folder) / "out.raucb").read_bytes()


def other_payload(bundle: bytes, root: bytes, new_root: bytes) -> bytes:
    """The bundle with another root file system in its payload, hash tree and signature left as they were."""
    size = int.from_bytes(bundle[-8:], "big")
    behind = 4096 + size + 8  # one block of hash tree, the signature, its size
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "old").write_bytes(bundle[:-behind])
        _run(folder, "unsquashfs", "-no-progress", "-d", "content", "old")
        manifest = Path(folder) / "content/manifest.raucm"
        old, new = (hashlib.sha256(one).hexdigest() for one in (root, new_root))
        manifest.write_text(manifest.read_text().replace(old, new))
        (Path(folder) / "content/rootfs.squashfs").write_bytes(new_root)
        _run(
            folder, "mksquashfs", "content", "new", "-all-root", "-noappend", "-no-progress", "-no-xattrs",
            "-reproducible",
        )  # fmt: skip
        payload = (Path(folder) / "new").read_bytes()
    if len(payload) != len(bundle) - behind:
        raise ValueError(f"the new payload has {len(payload)} bytes, not {len(bundle) - behind}")
    return payload + bundle[-behind:]


# --- certificates, CMS, timestamps ---


def certificate(
    name: str, issuer: str, since: datetime, until: datetime, usage: Sequence[x509.ObjectIdentifier] = ()
) -> x509.Certificate:
    """For `rsa_key(name)`; without a usage an authority."""
    names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, one)]) for one in (name, issuer)]
    number = int.from_bytes(stream(f"serial {name}", 8), "big") >> 1
    public = rsa_key(name).public_key()
    made = x509.CertificateBuilder(names[1], names[0], public, number, since, until)
    ca = not usage
    made = made.add_extension(x509.BasicConstraints(ca, None), critical=True)
    made = made.add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    above = x509.AuthorityKeyIdentifier.from_issuer_public_key(rsa_key(issuer).public_key())
    made = made.add_extension(above, critical=False)
    if usage:
        stamps = ExtendedKeyUsageOID.TIME_STAMPING in usage
        made = made.add_extension(x509.ExtendedKeyUsage(usage), critical=stamps)
    bits = x509.KeyUsage(not ca, False, False, False, False, ca, ca, False, False)
    return made.add_extension(bits, critical=True).sign(rsa_key(issuer), hashes.SHA256())


def pem(made: x509.Certificate) -> bytes:
    return made.public_bytes(serialization.Encoding.PEM)


def cms_signature(leaf: x509.Certificate, key: rsa.RSAPrivateKey, content: bytes) -> bytes:
    """A detached CMS signature by `openssl cms`, without attributes: those hold the clock."""
    with tempfile.TemporaryDirectory() as folder:
        for name, data in {"leaf.pem": pem(leaf), "key.pem": _secret(key), "content": content}.items():
            (Path(folder) / name).write_bytes(data)
        _run(
            folder, "openssl", "cms", "-sign", "-binary", "-noattr", "-md", "sha256", "-signer", "leaf.pem",
            "-inkey", "key.pem", "-in", "content", "-outform", "DER", "-out", "out.p7s",
        )  # fmt: skip
        return (Path(folder) / "out.p7s").read_bytes()


def stamped(signature: bytes, authority: x509.Certificate, key: rsa.RSAPrivateKey, at: datetime) -> bytes:
    """The CMS signature with a timestamp (RFC 3161) of its value as an unsigned attribute."""
    given = cms.ContentInfo.load(signature)["content"]
    old = given["signer_infos"][0]
    token = _token(old["signature"].native, authority, key, at)
    kept = {name: old[name] for name in ("version", "sid", "digest_algorithm", "signature_algorithm", "signature")}
    stamp = cms.CMSAttributes([{"type": "signature_time_stamp_token", "values": [token]}])
    fields = {name: given[name] for name in ("version", "digest_algorithms", "encap_content_info", "certificates")}
    signers = [cms.SignerInfo({**kept, "unsigned_attrs": stamp})]
    made = cms.SignedData({**fields, "signer_infos": signers})
    return cms.ContentInfo({"content_type": "signed_data", "content": made}).dump()


def _token(over: bytes, authority: x509.Certificate, key: rsa.RSAPrivateKey, at: datetime) -> cms.ContentInfo:
    info = tsp.TSTInfo({
        "version": "v1", "policy": "1.3.6.1.4.1.99999.1", "serial_number": 7, "gen_time": at,
        "message_imprint": {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": hashlib.sha256(over).digest()},
    }).dump()  # fmt: skip
    der = authority.public_bytes(serialization.Encoding.DER)
    loaded = asn1_x509.Certificate.load(der)
    signed = cms.CMSAttributes([
        {"type": "content_type", "values": ["tst_info"]},
        {"type": "signing_time", "values": [cms.Time({"utc_time": at})]},
        {"type": "message_digest", "values": [hashlib.sha256(info).digest()]},
        {"type": "signing_certificate_v2", "values": [{"certs": [{"cert_hash": hashlib.sha256(der).digest()}]}]},
    ])  # fmt: skip
    named = cms.IssuerAndSerialNumber({"issuer": loaded.issuer, "serial_number": loaded.serial_number})
    signer = cms.SignerInfo({
        "version": "v1", "sid": cms.SignerIdentifier(name="issuer_and_serial_number", value=named),
        "digest_algorithm": algos.DigestAlgorithm({"algorithm": "sha256"}), "signed_attrs": signed,
        "signature_algorithm": algos.SignedDigestAlgorithm({"algorithm": "rsassa_pkcs1v15"}),
        "signature": key.sign(signed.dump(), padding.PKCS1v15(), hashes.SHA256()),
    })  # fmt: skip
    content = cms.EncapsulatedContentInfo({"content_type": "tst_info", "content": core.ParsableOctetString(info)})
    return cms.ContentInfo({"content_type": "signed_data", "content": cms.SignedData({
        "version": "v3", "digest_algorithms": [{"algorithm": "sha256"}], "encap_content_info": content,
        "certificates": [cms.CertificateChoices(name="certificate", value=loaded)], "signer_infos": [signer],
    })})  # fmt: skip


# --- OpenPGP, version 4, Ed25519 (RFC 9580, sections 4.2, 5.2, 5.5; the older form with its object identifier) ---

OID = bytes.fromhex("092b06010401da470f01")
PGP_MADE, PGP_SIGNED = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 10, 1, 9, 0, tzinfo=UTC)


def _packet(kind: int, body: bytes) -> bytes:
    head = bytes((0xC0 | kind,))
    return head + (bytes((len(body),)) if len(body) < 192 else b"\xff" + len(body).to_bytes(4, "big")) + body


def _mpi(raw: bytes) -> bytes:
    value = int.from_bytes(raw, "big")
    return value.bit_length().to_bytes(2, "big") + value.to_bytes((value.bit_length() + 7) // 8, "big")


def _seconds(when: datetime) -> bytes:
    return int(when.timestamp()).to_bytes(4, "big")


def _key_body(name: str) -> bytes:
    raw = ed_key(name).public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return b"\x04" + _seconds(PGP_MADE) + b"\x16" + OID + _mpi(b"\x40" + raw)


def _pgp_packet(name: str, kind: int, when: datetime, more: bytes, signed: bytes) -> bytes:
    body = _key_body(name)
    mark = hashlib.sha1(b"\x99" + len(body).to_bytes(2, "big") + body).digest()
    area = b"\x05\x02" + _seconds(when) + more + b"\x16\x21\x04" + mark
    head = bytes((4, kind, 22, 10)) + len(area).to_bytes(2, "big") + area
    digest = hashlib.sha512(signed + head + b"\x04\xff" + len(head).to_bytes(4, "big")).digest()
    value = ed_key(name).sign(digest)
    unhashed = b"\x09\x10" + mark[-8:]
    numbers = _mpi(value[:32]) + _mpi(value[32:])
    return _packet(2, head + len(unhashed).to_bytes(2, "big") + unhashed + digest[:2] + numbers)


def _armor(what: str, raw: bytes) -> bytes:
    """With the old checksum at its end, without which gpg reads on where the base64 needs no `=`."""
    check = 0xB704CE
    for one in raw:
        check ^= one << 16
        for _ in range(8):
            check = check << 1 ^ (0x1864CFB if check & 0x800000 else 0)
    text = base64.b64encode(raw).decode()
    lines = "\n".join(text[at : at + 64] for at in range(0, len(text), 64))
    ending = "=" + base64.b64encode(check.to_bytes(3, "big")).decode()
    return f"-----BEGIN PGP {what}-----\n\n{lines}\n{ending}\n-----END PGP {what}-----\n".encode()


def pgp_certificate(name: str, user: str) -> bytes:
    body, owner = _key_body(name), user.encode()
    bound = b"\x99" + len(body).to_bytes(2, "big") + body + b"\xb4" + len(owner).to_bytes(4, "big") + owner
    own = _pgp_packet(name, 0x13, PGP_MADE, b"\x02\x1b\x03", bound)  # key flags: certify and sign
    return _armor("PUBLIC KEY BLOCK", _packet(6, body) + _packet(13, owner) + own)


def pgp_signature(name: str, content: bytes) -> bytes:
    return _armor("SIGNATURE", _pgp_packet(name, 0x00, PGP_SIGNED, b"", content))
