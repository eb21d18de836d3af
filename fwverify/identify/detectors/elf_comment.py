"""The compiler's remark (.comment).

System V ABI, chapter 4, "Special Sections"; GCC and Clang write their own version there; read 2026-11-22.
The compiler is not in the image: this makes no clue, only a remark on the executable.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwverify.formats.names import quoted
from fwverify.identify.interface import Detector, Found, Subject
from fwverify.model.evidence import ContentKind, ContentObservation
from fwverify.model.plugin import Doc

MAX_REMARKS = 8
"""A program linked from objects of several compilers has a few; more is noise."""


def find(subject: Subject) -> Iterator[Found]:
    if subject.executable is None:
        return
    for remark in sorted(subject.executable.comment)[:MAX_REMARKS]:
        detail = f"built with {quoted(remark.encode())}"
        yield ContentObservation(ContentKind.EXECUTABLE, subject.artifact.locator, -1, "", detail)


DETECTOR = Detector(
    name="elf-comment",
    find=find,
    doc=Doc(
        title="ELF compiler remark",
        references=("System V ABI, chapter 4, Special Sections, read 2026-11-22",),
        limitations=("Makes no component: the compiler is not part of the image.",),
    ),
)
