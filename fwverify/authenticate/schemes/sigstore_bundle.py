"""Sigstore bundles: a short-lived certificate that names who signed, vouched for by a public log.

Sources, read 2026-11-22: sigstore protobuf-specs `sigstore_bundle.proto` and `sigstore_trustroot.proto`; Sigstore
client specification, section "Verification"; Fulcio `docs/oid-info.md` (issuer extensions); in-toto Statement v1;
DSSE v1 `protocol.md`.

Signed: the SHA-256 of the whole artifact, directly or as a subject of an in-toto statement in a DSSE envelope.
The mathematics are those of the `sigstore` library; this module is its only door and imports it on first use. It
never reaches the network: the trust root comes from the operator's key registry, one file per private or public
Sigstore, and the library is given no other.

Not done: bundles with a managed key instead of a certificate, several log entries, `intoto` log entries, v0.1
bundles without an inclusion proof, signing keys that are not ECDSA. Those are `unverifiable`, never `invalid`.
What a predicate *says* (provenance, test result) is not read; its type is kept in the parameters.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from fwverify.authenticate.interface import Group, SignatureScheme
from fwverify.formats import fulcio, sigstore_json
from fwverify.formats.sigstore_json import SigstoreBundle, text
from fwverify.model.artifact import Artifact
from fwverify.model.evidence import SignatureObservation, SignatureStatus
from fwverify.model.examining import Malformed, Unsupported
from fwverify.model.plugin import Doc
from fwverify.trust.store import PinnedKey, TrustStore

if TYPE_CHECKING:
    from cryptography.x509 import Certificate, Name
    from sigstore.models import Bundle, TrustedRoot

NAME = "sigstore-bundle"
IN_TOTO = "application/vnd.in-toto+json"
STATEMENTS = frozenset({"https://in-toto.io/Statement/v1", "https://in-toto.io/Statement/v0.1"})
SENTENCE = 160
"""Characters of the library's words that are repeated; some of its messages quote whole structures."""
MAX_BUNDLE_BYTES = 4 << 20
"""A bundle has 4 to 20 KiB; a DSSE payload may carry a whole SBOM of some MiB."""


class _DoesNotHold(Exception):
    """Verification came to a no."""


class _TrustRootUnreadable(Exception):
    """The operator's trust root file cannot be used."""


class _AnyIdentity:
    """Accepts every certificate, on purpose: the library establishes *that* the certificate holds; *whose* it is
    is then compared with the registry here and recorded, so that judgement can repeat it."""

    def verify(self, cert: Certificate) -> None:
        return


def detect(artifact: Artifact) -> bool:
    if artifact.size > MAX_BUNDLE_BYTES:
        return False
    data = bytes(artifact.content)
    return data.lstrip()[:1] == b"{" and f'"{sigstore_json.MEDIA_TYPE}'.encode() in data


def parse(artifact: Artifact) -> tuple[SigstoreBundle, ...]:
    return (sigstore_json.read(bytes(artifact.content)),)


def _trusted_root(raw: bytes, signed: list[datetime], issued: list[datetime]) -> TrustedRoot:
    """The trust root reduced to what was in force at the claimed times, with the windows then taken off.

    The library accepts keys whose window is over (it compares windows with the machine's clock, and only their
    start). Reduced this way, what verifies was in force at the time that the verification proves, and the machine's
    clock has no part. Every time the library can come to is among the claimed ones.
    """
    from sigstore.errors import Error
    from sigstore.models import TrustedRoot
    from sigstore_models.trustroot.v1 import TrustedRoot as Model

    try:
        reduced = sigstore_json.in_force(raw, signed, issued)
        # from_file is the library's only named constructor; the model's own reader takes bytes.
        root = TrustedRoot(Model.from_json(json.dumps(reduced)))
    except Malformed as problem:
        raise _TrustRootUnreadable(str(problem)) from None
    except (Error, ValueError) as problem:
        raise _TrustRootUnreadable(_words(problem)) from None
    for name in sigstore_json.NEEDED:
        if not reduced[name]:
            raise _DoesNotHold(f"none of the trust root's {name} was in force when it was signed")
    return root


def _knows(raw: bytes, issuer: Name) -> bool:
    """True when an authority of the trust root has this name."""
    from cryptography import x509

    try:
        certificates = [x509.load_der_x509_certificate(one) for one in sigstore_json.authorities(raw)]
        return any(one.subject == issuer for one in certificates)
    except (Malformed, ValueError) as problem:
        raise _TrustRootUnreadable(_words(problem)) from None


@contextmanager
def _holding() -> Iterator[None]:
    """Whatever the library raises for hostile input becomes one answer: it does not hold.

    The set was found by reading and by mutating bundles (tests/unit/authenticate/test_sigstore_bundle.py); anything
    else is a bug and passes.
    """
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.x509 import DuplicateExtension, ExtensionNotFound, InvalidVersion, UnsupportedGeneralNameType
    from sigstore.errors import Error

    quiet = logging.getLogger("sigstore")
    if not quiet.handlers:  # else the library's warnings about hostile input reach the user's screen
        quiet.addHandler(logging.NullHandler())
    try:
        yield
    except (Error, InvalidSignature, UnsupportedAlgorithm) as problem:
        raise _DoesNotHold(_words(problem)) from None
    except (DuplicateExtension, ExtensionNotFound, InvalidVersion, UnsupportedGeneralNameType) as problem:
        raise _DoesNotHold(f"its certificate is malformed: {_words(problem)}") from None
    except ValueError as problem:  # pydantic, base64, DER and text decoding errors are all ValueErrors
        raise _DoesNotHold(f"malformed: {_words(problem)}") from None


def _words(problem: Exception) -> str:
    return " ".join(" ".join(map(str, problem.args)).split())[:SENTENCE] or type(problem).__name__


def _loaded(raw: bytes) -> Bundle:
    from sigstore.models import Bundle

    with _holding():
        return Bundle.from_json(raw)


def _claimed(bundle: SigstoreBundle, loaded: Bundle) -> list[datetime]:
    """Every time of signing that verification could come to."""
    with _holding():
        data = loaded.verification_material.timestamp_verification_data
        times = [one.tst_info.gen_time for one in data.rfc3161_timestamps] if data else []
    if bundle.integrated is not None:
        times.append(datetime.fromtimestamp(bundle.integrated, UTC))
    if not times:
        raise _DoesNotHold("nothing in it proves when it was signed")
    return times


def _issued(leaf: Certificate) -> list[datetime]:
    """When certificate transparency logs saw the certificate."""
    with _holding():
        times = fulcio.logged(leaf)
    if not times:
        raise _DoesNotHold("its certificate is in no certificate transparency log")
    return times


def _verified(bundle: SigstoreBundle, loaded: Bundle, root: TrustedRoot, artifact: Artifact) -> bytes | None:
    """The library's verification; returns the payload of an envelope. Raises _DoesNotHold."""
    from sigstore.hashes import Hashed
    from sigstore.verify import Verifier
    from sigstore_models.common.v1 import HashAlgorithm

    with _holding():
        verifier = Verifier(trusted_root=root)
        if bundle.payload is not None:
            return verifier.verify_dsse(loaded, _AnyIdentity())[1]
        hashed = Hashed(algorithm=HashAlgorithm.SHA2_256, digest=artifact.sha256.value)
        verifier.verify_artifact(hashed, loaded, _AnyIdentity())
    return None


@dataclass(frozen=True, slots=True)
class _Signer:
    """A certificate, with what an observation says of it."""

    leaf: Certificate
    issuer: Name
    fingerprint: str
    curve: str


def _signer(loaded: Bundle) -> _Signer | None:
    """None when the certificate's key is not ECDSA. Raises _DoesNotHold."""
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    leaf = loaded.signing_certificate
    with _holding():
        key = leaf.public_key()
        if not isinstance(key, ec.EllipticCurvePublicKey):
            return None
        spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        issuer = leaf.issuer
    return _Signer(leaf, issuer, hashlib.sha256(spki).hexdigest(), key.curve.name)


def _intact(bundle: SigstoreBundle, signer: _Signer, artifact: Artifact) -> bool:
    """True when the signature fits artifact and certificate, whoever issued the certificate."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
    from cryptography.hazmat.primitives.hashes import SHA256

    key = signer.leaf.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)  # noqa: S101 - _signer saw to it
    digest = artifact.sha256.value
    if bundle.payload is not None:
        if artifact.sha256.hex not in bundle.names:
            return False
        digest = hashlib.sha256(sigstore_json.enveloped(bundle.payload_type, bundle.payload)).digest()
    try:
        key.verify(bundle.signature, digest, ec.ECDSA(Prehashed(SHA256())))
    except InvalidSignature:
        return False
    return True


def verify(bundle: SigstoreBundle, group: Group, trust: TrustStore) -> tuple[SignatureObservation, ...]:
    """Check one bundle over every file it is for.

    1. A form that is not supported is unverifiable, whatever else is wrong with it.
    2. The subject is the file that ingest paired it with, else every delivered file whose digest it names.
    3. Each distinct trust root on record is tried by itself; the best answer counts:
       a. the trust root is reduced to what was in force when the log or a timestamp says it was signed;
       b. the library verifies certificate, log entry, time and signature against that and nothing else;
       c. of an envelope, the statement must be about this artifact's digest;
       d. identity and issuer in the certificate must equal, to the character, those of an entry with that root.
    """
    blank = SignatureObservation(NAME, group.artifact.locator, None, (), SignatureStatus.UNVERIFIABLE, "")
    subjects = _files(bundle, group)
    if bundle.unsupported or not subjects:
        about = group.about.locator if group.about else None
        detail = bundle.unsupported or "no delivered file has the digest that it names"
        return (replace(blank, subject=about, detail=detail),)
    roots = _roots(trust)
    if not roots:
        detail = "no Sigstore trust root is on record"
        return tuple(replace(blank, subject=one.locator, detail=detail) for one in subjects)
    return tuple(_against_all(bundle, one, roots, replace(blank, subject=one.locator)) for one in subjects)


def _files(bundle: SigstoreBundle, group: Group) -> tuple[Artifact, ...]:
    if group.about is not None:
        return (group.about,)
    return tuple(one for _, one in sorted(group.siblings.items()) if one.sha256.hex in bundle.names)


def _roots(trust: TrustStore) -> dict[bytes, tuple[PinnedKey, ...]]:
    out: dict[bytes, tuple[PinnedKey, ...]] = {}
    for one in trust.keys:
        if one.record.type == "sigstore-identity" and one.trusted_root:
            out[one.trusted_root] = (*out.get(one.trusted_root, ()), one)
    return out


def _against_all(
    bundle: SigstoreBundle, artifact: Artifact, roots: dict[bytes, tuple[PinnedKey, ...]], blank: SignatureObservation
) -> SignatureObservation:
    """Steps 3a to 3d under each trust root; a yes beats a no, a no beats "not on record"."""
    try:
        loaded = _loaded(bundle.raw)
        signer = _signer(loaded)
    except _DoesNotHold as problem:
        return replace(blank, status=SignatureStatus.INVALID, detail=f"it does not hold: {problem}")
    if signer is None:
        return replace(blank, detail="certificates with keys other than ECDSA are not supported yet")
    algorithm = (("bundle", bundle.version), ("curve", signer.curve), ("hash", "sha256"), ("log", bundle.log_entry))
    blank = replace(blank, fingerprint=signer.fingerprint, algorithm="ecdsa", parameters=algorithm)
    answers = [_against(bundle, loaded, signer, artifact, raw, keys, blank) for raw, keys in sorted(roots.items())]
    return min(answers, key=_rank)


def _rank(one: SignatureObservation) -> int:
    match one.status:
        case SignatureStatus.VALID:
            return 0
        case SignatureStatus.UNKNOWN_KEY:
            return 1 if one.identity else 3
        case SignatureStatus.INVALID:
            return 2
    return 4


def _against(
    bundle: SigstoreBundle,
    loaded: Bundle,
    signer: _Signer,
    artifact: Artifact,
    raw: bytes,
    keys: tuple[PinnedKey, ...],
    blank: SignatureObservation,
) -> SignatureObservation:
    """Steps 3a to 3d under one trust root."""
    try:
        if not _knows(raw, signer.issuer):
            if not _intact(bundle, signer, artifact):
                raise _DoesNotHold("the signature does not fit the file and the certificate beside it")
            name = signer.issuer.rfc4514_string()[: sigstore_json.QUOTED]
            detail = f"intact, but its certificate is from {name}, which no trust root on record names"
            return replace(blank, covers=artifact.whole, status=SignatureStatus.UNKNOWN_KEY, detail=detail)
        times = _claimed(bundle, loaded)
        root = _trusted_root(raw, times, _issued(signer.leaf))
        payload = _verified(bundle, loaded, root, artifact)
        predicate = _about(bundle.payload_type, payload, artifact) if payload is not None else ()
    except _DoesNotHold as problem:
        return replace(blank, status=SignatureStatus.INVALID, detail=f"it does not hold: {problem}")
    except _TrustRootUnreadable as problem:
        return replace(blank, detail=f"the trust root of {keys[0].record.name} cannot be used: {problem}")
    except Unsupported as problem:
        return replace(blank, detail=str(problem))
    at, source = _signed_at(bundle, times)
    identity, issuer = fulcio.identity(signer.leaf), fulcio.issuer(signer.leaf)
    on_record = tuple(sorted(one.record.name for one in keys if _is(one, identity, issuer)))
    return replace(
        blank,
        covers=artifact.whole,
        status=SignatureStatus.VALID if on_record else SignatureStatus.UNKNOWN_KEY,
        detail=f"signed by {identity or 'nobody named'} ({issuer or 'no issuer named'})"
        + ("" if on_record else ", which is not on record"),
        keys=on_record,
        parameters=tuple(sorted((*blank.parameters, ("root", hashlib.sha256(raw).hexdigest()), *predicate))),
        signed_at=at,
        time_source=source,
        identity=identity,
        issuer=issuer,
    )


def _is(key: PinnedKey, identity: str, issuer: str) -> bool:
    """Exactly the identity and exactly the issuer of an entry. An empty one never fits."""
    return bool(identity and issuer) and (key.record.identity, key.record.issuer) == (identity, issuer)


def _about(payload_type: str, payload: bytes, artifact: Artifact) -> tuple[tuple[str, str], ...]:
    """Step 3c: the verified statement is about this artifact. Returns its predicate type as a parameter."""
    if payload_type != IN_TOTO:
        raise Unsupported(f"envelopes of type {payload_type[: sigstore_json.QUOTED]} are not supported yet")
    try:
        statement = sigstore_json.statement(payload)
    except Malformed as problem:
        raise _DoesNotHold(str(problem)) from None
    kind = text(statement.get("_type"))
    if kind not in STATEMENTS:
        raise Unsupported(f"statements of type {kind[: sigstore_json.QUOTED]} are not supported yet")
    if artifact.sha256.hex not in sigstore_json.subjects(statement):
        raise _DoesNotHold("its statement is about other bytes")
    return (("predicate", text(statement.get("predicateType"))[: 2 * sigstore_json.QUOTED]),)


def _signed_at(bundle: SigstoreBundle, times: list[datetime]) -> tuple[str, str]:
    """When it was signed and who says so, of a bundle that was verified. With several timestamps and no log time,
    one of them held, but the library does not say which: then no time is recorded."""
    if bundle.integrated is not None:
        return _rfc3339(datetime.fromtimestamp(bundle.integrated, UTC)), "rekor"
    return (_rfc3339(times[0]), "rfc3161") if len(times) == 1 else ("", "")


def _rfc3339(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


SCHEME = SignatureScheme(
    name=NAME,
    detect=detect,
    parse=parse,
    verify=verify,
    doc=Doc(
        title="Sigstore bundle",
        vendor="Sigstore",
        references=(
            "sigstore protobuf-specs, sigstore_bundle.proto and sigstore_trustroot.proto, read 2026-11-22",
            "Sigstore client specification, Verification, read 2026-11-22",
            "Fulcio docs/oid-info.md, read 2026-11-22",
        ),
        limitations=(
            "managed keys instead of certificates",
            "more than one log entry; log entries of kind intoto",
            "v0.1 bundles without inclusion proof",
            "signing keys other than ECDSA",
            "what an in-toto predicate says",
            "the time of signing where there are several timestamps and no log time",
        ),
    ),
)
