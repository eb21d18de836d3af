"""Bounded reader: every read names what it reads and cannot leave its range."""

from __future__ import annotations

import struct

from fwverify.model.examining import Malformed


class Cursor:
    """Reads forward through a view. Every failure is Malformed with what was wanted and where."""

    def __init__(self, view: memoryview | bytes, what: str, start: int = 0, end: int | None = None) -> None:
        self.view = memoryview(view)
        self.what = what
        self.end = len(self.view) if end is None else end
        self.at = start
        if not 0 <= start <= self.end <= len(self.view):
            raise Malformed(what, f"range {start}-{self.end} outside its {len(self.view)} bytes", start)

    @property
    def left(self) -> int:
        return self.end - self.at

    def take(self, size: int, name: str) -> memoryview:
        """The next `size` bytes."""
        if size < 0 or size > self.left:
            raise Malformed(self.what, f"{name} needs {size} bytes, {self.left} are left", self.at)
        self.at += size
        return self.view[self.at - size : self.at]

    def skip(self, size: int, name: str) -> None:
        self.take(size, name)

    def unpack(self, layout: str, name: str) -> tuple[int, ...]:
        """Integers by a struct layout (`<IHH`)."""
        return struct.unpack(layout, self.take(struct.calcsize(layout), name))

    def u8(self, name: str) -> int:
        return self.take(1, name)[0]

    def le16(self, name: str) -> int:
        return int.from_bytes(self.take(2, name), "little")

    def le32(self, name: str) -> int:
        return int.from_bytes(self.take(4, name), "little")

    def le64(self, name: str) -> int:
        return int.from_bytes(self.take(8, name), "little")

    def be16(self, name: str) -> int:
        return int.from_bytes(self.take(2, name), "big")

    def be32(self, name: str) -> int:
        return int.from_bytes(self.take(4, name), "big")

    def be64(self, name: str) -> int:
        return int.from_bytes(self.take(8, name), "big")
