"""The version detectors that are data: identify/versions/*.yaml, read and checked whole.

The keys are told in `identify/versions/__init__.py`. A key nobody knows, a find of no known kind or a confidence that
is no percentage is refused with its line: a slip in the data must not silently find less. Does NOT look at content;
see `identify.scan`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib import resources

from fwverify.formats import strict_yaml
from fwverify.formats.strict_yaml import Node

ENCODING = "latin-1"
"""A character of the data is a byte of the content."""
MAX_CONFIDENCE = 99
_GROUP = re.compile(r"\(\?P<(?:version|v1)>")
_KINDS = (
    frozenset({"anchor", "pattern"}),
    frozenset({"anchor", "with", "pattern"}),
    frozenset({"anchor", "soname", "pattern"}),
    frozenset({"anchor", "bare"}),
    frozenset({"soname", "bare"}),
    frozenset({"soname", "file"}),
)
"""What a find may consist of, besides its confidence."""


@dataclass(frozen=True, slots=True)
class Find:
    """One way to see one product."""

    product: str
    confidence: int
    """Percent."""
    anchor: bytes = b""
    """Text to search for; empty: tied by the SONAME alone."""
    soname: str = ""
    """How the SONAME of the library must begin; empty: any file."""
    beside: bytes = b""
    """Another text that must be in the same content (`with` in the data)."""
    pattern: bytes = b""
    """Expression that must match around the anchor."""
    bare: bytes = b""
    """Expression for a version that stands alone as a text."""
    file: bytes = b""
    """Expression for the file name of a library whose project names the file by the release."""


@dataclass(frozen=True, slots=True)
class Example:
    """A text a product must (version not empty) or must not (version empty) be seen in."""

    product: str
    text: bytes
    version: str
    soname: str
    file: str
    source: str


@dataclass(frozen=True, slots=True)
class Table:
    """All version detectors, sorted by product."""

    finds: tuple[Find, ...]
    examples: tuple[Example, ...]

    @property
    def products(self) -> tuple[str, ...]:
        return tuple(sorted({one.product for one in self.finds}))


@cache
def table() -> Table:
    """The data of this package. Raises YamlProblem for a slip in it, which is a bug."""
    folder = resources.files("fwverify.identify.versions")
    files = sorted((one for one in folder.iterdir() if one.name.endswith(".yaml")), key=lambda one: one.name)
    return joined([read(one.read_text("utf-8")) for one in files])


def joined(tables: list[Table]) -> Table:
    """Several tables as one."""
    return Table(
        tuple(find for one in tables for find in one.finds),
        tuple(example for one in tables for example in one.examples),
    )


def read(text: str) -> Table:
    """One product's file. Raises YamlProblem with line and column."""
    node = strict_yaml.load(text)
    _known(node, frozenset({"product", "finds", "positive", "negative"}))
    product = _text(node, "product")
    if not product:
        raise node.problem("names no product")
    finds = tuple(_find(product, one) for one in _items(node, "finds"))
    positive = tuple(_example(product, one) for one in _items(node, "positive"))
    negative = tuple(_example(product, one) for one in _items(node, "negative"))
    if not finds or not positive or not negative:
        raise node.problem("needs finds, positive and negative examples")
    for given, said in ((positive, True), (negative, False)):
        if any(bool(one.version) is not said for one in given):
            raise node.problem("a positive example states its version, a negative one does not")
    return Table(finds, (*positive, *negative))


def _find(product: str, node: Node) -> Find:
    given = {name: _text(node, name) for name in node.table or {}}
    confidence = given.pop("confidence", "")
    if frozenset(given) not in _KINDS or not all(given.values()):
        raise node.problem(
            "a find is anchor + pattern (+ soname or with), anchor + bare, soname + bare or soname + file"
        )
    if not confidence.isdecimal() or not 1 <= int(confidence) <= MAX_CONFIDENCE:
        raise node.problem("confidence is a percentage")
    return Find(
        product,
        int(confidence),
        anchor=given.get("anchor", "").encode(ENCODING),
        soname=given.get("soname", ""),
        beside=given.get("with", "").encode(ENCODING),
        pattern=_expression(node, given.get("pattern", "")),
        bare=_bare(given.get("bare", "")),
        file=_expression(node, given.get("file", "")),
    )


def _bare(text: str) -> bytes:
    """The whole text is the version, unless a group says which part."""
    return (text if not text or _GROUP.search(text) else f"(?P<version>{text})").encode(ENCODING)


def _expression(node: Node, text: str) -> bytes:
    """Of the kinds whose version is only a part of the text."""
    if text and not _GROUP.search(text):
        raise node.problem("an expression has a group `version`, or `v1`, `v2`... whose numbers make the version")
    return text.encode(ENCODING)


def _example(product: str, node: Node) -> Example:
    _known(node, frozenset({"text", "version", "source", "soname", "file"}))
    text, file, source = _text(node, "text"), _text(node, "file"), _text(node, "source")
    if not source or not (text or file):
        raise node.problem("an example has a text or a file name, and its source")
    return Example(product, text.encode(ENCODING), _text(node, "version"), _text(node, "soname"), file, source)


def _known(node: Node, names: frozenset[str]) -> None:
    if node.table is None:
        raise node.problem(f"expected a table, found {node.kind}")
    for name, entry in node.table.items():
        if name not in names:
            raise entry.key.problem(f"unknown key {name!r}")


def _text(node: Node, name: str) -> str:
    entry = (node.table or {}).get(name)
    if entry is None:
        return ""
    if entry.value.text is None:
        raise entry.value.problem(f"{name} must be a text, found {entry.value.kind}")
    return entry.value.text


def _items(node: Node, name: str) -> tuple[Node, ...]:
    entry = (node.table or {}).get(name)
    if entry is None:
        return ()
    if entry.value.items is None:
        raise entry.value.problem(f"{name} must be a list, found {entry.value.kind}")
    return entry.value.items
