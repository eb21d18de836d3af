"""One signature of signify or usign against the registry; shared by the schemes that find such signatures."""

from __future__ import annotations

from fwverify.authenticate import signer
from fwverify.authenticate.interface import Group
from fwverify.authenticate.proofs import Message
from fwverify.authenticate.signer import Signer
from fwverify.formats.signify import Signature
from fwverify.trust.store import PublicKey, TrustStore

USUAL = (("prehash", "none"),)
"""Both tools sign the message itself, never a digest of it."""


def by_signature(signature: Signature, message: memoryview | bytes, group: Group, trust: TrustStore) -> Signer:
    """The key on record under which it holds. The key number chooses the words, it proves nothing."""
    found = Message(memoryview(message))
    return signer.by_key(
        signature.signature, found, group, trust,
        usual=USUAL, algorithms=("ed25519",), named=lambda key: _is_named(key, signature),
    )  # fmt: skip


def named_otherwise(found: Signer, signature: Signature) -> tuple[str, ...]:
    """Said when a signature that holds names another key than the one it holds under."""
    if found.held is None or found.key is None or _is_named(found.key, signature):
        return ()
    return (f"it names the key number {signature.key_number}, but {found.key.key_id} made it",)


def _is_named(key: PublicKey, signature: Signature) -> bool:
    """True for a key with the number the signature names, and for one that has none (the same key from a PEM file)."""
    return key.key_id.lower() in ("", signature.key_number)
