"""Sigstore bundles: each status, what is recorded, and that hostile bundles never raise."""

from __future__ import annotations

import base64
import json
import random
import socket
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

from fwverify.authenticate.interface import Group
from fwverify.authenticate.schemes.sigstore_bundle import SCHEME
from fwverify.content import identified
from fwverify.formats import key_file
from fwverify.model.artifact import Artifact, ByteRange, Locator, Step
from fwverify.model.canonical import canonical
from fwverify.model.evidence import KeyRecord, SignatureObservation, SignatureStatus
from fwverify.model.examining import Malformed
from fwverify.trust.store import EMPTY, PinnedKey, TrustStore
from tests.vectors.makers.sigstore import (
    AT,
    IDENTITY,
    ISSUER,
    LAB,
    OTHER_LAB,
    PAYLOAD,
    changed,
    entry,
    sigstore_lab,
)  # fmt: skip

BUNDLE, ROOT = LAB.make(PAYLOAD, IDENTITY, ISSUER, AT)
ENVELOPE, _ = LAB.attest(sigstore_lab.statement("fw.bin", PAYLOAD), IDENTITY, ISSUER, AT)
INVALID, VALID = SignatureStatus.INVALID, SignatureStatus.VALID
UNKNOWN, UNVERIFIABLE = SignatureStatus.UNKNOWN_KEY, SignatureStatus.UNVERIFIABLE


def artifact(name: str, data: bytes | str) -> Artifact:
    return identified(Locator((Step(name),)), data.encode() if isinstance(data, str) else data)


def pinned(root: str, identity: str = IDENTITY, issuer: str = ISSUER, key_id: str = "release") -> PinnedKey:
    record = KeyRecord(
        "vendor", key_id, "sigstore-identity", "", ("firmware",), ("*",), (), "", "", "active", "", "", "", (), True,
        identity, issuer,
    )  # fmt: skip
    return PinnedKey(record, None, root.encode())


def observed(bundle: str | bytes, payload: bytes = PAYLOAD, *keys: PinnedKey) -> SignatureObservation:
    source = artifact("fw.bin.sigstore.json", bundle)
    group = Group(source, artifact("fw.bin", payload))
    (signature,) = SCHEME.parse(source)
    (one,) = SCHEME.verify(signature, group, TrustStore(keys or (pinned(ROOT),)))
    assert isinstance(one, SignatureObservation)
    return one


def test_the_library_accepts_the_lab(tmp_path: Path) -> None:
    """What the lab makes verifies with sigstore-python itself, so the samples are real bundles."""
    from sigstore.models import Bundle, TrustedRoot
    from sigstore.verify import Verifier, policy

    (tmp_path / "root.json").write_text(ROOT)
    verifier = Verifier(trusted_root=TrustedRoot.from_file(str(tmp_path / "root.json")))
    verifier.verify_artifact(PAYLOAD, Bundle.from_json(BUNDLE), policy.Identity(identity=IDENTITY, issuer=ISSUER))


def test_the_lab_is_deterministic() -> None:
    """The same arguments give the same bytes, so vectors and samples can be rebuilt and compared."""
    assert sigstore_lab.make(PAYLOAD, IDENTITY, ISSUER, AT) == (BUNDLE, ROOT)


def test_valid() -> None:
    """A bundle of the identity on record is valid, covers the whole file and says who, when and under which entry."""
    one = observed(BUNDLE)
    assert (one.status, one.keys, one.covers) == (VALID, ("vendor/release",), (ByteRange(0, len(PAYLOAD)),))
    assert (one.identity, one.issuer) == (IDENTITY, ISSUER)
    assert (one.signed_at, one.time_source) == ("2026-10-03T12:00:05Z", "rekor")
    leaf = sigstore_lab.derived_key(LAB.seed, f"leaf {IDENTITY} {ISSUER}")
    assert one.fingerprint == sigstore_lab._id(leaf).hex()
    assert one.algorithm == "ecdsa" and dict(one.parameters)["log"] == "hashedrekord 0.0.1"
    assert one.parameters == tuple(sorted(one.parameters))


def test_valid_statement() -> None:
    """An in-toto statement about the file is valid, and its predicate type is recorded."""
    one = observed(ENVELOPE)
    assert one.status is VALID
    assert dict(one.parameters)["predicate"] == "https://slsa.dev/provenance/v1"


def test_no_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    """Verification resolves no name and opens no connection."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("network")

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert observed(BUNDLE).status is VALID


@pytest.mark.parametrize(
    ("identity", "issuer"),
    [
        (IDENTITY + "0", ISSUER), (IDENTITY, ISSUER + "/"), (IDENTITY.upper(), ISSUER), ("", ISSUER), (IDENTITY, ""),
        ("", ""), ("*", ISSUER), (ISSUER, IDENTITY),
    ],
)  # fmt: skip
def test_identity_and_issuer_must_equal(identity: str, issuer: str) -> None:
    """Anything but the exact identity and the exact issuer is not on record, though intact."""
    one = observed(BUNDLE, PAYLOAD, pinned(ROOT, identity, issuer))
    assert (one.status, one.keys) == (UNKNOWN, ())
    assert one.detail == f"signed by {IDENTITY} ({ISSUER}), which is not on record"
    assert (one.identity, one.issuer) == (IDENTITY, ISSUER)


def test_identity_counts_only_under_its_own_root() -> None:
    """A second Sigstore that is pinned for somebody else cannot speak for an identity of the first."""
    foreign, other_root = OTHER_LAB.make(PAYLOAD, IDENTITY, ISSUER, AT)
    one = observed(foreign, PAYLOAD, pinned(ROOT), pinned(other_root, "somebody@else.invalid", ISSUER, "else"))
    assert (one.status, one.keys) == (UNKNOWN, ())


def test_best_of_several_roots() -> None:
    """With several trust roots on record the one that fits decides, in whatever order they stand."""
    other = pinned(OTHER_LAB.trusted_root(AT), key_id="other")
    for keys in ((pinned(ROOT), other), (other, pinned(ROOT))):
        assert observed(BUNDLE, PAYLOAD, *keys).keys == ("vendor/release",)


def test_no_trust_root() -> None:
    """Without a trust root on record nothing can be checked, and nothing is valid."""
    source = artifact("fw.bin.sigstore.json", BUNDLE)
    (signature,) = SCHEME.parse(source)
    (one,) = SCHEME.verify(signature, Group(source, artifact("fw.bin", PAYLOAD)), EMPTY)
    assert isinstance(one, SignatureObservation)
    assert (one.status, one.detail) == (UNVERIFIABLE, "no Sigstore trust root is on record")


def test_tampered_payload() -> None:
    """One changed byte of the file is invalid, signed directly or by a statement."""
    for bundle in (BUNDLE, ENVELOPE):
        one = observed(bundle, PAYLOAD[:-1] + b"x")
        assert (one.status, one.covers, one.keys, one.identity) == (INVALID, (), (), "")


def test_statement_about_other_bytes() -> None:
    """A valid envelope whose statement is about other bytes is invalid, and says so."""
    envelope, _ = LAB.attest(sigstore_lab.statement("fw.bin", b"other"), IDENTITY, ISSUER, AT)
    assert observed(envelope).detail == "it does not hold: its statement is about other bytes"


def test_envelope_that_is_no_statement() -> None:
    """An envelope of another payload type, or another statement version, is not supported rather than broken."""
    note, _ = LAB.attest(b"hello", IDENTITY, ISSUER, AT, payload_type="text/plain")
    assert (observed(note).status, observed(note).detail) == (
        UNVERIFIABLE, "envelopes of type text/plain are not supported yet",
    )  # fmt: skip
    future = sigstore_lab.statement("fw.bin", PAYLOAD).replace(b"Statement/v1", b"Statement/v9")
    assert observed(LAB.attest(future, IDENTITY, ISSUER, AT)[0]).status is UNVERIFIABLE


def _set(*path: Any, value: object) -> Callable[[dict[str, Any]], None]:
    def change(document: dict[str, Any]) -> None:
        place: Any = document
        for one in path[:-1]:
            place = place[one]
        place[path[-1]] = value

    return change


ENTRY = ("verificationMaterial", "tlogEntries", 0)


@pytest.mark.parametrize(
    "change",
    [
        _set(*ENTRY, "inclusionProof", "hashes", 0, value="A" * 43 + "="),
        _set(*ENTRY, "inclusionProof", "rootHash", value="A" * 43 + "="),
        _set(*ENTRY, "inclusionProof", "checkpoint", "envelope", value="x\n2\nAAAA\n\n"),
        _set(*ENTRY, "inclusionPromise", "signedEntryTimestamp", value="AAAA"),
        _set(*ENTRY, "integratedTime", value=str(int(AT.timestamp()) + 1)),
        _set(*ENTRY, "integratedTime", value="253402300799"),
        _set(*ENTRY, "integratedTime", value="0"),
        _set(*ENTRY, "canonicalizedBody", value="e30="),
        _set("messageSignature", "signature", value="MAYCAQECAQE="),
        _set("messageSignature", "messageDigest", "digest", value="A" * 43 + "="),
        _set("verificationMaterial", "certificate", "rawBytes", value="MAA="),
        _set("verificationMaterial", "certificate", value=None),
        _set("unheardOf", value=1),
    ],
)
def test_tampered_bundle(change: Callable[[dict[str, Any]], None]) -> None:
    """A changed proof, promise, time, entry, signature or certificate is invalid."""
    assert observed(changed(BUNDLE, change)).status is INVALID


@pytest.mark.parametrize(
    ("field", "moment"),
    [
        ("log_valid_to", AT - timedelta(seconds=1)), ("log_valid_from", AT + timedelta(seconds=1)),
        ("log_valid_from", datetime(2090, 1, 1, tzinfo=UTC)),
    ],
)  # fmt: skip
def test_log_key_out_of_force(field: str, moment: datetime) -> None:
    """A log key whose window does not hold the time of signing verifies nothing; the library alone would accept it."""
    root = replace(LAB, **{field: moment}).trusted_root(AT)
    one = observed(BUNDLE, PAYLOAD, pinned(root))
    assert (one.status, one.detail) == (
        INVALID, "it does not hold: none of the trust root's tlogs was in force when it was signed",
    )  # fmt: skip


def test_log_key_window_is_closed() -> None:
    """Both ends of the window belong to it."""
    root = replace(LAB, log_valid_from=AT, log_valid_to=AT).trusted_root(AT)
    assert observed(BUNDLE, PAYLOAD, pinned(root)).status is VALID


def test_machine_clock_has_no_part() -> None:
    """A bundle signed long after the machine's own time verifies like any other: only proven times count."""
    later = datetime(2080, 5, 1, tzinfo=UTC)
    bundle, root = LAB.make(PAYLOAD, IDENTITY, ISSUER, later)
    one = observed(bundle, PAYLOAD, pinned(root))
    assert (one.status, one.signed_at) == (VALID, "2080-05-01T00:00:00Z")


def test_leaf_of_another_authority() -> None:
    """A bundle of a Sigstore that is not on record is intact but proves nobody; no name of it is recorded."""
    foreign, _ = OTHER_LAB.make(PAYLOAD, IDENTITY, ISSUER, AT)
    one = observed(foreign)
    assert (one.status, one.identity, one.issuer, one.keys, one.signed_at) == (UNKNOWN, "", "", (), "")
    assert "fwverify other sample CA" in one.detail
    assert observed(foreign, b"other bytes").status is INVALID


def test_leaf_of_an_impostor() -> None:
    """An authority that only borrows the name of the one on record is invalid."""
    impostor = sigstore_lab.Lab("an impostor", LAB.common_name)
    assert observed(impostor.make(PAYLOAD, IDENTITY, ISSUER, AT)[0]).status is INVALID


def _entries(count: int) -> Callable[[dict[str, Any]], None]:
    def change(document: dict[str, Any]) -> None:
        material = document["verificationMaterial"]
        material["tlogEntries"] = material["tlogEntries"] * count

    return change


def _first_form(document: dict[str, Any]) -> None:
    document["mediaType"] = "application/vnd.dev.sigstore.bundle+json;version=0.1"
    del entry(document)["inclusionProof"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (_first_form, "too old"),
        (_entries(0), "0 log entries"),
        (_set("mediaType", value="application/vnd.dev.sigstore.bundle.v9.9+json"), "v9.9"),
    ],
)
def test_unsupported_is_not_invalid(change: Callable[[dict[str, Any]], None], says: str) -> None:
    """Forms that cannot be checked are unverifiable with a plain reason, whatever else is wrong with them."""
    for payload in (PAYLOAD, b"other"):
        one = observed(changed(BUNDLE, change), payload)
        assert one.status is UNVERIFIABLE and says in one.detail


def test_certificate_with_an_rsa_key() -> None:
    """A signing key that is not ECDSA is not supported rather than broken."""
    key: Any = rsa.generate_private_key(65537, 2048)
    der = LAB.certificate(key, IDENTITY, ISSUER, AT).public_bytes(Encoding.DER)
    change = _set("verificationMaterial", "certificate", "rawBytes", value=base64.b64encode(der).decode())
    assert observed(changed(BUNDLE, change)).status is UNVERIFIABLE


@pytest.mark.parametrize(
    "text",
    [
        BUNDLE[:-20], BUNDLE.replace('"integratedTime"', '"integrated_time"'), "{}", "[]", "[" * 100_000,
        BUNDLE.replace('"mediaType"', '"mediaType": "x", "mediaType"'), BUNDLE.replace("messageSignature", "m"),
        changed(BUNDLE, _set("messageSignature", "signature", value="***")),
        changed(BUNDLE, _set("messageSignature", "signature", value="\u00e9")),
        changed(BUNDLE, _set("messageSignature", "signature", value="\ud800")),
        changed(BUNDLE, _set("dsseEnvelope", value={"payload": "", "payloadType": "", "signatures": []})),
        changed(BUNDLE, _set(*ENTRY, "integratedTime", value="9" * 30)),
        changed(BUNDLE, _set(*ENTRY, "integratedTime", value="-5")),
    ],
    ids=range(13),
)  # fmt: skip
def test_malformed(text: str) -> None:
    """What is not a bundle in one spelling is malformed, not something of lesser meaning."""
    with pytest.raises(Malformed):
        SCHEME.parse(artifact("x", text))


@pytest.mark.parametrize(
    "root", ["", "{", "{}", "[]", ROOT.replace('"start"', '"begin"'), ROOT.replace("rawBytes", "r")]
)
def test_unreadable_trust_root(root: str) -> None:
    """A trust root that cannot be read is named; the bundle is then neither valid nor to blame."""
    one = observed(BUNDLE, PAYLOAD, pinned(root or " "))
    assert one.status is UNVERIFIABLE and "vendor/release" in one.detail


def test_subject_is_found_by_digest() -> None:
    """A bundle whose name fits no file is about the delivered files whose digest it names."""
    for bundle in (BUNDLE, ENVELOPE):
        source = artifact("release.sigstore.json", bundle)
        siblings = {"a/fw.bin": artifact("a/fw.bin", PAYLOAD), "b": artifact("b", b"b")}
        (signature,) = SCHEME.parse(source)
        (one,) = SCHEME.verify(signature, Group(source, None, siblings), TrustStore((pinned(ROOT),)))
        assert isinstance(one, SignatureObservation)
        assert (one.status, one.subject) == (VALID, siblings["a/fw.bin"].locator)
        (none,) = SCHEME.verify(signature, Group(source), TrustStore((pinned(ROOT),)))
        assert isinstance(none, SignatureObservation)
        assert (none.status, none.subject) == (UNVERIFIABLE, None)


def test_detect() -> None:
    """Bundles are recognised wherever the media type stands; SBOMs, other JSON and huge files are not."""
    assert SCHEME.detect(artifact("x", BUNDLE))
    assert SCHEME.detect(artifact("x", "\n " + json.dumps(dict(reversed(json.loads(BUNDLE).items())))))
    for text in ("", "{", '{"bomFormat": "CycloneDX"}', ROOT, "\x00" * 64):
        assert not SCHEME.detect(artifact("x", text))
    assert not SCHEME.detect(artifact("x", BUNDLE + " " * (5 << 20)))


JUNK: tuple[Any, ...] = (None, 0, -1, "", [], {}, "AAAA", True, 1.5, "18446744073709551615", "\u00e9", ["x"], {"a": 1})


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, one in inner for found in _places(one, (*path, key)))]


def _mutate(document: dict[str, Any], rng: random.Random) -> None:
    path = rng.choice([one for one in _places(document) if one])
    place: Any = document
    for one in path[:-1]:
        place = place[one]
    now = place[path[-1]]
    if isinstance(now, str) and len(now) > 8 and rng.random() < 0.7:
        raw = bytearray(base64.b64decode(now.encode(errors="ignore") + b"==") or b"x")
        raw[rng.randrange(len(raw))] ^= 1 << rng.randrange(8)
        place[path[-1]] = base64.b64encode(raw[: rng.choice([len(raw), rng.randrange(len(raw) + 1)])]).decode()
    elif rng.random() < 0.5:
        place[path[-1]] = rng.choice(JUNK)
    else:
        del place[path[-1]]


@pytest.mark.parametrize("seed", range(4))
def test_mutated_bundles_never_raise(seed: int) -> None:
    """Bundles with changed, missing or foreign values give an observation or are malformed; evidence can hold it."""
    rng = random.Random(seed)
    seen = set()
    for _ in range(150):
        document = json.loads(rng.choice([BUNDLE, ENVELOPE]))
        _mutate(document, rng)
        try:
            one = observed(json.dumps(document))
        except Malformed:
            continue
        assert canonical(one)
        seen.add(one.status)
    assert {INVALID, UNVERIFIABLE} <= seen


CONFORMANCE_IDENTITY = (
    "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/"
    ".github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main"
)


@pytest.mark.corpus
def test_conformance(cases: Path) -> None:
    """Every case that must be refused is refused, and every other one is valid."""
    folder = cases / "sigstore-conformance"
    got = {one.name: _conformance(folder, one) for one in (folder / "bundle-verify").iterdir() if one.is_dir()}
    assert len(got) >= 48
    assert [name for name, status in got.items() if name.endswith("_fail") and status is VALID] == []
    assert [name for name, status in got.items() if not name.endswith("_fail") and status is not VALID] == []


def _conformance(folder: Path, case: Path) -> SignatureStatus:
    def text(name: str, default: str) -> str:
        return (case / name).read_text().strip() if (case / name).exists() else default

    root = text("trusted_root.json", (folder / "trusted-root-public-good.json").read_text())
    own = case / "artifact"
    payload = (own if own.exists() else folder / "bundle-verify" / "a.txt").read_bytes()
    issuer = text("issuer", "https://token.actions.githubusercontent.com")
    keys = [pinned(root, text("identity", CONFORMANCE_IDENTITY), issuer)]
    if (case / "key.pub").exists():
        public = key_file.parse((case / "key.pub").read_bytes())
        keys = [pinned(root, "nobody", "nobody"), replace(keys[0], public=public, trusted_root=b"")]
    try:
        return observed((case / "bundle.sigstore.json").read_bytes(), payload, *keys).status
    except Malformed:
        return INVALID
