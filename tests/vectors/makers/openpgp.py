"""Vectors of the scheme openpgp. Deterministic: keys and salts are made from a published sentence."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path

from tests.vectors.makers import openpgp_writer as w
from tests.vectors.makers.keys_and_signatures import PAYLOAD, rsa_key
from tests.vectors.makers.openpgp_writer import Key, Sign

ORIGIN = "tests/vectors/makers/openpgp_writer.py, cryptography 50; valid ones also hold for gpgv and sequoia"
SHA256SUMS = f"{hashlib.sha256(PAYLOAD).hexdigest()}  fw.bin"
FORGED = f"{'0' * 64}  fw.bin"


@dataclass(frozen=True)
class Case:
    """One vector."""

    kind: str
    name: str
    why: str
    certificate: bytes
    signature: bytes
    status: str
    file: str = "fw.bin.sig"
    payload: bytes = PAYLOAD
    more: tuple[str, ...] = ()
    """Statuses of further signatures in the same file."""


def _pinned(certificate: bytes) -> str:
    from fwverify.formats import key_file

    return key_file.parse(certificate).fingerprint


def _detached() -> list[Case]:
    old, new, v6 = w.key(), w.key(legacy=False), w.key("openpgp-6", version=6)
    rsa = Key(rsa_key())
    both = w.key("openpgp-sub")
    with_subkey = w.certificate(old, flags=0x01) + w.subkey(old, both, back=both)
    return [
        Case("valid", "v4-ed25519-legacy", "as GnuPG makes it", w.certificate(old), Sign(old).packet(PAYLOAD), "valid"),
        Case("valid", "v4-ed25519", "algorithm 27", w.certificate(new), Sign(new).packet(PAYLOAD), "valid"),
        Case("valid", "v6", "salted, direct key signature", w.certificate(v6), Sign(v6).packet(PAYLOAD), "valid"),
        Case("valid", "v4-rsa-armored", "with checksum and comment", w.certificate(rsa),
             w.armored("SIGNATURE", Sign(rsa).packet(PAYLOAD), "Comment: vector", checksum=True), "valid",
             "fw.bin.asc"),
        Case("valid", "subkey", "the primary key only certifies", with_subkey, Sign(both).packet(PAYLOAD), "valid"),
        Case("valid", "two-in-one-file", "each is checked", w.certificate(old),
             Sign(old).packet(PAYLOAD) + Sign(old, created=w.SIGNED + 1).packet(PAYLOAD), "valid", more=("valid",)),
        Case("valid", "old-packet-length", "two-byte length of the old format", w.certificate(old),
             w.packet(2, Sign(old).body(PAYLOAD), old=True), "valid"),
    ]  # fmt: skip


def _invalid() -> list[Case]:
    key, other, both = w.key(), w.key("openpgp-other"), w.key("openpgp-sub")
    good = Sign(key).packet(PAYLOAD)
    own = w.certificate(key)
    day = 86400
    revoked = (
        w.packet(6, key.body) + Sign(key, 0x20, w.MADE + day).packet(key.hashed) + own[len(w.packet(6, key.body)) :]
    )
    return [
        Case("invalid", "payload-changed", "one byte", own, good, "invalid", payload=PAYLOAD[:-1] + b"!"),
        Case("invalid", "expired-key", "in 2025", w.certificate(key, lasts=30 * day), good, "invalid"),
        Case("invalid", "revoked-key", "no reason given: never again", revoked, good, "invalid"),
        Case("invalid", "future", "made in 2027", own,
             Sign(key, created=w.SIGNED + 400 * day).packet(PAYLOAD), "invalid"),
        Case("invalid", "signature-expired", "after a day", own,
             Sign(key, more=w.seconds(3, day)).packet(PAYLOAD), "invalid"),
        Case("invalid", "before-its-key", "signed in 2024", own,
             Sign(key, created=w.MADE - day).packet(PAYLOAD), "invalid"),
        Case("invalid", "one-of-two-broken", "vendor's is of another file", own,
             Sign(key).packet(b"other") + Sign(other).packet(PAYLOAD), "invalid", more=("unverifiable",)),
        Case("hostile", "certification-as-signature", "type 0x10", own, Sign(key, 0x10).packet(PAYLOAD), "invalid"),
        Case("hostile", "subkey-not-cross-certified", "anybody may have claimed it",
             own + w.subkey(key, both), Sign(both).packet(PAYLOAD), "invalid"),
        Case("hostile", "subkey-not-bound", "the primary key says nothing of it",
             own + w.subkey(key, both, bound=False), Sign(both).packet(PAYLOAD), "invalid"),
        Case("hostile", "subkey-for-encryption", "flags say so",
             own + w.subkey(key, both, flags=0x0C, back=both), Sign(both).packet(PAYLOAD), "invalid"),
        Case("hostile", "issuer-of-the-vendor", "an unhashed claim; another key made it", own,
             Sign(other, name_issuer=False, unhashed=w.sub(16, key.key_id)).packet(PAYLOAD), "invalid"),
        Case("hostile", "time-not-hashed", "creation time in the unhashed area", own,
             Sign(key, dated=False, unhashed=w.seconds(2, w.SIGNED)).packet(PAYLOAD), "invalid"),
        Case("hostile", "critical-notation", "says something that must be understood", own,
             Sign(key, more=w.sub(20, bytes(8), critical=True)).packet(PAYLOAD), "unverifiable"),
        Case("hostile", "version-3", "no hashed area", own,
             w.packet(2, b"\x03\x05\x00" + w.SIGNED.to_bytes(4, "big") + key.key_id + b"\x16\x0a\0\0" + bytes(8)),
             "unverifiable"),
        Case("hostile", "wrong-bit-count", "a number with leading zeros", own, _padded(good), "invalid"),
        Case("hostile", "partial-length", "packet in pieces", own, b"\xc2\xe8" + good[2:], "invalid"),
        Case("hostile", "huge-length", "four gigabytes announced", own,
             b"\xc2\xff\xff\xff\xff\xff" + good[2:], "invalid"),
        Case("hostile", "signed-message", "brings its own content", own,
             bytes.fromhex("c40d0300160a") + key.key_id + b"\x01" + w.packet(11, b"b\0" + bytes(4) + b"other")
             + Sign(key).packet(b"other"), "invalid"),
        Case("hostile", "bytes-after", "behind the packet", own, good + b"hidden", "invalid"),
        Case("hostile", "not-on-record", "the vendor's name, another key", own, Sign(other).packet(PAYLOAD),
             "unverifiable"),
        Case("truncated", "cut", "half the packet", own, good[: len(good) // 2], "invalid"),
    ]  # fmt: skip


def _padded(signature: bytes) -> bytes:
    """The last number written with eight more bits than it has."""
    body = signature[2:]
    for at in range(len(body) - 34, len(body) - 30):
        bits = int.from_bytes(body[at : at + 2], "big")
        if 200 < bits <= 256 and (bits + 7) // 8 == len(body) - at - 2:
            return w.packet(2, body[:at] + (bits + 8).to_bytes(2, "big") + b"\0" + body[at + 2 :])
    raise AssertionError("no number at the end")


def _clear() -> list[Case]:
    key = w.key()
    own, text = w.certificate(key), Sign(key, 0x01)
    good = w.clear_signed(SHA256SUMS, text)
    crlf = good.replace(b"\n", b"\r\n")
    listed = replace(text, created=w.SIGNED + 1)
    inject = good.replace(b"Hash: SHA512\n", f"Hash: SHA512\n{FORGED}\n".encode())
    return [
        Case("valid", "clear-signed", "a list", own, good, "valid", "SHA256SUMS.asc"),
        Case("valid", "clear-signed-crlf", "line ends changed on the way", own, crlf, "valid", "SHA256SUMS.asc"),
        Case("valid", "clear-signed-dashes", "escaped lines, blanks at an end", own,
             w.clear_signed("-----\nnotes  \n\n- dash", listed), "valid", "NOTES.asc"),
        Case("valid", "clear-signed-in-place", "under the list's own name", own, good, "valid", "SHA256SUMS"),
        Case("invalid", "clear-signed-edited", "a digest in the text", own,
             good.replace(SHA256SUMS.encode(), FORGED.encode()), "invalid", "SHA256SUMS.asc"),
        Case("hostile", "clear-signed-prepended", "a line nobody signed", own, FORGED.encode() + b"\n" + good,
             "invalid", "SHA256SUMS.asc"),
        Case("hostile", "clear-signed-appended", "a line nobody signed", own, good + FORGED.encode() + b"\n",
             "invalid", "SHA256SUMS.asc"),
        Case("hostile", "clear-signed-header", "a line in the headers", own, inject, "invalid", "SHA256SUMS.asc"),
        Case("hostile", "clear-signed-header-comment", "a header of its own", own,
             good.replace(b"Hash: SHA512\n", f"Comment: {FORGED}\n".encode()), "invalid", "SHA256SUMS.asc"),
        Case("hostile", "clear-signed-nested", "one inside the other", own,
             good.replace(SHA256SUMS.encode(), b"-----BEGIN PGP SIGNED MESSAGE-----\n\n" + SHA256SUMS.encode()),
             "invalid", "SHA256SUMS.asc"),
        Case("hostile", "clear-signed-unescaped", "a dash that is not escaped", own,
             w.clear_signed(f"{SHA256SUMS}\n-x", text).replace(b"- -x", b"-x"), "invalid", "SHA256SUMS.asc"),
        Case("hostile", "clear-signed-carriage-return", "two readers see two lines", own,
             good.replace(SHA256SUMS.encode(), FORGED.encode() + b"\r" + SHA256SUMS.encode()), "invalid",
             "SHA256SUMS.asc"),
        Case("hostile", "clear-signed-binary-type", "a signature over a file, not over a text", own,
             w.clear_signed(SHA256SUMS, Sign(key)), "invalid", "SHA256SUMS.asc"),
    ]  # fmt: skip


def make(root: Path) -> None:
    """Write all cases."""
    for one in (*_detached(), *_invalid(), *_clear()):
        folder = root / "schemes" / "openpgp" / one.kind / one.name
        delivery, keys = folder / "delivery", folder / "keys"
        delivery.mkdir(parents=True, exist_ok=True)
        keys.mkdir(parents=True, exist_ok=True)
        (delivery / "fw.bin").write_bytes(one.payload)
        (delivery / one.file).write_bytes(one.signature)
        (keys / "vendor.pgp").write_bytes(one.certificate)
        (keys / "acme.yaml").write_text(_registry(_pinned(one.certificate)))
        statuses = json.dumps([[one.file, status] for status in (one.status, *one.more)])
        (folder / "vector.toml").write_text(
            f'origin = "{ORIGIN}"\nwhy = "{one.why}"\n\n[expect]\nstatuses = {statuses}\n'
        )


def _registry(fingerprint: str) -> str:
    return (
        "fwverify: keys/1\nvendor: {id: acme, legal-name: Acme (test vectors)}\nkeys:\n  - id: fw\n"
        f"    type: openpgp\n    file: vendor.pgp\n    spki-sha256: {fingerprint}\n    purposes: [firmware]\n"
        "    products: ['*']\n    sources: [{channel: test, who: test, when: 2026-01-01}]\n"
    )
