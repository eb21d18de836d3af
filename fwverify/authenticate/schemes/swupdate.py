"""SWUpdate archives (.swu): a cpio archive whose first member says what is in the others, signed by the second.

Layout: SWUpdate 2024.12 documentation, "Update images from verified source" and "SWUpdate: syntax and tags with the
default parser", read 2026-11-22; the archive: `formats.cpio`, the description: `formats.sw_description`.
Signed: the bytes of sw-description, by RSA (PKCS#1 v1.5 or PSS) or ECDSA over SHA-256, or by detached CMS; and every
member whose sha256 it states. Not signed: members it does not list, and the archive's headers.

Procedure:
1. sw-description is the first member and sw-description.sig the second; no name occurs twice; sums (070702) hold.
2. The signature holds over the bytes of sw-description.
3. Every image, file and script of every set in it has a sha256, its member is there, and its bytes have that digest.
   An entry without one installs what nobody signed.
4. Members that are not listed stay uncovered.

Encrypted members are checked as they lie there, which is what the digest is of; that they are encrypted is said.
Does not do: encrypted descriptions, descriptions in XML, OpenPGP signatures; does not choose a set.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from fwverify.authenticate import cms as cms_signers
from fwverify.authenticate import placed_cms, signer
from fwverify.authenticate.interface import Group, Observed, SignatureScheme
from fwverify.authenticate.placed_cms import PlacedCms
from fwverify.authenticate.proofs import Message
from fwverify.authenticate.signer import Signer
from fwverify.formats import archive_frames, cpio, sw_description
from fwverify.formats.cpio import CpioArchive, CpioEntry
from fwverify.formats.entries import EntryKind
from fwverify.formats.sw_description import Artefact, Description
from fwverify.limits import Budget
from fwverify.model.artifact import Artifact
from fwverify.model.examining import Malformed
from fwverify.model.plugin import Doc
from fwverify.trust.store import TrustStore

NAME = "swupdate"
WHAT = "SWUpdate archive"
DESCRIPTION, SIGNATURE = "sw-description", "sw-description.sig"
SEARCHED_BYTES = 1 << 16
"""Where detect looks for the description's name when it is not the first member, as it must be."""
MAX_SIGNATURE_BYTES = 1 << 20
_SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")
USUAL = (("algorithm", "rsa-pkcs1v15, rsa-pss, ecdsa"), ("hash", "sha256"))


@dataclass(frozen=True, slots=True)
class Signed:
    """A signed archive, taken apart."""

    archive: CpioArchive
    description: CpioEntry
    signature: CpioEntry
    stated: Description
    members: dict[str, CpioEntry]
    """Of the first archive of the row, which is all SWUpdate reads."""
    cms: PlacedCms | None
    """None: a bare value."""
    broken: list[str] = field(default_factory=list)


def _detect(artifact: Artifact) -> bool:
    view = artifact.content
    if not cpio.looks_like(view):
        return False
    return artifact.name.lower().endswith(".swu") or b"sw-description\0" in bytes(view[:SEARCHED_BYTES])


def _parse(artifact: Artifact) -> tuple[Signed, ...]:
    view = artifact.content
    archive = cpio.read(view, Budget())
    names = [one.name for one in archive.entries if one.inode[0] == 0]
    if SIGNATURE not in names and archive.problem is None:
        return ()  # not signed
    if archive.problem is not None:
        raise archive.problem
    if names[:2] != [DESCRIPTION, SIGNATURE]:  # 1
        raise Malformed(WHAT, f"{DESCRIPTION} and {SIGNATURE} are not its first two members")
    members = {one.name: one for one in archive.entries if one.inode[0] == 0}
    first, second = members[DESCRIPTION], members[SIGNATURE]
    value = _bytes(view, second)
    if len(value) > MAX_SIGNATURE_BYTES:
        raise Malformed(WHAT, f"its signature has {len(value)} bytes")
    is_cms = value[:1] == b"\x30" and _SIGNED_DATA in value[:32]
    wrapped = placed_cms.read(view, second.ranges[0]) if is_cms else None
    stated = sw_description.parse(_bytes(view, first))
    found = Signed(archive, first, second, stated, members, wrapped)
    found.broken.extend(_broken_archive(view, archive))
    found.broken.extend(why for one in stated.artefacts if (why := _broken(view, members, one)))
    return (found,)


def _bytes(view: memoryview, entry: CpioEntry) -> bytes:
    return b"".join(view[one.start : one.end] for one in entry.ranges)


def _broken_archive(view: memoryview, archive: CpioArchive) -> Iterator[str]:
    """1. What makes it another archive for another reader."""
    for name, count in Counter(one.name for one in archive.entries).items():
        if count > 1:
            yield f"{count} members are named {name}"
    for one in archive.entries:
        content = view[one.ranges[0].start : one.ranges[0].end] if one.ranges else memoryview(b"")
        if one.checksum is not None and one.checksum != cpio.sum32(content):
            yield f"the sum of the member {one.name} does not hold"


def _broken(view: memoryview, members: dict[str, CpioEntry], artefact: Artefact) -> str:
    """3. Why an entry of the description does not hold; empty when it does."""
    member = members.get(artefact.filename)
    if not artefact.sha256:
        return f"{artefact.place}: {artefact.filename} has no sha256, so nobody signed it"
    if member is None or member.kind is not EntryKind.FILE:
        return f"{artefact.filename} is listed, and no such file is in the archive"
    digest = hashlib.sha256()
    for one in member.ranges:
        digest.update(view[one.start : one.end])
    if digest.hexdigest() != artefact.sha256:
        return f"{artefact.filename} has not the sha256 that {DESCRIPTION} states"
    return ""


def _verify(signed: Signed, group: Group, trust: TrustStore) -> tuple[Observed, ...]:
    view, artifact = group.artifact.content, group.artifact
    found = _signers(signed, view, group, trust)  # 2
    if signed.broken:
        why = signed.broken[0] + (f" (and {len(signed.broken) - 1} more)" if len(signed.broken) > 1 else "")
        found = tuple(one.broken(why) for one in found)
    listed = {one.filename for one in signed.stated.artefacts if one.filename in signed.members}
    known = [signed.description, signed.signature, *(signed.members[name] for name in sorted(listed))]
    own = signed.cms.envelope if signed.cms else signed.signature.ranges
    envelope = (*own, *archive_frames.cpio_frames(view, signed.archive, known))
    covers = [span for one in known if one is not signed.signature for span in one.ranges]
    return tuple(
        signer.observation(
            one, NAME, artifact.locator, artifact.locator,
            covers=covers, envelope=envelope, states=_states(signed.stated), oddities=_oddities(signed),
        )
        for one in found
    )  # fmt: skip


def _signers(signed: Signed, view: memoryview, group: Group, trust: TrustStore) -> tuple[Signer, ...]:
    span = signed.description.ranges[0] if signed.description.ranges else None
    message = view[span.start : span.end] if span else memoryview(b"")
    if signed.cms is None:
        value = _bytes(view, signed.signature)
        bare = Message(message, ("sha256",))
        return (signer.by_key(value, bare, group, trust, usual=USUAL, algorithms=("rsa", "ecdsa")),)
    attached = signed.cms.data.content
    found = cms_signers.signers(signed.cms.data, Message(message), group, trust)
    if attached is not None and attached != bytes(message):
        return tuple(one.broken("its CMS signature carries another content than sw-description") for one in found)
    return found


def _oddities(signed: Signed) -> tuple[str, ...]:
    if signed.cms is None:
        return ()
    twice = ("its CMS signature carries the description a second time",)
    return signed.cms.oddities + (twice if signed.cms.data.content is not None else ())


def _states(stated: Description) -> Iterator[tuple[str, str]]:
    if stated.version:
        yield "version", stated.version
    if stated.description:
        yield "description", stated.description
    yield from (("hardware-compatibility", one) for one in stated.hardware)
    yield from (("encrypted", name) for name in sorted({one.filename for one in stated.artefacts if one.encrypted}))


SCHEME = SignatureScheme(
    name=NAME,
    detect=_detect,
    parse=_parse,
    verify=_verify,
    embedded=True,
    doc=Doc(
        "SWUpdate archive (.swu)",
        vendor="SWUpdate project",
        references=(
            "SWUpdate documentation 2024.12, Update images from verified source, read 2026-11-22",
            "SWUpdate documentation 2024.12, syntax and tags with the default parser, read 2026-11-22",
        ),
        limitations=(
            "Encrypted descriptions, descriptions in XML and OpenPGP signatures are not read.",
            "All sets of a description are checked; which one a device installs is not judged.",
        ),
    ),
)
