"""docs/cli.md: every command's --help, put together. A test compares; `write` makes the file anew."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click

WIDTH = 80
HEAD = "# The command line\n\nPrinted from every command's `--help`; do not edit. Exit statuses: see the end.\n"


def walk(command: click.Command, context: click.Context) -> Iterable[tuple[click.Command, click.Context]]:
    """A command and all commands below it."""
    yield command, context
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            if below is not None:
                yield from walk(below, click.Context(below, info_name=name, parent=context, terminal_width=WIDTH))


def commands() -> list[tuple[click.Command, click.Context]]:
    """Every command of fwverify, the root first."""
    from fwverify.cli import root

    context = click.Context(root, info_name="fwverify", terminal_width=WIDTH, **root.context_settings)
    return list(walk(root, context))


def markdown() -> str:
    """The whole document."""
    from fwverify.cli import status

    parts = [HEAD]
    for command, context in commands():
        parts.append(f"## {context.command_path}\n\n```\n{command.get_help(context)}\n```\n")
    parts.append("## Exit statuses\n\n| status | meaning |\n|---|---|")
    rows = "\n".join(f"| {number} | {words} |" for number, words in status.MEANING.items())
    return "\n".join(parts) + "\n" + rows + "\n"


def write(path: Path) -> None:
    """Make docs/cli.md anew."""
    path.write_text(markdown(), encoding="utf-8")
