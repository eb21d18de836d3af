"""`fwverify checklist`: what to look at after an update; printed, filled in, attached."""

from __future__ import annotations

from pathlib import Path

import click

from fwverify.cli import output, settings, status
from fwverify.errors import UsageError


@click.group()
def checklist() -> None:
    """What to look at after an update: alarms, ventilation, emergency stop, telemetry and more.

    \b
    Example: fwverify checklist new --change CHG-10422 --asset UPS-A-03 -o CHG-10422.checklist.yaml
    """


@checklist.command()
@click.option("--change", default="", metavar="TICKET", help="The change it belongs to.")
@click.option("--asset", default="", metavar="ID", help="The unit.")
@click.option("-o", "target", metavar="FILE", type=click.Path(path_type=Path), help="Write to FILE.  [default: print]")
def new(change: str, asset: str, target: Path | None) -> int:
    """Write an empty checklist: answer each line with yes, no or n/a, then attach it with verify --checklist.

    \b
    Example: fwverify checklist new --change CHG-10422 --asset UPS-A-03 -o CHG-10422.checklist.yaml
    """
    from fwverify.assets.checklist import frame

    text = frame(settings.one_line(change, "--change"), settings.one_line(asset, "--asset"))
    if target is None:
        output.emit(text)
        return status.PASS
    if target.exists():
        raise UsageError("is there already", where=str(target), todo="Name a new file with -o.")
    output.write_whole(target, text.encode(), "-o")
    return status.PASS


@checklist.command()
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
def check(file: Path) -> int:
    """Read a filled-in checklist: 0 when all is as it should be, 1 when something is not, 3 when something is open.

    \b
    Example: fwverify checklist check CHG-10422.checklist.yaml
    """
    from fwverify.assets.checklist import parse_checklist
    from fwverify.cli.changing import read_text
    from fwverify.model.change import CheckResult
    from fwverify.report.neutral import visible

    found = parse_checklist(read_text(file), str(file))
    lines = [f"checked  {found.change or 'no change named'}  {found.asset}  by {found.by} on {found.date}"]
    lines += [f"  {one.result.value:<5} {one.id:<16} {one.note}".rstrip() for one in found.checks]
    output.emit("".join(f"{visible(one)}\n" for one in lines))
    results = {one.result for one in found.checks}
    if CheckResult.NO in results:
        return status.FAIL
    return status.INCONCLUSIVE if CheckResult.OPEN in results else status.PASS
