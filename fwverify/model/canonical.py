"""Values to canonical JSON and back.

Canonical form: RFC 8785 for the subset used here (objects with ASCII keys, strings, integers, booleans, null,
arrays; no floats exist in the model). Bytes are hexadecimal, ranges `[start, end]`, locators lists of
`[member, container, ordinal]`, enumerations their value, tuples arrays. Reading ignores unknown fields
(in-toto parsing rules).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import MISSING, fields, is_dataclass
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import TYPE_CHECKING, TypeVar, Union, get_args, get_origin, get_type_hints

from fwverify.model.artifact import ByteRange, Locator, Step

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Json = None | bool | int | str | list["Json"] | dict[str, "Json"]


class NotEvidence(ValueError):
    """A document that does not have the shape of the value it should hold; says where."""


def to_json(value: object) -> Json:
    """The JSON form of any model value. Raises TypeError for anything that is not one (a bug)."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return value.value if isinstance(value, StrEnum) else value
    if isinstance(value, tuple | list):
        return [to_json(one) for one in value]
    if isinstance(value, dict):
        return {str(key): to_json(one) for key, one in value.items()}
    return _special(value)


def _special(value: object) -> Json:
    match value:
        case bytes():
            return value.hex()
        case ByteRange():
            return [value.start, value.end]
        case Locator():
            return [[step.member, step.container, step.ordinal] for step in value.steps]
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: to_json(getattr(value, one.name)) for one in fields(value)}
    raise TypeError(f"not a model value: {type(value).__name__}")


def canonical(value: object) -> bytes:
    """Canonical JSON bytes of a model value or of plain JSON."""
    return json.dumps(to_json(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def identify(value: object) -> str:
    """Id of an observation: SHA-256 of its canonical JSON, hexadecimal."""
    return hashlib.sha256(canonical(value)).hexdigest()


T = TypeVar("T")


def from_json(kind: type[T], data: Json, where: str = "") -> T:
    """Read a value of `kind` back. Raises NotEvidence with the place when the shape is not right."""
    value = _read(kind, data, where or kind.__name__)
    assert isinstance(value, kind)  # noqa: S101 - narrows the type; _read built exactly that kind
    return value


@cache
def _shape(kind: type[DataclassInstance]) -> tuple[tuple[str, object, bool], ...]:
    hints = get_type_hints(kind)
    return tuple(
        (one.name, hints[one.name], one.default is MISSING and one.default_factory is MISSING) for one in fields(kind)
    )


def _read(kind: object, data: Json, where: str) -> object:
    origin = get_origin(kind)
    if origin in (Union, UnionType):
        return _read_union(get_args(kind), data, where)
    if origin is tuple:
        return _read_tuple(get_args(kind), data, where)
    if kind is ByteRange:
        return _read_range(data, where)
    if kind is Locator:
        return _read_locator(data, where)
    return _read_plain(kind, data, where)


def _read_plain(kind: object, data: Json, where: str) -> object:
    if kind is bytes and isinstance(data, str):
        return _read_bytes(data, where)
    if isinstance(kind, type):
        if issubclass(kind, StrEnum) and isinstance(data, str):
            return _read_enum(kind, data, where)
        if is_dataclass(kind) and isinstance(data, dict):
            return _read_dataclass(kind, data, where)
        if type(data) is kind:
            return data
    raise NotEvidence(f"{where}: expected {getattr(kind, '__name__', kind)}, found {type(data).__name__}")


def _read_union(options: tuple[object, ...], data: Json, where: str) -> object:
    if data is None and NoneType in options:
        return None
    rest = [one for one in options if one is not NoneType]
    return _read(rest[0], data, where)


def _read_tuple(args: tuple[object, ...], data: Json, where: str) -> object:
    if not isinstance(data, list):
        raise NotEvidence(f"{where}: expected a list")
    if len(args) == 2 and args[1] is Ellipsis:
        return tuple(_read(args[0], one, f"{where}[{at}]") for at, one in enumerate(data))
    if len(args) != len(data):
        raise NotEvidence(f"{where}: expected {len(args)} entries, found {len(data)}")
    return tuple(_read(kind, one, f"{where}[{at}]") for at, (kind, one) in enumerate(zip(args, data, strict=True)))


def _read_range(data: Json, where: str) -> ByteRange:
    match data:
        case [int(start), int(end)] if 0 <= start < end:
            return ByteRange(start, end)
    raise NotEvidence(f"{where}: not a byte range")


def _read_locator(data: Json, where: str) -> Locator:
    if not isinstance(data, list):
        raise NotEvidence(f"{where}: not a locator")
    steps = []
    for one in data:
        match one:
            case [str(member), str(container), int(ordinal)]:
                steps.append(Step(member, container, ordinal))
            case _:
                raise NotEvidence(f"{where}: not a locator")
    return Locator(tuple(steps))


def _read_bytes(data: str, where: str) -> bytes:
    try:
        return bytes.fromhex(data)
    except ValueError:
        raise NotEvidence(f"{where}: not hexadecimal") from None


def _read_enum(kind: type[StrEnum], data: str, where: str) -> StrEnum:
    try:
        return kind(data)
    except ValueError:
        raise NotEvidence(f"{where}: {data!r} is no {kind.__name__}") from None


def _read_dataclass(kind: type[DataclassInstance], data: dict[str, Json], where: str) -> object:
    given: dict[str, object] = {}
    for name, hint, required in _shape(kind):
        if name in data:
            given[name] = _read(hint, data[name], f"{where}.{name}")
        elif required:
            raise NotEvidence(f"{where}: {name} is missing")
    try:
        return kind(**given)
    except ValueError as problem:
        raise NotEvidence(f"{where}: {problem}") from None
