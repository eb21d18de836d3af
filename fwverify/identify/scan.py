"""Version strings in one pass.

All anchors of all version detectors (identify/versions/*.yaml) are searched at once; only around a hit does a regular
expression look at the bytes. A second kind, `bare`, is a version that stands alone as a text: it counts only where
the SONAME or another text of the same file ties it to its product, and only when the file holds exactly one version
of that shape. A third reads the release in the name of a library's file, see `named`.

The result depends on the bytes alone: hits are sorted, those of one product and version are told once.
Not done: UTF-16 texts, compressed texts, versions put together from numbers at run time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial

from fwverify.content import held, in_steps
from fwverify.formats import multi_search
from fwverify.identify.version_table import ENCODING, Find, table
from fwverify.limits import LimitExceeded
from fwverify.model.artifact import ByteRange

BEFORE_BYTES, AFTER_BYTES = 96, 192
"""How far around an anchor its expression may look. The longest real match has 130 bytes."""
MAX_FIXED_BYTES = 64
"""Longest match of `places`."""
PRINTABLE = frozenset(b"\t\n\r" + bytes(range(0x20, 0x7F)))
"""A bare text does not begin behind one of these. Often no NUL is before it but the end of a table of numbers."""
_POINTED = re.compile(
    rb"v?\(\?P<version>(?:\(\?![^()]*\))?(?:\\d(?:\{[1-4](?:,[1-4])?\})?|\d|\[[\d-]+\]|\(\?:[\d\[\]|\\d-]+\)){1,4}\\\."
)
"""Expressions of texts that begin with a number of at most four digits, with or without a v, and a point."""
_POINT, _NUMBER = re.compile(rb"\.\d"), re.compile(rb"v?\d{1,4}\Z")
_NUMBER_BYTES = 6


@dataclass(frozen=True, slots=True, order=True)
class Hit:
    """A version seen."""

    product: str
    version: str
    offset: int
    """Of the match, bytes."""
    quote: bytes
    confidence: int
    alone: bool = False
    """A release alone, tied to its product by another text of the file only."""
    bare: bool = False
    """A release alone, whatever ties it."""


@dataclass(frozen=True, slots=True)
class _Search:
    """What the finds of the table come to."""

    anchors: tuple[bytes, ...]
    """Expressions."""
    finds: tuple[int, ...]
    """Of each anchor: its find, as the position in `table().finds`."""
    overlap: int
    """Of the longest anchor."""
    unanchored: tuple[int, ...]
    """The finds that a SONAME alone calls for."""


@cache
def _search() -> _Search:
    """The anchors of the table; computed once in a process."""
    finds = table().finds
    anchored = [(index, one.anchor) for index, one in enumerate(finds) if one.anchor]
    return _Search(
        tuple(multi_search.literal(anchor) for _, anchor in anchored),
        tuple(index for index, _ in anchored),
        max(len(anchor) for _, anchor in anchored),
        tuple(index for index, one in enumerate(finds) if one.bare and not one.anchor),
    )


@cache
def _compiled(expression: bytes) -> re.Pattern[bytes]:
    """Compiled at its first use: most expressions never meet their anchor."""
    return re.compile(expression)


def scan(
    content: memoryview, soname: str, max_events: int, *, linked: bool = False, code: tuple[ByteRange, ...] = ()
) -> tuple[Hit, ...]:
    """Every version seen in these bytes.

    Args:
        content: any bytes.
        soname: of the library they are, empty otherwise.
        max_events: places where an anchor stands, before it is too much.
        linked: they are a program or library that a dynamic linker loads.
        code: where they are instructions, which may look like a release alone.

    Raises:
        LimitExceeded: more than that.
    """
    content = texts(content)
    finds = table().finds
    called = _search().unanchored if soname else ()
    places: dict[int, list[int]] = {index: [] for index in called if soname.startswith(finds[index].soname)}
    for index, end in _events(content, max_events):
        places.setdefault(index, []).append(end)
    hits: set[Hit] = set()
    numbers = cache(partial(_texts_of_numbers, content))
    for index, ends in places.items():
        find = finds[index]
        if _applies(find, content, soname, linked=linked):
            hits.update(_alone(find, content, code, numbers) if find.bare else _around(find, content, ends))
    return tuple(sorted(_once(hits)))


def _applies(find: Find, content: memoryview, soname: str, *, linked: bool) -> bool:
    if not soname.startswith(find.soname) or (linked and find.lives == "firmware"):
        return False
    return not find.beside or _holds(content, find.beside)


def named(file_name: str, soname: str) -> tuple[Hit, ...]:
    """The release in the name of a library's file, for the projects that name it so.

    `libseccomp.so.2.5.4` is libseccomp 2.5.4, but `libcurl.so.4.8.0` is not curl 4.8.0. The SONAME, which the bytes
    carry, must be the product's: a name alone shows nothing.
    """
    hits: set[Hit] = set()
    name = file_name.rpartition("/")[2].encode(ENCODING, "replace")
    for find in table().finds:
        if find.file and soname.startswith(find.soname):
            found = _compiled(find.file).fullmatch(name)
            if found:
                hits.add(Hit(find.product, _version(found), -1, name, find.confidence))
    return tuple(sorted(_once(hits)))


def places(content: memoryview, expressions: tuple[bytes, ...], max_events: int) -> tuple[tuple[int, int], ...]:
    """Where any of many expressions of fixed length stands: (end, its number), sorted, in one pass.

    Args:
        content: any bytes.
        expressions: as hyperscan reads them, each matching a fixed number of bytes of at most 64.
        max_events: places before it is too much.

    Raises:
        LimitExceeded: more than that.
    """
    return tuple(sorted(_hits(content, expressions, MAX_FIXED_BYTES, max_events)))


def texts(content: memoryview) -> memoryview:
    """Content in which every text ends with NUL.

    What has not one NUL is no program but the texts of one, line by line (as `strings` writes them).
    """
    if _compiled(rb"\0").search(content):
        return content
    return held(bytes(piece).replace(b"\n", b"\0") for piece in in_steps(content))


def _events(content: memoryview, max_events: int) -> list[tuple[int, int]]:
    """(find, end of its anchor), sorted."""
    search = _search()
    return sorted((search.finds[one], end) for end, one in _hits(content, search.anchors, search.overlap, max_events))


def _hits(content: memoryview, expressions: tuple[bytes, ...], overlap: int, most: int) -> set[tuple[int, int]]:
    """(end, number of the expression). Raises LimitExceeded."""
    hits: set[tuple[int, int]] = set()

    def take(number: int, end: int) -> bool:
        hits.add((end, number))
        return len(hits) > most

    if not multi_search.search(content, expressions, overlap, take):
        raise LimitExceeded("max_scan_events", len(hits))
    return hits


def _holds(content: memoryview, text: bytes) -> bool:
    return _compiled(re.escape(text)).search(content) is not None


def _around(find: Find, content: memoryview, ends: list[int]) -> Iterator[Hit]:
    """Matches that hold one of the anchors ending at `ends`; of a library's (with SONAME) only when they agree."""
    hits = {hit for end in ends for hit in _near(find, content, end)}
    if not find.soname or len({one.version for one in hits}) == 1:
        yield from hits


def _near(find: Find, content: memoryview, end: int) -> Iterator[Hit]:
    """Matches around one anchor. The first text of a file has no NUL before it, the last one none after it."""
    low, high = max(0, end - len(find.anchor) - BEFORE_BYTES), end + AFTER_BYTES
    window = b"\0" + bytes(content[low:high]) if low == 0 else bytes(content[low:high])
    if high >= len(content):
        window += b"\0"
    start = low - 1 if low == 0 else low
    anchor = end - len(find.anchor) - start
    for found in _compiled(find.pattern).finditer(window):
        if found.start() <= anchor < found.end():
            yield _hit(find, found, start)


def _alone(
    find: Find, content: memoryview, code: tuple[ByteRange, ...], numbers: Callable[[], list[int]]
) -> Iterator[Hit]:
    """The one text that is a version of this product's shape, or nothing when there are two."""
    expression = _compiled(find.bare if b"(?=" in find.bare else find.bare + rb"(?=\0)")
    if _POINTED.match(find.bare):
        told = [found for at in numbers() if (found := expression.match(content, at))]
    else:
        told = [found for found in expression.finditer(content) if _begins(content, found.start())]
    hits = [_hit(find, found, 0) for found in told if not any(one.start <= found.start() < one.end for one in code)]
    if len({one.version for one in hits}) == 1:
        yield min(hits)


def _begins(content: memoryview, at: int) -> bool:
    return at == 0 or content[at - 1] not in PRINTABLE


def _texts_of_numbers(content: memoryview) -> list[int]:
    """Where texts begin with a number and a point: a point is found several times as fast as any digit."""
    begins = []
    for point in _POINT.finditer(content):
        before = bytes(content[max(0, point.start() - _NUMBER_BYTES) : point.start()])
        number = _NUMBER.search(before)
        if number and _begins(content, point.start() - len(number[0])):
            begins.append(point.start() - len(number[0]))
    return begins


def _hit(find: Find, found: re.Match[bytes], start: int) -> Hit:
    whole = found[0]
    offset = start + found.start() + len(whole) - len(whole.lstrip(b"\0"))
    bare = bool(find.bare)
    tied_by_text = bare and not find.soname
    quote = whole.strip(b"\0")
    return Hit(find.product, _version(found), max(0, offset), quote, find.confidence, tied_by_text, bare)


def _version(found: re.Match[bytes]) -> str:
    """The group `version`, or the numbers `v1`, `v2`... (`2301` is 2.3.1 where a project writes it so)."""
    groups = found.groupdict()
    if "version" in groups:
        return groups["version"].decode(ENCODING)
    return ".".join(str(int(groups[name])) for name in sorted(groups))


def _once(hits: set[Hit]) -> list[Hit]:
    """One hit for each product and version: the most confident, then the first."""
    best: dict[tuple[str, str], Hit] = {}
    for one in sorted(hits, key=lambda hit: (-hit.confidence, hit.offset, hit.quote)):
        best.setdefault((one.product, one.version), one)
    return list(best.values())
