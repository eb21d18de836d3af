"""Two SBOMs compared: pairing, directions of versions, and the order in which changes are told."""

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from fwverify.compare.changes import ChangeKind, changes
from fwverify.model.component import DeclaredComponent
from tests.unit.compare.building import declared, sha256


def told(old: list[DeclaredComponent], new: list[DeclaredComponent]) -> list[tuple[str, str, str, str]]:
    return [(one.kind.value, one.name, one.old, one.new) for one in changes(old, new)]


def test_nothing() -> None:
    """The same entries, in another order and with another spelling of a version, do not differ."""
    one, other = declared("a", "1.0"), declared("b", "v2.0")
    assert told([one, other], [declared("b", "2.0"), one]) == []


def test_order() -> None:
    """Downgrades first, then contents and suppliers, then what came and went, upgrades last."""
    old = [declared("a", "2.0"), declared("b", "1.0"), declared("c", "1"), declared("d", "1", hashes=(sha256("x"),)),
           declared("e", "1", supplier="one"), declared("g", "odd")]  # fmt: skip
    new = [declared("a", "1.9"), declared("b", "1.0.1"), declared("n", "5"), declared("d", "1", hashes=(sha256("y"),)),
           declared("e", "1", supplier="two"), declared("g", "even")]  # fmt: skip
    kinds = [one.kind for one in changes(old, new)]
    assert kinds == [ChangeKind.DOWNGRADED, ChangeKind.HASH, ChangeKind.SUPPLIER, ChangeKind.ADDED, ChangeKind.REMOVED,
                     ChangeKind.UPGRADED, ChangeKind.VERSION]  # fmt: skip


def test_ecosystem_order() -> None:
    """The package URL's ecosystem decides: an epoch is above any version, a tilde before the release."""

    def deb(version: str) -> DeclaredComponent:
        return declared("zlib1g", version, purl=f"pkg:deb/debian/zlib1g@{version}")

    assert told([deb("1:1.0-1")], [deb("2.0-1")]) == [("downgraded", "zlib1g", "1:1.0-1", "2.0-1")]
    assert told([deb("1.0-1")], [deb("1.0-1~bpo1")])[0][0] == "downgraded"


def test_several_of_one_name() -> None:
    """Copies of the same version stay paired; only the one that changed is told."""
    old = [declared("ssl", "1.0"), declared("ssl", "3.0")]
    assert told(old, [declared("ssl", "3.0"), declared("ssl", "1.1")]) == [("upgraded", "ssl", "1.0", "1.1")]
    assert told(old, [declared("ssl", "3.0")]) == [("removed", "ssl", "1.0", "")]


def test_other_names_of_one_product() -> None:
    """Without package URLs a library's package name and its product are one."""
    assert told([declared("libssl3", "3.0.1")], [declared("openssl", "3.0.2")]) == [
        ("upgraded", "openssl", "3.0.1", "3.0.2")
    ]


def test_many_of_one_name_are_linear() -> None:
    """Thousands of entries of one name do not take quadratic time."""
    start = time.process_time()
    changes([declared("a", f"1.{one}") for one in range(5000)], [declared("a", f"2.{one}") for one in range(5000)])
    assert time.process_time() - start < 20


entries = st.builds(declared, st.sampled_from("abc"), st.sampled_from(["", "1", "1.1", "2", "odd"]))


@given(st.lists(entries, max_size=5), st.lists(entries, max_size=5))
def test_symmetric(old: list[DeclaredComponent], new: list[DeclaredComponent]) -> None:
    """Backwards, what was added is removed and an upgrade is a downgrade; with itself nothing differs."""
    assert changes(old, old) == ()
    turn = {"added": "removed", "removed": "added", "upgraded": "downgraded", "downgraded": "upgraded"}
    forward = sorted((turn.get(kind, kind), name, after, before) for kind, name, before, after in told(old, new))
    assert sorted(told(new, old)) == forward
