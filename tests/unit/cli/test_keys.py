"""`fwverify keys` as typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives import serialization as s
from cryptography.hazmat.primitives.asymmetric import ed25519

from fwverify.cli.keys import keys
from fwverify.errors import UsageError

PEM = (
    ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32))
    .public_key()
    .public_bytes(s.Encoding.PEM, s.PublicFormat.SubjectPublicKeyInfo)
)


def run(tmp_path: Path, *arguments: str) -> Result:
    return CliRunner().invoke(keys, [*arguments, "--keys", str(tmp_path / "keys")], standalone_mode=False)


def add(tmp_path: Path, *more: str) -> Result:
    (tmp_path / "acme.pem").write_bytes(PEM)
    return run(
        tmp_path, "add", str(tmp_path / "acme.pem"), "--vendor", "acme", "--product", "ups", "--channel", "phone",
        "--by", "J. Ortiz", *more,
    )  # fmt: skip


def test_add_then_list(tmp_path: Path) -> None:
    """A pinned key is listed with its fingerprint, scope and confirmations."""
    done = add(tmp_path, "--yes")
    assert done.exception is None
    assert "confirmed 1 of 2" in done.output and "keys confirm acme/acme" in done.output
    listed = run(tmp_path, "list").output
    blocks = done.output.splitlines()[1].split()[:4]
    assert "acme/acme" in listed and " ".join(blocks) in listed
    assert "signs firmware" in listed and "confirmed 1 of 2" in listed
    assert all(len(line) <= 80 for line in (done.output + listed).splitlines() if str(tmp_path) not in line)


def test_list_as_json(tmp_path: Path) -> None:
    """The machine form has the records."""
    add(tmp_path, "--yes")
    document = json.loads(run(tmp_path, "list", "--json").output)
    assert document["keys"][0]["vendor"] == "acme"


def test_empty_folder_says_what_to_do(tmp_path: Path) -> None:
    """No keys: the page names the command that pins one."""
    (tmp_path / "keys").mkdir()
    assert "keys add" in run(tmp_path, "list").output


def test_without_a_terminal_it_does_not_guess(tmp_path: Path) -> None:
    """Nobody to ask and no --yes: nothing is pinned."""
    done = add(tmp_path)
    assert isinstance(done.exception, UsageError)
    assert not (tmp_path / "keys").exists()


@pytest.mark.parametrize("command", ["add", "list"])
def test_help_begins_with_a_sentence_and_an_example(command: str) -> None:
    """Every --help has one sentence and one example."""
    lines = [one.strip() for one in CliRunner().invoke(keys, [command, "--help"]).output.splitlines() if one.strip()]
    assert lines[1].endswith(".") and lines[2].startswith("Example: fwverify keys")


def test_half_a_sigstore_identity(tmp_path: Path) -> None:
    """The three options belong together, and not with a key file."""
    for more in (("--identity", "x"), ("--type", "sigstore-identity"), ("--trusted-root", "x")):
        assert isinstance(add(tmp_path, "--yes", *more).exception, UsageError)
