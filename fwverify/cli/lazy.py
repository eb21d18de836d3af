"""A command group that imports a command only when it is asked for, so that --help and --version stay light."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import click


class LazyGroup(click.Group):
    """Commands by name: where each lives (`module:attribute`) and its line in the group's help."""

    def __init__(
        self,
        *args: object,
        commands_at: Mapping[str, tuple[str, str]] | None = None,
        sections: Mapping[str, Sequence[str]] | None = None,
        **kwargs: object,
    ) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.commands_at = dict(commands_at or {})
        self.sections = dict(sections or {})

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click's, with the name that was meant: click knows only commands that are imported already."""
        name = args[0]
        if self.get_command(ctx, name) is None and not name.startswith("-") and not ctx.resilient_parsing:
            near = difflib.get_close_matches(name, self.commands_at, n=1, cutoff=0.5)
            meant = f" Did you mean {near[0]!r}?" if near else ""
            ctx.fail(f"There is no command {name!r}.{meant}")
        return super().resolve_command(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands_at)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.commands_at:
            return None
        module, _, attribute = self.commands_at[cmd_name][0].partition(":")
        found = getattr(importlib.import_module(module), attribute)
        assert isinstance(found, click.Command)  # noqa: S101 - the table below names commands only
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The table of commands under their headings, without importing one."""
        widest = max(map(len, self.commands_at), default=0)
        for heading, names in under_headings(self.commands_at, self.sections, "Commands").items():
            with formatter.section(heading):
                formatter.write_dl([(name.ljust(widest), self.commands_at[name][1]) for name in names])


class GroupedCommand(click.Command):
    """A command with many options, which stand under headings in its help."""

    def __init__(self, *args: Any, sections: Mapping[str, Sequence[str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sections = dict(sections)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The options by heading, the columns alike under each."""
        known = [one for one in self.get_params(ctx) if isinstance(one, click.Option)]
        records = {one.name: found for one in known if (found := one.get_help_record(ctx)) and one.name}
        for heading, names in under_headings(records, self.sections, "Options").items():
            with formatter.section(heading):
                formatter.write_dl([records[name] for name in names], col_max=26)


def under_headings(
    known: Iterable[str], sections: Mapping[str, Sequence[str]], rest: str
) -> dict[str, tuple[str, ...]]:
    """Names by heading; those under none come last, so that none is ever hidden."""
    out = {heading: tuple(name for name in names if name in set(known)) for heading, names in sections.items()}
    placed = {name for names in out.values() for name in names}
    out[rest] = tuple(name for name in known if name not in placed)
    return {heading: names for heading, names in out.items() if names}
