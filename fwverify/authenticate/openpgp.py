"""The signer of an OpenPGP signature: the certificates on record against one signature over given bytes.

Shared by what reads OpenPGP signatures. Mathematics and validity: `authenticate.openpgp_validity`; layouts:
`formats.openpgp*`. After RFC 9580 section 5.2.4, read 2026-11-22.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

from fwverify.authenticate import keys
from fwverify.authenticate.interface import Group
from fwverify.authenticate.openpgp_validity import BROKEN, Validity, holds, moment, validity
from fwverify.authenticate.proofs import Proof
from fwverify.authenticate.signer import Signer
from fwverify.formats import openpgp
from fwverify.formats.openpgp import Certificate
from fwverify.formats.openpgp_key import Key
from fwverify.formats.openpgp_signature import Signature
from fwverify.model.evidence import SignatureStatus
from fwverify.model.examining import Malformed, Unsupported
from fwverify.trust.store import PinnedKey, PublicKey, TrustStore

if TYPE_CHECKING:
    from hashlib import _Hash

CHUNK_BYTES = 1 << 20


@dataclass(slots=True)
class Document:
    """The signed bytes; each digest of them is begun at most once for signatures without salt."""

    chunks: Callable[[], Iterable[bytes | memoryview]]
    _begun: dict[str, _Hash] = field(default_factory=dict)

    def digest(self, signature: Signature) -> bytes:
        """What the signature signs: salt, document, trailer (section 5.2.4)."""
        name = signature.hash
        begun = None if signature.salt else self._begun.get(name)
        if begun is None:
            begun = hashlib.new(name, signature.salt, usedforsecurity=False)
            for one in self.chunks():
                begun.update(one)
            if not signature.salt:
                self._begun[name] = begun
        state = begun.copy()
        state.update(signature.trailer)
        return state.digest()


def pieces(content: memoryview) -> Iterator[memoryview]:
    """A file as it is."""
    for at in range(0, len(content), CHUNK_BYTES):
        yield content[at : at + CHUNK_BYTES]


def as_text(content: memoryview) -> Iterator[bytes]:
    """A file as text signatures see it: every line end is CRLF (section 5.2.1.2)."""
    kept = b""
    for one in pieces(content):
        part = kept + bytes(one)
        kept = b"\r" if part.endswith(b"\r") else b""
        part = part[: len(part) - len(kept)]
        yield part.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    yield kept


@dataclass(frozen=True, slots=True)
class _Held:
    """A key of a certificate under which the signature holds."""

    entries: tuple[PinnedKey, ...]
    """With exactly this certificate."""
    certificate: Certificate
    key: Key
    proof: Proof


def signer(signature: Signature, document: Document, group: Group, trust: TrustStore) -> Signer:
    """Who made a signature over the document.

    1. The hash is known and unbroken, and every critical statement is understood.
    2. The first key of a certificate on record under which it holds made it; those the signature names come first.
    3. That key may sign (`validity`), then and at the time of judgement, by every copy of its certificate that is on
       record for a revocation, by the entry's own copy for everything else.
    4. The entries whose constraints it meets.
    5. None on record: intact by a certificate that came along, or invalid where the named key is on record or the
       signature names none, else unverifiable.
    """
    unfit = _unfit(signature, group)  # 1
    if unfit:
        return Signer(SignatureStatus.UNVERIFIABLE, unfit)
    pinned = _pinned_certificates(trust)
    digest = document.digest(signature)
    found = [one for entries, certificate in pinned for one in _held(entries, certificate, signature, digest)]  # 2
    if found:
        return _judged(found, signature, group)
    carried = _carried(signature, digest, group, trust)  # 5
    return carried if carried is not None else _none(pinned, signature)


def _unfit(signature: Signature, group: Group) -> str:
    if not signature.hash:
        return "made with a digest nobody defined"
    if signature.hash in BROKEN:
        return f"made with {signature.hash}, which anybody can get around: too old for fwverify"
    if signature.not_understood():
        return "it says something that must not be passed over, and that fwverify does not know"
    return "" if group.at else "no time to judge it by"


def _pinned_certificates(trust: TrustStore) -> list[tuple[tuple[PinnedKey, ...], Certificate]]:
    """Every certificate on record, once, with the entries that hold it."""
    found: dict[bytes, list[PinnedKey]] = {}
    for one in trust.public_keys():
        if one.public is not None and one.public.note == openpgp.NOTE:
            found.setdefault(one.public.material, []).append(one)
    return [
        (tuple(entries), certificate) for raw, entries in found.items() for certificate in _parsed(raw)
    ]  # fmt: skip


def _parsed(raw: bytes) -> tuple[Certificate, ...]:
    try:
        return (openpgp.parse_certificate(raw),)
    except (Malformed, Unsupported):  # it was read once when it was pinned
        return ()


def _keys(certificate: Certificate) -> tuple[Key, ...]:
    return (certificate.primary, *(one.key for one in certificate.subkeys))


def _held(
    entries: tuple[PinnedKey, ...], certificate: Certificate, signature: Signature, digest: bytes
) -> Iterator[_Held]:
    named = signature.issuers()
    for key in sorted(_keys(certificate), key=lambda one: named.isdisjoint({one.fingerprint, one.key_id})):
        made = holds(key, signature, digest)
        if made is not None:
            yield _Held(entries, certificate, key, made)
            return


def _judged(found: list[_Held], signature: Signature, group: Group) -> Signer:
    at = int(datetime.fromisoformat(group.at).timestamp())
    judged = [(one, validity(one.certificate, one.key, signature, at)) for one in found]
    first = found[0]
    revoked = next((one.refusal for _, one in judged if one.revoked), "")
    good = [] if revoked else [(one, fine) for one, fine in judged if not fine.refusal]
    if not good:
        detail = f"made by {_told(first.key)} of {keys.names(first.entries)}, but {revoked or judged[0][1].refusal}"
        return Signer(SignatureStatus.INVALID, detail, key=first.key.public)
    held = _recorded(first, signature)
    met = tuple(one for holder, _ in good for one in holder.entries if not keys.unmet(one, held))
    if not met:
        entry = good[0][0].entries[0]
        detail = f"made with the key of {entry.record.name}, but not as its entry asks: {keys.unmet(entry, held)}"
        return Signer(SignatureStatus.INVALID, detail, key=first.key.public)
    return _valid(first, held, met, signature, good[0][1])


def _recorded(found: _Held, signature: Signature) -> Proof:
    """How it was made, with what a constraint may ask for."""
    more = {"hash": signature.hash, "packet-version": str(signature.version)}
    return replace(found.proof, parameters=tuple(sorted({**dict(found.proof.parameters), **more}.items())))


def _valid(found: _Held, held: Proof, met: tuple[PinnedKey, ...], signature: Signature, judged: Validity) -> Signer:
    by_subkey = found.key != found.certificate.primary
    return Signer(
        SignatureStatus.VALID,
        f"verifies under {keys.names(met)}" + (f" (subkey {found.key.fingerprint})" if by_subkey else ""),
        key=found.key.public,
        held=held,
        entries=met,
        anchor=met[0].record.fingerprint if by_subkey else "",
        signed_at=moment(signature.created),
        time_source="claimed",
        oddities=(*judged.oddities, *_odd(found, signature)),
    )


def _odd(found: _Held, signature: Signature) -> Iterator[str]:
    known = {found.key.fingerprint, found.key.key_id, found.certificate.primary.fingerprint}
    others = signature.issuers() - known - {found.certificate.primary.key_id}
    if others:
        yield f"it names another key ({min(others)}) than the one that made it"
    if signature.unsigned_fields():
        yield "unsigned fields of the signature say more than who signed"


def _told(key: Key) -> str:
    return f"OpenPGP key {key.fingerprint}"


def _carried(signature: Signature, digest: bytes, group: Group, trust: TrustStore) -> Signer | None:
    for public in keys.unpinned(group.carried, trust):
        if public.note != openpgp.NOTE:
            continue
        for certificate in _parsed(public.material):
            found = next(_held((), certificate, signature, digest), None)
            if found is not None:
                return _by_carried(found, public, signature)
    return None


def _by_carried(found: _Held, public: PublicKey, signature: Signature) -> Signer:
    detail = (
        f"intact, by {_told(found.certificate.primary)}, which is not on record; that key came inside this delivery"
    )
    return Signer(
        SignatureStatus.UNKNOWN_KEY,
        detail,
        key=found.key.public,
        held=_recorded(found, signature),
        carried=True,
        anchor=public.fingerprint if found.key != found.certificate.primary else "",
        signed_at=moment(signature.created),
        time_source="claimed",
    )


def _none(pinned: list[tuple[tuple[PinnedKey, ...], Certificate]], signature: Signature) -> Signer:
    named = signature.issuers()
    for entries, certificate in pinned:
        if any(not named.isdisjoint({one.fingerprint, one.key_id}) for one in _keys(certificate)):
            detail = f"does not verify under {keys.names(entries)}, whose key it names: the bytes were changed"
            return Signer(SignatureStatus.INVALID, detail)
    if named:
        return Signer(SignatureStatus.UNVERIFIABLE, f"made by OpenPGP key {max(named, key=len)}, not on record")
    if pinned:
        detail = f"names no key, and does not verify under {keys.names(pinned[0][0])}: changed, or another key signed"
        return Signer(SignatureStatus.INVALID, detail)
    return Signer(SignatureStatus.UNVERIFIABLE, "no OpenPGP certificate is on record")
