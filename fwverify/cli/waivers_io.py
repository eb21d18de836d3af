"""Reading waiver files: a file, or every *.yaml of a folder. Never from a delivery; nothing is looked for elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fwverify.errors import WaiverError

if TYPE_CHECKING:
    from fwverify.evaluate.waivers import GivenWaiver

SUFFIXES = (".yaml", ".yml")
MAX_BYTES = 1 << 20
MAX_FILES = 2000
"""Waivers of one folder."""


def load_waivers(path: Path) -> tuple[GivenWaiver, ...]:
    """Every waiver of a file or folder, sorted by id; two may not share one. Raises WaiverError."""
    from fwverify.evaluate.waiver_text import parse_waiver

    found: dict[str, GivenWaiver] = {}
    for one in files(path):
        waiver = parse_waiver(read(one), str(one))
        if waiver.id in found:
            todo = "Give every waiver an id of its own; it is what reports and people name it by."
            raise WaiverError(
                f"the id {waiver.id!r} is also that of {found[waiver.id].source}", where=str(one), todo=todo
            )
        found[waiver.id] = waiver
    return tuple(found[one] for one in sorted(found))


def files(path: Path) -> list[Path]:
    """The waiver files that are meant, sorted by name. Raises WaiverError."""
    if not path.is_dir():
        return [path]
    try:
        found = sorted(one for one in path.iterdir() if one.suffix in SUFFIXES)
    except OSError as problem:
        raise WaiverError(f"cannot be read: {problem.strerror}", where=str(path)) from None
    if len(found) > MAX_FILES:
        raise WaiverError(f"holds {len(found)} waivers; the most is {MAX_FILES}", where=str(path))
    return found


def read(path: Path) -> str:
    """The text of one file. Raises WaiverError."""
    todo = "Name a waiver file, or a folder of them."
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as problem:
        raise WaiverError(f"cannot be read: {problem.strerror or problem}", where=str(path), todo=todo) from None
    if len(raw) > MAX_BYTES:
        raise WaiverError(f"larger than {MAX_BYTES} bytes, so it is no waiver", where=str(path), todo=todo)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as problem:
        raise WaiverError(f"not UTF-8 text (byte {problem.start})", where=str(path), todo=todo) from None
