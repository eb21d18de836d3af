"""Lists that build systems leave of what they built into an image.

Buildroot user manual "Complying with open source licenses" (`legal-info/manifest.csv`, columns PACKAGE and VERSION),
its `/etc/br-version`; Yocto Project Reference Manual, COPY_LIC_MANIFEST (`license.manifest`: PACKAGE NAME, PACKAGE
VERSION, RECIPE NAME, LICENSE) and IMAGE_MANIFEST (`NAME ARCH VERSION` a line); read 2026-11-22. A list of sources that
were built says less than a package database: its confidence is lower.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from itertools import islice

from fwverify.formats.names import quoted
from fwverify.formats.products import canonical_product
from fwverify.identify.interface import Detector, Found, Subject
from fwverify.identify.places import lies_at
from fwverify.limits import LimitExceeded
from fwverify.model.component import Clue
from fwverify.model.examining import Malformed
from fwverify.model.plugin import Doc

NAME = "build-manifest"
INSTALLED, BUILT = 90, 80
"""Percent: a list of packages in the image, and one of what was built."""
MAX_ROWS = 20_000
_BUILDROOT = ("legal-info/manifest.csv", "legal-info/target-manifest.csv")
_LICENSE = re.compile(r"(?:^|/)(?:license|[\w.-]+/license)\.manifest$")
_IMAGE = re.compile(r"(?:^|/)[\w.-]{0,200}?image[\w.-]{0,200}\.manifest$")
_ROW = re.compile(r"([a-z0-9][\w.+-]{0,100}) ([a-z0-9][\w-]{0,60}) (\d[\w.+:~-]{0,100})", re.ASCII)
_STATED = re.compile(r"^(PACKAGE NAME|PACKAGE VERSION|RECIPE NAME): *(\S.{0,200}?) *$", re.MULTILINE)
_RELEASE = re.compile(r"(\d{4}\.\d{2}(?:\.\d+)?(?:-rc\d+)?)")


def find(subject: Subject) -> Iterator[Found]:
    """Yield one clue for each row."""
    artifact, text = subject.artifact, subject.text
    if text is None:
        return
    if lies_at(artifact, *_BUILDROOT):
        yield from _buildroot(subject, text)
    elif lies_at(artifact, "etc/br-version"):
        hit = _RELEASE.match(text.strip())
        if hit:
            yield Clue("buildroot", hit[1], artifact.locator, NAME, BUILT, quoted(text.strip().encode()))
    elif _LICENSE.search(artifact.name):
        yield from _licenses(subject, text)
    elif _IMAGE.search(artifact.name):
        yield from _image(subject, text)


def _clue(subject: Subject, name: str, version: str, source: str, confidence: int) -> Clue:
    product = canonical_product(source or name)
    return Clue(
        quoted(product.encode()), quoted(version.encode(), 100), subject.artifact.locator, NAME, confidence,
        quoted(f"{name} {version}".encode()), -1, "", quoted(name.encode(), 100),
    )  # fmt: skip


def _buildroot(subject: Subject, text: str) -> Iterator[Clue]:
    rows = csv.DictReader(text.splitlines(), strict=True)
    try:
        for count, row in enumerate(rows):
            if count >= MAX_ROWS:
                raise LimitExceeded("max_manifest_rows", count)
            name, version = row.get("PACKAGE") or "", row.get("VERSION") or ""
            if name and version.removeprefix("v")[:1].isdigit():
                yield _clue(subject, name, version.removeprefix("v"), "", BUILT)
    except csv.Error as problem:
        raise Malformed("Buildroot manifest", f"line {rows.line_num}: {problem}") from None


def _licenses(subject: Subject, text: str) -> Iterator[Clue]:
    for block in islice(text.split("\n\n"), MAX_ROWS):
        row = {hit[1]: hit[2] for hit in _STATED.finditer(block)}
        name, version = row.get("PACKAGE NAME", ""), row.get("PACKAGE VERSION", "")
        if name and version:
            yield _clue(subject, name, version, row.get("RECIPE NAME", ""), INSTALLED)


def _image(subject: Subject, text: str) -> Iterator[Clue]:
    rows = [_ROW.fullmatch(line.strip()) for line in text.splitlines()[:MAX_ROWS] if line.strip()]
    if len(rows) >= 5 and all(rows):  # anything else is not such a list
        for row in rows:
            if row is not None:
                yield _clue(subject, row[1], row[3], "", INSTALLED)


DETECTOR = Detector(
    name=NAME,
    find=find,
    doc=Doc(
        title="Build manifests (Buildroot, Yocto)",
        references=(
            "Buildroot user manual, legal-info, read 2026-11-22",
            "Yocto Project Reference Manual, COPY_LIC_MANIFEST and IMAGE_MANIFEST, read 2026-11-22",
        ),
        limitations=("Says what was built, not what is still there.",),
    ),
)
