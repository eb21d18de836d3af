"""`fwverify batch`: many deliveries, one row each, the worst result as exit status."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fwverify.cli import options, output, settings, status
from fwverify.cli.guarding import Guards, guard_options
from fwverify.errors import UsageError

if TYPE_CHECKING:
    from fwverify.batch.run import Result, Row
    from fwverify.batch.units import BadRow, Unit, Units
    from fwverify.evaluate.policy import Policy
    from fwverify.evaluate.waivers import GivenWaiver
    from fwverify.limits import Limits
    from fwverify.model.verdict import Assessment
    from fwverify.recall import Memory
    from fwverify.reference.store import Store
    from fwverify.trust.store import TrustStore
    from fwverify.worklist import Bench

STYLES = {"pass": "bold green", "fail": "bold red", "inconclusive": "bold yellow"}
"""Colour never says what the word does not; what was not judged at all is red."""
NAMED_RULES = 1
"""Rules that are named in a row of the table before the rest is counted."""
NAME_COLUMNS = 32


@click.command()
@click.argument("source", metavar="FOLDER|UNITS.CSV", type=click.Path(path_type=Path))
@options.policy_option
@guard_options
@options.keys_option
@options.waivers_option
@options.at_option
@click.option(
    "--out", "folder", metavar="DIR", type=click.Path(path_type=Path), help="Write tables and evidence to DIR."
)
@options.json_option
@options.isolation_option
@options.last_resort_option
@options.limits_option
@options.reference_option
@options.cache_option
@click.option("-q", "--quiet", is_flag=True, help="Print nothing; the exit status tells.")
def batch(
    source: Path,
    policy_name: str | None,
    guards: Guards,
    keys_folder: Path | None,
    waivers_path: Path | None,
    at_time: str | None,
    folder: Path | None,
    as_json: bool,
    in_process: bool,
    last_resort: str | None,
    bounds: tuple[str, ...],
    references: tuple[Path, ...],
    no_cache: bool,
    quiet: bool,
) -> int:
    """Verify many deliveries: one row each, and no bad one hides another.

    \b
    Example: fwverify batch units.csv --policy builtin:production --keys keys --out results

    Of a FOLDER every file and folder in it is one delivery. UNITS.CSV has a header with the columns delivery (path
    relative to the file), vendor, product, installed, sha256, channel, policy; only delivery is needed. DIR gets
    units.csv, units.jsonl, errors.csv (rows that could not be read) and each delivery's evidence.

    Exit status: the worst of all deliveries, in the order 70, 2, 1, 3, 0; at least 3 when a row could not be read.
    """
    from fwverify.batch import units
    from fwverify.batch.run import run, worst

    found = units.read(source)
    _check_folder(folder, found)
    places = [one.path for one in found.units]
    settings.refuse_inside(places, policy_name, keys_folder, waivers=waivers_path)
    settings.refuse_inside(places, guards.floor, None, option="--floor")
    settings.refuse_inside(places, str(source) if source.is_file() else None, None, option="the list of deliveries")
    at, trust = settings.moment(at_time), settings.trust_of(keys_folder)
    policies = _Policies(policy_name, guards, places)
    own = policies.of("")  # the batch's own must be readable before any work
    limits, waivers = settings.limits_of(bounds), settings.waivers_of(waivers_path)
    from fwverify.cli.examine import refuse_weaker, workbench
    from fwverify.cli.reference import opened
    from fwverify.cli.remembering import memory

    refuse_weaker(own, in_process=in_process, last_resort=last_resort)

    with (
        output.Progress(shown=not quiet) as progress,
        workbench(limits, in_process=in_process, last_resort=last_resort) as bench,
        memory(limits, wanted=not no_cache) as known,
        opened(references, [one.path for one in found.units]) as stores,
    ):
        verify_one = _verifier(policies, trust, at, limits, bench, known, stores, waivers, progress, len(found.units))
        rows = tuple(run(found.units, verify_one, _keeper(folder)))
    _write(folder, rows, found.bad)
    if not quiet:
        output.emit(_json(rows, found.bad, kept=folder is not None) if as_json else table(rows, found.bad))
    return exits()[worst(rows, len(found.bad))]


def exits() -> dict[Result, int]:
    """Exit status of each result of a unit."""
    from fwverify.batch.run import Result

    return {
        Result.PASS: status.PASS,
        Result.FAIL: status.FAIL,
        Result.INCONCLUSIVE: status.INCONCLUSIVE,
        Result.MISTAKE: status.USAGE,
        Result.ERROR: status.BUG,
    }


@dataclass(slots=True)
class _Policies:
    """Policies by name, each read once; none may lie in any delivery of the batch."""

    default: str | None
    guards: Guards
    places: Sequence[Path]
    """Of all deliveries."""
    _read: dict[str, Policy] = field(default_factory=dict)

    def of(self, named: str) -> Policy:
        """The policy of a row, else that of the batch. Raises PolicyError or UsageError."""
        if named not in self._read:
            settings.refuse_inside(self.places, named, None)
            self._read[named] = self.guards.policy_of(named or self.default, self.places)
        return self._read[named]


def _verifier(
    policies: _Policies,
    trust: TrustStore,
    at: str,
    limits: Limits,
    bench: Bench | None,
    known: Memory | None,
    stores: Sequence[Store],
    waivers: Sequence[GivenWaiver],
    progress: output.Progress,
    count: int,
) -> Callable[[Unit], Assessment]:
    from fwverify import pipeline

    done = 0

    def verify_one(unit: Unit) -> Assessment:
        nonlocal done
        done += 1
        place = f"{done}/{count} {unit.name}: "
        policy = policies.of(unit.policy)
        return pipeline.verify(
            (unit.path,), policy=policy, at=at, trust=trust, expectation=unit.expectation, limits=limits, bench=bench,
            progress=lambda text: progress(place + text), memory=known, references=stores,
            waivers=waivers,
        )  # fmt: skip

    return verify_one


def _check_folder(folder: Path | None, found: Units) -> None:
    """Refuse before any work a folder that would change a delivery or the units file."""
    if folder is None:
        return
    if folder.exists() and not folder.is_dir():
        raise UsageError("this is a file", where=str(folder), todo="Name another place with --out.")
    inputs = [found.source, *(one.path for one in found.units)]
    for name in ("units.csv", "units.jsonl", "errors.csv"):
        if (folder / name).resolve() == found.source.resolve():
            raise UsageError("would overwrite the units file", where=str(folder), todo="Name another place with --out.")
        output.check_target(folder / name if folder.is_dir() else folder, inputs, "--out")
    try:
        folder.mkdir(exist_ok=True)
    except OSError as problem:
        raise UsageError(f"cannot be made: {problem.strerror}", where=str(folder)) from None


def _keeper(folder: Path | None) -> Callable[[int, Unit, Assessment], None]:
    from fwverify.batch.tables import evidence_name
    from fwverify.model.canonical import canonical

    def keep(number: int, unit: Unit, assessment: Assessment) -> None:
        if folder is not None:
            output.write_whole(folder / evidence_name(number, unit.name), canonical(assessment.evidence), "--out")

    return keep


def _write(folder: Path | None, rows: Sequence[Row], bad: Sequence[BadRow]) -> None:
    from fwverify.batch import tables

    if folder is None:
        return
    files = {
        "units.csv": tables.units_csv(rows, exits(), kept=True),
        "units.jsonl": tables.units_jsonl(rows, exits(), kept=True),
        "errors.csv": tables.errors_csv(bad),
    }
    for name, text in files.items():
        output.write_whole(folder / name, text.encode("utf-8", "backslashreplace"), "--out")


def _json(rows: Sequence[Row], bad: Sequence[BadRow], *, kept: bool) -> str:
    from fwverify.batch import tables
    from fwverify.batch.run import worst

    result = worst(rows, len(bad))
    document = {
        "units": tables.unit_objects(rows, exits(), kept=kept),
        "errors": tables.error_objects(bad),
        "decision": result.value,
        "exit": exits()[result],
    }
    return tables.one_line(document) + "\n"


def table(rows: Sequence[Row], bad: Sequence[BadRow]) -> str:
    """The table for the terminal, with what is behind each result and a last line that counts."""
    import io

    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from fwverify.batch.tables import decision
    from fwverify.report.neutral import shortened

    width, color = settings.page_width(), settings.page_color()
    grid = Table(box=None, width=width, pad_edge=False, padding=(0, 2, 0, 0))
    for name in ("Decision", "Origin", "Delivery", "Why"):
        grid.add_column(name, no_wrap=name != "Why", overflow="fold")
    for row in rows:
        word = decision(row).upper() if row.result.value in STYLES else "NOT JUDGED"
        origin = "-" if row.strength is None else f"{row.strength} of 5"
        style = STYLES.get(row.result.value, "bold red")
        grid.add_row(
            Text(word, style=style), Text(origin), Text(shortened(row.unit.name, NAME_COLUMNS)), Text(why(row))
        )
    sink = io.StringIO()
    console = Console(
        file=sink, width=width, force_terminal=color, color_system="standard" if color else None, highlight=False,
        markup=False, emoji=False, legacy_windows=False,
    )  # fmt: skip
    console.print(grid)
    for line in (*_unread(bad), "", *_last(rows, bad)):
        console.print(Text(line))
    return "".join(f"{line.rstrip()}\n" for line in sink.getvalue().splitlines())


def why(row: Row) -> str:
    """What a row's result rests on, in a few words."""
    from fwverify.report.neutral import shortened

    if row.problem:
        return shortened(row.problem, 160)
    parts = []
    for word, rules in (("failed", row.failed), ("not evaluated", row.not_evaluated)):
        if rules:
            more = f" and {len(rules) - NAMED_RULES} more" if len(rules) > NAMED_RULES else ""
            parts.append(f"{word}: {', '.join(rules[:NAMED_RULES])}{more}")
            break  # what failed says enough here; everything is in --out and --json
    if row.waived:
        parts.append(f"{len(row.waived)} waived")
    if row.conditions and row.result.value == "pass":
        parts.append("1 condition" if row.conditions == 1 else f"{row.conditions} conditions")
    return "; ".join(parts)


def _unread(bad: Sequence[BadRow]) -> list[str]:
    from fwverify.report.neutral import visible

    return [f"line {one.line} was not read: {visible(one.problem)}" for one in bad]


def _last(rows: Sequence[Row], bad: Sequence[BadRow]) -> list[str]:
    from fwverify.batch.run import BY_WEIGHT, Result, worst

    words = {Result.MISTAKE: "not judged (your input)", Result.ERROR: "not judged (an error inside fwverify)"}
    counts = [(sum(one.result is kind for one in rows), words.get(kind, kind.value)) for kind in BY_WEIGHT]
    said = ", ".join(f"{count} {word}" for count, word in counts if count) or "none judged"
    sample = (
        ["SAMPLE KEYS in use: this proves nothing about any real vendor."]
        if any(one.sample_keys for one in rows)
        else []
    )
    unread = f"; {len(bad)} rows not read" if len(bad) > 1 else "; 1 row not read" if bad else ""
    noun = "delivery" if len(rows) == 1 else "deliveries"
    return [*sample, f"{len(rows)} {noun}: {said}{unread}. exit {exits()[worst(rows, len(bad))]}"]
