"""The summary of the page: the same words as the terminal page, in the same order. Pure; computes no figure."""

from __future__ import annotations

from dataclasses import dataclass

from fwverify.model.verdict import Assessment, Decision
from fwverify.report.figures import PARTS_LIST
from fwverify.report.headline import SAMPLE_FIRST, SAMPLE_LAST, action, known_heading, permission, word
from fwverify.report.interface import Context
from fwverify.report.reading import Reading
from fwverify.report.rows import Row, rows, whose
from fwverify.report.situation import Step
from fwverify.report.wording import words

HERE = ((" (names: -v)", " (names: under Rules)"), (" to know: -v.", " to know: under Conditions."),
        (": -v", ": below"))  # fmt: skip
"""Where the terminal page sends a reader to `-v`, this one has it below."""
SIGNS = {Decision.PASS: "yes", Decision.FAIL: "no", Decision.INCONCLUSIVE: "open"}


@dataclass(frozen=True, slots=True)
class Fact:
    """One labelled line."""

    label: str
    figure: str
    style: str
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Summary:
    """What stands first, and prints on two pages."""

    sign: str
    """`yes`, `no` or `open`: class of the drawing beside the word."""
    word: str
    permission: str
    policy: str
    whose: str
    why: tuple[str, ...]
    facts: tuple[Fact, ...]
    know_heading: str
    know: tuple[str, ...]
    steps_heading: str
    steps: tuple[Step, ...]
    not_proven: str
    sample_first: str
    sample_last: str


def summary(assessment: Assessment, reading: Reading, context: Context) -> Summary:
    """The words of the page."""
    verdict = assessment.verdict
    said = words(assessment, context)
    spelled = any(PARTS_LIST in one for one in said.why)
    permitted = permission(verdict)
    return Summary(
        sign=SIGNS[verdict.decision],
        word=word(verdict),
        permission=permitted,
        policy=action(verdict).removeprefix(permitted).strip(" ()"),
        whose=whose(reading),
        why=said.why,
        facts=tuple(_fact(one) for one in rows(reading, spelled=spelled)),
        know_heading=known_heading(verdict),
        know=tuple(_here(one) for one in said.know),
        steps_heading=said.heading,
        steps=said.steps,
        not_proven=said.not_proven,
        sample_first=SAMPLE_FIRST if verdict.sample_keys else "",
        sample_last=SAMPLE_LAST if verdict.sample_keys else "",
    )


def _fact(one: Row) -> Fact:
    return Fact(one.label, one.figure.strip(), one.style, tuple(_here(text) for text in one.texts))


def _here(text: str) -> str:
    for there, here in HERE:
        text = text.replace(there, here)
    return text
