"""FAT directories: entries of 32 bytes, and the long names that lie in front of them.

Sources: Microsoft FAT32 File System Specification 1.03 (directory structure, long names), Linux
Documentation/filesystems/vfat.rst; read 2026-11-22. A long name is believed when its pieces are numbered, summed and
filled as they must be; pieces that are not belong to nobody. The code page of short names is stated nowhere: bytes
outside ASCII stay escaped.

Does NOT do: times, and attributes other than those that tell kinds apart.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from fwverify.model.artifact import ByteRange

ENTRY_BYTES = 32
FREE, DELETED = 0x00, 0xE5
VOLUME, FOLDER, LONG, KIND_MASK = 0x08, 0x10, 0x0F, 0x3F
LOWER_BASE, LOWER_EXTENSION = 0x08, 0x10
PIECE_CHARACTERS = 13
MAX_PIECES = 20
DOT, DOTDOT = b".          ", b"..         "
NOT_IN_NAMES = frozenset(bytes(range(0x20)) + b'"*+,./:;<=>?[\\]|\x7f')
STANDS_FOR_DELETED = 0x05
"""As the first byte of a name that begins with E5."""
UNUSED_ATTRIBUTES = 0xC0


@dataclass(frozen=True, slots=True)
class Slot:
    """One entry with the pieces of its long name."""

    short: bytes
    """Eleven bytes."""
    name: bytes
    """UTF-8, surrogates that have no partner as they are: the long name, else the short one."""
    attributes: int
    cluster: int
    size: int
    ranges: tuple[ByteRange, ...]
    """In the image."""

    sound: bool = True
    """It is what writers make; others are followed all the same, as readers do, and their bytes are nobody's."""

    @property
    def folder(self) -> bool:
        return bool(self.attributes & FOLDER)

    @property
    def label(self) -> bool:
        return bool(self.attributes & VOLUME)


@dataclass(slots=True)
class Reading:
    """Goes through the pieces of one directory; what it counts is complete when all were read."""

    bits: int
    deleted: int = 0
    """Entries marked as deleted."""
    orphans: int = 0
    """Pieces of long names that belong to no entry."""
    odd: int = 0
    """Entries with a high half of a cluster number where there is none, or a name or attributes that cannot be."""
    ended: bool = False
    pieces: tuple[tuple[int, bytes], ...] = ()
    """Offset in the image and bytes of the pieces seen before the next entry."""

    def slots(self, data: bytes, start: int) -> Iterator[Slot]:
        """Entries of one contiguous piece of the directory.

        Args:
            data: the piece, whole entries.
            start: where it lies in the image.
        """
        for at in range(0, len(data), ENTRY_BYTES):
            raw = data[at : at + ENTRY_BYTES]
            if raw[0] == FREE:
                self.ended = True
                break
            if raw[0] == DELETED:
                self.deleted += 1
                self._drop()
            elif raw[11] & KIND_MASK == LONG:
                self._piece(start + at, raw)
            else:
                yield self._slot(start + at, raw)
        if self.ended:
            self._drop()

    def close(self) -> None:
        """No more pieces of the directory."""
        self._drop()

    def _drop(self) -> None:
        self.orphans += len(self.pieces)
        self.pieces = ()

    def _piece(self, at: int, raw: bytes) -> None:
        if raw[0] & 0x40:
            self._drop()
            self.pieces = ((at, raw),)
        elif self.pieces and raw[0] == (self.pieces[-1][1][0] & 0x3F) - 1:
            self.pieces = (*self.pieces, (at, raw))
        else:
            self.pieces = (*self.pieces, (at, raw))
            self._drop()

    def _slot(self, at: int, raw: bytes) -> Slot:
        high, low, size = struct.unpack_from("<H4xHI", raw, 20)
        if self.bits != 32:
            self.odd += high != 0
            high = 0
        name = self._long(raw[:11])
        ranges = [ByteRange(at, at + ENTRY_BYTES)]
        if name is not None:
            ranges += [ByteRange(place, place + ENTRY_BYTES) for place, _ in self.pieces]
            self.pieces = ()
        self._drop()
        shown = short_name(raw[:11], raw[12]) if name is None else name
        sound = is_short_name(raw[:11]) and not raw[11] & UNUSED_ATTRIBUTES
        self.odd += not sound
        return Slot(raw[:11], shown, raw[11], high << 16 | low, size, tuple(ranges), sound)

    def _long(self, short: bytes) -> bytes | None:
        """The long name when its pieces are sound, else None."""
        pieces = [one for _, one in self.pieces]
        if not pieces or pieces[-1][0] & 0x3F != 1 or pieces[0][0] & 0x3F > MAX_PIECES:
            return None
        total = checksum(short)
        if any(one[13] != total or one[12] or one[26:28] != b"\0\0" or one[0] & 0x80 for one in pieces):
            return None
        text = b"".join(one[1:11] + one[14:26] + one[28:32] for one in reversed(pieces))
        units = [text[at : at + 2] for at in range(0, len(text), 2)]
        stop = units.index(b"\0\0") if b"\0\0" in units else len(units)
        filled = all(one == b"\xff\xff" for one in units[stop + 1 :])
        if not filled or stop <= len(units) - PIECE_CHARACTERS:
            return None
        return b"".join(units[:stop]).decode("utf-16-le", "surrogatepass").encode("utf-8", "surrogatepass")


def checksum(short: bytes) -> int:
    """The sum over a short name that each piece of its long name states."""
    total = 0
    for one in short:
        total = ((total & 1) << 7) + (total >> 1) + one & 0xFF
    return total


def is_short_name(raw: bytes) -> bool:
    """Whether the eleven bytes can be a name: no control characters or delimiters, no blank in front."""
    if raw in (DOT, DOTDOT):
        return True
    first = b"" if raw[0] == STANDS_FOR_DELETED else raw[:1]
    return raw[:1] != b" " and NOT_IN_NAMES.isdisjoint(first + raw[1:])


def short_name(raw: bytes, flags: int = 0) -> bytes:
    """Base and extension of an entry as Windows NT and Linux show them.

    Args:
        raw: eleven bytes.
        flags: which parts are lower case.
    """
    base, extension = raw[:8].rstrip(b" "), raw[8:11].rstrip(b" ")
    if base[:1] == b"\x05":
        base = b"\xe5" + base[1:]
    base = base.lower() if flags & LOWER_BASE else base
    extension = extension.lower() if flags & LOWER_EXTENSION else extension
    return base + b"." + extension if extension else base
