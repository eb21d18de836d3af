"""All facts of one run: no opinions. Sorted, canonical, and enough to judge again years later without the firmware."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from fwverify.model.artifact import ByteRange, Digest, Locator, Role
from fwverify.model.change import ApprovedRelease
from fwverify.model.component import Clue, Component, Discrepancy
from fwverify.model.difference import Difference
from fwverify.model.expectation import Expectation, VersionClaim
from fwverify.model.signature import Certificate as Certificate
from fwverify.model.signature import KeyRecord as KeyRecord
from fwverify.model.signature import KeySource as KeySource
from fwverify.model.signature import SignatureObservation as SignatureObservation
from fwverify.model.signature import SignatureStatus as SignatureStatus
from fwverify.model.signature import TrustSnapshot as TrustSnapshot

SCHEMA = "https://fwverify.example/evidence/1"
"""Schema of the evidence document (docs/evidence-schema.json). Readers ignore unknown fields; writers bump."""


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
    TOKEN = "token"  # noqa: S105 - as above
    AUTHORIZED_KEY = "authorized-key"
    DEBUG_SHELL = "debug-shell"
    SERVICE = "service"
    """Starts with the system and does not encrypt."""
    UPDATER = "updater"
    ENDPOINT = "endpoint"
    KERNEL_CONFIG = "kernel-config"


TOO_MANY = "more than are told one by one"
"""Detail of an endpoint that stands for all of a list; its fingerprint says how many."""
NOT_ENCRYPTED = "not encrypted"
"""Detail of an endpoint whose protocol is not."""


@dataclass(frozen=True, slots=True, order=True)
class ContentObservation:
    """One thing found in content: place and fingerprint, never the secret itself."""

    kind: ContentKind
    locator: Locator
    offset: int
    """bytes into the artifact; -1 when it has no single place"""
    fingerprint: str
    """private and public keys: SHA-256 of the SubjectPublicKeyInfo in hexadecimal; passwords and shells: the reason
    class; tokens and authorized keys: SHA-256; services: the program; endpoints: the address itself; kernel
    configurations: the option (`CONFIG_STACKPROTECTOR`), whose value is the detail."""
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
    """What its headers state, sorted: (`entry`, `080002e0`), (`hardening.pie`, `yes`), (`mode`, `4755`) of a file that
    runs with its owner's rights."""


class FaultKind(StrEnum):
    """What is wrong with an SBOM as a document."""

    ENTRY = "entry"
    """An entry that is not as its format wants it."""
    IDENTIFIER = "identifier"
    """A package URL, CPE name, hash or serial number that is none."""
    GRAPH = "graph"
    """A reference to nothing, an entry that nothing leads to, a part that contains itself."""
    DUPLICATE = "duplicate"
    """One reference or one identity given to two entries."""


@dataclass(frozen=True, slots=True)
class DocumentFault:
    """One thing that is wrong with an SBOM as a document."""

    kind: FaultKind
    place: str
    """JSON pointer, line, or reference."""
    text: str
    """Plain words."""


@dataclass(frozen=True, slots=True)
class ElementCount:
    """How many entries of an SBOM lack one element (name, version, supplier...)."""

    element: str
    """As formats/sbom_profiles.yaml names it."""
    of: int
    """Entries that should have it; 1 for an element of the document itself."""
    lacking: int
    examples: tuple[str, ...] = ()
    """The first twenty that lack it, as name and version."""


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
    faults: tuple[DocumentFault, ...] = ()
    """At most 200 of each kind, in the order they were met."""
    elements: tuple[ElementCount, ...] = ()
    """One for each element that any profile of minimum elements asks for."""
    source_tree: str = ""
    """Why this describes what the image was built from rather than the image; empty where nothing says so."""
    relations: int = 0
    """Relationships between entries that are stated."""


ISOLATION = ("in-process", "worker", "full")
"""How content is read, from the weaker to the stronger: no worker; workers; workers with resource limits, Landlock and
seccomp, none of which may start a program (a last resort does)."""


@dataclass(frozen=True, slots=True)
class RunSettings:
    """What may change facts, recorded."""

    limits: tuple[tuple[str, int], ...]
    isolation: str
    """One of ISOLATION: how content was read."""
    plugins: tuple[str, ...]
    """`room/name` of every plug-in that took part, sorted."""
    tools: tuple[tuple[str, str], ...]
    """Versions of fwverify and the libraries that read content."""
    references: tuple[str, ...] = ()
    """Digests of the operator's stores of reference packages that files were looked up in, sorted."""


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
    approved: ApprovedRelease | None = None
    """The approved release this one follows; None: no baseline was given."""
    changes: Difference | None = None
    """What differs from the approved release's evidence."""
    rollback: Evidence | None = None
    """Facts of the image to go back to, established in the same run with the same settings; None: none was given."""

    def images(self) -> tuple[ArtifactRecord, ...]:
        return tuple(one for one in self.artifacts if one.role is Role.IMAGE)

    def record(self, locator: Locator) -> ArtifactRecord | None:
        return next((one for one in self.artifacts if one.locator == locator), None)
