"""Raw detached signatures: a file that holds one bare RSA, ECDSA, Ed25519, Ed448 or ML-DSA value over another file.

Layout: `formats.detached_signature`; mathematics: `authenticate.proofs`. Signed: all bytes of the file it is about.
Nothing in a raw signature says which key or algorithm made it, so every pinned key it can fit is tried.

Procedure:
1. Read the value (binary, hexadecimal, base64); a length that no signature has is malformed.
2. Try every key on record whose algorithm and size the value fits. The first that holds makes it valid, under all
   entries with that key whose constraints (padding, hash, salt, encoding, prehash) it meets.
3. None holds: try the keys that came in the delivery. One that holds makes it intact by an unknown key.
4. None of these either: invalid when some key on record could have made it, unverifiable when none could.

Ed25519 over a digest of the file in place of the file is a vendor's own scheme: it holds only under an entry that
says so (`constraints: {prehash: sha512}`), because whoever signs plain files would otherwise have signed these too.
Does not do: LMS/HSS, XMSS, SLH-DSA, ML-DSA with a context, PSS with another hash in MGF1.
"""

from __future__ import annotations

from fwverify.authenticate import keys
from fwverify.authenticate.interface import Group, Observed, SignatureScheme
from fwverify.authenticate.proofs import Message, Proof, fits, proof
from fwverify.formats import checksum_list, detached_signature, signature_kinds
from fwverify.formats.detached_signature import Candidate
from fwverify.model.artifact import Artifact
from fwverify.model.evidence import SignatureStatus
from fwverify.model.examining import Malformed
from fwverify.model.plugin import Doc
from fwverify.trust.store import PublicKey, TrustStore

NAME = "raw-signature"
_SUFFIXES = (".sig", ".sign", ".signature")
_USUAL = (("prehash", "none"),)
_OPENPGP_PACKETS = (b"\x88", b"\x89", b"\xc2")
"""First byte of a binary OpenPGP signature packet (RFC 9580 section 4.2)."""


def _detect(artifact: Artifact) -> bool:
    """By its length, or by its name where no other signature format is recognised (then parsing says what is wrong).

    A digest in a file named for its algorithm has the length of a signature too: that is a checksum.
    """
    if artifact.size > detached_signature.MAX_BYTES or checksum_list.named_algorithm(artifact.name):
        return False
    if detached_signature.plausible(bytes(artifact.content)):
        return True
    return artifact.name.lower().endswith(_SUFFIXES) and not _foreign(artifact.content)


def _foreign(content: memoryview) -> bool:
    head = bytes(content[:32])
    return (
        bool(signature_kinds.recognised(content))
        or head.startswith((*_OPENPGP_PACKETS, b"untrusted comment:"))
        or head.lstrip().startswith((b"{", b"-----BEGIN "))
    )


def _parse(artifact: Artifact) -> tuple[Candidate, ...]:
    raw = bytes(artifact.content[: detached_signature.MAX_BYTES + 1])
    found = tuple(one for one in detached_signature.candidates(raw) if detached_signature.kinds(one.value))  # 1
    if not found:
        raise Malformed("raw signature", f"{artifact.size} bytes, which no signature of a known algorithm has")
    return found


def _verify(signature: Candidate, group: Group, trust: TrustStore) -> tuple[Observed, ...]:
    if group.about is None:
        detail = "the file it signs is not in the delivery, or no name tells which it is"
        return (keys.observe(group, NAME, SignatureStatus.UNVERIFIABLE, detail),)
    message = Message.of(group.about)
    fitting = [
        one for one in keys.distinct(trust.public_keys()).values() if one.public and fits(one.public, signature.value)
    ]
    for entry in fitting:  # 2
        held = _proof(entry.public, signature, message)
        if held is not None and entry.public is not None:
            return (_pinned(entry.public, held, group, trust),)
    for key in keys.unpinned(group.carried, trust):  # 3
        held = _proof(key, signature, message)
        if held is not None:
            detail = "intact, but by a key that is not on record; that key came inside this delivery"
            return (keys.observe(group, NAME, SignatureStatus.UNKNOWN_KEY, detail, key=key, held=held, carried=True),)
    return (_none(len(fitting), group),)  # 4


def _proof(key: PublicKey | None, signature: Candidate, message: Message) -> Proof | None:
    held = proof(key, signature.value, message) if key is not None else None
    if held is None or signature.encoding == "binary":
        return held
    return Proof(held.algorithm, tuple(sorted((*held.parameters, ("file-encoding", signature.encoding)))))


def _pinned(key: PublicKey, held: Proof, group: Group, trust: TrustStore) -> Observed:
    same = keys.same_key(trust, key.fingerprint)
    met = [one for one in same if not keys.unmet(one, held, _USUAL)]
    if met:
        return keys.observe(
            group, NAME, SignatureStatus.VALID, f"verifies under {keys.names(met)}", key=key, held=held, entries=met
        )
    why = keys.unmet(same[0], held, _USUAL)
    detail = f"made with the key of {keys.names(same)}, but not as its entry asks: {why}"
    return keys.observe(group, NAME, SignatureStatus.INVALID, detail, key=key)


def _none(fitting: int, group: Group) -> Observed:
    if not fitting:
        return keys.observe(group, NAME, SignatureStatus.UNVERIFIABLE, "no key on record fits this signature")
    noun = "the one key" if fitting == 1 else f"any of {fitting} keys"
    detail = f"does not verify under {noun} on record that could fit: the file was changed, or another key signed it"
    return keys.observe(group, NAME, SignatureStatus.INVALID, detail)


SCHEME = SignatureScheme(
    name=NAME,
    detect=_detect,
    parse=_parse,
    verify=_verify,
    doc=Doc(
        "Raw detached signature (RSA, ECDSA, Ed25519, ML-DSA)",
        references=(
            "RFC 8017 (RSA), FIPS 186-5 (ECDSA), RFC 8032 (Ed25519, Ed448), FIPS 204 (ML-DSA), read 2026-11-22",
        ),
        limitations=(
            "Stateful hash-based signatures (LMS, XMSS) and SLH-DSA are not verified.",
            "PSS is tried with the same hash in MGF1 only; ML-DSA with an empty context only.",
            "Ed25519 over a digest of the file counts only where the key's entry asks for it.",
        ),
    ),
)
