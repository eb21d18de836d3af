"""The header of an RPM package: what a package or a row of an RPM database says of itself.

RPM documentation "RPM v4 package format" (header structure, tag and type numbers); read 2026-11-22. All integers are
big-endian; in a database the header stands without its magic. Does NOT read signatures, dependencies or file lists.

    entries (4) | store size (4) | entries times (tag, type, offset, count) | store
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from fwverify.formats.cursor import Cursor
from fwverify.formats.names import quoted
from fwverify.model.examining import Malformed

WHAT = "RPM header"
MAX_ENTRIES, MAX_STORE_BYTES = 1 << 16, 256 << 20
"""RPM's own bounds."""
ENTRY_BYTES = 16
NAME, VERSION, RELEASE, EPOCH, VENDOR, ARCHITECTURE, SOURCE = 1000, 1001, 1002, 1003, 1011, 1022, 1044
TEXTS = frozenset({NAME, VERSION, RELEASE, VENDOR, ARCHITECTURE, SOURCE})
INT32, STRING, I18N = 4, 6, 9
MAX_TEXT = 256


@dataclass(frozen=True, slots=True)
class RpmHeader:
    """What names a package."""

    name: str
    version: str
    release: str
    epoch: int
    """0 where none is stated."""
    architecture: str
    vendor: str
    source: str
    """File name of the source package."""

    @property
    def stated(self) -> str:
        """Epoch, version and release as RPM compares them."""
        return f"{self.epoch}:{self.version}-{self.release}" if self.epoch else f"{self.version}-{self.release}"


def parse(view: memoryview | bytes) -> RpmHeader:
    """Read a header that stands without its magic.

    Raises:
        Malformed: it does not hold, or names no package.
    """
    cursor = Cursor(view, WHAT)
    count, size = cursor.be32("number of entries"), cursor.be32("size of the store")
    if not 0 < count <= MAX_ENTRIES or size > MAX_STORE_BYTES:
        raise Malformed(WHAT, f"{count} entries and a store of {size} bytes", 0)
    rows = cursor.take(count * ENTRY_BYTES, "entries")
    store = bytes(cursor.take(size, "store"))
    texts: dict[int, str] = {}
    epoch = 0
    for tag, kind, offset, _ in struct.iter_unpack(">4I", rows):
        if tag in TEXTS and kind in (STRING, I18N) and tag not in texts:
            texts[tag] = _text(store, offset)
        elif tag == EPOCH and kind == INT32 and offset + 4 <= size:
            epoch = int.from_bytes(store[offset : offset + 4], "big")
    if not texts.get(NAME) or not texts.get(VERSION):
        raise Malformed(WHAT, "no name or no version")
    return RpmHeader(
        texts[NAME],
        texts[VERSION],
        texts.get(RELEASE, ""),
        epoch,
        texts.get(ARCHITECTURE, ""),
        texts.get(VENDOR, ""),
        texts.get(SOURCE, ""),
    )


def _text(store: bytes, offset: int) -> str:
    end = store.find(b"\0", offset, offset + MAX_TEXT)
    if offset >= len(store) or end < 0:
        raise Malformed(WHAT, "a text lies outside the store or has no end", offset)
    return quoted(store[offset:end], MAX_TEXT)
