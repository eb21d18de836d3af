"""Rules on addresses: declared ones, encrypted ones, and what an absence is worth."""

from __future__ import annotations

import pytest

from fwverify.model.evidence import TOO_MANY, ContentKind, ContentObservation, Evidence
from fwverify.model.finding import Outcome
from tests.unit.evaluate.builders import SIZE, at, finding, good, ledger, span


def found(*addresses: tuple[str, str]) -> Evidence:
    return good(
        contents=tuple(
            ContentObservation(ContentKind.ENDPOINT, at("fw.bin", "etc/agent.conf"), 3, address, detail)
            for address, detail in addresses
        )
    )


SAFE, OPEN_ONE = ("https://api.acme-power.net:8443", "encrypted"), ("mqtt://b.acme-power.net", "not encrypted")


@pytest.mark.parametrize(
    ("params", "outcome"),
    [
        ("", Outcome.NOT_EVALUATED),
        ("if-absent: not_applicable", Outcome.NOT_APPLICABLE),
        ("declared: ['https://*.acme-power.net:8443']", Outcome.FAIL),
        ("declared: ['*.acme-power.net*']", Outcome.PASS),
        ("declared: ['api.acme-power.net:8443', 'b.acme-power.net']", Outcome.PASS),
        ("declared: ['api.acme-power.net']", Outcome.FAIL),
    ],
)
def test_declared(params: str, outcome: Outcome) -> None:
    """Every address is one of the vendor's; with nothing declared there is nothing to compare with."""
    assert finding(found(SAFE, OPEN_ONE), "endpoint.undeclared", params).outcome is outcome


def test_no_address() -> None:
    """None found counts only in what was examined."""
    assert finding(good(), "endpoint.undeclared").outcome is Outcome.PASS
    dark = good(ledger=ledger(span(0, SIZE, opened_bytes=0)))
    assert finding(dark, "endpoint.undeclared").outcome is Outcome.NOT_EVALUATED
    assert finding(dark, "endpoint.cleartext").outcome is Outcome.NOT_EVALUATED


def test_cleartext() -> None:
    """An address without encryption fails, unless it is allowed."""
    assert finding(found(SAFE), "endpoint.cleartext").outcome is Outcome.PASS
    one = finding(found(SAFE, OPEN_ONE), "endpoint.cleartext")
    assert one.outcome is Outcome.FAIL
    assert [each.detail for each in one.items] == ["mqtt://b.acme-power.net"]
    allowed = finding(found(SAFE, OPEN_ONE), "endpoint.cleartext", "allow: ['b.acme-power.net']")
    assert allowed.outcome is Outcome.PASS


def test_list_of_addresses() -> None:
    """A file with more addresses than are told: nobody knows whether one is without encryption, unless it is known."""
    many = found(("more than 200 addresses", TOO_MANY))
    assert finding(many, "endpoint.cleartext").outcome is Outcome.NOT_EVALUATED
    assert finding(many, "endpoint.cleartext", "allow: [etc/agent.conf]").outcome is Outcome.PASS
    assert finding(many, "endpoint.undeclared", "declared: ['*.acme-power.net*']").outcome is Outcome.FAIL
    assert finding(many, "endpoint.undeclared", "declared: [etc/agent.conf]").outcome is Outcome.PASS
