"""Sigstore bundles that the library cannot check: managed keys (`cosign --key`), and other kinds of log entries.

Sources, read 2026-11-22: sigstore protobuf-specs `sigstore_bundle.proto` v0.1 to v0.3 (`VerificationMaterial.
public_key`: a hint, never a key); Sigstore client specification, "Verification"; Rekor v1 and v2 as in
`formats.rekor`. Trust: for a managed key the pinned key alone; logs and timestamp authorities of any trust root on
record only add a time. Without one the signature counts without trusted time, and the detail says so; where the key's
own entry pins a trust root, that root must prove a time.

Does not do: Ed25519ph, which Rekor v1 asks of Ed25519 keys; rekord and intoto 0.0.1 entries.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from fwverify.authenticate import attestations, signer, transparency
from fwverify.authenticate.interface import Group
from fwverify.authenticate.proofs import Message, proof
from fwverify.authenticate.signer import Signer
from fwverify.authenticate.transparency import DoesNotHold
from fwverify.formats import dsse, key_file, public_key, rekor, trust_root
from fwverify.formats.rekor import LogEntry
from fwverify.formats.sigstore_json import SigstoreBundle
from fwverify.formats.trust_root import TrustRoot
from fwverify.model.artifact import Artifact
from fwverify.model.evidence import SignatureObservation, SignatureStatus
from fwverify.model.examining import Malformed, Unsupported
from fwverify.trust.store import TrustStore

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

HASHES = ("sha256", "sha384", "sha512")
MAX_ENTRIES = 8
"""Log entries in one bundle; more would only cost time."""
_USUAL = (("prehash", "none"),)


@dataclass(frozen=True, slots=True)
class _Signed:
    """What a bundle's signature is over, for the comparison with its log entries."""

    signature: bytes
    message: bytes | memoryview
    """The bytes under the signature."""
    payload: bytes | None
    """Of an envelope."""


def managed(
    bundle: SigstoreBundle, group: Group, trust: TrustStore, scheme: str, subjects: Sequence[Artifact]
) -> tuple[SignatureObservation, ...]:
    """Check a bundle with a managed key.

    1. The signature holds under a key on record; the hint chooses nothing.
    2. A digest that the bundle declares is that of the file.
    3. Each log entry is about this signature by this key over these bytes, and its inclusion proof holds.
    4. Where a trust root on record names the log, checkpoint and promise hold under the log's key, in force then.
    5. The time is the log's promise, else a timestamp of an authority of that trust root.
    """
    return tuple(_managed(bundle, group, trust, scheme, subjects))


def _managed(
    bundle: SigstoreBundle, group: Group, trust: TrustStore, scheme: str, subjects: Sequence[Artifact]
) -> Iterator[SignatureObservation]:
    made = (("bundle", bundle.version), ("log", bundle.log_entry.strip() or "none"))
    if bundle.payload is not None:
        envelope = dsse.Envelope(bundle.payload_type, bundle.payload, (dsse.Signature("", bundle.signature),))
        signed = _Signed(bundle.signature, envelope.signed, bundle.payload)
        said = attestations.meaning(bundle.payload_type, bundle.payload, group)
        yield from attestations.observations(
            envelope, said, group, trust, scheme, made=made, settle=lambda one: _settled(one, bundle, signed, trust)
        )
        return
    for artifact in subjects:
        message = Message.of(artifact)
        message.hashes = HASHES
        found = signer.by_key(bundle.signature, message, group, trust, usual=_USUAL, made=made)  # 1
        algorithm, digest = bundle.declared
        if found.held is not None and algorithm and message.digest(algorithm) != digest:  # 2
            found = found.broken("the digest that the bundle declares is not that of the file")
        elif found.held is not None:
            found = _settled(found, bundle, _Signed(bundle.signature, artifact.content, None), trust)
        yield signer.observation(found, scheme, group.artifact.locator, artifact.locator, covers=artifact.whole)


def _settled(found: Signer, bundle: SigstoreBundle, signed: _Signed, trust: TrustStore) -> Signer:
    """Steps 3 to 5."""
    try:
        entries = _entries(bundle)
        for entry in entries:
            transparency.consistent(entry)
            _is_about(entry, signed, lambda verifier: found.key is not None and _same_key(verifier, found.key))
        return _timed(found, bundle, entries, trust)
    except (DoesNotHold, Malformed) as problem:
        return found.broken(f"it does not hold: {problem}")
    except Unsupported as problem:
        return Signer(SignatureStatus.UNVERIFIABLE, str(problem), key=found.key)


def _entries(bundle: SigstoreBundle) -> tuple[LogEntry, ...]:
    if len(bundle.entries) > MAX_ENTRIES:
        raise DoesNotHold(f"it has {len(bundle.entries)} log entries, at most {MAX_ENTRIES} are looked at")
    entries = tuple(map(rekor.entry, bundle.entries))
    for one in entries:
        proven = one.proof is not None and one.proof.checkpoint
        if not proven and not (bundle.version == "0.1" and one.promise):
            raise DoesNotHold("its log entry has no inclusion proof with a checkpoint")
    return entries


def _is_about(entry: LogEntry, signed: _Signed, by: Callable[[bytes], bool]) -> None:
    """Step 3: the logged signature, verifier and digest are those of the bundle.

    Args:
        entry: the log entry.
        signed: what the bundle signs.
        by: True for the logged verifier (DER of a key or certificate) that the bundle is by.

    Raises:
        DoesNotHold: they are not.
        Malformed, Unsupported: of the entry's body.
    """
    logged = rekor.logged(entry)
    if logged.of_payload and signed.payload is None:
        raise DoesNotHold("its log entry is about an envelope, the bundle holds none")
    over = signed.payload if logged.of_payload and signed.payload is not None else signed.message
    if any(hashlib.new(name, over).digest() != value for name, value in logged.digests):
        raise DoesNotHold("its log entry is about other bytes")
    if not any(value == signed.signature and by(verifier) for value, verifier in logged.signatures):
        raise DoesNotHold("its log entry is about another signature or another key")


def _same_key(verifier: bytes, key: public_key.PublicKey) -> bool:
    try:
        return key_file.parse(verifier).fingerprint == key.fingerprint
    except Malformed:
        return False


def _timed(found: Signer, bundle: SigstoreBundle, entries: tuple[LogEntry, ...], trust: TrustStore) -> Signer:
    """Steps 4 and 5. The first trust root that names every log of the bundle decides.

    Where the key's own entry pins a trust root, that one alone counts, and it must prove a time.
    """
    own = {one.trusted_root for one in found.entries if one.trusted_root}
    for raw in sorted(own or {one.trusted_root for one in trust.keys if one.trusted_root}):
        try:
            root = trust_root.read(raw)
        except Malformed:
            continue  # said where the root's own entries are used
        if not all(transparency.knows(one, root) for one in entries):
            continue
        stamped = transparency.timestamps(bundle.timestamps, bundle.signature, root)
        promised = [transparency.proven(one, root, stamped) for one in entries]
        at, source = _time([one for one in promised if one is not None], stamped)
        if at:
            return replace(found, signed_at=at, time_source=source)
    if own:
        raise DoesNotHold("nothing of the trust root that the key's entry names proves when it was signed")
    why = "it has no log entry" if not entries else "no trust root on record proves one"
    return replace(found, detail=f"{found.detail}; without trusted time: {why}")


def _time(promised: Sequence[datetime], stamped: Sequence[datetime]) -> tuple[str, str]:
    if promised:
        return _rfc3339(min(promised)), "rekor"
    return (_rfc3339(min(stamped)), "rfc3161") if stamped else ("", "")


def _rfc3339(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def intact(bundle: SigstoreBundle, leaf: Certificate, artifact: Artifact) -> bool:
    """True when the signature fits artifact and certificate, whoever issued the certificate."""
    if bundle.payload is not None and artifact.sha256.hex not in bundle.names:
        return False
    try:
        return _holds(_signed(bundle, artifact), _certificate_key(leaf, bundle))
    except DoesNotHold:
        return False


def _signed(bundle: SigstoreBundle, artifact: Artifact) -> _Signed:
    if bundle.payload is None:
        return _Signed(bundle.signature, artifact.content, None)
    return _Signed(bundle.signature, dsse.encoded(bundle.payload_type, bundle.payload), bundle.payload)


def _holds(signed: _Signed, key: public_key.PublicKey) -> bool:
    return proof(key, signed.signature, Message(memoryview(signed.message), HASHES)) is not None


def established(bundle: SigstoreBundle, leaf: Certificate, artifact: Artifact, root: TrustRoot) -> list[datetime]:
    """Check a bundle with a certificate against one trust root; the times of signing that were proven.

    1. The signature holds under the certificate's key over the artifact (of which a declared digest is true), or over
       the envelope.
    2. Each log entry is about this signature, certificate and bytes, and a log of the trust root holds it.
    3. At least one time is proven; the certificate and its issuer were valid at each (`transparency.certified`).

    Raises:
        DoesNotHold: it does not.
        Unsupported: a kind of log entry that is not read.
    """
    signed, key = _signed(bundle, artifact), _certificate_key(leaf, bundle)
    if not _holds(signed, key):  # 1
        raise DoesNotHold("the signature does not fit the file and the certificate beside it")
    algorithm, digest = bundle.declared
    if algorithm and Message.of(artifact).digest(algorithm) != digest:
        raise DoesNotHold("the digest that it declares is not that of the file")
    stamped = transparency.timestamps(bundle.timestamps, bundle.signature, root)
    times = list(stamped)
    try:
        for entry in _entries(bundle):  # 2
            _is_about(entry, signed, lambda verifier: verifier == bundle.certificates[0])
            promised = transparency.proven(entry, root, stamped)
            times += [promised] if promised else []
    except Malformed as problem:
        raise DoesNotHold(f"{problem.what}: {problem.reason}") from None
    transparency.certified(leaf, root, times)  # 3
    return times


def _certificate_key(leaf: Certificate, bundle: SigstoreBundle) -> public_key.PublicKey:
    """The key of the signer's certificate; the chain in the bundle holds no authority that signs itself."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    try:
        rest = [x509.load_der_x509_certificate(one) for one in bundle.certificates[1:]]
        if any(one.subject == one.issuer for one in rest):
            raise DoesNotHold("it carries a root certificate")
        return key_file.parse(leaf.public_bytes(Encoding.DER))
    except (ValueError, Malformed):
        raise DoesNotHold("its certificate is malformed") from None
