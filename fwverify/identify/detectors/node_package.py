"""Node.js packages by their package.json, where the module loader looks for them.

npm documentation "package.json" (name, version) and Node.js "Loading from node_modules folders"; Debian's
`/usr/share/nodejs`, OpenWrt's `/usr/lib/node`; read 2026-11-22. The folder must be named as the package, so that
neither a program's own package.json, nor a test's, nor a part of a package counts. Does NOT look into bundles that join
many packages into one file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from fwverify.formats.strict_json import load
from fwverify.identify.interface import Detector, Found, Subject
from fwverify.identify.language_packages import INSTALLED, package
from fwverify.model.plugin import Doc

NAME = "node-package"
MAX_BYTES = 4 << 20
_PLACE = re.compile(
    r"(?:^|/)(?:node_modules|share/nodejs|lib/nodejs|lib/node)/((?:@[\w.~-]+/)?[\w.~-]+)/package\.json$", re.ASCII
)
_EXAMPLES = re.compile(r"/(?:tests?|__tests__|fixtures?|examples?|testdata|spec)/", re.IGNORECASE)
"""Between the package and the root: trees that packages bring along to test themselves."""
_VERSION = re.compile(r"\d+\.\d+\.\d+(?:[-+][\w.+-]+)?", re.ASCII)


def find(subject: Subject) -> Iterator[Found]:
    """Yield the package."""
    place = _PLACE.search(subject.artifact.name)
    if place is None or subject.text is None or _inside_examples(subject.artifact.name):
        return
    table = load(subject.artifact.content, "package.json", max_bytes=MAX_BYTES)
    name, version = (table.get("name"), table.get("version")) if isinstance(table, dict) else (None, None)
    if isinstance(name, str) and isinstance(version, str) and name == place[1] and _VERSION.fullmatch(version):
        quote = f'"name": "{name}", "version": "{version}"'.encode()
        clue = package(subject, NAME, "npm", name, version, quote, INSTALLED)
        if clue is not None:
            yield clue


def _inside_examples(name: str) -> bool:
    _, marker, inside = name.partition("/node_modules/")
    return bool(marker) and _EXAMPLES.search("/" + inside.rpartition("node_modules/")[0]) is not None


DETECTOR = Detector(
    name=NAME,
    find=find,
    doc=Doc(
        title="Node.js packages",
        references=("npm documentation, package.json, read 2026-11-22", "Node.js, modules, read 2026-11-22"),
        limitations=("Packages joined into one bundle are not told apart.",),
    ),
)
