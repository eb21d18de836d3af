"""Sigstore bundles: a short-lived certificate that names who signed, vouched for by a public log.

Sources, read 2026-11-22: sigstore protobuf-specs `sigstore_bundle.proto` and `sigstore_trustroot.proto`; Sigstore
client specification, section "Verification"; Fulcio `docs/oid-info.md` (issuer extensions); in-toto Statement v1;
DSSE v1 `protocol.md`.

Signed: the SHA-256 of the whole artifact, directly or as a subject of an in-toto statement in a DSSE envelope.
The mathematics are those of the `sigstore` library; this module is its only door and imports it on first use. It
never reaches the network: the trust root comes from the operator's key registry, one file per private or public
Sigstore, and the library is given no other.

What the library cannot check (managed keys of `cosign --key`, several log entries, `intoto` and newer `dsse` ones) is
checked by `authenticate.own_bundles`. A file may hold one bundle, or one in each line.

Not done: v0.1 bundles without an inclusion proof, bundles without a log entry, certificates with keys that are not
ECDSA. Those are `unverifiable`, never `invalid`.
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

from fwverify.authenticate import attestations, keys, own_bundles
from fwverify.authenticate.attestations import Meaning
from fwverify.authenticate.interface import Group, SignatureScheme
from fwverify.authenticate.proofs import Proof
from fwverify.authenticate.transparency import DoesNotHold
from fwverify.formats import dsse, fulcio, sigstore_json, trust_root
from fwverify.formats.sigstore_json import SigstoreBundle
from fwverify.model.artifact import Artifact, Locator
from fwverify.model.evidence import SignatureObservation, SignatureStatus
from fwverify.model.examining import Malformed, Unsupported
from fwverify.model.plugin import Doc
from fwverify.trust.store import PinnedKey, TrustStore

if TYPE_CHECKING:
    from cryptography.x509 import Certificate, Name
    from sigstore.models import Bundle, TrustedRoot

NAME = "sigstore-bundle"
SENTENCE = 160
"""Characters of the library's words that are repeated; some of its messages quote whole structures."""
MAX_BUNDLE_BYTES = 4 << 20
"""A bundle has 4 to 20 KiB; a DSSE payload may carry a whole SBOM of some MiB."""


_NOTHING = Meaning(())
"""Of a bundle that signs the artifact itself."""


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
    return tuple(map(sigstore_json.read, dsse.documents(bytes(artifact.content))))


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
            raise DoesNotHold(f"none of the trust root's {name} was in force when it was signed")
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
        raise DoesNotHold(_words(problem)) from None
    except (DuplicateExtension, ExtensionNotFound, InvalidVersion, UnsupportedGeneralNameType) as problem:
        raise DoesNotHold(f"its certificate is malformed: {_words(problem)}") from None
    except ValueError as problem:  # pydantic, base64, DER and text decoding errors are all ValueErrors
        raise DoesNotHold(f"malformed: {_words(problem)}") from None


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
        raise DoesNotHold("nothing in it proves when it was signed")
    return times


def _issued(leaf: Certificate) -> list[datetime]:
    """When certificate transparency logs saw the certificate."""
    with _holding():
        times = fulcio.logged(leaf)
    if not times:
        raise DoesNotHold("its certificate is in no certificate transparency log")
    return times


def _verified(bundle: SigstoreBundle, loaded: Bundle, root: TrustedRoot, artifact: Artifact) -> bytes | None:
    """The library's verification; returns the payload of an envelope. Raises DoesNotHold."""
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


def _leaf(bundle: SigstoreBundle) -> Certificate:
    """The signer's certificate of a bundle that the library does not read. Raises DoesNotHold."""
    from cryptography import x509

    if not bundle.certificates:
        raise DoesNotHold("it has no certificate")
    with _holding():
        return x509.load_der_x509_certificate(bundle.certificates[0])


def _signer(leaf: Certificate) -> _Signer | None:
    """None when the certificate's key is not ECDSA. Raises DoesNotHold."""
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    with _holding():
        key = leaf.public_key()
        if not isinstance(key, ec.EllipticCurvePublicKey):
            return None
        spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        issuer = leaf.issuer
    return _Signer(leaf, issuer, hashlib.sha256(spki).hexdigest(), key.curve.name)


def verify(bundle: SigstoreBundle, group: Group, trust: TrustStore) -> tuple[SignatureObservation, ...]:
    """Check one bundle over every file it is for.

    1. A form that is not supported is unverifiable, whatever else is wrong with it.
    2. The subject is the file that ingest paired it with, else every delivered file whose digest it names.
    3. Each distinct trust root on record is tried by itself; the best answer counts:
       a. the trust root is reduced to what was in force when the log or a timestamp says it was signed;
       b. the library verifies certificate, log entry, time and signature against that and nothing else;
          what it cannot read, `own_bundles.established` does;
       c. of an envelope, the statement must be about this artifact's digest;
       d. identity and issuer in the certificate must equal, to the character, those of an entry with that root, and
          its constraints be met.
    Bundles with a managed key go another way (`own_bundles.managed`): under the keys on record.
    """
    blank = SignatureObservation(NAME, group.artifact.locator, None, (), SignatureStatus.UNVERIFIABLE, "")
    subjects = _files(bundle, group)
    if bundle.managed and not bundle.unsupported and (subjects or bundle.payload is not None):
        return own_bundles.managed(bundle, group, trust, NAME, subjects)
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
        loaded = None if bundle.own else _loaded(bundle.raw)
        signer = _signer(loaded.signing_certificate if loaded else _leaf(bundle))
    except DoesNotHold as problem:
        return replace(blank, status=SignatureStatus.INVALID, detail=f"it does not hold: {problem}")
    if signer is None:
        return replace(blank, detail="certificates with keys other than ECDSA are not supported yet")
    algorithm = (("bundle", bundle.version), ("curve", signer.curve), ("hash", "sha256"), ("log", bundle.log_entry))
    blank = replace(blank, fingerprint=signer.fingerprint, algorithm="ecdsa", parameters=algorithm)
    answers = [_against(bundle, loaded, signer, artifact, raw, pins, blank) for raw, pins in sorted(roots.items())]
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
    loaded: Bundle | None,
    signer: _Signer,
    artifact: Artifact,
    raw: bytes,
    entries: tuple[PinnedKey, ...],
    blank: SignatureObservation,
) -> SignatureObservation:
    """Steps 3a to 3d under one trust root."""
    try:
        if not _knows(raw, signer.issuer):
            if not own_bundles.intact(bundle, signer.leaf, artifact):
                raise DoesNotHold("the signature does not fit the file and the certificate beside it")
            name = signer.issuer.rfc4514_string()[: sigstore_json.QUOTED]
            detail = f"intact, but its certificate is from {name}, which no trust root on record names"
            return replace(blank, covers=artifact.whole, status=SignatureStatus.UNKNOWN_KEY, detail=detail)
        if loaded is None:
            times, payload = (
                own_bundles.established(bundle, signer.leaf, artifact, trust_root.read(raw)),
                bundle.payload,
            )
        else:
            times = _claimed(bundle, loaded)
            payload = _verified(bundle, loaded, _trusted_root(raw, times, _issued(signer.leaf)), artifact)
        said = _about(bundle.payload_type, payload, artifact, blank.source) if payload is not None else _NOTHING
    except DoesNotHold as problem:
        return replace(blank, status=SignatureStatus.INVALID, detail=f"it does not hold: {problem}")
    except (_TrustRootUnreadable, Malformed) as problem:
        return replace(blank, detail=f"the trust root of {entries[0].record.name} cannot be used: {problem}")
    except Unsupported as problem:
        return replace(blank, detail=str(problem))
    at, source = _signed_at(bundle, times)
    identity, issuer = fulcio.identity(signer.leaf), fulcio.issuer(signer.leaf)
    made = tuple(sorted((*blank.parameters, ("root", hashlib.sha256(raw).hexdigest()), *said.parameters)))
    named = [one for one in entries if _is(one, identity, issuer)]
    unmet = [keys.unmet(one, Proof("ecdsa", made)) for one in named]
    if named and all(unmet):
        detail = f"signed by {identity} ({issuer}), but not as its entry asks: {unmet[0]}"
        return replace(blank, status=SignatureStatus.INVALID, detail=detail)
    on_record = tuple(sorted(one.record.name for one, why in zip(named, unmet, strict=True) if not why))
    return replace(
        blank,
        covers=artifact.whole,
        status=SignatureStatus.VALID if on_record else SignatureStatus.UNKNOWN_KEY,
        detail=f"signed by {identity or 'nobody named'} ({issuer or 'no issuer named'})"
        + ("" if on_record else ", which is not on record"),
        keys=on_record,
        parameters=made,
        signed_at=at,
        time_source=source,
        identity=identity,
        issuer=issuer,
        states=said.states,
    )


def _is(key: PinnedKey, identity: str, issuer: str) -> bool:
    """Exactly the identity and exactly the issuer of an entry. An empty one never fits."""
    return bool(identity and issuer) and (key.record.identity, key.record.issuer) == (identity, issuer)


def _about(payload_type: str, payload: bytes, artifact: Artifact, source: Locator) -> Meaning:
    """Step 3c: the verified statement is about this artifact."""
    said = attestations.meaning(payload_type, payload, Group(replace(artifact, locator=source), artifact))
    if said.unread:
        raise Unsupported(said.unread)
    if said.refused or not said.subjects:
        raise DoesNotHold(said.refused or "its statement is about other bytes")
    predicate = dict(said.parameters)["predicate-type"]
    return replace(said, parameters=(*said.parameters, ("predicate", predicate[: 2 * sigstore_json.QUOTED])))


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
            "v0.1 bundles without inclusion proof; bundles without log entry",
            "certificates with keys other than ECDSA; Ed25519ph signatures of managed keys",
            "log entries of the kinds rekord and intoto 0.0.1",
            "the time of signing where there are several timestamps and no log time",
        ),
    ),
)
