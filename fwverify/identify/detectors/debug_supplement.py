"""The package that a file was built for, by the name of its supplementary debug file: that a product is there.

See identify/supplement.py for the sources. It names programs, libraries and plug-ins of packages with several of them,
whatever those are called. Does NOT tell a version; products that nobody knows are not named.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwverify.formats.names import quoted
from fwverify.identify.interface import Detector, Found, Subject
from fwverify.identify.supplement import supplement
from fwverify.model.component import Clue
from fwverify.model.plugin import Doc

NAME = "debug-supplement"
CONFIDENCE = 80


def find(subject: Subject) -> Iterator[Found]:
    """Yield the product."""
    product, quote, at = supplement(subject)
    if product:
        yield Clue(product, "", subject.artifact.locator, NAME, CONFIDENCE, quoted(quote), at)


DETECTOR = Detector(
    name=NAME,
    find=find,
    doc=Doc(
        title="names of supplementary debug files",
        references=("DWARF 5, 7.3.6; dwz(1); dh_dwz(1), read 2026-11-23",),
        limitations=("No version.", "Known products only, of distributions that run dwz over packages."),
    ),
)
