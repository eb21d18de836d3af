"""One signature as it was checked, and the registry entries it was checked with. Part of the evidence; no opinions."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from fwverify.model.artifact import ByteRange, Locator


class SignatureStatus(StrEnum):
    """Mathematics only. Whether the key is acceptable is a rule's question."""

    VALID = "valid"
    """It holds under a key of the registry."""
    INVALID = "invalid"
    """It does not hold, or the material is malformed."""
    UNKNOWN_KEY = "unknown_key"
    """Intact, but the key is not in the registry."""
    UNVERIFIABLE = "unverifiable"
    """It could not be checked; the detail says why."""


@dataclass(frozen=True, slots=True, order=True)
class Certificate:
    """One X.509 certificate of a path, as the evidence keeps it."""

    subject: str
    """RFC 4514 text."""
    issuer: str
    serial: str
    """Hexadecimal."""
    fingerprint: str
    """SHA-256 of its SubjectPublicKeyInfo, hexadecimal."""
    not_before: str
    """RFC 3339, UTC."""
    not_after: str
    key: str
    """`rsa 3072`, `ecdsa secp256r1`, `ed25519`, `ml-dsa-87`."""
    signed_with: str
    """How its issuer signed it: `ecdsa sha256`; empty for the pinned certificate, whose signature proves nothing."""
    usages: tuple[str, ...] = ()
    """Extended key usages, names of RFC 5280 (`codeSigning`) or dotted; empty: the certificate does not say."""
    revoked_at: str = ""
    """By a CRL the operator pinned; RFC 3339, UTC."""
    revocation_reason: str = ""
    crl_updated: str = ""
    """thisUpdate of the CRL that speaks for its issuer; empty: no CRL does."""
    crl_expires: str = ""
    """nextUpdate of that CRL."""


@dataclass(frozen=True, slots=True, order=True)
class SignatureObservation:
    """One signature, checked."""

    scheme: str
    """Name of the scheme plug-in."""
    source: Locator
    """The artifact the signature was read from (the subject itself when embedded)."""
    subject: Locator | None
    """The artifact whose bytes it covers; None when no such file is in the delivery."""
    covers: tuple[ByteRange, ...]
    """Bytes of the subject, disjoint and sorted. Empty unless the mathematics held."""
    status: SignatureStatus
    detail: str
    """One plain sentence: why it is what it is."""
    fingerprint: str = ""
    """SHA-256 of the signer's SubjectPublicKeyInfo in hexadecimal; for Sigstore that of the certificate's key."""
    keys: tuple[str, ...] = ()
    """Registry entries (`vendor/id`) it holds under; empty unless `valid`."""
    carried: bool = False
    """The key that fits came inside the delivery. Worth nothing; said on the page."""
    algorithm: str = ""
    """`rsa-pkcs1v15`, `rsa-pss`, `ecdsa`, `ed25519`, `ed448`, `ml-dsa-44`, `ml-dsa-65`, `ml-dsa-87`, `lms`, `hss`."""
    parameters: tuple[tuple[str, str], ...] = ()
    """Sorted: `hash`, `bits` (RSA modulus), `exponent`, `curve`, `salt`, `encoding`, `prehash`..."""
    signed_at: str = ""
    """RFC 3339, UTC; empty when unknown."""
    time_source: str = ""
    """`rekor`, `rfc3161`, `claimed` (by the signer, unproven) or empty."""
    identity: str = ""
    """Sigstore: subject alternative name of the certificate."""
    issuer: str = ""
    """Sigstore: OpenID Connect issuer."""
    carries: tuple[ByteRange, ...] = ()
    """Bytes of the subject that are packed content whose every unpacked byte is signed, digest by digest, though the
    packed bytes themselves are not. Count as signed; disjoint from `covers`."""
    envelope: tuple[ByteRange, ...] = ()
    """Bytes of the subject that are the signature itself and the frame that holds it, parsed exactly: no signature
    covers itself, so these are not among the bytes to be covered. Never bytes whose value was not checked."""
    path: tuple[Certificate, ...] = ()
    """The signer's certificate first, the pinned one last; empty for a bare key. A path that held, dates aside."""
    anchor: str = ""
    """Fingerprint (SPKI) of the pinned certificate or key the path ends in, when it is not the signer's own."""
    states: tuple[tuple[str, str], ...] = ()
    """What the signed bytes say of device and version, sorted: (`compatible`, `acme-gw`), (`version`, `1.2.0`),
    (`security-counter`, `5`). Empty unless the mathematics held."""
    oddities: tuple[str, ...] = ()
    """Plain sentences about the wrapper: bytes after the DER, unsigned attributes that say something, padding that
    is not empty. The signature holds all the same."""


@dataclass(frozen=True, slots=True, order=True)
class KeySource:
    """How a pin was learned or confirmed once."""

    channel: str
    who: str
    when: str
    fingerprint: str = ""
    """As seen there; empty when not recorded."""


@dataclass(frozen=True, slots=True, order=True)
class KeyRecord:
    """One entry of the key registry, as used."""

    vendor: str
    id: str
    type: str
    """x509, public-key, openpgp, minisign, signify, ssh, sigstore-identity, ml-dsa, lms"""
    fingerprint: str
    """spki-sha256 in hexadecimal; empty for a sigstore-identity."""
    purposes: tuple[str, ...]
    products: tuple[str, ...]
    """Globs over product ids."""
    formats: tuple[str, ...]
    """Schemes it may be used with; empty: any."""
    valid_from: str
    valid_to: str
    status: str
    """active, suspended, revoked, superseded, tofu"""
    revocation_date: str
    revocation_reason: str
    distrust: str
    """`always` or `after`"""
    sources: tuple[KeySource, ...]
    sample: bool
    """One of the published sample keys (recognised by SPKI digest, not by any field of the file)."""
    identity: str = ""
    issuer: str = ""
    legal_name: str = ""
    """Of the vendor."""
    constraints: tuple[tuple[str, str], ...] = ()
    """How signatures under this entry must be made, sorted (`model.constraints`)."""
    native: str = ""
    """The key's fingerprint or id as its own tools print it: OpenPGP fingerprint, `SHA256:...` of SSH, minisign or
    signify key id. Shown, never compared."""
    weaknesses: tuple[str, ...] = ()
    """Why the private half could be computed (`formats.weak_keys`), in plain words; empty for a sound key."""
    owner: str = ""
    """The person or department that holds the private key, where a threshold counts owners; empty: the vendor."""

    @property
    def name(self) -> str:
        return f"{self.vendor}/{self.id}"


@dataclass(frozen=True, slots=True)
class TrustSnapshot:
    """The registry as it was used, so that keys can be judged later without reading files."""

    source: str
    """As the operator named it; empty: no registry was given."""
    digest: str
    """SHA-256 over the registry files, hexadecimal; empty when there is none."""
    keys: tuple[KeyRecord, ...]
