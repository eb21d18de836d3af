"""XML from hostile documents as a small tree: bounded, UTF-8 only, without anything that means more than it says.

XML 1.0 (fifth edition) sections 2 to 4 and Namespaces in XML 1.0, through expat; read 2026-11-22. Document types and
with them entities, external or not, and processing instructions are refused before anything is expanded. Comments,
prefixes and the order of attributes are not kept. Does NOT validate (see `xml_schema`) and resolves nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NoReturn

from fwverify.limits import DEFAULT_LIMITS, LimitExceeded
from fwverify.model.examining import Malformed

MAX_DEPTH = 64
"""Elements inside one another. Real bills of materials need up to 20."""
MAX_NODES = 1_000_000
"""Elements and attributes of one document; each costs some 400 bytes. A 10,000-component SBOM has 150,000."""
_CHUNK = 1 << 20
_SEPARATOR = " "
"""Between namespace and local name, as expat gives them: no name can hold one."""
_BOM = b"\xef\xbb\xbf"
_OTHER_MARKS = (b"\xff\xfe", b"\xfe\xff")


@dataclass(slots=True)
class Element:
    """One element with what is inside it, in order."""

    namespace: str
    name: str
    """Without prefix."""
    attributes: dict[str, str]
    """By local name; those of another namespace as `{namespace}name`."""
    children: list[Element] = field(default_factory=list)
    text: str = ""
    """The texts directly inside, joined."""

    def all(self, name: str) -> Iterator[Element]:
        """Children of that name in the same namespace."""
        return (one for one in self.children if one.name == name and one.namespace == self.namespace)

    def first(self, name: str) -> Element | None:
        """The first child of that name in the same namespace."""
        return next(self.all(name), None)


@dataclass(slots=True)
class _Builder:
    what: str
    open: list[Element] = field(default_factory=list)
    texts: list[list[str]] = field(default_factory=list)
    root: Element | None = None
    nodes: int = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.nodes += 1 + len(attributes)
        if self.nodes > MAX_NODES:
            raise LimitExceeded("max_xml_nodes", self.nodes)
        if len(self.open) >= MAX_DEPTH:
            raise Malformed(self.what, f"nested more than {MAX_DEPTH} deep")
        namespace, _, local = name.rpartition(_SEPARATOR)
        element = Element(namespace, local, {_attribute(key): value for key, value in attributes.items()})
        if self.open:
            self.open[-1].children.append(element)
        else:
            self.root = element
        self.open.append(element)
        self.texts.append([])

    def end(self, name: str) -> None:
        self.open.pop().text = "".join(self.texts.pop())

    def data(self, text: str) -> None:
        self.texts[-1].append(text)

    def declaration(self, version: str, encoding: str | None, standalone: int) -> None:
        if encoding is not None and encoding.upper() not in ("UTF-8", "US-ASCII", "ASCII"):
            raise Malformed(self.what, f"declares the encoding {encoding[:40]!r}; only UTF-8 is read")

    def refuse(self, *_: object) -> NoReturn:
        raise Malformed(self.what, "document types, entities and processing instructions are not taken")


def _attribute(name: str) -> str:
    namespace, _, local = name.rpartition(_SEPARATOR)
    return f"{{{namespace}}}{local}" if namespace else local


def parse(view: memoryview | bytes, what: str, *, max_bytes: int = DEFAULT_LIMITS.max_text_bytes) -> Element:
    """Read one document.

    1. The size is bounded before the bytes are copied.
    2. What a document type could do is refused as soon as it begins.
    3. Depth and the number of elements and attributes are bounded while reading.

    Args:
        view: the bytes.
        what: name of the document for messages (`CycloneDX`).
        max_bytes: refuse longer documents.

    Raises:
        Malformed: not such a document.
        LimitExceeded: too long or too many elements.
    """
    if len(view) > max_bytes:  # 1
        raise LimitExceeded("max_text_bytes", len(view))
    from xml.parsers import expat  # nothing is resolved: declarations end the reading

    builder = _Builder(what)
    parser = expat.ParserCreate("UTF-8", _SEPARATOR)
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = builder.start, builder.end
    parser.CharacterDataHandler = builder.data
    parser.XmlDeclHandler = builder.declaration
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = builder.refuse  # 2
    parser.ProcessingInstructionHandler = parser.UnparsedEntityDeclHandler = builder.refuse
    raw = memoryview(view)
    start = len(_BOM) if bytes(raw[: len(_BOM)]) == _BOM else 0
    if bytes(raw[:2]) in _OTHER_MARKS:  # expat would read UTF-16 whatever it was told
        raise Malformed(what, "not UTF-8", 0)
    try:
        for place in range(start, len(raw), _CHUNK):  # 3
            parser.Parse(bytes(raw[place : place + _CHUNK]), False)
        parser.Parse(b"", True)
    except expat.ExpatError as problem:
        reason = expat.errors.messages.get(problem.code, str(problem.code))
        raise Malformed(what, f"not well-formed: {reason} (line {problem.lineno})") from None
    if builder.root is None:
        raise Malformed(what, "no element")
    return builder.root
