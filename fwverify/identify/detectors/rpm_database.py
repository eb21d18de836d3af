"""RPM's database of installed packages.

RPM's three databases (formats/rpm_database) and header tags (formats/rpm_header); purl-spec type `rpm`; read
2026-11-22. Rows of imported keys are no packages. Does NOT read which files belong to a package, nor a write-ahead log
beside the database.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwverify.formats.names import quoted
from fwverify.formats.products import canonical_product, known_products
from fwverify.formats.rpm_database import headers
from fwverify.formats.rpm_header import RpmHeader, parse
from fwverify.identify.interface import Detector, Found, Subject
from fwverify.identify.places import lies_at
from fwverify.model.component import Clue
from fwverify.model.evidence import Gap, GapReason
from fwverify.model.examining import Malformed
from fwverify.model.plugin import Doc

NAME = "rpm-database"
CONFIDENCE = 95
FOLDERS = ("var/lib/rpm", "usr/lib/sysimage/rpm", "usr/share/rpm")
PATHS = tuple(f"{folder}/{file}" for folder in FOLDERS for file in ("rpmdb.sqlite", "Packages.db", "Packages"))
KEYS = "gpg-pubkey"
NAMESPACES = {
    "fedora": "fedora", "red hat": "redhat", "centos": "centos", "opensuse": "opensuse", "suse": "suse",
    "openeuler": "openeuler", "oracle": "oracle", "rocky": "rocky", "almalinux": "almalinux", "amazon": "amzn",
    "mageia": "mageia",
}  # fmt: skip
"""A word of the vendor's name, and the namespace purl-spec gives as its example or the system's os-release ID."""


def find(subject: Subject) -> Iterator[Found]:
    """Yield every installed package."""
    if not lies_at(subject.artifact, *PATHS) or not subject.artifact.size:
        return
    bad = 0
    for image in headers(subject.artifact.content):
        try:
            header = parse(image)
        except Malformed:
            bad += 1
            continue
        if header.name != KEYS:
            yield _clue(subject, header)
    if bad:
        yield Gap(GapReason.MALFORMED, subject.artifact.locator, f"RPM database: {bad} rows cannot be read", NAME)


def _clue(subject: Subject, header: RpmHeader) -> Clue:
    product = canonical_product(header.name)
    source = header.source.rpartition("-")[0].rpartition("-")[0]
    if product not in known_products() and source:
        by_source = canonical_product(source)
        product = by_source if by_source in known_products() else product
    return Clue(
        product=product,
        version=header.stated,
        locator=subject.artifact.locator,
        how=NAME,
        confidence=CONFIDENCE,
        quote=quoted(f"{header.name} {header.stated} {header.architecture}".encode()),
        purl=_purl(header),
        unit=header.name,
    )


def _purl(header: RpmHeader) -> str:
    from packageurl import PackageURL

    vendor = header.vendor.lower()
    namespace = next((one for word, one in NAMESPACES.items() if word in vendor), None)
    qualifiers = {"arch": header.architecture} if header.architecture else {}
    if header.epoch:
        qualifiers["epoch"] = str(header.epoch)
    try:
        version = f"{header.version}-{header.release}"
        return PackageURL("rpm", namespace, header.name, version, qualifiers or None).to_string()
    except ValueError:
        return ""


DETECTOR = Detector(
    name=NAME,
    find=find,
    doc=Doc(
        title="RPM databases",
        references=(
            "RPM documentation, package and header format, read 2026-11-22",
            "purl-spec, type rpm, read 2026-11-22",
        ),
        limitations=("Files of a package are not attributed to it.", "A write-ahead log beside it is not read."),
    ),
)
