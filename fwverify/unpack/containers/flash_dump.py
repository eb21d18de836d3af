"""Flash dump or combined image without a header of its own: known formats found inside by searching.

What is searched for comes from the registered containers (`Carve`), and executables (formats/executable_extents); the
search is unpack/part_search. Only what passes its format's strict check is taken. What lies between the parts stays
unexplained and is looked into as a remainder. Sound executables are not searched: see executable_overlay.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwverify.formats import executable_extents
from fwverify.formats.names import fill_byte
from fwverify.limits import Budget
from fwverify.model.artifact import Artifact, ByteRange, subtracted
from fwverify.model.evidence import GapReason
from fwverify.model.plugin import Doc
from fwverify.unpack.interface import Carve, Container, Event, Member, Part, PartUse, Unread
from fwverify.unpack.part_search import Plan, Search, plan

MIN_BYTES = 32
"""Nothing that could be found is smaller."""
RUN_BYTES = 64
"""Fill at the edge of a part that is padding."""
BLOCK_BYTES = 65536
"""Fill away from a part that is padding: an erase block."""
Formats = tuple[tuple[str, Carve], ...]
PE_MAGICS = tuple((signature, 0) for signature in executable_extents.PE_SIGNATURES)
EXECUTABLES: Formats = (
    ("elf", Carve(((executable_extents.ELF_MAGIC, 0),), executable_extents.elf_end)),
    ("pe", Carve(PE_MAGICS, executable_extents.pe_end, begin=executable_extents.pe_begin)),
)
"""Content, not containers: found here so that detectors see them."""


def detect(artifact: Artifact, planned: Plan) -> bool:
    """At least one thing inside passes its checks, or the search is given up (which must be told)."""
    view = artifact.content
    if len(view) < MIN_BYTES or _is_executable(view):
        return False
    if fill_byte(view):  # nothing can be in it, and searching zeros is what a bomb wants
        return False
    search = Search(view, planned)
    return next(search.parts(), None) is not None or bool(search.given_up)


def _is_executable(view: memoryview) -> bool:
    magics = (executable_extents.ELF_MAGIC, executable_extents.PE_MAGIC)
    return bytes(view[:4]).startswith(magics) and executable_extents.is_sound(view)


def unpack(artifact: Artifact, budget: Budget, planned: Plan) -> Iterator[Event]:
    """Search, then one member for each thing found, named by its offset; fill between them is padding."""
    view = artifact.content
    taken: list[ByteRange] = []
    search = Search(view, planned, budget)
    for found in search.parts():
        budget.member()
        taken.append(found.range)
        content = view[found.range.start : found.range.end]
        yield Member(f"@0x{found.range.start:x}", content=content, ranges=(found.range,), stored=True)
    for name in search.given_up:
        what = "parts" if name == "*" else f"parts of format {name}"
        yield Unread(GapReason.LIMIT, f"the search for {what} was given up: too much looks like the beginning of one")
    for between in subtracted(artifact.whole, taken):
        yield from _padding(view, between)


def _padding(view: memoryview, between: ByteRange) -> Iterator[Event]:
    """Fill in bytes that nothing was found in: whole erase blocks, and runs at the edges."""
    blocks = list(_blocks(view, between))
    for block in blocks:
        yield Part(block, PartUse.PADDING)
    for piece in subtracted((between,), blocks):
        head = _run(view, piece, from_end=False)
        if head >= RUN_BYTES:
            yield Part(ByteRange(piece.start, piece.start + head), PartUse.PADDING)
        foot = _run(view, piece, from_end=True) if head < piece.size else 0
        if foot >= RUN_BYTES:
            yield Part(ByteRange(piece.end - foot, piece.end), PartUse.PADDING)


def _blocks(view: memoryview, between: ByteRange) -> Iterator[ByteRange]:
    """Aligned blocks of nothing but 00 or FF, neighbours joined."""
    start, fill = -1, ""
    first = -(-between.start // BLOCK_BYTES) * BLOCK_BYTES
    for at in range(first, between.end + BLOCK_BYTES, BLOCK_BYTES):
        inside = at + BLOCK_BYTES <= between.end
        kind = fill_byte(view, ByteRange(at, at + BLOCK_BYTES)) if inside else ""
        if start >= 0 and kind != fill:
            yield ByteRange(start, at)
            start = -1
        if kind and start < 0:
            start, fill = at, kind


def _run(view: memoryview, piece: ByteRange, *, from_end: bool) -> int:
    """Length of the run of 00 or FF at one edge of a piece, at most about one block."""
    size = min(piece.size, BLOCK_BYTES + RUN_BYTES)
    edge = bytes(view[piece.end - size : piece.end] if from_end else view[piece.start : piece.start + size])
    byte = edge[-1:] if from_end else edge[:1]
    if byte not in (b"\x00", b"\xff"):
        return 0
    return len(edge) - len(edge.rstrip(byte) if from_end else edge.lstrip(byte))


def searching(formats: Formats) -> Container:
    """The container that searches for these formats, and executables.

    Args:
        formats: name and `Carve` of the registered containers, in their order; the first wins where two begin.
    """
    everything = (*formats, *EXECUTABLES)
    planned = plan(everything)
    return Container(
        name="flash_dump",
        detect=lambda artifact: detect(artifact, planned),
        unpack=lambda artifact, budget: unpack(artifact, budget, planned),
        weak=True,
        doc=Doc(
            title="Flash dump or unknown frame (parts found by searching)",
            references=("Those of the formats that are found; Microsoft PE Format, System V ABI, read 2026-11-22",),
            limitations=(
                "Finds: " + ", ".join(sorted({name for name, _ in everything})) + "; nothing else.",
                "Bytes between the parts found stay unexplained.",
                "What lies inside the parts of a sound executable is not searched for.",
            ),
        ),
    )


CONTAINER = searching(())
"""Finds executables alone; the registry makes the one that knows all formats."""
