"""`fwverify evidence keygen` and the reading of site keys."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fwverify.cli import output, status
from fwverify.errors import RecordError, UsageError

if TYPE_CHECKING:
    from fwverify.records.signing import Signer, SiteKey

MAX_KEY_BYTES = 1 << 16
KIND_HELP = "ml-dsa-65 withstands quantum computers; few tools check it yet."
KINDS = ("ed25519", "ecdsa-p256", "ml-dsa-65")
PASSPHRASE = "FWVERIFY_PASSPHRASE_FILE"  # noqa: S105 - a variable's name


def sign_option(command: Any) -> Any:
    help_ = "Sign as your site: a private key, PEM (fwverify evidence keygen); may be repeated."
    path = click.Path(path_type=Path)
    return click.option("--sign", "sign_with", metavar="KEYFILE", multiple=True, type=path, help=help_)(command)


def passphrase_option(command: Any) -> Any:
    help_ = f"Its first line is the passphrase of the private key.  [default: ${PASSPHRASE}, else asked for]"
    return click.option("--passphrase-file", metavar="FILE", type=click.Path(path_type=Path), help=help_)(command)


def site_key_option(command: Any) -> Any:
    help_ = "A public site key you believe, PEM; may be repeated."
    path = click.Path(path_type=Path)
    return click.option("--site-key", "site_keys", metavar="FILE", multiple=True, type=path, help=help_)(command)


@click.command()
@click.argument("name", metavar="FILE", type=click.Path(path_type=Path))
@click.option(
    "--algorithm",
    type=click.Choice(KINDS),
    default=KINDS[0],
    show_default=True,
    help=KIND_HELP,
)
@passphrase_option
@click.option("--no-passphrase", is_flag=True, help="Store the private key as it is; guard the file yourself.")
def keygen(name: Path, algorithm: str, passphrase_file: Path | None, no_passphrase: bool) -> int:
    """Make a site key: FILE is private and stays with you, FILE.pub goes to everybody who checks your packs.

    \b
    Example: fwverify evidence keygen site.pem

    Nothing is overwritten. The private key is encrypted with a passphrase unless you say --no-passphrase. Give FILE.pub
    away by another way than the packs. The log of decisions needs an ed25519 key.
    """
    from fwverify.records.signing import new_key, site_key

    public_file = name.with_name(name.name + ".pub")
    for one in (name, public_file):
        if one.exists() or one.is_symlink():
            raise UsageError("is there already; keys are never overwritten", where=str(one), todo="Name another file.")
    secret = None if no_passphrase else _passphrase(passphrase_file, twice=True)
    private, public = new_key(algorithm, secret)
    try:
        with os.fdopen(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(private)
    except OSError as problem:
        raise UsageError(f"cannot be written: {problem.strerror}", where=str(name)) from None
    output.write_whole(public_file, public, "FILE")
    output.emit(f"{name}      private, {algorithm}{'' if secret else ', NOT encrypted'}\n{public_file}  public, ")
    output.emit(f"sha256 {site_key(public, str(public_file)).id}\n")
    return status.PASS


def read_key(path: Path) -> bytes:
    """A key file. Raises RecordError."""
    try:
        if path.stat().st_size > MAX_KEY_BYTES:
            raise RecordError("is too large for a key", where=str(path))
        return path.read_bytes()
    except OSError as problem:
        raise RecordError(f"cannot be read: {problem.strerror}", where=str(path)) from None


def public_keys(paths: tuple[Path, ...]) -> tuple[SiteKey, ...]:
    """The keys of --site-key. Raises RecordError."""
    from fwverify.records.signing import site_key

    return tuple(site_key(read_key(one), str(one)) for one in paths)


def signers(paths: tuple[Path, ...], passphrase_file: Path | None) -> tuple[Signer, ...]:
    """The signers of --sign; asks for a passphrase where one is needed and none was given. Raises RecordError."""
    from fwverify.records.signing import NeedsPassphrase, signer

    found = []
    for one in paths:
        raw = read_key(one)
        try:
            found.append(signer(raw, str(one)))
        except NeedsPassphrase:
            found.append(signer(raw, str(one), _passphrase(passphrase_file, of=one)))
    return tuple(found)


def _passphrase(file: Path | None, *, of: Path | None = None, twice: bool = False) -> bytes:
    named = file or (Path(os.environ[PASSPHRASE]) if os.environ.get(PASSPHRASE) else None)
    if named is not None:
        lines = read_key(named).splitlines()
        if not lines or not lines[0]:
            raise UsageError("its first line is empty", where=str(named), todo="Write the passphrase there.")
        return lines[0]
    asked = click.prompt(f"Passphrase of {of or 'the new key'}", hide_input=True, confirmation_prompt=twice, err=True)
    return str(asked).encode()
