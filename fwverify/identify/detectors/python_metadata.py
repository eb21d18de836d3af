"""Python packages by the metadata beside them.

PyPA core metadata specification 2.4 (header fields Name and Version), "Recording installed projects" (`*.dist-info`),
setuptools' `*.egg-info`; read 2026-11-22. The name of the folder must say the same package as the metadata, so that
neither a copy that lies elsewhere nor a test's example counts. Does NOT read requirements.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from fwverify.identify.interface import Detector, Found, Subject
from fwverify.identify.language_packages import INSTALLED, description, package
from fwverify.model.examining import Malformed
from fwverify.model.plugin import Doc

NAME = "python-metadata"
MAX_HEAD = 65_536
"""Characters looked at; a description may follow that is longer."""
_PLACE = re.compile(
    r"(?:^|/)(?P<folder>[\w.+!-]+)\.(?:dist-info/METADATA|egg-info(?:/PKG-INFO)?|egg/EGG-INFO/PKG-INFO)$", re.ASCII
)
_FIELD = re.compile(r"(?im)^(Name|Version):[ \t]*(\S.{0,250}?)[ \t]*$")
_SEPARATORS = re.compile(r"[-_.]+")


def find(subject: Subject) -> Iterator[Found]:
    """Yield the package the metadata describes."""
    place = _PLACE.search(subject.artifact.name)
    if place is None or not subject.artifact.size:
        return
    head = description(subject)[:MAX_HEAD].replace("\r\n", "\n").partition("\n\n")[0]
    fields: dict[str, str] = {}
    for hit in _FIELD.finditer(head):
        fields.setdefault(hit[1].lower(), hit[2])
    name, version = fields.get("name", ""), fields.get("version", "")
    if not name or not version:
        raise Malformed("Python metadata", "no name or no version")
    if _folded(place["folder"]).startswith(_folded(name)):
        quote = f"Name: {name} Version: {version}".encode()
        clue = package(subject, NAME, "pypi", name, version, quote, INSTALLED)
        if clue is not None:
            yield clue


def _folded(name: str) -> str:
    return _SEPARATORS.sub("-", name).lower()


DETECTOR = Detector(
    name=NAME,
    find=find,
    doc=Doc(
        title="Python packages",
        references=("PyPA core metadata 2.4 and recording installed projects, read 2026-11-22",),
        limitations=("A package without metadata is not named.",),
    ),
)
