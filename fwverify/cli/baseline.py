"""`fwverify baseline`: which release was approved for a unit or product, by whom, and what came before it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fwverify.cli import options, output, settings, status
from fwverify.cli.guarding import Guards, guard_options
from fwverify.errors import UsageError

if TYPE_CHECKING:
    from fwverify.assets.baselines import Approval, Baseline
    from fwverify.model.evidence import Evidence

SUFFIX = ".baseline.json"
NEW_FILE_TODO = "To approve a later release:  fwverify baseline update"


def folder_option(command: options.F) -> options.F:
    help_ = "Where baselines lie.  [default: baselines/ of your configuration folder]"
    return click.option("--baselines", "folder", metavar="DIR", type=click.Path(path_type=Path), help=help_)(command)


@click.group()
def baseline() -> None:
    """Record which release was approved for a unit or product; later releases are held against it.

    \b
    Example: fwverify baseline set UPS-A-03 --from acme-ups-3.0.1.evidence.json --by "M. Lee"
    """


@baseline.command("set")
@click.argument("name", metavar="ID")
@click.option("--from", "source", metavar="EVIDENCE", required=True, type=click.Path(path_type=Path),
              help="Evidence of the release that was approved.")  # fmt: skip
@click.option("--by", required=True, metavar="NAME", help="Who approved it.")
@click.option("--observed-version", "observed", default="", metavar="VERSION", help="What the unit itself shows.")
@click.option("--in-spite", default="", metavar="REASON", help="It is no PASS, and why it is approved all the same.")
@folder_option
@options.policy_option
@guard_options
@options.waivers_option
@options.at_option
def set_(
    name: str, source: Path, by: str, observed: str, in_spite: str, folder: Path | None, policy_name: str | None,
    guards: Guards, waivers_path: Path | None, at_time: str | None,
) -> int:  # fmt: skip
    """Record the first approved release of a unit or product.

    \b
    Example: fwverify baseline set UPS-A-03 --from acme-ups-3.0.1.evidence.json --by "M. Lee"

    The evidence is judged now, by --policy, with the keys it recorded: only a PASS becomes a baseline, unless you say
    why with --in-spite. A file that is there is never written over.
    """
    from fwverify.assets.baselines import begun

    path = place(name, folder)
    if path.exists():
        raise UsageError("there is a baseline already", where=str(path), todo=NEW_FILE_TODO)
    approval, evidence = _approval(source, by, observed, in_spite, guards, policy_name, waivers_path, at_time)
    _write(begun(name, approval, evidence), path)
    return status.PASS


@baseline.command()
@click.argument("name", metavar="ID")
@click.option("--from", "source", metavar="EVIDENCE", required=True, type=click.Path(path_type=Path),
              help="Evidence of the release that is in service now.")  # fmt: skip
@click.option("--observed-version", "observed", required=True, metavar="VERSION", help="What the unit itself shows.")
@click.option("--by", required=True, metavar="NAME", help="Who looked.")
@click.option("--in-spite", default="", metavar="REASON", help="It is no PASS, and why it is approved all the same.")
@folder_option
@options.policy_option
@guard_options
@options.waivers_option
@options.at_option
def update(
    name: str, source: Path, observed: str, by: str, in_spite: str, folder: Path | None, policy_name: str | None,
    guards: Guards, waivers_path: Path | None, at_time: str | None,
) -> int:  # fmt: skip
    """After the update: the release that is in service now, and the version that the unit itself shows.

    \b
    Example: fwverify baseline update UPS-A-03 --from CHG-10422/acme-ups-3.1.0.evidence.json \\
               --observed-version 3.1.0 --by "M. Lee"

    What was approved before stays in the file's history.
    """
    from fwverify.assets.baselines import followed

    path = place(name, folder)
    before = read(path)
    approval, evidence = _approval(source, by, observed, in_spite, guards, policy_name, waivers_path, at_time)
    _write(followed(before, approval, evidence), path)
    return status.PASS


@baseline.command()
@click.argument("name", metavar="ID|FILE")
@folder_option
@options.json_option
def show(name: str, folder: Path | None, as_json: bool) -> int:
    """Print what was approved, newest first.

    \b
    Example: fwverify baseline show UPS-A-03
    """
    from fwverify.model.canonical import to_json

    path = Path(name) if name.endswith(".json") else place(name, folder)
    found = read(path)
    if as_json:
        output.emit(json.dumps(to_json(found.history), indent=1) + "\n")
        return status.PASS
    from fwverify.report.neutral import visible

    lines = [f"{found.id}: {len(found.history)} approved, the newest in force"]
    for one in reversed(found.history):
        lines += _told(one)
    output.emit("".join(f"{visible(one)}\n" for one in lines))
    return status.PASS


def _told(one: Approval) -> list[str]:
    versions = " / ".join(one.versions) or "version not stated"
    seen = f", the unit shows {one.observed}" if one.observed else ", nobody looked at the unit"
    spite = [f"  NOT a pass ({one.decision}), approved in spite: {one.in_spite}"] if one.in_spite else []
    policy, _, digest = one.policy.partition(" sha256 ")
    return [
        f"{one.set_on[:10]}  {one.delivery}  {versions}{seen}",
        f"  by {one.set_by}; {one.decision} under {policy[:60]}",
        *([f"  policy   sha256 {digest}"] if digest else []),
        f"  evidence sha256 {one.evidence}",
        *spite,
    ]


def place(name: str, folder: Path | None) -> Path:
    """The file of a unit's or product's baseline. Raises UsageError."""
    if not settings.NAME.fullmatch(name):
        raise UsageError(f"{name!r} is no id", todo="Use letters, digits, dot, dash and underscore.")
    return (folder if folder is not None else settings.user_folder() / "baselines") / f"{name}{SUFFIX}"


def read(path: Path) -> Baseline:
    """Read a baseline. Raises UsageError."""
    from fwverify.assets.baselines import from_bytes
    from fwverify.cli.reassess import read_stored

    if not path.is_file():
        raise UsageError("there is no such baseline", where=str(path), todo="Begin one:  fwverify baseline set")
    return from_bytes(read_stored(path), str(path))


def _approval(
    source: Path, by: str, observed: str, in_spite: str, guards: Guards, policy_name: str | None,
    waivers_path: Path | None, at_time: str | None,
) -> tuple[Approval, Evidence]:  # fmt: skip
    """The approval of stored evidence, judged now. Raises UsageError where it may not be one."""
    from fwverify.assets.baselines import Approval, differs, plain
    from fwverify.cli.reassess import judged, read_evidence
    from fwverify.model.approving import stated_versions
    from fwverify.model.canonical import identify
    from fwverify.model.verdict import Decision

    if not settings.one_line(by, "--by"):
        raise UsageError("takes a name", where="--by")
    settings.one_line(in_spite, "--in-spite")
    settings.one_line(observed, "--observed-version")
    evidence, at = read_evidence(source), settings.moment(at_time)
    why = differs(evidence, observed) if observed else ""
    if why:
        todo = "Look at the unit again. Where it really runs something else, nothing here is approved for it."
        raise UsageError(why, where="--observed-version", todo=todo)
    waivers = settings.waivers_of(waivers_path)
    verdict = judged(evidence, evidence.trust, guards.policy_of(policy_name), at, waivers).verdict
    if verdict.decision is not Decision.PASS and not in_spite.strip():
        raise UsageError(
            f"is {verdict.decision.value} under {verdict.policy_id} {verdict.policy_version}", where=str(source),
            todo='See why:  fwverify reassess EVIDENCE. Approve it all the same:  --in-spite "REASON"',
        )  # fmt: skip
    approval = Approval(
        evidence=identify(evidence),
        kept=identify(plain(evidence)),
        delivery=evidence.delivery,
        versions=stated_versions(evidence),
        observed=observed,
        set_by=by.strip(),
        set_on=at,
        decision=verdict.decision.value,
        policy=f"{verdict.policy_id} {verdict.policy_version} sha256 {verdict.policy_digest}",
        in_spite=in_spite.strip() if verdict.decision is not Decision.PASS else "",
    )
    return approval, evidence


def _write(found: Baseline, path: Path) -> None:
    from fwverify.assets.baselines import to_bytes
    from fwverify.report.neutral import visible

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise UsageError(f"cannot be made: {problem.strerror}", where=str(path.parent)) from None
    output.write_whole(path, to_bytes(found), "--baselines")
    output.emit("".join(f"{visible(one)}\n" for one in [f"{path}: {found.id}", *_told(found.current)]))
