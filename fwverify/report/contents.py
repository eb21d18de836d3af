"""What is inside a delivery, as text: the tree of artifacts with offsets, components, and what was not examined.

For `inspect`; says nothing about who made it. Every text passes `report.layout.span`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from fwverify.model.artifact import ByteRange, Locator, Role
from fwverify.model.canonical import Json
from fwverify.model.evidence import ArtifactRecord, Evidence, Opened
from fwverify.model.survey import Survey
from fwverify.report.figures import NAME_LIMIT, blocks, count, held_in, listed, plural
from fwverify.report.layout import MIN_WIDTH, Line, entry, paragraph, plain, span
from fwverify.report.neutral import shortened
from fwverify.report.reading import in_order

MAX_LINES = 5000
"""Artifacts printed; JSON has all."""
MAX_DEPTH = 8
"""Levels of indent; deeper ones stand as far right as this."""
DETAIL_LIMIT = 200
BAR_CELLS = 10
HEAD = f"{'offset':>10} {'bytes':>13}  ent examined   what it is, SHA-256"
KEY = (
    "ent: entropy in bits for each byte (8.0: packed, encrypted or random); examined: # of its bytes read as "
    "structure, content or empty"
)


def contents_page(evidence: Evidence, width: int, verbose: int = 0, survey: Survey | None = None) -> str:
    """The page, ending with a newline.

    Args:
        survey: how bytes look; without it no entropy is shown.
    """
    lines = list(_lines(evidence, max(width, MIN_WIDTH), verbose, survey or Survey()))
    return "".join(f"{plain(line)}\n" for line in lines)


def offsets(evidence: Evidence) -> dict[Locator, ByteRange]:
    """Where artifacts lie in their image, as the ledger has them; what is packed shares its container's range."""
    out: dict[Locator, ByteRange] = {}
    for _, spans in evidence.ledger.spans:
        for one in spans:
            for depth in range(1, len(one.owner.steps) + 1):
                place = Locator(one.owner.steps[:depth])
                have = out.get(place, one.range)
                out[place] = ByteRange(min(have.start, one.range.start), max(have.end, one.range.end))
    return out


def tree_order(records: Iterable[ArtifactRecord], where: Mapping[Locator, ByteRange]) -> list[ArtifactRecord]:
    """Outer before inner, neighbours as they lie in their image; packed ones by name behind those."""

    def key(one: ArtifactRecord) -> tuple[tuple[int, int, Locator], ...]:
        out = []
        for depth in range(1, len(one.locator.steps) + 1):
            place = Locator(one.locator.steps[:depth])
            start = where[place].start if place in where and depth > 1 else -1
            out.append((int(start < 0 and depth > 1), start, place))
        return tuple(out)

    return sorted(records, key=key)


def _lines(evidence: Evidence, width: int, verbose: int, survey: Survey) -> Iterable[Line]:
    title = f"{shortened(evidence.delivery, NAME_LIMIT)}: {plural(len(evidence.artifacts), 'artifact')}"
    yield from paragraph(title, width)
    yield from _delivered(evidence, width)
    where = offsets(evidence)
    images = {one.locator.steps[0] for one in evidence.images()}
    inside = [one for one in evidence.artifacts if one.locator.steps[0] in images]
    yield (span(HEAD),)
    for one in tree_order(inside, where)[:MAX_LINES]:
        yield from _artifact(one, where, width, verbose, survey)
    if len(inside) > MAX_LINES:
        yield from paragraph(f"and {count(len(inside) - MAX_LINES)} more: --json", width, indent=2)
    yield from paragraph(KEY, width)
    yield from _components(evidence, width)
    yield from _unexplained(inside, where, width, survey)
    yield from _gaps(evidence, width)


def _delivered(evidence: Evidence, width: int) -> Iterable[Line]:
    """What came with the images: signatures, lists, documents."""
    for one in in_order(one for one in evidence.artifacts if one.role not in (None, Role.IMAGE)):
        what = shortened(one.format_title or one.format or one.why, NAME_LIMIT)
        role = one.role.value if one.role is not None else ""
        text = f"{shortened(one.locator.name, NAME_LIMIT)}: {count(one.size)} bytes, {role}, {what}, {_digest(one)}"
        yield from entry("", text, width)


def _digest(one: ArtifactRecord, word: str = "sha256 ") -> str:
    sha256 = next((digest.hex for digest in one.digests if digest.algorithm == "sha256"), "")
    return f"{word}{blocks(sha256, 8)}"


def bar(part: int, whole: int) -> str:
    """How much of something: `#######...`; never full unless all is there, never empty unless nothing is."""
    if not whole:
        return "-".center(BAR_CELLS)
    filled = part * BAR_CELLS // whole
    if part:
        filled = max(filled, 1)
    return "#" * filled + "." * (BAR_CELLS - filled)


def _artifact(
    one: ArtifactRecord, where: Mapping[Locator, ByteRange], width: int, verbose: int, survey: Survey
) -> Iterable[Line]:
    """One line, or more where the name is long: place, size, entropy, share examined, name and format."""
    place = f"{where[one.locator].start:#x}" if one.locator in where else "packed"
    look = survey.looks.get(one.locator)
    entropy = f"{look.entropy / 100:.1f}" if look and one.size else "-"
    head = f"{place:>10} {count(one.size):>13} {entropy:>4} {bar(one.opened_bytes, one.size)} "
    what = shortened(one.format_title or one.format, NAME_LIMIT) or "format not known"
    how = "" if one.opened is Opened.STRUCTURE else f", {one.opened.value}"
    name = shortened(one.locator.name, NAME_LIMIT)
    depth = min(len(one.locator.steps) - 1, MAX_DEPTH)
    yield from entry(head + " " * depth, f"{name}: {what}{how}, {_digest(one, '')}", width, indent=0)
    if verbose:
        for fact, value in (pair for pair in one.facts if not pair[0].startswith("hardening.")):
            yield from entry("", f"{fact}: {shortened(value, NAME_LIMIT)}", width, indent=len(head) + depth + 2)


def unexplained_leaf(one: ArtifactRecord) -> bool:
    """Searched at best, and of no known format."""
    return one.opened in (Opened.SCANNED, Opened.GAP) and not one.format_title and one.size > 0


def _unexplained(
    inside: Iterable[ArtifactRecord], where: Mapping[Locator, ByteRange], width: int, survey: Survey
) -> Iterable[Line]:
    """Leaves that nobody could explain: what they look like, for whoever looks further."""
    left = [one for one in inside if unexplained_leaf(one)]
    if not left:
        return
    total = sum(one.size for one in left)
    yield from paragraph(f"{plural(len(left), 'part')} nobody could explain, {count(total)} bytes", width)
    for one in tree_order(left, where)[:MAX_LINES]:
        look = survey.looks.get(one.locator)
        kind = f"{look.kind}, " if look and look.kind else ""
        seen = f"{kind}entropy {look.entropy / 100:.1f}, begins {look.first.hex(' ')}" if look else ""
        place = f"@{where[one.locator].start:#x}, " if one.locator in where else ""
        name = shortened(str(one.locator), NAME_LIMIT)
        yield from entry("", f"{name}: {place}{count(one.size)} bytes, {seen}", width)


def unexplained_rows(evidence: Evidence, survey: Survey) -> list[Json]:
    """The same leaves for programs: all of them, `offset` where they lie in their image byte for byte or packed."""
    where = offsets(evidence)
    rows: list[Json] = []
    for one in tree_order([one for one in evidence.artifacts if unexplained_leaf(one)], where):
        look = survey.looks.get(one.locator)
        row: dict[str, Json] = {"locator": str(one.locator), "size": one.size}
        if one.locator in where:
            row["offset"] = where[one.locator].start
        if look:
            row |= {"kind": look.kind, "entropy": look.entropy, "first": look.first.hex()}
        rows.append(row)
    return rows


def _components(evidence: Evidence, width: int) -> Iterable[Line]:
    yield from paragraph(plural(len(evidence.components), "component"), width)
    for one in evidence.components[:MAX_LINES]:
        version = shortened(one.stated, NAME_LIMIT) or "version not established"
        places = listed([place.name for place in one.locators], 2) + held_in(one.inside)
        text = f"{shortened(one.name, NAME_LIMIT)} {version}: {one.confidence} %, {listed(one.how)}, in {places}"
        yield from entry("", text, width)
        for quote in one.quotes[:1]:
            yield from entry("| ", shortened(quote, DETAIL_LIMIT), width, indent=4)


def _gaps(evidence: Evidence, width: int) -> Iterable[Line]:
    if evidence.gaps:
        yield from paragraph(f"{plural(len(evidence.gaps), 'part')} not examined", width)
    elif not any(unexplained_leaf(one) for one in evidence.artifacts):
        yield from paragraph("Nothing was left out", width)
    for one in evidence.gaps[:MAX_LINES]:
        place = f" @{one.range.start:#x}-{one.range.end:#x}" if one.range else ""
        detail = shortened(one.detail, DETAIL_LIMIT)
        entropy = f", entropy {one.entropy / 100:.1f}" if one.entropy >= 0 else ""
        where = f"{shortened(str(one.locator), NAME_LIMIT)}{place}"
        yield from entry("", f"{where}: {one.reason.value}: {detail}{entropy}", width)
    for odd in evidence.anomalies[:MAX_LINES]:
        detail = shortened(odd.detail, DETAIL_LIMIT)
        yield from entry("", f"{shortened(str(odd.locator), NAME_LIMIT)}: {odd.kind.value}: {detail}", width)
