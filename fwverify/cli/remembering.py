"""Where runs remember what they found out, and `fwverify cache`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fwverify.cli import output
from fwverify.errors import UsageError

if TYPE_CHECKING:
    from fwverify.limits import Limits
    from fwverify.recall import Memory

VARIABLE, OFF = "FWVERIFY_CACHE", "off"
FILE = "answers.sqlite"
NOT_POSIX_OWN = 0o022
"""Write permission for others: they could put answers there."""


def folder() -> Path | None:
    """Where the cache lies; None where the operator wants none. Raises UsageError for a path that is not absolute."""
    named = os.environ.get(VARIABLE, "")
    if named == OFF:
        return None
    if named:
        if not Path(named).is_absolute():
            raise UsageError(f"{VARIABLE} must be an absolute path or `{OFF}`", where=f"{VARIABLE}={named}")
        return Path(named)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData/Local") / "fwverify/Cache"
    if sys.platform == "darwin":
        return Path.home() / "Library/Caches/fwverify"
    base = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return (base if base.is_absolute() else Path.home() / ".cache") / "fwverify"


def refusal(place: Path) -> str:
    """Why answers from there are not believed; empty when they are."""
    if sys.platform == "win32":
        return ""
    for one in (place, place / FILE):
        try:
            found = one.stat()
        except FileNotFoundError:
            continue
        except OSError as problem:
            return f"{one}: {problem.strerror}"
        if found.st_uid != os.geteuid() or found.st_mode & NOT_POSIX_OWN:
            return f"{one}: others may write there"
    return ""


@contextmanager
def memory(limits: Limits, *, wanted: bool = True) -> Iterator[Memory | None]:
    """What earlier runs found out; None when it is not wanted or cannot be believed. Trouble with it is told, no more.

    Args:
        limits: of this run.
        wanted: False with --no-cache.
    """
    place = folder() if wanted else None
    problem = refusal(place) if place is not None else ""
    if place is None or problem:
        _tell(problem)
        yield None
        return
    from fwverify.cache.store import Store
    from fwverify.freeze import READING_LIBRARIES
    from fwverify.recall import Memory, release

    store = Store(place / FILE)
    try:
        yield Memory(store, release(limits, READING_LIBRARIES))
    finally:
        store.close()
        _tell(store.trouble)


def _tell(problem: str) -> None:
    if problem:
        click.echo(f"the cache is not used: {problem}", err=True)


@click.group()
def cache() -> None:
    """What earlier runs found out about the same bytes.

    \b
    Example: fwverify cache show

    A run that meets the same bytes again is quicker for it and answers the same. Signatures are checked anew each time.
    FWVERIFY_CACHE=DIR puts it elsewhere, FWVERIFY_CACHE=off or --no-cache leaves it out.
    """


@cache.command("show")
def show() -> None:
    """Where it lies and how large it is.

    \b
    Example: fwverify cache show
    """
    place = folder()
    if place is None:
        output.emit(f"There is none: {VARIABLE}={OFF}.\n")
        return
    problem = refusal(place)
    if problem:
        output.emit(f"Not used: {problem}\n")
        return
    if not (place / FILE).exists():
        output.emit(f"{place}: nothing yet\n")
        return
    from fwverify.cache.store import Store

    store = Store(place / FILE)
    entries, size = store.size()
    store.close()
    output.emit(f"Not used: {store.trouble}\n" if store.trouble else f"{place}: {entries:,} answers, {size:,} bytes\n")


@cache.command("clear")
def clear() -> None:
    """Forget everything. The next run finds it out again.

    \b
    Example: fwverify cache clear
    """
    place = folder()
    files = (
        []
        if place is None
        else [one for one in (place / f"{FILE}{end}" for end in ("", "-wal", "-shm")) if one.exists()]
    )
    try:
        for one in files:
            one.unlink()
    except OSError as problem:
        raise UsageError(f"cannot be removed: {problem.strerror}", where=str(one)) from None
    output.emit("Forgotten.\n" if files else "There was nothing.\n")
