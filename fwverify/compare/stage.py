"""Components + vendor SBOM -> discrepancies: reading the documents, and one row for everything on either side.

Numbered like the work: 1 files by hash and path (`files`), 2 products by identity and version (`match`), 3 what was
declared and not found: named like a file that nothing identified (`traces`), or absent with the reason. Does NOT judge:
what a row means for the decision is a rule's question.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from fwverify.compare.files import Files, Place, match_files
from fwverify.compare.identifiers import parsed_purl
from fwverify.compare.index import MAX_CANDIDATES, SERVICE
from fwverify.compare.interface import Document, Inventory, SbomFormat
from fwverify.compare.match import Products, match_products
from fwverify.compare.packaged import language_of
from fwverify.compare.registry import BUILTIN
from fwverify.compare.traces import BOOT, Traces, traces
from fwverify.formats.ecosystems import LANGUAGES, ecosystem
from fwverify.formats.products import canonical_product
from fwverify.formats.sbom_kinds import looks_like_sbom
from fwverify.model.artifact import Artifact, Locator
from fwverify.model.component import DeclaredComponent, Discrepancy, DiscrepancyKind, in_order
from fwverify.model.evidence import Gap, GapReason
from fwverify.model.examining import Unsupported, examining

SURE = 76
"""Percent from which on more than the name of one file tells of a component."""
VISIBLE = frozenset({"application", "framework", "library", "operating-system", "device-driver", "file"})
"""CycloneDX types that normally leave a trace in an image: file names, symbols, version texts."""


def read_sboms(
    artifacts: Iterable[Artifact], formats: Sequence[SbomFormat] = BUILTIN
) -> tuple[tuple[Document, ...], tuple[Gap, ...]]:
    """Read every document; what cannot be read is a gap."""
    documents: list[Document] = []
    gaps: list[Gap] = []
    for artifact in sorted(artifacts, key=lambda one: one.locator):
        with examining(artifact.locator, gaps, "compare"):
            documents.append(_read(artifact, formats))
    return tuple(documents), tuple(gaps)


def _read(artifact: Artifact, formats: Sequence[SbomFormat]) -> Document:
    for one in formats:
        if one.detect(artifact):
            return one.read(artifact)
    kind = looks_like_sbom(artifact.content)
    raise Unsupported(f"{kind} is recognised and not read yet" if kind else "no SBOM of a format that is known here")


@dataclass(frozen=True, slots=True)
class _Facts:
    """What steps 1 and 2 found."""

    products: Products
    files: Files
    undecided: frozenset[DeclaredComponent]
    """Entries of which nothing tells whether they were seen, the skipped ones included."""
    uncertain: int
    """How many gaps the inventory has."""
    traces: Traces
    of_source: Mapping[DeclaredComponent, str]
    """Entries of documents that describe a source tree, and why that is thought."""
    parts: Mapping[DeclaredComponent, tuple[DeclaredComponent, ...]]
    """Entries declared inside of another one."""
    seen: frozenset[DeclaredComponent]
    """Entries that have a row of steps 1 and 2."""


def compare(inventory: Inventory, documents: Sequence[Document]) -> tuple[tuple[Discrepancy, ...], tuple[Gap, ...]]:
    """Compare what is there with what all documents together declare.

    Every observed component has exactly one row with it, every declared one at least one. Without any document there
    is nothing to compare with: no rows.
    """
    if not documents:
        return (), ()
    declared = in_order(one for document in documents for one in document.components)
    files = match_files(inventory, declared)  # 1
    located = {one: place.locator for one, place in files.places.items()}
    products = match_products(inventory.components, declared, located)  # 2
    rows = [_placed(row, files) for row in products.rows]
    told = {row.declared for row in rows if row.declared is not None}
    told.update(row.declared for row in files.differing if row.declared is not None)
    rows.extend(files.differing)
    facts = _Facts(
        products,
        files,
        frozenset((*products.undecided, *products.skipped)),
        len(inventory.gaps),
        traces(inventory, _explained(products)),
        _of_source(documents),
        _parts(documents),
        frozenset((*told, *products.same_as, *files.places)),
    )
    rows.extend(_remaining(one, facts) for one in declared if one not in told)  # 3
    gaps = list(files.gaps)
    if products.skipped:
        reason = f"{len(products.skipped)} entries beyond {MAX_CANDIDATES} of one name were not compared"
        gaps.append(Gap(GapReason.LIMIT, documents[0].observation.locator, reason, "compare"))
    return tuple(sorted(rows, key=_order)), tuple(gaps)


def _explained(products: Products) -> frozenset[Locator]:
    """Files of components that are declared, or that more than a name tells of."""
    matched = [row.observed for row in products.rows if row.observed is not None and row.declared is not None]
    sure = [row.observed for row in products.rows if row.observed is not None and row.observed.confidence >= SURE]
    listed = [one for one in (*matched, *sure) if not ecosystem(one.purl)]  # a crate is not the program around it
    return frozenset(place for one in listed for place in one.locators)


def _placed(row: Discrepancy, files: Files) -> Discrepancy:
    """Say in the entry's own row where its file is."""
    place = files.places.get(row.declared) if row.declared is not None else None
    if place is None:
        return row
    return replace(row, locator=place.locator, reason=f"{row.reason}; {place.reason}")


def _remaining(entry: DeclaredComponent, facts: _Facts) -> Discrepancy:
    """The row of an entry that no observed component was matched to."""
    place = facts.files.places.get(entry)
    if place is not None:
        return _found(entry, place)
    products = facts.products
    if entry in products.same_as:
        other = products.same_as[entry]
        reason = f"speaks of {_name(other.name, other.version)}, which another entry was matched to as well"
        return Discrepancy(DiscrepancyKind.MATCHED, entry, None, reason, _agreed(entry, other.version))
    if entry in facts.undecided:
        return Discrepancy(DiscrepancyKind.AMBIGUOUS, entry, None, "several entries of this name; nothing tells which")
    return _absent(entry, facts)


def _found(entry: DeclaredComponent, place: Place) -> Discrepancy:
    return Discrepancy(DiscrepancyKind.MATCHED, entry, None, place.reason, None, place.locator)


def _agreed(entry: DeclaredComponent, version: str) -> bool | None:
    return True if entry.version and version else None


def _of_source(documents: Sequence[Document]) -> dict[DeclaredComponent, str]:
    found: dict[DeclaredComponent, str] = {}
    for document in documents:
        if document.observation.source_tree:
            found.update(dict.fromkeys(document.components, document.observation.source_tree))
    return found


def _parts(documents: Sequence[Document]) -> dict[DeclaredComponent, tuple[DeclaredComponent, ...]]:
    """What is declared inside of each entry, directly."""
    found: dict[DeclaredComponent, list[DeclaredComponent]] = {}
    for document in documents:
        for one, detail in zip(document.components, document.details, strict=False):
            if detail.parent >= 0:
                found.setdefault(document.components[detail.parent], []).append(one)
    return {one: tuple(parts) for one, parts in found.items()}


def _absent(entry: DeclaredComponent, facts: _Facts) -> Discrepancy:
    """Not recognised in the bytes. See the module's step 3."""
    other = facts.products.other_version.get(entry)
    seen = f"; seen instead: {_name(other.name, other.version)}" if other else ""
    hidden = _nothing_to_see(entry)
    if hidden:
        return Discrepancy(DiscrepancyKind.ABSENT_UNSEEN, entry, None, hidden + seen)
    place = facts.traces.named(entry) if other is None else None
    if place is not None:
        reason = f"a file of that name is there: {place}; nothing in it tells the version"
        return _found(entry, Place(place, reason))
    hidden = _why_unseen(entry, facts)
    if hidden:
        return Discrepancy(DiscrepancyKind.ABSENT_UNSEEN, entry, None, hidden + seen)
    reason = "declared and not found, although all of the image was examined"
    return Discrepancy(DiscrepancyKind.ABSENT_VISIBLE, entry, None, reason + seen)


def _nothing_to_see(entry: DeclaredComponent) -> str:
    """Why nothing of it need lie in the image; empty when something should."""
    if entry.kind == SERVICE:
        return "a service: it runs somewhere else, and nothing of it need lie in the image"
    if entry.external:
        return "declared as external: the device's surroundings provide it"
    if entry.scope == "excluded":
        return "declared as excluded: used to build or test, not shipped"
    if not entry.name and not entry.purl:
        return "the entry has no name to look for"
    return ""


def _why_unseen(entry: DeclaredComponent, facts: _Facts) -> str:
    """Why this could not have been seen; empty when it should have been."""
    parts = facts.parts.get(entry, ())
    there = [one for one in parts if one in facts.seen]
    if there:
        return f"an assembly: {len(there)} of the {len(parts)} parts declared inside it were seen"
    if entry.kind not in VISIBLE:
        return f"components of type {entry.kind or 'unknown'} need not leave a trace"
    if entry in facts.of_source:
        return f"the SBOM describes a source tree ({facts.of_source[entry]}); not all of it need be in the image"
    url = parsed_purl(entry.purl)
    language = url.type if url is not None and url.type in LANGUAGES else language_of(entry.name, url)
    if language:
        return f"{language} packages may be compiled in without a trace"
    if facts.uncertain:
        return f"{facts.uncertain} part{'s' if facts.uncertain > 1 else ''} of the image could not be examined"
    if canonical_product(entry.name) in BOOT:
        return "no kernel or boot loader of that name is among the images; it may be delivered apart"
    other = facts.products.part_of.get(entry)
    if other is not None:
        return f"it may be a part of {_name(other.name, other.stated)}, which was seen"
    place = facts.traces.perhaps(entry)
    return f"not recognised; it may be {place}, which nothing identifies" if place else ""


def _name(name: str, version: str) -> str:
    return f"{name} {version}".strip()


def _order(row: Discrepancy) -> tuple[str, ...]:
    """By name, then kind, then everything that tells two rows apart."""
    name = row.declared.name if row.declared else row.observed.name if row.observed else ""
    declared = (row.declared.version, row.declared.purl, row.declared.bom_ref) if row.declared else ("", "", "")
    observed = (row.observed.version, str(row.observed.locators)) if row.observed else ("", "")
    return (name.lower(), name, row.kind.value, *declared, *observed, row.reason)
