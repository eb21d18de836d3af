"""Vectors of checksum-list, raw-signature and minisign. Every key is made from a published sentence; all deterministic.

ML-DSA and salted PSS signatures are random by design and are tested where they are made, not here.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

SENTENCE = "fwverify vector keys: made of this sentence, public, and proof of nothing"
PAYLOAD = b"firmware of the signature vectors\n" * 4
ORIGIN = "tests/vectors/makers/keys_and_signatures.py, cryptography 50"
ED25519_ORDER = 2**252 + 27742317777372353535851937790883648493


def seed(name: str, size: int = 32) -> bytes:
    return hashlib.shake_256(f"{SENTENCE}/{name}".encode()).digest(size)


def _prime(name: str) -> int:
    """The first 1024-bit probable prime at or after the sentence's digest that suits e = 65537."""
    value = int.from_bytes(seed(name, 128), "big") | (3 << 1022) | 1
    while value % 65537 == 1 or any(pow(base, value - 1, value) != 1 for base in (2, 3, 5, 7)):
        value += 2
    return value


def rsa_key(name: str = "rsa") -> rsa.RSAPrivateKey:
    p, q, e = _prime(f"{name}-p"), _prime(f"{name}-q"), 65537
    d = pow(e, -1, (p - 1) * (q - 1))
    public = rsa.RSAPublicNumbers(e, p * q)
    return rsa.RSAPrivateNumbers(p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p), public).private_key()


def ed_key(name: str = "ed25519") -> ed25519.Ed25519PrivateKey:
    return ed25519.Ed25519PrivateKey.from_private_bytes(seed(name))


def ec_key(name: str = "p256") -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(seed(name), "big") >> 8, ec.SECP256R1())


def pem(key: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def fingerprint(key: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey) -> str:
    der = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(der).hexdigest()


def minisign_key_id(name: str) -> bytes:
    return seed(f"{name}-id", 8)


def minisign_public(name: str) -> bytes:
    raw = ed_key(name).public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return b"untrusted comment: minisign public key of a vector\n" + _line(b"Ed" + minisign_key_id(name) + raw)


def minisign_signature(name: str, payload: bytes, *, legacy: bool = False, key_id: bytes = b"") -> bytes:
    key = ed_key(name)
    signature = key.sign(payload if legacy else hashlib.blake2b(payload).digest())
    comment = b"timestamp:1790000000\tfile:fw.bin" + (b"" if legacy else b"\thashed")
    head = (b"Ed" if legacy else b"ED") + (key_id or minisign_key_id(name))
    return b"".join(
        (b"untrusted comment: vector\n", _line(head + signature), b"trusted comment: " + comment + b"\n",
         _line(key.sign(signature + comment)))
    )  # fmt: skip


def _line(raw: bytes) -> bytes:
    return base64.b64encode(raw) + b"\n"


def registry(entries: str) -> bytes:
    return (
        "# Keys of the vectors: made from a published sentence, proof of nothing.\n"
        f"fwverify: keys/1\nvendor: {{id: vendor, legal-name: Vendor of the vectors}}\nkeys:\n{entries}"
    ).encode()


def entry(key_id: str, kind: str, file: str, digest: str) -> str:
    return (
        f"  - id: {key_id}\n    type: {kind}\n    file: {file}\n    spki-sha256: {digest}\n"
        '    purposes: [firmware]\n    products: ["*"]\n    sources:\n'
        "      - {channel: made for a test, who: the maker, when: 2026-11-22}\n"
    )


@dataclass(frozen=True)
class Case:
    """One vector."""

    plugin: str
    kind: str
    name: str
    why: str
    expect: str
    delivery: dict[str, bytes]
    keys: dict[str, bytes]

    def write(self, root: Path) -> None:
        folder = root / "schemes" / self.plugin / self.kind / self.name
        meta = f'origin = "{ORIGIN}"\nwhy = "{self.why}"\n\n[expect]\n{self.expect}\n'
        files = {f"delivery/{name}": data for name, data in self.delivery.items()}
        files |= {f"keys/{name}": data for name, data in self.keys.items()}
        for name, data in {**files, "vector.toml": meta.encode()}.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)


def _all_keys() -> dict[str, bytes]:
    keys = {"rsa": rsa_key(), "ed25519": ed_key(), "p256": ec_key()}
    entries = "".join(entry(name, "public-key", f"vendor/{name}.pem", fingerprint(key)) for name, key in keys.items())
    return {"vendor.yaml": registry(entries), **{f"vendor/{name}.pem": pem(key) for name, key in keys.items()}}


def _flipped(data: bytes, at: int = 5) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def raw_cases() -> list[Case]:
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    sha256, keys = hashes.SHA256(), _all_keys()
    pkcs1 = rsa_key().sign(PAYLOAD, padding.PKCS1v15(), sha256)
    pss = rsa_key().sign(PAYLOAD, padding.PSS(padding.MGF1(sha256), 0), sha256)
    der = ec_key().sign(PAYLOAD, ec.ECDSA(sha256, deterministic_signing=True))
    r, s = decode_dss_signature(der)
    p1363 = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    plain = ed_key().sign(PAYLOAD)
    malleated = plain[:32] + (int.from_bytes(plain[32:], "little") + ED25519_ORDER).to_bytes(32, "little")
    over_digest = ed_key().sign(hashlib.sha512(PAYLOAD).digest())
    stranger = ed_key("stranger").sign(PAYLOAD)
    sha1 = rsa_key().sign(PAYLOAD, padding.PKCS1v15(), hashes.SHA1())
    rows = (
        ("valid", "rsa-pkcs1v15", "RSA, binary", "valid", pkcs1, PAYLOAD),
        ("valid", "rsa-pkcs1v15-sha1", "the mathematics holds; weak is a rule's word", "valid", sha1, PAYLOAD),
        (
            "valid",
            "rsa-pss-base64",
            "PSS without salt, written as base64",
            "valid",
            base64.b64encode(pss) + b"\n",
            PAYLOAD,
        ),
        ("valid", "ecdsa-der", "ECDSA P-256, DER", "valid", der, PAYLOAD),
        (
            "valid",
            "ecdsa-p1363-hex",
            "ECDSA P-256, r and s in hexadecimal",
            "valid",
            p1363.hex().encode() + b"\n",
            PAYLOAD,
        ),
        ("valid", "ed25519", "Ed25519, binary", "valid", plain, PAYLOAD),
        ("invalid", "payload-changed", "one bit of the payload differs", "invalid", pkcs1, _flipped(PAYLOAD)),
        ("invalid", "payload-longer", "one byte more than was signed", "invalid", der, PAYLOAD + b"\n"),
        ("invalid", "signature-changed", "one bit of the signature differs", "invalid", _flipped(plain), PAYLOAD),
        ("hostile", "ed25519-s-plus-order", "a second spelling of S (RFC 8032 5.1.7)", "invalid", malleated, PAYLOAD),
        (
            "hostile",
            "ed25519-over-digest",
            "the digest is signed in place of the file",
            "invalid",
            over_digest,
            PAYLOAD,
        ),
        ("hostile", "p1363-zero", "r = s = 0 (CVE-2022-21449)", "invalid", bytes(64), PAYLOAD),
    )
    cases = [
        Case("raw-signature", kind, name, why, f'statuses = [["fw.bin.sig", "{status}"]]',
             {"fw.bin": payload, "fw.bin.sig": signature}, keys)
        for kind, name, why, status, signature, payload in rows
    ]  # fmt: skip
    carried = {"fw.bin": PAYLOAD, "fw.bin.sig": stranger, "vendor.pem": pem(ed_key("stranger"))}
    cases.append(
        Case("raw-signature", "hostile", "carried-key", "the key that fits came with the file",
             'statuses = [["fw.bin.sig", "unknown_key"]]', carried, keys)
    )  # fmt: skip
    no_companion = "statuses = []"
    for kind, name, why, signature in (
        ("truncated", "half", "half an RSA signature: no signature, so an image", pkcs1[:100]),
        ("hostile", "trailing-byte", "a byte after the RSA signature: no signature, so an image", pkcs1 + b"\0"),
        ("hostile", "der-trailing-byte", "a byte after the DER: no signature, so an image", der + b"\0"),
    ):
        delivery = {"fw.bin": PAYLOAD, "fw.bin.sig": signature}
        cases.append(Case("raw-signature", kind, name, why, no_companion, delivery, keys))
    return cases


def minisign_cases() -> list[Case]:
    digest = fingerprint(ed_key("minisign"))
    keys = {
        "vendor.yaml": registry(entry("release", "minisign", "vendor/release.pub", digest)),
        "vendor/release.pub": minisign_public("minisign"),
    }
    good = minisign_signature("minisign", PAYLOAD)
    forged = minisign_signature("stranger", PAYLOAD, key_id=minisign_key_id("minisign"))
    rows = (
        ("valid", "prehashed", "made as minisign makes it", "valid", good, PAYLOAD),
        (
            "valid",
            "legacy",
            "the file itself is signed",
            "valid",
            minisign_signature("minisign", PAYLOAD, legacy=True),
            PAYLOAD,
        ),
        ("valid", "untrusted-comment-changed", "nobody signs it", "valid", good.replace(b"vector", b"edited"), PAYLOAD),
        ("invalid", "payload-changed", "one bit differs", "invalid", good, _flipped(PAYLOAD)),
        (
            "invalid",
            "trusted-comment-changed",
            "the global signature covers it",
            "invalid",
            good.replace(b"file:fw.bin", b"file:ot.bin"),
            PAYLOAD,
        ),
        ("hostile", "key-id-of-another", "signed by a stranger under the pinned key's id", "invalid", forged, PAYLOAD),
        (
            "hostile",
            "not-on-record",
            "a stranger's key, not delivered",
            "unverifiable",
            minisign_signature("stranger", PAYLOAD),
            PAYLOAD,
        ),
    )
    cases = [
        Case("minisign", kind, name, why, f'statuses = [["fw.bin.minisig", "{status}"]]',
             {"fw.bin": payload, "fw.bin.minisig": signature}, keys)
        for kind, name, why, status, signature, payload in rows
    ]  # fmt: skip
    carried = {
        "fw.bin": PAYLOAD,
        "fw.bin.minisig": minisign_signature("stranger", PAYLOAD),
        "minisign.pub": minisign_public("stranger"),
    }
    cases.append(
        Case("minisign", "hostile", "carried-key", "the key that fits came with the file",
             'statuses = [["fw.bin.minisig", "unknown_key"]]', carried, keys)
    )  # fmt: skip
    for kind, name, why, signature in (
        (
            "truncated",
            "three-lines",
            "no global signature: no signature, so an image",
            good[: good.rindex(b"\n", 0, -1) + 1],
        ),
        (
            "hostile",
            "text-after",
            "unsigned text after the fourth line: no signature, so an image",
            good + b"approved\n",
        ),
    ):
        delivery = {"fw.bin": PAYLOAD, "fw.bin.minisig": signature}
        cases.append(Case("minisign", kind, name, why, "statuses = []", delivery, keys))
    return cases


def checksum_cases() -> list[Case]:
    app = b"application of the checksum vectors\n"
    fw, md5 = hashlib.sha256(PAYLOAD).hexdigest(), hashlib.md5(PAYLOAD).hexdigest()
    other, sha512 = hashlib.sha256(app).hexdigest(), hashlib.sha512(PAYLOAD).hexdigest()
    yes, no = '[["fw.bin", true]]', '[["fw.bin", false]]'
    both = '[["fw.bin", true], ["app.bin", true]]'
    rows = (
        (
            "valid",
            "coreutils",
            "two spaces and the binary mark",
            "SHA256SUMS",
            f"{fw}  fw.bin\n{other} *app.bin\n",
            both,
        ),
        ("valid", "bsd", "names its algorithm", "CHECKSUMS", f"SHA512 (fw.bin) = {sha512}\n", yes),
        (
            "valid",
            "crlf-uppercase",
            "as Windows writes it",
            "SHA256SUMS",
            f"# digests\r\n{fw.upper()}  ./fw.bin\r\n",
            yes,
        ),
        ("valid", "single", "a digest alone speaks of the file it is named after", "fw.bin.sha256", f"{fw}\n", yes),
        ("valid", "md5", "holds; weak is a rule's word", "MD5SUMS", f"{md5}  fw.bin\n", yes),
        ("invalid", "other-digest", "the digest of another file", "SHA256SUMS", f"{other}  fw.bin\n", no),
        (
            "invalid",
            "not-delivered",
            "listed but not there",
            "SHA256SUMS",
            f"{fw}  gone.bin\n",
            '[["gone.bin", false]]',
        ),
        (
            "hostile",
            "two-digests",
            "one name, two digests",
            "SHA256SUMS",
            f"{fw}  fw.bin\n{other}  fw.bin\n",
            '[["fw.bin", false], ["fw.bin", false]]',
        ),
        ("hostile", "cut-digest", "the first 128 bits of the right digest", "SHA256SUMS", f"{fw[:32]}  fw.bin\n", no),
        ("hostile", "md5-in-sha256sums", "weaker than the list's name says", "SHA256SUMS", f"{md5}  fw.bin\n", no),
        (
            "hostile",
            "other-folder",
            "the base name alone does not match",
            "SHA256SUMS",
            f"{fw}  sub/fw.bin\n",
            '[["sub/fw.bin", false]]',
        ),
        (
            "hostile",
            "leaves-its-folder",
            "dot-dot matches nothing",
            "SHA256SUMS",
            f"{fw}  ../fw.bin\n",
            '[["../fw.bin", false]]',
        ),
        ("truncated", "cut-line", "the last digest is cut: no list", "SHA256SUMS", f"{fw}  fw.bin\n{other[:20]}", "[]"),
        ("hostile", "prose", "a sentence among the digests: no list", "SHA256SUMS", f"All good!\n{fw}  fw.bin\n", "[]"),
    )
    return [
        Case("checksum-list", kind, name, why, f"checksums = {expect}",
             {"fw.bin": PAYLOAD, "app.bin": app, list_name: text.encode()}, {})
        for kind, name, why, list_name, text, expect in rows
    ]  # fmt: skip


def make(root: Path) -> None:
    """Write all cases of the three schemes under `root`/schemes."""
    for case in (*raw_cases(), *minisign_cases(), *checksum_cases()):
        case.write(root)
