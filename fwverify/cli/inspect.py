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
@options.limits_option
@click.option("-v", "--verbose", count=True, help="Also what the headers state.")
def inspect(paths: tuple[Path, ...], as_json: bool, in_process: bool, bounds: tuple[str, ...], verbose: int) -> int:
    """Show what is inside a delivery: parts with offset, size and format, components, and what was not examined.

    \b
    Example: fwverify inspect firmware.bin

    Exit status: 0 when it could be read, whatever was found; 2 when not.
    """
    limits = settings.limits_of(bounds)
    from fwverify.cli.examine import workbench
    from fwverify.model.canonical import to_json
    from fwverify.report.contents import contents_page

    with output.Progress() as progress, workbench(limits, in_process=in_process) as bench:
        from fwverify import pipeline  # while the worker starts

        evidence = pipeline.facts(paths, at=settings.now(), limits=limits, bench=bench, progress=progress)
    if as_json:
        shown = {
            name: to_json(getattr(evidence, name))
            for name in ("delivery", "artifacts", "components", "contents", "anomalies", "gaps", "ledger")
        }
        output.emit(json.dumps(shown, indent=1) + "\n")
    else:
        output.emit(contents_page(evidence, settings.page_width(), verbose))
    return status.PASS
