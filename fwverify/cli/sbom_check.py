"""`fwverify sbom check`: one SBOM as a document, without an image: is it well formed, and what does it not say?"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fwverify.cli import options, output, settings, status
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

    if path.exists() and not path.is_file():
        raise UsageError("this is no file", where=str(path), todo="Name one SBOM.")
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
@click.option("-v", "--verbose", is_flag=True, help="Every fault, and what each entry lacks.")
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

        if image.exists() and not image.is_file():
            raise UsageError("this is no file", where=str(image), todo="Name the image file itself.")
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


def laid_out(lines: Iterable[str], width: int) -> str:
    """Lines of a page, wrapped below their own beginning; a word longer than a line is cut, whoever wrote it."""
    from fwverify.report.layout import cells, wrapped
    from fwverify.report.neutral import visible

    text = []
    for line in lines:
        harmless = visible(line.replace("\n", " "))
        if cells(harmless) <= width:
            text.append(harmless)
            continue
        indent = len(line) - len(line.lstrip(" "))
        first, *rest = wrapped(line, width - indent - 2)
        text += [" " * indent + first, *(" " * (indent + 2) + one for one in rest)]
    return "".join(f"{one}\n" for one in text)


def _page(
    found: Document, answers: list[ProfileAnswer], subject: tuple[bool | None, str] | None, shown: int | None
) -> str:
    from fwverify.compare.entries import label
    from fwverify.model.evidence import FaultKind

    seen = found.observation
    of = label(seen.subject_name, seen.subject_version) if seen.subject_name else "nothing it names"
    valid = {True: "valid", False: "NOT VALID", None: "not known: no schema of this version here"}[seen.schema_valid]
    lines = [f"{seen.locator.name}: {seen.format} {seen.spec_version}, {entries(seen.components)}, about {of}"]
    lines += _row("Schema", valid, seen.schema_errors, shown)
    lines += _row("Identifiers", _having(found, "identifier"), _faults(found, FaultKind.IDENTIFIER), shown)
    relations = f"{_counted(seen.relations, 'relationship')}; {_having(found, 'completeness')}"
    lines += _row("Graph", relations, _faults(found, FaultKind.GRAPH), shown)
    doubles = _faults(found, FaultKind.DUPLICATE)
    lines += _row("Duplicates", "none" if not doubles else str(len(doubles)), doubles, shown)
    broken = _faults(found, FaultKind.ENTRY)
    lines += _row("Entries", _counted(len(broken), "problem") if broken else "all as they should be", broken, shown)
    if seen.source_tree:
        lines += _row("Describes", f"a source tree: {seen.source_tree}", (), shown)
    if subject is not None:
        answer = {True: "yes", False: "NO", None: "cannot be told"}[subject[0]]
        lines += _row("This image", f"{answer}: {subject[1]}", (), shown)
    for one in answers:
        lines += _profile(one, shown)
    return laid_out(lines, settings.page_width())


def entries(number: int) -> str:
    return f"{number:,} {'entry' if number == 1 else 'entries'}"


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _row(title: str, text: str, listed: tuple[str, ...], shown: int | None) -> list[str]:
    rest = 0 if shown is None else len(listed) - shown
    told = [f"    {one}" for one in listed[:shown]] + ([f"    and {rest} more (-v)"] if rest > 0 else [])
    return [f"  {title:<12} {text}", *told]


def _having(found: Document, element: str) -> str:
    count = next((one for one in found.observation.elements if one.element == element), None)
    return f"{element} for {count.of - count.lacking:,} of {entries(count.of)}" if count is not None else ""


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
        names = ", ".join(name for _, name in one.entries[:shown])
        rest = len(one.entries) - (shown or 0)
        told = "" if shown is None else f": {names}{f' and {rest:,} more' if rest > 0 else ''}"
        lines.append(f"    missing in {len(one.entries):,} of {one.of:,}: {said[one.element]}{told}")
    return lines + (_by_entry(answer) if shown is None else [])


def _by_entry(answer: ProfileAnswer) -> list[str]:
    """What each entry lacks, in document order."""
    lacking: dict[tuple[str, str], list[str]] = {}
    for one in answer.lacking:
        for entry in one.entries:
            lacking.setdefault(entry, []).append(one.element)
    return [
        f"      {place} {name}: {', '.join(elements)}"
        for (place, name), elements in sorted(lacking.items(), key=lambda one: _in_document(one[0][0]))
    ]


def _in_document(place: str) -> list[tuple[int, str]]:
    """Orders JSON pointers and lines by their numbers."""
    return [(int(one), "") if one.isdecimal() else (-1, one) for one in place.replace("/", " ").split()]
