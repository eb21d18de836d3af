"""The data of the version detectors: complete, named as the product table names, and slips are refused."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

import pytest

from fwverify.formats.products import canonical_product
from fwverify.formats.strict_yaml import YamlProblem
from fwverify.identify import scan as scanning
from fwverify.identify.version_table import Find, Table, compiled, read, sources, table
from tests import make_versions

GOOD = r"""product: thing
cpe: acme:thing
proven:
  - "thing 1.2-1 armhf (Debian 12)"
  - "thing 1.3-1 arm64 (Debian 13)"
finds:
  - anchor: "Thing v"
    pattern: 'Thing v(?P<version>\d\.\d)\0'
    confidence: 90
positive:
  - text: "\0Thing v1.2\0"
    version: "1.2"
    source: "thing 1.2-1"
negative:
  - text: "Thing vanished\0"
    source: "no version"
"""
WHOLE = sources()
STRANGER = Find("stranger", 1, anchor=b"a text that no example has", pattern=rb"(?P<version>\b)")
"""Hyperscan wants at least one anchor."""
MIN_ANCHOR_BYTES = 5
"""Shorter ones stand everywhere, and each place costs a look and counts against the limit."""


def test_good() -> None:
    """The shortest complete file is read."""
    one = read(GOOD)
    assert (one.products, len(one.finds), len(one.examples)) == (("thing",), 1, 2)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("product: thing\n", "", "names no product"),
        ("product: thing", "product: thing\nvendor: acme", "unknown key 'vendor'"),
        ("acme:thing", "cpe:2.3:a:acme:thing", "vendor:product"),
        ("cpe: acme:thing", "purl: thing", "purl is"),
        ("cpe: acme:thing", "lives: everywhere", "lives is one of"),
        ("thing 1.3-1 arm64 (Debian 13)", "thing 1.2-1 armhf (Debian 12)", "two builds"),
        ("thing 1.3-1 arm64 (Debian 13)", "somewhere", "two builds"),
        ('  - "thing 1.3-1 arm64 (Debian 13)"\n', "", "two builds"),
        ("    version: ", "    versoin: ", "unknown key 'versoin'"),
        ("    anchor", "    achor", "a find is"),
        ("  - anchor:", "  - bare: 'x'\n    anchor:", "a find is"),
        ('"Thing v"\n', '""\n', "a find is"),
        ("    pattern: ", "    bear: ", "a find is"),
        ("?P<version>", "?P<vresion>", "has a group"),
        ("confidence: 90", "confidence: high", "percentage"),
        ("confidence: 90", "confidence: 0", "percentage"),
        ("confidence: 90", "confidence: 100", "percentage"),
        ('    version: "1.2"\n', "", "positive example states its version"),
        ('    source: "no version"', '    source: "x"\n    version: "1"', "negative one does not"),
        ('    source: "thing 1.2-1"\n', "", "its source"),
        ('text: "Thing vanished\\0"', 'text: ""', "has a text or a file name"),
        ("finds:\n", "finds: none\nother:\n", "unknown key 'other'"),
        ("negative:\n", "negative: none\nother:\n", "unknown key 'other'"),
        ('product: thing', 'product: [thing]', "must be a text"),
        ('product: thing', 'product: thing\nlibrary: yes', "library is true, or left out"),
    ],
)  # fmt: skip
def test_slips(old: str, new: str, said: str) -> None:
    """A slip in the data is refused with its place; nothing is silently found less."""
    changed = GOOD.replace(old, new, 1) if old in GOOD else GOOD.replace(old.strip(), new.strip(), 1)
    assert changed != GOOD
    with pytest.raises(YamlProblem, match=said):
        read(changed)


def test_unproven_is_low() -> None:
    """Without two real builds a product's finds have a low confidence."""
    unproven = re.sub(r"(?m)^proven:\n(?:  - .*\n)+", "proven: unproven\n", GOOD)
    with pytest.raises(YamlProblem, match="at most 60"):
        read(unproven)
    (product,) = read(unproven.replace("confidence: 90", "confidence: 60")).known
    assert (product.proven, product.cpe, product.purl) == ((), "acme:thing", "pkg:generic/thing")


def test_two_hundred_proven() -> None:
    """Two hundred products and more, each seen right in two real builds."""
    assert len([one for one in WHOLE.known if one.proven]) >= 200
    assert {one.name for one in WHOLE.known} == set(WHOLE.products)


def test_compiled() -> None:
    """What a run reads is what the YAML files say: run `python -m tests.make_versions` after changing them."""
    assert make_versions.TARGET.read_text("ascii") == compiled(WHOLE)
    assert (table().finds, table().known) == (WHOLE.finds, WHOLE.known)


def test_lists_are_lists() -> None:
    """A text where a list belongs, and a missing list, are refused."""
    for name in ("finds", "positive", "negative"):
        cut = re.sub(rf"(?ms)^{name}:\n.*?(?=^\w|\Z)", f"{name}: none\n", GOOD)
        with pytest.raises(YamlProblem, match="must be a list"):
            read(cut)
        with pytest.raises(YamlProblem, match="needs finds, positive and negative"):
            read(cut.replace(f"{name}: none\n", ""))


def test_names_are_the_tables() -> None:
    """A product is named as formats.products names it, and its file is named like it."""
    names = {entry.name.removesuffix(".yaml") for entry in resources.files("fwverify.identify.versions").iterdir()}
    products = WHOLE.products
    assert [one for one in products if canonical_product(one) != one] == []
    assert set(products) == names - {"__init__.py", "__pycache__"}


def test_expressions() -> None:
    """Every expression compiles and matches no empty text; one that looks at a whole library repeats nothing freely."""
    for find in WHOLE.finds:
        for expression in (find.pattern, find.bare, find.file):
            if expression:
                assert re.compile(expression).search(b"") is None, find
        without_classes = re.sub(rb"\[[^\]]*\]|\\.", b".", find.bare)
        assert not re.search(rb"[.)](?:[*+]|\{\d*,\})", without_classes), find


def test_anchors_are_telling() -> None:
    """No anchor is so short that it stands everywhere."""
    assert [one for one in WHOLE.finds if one.anchor and len(one.anchor) < MIN_ANCHOR_BYTES] == []


def test_every_find_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every find sees a positive example of its product all by itself: none is there that nobody has seen work."""
    for find in WHOLE.finds:
        shown = [one for one in WHOLE.examples if one.product == find.product and one.version]
        monkeypatch.setattr(scanning, "table", lambda alone=find: Table((alone, STRANGER), ()))
        monkeypatch.setattr(scanning, "_search", cache(scanning._search.__wrapped__))
        if find.file:
            seen = [one for one in shown if scanning.named(one.file, one.soname)]
        else:
            seen = [one for one in shown if scanning.scan(memoryview(one.text), one.soname, 100)]
        assert seen, find
