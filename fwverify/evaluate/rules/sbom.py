"""Rules on the SBOM as a document: there, well formed, about this image, and authentic."""

from __future__ import annotations

from fwverify.evaluate.interface import Case, Judged, Param, ParamKind, Rule
from fwverify.evaluate.judging import (
    IF_ABSENT,
    Values,
    absent,
    counted,
    failed,
    incomparable,
    item,
    listed,
    named,
    passed,
    text,
    unjudged,
)
from fwverify.model.artifact import Role
from fwverify.model.evidence import SbomObservation
from fwverify.model.finding import Level
from fwverify.model.versions import compare

ASK = "Ask the vendor for the SBOM of this release (CycloneDX), signed with the image."


def _no_sbom(case: Case) -> Judged | None:
    if case.evidence.sboms:
        return None
    unread = [one for one in case.evidence.artifacts if one.role is Role.SBOM]
    if unread:
        return unjudged(
            f"{named([one.locator.name for one in unread])}: an SBOM came with it, but it could not be read.",
            remedy=ASK,
            items=[item(one.locator, "not readable as an SBOM", one) for one in unread],
        )
    return unjudged("No SBOM came with it.", remedy=ASK, items=[item(case.evidence.delivery, "no SBOM")])


def present(case: Case, values: Values) -> Judged:
    """An SBOM that declares something."""
    nothing = _no_sbom(case)
    if nothing is not None:
        return nothing
    empty = [one for one in case.evidence.sboms if not one.components]
    if len(empty) == len(case.evidence.sboms):
        return failed(
            "The SBOM declares no component at all.",
            [item(one.locator, "no components", one) for one in empty],
            remedy=ASK,
        )
    total = sum(one.components for one in case.evidence.sboms)
    told = sorted({f"{one.format} {one.spec_version}" for one in case.evidence.sboms})
    return passed(f"{', '.join(told)} with {counted(total, 'component')}.", observed=", ".join(told))


def schema(case: Case, values: Values) -> Judged:
    """Valid against the schema of the version it says it has; a version without schema here is not evaluated."""
    if not any(one.role is Role.SBOM for one in case.evidence.artifacts):
        return absent(values, "No SBOM came with it.", remedy=ASK)
    nothing = _no_sbom(case)
    if nothing is not None:
        return nothing
    wrong = [one for one in case.evidence.sboms if one.schema_valid is False]
    least = text(values, "min-spec")
    old = [
        one for one in case.evidence.sboms if least and compare(one.spec_version, least) != 1 and not _at(one, least)
    ]
    if wrong or old:
        why = wrong[0].schema_errors[0] if wrong and wrong[0].schema_errors else f"older than {least}"
        return failed(
            f"The SBOM is not as its format wants it: {why}.",
            [
                *(item(one.locator, problem, one) for one in wrong for problem in one.schema_errors or ("not valid",)),
                *(item(one.locator, f"specification {one.spec_version}, at least {least} wanted", one) for one in old),
            ],
            remedy="Tell the vendor; the tool that made it is broken or old.",
            expected=f"valid{f', at least {least}' if least else ''}",
            observed=", ".join(sorted({f"{one.format} {one.spec_version}" for one in (wrong or old)})),
        )
    unknown = [one for one in case.evidence.sboms if one.schema_valid is None]
    if unknown:
        versions = sorted({f"{one.format} {one.spec_version}" for one in unknown})
        return unjudged(
            f"There is no schema here for {', '.join(versions)}.",
            remedy="Ask the vendor for CycloneDX 1.4 to 1.6.",
            items=[item(one.locator, f"no schema for {one.spec_version}", one) for one in unknown],
        )
    told = sorted({f"{one.format} {one.spec_version}" for one in case.evidence.sboms})
    return passed(f"Valid {', '.join(told)}.", observed=", ".join(told))


def _at(one: SbomObservation, least: str) -> bool:
    return compare(one.spec_version, least) == 0


def subject(case: Case, values: Values) -> Judged:
    """The SBOM says that it is about this image: by digest, else by name and version.

    1. A digest it states is that of an image: pass. It states digests of a kind we computed and none fits: fail.
    2. Without digests: the name must be the expected product (or an alias), the version the expected one or one that
       the image itself claims. Another name or version: fail. Nothing to compare with: not evaluated.
    """
    nothing = _no_sbom(case)
    if nothing is not None:
        return nothing
    answers = [(one, *_about(case, values, one)) for one in case.evidence.sboms]
    wrong = [(one, why) for one, fits, why in answers if fits is False]
    if wrong:
        return failed(
            f"The SBOM is about something else: {named([why for _, why in wrong], 2)}.",
            [item(one.locator, why, one) for one, why in wrong],
            remedy=ASK,
            observed=named([why for _, why in wrong], 2),
        )
    open_ = [(one, why) for one, fits, why in answers if fits is None]
    if open_:
        return unjudged(
            f"Whether the SBOM is about this image cannot be told: {named([why for _, why in open_], 2)}.",
            remedy="Ask the vendor for an SBOM whose metadata.component states the image's SHA-256.",
            items=[item(one.locator, why, one) for one, why in open_],
        )
    return passed(f"The SBOM names this image: {named([why for _, _, why in answers], 2)}.")


def _about(case: Case, values: Values, sbom: SbomObservation) -> tuple[bool | None, str]:
    images = case.evidence.images()
    computed = {one for image in images for one in image.digests}
    comparable = [one for one in sbom.subject_hashes if one.algorithm in {digest.algorithm for digest in computed}]
    if comparable:
        fits = any(one in computed for one in comparable)
        return fits, f"by {comparable[0].algorithm}" if fits else f"its {comparable[0].algorithm} is of no image here"
    expected = {_plain(one) for one in (case.expectation.product, *listed(values, "aliases")) if one}
    if not expected or not sbom.subject_name:
        return None, "it names no subject" if not sbom.subject_name else "nobody stated the product"
    if _plain(sbom.subject_name) not in expected:
        return False, f"it names {sbom.subject_name}"
    return _version_fits(case, sbom)


def _version_fits(case: Case, sbom: SbomObservation) -> tuple[bool | None, str]:
    claims = {one.value for one in case.evidence.claims if one.source != "sbom-subject"}
    wanted = {case.expectation.version} if case.expectation.version else claims
    if not wanted or not sbom.subject_version:
        return None, "no version to compare"
    told = f"{sbom.subject_name} {sbom.subject_version}"
    fits = any(compare(sbom.subject_version, one) == 0 for one in wanted)
    return (True, told) if fits else (False if case.expectation.version else None, f"it names {told}")


def _plain(name: str) -> str:
    return "".join(one for one in name.casefold() if one.isalnum())


def authentic(case: Case, values: Values) -> Judged:
    """Every SBOM is covered by a signature whose key may speak for SBOMs, or lies inside a signed image."""
    nothing = _no_sbom(case) or incomparable(case)
    if nothing is not None:
        return nothing
    bare = [one for one in case.evidence.sboms if not case.covered(one.locator, "sbom")]
    if bare:
        return failed(
            f"Nobody on record signed the SBOM {named([one.locator.name for one in bare])}: it could be anybody's.",
            [item(one.locator, "no accepted signature covers it", one) for one in bare],
            remedy=ASK,
            denominator=f"{len(case.evidence.sboms) - len(bare)} of {len(case.evidence.sboms)} signed",
        )
    return passed(
        f"{counted(len(case.evidence.sboms), 'SBOM is', 'SBOMs are')} covered by an accepted signature.",
        denominator=f"{len(case.evidence.sboms)} of {len(case.evidence.sboms)} signed",
    )


RULES = (
    Rule(
        id="sbom.present",
        default=Level.SHOULD,
        measures="An SBOM came with it and declares components.",
        judge=present,
        not_proven="An SBOM that is there need not be complete or true.",
        requirements=("K II(1)", "B"),
    ),
    Rule(
        id="sbom.schema",
        default=Level.MUST,
        measures="The SBOM is valid against the schema of its own specification version.",
        judge=schema,
        params=(
            Param(
                "min-spec",
                ParamKind.TEXT,
                "",
                "Oldest acceptable specification version, like 1.4; empty: any with a schema here.",
                tighter="later",
                pattern=r"([0-9]+\.[0-9]+)?",
            ),
            IF_ABSENT,
        ),
        not_proven="Well formed is not true.",
        requirements=("B 4",),
    ),
    Rule(
        id="sbom.subject",
        default=Level.SHOULD,
        measures="The SBOM's metadata.component is this image, by digest or by name and version.",
        judge=subject,
        params=(Param("aliases", ParamKind.LIST, (), "Other names the vendor gives the product.", tighter="fewer"),),
        not_proven="Naming the image does not mean describing it.",
    ),
    Rule(
        id="sbom.authentic",
        default=Level.MUST,
        measures="The SBOM is covered by an accepted signature: its own, its list's, or that of the image around it.",
        judge=authentic,
        not_proven="The vendor may have signed an SBOM that is incomplete.",
        requirements=("B",),
    ),
)
