"""Holding bytes: small ones in memory, large ones in an unlinked temporary file, both as a read-only view.

Whoever receives a view may trust that it never changes: a file of the delivery is copied while it is digested, so
what was verified is what was read. Nothing here ever gives a member a name on disk.
"""

from __future__ import annotations

import hashlib
import mmap
import tempfile
from collections.abc import Iterable, Iterator
from typing import IO

from fwverify.limits import MIB, Budget, LimitExceeded
from fwverify.model.artifact import Artifact, Digest, Locator

STEP_BYTES = 64 * MIB
"""A mapped file is read in steps of this size, and let go of between them: a large image is never resident whole."""
SPOOL_BYTES = 32 * MIB
"""Above this, content lives in an unlinked file: executables stay in memory, whole images do not."""


class Holder:
    """Collects chunks of one artifact, digesting as they come."""

    def __init__(self, budget: Budget | None = None, *, digest: bool = True) -> None:
        """
        Args:
            budget: what chunks count against.
            digest: whether `artifact` will be asked for; a view alone needs no digest.
        """
        self._parts: list[bytes] = []
        self._file: IO[bytes] | None = None
        self._sha256 = hashlib.sha256() if digest else None
        self._budget = budget
        self.size = 0

    def add(self, chunk: bytes | memoryview) -> None:
        """Take one chunk. Raises LimitExceeded when the run's budget is used up."""
        if self._budget is not None:
            self._budget.output(len(chunk))
            if self.size + len(chunk) > self._budget.limits.max_member_bytes:
                raise LimitExceeded("max_member_bytes", self.size + len(chunk))
        if self._sha256 is not None:
            self._sha256.update(chunk)
        self.size += len(chunk)
        if self._file is None and self.size > SPOOL_BYTES:
            self._file = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the mapping
            for part in self._parts:
                self._file.write(part)
            self._parts = []
        if self._file is not None:
            self._file.write(chunk)
        else:
            self._parts.append(bytes(chunk))

    def view(self) -> memoryview:
        """All chunks as one read-only view."""
        if self._file is None:
            return memoryview(b"".join(self._parts))
        self._file.flush()
        with self._file as file:
            return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))

    def artifact(self, locator: Locator) -> Artifact:
        """All chunks with their digest."""
        view = self.view()
        digest = self._sha256 if self._sha256 is not None else hashlib.sha256(view)
        return Artifact(locator, self.size, (Digest("sha256", digest.digest()),), view)


def held(chunks: Iterable[bytes | memoryview], budget: Budget | None = None) -> memoryview:
    """The chunks as one read-only view, counted against the budget.

    Raises:
        LimitExceeded: more than one member or one run may hold.
    """
    holder = Holder(budget, digest=False)
    for chunk in chunks:
        holder.add(chunk)
    return holder.view()


def forget(view: memoryview) -> None:
    """Let the system take back the pages of a mapped file; they come again when they are read again."""
    if isinstance(view.obj, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        view.obj.madvise(mmap.MADV_DONTNEED)


def in_steps(view: memoryview) -> Iterator[memoryview]:
    """The bytes in pieces of STEP_BYTES, forgotten as soon as the next is asked for."""
    for at in range(0, len(view), STEP_BYTES):
        yield view[at : at + STEP_BYTES]
        if len(view) > STEP_BYTES:
            forget(view)


def identified(locator: Locator, content: memoryview | bytes) -> Artifact:
    """An artifact over bytes that are already held."""
    view = memoryview(content).toreadonly()
    sha256 = hashlib.sha256()
    for piece in in_steps(view):
        sha256.update(piece)
    return Artifact(locator, len(view), (Digest("sha256", sha256.digest()),), view)
