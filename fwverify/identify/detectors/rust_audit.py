"""Crates that a Rust program was built from.

cargo-auditable's `.dep-v0` section (its PARSING.md and JSON schema 1: zlib-packed JSON, `packages` with name, version,
source, kind and root); the folders of Cargo's registry that panic messages quote (`registry/src/INDEX/NAME-1.2.3/`, The
Cargo Book, "Cargo Home"; Debian's `/usr/share/cargo/registry/NAME-1.2.3/`); read 2026-11-22. Crates used to build alone
are left out. A crate whose code cannot panic leaves no folder. Does NOT see crates taken from git without the list.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator

from fwverify.formats.executable import detect
from fwverify.formats.multi_search import places
from fwverify.formats.strict_json import load
from fwverify.identify.interface import Detector, Found, Subject
from fwverify.identify.language_packages import LINKED, LINKED_TRACE, MAX_PACKAGES, package
from fwverify.limits import LimitExceeded
from fwverify.model.examining import Malformed
from fwverify.model.plugin import Doc

NAME = "rust-audit"
KIND = "cargo"
SECTION = ".dep-v0"
MAX_LIST_BYTES = 8 << 20
"""Unpacked. cargo-auditable's own reader stops there, too."""
MAX_PATHS = 100_000
_FOLDER = re.compile(
    rb"registry[/\\](?:src[/\\][\w.-]{1,60}[/\\])?([A-Za-z][\w-]{0,63}?)-(\d{1,9}\.\d{1,9}\.\d{1,9}(?:[-+][\w.+-]{1,60})?)[/\\]"
)


def find(subject: Subject) -> Iterator[Found]:
    """The list where there is one; else what panic messages quote."""
    if not detect(subject.artifact.content):
        return
    listed = dict(subject.executable.metadata).get(SECTION) if subject.executable else None
    if listed is not None:
        yield from _listed(subject, listed)
        return
    program = subject.artifact.name.rpartition("/")[2]
    seen: set[tuple[bytes, bytes]] = set()
    for at in places(subject.artifact.content, b"registry", MAX_PATHS):
        hit = _FOLDER.match(subject.artifact.content, at)
        if hit and (hit[1], hit[2]) not in seen and len(seen) < MAX_PACKAGES:
            seen.add((hit[1], hit[2]))
            name, version = hit[1].decode(), hit[2].decode()
            part = name != program  # what is called like its file is the program itself
            clue = package(subject, NAME, KIND, name, version, hit[0], LINKED_TRACE, hit.start(), part=part)
            if clue is not None:
                yield clue


def _listed(subject: Subject, packed: bytes) -> Iterator[Found]:
    table = load(_unpacked(packed), SECTION)
    packages = table.get("packages") if isinstance(table, dict) else None
    if not isinstance(packages, list):
        raise Malformed(SECTION, "no list of packages")
    if len(packages) > MAX_PACKAGES:
        raise LimitExceeded("max_packages", len(packages))
    for one in packages:
        name, version = (one.get("name"), one.get("version")) if isinstance(one, dict) else (None, None)
        if not isinstance(one, dict) or not isinstance(name, str) or not isinstance(version, str):
            raise Malformed(SECTION, "a package without name or version")
        if one.get("kind", "runtime") == "runtime":
            part = one.get("root") is not True
            clue = package(subject, NAME, KIND, name, version, f"{name} {version}".encode(), LINKED, part=part)
            if clue is not None:
                yield clue


def _unpacked(packed: bytes) -> bytes:
    stream = zlib.decompressobj()
    try:
        data = stream.decompress(packed, MAX_LIST_BYTES)
    except zlib.error as problem:
        raise Malformed(SECTION, f"not zlib: {problem}") from None
    if stream.unconsumed_tail:
        raise LimitExceeded("max_list_bytes", MAX_LIST_BYTES)
    if not stream.eof:
        raise Malformed(SECTION, "cut off")
    return data


DETECTOR = Detector(
    name=NAME,
    find=find,
    doc=Doc(
        title="Rust crates",
        references=(
            "cargo-auditable, PARSING.md, read 2026-11-22",
            "The Cargo Book, Cargo Home, read 2026-11-22",
        ),
        limitations=("Without cargo-auditable's list, crates whose code cannot panic are not seen.",),
    ),
)
