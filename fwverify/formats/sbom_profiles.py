"""Profiles of minimum elements of SBOMs, as the data file sbom_profiles.yaml has them: read and checked whole.

Each says its edition, its source and when that was read. Does NOT look at documents, and claims no compliance: that an
element is there does not make it true.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from fwverify.formats import strict_yaml
from fwverify.formats.strict_yaml import Node

NAMES = ("ntia-2021", "cisa-2025", "bsi-2.1")
"""The profiles there are, in the order of their editions."""
_TEXTS = ("title", "publisher", "edition", "status", "source", "checked-on")


@dataclass(frozen=True, slots=True)
class Profile:
    """What one publication asks for."""

    name: str
    title: str
    publisher: str
    edition: str
    status: str
    source: str
    checked_on: str
    """When the source was last read."""
    formats: tuple[tuple[str, str], ...]
    """Format and oldest version; empty: any."""
    document: tuple[str, ...]
    component: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Profiles:
    """The data file."""

    elements: Mapping[str, str]
    """What each element is, in plain words."""
    profiles: Mapping[str, Profile]


@cache
def profiles() -> Profiles:
    """The data file, read once. Raises YamlProblem where it is not as it should be: a bug."""
    root = strict_yaml.load(resources.files("fwverify.formats").joinpath("sbom_profiles.yaml").read_text("utf-8"))
    top = _table(root, {"elements", "profiles"})
    elements = {name: _text(node) for name, node in _table(top["elements"]).items()}
    found = {name: _profile(name, node, elements) for name, node in _table(top["profiles"]).items()}
    if tuple(found) != NAMES:
        raise top["profiles"].problem(f"the profiles are {', '.join(NAMES)}, in this order")
    return Profiles(elements, found)


def _profile(name: str, node: Node, elements: Mapping[str, str]) -> Profile:
    table = _table(node)
    unknown = table.keys() - {*_TEXTS, "formats", "document", "component"}
    if unknown:
        raise node.problem(f"unknown keys {', '.join(sorted(unknown))}")
    title, publisher, edition, status, source, checked_on = (_text(table[key]) for key in _TEXTS)
    formats = tuple((key, _text(one)) for key, one in _table(table["formats"]).items()) if "formats" in table else ()
    document, component = (_elements(table[key], elements) for key in ("document", "component"))
    return Profile(name, title, publisher, edition, status, source, checked_on, formats, document, component)


def _elements(node: Node, elements: Mapping[str, str]) -> tuple[str, ...]:
    names = tuple(_text(one) for one in node.items or ())
    for one in names:
        if one not in elements:
            raise node.problem(f"no such element: {one}")
    return names


def _table(node: Node, keys: set[str] | None = None) -> dict[str, Node]:
    if node.table is None:
        raise node.problem(f"a table is needed, this is {node.kind}")
    found = {key: entry.value for key, entry in node.table.items()}
    if keys is not None and found.keys() != keys:
        raise node.problem(f"its keys are {', '.join(sorted(keys))}")
    return found


def _text(node: Node) -> str:
    if node.text is None:
        raise node.problem(f"a text is needed, this is {node.kind}")
    return node.text
