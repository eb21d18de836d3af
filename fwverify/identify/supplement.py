"""The package that a file says it was built for, in the name of its supplementary debug file.

Source: DWARF 5, 7.3.6 (supplementary object files), dwz(1) (`-m`, `-M`) and debhelper's dh_dwz, which calls that file
`/usr/lib/debug/.dwz/TRIPLET/PACKAGE.debug` in every program and library of a package that has several; the section
`.gnu_debugaltlink` stays when debug sections are taken off; read 2026-11-23. Does NOT tell a release.
"""

from __future__ import annotations

import re

from fwverify.formats.executable import detect
from fwverify.formats.products import canonical_product, known_products
from fwverify.identify.interface import Subject

TAIL_BYTES = 64 << 10
"""Looked at: the section is not loaded, so it lies behind all that is, right before the section names and headers."""
_FOLDER = b"/usr/lib/debug/.dwz/"
_LINK = re.compile(rb"/usr/lib/debug/\.dwz/[\w.-]{3,40}/([a-z0-9][a-z0-9+.-]{1,80})\.debug(?=\0)")


def supplement(subject: Subject) -> tuple[str, bytes, int]:
    """(known product, quote, where); three times nothing where the file has no such link, or several."""
    content = subject.artifact.content
    if detect(content) != "ELF":
        return "", b"", -1
    start = max(0, len(content) - TAIL_BYTES)
    tail = bytes(content[start:])
    at = tail.rfind(_FOLDER)
    hit = _LINK.match(tail, at) if at >= 0 and tail.find(_FOLDER) == at else None
    product = canonical_product(hit[1].decode()) if hit else ""
    return (product, hit[0], start + at) if hit and product in known_products() else ("", b"", -1)
