"""OpenPGP signatures: detached (binary or armored) about a file, and clear-signed texts.

Layouts: `formats.openpgp*`; who signed: `authenticate.openpgp`. After RFC 9580 sections 5.2.1, 7 and 10.3, read
2026-11-22.
Signed: all bytes of the file a detached signature is about (type 0x00), or its text with every line end as CRLF (type
0x01); of a clear-signed file the text between its headers and the signature, without escapes and blanks at line ends.
Not signed: armor, headers, the unhashed area.

Procedure:
1. The file is signatures alone, or one cleartext with its signatures and nothing around them. A signed message that
   brings its own content is no signature about a file.
2. Every signature gives an observation of its own; one of a type that is not for documents does not hold.
3. A clear-signed checksum list speaks of the files it lists, by its signed text alone; where its signature is broken
   it says nothing.

Does not do: signed messages with their content inside, encryption, signatures of version 3 and 5, DSA, key servers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from fwverify.authenticate import keys, listed, openpgp, signer
from fwverify.authenticate.interface import Group, Observed, SignatureScheme
from fwverify.authenticate.openpgp import Document
from fwverify.authenticate.signer import Signer
from fwverify.formats import checksum_list, openpgp_armor, openpgp_files
from fwverify.formats import openpgp as layout
from fwverify.formats.openpgp import Unread
from fwverify.formats.openpgp_armor import Cleartext
from fwverify.formats.openpgp_signature import BINARY, TEXT, Signature
from fwverify.model.artifact import Artifact
from fwverify.model.evidence import Binding, SignatureObservation, SignatureStatus
from fwverify.model.examining import Malformed
from fwverify.model.plugin import Doc
from fwverify.trust.store import TrustStore

NAME = "openpgp"
_TEXT_ONLY = "a text signature: how the file ends its lines is not signed"
_MESSAGE = "a signed message that brings its own content, not a signature about a file"
_SUFFIXES = (".asc", ".sig", ".sign", ".gpg", ".pgp", ".signature")


@dataclass(frozen=True, slots=True)
class SignatureFile:
    """A file of signatures, or a clear-signed text."""

    signatures: tuple[Signature | Unread, ...]
    cleartext: Cleartext | None = None
    oddities: tuple[str, ...] = ()


def _detect(artifact: Artifact) -> bool:
    return bool(openpgp_files.kind(artifact.content))


def _parse(artifact: Artifact) -> tuple[SignatureFile, ...]:
    kind = openpgp_files.kind(artifact.content)
    raw = bytes(artifact.content[: openpgp_armor.MAX_BYTES + 1])
    if kind == openpgp_files.CLEAR:
        clear = openpgp_armor.cleartext(raw)
        return (SignatureFile(layout.parse_signatures(clear.signature.content), clear, clear.oddities),)
    if kind == openpgp_files.MESSAGE:
        raise Malformed("OpenPGP signature file", _MESSAGE)
    if kind == openpgp_files.BINARY or not openpgp_armor.looks_armored(raw[:512]):
        return (SignatureFile(layout.parse_signatures(raw)),)
    blocks = openpgp_armor.blocks(raw)
    if any(one.label != "SIGNATURE" for one in blocks):
        raise Malformed("OpenPGP armor", "a block that is no signature, where a signature about a file belongs")
    found = tuple(one for block in blocks for one in layout.parse_signatures(block.content))
    return (SignatureFile(found, None, tuple(odd for block in blocks for odd in block.oddities)),)


def _verify(found: SignatureFile, group: Group, trust: TrustStore) -> tuple[Observed, ...]:
    if found.cleartext is not None:
        return _verify_cleartext(found, found.cleartext, group, trust)
    about = group.about
    if about is None:
        detail = "the file it signs is not in the delivery, or no name tells which it is"
        return (keys.observe(group, NAME, SignatureStatus.UNVERIFIABLE, detail),)
    content = about.content
    documents = {
        BINARY: Document(lambda: openpgp.pieces(content)),
        TEXT: Document(lambda: openpgp.as_text(content)),
    }
    observed = []
    for one in dict.fromkeys(found.signatures):
        by = _signer(one, documents, group, trust)
        odd = (_TEXT_ONLY,) if isinstance(one, Signature) and one.type == TEXT else ()
        observed.append(_observed(by, group, about, covers=about.whole, oddities=(*odd, *found.oddities)))
    return tuple(observed)


def _observed(by: Signer, group: Group, about: Artifact, **more: object) -> SignatureObservation:
    return signer.observation(by, NAME, group.artifact.locator, about.locator, **more)  # type: ignore[arg-type]


def _signer(one: Signature | Unread, documents: dict[int, Document], group: Group, trust: TrustStore) -> Signer:
    if isinstance(one, Unread):
        return Signer(SignatureStatus.UNVERIFIABLE, one.why)
    document = documents.get(one.type)  # 2
    if document is None:
        detail = f"a signature of type 0x{one.type:02X}, which says nothing about this content"
        return Signer(SignatureStatus.INVALID, detail)
    return openpgp.signer(one, document, group, trust)


def _verify_cleartext(found: SignatureFile, clear: Cleartext, group: Group, trust: TrustStore) -> tuple[Observed, ...]:
    """The subject is the clear-signed file itself; its text then speaks of other files."""
    documents = {TEXT: Document(lambda: (clear.signed,))}
    observed: list[Observed] = []
    broken = False
    for one in dict.fromkeys(found.signatures):
        by = _signer(one, documents, group, trust)
        broken = broken or by.status is SignatureStatus.INVALID
        observed.append(
            _observed(by, group, group.artifact, covers=clear.covers, envelope=clear.envelope, oddities=found.oddities)
        )
    return tuple(observed) if broken else (*observed, *_said(clear, group))


def _said(clear: Cleartext, group: Group) -> tuple[Observed, ...]:
    """What the signed text says of other files: 3. The plain copy of the text counts when it is that text."""
    about = group.about
    same = about is not None and bytes(about.content[: len(clear.text) + 1]) in (clear.text, clear.text[:-1])
    copy = (Binding(group.artifact.locator, about.locator, "sha256", True, True),) if about and same else ()
    entries = checksum_list.parse(memoryview(clear.text))
    if not entries.whole:
        return copy
    return (*copy, *listed.compared(entries, replace(group, about=None), _list_name(group.artifact.name)))


def _list_name(name: str) -> str:
    """`SHA256SUMS` of `SHA256SUMS.asc`."""
    suffix = next((one for one in _SUFFIXES if name.lower().endswith(one)), "")
    return name.removesuffix(name[len(name) - len(suffix) :]) if suffix else name


SCHEME = SignatureScheme(
    name=NAME,
    detect=_detect,
    parse=_parse,
    verify=_verify,
    doc=Doc(
        "OpenPGP signature (detached, clear-signed; versions 4 and 6)",
        vendor="IETF",
        references=("RFC 9580 sections 4, 5.2, 5.5, 6, 7, 9, 10, read 2026-11-22",),
        limitations=(
            "Signatures of version 3 and 5 and by DSA keys are named and not verified.",
            "Signed messages that bring their own content are refused.",
            "The signing time is the signer's own claim; an expired key makes no valid signature.",
        ),
    ),
)
