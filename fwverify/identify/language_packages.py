"""Clues about packages of a programming language: one way to write them, for all detectors that read them.

The package URL's type makes them a world of their own: `conclude` never joins them with a C library of the same name.
Does NOT decide what a file is: the detectors do.
"""

from __future__ import annotations

from fwverify.formats.ecosystems import package_url, plausible
from fwverify.formats.names import quoted
from fwverify.identify.interface import Subject
from fwverify.model.component import Clue

INSTALLED = 95
"""Percent: the package manager's own record beside the installed files."""
LINKED = 95
"""The build tool wrote the list into the program for this purpose."""
TRACE = 85
"""A trace that only building this release leaves."""
LINKED_TRACE = 75
"""The same of code linked in: suppliers often do not list it, so that undeclared it is a remark and no failure."""
DESCRIBED = 80
"""A description that anybody may have written, in the place where it belongs."""
MAX_PACKAGES = 10_000
"""Of one artifact. The largest real program has about 1,500."""


MAX_DESCRIPTION_BYTES = 4 << 20
"""Of one package. A long change log inside a description stays below."""


def description(subject: Subject) -> str:
    """A description as text, also where a stray byte keeps it from being one; empty where it is too long."""
    if subject.text is not None or subject.artifact.size > MAX_DESCRIPTION_BYTES:
        return subject.text or ""
    return bytes(subject.artifact.content).decode("utf-8", "replace")


def package(
    subject: Subject, how: str, kind: str, name: str, version: str, quote: bytes, confidence: int, offset: int = -1,
    *, shown: str = "", part: bool = False,
) -> Clue | None:  # fmt: skip
    """One package; None where name or version cannot be such.

    Args:
        subject: what is being looked at.
        how: the detector's name.
        kind: package URL type.
        name: with its namespace, for the package URL.
        version: may be empty.
        quote: the bytes that say so.
        confidence: percent.
        offset: where they lie.
        shown: the component's name, where that is not `name`.
        part: it was compiled into the subject.
    """
    if not plausible(name, version):
        return None
    purl = package_url(kind, name, version)
    if not purl:
        return None
    unit = shown or name
    return Clue(
        unit.lower(), version, subject.artifact.locator, how, confidence, quoted(quote), offset, purl, unit, part=part
    )
