"""Reading typed values out of a registry file, each mistake with file, line, column and a suggestion."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from fwverify.errors import TrustStoreError
from fwverify.formats.strict_yaml import Node

_IDENTIFIER = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})")


@dataclass(frozen=True, slots=True)
class Place:
    """A value of a file, for messages."""

    file: str
    node: Node

    def error(self, what: str, todo: str = "") -> TrustStoreError:
        return TrustStoreError(what, where=f"{self.file}:{self.node.line}:{self.node.column}", todo=todo)

    def at(self, node: Node) -> Place:
        return Place(self.file, node)

    def text(self) -> str:
        """A text that is not empty."""
        if self.node.text is None:
            raise self.error(f"this must be a text, not {self.node.kind}")
        if not self.node.text.strip():
            raise self.error("this must not be empty")
        return self.node.text

    def choice(self, allowed: Collection[str]) -> str:
        value = self.text()
        if value not in allowed:
            raise self.error(f"{value!r} is not one of {', '.join(sorted(allowed))}", suggestion(value, allowed))
        return value

    def identifier(self) -> str:
        value = self.text()
        if not _IDENTIFIER.fullmatch(value):
            raise self.error(f"{value!r} is no id: lower-case letters, digits, dot, dash and underscore, at most 64")
        return value

    def fingerprint(self) -> str:
        """A SHA-256 in hexadecimal; blanks and colons between the digits are allowed."""
        value = plain_fingerprint(self.text())
        if not re.fullmatch(r"[0-9a-f]{64}", value):
            raise self.error("a fingerprint is a SHA-256: 64 hexadecimal digits")
        return value

    def moment(self, *, end_of_day: bool = False) -> str:
        """A date or RFC 3339 time as RFC 3339 in UTC, whole seconds."""
        value = self.text()
        try:
            return moment(value, end_of_day=end_of_day)
        except ValueError:
            raise self.error(f"{value!r} is no date", "Write 2027-06-30 or 2027-06-30T12:00:00Z.") from None

    def texts(self) -> tuple[str, ...]:
        return tuple(one.text() for one in self.items())

    def items(self) -> tuple[Place, ...]:
        if self.node.items is None:
            raise self.error(f"this must be a list, not {self.node.kind}")
        return tuple(self.at(one) for one in self.node.items)

    def table(self, required: Sequence[str], optional: Sequence[str] = ()) -> dict[str, Place]:
        """The entries by key. An unknown or missing key is an error."""
        if self.node.table is None:
            raise self.error(f"this must be a table of 'key: value', not {self.node.kind}")
        for name, entry in self.node.table.items():
            if name not in (*required, *optional):
                raise self.at(entry.key).error(f"{name!r} is not known here", suggestion(name, (*required, *optional)))
        for name in required:
            if name not in self.node.table:
                raise self.error(f"{name!r} is missing")
        return {name: self.at(entry.value) for name, entry in self.node.table.items()}


def suggestion(value: str, allowed: Collection[str]) -> str:
    near = difflib.get_close_matches(value, allowed, n=1, cutoff=0.6)
    return f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(sorted(allowed))}."


def plain_fingerprint(text: str) -> str:
    """Digits alone, lower case."""
    return re.sub(r"[\s:]", "", text).lower()


def moment(text: str, *, end_of_day: bool = False) -> str:
    """A date (its first or last second, UTC) or RFC 3339 time as RFC 3339 in UTC. Raises ValueError."""
    if _DATE.fullmatch(text):
        clock = "T23:59:59Z" if end_of_day else "T00:00:00Z"
        return datetime.fromisoformat(text).date().isoformat() + clock
    if not _TIME.fullmatch(text):
        raise ValueError(text)
    when = datetime.fromisoformat(re.sub(r"\.\d+", "", text.upper()))
    try:
        return when.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"  # strftime would write the year 1 as "1"
    except OverflowError:
        raise ValueError(text) from None
