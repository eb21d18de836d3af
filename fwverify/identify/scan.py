"""Version strings in one pass: the only door to hyperscan.

All anchors of all version detectors (identify/versions/*.yaml) are searched at once; only around a hit does a regular
expression look at the bytes. A second kind, `bare`, is a version that stands alone as a text: it counts only in a
library whose SONAME ties it to its product, and only when the library holds exactly one such text.

The result depends on the bytes alone: hits are sorted, overlapping ones of one product and version are told once.
Not done: UTF-16 texts, compressed texts, versions put together from numbers at run time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources

from fwverify.formats import strict_yaml
from fwverify.formats.strict_yaml import Node
from fwverify.limits import LimitExceeded

BEFORE_BYTES, AFTER_BYTES = 96, 192
"""How far around an anchor its expression may look. The longest real match has 130 bytes."""
BARE = rb"\x00[0-9]{1,4}\.[0-9]{1,3}[^\x00]{0,48}\x00"
"""A text that begins like a version: candidates for the `bare` kind."""


@dataclass(frozen=True, slots=True)
class Find:
    """One way to see one product."""

    product: str
    anchor: bytes
    """Empty for the bare kind."""
    soname: str
    pattern: re.Pattern[bytes]
    confidence: int
    """Percent."""


@dataclass(frozen=True, slots=True)
class Example:
    """A text a product must (version not empty) or must not (version empty) be seen in."""

    product: str
    text: bytes
    version: str
    soname: str
    source: str


@dataclass(frozen=True, slots=True, order=True)
class Hit:
    """A version seen."""

    product: str
    version: str
    offset: int
    """Of the match, bytes."""
    quote: bytes
    confidence: int


@cache
def table() -> tuple[tuple[Find, ...], tuple[Example, ...]]:
    """All version detectors and their examples, sorted by product."""
    finds: list[Find] = []
    examples: list[Example] = []
    folder = resources.files("fwverify.identify.versions")
    for entry in sorted(folder.iterdir(), key=lambda one: one.name):
        if entry.name.endswith(".yaml"):
            _read(strict_yaml.load(entry.read_text("utf-8")), finds, examples)
    return tuple(finds), tuple(examples)


def _read(node: Node, finds: list[Find], examples: list[Example]) -> None:
    product = _text(node, "product")
    for one in _items(node, "finds"):
        soname = _text(one, "soname")
        source = f"\\0(?P<version>{_text(one, 'bare')})" if soname else _text(one, "pattern")
        finds.append(
            Find(
                product, _text(one, "anchor").encode("latin-1"), soname, re.compile(source.encode("latin-1")),
                int(_text(one, "confidence")),
            )
        )  # fmt: skip
    for kind in ("positive", "negative"):
        for one in _items(node, kind):
            text = _text(one, "text").encode("latin-1")
            examples.append(Example(product, text, _text(one, "version"), _text(one, "soname"), _text(one, "source")))


def _text(node: Node, name: str) -> str:
    entry = (node.table or {}).get(name)
    return entry.value.text or "" if entry else ""


def _items(node: Node, name: str) -> tuple[Node, ...]:
    entry = (node.table or {}).get(name)
    return entry.value.items or () if entry else ()


@cache
def _database() -> object:
    """The compiled anchors; ids are positions in `table()[0]`, the last one is the bare kind."""
    import hyperscan

    finds, _ = table()
    anchored = [(index, one.anchor) for index, one in enumerate(finds) if one.anchor]
    database = hyperscan.Database()
    database.compile(
        expressions=[re.escape(anchor) for _, anchor in anchored] + [BARE],
        ids=[index for index, _ in anchored] + [len(finds)],
        elements=len(anchored) + 1,
        flags=[0] * len(anchored) + [hyperscan.HS_FLAG_DOTALL],
    )
    return database


def scan(content: memoryview, soname: str, max_events: int) -> tuple[Hit, ...]:
    """Every version seen in these bytes.

    Args:
        content: any bytes.
        soname: of the library they are, empty otherwise.
        max_events: anchors and bare texts taken before it is too much.

    Raises:
        LimitExceeded: more events than that.
    """
    finds, _ = table()
    events: set[tuple[int, int]] = set()

    def take(found: int, start: int, end: int, flags: int, context: object) -> bool:
        events.add((found, end))
        return len(events) > max_events

    _run(content, take)
    if len(events) > max_events:
        raise LimitExceeded("max_scan_events", len(events))
    bare = sorted(end for found, end in events if found == len(finds))
    hits = {hit for found, end in events if found < len(finds) for hit in _anchored(finds[found], content, end)}
    hits |= {
        hit for find in finds if find.soname and soname.startswith(find.soname) for hit in _bare(find, content, bare)
    }
    return tuple(sorted(_once(hits)))


def _run(content: memoryview, take: object) -> None:
    import hyperscan

    database = _database()
    assert isinstance(database, hyperscan.Database)  # noqa: S101 - made above
    try:
        database.scan(content, match_event_handler=take)
    except hyperscan.ScanTerminated:
        return


def _anchored(find: Find, content: memoryview, end: int) -> Iterator[Hit]:
    start = max(0, end - len(find.anchor) - BEFORE_BYTES)
    window = bytes(content[start : end + AFTER_BYTES])
    anchor = end - len(find.anchor) - start
    if start == 0:
        window, start = b"\0" + window, -1  # the first text of a file has no NUL before it
        anchor += 1
    for found in find.pattern.finditer(window):
        if found.start() <= anchor < found.end():
            yield _hit(find, found, start)


def _bare(find: Find, content: memoryview, ends: list[int]) -> Iterator[Hit]:
    """The one text in the library that is a version of this product's shape, or nothing when there are two."""
    hits: set[Hit] = set()
    for end in ends:
        start = _text_start(content, end)
        found = find.pattern.match(bytes(content[start:end]))
        if found and _whole(found):
            hits.add(_hit(find, found, start))
    if len({one.version for one in hits}) == 1:
        yield min(hits)


def _whole(found: re.Match[bytes]) -> bool:
    """The expression took the whole text, or stopped before a tail that its look-ahead names."""
    rest = found.string[found.end() :]
    return rest == b"\0" or b"(?=" in found.re.pattern


def _text_start(content: memoryview, end: int) -> int:
    """Position of the NUL before the text that ends (with its NUL) at `end`."""
    low = max(0, end - 128)
    return low + max(0, bytes(content[low : end - 1]).rfind(b"\0"))


def _hit(find: Find, found: re.Match[bytes], start: int) -> Hit:
    quote = found[0].strip(b"\0")
    offset = start + found.start() + (len(found[0]) - len(found[0].lstrip(b"\0")))
    return Hit(find.product, found["version"].decode("latin-1"), max(0, offset), quote, find.confidence)


def _once(hits: set[Hit]) -> list[Hit]:
    """One hit for each product and version: the most confident, then the first."""
    best: dict[tuple[str, str], Hit] = {}
    for one in sorted(hits, key=lambda hit: (-hit.confidence, hit.offset, hit.quote)):
        best.setdefault((one.product, one.version), one)
    return list(best.values())
