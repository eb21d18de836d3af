"""Lua rocks by the rockspec LuaRocks keeps of what it installed.

LuaRocks documentation "Rockspec format" and "Rocks repositories" (`rocks-5.1/NAME/VERSION/NAME-VERSION.rockspec`); read
2026-11-22. A rockspec is a program: only plain assignments are read, and they must agree with the file's name. The
number behind the last dash is the rockspec's own revision, not the release's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from fwverify.identify.interface import Detector, Found, Subject
from fwverify.identify.language_packages import INSTALLED, description, package
from fwverify.model.plugin import Doc

NAME = "lua-rock"
_PLACE = re.compile(r"/(?:rocks(?:-5\.\d)?|luarocks/rocks[\w.-]*)/[\w.-]+/[\w.-]+/([\w.-]+)\.rockspec$", re.ASCII)
_NAME = re.compile(r"""^package\s*=\s*["']([\w.-]{1,100})["']""", re.MULTILINE | re.ASCII)
_VERSION = re.compile(r"""^version\s*=\s*["']([\w.]{1,60})-(\d{1,4})["']""", re.MULTILINE | re.ASCII)


def find(subject: Subject) -> Iterator[Found]:
    """Yield the rock."""
    place = _PLACE.search("/" + subject.artifact.name)
    if place is None:
        return
    text = description(subject)
    name, version = _NAME.search(text), _VERSION.search(text)
    if name and version and place[1].lower() == f"{name[1]}-{version[1]}-{version[2]}".lower():
        stated = version[1] if version[1][0].isdigit() else ""  # `scm`, `dev`: no release
        quote = f"package = {name[1]}, version = {version[1]}-{version[2]}".encode()
        clue = package(subject, NAME, "luarocks", name[1].lower(), stated, quote, INSTALLED, shown=name[1])
        if clue is not None:
            yield clue


DETECTOR = Detector(
    name=NAME,
    find=find,
    doc=Doc(
        title="Lua rocks",
        references=("LuaRocks documentation, rockspec format, read 2026-11-22",),
        limitations=("Lua modules installed without LuaRocks are not named.",),
    ),
)
