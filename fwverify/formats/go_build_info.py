"""Go build information: which modules a Go program was built from, as its linker wrote it there.

Sources: Go's debug/buildinfo and runtime/debug packages (documentation of Go 1.25 and the behaviour of Go 1.13 to 1.25
linkers), Go modules reference ("go version -m", versions and pseudo-versions); read 2026-11-22.

    magic (14) | pointer size | flags | from Go 1.18 (flag 2): varint-counted version, varint-counted module text at 32
                                      | before: addresses of two strings' headers (address, length), by pointer size

The module text stands between two marks of 16 bytes; its lines are `path`, `mod`, `dep`, `=>` (what the module above
was replaced by) and `build`. Does NOT read symbol tables; programs built without modules list none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from fwverify.formats.multi_search import places
from fwverify.limits import LimitExceeded
from fwverify.model.examining import Malformed

WHAT = "Go build information"
MAGIC = b"\xff Go buildinf:"
HEADER_BYTES, ALIGNMENT = 32, 16
INLINE, BIG_ENDIAN = 2, 1
MARK_BYTES = 16
MAX_TEXT_BYTES = 4 << 20
"""Of the module text. A program of 1,500 modules has 200 KiB."""
MAX_VERSION_BYTES = 256
MAX_MODULES = 10_000
MAX_PLACES = 64
"""Of the magic. A program that reads the build information of others has two or three."""
_VERSION = re.compile(r"(?:^|[ -])go(\d+\.\d+(?:\.\d+)?(?:(?:rc|beta)\d+)?)(?=$|[ +-])")

Address = Callable[[int], int]
"""Where the byte at a virtual address lies in the file; -1: nowhere."""


@dataclass(frozen=True, slots=True)
class Module:
    """One module of a program."""

    path: str
    version: str
    """Empty: not stated, as of a main module built from a working copy (`(devel)`) or a folder in its place."""


@dataclass(frozen=True, slots=True)
class BuildInfo:
    """What the linker wrote."""

    offset: int
    release: str
    """Of Go itself: `1.19.8`; empty for a development snapshot."""
    stated: str
    """As written: `go1.24.4 X:nocoverageredesign`."""
    package: str
    """Import path of the main package; empty when not stated."""
    main: Module | None
    modules: tuple[Module, ...]
    """What it depends on, replacements in the place of what they replace."""


def find(view: memoryview, address: Address) -> BuildInfo | None:
    """The build information of a program; None where there is none.

    Programs that read the build information of others hold the magic as a text of their own: what does not begin like
    build information is passed over.

    Args:
        view: the whole file.
        address: for programs of Go before 1.18.

    Raises:
        Malformed: it begins as such and does not hold.
        LimitExceeded: longer than any.
    """
    for at in places(view, MAGIC, MAX_PLACES):
        strings = _strings(view, at, address) if at % ALIGNMENT == 0 and at + HEADER_BYTES <= len(view) else None
        if strings is not None and strings[0].startswith(("go1", "devel ")):
            return _read(at, *strings)
    return None


def _strings(view: memoryview, at: int, address: Address) -> tuple[str, str] | None:
    """The two texts; None where something else stands behind the magic."""
    pointer, flags = view[at + 14], view[at + 15]
    if flags & INLINE:
        version, end = _counted(view, at + HEADER_BYTES, MAX_VERSION_BYTES)
        return (version, _counted(view, end, MAX_TEXT_BYTES)[0]) if version else None
    if pointer not in (4, 8) or flags > BIG_ENDIAN:
        return None
    order = "big" if flags & BIG_ENDIAN else "little"
    found = []
    for number in range(2):
        place = at + 16 + number * pointer
        header = address(int.from_bytes(view[place : place + pointer], order))  # type: ignore[arg-type]
        found.append(_pointed(view, header, pointer, order, address))
    return (found[0], found[1]) if found[0] else None


def _pointed(view: memoryview, header: int, pointer: int, order: str, address: Address) -> str:
    if header < 0 or header + 2 * pointer > len(view):
        return ""
    start = address(int.from_bytes(view[header : header + pointer], order))  # type: ignore[arg-type]
    size = int.from_bytes(view[header + pointer : header + 2 * pointer], order)  # type: ignore[arg-type]
    if size > MAX_TEXT_BYTES:
        raise LimitExceeded("max_go_text_bytes", size)
    if start < 0 or start + size > len(view):
        return ""
    return _text(bytes(view[start : start + size]))


def _counted(view: memoryview, at: int, most: int) -> tuple[str, int]:
    """A text behind its length, and where it ends. Empty where the length cannot be one."""
    size = shift = 0
    while shift < 35 and at < len(view):
        one = view[at]
        size |= (one & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if one < 0x80:
            break
    else:
        return "", at
    if size > most:
        raise LimitExceeded("max_go_text_bytes", size)
    if at + size > len(view):
        raise Malformed(WHAT, f"a text of {size} bytes does not fit", at)
    return _text(bytes(view[at : at + size])), at + size


def _text(raw: bytes) -> str:
    """Module text loses its marks, which are no text."""
    if len(raw) >= 2 * MARK_BYTES + 1 and raw[-MARK_BYTES - 1 : -MARK_BYTES] == b"\n":
        raw = raw[MARK_BYTES:-MARK_BYTES]
    return raw.decode("utf-8", "replace")


def _read(at: int, stated: str, text: str) -> BuildInfo:
    hit = _VERSION.search(stated)
    package, main = "", None
    modules: list[Module] = []
    for kind, fields in _lines(text):
        if kind == "path" and fields:
            package = fields[0]
        elif kind == "mod":
            main = _module(fields)
        elif kind == "dep":
            modules.append(_module(fields))
        elif kind == "=>" and modules:
            modules[-1] = _replaced(modules[-1], fields)
        if len(modules) > MAX_MODULES:
            raise LimitExceeded("max_go_modules", len(modules))
    return BuildInfo(at, hit[1] if hit else "", stated, package, main, tuple(modules))


def _lines(text: str) -> Iterator[tuple[str, list[str]]]:
    for line in text.split("\n"):
        kind, *fields = line.split("\t")
        yield kind, fields


def _module(fields: list[str]) -> Module:
    path, version = (*fields, "", "")[:2]
    return Module(path, "" if version == "(devel)" else version)


def _replaced(old: Module, fields: list[str]) -> Module:
    """A module in the place of another; a folder in its place keeps the name and loses the version."""
    new = _module(fields)
    return new if new.version else Module(old.path, "")
