"""`fwverify inspect`: what is inside. No keys, no policy, no judgement."""

from __future__ import annotations

import json
from pathlib import Path

import click

from fwverify.cli import options, output, settings, status


@click.command()
@options.paths_argument
@options.json_option
@options.isolation_option
@options.last_resort_option
@options.reference_option
@options.limits_option
@click.option(
    "--map", "map_file", type=click.Path(path_type=Path, dir_okay=False), help="Draw every image: HTML, one file."
)
@click.option("-v", "--verbose", count=True, help="Also what the headers state.")
def inspect(
    paths: tuple[Path, ...], as_json: bool, in_process: bool, last_resort: str | None, bounds: tuple[str, ...],
    references: tuple[Path, ...], map_file: Path | None, verbose: int,
) -> int:  # fmt: skip
    """Show what is inside a delivery: parts with offset, size and format, components, and what was not examined.

    \b
    Example: fwverify inspect firmware.bin

    Exit status: 0 when it could be read, whatever was found; 2 when not.
    """
    limits = settings.limits_of(bounds)
    if map_file is not None:
        output.check_target(map_file, paths, "--map")
    from fwverify.cli.examine import workbench
    from fwverify.cli.reference import opened
    from fwverify.model.canonical import to_json
    from fwverify.model.survey import Survey
    from fwverify.report.contents import contents_page, unexplained_rows

    survey = Survey()
    with (
        output.Progress() as progress,
        workbench(limits, in_process=in_process, last_resort=last_resort) as bench,
        opened(references, paths) as stores,
    ):
        from fwverify import pipeline  # while the worker starts
        from fwverify.unpack.survey import look_into

        evidence = pipeline.facts(
            paths, at=settings.now(), limits=limits, bench=bench, progress=progress,
            references=stores, look=lambda artifact: look_into(survey, artifact),
        )  # fmt: skip
    if map_file is not None:
        from fwverify.report.image_map import map_page

        output.write_whole(map_file, map_page(evidence, survey).encode(), "--map")
    if as_json:
        shown = {
            name: to_json(getattr(evidence, name))
            for name in ("delivery", "artifacts", "components", "contents", "anomalies", "gaps", "ledger")
        }
        shown["unexplained"] = unexplained_rows(evidence, survey)
        output.emit(json.dumps(shown, indent=1) + "\n")
    else:
        output.emit(contents_page(evidence, settings.page_width(), verbose, survey))
    return status.PASS
