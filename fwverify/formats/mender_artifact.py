"""Mender artifacts, format versions 2 and 3: the order of members, the manifest, the header.

Source: mender-artifact 3.9, Documentation/artifact-format-v3.md and artifact-format-v2.md, read 2026-11-22. A tar
archive with, in this order: version, manifest, [manifest.sig], [manifest-augment], header.tar.gz,
[header-augment.tar.gz], data/0000.tar.gz, data/0001.tar.gz... (or .tar, .tar.xz, .tar.zst). The manifest lists the
SHA-256 of version, of the packed header, and of every file *inside* the data archives.

Does not verify signatures. Version 1, which has no manifest, is named as unsupported.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from fwverify.formats import packed_tar, strict_json, tar_archive
from fwverify.formats.entries import EntryKind
from fwverify.formats.strict_json import Value
from fwverify.formats.tar_archive import TarArchive, TarEntry
from fwverify.limits import Budget, LimitExceeded
from fwverify.model.examining import Malformed, Unsupported

WHAT = "Mender artifact"
VERSION, MANIFEST, SIGNATURE, AUGMENT = "version", "manifest", "manifest.sig", "manifest-augment"
MAX_TEXT_BYTES = 16 << 20
"""A manifest, and a header once it is unpacked: state scripts have some kB."""
_PACKED = r"\.tar(?:\.gz|\.xz|\.zst)?"
_ORDER = re.compile(
    rf"version\0manifest\0(?:manifest\.sig\0)?(?:manifest-augment\0)?header{_PACKED}\0"
    rf"(?:header-augment{_PACKED}\0)?(?:data/[0-9]{{4}}{_PACKED}\0)*"
)
_LINE = re.compile(rb"([0-9a-f]{64})  ([^\n\0]+)\n")


@dataclass(frozen=True, slots=True)
class Payload:
    """One archive below data/."""

    index: str
    """Four digits."""
    member: TarEntry


@dataclass(frozen=True, slots=True)
class MenderArtifact:
    """An artifact's members, in their order."""

    archive: TarArchive
    version: TarEntry
    manifest: TarEntry
    signature: TarEntry | None
    header: TarEntry
    augments: tuple[TarEntry, ...]
    """manifest-augment and header-augment: signed by nobody."""
    payloads: tuple[Payload, ...]


@dataclass(frozen=True, slots=True)
class Stated:
    """What header-info and the type-infos say."""

    payloads: int
    names: tuple[str, ...]
    versions: tuple[str, ...]
    devices: tuple[str, ...]


def members(view: memoryview, budget: Budget) -> MenderArtifact:
    """The members of an artifact in the one order that is allowed. Raises Malformed, Unsupported, LimitExceeded."""
    archive = tar_archive.read(view, budget)
    if archive.problem is not None:
        raise archive.problem
    names = [one.name for one in archive.entries]
    if not _ORDER.fullmatch("".join(f"{one}\0" for one in names)):
        raise Malformed(WHAT, f"its members are not those of an artifact in their order: {', '.join(names)[:200]}")
    for one in archive.entries:
        if one.kind is not EntryKind.FILE or one.irregularities or one.sparse is not None:
            why = one.irregularities[0].detail if one.irregularities else f"{one.name} is no plain file"
            raise Malformed(WHAT, why)
    by_name = {one.name: one for one in archive.entries}
    payloads = tuple(Payload(one.name[5:9], one) for one in archive.entries if one.name.startswith("data/"))
    if [one.index for one in payloads] != sorted({one.index for one in payloads}):
        raise Malformed(WHAT, "its data archives are not in order")
    header = next(one for one in archive.entries if one.name.startswith("header.tar"))
    augments = tuple(one for one in archive.entries if "-augment" in one.name)
    return MenderArtifact(
        archive, by_name[VERSION], by_name[MANIFEST], by_name.get(SIGNATURE), header, augments, payloads
    )


def content(view: memoryview, entry: TarEntry, most: int = MAX_TEXT_BYTES) -> bytes:
    """A small member's bytes."""
    if entry.size > most:
        raise LimitExceeded("max_text_bytes", entry.size)
    return b"".join(view[one.start : one.end] for one in entry.ranges)


def check_version(raw: bytes) -> None:
    """Raises Malformed, or Unsupported for a version that is laid out otherwise."""
    table = _table(raw, VERSION)
    if table.get("format") != "mender":
        raise Malformed(WHAT, "its version member is not one of Mender")
    if table.get("version") not in (2, 3):
        raise Unsupported(f"Mender artifact format version {str(table.get('version'))[:20]}")


def manifest(raw: bytes) -> dict[str, str]:
    """Name -> SHA-256 in hexadecimal. Raises Malformed for anything that is no such line, or a name given twice."""
    found: dict[str, str] = {}
    at = 0
    text = raw if raw.endswith(b"\n") or not raw else raw + b"\n"
    while at < len(text):
        line = _LINE.match(text, at)
        if line is None:
            raise Malformed(WHAT, "a line of its manifest is not `sha256  name`", at)
        name = line[2].decode("utf-8", "backslashreplace")
        if name in found:
            raise Malformed(WHAT, f"its manifest lists {name[:100]} twice", at)
        found[name], at = line[1].decode(), line.end()
    return found


def stated(packed: memoryview, name: str, budget: Budget) -> Stated:
    """What the header says. Raises Malformed, Unsupported, LimitExceeded."""
    header = packed_tar.read(packed, name, budget)
    if len(header.content) > MAX_TEXT_BYTES:
        raise LimitExceeded("max_text_bytes", len(header.content))
    if not header.files or header.files[0].name != "header-info":
        raise Malformed(WHAT, "header-info is not the first file of its header")
    info = _table(header.file(header.files[0], budget), "header-info")
    names, versions, devices = _provides(info)
    for one in header.files[1:]:
        if re.fullmatch(r"headers/[0-9]{4}/type-info", one.name):
            more = _provides(_table(header.file(one, budget), "type-info"))
            names, versions, devices = names + more[0], versions + more[1], devices + more[2]
    payloads = info.get("payloads", info.get("updates"))
    count = len(payloads) if isinstance(payloads, list) else 0
    return Stated(count, _once(names), _once(versions), _once(devices))


def _provides(info: dict[str, Value]) -> tuple[list[str], list[str], list[str]]:
    """(names, versions, device types), as versions 3 and 2 write them."""
    names, versions, devices = _texts(info.get("artifact_name")), [], _texts(info.get("device_types_compatible"))
    given, needed = info.get("artifact_provides"), info.get("artifact_depends")
    if isinstance(given, dict):
        names += _texts(given.get("artifact_name"))
        versions = [text for key, one in given.items() if key.endswith(".version") for text in _texts(one)]
    if isinstance(needed, dict):
        devices += _texts(needed.get("device_type"))
    return names, versions, devices


def _texts(value: Value) -> list[str]:
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str)]


def _once(texts: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))


def _table(raw: bytes | memoryview, what: str) -> dict[str, Value]:
    value = strict_json.load(raw, f"{WHAT}: {what}", max_bytes=MAX_TEXT_BYTES)
    if not isinstance(value, dict):
        raise Malformed(WHAT, f"its {what} is no JSON object")
    return value
