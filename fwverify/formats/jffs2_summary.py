"""Summary nodes of JFFS2: what an erase block holds, so that nobody needs to read it. Some readers trust them.

Source: Linux fs/jffs2/summary.h and summary.c, read 2026-11-22. The node ends its erase block; its last 8 bytes state
where in the block it begins. Does NOT do: comparing with the nodes themselves.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from fwverify.formats import jffs2
from fwverify.formats.flash_sums import crc32_from_zero
from fwverify.formats.jffs2 import WHAT, Header, Sum
from fwverify.model.artifact import ByteRange
from fwverify.model.examining import Malformed

MARK = 0x02851885
MARK_BYTES = 8
INODE, NAME, ATTRIBUTE, LINK = "HIIII", "HIIIIIBB", "HIIII", "HI"
"""After its type: number, version, offset and size of an inode; size, offset, parent, version, number, length of name
and type of a name; number, version, offset and size of an attribute; offset of a link."""


@dataclass(frozen=True, slots=True)
class Summary:
    """One erase block as it is summarised."""

    at: int
    """Of the summary node."""
    block: int
    """Where the erase block begins."""
    entries: frozenset[tuple[object, ...]]
    """As `entry` gives them."""
    index: tuple[ByteRange, ...]
    padding: tuple[ByteRange, ...]


def read(view: memoryview, head: Header, order: str) -> tuple[Summary | None, tuple[Sum, ...]]:
    """The summary behind a header, and its sums; None when one does not hold.

    Raises:
        Malformed: the entries do not fit, or the mark at its end is missing.
    """
    raw = bytes(view[head.at : head.at + head.size])
    count, _, _, declared_data, declared = struct.unpack_from(f"{order}IIIII", raw, 12)
    sums = (
        Sum("summary", declared, crc32_from_zero(raw[:24])),
        Sum("entries of a summary", declared_data, crc32_from_zero(raw[32:])),
    )
    if not all(one.holds for one in sums):
        return None, sums
    end = len(raw) - MARK_BYTES
    if end < jffs2.SUMMARY_BYTES:
        raise Malformed(WHAT, "a summary is too short", head.at)
    offset, mark = struct.unpack_from(f"{order}II", raw, end)
    if mark != MARK or offset > head.at or count > end // 6:
        raise Malformed(WHAT, "a summary does not end as it must", head.at)
    block = head.at - offset
    entries: set[tuple[object, ...]] = set()
    at = jffs2.SUMMARY_BYTES
    for _ in range(count):
        one, at = _entry(raw, at, end, order, block)
        entries.add(one)
    index = (ByteRange(head.at, head.at + at), ByteRange(head.at + end, head.at + len(raw)))
    padding = (ByteRange(head.at + at, head.at + end),) if at < end else ()
    return Summary(head.at, block, frozenset(entries), index, padding), sums


def _entry(raw: bytes, at: int, end: int, order: str, block: int) -> tuple[tuple[object, ...], int]:
    kind = struct.unpack_from(f"{order}H", raw, at)[0] if at + 2 <= end else 0
    layout = {jffs2.INODE: INODE, jffs2.NAME: NAME, jffs2.ATTRIBUTE: ATTRIBUTE, jffs2.LINK: LINK}.get(kind, "")
    stop = at + struct.calcsize(order + layout)
    if not layout or stop > end:
        raise Malformed(WHAT, "an entry of a summary cannot be", -1)
    values = struct.unpack_from(order + layout, raw, at)
    if kind == jffs2.INODE:
        _, number, version, offset, _ = values
        return (kind, block + offset, number, version), stop
    if kind == jffs2.NAME:
        _, _, offset, parent, version, number, length, _ = values
        text = raw[stop : stop + length]
        if stop + length > end:
            raise Malformed(WHAT, "a name in a summary is cut off", -1)
        return (kind, block + offset, parent, version, number, text), stop + length
    return (kind, block + values[3 if kind == jffs2.ATTRIBUTE else 1]), stop


def entry(node: jffs2.Inode | jffs2.Name | jffs2.Attribute | jffs2.Link) -> tuple[object, ...]:
    """What a summary says of a node."""
    if isinstance(node, jffs2.Inode):
        return (jffs2.INODE, node.at, node.number, node.version)
    if isinstance(node, jffs2.Name):
        return (jffs2.NAME, node.at, node.parent, node.version, node.number, node.raw)
    return (jffs2.ATTRIBUTE if isinstance(node, jffs2.Attribute) else jffs2.LINK, node.at)
