"""os-release: which system the root file system says it is.

os-release(5), systemd 257; read 2026-11-22. `IMAGE_ID`/`IMAGE_VERSION`, where a vendor fills them in, name the
delivered image itself and make a claim of their own. Does NOT expand shell variables: values that need a shell are
taken as written.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

from fwverify.formats.names import quoted
from fwverify.identify.interface import Detector, Found, Subject
from fwverify.identify.places import lies_at
from fwverify.model.component import Clue
from fwverify.model.examining import Malformed
from fwverify.model.expectation import VersionClaim
from fwverify.model.plugin import Doc

CONFIDENCE = 70
"""What a file of names says; no code of the system was seen."""
SYSTEMS = frozenset(
    [
        "alpine",
        "amzn",
        "android",
        "angstrom",
        "arch",
        "armbian",
        "buildroot",
        "centos",
        "chromeos",
        "debian",
        "devuan",
        "fedora",
        "gentoo",
        "libreelec",
        "linaro",
        "nixos",
        "openeuler",
        "openembedded",
        "opensuse",
        "openwrt",
        "oracle",
        "photon",
        "poky",
        "postmarketos",
        "raspbian",
        "rhel",
        "rocky",
        "sles",
        "sonic",
        "ubuntu",
        "wolfi",
        "yocto",
    ]
)
"""Systems that are components of an image, and that an SBOM may name. Any other ID is the product's own name: a claim
about the image, not a component of it."""
NAME = "os-release"
PATHS = ("etc/os-release", "usr/lib/os-release")
_ASSIGNMENT = re.compile(r"([A-Z][A-Z0-9_]{0,60})=(.{0,1000})")


def find(subject: Subject) -> Iterator[Found]:
    if not lies_at(subject.artifact, *PATHS) or subject.artifact.size == 0:
        return
    if subject.text is None:
        raise Malformed("os-release", "is not text")
    fields = _fields(subject.text)
    locator = subject.artifact.locator
    product, version = fields.get("ID", "").lower(), fields.get("VERSION_ID", "")
    if not product:
        raise Malformed("os-release", "has no ID")
    quote = quoted(" ".join(f"{name}={fields[name]}" for name in ("ID", "VERSION_ID") if name in fields).encode())
    if product in SYSTEMS:
        yield Clue(_clean(product), _clean(version), locator, NAME, CONFIDENCE, quote)
    if version:
        yield VersionClaim(_clean(version), _scheme(version), NAME, locator, _clean(product))
    image, image_version = fields.get("IMAGE_ID", ""), fields.get("IMAGE_VERSION", "")
    if image_version:
        yield VersionClaim(_clean(image_version), _scheme(image_version), NAME, locator, _clean(image))


def _fields(text: str) -> dict[str, str]:
    """Later assignments win, as in a shell."""
    fields: dict[str, str] = {}
    for line in text.splitlines():
        hit = _ASSIGNMENT.fullmatch(line.strip())
        if hit:
            fields[hit[1]] = _unquoted(hit[2])
    return fields


def _unquoted(value: str) -> str:
    try:
        words = shlex.split(value, comments=True)
    except ValueError:
        return value
    return words[0] if words else ""


def _clean(value: str) -> str:
    return quoted(value.encode("utf-8", "replace"), 100)


def _scheme(version: str) -> str:
    if re.fullmatch(r"\d+\.\d+\.\d+(?:[-+][0-9A-Za-z.+-]+)?", version):
        return "semver"
    return "dotted" if re.fullmatch(r"\d+(?:\.\d+)*", version) else ""


DETECTOR = Detector(
    name=NAME,
    find=find,
    doc=Doc(
        title="os-release",
        references=("os-release(5) of systemd 257, read 2026-11-22",),
        limitations=("Says what the image claims to be, not what it is.",),
    ),
)
