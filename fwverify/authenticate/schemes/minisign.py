"""minisign signatures.

Layout: `formats.minisign`, after https://jedisct1.github.io/minisign/, read 2026-11-22.
Signed: all bytes of the file it is about (as BLAKE2b-512, or themselves in the legacy form), and the trusted comment.
Not signed: the untrusted comment, which is never shown.

Procedure:
1. Keys on record that carry the key id, or that carry none (the same key pinned from a PEM file), are tried. The id
   chooses, it proves nothing.
2. The signature holds over the file.
3. The global signature holds over signature and trusted comment; without it the comment is anybody's.
4. Where the id is not on record, keys that came in the delivery are tried in the same way.

The time in the trusted comment is the signer's claim. Does not do: secret keys, signify.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime

from fwverify.authenticate import keys
from fwverify.authenticate.interface import Group, Observed, SignatureScheme
from fwverify.authenticate.proofs import Message, Proof, ed25519_holds
from fwverify.formats import minisign
from fwverify.formats.minisign import Signature
from fwverify.model.artifact import Artifact
from fwverify.model.evidence import SignatureObservation, SignatureStatus
from fwverify.model.plugin import Doc
from fwverify.trust.store import PinnedKey, PublicKey, TrustStore

NAME = "minisign"
_TIMESTAMP = re.compile(rb"(?:^|[\t ])timestamp:([0-9]{1,11})(?=[\t ]|$)")


def _detect(artifact: Artifact) -> bool:
    return minisign.looks_like_signature(artifact.content) or artifact.name.lower().endswith(".minisig")


def _parse(artifact: Artifact) -> tuple[Signature, ...]:
    return (minisign.parse_signature(artifact.content),)


def _verify(signature: Signature, group: Group, trust: TrustStore) -> tuple[Observed, ...]:
    if group.about is None:
        detail = "the file it signs is not in the delivery, or no name tells which it is"
        return (keys.observe(group, NAME, SignatureStatus.UNVERIFIABLE, detail),)
    message = Message.of(group.about)
    on_record = [one for one in trust.public_keys("ed25519") if one.public and _may_be(one.public, signature)]  # 1
    for entry in keys.distinct(on_record).values():
        if entry.public is not None and _holds(entry.public, signature, message):
            return (_pinned(entry.public, signature, group, trust),)
    named = [one for one in on_record if one.public and one.public.key_id]
    if named:
        return (keys.observe(group, NAME, SignatureStatus.INVALID, _broken(named, signature, message)),)
    for key in keys.unpinned(group.carried, trust):  # 4
        if key.algorithm == "ed25519" and _may_be(key, signature) and _holds(key, signature, message):
            detail = (
                f"intact, by minisign key id {signature.key_id}, which is not on record; "
                "that key came inside this delivery"
            )
            found = keys.observe(
                group, NAME, SignatureStatus.UNKNOWN_KEY, detail, key=key, held=_proof(signature), carried=True
            )
            return (_timed(found, signature),)
    detail = f"signed by minisign key id {signature.key_id}, not on record"
    return (keys.observe(group, NAME, SignatureStatus.UNVERIFIABLE, detail),)


def _may_be(key: PublicKey, signature: Signature) -> bool:
    return key.key_id in ("", signature.key_id)


def _holds(key: PublicKey, signature: Signature, message: Message) -> bool:
    return _file_holds(key, signature, message) and ed25519_holds(  # 3
        key, signature.global_signature, signature.signature + signature.trusted_comment
    )


def _file_holds(key: PublicKey, signature: Signature, message: Message) -> bool:
    signed = message.digest("blake2b") if signature.prehashed else message.content  # 2
    return ed25519_holds(key, signature.signature, signed)


def _proof(signature: Signature) -> Proof:
    prehash = ("prehash", "blake2b-512" if signature.prehashed else "none")
    return Proof("ed25519", (("legacy", "no" if signature.prehashed else "yes"), prehash))


def _pinned(key: PublicKey, signature: Signature, group: Group, trust: TrustStore) -> Observed:
    held, same = _proof(signature), keys.same_key(trust, key.fingerprint)
    met = [one for one in same if not keys.unmet(one, held)]
    if not met:
        detail = f"made with the key of {keys.names(same)}, but not as its entry asks: {keys.unmet(same[0], held)}"
        return keys.observe(group, NAME, SignatureStatus.INVALID, detail, key=key)
    detail = f"verifies under {keys.names(met)}"
    found = keys.observe(group, NAME, SignatureStatus.VALID, detail, key=key, held=held, entries=met)
    return _timed(found, signature)


def _timed(found: SignatureObservation, signature: Signature) -> SignatureObservation:
    """With the time the signer claims in the (now verified) trusted comment."""
    stamp = _TIMESTAMP.search(signature.trusted_comment)
    if stamp is None:
        return found
    when = datetime.fromtimestamp(int(stamp[1]), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return replace(found, signed_at=when, time_source="claimed")


def _broken(named: list[PinnedKey], signature: Signature, message: Message) -> str:
    if any(one.public and _file_holds(one.public, signature, message) for one in named):
        return f"the trusted comment was changed: the global signature does not verify under {keys.names(named)}"
    return f"does not verify under {keys.names(named)}, whose key id it names: the file or the signature was changed"


SCHEME = SignatureScheme(
    name=NAME,
    detect=_detect,
    parse=_parse,
    verify=_verify,
    doc=Doc(
        "minisign signature",
        vendor="Frank Denis",
        references=("https://jedisct1.github.io/minisign/ signature format, read 2026-11-22",),
        limitations=("The time in the trusted comment is the signer's own claim.",),
    ),
)
