"""Versions that programs and libraries write into themselves, by identify/versions/*.yaml.

Source: the texts themselves, each quoted with the build it was seen in; read 2026-11-22.
Searches executables and other binary content, not plain text files: those quote the versions of others. A version
that is put together at run time is not found. A program that has another product inside (a bundled library) names
that product, which is then really in the image; one that only quotes what it was built with does not. A release that
stands alone in a library is not that of a product whose library it is not, nor in a program that is called like another
product's, nor is one that a file hands to a library (identify/handed.py).
"""

from __future__ import annotations

from collections.abc import Iterator

from fwverify.formats.names import quoted
from fwverify.formats.products import canonical_product
from fwverify.identify.handed import LOOKS, handed
from fwverify.identify.interface import Detector, Found, Subject
from fwverify.identify.program_table import named_product
from fwverify.identify.scan import Hit, scan
from fwverify.identify.sonames import soname
from fwverify.model.component import Clue
from fwverify.model.plugin import Doc


def find(subject: Subject) -> Iterator[Found]:
    """Yield one clue for each product and version seen."""
    if subject.text is not None:
        return
    executable = subject.executable
    linked = executable is not None and bool(executable.soname or executable.needed or executable.interpreter)
    most, stated = subject.limits.max_scan_events, soname(subject)
    owner = canonical_product(stated) if stated else named_product(subject.artifact.name.rpartition("/")[2])
    code = executable.code if executable else ()
    for hit in scan(subject.artifact.content, stated, most, linked=linked, code=code):
        if hit.alone and owner and owner != hit.product:
            continue
        if hit.bare and _handed_over(hit, subject):
            continue
        yield Clue(
            product=hit.product,
            version=hit.version,
            locator=subject.artifact.locator,
            how="version-string",
            confidence=hit.confidence,
            quote=quoted(hit.quote),
            offset=hit.offset,
        )


def _handed_over(hit: Hit, subject: Subject) -> bool:
    """A release alone is that of a library (zlib, libpng, SQLite) that the file hands it to."""
    version = hit.version.encode()
    if not any(name != hit.product and look.fullmatch(version) for name, look in LOOKS.items()):
        return False
    exported = frozenset(subject.executable.exported) if subject.executable else frozenset[str]()
    looks = handed(subject.artifact.content, exported)
    return bool(looks) and any(look in LOOKS.values() and look.fullmatch(version) for look in looks or ())


DETECTOR = Detector(
    name="version-string",
    find=find,
    doc=Doc(
        title="version strings",
        references=("fwverify/identify/versions/*.yaml: each text with its source, read 2026-11-22",),
        limitations=(
            "Knows the products listed in fwverify/identify/versions.",
            "No UTF-16 texts.",
            "No versions put together at run time.",
        ),
    ),
)
