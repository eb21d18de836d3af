"""What a signature or checksum scheme is: one module with one constant SCHEME."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from fwverify.model.artifact import Artifact, Locator
from fwverify.model.evidence import Binding, ChecksumObservation, SignatureObservation
from fwverify.model.plugin import Doc
from fwverify.trust.store import CarriedKey, TrustStore

S = TypeVar("S")

Observed = SignatureObservation | ChecksumObservation | Binding


@dataclass(frozen=True, slots=True)
class Group:
    """An artifact that carries or is a signature, with everything it may speak of."""

    artifact: Artifact
    """The signature file, list or image."""
    about: Artifact | None = None
    """The file a detached signature belongs to, as ingest paired them."""
    siblings: Mapping[str, Artifact] = field(default_factory=dict)
    """Other files of the delivery, by name relative to the delivery's root (POSIX separators)."""
    carried: tuple[CarriedKey, ...] = ()
    """Public keys that came inside the delivery: used only to tell an intact signature by an unknown key
    (`unknown_key`) from a broken one, never to make anything valid."""
    at: str = ""
    """Time of judgement, RFC 3339 UTC; for schemes whose library needs a clock."""

    def locator(self) -> Locator:
        return self.artifact.locator


@dataclass(frozen=True, slots=True)
class SignatureScheme(Generic[S]):
    """A method to sign or to publish checksums.

    What `verify` reports: `covers` are bytes of the subject of which no bit can change without losing `valid`.
    Whatever the format binds by digests (hash nodes, sw-description, manifest, hash tree) is recomputed here; a listed
    part that is missing, unhashed or different makes the whole signature `invalid`, and the detail says which.
    """

    name: str
    detect: Callable[[Artifact], bool]
    """Cheap and total. True when this artifact is worth parsing for the scheme."""
    parse: Callable[[Artifact], tuple[S, ...]]
    """Needs no trust. Raises Malformed or Unsupported."""
    verify: Callable[[S, Group, TrustStore], tuple[Observed, ...]]
    """Needs no parsing and no clock of its own. Never raises for hostile input."""
    doc: Doc
    embedded: bool = False
    """The signature lies in the image: `Group.artifact` is the image, which is then `Group.about` too, and `detect` is
    asked of every image and of everything found inside one. Else it is asked of delivered signature files."""
