"""All facts of one run: no opinions. Sorted, canonical, and enough to judge again years later without the firmware."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from fwverify.model.artifact import ByteRange, Digest, Locator, Role
from fwverify.model.component import Clue, Component, Discrepancy
from fwverify.model.expectation import Expectation, VersionClaim

SCHEMA = "https://fwverify.example/evidence/1"
"""Schema of the evidence document (docs/evidence-schema.json). Readers ignore unknown fields; writers bump."""


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
class ChecksumObservation:
    """A published checksum beside what we computed."""

    subject: Locator | None
    """The file it names; None when no such file was delivered."""
    name: str
    """The name written in the list; empty for a checksum the operator gave."""
    declared: Digest
    computed: Digest | None
    declared_in: Locator | None
    """The list or container that declares it; None: the operator (see `channel`)."""
    holds: bool
    channel: str = ""
    """The operator's words on how the checksum reached him."""
    inner: bool = False
    """A check inside the image (FIT hash node, uImage CRC, zip CRC): damage, not origin."""
    detail: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Binding:
    """A digest in one place that names other bytes, recomputed: coverage follows it when it holds and is strong."""

    source: Locator
    subject: Locator
    algorithm: str
    holds: bool
    strong: bool
    """SHA-256 or better; CRC, MD5 and SHA-1 carry no coverage."""


class AnomalyKind(StrEnum):
    """Structure that a sound image does not have, or that two readers would see differently."""

    DUPLICATE_MEMBER = "duplicate-member"
    TRAILING_DATA = "trailing-data"
    TRAVERSAL = "path-traversal"
    LINK_ESCAPE = "link-escape"
    DEVICE_NODE = "device-node"
    OVERLAP = "overlapping-parts"
    TWO_FORMATS = "two-formats"
    HEADER_DISAGREES = "headers-disagree"
    NAME_COLLISION = "name-collision"
    LIMIT = "limit-reached"


@dataclass(frozen=True, slots=True, order=True)
class Anomaly:
    """One such place."""

    kind: AnomalyKind
    locator: Locator
    detail: str
    range: ByteRange | None = None
    """Where in the artifact, when it has one place."""
    fill: str = ""
    """For trailing data: `00` or `FF` when it is nothing but that byte, else empty."""


class GapReason(StrEnum):
    """Why bytes or a question were not examined."""

    UNSUPPORTED = "unsupported"
    ENCRYPTED = "encrypted"
    MALFORMED = "malformed"
    LIMIT = "limit"
    CRASHED = "crashed"
    UNEXPLAINED = "unexplained"
    MISSING = "missing"
    NOT_ATTEMPTED = "not_attempted"


@dataclass(frozen=True, slots=True, order=True)
class Gap:
    """Bytes or a question nobody looked at, and why."""

    reason: GapReason
    locator: Locator
    detail: str
    """Plain words, with the limit's name and value or the offset."""
    by: str = ""
    """The plug-in or stage that met it."""
    range: ByteRange | None = None
    """Bytes of the artifact, when it is about a part of them."""
    entropy: int = -1
    """Shannon entropy of the range in hundredths of a bit for each byte (0 to 800); -1 when not measured."""


class ContentKind(StrEnum):
    """Things found in content that rules ask about besides components."""

    PRIVATE_KEY = "private-key"
    PUBLIC_KEY = "public-key"
    PASSWORD = "password"  # noqa: S105 - a kind of finding, not a secret
    EXECUTABLE = "executable"
    MACHINE_CODE = "machine-code"
    TEXT_HINT = "text-hint"


@dataclass(frozen=True, slots=True, order=True)
class ContentObservation:
    """One thing found in content: place and fingerprint, never the secret itself."""

    kind: ContentKind
    locator: Locator
    offset: int
    """bytes into the artifact; -1 when it has no single place"""
    fingerprint: str
    """private and public keys: SHA-256 of the SubjectPublicKeyInfo in hexadecimal; passwords: the reason class."""
    detail: str
    """Plain words, secrets redacted."""


class Opened(StrEnum):
    """How far the bytes of a range were looked at."""

    STRUCTURE = "structure"
    """Headers, indexes, signatures, checksums of a container, read as such."""
    EXAMINED = "examined"
    """Content read whole by a reader that knows the format, or text."""
    EMPTY = "empty"
    """Nothing but 00 or FF."""
    SCANNED = "scanned"
    """Searched for texts and keys, but the format is not known: what it does was not looked at."""
    GAP = "gap"
    """Not examined; a gap says why."""


@dataclass(frozen=True, slots=True, order=True)
class LedgerSpan:
    """Bytes of one image that share an answer to the ledger's three questions."""

    range: ByteRange
    owner: Locator
    """The innermost artifact these bytes are (part of)."""
    opened: Opened
    reader: str
    """The container or detector that read them; empty when none did."""
    opened_bytes: int
    """Of the range: how many bytes count as opened. Packed content that was read in part counts in proportion."""
    signed_by: tuple[str, ...]
    """Ids of the signature and operator-checksum observations that reach these bytes, whatever their status or key;
    judgement picks the accepted ones."""
    declared: bool
    """At least one component of the vendor's SBOM lies here."""
    frame_of: tuple[str, ...] = ()
    """Ids of the signature observations whose own envelope these bytes are."""


@dataclass(frozen=True, slots=True)
class ByteLedger:
    """For every byte to be installed: who signed it, did we open it, did the vendor declare what is in it."""

    spans: tuple[tuple[Locator, tuple[LedgerSpan, ...]], ...]
    """One entry an image, in order of locator; its spans are disjoint, sorted and complete."""


@dataclass(frozen=True, slots=True, order=True)
class ArtifactRecord:
    """One artifact as the evidence keeps it: no content."""

    locator: Locator
    size: int
    digests: tuple[Digest, ...]
    role: Role | None
    """For a file of the delivery; None for what was found inside."""
    format: str
    """Container or reader that recognised it; empty when none did."""
    format_title: str
    opened: Opened
    """For a leaf: how it was read; for a container: structure."""
    opened_bytes: int
    """Of its own size: bytes read as structure or content, empty ones included."""
    empty_bytes: int
    why: str = ""
    """For a file of the delivery: what made it this role."""
    facts: tuple[tuple[str, str], ...] = ()
    """What the headers of a container state, sorted: (`entry`, `080002e0`), (`load-address`, `08000000`)."""


@dataclass(frozen=True, slots=True)
class SbomObservation:
    """What was established about one SBOM document."""

    locator: Locator
    format: str
    """`CycloneDX`"""
    spec_version: str
    schema_valid: bool | None
    """None: the schema of that version is not at hand, so nothing was validated."""
    schema_errors: tuple[str, ...]
    """At most ten, each with its JSON pointer."""
    problems: tuple[str, ...]
    """Entries that could not be read as they should; the others still count."""
    subject_name: str
    subject_version: str
    subject_vendor: str
    """metadata.component.supplier/manufacturer/publisher/group, first present."""
    subject_hashes: tuple[Digest, ...]
    components: int
    """How many are declared."""


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


@dataclass(frozen=True, slots=True)
class RunSettings:
    """What may change facts, recorded."""

    limits: tuple[tuple[str, int], ...]
    isolation: str
    """`in-process`, `worker`: how content was examined."""
    plugins: tuple[str, ...]
    """`room/name` of every plug-in that took part, sorted."""
    tools: tuple[tuple[str, str], ...]
    """Versions of fwverify and the libraries that read content."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """All facts of one run."""

    schema: str
    at: str
    """The time the run judges by, RFC 3339, UTC, whole seconds."""
    delivery: str
    """Base name of what the operator pointed at."""
    expectation: Expectation
    trust: TrustSnapshot
    settings: RunSettings
    artifacts: tuple[ArtifactRecord, ...]
    signatures: tuple[SignatureObservation, ...]
    checksums: tuple[ChecksumObservation, ...]
    bindings: tuple[Binding, ...]
    anomalies: tuple[Anomaly, ...]
    contents: tuple[ContentObservation, ...]
    claims: tuple[VersionClaim, ...]
    clues: tuple[Clue, ...]
    components: tuple[Component, ...]
    sboms: tuple[SbomObservation, ...]
    discrepancies: tuple[Discrepancy, ...]
    gaps: tuple[Gap, ...]
    ledger: ByteLedger

    def images(self) -> tuple[ArtifactRecord, ...]:
        return tuple(one for one in self.artifacts if one.role is Role.IMAGE)

    def record(self, locator: Locator) -> ArtifactRecord | None:
        return next((one for one in self.artifacts if one.locator == locator), None)
