"""What SPDX 3.0.1 demands of a document: classes, their fields, how often, of what kind, and what they refer to.

The model is the project's own, as the spdx-python-model package carries it (classes, fields, counts, value lists and
forms, generated from the specification's SHACL shapes; read 2026-11-23). The walk over a document is ours, because it
says every place where something is wrong, and decodes nothing. Steps for each element: 1 its class; 2 fields that the
class has; 3 how often; 4 kind and form of each value; 5 what a reference leads to, where it is in the document.
Does NOT expand terms of other contexts (such a document is not validated), follow other documents, or check extensions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import islice
from types import ModuleType
from typing import Any

from fwverify.compare.entries import Table, texts
from fwverify.formats.strict_json import Value

CONTEXT = "https://spdx.org/rdf/3.0.1/"
MAX_PROBLEMS = 10
MAX_DEPTH = 60
"""Of objects within objects; the model itself nests four deep."""
NAMES = ("@id", "spdxId", "type", "@type", "@context")
_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|[+-]\d\d:\d\d)")
_REFERENCE = re.compile(r"(?:_:|[A-Za-z][A-Za-z0-9+.-]*:).+", re.DOTALL)

Problem = tuple[str, str]
"""JSON pointer and what is wrong there."""


@dataclass(slots=True)
class _Walk:
    model: ModuleType
    types: dict[str, str] = field(default_factory=dict)
    """Identifier -> class name, of every element of the graph."""


def validated(data: Table) -> tuple[bool | None, tuple[str, ...]]:
    """Whether a document is as SPDX 3.0.1 wants it (None: of another version, or with terms of its own), and the first
    ten places where it is not."""
    contexts = texts(data.get("@context"))
    if len(contexts) != 1 or not contexts[0].startswith(CONTEXT):
        return None, ()
    found = tuple(f"{place or '/'}: {what}" for place, what in islice(_document(data), MAX_PROBLEMS))
    return not found, found


def _document(data: Table) -> Iterator[Problem]:
    from spdx_python_model.bindings import v3_0_1

    walk = _Walk(v3_0_1)
    graph = data.get("@graph")
    single = {name: one for name, one in data.items() if name not in ("@context", "@graph")}
    if graph is None:
        yield from _object(single, "", walk, 0)
        return
    for name in single:
        yield f"/{name[:60]}", "stands beside @graph"
    if not isinstance(graph, list):
        yield "/@graph", "not a list"
        return
    for one in graph:
        if isinstance(one, dict) and isinstance(own := one.get("spdxId", one.get("@id")), str):
            walk.types.setdefault(own, str(one.get("type", one.get("@type"))))
    for index, one in enumerate(graph):
        yield from _object(one, f"/@graph/{index}", walk, 0)


def _object(value: Value, place: str, walk: _Walk, depth: int, wanted: Any = None) -> Iterator[Problem]:
    if not isinstance(value, dict) or depth > MAX_DEPTH:
        yield place, "not an object" if depth <= MAX_DEPTH else "nested too deep"
        return
    kind = value.get("type", value.get("@type"))
    found = _class(walk.model, kind) if isinstance(kind, str) else None  # 1
    if found is None:
        if not isinstance(kind, str) or ":" not in kind:  # a class of somebody's own has an address
            yield place, f"{str(kind)[:60]!r} is no class of SPDX 3.0.1" if kind else "type is missing"
        return
    if found.IS_ABSTRACT:
        yield place, f"{kind} cannot stand for itself"
    if wanted is not None and not issubclass(found, wanted):
        yield place, f"a {kind} where a {_name(wanted)} belongs"
    if issubclass(found, walk.model.Element) and not isinstance(value.get("spdxId", value.get("@id")), str):
        yield place, "spdxId is missing"
    yield from _fields(value, found, place, walk, depth)


def _fields(value: Table, found: Any, place: str, walk: _Walk, depth: int) -> Iterator[Problem]:
    known = _properties(found)
    for name, one in known.items():
        given = value.get(name)
        count = len(given) if isinstance(given, list) else int(name in value)
        if one.min_count is not None and count < one.min_count:  # 3
            yield place, f"{name} is missing"
        if one.max_count is not None and count > one.max_count:
            yield f"{place}/{name}", f"{count} where at most {one.max_count} belong"
    for name, given in value.items():
        if name in NAMES or (":" in name and not getattr(found, "CLOSED", True)):
            continue
        if name not in known:  # 2
            yield place, f"unknown field {name[:60]!r}"
            continue
        yield from _values(given, known[name].prop, f"{place}/{name}", walk, depth)


def _values(given: Value, asked: Any, place: str, walk: _Walk, depth: int) -> Iterator[Problem]:
    if not isinstance(asked, walk.model.ListProp):
        yield from _value(given, asked, place, walk, depth)
        return
    for index, one in enumerate(given if isinstance(given, list) else [given]):
        yield from _value(one, asked.prop, f"{place}/{index}" if isinstance(given, list) else place, walk, depth)


def _value(value: Value, asked: Any, place: str, walk: _Walk, depth: int) -> Iterator[Problem]:
    """Step 4 and 5."""
    if isinstance(asked, walk.model.ObjectProp):
        if isinstance(value, str):
            yield from _reference(value, asked, place, walk)
        else:
            yield from _object(value, place, walk, depth + 1, asked.cls)
        return
    wrong = _wrong(value, asked, walk.model)
    if wrong:
        yield place, wrong


def _reference(value: str, asked: Any, place: str, walk: _Walk) -> Iterator[Problem]:
    if asked.expand(value) is not None:
        return
    if not _REFERENCE.fullmatch(value):
        yield place, f"{value[:60]!r} is no identifier"
        return
    kind = walk.types.get(value)
    target = _class(walk.model, kind) if kind else None
    if target is not None and not issubclass(target, asked.cls):
        yield place, f"leads to a {kind}, where a {_name(asked.cls)} belongs"


def _wrong(value: Value, asked: Any, model: ModuleType) -> str:
    """What is wrong with a plain value; empty when nothing is."""
    if isinstance(asked, model.EnumProp):
        short = isinstance(value, str) and asked.expand(value) is not None
        return "" if short or value in asked.iri_values() else f"{str(value)[:60]!r} is not one of the list"
    if isinstance(asked, model.DateTimeProp):
        return "" if isinstance(value, str) and _STAMP.fullmatch(value) else "is no time"
    if isinstance(asked, model.BooleanProp):
        return "" if isinstance(value, bool) else "neither true nor false"
    if isinstance(asked, model.IntegerProp):
        least = 1 if isinstance(asked, model.PositiveIntegerProp) else 0
        free = not isinstance(asked, model.PositiveIntegerProp | model.NonNegativeIntegerProp)
        whole = isinstance(value, int) and not isinstance(value, bool)
        return "" if whole and (free or int(str(value)) >= least) else "not a whole number that can stand here"
    if isinstance(asked, model.FloatProp):
        return "" if isinstance(value, int | float | str) and not isinstance(value, bool) else "not a number"
    if not isinstance(value, str):
        return "not a text"
    return (
        f"{value[:60]!r} has not the form it must have" if asked.pattern and not re.search(asked.pattern, value) else ""
    )


def _class(model: ModuleType, name: str) -> Any:
    """The class of a compact name or address; None when there is none."""
    return model.SHACLObject.CLASSES.get(name)


def _name(of: Any) -> str:
    return str(of._COMPACT_TYPE or of._TYPE)


@cache
def _properties(of: Any) -> dict[str, Any]:
    """Fields of a class and of all it is a kind of, by their compact names. The package has no public way to ask."""
    for one in of._OBJ_COMPACT_PROPS.values():
        if one.prop is None:  # it fills these in when it first makes an object
            one.prop = one.reg()
    return dict(of._OBJ_COMPACT_PROPS)
