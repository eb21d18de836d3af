"""Trusted time: timestamp tokens (RFC 3161) over a signature value, by an authority the operator pinned.

Sections 2.4.1 (imprint), 2.4.2 (TSTInfo), 2.3 (extended key usage, alone); the token is a CMS over TSTInfo.
The unsigned attribute is that of RFC 3161 appendix A or Microsoft's. Read 2026-11-22.

1. The token's message imprint is the digest of the signature value (a strong one).
2. Its CMS holds and leads to a registry entry with the purpose `timestamp`, whose certificate is for timeStamping.
3. That certificate was in force at the time the token states, is for timestamps alone and says so critically, and the
   token names it in its signed attributes (section 2.4.2). Whether it has expired since does not matter.
4. The time is not after the time of judgement, and no list on record had revoked an authority of the path by then.
A token that fails any of these gives no time; why is said as an oddity, because the signature itself does not need it.
Does not do: accuracy and ordering, tokens whose authority is not pinned, fetching of tokens.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from fwverify.authenticate import chains
from fwverify.authenticate.interface import Group
from fwverify.authenticate.proofs import Message
from fwverify.authenticate.signer import Signer
from fwverify.formats import cms
from fwverify.formats.cms import SignedData, SignerInfo
from fwverify.model.evidence import SignatureStatus
from fwverify.model.examining import Encrypted, Malformed, Unsupported
from fwverify.trust.store import PublicKey, TrustStore

TOKEN_TYPES = ("1.2.840.113549.1.9.16.2.14", "1.3.6.1.4.1.311.3.3.1")
TST_INFO = "1.2.840.113549.1.9.16.1.4"
PURPOSE = "timestamp"
STRONG = ("sha256", "sha384", "sha512", "sha3_256", "sha3_384", "sha3_512")
MAX_TOKENS = 4
ORDERLY = frozenset({"superseded", "cessationOfOperation", "affiliationChanged"})
"""Reasons for which what was stamped before stays good (RFC 5280 section 5.3.1)."""
_PURPOSE_OF_KEY = (("eku", "timeStamping"),)

Checked = Callable[..., tuple[Signer, ...]]


@dataclass(frozen=True, slots=True)
class Trusted:
    """What the tokens of one signature gave."""

    at: str = ""
    """RFC 3339, UTC; the earliest trusted time; empty: none."""
    oddities: tuple[str, ...] = ()


def trusted(info: SignerInfo, group: Group, trust: TrustStore, check: Checked) -> Trusted:
    """The earliest time a pinned authority vouches for.

    Args:
        info: the signer whose value was stamped.
        group: of the signature.
        trust: the registry.
        check: `cms.signers`, given here because a token is a CMS itself.
    """
    tokens = [value for kind, value in info.unsigned if kind in TOKEN_TYPES][:MAX_TOKENS]
    times, odd = [], []
    for token in tokens:
        try:
            times.append(_time(token, info.signature, group, trust, check))
        except (Malformed, Unsupported, Encrypted) as problem:
            odd.append(f"its timestamp cannot be used: {problem}")
    good = sorted(one for one in times if one)
    return Trusted(good[0] if good else "", tuple(odd))


def _time(token: bytes, stamped: bytes, group: Group, trust: TrustStore, check: Checked) -> str:
    """The token's time; empty when its authority is not on record.

    Raises:
        Malformed: it is not about this signature, or does not hold.
    """
    data = cms.parse(token)
    if data.content_type != TST_INFO or data.content is None or data.size != len(token):
        raise Malformed("timestamp", "it is no TSTInfo token")
    at = _about(data.content, stamped)
    authorities = replace(trust, keys=tuple(one for one in trust.keys if PURPOSE in one.record.purposes))
    (signer, *more) = check(
        data, Message(memoryview(data.content)), replace(group, at=at), authorities, usual=_PURPOSE_OF_KEY
    )
    if more:
        raise Malformed("timestamp", "it has more than one signer")
    if signer.status is SignatureStatus.INVALID:
        raise Malformed("timestamp", signer.detail)
    if not signer.valid or not signer.path:
        return ""
    problem = _problem(signer, data, at, group, trust)
    if problem:
        raise Malformed("timestamp", problem)
    return at


def _problem(signer: Signer, data: SignedData, at: str, group: Group, trust: TrustStore) -> str:
    """Why the token of an authority on record gives no time; empty when it does."""
    made = dict(signer.held.parameters) if signer.held else {}
    if any(made.get(name, "sha256") not in STRONG for name in ("hash", "digest")):
        return "it is signed with a broken or unknown hash"
    if group.at and at > group.at:
        return f"it is from {at}, after the time of judgement"
    if any(one.not_after < at for one in signer.path):
        return f"its authority's certificate had expired at {at}"
    if any(one.revoked_at and not (one.revocation_reason in ORDERLY and at < one.revoked_at) for one in signer.path):
        return "its authority's certificate is revoked"
    if not cms.signing_certificate(data.signers[0].signed_attributes)[0]:
        return "it does not name its certificate in its signed attributes"
    known = (*chains.readable(data.certificates), *chains.pinned(trust), *chains.carried(_keys(group)))
    own = [one for one in known if (one.public.fingerprint, f"{one.serial:x}") == _name(signer)]
    if not own or not all(one.usage_critical and one.usages == ("timeStamping",) for one in own):
        return "its authority's certificate is not for timestamps alone, critically (RFC 3161 section 2.3)"
    return ""


def _keys(group: Group) -> Iterable[PublicKey]:
    return (one.public for one in group.carried)


def _name(signer: Signer) -> tuple[str, str]:
    return signer.path[0].fingerprint, signer.path[0].serial


def _about(content: bytes, stamped: bytes) -> str:
    """genTime of a TSTInfo over these bytes. Raises Malformed."""
    from asn1crypto import tsp

    try:
        info: Any = tsp.TSTInfo.load(content, strict=True)
        algorithm = info["message_imprint"]["hash_algorithm"]["algorithm"].native
        imprint = info["message_imprint"]["hashed_message"].native
        if info["version"].native != "v1":
            raise Malformed("timestamp", "its TSTInfo has another version than 1")
        at = cms.utc(info["gen_time"].native)
    except cms.LAX:
        raise Malformed("timestamp", "its TSTInfo does not read") from None
    if algorithm not in STRONG or hashlib.new(algorithm, stamped).digest() != imprint:
        raise Malformed("timestamp", "it is not over this signature")
    return at


def of_signed_data(data: SignedData) -> bool:
    """True for a token that stands alone."""
    return data.content_type == TST_INFO
