"""The version detectors that are data: identify/versions/*.yaml, read and checked whole.

The keys are told in `identify/versions/__init__.py`. A key nobody knows, a find of no known kind or a confidence that
is no percentage is refused with its line: a slip in the data must not silently find less. A run does not read four
hundred YAML files: it reads what they come to, version_finds.json (written by `python -m tests.make_versions`; a test
holds the two together). Does NOT look at content; see `identify.scan`.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib import resources

from fwverify.formats import strict_yaml
from fwverify.formats.strict_yaml import Node

ENCODING = "latin-1"
"""A character of the data is a byte of the content."""
MAX_CONFIDENCE = 99
MAX_UNPROVEN = 60
"""Percent, of a product whose finds were not seen right in two real builds."""
LIVES = ("any", "firmware")
COMPILED = "version_finds.json"
_GROUP = re.compile(r"\(\?P<(?:version|v1)>")
_CPE = re.compile(r"[a-z0-9._+\\-]+:[a-z0-9._+\\-]+")
_PURL = re.compile(r"pkg:[a-z]+/[^\s@?#]+")
_PROVEN = re.compile(r"\S+ \S+ \S+ \([^()]+\)")
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
    lives: str = "any"
    """`firmware`: not in a program or library that a dynamic linker loads; those only quote it."""


@dataclass(frozen=True, slots=True)
class Product:
    """What others call the product, and how well it is known."""

    name: str
    purl: str
    """Package URL without version."""
    cpe: str
    """Vendor and product of the CPE dictionary, `openssl:openssl`; empty: none known."""
    proven: tuple[str, ...]
    """The two real builds in which its finds gave the right version; empty: unproven."""
    library: bool = False
    """Other programs may hold a copy of it."""


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
    examples: tuple[Example, ...] = ()
    known: tuple[Product, ...] = field(default=())

    @property
    def products(self) -> tuple[str, ...]:
        return tuple(sorted({one.product for one in self.finds}))


@cache
def table() -> Table:
    """What a run needs of the data of this package: finds and products, no examples."""
    document = json.loads(resources.files("fwverify.identify").joinpath(COMPILED).read_text("ascii"))
    finds = tuple(_restored(one) for one in document["finds"])
    return Table(finds, (), tuple(Product(**{**one, "proven": tuple(one["proven"])}) for one in document["products"]))


@cache
def identifiers() -> dict[str, Product]:
    """The products by name."""
    return {one.name: one for one in table().known}


def compiled(whole: Table) -> str:
    """A table without its examples, as JSON."""
    document = {
        "finds": [_plain(one) for one in whole.finds],
        "products": [asdict(one) for one in whole.known],
    }
    return json.dumps(document, indent=0, sort_keys=True, ensure_ascii=True) + "\n"


def _plain(find: Find) -> dict[str, str | int]:
    """The fields that say something."""
    fields = {
        name: value.decode(ENCODING) if isinstance(value, bytes) else value for name, value in asdict(find).items()
    }
    return {name: value for name, value in fields.items() if value not in ("", "any")}


def _restored(fields: dict[str, str]) -> Find:
    texts = {"product", "soname", "lives", "confidence"}
    return Find(**{name: value if name in texts else value.encode(ENCODING) for name, value in fields.items()})  # type: ignore[arg-type]


def sources() -> Table:
    """The YAML data of this package, with examples. Raises YamlProblem for a slip in it, which is a bug."""
    folder = resources.files("fwverify.identify.versions")
    files = sorted((one for one in folder.iterdir() if one.name.endswith(".yaml")), key=lambda one: one.name)
    return joined([read(one.read_text("utf-8")) for one in files])


def joined(tables: list[Table]) -> Table:
    """Several tables as one."""
    return Table(
        tuple(find for one in tables for find in one.finds),
        tuple(example for one in tables for example in one.examples),
        tuple(product for one in tables for product in one.known),
    )


def read(text: str) -> Table:
    """One product's file. Raises YamlProblem with line and column."""
    node = strict_yaml.load(text)
    _known(node, frozenset({"product", "purl", "cpe", "lives", "library", "proven", "finds", "positive", "negative"}))
    product = _product(node)
    lives = _text(node, "lives") or LIVES[0]
    if lives not in LIVES:
        raise node.problem(f"lives is one of {', '.join(LIVES)}")
    most = MAX_CONFIDENCE if product.proven else MAX_UNPROVEN
    finds = tuple(_find(product.name, lives, most, one) for one in _items(node, "finds"))
    positive = tuple(_example(product.name, one) for one in _items(node, "positive"))
    negative = tuple(_example(product.name, one) for one in _items(node, "negative"))
    if not finds or not positive or not negative:
        raise node.problem("needs finds, positive and negative examples")
    for given, said in ((positive, True), (negative, False)):
        if any(bool(one.version) is not said for one in given):
            raise node.problem("a positive example states its version, a negative one does not")
    return Table(finds, (*positive, *negative), (product,))


def _product(node: Node) -> Product:
    name, cpe, purl = _text(node, "product"), _text(node, "cpe"), _text(node, "purl")
    if not name:
        raise node.problem("names no product")
    if cpe and not _CPE.fullmatch(cpe):
        raise node.problem("cpe is vendor:product as in the CPE dictionary")
    if purl and not _PURL.fullmatch(purl):
        raise node.problem("purl is a package URL without version")
    library = _text(node, "library")
    if library not in ("", "true"):
        raise node.problem("library is true, or left out")
    return Product(name, purl or f"pkg:generic/{name}", cpe, _proven(node), bool(library))


def _proven(node: Node) -> tuple[str, ...]:
    entry = (node.table or {}).get("proven")
    if entry is None or entry.value.text == "unproven":
        return ()
    builds = tuple(one.text or "" for one in entry.value.items or ())
    if len(builds) != 2 or len(set(builds)) != 2 or not all(map(_PROVEN.fullmatch, builds)):
        raise entry.value.problem("proven is `unproven`, or two builds: package, version, architecture and (system)")
    return builds


def _find(product: str, lives: str, most: int, node: Node) -> Find:
    given = {name: _text(node, name) for name in node.table or {}}
    confidence = given.pop("confidence", "")
    if frozenset(given) not in _KINDS or not all(given.values()):
        raise node.problem(
            "a find is anchor + pattern (+ soname or with), anchor + bare, soname + bare or soname + file"
        )
    if not confidence.isdecimal() or not 1 <= int(confidence) <= most:
        raise node.problem(f"confidence is a percentage, at most {most} here")
    return Find(
        product,
        int(confidence),
        anchor=given.get("anchor", "").encode(ENCODING),
        soname=given.get("soname", ""),
        beside=given.get("with", "").encode(ENCODING),
        pattern=_expression(node, given.get("pattern", "")),
        bare=_bare(given.get("bare", "")),
        file=_expression(node, given.get("file", "")),
        lives=lives,
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
