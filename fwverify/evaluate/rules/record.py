"""Rules on the change itself: its ticket, who asked and who agreed, its window, and what was looked at afterwards.

They judge what the operator states (options, asset register, checklist); nothing of it is in the delivery.
"""

from __future__ import annotations

from datetime import datetime

from fwverify.evaluate.interface import Case, Judged, Param, ParamKind, Rule
from fwverify.evaluate.judging import IF_ABSENT, Values, absent, counted, failed, item, listed, named, number, passed
from fwverify.model.change import ChangeRecord, CheckResult
from fwverify.model.finding import Level
from fwverify.model.people import person

FIELDS = ("ticket", "asset", "requested-by", "approved-by", "window")
RECORD = "the change record"


def _stated(change: ChangeRecord) -> dict[str, str]:
    return {
        "ticket": change.ticket,
        "asset": change.asset,
        "requested-by": change.requested_by,
        "approved-by": change.approved_by,
        "window": change.window,
    }


def ticket(case: Case, values: Values) -> Judged:
    """The change has a ticket, and what else the policy wants of its record."""
    change = case.expectation.change
    if not change.ticket:
        return absent(values, "No change ticket was stated.", remedy="Name it:  --change TICKET")
    said = _stated(change)
    missing = [one for one in listed(values, "fields") if not said[one]]
    if missing:
        return failed(
            f"The record of {change.ticket} does not say: {named(missing)}.",
            [item(RECORD, f"{one} is not stated") for one in missing],
            remedy="State it: " + ", ".join(f"--{one}" for one in missing) + ".",
            expected=", ".join(listed(values, "fields")),
            observed=", ".join(name for name, value in said.items() if value),
        )
    return passed(f"The change is {change.ticket}.", observed=change.ticket)


def approver(case: Case, values: Values) -> Judged:
    """Somebody else than who asked for it agreed."""
    change = case.expectation.change
    if not change.requested_by or not change.approved_by:
        what = "asked for" if not change.requested_by else "agreed to"
        remedy = "State both:  --requested-by NAME --approved-by NAME"
        return absent(values, f"Nobody is named who {what} the change.", remedy=remedy)
    if person(change.requested_by) == person(change.approved_by):
        return failed(
            f"{change.requested_by} asked for the change and agreed to it.",
            [item(RECORD, f"requested and approved by {change.approved_by}")],
            remedy="Have somebody else look at it and agree.",
            expected="two people",
            observed=change.approved_by,
        )
    return passed(f"{change.approved_by} agreed to what {change.requested_by} asked for.")


def window(case: Case, values: Values) -> Judged:
    """There is a maintenance window, it is not over, and it is no standing permission."""
    change = case.expectation.change
    if not change.window:
        return absent(values, "No maintenance window was stated.", remedy='Name it:  --window "START/END"')
    start, end = datetime.fromisoformat(change.window_start), datetime.fromisoformat(change.window_end)
    hours = -((start - end).total_seconds() // 3600)
    most = number(values, "max-hours")
    told = f"{change.window_start} to {change.window_end}"
    if change.window_end < case.at:
        return failed(
            f"The maintenance window ended at {change.window_end}.",
            [item(RECORD, f"window {told}, judged at {case.at}")],
            remedy="Have a new window agreed, and verify again for it.",
            observed=told,
        )
    if hours > most:
        return failed(
            f"The maintenance window is {hours:.0f} hours long; the policy allows {most}.",
            [item(RECORD, f"window {told}")],
            remedy="Name the hours in which the work is done.",
            expected=f"at most {most} hours",
            observed=told,
        )
    return passed(f"The maintenance window is {told}.", observed=told)


def checklist(case: Case, values: Values) -> Judged:
    """What was to be looked at after the update was looked at, and is as it should be."""
    found = case.expectation.change.checklist
    if found is None:
        remedy = "Print one (fwverify checklist new), fill it in after the update, and attach it: --checklist FILE"
        return absent(values, "No checklist of what was looked at after the update is attached.", remedy=remedy)
    bad = [one for one in found.checks if one.result is CheckResult.NO]
    open_ = [one for one in found.checks if one.result is CheckResult.OPEN]
    told = f"{len(found.checks) - len(bad) - len(open_)} of {counted(len(found.checks), 'check')}"
    if bad or open_:
        what = f"not as they should be: {named([one.id for one in bad])}" if bad else ""
        rest = f"not filled in: {named([one.id for one in open_])}" if open_ else ""
        return failed(
            f"After the update, {'; '.join(filter(None, (what, rest)))}.",
            [item("the checklist", f"{one.id}: {one.result.value} {one.note}".strip()) for one in (*bad, *open_)],
            remedy="Put it right, or go back to the release before, and look again.",
            denominator=told,
        )
    return passed(f"{told} after the update, by {found.by} on {found.date}.", denominator=told)


RULES = (
    Rule(
        id="record.ticket",
        default=Level.SHOULD,
        measures="The change has a ticket, and its record says what the policy wants.",
        judge=ticket,
        params=(
            Param(
                "fields",
                ParamKind.LIST,
                ("ticket",),
                "What the record must say, of ticket, asset, requested-by, approved-by, window.",
                tighter="more",
                pattern="|".join(FIELDS),
            ),
            IF_ABSENT,
        ),
        not_proven="It is what you typed; no change system was asked.",
        requirements=("A CM-3",),
    ),
    Rule(
        id="record.approver",
        default=Level.SHOULD,
        measures="Who agreed to the change is not who asked for it.",
        judge=approver,
        params=(IF_ABSENT,),
        not_proven="It is what you typed; nobody was asked whether he agreed.",
        requirements=("A CM-3",),
    ),
    Rule(
        id="record.window",
        default=Level.SHOULD,
        measures="There is a maintenance window, it is not over, and it is no longer than the policy allows.",
        judge=window,
        params=(
            Param("max-hours", ParamKind.INTEGER, 72, "Longest window, in hours.", tighter="lower"),
            IF_ABSENT,
        ),
        not_proven="It does not show that the work is done in it.",
        requirements=("A CM-3",),
    ),
    Rule(
        id="safety.checklist",
        default=Level.INFO,
        measures="The checks after the update are attached, filled in, and all as they should be.",
        judge=checklist,
        params=(IF_ABSENT,),
        not_proven="It is what somebody wrote down; no device was asked.",
    ),
)
