"""`fwverify sbom`: make a bill of materials of what is really in an image; check and compare those of others."""

from __future__ import annotations

from pathlib import Path

import click

from fwverify.cli import options, output, settings
from fwverify.cli.sbom_check import check
from fwverify.cli.sbom_diff import diff
from fwverify.errors import UsageError


@click.group()
def sbom() -> None:
    """Make a bill of materials of an image; check or compare those of others.

    \b
    Example: fwverify sbom make image.bin -o image.cdx.json
    """


sbom.add_command(check)
sbom.add_command(diff)


@sbom.command("make")
@click.argument("image", type=click.Path(path_type=Path))
@click.option("-o", "target", metavar="FILE", type=click.Path(path_type=Path), help="Write to FILE, not to the screen.")
@click.option(
    "--spec", type=click.Choice(("1.6", "1.7")), default="1.6", show_default=True, help="Version of CycloneDX."
)
@options.at_option
@options.isolation_option
@options.last_resort_option
@options.limits_option
@options.reference_option
@options.cache_option
def make(
    image: Path,
    target: Path | None,
    spec: str,
    at_time: str | None,
    in_process: bool,
    last_resort: str | None,
    bounds: tuple[str, ...],
    references: tuple[Path, ...],
    no_cache: bool,
) -> None:
    """Write what is seen in IMAGE as CycloneDX JSON, each component with where and how it was seen.

    \b
    Example: fwverify sbom make image.bin -o image.cdx.json

    The same image and --at give the same bytes. What could not be examined is counted in the metadata.
    """
    if not image.exists():
        raise UsageError("there is no such file or folder", where=str(image), todo="Check the path you typed.")
    if target is not None:
        output.check_target(target, [image], "-o")
    at = settings.moment(at_time)
    limits = settings.limits_of(bounds)
    from fwverify.cli.examine import workbench
    from fwverify.cli.reference import opened
    from fwverify.cli.remembering import memory
    from fwverify.report.registry import bill_of_materials

    with (
        output.Progress() as progress,
        workbench(limits, in_process=in_process, last_resort=last_resort) as bench,
        memory(limits, wanted=not no_cache) as known,
        opened(references, [image]) as stores,
    ):
        from fwverify import pipeline  # while the worker starts

        evidence = pipeline.facts(
            [image], at=at, limits=limits, bench=bench, progress=progress, memory=known, references=stores
        )
        progress("writing the bill of materials")
        text = bill_of_materials(evidence, spec)
    if target is None:
        output.emit(text)
    else:
        output.write_whole(target, text.encode(), "-o")
    if evidence.gaps:
        click.echo(f"{len(evidence.gaps)} places could not be examined: the list need not be complete", err=True)
