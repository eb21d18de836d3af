"""What an executable asks the dynamic linker for (DT_NEEDED, PT_INTERP).

System V ABI, chapter 5, "Dynamic Section" and "Program Interpreter"; read 2026-11-22.
A library that is needed is not thereby there: it may lie in another image, or be missing. So this never makes a
clue; it records the names beside the executable, for whoever wonders why a declared library was not seen.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwverify.formats.names import quoted
from fwverify.identify.interface import Detector, Found, Subject
from fwverify.model.evidence import ContentKind, ContentObservation
from fwverify.model.plugin import Doc

MAX_NAMES = 20
"""Names spelled out; the largest program of a router needs fewer."""


def find(subject: Subject) -> Iterator[Found]:
    executable = subject.executable
    if executable is None or not executable.needed:
        return
    names = [quoted(one.encode(), 60) for one in executable.needed]
    more = f" and {len(names) - MAX_NAMES} more" if len(names) > MAX_NAMES else ""
    yield ContentObservation(
        ContentKind.EXECUTABLE, subject.artifact.locator, -1, "", f"needs {', '.join(names[:MAX_NAMES])}{more}"
    )


DETECTOR = Detector(
    name="elf-needed",
    find=find,
    doc=Doc(
        title="ELF NEEDED",
        references=("System V ABI, chapter 5, Dynamic Section, read 2026-11-22",),
        limitations=("Makes no component: a needed library may be absent.", "Libraries opened by dlopen are unseen."),
    ),
)
