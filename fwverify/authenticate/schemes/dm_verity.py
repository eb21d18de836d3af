"""dm-verity root hashes: a file with the root hash of an image, and the PKCS#7 signature of that file.

Layout: `formats.verity`; Linux Documentation/admin-guide/device-mapper/verity.rst (root_hash_sig_key_desc), read
2026-11-22: the signature is a detached PKCS#7 over the root hash as hexadecimal text, without line end.

Procedure:
1. The file holds 64, 96 or 128 hexadecimal digits, at most one line end, and nothing else.
2. Image and hash tree are found and recomputed whole (`verity_files`); the root hash binds both, or neither.
3. The signature's signers are checked over the text, without and with its line end; content that the signature
   brings must be that text.

A root hash that nobody signed is worth what a checksum list is worth.
Does not do: trees without a superblock, forward error correction, root hashes on a kernel command line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from fwverify.authenticate import cms, placed_cms, verity_files
from fwverify.authenticate.interface import Group, Observed, SignatureScheme
from fwverify.authenticate.proofs import Message
from fwverify.authenticate.signer import Signer, observation
from fwverify.formats import cms as cms_format
from fwverify.formats import verity
from fwverify.formats.cms import SignedData
from fwverify.model.artifact import Artifact, Digest
from fwverify.model.evidence import Binding, ChecksumObservation, SignatureStatus
from fwverify.model.examining import Malformed
from fwverify.model.plugin import Doc
from fwverify.trust.store import TrustStore

NAME = "dm-verity"
_NAMED = re.compile(r"(?i)(root[-_.]?hash|\.usrhash$)")
_SIGNATURE = re.compile(r"(?i)\.(p7s|p7b|p7m|cms|sig|signature)$")
_TEXT = re.compile(rb"((?:[0-9a-fA-F]{64}|[0-9a-fA-F]{96}|[0-9a-fA-F]{128}))(\r?\n)?")
MAX_TEXT_BYTES = 130


@dataclass(frozen=True, slots=True)
class RootHash:
    """The file with the root hash."""

    root: bytes


def _base(name: str) -> str:
    """The name without the suffix of a signature, when it has one."""
    return _SIGNATURE.sub("", name.rpartition("/")[2])


def _text(artifact: Artifact) -> re.Match[bytes] | None:
    return _TEXT.fullmatch(bytes(artifact.content)) if artifact.size <= MAX_TEXT_BYTES else None


def _is_signature(artifact: Artifact) -> bool:
    head = bytes(artifact.content[:64])
    return _base(artifact.name) != artifact.name.rpartition("/")[2] and (
        head[:1] == b"\x30" or head.lstrip().startswith((b"-----BEGIN PKCS7-----", b"-----BEGIN CMS-----"))
    )


def _detect(artifact: Artifact) -> bool:
    if _NAMED.search(_base(artifact.name)) is None:
        return False
    return _is_signature(artifact) or _text(artifact) is not None


def _parse(artifact: Artifact) -> tuple[RootHash | SignedData, ...]:
    text = _text(artifact)
    if text is not None:  # 1
        return (RootHash(bytes.fromhex(text[1].decode())),)
    raw = cms_format.decoded(artifact.content)
    data = cms_format.parse(raw)
    if data.size != len(raw):
        raise Malformed("root hash signature", f"{len(raw) - data.size} bytes follow it", data.size)
    return (data,)


def _verify(found: RootHash | SignedData, group: Group, trust: TrustStore) -> tuple[Observed, ...]:
    return _bound(found, group) if isinstance(found, RootHash) else _signed(found, group, trust)


def _bound(found: RootHash, group: Group) -> tuple[Observed, ...]:
    """Step 2."""
    source = group.locator()
    declared = Digest(verity.ALGORITHM, found.root)
    match = verity_files.match(found.root, (one for one in group.siblings.values() if one.locator != source))
    if match is None:
        detail = "no delivered file has a hash tree for this root hash"
        return (ChecksumObservation(None, "", declared, None, source, False, detail=detail),)
    holds = not match.wrong
    computed = Digest(verity.ALGORITHM, match.computed) if match.computed else None
    detail = match.wrong or "image and hash tree were recomputed whole"
    algorithm = f"{verity.ALGORITHM} {match.hash}"
    subjects = {one.locator: one for one in (match.image, match.tree)}
    return (
        ChecksumObservation(match.image.locator, match.image.name, declared, computed, source, holds, detail=detail),
        *(Binding(source, one, algorithm, holds, match.strong) for one in subjects),
    )


def _signed(data: SignedData, group: Group, trust: TrustStore) -> tuple[Observed, ...]:
    """Step 3."""
    about = group.about
    text = _text(about) if about is not None else None
    if about is None or text is None:
        detail = "the root hash that this signs is not in the delivery" if about is None else "it signs no root hash"
        status = SignatureStatus.UNVERIFIABLE if about is None else SignatureStatus.INVALID
        return (observation(Signer(status, detail), NAME, group.locator(), about.locator if about else None),)
    signers: tuple[Signer, ...] = ()
    for content in dict.fromkeys((text[1], text[0])):
        if data.content in (None, content):
            signers = cms.signers(data, Message(memoryview(content)), group, trust)
        if any(one.held for one in signers):
            break
    strange = sorted({one for signer in data.signers for one, _ in signer.unsigned} - placed_cms.WITHIN)
    signers = signers or (Signer(SignatureStatus.INVALID, "the signature brings another root hash with it"),)
    oddities = [f"an unsigned attribute of type {one}, which could hold anything" for one in strange]
    return tuple(
        observation(one, NAME, group.locator(), about.locator, covers=about.whole, oddities=oddities) for one in signers
    )


SCHEME = SignatureScheme(
    name=NAME,
    detect=_detect,
    parse=_parse,
    verify=_verify,
    doc=Doc(
        "dm-verity root hash and its PKCS#7 signature",
        vendor="Linux",
        references=(
            "Linux Documentation/admin-guide/device-mapper/verity.rst, read 2026-11-22",
            "cryptsetup wiki, DMVerity, read 2026-11-22",
        ),
        limitations=(
            "Hash trees without a superblock are not read.",
            "The UUID in a superblock is no part of what a root hash binds.",
            "Forward error correction data are not checked.",
        ),
    ),
)
