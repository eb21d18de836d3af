"""The asset register: which units there are, what is installed on each, and what was approved for it.

    register: fwverify-assets/1
    units:
      UPS-A-03:
        what: UPS of row A, position 3
        vendor: acme
        product: acme-ups
        installed: 3.0.1
        device: {compatible: acme-ups}
        baseline: baselines/UPS-A-03.baseline.json

Everything in it is the operator's word, as if he had typed it as options. It is never looked for in a delivery.
Does NOT ask the units, and is not written by fwverify: what is installed is stated by people.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches

from fwverify.assets.reading import Reader
from fwverify.errors import UsageError
from fwverify.formats.strict_yaml import Node

LANGUAGE = ("register", "fwverify-assets/1")
KEYS = ("register", "site", "units")
UNIT_KEYS = ("what", "location", "owner", "vendor", "product", "installed", "device", "baseline")
ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit in service. Empty texts: not stated."""

    id: str
    what: str = ""
    location: str = ""
    owner: str = ""
    vendor: str = ""
    product: str = ""
    installed: str = ""
    device: tuple[tuple[str, str], ...] = ()
    baseline: str = ""
    """Path of its baseline, relative to the register's folder."""

    @property
    def words(self) -> str:
        """What it is and where, for a page."""
        return ", ".join(one for one in (self.what, self.location) if one)


@dataclass(frozen=True, slots=True)
class Register:
    """All units, by id."""

    source: str
    site: str
    units: tuple[Unit, ...]

    def unit(self, name: str) -> Unit:
        """The unit of that id. Raises UsageError."""
        found = next((one for one in self.units if one.id == name), None)
        if found is None:
            names = [one.id for one in self.units]
            close = get_close_matches(name, names, n=1)
            guess = f" Did you mean {close[0]!r}?" if close else ""
            raise UsageError(
                f"there is no unit {name!r} in {self.source}.{guess}", where="--asset",
                todo=f"It has {len(names)} units, among them {', '.join(names[:5])}." if names else "It is empty.",
            )  # fmt: skip
        return found


def parse_register(text: str, source: str) -> Register:
    """Read a register. Raises UsageError with file, line and column."""
    reader = Reader(source)
    root = reader.root(text, LANGUAGE, KEYS)
    if "units" not in root:
        raise UsageError("it names no units", where=f"{source}:1:1", todo="Add 'units:'.")
    table = reader.table(root["units"].value, "units")
    units = []
    for name, entry in table.items():
        if not ID.fullmatch(name):
            raise reader.error(entry.key, f"{name!r} is no id of a unit", "Use letters, digits, '.', '_' and '-'.")
        units.append(_unit(reader, name, entry.value))
    return Register(source, reader.text(root, "site"), tuple(sorted(units, key=lambda one: one.id)))


def _unit(reader: Reader, name: str, node: Node) -> Unit:
    table = reader.table(node, f"the unit {name}", UNIT_KEYS)
    device: tuple[tuple[str, str], ...] = ()
    if "device" in table:
        named = reader.table(table["device"].value, "device")
        device = tuple(sorted((one, reader.text(named, one)) for one in named))
    installed = reader.text(table, "installed")
    if installed and not re.search(r"[0-9]", installed):
        raise reader.error(table["installed"].value, f"{installed!r} is no version", "Write it as the unit shows it.")
    return Unit(
        name,
        what=reader.text(table, "what"),
        location=reader.text(table, "location"),
        owner=reader.text(table, "owner"),
        vendor=reader.text(table, "vendor"),
        product=reader.text(table, "product"),
        installed=installed,
        device=device,
        baseline=reader.text(table, "baseline"),
    )
