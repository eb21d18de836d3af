"""What differs between two evidences, as values: typed, sorted, the same for the same facts.

`model.differing` computes it, `report.difference_page` words it. It lies in `model` so that rules may read it, whose
judgement imports nothing else. Facts only: `Effect` says in which direction something went, not whether that is right.

Every value has an old and a new side, so that the difference seen from the other end is the same one mirrored. A side
on which something was not seen is None; `Doubt` says why that need not mean that it is not there.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from fwverify.model.artifact import Digest, Locator

SCHEMA = "https://fwverify.example/difference/1"


class Effect(StrEnum):
    """In which direction something went, seen from the old side."""

    WORSE = "worse"
    CHANGED = "changed"
    """Neither by itself: somebody who knows the product has to look."""
    BETTER = "better"


class Topic(StrEnum):
    """What a change is about, in the order of a page."""

    RELEASE = "release"
    """The version or counter that the delivery states for itself."""
    SIGNATURE = "signature"
    SIGNER = "signer"
    SIGNED_SHARE = "signed-share"
    """Share of the image bytes that intact signatures cover, whoever made them."""
    SBOM = "sbom"
    PRIVATE_KEY = "private-key"
    PASSWORD = "password"  # noqa: S105 - a kind of finding, not a secret
    AUTHORIZED_KEY = "authorized-key"
    DEBUG_SHELL = "debug-shell"
    TOKEN = "token"  # noqa: S105 - as above
    SERVICE = "service"
    LISTENER = "listener"
    """A program that accepts connections."""
    SETUID = "setuid"
    """A file that runs with its owner's or group's rights."""
    MITIGATION = "mitigation"
    KERNEL_CONFIG = "kernel-config"
    """A setting of the kernel that bears on its own defences."""
    UPDATER = "updater"
    ENDPOINT = "endpoint"
    TRUST_ANCHOR = "trust-anchor"
    """A public key or certificate in an image."""
    ACCOUNTS = "accounts"
    """A file that says who may log in or act as whom. What changed in it is not known: no hash is ever kept."""
    STRUCTURE = "structure"
    """Structure that a sound image does not have."""


class Doubt(StrEnum):
    """Why something that was not seen on one side may be there all the same."""

    NONE = ""
    UNEXAMINED = "unexamined"
    """The place where it would be was not examined on that side."""
    NOT_LOOKED_FOR = "not-looked-for"
    """That run did not have what finds it."""
    OTHER_FORMAT = "other-format"
    """The files lay in another kind of container there, which need not record it."""
    SAME_BYTES = "same-bytes"
    """The bytes it was seen in are the same on both sides: what looked at them differs, not they."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """One side of a change."""

    value: str
    """Version, fingerprint, mode, `yes`..., as the topic has it."""
    detail: str
    """Plain words, secrets redacted."""
    locators: tuple[Locator, ...]
    """Where it was seen, sorted."""
    size: int = -1
    """bytes it is about; -1 where it is not about an amount"""


@dataclass(frozen=True, slots=True)
class SecurityChange:
    """One change that is about security by its kind."""

    effect: Effect
    topic: Topic
    name: str
    """What it is about: the mitigation, the fingerprint, the program, the address."""
    old: Sighting | None
    new: Sighting | None
    doubt: Doubt = Doubt.NONE


class ComponentStep(StrEnum):
    """How a component differs."""

    ADDED = "added"
    REMOVED = "removed"
    UPGRADED = "upgraded"
    DOWNGRADED = "downgraded"
    CHANGED = "changed"
    """Other version; which is the later one is not known."""


@dataclass(frozen=True, slots=True)
class ComponentChange:
    """One component."""

    step: ComponentStep
    name: str
    old: Sighting | None
    """`value` is the version as `Component.stated` has it; empty: present, version not established."""
    new: Sighting | None
    doubt: Doubt = Doubt.NONE
    older: bool = False
    """On one side only, beside others of that name, and an older release than any of them on the other side."""

    @property
    def effect(self) -> Effect:
        """An older component is worse by itself; a newer one is better; the others say nothing."""
        by_step = {ComponentStep.DOWNGRADED: Effect.WORSE, ComponentStep.UPGRADED: Effect.BETTER}
        if self.older:
            by_step |= {ComponentStep.ADDED: Effect.WORSE, ComponentStep.REMOVED: Effect.BETTER}
        return by_step.get(self.step, Effect.CHANGED)


class FileStep(StrEnum):
    """How a file differs."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    MOVED = "moved"
    """The same bytes at another place."""
    REPACKED = "repacked"
    """A container whose bytes differ though everything in it is the same."""


@dataclass(frozen=True, slots=True)
class FileSide:
    """One file on one side."""

    locator: Locator
    size: int
    """bytes"""
    sha256: Digest | None


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file."""

    step: FileStep
    old: FileSide | None
    new: FileSide | None
    opaque: bool = False
    """On a side where it is, its format is not known or it was not read: what the change is about cannot be told."""

    @property
    def size(self) -> int:
        """bytes, of the larger side"""
        return max(one.size for one in (self.old, self.new) if one is not None)


@dataclass(frozen=True, slots=True)
class FactChange:
    """One thing that headers state: a kernel's load address, a FIT image's default configuration."""

    name: str
    old: Sighting | None
    new: Sighting | None


class UnseenKind(StrEnum):
    """Why something could not be compared."""

    GAP = "gap"
    """Bytes nobody examined, on one side or both."""
    CONTENT = "content"
    """A file that differs, and whose format nobody knows: it was searched at most."""
    MITIGATION = "mitigation"
    """A program that could be asked on one side only."""
    PLUGINS = "plugins"
    """What took part in one run only."""
    TOOLS = "tools"
    """Versions of what reads content differ."""
    LIMITS = "limits"
    KEYS = "keys"
    """Signatures were checked with different key registries."""
    REFERENCES = "references"
    """Files were looked up in different stores of reference packages."""
    SAME_BYTES = "same-bytes"
    """Seen on one side only, in bytes that are the same on both."""


@dataclass(frozen=True, slots=True)
class Unseen:
    """One thing that could not be compared, so that no change there means nothing."""

    kind: UnseenKind
    name: str
    old: Sighting | None
    """None: nothing is open on this side."""
    new: Sighting | None
    same: bool = False
    """The bytes are the same on both sides: whatever they are, they did not change."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two evidences."""

    delivery: str
    at: str
    """The time its run judged by."""
    images: tuple[FileSide, ...]
    files: int
    """Files inside the images that hold no others."""
    total_bytes: int
    """Of the images."""
    opened_bytes: int
    signed_bytes: int
    """Covered by a signature that is intact, whoever made it."""
    signers: tuple[str, ...]
    """Registry entries intact signatures hold under, sorted; an empty one for keys that are not on record."""
    versions: tuple[tuple[str, str], ...]
    """(`os-release`, `3.1.0`): what the delivery states for itself, sorted."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Everything that differs between two evidences, and what could not be compared."""

    old: Side
    new: Side
    security: tuple[SecurityChange, ...]
    """Components aside."""
    components: tuple[ComponentChange, ...]
    files: tuple[FileChange, ...]
    facts: tuple[FactChange, ...]
    unseen: tuple[Unseen, ...]

    def of_effect(self, effect: Effect) -> tuple[SecurityChange | ComponentChange, ...]:
        """Changes in security terms: what is worse has components that became older among it."""
        components: tuple[ComponentChange, ...] = ()
        if effect is not Effect.CHANGED:
            components = tuple(one for one in self.components if one.effect is effect)
        return (*(one for one in self.security if one.effect is effect), *components)

    @property
    def nothing(self) -> bool:
        """True when nothing that could be compared differs."""
        return not (self.security or self.components or self.files or self.facts)

    @property
    def open(self) -> tuple[Unseen, ...]:
        """What could not be compared and may have changed."""
        return tuple(one for one in self.unseen if not one.same)
