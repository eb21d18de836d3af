"""What is inside a delivery, as text: the tree of artifacts with offsets, components, and what was not examined.

For `inspect`; says nothing about who made it. Every text passes `report.layout.span`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from fwverify.model.artifact import ByteRange, Locator, Role
from fwverify.model.evidence import ArtifactRecord, Evidence
from fwverify.report.figures import NAME_LIMIT, blocks, count, listed, plural
from fwverify.report.layout import MIN_WIDTH, Line, entry, paragraph, plain
from fwverify.report.neutral import shortened
from fwverify.report.reading import in_order

MAX_LINES = 5000
"""Artifacts printed; JSON has all."""
MAX_DEPTH = 8
"""Levels of indent; deeper ones stand as far right as this."""
DETAIL_LIMIT = 200


def contents_page(evidence: Evidence, width: int, verbose: int = 0) -> str:
    """The page, ending with a newline."""
    lines = list(_lines(evidence, max(width, MIN_WIDTH), verbose))
    return "".join(f"{plain(line)}\n" for line in lines)


def offsets(evidence: Evidence) -> dict[Locator, ByteRange]:
    """Where the bytes of an artifact lie in their image, as the ledger has them; packed ones share a range."""
    out: dict[Locator, ByteRange] = {}
    for _, spans in evidence.ledger.spans:
        for one in spans:
            have = out.get(one.owner)
            start = min(have.start, one.range.start) if have else one.range.start
            end = max(have.end, one.range.end) if have else one.range.end
            out[one.owner] = ByteRange(start, end)
    return out


def _lines(evidence: Evidence, width: int, verbose: int) -> Iterable[Line]:
    title = f"{shortened(evidence.delivery, NAME_LIMIT)}: {plural(len(evidence.artifacts), 'artifact')}"
    yield from paragraph(title, width)
    where = offsets(evidence)
    for one in in_order(evidence.artifacts)[:MAX_LINES]:
        yield from _artifact(one, where, width, verbose)
    if len(evidence.artifacts) > MAX_LINES:
        yield from paragraph(f"and {count(len(evidence.artifacts) - MAX_LINES)} more: --json", width, indent=2)
    yield from _components(evidence, width)
    yield from _gaps(evidence, width)


def _artifact(one: ArtifactRecord, where: Mapping[Locator, ByteRange], width: int, verbose: int) -> Iterable[Line]:
    indent = 2 * min(len(one.locator.steps), MAX_DEPTH)
    place = f"@{where[one.locator].start:#x}" if one.locator in where else "@-"
    role = f"{one.role.value}, " if one.role is not None else ""
    unknown = "format not known" if one.role in (None, Role.IMAGE) else shortened(one.why, NAME_LIMIT)
    what = shortened(one.format_title or one.format, NAME_LIMIT) or unknown
    sha256 = next((digest.hex for digest in one.digests if digest.algorithm == "sha256"), "")
    text = (
        f"{shortened(one.locator.name, NAME_LIMIT)}: {place} {count(one.size)} bytes, {role}{what}, "
        f"{one.opened.value}, sha256 {blocks(sha256, 8)}"
    )
    yield from entry("", text, width, indent=indent)
    if verbose:
        for name, value in one.facts:
            yield from entry("", f"{name}: {shortened(value, NAME_LIMIT)}", width, indent=indent + 4)


def _components(evidence: Evidence, width: int) -> Iterable[Line]:
    yield from paragraph(plural(len(evidence.components), "component"), width)
    for one in evidence.components[:MAX_LINES]:
        version = shortened(one.version, NAME_LIMIT) or "version not established"
        places = listed([place.name for place in one.locators], 2)
        text = f"{shortened(one.name, NAME_LIMIT)} {version}: {one.confidence} %, {listed(one.how)}, in {places}"
        yield from entry("", text, width)
        for quote in one.quotes[:1]:
            yield from entry("| ", shortened(quote, DETAIL_LIMIT), width, indent=4)


def _gaps(evidence: Evidence, width: int) -> Iterable[Line]:
    said = f"{plural(len(evidence.gaps), 'part')} not examined" if evidence.gaps else "Nothing was left out"
    yield from paragraph(said, width)
    for one in evidence.gaps[:MAX_LINES]:
        place = f" @{one.range.start:#x}-{one.range.end:#x}" if one.range else ""
        detail = shortened(one.detail, DETAIL_LIMIT)
        yield from entry("", f"{shortened(str(one.locator), NAME_LIMIT)}{place}: {one.reason.value}: {detail}", width)
    for odd in evidence.anomalies[:MAX_LINES]:
        detail = shortened(odd.detail, DETAIL_LIMIT)
        yield from entry("", f"{shortened(str(odd.locator), NAME_LIMIT)}: {odd.kind.value}: {detail}", width)
