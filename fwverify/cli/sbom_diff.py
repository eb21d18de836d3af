"""`fwverify sbom diff`: what changed between two SBOMs of one product, downgrades first."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fwverify.cli import options, output, settings, status
from fwverify.cli.sbom_check import entries, laid_out, read_document

if TYPE_CHECKING:
    from fwverify.compare.changes import Change
    from fwverify.model.evidence import SbomObservation


@click.command("diff")
@click.argument("old", metavar="OLD", type=click.Path(path_type=Path))
@click.argument("new", metavar="NEW", type=click.Path(path_type=Path))
@options.json_option
@click.option("--exit-code", "tell", is_flag=True, help="Exit status 1 when anything differs.")
def diff(old: Path, new: Path, as_json: bool, tell: bool) -> int:
    """Compare two SBOMs: downgraded first, then changed contents and suppliers, added, removed, upgraded.

    \b
    Example: fwverify sbom diff acme-3.0.1.cdx.json acme-3.1.0.cdx.json

    Any two formats that are read may be compared. Only what the documents say is compared; `fwverify diff` compares
    images. Exit status 0 whatever differs, with --exit-code 1 when anything does; 2: one cannot be read.
    """
    from fwverify.compare.changes import changes

    before, after = read_document(old), read_document(new)
    found = changes(before.components, after.components)
    if as_json:
        from fwverify.model.canonical import to_json

        document = {"old": _head(before.observation), "new": _head(after.observation),
                    "changes": [to_json(one) for one in found]}  # fmt: skip
        output.emit(json.dumps(document, indent=2, sort_keys=True, ensure_ascii=True) + "\n")
    else:
        output.emit(_page(before.observation, after.observation, found))
    return status.FAIL if tell and found else status.PASS


def _head(seen: SbomObservation) -> dict[str, object]:
    return {"name": seen.locator.name, "format": seen.format, "spec_version": seen.spec_version,
            "subject": seen.subject_name, "version": seen.subject_version, "components": seen.components}  # fmt: skip


def _page(before: SbomObservation, after: SbomObservation, found: Sequence[Change]) -> str:
    from itertools import groupby

    lines = [
        f"{name} {one.locator.name}: {one.format} {one.spec_version}, {entries(one.components)}, about "
        f"{one.subject_name or 'nothing it names'} {one.subject_version}".rstrip()
        for name, one in (("old", before), ("new", after))
    ]
    for kind, group in groupby(found, key=lambda one: one.kind):
        listed = list(group)
        lines.append(f"{kind.value} ({len(listed):,})")
        lines += [f"  {_told(one)}" for one in listed]
    if not found:
        lines.append("no entry differs")
    return laid_out(lines, settings.page_width())


def _told(one: Change) -> str:
    if not one.old or not one.new:
        return f"{one.name} {one.old or one.new}".rstrip()
    part = f" ({one.differs_in})" if one.differs_in else ""
    return f"{one.name}: {one.old} -> {one.new}{part}"
