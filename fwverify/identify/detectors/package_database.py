"""Package databases of dpkg and opkg: what the distribution says is installed.

Debian policy 5.1 (control file syntax) and dpkg(1) "Package states"; opkg keeps the same syntax; purl-spec types
`deb` and `opkg`; read 2026-11-22. Every package that has files in the image counts, configured or not: an installer
leaves all of them `unpacked`. Does NOT read which files belong to a package, nor other package managers' databases.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwverify.formats.names import quoted
from fwverify.formats.products import canonical_product, known_products
from fwverify.identify.interface import Detector, Found, Subject
from fwverify.identify.places import lies_at, lies_in
from fwverify.model.artifact import Artifact
from fwverify.model.component import Clue
from fwverify.model.evidence import Gap, GapReason
from fwverify.model.examining import Malformed
from fwverify.model.plugin import Doc

CONFIDENCE = 95
NAME = "package-database"
DPKG_PATHS = ("var/lib/dpkg/status",)
OPKG_CONTROLS = ("usr/lib/opkg/info", "var/lib/opkg/info", "lib/opkg/info", "usr/local/lib/opkg/info")
"""Where the description of each installed package lies besides; an image may keep these alone."""
OPKG_PATHS = ("usr/lib/opkg/status", "var/lib/opkg/status", "lib/opkg/status", "usr/local/lib/opkg/status")
ABSENT_STATES = frozenset({"not-installed", "config-files"})
"""dpkg states in which none of the package's own files is there."""
MAX_BAD_ROWS = 5
"""Rows that cannot be read are told one by one up to here, then counted."""


def find(subject: Subject) -> Iterator[Found]:
    kind = _kind(subject.artifact)
    if not kind or subject.artifact.size == 0:
        return
    if subject.text is None:
        raise Malformed(f"{kind} status", "is not text, or longer than text is read")
    bad: list[str] = []
    offset = 0
    for stanza in subject.text.split("\n\n"):
        if stanza.strip():
            yield from _row(subject, kind, _fields(stanza), offset, bad)
        offset += len(stanza.encode()) + 2
    yield from _bad_rows(subject, kind, bad)


def _kind(artifact: Artifact) -> str:
    if lies_at(artifact, *DPKG_PATHS):
        return "dpkg"
    if lies_in(artifact, "var/lib/dpkg/status.d") and not artifact.name.endswith(".md5sums"):
        return "dpkg"
    control = artifact.name.endswith(".control") and any(lies_in(artifact, one) for one in OPKG_CONTROLS)
    return "opkg" if control or lies_at(artifact, *OPKG_PATHS) else ""


def _fields(stanza: str) -> dict[str, str]:
    """First line of every field, by lower-case name."""
    fields: dict[str, str] = {}
    for line in stanza.splitlines():
        name, colon, value = line.partition(":")
        if colon and name and not name[0].isspace():
            fields.setdefault(name.lower(), value.strip())
    return fields


def _row(subject: Subject, kind: str, fields: dict[str, str], offset: int, bad: list[str]) -> Iterator[Clue]:
    name, version = fields.get("package", ""), fields.get("version", "")
    if fields.get("status", "").rpartition(" ")[2] in ABSENT_STATES:
        return
    if not name or not version:
        bad.append(quoted((name or next(iter(fields), "")).encode(), 60))
        return
    source = fields.get("source", "").partition(" ")[0]
    yield Clue(
        product=_product(name, source),
        version=quoted(version.encode()),
        locator=subject.artifact.locator,
        how=NAME,
        confidence=CONFIDENCE,
        quote=quoted(f"Package: {name} Version: {version}".encode()),
        offset=offset,
        purl=_purl(kind, name, version, fields),
        unit=quoted(name.encode()),
    )


def _product(name: str, source: str) -> str:
    """The upstream product: by the package's own name where the table knows it, else by its source package."""
    product = canonical_product(name)
    if product not in known_products() and source:
        by_source = canonical_product(source)
        return by_source if by_source in known_products() else product
    return product


def _purl(kind: str, name: str, version: str, fields: dict[str, str]) -> str:
    from packageurl import PackageURL

    qualifiers = {"arch": fields["architecture"]} if fields.get("architecture") else None
    namespace = None
    if kind == "dpkg":
        hints = f"{version} {fields.get('maintainer', '')} {fields.get('origin', '')}".lower()
        namespace = "ubuntu" if "ubuntu" in hints else "debian"
    try:
        return PackageURL("deb" if kind == "dpkg" else "opkg", namespace, name, version, qualifiers).to_string()
    except ValueError:
        return ""


def _bad_rows(subject: Subject, kind: str, bad: list[str]) -> Iterator[Gap]:
    for row in bad[:MAX_BAD_ROWS]:
        detail = f"{kind} status: a row without name or version ({row})"
        yield Gap(GapReason.MALFORMED, subject.artifact.locator, detail, NAME)
    if len(bad) > MAX_BAD_ROWS:
        detail = f"{kind} status: {len(bad) - MAX_BAD_ROWS} more rows without name or version"
        yield Gap(GapReason.MALFORMED, subject.artifact.locator, detail, NAME)


DETECTOR = Detector(
    name=NAME,
    find=find,
    doc=Doc(
        title="dpkg and opkg databases",
        references=("Debian policy 5.1 and dpkg(1), read 2026-11-22", "purl-spec, types deb and opkg, read 2026-11-22"),
        limitations=("Files of a package are not attributed to it.", "pacman's database is not read."),
    ),
)
