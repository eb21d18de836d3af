"""Why the contents failed: secrets, forbidden and undeclared components, versions and files that contradict the SBOM,
an SBOM that nobody vouches for. Rows of the table in `report.wording_fail`; wording as there.
"""

from __future__ import annotations

from fwverify.report import reading as r
from fwverify.report.figures import ITS_LIST, PARTS_LIST, listed
from fwverify.report.interface import Context
from fwverify.report.reading import Reading
from fwverify.report.situation import Situation, Step, again, ask, failing, keep_as_evidence, message, operand, place


def _secret_why(reading: Reading) -> str:
    what = message(reading, "secret.private-key", "secret.default-password")
    return f"The image holds a secret that every unit would share: {what}. Whoever has one unit has the secret of all."


def _contents_steps(reading: Reading, context: Context) -> tuple[Step, ...]:
    return (
        keep_as_evidence(reading),
        Step("Look at it yourself.", command=("fwverify", "inspect", operand(reading, context))),
        ask(reading, "Ask for a written explanation and a corrected release."),
    )


def _forbidden_why(reading: Reading) -> str:
    return f"It holds what your policy forbids: {message(reading, 'component.forbidden')}. Nobody may install it."


def _undeclared_why(reading: Reading) -> str:
    return (
        f"The bytes hold what {ITS_LIST} does not list: {undeclared_names(reading)}. Somebody added it, or left it out "
        "of the list; either way the list is not what you would install."
    )


def undeclared_names(reading: Reading) -> str:
    """Undeclared components, each with the place it was seen."""
    names = []
    for one in r.declared(reading).undeclared:
        if one.observed is not None:
            where = f", {place(one.observed.locators[0])}" if one.observed.locators else ""
            names.append(f"{one.observed.name} {one.observed.stated}".strip() + where)
    return listed(names, 2) or message(reading, "component.undeclared")


def differing_names(reading: Reading) -> str:
    """Components whose version contradicts the SBOM."""
    names = [
        f"{one.observed.name} {one.observed.stated} (SBOM: {one.declared.version})"
        for one in r.declared(reading).differing
        if one.observed is not None and one.declared is not None
    ]
    return listed(names, 2)


def _version_why(reading: Reading) -> str:
    names = differing_names(reading) or message(reading, "component.version-mismatch")
    return (
        f"The bytes contradict {ITS_LIST}: {names}. An old part was built in, or the SBOM is that of another release."
    )


def _sbom_steps(reading: Reading, context: Context) -> tuple[Step, ...]:
    return (
        keep_as_evidence(reading),
        Step("Look at it yourself.", command=("fwverify", "inspect", operand(reading, context))),
        ask(reading, "Ask in writing which is right, and for a release whose SBOM says what is inside."),
        Step("Verify the new delivery; do not edit the SBOM to make it fit."),
    )


def _hash_why(reading: Reading) -> str:
    found = [place(one.locator) for one in r.declared(reading).hashes if one.locator is not None]
    names = listed(found, 2) or message(reading, "component.hash-mismatch")
    return f"Files inside are not the ones {ITS_LIST} names: {names}. They were changed after the SBOM was written."


def _unauthentic_why(reading: Reading) -> str:
    return (
        f"Nobody you know vouches for {ITS_LIST}: no accepted signature covers it. Whoever added something to the "
        "image could have added it to the list as well, so the list proves nothing."
    )


def _unauthentic_steps(reading: Reading, context: Context) -> tuple[Step, ...]:
    return (
        keep_as_evidence(reading),
        ask(reading, "Ask for the SBOM with a signature, or listed in their signed checksum list."),
        Step("Put it beside the image and verify again.", command=again(reading, context)),
    )


def _sbom_why(reading: Reading) -> str:
    what = message(reading, "sbom.schema", "sbom.subject", "sbom.present")
    return f"Its {PARTS_LIST} cannot be used: {what}. So nothing says what should be inside."


CONTENTS: tuple[Situation, ...] = (
    Situation("forbidden component", frozenset({"component.forbidden"}), "it holds a forbidden component",
              failing("component.forbidden"), _forbidden_why, _contents_steps),
    Situation("secret in the image", frozenset({"secret.private-key", "secret.default-password"}),
              "it holds a secret", failing("secret.private-key", "secret.default-password"), _secret_why,
              _contents_steps),
    Situation("SBOM not authentic", frozenset({"sbom.authentic"}), f"nobody vouches for {ITS_LIST}",
              failing("sbom.authentic"), _unauthentic_why, _unauthentic_steps),
    Situation("undeclared component", frozenset({"component.undeclared"}), f"it holds what {ITS_LIST} does not list",
              failing("component.undeclared"), _undeclared_why, _sbom_steps),
    Situation("version contradicts the SBOM", frozenset({"component.version-mismatch"}),
              f"versions contradict {ITS_LIST}", failing("component.version-mismatch"), _version_why, _sbom_steps),
    Situation("file contradicts the SBOM", frozenset({"component.hash-mismatch"}), f"files contradict {ITS_LIST}",
              failing("component.hash-mismatch"), _hash_why, _sbom_steps),
    Situation("SBOM unusable", frozenset({"sbom.schema", "sbom.subject", "sbom.present"}), f"{ITS_LIST} cannot be used",
              failing("sbom.schema", "sbom.subject", "sbom.present"), _sbom_why, _unauthentic_steps),
)  # fmt: skip
