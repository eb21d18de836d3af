"""Checking a log, and the place of a pack in one. Lines as in records.lines."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from fwverify.formats.rekor import Checkpoint
from fwverify.model.examining import Malformed
from fwverify.records import log as logs
from fwverify.records import merkle, notes
from fwverify.records.attested import Report
from fwverify.records.layout import LOG_CHECKPOINT, LOG_ENTRY, LOG_PROOF
from fwverify.records.lines import Line, Result, compared
from fwverify.records.log import Log
from fwverify.records.signing import SiteKey
from fwverify.records.storing import NotAPack, Stored


def check(log: Log, keys: Sequence[SiteKey], kept: Sequence[tuple[str, bytes]]) -> tuple[Line, ...]:
    """All lines of a log.

    Args:
        log: as read.
        keys: public keys the operator believes for this log.
        kept: (name, content) of checkpoints that were kept elsewhere.
    """
    lines = [_signature("Signed by", log.checkpoint, keys)]
    size = log.checkpoint.size
    lines.append(compared("Entries", f"{size} held against the signed root", logs.problems(log)))
    lines += [_kept(name, raw, log, keys) for name, raw in kept]
    told = [one for one in (logs.unfinished(log), logs.no_crash(log)) if one]
    if told:
        lines.append(Line("End", Result.UNCHECKED, "; ".join(told), needed=bool(logs.no_crash(log))))
    back = _backwards(log)
    if back:
        text = f"time goes backwards at entry {back[0]}: a clock was wrong, or entries were made up"
        lines.append(Line("Time", Result.UNCHECKED, text, needed=False))
    if not kept:
        text = "no checkpoint that was kept elsewhere: a shortened or replaced log would not show"
        lines.append(Line("Kept", Result.UNCHECKED, text, needed=False))
    return tuple(lines)


def _signature(name: str, found: Checkpoint, keys: Sequence[SiteKey]) -> Line:
    if not keys:
        return Line(name, Result.UNCHECKED, "nobody's key was given to check it with: --site-key FILE")
    by = [key for key in keys if notes.holds(found, key)]
    who = ", ".join(f"{key.source} ({key.id[:16]})" for key in by)
    return compared(name, f"{who}, as {found.origin}", [] if by else ["its checkpoint is by none of the keys given"])


def _kept(name: str, raw: bytes, log: Log, keys: Sequence[SiteKey]) -> Line:
    """Whether the log of now begins with the log of then."""
    label = "Kept"
    try:
        old = notes.read(raw)
    except Malformed as problem:
        return Line(label, Result.UNCHECKED, f"{name} is no checkpoint: {problem.reason}")
    if keys and not any(notes.holds(old, key) for key in keys):
        return Line(label, Result.UNCHECKED, f"{name} is not signed by a key that was given")
    text = f"{name}: its {old.size} entries held against the first {old.size} here"
    if old.origin != log.checkpoint.origin:
        return compared(label, text, [f"{name} is of another log, {old.origin}"])
    if old.size > len(log.lines):
        return compared(label, text, [f"{name} has {old.size} entries, the log {len(log.lines)}: its end was removed"])
    same = merkle.root(log.leaves()[: old.size]) == old.root
    changed = f"the first {old.size} entries are not those of {name}: the log was changed or made anew"
    return compared(label, text, [] if same else [changed])


def _backwards(log: Log) -> list[int]:
    times = [(found.time if (found := logs.entry_of(one, at)) else "") for at, one in enumerate(log.lines)]
    return [at for at in range(1, len(times)) if times[at] < times[at - 1]]


def place(pack: Stored, report: Report, keys: Sequence[SiteKey], *, named: bool) -> Line | None:
    """The line of a pack about its place in a log; None: it has none and nobody asked.

    Args:
        pack: open.
        report: its report.
        keys: public keys the operator believes.
        named: some of them were named as the log's (--log-key).
    """
    if LOG_ENTRY not in pack.sizes:
        return Line("Log", Result.DIFFERS, "it is in no log, and a key of one was named") if named else None
    try:
        line = pack.read(LOG_ENTRY)
        proof, note = notes.read_proof(pack.read(LOG_PROOF)), pack.read(LOG_CHECKPOINT)
        found = notes.read(note)
    except (NotAPack, Malformed) as problem:
        return Line("Log", Result.DIFFERS, f"cannot be read: {problem}")
    problems = _misplaced(line, proof, found, report)
    if proof.checkpoint.encode() != note:
        problems.append("its proof leads to another checkpoint than log/checkpoint")
    text = f"entry {proof.index} of {found.size} in {found.origin}"
    if problems:
        return compared("Log", text, problems)
    if any(notes.holds(found, key) for key in keys):
        return compared("Log", text)
    if named:
        return compared("Log", text, ["its checkpoint is not signed by the key that was named"])
    return Line("Log", Result.UNCHECKED, f"{text}; its key was not given: --log-key FILE", needed=False)


def _misplaced(line: bytes, proof: notes.Proof, found: Checkpoint, report: Report) -> list[str]:
    entry = logs.entry_of(line, proof.index)
    if entry is None:
        return ["log/entry.json is no entry of this place"]
    verdict = report.assessment.verdict
    named = (entry.report, entry.evidence, entry.policy, entry.decision)
    wanted = (
        hashlib.sha256(report.raw).hexdigest(), verdict.evidence_digest, verdict.policy_digest, verdict.decision.value,
    )  # fmt: skip
    problems = [] if named == wanted else ["the entry is about another report"]
    if merkle.root_from(line, proof.index, found.size, proof.path) != found.root:
        problems.append("the proof does not lead from the entry to the root that was signed")
    return problems
