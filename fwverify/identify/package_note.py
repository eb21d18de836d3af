"""The package an executable says it was built for: its `.note.package`.

Source: "Package metadata for executable files" of the UAPI group (owner FDO, type 0xcafe1a7e, JSON); read 2026-11-22.
Does NOT judge what is stated.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from fwverify.formats.executable import Executable

OWNER, TYPE = "FDO", 0xCAFE1A7E


def packages(executable: Executable | None) -> Iterator[tuple[str, str]]:
    """Name and version of each package that a note names; nothing of notes that are no JSON."""
    for note in executable.notes if executable else ():
        if (note.owner, note.type) != (OWNER, TYPE):
            continue
        try:
            stated = json.loads(note.description.rstrip(b"\0"))
        except (ValueError, RecursionError):
            continue
        name, version = (stated.get("name"), stated.get("version")) if isinstance(stated, dict) else (None, None)
        if isinstance(name, str) and isinstance(version, str):
            yield name, version
