"""Rules on the run itself: under which protections the facts were gathered."""

from __future__ import annotations

from fwverify.evaluate.interface import Case, Judged, Param, ParamKind, Rule
from fwverify.evaluate.judging import Values, unjudged
from fwverify.model.evidence import ISOLATION
from fwverify.model.finding import Level, Outcome


def settings(case: Case, values: Values) -> Judged:
    """How hostile bytes were read. Meeting it says nothing about the firmware, so it never counts as a pass."""
    wanted, had = str(values["isolation"]), case.evidence.settings.isolation
    if had not in ISOLATION or ISOLATION.index(had) < ISOLATION.index(wanted):
        return unjudged(
            f"The policy requires isolation {wanted!r}; these facts were gathered with {had!r}.",
            remedy="Verify again on a machine that gives it: 'fwverify doctor' tells.",
            expected=wanted,
            observed=had,
        )
    return Judged(Outcome.NOT_APPLICABLE, f"Read with isolation {had!r}, as the policy requires.")


RULES = (
    Rule(
        id="run.settings",
        default=Level.MUST,
        measures="The facts were gathered under the protections the policy requires.",
        judge=settings,
        params=(
            Param(
                "isolation",
                ParamKind.CHOICE,
                "full",
                "Weakest isolation that is accepted: full is workers with resource limits, Landlock and seccomp.",
                choices=ISOLATION,
                tighter="higher",
            ),
        ),
        not_proven="The protections themselves are the kernel's.",
    ),
)
