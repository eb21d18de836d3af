"""Rules on what programs do against being attacked: ratios over the programs that can be asked, with the others named.

Programs that accept connections stand first in every list. A program linked statically, or against a C library that
has no such thing, is not asked; where none can be asked (raw microcontroller code, static images), the rule does not
apply.
"""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatchcase

from fwverify.evaluate.interface import Case, Judged, Param, ParamKind, Rule
from fwverify.evaluate.judging import (
    MAX_UNEXAMINED,
    Values,
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
from fwverify.model.artifact import Locator
from fwverify.model.evidence import ArtifactRecord, ContentKind
from fwverify.model.finding import Level, Outcome

MIN = Param("min", ParamKind.RATIO, WHOLE, "Least share of the programs that can be asked.", tighter="higher")
EXEMPT = Param(
    "exempt",
    ParamKind.LIST,
    (),
    "Globs over places (whole, or only the last name) that are not asked.",
    tighter="fewer",
)
REMEDY = "Ask the vendor to build it so, those first that accept connections from the network."
SOUND_PREFIXES = ("$ORIGIN", "${ORIGIN}", "/lib", "/usr/lib", "/opt/", "/usr/local/lib")
"""Folders that only the system's owner writes to."""
REQUIREMENTS = ("K I(2)(k)", "E41 SD-4")
KEEPS_RIGHTS = frozenset({"cpio", "cramfs", "erofs", "ext", "jffs2", "squashfs", "tar", "ubifs", "zip"})
"""Containers that say with whose rights a file runs."""

WANT = Param(
    "want", ParamKind.LIST,
    ("STACKPROTECTOR_STRONG=y", "STRICT_KERNEL_RWX=y", "RANDOMIZE_BASE=y", "FORTIFY_SOURCE=y", "HARDENED_USERCOPY=y",
     "DEVKMEM=n", "KGDB=n"),
    "Settings and their values (y, m or n); one the configuration does not name counts as n.", tighter="more",
    pattern=r"[A-Z0-9_]{1,60}=[ymn]",
)  # fmt: skip
"""Recommended settings of the Kernel Self Protection Project, read 2026-11-22: those every processor can have."""


def _asked(case: Case, values: Values, name: str) -> list[tuple[ArtifactRecord, str]]:
    """Programs that answer, those that accept connections first."""
    globs = listed(values, "exempt")
    found: list[tuple[bool, ArtifactRecord, str]] = []
    for one in case.evidence.artifacts:
        facts = dict(one.facts)
        answer = facts.get(f"hardening.{name}")
        if answer is not None and not (globs and _exempt(one, globs)):
            found.append((facts.get("hardening.network") != "yes", one, answer))
    found.sort(key=lambda row: (row[0], row[1].locator))  # records lie at different places: the rest says no more
    return [(one, answer) for _, one, answer in found]


def _exempt(one: ArtifactRecord, globs: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, glob) for name in (str(one.locator), one.locator.name) for glob in globs)


def _ratio(name: str, good: Callable[[str], bool], having: str, lacking: str) -> Callable[[Case, Values], Judged]:
    """A rule's function: the share of programs whose answer is good."""

    def judge(case: Case, values: Values) -> Judged:
        asked = _asked(case, values, name)
        if not asked:
            return Judged(Outcome.NOT_APPLICABLE, f"No program here can be asked whether programs {having}.")
        bad = [(one, answer) for one, answer in asked if not good(answer)]
        kept, least = len(asked) - len(bad), number(values, "min")
        ratio = f"{kept} of {counted(len(asked), 'program')} {having}"
        if at_least(kept, len(asked), least):
            return passed(f"{ratio}.", denominator=ratio, expected=f"at least {percent(least, WHOLE)}")
        return failed(
            f"{ratio}; not so: {named([one.locator.name for one, _ in bad])}.",
            [item(one.locator, f"{lacking}{_what(answer)}", one) for one, answer in bad],
            remedy=REMEDY, denominator=ratio, expected=f"at least {percent(least, WHOLE)}",
            observed=percent(kept, len(asked)),
        )  # fmt: skip

    return judge


def _what(answer: str) -> str:
    return "" if answer in ("yes", "no") else f": {answer}"


def _sound_path(path: str) -> bool:
    return all(one.startswith(SOUND_PREFIXES) and "/../.." not in one for one in path.split(":"))


def setuid(case: Case, values: Values) -> Judged:
    """Programs that run with their owner's rights, whoever starts them."""
    globs = listed(values, "exempt")
    found = [one for one in case.evidence.artifacts if "mode" in dict(one.facts) and not _exempt(one, globs)]
    if found:
        return failed(
            f"{counted(len(found), 'file runs', 'files run')} with the rights of its owner or group: "
            f"{named([one.locator.name for one in found])}.",
            [item(one.locator, f"mode {dict(one.facts)['mode']}", one) for one in found],
            remedy="Each is a way to the owner's rights; ask the vendor which are needed, and exempt those.",
            observed=counted(len(found), "file"),
        )
    if not any(one.locator.steps[-1].container in KEEPS_RIGHTS for one in case.evidence.artifacts):
        return Judged(Outcome.NOT_APPLICABLE, "Nothing here lies in a container that keeps the rights of files.")
    what = "file with the rights of its owner"
    return unearned(case, values, what) or passed("No file was seen that runs with the rights of its owner or group.")


def kernel_config(case: Case, values: Values) -> Judged:
    """Settings of the kernel's own configuration: those that must be on, and those that must be off."""
    found: dict[Locator, dict[str, str]] = {}
    for one in case.evidence.contents:
        if one.kind is ContentKind.KERNEL_CONFIG:
            found.setdefault(one.locator, {})[one.fingerprint.removeprefix("CONFIG_")] = one.detail
    if not found and any(one.name == "linux" for one in case.evidence.components):
        return unjudged(
            "There is a Linux kernel here, and its configuration is not in it.",
            remedy="Ask the vendor for the kernel's configuration (CONFIG_IKCONFIG, or /boot/config-VERSION).",
        )
    if not found or not listed(values, "want"):
        return Judged(Outcome.NOT_APPLICABLE, "No kernel configuration was found, or the policy asks for no setting.")
    wanted = [tuple(one.split("=", 1)) for one in listed(values, "want")]
    asked = [(place, name, value, stated.get(name, "n")) for place, stated in sorted(found.items())
             for name, value in wanted]  # fmt: skip
    bad = [(place, f"{name}={has}, not {value}") for place, name, value, has in asked if has != value]
    ratio = f"{len(asked) - len(bad)} of {counted(len(asked), 'setting')}"
    if not bad:
        return passed(f"{ratio} of the kernel are as asked.", denominator=ratio)
    return failed(
        f"{ratio} of the kernel are as asked; not so: {named(sorted({what for _, what in bad}), 3)}.",
        [item(place, what) for place, what in bad],
        remedy="Ask the vendor to build the kernel so, or why not.", denominator=ratio,
    )  # fmt: skip


def _rule(name: str, measures: str, good: Callable[[str], bool], having: str, lacking: str, not_proven: str) -> Rule:
    return Rule(
        id=f"hardening.{name}", default=Level.INFO, measures=measures,
        judge=_ratio({"rpath": "run-path", "debug-build": "stripped"}.get(name, name), good, having, lacking),
        params=(MIN, EXEMPT), not_proven=not_proven, requirements=REQUIREMENTS,
    )  # fmt: skip


def _is_yes(answer: str) -> bool:
    return answer == "yes"


RULES = (
    _rule("nx", "Programs and libraries whose stack cannot be executed.", _is_yes, "have a stack without code",
          "its stack can be executed", "Memory that a program makes executable by itself is not seen."),
    _rule("pie", "Programs that are loaded at a random address.", _is_yes, "are position-independent",
          "is loaded at a fixed address", "Whether the system uses random addresses is another question."),
    _rule("relro", "Programs and libraries whose tables of functions are read-only once they run.",
          lambda answer: answer == "full", "have read-only relocations", "relocations stay writable",
          "Tables a program makes itself stay writable."),
    _rule("canary", "Programs and libraries built with a guard against stack overflows.", _is_yes,
          "have stack guards", "no stack guard", "One guarded function is enough to count."),
    _rule("fortify", "Programs and libraries that call the checked variants of C functions.", _is_yes,
          "call checked functions", "calls no checked function", "One checked call is enough to count."),
    _rule("rwx", "Programs and libraries without memory that is writable and executable.",
          lambda answer: answer == "no", "keep code and data apart", "has memory both writable and executable",
          "Memory that a program makes so by itself is not seen."),
    _rule("rpath", "Programs and libraries that look for libraries only where the system's owner writes.", _sound_path,
          "name sound folders for libraries", "looks for libraries in an unsafe place",
          "Folders named when a program runs are not seen."),
    _rule("debug-build", "Programs and libraries without symbols for debugging.", _is_yes,
          "are without debugging symbols", "has debugging symbols", "Other traces of a test build are not looked for."),
    Rule(
        id="hardening.setuid", default=Level.INFO, judge=setuid, params=(EXEMPT, MAX_UNEXAMINED),
        measures="Files that run with the rights of their owner, whoever starts them.",
        not_proven="Rights given by capabilities or by a service manager, or when a file is installed, are not seen.",
        requirements=REQUIREMENTS,
    ),
    Rule(
        id="hardening.kernel-config", default=Level.INFO, judge=kernel_config, params=(WANT,),
        measures="Settings of the kernel that defend it or open doors, as its own configuration states them.",
        not_proven="Which kernel runs, and what is set when it starts, is not seen.",
        requirements=REQUIREMENTS,
    ),
)  # fmt: skip
