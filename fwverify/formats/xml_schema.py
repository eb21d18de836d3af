"""The part of XML Schema that schemas of bills of materials use, compiled once and asked in linear time.

W3C XML Schema 1.0 part 1 (structures) sections 3.3 to 3.11 and part 2 (datatypes) sections 3 and 4; read 2026-11-22.
Read: named and inner complex types with sequence, choice and wildcards, simple content, attributes and their groups;
simple types by restriction (enumeration, pattern, length, bounds) and union; one uniqueness constraint over every
element. Does NOT know substitution groups, complex content, `all`, lists, keys or assertions (XML Schema 1.1): a schema
that uses what is not known is refused whole, never half obeyed. Schemas are ours, documents are hostile.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from fwverify.formats.xml_simple_types import BUILTIN, Check, restricted
from fwverify.formats.xml_tree import Element

XS = "http://www.w3.org/2001/XMLSchema"
_INSTANCE = "{http://www.w3.org/2001/XMLSchema-instance}"
_FIRST_SYMBOL = 0xE001
_FOREIGN = "\ue000"
"""Stands for any element that only a wildcard takes."""
_PARTICLES = frozenset({"sequence", "choice", "element", "any"})
_NOTES = frozenset({"annotation"})
_TEXTS = frozenset({(XS, "string"), (XS, "normalizedString")})


class UnknownConstruct(Exception):
    """The schema uses what is not read here."""


Name = tuple[str, str]
"""Namespace and local name."""


@dataclass(slots=True)
class Shape:
    """What an element may look like."""

    text: Check | None = None
    """Of simple types and simple content; None: no text but blanks, unless mixed."""
    attributes: dict[str, Check] = field(default_factory=dict)
    required: frozenset[str] = frozenset()
    wildcard: str = ""
    """Attributes that are not declared: `##any`, `##other` (of other namespaces alone), or empty: none."""
    order: re.Pattern[str] | None = None
    """The children as a word, one symbol each; None: no children."""
    symbols: dict[str, str] = field(default_factory=dict)
    """Local name of a child -> its symbol."""
    shapes: dict[str, Callable[[], Shape]] = field(default_factory=dict)
    """Local name of a child -> its shape, made when first needed: types may hold themselves."""
    foreign: bool = False
    """A wildcard takes elements of other namespaces."""
    mixed: bool = False


@dataclass(frozen=True, slots=True)
class Problem:
    """Where a document is not as the schema wants it."""

    path: str
    """`/bom/components/component[3]/name`"""
    text: str


class Schema:
    """A compiled schema. Holds no state of the documents it is asked about."""

    def __init__(self, documents: Mapping[str, Element], target: str) -> None:
        """Args: documents by target namespace; the namespace of the root element."""
        self._target = target
        self._types: dict[Name, Element] = {}
        self._groups: dict[Name, Element] = {}
        self._elements: dict[Name, Element] = {}
        self._shapes: dict[Name, Shape] = {}
        self._checks: dict[Name, Check] = {}
        self._prefixes: dict[str, str] = {"xs": XS}
        for namespace, document in documents.items():
            self._prefixes[_prefix(namespace)] = namespace
            for one in document.children:
                self._declare(namespace, one)

    def problems(self, root: Element) -> Iterator[Problem]:
        """Everything that is wrong with a document, in document order as far as it can be told."""
        declared = self._elements.get((root.namespace, root.name))
        if declared is None:
            yield Problem(f"/{root.name}", f"no such root element in {self._target}")
            return
        yield from self._walk(root, self._shape_of(declared))
        yield from _unique(root, declared)

    # --- reading the schema ---

    def _declare(self, namespace: str, one: Element) -> None:
        if one.namespace != XS or one.name in ("annotation", "import"):
            return
        tables = {
            "complexType": self._types,
            "simpleType": self._types,
            "attributeGroup": self._groups,
            "element": self._elements,
        }
        if one.name not in tables:
            raise UnknownConstruct(one.name)
        tables[one.name][namespace, one.attributes["name"]] = one

    def _named(self, text: str) -> Name:
        prefix, _, local = text.rpartition(":")
        if not prefix:
            return self._target, local
        if prefix not in self._prefixes:
            raise UnknownConstruct(f"prefix {prefix}")
        return self._prefixes[prefix], local

    def _shape_of(self, declaration: Element) -> Shape:
        """Of an element: its type by name, or the one written inside it; without either, anything."""
        kind = declaration.attributes.get("type")
        if kind is not None:
            return self._type(self._named(kind))
        inner = [one for one in declaration.children if one.name not in _NOTES]
        for one in inner:
            if one.name == "complexType":
                return self._complex(one)
            if one.name == "simpleType":
                return Shape(text=self._simple(one))
        return Shape(text=BUILTIN["string"], wildcard="##any")

    def _type(self, name: Name) -> Shape:
        if name not in self._shapes:
            node = self._types.get(name)
            if node is not None and node.name == "complexType":
                self._shapes[name] = self._complex(node)
            else:
                self._shapes[name] = Shape(text=self._check(name))
        return self._shapes[name]

    def _check(self, name: Name) -> Check:
        if name[0] == XS:
            if name[1] not in BUILTIN:
                raise UnknownConstruct(f"xs:{name[1]}")
            return BUILTIN[name[1]]
        if name not in self._checks:
            node = self._types.get(name)
            if node is None or node.name != "simpleType":
                raise UnknownConstruct(f"simple type {name[1]}")
            self._checks[name] = self._simple(node)
        return self._checks[name]

    def _simple(self, node: Element) -> Check:
        for one in node.children:
            if one.name == "restriction":
                return self._restriction(one)
            if one.name == "union":
                members = [self._check(self._named(text)) for text in one.attributes.get("memberTypes", "").split()]
                members += [self._simple(inner) for inner in one.all("simpleType")]
                return lambda text: None if any(check(text) is None for check in members) else "is none of its kinds"
            if one.name not in _NOTES:
                raise UnknownConstruct(one.name)
        raise UnknownConstruct("an empty simple type")

    def _restriction(self, node: Element) -> Check:
        base = node.attributes.get("base")
        inner = node.first("simpleType")
        check = self._check(self._named(base)) if base is not None else self._simple(inner) if inner else None
        if check is None:
            raise UnknownConstruct("a restriction of nothing")
        facets = [
            (one.name, one.attributes["value"]) for one in node.children if one.name not in ("annotation", "simpleType")
        ]
        made = restricted(check, facets, keep_blanks=base is None or self._named(base) in _TEXTS)
        if made is None:
            raise UnknownConstruct(f"facets {sorted({name for name, _ in facets})}")
        return made

    def _complex(self, node: Element) -> Shape:
        shape = Shape(mixed=node.attributes.get("mixed") == "true")
        required: set[str] = set()
        for one in node.children:
            if one.name == "simpleContent":
                self._extension(shape, one, required)
            elif one.name in ("sequence", "choice"):
                shape.order = re.compile(self._particle(shape, one).pattern)
            elif one.name not in _NOTES:
                self._attribute(shape, one, required)
        shape.required = frozenset(required)
        return shape

    def _extension(self, shape: Shape, content: Element, required: set[str]) -> None:
        for one in content.children:
            if one.name != "extension":
                raise UnknownConstruct(one.name)
            base = self._type(self._named(one.attributes["base"]))
            shape.text = base.text
            shape.attributes.update(base.attributes)
            for inner in one.children:
                if inner.name not in _NOTES:
                    self._attribute(shape, inner, required)

    def _attribute(self, shape: Shape, node: Element, required: set[str]) -> None:
        if node.name == "anyAttribute":
            shape.wildcard = node.attributes.get("namespace", "##any")
        elif node.name == "attributeGroup":
            group = self._groups[self._named(node.attributes["ref"])]
            for one in group.children:
                if one.name not in _NOTES:
                    self._attribute(shape, one, required)
        elif node.name == "attribute":
            name = node.attributes["name"]
            inner, kind = node.first("simpleType"), node.attributes.get("type")
            shape.attributes[name] = (
                self._check(self._named(kind)) if kind else self._simple(inner) if inner else BUILTIN["string"]
            )
            if node.attributes.get("use") == "required":
                required.add(name)
        else:
            raise UnknownConstruct(node.name)

    def _particle(self, shape: Shape, node: Element) -> _Particle:
        """A particle as a regular expression over symbols. Content models are deterministic (part 1, section 3.8.6):
        the next symbol tells the way, so taking as much as possible is the only way to match, and possessive
        repetition keeps it linear."""
        inner = [one for one in node.children if one.name not in _NOTES]
        if node.name == "element":
            symbol = self._child(shape, node)
            made = _Particle(symbol, symbol, empty=False)
        elif node.name == "any":
            shape.foreign = True
            made = _Particle(_FOREIGN, _FOREIGN, empty=False)
        elif node.name in ("sequence", "choice") and all(one.name in _PARTICLES for one in inner):
            parts = [self._particle(shape, one) for one in inner]
            made = _choice(parts) if node.name == "choice" else _sequence(parts)
        else:
            raise UnknownConstruct(node.name)
        return _repeated(made, node.attributes)

    def _child(self, shape: Shape, node: Element) -> str:
        target = node
        if "ref" in node.attributes:
            found = self._elements.get(self._named(node.attributes["ref"]))
            if found is None:
                raise UnknownConstruct(f"reference to {node.attributes['ref']}")
            target = found
        name = target.attributes["name"]
        made: list[Shape] = []

        def later() -> Shape:
            if not made:
                made.append(self._shape_of(target))
            return made[0]

        if name not in shape.symbols:
            shape.symbols[name] = chr(_FIRST_SYMBOL + len(shape.symbols))
            shape.shapes[name] = later
        return shape.symbols[name]

    # --- asking about a document ---

    def _walk(self, root: Element, shape: Shape) -> Iterator[Problem]:
        waiting = [(root, shape, f"/{root.name}")]
        while waiting:
            element, shape, path = waiting.pop()
            yield from _own(element, shape, path)
            counts: dict[str, int] = {}
            found = []
            for one in element.children:
                if one.namespace != element.namespace or one.name not in shape.shapes:
                    continue
                counts[one.name] = counts.get(one.name, 0) + 1
                found.append((one, shape.shapes[one.name](), f"{path}/{one.name}[{counts[one.name]}]"))
            waiting.extend(reversed(found))


def _prefix(namespace: str) -> str:
    """The prefixes these schemas give their namespaces; prefixes themselves do not survive the parser."""
    return "spdx" if namespace.endswith("/spdx") else "bom"


@dataclass(frozen=True, slots=True)
class _Particle:
    """Part of a content model."""

    pattern: str
    first: str
    """Symbols it may begin with."""
    empty: bool
    """It may match nothing."""


def _sequence(parts: list[_Particle]) -> _Particle:
    first, empty = "", True
    for one in parts:
        first += one.first if empty else ""
        empty = empty and one.empty
    return _Particle(f"(?:{''.join(one.pattern for one in parts)})", first, empty)


def _choice(parts: list[_Particle]) -> _Particle:
    """Each way only where it can begin: one that may be empty would hide the ways behind it."""
    ways = [f"(?=[{one.first}]){one.pattern}" for one in parts if one.first]
    empty = any(one.empty for one in parts) or not parts
    return _Particle(f"(?:{'|'.join(ways)}{'|' if empty else ''})", "".join(one.first for one in parts), empty)


def _repeated(part: _Particle, attributes: Mapping[str, str]) -> _Particle:
    least, most = int(attributes.get("minOccurs", "1")), attributes.get("maxOccurs", "1")
    if (least, most) == (1, "1"):
        return part
    if part.empty and most == "unbounded":  # each round must take something, or none is needed
        return _Particle(f"(?:(?=[{part.first}]){part.pattern})*+", part.first, empty=True)
    pattern = f"{part.pattern}{{{least},{'' if most == 'unbounded' else int(most)}}}+"
    return _Particle(pattern, part.first, part.empty or least == 0)


def _own(element: Element, shape: Shape, path: str) -> Iterator[Problem]:
    """What is wrong with the element itself: attributes, text, order of children."""
    yield from (Problem(path, wrong) for wrong in _wrong_attributes(element, shape))
    wrong = shape.text(element.text) if shape.text is not None else None
    if wrong:
        yield Problem(path, f"its text {wrong}")
    if shape.text is None and not shape.mixed and element.text.strip():
        yield Problem(path, "holds text, and only elements are allowed")
    yield from _order(element, shape, path)


def _wrong_attributes(element: Element, shape: Shape) -> Iterator[str]:
    for name, value in element.attributes.items():
        if name in shape.attributes:
            wrong = shape.attributes[name](value)
            if wrong:
                yield f"@{name} {wrong}"
        elif not _wild(shape, name) and not name.startswith(_INSTANCE):
            yield f"@{name} is not allowed here"
    for name in sorted(shape.required - element.attributes.keys()):
        yield f"@{name} is missing"


def _wild(shape: Shape, name: str) -> bool:
    return shape.wildcard == "##any" or (shape.wildcard == "##other" and name.startswith("{"))


def _order(element: Element, shape: Shape, path: str) -> Iterator[Problem]:
    word = []
    for one in element.children:
        symbol = shape.symbols.get(one.name) if one.namespace == element.namespace else None
        if symbol is None and one.namespace != element.namespace and shape.foreign:
            symbol = _FOREIGN
        if symbol is None:
            yield Problem(path, f"<{one.name[:60]}> is not allowed here")
            return
        word.append(symbol)
    if shape.order is None or shape.order.fullmatch("".join(word)):
        return
    names = ", ".join(one.name for one in element.children[:8]) or "nothing"
    yield Problem(path, f"children are missing, too many or out of order: {names[:200]}")


def _unique(root: Element, declared: Element) -> Iterator[Problem]:
    """`xs:unique` with the selector `.//*`: one attribute has another value everywhere below the root."""
    for constraint in declared.all("unique"):
        selector, place = constraint.first("selector"), constraint.first("field")
        if selector is None or place is None or selector.attributes["xpath"] != ".//*":
            raise UnknownConstruct("a uniqueness constraint")
        attribute = place.attributes["xpath"].removeprefix("@")
        seen: set[str] = set()
        waiting = list(root.children)
        while waiting:
            one = waiting.pop()
            waiting.extend(one.children)
            value = one.attributes.get(attribute)
            if value is not None and value in seen:
                yield Problem(f"//{one.name}", f"@{attribute} {value[:80]!r} is given more than once")
            if value is not None:
                seen.add(value)
