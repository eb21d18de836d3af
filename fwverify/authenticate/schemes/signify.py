"""signify and usign signatures.

Layout: `formats.signify`, after OpenBSD signify(1) and OpenWrt usign, read 2026-11-22.
Signed: all bytes of the file it is about, as they are (plain Ed25519). Not signed: the comment, the key number.

Procedure:
1. A message in the signature's own file (`signify -e`, or -C with a checksum list) is what is signed when it is a
   list or no other file belongs to the signature. A list's entries are compared with the delivered files.
2. Else the file the signature belongs to is signed; what follows the signature's two lines is told.
3. The signature holds under a key on record. The key number chooses the words, it proves nothing.

Does not do: signatures inside gzip headers (signify -z), secret keys.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fwverify.authenticate import signer, usign
from fwverify.authenticate.interface import Group, Observed, SignatureScheme
from fwverify.authenticate.proofs import Message
from fwverify.formats import checksum_list, signify
from fwverify.formats.signify import Signature
from fwverify.model.artifact import Artifact, ByteRange
from fwverify.model.evidence import SignatureStatus
from fwverify.model.plugin import Doc
from fwverify.trust.store import TrustStore

NAME = "signify"


@dataclass(frozen=True, slots=True)
class Signed:
    """A signature with what follows it in its file."""

    signature: Signature
    rest: memoryview


def _detect(artifact: Artifact) -> bool:
    return signify.looks_like_signature(artifact.content)


def _parse(artifact: Artifact) -> tuple[Signed, ...]:
    found = signify.parse_signature(artifact.content)
    return (Signed(found, artifact.content[found.end :]),)


def _verify(signed: Signed, group: Group, trust: TrustStore) -> tuple[Observed, ...]:
    same = group.about is not None and signed.rest == group.about.content
    if signed.rest and not same and (group.about is None or checksum_list.is_whole(signed.rest)):  # 1
        return _embedded(signed, group, trust)
    if group.about is None:
        detail = "the file it signs is not in the delivery, or no name tells which it is"
        unpaired = signer.Signer(SignatureStatus.UNVERIFIABLE, detail)
        return (signer.observation(unpaired, NAME, group.artifact.locator, None),)
    found = usign.by_signature(signed.signature, group.about.content, group, trust)  # 2, 3
    odd = [f"{len(signed.rest)} bytes follow the signature in its file"] if signed.rest and not same else []
    return (
        signer.observation(
            found, NAME, group.artifact.locator, group.about.locator,
            covers=group.about.whole, oddities=(*odd, *usign.named_otherwise(found, signed.signature)),
        ),
    )  # fmt: skip


def _embedded(signed: Signed, group: Group, trust: TrustStore) -> tuple[Observed, ...]:
    """The message behind the signature, and where it is a checksum list, the files it names."""
    start, artifact = signed.signature.end, group.artifact
    found = usign.by_signature(signed.signature, signed.rest, group, trust)
    observed = signer.observation(
        found, NAME, artifact.locator, artifact.locator,
        covers=(ByteRange(start, artifact.size),), envelope=(ByteRange(0, start),),
        oddities=usign.named_otherwise(found, signed.signature),
    )  # fmt: skip
    return (observed, *_listed(found, signed, group))


def _listed(found: signer.Signer, signed: Signed, group: Group) -> Iterator[Observed]:
    """One observation for each delivered file that a signed checksum list names."""
    if not checksum_list.is_whole(signed.rest):
        return
    listed, folder = checksum_list.parse(signed.rest), group.artifact.name.rpartition("/")[0]
    for entry in listed.entries:
        name = checksum_list.plain_name(entry.name)
        subject = group.siblings.get(f"{folder}/{name}" if folder else name)
        if subject is None:
            continue
        same = Message.of(subject).digest(entry.algorithm).hex() == entry.hex
        outcome = found
        if not same or name in listed.conflicting:
            outcome = found.broken(f"the signed list gives another {entry.algorithm} for {name}")
        elif entry.algorithm not in checksum_list.STRONG:
            continue
        yield signer.observation(outcome, NAME, group.artifact.locator, subject.locator, covers=subject.whole)


SCHEME = SignatureScheme(
    name=NAME,
    detect=_detect,
    parse=_parse,
    verify=_verify,
    doc=Doc(
        "signify or usign signature",
        vendor="OpenBSD, OpenWrt",
        references=(
            "OpenBSD signify(1), read 2026-11-22",
            "OpenWrt usign, main.c, read 2026-11-22",
        ),
        limitations=("Signatures inside gzip headers (signify -z) are not read.",),
    ),
)
