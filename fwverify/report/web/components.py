"""What was seen in the image beside what the vendor declared, a row each: what does not fit first. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from fwverify.model.component import Component, DeclaredComponent, Discrepancy, DiscrepancyKind
from fwverify.report import reading as r
from fwverify.report.figures import count, listed, plural
from fwverify.report.neutral import shortened
from fwverify.report.reading import Reading
from fwverify.report.web.tables import Cell, Column, Row, Table, left_out, text

MAX_ROWS = 10_000
QUOTE = 120
"""Characters of the bytes that showed it."""
OPEN_ROWS = 40
"""Up to so many the table stands open."""
KINDS = {
    DiscrepancyKind.UNDECLARED: ("not in the SBOM", "bad"),
    DiscrepancyKind.VERSION_DIFFERS: ("other version", "bad"),
    DiscrepancyKind.HASH_DIFFERS: ("changed file", "bad"),
    DiscrepancyKind.ABSENT_VISIBLE: ("declared, not there", "open"),
    DiscrepancyKind.AMBIGUOUS: ("several entries fit", "open"),
    DiscrepancyKind.COPY: ("a copy inside a declared one", "quiet"),
    DiscrepancyKind.ABSENT_UNSEEN: ("declared, cannot be seen", "quiet"),
    DiscrepancyKind.MATCHED: ("in the SBOM", "good"),
}
"""In the order of the table."""
SAME = ("same version", "good")
NO_VERSION = ("in the SBOM, version not shown", "")
RELEASE = ("the release itself", "good")
NOT_COMPARED = ("seen, nothing to compare", "open")
CONTRADICTED = "contradicted: another version was seen at the same place"
COLUMNS = (
    Column("name", "name"), Column("state"), Column("seen", "code"), Column("declared", "code"),
    Column("how seen"), Column("where"),
)  # fmt: skip


def component_table(reading: Reading) -> Table:
    """All of them; what does not fit first, then by name."""
    release = frozenset(r.declared(reading).release)
    rows = [
        _row(*_state(one, release), one.observed, one.declared, one.reason) for one in reading.evidence.discrepancies
    ]
    compared = {one.observed for one in reading.evidence.discrepancies if one.observed is not None}
    rows.extend(_row(*NOT_COMPARED, one, None, "") for one in reading.evidence.components if one not in compared)
    order = {words: at for at, words in enumerate(_order())}
    rows.sort(key=lambda one: (order.get(one.state, len(order)), one.cells[0].text.casefold(), one.cells[2].text))
    return Table(
        "components", "Components, as seen in the image and as the vendor declares them", COLUMNS,
        tuple(rows[:MAX_ROWS]), filtered=True, more=left_out(len(rows), MAX_ROWS, "components"),
    )  # fmt: skip


def _order() -> Iterable[str]:
    for kind, (words, _) in KINDS.items():
        if kind is DiscrepancyKind.MATCHED:
            yield NO_VERSION[0]
        yield words
    yield from (NOT_COMPARED[0], SAME[0], RELEASE[0])


def _state(one: Discrepancy, release: frozenset[Component]) -> tuple[str, str]:
    if one.kind is DiscrepancyKind.UNDECLARED and one.observed in release:
        return RELEASE
    if one.kind is DiscrepancyKind.MATCHED and one.version_agrees is True:
        return SAME
    if one.kind is DiscrepancyKind.MATCHED and one.observed is not None and not one.observed.version:
        return NO_VERSION
    return KINDS[one.kind]


def _row(words: str, style: str, seen: Component | None, declared: DeclaredComponent | None, reason: str) -> Row:
    name = seen.name if seen is not None else declared.name if declared is not None else "?"
    odd = (CONTRADICTED,) if seen is not None and seen.contradicted else ()
    state = text(words, style, notes=(reason if style in ("bad", "open", "quiet") else "", *odd))
    return Row((text(name, limit=120), state, _seen(seen), _declared(declared), *_how(seen)), words)


def _seen(one: Component | None) -> Cell:
    return text("not seen", "quiet") if one is None else text(one.stated or "version not shown", limit=80)


def _declared(one: DeclaredComponent | None) -> Cell:
    if one is None:
        return text("-", "quiet")
    return text(one.version or "no version given", limit=80)


def _how(one: Component | None) -> tuple[Cell, ...]:
    if one is None:
        return text("-", "quiet"), text("-", "quiet")
    quotes = tuple(f"bytes: {shortened(quote, QUOTE)}" for quote in one.quotes[:1])
    how = text(f"{listed(one.how)}, {one.confidence} % sure", limit=160, notes=quotes)
    return how, text(listed([str(place) for place in one.locators], 2), limit=260)


def component_words(reading: Reading) -> tuple[str, ...]:
    """The figures above the table, each with what it is out of."""
    sums = r.declared(reading)
    if not reading.evidence.sboms:
        seen = plural(len(reading.evidence.components), "component")
        return (f"No parts list (SBOM) came with it: {seen} seen in the image, nothing to compare them with.",)
    declared = sum(one.components for one in reading.evidence.sboms)
    versions = [
        f"{count(number)} {words}"
        for number, words in (
            (len(sums.differing), "with another"),
            (sums.versionless, "without one"),
            (sums.uncompared, "not to be compared"),
        )
        if number > 0
    ]  # fmt: skip
    rest = f" ({', '.join(versions)})" if versions else ""
    said = [
        f"{count(sums.listed)} of {plural(sums.found, 'component')} seen in the image are in the SBOM, which lists "
        f"{count(declared)}.",
        f"Of these {count(sums.listed)} the image shows the SBOM's version of {count(sums.agreeing)}{rest}.",
        f"{count(sums.absent)} declared and not seen.",
    ]
    if sums.copies:
        held = plural(len(sums.copies), "copy", "copies")
        said.append(f"{held} of libraries inside of declared components, not listed by themselves.")
    if sums.hashes:
        said.append(f"{plural(len(sums.hashes), 'file')} inside differ from the hash the SBOM gives.")
    return tuple(said)
