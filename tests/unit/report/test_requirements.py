"""What the codes on rules stand for."""

from __future__ import annotations

from datetime import date

from fwverify.cli import main
from fwverify.evaluate.registry import BUILTIN
from fwverify.report.requirements import SEEN, requirements, titles

CATALOGUE = {
    "package.identified": ("N0",), "package.examined": ("A SI-7",), "package.trailing-data": ("N2",),
    "package.manifest-consistent": ("N2",), "package.duplicate-members": ("N2",),
    "signature.present": ("N1", "E42 3.10 RE1", "A CM-14"), "signature.valid": ("N1", "N2", "A SI-7(15)"),
    "signature.signer-pinned": ("N1", "A CM-14"), "signature.coverage": ("N2", "E42 3.10 RE1"),
    "signature.all-required": ("A SC-13",), "signature.threshold": ("S PS.2.1",), "signature.chain": ("A SC-12",),
    "signature.time": ("N1",), "signature.revocation": ("N1",), "signature.algorithm": ("A SC-13", "CNSA 2.0"),
    "signature.known-test-key": ("E41 SM-8",), "signature.test-like-name": ("E41 SM-8",),
    "signature.weak-key": ("E41 SM-8",), "signature.wrapper": ("A SI-7",), "origin.strength": ("N1", "N2"),
    "origin.no-method": ("N1", "N2", "N13"), "checksum.match": ("N2",), "checksum.strength": ("N2",),
    "checksum.channel": ("N2",), "checksum.manifest-authentic": ("N1",), "checksum.inner": ("N2",),
    "version.no-downgrade": ("N193 4.2.1",), "version.minimum": ("N193",), "version.security-counter": ("N193",),
    "sbom.present": ("K II(1)", "B"), "sbom.schema": ("B 4",), "sbom.authentic": ("B",),
    "sbom.minimum-elements": ("NTIA", "CISA", "B"), "component.undeclared": ("A CM-8(3)", "A SR-4(3)", "K"),
    "component.version-mismatch": ("A SR-4(3)",), "component.hash-mismatch": ("A SI-7(1)",),
    "component.forbidden": ("A CM-7",), "secret.private-key": ("E41 SM-8", "E42 CR 1.5"),
    "secret.default-password": ("K I(2)(b)",), "secret.token": ("E42 CR 7.7", "A CM-7"),
    "hardening.pie": ("K I(2)(k)", "E41 SD-4"), "endpoint.undeclared": ("CIP-005 R2", "N13"),
}  # fmt: skip


def test_every_code_is_in_the_data_file() -> None:
    """No rule carries a code that nobody can look up."""
    known = requirements()
    assert not [(rule.id, code) for rule in BUILTIN for code in rule.requirements if code not in known]


def test_rules_carry_the_codes_of_the_catalogue() -> None:
    """Those of the rules document, rule by rule."""
    have = {rule.id: rule.requirements for rule in BUILTIN}
    assert {one: have[one] for one in CATALOGUE} == CATALOGUE


def test_citations_are_dated() -> None:
    """Each was looked up before it must be looked up again, and says how well it is known."""
    for one in requirements().values():
        assert date.fromisoformat(one.checked_on) < date.fromisoformat(one.valid_until)
        assert one.seen in SEEN


def test_past_its_date() -> None:
    """The last day counts; the day after, every place that prints the citation says so."""
    one = requirements()["N1"]
    assert "PAST" not in one.state("2028-03-31T23:59:59Z")
    assert "PAST ITS DATE (2028-03-31)" in one.state("2028-04-01T00:00:00Z")
    assert "PAST ITS DATE" in titles("2028-04-01T00:00:00Z")["N1"]


def test_rules_command(capsys: object) -> None:
    """`fwverify rules ID --at` prints clause, what it asks, and the state of the citation."""
    assert main(["rules", "origin.strength", "--at", "2028-04-01"]) == 0
    told = " ".join(capsys.readouterr().out.split())  # type: ignore[attr-defined]
    assert "NERC CIP-010-4, R1 Part 1.6.1" in told
    assert "PAST ITS DATE" in told
