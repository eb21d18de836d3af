"""Every command explains itself, and docs/cli.md says the same."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from fwverify.cli import COMMANDS, manual

DOCS = Path(__file__).parents[3] / "docs"
ALL = {context.command_path: (command, context) for command, context in manual.commands()}


@pytest.mark.parametrize("path", sorted(ALL))
def test_help_starts_with_a_sentence_and_an_example(path: str) -> None:
    """One sentence, one example that names the command; every option has words."""
    command, context = ALL[path]
    text = command.get_help(context)
    assert command.help is not None
    assert command.help.partition("\n\n")[0].rstrip().endswith((".", "?")), path
    assert "Example: " in text
    assert path in text.partition("Example: ")[2]
    named = [one for one in command.params if isinstance(one, click.Option)]
    assert [one.name for one in named if not one.help] == []


def test_every_command_of_the_table_is_there() -> None:
    """The table of the root names no command that does not exist, and each has a line."""
    assert {f"fwverify {name}" for name in COMMANDS} <= set(ALL)
    assert all(short.endswith((".", "?")) for _, short in COMMANDS.values())


def test_document_is_printed_from_help() -> None:
    """docs/cli.md is what the commands say."""
    remake = "docs/cli.md is old; make it anew with fwverify.cli.manual.write"
    assert (DOCS / "cli.md").read_text(encoding="utf-8") == manual.markdown(), remake
