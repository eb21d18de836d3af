"""Two SBOMs of one product, an older and a newer: what was added, removed and changed, the dangerous first.

1 Entries are paired: by package URL without version, else by kind and product name. Of several with one identity those
of the same version are paired first, then the rest in order of their versions. 2 A pair may differ in version, hashes,
licences and supplier. 3 Versions are put in order by the ecosystem's rules where the package URL names one, else by
`model.versions`; what cannot be ordered is a change whose direction is not known. Pure. Does NOT look at any image.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cmp_to_key

from fwverify.compare.identifiers import parsed_purl
from fwverify.compare.versions import difference, ordered, same_version
from fwverify.formats.products import canonical_product
from fwverify.model.component import DeclaredComponent


class ChangeKind(StrEnum):
    """In the order they are told."""

    DOWNGRADED = "downgraded"
    HASH = "hash changed"
    """The same version with another content."""
    SUPPLIER = "supplier changed"
    ADDED = "added"
    REMOVED = "removed"
    UPGRADED = "upgraded"
    VERSION = "version changed"
    """In a direction that cannot be told."""
    LICENCE = "licence changed"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between two SBOMs."""

    kind: ChangeKind
    name: str
    old: str
    """What the older one says; empty for what was added."""
    new: str
    differs_in: str = ""
    """For versions: the smallest part in which they differ."""
    purl: str = ""


Key = tuple[str, ...]
MAX_PAIRED = 200
"""Entries with one identity that are paired by their version: comparing is quadratic, and real ones are one or two."""


def changes(old: Iterable[DeclaredComponent], new: Iterable[DeclaredComponent]) -> tuple[Change, ...]:
    """What is different, in the order of ChangeKind and then by name. See the module's steps 1 to 3."""
    before, after = _by_identity(old), _by_identity(new)
    found: list[Change] = []
    for key in sorted({*before, *after}):
        pairs = _paired(before.get(key, []), after.get(key, []))  # 1
        for one, other in pairs:
            found.extend(_between(one, other))  # 2
    order = list(ChangeKind)
    return tuple(sorted(found, key=lambda one: (order.index(one.kind), one.name.lower(), one.name, one.old, one.new)))


def _by_identity(listed: Iterable[DeclaredComponent]) -> Mapping[Key, list[DeclaredComponent]]:
    found: dict[Key, list[DeclaredComponent]] = defaultdict(list)
    for one in sorted(set(listed)):
        url = parsed_purl(one.purl)
        key = ("purl", url.type, url.namespace, url.name) if url else ("name", one.kind, canonical_product(one.name))
        found[key].append(one)
    return found


def _paired(
    old: list[DeclaredComponent], new: list[DeclaredComponent]
) -> list[tuple[DeclaredComponent | None, DeclaredComponent | None]]:
    pairs: list[tuple[DeclaredComponent | None, DeclaredComponent | None]] = []
    left, rest = list(old), list(new[MAX_PAIRED:])
    for one in new[:MAX_PAIRED]:
        same = next(
            (other for other in left[:MAX_PAIRED] if same_version(other.version, one.version, _kind(one)) is not False),
            None,
        )
        if same is None:
            rest.append(one)
        else:
            left.remove(same)
            pairs.append((same, one))
    left, rest = sorted(left, key=_by_version), sorted(rest, key=_by_version)
    pairs += list(zip(left, rest, strict=False))
    pairs += [(one, None) for one in left[len(rest) :]] + [(None, one) for one in rest[len(left) :]]
    return pairs


def _between(old: DeclaredComponent | None, new: DeclaredComponent | None) -> Iterable[Change]:
    if old is None or new is None:
        if new is not None:
            yield Change(ChangeKind.ADDED, new.name, "", new.version, purl=new.purl)
        if old is not None:
            yield Change(ChangeKind.REMOVED, old.name, old.version, "", purl=old.purl)
        return
    if _other_version(old, new):
        yield _version(old, new)
    elif _contrary(old, new):
        yield Change(ChangeKind.HASH, new.name, _hashes(old), _hashes(new), purl=new.purl)
    for kind, one, other in (
        (ChangeKind.SUPPLIER, old.supplier, new.supplier),
        (ChangeKind.LICENCE, ", ".join(old.licences), ", ".join(new.licences)),
    ):
        if one != other:
            yield Change(kind, new.name, one, other, purl=new.purl)


def _other_version(old: DeclaredComponent, new: DeclaredComponent) -> bool:
    """Packaging counts here: a rebuilt package of the same release is another one where its ecosystem says so."""
    if old.version == new.version:
        return False
    if same_version(old.version, new.version, _kind(new)) is not True:
        return True
    return bool(_kind(new)) and ordered(old.version, new.version, _kind(new)) not in (0, None)


def _version(old: DeclaredComponent, new: DeclaredComponent) -> Change:
    order = ordered(old.version, new.version, _kind(new))  # 3
    kind = {1: ChangeKind.DOWNGRADED, -1: ChangeKind.UPGRADED}.get(order or 0, ChangeKind.VERSION)
    return Change(kind, new.name, old.version, new.version, difference(old.version, new.version), new.purl)


def _contrary(old: DeclaredComponent, new: DeclaredComponent) -> bool:
    """An algorithm that both give, with another value."""
    before = {one.algorithm: one.value for one in old.hashes}
    return any(before.get(one.algorithm, one.value) != one.value for one in new.hashes)


def _hashes(one: DeclaredComponent) -> str:
    return ", ".join(f"{each.algorithm} {each.hex}" for each in one.hashes)


def _kind(one: DeclaredComponent) -> str:
    url = parsed_purl(one.purl)
    return url.type if url else ""


def _earlier(one: DeclaredComponent, other: DeclaredComponent) -> int:
    order = ordered(one.version, other.version, _kind(one))
    return order if order is not None else (one.version > other.version) - (one.version < other.version)


_by_version = cmp_to_key(_earlier)
