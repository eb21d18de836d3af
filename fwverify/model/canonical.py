"""Values to canonical JSON and back.

Canonical form: RFC 8785 for the subset used here (objects with ASCII keys, strings, integers, booleans, null,
arrays; no floats exist in the model). Bytes are hexadecimal, ranges `[start, end]`, locators lists of
`[member, container, ordinal]`, enumerations their value, tuples arrays. Reading ignores unknown fields
(in-toto parsing rules).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import StrEnum
from functools import cache
from itertools import repeat
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, TypeVar, Union, get_args, get_origin, get_type_hints

from fwverify.model.artifact import ByteRange, Locator, Step

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Json = None | bool | int | str | list["Json"] | dict[str, "Json"]


class NotEvidence(ValueError):
    """A document that does not have the shape of the value it should hold; says where."""


def to_json(value: object) -> Json:
    """The JSON form of any model value. Raises TypeError for anything that is not one (a bug)."""
    return _WRITERS[type(value)](value)


class _Writers(dict[type, Callable[[Any], Json]]):
    """How values of a class are written; found out once for each class, because a run writes millions."""

    def __missing__(self, kind: type) -> Callable[[Any], Json]:
        self[kind] = _writer(kind)
        return self[kind]


_WRITERS = _Writers()


def _writer(kind: type) -> Callable[[Any], Json]:
    if kind is NoneType or issubclass(kind, int) or (issubclass(kind, str) and not issubclass(kind, StrEnum)):
        return _as_it_is
    if issubclass(kind, Locator):
        return lambda value: [list(step) for step in value.steps]
    if issubclass(kind, tuple | list):
        return lambda value: [_WRITERS[type(one)](one) for one in value]
    if issubclass(kind, dict):
        return lambda value: {str(key): _WRITERS[type(one)](one) for key, one in value.items()}
    return _special(kind)


def _as_it_is(value: Json) -> Json:
    return value


def _special(kind: type) -> Callable[[Any], Json]:
    if issubclass(kind, StrEnum):
        return lambda value: str(value.value)
    if issubclass(kind, bytes):
        return lambda value: str(value.hex())
    if issubclass(kind, ByteRange):
        return lambda value: [value.start, value.end]
    if not is_dataclass(kind):
        raise TypeError(f"not a model value: {kind.__name__}")
    names = tuple(one.name for one in fields(kind))
    return lambda value: {name: _WRITERS[type(one := getattr(value, name))](one) for name in names}


_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def canonical(value: object) -> bytes:
    """Canonical JSON bytes of a model value or of plain JSON."""
    return _ENCODER.encode(to_json(value)).encode()


def identify(value: object) -> str:
    """Id of an observation: SHA-256 of its canonical JSON, hexadecimal."""
    return hashlib.sha256(canonical(value)).hexdigest()


T = TypeVar("T")
Read = Callable[[Any], object]


class _Misshapen(Exception):
    """What is wrong, and where, from the inside out."""

    def __init__(self, what: str) -> None:
        self.what, self.where = what, [""]
        super().__init__(what)


def from_json(kind: type[T], data: Json, where: str = "") -> T:
    """Read a value of `kind` back. Raises NotEvidence with the place when the shape is not right."""
    wanted: Any = kind
    try:
        value = _reader(wanted)(data)
    except _Misshapen as problem:
        raise NotEvidence(f"{where or kind.__name__}{''.join(reversed(problem.where))}: {problem.what}") from None
    assert isinstance(value, kind)  # noqa: S101 - narrows the type; the reader built exactly that kind
    return value


@cache
def _reader(kind: Any) -> Read:
    """How a field of this type is read; found out once for each type, because a run reads millions."""
    origin = get_origin(kind)
    if origin in (Union, UnionType):
        return _union_reader(get_args(kind))
    if origin is tuple:
        return _tuple_reader(get_args(kind))
    if kind is ByteRange:
        return _read_range
    if kind is Locator:
        return _read_locator
    return _plain_reader(kind)


def _plain_reader(kind: Any) -> Read:
    name = getattr(kind, "__name__", str(kind))
    if kind is bytes:
        return _read_bytes
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return _enum_reader(kind)
    if isinstance(kind, type) and is_dataclass(kind):
        return _dataclass_reader(kind)

    def read(data: Json) -> object:
        if type(data) is kind:
            return data
        raise _Misshapen(f"expected {name}, found {type(data).__name__}")

    return read


def _union_reader(options: tuple[object, ...]) -> Read:
    inner = _reader(next(one for one in options if one is not NoneType))
    if NoneType not in options:
        return inner
    return lambda data: None if data is None else inner(data)


def _tuple_reader(args: tuple[object, ...]) -> Read:
    if len(args) == 2 and args[1] is Ellipsis:
        return lambda data: _each(data, repeat(_reader(args[0])))

    def read(data: Json) -> object:
        if isinstance(data, list) and len(args) != len(data):
            raise _Misshapen(f"expected {len(args)} entries, found {len(data)}")
        return _each(data, map(_reader, args))

    return read


def _each(data: Json, readers: Iterable[Read]) -> tuple[object, ...]:
    if not isinstance(data, list):
        raise _Misshapen("expected a list")
    values: list[object] = []
    try:
        for one, read in zip(data, readers, strict=False):
            values.append(read(one))
    except _Misshapen as problem:
        problem.where.append(f"[{len(values)}]")
        raise
    return tuple(values)


def _read_range(data: Json) -> ByteRange:
    match data:
        case [int(start), int(end)] if 0 <= start < end:
            return ByteRange(start, end)
    raise _Misshapen("not a byte range")


def _read_locator(data: Json) -> Locator:
    if not isinstance(data, list):
        raise _Misshapen("not a locator")
    steps = []
    for one in data:
        match one:
            case [str(member), str(container), int(ordinal)]:
                steps.append(Step(member, container, ordinal))
            case _:
                raise _Misshapen("not a locator")
    return Locator(tuple(steps))


def _read_bytes(data: Json) -> bytes:
    if not isinstance(data, str):
        raise _Misshapen(f"expected bytes, found {type(data).__name__}")
    try:
        return bytes.fromhex(data)
    except ValueError:
        raise _Misshapen("not hexadecimal") from None


def _enum_reader(kind: type[StrEnum]) -> Read:
    def read(data: Json) -> StrEnum:
        if not isinstance(data, str):
            raise _Misshapen(f"expected {kind.__name__}, found {type(data).__name__}")
        try:
            return kind(data)
        except ValueError:
            raise _Misshapen(f"{data!r} is no {kind.__name__}") from None

    return read


def _dataclass_reader(kind: type[DataclassInstance]) -> Read:
    hints = get_type_hints(kind)
    shape = tuple((one.name, hints[one.name], _required(one)) for one in fields(kind))

    def read(data: Json) -> object:
        if not isinstance(data, dict):
            raise _Misshapen(f"expected {kind.__name__}, found {type(data).__name__}")
        given: dict[str, object] = {}
        for name, hint, required in shape:
            if name in data:
                try:
                    given[name] = _reader(hint)(data[name])
                except _Misshapen as problem:
                    problem.where.append(f".{name}")
                    raise
            elif required:
                raise _Misshapen(f"{name} is missing")
        try:
            return kind(**given)
        except ValueError as problem:
            raise _Misshapen(str(problem)) from None

    return read


def _required(one: Field[Any]) -> bool:
    return one.default is MISSING and one.default_factory is MISSING
