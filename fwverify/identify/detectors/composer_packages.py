"""PHP packages by Composer's list of what it installed.

Composer documentation, "Libraries" and the `vendor/composer/installed.json` it writes (a list, since 2.0 an object with
`packages` and `dev-package-names`); read 2026-11-22. Does NOT read composer.json or composer.lock, which say what was
asked for.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwverify.formats.strict_json import Value, load
from fwverify.identify.interface import Detector, Found, Subject
from fwverify.identify.language_packages import INSTALLED, MAX_PACKAGES, package
from fwverify.identify.places import lies_at
from fwverify.limits import LimitExceeded
from fwverify.model.examining import Malformed
from fwverify.model.plugin import Doc

NAME = "composer-packages"
MAX_BYTES = 32 << 20


def find(subject: Subject) -> Iterator[Found]:
    """Yield every package of the list."""
    if not lies_at(subject.artifact, "vendor/composer/installed.json"):
        return
    listed: Value = load(subject.artifact.content, "installed.json", max_bytes=MAX_BYTES)
    if isinstance(listed, dict):
        listed = listed.get("packages")
    if not isinstance(listed, list):
        raise Malformed("installed.json", "no list of packages")
    if len(listed) > MAX_PACKAGES:
        raise LimitExceeded("max_packages", len(listed))
    for one in listed:
        name, version = (one.get("name"), one.get("version")) if isinstance(one, dict) else (None, None)
        if not isinstance(name, str) or not isinstance(version, str) or "/" not in name:
            raise Malformed("installed.json", "a package without name or version")
        stated = "" if version.startswith("dev-") else version  # a branch, no release
        clue = package(subject, NAME, "composer", name, stated, f"{name} {version}".encode(), INSTALLED)
        if clue is not None:
            yield clue


DETECTOR = Detector(
    name=NAME,
    find=find,
    doc=Doc(
        title="PHP packages (Composer)",
        references=("Composer documentation, read 2026-11-22",),
        limitations=("PHP packages installed without Composer are not named.",),
    ),
)
