"""Who answers for a pack: its statements against the site keys of the operator.

Every statement must be signed by a key that was given and be the one that this report and this pack give; none of the
four may be missing. A pack without statements is never more than "not checked": whoever replaced it would have made
its digests anew. The operator's own SHA-256 of the pack stands in for a signature.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fwverify.formats import dsse
from fwverify.limits import LimitExceeded
from fwverify.model.canonical import Json
from fwverify.model.examining import Malformed
from fwverify.model.verdict import Assessment
from fwverify.records.layout import STATEMENTS, SUMS
from fwverify.records.lines import Line, Result, compared
from fwverify.records.signing import SiteKey, signed_by
from fwverify.records.statements import PAYLOAD_TYPE, payloads, predicate_type, wrong
from fwverify.records.storing import NotAPack, Stored

NAME = "Signed by"


@dataclass(frozen=True, slots=True)
class Anchors:
    """What the operator brings from elsewhere; nothing in a pack is believed for being in it."""

    site_keys: tuple[SiteKey, ...] = ()
    pack_sha256: str = ""
    """Digest of the zip file that reached the operator another way, hexadecimal."""
    tool: str = ""
    """Version of fwverify that runs."""


@dataclass(frozen=True, slots=True)
class Report:
    """report.json, read."""

    raw: bytes
    document: Mapping[str, Json]
    verdict: Mapping[str, Json]
    assessment: Assessment


def attested(pack: Stored, report: Report, tool: str, anchors: Anchors) -> Line:
    """The line about signatures.

    Args:
        pack: open.
        report: its report.
        tool: version of fwverify that made it.
        anchors: what the operator believes.
    """
    if STATEMENTS not in pack.sizes:
        return _unsigned(anchors)
    try:
        envelopes = dsse.parse(pack.read(STATEMENTS))
        sums = hashlib.sha256(pack.read(SUMS)).hexdigest()
    except (Malformed, LimitExceeded, NotAPack) as unreadable:
        return Line(NAME, Result.DIFFERS, f"{STATEMENTS} cannot be read: {unreadable}")
    if not anchors.site_keys:
        todo = "nobody's key was given to check it with: --site-key FILE"
        return Line(NAME, Result.UNCHECKED, f"{len(envelopes)} statements; {todo}", needed=not anchors.pack_sha256)
    digest = hashlib.sha256(report.raw).hexdigest()
    wanted = payloads(report.assessment, dict(report.verdict), digest, sums, tool)
    expected = {predicate_type(one): one for one in wanted}
    problems: list[str] = []
    met: set[str] = set()
    by: dict[str, SiteKey] = {}
    for number, one in enumerate(envelopes, 1):
        problem, kind, signers = _statement(one, expected, anchors.site_keys)
        by.update({key.id: key for key in signers})
        met |= {kind}
        problems += [f"statement {number} {problem}"] if problem else []
    problems += [f"the statement of type {one} is missing" for one in sorted({*expected} - met)]
    who = ", ".join(f"{key.source} ({key.id[:16]})" for key in by.values())
    return compared(NAME, f"{who or 'none of the keys given'}; {len(envelopes)} statements", problems)


def _unsigned(anchors: Anchors) -> Line:
    if anchors.site_keys:
        return Line(NAME, Result.DIFFERS, "nobody: it has no statements, and a site key was named")
    text = "nobody: who made it, and whether it was replaced as a whole, cannot be told"
    return Line(NAME, Result.UNCHECKED, text, needed=not anchors.pack_sha256)


def _statement(
    envelope: dsse.Envelope, expected: Mapping[str, bytes], keys: Sequence[SiteKey]
) -> tuple[str, str, tuple[SiteKey, ...]]:
    """(what is wrong with it, its type, whose it is)"""
    signers = signed_by(envelope, keys)
    if not signers:
        return "is not signed by a key that was given", "", ()
    if envelope.payload_type != PAYLOAD_TYPE:
        return f"is of type {envelope.payload_type[:80]!r}", "", ()
    try:
        kind = predicate_type(envelope.payload)
        if kind not in expected:
            return f"has the predicate {kind[:80]!r}, which a pack does not have", "", ()
        return wrong(envelope.payload, expected[kind]), kind, signers
    except (Malformed, LimitExceeded) as problem:
        return f"cannot be read: {problem}", "", ()
