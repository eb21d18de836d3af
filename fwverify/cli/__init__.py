"""The command line: options in, one call into the library, one page out, one exit status.

`main` owns what ends the process (`cli.status`): click runs with `standalone_mode=False`, operator mistakes become one
message on standard error, a bug becomes a short one. Commands live in files of their own and are imported on demand.
"""

from __future__ import annotations

import gc
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

import click

from fwverify import __version__
from fwverify.cli import status
from fwverify.cli.lazy import LazyGroup
from fwverify.errors import FwverifyError
from fwverify.limits import COLLECT_AFTER

COMMANDS: dict[str, tuple[str, str]] = {
    "verify": ("fwverify.cli.verify:verify", "Verify a delivery: may it be installed?"),
    "authenticate": ("fwverify.cli.authenticate:authenticate", "Signatures and checksums alone, without judgement."),
    "inspect": ("fwverify.cli.inspect:inspect", "What is inside: parts, formats, components."),
    "sbom": ("fwverify.cli.sbom:sbom", "Make an SBOM of an image; check or compare SBOMs."),
    "diff": ("fwverify.cli.diff:diff", "What differs between two images, in security terms first."),
    "reference": ("fwverify.cli.reference:reference", "Learn packages, to name their files exactly."),
    "reassess": ("fwverify.cli.reassess:reassess", "Judge stored evidence again, without the firmware."),
    "evidence": ("fwverify.cli.evidence:evidence", "Pack, sign, log and check the record of a decision."),
    "batch": ("fwverify.cli.batch:batch", "Verify many deliveries; one row each."),
    "baseline": ("fwverify.cli.baseline:baseline", "Which release was approved for a unit or product."),
    "checklist": ("fwverify.cli.checklist:checklist", "What to look at after an update."),
    "scorecard": ("fwverify.cli.scorecard:scorecard", "Compare bidders by what their deliveries show."),
    "rfp": ("fwverify.cli.rfp:rfp", "Folders and questions for bidders."),
    "keys": ("fwverify.cli.keys:keys", "Pin vendors' keys and see what is pinned."),
    "policy": ("fwverify.cli.policy:policy", "Check, explain and try policies."),
    "waiver": ("fwverify.cli.waiver:waiver", "Accepted exceptions, for a time: write, list, check."),
    "cache": ("fwverify.cli.remembering:cache", "What earlier runs found out; may be cleared at any time."),
    "rules": ("fwverify.cli.rules:rules", "The rules a policy can name."),
    "formats": ("fwverify.cli.formats:formats", "What fwverify can read, and what it cannot."),
    "doctor": ("fwverify.cli.doctor:doctor", "What this installation has and where it looks."),
}


SECTIONS = {
    "Judge": ("verify", "batch", "reassess", "scorecard", "rfp"),
    "Look, without judgement": ("inspect", "authenticate", "diff", "sbom"),
    "What you trust and what you ask for": ("keys", "policy", "waiver", "rules"),
    "Your units and your records": ("baseline", "checklist", "evidence"),
    "This installation": ("formats", "reference", "cache", "doctor"),
}
"""Headings of --help. What stands under none is listed at the end."""


@click.group(
    cls=LazyGroup,
    commands_at=COMMANDS,
    sections=SECTIONS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
    no_args_is_help=True,
)
@click.version_option(__version__, prog_name="fwverify", message="%(prog)s %(version)s")
@click.option("--debug", is_flag=True, help="Show the traceback of an error inside fwverify.")
def root(debug: bool) -> None:
    """Is this firmware the vendor's, unchanged, and does it hold what the vendor's SBOM says?

    \b
    Example: fwverify verify delivery/ --policy builtin:production --keys keys

    Exit status: 0 pass, 1 fail, 2 usage or configuration, 3 inconclusive, 70 an error inside fwverify.
    """


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit status; raises nothing."""
    gc.set_threshold(*COLLECT_AFTER)
    arguments = list(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    return _flushed(_guarded(arguments))


def _guarded(arguments: list[str]) -> int:
    try:
        return _run(arguments)
    except FwverifyError as mistake:
        _say(f"error: {mistake}")
    except click.ClickException as mistake:
        _tell_usage(mistake)
    except (click.Abort, KeyboardInterrupt):
        _say("stopped: nothing was judged")
    except BrokenPipeError:
        _close_output()
    except Exception as bug:
        if _interrupted(bug):
            _say("stopped: nothing was judged")
            return status.USAGE
        _tell_bug(bug, traced="--debug" in arguments)
        return status.BUG
    return status.USAGE


def _tell_usage(mistake: click.ClickException) -> None:
    """What was wrong in one line; the help itself where a group was called without a command."""
    if isinstance(mistake, click.exceptions.NoArgsIsHelpError):
        _say(mistake.format_message())
        return
    _say(f"error: {' '.join(mistake.format_message().split())}")
    if isinstance(mistake, click.UsageError) and mistake.ctx is not None:
        _say(f"  Try: {mistake.ctx.command_path} --help")


def _interrupted(bug: Exception) -> bool:
    """Ctrl-C while a module was being imported comes wrapped in what the import raised."""
    cause: BaseException | None = bug
    while cause is not None:
        if isinstance(cause, KeyboardInterrupt):
            return True
        cause = cause.__cause__
    return False


def _run(arguments: list[str]) -> int:
    try:
        result = root.main(args=arguments, prog_name="fwverify", standalone_mode=False)
    except SystemExit as end:  # click's own: shell completion (0) and a closed pipe (1)
        return status.PASS if end.code in (0, None) else status.USAGE
    if result is None:
        return status.PASS
    if not isinstance(result, int) or result not in status.ALL:
        raise AssertionError(f"a command returned {result!r}, which is no exit status")
    return result


def _say(text: str) -> None:
    from fwverify.report.neutral import visible

    try:
        for line in text.split("\n"):
            sys.stderr.write(f"{visible(line)}\n")
    except BrokenPipeError:
        _close_output()


def _tell_bug(bug: Exception, *, traced: bool) -> None:
    if traced:
        _say("".join(traceback.format_exception(bug)).rstrip())
    last = traceback.extract_tb(bug.__traceback__)[-1:]
    where = f" ({Path(last[0].filename).name}:{last[0].lineno})" if last else ""
    _say(f"fwverify has an error of its own: {type(bug).__name__}: {bug}{where}")
    _say("  This says nothing about the delivery; do not install it on the strength of this run.")
    if not traced:
        _say("  For a report: run the same command as  fwverify --debug COMMAND ...")


def _flushed(result: int) -> int:
    """Flush here, so that a closed pipe cannot change the exit status when the interpreter ends."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _close_output()
    return result


def _close_output() -> None:
    """Nobody reads any more: what is still buffered goes nowhere."""
    null = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(null, sys.stdout.fileno())
    except (OSError, ValueError):  # standard output is not a file here (tests)
        pass
    finally:
        os.close(null)
