"""`fwverify reassess`: stored evidence under another policy, another date, another key registry."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fwverify.cli import forms as form_choice
from fwverify.cli import options, output, settings, status
from fwverify.cli.forms import Wanted, form_options
from fwverify.cli.guarding import Guards, guard_options
from fwverify.errors import UsageError

if TYPE_CHECKING:
    from fwverify.evaluate.policy import Policy
    from fwverify.evaluate.waivers import GivenWaiver
    from fwverify.model.evidence import Evidence, TrustSnapshot
    from fwverify.model.verdict import Assessment

MAX_EVIDENCE_BYTES = 1 << 30
"""The evidence of an image with 40,000 files has 60 MiB."""


@click.command()
@click.argument("evidence_file", metavar="EVIDENCE", type=click.Path(path_type=Path))
@options.policy_option
@guard_options
@options.keys_option
@options.waivers_option
@options.at_option
@form_options
@click.option("-v", "--verbose", count=True, help="More: rules, signatures, files, gaps. -vv: parts, components.")
def reassess(
    evidence_file: Path,
    policy_name: str | None,
    guards: Guards,
    keys_folder: Path | None,
    waivers_path: Path | None,
    at_time: str | None,
    wanted: Wanted,
    verbose: int,
) -> int:
    """Judge stored evidence again, without the firmware: facts stay, judgement is new.

    \b
    Example: fwverify reassess acme-ups-3.1.0.evidence.json --policy builtin:production

    Keys are judged as the evidence recorded them; --keys judges them as your registry has them now. Signatures are not
    checked again. Exit status as for verify.
    """
    from fwverify.report.interface import Context
    from fwverify.report.neutral import visible

    evidence = read_evidence(evidence_file)
    note = f"judged again from {evidence_file.name}, whose facts are of {evidence.at}"
    snapshot = settings.trust_of(keys_folder).snapshot() if keys_folder is not None else evidence.trust
    note += f"; keys now from {keys_folder}" if keys_folder is not None else "; keys as recorded then"
    waivers = settings.waivers_of(waivers_path)
    assessment = judged(evidence, snapshot, guards.policy_of(policy_name), settings.moment(at_time), waivers)
    context = Context(
        width=settings.page_width(),
        color=settings.page_color(),
        verbose=verbose,
        evidence_path=str(evidence_file),
        keys=str(keys_folder or ""),
        policy=policy_name or "",
        exit_status=status.OF_DECISION[assessment.verdict.decision],
    )
    click.echo(visible(note), err=True)
    if wanted.folder is not None:
        form_choice.make_folder(wanted.folder)
        stem = evidence_file.name.removesuffix(".json").removesuffix(".evidence")
        form_choice.write(assessment, context, wanted.named, wanted.folder, f"{stem}.reassessed")
    output.emit(form_choice.text(assessment, context, wanted.printed))
    return context.exit_status


def judged(
    evidence: Evidence, trust: TrustSnapshot, policy: Policy, at: str, waivers: Sequence[GivenWaiver] = ()
) -> Assessment:
    """Judge stored facts with these keys. The verdict names the digest of the evidence as it was stored."""
    from fwverify.evaluate.stage import evaluate
    from fwverify.model.canonical import identify
    from fwverify.model.verdict import Assessment

    verdict = evaluate(policy, evidence, at, trust=trust, evidence_digest=identify(evidence), waivers=waivers)
    return Assessment(replace(evidence, trust=trust), verdict)


def read_evidence(path: Path) -> Evidence:
    """Read an evidence file, or the evidence in a JSON report. Raises UsageError."""
    from fwverify.model.canonical import NotEvidence, canonical, from_json
    from fwverify.model.evidence import SCHEMA, Evidence

    raw = read_stored(path)
    try:
        data = json.loads(raw)
    except (ValueError, RecursionError):
        raise UsageError("is not JSON", where=str(path), todo="Name a file that verify wrote.") from None
    if isinstance(data, dict) and isinstance(data.get("evidence"), dict):
        data = data["evidence"]
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        todo = f"Name a file that verify wrote; its schema is {SCHEMA}."
        raise UsageError("is not evidence that this version reads", where=str(path), todo=todo)
    try:
        evidence = from_json(Evidence, data)
        canonical(evidence)  # has a digest: text that is not Unicode (lone surrogates) has none
    except (NotEvidence, UnicodeEncodeError) as problem:
        raise UsageError(f"is not whole: {problem}", where=str(path), todo="Name a file that verify wrote.") from None
    return evidence


def read_stored(path: Path) -> bytes:
    """A file of evidence, bounded. Raises UsageError."""
    try:
        if path.stat().st_size > MAX_EVIDENCE_BYTES:
            raise UsageError("is too large for evidence", where=str(path))
        return path.read_bytes()
    except OSError as problem:
        todo = "Name a file that verify wrote (NAME.evidence.json)."
        raise UsageError(f"cannot be read: {problem.strerror}", where=str(path), todo=todo) from None
