"""The operator's own files: register, window, checklist, baseline. Strict, with places, and nothing lost."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fwverify.assets import baselines
from fwverify.assets.checklist import CHECKS, frame, parse_checklist
from fwverify.assets.register import parse_register
from fwverify.assets.window import parse_window
from fwverify.errors import UsageError
from fwverify.model.canonical import identify
from fwverify.model.change import CheckResult
from tests.unit.evaluate.builders import evidence

GOOD = """\
register: fwverify-assets/1
site: North
units:
  UPS-A-03:
    what: UPS
    location: row A
    vendor: acme
    product: acme-ups
    installed: 3.0.1
    device: {compatible: acme-ups}
    baseline: b.json
  PDU-7: {product: acme-pdu}
"""


def test_register() -> None:
    """Units by id, with what is said of each."""
    found = parse_register(GOOD, "assets.yaml")
    unit = found.unit("UPS-A-03")
    assert (unit.vendor, unit.installed, unit.device, unit.words) == (
        "acme", "3.0.1", (("compatible", "acme-ups"),), "UPS, row A",
    )  # fmt: skip
    assert found.unit("PDU-7").installed == ""
    with pytest.raises(UsageError, match="Did you mean 'UPS-A-03'"):
        found.unit("UPS-A-30")


@pytest.mark.parametrize(
    ("was", "becomes", "place"),
    [
        ("vendor: acme", "vendr: acme", "assets.yaml:7:5"),
        ("installed: 3.0.1", "installed: latest", "assets.yaml:9:16"),
        ("fwverify-assets/1", "fwverify-assets/2", "assets.yaml:1:11"),
        ("PDU-7:", "UPS-A-03:", "assets.yaml:12:3"),
        ("device: {compatible: acme-ups}", "device: [acme-ups]", "assets.yaml:10:13"),
        ("PDU-7:", "../PDU:", "assets.yaml:12:3"),
        ("what: UPS", "what: [UPS]", "assets.yaml:5:11"),
    ],
)
def test_register_mistakes(was: str, becomes: str, place: str) -> None:
    """Every mistake has its line and column."""
    with pytest.raises(UsageError) as caught:
        parse_register(GOOD.replace(was, becomes), "assets.yaml")
    assert caught.value.where == place


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2026-11-25T02:00/05:00 Europe/Berlin", "2026-11-25T01:00:00Z", "2026-11-25T04:00:00Z"),
        ("2026-11-25T22:00/02:00 UTC", "2026-11-25T22:00:00Z", "2026-11-26T02:00:00Z"),
        ("2026-11-25T01:00Z/2026-11-25T04:30+01:00", "2026-11-25T01:00:00Z", "2026-11-25T03:30:00Z"),
        ("2026-07-01T02:00/2026-07-02T02:00 Europe/Berlin", "2026-07-01T00:00:00Z", "2026-07-02T00:00:00Z"),
    ],
)
def test_window(text: str, start: str, end: str) -> None:
    """Windows as people write them, in UTC."""
    assert parse_window(text) == (start, end)


@pytest.mark.parametrize(
    "text",
    [
        "", "tonight", "2026-11-25T02:00", "2026-11-25T02:00/05:00", "2026-11-25T02:00/05:00 Mars/Olympus",
        "2026-11-25T05:00Z/2026-11-25T02:00Z", "2026-11-25/2026-11-26 UTC", "2026-03-29T02:30/05:00 Europe/Berlin",
        "2026-10-25T02:30/05:00 Europe/Berlin", "0001-01-01T00:00+14:00/0001-01-02T00:00+14:00",
        "2026-11-25T02:00/x UTC",
        "2026-11-25T02:00/05:00 ../../etc/passwd", "2026-13-25T02:00/05:00 UTC", "9999-12-31T23:00/22:00 UTC",
    ],
)  # fmt: skip
def test_no_window(text: str) -> None:
    """What is none, has no zone, does not exist or exists twice is refused in words."""
    with pytest.raises(UsageError):
        parse_window(text)


def filled(text: str, result: str = "yes") -> str:
    return text.replace('result: ""', f'result: "{result}"').replace('by: ""', 'by: "M. Lee"').replace(
        'date: ""   # YYYY-MM-DD', "date: 2026-11-25")  # fmt: skip


def test_checklist() -> None:
    """The printed frame, filled in, reads back; what nobody filled in is open."""
    found = parse_checklist(filled(frame("CHG-1", 'U"1')), "c.yaml")
    assert (found.change, found.asset, found.by, len(found.checks)) == ("CHG-1", 'U"1', "M. Lee", len(CHECKS))
    assert {one.result for one in found.checks} == {CheckResult.YES}
    half = filled(frame()).replace('result: "yes"', 'result: ""', 1)
    assert parse_checklist(half, "c.yaml").checks[0].result is CheckResult.OPEN


@pytest.mark.parametrize(
    "text",
    [frame(), filled(frame(), "maybe"), filled(frame()).replace("2026-11-25", "today"), "checklist: x", "",
     filled(frame()).replace("checks:", "chekcs:"), filled(frame()).split("checks:")[0]],
)  # fmt: skip
def test_no_checklist(text: str) -> None:
    """Unsigned by a name or date, answered otherwise, or something else."""
    with pytest.raises(UsageError):
        parse_checklist(text, "c.yaml")


def approval(of: baselines.Evidence, observed: str = "") -> baselines.Approval:
    return baselines.Approval(
        identify(of), identify(baselines.plain(of)), of.delivery, ("1.0",), observed, "M. Lee", "2026-11-25T00:00:00Z",
        "pass", "p 1",
    )  # fmt: skip


def test_baseline() -> None:
    """It reads back; history grows; one evidence is not approved twice; a changed file is refused."""
    first = evidence()
    begun = baselines.begun("UPS-A-03", approval(first), first)
    assert baselines.from_bytes(baselines.to_bytes(begun), "b") == begun
    second = replace(first, delivery="next", rollback=first)
    followed = baselines.followed(begun, approval(second, "1.1"), second)
    assert [one.delivery for one in followed.history] == [first.delivery, "next"]
    assert followed.evidence.rollback is None
    assert (followed.release().versions, followed.release().observed) == (("1.1",), "1.1")
    assert followed.release().evidence == identify(second)
    with pytest.raises(UsageError, match="already"):
        baselines.followed(followed, approval(second, "1.1"), second)
    for was, becomes in ((b"next", b"nexx"), (b'"history":[', b'"history":[{},'), (baselines.SCHEMA.encode(), b"x")):
        with pytest.raises(UsageError):
            baselines.from_bytes(baselines.to_bytes(followed).replace(was, becomes, 1), "b")
    with pytest.raises(UsageError):
        baselines.from_bytes(b"[" * 100_000, "b")


def test_observed() -> None:
    """What the unit shows must be what the evidence says."""
    assert baselines.differs(evidence(), "3.1.0") == baselines.differs(evidence(), "v3.1.0") == ""
    assert baselines.differs(evidence(), "3.0.1") == "the unit shows 3.0.1, the evidence is of 3.1.0"
    assert "does not say" in baselines.differs(evidence(claims=()), "1.0")
