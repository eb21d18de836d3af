"""The only door to YAML: values with line and column; duplicate keys and surprises are refused.

Every scalar stays a string (YAML 1.2 text, as written): types are the schema's business. `1.10` stays `1.10`, `NO`
stays `NO`. Aliases, anchors, tags, merge keys and more than one document are refused, because each of them lets a
reviewer read something else than the loader does. PyYAML composes nodes; its constructors are never used.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import yaml

MAX_DEPTH = 32
"""Nesting of a configuration file. Ours need 5."""


MAX_VALUES = 250_000
"""Values and keys of a configuration file. A register of 10,000 units has 180,000; reading so many takes seconds."""


class YamlProblem(ValueError):
    """Not acceptable as configuration; says where (1-based line and column)."""

    def __init__(self, what: str, line: int, column: int) -> None:
        self.what, self.line, self.column = what, line, column
        super().__init__(f"{line}:{column}: {what}")


@dataclass(frozen=True, slots=True)
class Node:
    """A value with its place. Exactly one of text, items, table is not None."""

    line: int
    column: int
    text: str | None = None
    items: tuple[Node, ...] | None = None
    table: dict[str, Entry] | None = None

    @property
    def kind(self) -> str:
        """Plain words for messages."""
        return "a text" if self.text is not None else "a list" if self.items is not None else "a table"

    def problem(self, what: str) -> YamlProblem:
        return YamlProblem(what, self.line, self.column)


@dataclass(frozen=True, slots=True)
class Entry:
    """One `key: value` of a table, with the place of the key."""

    key: Node
    value: Node


ADVICE = "Look at that line and the one before it: indentation, a missing quote or bracket, a text with ': ' in it."
"""What to do where a person wrote the file."""


def load(text: str) -> Node:
    """Read one document. Raises YamlProblem."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml where PyYAML was built with it: 4 times faster
    try:
        for count, (event, depth) in enumerate(_nested(yaml.parse(text, Loader=loader))):
            if count > MAX_VALUES:
                raise YamlProblem(f"more than {MAX_VALUES} values", *_place(event.start_mark))
            if _is_marked(event):
                raise YamlProblem("anchors, aliases and tags are not accepted", *_place(event.start_mark))
            if depth > MAX_DEPTH:  # before composing, which recurses in C and takes the process with it
                raise YamlProblem("nested too deeply", *_place(event.start_mark))
        nodes = list(yaml.compose_all(text, Loader=loader))
    except yaml.MarkedYAMLError as problem:
        place = _place(problem.problem_mark, problem.context_mark)
        raise YamlProblem(f"not YAML: {problem.problem or problem.context}", *place) from None
    except yaml.YAMLError as problem:
        raise YamlProblem(f"not YAML: {problem}".splitlines()[0], 1, 1) from None
    if len(nodes) != 1:
        raise YamlProblem("the file is empty" if not nodes else "more than one YAML document", 1, 1)
    return _convert(nodes[0], 0)


def _nested(events: Iterable[yaml.Event]) -> Iterator[tuple[yaml.Event, int]]:
    """Each event with the number of lists and tables around it."""
    import yaml

    depth = 0
    for event in events:
        depth -= isinstance(event, yaml.CollectionEndEvent)
        yield event, depth
        depth += isinstance(event, yaml.CollectionStartEvent)


def _place(*marks: yaml.error.Mark | yaml._yaml.Mark | None) -> tuple[int, int]:
    """Line and column, 1-based, of the first mark that is there."""
    for mark in marks:
        if mark is not None:
            return mark.line + 1, mark.column + 1
    return 1, 1


def _is_marked(event: object) -> bool:
    """True for an event with an anchor, an alias or an explicit tag."""
    return bool(getattr(event, "anchor", None) or getattr(event, "tag", None))


def _convert(node: object, depth: int) -> Node:
    import yaml

    assert isinstance(node, yaml.Node)  # noqa: S101 - compose yields nothing else
    line, column = node.start_mark.line + 1, node.start_mark.column + 1
    if depth > MAX_DEPTH:
        raise YamlProblem("nested too deeply", line, column)
    if isinstance(node, yaml.ScalarNode):
        return Node(line, column, text=node.value)
    if isinstance(node, yaml.SequenceNode):
        return Node(line, column, items=tuple(_convert(one, depth + 1) for one in node.value))
    table: dict[str, Entry] = {}
    for raw_key, raw_value in node.value:
        key = _convert(raw_key, depth + 1)
        if key.text is None:
            raise key.problem("a key must be a text")
        if key.text == "<<":
            raise key.problem("merge keys are not accepted")
        if key.text in table:
            raise key.problem(f"{key.text!r} is given twice (first in line {table[key.text].key.line})")
        table[key.text] = Entry(key, _convert(raw_value, depth + 1))
    return Node(line, column, table=table)
