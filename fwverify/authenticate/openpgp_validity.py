"""Whether a key of an OpenPGP certificate may sign at a time: self-signatures, bindings, flags, dates, revocations.

After RFC 9580 sections 5.2.1 (signature types), 5.2.3.13 (key expiration), 5.2.3.29 (key flags), 5.2.3.31 (reasons for
revocation), 5.2.4 (what is hashed), 10.1.5 (cross-certification), 13.3. Read 2026-11-22.

The certificate is the one on record, whole: no subkey and no self-signature comes from anywhere else. Signatures over
it by others decide nothing. Does not do: webs of trust, notations, certificates on key servers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from fwverify.authenticate.proofs import Message, Proof, ed25519_holds, proof
from fwverify.formats import openpgp_signature
from fwverify.formats.openpgp import Certificate, Subkey, User
from fwverify.formats.openpgp_key import Key
from fwverify.formats.openpgp_signature import Signature
from fwverify.model.examining import Malformed, Unsupported

BROKEN = frozenset({"md5", "ripemd160"})
"""Digests of which signatures are not even looked at (section 9.5)."""
ORDERLY = {1: "superseded", 3: "retired"}
"""Reasons of a revocation that say nothing against what was signed before; all others do (section 5.2.3.31)."""
MAY_SIGN = 0x02
SKEW_SECONDS = 300
"""How far the clock of the signing machine may be ahead."""


@dataclass(frozen=True, slots=True)
class Validity:
    """Whether a key may have made a signature, and what is odd about it."""

    refusal: str = ""
    """Why not, in plain words; empty when it may."""
    oddities: tuple[str, ...] = ()
    revoked: bool = False
    """It was withdrawn: that counts wherever the key is on record."""


def validity(certificate: Certificate, key: Key, signature: Signature, at: int) -> Validity:
    """Judge the key that made a signature.

    1. The certificate is not revoked: never for a reason that speaks against older signatures, else not before it
       was made.
    2. The primary key has a signature over itself that is in force, and has not expired, then or now.
    3. A signing subkey is bound by the primary key, binds itself to it (or anybody could claim it), may sign, is not
       revoked and has not expired, then or now. A primary key that signs itself may sign.
    4. The signature was made after its key, not in the future, and has not expired.
    """
    revoked = _revocation(certificate.direct, openpgp_signature.KEY_REVOCATION, certificate, None, signature)  # 1
    own = _self_signature(certificate, at)
    if own is None:
        return Validity("the certificate on record has no signature over itself that is in force")
    refusal = revoked.refusal or _dates("the primary key", certificate.primary, own.key_lasts, signature, at)  # 2
    odd = revoked.oddities
    if not refusal and key == certificate.primary:
        flags = own.flags
        refusal = "" if flags is None or flags & MAY_SIGN else "the primary key is not meant for signatures over files"
    elif not refusal:
        found = _by_subkey(certificate, key, signature, at)  # 3
        return replace(
            found, refusal=found.refusal or _signature_dates(signature, at), oddities=(*odd, *found.oddities)
        )
    return Validity(refusal or _signature_dates(signature, at), odd, revoked.revoked)  # 4


def _by_subkey(certificate: Certificate, key: Key, signature: Signature, at: int) -> Validity:
    subkey = next((one for one in certificate.subkeys if one.key == key), None)
    if subkey is None:
        return Validity("the key is none of the certificate on record")
    binding = _binding(certificate.primary, subkey, at)
    if binding is None:
        return Validity("the primary key does not vouch for the subkey that signed")
    if not (binding.flags or 0) & MAY_SIGN and binding.flags is not None:
        return Validity("the subkey is not meant for signatures over files")
    if not _bound_back(certificate.primary, subkey.key, binding):
        return Validity("the subkey does not vouch for the primary key in turn, so anybody may have claimed it")
    kind = openpgp_signature.SUBKEY_REVOCATION
    revoked = _revocation(subkey.signatures, kind, certificate, subkey.key, signature)
    refusal = revoked.refusal or _dates("the subkey", subkey.key, binding.key_lasts, signature, at)
    return Validity(refusal, revoked.oddities, revoked.revoked)


def _revocation(
    signatures: Iterable[Signature], kind: int, certificate: Certificate, subkey: Key | None, signature: Signature
) -> Validity:
    """What revocations of one key mean for a signature."""
    parts = (certificate.primary.hashed, *((subkey.hashed,) if subkey else ()))
    what = "the key" if subkey is None else "the subkey"
    delegated = any(one.names_revoker for one in _own_signatures(certificate))
    odd: list[str] = []
    for one in signatures:
        if one.type != kind:
            continue
        if not made_by(certificate.primary, one, *parts):
            if delegated:
                why = f"{what} carries a revocation that somebody else was entitled to make"
                return Validity(why, revoked=True)
            continue
        if one.reason not in ORDERLY:
            return Validity(f"{what} was revoked on {day(one.created)}", revoked=True)
        if signature.created >= one.created:
            why = f"{what} was {ORDERLY[one.reason]} on {day(one.created)}, before the signature"
            return Validity(why, revoked=True)
        odd.append(f"{what} was {ORDERLY[one.reason]} later, and only the signer says that he signed before")
    return Validity("", tuple(odd))


def _own_signatures(certificate: Certificate) -> list[Signature]:
    return [*certificate.direct, *(sig for user in certificate.users for sig in user.signatures)]


def _self_signature(certificate: Certificate, at: int) -> Signature | None:
    """The newest statement of the primary key on itself.

    Version 6: direct key signatures alone (section 10.1.1). Version 4: that over a user id that is not revoked, or a
    newer direct one that says something on flags or dates.
    """
    primary = certificate.primary
    direct = [
        one
        for one in certificate.direct
        if one.type == openpgp_signature.DIRECT_KEY and _speaks(primary, one, at, primary.hashed)
    ]
    if primary.version == 6:
        return _newest(direct)
    users = [sig for user in certificate.users for sig in _certifications(primary, user, at)]
    telling = [one for one in direct if one.key_lasts or one.flags is not None]
    return _newest([*users, *telling]) or _newest(direct)


def _certifications(primary: Key, user: User, at: int) -> list[Signature]:
    """Self-signatures over a user id; none where it was revoked after the newest of them."""
    if user.attribute:
        return []
    parts = (primary.hashed, b"\xb4" + len(user.name).to_bytes(4, "big"), user.name)
    kinds = openpgp_signature.CERTIFICATIONS
    found = [one for one in user.signatures if one.type in kinds and _speaks(primary, one, at, *parts)]
    ended = [
        one.created
        for one in user.signatures
        if one.type == openpgp_signature.CERTIFICATION_REVOCATION and made_by(primary, one, *parts)
    ]
    return [one for one in found if one.created > max(ended, default=-1)]


def _binding(primary: Key, subkey: Subkey, at: int) -> Signature | None:
    kind = openpgp_signature.SUBKEY_BINDING
    parts = (primary.hashed, subkey.key.hashed)
    return _newest([one for one in subkey.signatures if one.type == kind and _speaks(primary, one, at, *parts)])


def _bound_back(primary: Key, subkey: Key, binding: Signature) -> bool:
    for body in binding.embedded:
        try:
            back = openpgp_signature.parse(body)
        except (Malformed, Unsupported):
            continue
        if back.type == openpgp_signature.PRIMARY_BINDING and made_by(subkey, back, primary.hashed, subkey.hashed):
            return not back.not_understood()
    return False


def _speaks(primary: Key, signature: Signature, at: int, *parts: bytes) -> bool:
    """A statement of the primary key that is understood and in force."""
    began = primary.created <= signature.created <= at + SKEW_SECONDS
    over = bool(signature.expires) and signature.expires <= at
    return began and not over and not signature.not_understood() and made_by(primary, signature, *parts)


def _newest(found: list[Signature]) -> Signature | None:
    """By time; of several of one second the one that limits the key, then that of the primary user id."""
    return max(found, key=lambda one: (one.created, bool(one.key_lasts), one.primary_user), default=None)


def _dates(what: str, key: Key, lasts: int, signature: Signature, at: int) -> str:
    if signature.created < key.created:
        return f"signed on {day(signature.created)}, before {what} was made ({day(key.created)})"
    end = key.created + lasts if lasts else 0
    if end and signature.created >= end:
        return f"{what} expired on {day(end)}, before the signature"
    if end and at >= end:
        return f"{what} expired on {day(end)}; that it was signed before is the signer's own claim"
    return ""


def _signature_dates(signature: Signature, at: int) -> str:
    if signature.created > at + SKEW_SECONDS:
        return f"it says that it was made on {day(signature.created)}, in the future"
    if signature.expires and signature.expires <= at:
        return f"the signature expired on {day(signature.expires)}"
    return ""


def made_by(key: Key, signature: Signature, *parts: bytes) -> bool:
    """A signature over these bytes by this key."""
    if signature.hash in BROKEN or not signature.hash:
        return False
    state = hashlib.new(signature.hash, signature.salt, usedforsecurity=False)
    for one in parts:
        state.update(one)
    state.update(signature.trailer)
    return holds(key, signature, state.digest()) is not None


def holds(key: Key, signature: Signature, digest: bytes) -> Proof | None:
    """The mathematics over a finished digest.

    1. Signature and key are of one version and algorithm (sections 5.2.3, 10.1.1).
    2. The two bytes of the digest in the packet are those of the digest.
    3. The value holds: RSA with PKCS#1 v1.5, ECDSA, or EdDSA over the digest.
    """
    public = key.public
    same = key.algorithm == signature.algorithm or {key.algorithm, signature.algorithm} == {1, 3}
    if public is None or key.version != signature.version or not same:  # 1
        return None
    if digest[:2] != signature.left:  # 2
        return None
    name = signature.hash
    match public.algorithm:  # 3
        case "rsa":
            found = proof(public, _padded(signature.numbers[0], (public.bits + 7) // 8), _digested(name, digest))
            return found if found is not None and found.algorithm == "rsa-pkcs1v15" else None
        case "ecdsa":
            return _ecdsa(key, signature, digest)
        case "ed25519":
            value = signature.value or b"".join(_padded(one, 32) for one in signature.numbers)
            return Proof("ed25519", (("prehash", name),)) if ed25519_holds(public, value, digest) else None
    found = proof(public, signature.value, Message(memoryview(digest)))
    return None if found is None else Proof(found.algorithm, (("prehash", name),))


def _ecdsa(key: Key, signature: Signature, digest: bytes) -> Proof | None:
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    assert key.public is not None  # noqa: S101 - the caller looked
    r, s = signature.numbers
    found = proof(key.public, encode_dss_signature(r, s), _digested(signature.hash, digest))
    if found is None:
        return None
    return Proof("ecdsa", tuple(one for one in found.parameters if one[0] != "encoding"))


def _digested(name: str, digest: bytes) -> Message:
    return Message(memoryview(b""), (name,), {name: digest})


def _padded(value: int, size: int) -> bytes:
    """Big-endian; a number that is too large gives a value that fits nothing."""
    return value.to_bytes(size, "big") if value.bit_length() <= 8 * size else b""


def day(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")


def moment(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
