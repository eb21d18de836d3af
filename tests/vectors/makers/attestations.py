"""Vectors of dsse and unsupported, of raw LMS and HSS signatures, and of Sigstore bundles with a managed key.

Every key is made from a published sentence; all deterministic. The LMS signer below follows RFC 8554 appendix A.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from fwverify.formats import lms
from tests.vectors.makers import sigstore
from tests.vectors.makers.keys_and_signatures import Case, ec_key, ed_key, entry, fingerprint, pem, registry, seed

if TYPE_CHECKING:
    from pathlib import Path

PAYLOAD = b"firmware of the attestation vectors\n" * 4
IN_TOTO = "application/vnd.in-toto+json"
PROVENANCE = "https://slsa.dev/provenance/v1"
BUILDER = "https://ci.vendor.invalid/builder@v1"
Json = dict[str, Any]


def sign(key: Any, message: bytes) -> bytes:
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(message, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
    return key.sign(message)


def statement(payload: bytes = PAYLOAD, name: str = "fw.bin", **more: Any) -> Json:
    predicate = {
        "buildDefinition": {
            "buildType": "https://vendor.invalid/build/v1",
            "externalParameters": {"workflow": {"repository": "https://forge.vendor.invalid/fw"}},
        },
        "runDetails": {"builder": {"id": BUILDER}},
    }
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": name, "digest": {"sha256": hashlib.sha256(payload).hexdigest()}}],
        "predicateType": PROVENANCE,
        "predicate": predicate,
        **more,
    }


def pae(kind: str, body: bytes) -> bytes:
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind.encode(), len(body), body)


def envelope(said: Json | bytes, *keys: Any, kind: str = IN_TOTO, ids: tuple[str, ...] = ()) -> Json:
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    names = ids or ("",) * len(keys)
    signatures = [
        {"keyid": name, "sig": base64.b64encode(sign(key, pae(kind, body))).decode()}
        for key, name in zip(keys, names, strict=True)
    ]
    return {"payload": base64.b64encode(body).decode(), "payloadType": kind, "signatures": signatures}


def _text(*documents: Json) -> bytes:
    return "".join(json.dumps(one) + "\n" for one in documents).encode()


def dsse_keys(constraints: str = "") -> dict[str, bytes]:
    keys = {"ed25519": ed_key(), "p256": ec_key()}
    entries = "".join(
        entry(name, "public-key", f"vendor/{name}.pem", fingerprint(key)) + constraints for name, key in keys.items()
    )
    return {"vendor.yaml": registry(entries), **{f"vendor/{name}.pem": pem(key) for name, key in keys.items()}}


def _summary(result: str) -> Json:
    predicate = {"verificationResult": result, "verifiedLevels": ["SLSA_BUILD_LEVEL_3"],
                 "policy": {"uri": "https://vendor.invalid/policy"}, "verifier": {"id": BUILDER}}  # fmt: skip
    return statement(predicateType="https://slsa.dev/verification_summary/v1", predicate=predicate)


def dsse_cases() -> Iterator[Case]:
    good, both = envelope(statement(), ec_key()), envelope(statement(), ec_key(), ed_key())
    edited = {**good, "payload": envelope(statement(b"other"))["payload"]}
    two, strict = "    constraints: {threshold: 2}\n", f"    constraints: {{builder: {BUILDER}}}\n"
    weak = statement(subject=[{"name": "fw.bin", "digest": {"sha1": hashlib.sha1(PAYLOAD).hexdigest()}}])
    torn = statement(b"other")
    torn["subject"] += statement(name="other.bin")["subject"]
    twice = envelope(statement(), ec_key(), ec_key(), ids=("a", "b"))
    bare = {
        **good,
        "signatures": [{"sig": base64.b64encode(sign(ec_key(), json.dumps(statement()).encode())).decode()}],
    }
    rows: tuple[tuple[str, str, str, list[str], bytes, str], ...] = (
        ("valid", "provenance", "SLSA v1 provenance, ECDSA", ["valid"], _text(good), ""),
        ("valid", "two-of-two", "two keys, two asked for", ["valid", "valid"], _text(both), two),
        ("valid", "builder", "the builder is the one asked for", ["valid"], _text(good), strict),
        ("valid", "lines", "one of two lines is about the file", ["valid"],
         _text(envelope(statement(b"other", "other.bin"), ec_key()), good), ""),
        ("valid", "whole-file", "the payload is the file itself", ["valid"],
         _text(envelope(PAYLOAD, ed_key(), kind="application/octet-stream")), ""),
        ("valid", "summary", "a verification summary that passed", ["valid"],
         _text(envelope(_summary("PASSED"), ed_key())), ""),
        ("invalid", "statement-edited", "another payload under the old signature", ["invalid"], _text(edited), ""),
        ("invalid", "type-changed", "the type is signed too", ["invalid"],
         _text({**good, "payloadType": "application/json"}), ""),
        ("invalid", "no-signatures", "an empty list of signatures", ["invalid"], _text({**good, "signatures": []}), ""),
        ("invalid", "other-file", "the statement is about other bytes", ["invalid"],
         _text(envelope(statement(b"other"), ec_key())), ""),
        ("invalid", "no-subject", "about nothing", ["invalid"], _text(envelope(statement(subject=[]), ec_key())), ""),
        ("invalid", "summary-failed", "a verification summary that failed", ["invalid"],
         _text(envelope(_summary("FAILED"), ed_key())), ""),
        ("hostile", "one-key-twice", "two signatures of one key are not two keys", ["invalid"], _text(twice), two),
        ("hostile", "sha1-subject", "SHA-1 binds nothing", ["invalid"], _text(envelope(weak, ec_key())), ""),
        ("hostile", "two-meanings", "the file's digest under another name, the file's name with another digest",
         ["invalid"], _text(envelope(torn, ec_key())), ""),
        ("hostile", "without-pae", "the bare payload is signed", ["invalid"], _text(bare), ""),
        ("hostile", "other-builder", "not the builder asked for", ["invalid"],
         _text(good), strict.replace("builder@v1", "builder@v2")),
        ("hostile", "two-payloads", "a key given twice", ["invalid"],
         _text(good).replace(b'{"payload"', b'{"payload": "", "payload"'), ""),
        ("hostile", "stranger", "a key nobody pinned, under a pinned key's id", ["invalid"],
         _text(envelope(statement(), ed_key("stranger"), ids=(fingerprint(ed_key()),))), ""),
    )  # fmt: skip
    name = "fw.intoto.jsonl"
    for kind, title, why, statuses, text, constraints in rows:
        expect = "statuses = " + json.dumps([[name, one] for one in statuses])
        yield Case("dsse", kind, title, why, expect, {"fw.bin": PAYLOAD, name: text}, dsse_keys(constraints))
    half = {"fw.bin": PAYLOAD, name: _text(good)[:200]}
    yield Case("dsse", "truncated", "half", "cut off: no envelope, so an image", "statuses = []", half, dsse_keys())


def _hash(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


class LmsSigner:
    """LMS_SHA256_M32_H5 with LMOTS_SHA256_N32_W8, deterministic."""

    tree, ots = lms.TREES[5], lms.ONE_TIMES[4]
    codes = (5).to_bytes(4, "big") + (4).to_bytes(4, "big")

    def __init__(self, name: str) -> None:
        self.identifier, self.secret = seed(f"{name}-identifier", 16), seed(f"{name}-secret")
        self.nodes: dict[int, bytes] = {}
        for leaf in range(32):
            ends = [self._chain(leaf, at, self._start(leaf, at), 0, 255) for at in range(self.ots.chains)]
            public = _hash(self.identifier, leaf.to_bytes(4, "big"), lms.D_PBLC, *ends)
            self.nodes[32 + leaf] = _hash(self.identifier, (32 + leaf).to_bytes(4, "big"), lms.D_LEAF, public)
        for node in range(31, 0, -1):
            pair = self.nodes[2 * node] + self.nodes[2 * node + 1]
            self.nodes[node] = _hash(self.identifier, node.to_bytes(4, "big"), lms.D_INTR, pair)
        self.public = self.codes + self.identifier + self.nodes[1]

    def _start(self, leaf: int, at: int) -> bytes:
        return _hash(self.identifier, leaf.to_bytes(4, "big"), at.to_bytes(2, "big"), b"\xff", self.secret)

    def _chain(self, leaf: int, at: int, value: bytes, start: int, end: int) -> bytes:
        for step in range(start, end):
            value = _hash(self.identifier, leaf.to_bytes(4, "big"), at.to_bytes(2, "big"), bytes([step]), value)
        return value

    def sign(self, message: bytes, leaf: int = 3) -> bytes:
        number, salt = leaf.to_bytes(4, "big"), _hash(self.secret, b"salt")
        digest = _hash(self.identifier, number, lms.D_MESG, salt, message)
        steps = lms._coefficients(self.ots, digest)
        chains = [self._chain(leaf, at, self._start(leaf, at), 0, end) for at, end in enumerate(steps)]
        node, path = 32 + leaf, []
        while node > 1:
            path.append(self.nodes[node ^ 1])
            node >>= 1
        return b"".join((number, self.codes[4:], salt, *chains, self.codes[:4], *path))


def lms_cases() -> Iterator[Case]:
    top, below = LmsSigner("lms-top"), LmsSigner("lms-below")
    keys = {"lms": top.public, "hss": (2).to_bytes(4, "big") + top.public}
    prints = {name: lms.parse_key(raw).fingerprint for name, raw in keys.items()}
    entries = "".join(entry(name, "lms", f"vendor/{name}.pub", prints[name]) for name in keys)
    store = {"vendor.yaml": registry(entries), **{f"vendor/{name}.pub": raw for name, raw in keys.items()}}
    single = top.sign(PAYLOAD)
    double = (1).to_bytes(4, "big") + top.sign(below.public) + below.public + below.sign(PAYLOAD)
    flat = bytes(4) + top.sign(PAYLOAD)
    rows = (
        ("valid", "lms", "a bare LMS signature", "valid", single),
        ("valid", "hss", "two levels", "valid", double),
        ("invalid", "lms-changed", "one bit of a chain value", "invalid", single[:100] + b"\0" + single[101:]),
        ("invalid", "lms-other-file", "of another file", "invalid", top.sign(b"other")),
        ("hostile", "hss-one-level", "one level where the key has two", "invalid", flat),
        ("hostile", "hss-unsigned-key", "the lower key is signed by nobody", "invalid",
         (1).to_bytes(4, "big") + top.sign(b"other") + below.public + below.sign(PAYLOAD)),
    )  # fmt: skip
    for kind, name, why, status, value in rows:
        expect = f'statuses = [["fw.bin.sig", "{status}"]]'
        yield Case("raw-signature", kind, name, why, expect, {"fw.bin": PAYLOAD, "fw.bin.sig": value}, store)
    for name, value in (("lms-trailing-byte", single + b"\0"), ("hss-trailing-byte", double + b"\0")):
        files = {"fw.bin": PAYLOAD, "fw.bin.sig": value}
        why = "a byte after the signature: no signature, so an image"
        yield Case("raw-signature", "hostile", name, why, "statuses = []", files, store)


def managed_bundle(payload: bytes, key: ec.EllipticCurvePrivateKey) -> Json:
    """What `cosign sign-blob --key` writes, logged by the lab."""
    signature, digest = sign(key, payload), hashlib.sha256(payload).digest()
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    body = {
        "apiVersion": "0.0.1",
        "kind": "hashedrekord",
        "spec": {
            "data": {"hash": {"algorithm": "sha256", "value": digest.hex()}},
            "signature": {"content": _b64(signature), "publicKey": {"content": _b64(public)}},
        },
    }
    logged = sigstore.LAB._entry(json.dumps(body, separators=(",", ":")).encode(), "hashedrekord", sigstore.AT)
    return {
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": {"publicKey": {"hint": "sample"}, "tlogEntries": [logged]},
        "messageSignature": {
            "messageDigest": {"algorithm": "SHA2_256", "digest": _b64(digest)},
            "signature": _b64(signature),
        },
    }


def intoto_bundle(payload: bytes) -> str:
    """A certificate's statement, logged as intoto 0.0.2: what the library does not read."""
    said = json.dumps(statement(payload)).encode()
    text, _ = sigstore.LAB.attest(said, sigstore.IDENTITY, sigstore.ISSUER, sigstore.AT)
    document = json.loads(text)
    signature = document["dsseEnvelope"]["signatures"][0]["sig"]
    verifier = base64.b64decode(sigstore.entry(document)["canonicalizedBody"])
    by = json.loads(verifier)["spec"]["signatures"][0]["verifier"]
    body = {
        "apiVersion": "0.0.2",
        "kind": "intoto",
        "spec": {
            "content": {
                "envelope": {
                    "payloadType": IN_TOTO,
                    "signatures": [{"publicKey": by, "sig": _b64(signature.encode())}],
                },
                "payloadHash": {"algorithm": "sha256", "value": hashlib.sha256(said).hexdigest()},
            }
        },
    }
    logged = sigstore.LAB._entry(json.dumps(body, separators=(",", ":")).encode(), "intoto", sigstore.AT)
    logged["kindVersion"]["version"] = "0.0.2"
    document["verificationMaterial"]["tlogEntries"] = [logged]
    return json.dumps(document, indent=1) + "\n"


def _b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _changed(document: Json, *path: Any, value: Any) -> Json:
    copy = json.loads(json.dumps(document))
    place = copy
    for one in path[:-1]:
        place = place[one]
    place[path[-1]] = value
    return copy


ENTRY = ("verificationMaterial", "tlogEntries", 0)


def managed_cases() -> Iterator[Case]:
    key, trust = ec_key(), sigstore.LAB.trusted_root(sigstore.AT)
    pinned = entry("blob", "public-key", "vendor/blob.pem", fingerprint(key)).encode()
    store = {
        "vendor.yaml": sigstore.REGISTRY.encode() + pinned,
        "vendor/blob.pem": pem(key),
        "vendor/trusted_root.json": trust.encode(),
    }
    bare = {"vendor.yaml": registry(pinned.decode()), "vendor/blob.pem": pem(key)}
    good = managed_bundle(PAYLOAD, key)
    other = managed_bundle(PAYLOAD + b"x", key)["verificationMaterial"]["tlogEntries"][0]
    flipped = _b64(sign(key, b"other"))
    rows: tuple[tuple[str, str, str, str, Json, dict[str, bytes]], ...] = (
        ("valid", "managed-key", "a pinned key and a log", "valid", good, store),
        ("valid", "managed-key-no-root", "no trust root on record: no trusted time", "valid", good, bare),
        ("invalid", "managed-promise", "the log's promise changed", "invalid",
         _changed(good, *ENTRY, "integratedTime", value="1800000000"), store),
        ("invalid", "managed-signature", "another signature", "invalid",
         _changed(good, "messageSignature", "signature", value=flipped), store),
        ("hostile", "managed-other-entry", "the log entry is about another file", "invalid",
         _changed(good, *ENTRY, value=other), store),
        ("hostile", "managed-stranger", "a key nobody pinned", "invalid",
         managed_bundle(PAYLOAD, ec_key("stranger")), store),
    )  # fmt: skip
    for kind, name, why, status, document, keys in rows:
        expect = f'statuses = [["fw.bin.sigstore.json", "{status}"]]'
        files = {"fw.bin": PAYLOAD, "fw.bin.sigstore.json": (json.dumps(document, indent=1) + "\n").encode()}
        yield Case("sigstore-bundle", kind, name, why, expect, files, keys)
    files = {"fw.bin": PAYLOAD, "fw.bin.sigstore.json": intoto_bundle(PAYLOAD).encode()}
    expect = 'statuses = [["fw.bin.sigstore.json", "valid"]]'
    yield Case("sigstore-bundle", "valid", "intoto-entry", "a log entry of the older kind", expect, files, store)


def unsupported_cases() -> Iterator[Case]:
    suit = bytes.fromhex("d86ba2025827815824822f5820") + hashlib.sha256(PAYLOAD).digest() + b"\x03\x44\xa1\x01\x01\x00"
    header, claims = (base64.urlsafe_b64encode(one).rstrip(b"=") for one in (b'{"alg":"ES256"}', b'{"file":"fw.bin"}'))
    jws = b".".join((header, claims, b"A" * 86))
    tuf = json.dumps({"signatures": [], "signed": {"_type": "targets", "version": 1}}).encode()
    xml = b'<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"><SignedInfo/></Signature>\n'
    yield Case("unsupported", "valid", "suit", "named, and that is all: nothing can be valid", "checksums = []",
               {"fw.suit": suit}, {})  # fmt: skip
    for kind, name, files in (
        ("invalid", "suit", {"fw.suit": suit}),
        ("invalid", "jws", {"fw.bin": PAYLOAD, "fw.jws": jws + b"\n"}),
        ("invalid", "jws-without", {"fw.bin": PAYLOAD, "fw.jws": header + b".." + b"A" * 86}),
        ("invalid", "tuf", {"fw.bin": PAYLOAD, "targets.json": tuf}),
        ("invalid", "xml", {"fw.bin": PAYLOAD, "fw.xml": xml}),
        ("hostile", "suit-and-more", {"fw.suit": suit + b"more"}),
        ("truncated", "suit", {"fw.suit": suit[:4]}),
    ):
        source = next(one for one in files if one != "fw.bin")
        expect = f'statuses = [["{source}", "unverifiable"]]'
        yield Case("unsupported", kind, name, "recognised by its form, not verified yet", expect, files, {})


def make(root: Path) -> None:
    """Write all cases under `root`/schemes."""
    for one in (*dsse_cases(), *lms_cases(), *managed_cases(), *unsupported_cases()):
        one.write(root)
