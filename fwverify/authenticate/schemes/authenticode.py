"""Authenticode signatures in PE and EFI images.

Layout: `formats.pe`, `formats.spc`; Microsoft "Windows Authenticode Portable Executable Signature Format"
(2008-03-21), UEFI Specification 2.10 section 32.2.4, read 2026-11-22.
Signed: the digest of the image without checksum field, certificate table entry and certificate table.
Not signed: those three; they must say nothing but the signature.

Procedure, for each WIN_CERTIFICATE and for each signature nested in one:
1. It is a CMS whose content is SpcIndirectDataContent about a PE image.
2. The digest in it is that of all bytes before the table without the two fields; where sections have gaps between
   them, that of headers, sections and what follows them, and then the gaps count as unsigned.
3. Its signers are checked over the content octets (`cms`).
4. What stands behind the DER in a WIN_CERTIFICATE and is not empty is told (MS13-098) and never counts as envelope.

Each signature is an observation: a valid one stays valid beside others. Does not do: page hashes, catalogues, the
signatures of Windows Installer and cabinet files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from fwverify.authenticate import cms, placed_cms
from fwverify.authenticate.interface import Group, Observed, SignatureScheme
from fwverify.authenticate.proofs import Message
from fwverify.authenticate.signer import Signer, observation
from fwverify.formats import cms as cms_format
from fwverify.formats import pe, spc
from fwverify.model.artifact import Artifact, ByteRange
from fwverify.model.evidence import SignatureStatus
from fwverify.model.examining import Encrypted, Malformed, Unsupported
from fwverify.model.plugin import Doc
from fwverify.trust.store import TrustStore

NAME = "authenticode"
PADDING_BYTES = 7
"""Zeros that dwLength may include behind the DER."""
MAX_SIGNATURES = 32
"""Of one image, nested ones included."""
WEAK = ("md5", "sha1")


@dataclass(frozen=True, slots=True)
class Found:
    """One signature as it was read, or why it could not be."""

    data: cms_format.SignedData | None
    frame: tuple[ByteRange, ...] = ()
    oddities: tuple[str, ...] = ()
    problem: Signer | None = None


@dataclass(frozen=True, slots=True)
class Signed:
    """An image with its signatures."""

    layout: pe.PeImage
    found: tuple[Found, ...]


@dataclass(slots=True)
class _Digests:
    """Digests of the image, each computed once."""

    view: memoryview
    layout: pe.PeImage
    known: dict[tuple[str, bool], bytes] = field(default_factory=dict)

    def matching(self, wanted: spc.IndirectData) -> tuple[ByteRange, ...]:
        """The bytes whose digest this is; empty when it is neither reading's."""
        for gaps in (False, True):
            ranges = self.layout.by_sections if gaps else self.layout.digested
            if self._digest(wanted.algorithm, gaps, ranges) == wanted.digest:
                return ranges
        return ()

    def _digest(self, algorithm: str, gaps: bool, ranges: Iterable[ByteRange]) -> bytes:
        if (algorithm, gaps) not in self.known:
            running = hashlib.new(algorithm, usedforsecurity=False)
            for one in ranges:
                running.update(self.view[one.start : one.end])
            self.known[algorithm, gaps] = running.digest()
        return self.known[algorithm, gaps]


def _detect(artifact: Artifact) -> bool:
    return pe.certificate_table(artifact.content)


def _parse(artifact: Artifact) -> tuple[Signed, ...]:
    layout = pe.parse(artifact.content)
    if layout is None:
        return ()
    found: list[Found] = []
    for entry in layout.entries:
        found.extend(_entry(artifact.content, entry))
    if len(found) > MAX_SIGNATURES:
        raise Malformed("PE image", f"more than {MAX_SIGNATURES} signatures")
    return (Signed(layout, tuple(found)),)


def _entry(view: memoryview, entry: pe.CertificateEntry) -> Iterator[Found]:
    if entry.content is None:
        detail = f"a WIN_CERTIFICATE of type {entry.kind:#06x} is not read"
        yield Found(None, problem=Signer(SignatureStatus.UNVERIFIABLE, detail))
        return
    try:
        placed = placed_cms.read(view, entry.content, padding=PADDING_BYTES)
    except (Malformed, Unsupported, Encrypted) as problem:
        yield Found(None, problem=_unread(problem))
        return
    frame = [*placed.envelope, ByteRange(entry.span.start, entry.content.start)]
    oddities = list(placed.oddities)
    if entry.content.end < entry.span.end:
        behind = ByteRange(entry.content.end, entry.span.end)
        if any(view[behind.start : behind.end]):
            oddities.append("the padding behind a WIN_CERTIFICATE is not empty")
        else:
            frame.append(behind)
    yield Found(placed.data, tuple(frame), tuple(oddities))
    yield from _nested(placed.data, tuple(frame))


def _nested(outer: cms_format.SignedData, frame: tuple[ByteRange, ...], depth: int = 1) -> Iterator[Found]:
    values = [value for signer in outer.signers for kind, value in signer.unsigned if kind == placed_cms.NESTED]
    for value in values[: MAX_SIGNATURES + 1]:
        try:
            data = cms_format.parse(value)
            if depth > MAX_SIGNATURES:
                raise Malformed("CMS", "signatures nested too deep")
        except (Malformed, Unsupported, Encrypted) as problem:
            yield Found(None, problem=_unread(problem))
            continue
        oddities = () if data.size == len(value) else ("bytes follow a nested signature",)
        yield Found(data, frame, oddities)
        yield from _nested(data, frame, depth + 1)


def _unread(problem: Malformed | Unsupported | Encrypted) -> Signer:
    malformed = isinstance(problem, Malformed)
    return Signer(SignatureStatus.INVALID if malformed else SignatureStatus.UNVERIFIABLE, str(problem))


def _verify(signed: Signed, group: Group, trust: TrustStore) -> tuple[Observed, ...]:
    digests = _Digests(group.artifact.content, signed.layout)
    outcomes = [outcome for one in signed.found for outcome in _outcomes(one, digests, group, trust)]
    intact = [span for one in outcomes if one.signer.held for span in one.found.frame]
    envelope = (signed.layout.checksum, signed.layout.directory, *intact)
    where = group.locator()
    return tuple(
        observation(one.signer, NAME, where, where, covers=one.covers, envelope=envelope, oddities=one.found.oddities)
        for one in outcomes
    )


@dataclass(frozen=True, slots=True)
class _Outcome:
    found: Found
    signer: Signer
    covers: tuple[ByteRange, ...]


def _outcomes(found: Found, digests: _Digests, group: Group, trust: TrustStore) -> Iterator[_Outcome]:
    if found.data is None:
        if found.problem is not None:
            yield _Outcome(found, found.problem, ())
        return
    try:
        wanted = _content(found.data)  # 1
    except (Malformed, Unsupported, Encrypted) as problem:
        yield _Outcome(found, _unread(problem), ())
        return
    covers = digests.matching(wanted)  # 2
    made = (("hash", wanted.algorithm),) if wanted.algorithm in WEAK else ()
    for signer in cms.signers(found.data, Message(memoryview(found.data.content or b"")), group, trust, made=made):  # 3
        if not covers and signer.held is not None:
            detail = f"the {wanted.algorithm} digest of the file is not the signed one: the file was changed"
            yield _Outcome(found, signer.broken(detail), ())
        else:
            odd = _notes(found, wanted, gaps=covers != digests.layout.digested)
            yield _Outcome(replace(found, oddities=odd), signer, covers)  # 4


def _content(data: cms_format.SignedData) -> spc.IndirectData:
    if data.content_type != spc.OID or data.content is None:
        raise Malformed(spc.WHAT, f"the signature's content is of type {data.content_type}")
    return spc.parse(data.content)


def _notes(found: Found, wanted: spc.IndirectData, *, gaps: bool) -> tuple[str, ...]:
    notes = list(found.oddities)
    if gaps:
        notes.append("bytes between its sections are not part of the signed digest")
    if wanted.algorithm in WEAK:
        notes.append(f"the file is bound by a {wanted.algorithm} digest")
    if found.data is not None and len(found.data.signers) > 1:
        notes.append("one signature with several signers: Authenticode allows one")
    return tuple(notes)


SCHEME: SignatureScheme[Signed] = SignatureScheme(
    name=NAME,
    detect=_detect,
    parse=_parse,
    verify=_verify,
    embedded=True,
    doc=Doc(
        title="Authenticode (PE and EFI images)",
        vendor="Microsoft",
        references=(
            "Windows Authenticode Portable Executable Signature Format, 2008-03-21, read 2026-11-22",
            "UEFI Specification 2.10, section 32.2.4, read 2026-11-22",
        ),
        limitations=("page hashes are not checked: the digest of the whole image is", "no catalogue files"),
    ),
)
