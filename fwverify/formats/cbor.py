"""CBOR from hostile bytes: bounded, every item a value of Python.

RFC 8949 sections 3 and 3.2 (indefinite lengths), read 2026-11-22. Tags are passed over, real numbers and simple values
but true, false and null come as None, a map's later duplicate keys are left out. Does NOT check canonical order.
"""

from __future__ import annotations

from fwverify.formats.cursor import Cursor
from fwverify.limits import LimitExceeded
from fwverify.model.examining import Malformed

Value = None | bool | int | bytes | str | list["Value"] | dict["int | str | bytes", "Value"]

MAX_DEPTH = 32
MAX_ITEMS = 200_000
"""Items of one document. A coSWID tag has tens."""
_BREAK = object()
_COUNT_BYTES = {24: 1, 25: 2, 26: 4, 27: 8}
UNSIGNED, NEGATIVE, BYTES, TEXT, ARRAY, MAP, TAG, SIMPLE = range(8)
INDEFINITE = 31


class _Reader:
    def __init__(self, cursor: Cursor) -> None:
        self.cursor = cursor
        self.items = 0

    def item(self, depth: int) -> object:
        """One item; _BREAK for the end of an indefinite one."""
        self.items += 1
        if self.items > MAX_ITEMS:
            raise LimitExceeded("max_cbor_items", MAX_ITEMS)
        if depth > MAX_DEPTH:
            raise Malformed(self.cursor.what, f"nested more than {MAX_DEPTH} deep", self.cursor.at)
        head = self.cursor.u8("item")
        kind, more = head >> 5, head & 31
        if more == INDEFINITE:
            return self._indefinite(kind, depth)
        count = self._count(more)
        if kind in (ARRAY, MAP):
            if count > self.cursor.left:
                raise Malformed(self.cursor.what, f"{count} items in {self.cursor.left} bytes", self.cursor.at)
            return self._array(count, depth) if kind == ARRAY else self._map(count, depth)
        return self.item(depth + 1) if kind == TAG else self._single(kind, more, count)

    def _single(self, kind: int, more: int, count: int) -> bytes | str | int | None:
        if kind in (BYTES, TEXT):
            return self._string(kind, bytes(self.cursor.take(count, "string")))
        if kind == SIMPLE:
            return {20: False, 21: True}.get(more)
        return count if kind == UNSIGNED else -1 - count

    def _count(self, more: int) -> int:
        if more < 24:
            return more
        if more not in _COUNT_BYTES:
            raise Malformed(self.cursor.what, f"additional information {more}", self.cursor.at)
        return int.from_bytes(self.cursor.take(_COUNT_BYTES[more], "count"), "big")

    def _string(self, kind: int, raw: bytes) -> bytes | str:
        if kind == BYTES:
            return raw
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError:
            raise Malformed(self.cursor.what, "a text is not UTF-8", self.cursor.at) from None

    def _indefinite(self, kind: int, depth: int) -> object:
        if kind == SIMPLE:
            return _BREAK
        if kind in (BYTES, TEXT):
            return self._pieces(kind, depth)
        if kind == ARRAY:
            return self._array(-1, depth)
        if kind == MAP:
            return self._map(-1, depth)
        raise Malformed(self.cursor.what, "an item without length", self.cursor.at)

    def _pieces(self, kind: int, depth: int) -> bytes | str:
        parts: list[bytes] = []
        while (piece := self.item(depth + 1)) is not _BREAK:
            if not isinstance(piece, bytes if kind == BYTES else str):
                raise Malformed(self.cursor.what, "a string of other things", self.cursor.at)
            parts.append(piece if isinstance(piece, bytes) else piece.encode())
        return self._string(kind, b"".join(parts))

    def _value(self, depth: int) -> Value:
        value = self.item(depth)
        if value is _BREAK:
            raise Malformed(self.cursor.what, "an end that ends nothing", self.cursor.at)
        return value  # type: ignore[return-value]

    def _array(self, count: int, depth: int) -> list[Value]:
        if count >= 0:
            return [self._value(depth + 1) for _ in range(count)]
        found: list[Value] = []
        while (one := self.item(depth + 1)) is not _BREAK:
            found.append(one)  # type: ignore[arg-type]
        return found

    def _map(self, count: int, depth: int) -> dict[int | str | bytes, Value]:
        found: dict[int | str | bytes, Value] = {}
        while count:
            key = self.item(depth + 1)
            if key is _BREAK and count < 0:
                break
            value = self._value(depth + 1)
            if isinstance(key, int | str | bytes):
                found.setdefault(key, value)
            count -= 1
        return found


def load(view: memoryview | bytes, what: str, start: int = 0) -> tuple[Value, int]:
    """One item, and where it ends.

    Raises:
        Malformed: not CBOR.
        LimitExceeded: too many items.
    """
    reader = _Reader(Cursor(view, what, start))
    return reader._value(0), reader.cursor.at
