"""CMS signers against the registry (RFC 5652 sections 5.4 to 5.6), shared by every scheme that wraps a CMS.

Procedure, for each signer; read 2026-11-22:
1. Its certificate is the one it names, among those in the CMS, those delivered, and those pinned. None found: the
   pinned keys are tried, so that a CMS without certificates (kernel modules, dm-verity) can be checked.
2. With signed attributes: contentType and messageDigest must be there once and fit the content; the attributes are what
   is signed. Without: the content is, and it must not itself be a set of attributes, or an old signature could be
   given a new content (the attributes of that signature).
3. The signature holds under that certificate's key, by the algorithm and digest the signer names; where a signed
   attribute names the certificate (RFC 5035), it is this one.
4. A path leads to a pinned certificate (`chains`); nothing of it begins after the time of judgement.
5. An entry that pins it has its constraints met.
6. A timestamp token over the signature value, by a pinned authority, gives a trusted time (`timestamps`).

Does not do: counter-signatures of the old kind (RFC 2985), attribute certificates.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

from fwverify.authenticate import chains, keys, timestamps
from fwverify.authenticate.chains import Path
from fwverify.authenticate.interface import Group
from fwverify.authenticate.proofs import HASHES, Message, Proof, proof
from fwverify.authenticate.signer import Signer, by_key, by_path
from fwverify.formats import cms
from fwverify.formats.cms import SignedData, SignerInfo
from fwverify.formats.x509 import Certificate
from fwverify.model.evidence import SignatureStatus
from fwverify.model.examining import Malformed
from fwverify.trust.store import PinnedKey, PublicKey, TrustStore

INVALID = SignatureStatus.INVALID

Pairs = tuple[tuple[str, str], ...]
MAX_SAME_NAME = 8
"""Certificates of one name and one key that are followed up."""


@dataclass(frozen=True, slots=True)
class _Case:
    """What all signers of one CMS share."""

    data: SignedData
    message: Message
    group: Group
    trust: TrustStore
    usual: Pairs
    made: Pairs
    pool: tuple[Certificate, ...]


def signers(
    data: SignedData,
    message: Message,
    group: Group,
    trust: TrustStore,
    *,
    usual: Pairs = (),
    made: Pairs = (),
) -> tuple[Signer, ...]:
    """Check every signer of a SignedData over `message`; one Signer each, in file order, never empty.

    Dates: what is not yet valid at the time that counts is INVALID; what has expired stays VALID with its dates in
    `path` (a rule judges). A certificate that leads to nothing pinned gives UNKNOWN_KEY. No signers: one INVALID.

    Args:
        data: parsed.
        message: the bytes that must be the content. For attached content the caller compares `data.content`.
        group: carried keys and certificates, time.
        trust: the registry.
        usual: constraints where an entry says nothing.
        made: further parameters to record and to hold against constraints.
    """
    if not data.signers:
        return (Signer(INVALID, "the CMS has no signers: it is a bag of certificates"),)
    pool = (*chains.readable(data.certificates), *chains.carried(one.public for one in group.carried))
    pool = (*pool, *chains.pinned(trust))
    case = _Case(data, message, group, trust, usual, made, pool)
    return tuple(_signer(one, case) for one in data.signers)


def _signer(info: SignerInfo, case: _Case) -> Signer:
    unread = _unread(info)
    if unread:
        return Signer(SignatureStatus.UNVERIFIABLE, unread)
    wrong = _attributes(info, case)  # 2
    if wrong:
        return Signer(INVALID, wrong)
    signed = _signed(info, case)
    named = [one for one in case.pool if _names(info, one)]  # 1
    if not named:
        return _without_certificate(info, signed, case)
    found = list(islice(_under(named, info, signed, case), MAX_SAME_NAME))
    if found:  # one name may stand on several certificates of one key (renewed, cross-signed): the one that leads on
        best = next((one for one in found if one.valid), found[0])
        twice = "it brings a damaged or false copy of the signer's certificate"
        return best.broken(twice) if best.valid and _rivals(info, case) else best
    detail = "the signature does not verify under the certificate it names: something was changed"
    return Signer(INVALID, detail, key=named[0].public)


def _under(named: list[Certificate], info: SignerInfo, signed: Message, case: _Case) -> Iterator[Signer]:
    for certificate in dict.fromkeys(named):
        held = _held(info, certificate.public, signed)  # 3
        if held is not None and _bound(info, certificate):
            yield _judged(info, certificate, held, case)


def _rivals(info: SignerInfo, case: _Case) -> bool:
    """A certificate in the CMS is a damaged or false copy of the one that the signer names by issuer and serial.

    No authority gives one number twice; other verifiers would believe the copy, or fail on it.
    """
    if info.key_identifier:
        return False
    right = {one for one in case.pool if _names(info, one)}
    inside = chains.readable(case.data.certificates)
    digits = info.serial.to_bytes(info.serial.bit_length() // 8 + 1, "big", signed=True)
    serial = bytes([2, len(digits) & 0xFF]) + digits  # the whole INTEGER: a short number alone is in any certificate
    unread = set(case.data.certificates).difference(one.der for one in inside)
    torn = any(info.issuer in one and serial in one for one in unread)
    return torn or len(right.intersection((*inside, *chains.pinned(case.trust)))) > 1


def _unread(info: SignerInfo) -> str:
    """Which algorithm of the signer is not known here; empty when all are."""
    if info.signature_algorithm not in cms.KNOWN_ALGORITHMS:
        return f"signature algorithm {info.signature_algorithm} is not supported"
    for name, known in ((info.digest_algorithm, cms.KNOWN_HASHES), (info.signature_hash, HASHES)):
        if name and name not in known:
            return f"digest algorithm {name} is not supported"
    return ""


def _attributes(info: SignerInfo, case: _Case) -> str:
    """Why the signed attributes do not fit, or why their absence cannot be believed; empty when all is well."""
    if info.signature_hash not in ("", info.digest_algorithm):
        return f"it names two digests: {info.digest_algorithm} for the content, {info.signature_hash} for the signature"
    if not info.signed_attributes:
        if case.data.content_type != cms.DATA:
            return "content of another type than data must be signed with attributes (RFC 5652 section 5.3)"
        return "the content is itself a set of signed attributes" if cms.is_attributes(case.message.content) else ""
    if not info.content_type or not info.message_digest:
        return "the signed attributes lack contentType or messageDigest"
    if info.content_type != case.data.content_type:
        return "the signed contentType is not that of the content"
    if info.message_digest != _digest(info.digest_algorithm, case.message):
        return "the content was changed: its digest is not the signed one"
    return ""


def _digest(name: str, content: Message) -> bytes:
    if name in cms.OPEN_HASHES:
        return hashlib.new(name, content.content).digest(cms.OPEN_HASHES[name])  # type: ignore[call-arg]
    return content.digest(name)


def _signed(info: SignerInfo, case: _Case) -> Message:
    """What the signature value is over, with the one hash the signer names."""
    hashes = (info.signature_hash,) if info.signature_hash else ()
    if info.signed_attributes:
        return Message(memoryview(info.signed_attributes), hashes=hashes)
    return replace(case.message, hashes=hashes)


def _names(info: SignerInfo, certificate: Certificate) -> bool:
    if info.key_identifier:
        return info.key_identifier == certificate.key_identifier
    return (info.issuer, info.serial) == (certificate.issuer, certificate.serial)


def _held(info: SignerInfo, key: PublicKey, signed: Message) -> Proof | None:
    held = proof(key, info.signature, signed)
    return held if held is not None and _as_named(info, held) else None


def _as_named(info: SignerInfo, held: Proof) -> bool:
    """False where the value is made otherwise than the signer says, or than CMS knows (raw r and s, prehash)."""
    made = dict(held.parameters)
    if held.algorithm != info.signature_algorithm or "prehash" in made or "context" in made:
        return False
    if info.pss_salt >= 0 and (made.get("salt"), made.get("mgf-hash")) != (str(info.pss_salt), info.pss_mask):
        return False
    return made.get("encoding", "der") == "der"


def _bound(info: SignerInfo, certificate: Certificate) -> bool:
    """False where the signed attributes name another certificate than this (RFC 5035 section 3)."""
    try:
        name, digest = cms.signing_certificate(info.signed_attributes)
    except Malformed:
        return False
    return not name or (name in cms.KNOWN_HASHES and hashlib.new(name, certificate.der).digest() == digest)


def _recorded(info: SignerInfo, held: Proof, case: _Case) -> Proof:
    """The proof with what this format adds."""
    extra = dict(_pairs(info, case))
    return replace(held, parameters=tuple(sorted({**dict(held.parameters), **extra}.items())))


def _judged(info: SignerInfo, certificate: Certificate, held: Proof, case: _Case) -> Signer:
    """The mathematics holds under this certificate's key; whose is it?"""
    same = keys.same_key(case.trust, certificate.public.fingerprint)
    direct = tuple(one for one in same if one.public is not None and one.public.note != "certificate")
    found = chains.paths(certificate, case.pool, case.trust)  # 4
    if not found and not direct:
        return _stranger(info, certificate, held, case)
    return _pinned(info, certificate, held, found, direct, case)


def _pinned(
    info: SignerInfo,
    certificate: Certificate,
    held: Proof,
    found: tuple[Path, ...],
    bare: tuple[PinnedKey, ...],
    case: _Case,
) -> Signer:
    """Constraints, dates and time of a signer that leads to the registry (4 to 6)."""
    when = timestamps.trusted(info, case.group, case.trust, signers)
    made = _recorded(info, held, case)
    met = tuple(one for one in bare if not keys.unmet(one, made, case.usual))
    if met:
        detail = f"verifies under {keys.names(met)}"
        signer = Signer(SignatureStatus.VALID, detail, key=certificate.public, held=made, entries=met)
    elif found:
        signer = by_path(found, made, case.group, case.usual, signed_at=when.at)
    else:
        why = keys.unmet(bare[0], made, case.usual)
        return Signer(INVALID, f"made with the key of {keys.names(bare)}, but not as its entry asks: {why}",
                      key=certificate.public)  # fmt: skip
    if not signer.valid:
        return signer
    claimed = "claimed" if info.signing_time else ""
    return replace(
        signer,
        signed_at=when.at or info.signing_time,
        time_source="rfc3161" if when.at else claimed,
        oddities=(*case.data.oddities, *held.oddities, *when.oddities),
    )


def _stranger(info: SignerInfo, certificate: Certificate, held: Proof, case: _Case) -> Signer:
    same = keys.same_key(case.trust, certificate.public.fingerprint)
    known = f"; its key is that of {keys.names(same)}, which pins another certificate" if same else ""
    detail = f"intact, but its certificate ({certificate.subject_text}) leads to none on record{known}"
    return Signer(
        SignatureStatus.UNKNOWN_KEY,
        detail,
        key=certificate.public,
        held=_recorded(info, held, case),
        carried=certificate.der in case.data.certificates,
    )


def _without_certificate(info: SignerInfo, signed: Message, case: _Case) -> Signer:
    """No certificate came along: a pinned key that holds is enough, since a pinned key needs no certificate.

    One pinned as a certificate would have been found by its name: another name is another certificate for that key.
    """
    found = by_key(
        info.signature,
        signed,
        replace(case.group, carried=()),
        case.trust,
        usual=case.usual,
        made=_pairs(info, case),
        named=lambda _: False,
    )
    if found.held is not None and not _as_named(info, found.held):
        return Signer(INVALID, "it was not made by the algorithm it names", key=found.key)
    if found.valid and all(one.public is not None and one.public.note == "certificate" for one in found.entries):
        detail = f"intact, but names another certificate than {keys.names(found.entries)}, whose key made it"
        return Signer(SignatureStatus.UNKNOWN_KEY, detail, key=found.key, held=found.held)
    if found.status is SignatureStatus.UNVERIFIABLE:
        return Signer(found.status, "the signer's certificate is neither in it nor on record")
    if not found.valid:
        return found
    claimed = "claimed" if info.signing_time else ""
    when = timestamps.trusted(info, case.group, case.trust, signers)
    return replace(
        found,
        signed_at=when.at or info.signing_time,
        time_source="rfc3161" if when.at else claimed,
        oddities=(*found.oddities, *case.data.oddities, *when.oddities),
    )


def _pairs(info: SignerInfo, case: _Case) -> Pairs:
    """What this format records of a signature, by the names constraints use."""
    attributes = ("signed-attributes", "yes" if info.signed_attributes else "no")
    name = info.digest_algorithm.replace("shake_", "shake")
    digest = (("digest", name),) if info.signed_attributes or info.signature_hash else ()
    if info.signed_attributes and not info.signature_hash:  # what binds the content is judged as the signature's hash
        digest = (*digest, ("hash", name))
    return (attributes, *digest, *case.made)
