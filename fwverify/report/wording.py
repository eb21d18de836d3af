"""The words of a page that depend on how a delivery stands: why, what to do next, what to know, what is not proven.

Pure functions over an assessment. The situations stand in one table for each decision: `wording_fail.FAILS`,
`wording_open.OPEN` and, below, the clauses of a pass. The first row that applies writes the two sentences and the
steps; rows that apply beside it, and whose rules the first does not explain, are named in one more sentence.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from fwverify.model.finding import Finding
from fwverify.model.verdict import Assessment, Decision
from fwverify.report import reading as r
from fwverify.report.change_rows import afterwards
from fwverify.report.figures import ITS_LIST, NAME_LIMIT, PARTS_LIST, listed, plural
from fwverify.report.interface import Context
from fwverify.report.neutral import shortened
from fwverify.report.reading import Reading, read
from fwverify.report.situation import Situation, Step, call, vendor, vendors
from fwverify.report.wording_contents import CONTENTS
from fwverify.report.wording_fail import FAILS
from fwverify.report.wording_open import NO_KEYS, OPEN

CONTENT_RULES = frozenset({"version.no-downgrade", "version.minimum"}).union(*(one.explains for one in CONTENTS))
"""Rules that can fail although the file is the vendor's own."""

MAX_STEPS = 4
"""More than four things to do are not done."""

MAX_KNOWN = 6
"""Conditions on the first page, beside the two that every pass has; all of them under -v."""


@dataclass(frozen=True, slots=True)
class Words:
    """What a page says."""

    situation: str
    """Name of the row, for tests and the curious."""
    why: tuple[str, ...]
    """One paragraph each; the first is the two sentences."""
    heading: str
    steps: tuple[Step, ...]
    """Empty for a pass."""
    know: tuple[str, ...]
    """For a pass: what to know before acting on it."""
    not_proven: str


def words(assessment: Assessment, context: Context) -> Words:
    """All words of the page."""
    reading = read(assessment)
    if assessment.verdict.decision is Decision.PASS:
        return Words(pass_name(reading), (pass_why(reading),), "", (), know(reading), not_proven(reading))
    rows = [NO_KEYS, *FAILS] if reading.failed else list(OPEN)
    first, others = _chosen(reading, rows)
    why = [_but(reading, first)]
    if others:
        why.append(f"Besides, {'; '.join(one.beside(reading) for one in others[:3])}.")
    if assessment.verdict.decision is Decision.FAIL and not reading.failed:
        why.append("Your policy counts what cannot be answered as failed.")
    steps = [*first.steps(reading, context), *_beside(reading, first)]
    return Words(
        first.name, spelled_once(why), first.heading(reading), tuple(steps[:MAX_STEPS]), (), not_proven(reading)
    )


def spelled_once(texts: Iterable[str]) -> tuple[str, ...]:
    """What SBOM means is said the first time only."""
    out: list[str] = []
    said = False
    for text in texts:
        before, found, after = text.partition(PARTS_LIST)
        out.append(_short(text) if said else before + found + _short(after))
        said = said or bool(found)
    return tuple(out)


def _short(text: str) -> str:
    return text.replace(ITS_LIST, "the SBOM").replace(PARTS_LIST, "SBOM")


def _but(reading: Reading, first: Situation) -> str:
    """What is wrong; where it is shown whose file it is, that comes first, since people ask it first."""
    said = first.why(reading)
    if not (r.proven(reading) and first.explains and first.explains <= CONTENT_RULES):
        return said
    return f"It is {vendors(reading)} file and unchanged, but {said[0].lower()}{said[1:]}"


def _chosen(reading: Reading, rows: list[Situation]) -> tuple[Situation, list[Situation]]:
    applying = [one for one in rows if one.applies(reading)]
    first = applying[0]
    left = {one.rule for one in (reading.failed or reading.missing)} - first.explains
    others = []
    for one in applying[1:]:
        if one.short and one.explains & left:
            others.append(one)
            left -= one.explains
    return first, others


def _beside(reading: Reading, first: Situation) -> list[Step]:
    """Remedies of failed rules that the first situation does not explain."""
    if not first.explains or not reading.failed or not r.proven(reading):
        return []  # before it is known who made it, its contents are no matter to talk about
    return [Step(one.remedy) for one in reading.failed if one.remedy and one.rule not in first.explains][:1]


# A pass


def pass_name(reading: Reading) -> str:
    if reading.verdict.content_only:
        return "content only"
    return "pass" if reading.verdict.strength.value >= r.PROVEN else "pass, weak origin"


def pass_why(reading: Reading) -> str:
    """Whose, unchanged, and what is inside: only what was established."""
    if reading.verdict.content_only:
        return (
            "What is inside meets your policy, which looks at contents only. Who made it and whether it was changed "
            "was not asked."
        )
    origin, contents = _origin_clause(reading), _contents_clause(reading)
    if contents.startswith(("and ", "but ")):
        return f"{origin}, {contents}."
    return f"{origin}. {contents}."


def _whole(reading: Reading) -> bool:
    signed = reading.verdict.signed
    return signed.total_bytes > 0 and signed.signed_bytes >= signed.total_bytes


def _origin_clause(reading: Reading) -> str:
    value = reading.verdict.strength.value
    unchanged = "it is unchanged" if _whole(reading) else "the signed part of it is unchanged"
    if value >= r.PROVEN:
        return f"It is {vendors(reading)} file, {unchanged.removeprefix('it is ')}"
    if value == 3:
        key = f"the key you have for {vendor(reading)}"
        return f"It is signed with {key}, which nobody confirmed over a second way; {unchanged}"
    if value == 2:
        channels = [one.channel for one in r.confirmed_checksums(reading) if one.channel]
        by = f" ({listed(channels, 1)})" if channels else ""
        return f"It is the file whose checksum you were given{by}, and unchanged; no pinned key signed it"
    if any(one.rule == "origin.strength" for one in reading.waived):
        return (
            f"Nothing shows who made it. It meets your policy only because people answer for "
            f"{plural(len(reading.waived), 'rule')} that {'is' if len(reading.waived) == 1 else 'are'} waived"
        )
    return "It meets your policy, which asks for no proof of who made it"


def _contents_clause(reading: Reading) -> str:
    sums = r.declared(reading)
    if not reading.evidence.sboms:
        return f"What is inside was not compared: no {PARTS_LIST} came with it"
    if not sums.found:
        return f"None of what {ITS_LIST} names could be seen in the bytes"
    if sums.undeclared or sums.differing or sums.hashes:
        return f"but it does not hold exactly what {ITS_LIST} says: see Declared"
    if not reading.held("sbom.authentic"):
        return f"Its contents agree with a {PARTS_LIST} that nobody vouches for"
    return f"and holds what {ITS_LIST} says"


def know(reading: Reading) -> tuple[str, ...]:
    """What to know before acting on a pass: the verdict's conditions, waivers, and what nobody looked at."""
    out: list[str] = []
    out.extend(_sentence(one.text) for one in reading.verdict.conditions)
    mentioned = {one.rule for one in reading.verdict.conditions}
    out.extend(_advice(one) for one in reading.advisory if one.rule not in mentioned)
    shown = list(dict.fromkeys(out))
    if len(shown) > MAX_KNOWN:
        more = f"And {plural(len(shown) - MAX_KNOWN, 'more thing')} to know: -v."
        shown = [*shown[:MAX_KNOWN], more]
    last = (_fall_back(reading), afterwards(reading), f"Questions? {call(reading)}")
    return (*shown, *(one for one in last if one))


def _fall_back(reading: Reading) -> str:
    if reading.verdict.way_back is not None:
        return ""
    version = shortened(reading.verdict.installed, NAME_LIMIT)
    installed = f" ({version})" if version else ""
    return f"Keep a copy of what is installed now{installed}: no image to go back to was checked."


def _advice(finding: Finding) -> str:
    return _sentence(f"{finding.rule}: {finding.message}")


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def not_proven(reading: Reading) -> str:
    """What this answer does not prove."""
    match reading.verdict.decision:
        case Decision.PASS if reading.verdict.content_only:
            return "Not proven: who made it; whether it was changed; absence of flaws."
        case Decision.PASS if reading.verdict.strength.value < r.PROVEN:
            return "Not proven: beyond doubt who made it; whether the device checks signatures; absence of flaws."
        case Decision.PASS:
            return "Not proven: whether the device itself checks signatures; absence of flaws."
        case Decision.FAIL if r.proven(reading):
            return "Not proven: why it is so; that anybody meant harm; absence of other flaws."
        case Decision.FAIL:
            version = "" if reading.verdict.version else "its version; "
            return f"Not proven: who made or changed it; {version}that anybody meant harm."
        case Decision.INCONCLUSIVE if r.proven(reading):
            return "Not proven: what the rules left open; absence of flaws."
        case Decision.INCONCLUSIVE:
            return "Not proven: who made it; that it is sound; that it is not."
