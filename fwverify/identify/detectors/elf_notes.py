"""ELF notes: the build id, and the package an executable says it comes from (`.note.package`).

Package metadata for executable files (UAPI group specification: owner FDO, type 0xcafe1a7e, JSON) and GNU build id
(owner GNU, type 3); read 2026-11-22. The note is as believable as the file: its maker wrote it there for this
purpose. Does NOT look anything up by build id.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from fwverify.formats.executable import Executable, detect
from fwverify.formats.names import quoted
from fwverify.formats.products import canonical_product
from fwverify.identify.interface import Detector, Found, Subject
from fwverify.identify.package_note import OWNER, TYPE
from fwverify.model.component import Clue
from fwverify.model.evidence import ContentKind, ContentObservation
from fwverify.model.examining import Malformed
from fwverify.model.plugin import Doc

CONFIDENCE = 95
CONFIDENCE_OF_TEXT = 85
MAX_TEXTS = 4
"""A file has one."""
_METADATA = re.compile(rb'\{"type":"[a-z]{1,8}"[^{}\0\n]{1,2000}\}')
PURL_TYPES = frozenset({"deb", "rpm", "apk", "alpm"})


def find(subject: Subject) -> Iterator[Found]:
    executable = subject.executable
    if executable is None or executable.problems:
        yield from _texts(subject)
        return
    yield ContentObservation(
        ContentKind.EXECUTABLE, subject.artifact.locator, -1, executable.build_id, _described(executable)
    )
    for note in executable.notes:
        if (note.owner, note.type) == (OWNER, TYPE):
            yield _package(subject, note.description)


def _texts(subject: Subject) -> Iterator[Clue]:
    """Package metadata as text in an ELF file whose notes cannot be reached (damaged, condensed to its texts)."""
    if detect(subject.artifact.content) != "ELF":
        return
    for found in islice(_METADATA.finditer(subject.artifact.content), MAX_TEXTS):
        try:
            yield replace(_package(subject, found[0]), confidence=CONFIDENCE_OF_TEXT, offset=found.start())
        except Malformed:
            continue  # text that only begins like it


def _described(executable: Executable) -> str:
    order = "big-endian" if executable.big_endian else "little-endian"
    linked = ", statically linked" if executable.statically_linked else ""
    return f"{executable.format} {executable.kind}, {executable.machine}, {executable.bits} bits, {order}{linked}"


def _package(subject: Subject, description: bytes) -> Clue:
    raw = description.rstrip(b"\0")
    try:
        stated = json.loads(raw)
    except (ValueError, RecursionError):
        raise Malformed(".note.package", "not JSON") from None
    fields = stated if isinstance(stated, dict) else {}
    name, version = _field(fields, "name"), _field(fields, "version")
    if not name:
        raise Malformed(".note.package", "names no package")
    return Clue(
        product=canonical_product(name),
        version=version,
        locator=subject.artifact.locator,
        how="elf-notes",
        confidence=CONFIDENCE,
        quote=quoted(raw),
        purl=_purl(fields, name, version),
        unit=name,
    )


def _field(fields: dict[str, object], name: str) -> str:
    value = fields.get(name)
    return quoted(value.encode("utf-8", "replace")) if isinstance(value, str) else ""


def _purl(fields: dict[str, object], name: str, version: str) -> str:
    """The note's own package URL, or one from its type, os and name; empty when neither is usable."""
    from packageurl import PackageURL

    stated, kind, system = _field(fields, "purl"), _field(fields, "type"), _field(fields, "os").lower()
    try:
        if stated:
            return PackageURL.from_string(stated).to_string()
        if kind in PURL_TYPES and system:
            qualifiers = {"arch": arch} if (arch := _field(fields, "architecture")) else None
            return PackageURL(kind, system, name, version or None, qualifiers).to_string()
    except ValueError:
        return ""
    return ""


DETECTOR = Detector(
    name="elf-notes",
    find=find,
    doc=Doc(
        title="ELF notes (build id, package)",
        references=("UAPI group, Package metadata for executable files, read 2026-11-22",),
        limitations=("The build id is recorded, not looked up.",),
    ),
)
