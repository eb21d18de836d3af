"""Transparency logs, timestamps and short-lived certificates against a trust root on record.

Sources, read 2026-11-22: Sigstore client specification, "Verification"; RFC 9162 section 2.1.3.2; RFC 6962 section
3.2 (signed certificate timestamps); RFC 3161; C2SP `signed-note`. What it verifies is read by `formats.rekor` and
`formats.trust_root`. It knows no bundles, and no trust besides the trust root it is given.

RFC 3161 tokens are checked by `rfc3161-client`, each authority of the trust root by itself, at the token's own time.
Does not do: witnesses, gossip, anything over the network.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from fwverify.formats import rekor
from fwverify.formats.rekor import LogEntry
from fwverify.formats.trust_root import Authority, Log, TrustRoot
from fwverify.model.examining import Malformed

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

MAX_TIMESTAMPS = 16
"""In one bundle."""


class DoesNotHold(Exception):
    """Verification came to a no; the text says why, in plain words."""


def proven(entry: LogEntry, root: TrustRoot, times: Sequence[datetime] = ()) -> datetime | None:
    """Verify that a log of the trust root holds the entry.

    1. The inclusion proof leads from the entry to its root.
    2. The log is one of the trust root.
    3. The checkpoint has that root and size, and a signature of the log under its own name.
    4. A promise is signed by the log over entry, index and time.
    5. The log's key was in force at the promised time, and at all other times that count.

    Args:
        entry: the entry.
        root: the trust root.
        times: other times of signing (timestamps).

    Returns:
        The time the log promised; None without promise.

    Raises:
        DoesNotHold: one of these is not so.
    """
    consistent(entry)  # 1
    log = next((one for one in root.logs if one.id == entry.log_id), None)
    if log is None:  # 2
        raise DoesNotHold("its log is not one of the trust root")
    if entry.proof is not None and entry.proof.checkpoint:
        _checkpoint(entry, log)  # 3
    promised = None
    if entry.promise:
        if not signed_by(log.key, entry.promise, rekor.promised(entry)):  # 4
            raise DoesNotHold("the log's promise (signed entry timestamp) does not hold")
        promised = datetime.fromtimestamp(entry.integrated, UTC) if entry.integrated else None
    for at in (*times, *((promised,) if promised else ())):
        if not log.window.holds(at):  # 5
            raise DoesNotHold("the log's key was not in force when it was signed")
    return promised


def knows(entry: LogEntry, root: TrustRoot) -> bool:
    """True when the entry names a log of the trust root."""
    return any(one.id == entry.log_id for one in root.logs)


def consistent(entry: LogEntry) -> None:
    """Step 1, which needs no trust. Raises DoesNotHold."""
    if entry.proof is None:
        return
    try:
        if rekor.root_of(entry.proof, entry.body) != entry.proof.root:
            raise DoesNotHold("the inclusion proof does not lead to its root")
        if entry.proof.checkpoint:
            found = rekor.checkpoint(entry.proof.checkpoint)
            if (found.root, found.size) != (entry.proof.root, entry.proof.size):
                raise DoesNotHold("the checkpoint is for another tree than the inclusion proof")
    except Malformed as problem:
        raise DoesNotHold(f"{problem.what}: {problem.reason}") from None


def _checkpoint(entry: LogEntry, log: Log) -> None:
    found = rekor.checkpoint(entry.proof.checkpoint if entry.proof else "")
    for name, hint, signature in found.signatures:
        named = found.origin == name or found.origin.startswith(f"{name} - ")
        if named and hint == log.id[:4] and signed_by(log.key, signature, found.signed):
            return
    raise DoesNotHold("the checkpoint has no signature of its log that holds")


def signed_by(spki: bytes, signature: bytes, message: bytes) -> bool:
    """A log's signature: ECDSA over SHA-256, RSA PKCS#1 v1.5 over SHA-256, or Ed25519."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    try:
        key = load_der_public_key(spki)
    except (ValueError, UnsupportedAlgorithm):
        return False
    match key:
        case ec.EllipticCurvePublicKey():
            return _holds(lambda: key.verify(signature, message, ec.ECDSA(hashes.SHA256())))
        case ed25519.Ed25519PublicKey():
            return _holds(lambda: key.verify(signature, message))
        case rsa.RSAPublicKey():
            return _holds(lambda: key.verify(signature, message, padding.PKCS1v15(), hashes.SHA256()))
    return False


def _holds(check: Callable[[], None]) -> bool:
    from cryptography.exceptions import InvalidSignature

    try:
        check()
    except (InvalidSignature, ValueError):
        return False
    return True


def timestamps(tokens: Sequence[bytes], signature: bytes, root: TrustRoot) -> tuple[datetime, ...]:
    """Times that an authority of the trust root put on the signature, each within the authority's window.

    Tokens of other authorities, or over something else, prove nothing and are passed over.

    Raises:
        DoesNotHold: one is malformed, or there twice, or there are too many.
    """
    if len(tokens) > MAX_TIMESTAMPS or len(set(tokens)) != len(tokens):
        raise DoesNotHold("it has more timestamps than anybody needs, or one of them twice")
    return tuple(at for one in tokens if (at := _timestamp(one, signature, root)) is not None)


def _timestamp(token: bytes, signature: bytes, root: TrustRoot) -> datetime | None:
    from rfc3161_client import decode_timestamp_response

    try:
        response = decode_timestamp_response(token)
        at = response.tst_info.gen_time
    except ValueError:
        raise DoesNotHold("a timestamp is malformed") from None
    for authority in root.timestamp_authorities:
        if authority.window.holds(at) and _stamped(response, signature, authority):
            return at
    return None


def _stamped(response: object, signature: bytes, authority: Authority) -> bool:
    from cryptography import x509
    from rfc3161_client import VerificationError, VerifierBuilder

    try:
        chain = [x509.load_der_x509_certificate(one) for one in authority.chain]
        if not chain:
            return False
        builder = VerifierBuilder().tsa_certificate(chain[0]).add_root_certificate(chain[-1])
        for one in chain[1:-1]:
            builder = builder.add_intermediate_certificate(one)
        return bool(builder.build().verify_message(response, signature))  # type: ignore[arg-type]  # lazily imported
    except (VerificationError, ValueError):
        return False


def certified(leaf: Certificate, root: TrustRoot, times: Sequence[datetime]) -> None:
    """Verify a Fulcio certificate at every time of signing.

    1. A chain leads to an authority of the trust root that was in force at that time.
    2. The certificate is for code signing with its key.
    3. A certificate transparency log of the trust root, in force then, saw it.

    Raises:
        DoesNotHold: one of these is not so, or there is no time.
    """
    from cryptography import x509
    from cryptography.x509.oid import ExtendedKeyUsageOID

    if not times:
        raise DoesNotHold("nothing in it proves when it was signed")
    try:
        issuers = [_issuer(leaf, root, at) for at in times]  # 1
        usage = leaf.extensions.get_extension_for_class(x509.KeyUsage).value
        extended = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        if not usage.digital_signature or ExtendedKeyUsageOID.CODE_SIGNING not in extended:  # 2
            raise DoesNotHold("its certificate is not for signing code")
        if not any(_seen(leaf, issuers[0], log) for log in root.certificate_logs):  # 3
            raise DoesNotHold("no certificate transparency log of the trust root saw its certificate")
    except (x509.ExtensionNotFound, x509.DuplicateExtension, x509.UnsupportedGeneralNameType, ValueError) as problem:
        raise DoesNotHold(f"its certificate is malformed: {str(problem)[:100]}") from None


def _issuer(leaf: Certificate, root: TrustRoot, at: datetime) -> Certificate:
    """The certificate of the issuer, from a chain that held at this time."""
    from cryptography import x509
    from cryptography.x509.verification import Criticality, ExtensionPolicy, PolicyBuilder, Store, VerificationError

    usage = x509.ExtendedKeyUsage
    for authority in root.certificate_authorities:
        if not authority.chain or not authority.window.holds(at):
            continue
        chain = [x509.load_der_x509_certificate(one) for one in authority.chain]
        policy = PolicyBuilder().store(Store(chain[-1:])).time(at)
        policy = policy.extension_policies(
            ca_policy=ExtensionPolicy.webpki_defaults_ca().may_be_present(usage, Criticality.NON_CRITICAL, None),
            ee_policy=ExtensionPolicy.webpki_defaults_ee().may_be_present(usage, Criticality.NON_CRITICAL, None),
        )
        try:
            return policy.build_client_verifier().verify(leaf, chain[:-1]).chain[1]
        except VerificationError:
            continue
    raise DoesNotHold("its certificate is not from an authority of the trust root, valid when it was signed")


def _seen(leaf: Certificate, issuer: Certificate, log: Log) -> bool:
    """A signed certificate timestamp of this log, embedded in the certificate (RFC 6962 section 3.2)."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    stamps = leaf.extensions.get_extension_for_class(x509.PrecertificateSignedCertificateTimestamps).value
    spki = issuer.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    certificate = leaf.tbs_precertificate_bytes
    for one in stamps:
        at = one.timestamp.replace(tzinfo=UTC)
        if one.log_id != log.id or not log.window.holds(at):
            continue
        milliseconds = int(one.timestamp.replace(tzinfo=UTC).timestamp()) * 1000 + one.timestamp.microsecond // 1000
        signed = b"".join((
            b"\x00\x00", milliseconds.to_bytes(8, "big"), b"\x00\x01", hashlib.sha256(spki).digest(),
            len(certificate).to_bytes(3, "big"), certificate,
            len(one.extension_bytes).to_bytes(2, "big"), one.extension_bytes,
        ))  # fmt: skip
        if signed_by(log.key, one.signature, signed):
            return True
    return False
