"""Ruby gems by the specifications RubyGems keeps of what it installed.

RubyGems Guides "Specification Reference" and the `specifications` folder of a gem path; Debian's
`rubygems-integration`; read 2026-11-22. A specification is a program: only the plain assignments of name and version
that RubyGems itself writes are read, and both must agree with the file's name. Does NOT run anything, nor read the
specification a gem's source carries.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from fwverify.identify.interface import Detector, Found, Subject
from fwverify.identify.language_packages import INSTALLED, description, package
from fwverify.model.plugin import Doc

NAME = "ruby-gemspec"
_PLACE = re.compile(r"(?:^|/)specifications/(?:default/)?([\w.-]+)\.gemspec$", re.ASCII)
_NAME = re.compile(r"""^[ \t]*\w+\.name\s*=\s*["']([\w.-]{1,100})["']""", re.MULTILINE | re.ASCII)
_VERSION = re.compile(
    r"""^[ \t]*\w+\.version\s*=\s*(?:Gem::Version\.new\s*\(?\s*)?["']([0-9][\w.-]{0,60})["']""", re.MULTILINE | re.ASCII
)


def find(subject: Subject) -> Iterator[Found]:
    """Yield the gem."""
    place = _PLACE.search(subject.artifact.name)
    if place is None:
        return
    text = description(subject)
    name, version = _NAME.search(text), _VERSION.search(text)
    if name and version and place[1].startswith(f"{name[1]}-{version[1]}"):
        quote = f"name = {name[1]}, version = {version[1]}".encode()
        clue = package(subject, NAME, "gem", name[1], version[1], quote, INSTALLED)
        if clue is not None:
            yield clue


DETECTOR = Detector(
    name=NAME,
    find=find,
    doc=Doc(
        title="Ruby gems",
        references=("RubyGems Guides, Specification Reference, read 2026-11-22",),
        limitations=("A specification that computes its version is not read.",),
    ),
)
