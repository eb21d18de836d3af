"""The rule on the origin ladder: never a bare "verified"."""

from __future__ import annotations

from fwverify.evaluate.interface import Case, Judged, Param, ParamKind, Rule
from fwverify.evaluate.judging import Values, failed, incomparable, item, number, passed, unjudged
from fwverify.evaluate.strength import WORDS
from fwverify.model.finding import Level

REMEDY = (
    "Ask the vendor for a signature and its key, or have the vendor read you the SHA-256 over another way than this "
    "delivery (--sha256 HEX --channel TEXT)."
)


def strength(case: Case, values: Values) -> Judged:
    """The rung that holds for every image, against the rung the policy asks for.

    Nothing to compare with is not evaluated, and never a pass, even where the policy asks for rung 0; what is there
    and too weak fails.
    """
    rung, least = case.strength, number(values, "min")
    expected, observed = f"{least} of 5 ({WORDS[least]})", f"{rung.value} of 5 ({rung.words})"
    if not any(one.size for one in case.evidence.images()):
        return unjudged("There is no image whose origin could be shown.", remedy="Name the file to be installed.")
    if rung.value >= max(least, 1):
        return passed(f"{rung.words}: {rung.detail}", expected=expected, observed=observed)
    nothing = incomparable(case)
    if nothing is not None or not least:
        why = nothing.message if nothing else "Nothing that holds shows the origin."
        return unjudged(
            f"{why} Origin: {rung.words}.",
            remedy=REMEDY,
            items=(item(case.evidence.delivery, "nothing that shows the origin"),),
            expected=expected,
            observed=observed,
        )
    return failed(
        f"Origin is only {rung.words} ({rung.value} of 5); the policy asks for {least}. {rung.detail}",
        [item(case.evidence.delivery, f"origin strength {rung.value} of 5, {least} wanted")],
        remedy=REMEDY,
        expected=expected,
        observed=observed,
    )


RULES = (
    Rule(
        id="origin.strength",
        default=Level.MUST,
        measures="How well it is shown where the images come from, on the ladder from 0 to 5.",
        judge=strength,
        params=(
            Param(
                "min",
                ParamKind.INTEGER,
                4,
                "Least rung: 2 a checksum over another channel, 3 signed, 4 signed by a confirmed key, 5 and timed.",
                choices=("0", "1", "2", "3", "4", "5"),
                tighter="higher",
            ),
        ),
        not_proven="It does not show that what the vendor made is free of flaws.",
        requirements=("N1", "N2"),
    ),
)
