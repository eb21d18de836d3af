"""`fwverify waiver`: write the frame of a waiver, list waivers, check them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING

import click

from fwverify.cli import options, output, settings, status
from fwverify.errors import UsageError, WaiverError

if TYPE_CHECKING:
    from fwverify.evaluate.waivers import GivenWaiver
    from fwverify.model.evidence import Evidence
    from fwverify.model.finding import Finding
    from fwverify.model.verdict import Assessment

COLUMNS = 80
COMMENT_COLUMNS = 116
DAYS = 90
"""For which a frame is made out; people may write fewer, or more."""


@click.group()
def waiver() -> None:
    """Accept one finding for a time, on paper: who asked, who approved, why, until when.

    A waiver covers the items it names and nothing else; it never makes a pass of a fail.

    \b
    Example: fwverify waiver new acme-ups-3.1.0.evidence.json --rule sbom.authentic -o waivers/W-7.yaml
    """


@waiver.command()
@click.argument("report", metavar="REPORT|EVIDENCE", type=click.Path(path_type=Path))
@click.option("--rule", "rules", metavar="ID", multiple=True, required=True, help="What is to be waived; repeatable.")
@click.option("--id", "name", metavar="ID", default="", help="Of the waiver.  [default: the name of the file of -o]")
@options.policy_option
@options.keys_option
@options.at_option
@click.option("-o", "target", metavar="FILE", type=click.Path(path_type=Path), help="Write to FILE.  [default: print]")
def new(
    report: Path,
    rules: tuple[str, ...],
    name: str,
    policy_name: str | None,
    keys_folder: Path | None,
    at_time: str | None,
    target: Path | None,
) -> int:
    """Write the frame of a waiver for what a report says failed or is open; people fill in the rest.

    \b
    Example: fwverify waiver new acme-ups-3.1.0.evidence.json --rule sbom.authentic -o waivers/W-7.yaml

    A report (verify --json) has the findings in it; evidence is judged anew, with --policy, --keys and --at as you gave
    them to verify. What only people can say is left empty, and the waiver is none until it is filled in.
    """
    from fwverify.evaluate.registry import BUILTIN
    from fwverify.evaluate.values import did_you_mean

    known = [one.id for one in BUILTIN]
    for one in rules:
        if one not in known:
            raise UsageError(f"there is no rule {one!r}.{did_you_mean(one, known)}", where="--rule")
    at = settings.moment(at_time)
    assessment = _assessment(report, policy_name, keys_folder, at)
    found = [_poor(assessment, one) for one in dict.fromkeys(rules)]
    title = name or (target.stem if target is not None else "W-1")
    text = frame(title, found, assessment.evidence, at)
    if target is None:
        output.emit(text)
        return status.PASS
    if target.exists():
        raise UsageError("is there already", where=str(target), todo="Name a new file with -o.")
    output.write_whole(target, text.encode("utf-8", "backslashreplace"), "-o")
    output.emit(f"{target}: fill in what is empty, have it approved, then  fwverify waiver check {target}\n")
    return status.PASS


def _assessment(path: Path, policy: str | None, keys: Path | None, at: str) -> Assessment:
    """The judgement in a report; of evidence, a new one."""
    from fwverify.cli.reassess import judged, read_evidence
    from fwverify.model.canonical import NotEvidence, from_json
    from fwverify.model.verdict import Assessment, Verdict

    evidence = read_evidence(path)
    stated = json.loads(path.read_bytes()).get("verdict")
    if stated is not None and policy is None and keys is None:
        try:
            return Assessment(evidence, from_json(Verdict, stated))
        except NotEvidence as problem:
            raise UsageError(f"its verdict is not whole: {problem}", where=str(path)) from None
    trust = settings.trust_of(keys).snapshot() if keys is not None else evidence.trust
    return judged(evidence, trust, settings.policy_of(policy), at)


def _poor(assessment: Assessment, rule: str) -> Finding:
    """The finding of a rule that has something to waive. Raises UsageError."""
    from fwverify.model.finding import Outcome

    found = next((one for one in assessment.verdict.findings if one.rule == rule), None)
    if found is None or found.outcome not in (Outcome.FAIL, Outcome.NOT_EVALUATED):
        said = "was not asked" if found is None else f"came out {found.outcome.value.replace('_', ' ')}"
        todo = "Name a rule that failed or is open there; fwverify reassess -v lists them."
        raise UsageError(f"{rule} {said} under the policy {assessment.verdict.policy_id}", where="--rule", todo=todo)
    return found


def frame(title: str, findings: Sequence[Finding], evidence: Evidence, at: str) -> str:
    """A waiver with everything filled in that a machine may fill in."""
    return "\n".join(_frame(title, findings, evidence, at)) + "\n"


def _frame(title: str, findings: Sequence[Finding], evidence: Evidence, at: str) -> Iterator[str]:
    from fwverify.evaluate.waivers import MAX_DAYS

    first = date.fromisoformat(at[:10])
    must = any(one.level == "must" for one in findings)
    yield "# A waiver: who accepts which finding, why, and until when. It covers what is named here and nothing else,"
    yield "# and it changes no outcome. Fill in what is empty; fwverify waiver check says what is missing."
    yield "fwverify: waiver/1"
    yield f"id: {title}"
    yield f"rules: [{', '.join(one.rule for one in findings)}]"
    yield "# Fingerprints of the items; a new item under the same rule is not covered."
    yield "items:"
    for one in findings:
        yield from _comment(f"{one.rule}, {one.level.value}: {one.message}")
        for item in one.items:
            yield from _comment(f"{item.subject}: {item.detail}", "  ")
            yield f"  - {item.fingerprint}"
    yield '# The image bytes it is for. Instead: {product: ID, versions: ">=3.0, <3.2"}, with a second approver.'
    yield "scope:"
    yield "  images:"
    for image in evidence.images():
        yield from _comment(str(image.locator), "    ")
        yield f"    - {next((digest.hex for digest in image.digests if digest.algorithm == 'sha256'), '')}"
    yield "# Why this may be accepted."
    yield "reason: ''"
    yield "# What keeps the risk small in the meantime: one line each."
    yield "compensating-controls: ['']"
    yield "# Who answers for it."
    yield "risk-owner: ''"
    yield "requested-by: ''"
    two = ": two people, because a required rule is among the rules" if must else ""
    yield f"# Never who asked{two}."
    yield f"approved-by: [{', '.join([repr('')] * (2 if must else 1))}]"
    yield f"# At most {MAX_DAYS} days."
    yield f"valid-from: {first}"
    yield f"expires: {first + timedelta(days=min(DAYS, (date.max - first).days))}"


def _comment(text: str, indent: str = "  ") -> list[str]:
    """What stands in a report as comment lines; nothing in it can end the comment."""
    from fwverify.report.neutral import shortened

    return wrap(shortened(text, 300), COMMENT_COLUMNS, initial_indent=f"{indent}# ", subsequent_indent=f"{indent}# ")


@waiver.command("list")
@click.argument("path", metavar="[DIR|FILE]", required=False, type=click.Path(path_type=Path))
@options.at_option
@options.json_option
def list_(path: Path | None, at_time: str | None, as_json: bool) -> int:
    """List waivers: what each is for, who approved it, how long it counts.

    \b
    Example: fwverify waiver list waivers
    """
    at = settings.moment(at_time)
    found = settings.waivers_of(path)
    if as_json:
        output.emit(_json(found, at))
    else:
        output.emit(_plain([line for one in found for line in _lines(one, at)]) if found else "no waivers\n")
    return status.PASS


@waiver.command()
@click.argument("paths", metavar="DIR|FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@options.at_option
def check(paths: tuple[Path, ...], at_time: str | None) -> int:
    """Read waivers and say what each is worth now; every mistake comes with line and column.

    \b
    Example: fwverify waiver check waivers

    Exit status: 0 every waiver can count, now or later; 2 a mistake, or a waiver that cannot count at any time.
    """
    from fwverify.cli.waivers_io import files, read
    from fwverify.evaluate.waiver_text import parse_waiver
    from fwverify.evaluate.waivers import ill_made

    at, lines, bad = settings.moment(at_time), [], 0
    seen: dict[str, str] = {}
    for one in [file for path in paths for file in files(path)]:
        try:
            found = parse_waiver(read(one), str(one))
        except WaiverError as mistake:
            lines += str(mistake).splitlines()
            bad += 1
            continue
        twice = f"the id {found.id!r} is also that of {seen[found.id]}" if found.id in seen else ""
        seen.setdefault(found.id, str(one))
        problem = twice or ill_made(found)
        lines.append(f"{one}: {f'refused: {problem}' if problem else f'{found.id}: {state(found, at)}'}")
        bad += bool(problem)
    output.emit(_plain([*lines, f"{len(seen)} read, {bad} with mistakes"]))
    return status.USAGE if bad else status.PASS


def state(found: GivenWaiver, at: str) -> str:
    """What a waiver is worth at this time, in a few words."""
    from fwverify.evaluate.waivers import standing
    from fwverify.model.waiver import SOON_DAYS

    problem = standing(found, at)
    if problem:
        return f"does not count: {problem}"
    left = (date.fromisoformat(found.expires) - date.fromisoformat(at[:10])).days
    soon = "ends soon: " if left <= SOON_DAYS else ""
    return f"{soon}counts until {found.expires}, {left} {'day' if left == 1 else 'days'} left"


def _lines(found: GivenWaiver, at: str) -> Iterator[str]:
    yield f"{found.id}  {state(found, at)}"
    count = f"{len(found.items)} item{'' if len(found.items) == 1 else 's'} of {', '.join(found.rules)}"
    scope = f"{found.product} {', '.join(sign + text for sign, text in found.versions)}" if found.product else ""
    images = f"{len(found.images)} image{'' if len(found.images) == 1 else 's'}"
    yield from wrap(f"{count}; for {scope or images}", COLUMNS, initial_indent="  ", subsequent_indent="    ")
    people = f"asked {found.requested_by}; approved {', '.join(found.approved_by)}; risk {found.risk_owner}"
    yield from wrap(people, COLUMNS, initial_indent="  ", subsequent_indent="    ")
    yield from wrap(found.reason, COLUMNS, initial_indent="  ", subsequent_indent="    ")


def _json(found: Sequence[GivenWaiver], at: str) -> str:
    from fwverify.evaluate.waivers import standing
    from fwverify.model.canonical import to_json

    rows = [{**dict(_table(to_json(one))), "counts": not standing(one, at), "why": standing(one, at)} for one in found]
    return json.dumps(rows, indent=1, ensure_ascii=True) + "\n"


def _table(value: object) -> dict[str, object]:
    assert isinstance(value, dict)  # noqa: S101 - a dataclass as JSON
    return value


def _plain(lines: Sequence[str]) -> str:
    """What stands in a waiver is printed without control characters."""
    from fwverify.report.neutral import visible

    return "".join(f"{visible(one)}\n" for one in lines)
