"""Changing keys/<vendor>.yaml as text: the file belongs to people, so lines are inserted and single values replaced.

Nothing else that stands there is touched, so comments and order stay. The new content is loaded before it replaces
the old, in one step; a file whose layout does not allow the change is left alone and the lines are shown for pasting.

Does not do: removing entries, reading the clock.
"""

from __future__ import annotations

import dataclasses
import json
import os
import re
import tempfile
from collections.abc import Iterable
from pathlib import Path

from fwverify.errors import TrustStoreError
from fwverify.formats import strict_yaml
from fwverify.formats.strict_yaml import Node
from fwverify.model.evidence import KeyRecord
from fwverify.trust.registry import parse_vendor
from fwverify.trust.store import PinnedKey
from fwverify.trust.vouching import VOUCHED


def quoted(text: str) -> str:
    """A double-quoted YAML scalar; JSON's quoting is a part of YAML's for printable text."""
    return json.dumps(text, ensure_ascii=False)


def lines_of(path: Path) -> list[str]:
    """Lines as they stand, a carriage return included."""
    return path.read_bytes().decode("utf-8").removesuffix("\n").split("\n")


def entry_of(lines: list[str], key_id: str) -> Node:
    """The entry with this id; the file was loaded before, so it is there."""
    entries = items(strict_yaml.load("\n".join(lines) + "\n"), "keys")
    return next(one for one in entries if value(one, "id") == key_id)


def items(node: Node, name: str) -> tuple[Node, ...]:
    entry = (node.table or {}).get(name)
    return (entry.value.items or ()) if entry is not None else ()


def value(node: Node, name: str) -> str:
    entry = (node.table or {}).get(name)
    return (entry.value.text or "") if entry is not None else ""


def inserted(lines: list[str], among: tuple[Node, ...], entry: list[str]) -> list[str]:
    """The lines with `entry` after the last item of a block list: after every line indented deeper than its dash."""
    start = among[-1].line - 1 if among else -1
    dash = re.match(r"(\s*)- ", lines[start]) if among else None
    if dash is None:
        raise TrustStoreError("the list is not written as '- ' lines", todo=paste(entry))
    end = _end(lines, start, len(dash[1]))
    return [*lines[:end], *(dash[1] + one for one in entry), *lines[end:]]


def with_fields(lines: list[str], entry: Node, changed: dict[str, str], added: list[str]) -> list[str]:
    """The lines with plain values of one entry replaced, or added where they are missing, and further lines.

    Args:
        lines: of the file.
        entry: of the list `keys`.
        changed: name -> new value, without blanks or quotes.
        added: whole lines of new fields, without indentation.
    """
    dash = re.match(r"(\s*- +)", lines[entry.line - 1])
    new = [*(f"{name}: {text}" for name, text in changed.items() if name not in (entry.table or {})), *added]
    if dash is None:
        raise TrustStoreError(
            "the entry is not written as lines", todo=paste([f"{k}: {v}" for k, v in changed.items()])
        )
    out = list(lines)
    for name, text in changed.items():
        was = (entry.table or {}).get(name)
        if was is not None:
            out[was.value.line - 1] = _replaced(out[was.value.line - 1], was.value, text)
    end = _end(out, entry.line - 1, len(dash[1]) - 1)
    return [*out[:end], *(" " * len(dash[1]) + one for one in new), *out[end:]]


def _replaced(line: str, node: Node, text: str) -> str:
    before, after = line[: node.column - 1], line[node.column - 1 :]
    old = re.match(r"\"[^\"]*\"|'[^']*'|[^\s,}]+", after)
    if old is None:
        raise TrustStoreError("the value cannot be replaced where it stands", todo=paste([text]))
    return before + text + after[old.end() :]


def _end(lines: list[str], start: int, depth: int) -> int:
    """Line number behind the last line of the item that begins at `start`, whose dash has `depth` blanks before it."""
    end = start + 1
    for at in range(start + 1, len(lines)):
        indent = len(lines[at]) - len(lines[at].lstrip())
        if lines[at].strip() and indent <= depth:
            break
        if lines[at].strip():
            end = at + 1
    return end


def paste(entry: Iterable[str]) -> str:
    """What to do where the text cannot be changed."""
    return "Add this by hand:\n    " + "\n    ".join(entry)


def replace(folder: Path, path: Path, lines: list[str], key_id: str, before: str) -> KeyRecord:
    """Load the new content; when it is the old plus this change of one entry, put it in place."""
    text = "\n".join(lines) + "\n"
    found = {one.record.id: one for one in parse_vendor(text, path.name, folder).keys}
    was = {one.record.id: _own(one) for one in parse_vendor(before, path.name, folder).keys} if before else {}
    now = {name: _own(one) for name, one in found.items()}
    kept = all(now.get(name) == one for name, one in was.items() if name != key_id)
    if key_id not in now or not kept or len(now) != len({*was, key_id}):
        raise TrustStoreError("the entry cannot be changed without changing others", where=str(path))
    write(path, text.encode())
    return found[key_id].record


def _own(one: PinnedKey) -> PinnedKey:
    """The entry without what other keys say of it: that changes when one of them is revoked."""
    sources = tuple(source for source in one.record.sources if not source.channel.startswith(VOUCHED))
    return dataclasses.replace(one, record=dataclasses.replace(one.record, sources=sources))


def write(path: Path, content: bytes) -> None:
    """Whole or not at all."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".new")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except OSError as problem:
        Path(name).unlink(missing_ok=True)
        raise TrustStoreError(f"it cannot be written ({problem.strerror})", where=str(path)) from None
