"""Reading a configuration text field by field, so that every mistake says file:line:column. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date

from fwverify.errors import FwverifyError
from fwverify.evaluate.values import did_you_mean
from fwverify.formats.strict_yaml import ADVICE, Entry, Node, YamlProblem, load


def is_day(text: str) -> bool:
    """True for 2027-06-30 and nothing else: days are compared as texts, and `2026-W01-1` is a day to Python, too."""
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", text) is not None


class Fields:
    """The fields of one file, as far as every kind of file needs the same."""

    mistake: type[FwverifyError] = FwverifyError
    """What a mistake in this kind of file is raised as."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.table: Mapping[str, Entry] = {}

    def error(self, node: Node, what: str, todo: str = "") -> FwverifyError:
        return self.mistake(what, where=f"{self.source}:{node.line}:{node.column}", todo=todo)

    def root(self, text: str) -> Node:
        """The whole document."""
        try:
            return load(text)
        except YamlProblem as problem:
            where = f"{self.source}:{problem.line}:{problem.column}"
            raise self.mistake(problem.what, where=where, todo=ADVICE) from None

    def language(self, root: Node, wanted: str, noun: str) -> None:
        """`fwverify: policy/1` and the like: the first thing to be right."""
        stated = self.head("fwverify")
        if stated is None:
            raise self.error(root, f"not a fwverify {noun}: `fwverify: {wanted}` is missing")
        if stated.text != wanted:
            raise self.error(stated, f"{noun} language {stated.text!r} is not known; this fwverify reads {wanted}")

    def head(self, name: str) -> Node | None:
        found = self.table.get(name)
        return found.value if found else None

    def text(self, node: Node, what: str) -> str:
        if node.text is None:
            raise self.error(node, f"{what} must be a text, not {node.kind}")
        return node.text

    def texts(self, node: Node, what: str) -> tuple[str, ...]:
        if node.items is None:
            raise self.error(node, f"{what} must be a list, like [one, two], not {node.kind}")
        return tuple(self.text(one, f"an entry of {what}") for one in node.items)

    def entries(self, node: Node, what: str, known: Sequence[str]) -> dict[str, Entry]:
        """A table whose keys are all known."""
        if node.table is None:
            raise self.error(node, f"{what} must be a table of 'key: value', not {node.kind}")
        for key, entry in node.table.items():
            if key not in known:
                raise self.error(entry.key, f"{what} has no key {key!r}.{did_you_mean(key, known)}",
                                 f"Known keys: {', '.join(known)}.")  # fmt: skip
        return node.table

    def needed(self, root: Node, name: str, noun: str) -> Node:
        """A field that must be there. Raises."""
        node = self.head(name)
        if node is None:
            raise self.error(root, f"the {noun} has no {name}", f"Add `{name}:`.")
        return node

    def said(self, root: Node, name: str, noun: str) -> str:
        """The text of a field that must say something."""
        node = self.needed(root, name, noun)
        text = self.text(node, name)
        if not text.strip():
            raise self.error(node, f"{name} is empty")
        return text

    def day(self, node: Node, name: str) -> str:
        """An ISO date, and only in its long form."""
        text = self.text(node, name)
        if not is_day(text):
            raise self.error(node, f"{name} must be a date like 2027-06-30, not {node.text!r}")
        return text
