"""Rules on the change itself, on what differs from the approved release, and on the way back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fwverify.model.approving import approved_release
from fwverify.model.change import ChangeRecord, CheckDone, Checklist, CheckResult
from fwverify.model.differing import difference
from fwverify.model.evidence import ContentKind, ContentObservation, Evidence
from fwverify.model.expectation import VersionClaim
from fwverify.model.finding import Outcome
from fwverify.model.verdict import Acceptance, Decision
from fwverify.pipeline import against
from tests.unit.evaluate.builders import (
    SBOM,
    SIZE,
    at,
    broken,
    evidence,
    finding,
    good,
    judged,
    key,
    ledger,
    sha256,
    signature,
    span,
    trust,
)

PASS, FAIL, OPEN, NONE = Outcome.PASS, Outcome.FAIL, Outcome.NOT_EVALUATED, Outcome.NOT_APPLICABLE
WINDOW = {"window": "x", "window_start": "2026-11-22T01:00:00Z", "window_end": "2026-11-22T04:00:00Z"}


def stated(**record: object) -> Evidence:
    """A good delivery with a change record."""
    plain = good()
    return replace(plain, expectation=replace(plain.expectation, change=ChangeRecord(**record)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rule", "params", "record", "outcome"),
    [
        ("record.ticket", "", {}, OPEN),
        ("record.ticket", "if-absent: not_applicable", {}, NONE),
        ("record.ticket", "", {"ticket": "CHG-1"}, PASS),
        ("record.ticket", "fields: [ticket, asset]", {"ticket": "CHG-1"}, FAIL),
        ("record.ticket", "fields: [ticket, asset]", {"ticket": "CHG-1", "asset": "UPS-1"}, PASS),
        ("record.approver", "", {"requested_by": "M. Lee"}, OPEN),
        ("record.approver", "", {"approved_by": "M. Lee"}, OPEN),
        ("record.approver", "", {"requested_by": "M. Lee", "approved_by": "m.  lee"}, FAIL),
        ("record.approver", "", {"requested_by": "M. Lee", "approved_by": "J. Ortiz"}, PASS),
        ("record.window", "", {}, OPEN),
        ("record.window", "", WINDOW, PASS),
        ("record.window", "max-hours: 2", WINDOW, FAIL),
        ("record.window", "max-hours: 3", WINDOW, PASS),
        ("record.window", "", {**WINDOW, "window_end": "2026-11-21T00:00:00Z"}, FAIL),
        ("safety.checklist", "", {}, OPEN),
        ("safety.checklist", "", {"checklist": ("yes", "n/a")}, PASS),
        ("safety.checklist", "", {"checklist": ("yes", "no")}, FAIL),
        ("safety.checklist", "", {"checklist": ("yes", "open")}, FAIL),
    ],
)  # fmt: skip
def test_record(rule: str, params: str, record: dict[str, object], outcome: Outcome) -> None:
    """The record says what the policy wants of it, and nothing stated is no pass."""
    given = dict(record)
    if "checklist" in given:
        checks = tuple(CheckDone(f"c{at}", "?", CheckResult(one)) for at, one in enumerate(given["checklist"]))  # type: ignore[arg-type, var-annotated]
        given["checklist"] = Checklist("M. Lee", "2026-11-22", "", "", checks, "0" * 64)
    assert finding(stated(**given), rule, params).outcome is outcome


def opened(*addresses: str, kind: ContentKind = ContentKind.ENDPOINT) -> tuple[ContentObservation, ...]:
    return tuple(ContentObservation(kind, at("fw.bin", "etc/x"), 3, one, "encrypted") for one in addresses)


def held(new: Evidence, old: Evidence) -> Evidence:
    """A delivery held against an approved one."""
    return against(new, old)


CHANGES = [
    ("endpoint.new", "", opened("mqtts://a.example"), PASS),
    ("endpoint.new", "", opened("mqtts://a.example", "mqtts://b.example"), FAIL),
    ("endpoint.new", "declared: ['mqtts://*.example']", opened("mqtts://a.example", "mqtts://b.example"), PASS),
    ("endpoint.new", "", (), PASS),
    ("change.unexpected", "", opened("mqtts://a.example", "mqtts://b.example"), FAIL),
    ("change.unexpected", "expected: ['endpoint:*b.example']", opened("mqtts://a.example", "mqtts://b.example"), PASS),
    ("change.trust-anchor", "", (*opened("mqtts://a.example"), *opened("ab" * 32, kind=ContentKind.PUBLIC_KEY)), FAIL),
    ("change.trust-anchor", "", opened("mqtts://a.example", "mqtts://b.example"), PASS),
    ("change.security-regression", "",
     (*opened("mqtts://a.example"), *opened("cd" * 32, kind=ContentKind.PRIVATE_KEY)), FAIL),
    ("change.security-regression", "expected: ['private-key:*']",
     (*opened("mqtts://a.example"), *opened("cd" * 32, kind=ContentKind.PRIVATE_KEY)), PASS),
    ("change.security-regression", "", opened("mqtts://a.example"), PASS),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "params", "contents", "outcome"), CHANGES)
def test_changes(rule: str, params: str, contents: tuple[ContentObservation, ...], outcome: Outcome) -> None:
    """What is new, worse or another anchor fails unless it was expected."""
    old = good(contents=opened("mqtts://a.example"))
    assert finding(held(good(contents=contents), old), rule, params).outcome is outcome


@pytest.mark.parametrize("rule", sorted({one[0] for one in CHANGES}))
def test_changes_need_a_baseline(rule: str) -> None:
    """Without an approved release nothing is judged; nor does absence count where bytes were not examined."""
    assert finding(good(), rule).outcome is OPEN
    assert finding(good(), rule, "if-absent: not_applicable").outcome is NONE
    dark = good(ledger=ledger(span(0, SIZE, opened_bytes=0)))
    assert finding(held(dark, dark), rule).outcome is OPEN


def test_same_version_different_bytes() -> None:
    """One version has one content."""
    rule = "version.same-version-different-bytes"
    old = good()
    other = replace(old, artifacts=tuple(replace(one, digests=(key_digest(),)) if one.role is not None and
                                         one.role.value == "image" else one for one in old.artifacts))  # fmt: skip
    assert finding(good(), rule).outcome is OPEN
    assert finding(held(good(), old), rule).outcome is PASS
    assert finding(held(good(), other), rule).outcome is FAIL
    later = replace(other, claims=(VersionClaim("3.0.0", "", "sbom-subject", SBOM, "acme-ups"),))
    assert finding(held(good(), later), rule).outcome is PASS
    assert finding(held(good(claims=()), other), rule).outcome is OPEN


def key_digest() -> object:
    from tests.unit.evaluate.builders import sha256

    return sha256("other bytes")


@pytest.mark.parametrize(
    ("params", "outcome"),
    [
        ("", OPEN), ("if-absent: not_applicable", NONE), ("list: ['3.1.0']", FAIL), ("list: ['v3.1.0']", FAIL),
        ("list: ['3.0.9', '3.2']", PASS), ("list: ['DIGEST']", FAIL), ("list: ['sha256:DIGEST']", FAIL),
    ],
)  # fmt: skip
def test_withdrawn(params: str, outcome: Outcome) -> None:
    """By version where signed bytes state one, by digest always."""
    digest = next(one for one in good().images()).digests[0].value.hex()
    assert finding(good(), "version.withdrawn", params.replace("DIGEST", digest)).outcome is outcome


def test_withdrawn_unknown_version() -> None:
    """Without a signed version the list cannot be asked, but a digest still fails."""
    digest = next(one for one in good().images()).digests[0].value.hex()
    assert finding(good(claims=()), "version.withdrawn", "list: ['3.0.9']").outcome is OPEN
    assert finding(good(claims=()), "version.withdrawn", f"list: ['3.0.9', '{digest}']").outcome is FAIL


@pytest.mark.parametrize(
    ("path", "installed", "outcome"),
    [
        ("[]", "3.0.2", OPEN), ("['3.0.5']", "3.0.2", FAIL), ("['3.0.2']", "3.0.2", PASS), ("['3.1.0']", "3.0.2", PASS),
        ("['2.0']", "3.0.2", PASS), ("['3.0.5']", "", OPEN), ("['blue']", "3.0.2", FAIL),
    ],
)  # fmt: skip
def test_upgrade_path(path: str, installed: str, outcome: Outcome) -> None:
    """A release that must be installed on the way is not skipped."""
    found = good()
    found = replace(found, expectation=replace(found.expectation, installed=installed))
    assert finding(found, "version.upgrade-path", f"path: {path}").outcome is outcome


def counting(number: int, **changes: object) -> Evidence:
    return evidence(signature(states=(("security-counter", str(number)),)), **changes)


@pytest.mark.parametrize(
    ("before", "now", "outcome"),
    [(4, 4, PASS), (4, 5, PASS), (4, 3, FAIL), (None, 3, Outcome.NOT_APPLICABLE), (4, None, OPEN)],
)
def test_counter_of_the_approved_release(before: int | None, now: int | None, outcome: Outcome) -> None:
    """The counter of a release is not below that of the approved one, and not silent where that one spoke."""
    approved = approved_release(good() if before is None else counting(before))
    found = replace(good() if now is None else counting(now), approved=approved)
    rule = "version.security-counter"
    assert finding(found, rule, "if-absent: not_applicable").outcome is outcome
    back = replace(found, expectation=replace(found.expectation, change=ChangeRecord(going_back="3.1.0 loses alarms")))
    assert finding(back, rule, "if-absent: not_applicable").outcome is Outcome.NOT_APPLICABLE
    stated = replace(back, expectation=replace(back.expectation, minimum_counter=9))
    assert finding(stated, rule).outcome is (OPEN if now is None else FAIL)


RULES = "signature.valid: must\nsignature.signer-pinned: must\nversion.rollback-image: must"


def other(old: Evidence) -> Evidence:
    """The same facts over other bytes."""
    files = (replace(one, digests=(sha256(f"old {one.locator}"),)) for one in old.artifacts)
    return replace(old, artifacts=tuple(files))


@pytest.mark.parametrize(
    ("old", "outcome", "acceptance"),
    [
        (good(), PASS, Acceptance.UNKNOWN),
        (counting(4), PASS, Acceptance.ALLOWED),
        (counting(3), FAIL, Acceptance.REFUSED),
        (evidence(broken()), FAIL, Acceptance.UNKNOWN),
        (evidence(), FAIL, Acceptance.UNKNOWN),
    ],
)
def test_way_back(old: Evidence, outcome: Outcome, acceptance: Acceptance) -> None:
    """It must pass the same policy, and no signed counter may forbid it."""
    found = judged(replace(counting(4), rollback=other(old)), RULES)
    (one,) = (each for each in found.findings if each.rule == "version.rollback-image")
    assert found.way_back is not None
    assert (one.outcome, found.way_back.acceptance) == (outcome, acceptance)
    assert found.decision is (Decision.PASS if outcome is PASS else Decision.FAIL)
    if acceptance is Acceptance.REFUSED:
        assert one.message.startswith("NO WAY BACK")


def test_no_way_back_given() -> None:
    """Nothing given is nothing judged, and an old release need not be newer than what is installed."""
    assert finding(good(), "version.rollback-image").outcome is OPEN
    old = good(claims=(VersionClaim("2.0.0", "", "sbom-subject", SBOM, "acme-ups"),))
    found = judged(replace(good(), rollback=other(old)), f"{RULES}\nversion.no-downgrade: must")
    assert found.decision is Decision.PASS


def test_the_image_itself_is_no_way_back() -> None:
    """Whoever names the delivery twice has nothing to go back to."""
    found = judged(replace(good(), rollback=good()), RULES)
    assert (found.decision, found.way_back and found.way_back.acceptance) == (Decision.FAIL, Acceptance.REFUSED)


@pytest.mark.parametrize("rule", ["version.minimum: {level: must, min: 3.0}", "version.withdrawn: {list: [2.0.0]}"])
def test_what_must_not_run_is_no_way_back(rule: str) -> None:
    """A release below the minimum, or withdrawn, is none to go back to, though everything else about it holds."""
    old = other(good(claims=(VersionClaim("2.0.0", "", "sbom-subject", SBOM, "acme-ups"),)))
    found = judged(replace(good(), rollback=old), f"{RULES}\n{rule}")
    (one,) = (each for each in found.findings if each.rule == "version.rollback-image")
    assert (one.outcome, found.decision) == (FAIL, Decision.FAIL)
    assert rule.partition(":")[0] in one.items[0].detail


def test_declared_going_back() -> None:
    """An older release is no downgrade where it is declared, with a reason."""
    plain = good(claims=(VersionClaim("2.0.0", "", "sbom-subject", SBOM, "acme-ups"),))
    assert finding(plain, "version.no-downgrade").outcome is FAIL
    back = replace(plain, expectation=replace(plain.expectation, change=ChangeRecord(going_back="3.1.0 loses alarms")))
    assert finding(back, "version.no-downgrade").outcome is PASS


def test_last_day() -> None:
    """The policy's days, unless a key, the policy's review or the window ends before."""
    assert judged(good(), "signature.valid: must").valid_until == "2026-12-22"
    assert judged(good(), "signature.valid: must", "valid-days: 7").valid_until == "2026-11-29"
    assert judged(good(), "signature.valid: must", "review-by: 2026-12-01").valid_until == "2026-12-01"
    assert judged(good(), "signature.valid: must", "review-by: 2026-01-01").valid_until == "2026-12-22"
    short = good(trust=trust(key(valid_to="2026-11-25")))
    assert judged(short, "signature.valid: must").valid_until == "2026-11-25"
    assert judged(stated(**WINDOW), "signature.valid: must").valid_until == "2026-11-22"


def test_approved_release() -> None:
    """A baseline is held against itself without a difference."""
    found = counting(4)
    known = approved_release(found)
    assert (known.versions, known.counters) == (("3.1.0",), (("security-counter", 4),))
    assert difference(found, found).nothing


@pytest.mark.parametrize(
    ("claims", "outcome"),
    [((), OPEN), (("3.1.0",), OPEN), (("3.1.0", "3.1.0"), PASS), (("3.1.0", "v3.1"), PASS), (("3.1.0", "3.2.0"), FAIL)],
)
def test_agrees(claims: tuple[str, ...], outcome: Outcome) -> None:
    """Two places that name the whole name one version; a base system's own number says nothing."""
    sources = ("sbom-subject", "os-release")
    said = tuple(VersionClaim(one, "", sources[place], SBOM, "acme-ups") for place, one in enumerate(claims))
    base = VersionClaim("12", "", "os-release", SBOM, "Debian")
    assert finding(good(claims=(*said, base)), "version.agrees").outcome is outcome


@pytest.mark.parametrize(
    ("when", "source", "days", "outcome"),
    [
        ("2026-11-01T00:00:00Z", "rfc3161", 0, PASS), ("2026-11-01T00:00:00Z", "rfc3161", 20, FAIL),
        ("2026-11-01T00:00:00Z", "rfc3161", 21, PASS), ("2026-11-01T00:00:00Z", "claimed", 20, OPEN),
        ("2026-12-01T00:00:00Z", "rekor", 0, FAIL),
    ],
)  # fmt: skip
def test_age(when: str, source: str, days: int, outcome: Outcome) -> None:
    """Only trusted times tell, and none may lie in the future."""
    found = evidence(signature(signed_at=when, time_source=source))
    assert finding(found, "version.age", f"max-days: {days}").outcome is outcome


@pytest.mark.parametrize(
    ("until", "outcome"), [("", OPEN), ("2026-11-22", PASS), ("2026-11-21", FAIL)],
)  # fmt: skip
def test_support_window(until: str, outcome: Outcome) -> None:
    """Support that ended yesterday is no support."""
    assert finding(good(), "version.support-window", f"until: '{until}'").outcome is outcome
