"""CycloneDX bills of materials in XML.

CycloneDX 1.0 to 1.7 XML (ECMA-424, June 2024 and later) with the schemas of cyclonedx.org, read 2026-11-22.
Steps: 1 bounded XML without document types; 2 the document against its own version's schema; 3 the tree in the shape
the JSON form has; 4 what it declares (see `cyclonedx`).
Does NOT read vulnerabilities, formulation or declarations, and does not verify XML signatures inside the document.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from itertools import islice

from fwverify.compare import cyclonedx
from fwverify.compare.entries import Table
from fwverify.compare.interface import Document, SbomFormat
from fwverify.compare.schemas import schema_folder
from fwverify.formats.sbom_kinds import looks_like_sbom
from fwverify.formats.strict_json import Value
from fwverify.formats.xml_schema import Schema, UnknownConstruct
from fwverify.formats.xml_tree import Element, parse
from fwverify.model.artifact import Artifact
from fwverify.model.examining import Malformed
from fwverify.model.plugin import Doc

WHAT = "CycloneDX"
_PREFIX = "http://cyclonedx.org/schema/bom/"
_VERSION = re.compile(r"\d+\.\d+")
_SPDX = "http://cyclonedx.org/schema/spdx"
_MAX_ERRORS = 10
_MAX_ERROR_TEXT = 300
_LISTS = frozenset(
    {"components", "services", "hashes", "authors", "occurrences", "properties", "externalReferences", "compositions"}
    | {"ancestors", "descendants", "variants", "commits", "patches", "lifecycles", "methods", "assemblies", "tags"}
    | {"dependencies", "vulnerabilities", "annotations", "licenses"}
)
"""Elements that only hold others of one kind: lists in the JSON form."""
_TEXT_KEY = {"property": "value"}
"""Where the text of an element with attributes stands; `content` for all others."""


def read(artifact: Artifact) -> Document:
    """Read one document.

    Raises:
        Malformed: not a CycloneDX XML document at all.
        LimitExceeded: too large.
    """
    root = parse(artifact.content, WHAT)  # 1
    version = root.namespace.removeprefix(_PREFIX)
    if version == root.namespace or root.name != "bom":
        raise Malformed(WHAT, "no bom element in a namespace of CycloneDX")
    valid, errors = _validated(root, version)  # 2
    data = _document(root)  # 3
    return cyclonedx.read(data, artifact.locator, version, valid, errors)  # 4


def _validated(root: Element, version: str) -> tuple[bool | None, tuple[str, ...]]:
    if _VERSION.fullmatch(version) is None:
        return False, (f"/bom: there is no namespace {_PREFIX}{version[:40]}",)
    schema = _schema(version)
    if schema is None:
        return None, ()
    errors = tuple(f"{one.path}: {one.text}"[:_MAX_ERROR_TEXT] for one in islice(schema.problems(root), _MAX_ERRORS))
    return not errors, errors


@cache
def _schema(version: str) -> Schema | None:
    """The schema as the cyclonedx package ships it; None when it is not there or uses what we do not read."""
    folder = schema_folder()
    if folder is None or not (folder / f"bom-{version}.SNAPSHOT.xsd").is_file():
        return None
    target = f"http://cyclonedx.org/schema/bom/{version}"
    files = {_SPDX: "spdx.SNAPSHOT.xsd", target: f"bom-{version}.SNAPSHOT.xsd"}
    try:
        return Schema({one: parse((folder / name).read_bytes(), "schema") for one, name in files.items()}, target)
    except UnknownConstruct:
        return None


# --- the shape of the JSON form ----------------------------------------------------------------------------------


def _document(root: Element) -> Table:
    data: Table = dict(root.attributes)
    for one in root.children:
        if one.namespace == root.namespace:
            data[one.name] = _value(one)
    return data


def _value(element: Element) -> Value:
    """A text, an object or a list, as the JSON form of the same element would be."""
    special = _SPECIAL.get(element.name)
    if special is not None:
        return special(element)
    inner = _inner(element)
    if element.name in _LISTS and (inner or not element.text.strip()):
        return [_value(one) for one in inner]
    return _object(element, inner)


def _object(element: Element, inner: list[Element]) -> Value:
    if not inner and not element.attributes:
        return element.text.strip()
    found: Table = dict(element.attributes)
    if not inner:
        found[_TEXT_KEY.get(element.name, "content")] = element.text.strip()
    for one in inner:
        value, before = _value(one), found.get(one.name)
        if before is None:
            found[one.name] = value
        elif isinstance(before, list):
            before.append(value)
        else:
            found[one.name] = [before, value]
    return found


def _inner(element: Element) -> list[Element]:
    return [one for one in element.children if one.namespace == element.namespace]


def _licences(element: Element) -> Value:
    """Licences and expressions side by side; the text of an expression stands beside its attributes."""
    return [
        {**one.attributes, "expression": one.text.strip()} if one.name == "expression" else {one.name: _value(one)}
        for one in _inner(element)
    ]


def _tools(element: Element) -> Value:
    """Up to 1.4 a list of tools, from 1.5 lists of components and services."""
    inner = _inner(element)
    if any(one.name in ("components", "services") for one in inner):
        return {one.name: _value(one) for one in inner}
    return [_value(one) for one in inner]


def _dependency(element: Element) -> Value:
    found: Table = {"ref": element.attributes.get("ref")}
    for name, key in (("dependency", "dependsOn"), ("provides", "provides")):
        found[key] = [one.attributes.get("ref", "") for one in element.all(name)]
    return found


def _references(element: Element) -> Value:
    return [one.attributes.get("ref", "") for one in _inner(element)]


def _composition(element: Element) -> Value:
    found: Table = {"aggregate": next((one.text.strip() for one in element.all("aggregate")), None)}
    for one in _inner(element):
        if one.name in ("assemblies", "dependencies"):
            found[one.name] = _references(one)
    return found


def _organisation(element: Element) -> Value:
    """Several contacts and URLs, or one: always lists."""
    value = _object(element, _inner(element))
    if not isinstance(value, dict):
        return {"name": value}
    for key in ("contact", "url"):
        one = value.get(key)
        if one is not None and not isinstance(one, list):
            value[key] = [one]
    return value


def _component(element: Element) -> Value:
    value = _object(element, _inner(element))
    if isinstance(value, dict) and "isExternal" in value:
        value["isExternal"] = value["isExternal"] in ("true", "1")
    return value


def _container(element: Element) -> Value:
    """An object, empty where the element is."""
    value = _object(element, _inner(element))
    return value if value != "" else {}


def _number(element: Element) -> Value:
    try:
        return float(element.text.strip()[:32])
    except ValueError:
        return element.text


_SPECIAL: dict[str, Callable[[Element], Value]] = {
    "licenses": _licences,
    "tools": _tools,
    "dependency": _dependency,
    "composition": _composition,
    "component": _component,
    "confidence": _number,
    "evidence": _container,
    "pedigree": _container,
    "metadata": _container,
    "supplier": _organisation,
    "manufacturer": _organisation,
    "manufacture": _organisation,
    "provider": _organisation,
}


def _detect(artifact: Artifact) -> bool:
    return looks_like_sbom(artifact.content) == "CycloneDX XML"


SBOM_FORMAT = SbomFormat(
    name="cyclonedx-xml",
    detect=_detect,
    read=read,
    doc=Doc(
        title="CycloneDX in XML",
        vendor="OWASP Foundation, Ecma International",
        references=("ECMA-424 (CycloneDX 1.6 and 1.7), read 2026-11-22", "https://cyclonedx.org/docs/1.7/xml/"),
        limitations=(
            "validated against the schema for versions 1.0 to 1.7, without the assertions of XML Schema 1.1",
            "a document with a document type, an entity or a processing instruction is refused",
            "vulnerabilities, formulation, declarations and the texts of licences are not read",
            "XML signatures inside the document are not verified",
        ),
    ),
)
