"""Flattened device tree: header, memory reservations, structure walk and names, each with its byte range.

Source: Devicetree Specification v0.4, chapter 5 "Flattened Devicetree (DTB) Format", read 2026-11-22.
Ranges count from the start of the view. Properties after a subnode are refused: common readers do not see them, so
two readers would see two trees. What a tree means is not looked at here; versions before 16 are not read.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from fwverify.formats.names import decoded
from fwverify.limits import MIB, LimitExceeded
from fwverify.model.artifact import ByteRange
from fwverify.model.examining import Malformed, Unsupported

MAGIC = b"\xd0\x0d\xfe\xed"
WHAT = "device tree"
HEADER_BYTES = 40
"""Version 17. Version 16 has no size_dt_struct: 36."""
BEGIN_NODE, END_NODE, PROPERTY, NOP, END = 1, 2, 3, 4, 9
MAX_DEPTH = 32
"""Nested nodes: the deepest board tree in Linux has about 12; U-Boot's own tools stop at 32."""
MAX_TOKENS = 300_000
"""Marks in one structure block: the largest board trees have about 40,000."""
MAX_NAME_BYTES = 255
"""A node or property name: the specification allows 31, overlays and labels write longer ones."""
MAX_STRINGS_BYTES = MIB
"""Strings block: real ones have a few KiB."""
MAX_RESERVATIONS = 4096
NAME_LIST = re.compile(rb"(?:[0-9A-Za-z,._+?#-]*\x00)*")
"""A strings block that holds property names and nothing else (specification 2.2.4.1)."""


@dataclass(frozen=True, slots=True)
class Header:
    """The fixed header."""

    total_size: int
    """bytes, header to the end of the last block"""
    structure: ByteRange
    """For version 16 up to the next block, because its size is not written."""
    strings: ByteRange | None
    reservations_offset: int
    version: int
    bytes: int
    """Size of the header itself."""


@dataclass(frozen=True, slots=True)
class Property:
    """One property; the value stays in the view."""

    name: str
    start: int
    """Of the value: bytes from the start of the view."""
    size: int
    """Of the value, bytes; may be 0."""
    record: ByteRange
    """From its mark to the end of the padding after the value."""
    name_offset: int
    """Into the strings block."""

    @property
    def range(self) -> ByteRange | None:
        return ByteRange(self.start, self.start + self.size) if self.size else None


@dataclass(frozen=True, slots=True)
class Node:
    """One node with everything below it."""

    name: str
    """With unit address; empty for the root."""
    properties: tuple[Property, ...]
    children: tuple[Node, ...]
    range: ByteRange
    """From its begin mark to the end of its end mark."""
    head: ByteRange
    """Begin mark and padded name."""

    def prop(self, name: str) -> Property | None:
        """The first property of that name, as libfdt takes it."""
        return next((one for one in self.properties if one.name == name), None)

    def child(self, name: str) -> Node | None:
        """The first child of exactly that name (a missing unit address does not match)."""
        return next((one for one in self.children if one.name == name), None)


@dataclass(frozen=True, slots=True)
class Tree:
    """A whole flattened tree."""

    view: memoryview = field(repr=False)
    """The flattened tree alone: `total_size` bytes."""
    header: Header
    root: Node
    structure: ByteRange
    """Up to and with the end mark."""
    reservations: tuple[tuple[int, int], ...]
    """Address and size."""
    reservations_range: ByteRange

    def value(self, one: Property | None) -> bytes:
        """A small value as bytes; empty for None."""
        return bytes(self.view[one.start : one.start + one.size]) if one else b""

    def text(self, node: Node, name: str) -> str:
        """A string property up to its NUL; empty when it is absent. The first of a string list."""
        one = node.prop(name)
        if one is None:
            return ""
        raw = bytes(self.view[one.start : one.start + min(one.size, 4096)])
        return decoded(raw.partition(b"\0")[0])

    def texts(self, node: Node, name: str) -> tuple[str, ...]:
        """A string list; empty when it is absent."""
        one = node.prop(name)
        if one is None:
            return ()
        raw = bytes(self.view[one.start : one.start + min(one.size, 65536)])
        return tuple(decoded(part) for part in raw.removesuffix(b"\0").split(b"\0"))

    def cell(self, node: Node, name: str) -> int | None:
        """A property of one 32-bit cell; None when absent. Raises Malformed for another size."""
        one = node.prop(name)
        if one is None:
            return None
        if one.size != 4:
            raise Malformed(WHAT, f"{name} has {one.size} bytes instead of 4", one.start)
        return int.from_bytes(self.value(one), "big")

    def strings_are_names(self) -> bool:
        """True when the strings block holds property names and nothing else."""
        one = self.header.strings
        return one is not None and NAME_LIST.fullmatch(self.view[one.start : one.end]) is not None


class _Token(NamedTuple):
    kind: int
    start: int
    end: int
    value: int = 0
    """Of a property: where its value starts."""
    size: int = 0
    name_offset: int = 0
    name: str = ""
    """Of a begin mark."""


def read_header(view: memoryview) -> Header:
    """Read the header and check that every block lies inside the tree, and the tree inside the view.

    Raises:
        Malformed: not so.
        Unsupported: a version that is not 16 or compatible with 17.
    """
    if len(view) < HEADER_BYTES or view[:4] != MAGIC:
        raise Malformed(WHAT, "no header", 0)
    _, total, structure, strings, reserved, version, compatible, _, strings_size, structure_size = struct.unpack(
        ">10I", view[:HEADER_BYTES]
    )
    if version < 16 or compatible > 17:
        raise Unsupported(f"device tree version {version}, compatible with {compatible}; 16 and 17 are read")
    size = HEADER_BYTES if version >= 17 else 36
    if total > len(view):
        raise Malformed(WHAT, f"says {total} bytes, {len(view)} are there", 4)
    if version < 17:
        structure_size = max((strings if strings > structure else total) - structure, 0)
    _inside(structure, structure_size, size, total, "structure block")
    _inside(strings, strings_size, size, total, "strings block")
    _inside(reserved, 16, size, total, "memory reservations")
    if structure_size < 16 or structure % 4:
        raise Malformed(WHAT, "structure block is too small or not aligned", structure)
    if strings_size > MAX_STRINGS_BYTES:
        raise LimitExceeded("device tree strings bytes", strings_size)
    names = ByteRange(strings, strings + strings_size) if strings_size else None
    return Header(total, ByteRange(structure, structure + structure_size), names, reserved, version, size)


def _inside(start: int, size: int, low: int, high: int, name: str) -> None:
    if start < low or start + size > high:
        raise Malformed(WHAT, f"{name} {start}+{size} lies outside {low}-{high}", start)


def read_tree(view: memoryview) -> Tree:
    """Read a whole tree from the start of the view; bytes after its total size are left alone.

    Raises:
        Malformed, Unsupported, LimitExceeded
    """
    header = read_header(view)
    own = view[: header.total_size]
    reservations, reserved = _reservations(own, header)
    root, end = _nodes(own, header)
    return Tree(own, header, root, ByteRange(header.structure.start, end), reservations, reserved)


def has_top_node(view: memoryview, name: str) -> bool:
    """True when a node of that name stands directly below the root. Total: a broken tree has what came before."""
    depth = 0
    try:
        for token in _tokens(view, _begun(view)):
            if token.kind == BEGIN_NODE:
                depth += 1
                if depth == 2 and token.name == name:
                    return True
            elif token.kind == END_NODE:
                depth -= 1
    except (Malformed, Unsupported, LimitExceeded):
        return False
    return False


def _begun(view: memoryview) -> Header:
    """The header of a tree that may be cut off: its structure block goes as far as there are bytes."""
    if len(view) < HEADER_BYTES or view[:4] != MAGIC:
        raise Malformed(WHAT, "no header", 0)
    total, structure = struct.unpack_from(">II", view, 4)
    end = min(total, len(view))
    if not HEADER_BYTES <= structure < end:
        raise Malformed(WHAT, "no structure block", 8)
    return Header(total, ByteRange(structure, end), None, 0, 17, HEADER_BYTES)


def _reservations(view: memoryview, header: Header) -> tuple[tuple[tuple[int, int], ...], ByteRange]:
    out: list[tuple[int, int]] = []
    at = header.reservations_offset
    while at + 16 <= len(view):
        address, size = struct.unpack_from(">QQ", view, at)
        at += 16
        if not address and not size:
            return tuple(out), ByteRange(header.reservations_offset, at)
        out.append((address, size))
        if len(out) > MAX_RESERVATIONS:
            raise LimitExceeded("device tree memory reservations", len(out))
    raise Malformed(WHAT, "memory reservations have no end", at)


def _tokens(view: memoryview, header: Header) -> Iterator[_Token]:
    at, end = header.structure.start, header.structure.end
    for _ in range(MAX_TOKENS):
        if at + 4 > end:
            raise Malformed(WHAT, "structure block has no end mark", at)
        (kind,) = struct.unpack_from(">I", view, at)
        match kind:
            case 1:
                token = _begin(view, at, end)
            case 3:
                token = _property(view, at, end)
            case 2 | 4 | 9:
                token = _Token(kind, at, at + 4)
            case _:
                raise Malformed(WHAT, f"unknown mark {kind:#x} in the structure block", at)
        yield token
        if kind == END:
            return
        at = token.end
    raise LimitExceeded("device tree marks", MAX_TOKENS)


def _begin(view: memoryview, at: int, end: int) -> _Token:
    raw = bytes(view[at + 4 : min(at + 5 + MAX_NAME_BYTES, end)])
    size = raw.find(b"\0")
    if size < 0:
        raise Malformed(WHAT, f"node name has no end within {MAX_NAME_BYTES} bytes", at)
    return _Token(BEGIN_NODE, at, _aligned(at + 4 + size + 1, end), name=decoded(raw[:size]))


def _property(view: memoryview, at: int, end: int) -> _Token:
    if at + 12 > end:
        raise Malformed(WHAT, "property is cut off", at)
    size, name_offset = struct.unpack_from(">II", view, at + 4)
    if at + 12 + size > end:
        raise Malformed(WHAT, f"property value of {size} bytes is cut off", at)
    return _Token(PROPERTY, at, _aligned(at + 12 + size, end), at + 12, size, name_offset)


def _aligned(at: int, end: int) -> int:
    up = (at + 3) & ~3
    if up > end:
        raise Malformed(WHAT, "structure block ends inside a padding", at)
    return up


@dataclass(slots=True)
class _Open:
    """A node whose end mark is still to come."""

    token: _Token
    properties: list[Property] = field(default_factory=list)
    children: list[Node] = field(default_factory=list)

    def closed(self, end: int) -> Node:
        head = ByteRange(self.token.start, self.token.end)
        return Node(
            self.token.name, tuple(self.properties), tuple(self.children), ByteRange(self.token.start, end), head
        )


def _nodes(view: memoryview, header: Header) -> tuple[Node, int]:
    """The root node and where the structure ends. Iterative: depth is data."""
    names = _Names(view, header)
    stack: list[_Open] = []
    root: Node | None = None
    for token in _tokens(view, header):
        match token.kind:
            case 1:
                _enter(stack, token, root)
            case 3:
                _add_property(stack, token, names)
            case 2:
                root = _leave(stack, token) or root
            case 9:
                if stack or root is None:
                    raise Malformed(WHAT, "structure ends inside a node", token.start)
                return root, token.end
    raise Malformed(WHAT, "structure block has no end mark", header.structure.end)


def _enter(stack: list[_Open], token: _Token, root: Node | None) -> None:
    if not stack and (root is not None or token.name):
        raise Malformed(WHAT, "more than one root, or a root with a name", token.start)
    if len(stack) >= MAX_DEPTH:
        raise LimitExceeded("device tree depth", len(stack) + 1)
    stack.append(_Open(token))


def _add_property(stack: list[_Open], token: _Token, names: _Names) -> None:
    if not stack or stack[-1].children:
        raise Malformed(WHAT, "property outside a node or after a subnode", token.start)
    record = ByteRange(token.start, token.end)
    stack[-1].properties.append(
        Property(names.at(token.name_offset), token.value, token.size, record, token.name_offset)
    )


def _leave(stack: list[_Open], token: _Token) -> Node | None:
    """Close the innermost node; returns it when it was the root."""
    if not stack:
        raise Malformed(WHAT, "end of a node that was not begun", token.start)
    node = stack.pop().closed(token.end)
    if not stack:
        return node
    stack[-1].children.append(node)
    return None


class _Names:
    """Property names by offset, each decoded once."""

    def __init__(self, view: memoryview, header: Header) -> None:
        block = header.strings
        self._raw = bytes(view[block.start : block.end]) if block else b""
        self._known: dict[int, str] = {}

    def at(self, offset: int) -> str:
        if offset not in self._known:
            end = self._raw.find(b"\0", offset, offset + MAX_NAME_BYTES + 1)
            if offset >= len(self._raw) or end < 0:
                raise Malformed(WHAT, f"property name at {offset} lies outside the strings block or has no end")
            self._known[offset] = decoded(self._raw[offset:end])
        return self._known[offset]
