"""JSON Schema 2020-12 of the evidence, the report and the difference, made from the dataclasses of the model.

Specification: json-schema.org/draft/2020-12, core and validation, read 2026-11-22. Types come from the annotations,
descriptions from the docstrings under the fields, forms from `model.canonical`. Unknown fields are allowed (in-toto
parsing rules). docs/evidence-schema.json, docs/report-schema.json and docs/difference-schema.json are what these
functions return, and a test compares them. Does not validate anything.
"""

from __future__ import annotations

import ast
import inspect
import itertools
import json
import sys
import textwrap
from dataclasses import MISSING, fields, is_dataclass
from enum import StrEnum
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Union, get_args, get_origin, get_type_hints

from fwverify.model.artifact import ByteRange, Locator
from fwverify.model.canonical import Json
from fwverify.model.difference import SCHEMA as DIFFERENCE_SCHEMA
from fwverify.model.difference import Difference
from fwverify.model.evidence import SCHEMA as EVIDENCE_SCHEMA
from fwverify.model.evidence import Evidence
from fwverify.model.verdict import Verdict
from fwverify.report.interface import REPORT_SCHEMA

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_PLAIN: dict[object, dict[str, Json]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    bool: {"type": "boolean"},
    NoneType: {"type": "null"},
    bytes: {"type": "string", "pattern": "^([0-9a-f]{2})*$", "description": "bytes, hexadecimal"},
}

_RANGE: dict[str, Json] = {
    "description": "bytes from start up to, not including, end",
    "type": "array",
    "prefixItems": [{"type": "integer", "minimum": 0}, {"type": "integer", "minimum": 1}],
    "items": False,
    "minItems": 2,
}
_LOCATOR: dict[str, Json] = {
    "description": "where an artifact lies: [member, container, ordinal] for each step",
    "type": "array",
    "items": {
        "type": "array",
        "prefixItems": [{"type": "string"}, {"type": "string"}, {"type": "integer", "minimum": 0}],
        "items": False,
        "minItems": 3,
    },
}


def evidence_schema() -> Json:
    """Schema of evidence.json."""
    definitions: dict[str, Json] = {}
    root = _of(Evidence, definitions)
    return _document(EVIDENCE_SCHEMA, "fwverify evidence: all facts of one run", root, definitions)


def report_schema() -> Json:
    """Schema of the JSON report."""
    definitions: dict[str, Json] = {}
    root: dict[str, Json] = {
        "type": "object",
        "required": ["$schema", "schema", "evidence_digest", "verdict", "evidence"],
        "properties": {
            "$schema": {"const": REPORT_SCHEMA},
            "schema": {"const": REPORT_SCHEMA},
            "evidence_digest": {
                "type": "string",
                "pattern": "^[0-9a-f]{64}$",
                "description": "SHA-256 of the canonical evidence (the evidence file)",
            },
            "exit_status": {"enum": [0, 1, 3, None], "description": "of the process; null from the library"},
            "verdict": _of(Verdict, definitions),
            "evidence": _of(Evidence, definitions),
        },
    }
    return _document(REPORT_SCHEMA, "fwverify report: evidence and verdict", root, definitions)


def difference_schema() -> Json:
    """Schema of what `fwverify diff --json` prints."""
    definitions: dict[str, Json] = {}
    root: dict[str, Json] = {
        "type": "object",
        "required": ["$schema", "schema"],
        "properties": {"$schema": {"const": DIFFERENCE_SCHEMA}, "schema": {"const": DIFFERENCE_SCHEMA}},
        "allOf": [_of(Difference, definitions)],
    }
    return _document(DIFFERENCE_SCHEMA, "fwverify diff: what differs between two evidences", root, definitions)


def text(schema: Json) -> str:
    """As the file in docs/ holds it."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _document(uri: str, title: str, root: dict[str, Json], definitions: dict[str, Json]) -> Json:
    ordered: dict[str, Json] = {name: definitions[name] for name in sorted(definitions)}
    return {"$schema": DIALECT, "$id": uri, "title": title, **root, "$defs": ordered}


def _of(kind: object, definitions: dict[str, Json]) -> dict[str, Json]:
    if kind in _PLAIN:
        return dict(_PLAIN[kind])
    origin = get_origin(kind)
    if origin in (Union, UnionType):
        return {"anyOf": [_of(one, definitions) for one in get_args(kind)]}
    if origin is tuple:
        return _tuple(get_args(kind), definitions)
    if isinstance(kind, type):
        return _named(kind, definitions)
    raise TypeError(f"no schema for {kind!r}")


def _tuple(args: tuple[object, ...], definitions: dict[str, Json]) -> dict[str, Json]:
    if len(args) == 2 and args[1] is Ellipsis:
        return {"type": "array", "items": _of(args[0], definitions)}
    each: list[Json] = [_of(one, definitions) for one in args]
    return {"type": "array", "prefixItems": each, "items": False, "minItems": len(args)}


def _named(kind: type, definitions: dict[str, Json]) -> dict[str, Json]:
    name = kind.__name__
    if name not in definitions:
        definitions[name] = True  # a mark, so that a type may hold itself
        definitions[name] = _definition(kind, definitions)
    return {"$ref": f"#/$defs/{name}"}


def _definition(kind: type, definitions: dict[str, Json]) -> Json:
    if kind is ByteRange:
        return _RANGE
    if kind is Locator:
        return _LOCATOR
    if issubclass(kind, StrEnum):
        values: list[Json] = [one.value for one in kind]
        return {"description": _first_line(kind), "type": "string", "enum": values}
    if is_dataclass(kind):
        return _object(kind, definitions)
    raise TypeError(f"no schema for {kind.__name__}")


def _object(kind: type[DataclassInstance], definitions: dict[str, Json]) -> Json:
    hints = get_type_hints(kind)
    said = field_docstrings(kind)
    properties: dict[str, Json] = {}
    required: list[Json] = []
    for one in fields(kind):
        shape = _of(hints[one.name], definitions)
        if said.get(one.name):
            shape["description"] = said[one.name]
        properties[one.name] = shape
        if one.default is MISSING and one.default_factory is MISSING:
            required.append(one.name)
    return {
        "description": _first_line(kind),
        "type": "object",
        "required": required,
        "properties": properties,
    }


def _first_line(kind: type) -> str:
    return inspect.cleandoc(kind.__doc__ or "").partition("\n")[0]


def field_docstrings(kind: type) -> dict[str, str]:
    """The string under each field of a class, as written in its source."""
    module = sys.modules[kind.__module__]
    source = textwrap.dedent(inspect.getsource(module))
    body = next(
        (one.body for one in ast.parse(source).body if isinstance(one, ast.ClassDef) and one.name == kind.__name__), []
    )
    out: dict[str, str] = {}
    for field, below in itertools.pairwise(body):
        match field, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(words))):
                out[name] = " ".join(words.split())
    return out
