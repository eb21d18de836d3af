"""`fwverify keys add`: pin a key from a file of any kind, or one that a signature or an image carries."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from fwverify.cli.keys_words import ask_text, blocks, facts, registry_option, sentences, sure
from fwverify.errors import TrustStoreError, UsageError
from fwverify.model.evidence import KeyRecord
from fwverify.model.examining import Malformed
from fwverify.trust import adding, candidates
from fwverify.trust.audit import CONFIRMATIONS
from fwverify.trust.entries import PURPOSES, SIGSTORE
from fwverify.trust.key_names import names_of
from fwverify.trust.known_test_keys import lookup


@click.command("add")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--from", "source", type=click.Path(path_type=Path), help="A key file, or any file that carries keys.")
@click.option("--pick", type=click.IntRange(1), help="Which of the keys that --from lists.")
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
@click.option("--channel", default="", help='How the key reached you: "phone", "unit in service", "contract".')
@click.option("--by", "who", default="", help="Who confirmed it over that channel.")
@click.option("--id", "key_id", default="", help="Id of the key; made from the file's name when not given.")
@click.option("--owner", default="", help="Who holds the private key, where several owners must sign.")
@click.option("--constraint", "constraints", multiple=True, metavar="NAME=VALUE", help="How signatures must be made.")
@click.option("--crl", "crls", multiple=True, type=click.Path(path_type=Path), help="A revocation list beside it.")
@click.option("--valid-to", default="", metavar="DATE", help="Last day the key counts.")
@registry_option
@click.option("--tofu", is_flag=True, help="Trusted on first use: caps origin strength at 3, ends in 90 days.")
@click.option("--fingerprint", default="", help="As read out over the channel; must be that of the key.")
@click.option("--confirm", is_flag=True, help="The key is pinned: record one more channel and person.")
@click.option("--type", "kind", type=click.Choice([SIGSTORE]), default=None, help="For a Sigstore identity.")
@click.option("--identity", default="", help="Sigstore: subject alternative name of the signer.")
@click.option("--issuer", default="", help="Sigstore: OpenID Connect issuer.")
@click.option("--trusted-root", type=click.Path(path_type=Path), default=None, help="Sigstore: trusted_root.json.")
@click.option("--yes", is_flag=True, help="Do not ask; needed where no terminal is attached.")
def add(folder: Path, yes: bool, **given: Any) -> None:
    """Pin the public key in FILE for a vendor's products.

    \b
    Example: fwverify keys add acme.pem --vendor acme --product 'ups-*' \\
               --channel "phone, number from the contract" --by "J. Ortiz"

    FILE is a key or certificate: PEM, DER, OpenPGP, SSH, minisign, signify,
    ML-DSA, LMS. With --from it may also be a signature or an image: the keys
    inside are listed, and --pick N pins one of them.

    A key counts as confirmed with two different channels and two different
    people: see fwverify keys confirm.
    """
    name, content = _source(given)
    channel = ask_text(given["channel"], "--channel", "How did the key reach you?")
    who = ask_text(given["who"], "--by", "Who confirmed it over that channel?")
    new = adding.NewKey(
        name, content, given["vendor"], given["products"], given["purposes"], channel, who,
        datetime.now(UTC).date().isoformat(), given["key_id"], given["legal_name"], given["tofu"], given["fingerprint"],
        given["identity"], given["issuer"], given["confirm"], given["owner"], _constraints(given["constraints"]),
        tuple((one.name, adding.read_file(one)) for one in given["crls"]), given["valid_to"],
    )  # fmt: skip
    _show(new)
    sure(yes, "Is this the fingerprint you were given over that channel?")
    click.echo(done(adding.add_key(folder, new), folder))


def _source(given: dict[str, Any]) -> tuple[str, bytes]:
    """(name, content) of the one file to keep: the key, or the trusted root of a Sigstore identity."""
    file, source, root = given["file"], given["source"], given["trusted_root"]
    if given["kind"] == SIGSTORE:
        if root is None or not given["identity"] or file or source:
            todo = "Give --identity, --issuer and --trusted-root, and no key file."
            raise UsageError("a Sigstore identity is pinned by three options", where="--type", todo=todo)
        return root.name, adding.read_file(root)
    if (file is None) == (source is None) or given["identity"] or root is not None:
        todo = "Give a key file, or --from FILE, or --type sigstore-identity with its three options."
        raise UsageError("it is not clear what to pin", where="FILE", todo=todo)
    if file is not None:
        return file.name, adding.read_file(file)
    return _picked(source, given["pick"])


def _picked(source: Path, pick: int | None) -> tuple[str, bytes]:
    """The key in a file; where the file only carries keys, the one that was picked."""
    raw = adding.read_file(source, candidates.MAX_BYTES)
    try:
        found = candidates.candidates(source.name, raw)
    except Malformed as problem:
        raise TrustStoreError(problem.reason, where=str(source)) from None
    if not found:
        raise TrustStoreError("no public key or certificate was found in it", where=str(source))
    if len(found) == 1 and found[0].content == raw:
        return found[0].name, raw
    if pick is None or pick > len(found):
        for number, one in enumerate(found, 1):
            click.echo("\n".join(sentences(f"{number}  {one.what}", 3, first=0)))
            click.echo(f"   {blocks(one.key.fingerprint, 4)}")
        todo = "Choose with --pick N the one you were told of over another channel. What a file carries proves nothing."
        raise UsageError(f"{source.name} carries {len(found)} of them; none was added", where="--pick", todo=todo)
    return found[pick - 1].name, found[pick - 1].content


def _constraints(texts: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    pairs = dict(one.partition("=")[::2] for one in texts)
    if len(pairs) != len(texts) or not all(pairs.values()):
        todo = "Write --constraint hash=sha256; several values in one: hash=sha256,sha384"
        raise UsageError("a constraint is NAME=VALUE, each name once", where="--constraint", todo=todo)
    return tuple(sorted(pairs.items()))


def _show(new: adding.NewKey) -> None:
    key = adding.key_of(new)
    if key is None:
        click.echo(f"Sigstore identity {new.identity}, issuer {new.issuer}")
        return
    click.echo(facts(key))
    published = lookup(names_of(key))
    if published is not None:
        click.echo("\n".join(sentences(f"WARNING: everybody can sign with this key: {published.label}", 2, first=0)))


def done(added: adding.Added, folder: Path) -> str:
    """What was done and what comes next."""
    verb = "Confirmed" if added.confirmed else "Pinned"
    return f"{verb} {added.record.name} in {added.path}: {next_step(added.record, folder)}"


def next_step(record: KeyRecord, folder: Path) -> str:
    have = adding.confirmations(record)
    text = f"confirmed {have} of {CONFIRMATIONS}."
    if have < CONFIRMATIONS:
        text += "\nNext: have another person confirm it over another channel:"
        return text + f"\n  fwverify keys confirm {record.name} --channel TEXT --by NAME"
    if record.status == "tofu":
        text += f"\nIt is still on record as trusted on first use and ends {record.valid_to[:10]}:"
        text += f"\nset its status to active and its valid-to in {folder / (record.vendor + '.yaml')}."
    return text
