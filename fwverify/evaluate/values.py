"""Parameter values of a policy: text to typed value, value to text, and which of two is the stricter.

Pure. Ratios are kept in ten-thousandths, so that no judgement ever rounds; only plain decimal texts are accepted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from difflib import get_close_matches

from fwverify.evaluate.interface import Param, ParamKind, Value
from fwverify.model.versions import compare

WHOLE = 10_000
"""A ratio of 1."""
MAX_DIGITS = 12
"""Of an integer parameter; nothing counted here has more."""


class NotAValue(ValueError):
    """A text that is no value of the parameter; says what would be one."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """` Did you mean 'x'?` with a leading blank, or nothing."""
    close = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f" Did you mean {close[0]!r}?" if close else ""


def ratio(text: str) -> int:
    """`0.90` -> 9000. Raises NotAValue."""
    found = re.fullmatch(r"(0|1)(?:\.([0-9]{1,4}))?", text)
    value = int(found[1]) * WHOLE + int((found[2] or "").ljust(4, "0")) if found else WHOLE + 1
    if value > WHOLE:
        raise NotAValue(f"{text!r} is not a ratio; write a decimal from 0 to 1 with at most four digits, like 0.98")
    return value


def flag(text: str) -> bool:
    """`true` or `false` and nothing else (YAML 1.1 has `yes`, `on`, `NO`...: not here)."""
    if text not in ("true", "false"):
        raise NotAValue(f"{text!r} is neither true nor false")
    return text == "true"


def integer(text: str) -> int:
    if not re.fullmatch(rf"[0-9]{{1,{MAX_DIGITS}}}", text):
        raise NotAValue(f"{text!r} is not a whole number")
    return int(text)


def choice(text: str, choices: tuple[str, ...]) -> str:
    if text not in choices:
        raise NotAValue(f"{text!r} is not one of {', '.join(choices)}.{did_you_mean(text, choices)}")
    return text


def matching(param: Param, text: str) -> str:
    """A text of the form the parameter asks for. Raises NotAValue."""
    if param.pattern and not re.fullmatch(param.pattern, text):
        raise NotAValue(f"{text!r} does not have the form that is needed ({param.meaning.rstrip('.')})")
    return text


def scalar(param: Param, text: str) -> Value:
    """The value of a parameter that is not a list. Raises NotAValue."""
    match param.kind:
        case ParamKind.RATIO:
            return ratio(text)
        case ParamKind.FLAG:
            return flag(text)
        case ParamKind.INTEGER:
            value = integer(text)
            if param.choices:
                choice(str(value), param.choices)
            return value
        case ParamKind.CHOICE:
            return choice(text, param.choices)
        case ParamKind.TEXT:
            return matching(param, text)
        case ParamKind.LIST:
            raise NotAValue("a list is needed here, like [one, two]")


def shown(param: Param, value: Value) -> str:
    """A value as a policy file writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return f"[{', '.join(value)}]"
    if param.kind is ParamKind.RATIO and isinstance(value, int):
        text = f"{value // WHOLE}.{value % WHOLE:04d}".rstrip("0")
        return text + "0" if text.endswith(".") else text
    return str(value) if value != "" else "''"


def looser(param: Param, value: Value, parent: Value) -> bool:
    """True when `value` asks for less than `parent` does (`interface.TIGHTER`)."""
    return value != parent and LOOSER[param.tighter](param, value, parent)


def _below(param: Param, value: Value, parent: Value) -> bool:
    return value == 0 or (parent != 0 and _rank(param, value) > _rank(param, parent))


def _among(_: Param, value: Value, parent: Value) -> bool:
    return value == () or (parent != () and not _texts(value) <= _texts(parent))


LOOSER: dict[str, Callable[[Param, Value, Value], bool]] = {
    "higher": lambda param, value, parent: _rank(param, value) < _rank(param, parent),
    "lower": lambda param, value, parent: _rank(param, value) > _rank(param, parent),
    "below": _below,
    "later": lambda _, value, parent: parent != "" and compare(str(value), str(parent)) not in (0, 1),
    "true": lambda _, value, __: value is not True,
    "false": lambda _, value, __: value is not False,
    "fewer": lambda _, value, parent: not _texts(value) <= _texts(parent),
    "more": lambda _, value, parent: not _texts(value) >= _texts(parent),
    "among": _among,
    "kept": lambda param, _, parent: parent != param.default,
}
"""For each of `interface.TIGHTER`."""


def _rank(param: Param, value: Value) -> int:
    if param.kind is ParamKind.CHOICE and isinstance(value, str):
        return param.choices.index(value)
    return value if isinstance(value, int) else 0


def _texts(value: Value) -> frozenset[str]:
    return frozenset(value) if isinstance(value, tuple) else frozenset()
