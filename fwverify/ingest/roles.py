"""What a file of the delivery is (design.md section 3). Content wins over name.

A companion must parse *whole* as what it is taken for; every other file is an image, so nothing drops out of
coverage by being strange. A detached raw signature has no magic: it counts only when its name is that of another
delivered file plus a signature suffix and its length or encoding is that of a signature.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fwverify.formats import checksum_list, detached_signature, minisign, public_key, sbom_kinds, signature_kinds
from fwverify.limits import LimitExceeded
from fwverify.model.artifact import Artifact, Role
from fwverify.model.examining import Malformed, Unsupported

SIGNATURE_SUFFIXES = (
    ".sigstore.json", ".sigstore", ".bundle", ".minisig", ".signature", ".sign", ".sig", ".p7s", ".p7b", ".p7m",
    ".cms", ".asc", ".gpg", ".pgp", ".sshsig",
)  # fmt: skip
CHECKSUM_SUFFIXES = (".sha256sum", ".sha512sum", ".sha256", ".sha512", ".sha384", ".sha1", ".md5sum", ".md5")
MAX_SIGNATURE_BYTES = 64 * 1024
"""A detached signature with a certificate chain; hash-based signatures reach 50 kB."""
NOTE_NAMES = re.compile(
    r"(?i)(^|/)(readme|licen[cs]e|copying|notice|changelog|changes|release[-_ ]?notes|notes|security)([-_.][\w.-]*)?$"
)
NOTE_SUFFIXES = (".txt", ".md", ".rst")
CONFIGURATION = re.compile(r"(?i)(^|/)(fwverify\.toml|delivery\.ya?ml|assets\.ya?ml)$")


@dataclass(frozen=True, slots=True)
class Taken:
    """What a file was taken for, and why in plain words."""

    role: Role
    why: str
    about: str = ""
    """For a signature: the name of the delivered file it is for."""


def classify(artifact: Artifact, names: Mapping[str, Artifact]) -> Taken:
    """Decide the role of one file.

    Args:
        artifact: the file; its name is relative to the delivery.
        names: all files of the delivery by name.
    """
    for recognise in (_signature, _configuration, _sbom, _checksums, _key, _note):
        taken = recognise(artifact, names)
        if taken is not None:
            return taken
    if _about(artifact.name, names):
        return Taken(Role.IMAGE, "named like a signature, but it is none (damaged?): taken as firmware")
    return Taken(Role.IMAGE, "not a signature, checksum list, SBOM or key: taken as firmware")


def _base(name: str, suffixes: Sequence[str]) -> str:
    for suffix in suffixes:
        if name.lower().endswith(suffix) and len(name) > len(suffix):
            return name[: -len(suffix)]
    return ""


def _about(name: str, names: Mapping[str, Artifact]) -> str:
    """The delivered file a signature file belongs to by its name, or empty."""
    base = _base(name, SIGNATURE_SUFFIXES)
    return base if base in names else ""


def _signature(artifact: Artifact, names: Mapping[str, Artifact]) -> Taken | None:
    view = artifact.content
    about = _about(artifact.name, names)
    if _parses(minisign.parse_signature, view):
        return Taken(Role.SIGNATURE, "minisign signature", about)
    if is_sigstore(view):
        return Taken(Role.SIGNATURE, "Sigstore bundle", about)
    kind = signature_kinds.recognised(view)
    if kind and (about or not kind.startswith("CMS")):
        return Taken(Role.SIGNATURE, f"{kind} signature", about)
    if about and artifact.size <= MAX_SIGNATURE_BYTES and detached_signature.plausible(bytes(view)):
        return Taken(Role.SIGNATURE, "detached signature, by its name and length", about)
    return None


def is_sigstore(view: memoryview) -> bool:
    """A JSON object that names itself a Sigstore bundle, or has the shape of the first ones (v0.1)."""
    head = bytes(view[:65536])
    return head.lstrip()[:1] == b"{" and b'"application/vnd.dev.sigstore.' in bytes(view[: 4 << 20])


def _configuration(artifact: Artifact, names: Mapping[str, Artifact]) -> Taken | None:
    if CONFIGURATION.search(artifact.name) and _is_text(artifact):
        return Taken(Role.IGNORED, "configuration that came with the delivery: not used")
    head = bytes(artifact.content[:4096])
    if artifact.name.lower().endswith((".yaml", ".yml")) and re.search(rb"(?m)^fwverify:\s*(policy|keys)/", head):
        return Taken(Role.IGNORED, "policy or key registry that came with the delivery: not used")
    return None


def _sbom(artifact: Artifact, names: Mapping[str, Artifact]) -> Taken | None:
    kind = sbom_kinds.looks_like_sbom(artifact.content)
    return Taken(Role.SBOM, kind) if kind else None


def _checksums(artifact: Artifact, names: Mapping[str, Artifact]) -> Taken | None:
    if artifact.size > MAX_SIGNATURE_BYTES * 16 or not checksum_list.is_whole(artifact.content):
        return None
    base = _base(artifact.name, CHECKSUM_SUFFIXES)
    return Taken(Role.CHECKSUMS, "checksum list", base if base in names else "")


def _key(artifact: Artifact, names: Mapping[str, Artifact]) -> Taken | None:
    if artifact.size <= MAX_SIGNATURE_BYTES and _parses(public_key.parse, artifact.content):
        return Taken(Role.KEY, "public key that came with the delivery: compared, never trusted")
    return None


def _note(artifact: Artifact, names: Mapping[str, Artifact]) -> Taken | None:
    if artifact.size == 0:
        return Taken(Role.IGNORED, "empty file")
    named = NOTE_NAMES.search(artifact.name) or artifact.name.lower().endswith(NOTE_SUFFIXES)
    if named and _is_text(artifact) and not _is_code(bytes(artifact.content[:512])):
        return Taken(Role.IGNORED, "notes for people: not used")
    return None


def _is_text(artifact: Artifact) -> bool:
    """UTF-8 without control characters: nothing a device would execute."""
    if artifact.size > 1 << 20:
        return False
    try:
        text = bytes(artifact.content).decode("utf-8")
    except UnicodeDecodeError:
        return False
    return not re.search(r"[\x00-\x08\x0e-\x1f\x7f]", text)


def _is_code(head: bytes) -> bool:
    """Text that a device or a shell would act on: scripts, Intel HEX, S-records, device tree source."""
    return bool(re.match(rb"\s*(#!|:[0-9A-Fa-f]{8}|S[0-9][0-9A-Fa-f]{6}|/dts-v1/)", head))


def _parses(reader: object, view: memoryview) -> bool:
    assert callable(reader)  # noqa: S101 - a parser of formats/
    try:
        reader(view)
    except (Malformed, Unsupported, LimitExceeded):
        return False
    return True
