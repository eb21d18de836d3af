"""The flattened device tree reader."""

from __future__ import annotations

import struct

import pytest

from fwverify.formats.fdt import MAX_DEPTH, has_top_node, read_header, read_tree
from fwverify.limits import LimitExceeded
from fwverify.model.artifact import ByteRange
from fwverify.model.examining import Malformed, Unsupported
from tests.vectors.makers.firmware import TREE, fdt

BOARD: TREE = {"model": "board", "n@1": {"reg": b"\1\2\3\4\5", "empty": b""}, "m": {}}


def view(data: bytes) -> memoryview:
    return memoryview(data)


def test_nodes_and_properties_with_their_ranges() -> None:
    """Values come out as written, and every range says where they lie."""
    data = fdt(BOARD)
    tree = read_tree(view(data))
    assert tree.text(tree.root, "model") == "board"
    child = tree.root.child("n@1")
    assert child is not None and tree.root.child("n") is None
    reg = child.prop("reg")
    assert reg is not None and tree.value(reg) == b"\1\2\3\4\5" and data[reg.start : reg.start + 5] == b"\1\2\3\4\5"
    assert reg.record.size == 12 + 8 and data[reg.record.start : reg.record.start + 4] == struct.pack(">I", 3)
    empty = child.prop("empty")
    assert empty is not None and empty.range is None
    assert data[child.head.start : child.range.end].endswith(struct.pack(">I", 2))
    assert [one.name for one in tree.root.children] == ["n@1", "m"]


def test_bytes_behind_the_tree_are_left_alone() -> None:
    """The tree ends at its total size."""
    data = fdt(BOARD)
    tree = read_tree(view(data + b"more"))
    assert len(tree.view) == len(data)
    assert tree.structure == ByteRange(56, tree.header.strings.start if tree.header.strings else 0)


def test_memory_reservations() -> None:
    """The list ends at a pair of zeros."""
    data = bytearray(fdt(BOARD))
    data[40:56] = struct.pack(">QQ", 0x1000, 0x2000)
    with pytest.raises(Malformed):
        read_tree(view(bytes(data[:56]) + b"\1" * (len(data) - 56)))
    tree = read_tree(view(fdt(BOARD)))
    assert tree.reservations == () and tree.reservations_range == ByteRange(40, 56)


def test_cells_of_another_size_are_refused() -> None:
    """A 32-bit cell has four bytes: U-Boot would read the first four of eight."""
    tree = read_tree(view(fdt({"a": b"\0\0\0\7", "b": bytes(8)})))
    assert tree.cell(tree.root, "a") == 7 and tree.cell(tree.root, "none") is None
    with pytest.raises(Malformed):
        tree.cell(tree.root, "b")


def test_string_lists() -> None:
    """`loadables` and the like hold several strings."""
    tree = read_tree(view(fdt({"l": b"one\0two\0"})))
    assert tree.texts(tree.root, "l") == ("one", "two")
    assert tree.text(tree.root, "l") == "one"


def test_strings_block_of_names_only() -> None:
    """Other bytes in the strings block are noticed, so that nothing hides there."""
    assert read_tree(view(fdt(BOARD))).strings_are_names()
    assert not read_tree(view(fdt(BOARD, strings_tail=b"\x80\x81payload\0"))).strings_are_names()


@pytest.mark.parametrize("at, value", [(4, 10**6), (8, 2), (12, 10**6), (16, 0), (36, 4), (36, 10**6), (32, 10**6)])
def test_blocks_outside_the_tree(at: int, value: int) -> None:
    """Offsets and sizes are checked before anything is read."""
    data = bytearray(fdt(BOARD))
    data[at : at + 4] = struct.pack(">I", value)
    with pytest.raises((Malformed, LimitExceeded)):
        read_tree(view(bytes(data)))


def test_versions() -> None:
    """16 and 17 are read; older and incompatible ones are named."""
    assert read_header(view(fdt(BOARD, version=17))).version == 17
    assert read_tree(view(fdt(BOARD, version=16))).root.child("m")
    with pytest.raises(Unsupported):
        read_header(view(fdt(BOARD, version=3)))


def test_depth_is_limited() -> None:
    """Nesting is data, not recursion, and ends at a limit."""
    deep: TREE = {}
    for _ in range(MAX_DEPTH - 2):
        deep = {"n": deep}
    read_tree(view(fdt({"n": deep})))
    with pytest.raises(LimitExceeded):
        read_tree(view(fdt({"n": {"n": deep}})))


@pytest.mark.parametrize(
    "marks",
    [
        [9],
        [1, 0, 9],
        [2, 9],
        [1, 0, 2, 1, 0, 2, 9],
        [1, 0x61000000, 2, 9],
        [1, 0, 2],
        [1, 0, 7, 2, 9],
        [3, 0, 0, 9],
        [1, 0, 3, 400, 0, 2, 9],
        [1, 0, 3, 0, 9999, 2, 9],
    ],
)
def test_broken_structures(marks: list[int]) -> None:
    """Every structure that is no single closed root is refused."""
    structure = struct.pack(f">{len(marks)}I", *marks).ljust(16, b"\0")
    total = 56 + len(structure) + 2
    header = struct.pack(">10I", 0xD00DFEED, total, 56, 56 + len(structure), 40, 17, 16, 0, 2, len(structure))
    with pytest.raises(Malformed):
        read_tree(view(header + bytes(16) + structure + b"a\0"))


def test_nops_are_skipped_and_counted() -> None:
    """A block of nothing but NOP marks ends at a limit."""
    structure = struct.pack(">II", 1, 0) + struct.pack(">I", 4) * 300_001 + struct.pack(">II", 2, 9)
    total = 56 + len(structure)
    header = struct.pack(">10I", 0xD00DFEED, total, 56, total, 40, 17, 16, 0, 0, len(structure))
    with pytest.raises(LimitExceeded):
        read_tree(view(header + bytes(16) + structure))


def test_property_after_a_subnode_is_refused() -> None:
    """libfdt does not see it, others do."""
    with pytest.raises(Malformed):
        read_tree(view(fdt({"n": {}, "late": b"x"})))


def test_top_node_of_a_cut_off_tree() -> None:
    """What came before the cut is still seen; nothing is raised."""
    data = fdt({"images": {"kernel": {"data": bytes(500)}}})
    assert has_top_node(view(data), "images")
    assert has_top_node(view(data[:200]), "images")
    assert not has_top_node(view(data[:60]), "images")
    assert not has_top_node(view(fdt({"soc": {"images": {}}})), "images")
    assert not has_top_node(view(b"\xd0\x0d\xfe\xed" + bytes(90)), "images")
