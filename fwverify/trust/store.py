"""The key registry in memory: records for judgement, key material for mathematics.

One YAML file a vendor (rules.md, "Key registry"). Loading is `trust.registry`; writing `trust.adding`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from fwverify.formats import key_file, x509
from fwverify.formats.public_key import PublicKey
from fwverify.model.artifact import Artifact, Locator
from fwverify.model.evidence import KeyRecord, TrustSnapshot
from fwverify.model.examining import Malformed

__all__ = ["EMPTY", "CarriedKey", "PinnedKey", "PublicKey", "TrustStore", "carried_keys"]


@dataclass(frozen=True, slots=True)
class PinnedKey:
    """One registry entry with its material."""

    record: KeyRecord
    public: PublicKey | None
    """None for a sigstore-identity and for types that are only recorded."""
    trusted_root: bytes = b""
    """sigstore-identity: the trust root JSON it is pinned to."""
    constraints: tuple[tuple[str, str], ...] = ()
    """How signatures under this entry must be made, sorted: (`algorithm`, `rsa-pss`), (`hash`, `sha256`)... Part of
    the mathematics: a signature made otherwise does not verify under this entry."""
    crls: tuple[bytes, ...] = ()
    """x509: certificate revocation lists the operator pinned beside it, DER."""


@dataclass(frozen=True, slots=True)
class CarriedKey:
    """A public key that came inside the delivery: compared, never used for trust."""

    locator: Locator
    public: PublicKey


@dataclass(frozen=True, slots=True)
class TrustStore:
    """The operator's pinned keys."""

    keys: tuple[PinnedKey, ...] = ()
    source: str = ""
    """As the operator named it."""
    digest: str = ""
    """SHA-256 over the registry's files, hexadecimal."""

    def snapshot(self) -> TrustSnapshot:
        return TrustSnapshot(self.source, self.digest, tuple(sorted(one.record for one in self.keys)))

    def public_keys(self, *algorithms: str) -> tuple[PinnedKey, ...]:
        """Entries with material of one of these algorithms (all when none is named)."""
        return tuple(
            one
            for one in self.keys
            if one.public is not None and (not algorithms or one.public.algorithm in algorithms)
        )


EMPTY = TrustStore()


def carried_keys(artifacts: Iterable[Artifact]) -> tuple[CarriedKey, ...]:
    """Public keys among delivered files; a file that is none is left out."""
    found: list[CarriedKey] = []
    for artifact in artifacts:
        try:
            found += [CarriedKey(artifact.locator, one) for one in _keys(artifact.content)]
        except Malformed:
            continue
    return tuple(found)


def _keys(content: memoryview) -> list[PublicKey]:
    """One key, or the certificates of a bundle. Raises Malformed."""
    try:
        return [key_file.parse(content)]
    except Malformed:
        return [key_file.parse(one) for one in x509.bundle(content)]
