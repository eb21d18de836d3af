"""What a package says of itself: name, version, architecture and the source it was built from.

Debian policy 5.3 (binary control files) and 5.6.1 (Source); opkg control files; apk v2 `.PKGINFO` (abuild, Alpine
wiki "Apk spec") and pacman's, which looks alike; RPM header tags as the reader of RPM packages states them; purl-spec
types deb, opkg, apk, alpm, rpm; read 2026-11-22. Does NOT check a package's signature: the operator vouches for what
he learns.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from fwverify.formats.products import canonical_product, known_products

MAX_TEXT_BYTES = 256 << 10
"""Longer control files are not read. A real one has a few KiB."""
_SOURCE = re.compile(r"(?P<name>\S+)(?:\s+\((?P<version>[^)]*)\))?")
_SOURCE_RPM = re.compile(r"(?P<name>.+)-(?P<version>[^-]+-[^-]+)\.(?:no)?src\.rpm")

_EPOCH = re.compile(r"\d+:")
_REPACKED = re.compile(r"[+.~](?:dfsg|ds\d|repack|deb\d|debian|nmu|ubuntu).*$")
_TELLING = re.compile(r"\d+\.\d|\d{6}")


@dataclass(frozen=True, slots=True)
class Named:
    """Whom the files of a package belong to."""

    name: str
    version: str
    purl: str
    source: str
    source_version: str
    product: str
    arch: str


def of_control(text: str, kind: str) -> Named | None:
    """A Debian or opkg control file; None when it names no package.

    Args:
        text: the file.
        kind: `deb` or `opkg`, of the package it lies in.
    """
    fields = _stanza(text)
    name, version = fields.get("package", ""), fields.get("version", "")
    if not name:
        return None
    stated = _SOURCE.fullmatch(fields.get("sourcename", "") or fields.get("source", ""))
    source = stated["name"].rpartition("/")[2] if stated else ""  # opkg writes the folder of its feed
    namespace = None
    if kind == "deb":
        hints = f"{version} {fields.get('maintainer', '')} {fields.get('origin', '')}".lower()
        namespace = "ubuntu" if "ubuntu" in hints else "debian"
    arch = fields.get("architecture", "")
    return named(kind, namespace, name, version, source, (stated["version"] if stated else "") or "", arch)


def of_pkginfo(text: str) -> Named | None:
    """A `.PKGINFO` of apk or pacman; None when it names no package."""
    fields: dict[str, str] = {}
    for line in text.splitlines():
        name, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            fields.setdefault(name.strip().lower(), value.strip())
    if not fields.get("pkgname"):
        return None
    pacman = "pkgbase" in fields or "xdata" in fields
    kind, namespace = ("alpm", "arch") if pacman else ("apk", "alpine")
    source = fields.get("pkgbase" if pacman else "origin", "")
    return named(kind, namespace, fields["pkgname"], fields.get("pkgver", ""), source, "", fields.get("arch", ""))


def of_facts(facts: Mapping[str, str]) -> Named | None:
    """What the reader of RPM packages states of the header; None when it names no package."""
    name, version, release = facts.get("name", ""), facts.get("version", ""), facts.get("release", "")
    if not name or not version:
        return None
    whole = f"{version}-{release}" if release else version
    epoch = facts.get("epoch", "")
    built_from = _SOURCE_RPM.fullmatch(facts.get("source-rpm", ""))
    vendor = re.sub(r"[^a-z0-9]+", "-", facts.get("vendor", "").lower()).strip("-") or None
    return named(
        "rpm", vendor, name, f"{epoch}:{whole}" if epoch not in ("", "0") else whole,
        built_from["name"] if built_from else "", built_from["version"] if built_from else "", facts.get("arch", ""),
    )  # fmt: skip


def named(
    kind: str, namespace: str | None, name: str, version: str, source: str, source_version: str, arch: str
) -> Named:
    """With what follows from the rest: package URL, product, and the package itself where no source is stated."""
    return Named(
        name=name,
        version=version,
        purl=_purl(kind, namespace, name, version, arch),
        source=source or name,
        source_version=source_version or version,
        product=product_of(name, source),
        arch=arch,
    )


def product_of(name: str, source: str = "") -> str:
    """The upstream product: of the source package where the table knows it, else of the package, else the source."""
    by_source, by_name = canonical_product(source) if source else "", canonical_product(name)
    known = known_products()
    if by_source in known or (by_source and by_name not in known):
        return by_source
    return by_name


def release_of(version: str) -> str:
    """The upstream release of a distribution's version, as it is written: without epoch, revision and repacking."""
    text = version.partition(":")[2] if _EPOCH.match(version) else version
    text = _REPACKED.sub("", text.rpartition("-")[0] or text)
    return text.rpartition("really")[2].lstrip(".") or text


def stated_as(one: Named) -> tuple[bytes, ...]:
    """Texts of which one shows that a file states its release; too short ones stand in other files, too."""
    texts = {release_of(one.version), release_of(one.source_version)}
    return tuple(sorted(text.encode() for text in texts if _TELLING.match(text)))


def _stanza(text: str) -> dict[str, str]:
    """First line of every field of the first paragraph, by lower-case name."""
    fields: dict[str, str] = {}
    for line in text.strip().splitlines():
        if not line.strip():
            break
        name, colon, value = line.partition(":")
        if colon and name and not name[0].isspace():
            fields.setdefault(name.lower(), value.strip())
    return fields


def _purl(kind: str, namespace: str | None, name: str, version: str, arch: str) -> str:
    from packageurl import PackageURL

    try:
        return PackageURL(kind, namespace, name, version or None, {"arch": arch} if arch else None).to_string()
    except ValueError:
        return ""
