"""`fwverify verify`: one delivery, one page, one exit status."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fwverify.cli import forms as form_choice
from fwverify.cli import options, output, settings, status
from fwverify.cli.changing import Held, change_options
from fwverify.cli.expecting import expectation_options
from fwverify.cli.forms import Wanted, form_options
from fwverify.cli.guarding import Guards, guard_options
from fwverify.cli.lazy import GroupedCommand
from fwverify.errors import UsageError

if TYPE_CHECKING:
    from fwverify.model.expectation import Expectation
    from fwverify.model.verdict import Assessment
    from fwverify.report.interface import Context


@dataclass(frozen=True, slots=True)
class Targets:
    """Where things go; None: nowhere."""

    evidence: Path | None
    page: Path | None
    folder: Path | None


SECTIONS = {
    "By what to judge": (
        "policy_name", "policy_sha256", "floor", "keys_folder", "waivers_path", "at_time",
    ),
    "What you expect": ("vendor", "product", "installed", "minimum", "counter", "device"),
    "What reached you another way": ("sha256", "root_hash", "channel", "no_method"),
    "The change it is for": (
        "asset", "register", "baseline", "rollback", "ticket", "window", "requested_by", "approved_by", "going_back",
        "checklist",
    ),
    "Output": ("forms", "as_json", "folder", "page_file", "evidence_file", "no_evidence", "quiet", "verbose"),
    "How it is read": (
        "timeout", "bounds", "in_process", "last_resort", "references", "no_cache",
    ),
}  # fmt: skip
"""Headings of --help: names of parameters."""


@click.command(cls=GroupedCommand, sections=SECTIONS)
@options.paths_argument
@options.policy_option
@guard_options
@options.keys_option
@options.waivers_option
@expectation_options
@change_options
@options.at_option
@form_options
@click.option("-o", "page_file", metavar="FILE", type=click.Path(path_type=Path), help="Write the page to FILE.")
@click.option(
    "--evidence", "evidence_file", metavar="FILE", type=click.Path(path_type=Path),
    help="Where the evidence goes.  [default: NAME.evidence.json in this folder]",
)  # fmt: skip
@click.option("--no-evidence", is_flag=True, help="Keep no evidence.")
@options.isolation_option
@options.last_resort_option
@options.limits_option
@options.reference_option
@options.cache_option
@click.option("-q", "--quiet", is_flag=True, help="Print nothing; the exit status tells.")
@click.option("-v", "--verbose", count=True, help="More: rules, signatures, files, gaps. -vv: parts, components.")
def verify(
    paths: tuple[Path, ...],
    policy_name: str | None,
    guards: Guards,
    keys_folder: Path | None,
    waivers_path: Path | None,
    expected: Expectation,
    held: Held,
    at_time: str | None,
    wanted: Wanted,
    page_file: Path | None,
    evidence_file: Path | None,
    no_evidence: bool,
    in_process: bool,
    last_resort: str | None,
    bounds: tuple[str, ...],
    references: tuple[Path, ...],
    no_cache: bool,
    quiet: bool,
    verbose: int,
) -> int:
    """Verify a delivery: whose it is, whether it is unchanged, and whether its SBOM is true.

    \b
    Example: fwverify verify delivery/ --policy builtin:production --keys keys

    DELIVERY is a file, a folder or an archive; signatures, checksum lists and SBOMs beside it are found by themselves.
    Exit status: 0 pass, 1 fail, 2 usage or configuration, 3 inconclusive, 70 an error inside fwverify.
    """
    if evidence_file is not None and no_evidence:
        raise UsageError("--evidence and --no-evidence contradict each other")
    targets = _targets(paths, evidence_file, no_evidence, page_file, wanted.folder)
    deliveries = (*paths, *held.rollback)
    settings.refuse_inside(deliveries, policy_name, keys_folder, waivers=waivers_path)
    at, policy = settings.moment(at_time), guards.policy_of(policy_name, deliveries)
    trust = settings.trust_of(keys_folder)
    limits, waivers = settings.limits_of(bounds), settings.waivers_of(waivers_path)
    from fwverify.cli.examine import refuse_weaker, workbench
    from fwverify.cli.reference import opened
    from fwverify.cli.remembering import memory

    refuse_weaker(policy, in_process=in_process, last_resort=last_resort)
    with (
        output.Progress(shown=not quiet) as progress,
        workbench(limits, in_process=in_process, last_resort=last_resort) as bench,
        memory(limits, wanted=not no_cache) as known,
        opened(references, deliveries) as stores,
    ):
        from fwverify import pipeline  # while the worker starts

        assessment = pipeline.verify(
            paths, policy=policy, at=at, trust=trust, expectation=expected, limits=limits, bench=bench,
            progress=progress, memory=known, references=stores, waivers=waivers, approved=held.approved,
            release=held.release, rollback=held.rollback,
        )  # fmt: skip
    context = replace(_context(paths, policy_name, keys_folder, verbose, assessment, targets), at=at_time or "")
    keep(assessment, context, targets, wanted)
    if not quiet or page_file is not None:
        show(assessment, context, wanted.printed, targets.page)
    return context.exit_status


def _targets(
    paths: tuple[Path, ...], evidence: Path | None, no_evidence: bool, page: Path | None, folder: Path | None
) -> Targets:
    """Where things go, refused now rather than after the work."""
    for one in paths:
        if not one.exists():
            raise UsageError("there is no such file or folder", where=str(one), todo="Check the path you typed.")
    name = output.evidence_name(paths[0])
    if folder is not None:
        output.check_target(folder / name if folder.is_dir() else folder, paths, "--out")
    if evidence is None and not no_evidence:
        evidence = (folder or Path()) / name
    if evidence is not None and evidence.parent != folder:
        output.check_target(evidence, paths, "--evidence")
    if page is not None:
        output.check_target(page, paths, "-o")
    return Targets(evidence, page, folder)


def _context(
    paths: tuple[Path, ...], policy: str | None, keys: Path | None, verbose: int, assessment: Assessment, to: Targets
) -> Context:
    from fwverify.report.interface import Context

    return Context(
        width=settings.page_width(),
        color=to.page is None and settings.page_color(),
        verbose=verbose,
        evidence_path=str(to.evidence) if to.evidence is not None else "",
        command=shlex.join(str(one) for one in paths),
        keys=str(keys or ""),
        policy=policy or "",
        again=options.repeated(click.get_current_context()),
        exit_status=status.OF_DECISION[assessment.verdict.decision],
    )


def keep(assessment: Assessment, context: Context, targets: Targets, wanted: Wanted) -> None:
    """Write the evidence, and with --out the forms."""
    from fwverify.model.canonical import canonical

    if targets.folder is not None:
        form_choice.make_folder(targets.folder)
    if targets.evidence is not None:
        output.write_whole(targets.evidence, canonical(assessment.evidence), "--evidence")
    if targets.folder is not None:
        stem = targets.evidence.name.removesuffix(".evidence.json") if targets.evidence else "report"
        form_choice.write(assessment, context, wanted.named, targets.folder, stem)


def show(assessment: Assessment, context: Context, form: str, page: Path | None) -> None:
    """Print the page, or write it to the file of -o."""
    text = form_choice.text(assessment, context, form)
    if page is None:
        output.emit(text)
    else:
        output.write_whole(page, text.encode("utf-8", "backslashreplace"), "-o")
