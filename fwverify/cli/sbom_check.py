"""`fwverify sbom check`: one SBOM as a document, without an image: is it well formed, and what does it not say?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fwverify.cli import options, output, status
from fwverify.errors import UsageError

if TYPE_CHECKING:
    from fwverify.compare.checking import ProfileAnswer
    from fwverify.compare.interface import Document
    from fwverify.model.evidence import FaultKind

SHOWN = 3
"""Entries and faults named before the rest is counted, without -v."""
PROFILES = ("ntia-2021", "cisa-2025", "bsi-2.1")


def read_document(path: Path) -> Document:
    """Read one SBOM.

    Raises:
        UsageError: it is not there, or no SBOM that can be read.
    """
    from fwverify.compare.stage import read_sboms
    from fwverify.errors import IngestError
    from fwverify.ingest import files
    from fwverify.limits import DEFAULT_LIMITS

    try:
        artifact = files.read(path, path.name, DEFAULT_LIMITS)
    except IngestError as problem:
        raise UsageError(problem.what, where=str(path), todo=problem.todo) from None
    documents, gaps = read_sboms([artifact])
    if not documents:
        todo = "CycloneDX (JSON, XML) and SPDX (2.2, 2.3: JSON, tag-value; 3.0: JSON-LD) are read."
        raise UsageError(f"it cannot be read as an SBOM: {gaps[0].detail}", where=str(path), todo=todo)
    return documents[0]


@click.command("check")
@click.argument("document", metavar="FILE", type=click.Path(path_type=Path))
@click.option(
    "--profile",
    "wanted",
    type=click.Choice(PROFILES),
    multiple=True,
    help="Ask for these minimum elements; may be repeated.  [default: tell of all, ask for none]",
)
@click.option("--image", type=click.Path(path_type=Path), help="The image it should be about.")
@options.json_option
@click.option("-v", "--verbose", is_flag=True, help="Every entry of every list.")
def check(document: Path, wanted: tuple[str, ...], image: Path | None, as_json: bool, verbose: bool) -> int:
    """Check one SBOM as a document: schema, identifiers, relationships, minimum elements, subject.

    \b
    Example: fwverify sbom check vendor.cdx.json --profile bsi-2.1 -v

    What it says is not compared with any bytes: `fwverify verify` does that. Exit status 0: well formed, and every
    profile asked for is met; 1: something is wrong or missing; 2: it cannot be read; 3: something could not be told
    (no schema of that version here, or nothing ties it to the image).
    """
    from fwverify.compare.checking import about, against
    from fwverify.formats.sbom_profiles import profiles

    found = read_document(document)
    answers = [against(found, profiles().profiles[one]) for one in wanted or PROFILES]
    subject: tuple[bool | None, str] | None = None
    if image is not None:
        from fwverify.ingest import files
        from fwverify.limits import DEFAULT_LIMITS

        subject = about(found.observation, files.read(image, image.name, DEFAULT_LIMITS))
    if as_json:
        output.emit(_json(found, answers, subject))
    else:
        output.emit(_page(found, answers, subject, None if verbose else SHOWN))
    return _status(found, answers if wanted else [], subject)


def _status(found: Document, answers: list[ProfileAnswer], subject: tuple[bool | None, str] | None) -> int:
    seen = found.observation
    wrong = seen.schema_valid is False or bool(seen.faults) or (subject is not None and subject[0] is False)
    if wrong or not all(one.met for one in answers):
        return status.FAIL
    unsure = seen.schema_valid is None or (subject is not None and subject[0] is None)
    return status.INCONCLUSIVE if unsure else status.PASS


def _json(found: Document, answers: list[ProfileAnswer], subject: tuple[bool | None, str] | None) -> str:
    from fwverify.model.canonical import to_json

    seen = found.observation
    document = {
        "document": to_json(seen),
        "profiles": [to_json(one) for one in answers],
        "subject": None if subject is None else {"about": subject[0], "why": subject[1]},
    }
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=True) + "\n"


def _page(
    found: Document, answers: list[ProfileAnswer], subject: tuple[bool | None, str] | None, shown: int | None
) -> str:
    from fwverify.compare.entries import label
    from fwverify.model.evidence import FaultKind
    from fwverify.report.neutral import visible

    seen = found.observation
    of = label(seen.subject_name, seen.subject_version) if seen.subject_name else "nothing it names"
    valid = {True: "valid", False: "NOT VALID", None: "not known: no schema of this version here"}[seen.schema_valid]
    lines = [f"{seen.locator.name}: {seen.format} {seen.spec_version}, {seen.components:,} entries, about {of}"]
    lines += _row("Schema", valid, seen.schema_errors, shown)
    lines += _row("Identifiers", _having(found, "identifier"), _faults(found, FaultKind.IDENTIFIER), shown)
    relations = f"{seen.relations:,} relationships; {_having(found, 'completeness')}"
    lines += _row("Graph", relations, _faults(found, FaultKind.GRAPH), shown)
    doubles = _faults(found, FaultKind.DUPLICATE)
    lines += _row("Duplicates", "none" if not doubles else str(len(doubles)), doubles, shown)
    broken = _faults(found, FaultKind.ENTRY)
    lines += _row("Entries", "all as they should be" if not broken else f"{len(broken)} problems", broken, shown)
    if seen.source_tree:
        lines += _row("Describes", f"a source tree: {seen.source_tree}", (), shown)
    if subject is not None:
        answer = {True: "yes", False: "NO", None: "cannot be told"}[subject[0]]
        lines += _row("This image", f"{answer}: {subject[1]}", (), shown)
    for one in answers:
        lines += _profile(one, shown)
    return "".join(f"{visible(one)}\n" for one in lines)


def _row(title: str, text: str, listed: tuple[str, ...], shown: int | None) -> list[str]:
    rest = 0 if shown is None else len(listed) - shown
    told = [f"    {one}" for one in listed[:shown]] + ([f"    and {rest} more (-v)"] if rest > 0 else [])
    return [f"  {title:<12} {text}", *told]


def _having(found: Document, element: str) -> str:
    count = next((one for one in found.observation.elements if one.element == element), None)
    return f"{element} for {count.of - count.lacking:,} of {count.of:,} entries" if count is not None else ""


def _faults(found: Document, kind: FaultKind) -> tuple[str, ...]:
    return tuple(f"{one.place}: {one.text}" for one in found.observation.faults if one.kind is kind)


def _profile(answer: ProfileAnswer, shown: int | None) -> list[str]:
    from fwverify.formats.sbom_profiles import profiles

    said, profile = profiles().elements, answer.profile
    lines = [
        f"  {profile.name}: {answer.there:,} of {answer.asked:,} elements are there",
        f"    {profile.publisher}, {profile.title}, {profile.edition} ({profile.status}); read {profile.checked_on}",
    ]
    if answer.old:
        lines.append(f"    {answer.old} is older than it allows: {', '.join(' '.join(one) for one in profile.formats)}")
    for one in answer.lacking:
        if not one.entries:
            lines.append(f"    missing: {said[one.element]}")
            continue
        names = [name for _, name in one.entries[:shown]]
        rest = f" and {len(one.entries) - len(names):,} more" if len(one.entries) > len(names) else ""
        lines.append(
            f"    missing in {len(one.entries):,} of {one.of:,}: {said[one.element]}: {', '.join(names)}{rest}"
        )
    return lines
