"""What the codes on rules stand for: documents, editions, clauses, as the data file requirements.yaml has them.

Nothing here says that anybody complies with anything: rules give evidence, whoever is responsible judges. A citation is
printed with the day it was last looked up, and past its date it says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from functools import cache
from importlib import resources

from fwverify.formats import strict_yaml
from fwverify.formats.strict_yaml import Node

SEEN = {
    "primary": "read in the document itself",
    "secondary": "as others report it",
    "memory": "not looked up: check it before you cite it",
}
"""How well a citation is known, and its words."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """One clause that rules speak to."""

    code: str
    """As rules carry it: `N1`, `A SI-7(15)`."""
    document: str
    edition: str
    clause: str
    says: str
    """What it asks, in our words."""
    gives: str
    """What a rule's outcome can show for it."""
    outside: str
    """What it cannot."""
    seen: str
    """One of SEEN."""
    checked_on: str
    """ISO date."""
    valid_until: str
    """ISO date after which the citation must be looked up again."""

    @property
    def citation(self) -> str:
        """`NERC CIP-010-4 R1 Part 1.6.1`."""
        return f"{self.document}, {self.clause}"

    def state(self, at: str) -> str:
        """How well it is known as of a time, in plain words."""
        past = f"; PAST ITS DATE ({self.valid_until}): look it up again" if at[:10] > self.valid_until else ""
        return f"{SEEN[self.seen]} ({self.checked_on}){past}"


@cache
def requirements() -> Mapping[str, Requirement]:
    """The data file, read once, by code. Raises YamlProblem where it is not as it should be: a bug."""
    root = strict_yaml.load(resources.files("fwverify.report").joinpath("requirements.yaml").read_text("utf-8"))
    top = root.table or {}
    if list(top) != ["requirements"] or top["requirements"].value.table is None:
        raise root.problem("`requirements:` and nothing else")
    return {code: _requirement(code, entry.value) for code, entry in top["requirements"].value.table.items()}


def _requirement(code: str, node: Node) -> Requirement:
    names = {one.name.replace("_", "-"): one.name for one in fields(Requirement)[1:]}
    table = node.table or {}
    if table.keys() != names.keys():
        raise node.problem(f"its keys are {', '.join(names)}")
    values = {name: table[key].value.text or "" for key, name in names.items()}
    if not all(values.values()) or values["seen"] not in SEEN:
        raise node.problem("every key has a text, and `seen` is one of " + ", ".join(SEEN))
    for name in ("checked_on", "valid_until"):
        date.fromisoformat(values[name])
    return Requirement(code, **values)


def titles(at: str) -> dict[str, str]:
    """Code -> clause, what it asks, and how well that is known as of a time: one text for each, for tables."""
    return {
        one.code: f"{one.citation} ({one.edition}): {one.says}. {_sentence(one.state(at))}."
        for one in requirements().values()
    }


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
