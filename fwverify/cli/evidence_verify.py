"""`fwverify evidence verify`: a pack checked years later, offline."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING

import click

from fwverify import __version__
from fwverify.cli import options, output, settings, status
from fwverify.cli.evidence_keygen import public_keys, read_key, site_key_option
from fwverify.errors import FwverifyError, RecordError, UsageError

if TYPE_CHECKING:
    from fwverify.limits import Limits
    from fwverify.model.evidence import Evidence
    from fwverify.records.checking import Checked
    from fwverify.records.lines import Line
    from fwverify.records.rejudging import Compared

WORDS = {"equal": "EQUAL", "differs": "DIFFERS", "not checked": "NOT CHECKED"}
EXIT = {"equal": status.PASS, "differs": status.FAIL, "not checked": status.INCONCLUSIVE}
NAME_COLUMNS, RESULT_COLUMNS = 11, 13


@click.command()
@click.argument("pack", metavar="PACK", type=click.Path(path_type=Path))
@site_key_option
@click.option(
    "--log-key", "log_keys", metavar="FILE", multiple=True, type=click.Path(path_type=Path),
    help="The public key of the log it is in.  [default: the site keys]",
)  # fmt: skip
@click.option(
    "--tsa-cert", metavar="FILE", type=click.Path(path_type=Path),
    help="Certificate of the timestamping authority, or the root above it, PEM.",
)  # fmt: skip
@click.option("--sha256", "digest", metavar="HEX", default="", help="SHA-256 of the zip that reached you another way.")
@click.option(
    "--image", "images", metavar="DELIVERY", multiple=True, type=click.Path(path_type=Path),
    help="The delivery itself: its facts are established anew and compared.",
)  # fmt: skip
@options.isolation_option
@options.reference_option
@options.json_option
def verify(
    pack: Path,
    site_keys: tuple[Path, ...],
    log_keys: tuple[Path, ...],
    tsa_cert: Path | None,
    digest: str,
    images: tuple[Path, ...],
    in_process: bool,
    references: tuple[Path, ...],
    as_json: bool,
) -> int:
    """Check an evidence pack: nothing changed, who signed it, and whether it comes to the same decision today.

    \b
    Example: fwverify evidence verify CHG-1.zip --site-key site.pem.pub

    Needs no network. Nothing in the pack is believed for being in it: site keys come from you. Nothing of it is written
    to disk. With --image everything is established again and told line by line.

    Exit status: 0 all is equal, 1 something differs, 3 something could not be checked (no site key given, not signed),
    2 usage.
    """
    from fwverify.records.attested import Anchors
    from fwverify.records.checking import Checked, check
    from fwverify.records.lines import Line, Result
    from fwverify.records.log_checking import place
    from fwverify.records.stamping import stamp_line
    from fwverify.records.storing import NotAPack, open_pack

    settings.refuse_inside((pack, *images), None, None, (*site_keys, *log_keys), tsa_cert=tsa_cert)
    sha256 = _digest(digest)
    anchors = Anchors(public_keys(site_keys), sha256, __version__)
    try:
        stored = open_pack(pack)
    except NotAPack as problem:
        checked = Checked((Line("Pack", Result.UNCHECKED, f"this is no evidence pack: {problem}"),))
    else:
        logs = (*anchors.site_keys, *public_keys(log_keys))
        certificates = read_key(tsa_cert) if tsa_cert is not None else b""
        more = (
            lambda one, report: place(one, report, logs, named=bool(log_keys)),
            lambda one, report: stamp_line(one, report, certificates),
        )
        checked = check(stored, anchors, more)
        if sha256:
            checked = replace(checked, lines=(_whole(pack, sha256), *checked.lines))
        if images:
            checked = _again(checked, images, in_process, references)
    output.emit(_document(checked) if as_json else "\n".join(_page(pack, checked)) + "\n")
    return {Result.EQUAL: status.PASS, Result.DIFFERS: status.FAIL, Result.UNCHECKED: status.INCONCLUSIVE}[
        checked.result
    ]


def _digest(text: str) -> str:
    from fwverify.cli.expecting import checksums

    return checksums((text,), (), "")[0].digest.value.hex() if text else ""


def _whole(pack: Path, sha256: str) -> Line:
    import hashlib

    from fwverify.records.lines import Line, Result, compared

    if not pack.is_file():
        return Line("Pack", Result.UNCHECKED, "a folder has no SHA-256 of its own")
    with pack.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    problems = [] if found == sha256 else [f"it is {found}, you were given {sha256}"]
    return compared("Pack", "has the SHA-256 that you were given", problems)


def _again(checked: Checked, images: tuple[Path, ...], in_process: bool, references: tuple[Path, ...]) -> Checked:
    """With --image: the facts anew, and the judgement on them."""
    from fwverify.records import rejudging
    from fwverify.records.attested import NAME
    from fwverify.records.lines import Line, Result, compared

    if checked.report is None or checked.basis is None:
        return checked
    then, basis = checked.report.assessment, checked.basis
    try:
        policy, waivers = rejudging.policy_of(basis.policies), rejudging.waivers_of(basis.waivers)
        signed = any(one.name == NAME and one.result is Result.EQUAL for one in checked.lines)
        limits = _limits(then.evidence, signed=signed)
        now = _facts(then.evidence, basis.keys, limits, images, in_process, references)
    except FwverifyError as problem:
        return replace(checked, lines=(*checked.lines, Line("Image", Result.UNCHECKED, str(problem))))
    now, taken = rejudging.completed(then.evidence, now)
    facts = rejudging.compare_facts(then.evidence, now)
    lines = [Line("Taken over", Result.UNCHECKED, taken, needed=False)] if taken else []
    lines += [compared("Facts", f"found again: {_of(facts)} are equal", facts.different)]
    told = rejudging.circumstances(then.evidence, now)
    if told:
        lines.append(Line("Run", Result.UNCHECKED, f"otherwise than then: {'; '.join(told)}", needed=False))
    again = rejudging.judge(now, policy, then.verdict.judged_at, waivers).verdict
    verdict = rejudging.compare(checked.report.verdict, again, skip=("evidence_digest",))
    lines.append(compared("Decision", f"on the new facts: {_of(verdict)} are equal", verdict.different))
    return replace(checked, lines=(*checked.lines, *lines))


def _of(found: Compared) -> str:
    return f"{found.lines - min(len(found.different), found.lines)} of {found.lines} lines"


def _facts(
    then: Evidence,
    keys: Mapping[str, bytes],
    limits: Limits,
    images: tuple[Path, ...],
    in_process: bool,
    references: tuple[Path, ...],
) -> Evidence:
    from fwverify import pipeline
    from fwverify.cli.examine import workbench
    from fwverify.cli.reference import opened
    from fwverify.trust.registry import load_files
    from fwverify.trust.store import EMPTY

    for one in images:
        if not one.exists():
            raise UsageError("there is no such file or folder", where=f"--image {one}")
    unknown = {one.digest.algorithm for one in then.expectation.checksums} - {"sha256", "dm-verity"}
    if unknown:
        raise RecordError(f"a checksum was expected of a kind that is not computed here: {min(unknown)}")
    trust = load_files(keys, then.trust.source) if keys else EMPTY
    with workbench(limits, in_process=in_process) as bench, opened(references, images) as stores:
        return pipeline.facts(
            images, at=then.at, trust=trust, expectation=then.expectation, limits=limits, bench=bench, references=stores
        )


def _limits(then: Evidence, *, signed: bool) -> Limits:
    """The bounds of the first run. Wider ones than usual count only where a site key stands behind them."""
    from fwverify.limits import DEFAULT_LIMITS

    usual = {one.name: getattr(DEFAULT_LIMITS, one.name) for one in fields(DEFAULT_LIMITS)}
    given = {name: value for name, value in then.settings.limits if name in usual and value >= 0}
    if not signed:
        given = {name: min(value, usual[name]) for name, value in given.items()}
    return replace(DEFAULT_LIMITS, **given)


def _page(pack: Path, checked: Checked) -> Iterator[str]:
    from fwverify.report.neutral import shortened

    head = f"{WORDS[checked.result]}  {shortened(str(pack), 60)}"
    yield head
    if checked.report is not None:
        verdict = checked.report.assessment.verdict
        name = shortened(checked.report.assessment.evidence.delivery, 40)
        policy = shortened(f"{verdict.policy_id} {verdict.policy_version}", 30)
        yield f"  {verdict.decision.value.upper()}  {name}, judged at {verdict.judged_at} by {policy}"
    for one in checked.lines:
        yield from line_texts(one)


def line_texts(one: Line) -> Iterator[str]:
    """One line of a check, as the page shows it."""
    start = f"  {one.name:<{NAME_COLUMNS}}{one.result.value:<{RESULT_COLUMNS}}"
    yield from _wrapped(one.text, start, " " * len(start))
    for detail in one.details:
        yield from _wrapped(f"- {detail}", " " * 4, " " * 6)


def _wrapped(text: str, start: str, then: str) -> list[str]:
    """Lines of a terminal's width; options are not broken at their dashes."""
    from fwverify.report.neutral import visible

    width = settings.PAGE_WIDTH
    return wrap(visible(text), width, initial_indent=start, subsequent_indent=then, break_on_hyphens=False)


def _document(checked: Checked) -> str:
    lines = [
        {
            "name": one.name,
            "result": one.result.value,
            "text": one.text,
            "details": list(one.details),
            "needed": one.needed,
        }
        for one in checked.lines
    ]
    return json.dumps({"result": checked.result.value, "lines": lines}, indent=1) + "\n"
