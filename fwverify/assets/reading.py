"""Strict reading of the operator's own small files: every mistake with file, line, column and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from fwverify.errors import UsageError
from fwverify.formats.strict_yaml import ADVICE, Entry, Node, YamlProblem, load


class Reader:
    """One file; holds its name for the messages."""

    def __init__(self, source: str) -> None:
        self.source = source

    def error(self, node: Node, what: str, todo: str = "") -> UsageError:
        return UsageError(what, where=f"{self.source}:{node.line}:{node.column}", todo=todo)

    def root(self, text: str, language: tuple[str, str], known: Sequence[str]) -> dict[str, Entry]:
        """The table of the file, which must say what it is. Raises UsageError."""
        try:
            node = load(text)
        except YamlProblem as problem:
            where = f"{self.source}:{problem.line}:{problem.column}"
            raise UsageError(problem.what, where=where, todo=ADVICE) from None
        table = self.table(node, "the file", known)
        key, wanted = language
        stated = table.get(key)
        if stated is None or stated.value.text != wanted:
            raise self.error(stated.value if stated else node, f"this is none: it does not say `{key}: {wanted}`")
        return table

    def table(self, node: Node, what: str, known: Sequence[str] = ()) -> dict[str, Entry]:
        """A table; with `known`, of these keys alone. Raises UsageError."""
        if node.table is None:
            raise self.error(node, f"{what} must be a table of 'key: value', not {node.kind}")
        for name, entry in node.table.items():
            if known and name not in known:
                close = get_close_matches(name, known, n=1)
                guess = f" Did you mean {close[0]!r}?" if close else ""
                raise self.error(entry.key, f"{what} has no key {name!r}.{guess}", f"Known: {', '.join(known)}.")
        return node.table

    def text(self, table: dict[str, Entry], name: str) -> str:
        """The text under a key; empty where there is none. Raises UsageError."""
        entry = table.get(name)
        if entry is None:
            return ""
        if entry.value.text is None:
            raise self.error(entry.value, f"{name} must be a text, not {entry.value.kind}")
        return entry.value.text.strip()
