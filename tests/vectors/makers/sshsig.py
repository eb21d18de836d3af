"""Vectors of the scheme sshsig. Deterministic: keys are made from a published sentence, Ed25519 and RSA sign alike."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.vectors.makers.keys_and_signatures import PAYLOAD, ed_key, rsa_key

ORIGIN = "tests/vectors/makers/sshsig.py, cryptography 50; valid ones also hold for ssh-keygen"
Private = ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey


def text(raw: bytes) -> bytes:
    return len(raw).to_bytes(4, "big") + raw


def public(key: Private) -> str:
    """`type base64`, as in a .pub file."""
    return key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


def blob(key: Private) -> bytes:
    return base64.b64decode(public(key).split()[1])


@dataclass(frozen=True)
class Made:
    """A signature, and where it differs from a right one."""

    key: Private
    namespace: bytes = b"file"
    hash: str = "sha512"
    shown_namespace: bytes = b""
    shown_hash: bytes = b""
    reserved: bytes = b""
    inside: bytes = b""
    """The key in the file, when it is not the signer's."""
    preamble: bytes = b"SSHSIG"
    after: bytes = b""
    algorithm: bytes = b""
    version: int = 1

    def raw(self, payload: bytes) -> bytes:
        digest = hashlib.new(self.hash, payload).digest()
        parts = (self.namespace, self.reserved, self.hash.encode(), digest)
        signed = self.preamble + b"".join(text(one) for one in parts) if self.preamble else payload
        return b"".join(
            (
                b"SSHSIG", self.version.to_bytes(4, "big"), text(self.inside or blob(self.key)),
                text(self.shown_namespace or self.namespace), text(self.reserved),
                text(self.shown_hash or self.hash.encode()), text(self._value(signed)), self.after,
            )
        )  # fmt: skip

    def _value(self, signed: bytes) -> bytes:
        if isinstance(self.key, rsa.RSAPrivateKey):
            weak = self.algorithm == b"ssh-rsa"
            raw = self.key.sign(signed, padding.PKCS1v15(), hashes.SHA1() if weak else hashes.SHA512())
            return text(self.algorithm or b"rsa-sha2-512") + text(raw)
        return text(self.algorithm or b"ssh-ed25519") + text(self.key.sign(signed))

    def file(self, payload: bytes = PAYLOAD) -> bytes:
        return armored(self.raw(payload))


def armored(raw: bytes) -> bytes:
    body = base64.b64encode(raw).decode()
    lines = [body[at : at + 70] for at in range(0, len(body), 70)]
    return "\n".join(("-----BEGIN SSH SIGNATURE-----", *lines, "-----END SSH SIGNATURE-----", "")).encode()


@dataclass(frozen=True)
class Case:
    """One vector."""

    kind: str
    name: str
    why: str
    signature: bytes
    status: str
    key_file: str = ""
    constraints: str = ""
    payload: bytes = PAYLOAD


def _cases() -> list[Case]:
    key, other, big = ed_key("ssh"), ed_key("ssh-other"), rsa_key()
    allowed = f'fw@vendor.example namespaces="firmware@vendor.example" {public(key)}\n'
    firmware = Made(key, b"firmware@vendor.example")
    good = Made(key)
    return [
        Case("valid", "ed25519", "namespace file", good.file(), "valid"),
        Case("valid", "sha256", "the other hash", replace(good, hash="sha256").file(), "valid"),
        Case("valid", "rsa", "rsa-sha2-512", Made(big).file(), "valid", public(big) + " fw@vendor\n"),
        Case("valid", "allowed-signers", "namespace and principal from the key file", firmware.file(), "valid", allowed,
             "{identity: fw@vendor.example}"),
        Case("valid", "namespace-of-the-entry", "the entry says which", firmware.file(), "valid", "",
             "{namespace: firmware@vendor.example}"),
        Case("invalid", "payload-changed", "one byte", good.file(), "invalid", payload=PAYLOAD[:-1] + b"!"),
        Case("invalid", "other-namespace", "signed for git", Made(key, b"git").file(), "invalid"),
        Case("invalid", "namespace-not-allowed", "the key file names another", Made(key).file(), "invalid", allowed),
        Case("invalid", "identity", "the key file names another person", firmware.file(), "invalid", allowed,
             "{identity: boss@vendor.example}"),
        Case("hostile", "namespace-edited", "after signing",
             replace(firmware, shown_namespace=b"file").file(), "invalid"),
        Case("hostile", "namespace-with-comma", "would match two", Made(key, b"git,file").file(), "invalid"),
        Case("hostile", "namespace-empty", "refused by the protocol", Made(key, b"").file(), "invalid"),
        Case("hostile", "hash-edited", "after signing", replace(good, shown_hash=b"sha256").file(), "invalid"),
        Case("hostile", "hash-unknown", "md5", replace(good, shown_hash=b"md5").file(), "invalid"),
        Case("hostile", "key-inside", "intact by a key that came along", Made(other).file(), "unknown_key"),
        Case("hostile", "key-of-the-vendor-inside", "the vendor's key shown, another signed",
             Made(other, inside=blob(key)).file(), "invalid"),
        Case("hostile", "no-preamble", "the bare file signed", replace(good, preamble=b"").file(), "invalid"),
        Case("hostile", "bytes-after", "behind the blob", replace(good, after=b"\0\0\0\0").file(), "invalid"),
        Case("hostile", "text-after", "behind the armor", good.file() + b"fw.bin: OK\n", "invalid"),
        Case("hostile", "two-armors", "one after the other", good.file() * 2, "invalid"),
        Case("hostile", "rsa-sha1", "ssh-rsa", Made(big, algorithm=b"ssh-rsa").file(), "unverifiable", public(big)),
        Case("hostile", "rsa-named-otherwise", "an Ed25519 value called RSA",
             replace(good, algorithm=b"rsa-sha2-512").file(), "invalid"),
        Case("hostile", "authority", "a key for certificates signs no files", good.file(), "invalid",
             f"* cert-authority {public(key)}\n"),
        Case("hostile", "after-its-time", "valid before 2026", good.file(), "invalid",
             f'* namespaces="file",valid-before="20260101" {public(key)}\n'),
        Case("hostile", "version-2", "not defined", replace(good, version=2).file(), "unverifiable"),
        Case("hostile", "huge-length", "a key of four gigabytes",
             armored(b"SSHSIG\0\0\0\1" + b"\xff" * 4 + good.raw(PAYLOAD)[14:]), "invalid"),
        Case("truncated", "blob-cut", "last four bytes", armored(good.raw(PAYLOAD)[:-4]), "invalid"),
    ]  # fmt: skip


def make(root: Path) -> None:
    """Write all cases."""
    from fwverify.formats import key_file

    for one in _cases():
        folder = root / "schemes" / "sshsig" / one.kind / one.name
        delivery, keys = folder / "delivery", folder / "keys"
        delivery.mkdir(parents=True, exist_ok=True)
        keys.mkdir(parents=True, exist_ok=True)
        registered = one.key_file or public(ed_key("ssh")) + " fw@vendor\n"
        (delivery / "fw.bin").write_bytes(one.payload)
        (delivery / "fw.bin.sig").write_bytes(one.signature)
        (keys / "vendor.pub").write_text(registered)
        extra = f"    constraints: {one.constraints}\n" if one.constraints else ""
        fingerprint = key_file.parse(registered.encode()).fingerprint
        (keys / "acme.yaml").write_text(
            "fwverify: keys/1\nvendor: {id: acme, legal-name: Acme (test vectors)}\nkeys:\n  - id: fw\n"
            f"    type: ssh\n    file: vendor.pub\n    spki-sha256: {fingerprint}\n    purposes: [firmware]\n"
            f"    products: ['*']\n{extra}    sources: [{{channel: test, who: test, when: 2026-01-01}}]\n"
        )
        statuses = json.dumps([["fw.bin.sig", one.status]])
        (folder / "vector.toml").write_text(
            f'origin = "{ORIGIN}"\nwhy = "{one.why}"\n\n[expect]\nstatuses = {statuses}\n'
        )
