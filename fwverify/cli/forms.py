"""Which output forms a command makes, and where they go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from fwverify.cli import output, settings
from fwverify.errors import UsageError

if TYPE_CHECKING:
    from fwverify.model.verdict import Assessment
    from fwverify.report.interface import Context, Renderer

PAGE = "terminal"


def chosen(forms: Sequence[str], *, as_json: bool, folder: Path | None) -> tuple[str, ...]:
    """The forms asked for, each once; empty: none were named. Raises UsageError for several without a folder."""
    named = tuple(dict.fromkeys((*forms, *(("json",) if as_json else ()))))
    if len(named) > 1 and folder is None:
        raise UsageError(
            f"several forms ({', '.join(named)}) do not fit one output", where="--format",
            todo="Name a folder for them with --out DIR, or ask for one form.",
        )  # fmt: skip
    return named


def printed(named: Sequence[str], folder: Path | None) -> str:
    """The form that goes to the screen or to -o: the one asked for; the page where forms go to a folder."""
    return named[0] if named and folder is None else PAGE


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
