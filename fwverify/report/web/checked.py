"""What was looked at and what was not: files of the delivery, gaps with their reasons, odd structure. Pure."""

from __future__ import annotations

from collections import Counter

from fwverify.model.artifact import Locator, Role
from fwverify.model.evidence import ArtifactRecord, GapReason, Opened
from fwverify.report import reading as r
from fwverify.report.figures import count, percent, plural
from fwverify.report.reading import Reading
from fwverify.report.web.tables import Column, Row, Table, left_out, number, text

MAX_ROWS = 500
MAX_UNREAD = 100
SEARCHED = "only searched for texts and keys"
REASONS = {
    GapReason.UNSUPPORTED: "no reader for it",
    GapReason.ENCRYPTED: "encrypted",
    GapReason.MALFORMED: "damaged or not as its format wants it",
    GapReason.LIMIT: "a limit was reached",
    GapReason.CRASHED: "its reader crashed",
    GapReason.UNEXPLAINED: "nobody knows what it is",
    GapReason.MISSING: "not there",
    GapReason.NOT_ATTEMPTED: "not attempted",
}
ROOMS = (
    ("schemes", "kind of signature"), ("containers", "packing format"),
    ("detectors", "detector of components, keys and secrets"), ("sboms", "format of parts lists"),
)  # fmt: skip
"""Folders of plug-ins and what one of them is called."""
APPROVED = "an approved release to compare with (--baseline)"
WAY_BACK = "an image to go back to (--rollback)"


def checked_words(reading: Reading) -> tuple[str, ...]:
    """Figures: how much of how much."""
    evidence, sums = reading.evidence, r.opened(reading)
    images = evidence.images()
    tried = Counter(one.partition("/")[0] for one in evidence.settings.plugins)
    ways = [plural(tried[room], words, _many(words)) for room, words in ROOMS if tried[room]]
    inside = sum(one.role is None for one in evidence.artifacts)
    said = [
        f"{count(sums.counted)} of {plural(sums.total, 'byte')} in {plural(len(images), 'image')} were examined "
        f"({percent(sums.counted, sums.total).strip()}): {count(sums.examined)} read as a known format, "
        f"{count(sums.empty)} empty; {count(sums.scanned)} only searched for texts and keys, "
        f"{count(sums.unexplained)} not examined.",
        f"{plural(inside, 'part')} found inside.",
    ]
    if ways:
        said.append(f"Tried: {', '.join(ways)}.")
    if not evidence.gaps:
        whole = sums.counted >= sums.total
        said.append("No byte was left out." if whole else "What was only searched may hold anything.")
    if reading.missing:
        said.append(
            f"Could not be judged: {plural(len(reading.missing), 'required rule')} (under Rules, with the reason)."
        )
    lacking = [words for there, words in ((evidence.approved, APPROVED), (evidence.rollback, WAY_BACK)) if not there]
    if lacking:
        said.append(f"Not looked at, because not given: {', and '.join(lacking)}.")
    return tuple(said)


def _many(words: str) -> str:
    first, rest = words.partition(" ")[::2]
    return f"{first}s {rest}" if rest.startswith("of ") else f"{words}s"


def gap_table(reading: Reading) -> Table:
    """Everything nobody looked at, and why."""
    found = reading.evidence.gaps
    rows = tuple(
        Row((
            text(str(one.locator), notes=(f"bytes {one.range.start:#x} to {one.range.end:#x}" if one.range else "",)),
            text(REASONS[one.reason], "open"),
            text(one.detail),
            text(one.by or "-"),
        ))
        for one in found[:MAX_ROWS]
    )  # fmt: skip
    columns = (Column("where", "name"), Column("why"), Column("in words"), Column("met by"))
    more = left_out(len(found), len(rows), "gaps")
    return Table("gaps", "What stopped the reading, and why", columns, rows, more=more)


def unread_table(reading: Reading) -> Table:
    """Parts that were not read to their end, the largest first: what may be in them nobody knows."""
    sizes: Counter[Locator] = Counter()
    for one in r.spans(reading):
        if one.opened is not Opened.EMPTY and one.opened_bytes < one.range.size:
            sizes[one.owner] += one.range.size - one.opened_bytes
    ranked = sorted(sizes, key=lambda one: (-sizes[one], one))
    rows = []
    for place in ranked[:MAX_UNREAD]:
        found = reading.evidence.record(place)
        title = found.format_title if found is not None else ""
        how = SEARCHED if found is not None and found.opened is not Opened.GAP else "not looked at"
        rows.append(Row((text(str(place)), number(sizes[place]), text(title or "format not known"), text(how, "open"))))
    columns = (Column("part", "name"), Column("bytes", "n"), Column("format"), Column("what was done"))
    more = left_out(len(ranked), len(rows), "parts")
    return Table("unread", "Bytes that were not read, the largest parts first", columns, tuple(rows), more=more)


def anomaly_table(reading: Reading) -> Table:
    """Structure that a sound image does not have."""
    found = reading.evidence.anomalies
    rows = tuple(
        Row((
            text(str(one.locator), notes=(f"bytes {one.range.start:#x} to {one.range.end:#x}" if one.range else "",)),
            text(one.kind.value.replace("-", " "), "open"),
            text(one.detail),
        ))
        for one in found[:MAX_ROWS]
    )  # fmt: skip
    columns = (Column("where", "name"), Column("what"), Column("in words"))
    more = left_out(len(found), len(rows), "places")
    return Table("anomalies", "Odd structure", columns, rows, more=more)


def file_table(reading: Reading) -> Table:
    """Every file of the delivery and what it was taken for, with the digest that identifies it."""
    found = r.in_order(one for one in reading.evidence.artifacts if one.role is not None)
    rows = tuple(
        Row((
            text(str(one.locator)),
            text(one.role.value if one.role is not None else "", notes=(one.why,)),
            text(one.format_title or one.format or ("format not known" if one.role is Role.IMAGE else "-")),
            number(one.size),
            text(sha256(one)),
        ))
        for one in found[:MAX_ROWS]
    )  # fmt: skip
    columns = (
        Column("file", "name"), Column("taken for"), Column("format"), Column("bytes", "n"), Column("SHA-256", "hex"),
    )  # fmt: skip
    more = left_out(len(found), len(rows), "files")
    return Table("files", "Files of the delivery", columns, rows, more=more)


def sha256(one: ArtifactRecord) -> str:
    """Hexadecimal; empty when it was not computed."""
    return next((digest.hex for digest in one.digests if digest.algorithm == "sha256"), "")
