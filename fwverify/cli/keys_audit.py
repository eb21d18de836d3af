"""`fwverify keys audit`: what should be done about the registry. Exit status 0: nothing; 1: something."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import click

from fwverify.cli import status
from fwverify.cli.keys_words import registry_option, sentences
from fwverify.cli.options import at_option, json_option
from fwverify.errors import UsageError
from fwverify.model.canonical import to_json
from fwverify.trust import audit as audits
from fwverify.trust.registry import load
from fwverify.trust.schema import moment


@click.command("audit")
@registry_option
@at_option
@click.option("--days", type=click.IntRange(0, 3650), default=90, show_default=True, help="Tell ends so early.")
@click.option(
    "--max-age",
    type=click.IntRange(1, 36500),
    default=730,
    show_default=True,
    help="Days until a key should be confirmed again.",
)
@json_option
def audit(folder: Path, at_time: str | None, days: int, max_age: int, as_json: bool) -> int:
    """Look for keys that are unconfirmed, old, ending, weak or published.

    \b
    Example: fwverify keys audit --keys keys

    Exit status 0: nothing must be done; 1: something must; 2: the registry
    cannot be read.
    """
    at = _at(at_time)
    store = load(folder)
    found = audits.audit(store, at, days=days, max_age=max_age)
    urgent = [one for one in found if one.urgent]
    if as_json:
        document = {"at": at, "registry": store.digest, "keys": len(store.keys), "notices": to_json(list(found))}
        click.echo(json.dumps(document, indent=2, sort_keys=True, ensure_ascii=True))
        return status.FAIL if urgent else status.PASS
    _page(len(store.keys), found)
    return status.FAIL if urgent else status.PASS


def _at(text: str | None) -> str:
    if text is None:
        return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    try:
        return moment(text)
    except ValueError:
        raise UsageError(f"{text!r} is no date", where="--at", todo="Write 2026-11-22T12:00:00Z.") from None


def _page(count: int, found: tuple[audits.Notice, ...]) -> None:
    urgent = [one for one in found if one.urgent]
    keys, things = ("key" if count == 1 else "keys"), ("thing" if len(urgent) == 1 else "things")
    click.echo(f"{count} {keys} on record; {len(urgent)} {things} to do.")
    last = ""
    for one in found:
        if one.key != last:
            click.echo(f"\n{one.key}")
            last = one.key
        mark = "DO" if one.urgent else "ok"
        click.echo("\n".join(sentences(f"{mark}  {one.what}", 6, first=2)))
        if one.todo:
            click.echo("\n".join(sentences(one.todo, 6)))
