"""Bundles with managed keys and older log entries: what must hold, what only adds a time, and hostile changes."""

from __future__ import annotations

import base64
import hashlib
import json
import random
from dataclasses import replace
from typing import Any

import pytest

from fwverify.authenticate import transparency
from fwverify.authenticate.interface import Group
from fwverify.authenticate.schemes.sigstore_bundle import SCHEME
from fwverify.authenticate.stage import Authenticated, authenticate
from fwverify.content import identified
from fwverify.formats import key_file, public_key, rekor, trust_root
from fwverify.model.artifact import Artifact, Locator, Step
from fwverify.model.evidence import KeyRecord, SignatureObservation, SignatureStatus
from fwverify.model.examining import Malformed
from fwverify.trust.store import PinnedKey, TrustStore
from tests.vectors.makers import sigstore
from tests.vectors.makers.attestations import ENTRY, PAYLOAD, _changed, ec_key, intoto_bundle, managed_bundle, sign
from tests.vectors.makers.keys_and_signatures import pem

KEY = ec_key()
GOOD = managed_bundle(PAYLOAD, KEY)
INTOTO = json.loads(intoto_bundle(PAYLOAD))
ROOT = sigstore.LAB.trusted_root(sigstore.AT).encode()
VALID, INVALID, UNVERIFIABLE = SignatureStatus.VALID, SignatureStatus.INVALID, SignatureStatus.UNVERIFIABLE
PROOF = (*ENTRY, "inclusionProof")
OTHER = managed_bundle(b"other", KEY)


def artifact(name: str, content: bytes) -> Artifact:
    return identified(Locator((Step(name),)), content)


def entry(kind: str, key: public_key.PublicKey | None, root: bytes = b"", **names: str) -> PinnedKey:
    record = KeyRecord(
        "v", kind, kind, key.fingerprint if key else "", ("firmware",), ("*",), (), "", "", "active", "", "", "", (),
        False, **names,
    )  # fmt: skip
    return PinnedKey(record, key, root)


BLOB = entry("public-key", key_file.parse(pem(KEY)))
RELEASE = entry("sigstore-identity", None, ROOT, identity=sigstore.IDENTITY, issuer=sigstore.ISSUER)


def observed(document: Any, *keys: PinnedKey, payload: bytes = PAYLOAD) -> SignatureObservation:
    into = Authenticated()
    source = artifact("fw.bin.sigstore.json", json.dumps(document).encode())
    authenticate(Group(source, artifact("fw.bin", payload)), TrustStore(keys or (BLOB, RELEASE)), [SCHEME], into=into)
    (one,) = into.signatures
    return one


def test_managed_key_with_a_log() -> None:
    """Valid under the pinned key, at the time that the log promised."""
    one = observed(GOOD)
    assert (one.status, one.keys, one.time_source) == (VALID, ("v/public-key",), "rekor")
    assert one.signed_at == "2026-10-03T12:00:05Z"
    assert {"bundle": "0.3", "log": "hashedrekord 0.0.1"}.items() <= dict(one.parameters).items()


def test_managed_key_without_trusted_time() -> None:
    """Without a trust root, or a log it names, the signature counts without a time, and it is said."""
    for document, keys in ((GOOD, (BLOB,)), (_changed(GOOD, *ENTRY[:2], value=[]), (BLOB, RELEASE))):
        one = observed(document, *keys)
        assert (one.status, one.signed_at) == (VALID, "") and "without trusted time" in one.detail


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ((*ENTRY, "integratedTime"), "1800000000"), ((*ENTRY, "integratedTime"), "-1"), ((*ENTRY, "logIndex"), "5"),
        ((*ENTRY, "inclusionPromise", "signedEntryTimestamp"), "AAAA"), ((*PROOF, "hashes"), []),
        ((*PROOF, "rootHash"), "A" * 43 + "="), ((*PROOF, "treeSize"), "9"), ((*PROOF, "logIndex"), "0"),
        ((*PROOF, "checkpoint", "envelope"), "x\n1\nAAAA\n\n\u2014 x AAAAAAAA\n"), ((*PROOF, "checkpoint"), None),
        ((*ENTRY, "inclusionProof"), None), ((*ENTRY, "canonicalizedBody"), "e30="),
        (ENTRY, OTHER["verificationMaterial"]["tlogEntries"][0]), ((*ENTRY, "logId", "keyId"), "AAAA"),
        (("messageSignature", "messageDigest", "digest"), "A" * 43 + "="), ((*ENTRY, "kindVersion", "kind"), "dsse"),
        (("messageSignature", "signature"), base64.b64encode(sign(KEY, b"x")).decode()),
    ],
)  # fmt: skip
def test_what_is_there_must_hold(path: tuple[Any, ...], value: Any) -> None:
    """A changed log entry, proof, promise, digest or signature is never accepted with a time it does not prove."""
    one = observed(_changed(GOOD, *path, value=value))
    assert one.status is INVALID or (path[-1] == "keyId" and (one.status, one.signed_at) == (VALID, ""))


def relogged(**changes: str) -> Any:
    """The bundle with a log entry of the lab whose body says something else of digest, signature or key."""
    body = json.loads(base64.b64decode(GOOD["verificationMaterial"]["tlogEntries"][0]["canonicalizedBody"]))
    spec = body["spec"]
    spec["data"]["hash"]["value"] = changes.get("digest", spec["data"]["hash"]["value"])
    spec["signature"]["content"] = changes.get("signature", spec["signature"]["content"])
    spec["signature"]["publicKey"]["content"] = changes.get("key", spec["signature"]["publicKey"]["content"])
    logged = sigstore.LAB._entry(json.dumps(body).encode(), "hashedrekord", sigstore.AT)
    return _changed(GOOD, *ENTRY, value=logged)


def test_entry_is_about_this_signature() -> None:
    """A sound log entry that differs in digest, signature or key alone is about something else."""
    assert observed(relogged()).status is VALID
    stranger = base64.b64encode(pem(ec_key("stranger"))).decode()
    for changes in (
        {"digest": "00" * 32},
        {"signature": base64.b64encode(sign(KEY, b"x")).decode()},
        {"key": stranger},
    ):
        assert observed(relogged(**changes)).status is INVALID


def test_checkpoint_is_of_this_tree_and_log() -> None:
    """A checkpoint that the log signed for another tree, or that another log signed, is refused."""
    place = (*PROOF, "checkpoint", "envelope")
    other = OTHER["verificationMaterial"]["tlogEntries"][0]["inclusionProof"]["checkpoint"]["envelope"]
    assert "another tree" in observed(_changed(GOOD, *place, value=other)).detail
    note = GOOD["verificationMaterial"]["tlogEntries"][0]["inclusionProof"]["checkpoint"]["envelope"]
    body, _, tail = note.partition("\n\n")
    line = other.partition("\n\n")[2]
    assert "no signature of its log" in observed(_changed(GOOD, *place, value=f"{body}\n\n{line}")).detail
    assert (
        "no signature of its log" in observed(_changed(GOOD, *place, value=note.replace("\u2014 ", "\u2014 x"))).detail
    )
    assert observed(_changed(GOOD, *place, value=f"{body}\n\n{line}{tail}")).status is VALID


def test_trust_root_of_the_entry() -> None:
    """A key that is pinned with a trust root asks for a time that this root proves."""
    bound = replace(BLOB, trusted_root=ROOT)
    assert observed(GOOD, bound).time_source == "rekor"
    assert observed(_changed(GOOD, *ENTRY[:2], value=[]), bound).status is INVALID
    other = sigstore.OTHER_LAB.trusted_root(sigstore.AT).encode()
    assert observed(GOOD, replace(BLOB, trusted_root=other), RELEASE).status is INVALID


def test_proofs_hold_without_a_trust_root_too() -> None:
    """What needs no trust is checked without any."""
    assert observed(_changed(GOOD, *PROOF, "rootHash", value="A" * 43 + "="), BLOB).status is INVALID
    assert (
        observed(_changed(GOOD, *ENTRY, value=OTHER["verificationMaterial"]["tlogEntries"][0]), BLOB).status is INVALID
    )


def test_other_file_or_key() -> None:
    """Another file is invalid; a key that nobody pinned earns nothing, whatever the hint says."""
    assert observed(GOOD, payload=PAYLOAD + b"x").status is INVALID
    assert observed(managed_bundle(PAYLOAD, ec_key("stranger"))).status is INVALID
    assert observed(GOOD, RELEASE).status is UNVERIFIABLE


def test_key_and_certificate() -> None:
    """A bundle with a key's hint and a certificate has two meanings."""
    both = _changed(INTOTO, "verificationMaterial", "publicKey", value={"hint": "x"})
    assert observed(both).status is INVALID


def test_entry_of_the_older_kind() -> None:
    """An intoto 0.0.2 entry of a certificate verifies, and its statement says who built it."""
    one = observed(INTOTO)
    assert (one.status, one.time_source, dict(one.states)["builder"]) == (
        VALID, "rekor", "https://ci.vendor.invalid/builder@v1",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ((*ENTRY, "integratedTime"), "1800000000"), ((*ENTRY, "inclusionPromise"), None),
        ((*PROOF, "rootHash"), "A" * 43 + "="), (("dsseEnvelope", "payload"), "e30="),
        (("verificationMaterial", "certificate", "rawBytes"), "MAA="), (("verificationMaterial", "certificate"), None),
        (("dsseEnvelope", "signatures", 0, "sig"), base64.b64encode(sign(KEY, b"x")).decode()),
    ],
)  # fmt: skip
def test_older_kind_must_hold(path: tuple[Any, ...], value: Any) -> None:
    """Each broken part of it is refused."""
    assert observed(_changed(INTOTO, *path, value=value)).status is INVALID


def test_entries_that_do_not_hold_the_signature() -> None:
    """intoto 0.0.1 is too old for a check, which is not an accusation."""
    body = {"apiVersion": "0.0.1", "kind": "intoto", "spec": {}}
    old = _changed(INTOTO, *ENTRY, "kindVersion", "version", value="0.0.1")
    old = _changed(old, *ENTRY, "canonicalizedBody", value=base64.b64encode(json.dumps(body).encode()).decode())
    one = observed(old)
    assert one.status is UNVERIFIABLE and "too old" in one.detail


def test_mutations_never_raise() -> None:
    """Bundles with bytes changed at random give an observation; a valid one only when it means the same."""
    chance = random.Random(8)
    for document in (GOOD, INTOTO):
        raw = json.dumps(document).encode()
        for _ in range(150):
            at = chance.randrange(len(raw))
            changed = raw[:at] + bytes([chance.choice(b'A0"{}[],:x\x00')]) + raw[at + 1 :]
            into = Authenticated()
            group = Group(artifact("fw.bin.sigstore.json", changed), artifact("fw.bin", PAYLOAD))
            authenticate(group, TrustStore((BLOB, RELEASE)), [SCHEME], into=into)
            assert len(into.signatures) == 1


def _tree(leaves: list[bytes]) -> bytes:
    """Merkle tree hash, RFC 9162 section 2.1.1."""
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + _tree(leaves[:half]) + _tree(leaves[half:])).digest()


def _path(at: int, leaves: list[bytes]) -> list[bytes]:
    """Inclusion path, RFC 9162 section 2.1.3.1."""
    if len(leaves) == 1:
        return []
    half = 1 << (len(leaves) - 1).bit_length() - 1
    if at < half:
        return [*_path(at, leaves[:half]), _tree(leaves[half:])]
    return [*_path(at - half, leaves[half:]), _tree(leaves[:half])]


def test_inclusion_proofs() -> None:
    """In trees of every small size each leaf's proof leads to the root, and no other leaf's or length does."""
    for size in range(1, 18):
        leaves = [bytes([one]) for one in range(size)]
        for at in range(size):
            path = tuple(_path(at, leaves))
            proof = rekor.InclusionProof(at, size, b"", path, "")
            assert rekor.root_of(proof, leaves[at]) == _tree(leaves)
            assert rekor.root_of(proof, b"x") != _tree(leaves)
            with pytest.raises(Malformed):
                rekor.root_of(rekor.InclusionProof(at, size, b"", (*path, bytes(32)), ""), leaves[at])
        with pytest.raises(Malformed):
            rekor.root_of(rekor.InclusionProof(size, size, b"", (), ""), b"x")


def test_windows_are_closed() -> None:
    """The log's key counts at the last second of its window and not a second later; a start must be there."""
    document = json.loads(ROOT)
    for end, yes in (("2026-10-03T12:00:05Z", True), ("2026-10-03T12:00:04Z", False)):
        document["tlogs"][0]["publicKey"]["validFor"]["end"] = end
        root = trust_root.read(json.dumps(document).encode())
        found = rekor.entry(GOOD["verificationMaterial"]["tlogEntries"][0])
        if yes:
            assert transparency.proven(found, root) is not None
        else:
            with pytest.raises(transparency.DoesNotHold, match="in force"):
                transparency.proven(found, root)
    del document["tlogs"][0]["publicKey"]["validFor"]["start"]
    with pytest.raises(Malformed):
        trust_root.read(json.dumps(document).encode())
