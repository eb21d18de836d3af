"""The terminal page (pages.md): what was decided, why, what was looked at, what to do next.

Eighty columns, no line wider; plain text when piped; colour only when asked for, and the word always tells. Every
text passes `report.layout.span`, so nothing in a delivery can move the cursor, change colours or reorder letters.
`-v` adds findings, signatures, files and gaps (`report.details`); `-vv` artifacts and components.
Does not decide anything and computes no figure: `report.rows` and `report.wording` do.
"""

from __future__ import annotations

from collections.abc import Iterable

from fwverify.model.plugin import Doc
from fwverify.model.verdict import Assessment, Verdict
from fwverify.report import details
from fwverify.report.figures import PARTS_LIST, blocks
from fwverify.report.headline import SAMPLE_FIRST, SAMPLE_LAST, action, known_heading, word
from fwverify.report.interface import Context, Renderer
from fwverify.report.layout import (
    MIN_WIDTH,
    Line,
    Span,
    cells,
    command,
    entry,
    labelled,
    paragraph,
    plain,
    sides,
    span,
)
from fwverify.report.neutral import visible
from fwverify.report.reading import read
from fwverify.report.rows import Row, rows, whose
from fwverify.report.situation import Step
from fwverify.report.wording import Words, words

TEXT_COLUMN = 12
"""Where the texts of labelled lines begin."""
FIGURE_COLUMNS = 5
"""Width of `100 %`."""

STYLES = {
    "pass": "bold green",
    "fail": "bold red",
    "inconclusive": "bold yellow",
    "label": "bold",
    "good": "green",
    "bad": "red",
    "open": "yellow",
    "command": "cyan",
    "sample": "bold magenta",
    "quiet": "dim",
}
"""Style names of lines -> Rich styles. Colour never says what words do not."""


def render(assessment: Assessment, context: Context) -> str:
    """The page, ending with a newline."""
    width = max(context.width, MIN_WIDTH)
    lines = page(assessment, context, width)
    if not context.color:
        return "".join(f"{plain(line)}\n" for line in lines)
    return _coloured(lines, width)


def page(assessment: Assessment, context: Context, width: int) -> list[Line]:
    """All lines of the page."""
    reading, said = read(assessment), words(assessment, context)
    lines = first_line(assessment, width)
    for one in said.why:
        lines.extend(paragraph(one, width, indent=2))
    if assessment.verdict.sample_keys:
        lines.extend(paragraph(SAMPLE_FIRST, width, indent=2, style="sample"))
    for row in rows(reading, spelled=any(PARTS_LIST in one for one in said.why)):
        lines.extend(_row(row, width))
    lines.extend(_known(said, assessment.verdict, width))
    lines.extend(_steps(said, width))
    lines.extend(paragraph(said.not_proven, width, indent=2))
    if assessment.verdict.sample_keys:
        lines.extend(paragraph(SAMPLE_LAST, width, indent=2, style="sample"))
    lines.extend(details.more(reading, context.verbose, width))
    lines.extend(last_line(assessment, context, width))
    return lines


def first_line(assessment: Assessment, width: int) -> list[Line]:
    verdict = assessment.verdict
    style = verdict.decision.value
    left = (span(word(verdict), style), span(f"  {whose(read(assessment))}", "label"))
    return sides(left, span(action(verdict), style), width)


def _row(row: Row, width: int) -> list[Line]:
    if not row.figure:
        return _plain_row(row, width)
    figure = row.figure.ljust(FIGURE_COLUMNS)
    start = TEXT_COLUMN + len(figure) + (1 if row.figure == "partly" else 2)
    out: list[Line] = []
    for at, text in enumerate(row.texts):
        label = row.label if at == 0 else ""
        made = labelled(label, text, width, columns=(2, start))
        if at == 0:
            head = (Span(f"  {label}", "label"), Span(" " * (TEXT_COLUMN - 2 - len(label))), span(figure, row.style))
            made[0] = (*head, Span(" " * (start - TEXT_COLUMN - len(figure))), made[0][2])
        out.extend(made)
    return out


def _plain_row(row: Row, width: int) -> list[Line]:
    out: list[Line] = []
    for at, text in enumerate(row.texts):
        out.extend(labelled(row.label if at == 0 else "", text, width, columns=(2, TEXT_COLUMN), style=row.style))
    return out


def _known(said: Words, verdict: Verdict, width: int) -> Iterable[Line]:
    if not said.know:
        return
    yield (span(f"  {known_heading(verdict)}", "label"),)
    for one in said.know:
        yield from entry(" - ", one, width)


def _steps(said: Words, width: int) -> Iterable[Line]:
    if not said.steps:
        return
    yield from paragraph(said.heading, width, indent=2, style="label")
    for number, one in enumerate(said.steps, 1):
        yield from entry(f" {number}. ", one.text, width)
        yield from _step_extra(one, width)


def _step_extra(one: Step, width: int) -> Iterable[Line]:
    for text in one.literal:
        yield from paragraph(text, width, indent=6)
    if one.command:
        yield from command(one.command, width)
    for text in one.then:
        yield from paragraph(text, width, indent=6)


def last_line(assessment: Assessment, context: Context, width: int) -> list[Line]:
    """Where the evidence is, its digest, how to see more, the exit status; a long path whole, on lines of its own."""
    written = visible(context.evidence_path) if context.evidence_path else "not written"
    digest = f"sha256 {blocks(assessment.verdict.evidence_digest, 8)} ..."
    more = "more: -v" if context.verbose == 0 else ""
    status = f"exit {context.exit_status}" if context.exit_status >= 0 else ""
    right = "  ".join(one for one in (more, status) if one)
    left = (span("Evidence", "label"), span(f"  {written}  {digest}"))
    if sum(cells(one.text) for one in left) + 2 + cells(right) > width:
        folder, slash, name = written.rpartition("/")
        shown = written if cells(written) <= width - 10 else f"{folder}{slash} {name}"
        lines = labelled("Evidence", shown, width, columns=(0, 10))
        return [*lines, *sides((span(f"{'':10}{digest}"),), span(right), width)]
    return sides(left, span(right), width) if right else [left]


def _coloured(lines: Iterable[Line], width: int) -> str:
    """The same lines with terminal colours, through Rich; no text is ever read as markup."""
    from io import StringIO

    from rich.console import Console
    from rich.text import Text

    out = StringIO()
    console = Console(
        file=out, force_terminal=True, color_system="standard", width=width + 1, highlight=False, markup=False,
        emoji=False, legacy_windows=False, _environ={},
    )  # fmt: skip
    for line in lines:
        text = Text(no_wrap=True, overflow="ignore", end="\n")
        for one in line:
            text.append(one.text, STYLES.get(one.style, ""))
        text.rstrip()
        console.print(text, soft_wrap=True)
    return out.getvalue()


RENDERER = Renderer(
    name="terminal",
    render=render,
    suffix=".txt",
    doc=Doc(
        title="Terminal page",
        vendor="fwverify",
        references=("pages.md, three pages written out, read 2026-11-22",),
        limitations=("One page for one delivery; a table of many is batch's.",),
    ),
)
