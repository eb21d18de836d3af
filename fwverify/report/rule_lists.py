"""Rules in a line: their names in the order people ask, and what was left unjudged by topic and reason. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from fwverify.model.finding import Finding
from fwverify.report import reading as r
from fwverify.report.figures import count
from fwverify.report.reading import Reading

FAMILIES = ("signature", "sigstore", "origin", "checksum", "version", "sbom", "component", "secret", "package")
"""Order in which rules are named: who made it, is it unchanged, is it the right one, what is inside."""

TOPICS = {
    "signature": "the signature", "sigstore": "the signature", "origin": "origin", "checksum": "checksums",
    "version": "the version", "sbom": "the SBOM", "component": "components", "secret": "secrets",
    "package": "the package",
}  # fmt: skip
"""What a family of rules asks about."""

SIGNER_FAMILIES = ("signature", "sigstore", "origin")
"""Families that have nothing to judge until somebody's signature counts."""
TEST_KEYS = "signature.known-test-key"
"""Of the family `signature`, but about what lies in the image."""


def _family(one: Finding) -> str:
    return one.rule.partition(".")[0]


def _rank(one: Finding) -> tuple[int, str]:
    family = _family(one)
    return (FAMILIES.index(family) if family in FAMILIES else len(FAMILIES)), one.rule


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Who made it, is it unchanged, is it the right one, what is inside."""
    return sorted(findings, key=_rank)


def ids(findings: Iterable[Finding]) -> str:
    """Names of rules: who made it, is it unchanged, is it the right one, what is inside."""
    return ", ".join(one.rule for one in in_order(findings))


def unjudged(reading: Reading) -> str:
    """` Not judged without a signature: 5 about the signature, 1 about origin (names: -v).` Empty when all were."""
    groups: dict[str, list[Finding]] = {}
    for one in sorted(reading.missing, key=_rank):
        groups.setdefault(_reason(reading, one), []).append(one)
    others = groups.pop("", [])
    told = [f" {reason}: {_topics(found)}" for reason, found in sorted(groups.items(), reverse=True)]
    if others:
        told.append(f"{' for other reasons' if told else ''}: {_topics(others)}")
    return f" Not judged{';'.join(told)} (names: -v)." if told else ""


def _reason(reading: Reading, one: Finding) -> str:
    """Why it could not be judged, as far as one reason stands behind several rules."""
    sums = r.opened(reading)
    if "unexamined" in one.expected and sums.counted < sums.total:
        return f"because {count(sums.total - sums.counted)} bytes were not examined"
    unsigned = _family(one) in SIGNER_FAMILIES and one.rule != TEST_KEYS
    versionless = _family(one) == "version" and reading.verdict.installed and not reading.verdict.version
    if reading.verdict.signed.by or not (unsigned or versionless):
        return ""
    return f"without {'an accepted' if reading.evidence.signatures else 'a'} signature"


def _topics(found: Iterable[Finding]) -> str:
    topics = Counter(
        "test keys" if one.rule == TEST_KEYS else TOPICS.get(_family(one), "other things") for one in found
    )
    return ", ".join(f"{number} about {topic}" for topic, number in topics.items())
