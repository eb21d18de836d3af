"""Elements that profiles of minimum elements ask for: which of them each entry of a document lacks.

The list is what formats/sbom_profiles.yaml may name. Pure. Does NOT say which profile asks for what, and does not
judge whether what is stated is true.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache

from fwverify.model.component import DeclaredComponent
from fwverify.model.evidence import ElementCount

OF_DOCUMENT = (
    "author", "author-contact", "timestamp", "tool", "generation-context", "subject",
)  # fmt: skip
"""Elements of the document as a whole."""
OF_COMPONENT = (
    "name", "version", "supplier", "creator-contact", "identifier", "hash", "sha512", "licence", "spdx-licence",
    "relationship", "dependencies", "completeness", "filename", "executable", "archive", "structured",
)  # fmt: skip
"""Elements of each component."""
_EXAMPLES = 20
_SPDX_WORD = re.compile(r"(?:DocumentRef-[\w.-]+:)?(?:LicenseRef-)?[A-Za-z0-9][A-Za-z0-9.+-]*")


def counted(document: Iterable[str], components: Sequence[tuple[str, Iterable[str]]]) -> tuple[ElementCount, ...]:
    """One count for each element.

    Args:
        document: elements that the document lacks.
        components: name and version of each entry, and the elements it lacks.
    """
    absent = set(document)
    found = [ElementCount(one, 1, int(one in absent)) for one in OF_DOCUMENT]
    lacking: dict[str, list[str]] = {one: [] for one in OF_COMPONENT}
    for name, elements in components:
        for element in elements:
            lacking[element].append(name)
    found += [
        ElementCount(element, len(components), len(names), tuple(names[:_EXAMPLES]))
        for element, names in lacking.items()
    ]
    return tuple(found)


def stated(found: DeclaredComponent, algorithms: Collection[str]) -> dict[str, bool]:
    """The elements that every format writes in its own way and that mean one thing once they are read.

    Args:
        found: the entry.
        algorithms: of its hashes, those of its distributed files included.
    """
    return {
        "name": bool(found.name),
        "version": bool(found.version),
        "supplier": bool(found.supplier),
        "identifier": bool(found.purl or found.cpe),
        "hash": bool(algorithms),
        "sha512": "sha512" in algorithms,
        "licence": bool(found.licences),
        "spdx-licence": any(map(is_expression, found.licences)),
    }


def missing(has: dict[str, bool], elements: tuple[str, ...]) -> tuple[str, ...]:
    """The elements that are not there, in the order of the list."""
    return tuple(one for one in elements if not has.get(one, False))


@lru_cache(maxsize=4096)
def is_expression(text: str) -> bool:
    """A licence in SPDX's notation, as far as its form tells: identifiers joined by AND, OR, WITH and brackets."""
    words = text.replace("(", " ").replace(")", " ").split()
    plain = [one for one in words if one not in ("AND", "OR", "WITH")]
    if not plain or text.upper() in ("NONE", "NOASSERTION"):
        return False
    return len(plain) == len(words) - len(plain) + 1 and all(_SPDX_WORD.fullmatch(one) for one in plain)
