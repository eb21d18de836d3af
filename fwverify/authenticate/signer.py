"""The outcome for one signer of one signature, and the two ways to get it: by a bare key (here), by CMS (`cms`).

Every scheme finds the signed bytes and the signature's value its own way, asks for the Signer, and turns it into an
observation with `observation`. So all of them choose keys, apply constraints and word outcomes alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from fwverify.authenticate import chains, keys
from fwverify.authenticate.chains import Path
from fwverify.authenticate.interface import Group
from fwverify.authenticate.proofs import Message, Proof, fits, proof
from fwverify.formats.weak_keys import weaknesses
from fwverify.model.artifact import ByteRange, Locator, merged
from fwverify.model.evidence import Certificate, SignatureObservation, SignatureStatus
from fwverify.trust.store import PinnedKey, PublicKey, TrustStore


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signed, as far as mathematics tells."""

    status: SignatureStatus
    detail: str
    """One plain sentence."""
    key: PublicKey | None = None
    """The key that made it, or that it names; None when not known."""
    held: Proof | None = None
    """How it was made; None when nothing held."""
    entries: tuple[PinnedKey, ...] = ()
    """Registry entries it holds under; empty unless `valid`."""
    carried: bool = False
    path: tuple[Certificate, ...] = ()
    anchor: str = ""
    signed_at: str = ""
    time_source: str = ""
    oddities: tuple[str, ...] = ()

    @property
    def valid(self) -> bool:
        return self.status is SignatureStatus.VALID

    def broken(self, detail: str) -> Signer:
        """The same signer where the format's own binding of bytes does not hold."""
        return Signer(SignatureStatus.INVALID, detail, key=self.key, carried=self.carried)


def by_key(
    value: bytes,
    message: Message,
    group: Group,
    trust: TrustStore,
    *,
    usual: tuple[tuple[str, str], ...] = (),
    made: tuple[tuple[str, str], ...] = (),
    inside: Iterable[PublicKey] = (),
    named: Callable[[PublicKey], bool] | None = None,
    algorithms: tuple[str, ...] = (),
) -> Signer:
    """Try a bare signature value under every pinned key that fits.

    1. The first key on record under which it holds makes it valid, under all entries whose constraints are met.
    2. Held, but no entry's constraints are met: invalid, and the detail says what differs.
    3. Under a key that came in the delivery or lies in the signature itself (`inside`): intact by an unknown key;
       unless it came as a certificate from which a path leads to a pinned one (`chains`): then as 1 and 2.
    4. None: invalid where a key on record could have made it; unverifiable where none could, or where the signature
       names a key and that key is not on record.

    Args:
        value: the signature, big-endian, as `proofs.proof` takes it.
        message: the signed bytes with the digests the format allows.
        group: for the carried keys.
        trust: the registry.
        usual: constraints of the format that hold where an entry says nothing (`prehash`...).
        made: further parameters to record, and to hold against constraints (`required`: `conf`).
        inside: public keys found in the signature; never trusted.
        named: True for the key that the signature names by an (unsigned) id; None where the format names none.
        algorithms: families the format allows (`rsa`, `ecdsa`...); empty: any.
    """
    able = [
        one
        for one in keys.distinct(trust.public_keys(*algorithms)).values()
        if one.public is not None and fits(one.public, value)
    ]
    for entry in able:
        held = _proof(entry.public, value, message, made, keys.contexts(trust, entry))
        if held is not None and entry.public is not None:
            return _pinned(entry.public, held, group, trust, usual)  # 1, 2
    strangers = (*inside, *keys.unpinned(group.carried, trust))
    for key in strangers:
        held = _proof(key, value, message, made)
        if held is not None:  # 3
            found = chains.of_key(key, strangers, trust)
            if found:
                return by_path(found, held, group, usual)
            detail = "intact, but by a key that is not on record; that key came inside this delivery"
            return Signer(SignatureStatus.UNKNOWN_KEY, detail, key=key, held=held, carried=True)
    return _none([one for one in able if named is None or (one.public is not None and named(one.public))], named)  # 4


def _proof(
    key: PublicKey | None,
    value: bytes,
    message: Message,
    made: tuple[tuple[str, str], ...],
    contexts: tuple[str, ...] = ("",),
) -> Proof | None:
    held = proof(key, value, message, contexts) if key is not None else None
    if held is None:
        return None
    return replace(held, parameters=tuple(sorted({**dict(held.parameters), **dict(made)}.items())))


def _pinned(key: PublicKey, held: Proof, group: Group, trust: TrustStore, usual: tuple[tuple[str, str], ...]) -> Signer:
    """A key on record. One that was pinned as a certificate is held to what that certificate says."""
    same = keys.same_key(trust, key.fingerprint)
    bare = tuple(one for one in same if one.public is not None and one.public.note != "certificate")
    met = tuple(one for one in bare if not keys.unmet(one, held, usual))
    if met:
        odd = () if any("mgf-hash" in dict(one.constraints) for one in met) else held.oddities
        detail = f"verifies under {keys.names(met)}"
        return Signer(SignatureStatus.VALID, detail, key=key, held=held, entries=met, oddities=odd)
    certified = [one.public for one in same if one.public is not None and one.public.note == "certificate"]
    if certified:
        found = tuple(way for one in certified for way in chains.of_key(one, (), trust))
        if found:
            return by_path(found, held, group, usual)
        detail = f"made with the key of {keys.names(same)}, whose certificate is not one for signing files"
        return Signer(SignatureStatus.INVALID, detail, key=key)
    detail = f"made with the key of {keys.names(same)}, but not as its entry asks: {keys.unmet(same[0], held, usual)}"
    return Signer(SignatureStatus.INVALID, detail, key=key)


def by_path(
    found: Sequence[Path], held: Proof, group: Group, usual: tuple[tuple[str, str], ...], *, signed_at: str = ""
) -> Signer:
    """A signature that holds under a certificate with paths to the registry: the first one that does.

    Args:
        found: the paths, at least one.
        held: the signature as it was made.
        group: for the time of judgement.
        usual: constraints where an entry says nothing.
        signed_at: a trusted time, where there is one: it counts in place of the time of judgement.
    """
    ways = [_by_one_path(one, held, group, usual, signed_at) for one in found]
    return next((one for one in ways if one.valid), ways[0])


def _by_one_path(found: Path, held: Proof, group: Group, usual: tuple[tuple[str, str], ...], signed_at: str) -> Signer:
    """Constraints and beginnings of validity along one path."""
    key = found.certificates[0].public
    late = found.unready(signed_at or group.at)
    if late:
        return Signer(SignatureStatus.INVALID, f"the signer's certificate is not valid yet: {late}", key=key)
    made = replace(held, parameters=tuple(sorted({**dict(held.parameters), **dict(found.parameters)}.items())))
    met = tuple(one for one in found.entries if not keys.unmet(one, made, usual))
    if not met:
        why = keys.unmet(found.entries[0], made, usual)
        detail = f"leads to {keys.names(found.entries)}, but is not made as its entry asks: {why}"
        return Signer(SignatureStatus.INVALID, detail, key=key)
    return Signer(
        SignatureStatus.VALID,
        f"verifies under {keys.names(met)}",
        key=key,
        held=made,
        entries=met,
        path=chains.facts(found),
        anchor=found.anchor,
        signed_at=signed_at,
        time_source="rfc3161" if signed_at else "",
        oddities=held.oddities,
    )


def _none(able: list[PinnedKey], named: Callable[[PublicKey], bool] | None) -> Signer:
    if not able:
        what = "the key it names is not on record" if named is not None else "no key on record fits this signature"
        return Signer(SignatureStatus.UNVERIFIABLE, what)
    noun = "the one key" if len(able) == 1 else f"any of {len(able)} keys"
    detail = f"does not verify under {noun} on record that could fit: the bytes were changed, or another key signed"
    return Signer(SignatureStatus.INVALID, detail)


FORGEABLE = frozenset({"md5", "md4", "md2"})
"""Digests for which anybody can make two contents with one value: whatever holds over them shows nothing."""


def _not_too_old(signer: Signer) -> Signer:
    """A signature over a digest that is broken is not checked at all, whoever made it."""
    used = FORGEABLE.intersection(dict(signer.held.parameters).values()) if signer.held is not None else frozenset()
    if not used:
        return signer
    detail = f"too old to be checked: it is over {', '.join(sorted(used)).upper()}, which can be forged"
    return Signer(SignatureStatus.UNVERIFIABLE, detail, key=signer.key)


def observation(
    signer: Signer,
    scheme: str,
    source: Locator,
    subject: Locator | None,
    *,
    covers: Iterable[ByteRange] = (),
    carries: Iterable[ByteRange] = (),
    envelope: Iterable[ByteRange] = (),
    states: Iterable[tuple[str, str]] = (),
    oddities: Iterable[str] = (),
) -> SignatureObservation:
    """The observation of one signer. Ranges and statements count only where the mathematics held.

    Args:
        signer: the outcome.
        scheme: the plug-in's name.
        source: the artifact the signature was read from.
        subject: the artifact whose bytes it covers.
        covers: signed bytes of the subject.
        carries: packed bytes of the subject of which all unpacked content is signed.
        envelope: the signature's own bytes in the subject.
        states: what the signed bytes say of device and version.
        oddities: of the wrapper, besides those of the signer.
    """
    signer = _not_too_old(signer)
    held, key = signer.held, signer.key
    parameters = held.parameters if held else ()
    weak = weaknesses(key) if key is not None and not signer.entries else ()  # pinned ones: known since loading
    if weak and held is not None:
        parameters = tuple(sorted({**dict(parameters), "weak": ", ".join(weak)}.items()))
    found = SignatureObservation(
        scheme,
        source,
        subject,
        merged(covers) if held else (),
        signer.status,
        signer.detail,
        fingerprint=key.fingerprint if key else "",
        keys=tuple(sorted({one.record.name for one in signer.entries})),
        carried=signer.carried,
        algorithm=held.algorithm if held else "",
        parameters=parameters,
        signed_at=signer.signed_at,
        time_source=signer.time_source,
    )
    if held is None:
        return replace(found, oddities=tuple(signer.oddities))
    return replace(
        found,
        carries=merged(carries),
        envelope=merged(envelope),
        path=signer.path,
        anchor=signer.anchor,
        states=tuple(sorted(states)),
        oddities=(*signer.oddities, *oddities),
    )
