"""The rule on licences: what the SBOM states, against the policy's lists."""

from __future__ import annotations

from fnmatch import fnmatchcase
from itertools import product

from fwverify.evaluate.interface import Case, Judged, Param, ParamKind, Rule
from fwverify.evaluate.judging import IF_ABSENT, Values, absent, counted, failed, item, listed, named, passed, unjudged
from fwverify.evaluate.licences import MAX_CHOICES, Choice, choices
from fwverify.model.component import DeclaredComponent
from fwverify.model.finding import Level


def licence(case: Case, values: Values) -> Judged:
    """Every declared component may be used under licences the policy accepts.

    1. No lists in the policy, or nothing declared: the policy's `if-absent`.
    2. No choice that a component's expression leaves is acceptable: fail. Several licences of one entry all apply.
    3. A component without a licence: not evaluated.
    """
    allow, deny = listed(values, "allow"), listed(values, "deny")
    if not allow and not deny:
        return absent(values, "The policy names no licences.", remedy="Name some under 'allow' or 'deny'.")
    declared = sorted({one.declared for one in case.evidence.discrepancies if one.declared is not None})
    if not declared:
        return absent(values, "No SBOM declares a component.", remedy="Ask the vendor for the SBOM of this release.")
    bad = [one for one in declared if one.licences and not any(_fits(way, allow, deny) for way in _ways(one))]
    silent = [one for one in declared if not one.licences]
    ratio = f"{len(declared) - len(bad) - len(silent)} of {counted(len(declared), 'component')}"
    if bad:
        return failed(
            f"Licences the policy does not accept: {named([_told(one) for one in bad], 3)}.",
            [item(one.purl or one.name, f"licence {' AND '.join(one.licences)}") for one in bad],
            remedy="Ask your legal department; it is a question of use, not of safety.",
            denominator=ratio,
        )
    if silent:
        return unjudged(
            f"No licence is stated for {named([one.name for one in silent], 3)}.",
            remedy="Ask the vendor for an SBOM with licences.",
            items=[item(one.purl or one.name, "no licence stated") for one in silent],
            observed=ratio,
        )
    return passed(
        f"All {counted(len(declared), 'component')} may be used under licences you accept.", denominator=ratio
    )


def _ways(one: DeclaredComponent) -> list[Choice]:
    """Every way to satisfy all licences of an entry at once."""
    every = [choices(text) for text in one.licences]
    count = 1
    for each in every:
        count *= len(each)
    if count > MAX_CHOICES:
        return [frozenset(" AND ".join(one.licences))]
    return [frozenset().union(*way) for way in product(*every)]


def _fits(way: Choice, allow: tuple[str, ...], deny: tuple[str, ...]) -> bool:
    return all(not _on(one, deny) and (not allow or _on(one, allow)) for one in way)


def _on(licence: str, globs: tuple[str, ...]) -> bool:
    return any(fnmatchcase(licence.casefold(), one.casefold()) for one in globs)


def _told(one: DeclaredComponent) -> str:
    return f"{one.name} ({' AND '.join(one.licences)})"


RULES = (
    Rule(
        id="component.licence",
        default=Level.SHOULD,
        measures="Every declared component may be used under licences that the policy accepts.",
        judge=licence,
        params=(
            Param(
                "allow", ParamKind.LIST, (), "Globs over SPDX identifiers that are accepted; empty: any not denied.",
                tighter="among",
            ),
            Param("deny", ParamKind.LIST, (), "Globs over SPDX identifiers that are not accepted.", tighter="more"),
            IF_ABSENT,
        ),
        not_proven="The licences are the SBOM's word; nobody compared them with the code.",
    ),
)  # fmt: skip
