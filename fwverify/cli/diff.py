"""`fwverify diff`: what differs between two images, in security terms first."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from fwverify.cli import options, output, settings, status
from fwverify.errors import UsageError

if TYPE_CHECKING:
    from fwverify.model.difference import Difference
    from fwverify.model.evidence import Evidence

STORED = ".evidence.json"
"""What the name of stored evidence ends with; everything else is a delivery."""


@click.command()
@click.argument("old", metavar="OLD", type=click.Path(path_type=Path))
@click.argument("new", metavar="NEW", type=click.Path(path_type=Path))
@options.keys_option
@options.at_option
@options.json_option
@click.option("--exit-code", "tell", is_flag=True, help="Say with the exit status what was found.")
@options.isolation_option
@options.last_resort_option
@options.limits_option
@options.reference_option
@options.cache_option
@click.option("-v", "--verbose", count=True, help="Every line of every list.")
def diff(
    old: Path,
    new: Path,
    keys_folder: Path | None,
    at_time: str | None,
    as_json: bool,
    tell: bool,
    in_process: bool,
    last_resort: str | None,
    bounds: tuple[str, ...],
    references: tuple[Path, ...],
    no_cache: bool,
    verbose: int,
) -> int:
    """Compare two images or deliveries: what got worse, what to look at, what got better, then everything else.

    \b
    Example: fwverify diff acme-ups-3.0.1 acme-ups-3.1.0

    OLD and NEW are files, folders or archives, or stored evidence (NAME.evidence.json), which is taken as it was
    written. Nothing is judged: exit status 0 whatever differs. With --exit-code: 0 when nothing about security differs
    for the worse or needs a look, 1 when something does, 3 when nothing was seen but not everything could be compared.
    """
    deliveries = [one for one in (old, new) if not one.name.endswith(STORED)]
    for one in (old, new):
        if not one.exists():
            raise UsageError("there is no such file or folder", where=str(one), todo="Check the path you typed.")
    settings.refuse_inside(deliveries, None, keys_folder)
    at, trust, limits = settings.moment(at_time), settings.trust_of(keys_folder), settings.limits_of(bounds)
    from fwverify.cli.examine import workbench
    from fwverify.cli.reassess import read_evidence
    from fwverify.cli.reference import opened
    from fwverify.cli.remembering import memory
    from fwverify.model.differing import difference
    from fwverify.report.difference_page import difference_document, difference_page

    with (
        output.Progress() as progress,
        workbench(limits, in_process=in_process or not deliveries, last_resort=last_resort) as bench,
        memory(limits, wanted=bool(deliveries) and not no_cache) as known,
        opened(references, deliveries) as stores,
    ):

        def facts(path: Path, side: str) -> Evidence:
            if path not in deliveries:
                return read_evidence(path)
            from fwverify import pipeline

            return pipeline.facts(
                [path], at=at, trust=trust, limits=limits, bench=bench, memory=known, references=stores,
                progress=lambda text: progress(f"{side}: {text}"),
            )  # fmt: skip

        before, after = facts(old, "old"), facts(new, "new")
        progress("comparing")
        found = difference(before, after)
    output.emit(difference_document(found) if as_json else difference_page(found, settings.page_width(), verbose))
    return _status(found) if tell else status.PASS


def _status(found: Difference) -> int:
    from fwverify.model.difference import Effect

    if found.of_effect(Effect.WORSE) or found.of_effect(Effect.CHANGED):
        return status.FAIL
    return status.INCONCLUSIVE if found.open else status.PASS
