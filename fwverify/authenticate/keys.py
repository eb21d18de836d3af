"""From a key to the registry entries that hold it, and the words for what a key did. Shared by the schemes."""

from __future__ import annotations

from collections.abc import Iterable

from fwverify.authenticate.interface import Group
from fwverify.authenticate.proofs import Proof
from fwverify.model import constraints
from fwverify.model.evidence import SignatureObservation, SignatureStatus
from fwverify.trust.store import CarriedKey, PinnedKey, PublicKey, TrustStore

MAX_CARRIED = 32
"""Keys from the delivery that are tried for one signature. They earn nothing; more would only cost time."""


def same_key(trust: TrustStore, fingerprint: str) -> tuple[PinnedKey, ...]:
    """All registry entries with this key."""
    return tuple(one for one in trust.public_keys() if one.public and one.public.fingerprint == fingerprint)


def names(entries: Iterable[PinnedKey]) -> str:
    """For a sentence: `acme/fw-2024, acme/fw-2025`."""
    return ", ".join(sorted({one.record.name for one in entries}))


def distinct(entries: Iterable[PinnedKey]) -> dict[str, PinnedKey]:
    """One entry for each key, by fingerprint, in order of the registry."""
    found: dict[str, PinnedKey] = {}
    for one in entries:
        if one.public is not None:
            found.setdefault(one.public.fingerprint, one)
    return found


def unpinned(carried: Iterable[CarriedKey], trust: TrustStore) -> tuple[PublicKey, ...]:
    """Carried keys that are not in the registry anyway, each once, at most MAX_CARRIED."""
    known = distinct(trust.public_keys())
    found = {one.public.fingerprint: one.public for one in carried if one.public.fingerprint not in known}
    return tuple(found[name] for name in sorted(found)[:MAX_CARRIED])


def contexts(trust: TrustStore, entry: PinnedKey) -> tuple[str, ...]:
    """The ML-DSA contexts to try with a key: none, and those that an entry with this key names."""
    same = same_key(trust, entry.public.fingerprint) if entry.public is not None else ()
    named = {text.strip() for one in same for text in dict(one.constraints).get("context", "").split(",")}
    return ("", *sorted(named - {"", "none"}))


def unmet(entry: PinnedKey, held: Proof, usual: tuple[tuple[str, str], ...] = ()) -> str:
    """How a signature that holds differs from what the entry asks for, in plain words; empty when it does not.

    Args:
        entry: the registry entry.
        held: the signature as it was made.
        usual: what the scheme asks for where the entry says nothing.
    """
    made = {**dict(held.parameters), "algorithm": held.algorithm}
    wanted = {"context": "none", **dict(usual), **dict(entry.constraints)}
    wrong = constraints.unmet(wanted.items(), made)
    return "; ".join(f"{name} is {was}, {value} is asked for" for name, was, value in wrong)


def observe(
    group: Group,
    scheme: str,
    status: SignatureStatus,
    detail: str,
    *,
    key: PublicKey | None = None,
    held: Proof | None = None,
    entries: Iterable[PinnedKey] = (),
    carried: bool = False,
) -> SignatureObservation:
    """An observation on the whole file a detached signature is about."""
    about = group.about
    return SignatureObservation(
        scheme,
        group.artifact.locator,
        about.locator if about else None,
        about.whole if about and held else (),
        status,
        detail,
        fingerprint=key.fingerprint if key else "",
        keys=tuple(sorted({one.record.name for one in entries})),
        carried=carried,
        algorithm=held.algorithm if held else "",
        parameters=held.parameters if held else (),
    )
