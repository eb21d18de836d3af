"""Facts and judgement of one bidder -> gates, bands, worst findings. Pure; every point has a line that says why.

A line that a rule judged: a pass gives its points, a fail none; what could not be judged gives none at the low end and
all at the high end, so that the interval shows how much was not seen. What was simply not delivered gives none at both
ends. What nothing here can measure (known-exploited flaws, end of life) is said and counts neither way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from fwverify.evaluate.coverage import opened_sums
from fwverify.model.component import DiscrepancyKind
from fwverify.model.evidence import Evidence, GapReason
from fwverify.model.finding import Finding, Level, Outcome
from fwverify.model.verdict import Assessment
from fwverify.scorecard.advisories import Advisories
from fwverify.scorecard.questions import POST_QUANTUM, Seen, answered
from fwverify.scorecard.values import WHOLE, AnswerState, Band, Bid, Gate, GateState, Line

GOOD_DAYS, POOR_DAYS = 30, 180
"""Median days to a fix that give all points, and none."""
MITIGATIONS = {"nx": ("yes",), "pie": ("yes",), "relro": ("full", "partial"), "canary": ("yes",)}
MAX_WORST = 3
WORST_FIRST = (
    "signature.known-test-key", "secret.private-key", "signature.valid", "secret.default-password",
    "component.hash-mismatch", "component.version-mismatch", "component.undeclared", "package.opaque",
)  # fmt: skip
NOT_DELIVERED = "It was not delivered."


def scored(name: str, seen: Assessment | None, given: dict[str, str], advisories: Advisories,
           problems: Sequence[str] = ()) -> Bid:  # fmt: skip
    """One bidder.

    Args:
        name: of the folder.
        seen: facts and judgement; None: the delivery could not be read.
        given: answers by the id of their question.
        advisories: what came of them.
        problems: what was wrong with the folder.
    """
    said = answered(given, Seen(seen, advisories))
    opened, whole = opened_sums(seen.evidence) if seen else (0, 0)
    bands: tuple[Band, ...] = (_support(advisories, [one.state for one in said]),)
    if seen is not None:
        bands = (_origin(seen), _contents(seen), _weakness(seen), *bands, _remote(seen, given))
    return Bid(
        name=name,
        gates=_gates(seen),
        bands=bands,
        answers=said,
        worst=_worst(seen, problems),
        image_bytes=whole,
        unexamined_bytes=whole - opened,
        unexamined=_unexamined(seen.evidence) if seen else (),
        decision=seen.verdict.decision.value if seen else "",
        origin=seen.verdict.strength.words if seen else "",
        evidence=seen.verdict.evidence_digest if seen else "",
        problems=(*problems, *advisories.problems),
    )


# --- gates ---------------------------------------------------------------------------------------------------------


def _gates(seen: Assessment | None) -> tuple[Gate, ...]:
    verifiable = "The buyer can verify the firmware with public tools"
    keys = "No published test key signed it or lies in it"
    sbom = "An SBOM came with it"
    if seen is None:
        why = "The delivery could not be read."
        return tuple(
            Gate(one, text, GateState.OPEN, why)
            for one, text in (("verifiable", verifiable), ("test-keys", keys), ("sbom", sbom))
        )
    share = seen.verdict.signed
    whole = 0 < share.total_bytes <= share.signed_bytes
    broken = _outcome(seen, "signature.valid") is Outcome.FAIL
    state = GateState.PASSED if whole else GateState.OUT if broken or seen.evidence.signatures else GateState.OPEN
    told = f"{share.signed_bytes:,} of {share.total_bytes:,} bytes signed by a key offered with the bid."
    return (
        Gate("verifiable", verifiable, state, told),
        _rule_gate("test-keys", keys, seen, "signature.known-test-key"),
        Gate("sbom", sbom, GateState.PASSED if seen.evidence.sboms else GateState.OUT,
             f"{len(seen.evidence.sboms)} came."),
    )  # fmt: skip


def _rule_gate(name: str, text: str, seen: Assessment, rule: str) -> Gate:
    states = {Outcome.PASS: GateState.PASSED, Outcome.FAIL: GateState.OUT}
    found = _finding(seen, rule)
    return Gate(name, text, states.get(found.outcome, GateState.OPEN) if found else GateState.OPEN,
                found.message if found else "Not judged.")  # fmt: skip


# --- bands ---------------------------------------------------------------------------------------------------------


def _origin(seen: Assessment) -> Band:
    share = seen.verdict.signed
    signed = share.signed_bytes * WHOLE // share.total_bytes if share.total_bytes else 0
    quantum = sorted({one.algorithm for one in seen.evidence.signatures
                      if one.status.value == "valid" and one.algorithm.startswith(POST_QUANTUM)})  # fmt: skip
    told = f"{share.signed_bytes:,} of {share.total_bytes:,} bytes."
    none = not seen.evidence.signatures
    return Band("origin", "Origin", (
        Line("signed", "Bytes signed by the key offered", 10, signed, signed, told),
        _by_rule(seen, "algorithm", "Algorithms and key sizes", 5, "signature.algorithm", lacking=none),
        _by_rule(seen, "time", "A trusted time of signing", 3, "signature.time",
                 lacking=_outcome(seen, "signature.time") is not Outcome.PASS),
        _by_rule(seen, "provenance", "Build provenance", 3, "provenance.present",
                 lacking=_outcome(seen, "provenance.present") is not Outcome.PASS),
        _by_rule(seen, "checksums", "Checksum lists are signed themselves", 2, "checksum.manifest-authentic"),
        _shown("post-quantum", "A post-quantum signature", 2, bool(quantum), ", ".join(quantum) or "None."),
    ))  # fmt: skip


def _contents(seen: Assessment) -> Band:
    none = not seen.evidence.sboms
    return Band("contents", "Contents", (
        _elements(seen.evidence),
        _by_rule(seen, "authentic", "The SBOM is signed or covered", 3, "sbom.authentic", lacking=none),
        _by_rule(seen, "identifiers", "Its identifiers can be read", 2, "sbom.identifiers", lacking=none),
        _by_rule(seen, "graph", "Its entries are connected", 2, "sbom.graph", lacking=none),
        _declared(seen.evidence),
        _by_rule(seen, "versions", "Versions are those in the bytes", 3, "component.version-mismatch", lacking=none),
        _by_rule(seen, "hashes", "Hashes are those of the files", 2, "component.hash-mismatch", lacking=none),
    ))  # fmt: skip


def _weakness(seen: Assessment) -> Band:
    unmeasured = "No snapshot of such a list was given."
    return Band("weakness", "Weakness", (
        _hardened(seen.evidence),
        _by_rule(seen, "private-keys", "No private keys", 4, "secret.private-key"),
        _by_rule(seen, "passwords", "No default passwords", 3, "secret.default-password"),
        _by_rule(seen, "tokens", "No access tokens", 2, "secret.token"),
        _by_rule(seen, "debug", "No shells without a login", 2, "secret.debug-shell"),
        Line("known-exploited", "No flaws known to be exploited", 5, 0, 0, unmeasured, measured=False),
        Line("end-of-life", "Nothing past its end of life", 3, 0, 0, unmeasured, measured=False),
    ))  # fmt: skip


def _support(advisories: Advisories, states: Sequence[AnswerState]) -> Band:
    days, count = advisories.median_days, len(advisories.read)
    lines = [_shown("advisories", "Advisories in CSAF", 5, count > 0, f"{count} came with the bid.")]
    if days is None:
        lines.append(Line("days", "Days from a flaw to its fix", 5, 0, 0, "No dates to measure it by.", measured=False))
    else:
        share = max(0, min(WHOLE, (POOR_DAYS - days) * WHOLE // (POOR_DAYS - GOOD_DAYS)))
        lines.append(Line("days", "Days from a flaw to its fix", 5, share, share, f"Median {days} days."))
    said = sum(one is not AnswerState.UNANSWERED for one in states)
    wrong = sum(one is AnswerState.CONTRADICTED for one in states)
    share = max(0, said - 2 * wrong) * WHOLE // len(states)
    told = f"{said} of {len(states)} questions answered, {wrong} contradicted by the bytes."
    return Band("support", "Support", (*lines, Line("answers", "Answers that hold", 5, share, share, told)))


def _remote(seen: Assessment, given: dict[str, str]) -> Band:
    declared = next(one for one in answered(given, Seen(seen, Advisories())) if one.question == "addresses")
    full = {AnswerState.EVIDENCED: (WHOLE, WHOLE), AnswerState.DECLARED: (0, WHOLE)}.get(declared.state, (0, 0))
    return Band("remote", "Remote access", (
        Line("addresses", "Only addresses that were named", 5, *full, declared.found),
        _by_rule(seen, "cleartext", "No addresses without encryption", 3, "endpoint.cleartext"),
        _by_rule(seen, "services", "No unencrypted services at start", 3, "secret.cleartext-service"),
        _by_rule(seen, "authorized", "No SSH keys that may log in", 2, "secret.authorized-keys"),
        _by_rule(seen, "updates", "It does not update itself", 2, "endpoint.unattended-update"),
    ))  # fmt: skip


# --- lines ---------------------------------------------------------------------------------------------------------


def _finding(seen: Assessment, rule: str) -> Finding | None:
    return next((one for one in seen.verdict.findings if one.rule == rule), None)


def _outcome(seen: Assessment, rule: str) -> Outcome | None:
    found = _finding(seen, rule)
    return found.outcome if found else None


def _by_rule(seen: Assessment, name: str, text: str, points: int, rule: str, *, lacking: bool = False) -> Line:
    found = _finding(seen, rule)
    if lacking:
        return Line(name, text, points, 0, 0, found.message if found else NOT_DELIVERED)
    if found is None or found.outcome is Outcome.NOT_APPLICABLE:
        said = found.message if found else "The policy does not ask."
        return Line(name, text, points, 0, 0, said, measured=False)
    low, high = {Outcome.PASS: (WHOLE, WHOLE), Outcome.FAIL: (0, 0)}.get(found.outcome, (0, WHOLE))
    return Line(name, text, points, low, high, found.message)


def _shown(name: str, text: str, points: int, there: bool, told: str) -> Line:
    share = WHOLE if there else 0
    return Line(name, text, points, share, share, told)


def _elements(evidence: Evidence) -> Line:
    counts = [one for document in evidence.sboms for one in document.elements]
    of, lacking = sum(one.of for one in counts), sum(one.lacking for one in counts)
    share = (of - lacking) * WHOLE // of if of else 0
    told = f"{of - lacking:,} of {of:,} elements that minimum lists ask for." if of else NOT_DELIVERED
    return Line("elements", "Minimum elements of the SBOM", 5, share, share, told)


def _declared(evidence: Evidence) -> Line:
    kinds = Counter(one.kind for one in evidence.discrepancies)
    missing = kinds[DiscrepancyKind.UNDECLARED]
    seen = sum(kinds[one] for one in (DiscrepancyKind.MATCHED, DiscrepancyKind.VERSION_DIFFERS)) + missing
    opened, whole = opened_sums(evidence)
    text = "Components found are in the SBOM"
    if not evidence.sboms:
        return Line("declared", text, 8, 0, 0, NOT_DELIVERED)
    if not seen:
        told = "No component was identified in the image, so there is nothing to compare."
        return Line("declared", text, 8, 0, WHOLE, told)
    share = (seen - missing) * WHOLE // seen
    low = share * opened // whole if whole else 0
    return Line("declared", text, 8, low, share, f"{seen - missing} of {seen}.")


def _hardened(evidence: Evidence) -> Line:
    """Mean of the mitigations over the programs that can be asked."""
    shares, told = [], []
    for name, good in MITIGATIONS.items():
        answers = [value for one in evidence.artifacts for fact, value in one.facts if fact == f"hardening.{name}"]
        asked = [one for one in answers if one in ("yes", "no", "full", "partial")]
        if asked:
            held = sum(one in good for one in asked)
            shares.append(held * WHOLE // len(asked))
            told.append(f"{name} {held} of {len(asked)}")
    if not shares:
        return Line("hardening", "Mitigations of programs", 6, 0, 0, "No program could be asked.", measured=False)
    share = sum(shares) // len(shares)
    return Line("hardening", "Mitigations of programs", 6, share, share, f"{', '.join(told)}.")


# --- what stands beside the score -------------------------------------------------------------------------------


def _worst(seen: Assessment | None, problems: Sequence[str]) -> tuple[str, ...]:
    if seen is None:
        return tuple(problems[:MAX_WORST]) or ("The delivery could not be read.",)
    bad = [one for one in seen.verdict.findings if one.outcome is Outcome.FAIL and one.level is not Level.INFO]

    def rank(one: Finding) -> tuple[int, bool, str]:
        place = WORST_FIRST.index(one.rule) if one.rule in WORST_FIRST else len(WORST_FIRST)
        return place, one.level is not Level.MUST, one.rule

    return tuple(one.message for one in sorted(bad, key=rank)[:MAX_WORST])


def _unexamined(evidence: Evidence) -> tuple[str, ...]:
    words = {GapReason.ENCRYPTED: "encrypted", GapReason.UNSUPPORTED: "no reader for it",
             GapReason.UNEXPLAINED: "unknown content", GapReason.MALFORMED: "malformed",
             GapReason.LIMIT: "past a limit"}  # fmt: skip
    reasons = Counter(words.get(one.reason, one.reason.value) for one in evidence.gaps)
    return tuple(f"{reason} ({count})" for reason, count in sorted(reasons.items()))
