"""What the readers of SBOMs share: bounded texts of an entry, and what is wrong with it, by kind and place.

Pure. Does NOT know any format.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from fwverify.compare.identifiers import declared_digest, parsed_cpe, parsed_purl
from fwverify.compare.versions import same_version
from fwverify.formats.strict_json import Value
from fwverify.model.artifact import Digest
from fwverify.model.evidence import DocumentFault, FaultKind

Table = dict[str, Value]

MAX_TEXT = 1024
"""Characters kept of a name, version or reference. Longer ones are cut, and that is a problem of the entry."""
MAX_PROBLEMS = 1000
"""Problems listed; one more line tells how many there are beyond."""
MAX_FAULTS = 200
"""Faults listed of each kind."""
MAX_TOLD = 10
"""Problems of one entry told with the entry itself."""


@dataclass(slots=True)
class Problems:
    """What is wrong with the document, in the order it is met."""

    texts: list[str] = field(default_factory=list)
    more: int = 0
    faults: list[DocumentFault] = field(default_factory=list)
    counts: Counter[FaultKind] = field(default_factory=Counter)

    def add(self, pointer: str, text: str, kind: FaultKind = FaultKind.ENTRY) -> None:
        if len(self.texts) < MAX_PROBLEMS:
            self.texts.append(f"{pointer}: {text}")
        else:
            self.more += 1
        self.note(pointer, text, kind)

    def note(self, pointer: str, text: str, kind: FaultKind) -> None:
        """A fault of the document that is no problem of reading it."""
        self.counts[kind] += 1
        if self.counts[kind] <= MAX_FAULTS:
            self.faults.append(DocumentFault(kind, pointer, text))

    def all(self) -> tuple[str, ...]:
        return (*self.texts, *([f"and {self.more} more problems"] if self.more else []))


@dataclass(slots=True)
class Entry:
    """One entry being read: its values, its place and what is wrong with it."""

    table: Table
    pointer: str
    wrong: list[tuple[FaultKind, str]] = field(default_factory=list)

    def bad(self, text: str, kind: FaultKind = FaultKind.ENTRY) -> None:
        self.wrong.append((kind, text))

    def told(self) -> str:
        """Its problems in one line."""
        return "; ".join(text for _, text in self.wrong[:MAX_TOLD])

    def report(self, problems: Problems) -> None:
        for kind, text in self.wrong:
            problems.add(self.pointer, text, kind)

    def text(self, key: str) -> str:
        value = self.table.get(key)
        if value is None:
            return ""
        if not isinstance(value, str):
            self.bad(f"{key} is not a text")
            return ""
        if len(value) > MAX_TEXT:
            self.bad(f"{key} has {len(value)} characters and was cut")
        return value[:MAX_TEXT]

    def tables(self, key: str) -> Iterator[Table]:
        """The objects of a list; everything else is a problem."""
        value = self.table.get(key)
        if value is None:
            return
        if not isinstance(value, list):
            self.bad(f"{key} is not a list")
            return
        for one in value:
            if isinstance(one, dict):
                yield one
            else:
                self.bad(f"{key} holds something that is not an object")

    def inner(self, key: str) -> Entry:
        """The object below a key, whose problems are this entry's; anything else is a problem and counts as empty."""
        value = self.table.get(key)
        if value is not None and not isinstance(value, dict):
            self.bad(f"{key} is not an object")
        return Entry(value if isinstance(value, dict) else {}, self.pointer, self.wrong)

    def purl(self, text: str, version: str) -> str:
        """A package URL that is one; a bad one is a problem and counts as none."""
        if not text:
            return ""
        parts = parsed_purl(text)
        if parts is None:
            self.bad(f"bad purl {text[:80]!r}", FaultKind.IDENTIFIER)
            return ""
        if same_version(version, parts.version, parts.type) is False:
            self.bad(f"version {version[:40]!r} and its purl's {parts.version[:40]!r} differ", FaultKind.IDENTIFIER)
        return text

    def cpe(self, text: str, version: str = "") -> str:
        """A CPE name that is one; a bad one is a problem and counts as none."""
        if not text:
            return ""
        name = parsed_cpe(text)
        if name is None:
            self.bad(f"bad CPE name {text[:80]!r}", FaultKind.IDENTIFIER)
            return ""
        if same_version(version, name.version) is False:
            self.bad(f"version {version[:40]!r} and its CPE's {name.version[:40]!r} differ", FaultKind.IDENTIFIER)
        return text

    def digest(self, algorithm: Value, value: Value, names: dict[str, str] | None = None) -> Digest | None:
        """A hash; a bad one is a problem and counts as none. `names` translates a format's algorithm names."""
        if not isinstance(algorithm, str) or not isinstance(value, str):
            self.bad("a hash without algorithm or value", FaultKind.IDENTIFIER)
            return None
        known = algorithm if names is None else names.get(algorithm, algorithm)
        digest = declared_digest(known, value)
        if isinstance(digest, Digest):
            return digest
        self.bad(digest, FaultKind.IDENTIFIER)
        return None


def table(value: Value | None) -> Table:
    return value if isinstance(value, dict) else {}


def texts(value: Value | None) -> list[str]:
    """The texts of a list; a single text counts as a list of one."""
    if isinstance(value, str):
        return [value[:MAX_TEXT]]
    return [one[:MAX_TEXT] for one in value if isinstance(one, str)] if isinstance(value, list) else []


def label(name: str, version: str) -> str:
    """How an entry is called in messages."""
    return f"{name} {version}".strip()[:200] or "(no name)"
