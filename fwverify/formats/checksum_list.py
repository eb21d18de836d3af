"""Checksum lists: published digests of files, one a line.

Layouts: GNU coreutils manual section 6.5 "md5sum invocation" (`HEX  name`, `HEX *name`, a leading backslash when the
name is escaped), the BSD form `ALG (name) = HEX` of the same manual and of `openssl dgst`, and a file that holds one
digest and nothing else. Read 2026-11-22.

A list counts only when it parses whole: prose around it, a clear-signed message or a digest of no known length makes
it no list. Does not sign anything: whoever changes a file changes the list beside it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_BYTES = 16 << 20
"""A list of 100,000 files with long names."""
LENGTHS = {32: "md5", 40: "sha1", 56: "sha224", 64: "sha256", 96: "sha384", 128: "sha512"}
"""Algorithm by number of hexadecimal digits. 128 may also be BLAKE2b; the list's own name then says so."""
DIGITS = {**{name: size for size, name in LENGTHS.items()}, "blake2b": 128}
STRONG = frozenset({"sha256", "sha384", "sha512", "blake2b"})
"""Algorithms nobody can make a second file for."""
_TAGS = {
    "MD5": "md5",
    "SHA1": "sha1",
    "SHA-1": "sha1",
    "BLAKE2B": "blake2b",
    **{f"{prefix}{bits}": f"sha{bits}" for prefix in ("SHA", "SHA-", "SHA2-") for bits in (224, 256, 384, 512)},
}
_PLAIN = re.compile(rb"(?P<escaped>\\?)(?P<hex>[0-9A-Fa-f]{8,}) (?P<mode>[ *]?)(?P<name>.+)", re.DOTALL)
_TAGGED = re.compile(
    rb"(?P<escaped>\\?)(?P<tag>[A-Za-z0-9-]{3,12}) ?\((?P<name>.+)\) ?= ?(?P<hex>[0-9A-Fa-f]+)", re.DOTALL
)
_BARE = re.compile(rb"[0-9A-Fa-f]{8,}")
_NAMED = re.compile(
    r"(?i)(?:^|[._/-])(md5|sha-?1|sha-?224|sha-?256|sha-?384|sha-?512|blake2b|b2(?=sum))(sums?)?(\.txt)?$"
)
_BOM = b"\xef\xbb\xbf"
_ESCAPES = {b"\\\\": b"\\", b"\\n": b"\n", b"\\r": b"\r"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One line."""

    algorithm: str
    hex: str
    """Lower case."""
    name: str
    """As written, unescaped; empty when the file holds a digest alone."""
    binary: bool
    """The line has the binary mark `*`. It changes nothing on the systems we run on."""
    line: int
    """1-based."""
    tagged: bool = False
    """The line itself names its algorithm (BSD form)."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A line that is not an entry, or that contradicts another."""

    line: int
    what: str
    name: str = ""
    """For a contradiction: the file's name without `./`."""


@dataclass(frozen=True, slots=True)
class ChecksumList:
    """What a file says, read as a list."""

    entries: tuple[Entry, ...]
    problems: tuple[Problem, ...]
    """Lines that are no entries."""
    conflicts: tuple[Problem, ...] = ()
    """Entries that give one name two digests of one algorithm: none of them counts."""

    @property
    def whole(self) -> bool:
        """Every line is an entry, a comment or blank, and there is at least one entry."""
        return bool(self.entries) and not self.problems

    @property
    def conflicting(self) -> frozenset[str]:
        """Names (without `./`) that are listed twice with different digests."""
        return frozenset(one.name for one in self.conflicts)


def is_whole(content: memoryview) -> bool:
    """True when the file is a checksum list and nothing else."""
    return _may_be_list(content) and parse(content).whole


def first_entry(content: memoryview) -> Entry | None:
    """The first line that is no comment, when it is an entry. Cheap: looks at the beginning only."""
    if not _may_be_list(content):
        return None
    for number, line in enumerate(bytes(content[:65536]).removeprefix(_BOM).split(b"\n"), start=1):
        text = line.removesuffix(b"\r")
        if text.strip() and not text.startswith(b"#"):
            found = _entry(text, number)
            return found if isinstance(found, Entry) else None
    return None


def parse(content: memoryview) -> ChecksumList:
    """Read a file as a list; whatever is not an entry is a problem with its line."""
    if len(content) > MAX_BYTES:
        return ChecksumList((), (Problem(1, f"{len(content)} bytes: no checksum list is that large"),))
    raw = bytes(content).removeprefix(_BOM)
    entries: list[Entry] = []
    problems: list[Problem] = []
    for number, line in enumerate(raw.split(b"\n"), start=1):
        text = line.removesuffix(b"\r")
        if not text.strip() or text.startswith(b"#"):
            continue
        found = _entry(text, number)
        if isinstance(found, Entry):
            entries.append(found)
        else:
            problems.append(found)
    problems += _stray_bare(entries)
    return ChecksumList(tuple(entries), tuple(problems), _conflicts(entries))


def plain_name(name: str) -> str:
    """The name without what changes nothing in a path: `./` in front, `/./`, `//`. `..` stays and matches nothing."""
    return re.sub(r"^(?:\./)+", "", re.sub(r"/(?:\.?/)+", "/", name))


def named_algorithm(list_name: str) -> str:
    """The algorithm a list is named for (`SHA256SUMS`, `fw.bin.sha512`), or empty."""
    found = _NAMED.search(list_name)
    if found is None:
        return ""
    name = found[1].lower().replace("-", "")
    return "blake2b" if name == "b2" else name


def subject_name(list_name: str) -> str:
    """The file a digest alone speaks of: the list's name without what names the algorithm; empty when there is none."""
    found = _NAMED.search(list_name)
    return list_name[: found.start()] if found is not None else ""


def _may_be_list(content: memoryview) -> bool:
    """Cheap look at the first bytes, before a large image is split into lines."""
    head = bytes(content[:4096])
    return len(content) <= MAX_BYTES and b"\0" not in head and bool(re.search(rb"[0-9A-Fa-f]{32}|\(", head))


def _entry(text: bytes, line: int) -> Entry | Problem:
    tagged = _TAGGED.fullmatch(text)
    plain = None if tagged else _PLAIN.fullmatch(text)
    if tagged is not None:
        algorithm = _TAGS.get(tagged["tag"].decode().upper(), "")
        if DIGITS.get(algorithm) != len(tagged["hex"]):
            return Problem(line, f"{len(tagged['hex'])} digits are no {tagged['tag'].decode()} known here")
        name = _name(tagged["name"], bool(tagged["escaped"]))
        return _made(algorithm, tagged["hex"], name, False, line, True)
    if plain is not None:
        name = _name(plain["name"], bool(plain["escaped"]))
        return _made(LENGTHS.get(len(plain["hex"]), ""), plain["hex"], name, plain["mode"] == b"*", line, False)
    if _BARE.fullmatch(text.strip()):
        return _made(LENGTHS.get(len(text.strip()), ""), text.strip(), b"", False, line, False)
    return Problem(line, "not a line of a checksum list")


def _made(algorithm: str, digits: bytes, name: bytes | None, binary: bool, line: int, tagged: bool) -> Entry | Problem:
    if not algorithm:
        return Problem(line, f"a digest of {len(digits)} digits: no known algorithm has that length")
    if name is None or b"\0" in name:
        return Problem(line, "the file name is escaped wrongly")
    text = name.decode("utf-8", "backslashreplace")
    return Entry(algorithm, digits.decode().lower(), text, binary, line, tagged)


def _name(raw: bytes, escaped: bool) -> bytes | None:
    """The name, unescaped when the line begins with a backslash; None for an unknown escape."""
    if not escaped:
        return raw
    if re.search(rb"\\(?![\\nr])", re.sub(rb"\\\\", b"", raw)):
        return None
    return re.sub(rb"\\[\\nr]", lambda hit: _ESCAPES[hit[0]], raw)


def _stray_bare(entries: list[Entry]) -> list[Problem]:
    """A digest without a name only makes sense alone in its file."""
    if len(entries) < 2:
        return []
    return [Problem(one.line, "a digest without a file name among others") for one in entries if not one.name]


def _conflicts(entries: list[Entry]) -> tuple[Problem, ...]:
    first: dict[tuple[str, str], Entry] = {}
    found = []
    for one in entries:
        earlier = first.setdefault((plain_name(one.name), one.algorithm), one)
        if earlier.hex != one.hex:
            name = plain_name(one.name)
            found.append(Problem(one.line, f"{name!r} has another digest in line {earlier.line}", name))
    return tuple(found)
