"""Bounded JSON: what is refused, and that refusing is cheap."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fwverify.formats import strict_json
from fwverify.formats.strict_json import load
from fwverify.limits import LimitExceeded
from fwverify.model.examining import Malformed

REFUSED = {
    "byte order mark": b"\xef\xbb\xbf{}",
    "not UTF-8": b'"\xff"',
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "duplicate key": b'{"a": 1, "b": {"c": 1, "c": 2}}',
    "NaN": b"[NaN]",
    "Infinity": b"[-Infinity]",
    "overflowing real": b"[1e999]",
    "64 bits": b"[9223372036854775808]",
    "many digits": b"9" * 5000,
    "half a surrogate pair": b'["\\ud800"]',
    "half a pair as a key": b'{"\\uDC00": 1}',
    "too deep": b"[" * 65 + b"]" * 65,
    "unpaired": b"[[}]",
    "cut": b'{"a": [1, 2',
    "cut string": b'{"a": "b\\',
    "trailing": b"{} {}",
    "comment": b"{} // no",
    "empty": b"",
    "raw control character": b'"\x00"',
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    """What two readers could read differently, or what is not JSON, is malformed."""
    with pytest.raises(Malformed):
        load(REFUSED[name], "document")


def test_duplicate_key_is_named() -> None:
    """The message names the key, so that a vendor can find it."""
    with pytest.raises(Malformed, match="'purl'"):
        load(b'{"purl": 1, "purl": 1}', "document")


@pytest.mark.parametrize(
    "text", [b"[" * 64 + b"]" * 64, b'"[[[[{{{"', b'"\\ud83d\\ude00"', b"9223372036854775807", b"2.5"]
)
def test_accepted(text: bytes) -> None:
    """Depth up to the limit, brackets in strings, whole surrogate pairs and 64-bit numbers are fine."""
    assert load(text, "document") == json.loads(text)


def test_size_is_bounded_before_copying() -> None:
    """A document beyond the limit is refused by its length."""
    with pytest.raises(LimitExceeded, match="max_text_bytes"):
        load(b" " * 11, "document", max_bytes=10)


def test_number_of_values_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many tiny values are counted on the text, before they are made."""
    monkeypatch.setattr(strict_json, "MAX_VALUES", 10)
    with pytest.raises(LimitExceeded, match="max_json_values"):
        load(b"[" + b"[],{}," * 4 + b"1]", "document")
    assert load(b'["[],[],[],[],[],[],[],[],[]"]', "document")


def test_many_quotes_are_linear() -> None:
    """A megabyte of escaped quotes without an end is refused at once (a naive search needs hours)."""
    with pytest.raises(Malformed):
        load(b'"' + b'\\"' * 500_000, "document")


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63) + 1, 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)  # fmt: skip


@given(values, st.booleans())
def test_reads_what_json_writes(value: object, ascii_only: bool) -> None:
    """Every document of finite values comes back as it was."""
    assert load(json.dumps(value, ensure_ascii=ascii_only).encode(), "document") == value


@given(st.binary(max_size=60))
def test_total(data: bytes) -> None:
    """Any bytes are read or refused, never another exception."""
    with suppress(Malformed):
        load(data, "document")
