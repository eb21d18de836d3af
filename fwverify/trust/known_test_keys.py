"""Keys whose secret half, or whose use as a test key, is published: whoever signs with one proves nothing.

The data (known_test_keys.json: names of each key with repository, commit, path and the day they were checked) is read
at the first use. Matched by the SHA-256 of the SubjectPublicKeyInfo and by every other name a device or a tool gives
a key (`trust.key_names`). Pure: no key material is kept here.

It does not hold every published key: one that is missing is not thereby a good one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

RAW = "raw"
"""Kind of name of the first bytes of a modulus or point, as they lie in code."""
SHORTEST_NAME_BYTES = 20
"""Shorter names (key ids of eight bytes) are not searched for in content: they would be found by accident."""


@dataclass(frozen=True, slots=True)
class KnownKey:
    """One published key."""

    fingerprint: str
    """SHA-256 of the SubjectPublicKeyInfo, hexadecimal."""
    what: str
    """Plain words."""
    secret: bool
    """The file holds the secret half itself; otherwise it is the certificate or public half of a test key."""
    repository: str
    commit: str
    """The one the file was read at."""
    path: str
    names: tuple[tuple[str, str], ...] = ()
    """(kind, hexadecimal) as in `trust.key_names`, sorted; `raw`: the first bytes of the number itself."""

    @property
    def label(self) -> str:
        part = "published with its secret half" if self.secret else "published"
        return f"{self.what} ({part}: {self.repository} {self.path})"


@cache
def known_keys() -> tuple[KnownKey, ...]:
    """All of them, in the order of the data."""
    return tuple(_keys(_document()))


def checked_on() -> str:
    """When the names were computed from the published files, YYYY-MM-DD."""
    return str(_document()["checked-on"])


@cache
def by_name() -> Mapping[tuple[str, str], KnownKey]:
    """(kind, hexadecimal) -> key."""
    return {(kind, value): key for key in known_keys() for kind, value in key.names}


@cache
def by_bytes() -> Mapping[bytes, tuple[str, KnownKey]]:
    """Bytes that stand for a key in fuses, trailers and code -> (kind of name, key)."""
    return {
        bytes.fromhex(value): (kind, key)
        for (kind, value), key in sorted(by_name().items(), key=lambda one: one[0])
        if len(value) >= 2 * SHORTEST_NAME_BYTES
    }


def lookup(names: Iterable[tuple[str, str]]) -> KnownKey | None:
    """The published key that goes by one of these names (`trust.key_names.names_of`)."""
    table = by_name()
    return next((table[one] for one in names if one in table), None)


@cache
def _document() -> Mapping[str, object]:
    raw = resources.files("fwverify.trust").joinpath("known_test_keys.json").read_text("utf-8")
    found: Mapping[str, object] = json.loads(raw)
    return found


def _keys(document: Mapping[str, object]) -> Iterator[KnownKey]:
    groups = document["groups"]
    assert isinstance(groups, list)  # noqa: S101 - our own data, checked by a test
    for group in groups:
        for row in group["keys"]:
            names = {*row["names"].items(), *((RAW, one) for one in row.get("raw", ()))}
            names.add(("spki-sha256", row["spki-sha256"]))
            yield KnownKey(
                row["spki-sha256"], group["what"], row["secret"], group["repository"], group["commit"], row["path"],
                tuple(sorted(names)),
            )  # fmt: skip


class _Labels(Mapping[str, str]):
    """Fingerprint -> label; the data is read when somebody looks."""

    def __getitem__(self, fingerprint: str) -> str:
        return self._labels()[fingerprint]

    def __iter__(self) -> Iterator[str]:
        return iter(self._labels())

    def __len__(self) -> int:
        return len(self._labels())

    @staticmethod
    @cache
    def _labels() -> Mapping[str, str]:
        return {one.fingerprint: one.label for one in known_keys()}


KNOWN: Mapping[str, str] = _Labels()
"""Fingerprint -> `OpenBMC default or debug key (published with its secret half: REPOSITORY PATH)`."""
