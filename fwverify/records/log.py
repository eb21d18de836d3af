"""The log of decisions: append-only, one JSON line an entry, under a signed Merkle tree (docs/evidence-log.md).

    entries.jsonl   one entry a line, canonical JSON: digests only, no finding
    checkpoint      size and root, signed: what the log says of itself (records.notes)
    lock            held by the one who writes

What is believed is what the checkpoint covers, and nothing behind it. So an append is:

1. take the lock; 2. read the checkpoint and check it, and the entries against it; 3. cut off what a crash left behind
the last believed entry; 4. write the new line, and have it on the disk; 5. write the new checkpoint beside the old one,
and have it on the disk; 6. put it in the old one's place, and have that on the disk.

A crash before 6 leaves the old log; after it the new one. More than one unfinished entry, or a log without its
checkpoint, is no crash: then nothing is appended. Needs a file system whose locks and renames work (not every network
share). Does not keep anybody from replacing the whole folder by an older copy: that shows against a checkpoint kept
elsewhere.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fwverify.errors import RecordError
from fwverify.formats import strict_json
from fwverify.formats.rekor import Checkpoint
from fwverify.limits import LimitExceeded
from fwverify.model.canonical import canonical
from fwverify.model.examining import Malformed
from fwverify.records import merkle, notes
from fwverify.records.notes import ORIGIN, Proof

if TYPE_CHECKING:
    from fwverify.records.signing import Signer, SiteKey

SCHEMA = "https://fwverify.example/log-entry/1"
ENTRIES, CHECKPOINT, LOCK = "entries.jsonl", "checkpoint", "lock"
MAX_ENTRY_BYTES = 4096
"""One line. An entry of this version has about 400 bytes."""
MAX_LOG_BYTES = 1 << 30
"""Two million entries."""
FIELDS = ("schema", "index", "time", "decision", "report", "evidence", "policy")
_CHECK = "Look first: fwverify evidence log verify"

Step = Callable[[str], None]
"""Told before each step that touches the disk. Tests end the process there."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One decision, by digests (SHA-256, hexadecimal)."""

    time: str
    """RFC 3339, UTC: when it was appended, by the clock of who appended it."""
    decision: str
    report: str
    """Of report.json."""
    evidence: str
    policy: str

    def line(self, index: int) -> bytes:
        """The entry as the log has it, without the line break: the leaf of the tree."""
        return canonical(
            {
                "schema": SCHEMA, "index": index, "time": self.time, "decision": self.decision, "report": self.report,
                "evidence": self.evidence, "policy": self.policy,
            }
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Log:
    """A log as it was read. `rest` is not part of it."""

    note: str
    """The checkpoint, verbatim."""
    checkpoint: Checkpoint
    lines: tuple[bytes, ...]
    """What the checkpoint covers."""
    rest: bytes
    """What stands behind it, unfinished."""

    def leaves(self) -> list[bytes]:
        return [merkle.leaf(one) for one in self.lines]

    def proof(self, index: int) -> Proof:
        """That an entry is in the log. Raises RecordError."""
        if not 0 <= index < len(self.lines):
            raise RecordError(f"there is no entry {index}; the last one is {len(self.lines) - 1}")
        return Proof(index, merkle.inclusion(index, self.leaves()), self.note)


def read(folder: Path) -> Log:
    """A log, unchecked but for its shape. Raises RecordError."""
    raw = _file(folder / CHECKPOINT, notes.MAX_NOTE_BYTES)
    try:
        found = notes.read(raw)
    except Malformed as problem:
        raise RecordError(f"is no checkpoint: {problem.reason}", where=str(folder / CHECKPOINT)) from None
    content = _file(folder / ENTRIES, MAX_LOG_BYTES) if found.size or (folder / ENTRIES).exists() else b""
    lines, rest = _split(content, found.size)
    return Log(raw.decode(), found, tuple(lines), rest)


def _split(content: bytes, size: int) -> tuple[list[bytes], bytes]:
    """The first `size` whole lines and what is behind them; fewer lines where there are fewer."""
    parts = content.split(b"\n", size) if size else [content]
    return parts[:-1], parts[-1]


def problems(log: Log) -> tuple[str, ...]:
    """What is wrong with the entries under their checkpoint; empty: nothing. Signatures are another question."""
    if len(log.lines) < log.checkpoint.size:
        return (f"{log.checkpoint.size} entries were signed, {len(log.lines)} are there: the end is missing",)
    found: list[str] = []
    for index, line in enumerate(log.lines):
        if (problem := _wrong(line, index)) and len(found) < 20:
            found.append(f"entry {index} {problem}")
    return (*found, *filter(None, (not_signed(log),)))


def not_signed(log: Log) -> str:
    """Why the entries are not those of the checkpoint; empty: they are."""
    if merkle.root(log.leaves()) == log.checkpoint.root and len(log.lines) == log.checkpoint.size:
        return ""
    return "the entries are not those that were signed: one of them was changed, removed or put in"


def entry_of(line: bytes, index: int) -> Entry | None:
    """The entry of a line; None for what is none or stands in the wrong place."""
    try:
        table = strict_json.load(line, "log entry", max_bytes=MAX_ENTRY_BYTES)
    except (Malformed, LimitExceeded):
        return None
    match table:
        case {
            "schema": str(schema), "index": int(number), "time": str(time), "decision": str(decision),
            "report": str(report), "evidence": str(evidence), "policy": str(policy),
        } if schema == SCHEMA and number == index:  # fmt: skip
            return Entry(time, decision, report, evidence, policy)
    return None


def _wrong(line: bytes, index: int) -> str:
    found = entry_of(line, index)
    if found is None:
        return "is not an entry of this place"
    return "" if found.line(index) == line else "is not in canonical form"


def unfinished(log: Log) -> str:
    """What a crash left, in words; empty: nothing."""
    return f"{len(log.rest)} bytes behind the last entry were never finished, and count for nothing" if log.rest else ""


def no_crash(log: Log) -> str:
    """Why what stands behind the last believed entry was not left by a crash; empty: it may have been."""
    if log.rest.count(b"\n") > 1 or len(log.rest) > MAX_ENTRY_BYTES:
        return "more than one entry stands behind the last signed one: its checkpoint is not the newest"
    return ""


def create(folder: Path, origin: str, signer: Signer, key: SiteKey, step: Step = lambda _: None) -> None:
    """A log without entries. Raises RecordError."""
    if not ORIGIN.fullmatch(origin):
        todo = "Name it like a place on the web that is yours: site-a.example/firmware-decisions"
        raise RecordError(f"no name for a log: {origin!r}", where="--origin", todo=todo)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _locked(folder):
            if (folder / CHECKPOINT).exists() or (folder / ENTRIES).exists():
                raise RecordError("there is a log already", where=str(folder), todo="Append to it.")
            _put(folder, notes.checkpoint(origin, 0, merkle.EMPTY_ROOT, signer, key.spki), step)
    except OSError as problem:
        raise RecordError(f"cannot be written: {problem.strerror}", where=str(folder)) from None


def append(folder: Path, entry: Entry, signer: Signer, key: SiteKey, step: Step = lambda _: None) -> Proof:
    """Append one entry; an entry about the same report is not made twice.

    Args:
        folder: the log.
        entry: what to append.
        signer: the log's private key.
        key: its public half.
        step: told before each step on the disk.

    Raises:
        RecordError: the log does not hold, is another key's, or cannot be written. Nothing is appended then.
    """
    try:
        with _locked(folder):
            log = believed(folder, key)
            for index, line in enumerate(log.lines):
                there = entry_of(line, index) if entry.report.encode() in line else None
                if there is not None and there.report == entry.report:
                    return log.proof(index)
            return _appended(folder, log, entry, signer, key, step)
    except OSError as problem:
        raise RecordError(f"cannot be written: {problem.strerror}", where=str(folder)) from None


def believed(folder: Path, key: SiteKey) -> Log:
    """The log, once this key and its entries have been found to hold. Raises RecordError."""
    log = read(folder)
    if not notes.holds(log.checkpoint, key):
        raise RecordError("its checkpoint is not signed by this key", where=str(folder), todo=_CHECK)
    wrong = not_signed(log) or no_crash(log)
    if wrong:
        raise RecordError(f"the log does not hold: {wrong}", where=str(folder), todo=_CHECK)
    return log


def _appended(folder: Path, log: Log, entry: Entry, signer: Signer, key: SiteKey, step: Step) -> Proof:
    """Steps 3 to 6."""
    index = len(log.lines)
    line = entry.line(index)
    end = sum(len(one) + 1 for one in log.lines)
    file = os.open(folder / ENTRIES, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o644)
    try:
        step("cut")
        os.ftruncate(file, end)
        os.lseek(file, end, os.SEEK_SET)
        half = len(line) // 2
        step("write")
        _write(file, line[:half])
        step("write-rest")
        _write(file, line[half:] + b"\n")
        step("sync")
        os.fsync(file)
    finally:
        os.close(file)
    leaves = [*log.leaves(), merkle.leaf(line)]
    note = notes.checkpoint(log.checkpoint.origin, index + 1, merkle.root(leaves), signer, key.spki)
    _put(folder, note, step)
    return Proof(index, merkle.inclusion(index, leaves), note)


def _put(folder: Path, note: str, step: Step) -> None:
    """Steps 5 and 6."""
    part = folder / f".{CHECKPOINT}.part"
    step("part")
    file = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o644)
    try:
        step("part-write")
        _write(file, note.encode())
        step("part-sync")
        os.fsync(file)
    finally:
        os.close(file)
    step("rename")
    part.replace(folder / CHECKPOINT)
    step("folder-sync")
    _sync_folder(folder)
    step("done")


def _sync_folder(folder: Path) -> None:
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def _write(file: int, content: bytes) -> None:
    """All of it: a signal or a full disk may end a write early."""
    while content:
        content = content[os.write(file, content) :]


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """One writer at a time; the lock ends with the process that holds it."""
    import fcntl  # not on every system: reading a log needs none

    file = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)


def _file(path: Path, limit: int) -> bytes:
    todo = "Name the folder of a log, or begin one: fwverify evidence log new DIR --origin NAME --sign KEYFILE"
    try:
        with path.open("rb") as file:
            raw = file.read(limit + 1)
    except OSError as problem:
        raise RecordError(f"cannot be read: {problem.strerror}", where=str(path), todo=todo) from None
    if len(raw) > limit:
        raise RecordError(f"is larger than {limit:,} bytes", where=str(path))
    return raw
