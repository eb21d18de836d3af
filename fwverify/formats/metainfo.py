"""AppStream metainfo of firmware: which device and which version it is for.

Source: AppStream 1.0 specification sections 2.1 and 2.6 (component type `firmware`), LVFS documentation "Metainfo
files", read 2026-11-22. XML as RFC 7303 and XML 1.0 have it, through expat, without what lets a document mean more
than it says: document types, entities and processing instructions are refused.

Does not do: translations, requirements, other component types.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NoReturn

from fwverify.limits import LimitExceeded
from fwverify.model.examining import Malformed

WHAT = "metainfo"
MAX_BYTES = 1 << 20
MAX_DEPTH = 32
MAX_ELEMENTS = 20_000
MAX_TEXT = 512
SUFFIX = ".metainfo.xml"


@dataclass(frozen=True, slots=True)
class Metainfo:
    """What it states."""

    identifier: str
    guids: tuple[str, ...]
    """Of `provides/firmware` with type `flashed`, lower case."""
    version: str
    """Of the first release, which is the newest one."""


@dataclass(slots=True)
class _Reader:
    path: list[str] = field(default_factory=list)
    elements: int = 0
    text: str = ""
    kind: str = ""
    identifier: str = ""
    flashed: bool = False
    guids: list[str] = field(default_factory=list)
    versions: list[str] = field(default_factory=list)

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.elements += 1
        self.path.append(name)
        if len(self.path) > MAX_DEPTH or self.elements > MAX_ELEMENTS:
            raise LimitExceeded("max_xml_elements", self.elements)
        self.text = ""
        if self.path == ["component"]:
            self.kind = attributes.get("type", "")
        if self.path == ["component", "releases", "release"]:
            self.versions.append(attributes.get("version", "")[:MAX_TEXT])
        self.flashed = name == "firmware" and attributes.get("type") == "flashed"

    def data(self, text: str) -> None:
        if len(self.text) <= MAX_TEXT:
            self.text += text

    def end(self, _: str) -> None:
        text = self.text.strip()[:MAX_TEXT]
        if self.path == ["component", "id"] and not self.identifier:
            self.identifier = text
        if self.path == ["component", "provides", "firmware"] and self.flashed:
            self.guids.append(text.casefold())
        self.path.pop()
        self.text = ""


def _refused(*_: object) -> NoReturn:
    raise Malformed(WHAT, "it declares a document type, an entity or a processing instruction")


def parse(view: memoryview) -> Metainfo:
    """Read a metainfo file.

    Raises:
        Malformed: not well-formed, or with declarations that are refused, or of another component type.
        LimitExceeded: too large.
    """
    from xml.parsers import expat  # nothing is resolved: declarations end the reading

    if len(view) > MAX_BYTES:
        raise LimitExceeded("max_text_bytes", len(view))
    reader = _Reader()
    parser = expat.ParserCreate("UTF-8")
    parser.StartElementHandler, parser.EndElementHandler = reader.start, reader.end
    parser.CharacterDataHandler = reader.data
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = _refused
    parser.ProcessingInstructionHandler = parser.ExternalEntityRefHandler = _refused
    try:
        parser.Parse(bytes(view), True)
    except expat.ExpatError as problem:
        raise Malformed(WHAT, f"not well-formed: {expat.errors.messages.get(problem.code, problem.code)}") from None
    if reader.kind != "firmware":
        raise Malformed(WHAT, "not of component type firmware")
    version = reader.versions[0] if reader.versions else ""
    return Metainfo(reader.identifier, tuple(dict.fromkeys(one for one in reader.guids if one)), version)
