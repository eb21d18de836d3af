"""What differs from the approved release, the image to go back to, and the change this answer is for. Pure.

Sentences are those of `fwverify diff` (`report.difference_wording`). Without an approved release there is nothing to
show, and that is said.
"""

from __future__ import annotations

from dataclasses import dataclass

from fwverify.model.change import ChangeRecord, CheckResult
from fwverify.model.difference import ComponentChange, ComponentStep, Difference, Effect, SecurityChange
from fwverify.model.verdict import Acceptance, Decision, WayBack
from fwverify.report import difference_wording as wording
from fwverify.report.difference_page import FILES, STEPS, figures, sentence
from fwverify.report.figures import listed, plural
from fwverify.report.reading import Reading
from fwverify.report.web.tables import Column, Row, Table, left_out, text

MAX_ROWS = 1000
EFFECTS = {
    Effect.WORSE: ("for the worse", "bad"),
    Effect.CHANGED: ("to look at", "open"),
    Effect.BETTER: ("for the better", "good"),
}
DECISIONS = {Decision.PASS: "good", Decision.FAIL: "bad", Decision.INCONCLUSIVE: "open"}
ACCEPTANCE = {
    Acceptance.ALLOWED: "the device would take it back, as far as signed bytes say",
    Acceptance.REFUSED: "the device would refuse it",
    Acceptance.UNKNOWN: "nothing signed says whether the device would take it back",
}
RESULTS = {
    CheckResult.YES: "good",
    CheckResult.NO: "bad",
    CheckResult.OPEN: "open",
    CheckResult.NOT_APPLICABLE: "quiet",
}
KEY_VALUE = (Column("what", "name"), Column("value"))


@dataclass(frozen=True, slots=True)
class Changes:
    """The section."""

    words: tuple[str, ...]
    approved: Table | None
    lists: tuple[Table, ...]
    """Those that have rows; what is for the worse first."""
    way_back: Table | None
    record: Table | None
    checklist: Table | None


def changes(reading: Reading) -> Changes:
    """All of it."""
    found, record = reading.evidence.changes, reading.evidence.expectation.change
    way_back = reading.verdict.way_back
    said: tuple[str, ...] = ("No approved release was given to compare with, so nothing is said of what changed.",)
    if found is not None:
        said = (sentence(found).replace(": see the end.", ": see below."),
                f"Approved: {figures(found.old)}.", f"This one: {figures(found.new)}.")  # fmt: skip
    lists = _lists(found) if found is not None else ()
    return Changes(
        said, _approved(reading), tuple(one for one in lists if one.rows),
        _way_back(way_back) if way_back is not None else None,
        _record(record) if record.stated else None,
        _checklist(record) if record.checklist is not None else None,
    )  # fmt: skip


def _approved(reading: Reading) -> Table | None:
    one = reading.evidence.approved
    if one is None:
        return None
    images = tuple(f"{name}  {digest.algorithm} {digest.hex}" for name, digest in one.images)
    pairs = (
        ("delivery", one.name, images),
        ("version", ", ".join(one.versions) or "none stated", ()),
        ("approved by", " ".join(filter(None, (one.set_by, one.set_on))) or "not recorded", ()),
        ("seen on a unit in service", one.observed or "nobody looked", ()),
        ("counters", listed([f"{name} {value}" for name, value in one.counters], 20) or "none stated", ()),
        ("its evidence", f"facts of {one.at}", (f"SHA-256 {one.evidence}",)),
    )
    rows = tuple(Row((text(name), text(value, notes=notes))) for name, value, notes in pairs)
    return Table("approved", "The approved release this one follows", KEY_VALUE, rows)


def _lists(found: Difference) -> tuple[Table, ...]:
    security = [
        Row((text(wording.security(one) if isinstance(one, SecurityChange) else _older(one)), text(*EFFECTS[effect])),
            EFFECTS[effect][0])
        for effect in EFFECTS
        for one in found.of_effect(effect)
    ]  # fmt: skip
    components = [
        Row((text(wording.component(one)), text(STEPS[one.step][0])), STEPS[one.step][0])
        for step in STEPS
        for one in found.components
        if one.step is step
    ]
    facts = [Row((text(wording.fact(one)),)) for one in found.facts]
    files = [
        Row(
            (text(wording.file(one)), text(FILES[one.step][0], notes=(UNKNOWN if one.opaque else "",))),
            FILES[one.step][0],
        )
        for one in sorted(found.files, key=lambda one: -one.size)
    ]
    open_ = [Row((text(wording.unseen(one), "open"),)) for one in found.open]
    what, how = Column("what", "text"), Column("how", "word")
    return (
        _table("changes-security", "In security terms", (what, how), security),
        _table("changes-open", "Could not be compared, so no change there means nothing", (what,), open_),
        _table("changes-components", "Components", (what, how), components),
        _table("changes-facts", "What headers state", (what,), facts),
        _table("changes-files", "Files, the largest first", (what, Column("how")), files),
    )


UNKNOWN = "format not known: what changed in it cannot be told"


def _older(one: ComponentChange) -> str:
    verb = {ComponentStep.ADDED: "New component", ComponentStep.REMOVED: "Gone: component"}.get(one.step, "Component")
    return f"{verb} {wording.component(one)}"


def _table(id_: str, caption: str, columns: tuple[Column, ...], rows: list[Row]) -> Table:
    more = left_out(len(rows), MAX_ROWS, "changes")
    return Table(id_, f"{caption} ({len(rows):,})", columns, tuple(rows[:MAX_ROWS]), len(rows) > 12, more)


def _way_back(one: WayBack) -> Table:
    rules = listed(one.rules, 12)
    pairs = (
        ("image", one.name, "", ()),
        ("version", one.version or "none stated", "", ()),
        ("by the same policy", one.decision.value.upper(), DECISIONS[one.decision], (rules and f"not met: {rules}",)),
        ("on the device", ACCEPTANCE[one.acceptance], "", (one.why,)),
    )
    rows = tuple(Row((text(name), text(value, style, notes=notes))) for name, value, style, notes in pairs)
    return Table("way-back", "The image to go back to", KEY_VALUE, rows)


def _record(one: ChangeRecord) -> Table:
    pairs = (
        ("ticket", one.ticket), ("asset", " ".join(filter(None, (one.asset, one.asset_words)))),
        ("requested by", one.requested_by), ("approved by", one.approved_by), ("window", one.window),
        ("why an older release", one.going_back),
    )  # fmt: skip
    rows = tuple(Row((text(name), text(value))) for name, value in pairs if value)
    return Table("change-record", "The change this answer is for, as you stated it", KEY_VALUE, rows)


def _checklist(record: ChangeRecord) -> Table:
    done = record.checklist
    assert done is not None  # noqa: S101 - asked by the caller
    rows = tuple(
        Row((text(one.what), text(one.result.value, RESULTS[one.result]), text(one.note or "-"))) for one in done.checks
    )
    columns = (Column("question", "name"), Column("found", "word"), Column("note"))
    caption = f"{plural(len(rows), 'check')} after the update, filled in by {done.by or 'nobody'} on {done.date or '-'}"
    return Table("checklist", caption, columns, rows)
