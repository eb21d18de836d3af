"""The language of waivers: what it reads, and every mistake with its place."""

from __future__ import annotations

import hashlib

import pytest

from fwverify.errors import WaiverError
from fwverify.evaluate.waiver_text import parse_waiver

ITEM, IMAGE = "a" * 64, "b" * 64
GOOD = f"""fwverify: waiver/1
id: W-1
rules: [sbom.present]
items: [{ITEM}]
scope: {{images: [{IMAGE}]}}
reason: The vendor ships one from 4.0 on.
compensating-controls: [reviewed by hand]
risk-owner: Head of Facilities
requested-by: M. Lee
approved-by: [D. Kim]
valid-from: 2026-11-01
expires: 2027-03-01
"""


def test_reads_everything() -> None:
    """Every field arrives as written, and the digest is that of the text."""
    found = parse_waiver(GOOD, "w.yaml")
    assert (found.id, found.rules, found.items, found.images) == ("W-1", ("sbom.present",), (ITEM,), (IMAGE,))
    assert (found.product, found.versions) == ("", ())
    assert (found.requested_by, found.approved_by, found.risk_owner) == ("M. Lee", ("D. Kim",), "Head of Facilities")
    assert (found.valid_from, found.expires) == ("2026-11-01", "2027-03-01")
    assert found.digest == hashlib.sha256(GOOD.encode()).hexdigest()


def test_product_and_versions() -> None:
    """A range with an upper end, as text."""
    found = parse_waiver(GOOD.replace(f"images: [{IMAGE}]", 'product: acme-ups, versions: ">=3.0, <3.10"'), "w.yaml")
    assert (found.images, found.product, found.versions) == ((), "acme-ups", ((">=", "3.0"), ("<", "3.10")))


MISTAKES = [
    ("", "", "1:1", "empty"),
    ("waiver/1", "waiver/2", "1:11", "waiver/2"),
    ("fwverify: waiver/1\n", "", "1:1", "fwverify: waiver/1"),
    ("reason:", "reasn:", "6:1", "Did you mean 'reason'?"),
    ("reason: The vendor ships one from 4.0 on.", "reason: ''", "6:9", "reason is empty"),
    ("reason: The vendor ships one from 4.0 on.\n", "", "1:1", "has no reason"),
    ("id: W-1", "id: ../W", "2:5", "letters, digits"),
    ("[sbom.present]", "[sbom.presnt]", "3:9", "Did you mean 'sbom.present'?"),
    ("[sbom.present]", "sbom.present", "3:8", "must be a list"),
    ("[sbom.present]", "[]", "3:8", "rules is empty"),
    (ITEM, ITEM[:-1], "4:9", "fingerprint"),
    (ITEM, ITEM.upper(), "4:9", "lower case"),
    (IMAGE, "*a", "5:18", "alias"),
    (IMAGE, "'*'", "5:18", "SHA-256 of an image"),
    (f"images: [{IMAGE}]", "product: acme-ups", "5:8", "a scope is either"),
    (f"images: [{IMAGE}]", f'images: [{IMAGE}], product: a, versions: "==1"', "5:8", "a scope is either"),
    (f"images: [{IMAGE}]", 'product: "acme-*", versions: "==1"', "5:18", "patterns"),
    (f"images: [{IMAGE}]", 'product: a, versions: ">=3.0"', "5:31", "upper end"),
    (f"images: [{IMAGE}]", 'product: a, versions: "3.x"', "5:31", "upper end"),
    ("[D. Kim]", "['']", "10:15", "an entry of approved-by is empty"),
    ("2027-03-01", "never", "12:10", "date"),
    ("2027-03-01", "2027-02-30", "12:10", "date"),
    ("expires: 2027-03-01\n", "", "1:1", "has no expires"),
    ("expires:", "id: W-2\nexpires:", "12:1", "given twice"),
]


@pytest.mark.parametrize(("old", "new", "place", "words"), MISTAKES)
def test_mistakes(old: str, new: str, place: str, words: str) -> None:
    """Every mistake is one error that says file, line, column and what is wrong."""
    with pytest.raises(WaiverError) as caught:
        parse_waiver(GOOD.replace(old, new) if old else "", "w.yaml")
    assert words in f"{caught.value.what} {caught.value.todo}"
    assert caught.value.where == f"w.yaml:{place}"


@pytest.mark.parametrize("day", ["2026-W01-1", "20270301", "2027-3-01", "2027-03-01T00:00:00Z"])
def test_a_day_has_one_form(day: str) -> None:
    """Days are compared as texts: a week date would never come to an end."""
    with pytest.raises(WaiverError, match="must be a date like"):
        parse_waiver(GOOD.replace("expires: 2027-03-01", f"expires: {day}"), "w.yaml")
