"""A release that single files of a package cannot establish counts where the others agree."""

from __future__ import annotations

from fwverify.identify.conclude import conclude
from fwverify.identify.interface import PLUG_IN, TENTATIVE
from fwverify.model.artifact import Locator, Step
from fwverify.model.component import Clue

ROOT = Locator((Step("fw.bin"),))


def doubtful(version: str, file: str, confidence: int = TENTATIVE) -> Clue:
    return Clue("tinc", version, ROOT.into("ext", file), "own-name", confidence, version)


def told(*clues: Clue) -> list[str]:
    return [one.version for one in conclude(clues)]


def test_one_program_is_enough() -> None:
    """Nothing says otherwise."""
    assert told(doubtful("1.2.36", "bin/a")) == ["1.2.36"]


def test_one_plug_in_is_not() -> None:
    """It may be the release of what it plugs in; two that agree are enough."""
    assert told(doubtful("1.2.36", "a.so", PLUG_IN)) == [""]
    assert told(doubtful("1.2.36", "a.so", PLUG_IN), doubtful("1.2.36", "b.so", PLUG_IN)) == ["1.2.36"]


def test_programs_go_before_plug_ins() -> None:
    """However many those are."""
    others = [doubtful("2.5.2", f"{at}.so", PLUG_IN) for at in range(5)]
    assert told(doubtful("1.2.36", "bin/a"), *others) == ["1.2.36"]


def test_disagreeing() -> None:
    """Neither of two; three of four outvote one."""
    assert told(doubtful("1.2.36", "bin/a"), doubtful("2.11.4", "bin/b")) == [""]
    most = [doubtful("1.2.36", f"bin/{at}") for at in "abc"]
    assert told(*most, doubtful("2.11.4", "bin/d")) == ["1.2.36"]


def test_surer_ones_go_before() -> None:
    """What anything else says of the product stands, and alone."""
    sure = Clue("tinc", "1.0.9", ROOT.into("ext", "bin/z"), "version-string", 90, "tinc 1.0.9")
    assert told(sure, doubtful("1.2.36", "bin/a"), doubtful("1.0.9", "bin/b")) == ["1.0.9"]


def test_other_products_do_not_matter() -> None:
    """Each product is counted by itself, and other detectors' clues are left as they are."""
    other = Clue("dash", "0.5.12", ROOT.into("ext", "bin/dash"), "version-string", 90, "dash")
    low = Clue("lua", "5.4.6", ROOT.into("ext", "bin/lua"), "build-path", 50, "lua")
    assert sorted(told(other, low, doubtful("1.2.36", "bin/a"))) == ["0.5.12", "1.2.36", "5.4.6"]
