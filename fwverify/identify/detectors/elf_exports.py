"""Bounds of a library's release, from its SONAME and the names it exports.

Source: identify/exports.txt, made from the minimal versions in Debian's symbols files (deb-symbols(5)) and compared
with the exports of real builds; read 2026-11-23. The clue has no version: a range is not a release. Does NOT look at
programs, nor at libraries that the data does not know.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwverify.formats.names import quoted
from fwverify.identify.export_table import bounds
from fwverify.identify.interface import Detector, Found, Subject
from fwverify.model.component import Clue
from fwverify.model.plugin import Doc

NAME = "elf-exports"
CONFIDENCE, WITH_NAMES = 70, 80
"""Percent: that the product is there, by its SONAME, and by names of the product besides."""


def find(subject: Subject) -> Iterator[Found]:
    """Yield the range of a known library."""
    executable = subject.executable
    if executable is None or not executable.exported or not executable.soname:
        return
    found = bounds(executable.soname, frozenset(executable.exported), frozenset(executable.defined_versions))
    if found:
        quote = quoted(found.shown_by.encode())
        yield Clue(
            found.product,
            "",
            subject.artifact.locator,
            NAME,
            WITH_NAMES if found.exports else CONFIDENCE,
            quote,
            since=found.since,
            before=found.before,
        )


DETECTOR = Detector(
    name=NAME,
    find=find,
    doc=Doc(
        title="bounds by exported names",
        references=("deb-symbols(5) and the builds named in fwverify/identify/exports.txt, read 2026-11-23",),
        limitations=("A range, never a release.", "Knows the SONAMEs listed in fwverify/identify/exports.txt."),
    ),
)
