"""`fwverify keys`: whose signature counts. List and show what is pinned; the other commands are beside this file."""

from __future__ import annotations

import json
from pathlib import Path

import click

from fwverify.cli.keys_add import add
from fwverify.cli.keys_audit import audit
from fwverify.cli.keys_change import confirm, revoke
from fwverify.cli.keys_words import WIDTH, blocks, registry_option, rows, sentences, terse
from fwverify.model.canonical import to_json
from fwverify.model.evidence import KeyRecord
from fwverify.trust.adding import confirmations, entry_named
from fwverify.trust.audit import CONFIRMATIONS
from fwverify.trust.constraint_names import CONSTRAINTS
from fwverify.trust.entries import SIGSTORE
from fwverify.trust.registry import load
from fwverify.trust.store import PinnedKey


@click.group()
def keys() -> None:
    """Pin vendors' keys and see what is pinned.

    \b
    Example: fwverify keys list
    """


@keys.command("list")
@registry_option
@click.option("--json", "as_json", is_flag=True, help="Machine-readable.")
def list_keys(folder: Path, as_json: bool) -> None:
    """Show the pinned keys, their scope and how well they are confirmed.

    \b
    Example: fwverify keys list --keys keys
    """
    store = load(folder)
    records = store.snapshot().keys
    if as_json:
        click.echo(json.dumps(to_json(store.snapshot()), indent=2, sort_keys=True, ensure_ascii=True))
        return
    if not records:
        click.echo(f"No keys are pinned in {folder}, so no signature can count.")
        click.echo("Pin one: fwverify keys add FILE --vendor V --product P --channel TEXT --by NAME")
        return
    for record in records:
        click.echo("\n".join(_described(record)))


def _described(record: KeyRecord) -> list[str]:
    """A few short lines a key: no column can be cut off on a narrow terminal."""
    who = blocks(record.fingerprint, 4) if record.fingerprint else f"{record.identity} ({record.issuer})"
    until = f"valid until {record.valid_to[:10]}" if record.valid_to else "no end date"
    last = max((one.when[:10] for one in record.sources), default="never")
    sample = ", SAMPLE KEY" if record.sample else ""
    weak = [f"    CAN BE BROKEN: {one}" for one in record.weaknesses]
    return [
        *sentences(f"{record.name}  {record.type}  {who}", 4, first=0),
        *sentences(f"for {', '.join(record.products)}; signs {', '.join(record.purposes)}", 4),
        f"    {record.status}, {until}{sample}",
        f"    confirmed {confirmations(record)} of {CONFIRMATIONS}, last {last}",
        *(terse(one, WIDTH) for one in weak),
    ]


@keys.command("show")
@click.argument("name", metavar="VENDOR/ID")
@registry_option
@click.option("--json", "as_json", is_flag=True, help="Machine-readable.")
def show(name: str, folder: Path, as_json: bool) -> None:
    """Show everything on record of one key, its fingerprint in blocks to be read aloud.

    \b
    Example: fwverify keys show acme/fw-2024
    """
    found = entry_named(folder, name)
    if as_json:
        click.echo(json.dumps(to_json(found.record), indent=2, sort_keys=True, ensure_ascii=True))
        return
    click.echo("\n".join([*_identity(found), *_scope(found.record), *_history(found.record)]))


def _identity(found: PinnedKey) -> list[str]:
    record, key = found.record, found.public
    lines = rows(("Key", f"{record.name} of {record.legal_name}"), ("Type", record.type))
    if record.type == SIGSTORE:
        return [*lines, *rows(("Identity", record.identity), ("Issuer", record.issuer))]
    facts = " ".join(one for one in (key.algorithm, str(key.bits or ""), key.detail) if one) if key else ""
    lines += rows(("Algorithm", facts), ("Fingerprint", "SHA-256 of the public key"))
    digits = blocks(record.fingerprint).split()
    lines += [f"  {' '.join(digits[at : at + 8])}" for at in range(0, len(digits), 8)]
    if record.native:
        lines += rows(("Own id", f"{record.native} (as its own tools print it)"))
    return lines + rows(*(("CAN BE BROKEN", one) for one in record.weaknesses))


def _scope(record: KeyRecord) -> list[str]:
    ends = f"{record.valid_from[:10] or 'always'} to {record.valid_to[:10] or 'no end'}"
    lines = rows(
        ("May sign", ", ".join(record.purposes)),
        ("For", ", ".join(record.products)),
        ("Formats", ", ".join(record.formats) or "any"),
        ("Held by", record.owner or record.legal_name),
        ("Valid", ends),
        ("Status", record.status + (", SAMPLE KEY: proves nothing" if record.sample else "")),
    )
    if record.revocation_date:
        told = f"{record.revocation_date[:10]}, distrusted {record.distrust}: {record.revocation_reason}"
        lines += rows(("Withdrawn", told))
    return lines + rows(
        *(("Must have", f"{name} {value} ({CONSTRAINTS[name].meaning})") for name, value in record.constraints)
    )


def _history(record: KeyRecord) -> list[str]:
    lines = rows(("Confirmed", f"{confirmations(record)} of {CONFIRMATIONS} (two people, two channels)"))
    for one in record.sources:
        seen = ", fingerprint compared" if one.fingerprint else ""
        lines += sentences(f"{one.when[:10]} {one.who}, by {one.channel}{seen}", 2)
    return lines


for _command in (add, confirm, revoke, audit):
    keys.add_command(_command)
