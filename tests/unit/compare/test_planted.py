"""Bills of materials with planted faults: every fault that the contents can show is told, and nothing else.

The truth is made first: products with an established, a bounded or no version, each in a file of its own. What can be
shown follows from it before anything is compared.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, replace

import pytest

from fwverify.compare.interface import Inventory, InventoryFile
from fwverify.compare.stage import compare
from fwverify.model.component import Component, DeclaredComponent, DiscrepancyKind
from tests.unit.compare.building import IMAGE, ROOT, document, sha256

TRUTH = (
    ("openssl", "3.0.11-1~deb12u2", "3.0.11"), ("json-c", "0.16-2", "0.16"), ("libfastjson", "0.99.9-1", "0.99.9"),
    ("busybox", "1.36.1", "1.36.1"), ("dropbear", "2022.83", "2022.83"), ("zlib", "1:1.2.13.dfsg-1", "1.2.13"),
    ("libmodbus", "3.1.6-2.1", "3.1.6"), ("curl", "7.88.1-10+deb12u5", "7.88.1"), ("sqlite3", "3.40.1-2", "3.40.1"),
    ("linux", "6.1.94", "6.1.94"), ("mosquitto", "2.0.11-1", "2.0.11"), ("expat", "2.5.0-1", "2.5.0"),
    ("kmod", "30+20221128-1", "30"), ("argon2", "0~20171227-0.3", "0~20171227"), ("bash", "5.2.15-2+b2", "5.2.15"),
    ("wpa_supplicant", "2:2.10-12", "2.10"), ("tcpdump", "4.99.3-1", "4.99.3"), ("nettle", "3.8.1-2", "3.8.1"),
    ("gnutls", "3.7.9-2", "3.7.9"), ("pcre2", "10.42-1", "10.42"), ("ncurses", "6.4-4", "6.4"),
    ("gmp", "6.2.1", "6.2.1"),
)  # fmt: skip
"""Product, version as the vendor's packages have it, version in the bytes."""
GHOSTS = (("libquantum-mesh", "9.9.9"), ("acme-relay", "1.0.4"))


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong in the document, and the rows that must and may tell it."""

    kind: str
    name: str
    told: frozenset[tuple[str, str]]
    """(kind of row, product); empty: the contents cannot show it."""


def path(name: str) -> str:
    return f"usr/lib/{name}/main.so"


def observed(state: dict[str, str]) -> Inventory:
    """What an examination finds that is never wrong: versions established, bounded or not seen."""
    files = tuple(InventoryFile(ROOT.into("squashfs", path(name)), 10, (sha256(name),)) for name, _, _ in TRUTH)
    components = []
    for name, _, version in TRUTH:
        place = (ROOT.into("squashfs", path(name)),)
        one = Component(name, version, "", 90, ("test",), place, ())
        bounded = {"bounded": replace(one, version="", since=version), "named": replace(one, version="")}
        components.append(bounded.get(state[name], one))
    return Inventory(tuple(components), files, (), (InventoryFile(IMAGE, 1, ()),))


def true_entries() -> dict[str, DeclaredComponent]:
    return {
        name: DeclaredComponent(name, version, f"pkg:deb/debian/{name}@{version}", kind="library", bom_ref=name)
        for name, version, _ in TRUTH
    }


def moved(version: str, by: int, place: int) -> tuple[str, bool]:
    """The version with one of its numbers changed, packaging kept; whether it is an earlier one now."""
    epoch, colon, rest = version.rpartition(":")
    upstream, dash, revision = rest.partition("-")
    parts = upstream.split(".")
    place = min(place, len(parts) - 1)
    found = re.match(r"\d+", parts[place])
    assert found is not None
    number = int(found[0]) + by if int(found[0]) + by >= 0 else 7
    parts[place] = f"{number}{parts[place][found.end() :]}"
    return f"{epoch}{colon}{'.'.join(parts)}{dash}{revision}", number < int(found[0])


def plant(seed: int, state: dict[str, str]) -> tuple[dict[str, DeclaredComponent], list[Fault]]:
    """Six faults on six products."""
    chance = random.Random(seed)
    entries, faults = true_entries(), []
    names = chance.sample([name for name, _, _ in TRUTH if name not in ("json-c", "libfastjson", "linux")], 5)

    def shown(name: str, *states: str) -> bool:
        return state[name] in states

    omitted, patched, older, revised, hashed = names
    del entries[omitted]
    faults.append(Fault("omitted", omitted, frozenset({("undeclared", omitted)})))
    for name, by, kind in ((patched, 1, "patch"), (older, -1, "older")):
        one = entries[name]
        version, lower = moved(one.version, by, 1 if kind == "patch" else 0)
        entries[name] = replace(one, version=version, purl=f"pkg:deb/debian/{name}@{version}")
        can = shown(name, "established") or (lower and shown(name, "bounded"))
        faults.append(Fault(kind, name, frozenset({("version_differs", name)} if can else ())))
    one = entries[revised]
    version = f"{one.version.rpartition('-')[0] or one.version}-99"
    entries[revised] = replace(one, version=version, purl=f"pkg:deb/debian/{revised}@{version}")
    faults.append(Fault("revision", revised, frozenset()))  # the bytes state the release alone
    entries[hashed] = replace(
        entries[hashed], purl="", kind="library", hashes=(sha256("other"),), paths=(path(hashed),)
    )
    faults.append(Fault("hash", hashed, frozenset({("hash_differs", hashed)})))
    ghost, version = chance.choice(GHOSTS)
    entries[ghost] = DeclaredComponent(ghost, version, f"pkg:generic/{ghost}@{version}", kind="library", bom_ref=ghost)
    faults.append(Fault("ghost", ghost, frozenset({("absent_visible", ghost)})))
    return entries, faults


def telling(held: Inventory, entries: dict[str, DeclaredComponent]) -> set[tuple[str, str]]:
    """Rows that say that something is wrong, by product."""
    rows, _ = compare(held, [document(*entries.values())])
    quiet = {DiscrepancyKind.MATCHED, DiscrepancyKind.ABSENT_UNSEEN}
    found = set()
    for row in rows:
        if row.kind not in quiet:
            part = row.declared or row.observed
            assert part is not None
            found.add((row.kind.value, part.name))
    return found


def states(seed: int) -> dict[str, str]:
    chance = random.Random(seed)
    return {name: chance.choice(["established", "established", "bounded", "named"]) for name, _, _ in TRUTH}


@pytest.mark.parametrize("seed", range(40))
def test_true(seed: int) -> None:
    """The true document tells nothing, whatever of the versions is seen."""
    assert telling(observed(states(seed)), true_entries()) == set()


@pytest.mark.parametrize("seed", range(120))
def test_planted(seed: int) -> None:
    """Each fault that can be shown, and no other row."""
    state = states(seed)
    entries, faults = plant(seed, state)
    expected = {row for one in faults for row in one.told}
    assert telling(observed(state), entries) == expected, faults


@pytest.mark.parametrize("state", ["established", "bounded", "named"])
def test_swapped_twins(state: str) -> None:
    """Two forks of one library with their versions swapped: told where the bytes state or bound the version."""
    entries = true_entries()
    one, other = entries["json-c"], entries["libfastjson"]
    for name, version in (("json-c", other.version), ("libfastjson", one.version)):
        entries[name] = replace(entries[name], version=version, purl=f"pkg:deb/debian/{name}@{version}")
    states_ = dict.fromkeys(entries, "established") | {"json-c": state, "libfastjson": state}
    both = {("version_differs", "json-c"), ("version_differs", "libfastjson")}
    expected = {"established": both, "bounded": {("version_differs", "libfastjson")}, "named": set()}[state]
    assert telling(observed(states_), entries) == expected


def test_one_twin_for_the_other() -> None:
    """The document names the fork that is not there: the one there is not declared, the other not found."""
    entries = true_entries()
    del entries["json-c"], entries["libfastjson"]
    entries["libfastjson"] = DeclaredComponent("libfastjson", "0.99.9-1", kind="library")
    held = observed(dict.fromkeys((name for name, _, _ in TRUTH), "established"))
    gone = tuple(one for one in held.components if one.name != "libfastjson")
    found = telling(replace(held, components=gone), entries)
    assert ("undeclared", "json-c") in found
    assert {name for _, name in found} <= {"json-c", "libfastjson"}
