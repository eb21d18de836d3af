"""DER framing: where an element ends, and whether lengths are written as DER asks.

Source: X.690 (2021) sections 8.1, 8.7 and 10.1, read 2026-11-22. Types and values are left to asn1crypto.
The walks are bounded in depth and visit every byte at most once a level, so hostile input costs little.
BER with lengths left open (what signers that stream write) is rewritten as DER by `normal`; definite lengths must be
in their shortest form in either.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fwverify.model.examining import Malformed, Unsupported

MAX_DEPTH = 40
"""CMS with certificates and timestamps nests about 20 levels."""
MAX_ELEMENTS = 20_000
"""A CMS with a long chain has about 1,000."""


@dataclass(frozen=True, slots=True)
class Element:
    """One element: offsets into the bytes it was read from."""

    tag: int
    """Identifier octet; high tag numbers are not read."""
    start: int
    body: int
    end: int

    @property
    def constructed(self) -> bool:
        return bool(self.tag & 0x20)


OCTETS, PARTED_OCTETS = 0x04, 0x24
"""An octet string whole, and in parts (BER)."""


@dataclass(frozen=True, slots=True)
class Normal:
    """The element at the front of an input, in DER framing."""

    der: bytes
    size: int
    """Bytes of it in the input."""


def normal(raw: bytes | memoryview, what: str) -> Normal:
    """The element at the front of `raw`; lengths left open are closed, octet strings in parts joined.

    Raises:
        Malformed: it is none, or it nests or branches beyond all use.
    """
    if bytes(raw[1:2]) != b"\x80":
        outer = element(raw, 0, len(raw), what)
        whole = bytes(raw[: outer.end])
        check(whole, what)
        return Normal(whole, outer.end)
    walk = _Closing(bytes(raw), what)
    der, end = walk.closed(0, 0)
    return Normal(der, end)


class _Closing:
    """One pass that rewrites open lengths, with a count of the elements met."""

    def __init__(self, raw: bytes, what: str) -> None:
        self.raw, self.what, self.seen = raw, what, 0

    def closed(self, at: int, depth: int) -> tuple[bytes, int]:
        """(the element at `at` in DER framing, where it ends)."""
        self.seen += 1
        if depth > MAX_DEPTH or self.seen > MAX_ELEMENTS:
            raise Malformed(self.what, f"more than {MAX_DEPTH} levels or {MAX_ELEMENTS} elements", at)
        if self.raw[at + 1 : at + 2] == b"\x80":
            tag = self.raw[at]
            if not tag & 0x20 or tag & 0x1F == 0x1F:
                raise Malformed(self.what, "a single value without a length", at)
            parts, end = self._parts(at + 2, -1, depth)
            return self._joined(tag, parts), end
        one = element(self.raw, at, len(self.raw), self.what)
        if not one.constructed:
            return self.raw[at : one.end], one.end
        parts, end = self._parts(one.body, one.end, depth)
        return self._joined(one.tag, parts), end

    def _parts(self, at: int, end: int, depth: int) -> tuple[list[bytes], int]:
        """The elements up to `end`, or up to the end mark where `end` is -1."""
        parts = []
        while at < end if end >= 0 else self.raw[at : at + 2] != b"\0\0":
            part, at = self.closed(at, depth + 1)
            parts.append(part)
        if end >= 0 and at != end:
            raise Malformed(self.what, "an element is longer than the one it lies in", at)
        return parts, at if end >= 0 else at + 2

    def _joined(self, tag: int, parts: list[bytes]) -> bytes:
        if tag == PARTED_OCTETS:
            if any(one[0] != OCTETS for one in parts):
                raise Malformed(self.what, "an octet string in parts that are none")
            tag, parts = OCTETS, [one[element(one, 0, len(one), self.what).body :] for one in parts]
        contents = b"".join(parts)
        return bytes([tag]) + _length(len(contents)) + contents


def _length(size: int) -> bytes:
    if size < 0x80:
        return bytes([size])
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([0x80 | len(octets)]) + octets


def element(raw: bytes | memoryview, start: int, end: int, what: str) -> Element:
    """The element at `start`, which must end by `end`.

    Raises:
        Malformed: it does not, or its length is not written in the shortest form.
        Unsupported: the indefinite form of BER.
    """
    if start + 2 > end:
        raise Malformed(what, "an element is cut off", start)
    tag, first = raw[start], raw[start + 1]
    if tag & 0x1F == 0x1F:
        raise Malformed(what, "a tag number above 30", start)
    if first == 0x80:
        raise Unsupported(f"{what} in BER with lengths left open")
    count = first & 0x7F if first & 0x80 else 0
    if count > 4 or start + 2 + count > end:
        raise Malformed(what, "a length is longer than the data", start)
    size = int.from_bytes(raw[start + 2 : start + 2 + count], "big") if count else first
    if count and (size < 0x80 or raw[start + 2] == 0):
        raise Malformed(what, "a length is not written in its shortest form", start)
    body = start + 2 + count
    if body + size > end:
        raise Malformed(what, "an element is longer than the data", start)
    return Element(tag, start, body, body + size)


def children(raw: bytes | memoryview, parent: Element, what: str) -> Iterator[Element]:
    """The elements inside a constructed one, in order. Raises as `element`."""
    at = parent.body
    while at < parent.end:
        one = element(raw, at, parent.end, what)
        yield one
        at = one.end


def check(raw: bytes | memoryview, what: str) -> Element:
    """The outermost element, every length inside it checked.

    Raises:
        Malformed: a length is wrong, or it nests or branches beyond all use.
        Unsupported: the indefinite form of BER.
    """
    outer = element(raw, 0, len(raw), what)
    waiting, seen = [(outer, 0)], 0
    while waiting:
        parent, depth = waiting.pop()
        if not parent.constructed:
            continue
        if depth > MAX_DEPTH:
            raise Malformed(what, f"more than {MAX_DEPTH} levels", parent.start)
        for one in children(raw, parent, what):
            seen += 1
            if seen > MAX_ELEMENTS:
                raise Malformed(what, f"more than {MAX_ELEMENTS} elements", one.start)
            waiting.append((one, depth + 1))
    return outer
