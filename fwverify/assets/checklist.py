"""The checklist for after an update: printed before it, filled in by people, read strictly, attached to the record.

What is asked is what a change of firmware breaks in power equipment without anybody noticing for weeks: alarms that no
longer arrive, ventilation that no longer follows, an emergency stop that no longer stops, measurements that are off.
"""

from __future__ import annotations

import hashlib

from fwverify.assets.reading import Reader
from fwverify.errors import UsageError
from fwverify.evaluate.fields import is_day
from fwverify.formats.strict_yaml import Node
from fwverify.model.change import CheckDone, Checklist, CheckResult

LANGUAGE = ("checklist", "fwverify-checklist/1")
KEYS = ("checklist", "change", "asset", "by", "date", "checks")
CHECK_KEYS = ("what", "result", "note")
RESULTS = {one.value: one for one in CheckResult if one is not CheckResult.OPEN}
CHECKS = (
    ("version", "The unit itself shows the version that was to be installed."),
    ("alarms", "A test alarm arrives where it must, with the right text and time."),
    ("ventilation", "Fans and ventilation start, stop and follow the temperature."),
    ("emergency-stop", "The emergency stop (EPO) stops what it must, and can be reset."),
    ("telemetry", "Voltages, currents, temperatures and states match what the display or a meter shows."),
    ("limits", "Charge, discharge and alarm limits are the ones before the update."),
    ("transfer", "Transfer, bypass or failover works, or was deliberately not tried (say why)."),
    ("communication", "Modbus, SNMP, BACnet or the cloud link answer, and nothing new connects outwards."),
    ("accounts", "Logins are the ones before the update; no default password works."),
    ("log", "The unit's own log has no new faults since the update."),
)
MAX_CHECKS = 200


def frame(change: str = "", asset: str = "") -> str:
    """An empty checklist to fill in."""
    lines = [
        "# To be filled in after the update, by whoever looked. result: yes, no or n/a; say in note what you saw.",
        f"checklist: {LANGUAGE[1]}",
        f"change: {_quoted(change)}",
        f"asset: {_quoted(asset)}",
        'by: ""',
        'date: ""   # YYYY-MM-DD',
        "checks:",
    ]
    for name, what in CHECKS:
        lines += [f"  {name}:", f"    what: {_quoted(what)}", '    result: ""', '    note: ""']
    return "\n".join(lines) + "\n"


def printed() -> list[str]:
    """The questions, for a page."""
    return [what for _, what in CHECKS]


def parse_checklist(text: str, source: str) -> Checklist:
    """Read a checklist. One that says nothing for a check leaves it open. Raises UsageError."""
    reader = Reader(source)
    root = reader.root(text, LANGUAGE, KEYS)
    by, day = reader.text(root, "by"), reader.text(root, "date")
    if not by:
        raise UsageError("does not say who looked", where=source, todo="Fill in 'by:'.")
    if not is_day(day):
        raise UsageError(f"date is {day!r}", where=source, todo="Write it as 2026-11-25.")
    table = reader.table(root["checks"].value, "checks") if "checks" in root else {}
    if not 0 < len(table) <= MAX_CHECKS:
        raise UsageError(f"has {len(table)} checks", where=source, todo=f"Between 1 and {MAX_CHECKS} belong there.")
    checks = tuple(_check(reader, name, entry.value) for name, entry in table.items())
    return Checklist(
        by=by,
        date=day,
        change=reader.text(root, "change"),
        asset=reader.text(root, "asset"),
        checks=checks,
        digest=hashlib.sha256(text.encode()).hexdigest(),
    )


def _check(reader: Reader, name: str, node: Node) -> CheckDone:
    table = reader.table(node, f"the check {name}", CHECK_KEYS)
    said = reader.text(table, "result").lower()
    if said and said not in RESULTS:
        raise reader.error(table["result"].value, f"result is {said!r}", "Write yes, no or n/a.")
    return CheckDone(name, reader.text(table, "what"), RESULTS.get(said, CheckResult.OPEN), reader.text(table, "note"))


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
