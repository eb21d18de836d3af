"""What a request for proposals asks, and which facts evidence or contradict an answer. Pure.

A yes is evidenced by a rule that passed and contradicted by one that failed; a rule that could not be judged leaves the
answer only declared. What no bytes can show (years of support, certificates) is only declared, whatever is said.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from fwverify.model.evidence import ContentKind
from fwverify.model.finding import Outcome
from fwverify.model.verdict import Assessment
from fwverify.scorecard.advisories import Advisories
from fwverify.scorecard.values import Answered, AnswerState

YES, NO = frozenset({"yes", "true"}), frozenset({"no", "false"})
POST_QUANTUM = ("ml-dsa", "lms", "hss", "xmss", "slh-dsa")
COUNTERS = frozenset({"security-counter", "rollback-index", "sequence"})
MAX_TOLD = 3
_WILD = re.compile(r"[*?\[]")
_NETWORK = re.compile(r"[0-9]{1,3}\.[0-9]{1,3}(\.[0-9*]{1,3}){1,2}")
"""The first two numbers of a network are written out: `10.1.*`."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What answers are held against."""

    assessment: Assessment | None
    """None: the delivery could not be read."""
    advisories: Advisories

    def outcome(self, rule: str) -> Outcome | None:
        if self.assessment is None:
            return None
        found = next((one for one in self.assessment.verdict.findings if one.rule == rule), None)
        return found.outcome if found else None

    def message(self, rule: str) -> str:
        if self.assessment is None:
            return "The delivery could not be read."
        return next((one.message for one in self.assessment.verdict.findings if one.rule == rule), "")


Check = Callable[[str, Seen], tuple[AnswerState, str]]


@dataclass(frozen=True, slots=True)
class Question:
    """One question of the request."""

    id: str
    text: str
    example: str
    """How it is answered."""
    check: Check


def by_rule(rule: str, *, good: str = "yes") -> Check:
    """An answer `good` claims that the rule passes; its opposite owns up to what the rule looks for.

    Owning up to what is not seen is no contradiction: it may be there all the same.
    """

    def check(said: str, seen: Seen) -> tuple[AnswerState, str]:
        wanted = YES if good == "yes" else NO
        claims = said.casefold() in wanted
        if not claims and said.casefold() not in YES | NO:
            return AnswerState.DECLARED, "Neither yes nor no, so it cannot be held against the bytes."
        match seen.outcome(rule):
            case Outcome.PASS:
                return (AnswerState.EVIDENCED if claims else AnswerState.DECLARED), seen.message(rule)
            case Outcome.FAIL:
                return (AnswerState.CONTRADICTED if claims else AnswerState.EVIDENCED), seen.message(rule)
        return AnswerState.DECLARED, seen.message(rule) or "Nothing here shows it."

    return check


def _signed(said: str, seen: Seen) -> tuple[AnswerState, str]:
    """Every byte that would be installed is signed by the key that was offered."""
    if seen.assessment is None:
        return AnswerState.DECLARED, "The delivery could not be read."
    share = seen.assessment.verdict.signed
    whole = 0 < share.total_bytes <= share.signed_bytes
    found = f"{share.signed_bytes:,} of {share.total_bytes:,} bytes are signed by a key offered with the bid."
    return _yes_or_no(said, whole, found)


def _sbom(said: str, seen: Seen) -> tuple[AnswerState, str]:
    count = len(seen.assessment.evidence.sboms) if seen.assessment else 0
    return _yes_or_no(said, count > 0, f"{count} came with the bid.")


def _yes_or_no(said: str, shown: bool, found: str) -> tuple[AnswerState, str]:
    if said.casefold() in YES:
        return (AnswerState.EVIDENCED if shown else AnswerState.CONTRADICTED), found
    if said.casefold() in NO:
        return (AnswerState.CONTRADICTED if shown else AnswerState.EVIDENCED), found
    return AnswerState.DECLARED, "Neither yes nor no, so it cannot be held against the bytes."


def _shown_only(shown: Callable[[Seen], str], otherwise: str) -> Check:
    """What bytes can show but not refute: seen it is evidenced, unseen it is only declared."""

    def check(said: str, seen: Seen) -> tuple[AnswerState, str]:
        found = shown(seen) if seen.assessment is not None else ""
        if found and said.casefold() in NO:
            return AnswerState.CONTRADICTED, found
        return (AnswerState.EVIDENCED, found) if found and said.casefold() in YES else (AnswerState.DECLARED, otherwise)

    return check


def _post_quantum(seen: Seen) -> str:
    assert seen.assessment is not None  # noqa: S101 - the caller asked
    used = sorted({one.algorithm for one in seen.assessment.evidence.signatures
                   if one.status.value == "valid" and one.algorithm.startswith(POST_QUANTUM)})  # fmt: skip
    return f"A signature by {', '.join(used)} holds." if used else ""


def _counter(seen: Seen) -> str:
    assert seen.assessment is not None  # noqa: S101 - the caller asked
    stated = sorted({name for one in seen.assessment.evidence.signatures if one.status.value == "valid"
                     for name, _ in one.states if name in COUNTERS})  # fmt: skip
    return f"Signed bytes carry a {stated[0].replace('-', ' ')}." if stated else ""


def _addresses(said: str, seen: Seen) -> tuple[AnswerState, str]:
    """The addresses a bidder names are all that stand in the image."""
    if seen.assessment is None:
        return AnswerState.DECLARED, "The delivery could not be read."
    globs = [one.strip() for one in said.replace("\n", ",").split(",") if one.strip()]
    wide = [one for one in globs if _is_wide(one)]
    found = sorted({one.fingerprint for one in seen.assessment.evidence.contents if one.kind is ContentKind.ENDPOINT})
    rest = [one for one in found if not any(_names(one, glob) for glob in globs if glob not in wide)]
    if rest and wide:
        return AnswerState.UNANSWERED, f"{wide[0]} names no address; in the image: {_some(rest)}."
    if rest:
        return AnswerState.CONTRADICTED, f"Also in the image: {_some(rest)}."
    if found:
        return AnswerState.EVIDENCED, f"All {len(found)} addresses in the image are among them."
    return AnswerState.DECLARED, "No address stands in the image; what a device is told later is not seen."


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - MAX_TOLD} more" if len(names) > MAX_TOLD else ""
    return f"{', '.join(names[:MAX_TOLD])}{more}"


def _is_wide(glob: str) -> bool:
    """True for a pattern that fits nearly everything: it must end in a host's last two labels, written out."""
    if not _WILD.search(glob):
        return False
    host = glob.rpartition("://")[2].partition("/")[0].partition(":")[0]
    if _NETWORK.fullmatch(host):
        return False
    labels = host.split(".")[-2:]
    return len(labels) < 2 or not all(labels) or any(_WILD.search(one) for one in labels)


def _names(address: str, glob: str) -> bool:
    host = address.partition("://")[2]
    return any(fnmatchcase(one, glob) for one in (address, host, host.partition(":")[0].partition("/")[0]))


def _advisories(said: str, seen: Seen) -> tuple[AnswerState, str]:
    count = len(seen.advisories.read)
    return _yes_or_no(said, count > 0, f"{count} advisories in CSAF came with the bid.")


def _days(said: str, seen: Seen) -> tuple[AnswerState, str]:
    median = seen.advisories.median_days
    if median is None or not said.isascii() or not said.isdigit():
        return AnswerState.DECLARED, "The advisories do not say when flaws became known and when they were mended."
    found = f"Median of {len(seen.advisories.days)} mended flaws: {median} days."
    return (AnswerState.EVIDENCED if median <= int(said) else AnswerState.CONTRADICTED), found


def _only_declared(said: str, seen: Seen) -> tuple[AnswerState, str]:
    return AnswerState.DECLARED, "No bytes can show it. Put it into the contract."


QUESTIONS = (
    Question("signed", "Is every image signed, so that we can check it with public tools?", "yes", _signed),
    Question("sbom", "Do you deliver an SBOM with every release?", "yes", _sbom),
    Question("sbom-complete", "Does the SBOM name everything that is in the image?", "yes",
             by_rule("component.undeclared")),
    Question("sbom-signed", "Is the SBOM signed, or covered by the image's signature?", "yes",
             by_rule("sbom.authentic")),
    Question("default-passwords", "Are there default passwords or built-in accounts?", "no",
             by_rule("secret.default-password", good="no")),
    Question("shared-keys", "Are there private keys that every device shares?", "no",
             by_rule("secret.private-key", good="no")),
    Question("cleartext-services", "Do unencrypted services (telnet, FTP) start with the device?", "no",
             by_rule("secret.cleartext-service", good="no")),
    Question("debug-access", "Are there consoles or shells without a login?", "no",
             by_rule("secret.debug-shell", good="no")),
    Question("addresses", "Which addresses does the device connect to?", '"*.vendor.example, 10.0.0.0/8"', _addresses),
    Question("unattended-updates", "Does the device update itself without being asked?", "no",
             by_rule("endpoint.unattended-update", good="no")),
    Question("rollback-protection", "Does the device refuse older releases that were withdrawn?", "yes",
             _shown_only(_counter, "No signed bytes carry a counter; whether the device refuses is not seen.")),
    Question("hardened", "Are programs built with address randomisation (PIE)?", "yes", by_rule("hardening.pie")),
    Question("provenance", "Do you deliver build provenance (SLSA, in-toto)?", "yes", by_rule("provenance.present")),
    Question("post-quantum", "Do you sign with a post-quantum algorithm (LMS, ML-DSA)?", "no",
             _shown_only(_post_quantum, "No such signature is in the delivery; a plan cannot be seen.")),
    Question("advisories", "Do you publish security advisories in CSAF?", "yes", _advisories),
    Question("days-to-fix", "In how many days do you mend a known flaw, usually?", '"30"', _days),
    Question("support-years", "For how many years do you deliver security updates?", '"10"', _only_declared),
    Question("iec-62443-4-1", "Is your development certified to IEC 62443-4-1?", "yes", _only_declared),
    Question("key-rotation", "How do you replace a signing key, and how would we learn of it?", '"..."',
             _only_declared),
)  # fmt: skip


def answered(given: Mapping[str, str], seen: Seen) -> tuple[Answered, ...]:
    """Every question, in order, with what was said and what was found."""
    out = []
    for one in QUESTIONS:
        said = given.get(one.id, "").strip()
        if not said:
            out.append(Answered(one.id, one.text, "", AnswerState.UNANSWERED, "No answer came with the bid."))
            continue
        state, found = one.check(said, seen)
        out.append(Answered(one.id, one.text, said, state, found))
    return tuple(out)
