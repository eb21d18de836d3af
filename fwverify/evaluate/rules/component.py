"""Rules on components: what the SBOM declares against what is in the bytes."""

from __future__ import annotations

from fnmatch import fnmatchcase

from fwverify.evaluate.coverage import EXECUTABLE_FORMATS
from fwverify.evaluate.denying import DENY_PATTERN, Denied, denied
from fwverify.evaluate.interface import Case, Judged, Param, ParamKind, Rule
from fwverify.evaluate.judging import (
    IF_ABSENT,
    MAX_UNEXAMINED,
    Values,
    absent,
    at_least,
    counted,
    failed,
    item,
    listed,
    named,
    number,
    passed,
    percent,
    unearned,
    unjudged,
)
from fwverify.evaluate.values import WHOLE
from fwverify.model.artifact import Locator, Role
from fwverify.model.component import VERSION_PARTS, Component, Discrepancy, DiscrepancyKind
from fwverify.model.evidence import ContentKind, GapReason, Opened
from fwverify.model.finding import Item, Level

ASK = "Ask the vendor for an SBOM that declares what is in the image, or why this is in it."
CONFIDENCE_UNIT = WHOLE // 100
"""Confidences are per cent, ratios ten-thousandths."""


def _rows(case: Case, *kinds: DiscrepancyKind) -> list[Discrepancy]:
    return [one for one in case.evidence.discrepancies if one.kind in kinds]


def _no_comparison(case: Case) -> Judged | None:
    if case.evidence.sboms:
        return None
    return unjudged(
        "There is no SBOM to compare the image with.",
        remedy="Ask the vendor for the SBOM of this release (CycloneDX).",
        items=[item(case.evidence.delivery, "no SBOM")],
    )


def _label(name: str, version: str) -> str:
    return f"{name} {version}".strip()


def _ignored(name: str, purl: str, globs: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, one) or (purl and fnmatchcase(purl, one)) for one in globs)


def undeclared(case: Case, values: Values) -> Judged:
    """Seen in the image with enough confidence, not in the SBOM.

    1. No SBOM, or nothing identified at all: not evaluated (a ratio over zero).
    2. Copies of libraries inside declared components count where the policy does not let them.
    3. One undeclared component: fail, whatever else was not looked at.
    4. None, but too much unexamined: not evaluated.
    """
    nothing = _no_comparison(case)
    if nothing is not None:
        return nothing
    least, globs = number(values, "min-confidence"), listed(values, "ignore")
    copies = [one.observed for one in _rows(case, DiscrepancyKind.COPY) if one.observed is not None]
    held = copies if values["copies"] else []
    seen = [
        one.observed for one in case.evidence.discrepancies if one.observed is not None and one.observed not in held
    ]
    rows = [one.observed for one in _rows(case, DiscrepancyKind.UNDECLARED) if one.observed is not None]
    rows += [one for one in copies if one not in held]
    rows = [one for one in rows if not _is_release(case, one)]
    found = [
        one for one in rows if one.confidence * CONFIDENCE_UNIT >= least and not _ignored(one.name, one.purl, globs)
    ]
    ratio = f"{len(seen) - len(rows)} of {len(seen)} components found are in the SBOM"
    if found:
        return failed(
            f"Not in the SBOM: {named([_place(one) for one in found], 3)}.",
            [_component(one, "not declared") for one in found],
            remedy=ASK,
            denominator=ratio,
            observed=counted(len(found), "undeclared component"),
        )
    if not seen:
        return unjudged("No component was identified in the image, so there is nothing to compare.", remedy=ASK)
    return unearned(case, values, "undeclared component") or passed(
        f"Every component found is in the SBOM.{_copies(held)}", denominator=ratio
    )


def _copies(held: list[Component]) -> str:
    if not held:
        return ""
    names = named([f"{_label(one.name, one.version)} in {one.inside}" for one in held], 3)
    return f" Copies inside of them are not listed by themselves: {names}."


def _is_release(case: Case, one: Component) -> bool:
    """The release itself, as os-release names it and the SBOM's own metadata.component does."""
    return any(
        document.subject_name.casefold() == one.name.casefold() and one.version in ("", document.subject_version)
        for document in case.evidence.sboms
    )


def _place(one: Component) -> str:
    where = f", {one.locators[0].name}" if one.locators else ""
    return f"{_label(one.name, one.version)}{where}"


def _component(one: Component, what: str) -> Item:
    return item(one.purl or one.name, f"{what}: {_label(one.name, one.version)}", one)


def missing(case: Case, values: Values) -> Judged:
    """Declared, not seen: split into what should have been visible and what could not be seen."""
    nothing = _no_comparison(case)
    if nothing is not None:
        return nothing
    visible, unseen = _rows(case, DiscrepancyKind.ABSENT_VISIBLE), _rows(case, DiscrepancyKind.ABSENT_UNSEEN)
    total = len([one for one in case.evidence.discrepancies if one.declared is not None])
    ratio = f"{total - len(visible) - len(unseen)} of {total} declared components seen"
    if visible:
        return failed(
            f"Declared, but not in the image: {named([_declared(one) for one in visible])}.",
            [item(_declared(one), one.reason, one) for one in visible],
            remedy="Ask the vendor whether the SBOM is of this release.",
            denominator=ratio,
            observed=f"{len(visible)} should have been visible, {len(unseen)} could not be seen",
        )
    if unseen or not total:
        what = f"{counted(len(unseen), 'declared component')} could not be seen" if unseen else "Nothing is declared"
        return unjudged(
            f"{what}{f': {unseen[0].reason}' if unseen else ''}.",
            remedy="Nothing to do; they may be there all the same.",
            items=[item(_declared(one), one.reason, one) for one in unseen],
        )
    return passed("Every declared component was seen in the image.", denominator=ratio)


def _declared(one: Discrepancy) -> str:
    return _label(one.declared.name, one.declared.version) if one.declared is not None else ""


def version_mismatch(case: Case, values: Values) -> Judged:
    """The same component, contradicting versions."""
    if not any(one.role is Role.SBOM for one in case.evidence.artifacts):
        return absent(values, "There is no SBOM to compare with.", remedy=ASK)
    nothing = _no_comparison(case)
    if nothing is not None:
        return nothing
    tolerate = listed(values, "tolerate")
    rows = _rows(case, DiscrepancyKind.VERSION_DIFFERS)
    differing = [one for one in rows if not _tolerated(one, tolerate)]
    accepted = f"{counted(len(rows) - len(differing), 'difference')} tolerated" if len(rows) > len(differing) else ""
    agreeing = [one for one in _rows(case, DiscrepancyKind.MATCHED) if one.version_agrees]
    ratio = f"{len(agreeing)} of {len(agreeing) + len(differing)} comparable versions agree"
    if differing:
        return failed(
            f"The SBOM contradicts the image: {named([_contradiction(one) for one in differing], 3)}.",
            [item(one.declared.name if one.declared else "", one.reason, one) for one in differing],
            remedy="Ask the vendor which is right; known flaws are looked up by version.",
            denominator=ratio,
            observed=accepted,
        )
    if not agreeing:
        return unjudged(
            "No component states its version both in the image and in the SBOM.",
            remedy="Ask the vendor for an SBOM with versions.",
        )
    words = "No version in the SBOM contradicts the image" + (" beyond what is tolerated." if accepted else ".")
    return passed(words, denominator=ratio, observed=accepted)


def _tolerated(one: Discrepancy, entries: tuple[str, ...]) -> bool:
    """By a glob over names and purls, by the part of the version that differs, or by `GLOB~PART`: both."""
    if one.declared is None:
        return False
    for entry in entries:
        glob, mark, part = entry.rpartition("~")
        if entry in VERSION_PARTS:
            glob, mark, part = "*", "~", entry
        if not mark or part not in VERSION_PARTS:
            glob, part = entry, VERSION_PARTS[-1]
        elif not one.differs_in or VERSION_PARTS.index(one.differs_in) > VERSION_PARTS.index(part):
            continue
        if _ignored(one.declared.name, one.declared.purl, (glob,)):
            return True
    return False


def _contradiction(one: Discrepancy) -> str:
    observed = one.observed.stated if one.observed is not None else "another version"
    return f"{_declared(one)} declared, {observed} in the image"


def hash_mismatch(case: Case, values: Values) -> Judged:
    """A hash that the SBOM gives for a file is not that of the file in the image."""
    if not case.evidence.sboms:
        return absent(values, "There is no SBOM that could give a hash.", remedy=ASK)
    differing = _rows(case, DiscrepancyKind.HASH_DIFFERS)
    equal = _equal_hashes(case)
    ratio = f"{equal} of {equal + len(differing)} comparable file hashes agree"
    if differing:
        return failed(
            f"{counted(len(differing), 'file differs', 'files differ')} from the hash the SBOM gives: "
            f"{named([one.locator.name if one.locator else _declared(one) for one in differing])}.",
            [item(one.locator or _declared(one), one.reason, one) for one in differing],
            remedy="The file was changed after the SBOM was made, or the SBOM is of another release. Ask the vendor.",
            denominator=ratio,
        )
    if not equal:
        return absent(values, "The SBOM gives no hash of a file in the image.", remedy=ASK)
    return passed("Every file whose hash the SBOM gives has it.", denominator=ratio)


def _equal_hashes(case: Case) -> int:
    digests = {one.locator: one.digests for one in case.evidence.artifacts}
    return sum(
        one.locator is not None
        and one.declared is not None
        and not set(one.declared.hashes).isdisjoint(digests.get(one.locator, ()))
        for one in _rows(case, DiscrepancyKind.MATCHED)
    )


def forbidden(case: Case, values: Values) -> Judged:
    """Nothing of the deny list is in the image or in the SBOM."""
    deny = listed(values, "deny")
    if not deny:
        return absent(values, "The policy has no deny list.", remedy="Set 'deny' in the policy.")
    names = [(one.name, one.version, one.purl) for one in case.evidence.components]
    declared = [one.declared for one in case.evidence.discrepancies if one.declared is not None]
    names += [(one.name, one.version, one.purl) for one in declared]
    answers = [(one, entry, denied(entry, *one)) for one in sorted(set(names)) for entry in deny]
    hits = [(one, entry) for one, entry, answer in answers if answer is Denied.YES]
    if hits:
        return failed(
            f"On the deny list: {named(sorted({_label(one[0], one[1]) for one, _ in hits}))}.",
            [item(one[2] or one[0], f"{_label(one[0], one[1])} is denied by {entry}") for one, entry in hits],
            remedy="Ask the vendor for a release without it, or for a version the policy accepts.",
        )
    unsure = [(one, entry) for one, entry, answer in answers if answer is Denied.UNSURE]
    if unsure:
        return unjudged(
            f"Present, but the version cannot be compared: {named(sorted({one[0] for one, _ in unsure}))}.",
            remedy="Ask the vendor which version it is.",
            items=[item(one[2] or one[0], f"version not comparable with {entry}") for one, entry in unsure],
        )
    return unearned(case, values, "denied component") or passed(
        f"None of {counted(len(deny), 'denied component')} is in the image or the SBOM."
    )


def examined(case: Case, values: Values) -> Judged:
    """Executables that were parsed, by executables there are."""
    kinds = {one.locator: one.kind for one in case.evidence.contents}
    records = {one.locator: one for one in case.evidence.artifacts}
    present = {
        one
        for one, record in records.items()
        if record.format in EXECUTABLE_FORMATS or kinds.get(one) is ContentKind.EXECUTABLE
    }
    if not present:
        raw = ContentKind.MACHINE_CODE in kinds.values()
        return unjudged(
            "It is raw machine code, which was read but not analysed." if raw else "There are no executables to parse.",
            remedy="Ask the vendor for an SBOM; the bytes alone do not tell what is in them.",
        )
    broken = _unparsed(case, present)
    parsed, least = len(present) - len(broken), number(values, "min")
    ratio = f"{parsed} of {len(present)} executables parsed"
    told = {place for one in case.evidence.components for place in one.locators}
    observed = f"{len(present & told)} of {parsed} show which component they are"
    if at_least(parsed, len(present), least):
        return passed(f"{ratio}; {observed}.", denominator=ratio, observed=observed)
    return failed(
        f"Only {ratio}: {named([one.name for one in sorted(broken)])} could not be.",
        [item(one, "executable not parsed", records[one]) for one in sorted(broken)],
        remedy="See the gaps for the reason; a damaged executable may also be a disguised one.",
        denominator=ratio,
        observed=observed,
        expected=f"at least {percent(least, WHOLE)}",
    )


def _unparsed(case: Case, present: set[Locator]) -> set[Locator]:
    poor = (GapReason.MALFORMED, GapReason.CRASHED, GapReason.LIMIT, GapReason.UNSUPPORTED)
    gaps = {one.locator for one in case.evidence.gaps if one.reason in poor}
    unread = {one.locator for one in case.evidence.artifacts if one.opened not in (Opened.EXAMINED, Opened.STRUCTURE)}
    return present & (gaps | unread)


RULES = (
    Rule(
        id="component.undeclared",
        default=Level.SHOULD,
        measures="Components seen in the image with enough confidence that the SBOM does not declare.",
        judge=undeclared,
        params=(
            Param(
                "min-confidence",
                ParamKind.RATIO,
                8000,
                "From which confidence on a component counts as seen.",
                tighter="lower",
            ),
            Param(
                "ignore",
                ParamKind.LIST,
                (),
                "Globs over names and purls that need not be declared.",
                tighter="fewer",
            ),
            Param(
                "copies",
                ParamKind.FLAG,
                True,
                "A copy of a library inside the files of a declared component need not be declared by itself.",
                tighter="false",
            ),
            MAX_UNEXAMINED,
        ),
        not_proven="What leaves no recognisable trace in the bytes cannot be found this way.",
        requirements=("A CM-8(3)", "A SR-4(3)", "K"),
    ),
    Rule(
        id="component.absent",
        default=Level.INFO,
        measures="Declared components that were not seen, and whether they should have been visible.",
        judge=missing,
        not_proven="A component may be compiled in without a trace.",
    ),
    Rule(
        id="component.version-mismatch",
        default=Level.MUST,
        measures="The same component with contradicting versions in the SBOM and in the image.",
        judge=version_mismatch,
        params=(
            Param(
                "tolerate",
                ParamKind.LIST,
                (),
                "What may differ: revision, build, patch, minor or major (with everything smaller), a glob over names"
                " and purls, or both as `GLOB~PART` (`pkg:deb/*~revision`). A product called patch is `pkg:*/patch*`.",
                tighter="fewer",
            ),
            IF_ABSENT,
        ),
        not_proven="A version text in the bytes is what its maker wrote there; patches do not always change it.",
        requirements=("A SR-4(3)",),
    ),
    Rule(
        id="component.hash-mismatch",
        default=Level.MUST,
        measures="A hash the SBOM gives for a file differs from the file in the image.",
        judge=hash_mismatch,
        params=(IF_ABSENT,),
        not_proven="Files without a hash in the SBOM were not compared.",
        requirements=("A SI-7(1)",),
    ),
    Rule(
        id="component.forbidden",
        default=Level.MUST,
        measures="Nothing on the deny list is in the image or in the SBOM.",
        judge=forbidden,
        params=(
            Param(
                "deny",
                ParamKind.LIST,
                (),
                "Names with an optional range (dropbear, openssl@<3.0.14, busybox@>=1.30,<1.36) or globs over purls.",
                tighter="more",
                pattern=DENY_PATTERN,
            ),
            MAX_UNEXAMINED,
            IF_ABSENT,
        ),
        not_proven="A renamed component is not recognised by its name.",
        requirements=("A CM-7",),
    ),
    Rule(
        id="component.examined",
        default=Level.SHOULD,
        measures="Executables that were parsed, by executables there are.",
        judge=examined,
        params=(
            Param("min", ParamKind.RATIO, WHOLE, "Least share of executables that must be parsed.", tighter="higher"),
        ),
        not_proven="Parsed is not analysed: what the code does was not looked at.",
    ),
)
