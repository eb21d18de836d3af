"""Raw detached signatures: a file with one bare RSA, ECDSA, Ed25519, Ed448, ML-DSA, LMS or HSS value over another file.

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
An ML-DSA context is tried only where an entry of that key names it (`constraints: {context: fw}`).
Does not do: XMSS, SLH-DSA, Ed25519ctx, Ed25519ph, HashML-DSA.
"""

from __future__ import annotations

from fwverify.authenticate import keys, signer
from fwverify.authenticate.interface import Group, Observed, SignatureScheme
from fwverify.authenticate.proofs import Message
from fwverify.formats import checksum_list, cms, detached_signature, signature_kinds
from fwverify.formats.detached_signature import Candidate
from fwverify.model.artifact import Artifact
from fwverify.model.evidence import SignatureStatus
from fwverify.model.examining import Malformed
from fwverify.model.plugin import Doc
from fwverify.trust.store import TrustStore

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
    if signature_kinds.document(artifact.content):
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
    if cms.is_attributes(group.about.content):
        detail = "the file is a set of CMS signed attributes: what it carries is part of another signature"
        return (keys.observe(group, NAME, SignatureStatus.INVALID, detail),)
    made = () if signature.encoding == "binary" else (("file-encoding", signature.encoding),)
    found = signer.by_key(signature.value, Message.of(group.about), group, trust, usual=_USUAL, made=made)  # 2, 3, 4
    return (signer.observation(found, NAME, group.artifact.locator, group.about.locator, covers=group.about.whole),)


SCHEME = SignatureScheme(
    name=NAME,
    detect=_detect,
    parse=_parse,
    verify=_verify,
    doc=Doc(
        "Raw detached signature (RSA, ECDSA, Ed25519, ML-DSA, LMS)",
        references=(
            "RFC 8017 (RSA), FIPS 186-5 (ECDSA), RFC 8032 (Ed25519, Ed448), FIPS 204 (ML-DSA), read 2026-11-22",
            "RFC 8554, RFC 9858 and SP 800-208 (LMS, HSS), RFC 4055 (keys for PSS alone), read 2026-11-22",
        ),
        limitations=(
            "XMSS and SLH-DSA are not verified.",
            "ML-DSA is verified in its pure form, with a context only where the key's entry names it.",
            "Ed25519 over a digest of the file counts only where the key's entry asks for it.",
        ),
    ),
)
