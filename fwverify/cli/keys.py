"""`fwverify keys`: pin a vendor's key without writing YAML, and see what is pinned."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from fwverify.errors import UsageError
from fwverify.model.canonical import to_json
from fwverify.model.evidence import KeyRecord
from fwverify.trust import adding
from fwverify.trust.registry import PURPOSES, SIGSTORE, load

WANTED_CONFIRMATIONS = 2
"""Different channels and different people; what `production` asks for."""


@click.group()
def keys() -> None:
    """Pin vendors' keys and see what is pinned.

    \b
    Example: fwverify keys list
    """


@keys.command("add")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--vendor", required=True, help="Id of the vendor, lower case; names the registry file.")
@click.option("--legal-name", default="", help="The vendor's name as in the contract (for a new vendor).")
@click.option("--product", "products", multiple=True, required=True, help="Product id or glob; repeat for several.")
@click.option(
    "--purpose",
    "purposes",
    multiple=True,
    type=click.Choice(PURPOSES),
    default=("firmware",),
    show_default=True,
    help="What the key may sign; repeat for several.",
)
@click.option("--channel", required=True, help='How the key reached you: "phone", "unit in service", "contract".')
@click.option("--by", "who", required=True, help="Who confirmed it over that channel.")
@click.option("--id", "key_id", default="", help="Id of the key; made from the file's name when not given.")
@click.option(
    "--keys", "folder", type=click.Path(path_type=Path), default=Path("keys"), show_default=True, help="Your registry."
)  # fmt: skip
@click.option("--tofu", is_flag=True, help="Trusted on first use: caps origin strength at 3, ends in 90 days.")
@click.option("--fingerprint", default="", help="64 digits as read out over the channel; must match the file.")
@click.option("--confirm", is_flag=True, help="The key is pinned: record one more channel and person.")
@click.option("--type", "kind", type=click.Choice([SIGSTORE]), default=None, help="For a Sigstore identity.")
@click.option("--identity", default="", help="Sigstore: subject alternative name of the signer.")
@click.option("--issuer", default="", help="Sigstore: OpenID Connect issuer.")
@click.option("--trusted-root", type=click.Path(path_type=Path), default=None, help="Sigstore: trusted_root.json.")
@click.option("--yes", is_flag=True, help="Do not ask; needed where no terminal is attached.")
def add(
    file: Path | None,
    vendor: str,
    legal_name: str,
    products: tuple[str, ...],
    purposes: tuple[str, ...],
    channel: str,
    who: str,
    key_id: str,
    folder: Path,
    tofu: bool,
    fingerprint: str,
    confirm: bool,
    kind: str | None,
    identity: str,
    issuer: str,
    trusted_root: Path | None,
    yes: bool,
) -> None:
    """Pin the public key in FILE for a vendor's products.

    \b
    Example: fwverify keys add acme.pem --vendor acme --product 'ups-*' \\
               --channel "phone, number from the contract" --by "J. Ortiz"

    A key counts as confirmed with two different channels and two different people: add it again with --confirm.
    """
    source = _source(file, kind, identity, trusted_root)
    when = datetime.now(UTC).date().isoformat()
    new = adding.NewKey(
        source.name, adding.read_file(source), vendor, products, purposes, channel, who, when, key_id, legal_name, tofu,
        fingerprint, identity, issuer, confirm,
    )  # fmt: skip
    _show(new)
    _ask(yes)
    click.echo(_done(adding.add_key(folder, new)))


def _source(file: Path | None, kind: str | None, identity: str, trusted_root: Path | None) -> Path:
    """The one file to keep: the key, or the trusted root of a Sigstore identity."""
    if kind == SIGSTORE:
        if trusted_root is None or not identity or file is not None:
            todo = "Give --identity, --issuer and --trusted-root, and no key file."
            raise UsageError("a Sigstore identity is pinned by three options", where="--type", todo=todo)
        return trusted_root
    if file is None or identity or trusted_root is not None:
        todo = "Give a key file, or --type sigstore-identity with its three options."
        raise UsageError("it is not clear what to pin", where="FILE", todo=todo)
    return file


def _show(new: adding.NewKey) -> None:
    """The fingerprint in blocks, to be compared with what the other channel says."""
    key = adding.key_of(new)
    if key is None:
        click.echo(f"Sigstore identity {new.identity}, issuer {new.issuer}")
        return
    facts = " ".join(one for one in (key.algorithm, str(key.bits) if key.algorithm == "rsa" else key.detail) if one)
    blocks = adding.fingerprint_blocks(key.fingerprint).split()
    click.echo(f"{facts} ({key.note}). Its fingerprint (SHA-256 of the public key):")
    click.echo(f"  {' '.join(blocks[:8])}\n  {' '.join(blocks[8:])}")


def _ask(yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        todo = "Compare the fingerprint above with the channel's, then repeat with --yes."
        raise UsageError("no terminal to ask at", where="--yes", todo=todo)
    click.confirm("Is this the fingerprint you were given over that channel?", abort=True)


def _done(done: adding.Added) -> str:
    have = adding.confirmations(done.record)
    verb = "Confirmed" if done.confirmed else "Pinned"
    text = f"{verb} {done.record.name} in {done.path}: confirmed {have} of {WANTED_CONFIRMATIONS}."
    if have < WANTED_CONFIRMATIONS:
        text += "\nNext: have another person confirm it over another channel,"
        text += "\nand add it again with --confirm."
    return text


@keys.command("list")
@click.option(
    "--keys", "folder", type=click.Path(path_type=Path), default=Path("keys"), show_default=True, help="Your registry."
)  # fmt: skip
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
        click.echo(_described(record))


def _described(record: KeyRecord) -> str:
    """Three short lines a key: no column can be cut off on a narrow terminal."""
    until = f", valid until {record.valid_to[:10]}" if record.valid_to else ", no end date"
    who = (
        adding.fingerprint_blocks(record.fingerprint, 4)
        if record.fingerprint
        else f"{record.identity} ({record.issuer})"
    )
    sample = ", SAMPLE KEY" if record.sample else ""
    return (
        f"{record.name}  {record.type}  {who}\n"
        f"    for {', '.join(record.products)}; signs {', '.join(record.purposes)}\n"
        f"    {record.status}{until}; confirmed {adding.confirmations(record)} of {WANTED_CONFIRMATIONS}{sample}"
    )
