"""The release in the name of a library's file, for the projects whose build names the file by the release.

Source: each project's build files, named beside the expression in identify/versions/*.yaml; read 2026-11-22.
The SONAME inside the bytes must be the same product's. Libtool's interface numbers (`libcurl.so.4.8.0`) are no
releases: only projects known to write their release there are looked at. Does NOT follow symbolic links; whoever
renames the file decides what is found here, and the confidence says so.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwverify.formats.names import quoted
from fwverify.identify.interface import Detector, Found, Subject
from fwverify.identify.scan import named
from fwverify.identify.sonames import soname
from fwverify.model.component import Clue
from fwverify.model.plugin import Doc

NAME = "library-file-name"


def find(subject: Subject) -> Iterator[Found]:
    """Yield one clue for each product whose release the name states."""
    stated = soname(subject)
    for hit in named(subject.artifact.name, stated) if stated else ():
        yield Clue(hit.product, hit.version, subject.artifact.locator, NAME, hit.confidence, quoted(hit.quote))


DETECTOR = Detector(
    name=NAME,
    find=find,
    doc=Doc(
        title="library file names",
        references=("fwverify/identify/versions/*.yaml: each project's build files, read 2026-11-22",),
        limitations=("Only projects known to name the file by the release.", "A file name is easily changed."),
    ),
)
