"""`fwverify scorecard`: bidders' sample deliveries beside one another."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

from fwverify.cli import options, output, settings, status
from fwverify.errors import FwverifyError, UsageError

if TYPE_CHECKING:
    from fwverify.model.expectation import Expectation
    from fwverify.model.verdict import Assessment
    from fwverify.scorecard.folder import Handed
    from fwverify.scorecard.values import Bid, Scorecard
    from fwverify.trust.store import TrustStore

    Verify = Callable[[Sequence[Path], TrustStore, Expectation], Assessment]

POLICY = "builtin:rfp-scorecard"
PRODUCT = "bid"
MAX_KEYS = 50
_FILE = click.Path(path_type=Path)


@click.command()
@click.argument("bidders", metavar="BIDDER...", nargs=-1, required=True, type=_FILE)
@click.option("--policy", "policy_name", metavar="POLICY", default=POLICY, show_default=True,
              help="A policy file or builtin:NAME.")  # fmt: skip
@options.at_option
@click.option("-o", "page_file", metavar="FILE", type=_FILE, help="Write the page for a browser to FILE.")
@click.option("--csv", "table_file", metavar="FILE", type=_FILE, help="Write one row a bidder to FILE.")
@options.json_option
@options.isolation_option
@options.limits_option
@options.cache_option
@click.option("-v", "--verbose", count=True, help="Every line, gate and answer.")
def scorecard(
    bidders: tuple[Path, ...], policy_name: str, at_time: str | None, page_file: Path | None,
    table_file: Path | None, as_json: bool, in_process: bool, bounds: tuple[str, ...], no_cache: bool, verbose: int,
) -> int:  # fmt: skip
    """Compare bidders by what their sample deliveries show, not by what they say.

    \b
    Example: fwverify scorecard rfp/*/ -o scorecard.html --csv scorecard.csv

    Each BIDDER is a folder (fwverify rfp new makes them): firmware/, sbom/, signing/ (the keys offered, which nobody
    has confirmed: origin reaches 3 of 5 at most), advisories/ and answers.yaml. Each answer is evidenced, contradicted
    or only declared; what could not be examined is told beside the score and widens it to an interval.

    Exit status: 0 every bidder passes the gates; 1 one is out; 3 none is out, but a gate of one could not be shown.
    """
    _check(bidders, page_file, table_file)
    settings.refuse_inside(bidders, policy_name, None)
    at, policy, limits = settings.moment(at_time), settings.policy_of(policy_name), settings.limits_of(bounds)
    settings.refuse_parents(bidders, policy)
    from fwverify.cli.examine import refuse_weaker, workbench
    from fwverify.cli.remembering import memory

    refuse_weaker(policy, in_process=in_process)
    with (
        output.Progress() as progress,
        workbench(limits, in_process=in_process) as bench,
        memory(limits, wanted=not no_cache) as known,
    ):
        from fwverify import pipeline
        from fwverify.scorecard.values import Scorecard, ranked

        def verify(paths: Sequence[Path], trust: TrustStore, expectation: Expectation) -> Assessment:
            return pipeline.verify(
                paths, policy=policy, at=at, trust=trust, expectation=expectation, limits=limits, bench=bench,
                memory=known, progress=progress,
            )  # fmt: skip

        bids = tuple(_bid(one, verify, at) for one in bidders)
    words = f"{policy.id} {policy.version} sha256 {policy.digest}"
    card = Scorecard(at, words, ranked(bids))
    _write(card, page_file, table_file)
    _print(card, verbose, as_json=as_json)
    if any(one.out for one in bids):
        return status.FAIL
    return status.INCONCLUSIVE if any(one.open for one in bids) else status.PASS


def _check(bidders: Sequence[Path], page: Path | None, table: Path | None) -> None:
    names = [one.resolve().name for one in bidders]
    for one in bidders:
        if not one.is_dir():
            raise UsageError("is no folder", where=str(one), todo="Make bidders' folders:  fwverify rfp new")
    for name in names:
        if not name.isprintable() or not name[:1].isalnum():
            todo = "Let it begin with a letter or digit: a bidder may have chosen it for what reads your table or log."
            raise UsageError("is no name for a bidder", where=name, todo=todo)
    if len(set(names)) != len(names):
        raise UsageError("two bidders have the same name", todo="Name each folder once, under names that differ.")
    for option, path in (("-o", page), ("--csv", table)):
        if path is not None:
            output.check_target(path, bidders, option)


def _bid(folder: Path, verify: Verify, at: str) -> Bid:
    """One bidder; what is wrong with his folder is told, and stops nobody else."""
    from fwverify.model.expectation import Expectation
    from fwverify.scorecard.advisories import read_advisories
    from fwverify.scorecard.folder import read
    from fwverify.scorecard.scoring import scored

    handed = read(folder)
    seen = None
    with TemporaryDirectory(prefix="fwverify-") as scratch:
        trust = _offered(handed, Path(scratch), at)
    if handed.delivery:
        try:
            expected = Expectation(vendor=_vendor(handed.name), product=PRODUCT, source="the bid")
            seen = verify(handed.delivery, trust, expected)
        except FwverifyError as problem:
            handed.problems.append(f"the delivery cannot be read: {problem.what}")
    return scored(handed.name, seen, handed.answers, read_advisories(handed.advisories), handed.problems)


def _vendor(name: str) -> str:
    return "".join(one if one.isalnum() and one.isascii() else "-" for one in name.lower()).strip("-") or "bidder"


def _offered(handed: Handed, scratch: Path, at: str) -> TrustStore:
    """The keys a bidder offers, trusted on first use and for this alone; the operator's own registry is not touched."""
    from fwverify.trust.adding import NewKey, add_key
    from fwverify.trust.registry import load
    from fwverify.trust.store import EMPTY

    for at_, (name, content) in enumerate(handed.keys[:MAX_KEYS]):
        try:
            add_key(
                scratch,
                NewKey(
                    name=f"k{at_}{Path(name).suffix.lower()[:8]}", content=content, vendor=_vendor(handed.name),
                    products=(PRODUCT,), purposes=("firmware", "sbom", "checksums"), channel="came with the bid",
                    who="the bidder", when=at[:10], id=f"offered-{at_}", tofu=True,
                ),
            )  # fmt: skip
        except FwverifyError as problem:
            handed.problems.append(f"signing/{name} is no key that can be used: {problem.what}")
    if len(handed.keys) > MAX_KEYS:
        handed.problems.append(f"signing/ holds more than {MAX_KEYS} files; the rest was left aside")
    return load(scratch) if any(scratch.iterdir()) else EMPTY


def _write(card: Scorecard, page: Path | None, table: Path | None) -> None:
    from fwverify.scorecard import pages

    if page is not None:
        output.write_whole(page, pages.browser(card).encode("utf-8", "backslashreplace"), "-o")
    if table is not None:
        output.write_whole(table, pages.spreadsheet(card).encode("utf-8", "backslashreplace"), "--csv")


def _print(card: Scorecard, verbose: int, *, as_json: bool) -> None:
    from fwverify.model.canonical import to_json
    from fwverify.scorecard import pages

    if as_json:
        output.emit(json.dumps(to_json(card), indent=1, ensure_ascii=True) + "\n")
    else:
        output.emit(pages.terminal(card, verbose))
