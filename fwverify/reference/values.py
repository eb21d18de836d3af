"""What a store of reference packages holds: origins, their components, the components' files.

An origin is what was learned in one piece: a package file, or a folder that a CycloneDX file describes. Its content
digest is over all of it but the time it was learned, so that two people who learn the same have the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass

from fwverify.model.traits import Traits


@dataclass(frozen=True, slots=True)
class KnownFile:
    """One file of a package."""

    path: str
    """In the package, without a slash in front."""
    sha256: bytes
    traits: Traits | None
    """Of an executable; None for everything else."""
    singular: bool
    """The same bytes mean the same release: executables and kernels. A picture or a script may never change."""
    states: bool = False
    """Its release stands in it as text, so that no other release can have the same file."""


@dataclass(frozen=True, slots=True)
class KnownComponent:
    """Whom files belong to."""

    name: str
    """Of the package: `libssl3`."""
    version: str
    """Of the package, with epoch and revision; empty where nothing states it."""
    purl: str
    source: str
    """Name of the source package, else the package's own: `openssl`."""
    source_version: str
    product: str
    """Upstream product, as detectors name it."""
    arch: str
    files: tuple[KnownFile, ...]
    """In order (`in_order`)."""


@dataclass(frozen=True, slots=True)
class Origin:
    """What was learned in one piece."""

    name: str
    """File name."""
    sha256: bytes
    """Of the package file, or of the folder's CycloneDX file."""
    learned: str
    """When, RFC 3339 in UTC."""
    components: tuple[KnownComponent, ...]
    """In order (`parts_in_order`)."""

    @property
    def files(self) -> int:
        return sum(len(one.files) for one in self.components)

    @property
    def content(self) -> bytes:
        """SHA-256 of everything but the time: as JSON, which is the same for the same values."""
        plain = [self.name, self.sha256.hex(), [_plain(one) for one in self.components]]
        return hashlib.sha256(json.dumps(plain, separators=(",", ":"), ensure_ascii=False).encode()).digest()


def _plain(one: KnownComponent) -> list[object]:
    """Lists in place of objects: a million files are digested this way."""
    files = [
        (file.path, file.sha256.hex(), file.singular, file.states)
        if file.traits is None
        else (file.path, file.sha256.hex(), file.singular, file.states, *_plain_traits(file.traits))
        for file in one.files
    ]
    return [one.name, one.version, one.purl, one.source, one.source_version, one.product, one.arch, files]


def _plain_traits(one: Traits) -> tuple[object, ...]:
    return one.build_id, one.soname, one.loaded.hex(), one.symbols, one.sketch.hex()


def in_order(files: Iterable[KnownFile]) -> tuple[KnownFile, ...]:
    """Files of a component as they are kept: each once, sorted."""
    return tuple({(one.path, one.sha256): one for one in sorted(files, key=_place)}.values())


def _place(one: KnownFile) -> tuple[str, bytes]:
    return one.path, one.sha256


def parts_in_order(components: Iterable[KnownComponent]) -> tuple[KnownComponent, ...]:
    """Components of an origin as they are kept."""
    return tuple(sorted(components, key=lambda one: json.dumps(_plain(one))))


def store_digest(origins: list[tuple[bytes, bytes]]) -> str:
    """Digest of a store: over digest and content digest of its origins, sorted. Hexadecimal."""
    return hashlib.sha256(b"".join(sha256 + content for sha256, content in sorted(origins))).hexdigest()


@dataclass(frozen=True, slots=True)
class Summary:
    """One origin as it is listed."""

    name: str
    sha256: str
    """Hexadecimal."""
    learned: str
    components: tuple[str, ...]
    """`name version`, sorted."""
    files: int
    executables: int
