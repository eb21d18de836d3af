"""Package database of apk (Alpine and what is built like it): what is installed.

Alpine Wiki "Apk spec", installed database (`P:` name, `V:` version, `A:` architecture, `o:` origin, `m:` maintainer);
purl-spec type `apk`; read 2026-11-22. Does NOT read which files belong to a package, nor the binary database of apk 3
(ADB), which is named.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwverify.formats.names import quoted
from fwverify.formats.products import canonical_product, known_products
from fwverify.identify.interface import Detector, Found, Subject
from fwverify.identify.places import lies_at
from fwverify.model.component import Clue
from fwverify.model.evidence import Gap, GapReason
from fwverify.model.examining import Malformed, Unsupported
from fwverify.model.plugin import Doc

NAME = "apk-database"
CONFIDENCE = 95
PATHS = ("lib/apk/db/installed", "usr/lib/apk/db/installed")
SYSTEMS = {
    "alpinelinux": "alpine",
    "openwrt": "openwrt",
    "wolfi": "wolfi",
    "chainguard": "wolfi",
    "postmarketos": "postmarketos",
}
"""What a package's maintainer or home page says, and the namespace that stands for it."""


def find(subject: Subject) -> Iterator[Found]:
    """Yield every installed package."""
    if not lies_at(subject.artifact, *PATHS) or not subject.artifact.size:
        return
    if bytes(subject.artifact.content[:3]) == b"ADB":
        raise Unsupported("an apk database in the binary form of apk 3")
    if subject.text is None:
        raise Malformed("apk database", "is not text, or longer than text is read")
    system = _system(subject.text.lower())
    offset, bad = 0, 0
    for record in subject.text.split("\n\n"):
        if record.strip():
            fields = {line[0]: line[2:] for line in record.splitlines()[::-1] if line[1:2] == ":"}
            clue = _row(subject, fields, system, offset)
            bad += clue is None
            if clue is not None:
                yield clue
        offset += len(record.encode()) + 2
    if bad:
        detail = f"apk database: {bad} rows without name or version"
        yield Gap(GapReason.MALFORMED, subject.artifact.locator, detail, NAME)


def _system(text: str) -> str:
    return next((system for word, system in SYSTEMS.items() if word in text), "alpine")


def _row(subject: Subject, fields: dict[str, str], system: str, offset: int) -> Clue | None:
    name, version = fields.get("P", ""), fields.get("V", "")
    if not name or not version:
        return None
    product = canonical_product(name)
    if product not in known_products() and fields.get("o"):
        origin = canonical_product(fields["o"])
        product = origin if origin in known_products() else product
    return Clue(
        product=quoted(product.encode()),
        version=quoted(version.encode()),
        locator=subject.artifact.locator,
        how=NAME,
        confidence=CONFIDENCE,
        quote=quoted(f"P:{name} V:{version}".encode()),
        offset=offset,
        purl=_purl(system, name, version, fields.get("A", "")),
        unit=quoted(name.encode()),
    )


def _purl(system: str, name: str, version: str, architecture: str) -> str:
    from packageurl import PackageURL

    try:
        qualifiers = {"arch": architecture} if architecture else None
        return PackageURL("apk", system, name, version, qualifiers).to_string()
    except ValueError:
        return ""


DETECTOR = Detector(
    name=NAME,
    find=find,
    doc=Doc(
        title="apk databases",
        references=("Alpine Wiki, Apk spec, read 2026-11-22", "purl-spec, type apk, read 2026-11-22"),
        limitations=("Files of a package are not attributed to it.", "The binary form of apk 3 is not read."),
    ),
)
