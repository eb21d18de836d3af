"""What an image says of itself: bills of materials that lie inside it.

CycloneDX 1.6 JSON (`components`, nested), SPDX 2.3 JSON (`packages`) and tag-value, SPDX 3.0 JSON-LD (`@graph`,
software_Package); uSWID and coSWID (formats/uswid), also in the `.sbom` section of an executable; read 2026-11-22. This
is the maker's word inside what is being checked, not the SBOM that was delivered: it names, with little confidence, and
where the bytes show the same release it only adds to that. Does NOT validate such a document, and does not read XML.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from fwverify.formats import uswid
from fwverify.formats.ecosystems import ecosystem
from fwverify.formats.multi_search import places
from fwverify.formats.names import quoted
from fwverify.formats.products import canonical_product
from fwverify.formats.sbom_kinds import looks_like_sbom
from fwverify.formats.strict_json import Value, load
from fwverify.identify.interface import Detector, Found, Subject
from fwverify.limits import LimitExceeded
from fwverify.model.component import Clue
from fwverify.model.plugin import Doc

NAME = "embedded-sbom"
CONFIDENCE = 60
SECTION = ".sbom"
MAX_COMPONENTS = 20_000
MAX_CONTAINERS = 64
MAX_TEXT = 128
NO_COMPONENT = frozenset({"file", "operating-system", "device", "firmware", "data", "machine-learning-model"})
"""CycloneDX types that are not a product inside the image."""
_TAGS = re.compile(r"^(PackageName|PackageVersion|ExternalRef):[ \t]*(\S.{0,300}?)[ \t]*$", re.MULTILINE)
_PURL = re.compile(r"purl (pkg:\S+)$")
_Named = tuple[str, str, str]
"""Name, version, package URL."""


def find(subject: Subject) -> Iterator[Found]:
    """Yield one clue for each component the document names."""
    named: Iterator[_Named]
    if subject.text is not None:
        named = _documents(subject, subject.text)
    elif subject.executable is not None:
        named = _section(dict(subject.executable.metadata).get(SECTION, b""))
    else:
        named = _containers(subject.artifact.content)
    for count, (name, version, purl) in enumerate(named):
        if count >= MAX_COMPONENTS:
            raise LimitExceeded("max_sbom_components", MAX_COMPONENTS)
        if 0 < len(name) <= MAX_TEXT and len(version) <= MAX_TEXT:
            yield _clue(subject, name, version, purl)


def _clue(subject: Subject, name: str, version: str, purl: str) -> Clue:
    shown = quoted(name.encode("utf-8", "replace"), MAX_TEXT)
    stated = quoted(version.encode("utf-8", "replace"), MAX_TEXT)
    product = shown.lower() if ecosystem(purl) else canonical_product(shown)
    quote = f"{shown} {stated} {purl}".encode("utf-8", "replace")
    return Clue(
        product, stated, subject.artifact.locator, NAME, CONFIDENCE, quoted(quote), -1, _checked(purl), shown
    )  # fmt: skip


def _checked(purl: str) -> str:
    """The package URL, when it is one."""
    from packageurl import PackageURL

    try:
        return PackageURL.from_string(purl).to_string() if purl else ""
    except ValueError:
        return ""


def _documents(subject: Subject, text: str) -> Iterator[_Named]:
    kind = looks_like_sbom(subject.artifact.content)
    if kind == "CycloneDX JSON":
        yield from _cyclonedx(load(subject.artifact.content, kind))
    elif kind in ("SPDX JSON", "SPDX 3 JSON"):
        yield from _spdx(load(subject.artifact.content, kind))
    elif kind == "SPDX tag-value":
        yield from _tag_value(text)


def _word(table: dict[str, Value], key: str) -> str:
    value = table.get(key)
    return value if isinstance(value, str) else ""


def _tables(value: Value) -> list[dict[str, Value]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _cyclonedx(document: Value) -> Iterator[_Named]:
    waiting = _tables(document.get("components")) if isinstance(document, dict) else []
    while waiting:
        one = waiting.pop()
        waiting.extend(_tables(one.get("components")))
        if _word(one, "type") not in NO_COMPONENT and _word(one, "scope") != "excluded":
            yield _word(one, "name"), _word(one, "version"), _word(one, "purl")


def _spdx(document: Value) -> Iterator[_Named]:
    table = document if isinstance(document, dict) else {}
    for one in _tables(table.get("packages")):
        references = _tables(one.get("externalRefs"))
        purl = next(
            (_word(each, "referenceLocator") for each in references if _word(each, "referenceType") == "purl"), ""
        )
        yield _word(one, "name"), _word(one, "versionInfo"), purl
    for one in _tables(table.get("@graph")):
        if _word(one, "type") == "software_Package":
            yield _word(one, "name"), _word(one, "software_packageVersion"), _word(one, "software_packageUrl")


def _tag_value(text: str) -> Iterator[_Named]:
    name = version = purl = ""
    for hit in islice(_TAGS.finditer(text), 4 * MAX_COMPONENTS):
        if hit[1] == "PackageName":
            if name:
                yield name, version, purl
            name, version, purl = hit[2], "", ""
        elif hit[1] == "PackageVersion":
            version = hit[2]
        else:
            found = _PURL.search(hit[2])
            purl = found[1] if found else purl
    if name:
        yield name, version, purl


def _section(data: bytes) -> Iterator[_Named]:
    """Tags as they are, or a container of them."""
    if data.startswith(uswid.MAGIC):
        yield from _containers(memoryview(data))
    elif data and data[0] >> 5 in (5, 6):  # CBOR: a map or a tagged one
        yield from ((one.name, one.version, "") for one in uswid.tags(data))


def _containers(view: memoryview) -> Iterator[_Named]:
    for at in places(view, uswid.MAGIC, MAX_CONTAINERS):
        kind, data = uswid.container(view, at)
        if kind == uswid.CYCLONEDX:
            yield from _cyclonedx(load(data, "CycloneDX"))
        elif kind == uswid.SPDX:
            yield from _spdx(load(data, "SPDX"))
        else:
            yield from ((one.name, one.version, "") for one in uswid.tags(data))


DETECTOR = Detector(
    name=NAME,
    find=find,
    doc=Doc(
        title="bills of materials inside the image",
        references=(
            "CycloneDX 1.6 and SPDX 2.3 and 3.0, read 2026-11-22",
            "uSWID project and RFC 9393, read 2026-11-22",
        ),
        limitations=("The maker's own word, inside what is checked.", "No XML."),
    ),
)
