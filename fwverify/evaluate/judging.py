"""What several rules share: how an outcome is said, and when a pass by absence is earned. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from fwverify.evaluate.coverage import opened_sums
from fwverify.evaluate.interface import Case, Judged, Param, ParamKind, Value
from fwverify.evaluate.values import WHOLE
from fwverify.model.artifact import Locator
from fwverify.model.canonical import identify
from fwverify.model.evidence import SignatureStatus
from fwverify.model.finding import Item, Outcome

Values = Mapping[str, Value]

IF_ABSENT = Param(
    "if-absent",
    ParamKind.CHOICE,
    "not_evaluated",
    "Outcome where nothing of this kind was delivered or stated; not_applicable says that the policy does not ask.",
    choices=("not_applicable", "not_evaluated"),
    tighter="higher",
)
MAX_UNEXAMINED = Param(
    "max-unexamined",
    ParamKind.RATIO,
    0,
    "Largest share of the image bytes that may be unexamined for absence to count; above it nothing is judged.",
    tighter="lower",
)


def passed(message: str, *, expected: str = "", observed: str = "", denominator: str = "") -> Judged:
    return Judged(Outcome.PASS, message, expected=expected, observed=observed, denominator=denominator)


def failed(
    message: str,
    items: Iterable[Item],
    *,
    remedy: str,
    expected: str = "",
    observed: str = "",
    denominator: str = "",
) -> Judged:
    return Judged(Outcome.FAIL, message, tuple(items), expected, observed, denominator, remedy)


def unjudged(
    message: str, *, remedy: str, items: Iterable[Item] = (), expected: str = "", observed: str = ""
) -> Judged:
    return Judged(Outcome.NOT_EVALUATED, message, tuple(items), expected, observed, remedy=remedy)


def absent(values: Values, message: str, *, remedy: str) -> Judged:
    """Nothing of this kind is there; the policy's `if-absent` says what that is worth."""
    if values["if-absent"] == "not_applicable":
        return Judged(Outcome.NOT_APPLICABLE, message)
    return unjudged(message, remedy=remedy)


def item(subject: Locator | str, detail: str, *observed: object) -> Item:
    """One thing a finding is about, with the observations that show it."""
    return Item(str(subject), detail, observations=tuple(identify(one) for one in observed))


def number(values: Values, name: str) -> int:
    value = values[name]
    return value if isinstance(value, int) else 0


def text(values: Values, name: str) -> str:
    value = values[name]
    return value if isinstance(value, str) else ""


def listed(values: Values, name: str) -> tuple[str, ...]:
    value = values[name]
    return value if isinstance(value, tuple) else ()


def counted(count: int, one: str, many: str = "") -> str:
    """`1 image`, `2 images`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def named(names: Sequence[str], limit: int = 5) -> str:
    """`a, b, c and 4 more`."""
    rest = len(names) - limit
    return ", ".join(names[:limit]) + (f" and {rest} more" if rest > 0 else "")


def percent(part: int, whole: int) -> str:
    """Share in per cent with one digit, never rounded up to 100."""
    tenths = part * 1000 // whole if whole else 0
    return f"{tenths // 10}.{tenths % 10} %" if tenths % 10 else f"{tenths // 10} %"


def at_least(part: int, whole: int, ratio: int) -> bool:
    return part * WHOLE >= ratio * whole


def unearned(case: Case, values: Values, looked_for: str) -> Judged | None:
    """Not evaluated where too much was left unexamined for an absence to mean anything; else None."""
    opened, whole = opened_sums(case.evidence)
    allowed = number(values, "max-unexamined")
    if whole and (whole - opened) * WHOLE <= allowed * whole:
        return None
    if not whole:
        return unjudged(f"There are no image bytes in which {looked_for} could be.", remedy="Add the image.")
    return unjudged(
        f"No {looked_for} was found, but {whole - opened:,} of {whole:,} bytes were not examined.",
        remedy="See the gaps for what was not examined and why; unpack or decrypt it and verify again.",
        expected=f"at most {percent(allowed, WHOLE)} unexamined",
        observed=f"{percent(whole - opened, whole)} unexamined",
        items=(Item(case.evidence.delivery, f"not examined while looking for {looked_for}"),),
    )


def no_signature(case: Case) -> Judged | None:
    """What the rules on signatures say where there is none."""
    if case.evidence.signatures:
        return None
    return unjudged(
        "There is no signature that fwverify knows, in the file or beside it.",
        remedy="Ask the vendor for a signature and its key, pin the key (fwverify keys add), and verify again.",
        items=(Item(case.evidence.delivery, "no signature"),),
    )


def incomparable(case: Case) -> Judged | None:
    """Not evaluated where there is no signature, or no key to compare one with, or none that could be checked."""
    nothing = no_signature(case)
    if nothing is not None:
        return nothing
    if not case.trust.keys:
        return unjudged(
            "There are signatures, but no key is on record to compare them with.",
            remedy="Pin the vendor's key (fwverify keys add) and name the folder with --keys.",
            items=(Item(case.evidence.delivery, "no key on record"),),
        )
    if any(one.status is not SignatureStatus.UNVERIFIABLE for one in case.evidence.signatures):
        return None
    return unjudged(
        f"No signature could be checked: {named(sorted({one.detail for one in case.evidence.signatures}), 2)}.",
        remedy="Ask the vendor for a signature in a form fwverify reads ('fwverify formats' lists them).",
        items=[item(one.source, f"{one.scheme}: {one.detail}", one) for one in case.evidence.signatures],
    )
