"""Which output forms a command makes, and where they go."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from fwverify.cli import output, settings
from fwverify.errors import UsageError

if TYPE_CHECKING:
    from fwverify.model.verdict import Assessment
    from fwverify.report.interface import Context, Renderer

F = TypeVar("F", bound=Callable[..., Any])
PAGE = "terminal"
FORMATS = (
    "terminal", "json", "cyclonedx", "html", "markdown", "csv", "junit", "sarif", "code-scanning", "github", "gitlab",
)  # fmt: skip
"""Names of `report.registry`, which is too heavy for --help; a test compares."""
OPTIONS = (
    click.option(
        "--format", "forms", metavar="FORM", type=click.Choice(FORMATS), multiple=True,
        help=f"Output form: {', '.join(FORMATS)} (fwverify formats tells of each). May be repeated with --out DIR.  "
        "[default: terminal]",
    ),
    click.option("--json", "as_json", is_flag=True, help="Short for --format json."),
    click.option(
        "--out", "folder", metavar="DIR", type=click.Path(path_type=Path),
        help="Write the forms of --format into DIR, all of them where none is named; the page is printed too.",
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wanted:
    """Values of --format, --json and --out."""

    named: tuple[str, ...]
    """Forms asked for, each once; empty: none were named."""
    folder: Path | None

    @property
    def printed(self) -> str:
        """The form that goes to the screen or to -o: the one asked for; the page where forms go to a folder."""
        return self.named[0] if self.named and self.folder is None else PAGE


def form_options(command: F) -> F:
    """Add --format, --json and --out; the command gets one argument `wanted` for them. Raises UsageError."""

    @functools.wraps(command)
    def wrapped(forms: tuple[str, ...], as_json: bool, folder: Path | None, **others: Any) -> Any:
        named = tuple(dict.fromkeys((*forms, *(("json",) if as_json else ()))))
        if len(named) > 1 and folder is None:
            raise UsageError(
                f"several forms ({', '.join(named)}) do not fit one output", where="--format",
                todo="Name a folder for them with --out DIR, or ask for one form.",
            )  # fmt: skip
        return command(wanted=Wanted(named, folder), **others)

    for option in reversed(OPTIONS):
        wrapped = option(wrapped)
    return wrapped  # type: ignore[return-value]  # one argument in place of three


def measures() -> dict[str, str]:
    """What each rule measures, for forms that describe rules."""
    from fwverify.evaluate.registry import BUILTIN

    return {one.id: one.measures for one in BUILTIN}


def renderer(name: str) -> Renderer:
    """The output form of this name."""
    from fwverify.report.registry import BUILTIN

    return next(one for one in BUILTIN if one.name == name)


def text(assessment: Assessment, context: Context, name: str) -> str:
    """One form."""
    return renderer(name).render(assessment, replace(context, measures=measures()))


def write(assessment: Assessment, context: Context, named: Sequence[str], folder: Path, stem: str) -> None:
    """Write these forms into the folder, all of them where none is named. Raises UsageError."""
    from fwverify.report.registry import BUILTIN

    plain = replace(context, color=False, width=settings.PAGE_WIDTH)
    for one in BUILTIN:
        if not named or one.name in named:
            made = text(assessment, plain, one.name).encode("utf-8", "backslashreplace")
            output.write_whole(folder / f"{stem}{one.suffix}", made, "--out")


def make_folder(folder: Path) -> None:
    """The folder of --out. Raises UsageError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise UsageError(f"cannot be made: {problem.strerror}", where=str(folder)) from None
