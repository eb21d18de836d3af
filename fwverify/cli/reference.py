"""`fwverify reference`: learn packages, so that their files are named exactly wherever they are found."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fwverify.cli import options, output, settings, status
from fwverify.errors import ReferenceStoreError

if TYPE_CHECKING:
    from fwverify.learning import Learner, Unlearned
    from fwverify.reference.store import Store
    from fwverify.reference.values import Origin, Summary

BATCH_FILES = 20_000
"""Files that are learned before they are written: an interrupted run loses no more."""
SHOWN = 40
"""Packages that are listed before the rest is counted."""


@contextmanager
def opened(paths: Sequence[Path], delivery: Sequence[Path] = ()) -> Iterator[tuple[Store, ...]]:
    """The stores of --reference, else that of the user's folder where there is one.

    Raises:
        ReferenceStoreError: one cannot be used.
        UsageError: one lies in the delivery that it is to speak about.
    """
    settings.refuse_inside(delivery, None, None, paths)
    own = settings.reference_store(None)
    chosen = tuple(paths) or ((own,) if own.is_file() else ())
    with ExitStack() as stack:
        stores = []
        if chosen:
            from fwverify.reference.store import load

            for one in chosen:
                stores.append(load(one))
                stack.callback(stores[-1].close)
        yield tuple(stores)


@click.group()
def reference() -> None:
    """Learn packages, so that their files are named exactly wherever they are found.

    \b
    Example: fwverify reference learn packages/*.deb --store mine.db
    """


@reference.command()
@click.argument("packages", metavar="PACKAGE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@options.store_option
@click.option("--at", "at_time", metavar="TIME", help="When it was learned, RFC 3339.  [default: now]")
@options.isolation_option
@options.limits_option
def learn(
    packages: tuple[Path, ...], store: Path | None, at_time: str | None, in_process: bool, bounds: tuple[str, ...]
) -> int:
    """Learn packages (deb, ipk, apk, rpm), folders of them, or a folder that a CycloneDX file describes.

    \b
    Example: fwverify reference learn packages/*.deb --store mine.db

    You vouch for what you learn: signatures of packages are not checked. A package that is known is not read again.
    Exit status: 0 when everything was learned or known, 2 when something was not.
    """
    path, limits, at = settings.reference_store(store), settings.limits_of(bounds), settings.moment(at_time)
    if store is None:
        path.parent.mkdir(parents=True, exist_ok=True)
    output.check_target(path, [one for one in packages if one.is_dir()], "--store")
    known: set[bytes] = set()
    if path.exists():
        with opened([path]) as stores:
            known = stores[0].digests()
    from fwverify.cli.examine import workbench
    from fwverify.report.neutral import visible

    with output.Progress() as progress, workbench(limits, in_process=in_process) as bench:
        from fwverify.learning import Learner, here

        count, problems = _learn_all(Learner(at, limits, bench or here(limits), progress, known), packages, path)
    click.echo(f"{_counted(count, 'package')} learned into {path}")
    for one in problems:
        click.echo(f"not learned: {visible(one.name)}: {visible(one.reason)}", err=True)
    return status.USAGE if problems else status.PASS


def _learn_all(learner: Learner, packages: Sequence[Path], path: Path) -> tuple[int, list[Unlearned]]:
    """How many were new, and what could not be learned."""
    from fwverify.learning import Unlearned
    from fwverify.reference import writing

    waiting: list[Origin] = []
    problems: list[Unlearned] = []
    count = 0
    for one in (found for package in packages for found in learner.learn(package)):
        if isinstance(one, Unlearned):
            problems.append(one)
            continue
        waiting.append(one)
        if sum(origin.files for origin in waiting) >= BATCH_FILES:
            count += writing.learn(path, waiting)
            waiting = []
    return count + (writing.learn(path, waiting) if waiting else 0), problems


@reference.command()
@click.argument("first", metavar="A", type=click.Path(path_type=Path))
@click.argument("second", metavar="B", type=click.Path(path_type=Path))
@click.option("-o", "target", metavar="FILE", required=True, type=click.Path(path_type=Path), help="The new store.")
def merge(first: Path, second: Path, target: Path) -> None:
    """Make one store of two. Every entry is checked; the order does not matter.

    \b
    Example: fwverify reference merge mine.db theirs.db -o both.db
    """
    from fwverify.reference import writing

    output.check_target(target, [], "-o")
    with opened([first]) as one, opened([second]) as other:
        count = writing.merge(one[0], other[0], target)
    with opened([target]) as made:
        click.echo(f"{_counted(count, 'package')} in {target}, digest {made[0].digest}")


@reference.command()
@options.store_option
@click.option("--check", is_flag=True, help="Also check every entry against what was learned.")
@options.json_option
@click.option("-v", "--verbose", count=True, help="All packages, each with its digest.")
def show(store: Path | None, check: bool, as_json: bool, verbose: int) -> None:
    """Show what a store holds: packages, where they came from, counts and the digest.

    \b
    Example: fwverify reference show --store mine.db
    """
    path = settings.reference_store(store)
    with opened([path]) as (found,):
        summaries = found.summaries()
        if check:
            for _ in found.origins():  # raises at the first that is not what was learned
                pass
        if as_json:
            from fwverify.model.canonical import to_json

            shown = {"store": str(path), "digest": found.digest, "packages": to_json(summaries)}
            output.emit(json.dumps(shown, indent=1) + "\n")
            return
        output.emit("".join(f"{line}\n" for line in _page(path, found.digest, summaries, verbose)))


@reference.command()
@click.argument("names", metavar="PACKAGE...", nargs=-1, required=True)
@options.store_option
def forget(names: tuple[str, ...], store: Path | None) -> None:
    """Take packages out of a store, by file name or SHA-256.

    \b
    Example: fwverify reference forget curl_8.5.0-1_armhf.deb --store mine.db
    """
    from fwverify.reference import writing

    path = settings.reference_store(store)
    for name in names:
        if not writing.forget(path, name):
            todo = f"List what it holds: fwverify reference show -v --store {path}"
            raise ReferenceStoreError(f"no package {name!r} was learned", where=str(path), todo=todo)
        click.echo(f"forgotten: {name}")


def _page(path: Path, digest: str, summaries: Sequence[Summary], verbose: int) -> Iterator[str]:
    from fwverify.report.neutral import visible

    files, executables = sum(one.files for one in summaries), sum(one.executables for one in summaries)
    yield f"{visible(str(path))}: {_counted(len(summaries), 'package')}, {files:,} files, {executables:,} executables"
    yield f"digest {digest}"
    for one in summaries if verbose else summaries[:SHOWN]:
        yield f"  {one.learned[:10]}  {visible(one.name)}: {visible(', '.join(one.components[:3]))}"
        if verbose:
            yield f"              {one.sha256}  {one.files:,} files"
    if not verbose and len(summaries) > SHOWN:
        yield f"  and {len(summaries) - SHOWN:,} more (-v lists all)"


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
