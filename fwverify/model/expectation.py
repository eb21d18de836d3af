"""What the operator expects. Only from options, a policy's `expect`, a batch row or the user's configuration;
never from the delivery."""

from __future__ import annotations

from dataclasses import dataclass

from fwverify.model.artifact import Digest, Locator
from fwverify.model.change import ChangeRecord


@dataclass(frozen=True, slots=True)
class ExpectedChecksum:
    """A checksum that reached the operator by another way than the file."""

    digest: Digest
    channel: str
    """Free text the operator typed: by which way, from whom, when ("phone, J. Ortiz, 2026-10-03"). Empty: not said."""


@dataclass(frozen=True, slots=True)
class NoMethod:
    """A dated record that a vendor, asked, offers no way to show where a file comes from. The operator's own words."""

    vendor: str
    """Vendor id of the key registry, or a name."""
    products: tuple[str, ...]
    """Globs over product ids; empty: all of the vendor's."""
    asked: str
    """Who was asked at the vendor."""
    asked_by: str
    channel: str
    """How: phone, letter, ticket number."""
    on: str
    """ISO date of the answer."""
    answer: str
    mitigation: tuple[str, ...]
    """What is done instead: one line each."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """What the operator expects of a delivery. Empty strings: not stated."""

    vendor: str = ""
    """Vendor id of the key registry."""
    product: str = ""
    """Product id, as in the registry's `products` globs."""
    version: str = ""
    installed: str = ""
    """Version installed now."""
    checksums: tuple[ExpectedChecksum, ...] = ()
    source: str = "options"
    """Where these came from, for the page."""
    device: tuple[tuple[str, str], ...] = ()
    """What identifies the device, sorted: (`compatible`, `acme-gw`), (`machine`, ...), (`guid`, ...),
    (`device-type`, ...). Compared with what signed bytes state."""
    minimum: str = ""
    """Lowest acceptable version."""
    minimum_counter: int = -1
    """Lowest acceptable security counter, rollback index or sequence number; -1: not stated."""
    baseline: tuple[tuple[str, str], ...] = ()
    """(scheme, registry entry) of every signature that counted for the approved release this one follows, sorted;
    empty: no baseline was given."""
    no_method: NoMethod | None = None
    """The record that the vendor offers no method; None: none was given."""
    change: ChangeRecord = ChangeRecord()  # noqa: RUF009 - immutable
    """What is stated of the change this verdict is for."""


@dataclass(frozen=True, slots=True, order=True)
class VersionClaim:
    """A version somebody claims for the whole delivery."""

    value: str
    scheme: str
    """semver, deb, dotted, date or empty (not known)."""
    source: str
    """`sbom-subject`, `os-release`, `file-name`..."""
    locator: Locator
    """The artifact that makes the claim; it counts for rollback rules only when covered by an accepted signature."""
    product: str = ""
    """Product name the claim speaks of, as written there."""
