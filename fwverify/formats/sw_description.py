"""sw-description: what a SWUpdate archive installs, in libconfig or JSON syntax.

Source: SWUpdate 2024.12 documentation, "SWUpdate: syntax and tags with the default parser" and "Update images from
verified source", read 2026-11-22. Everything lies in the group `software`; images, files and scripts are lists of
groups with a `filename` (a member of the archive) and a `sha256`, in any number of sets for boards, collections and
modes. Which set a device takes is its own business, so all of them are read: any group with a `filename`, anywhere.

Does not follow `ref` links (what they lead to is read where it stands), and runs nothing that is embedded. External
parsers in Lua and descriptions in XML are not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from fwverify.formats import libconfig_text, strict_json
from fwverify.formats.strict_json import Value
from fwverify.limits import LimitExceeded
from fwverify.model.examining import Encrypted, Malformed, Unsupported

WHAT = "sw-description"
ROOT = "software"
MAX_ENTRIES = 20_000
_SHA256 = re.compile(r"[0-9A-Fa-f]{64}")


@dataclass(frozen=True, slots=True)
class Artefact:
    """An image, file or script that the description names."""

    filename: str
    sha256: str
    """64 lower-case digits; empty when the entry has none that is one."""
    encrypted: bool
    place: str
    """Where it stands: `software.stable.main.images.0`."""


@dataclass(frozen=True, slots=True)
class Description:
    """What is installed and on what."""

    artefacts: tuple[Artefact, ...]
    version: str
    description: str
    hardware: tuple[str, ...]
    """Every `hardware-compatibility` entry of every set, each once."""


def parse(raw: bytes) -> Description:
    """Read a description.

    Raises:
        Malformed: not one, or one that two readers could read differently.
        Encrypted: it is no text at all, as SWUpdate's encrypted descriptions.
        Unsupported: XML, for a parser of the device's own.
        LimitExceeded: too large.
    """
    software = _table(raw).get(ROOT)
    if not isinstance(software, dict):
        raise Malformed(WHAT, f"it has no group {ROOT}")
    found: list[Artefact] = []
    hardware: dict[str, None] = {}
    _walk(software, (ROOT,), found, hardware)
    return Description(
        tuple(found), _text(software, software.get("version")), _text(software, software.get("description")),
        tuple(hardware),
    )  # fmt: skip


def _table(raw: bytes) -> dict[str, Value]:
    start = raw.lstrip()[:1]
    if not strict_json.is_text(raw):
        raise Encrypted("the sw-description is no text: encrypted, or not a description")
    if start == b"<":
        raise Unsupported("a sw-description in XML, which needs the device's own parser")
    if start == b"{":
        table = strict_json.load(raw, WHAT, max_bytes=libconfig_text.MAX_BYTES)
        if isinstance(table, dict):
            return table
        raise Malformed(WHAT, "it is no JSON object")
    return libconfig_text.parse(raw)


def _walk(value: Value, path: tuple[str, ...], found: list[Artefact], hardware: dict[str, None]) -> None:
    """Depth is bounded by the readers."""
    if isinstance(value, dict):
        if isinstance(value.get("filename"), str):
            found.append(_artefact(value, path))
            if len(found) > MAX_ENTRIES:
                raise LimitExceeded("max_members", len(found))
        for revision in _texts(value.get("hardware-compatibility")):
            hardware[revision] = None
    for name, inner in _inner(value):
        _walk(inner, (*path, name), found, hardware)


def _inner(value: Value) -> Iterator[tuple[str, Value]]:
    if isinstance(value, dict):
        yield from value.items()
    elif isinstance(value, list):
        yield from ((str(index), one) for index, one in enumerate(value))


def _artefact(group: dict[str, Value], path: tuple[str, ...]) -> Artefact:
    digest = group.get("sha256")
    stated = digest.lower() if isinstance(digest, str) and _SHA256.fullmatch(digest) else ""
    encrypted = group.get("encrypted") not in (None, False, "", "false")
    return Artefact(str(group["filename"]), stated, encrypted, ".".join(path))


def _texts(value: Value) -> Iterator[str]:
    if isinstance(value, list):
        yield from (one for one in value if isinstance(one, str))


def _text(software: dict[str, Value], value: Value) -> str:
    """A text, or the one a link in the same group leads to (`version = { ref = "#./common"; }`)."""
    if isinstance(value, dict) and isinstance(value.get("ref"), str):
        value = software.get(str(value["ref"]).removeprefix("#./"))
    return value if isinstance(value, str) else ""
