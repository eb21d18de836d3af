"""Succession: an older key of the vendor vouches for a newer one by a signed statement kept in the registry.

    vouched-by: {key: ID, statement: FILE, signature: FILE, when: DATE}

The statement is a text that holds the new key's SHA-256 fingerprint (RFC 5280 SubjectPublicKeyInfo); the signature is
a bare one (RSA, ECDSA with SHA-256, SHA-384 or SHA-512; Ed25519) or a minisign file. Read 2026-11-22. Looked at when
the registry is loaded, never in a delivery. Does not chain: each statement is one source and no more.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from fwverify.formats import minisign
from fwverify.formats.public_key import PublicKey
from fwverify.model.evidence import KeySource
from fwverify.model.examining import Malformed
from fwverify.trust.schema import Place, plain_fingerprint
from fwverify.trust.store import PinnedKey

FIELD = "vouched-by"
VOUCHED = "signed by "
"""How the channel of such a source begins."""
WITHDRAWN = ("revoked", "suspended")
"""A key of which this is said vouches for nothing any more."""


def applied(
    places: Sequence[Place], keys: tuple[PinnedKey, ...], file_of: Callable[[Place], bytes]
) -> tuple[PinnedKey, ...]:
    """The keys of one vendor file, each with what an older one says of it as one more source.

    1. The older key is another entry of the same vendor, with a key.
    2. The statement is a text that holds the new key's fingerprint whole.
    3. The signature over its bytes holds under the older key.
    4. It counts unless the older key was withdrawn since.

    Raises:
        TrustStoreError: where 1 to 3 do not hold.
    """
    by_id = {one.record.id: one for one in keys}
    return tuple(_vouched(place, one, by_id, file_of) for place, one in zip(places, keys, strict=True))


def _vouched(place: Place, new: PinnedKey, by_id: dict[str, PinnedKey], file_of: Callable[[Place], bytes]) -> PinnedKey:
    entry = (place.node.table or {}).get(FIELD)
    if entry is None or new.public is None:
        return new
    fields = place.at(entry.value).table(("key", "statement", "signature", "when"))
    old = by_id.get(fields["key"].text())
    if old is None or old.public is None or old.public.fingerprint == new.public.fingerprint:  # 1
        raise fields["key"].error("this is not the id of another key of this vendor")
    statement, signature = file_of(fields["statement"]), file_of(fields["signature"])
    if new.public.fingerprint not in plain_fingerprint(statement.decode("utf-8", "replace")):  # 2
        raise fields["statement"].error("the statement does not hold this key's spki-sha256")
    if not holds(old.public, statement, signature):  # 3
        raise fields["signature"].error(f"the signature over the statement does not verify under {old.record.id}")
    fields["when"].moment()
    if old.record.status in WITHDRAWN:  # 4
        return new
    name = old.record.name
    source = KeySource(f"{VOUCHED}{name}", f"holder of {name}", fields["when"].text(), new.public.fingerprint)
    return replace(new, record=replace(new.record, sources=(*new.record.sources, source)))


def holds(key: PublicKey, signed: bytes, signature: bytes) -> bool:
    """True when the signature over these bytes is the key's, in one of the ways told above."""
    if not minisign.looks_like_signature(memoryview(signature)):
        return any(_tried(check) for check in _ways(key, signed, signature))
    try:
        found = minisign.parse_signature(signature)
    except Malformed:
        return False
    whole = hashlib.blake2b(signed).digest() if found.prehashed else signed
    told = found.signature + found.trusted_comment
    return key.algorithm == "ed25519" and all(
        any(_tried(check) for check in _ways(key, content, value))
        for content, value in ((whole, found.signature), (told, found.global_signature))
    )


def _ways(key: PublicKey, signed: bytes, value: bytes) -> Iterator[Callable[[], None]]:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    if key.algorithm not in ("rsa", "ecdsa", "ed25519", "ed448"):
        return
    loaded = load_der_public_key(key.spki)
    if isinstance(loaded, ed25519.Ed25519PublicKey | ed448.Ed448PublicKey):
        yield lambda: loaded.verify(value, signed)
    for digest in (hashes.SHA256(), hashes.SHA384(), hashes.SHA512()):
        if isinstance(loaded, ec.EllipticCurvePublicKey):
            yield lambda digest=digest: loaded.verify(value, signed, ec.ECDSA(digest))  # type: ignore[misc]
        elif isinstance(loaded, rsa.RSAPublicKey):
            pss = padding.PSS(padding.MGF1(digest), padding.PSS.AUTO)
            yield lambda digest=digest: loaded.verify(value, signed, padding.PKCS1v15(), digest)  # type: ignore[misc]
            yield lambda digest=digest, pss=pss: loaded.verify(value, signed, pss, digest)  # type: ignore[misc]


def _tried(check: Callable[[], None]) -> bool:
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

    try:
        check()
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        return False
    return True
