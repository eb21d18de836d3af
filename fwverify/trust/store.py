"""The key registry in memory: records for judgement, key material for mathematics.

One YAML file a vendor (rules.md, "Key registry"). Loading is `trust.registry`; writing `trust.adding`.
"""

from __future__ import annotations

from dataclasses import dataclass

from fwverify.model.artifact import Locator
from fwverify.model.evidence import KeyRecord, TrustSnapshot


@dataclass(frozen=True, slots=True)
class PublicKey:
    """Key material of any kind that mathematics needs, without an opinion."""

    algorithm: str
    """`rsa`, `ecdsa`, `ed25519`, `ed448`, `ml-dsa-44`, `ml-dsa-65`, `ml-dsa-87`."""
    spki: bytes
    """DER SubjectPublicKeyInfo (made from the raw key where the format stores less)."""
    fingerprint: str
    """SHA-256 of `spki`, hexadecimal."""
    bits: int
    """RSA modulus or curve size."""
    detail: str = ""
    """Curve name or public exponent: `secp256r1`, `65537`."""
    key_id: str = ""
    """Id used inside the format itself: minisign key id in hexadecimal. Never decides anything."""


@dataclass(frozen=True, slots=True)
class PinnedKey:
    """One registry entry with its material."""

    record: KeyRecord
    public: PublicKey | None
    """None for a sigstore-identity."""
    trusted_root: bytes = b""
    """sigstore-identity: the trust root JSON it is pinned to."""


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
