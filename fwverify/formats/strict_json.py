"""JSON from hostile documents: bounded, UTF-8 only, no duplicate keys, no number that is not finite.

RFC 8259 sections 4, 6, 8.1, 8.2 and RFC 7493 (I-JSON) section 2, read 2026-11-22. What two readers could
understand differently (duplicate keys, a byte order mark, lone surrogates, NaN, integers beyond 64 bits) is
refused. Does NOT keep places of values, and does not accept comments or trailing commas.
"""

from __future__ import annotations

import json
import math
import re
from itertools import accumulate, islice
from typing import NoReturn

from fwverify.limits import DEFAULT_LIMITS, LimitExceeded
from fwverify.model.examining import Malformed

Value = None | bool | int | float | str | list["Value"] | dict[str, "Value"]

MAX_DEPTH = 64
"""Arrays and objects inside one another. Real SBOMs and Sigstore bundles need up to 20; the decoder recurses."""
MAX_VALUES = 5_000_000
"""Values in one document. A 10,000-component SBOM has 200,000; each may cost 70 bytes of memory for 2 of text."""
_MAX_INTEGER_CHARACTERS = 20
"""Sign and 19 digits: a longer one cannot be below 2**63."""

_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)', re.DOTALL)
"""A string, or an unterminated one up to the end: it always matches at a quote, so the search stays linear."""
_NOT_STRUCTURE = bytes(one for one in range(256) if one not in b"[]{},")
_SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")
_BOM = b"\xef\xbb\xbf"
_BLANK = b" \t\r\n"
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f]")


def load(view: memoryview | bytes, what: str, *, max_bytes: int = DEFAULT_LIMITS.max_text_bytes) -> Value:
    """Read one JSON document.

    1. The size is bounded before the bytes are copied.
    2. It is UTF-8 without a byte order mark.
    3. Nesting and the number of values are counted on the text, before a value is made.
    4. Duplicate keys, non-finite numbers, integers beyond 64 bits and lone surrogates are refused while reading.

    Args:
        view: the bytes.
        what: name of the document for messages (`SBOM`).
        max_bytes: refuse longer documents.

    Raises:
        Malformed: not such a document.
        LimitExceeded: too long or too many values.
    """
    if len(view) > max_bytes:  # 1
        raise LimitExceeded("max_text_bytes", len(view))
    raw = bytes(view)
    text = _decoded(raw, what)  # 2
    _check_structure(raw, what)  # 3
    return _parsed(text, what)  # 4


def structure(raw: bytes | memoryview) -> bytes:
    """The brackets, braces and commas of a JSON text that do not stand in a string."""
    return _STRING.sub(b"", raw).translate(None, _NOT_STRUCTURE)


def stands_alone(view: memoryview) -> bool:
    """True when one object reaches from the first to the last byte, as far as text and brackets tell. Cheap, total.

    A document that is broken inside (a comma too many, a key given twice) still stands alone; one that is cut off, or
    that something else follows, does not.
    """
    if len(view) > DEFAULT_LIMITS.max_text_bytes:
        return False
    raw = bytes(view).removeprefix(_BOM).strip(_BLANK)
    if not (raw.startswith(b"{") and raw.endswith(b"}")) or not is_text(raw):
        return False
    brackets = structure(raw).replace(b",", b"")
    if len(brackets) > MAX_VALUES:
        return False
    depths = accumulate(1 if one in b"[{" else -1 for one in brackets)
    return all(islice(depths, len(brackets) - 1)) and brackets.count(b"{") + brackets.count(b"[") == len(brackets) / 2


def is_text(raw: bytes) -> bool:
    """UTF-8 without control characters that no text has."""
    if _CONTROL.search(raw):
        return False
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _decoded(raw: bytes, what: str) -> str:
    if raw.startswith(_BOM):
        raise Malformed(what, "begins with a byte order mark", 0)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as problem:
        raise Malformed(what, "not UTF-8", problem.start) from None


def _check_structure(raw: bytes, what: str) -> None:
    marks = structure(raw)
    values = 1 + marks.count(b",") + marks.count(b"[") + marks.count(b"{")
    if values > MAX_VALUES:
        raise LimitExceeded("max_json_values", values)
    brackets = marks.replace(b",", b"")
    for _ in range(MAX_DEPTH):  # each round takes the innermost level away
        before = len(brackets)
        brackets = brackets.replace(b"[]", b"").replace(b"{}", b"")
        if len(brackets) == before:
            break
    if b"[]" in brackets or b"{}" in brackets:
        raise Malformed(what, f"nested more than {MAX_DEPTH} deep")
    if brackets:
        raise Malformed(what, "brackets do not pair")


class _Refused(ValueError):
    """A value JSON allows and we do not."""


def _parsed(text: str, what: str) -> Value:
    try:
        value: Value = json.loads(
            text, object_pairs_hook=_table, parse_int=_integer, parse_float=_real, parse_constant=_constant
        )
    except json.JSONDecodeError as problem:
        place = len(text[: problem.pos].encode())
        raise Malformed(what, f"not JSON: {problem.msg}", place) from None
    except _Refused as problem:
        raise Malformed(what, str(problem)) from None
    if _SURROGATE_ESCAPE.search(text):
        _refuse_lone_surrogates(value, what)
    return value


def _table(items: list[tuple[str, Value]]) -> dict[str, Value]:
    table = dict(items)
    if len(table) != len(items):
        raise _Refused(f"the key {_first_duplicate(items)!r} is given twice in one object")
    return table


def _integer(digits: str) -> int:
    if len(digits) > _MAX_INTEGER_CHARACTERS or abs(int(digits)) >= 1 << 63:
        raise _Refused("a number does not fit 64 bits")
    return int(digits)


def _real(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        raise _Refused("a number is too large")
    return value


def _constant(name: str) -> NoReturn:
    raise _Refused(f"{name} is not a JSON number")


def _first_duplicate(items: list[tuple[str, Value]]) -> str:
    seen: set[str] = set()
    for key, _ in items:
        if key in seen:
            return key[:100]
        seen.add(key)
    return ""


def _refuse_lone_surrogates(value: Value, what: str) -> None:
    """`"\\ud800"` is no Unicode text: it could not be written into evidence."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise Malformed(what, "a text has half a surrogate pair") from None
