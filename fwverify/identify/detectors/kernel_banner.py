"""The Linux kernel's banner, and the kernel a module was built for.

Linux init/version-timestamp.c (`linux_banner`) and include/linux/vermagic.h; read 2026-11-22.
The banner counts only in the form the kernel build writes it (release, builder in brackets, compiler in brackets,
build number), so a text that merely says "Linux version 5" is nothing. Distributions write an ABI number into the
release (`6.1.0-50-armmp` is a 6.1.176): that is not a point version, and the version stays empty unless the banner
carries the package version behind the build number. Does NOT read compressed kernels (unpacking comes first) nor
plain text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from fwverify.formats.names import quoted
from fwverify.identify.interface import Detector, Found, Subject
from fwverify.model.component import Clue
from fwverify.model.plugin import Doc

NAME = "kernel-banner"
IN_IMAGE, IN_MODULE = 95, 85
"""Percent: the kernel's own banner; a module's vermagic."""
MAX_BANNERS = 20
"""A flash dump holds a few; what holds more collects banners of others."""
_BANNER = re.compile(
    rb"Linux version (\d{1,2}\.\d{1,3}(?:\.\d{1,4})?)([\w.+~:-]{0,100}) "
    rb"\([^\0\n()@]{1,100}@[^\0\n()]{1,100}\) \([^\0\n]{3,400}?\) (#\d+[^\0\n]{0,200})"
)
_DISTRIBUTION = re.compile(rb"(?:Debian|Ubuntu) (\d{1,2}\.\d{1,3}\.\d{1,4})-")
_ABI_NUMBER = re.compile(r"-\d+(?:\.\d+)*-[a-z]")
_VERMAGIC = re.compile(r"vermagic=(\d{1,2}\.\d{1,3}(?:\.\d{1,4})?)([^ ]{0,100}) ")


def find(subject: Subject) -> Iterator[Found]:
    yield from () if subject.text is not None else _banners(subject)
    if subject.executable is not None and subject.executable.kind == "kernel-module":
        yield from _module(subject, subject.executable.module_info)


def _banners(subject: Subject) -> Iterator[Clue]:
    """Of binary content: a text quotes the banners of others (logs, databases of fingerprints)."""
    seen: set[str] = set()
    for hit in _BANNER.finditer(subject.artifact.content):
        release, suffix = hit[1].decode(), hit[2].decode()
        packaged = _DISTRIBUTION.search(hit[3])
        version = packaged[1].decode() if packaged else _point_version(release, suffix)
        if version not in seen and len(seen) < MAX_BANNERS:
            seen.add(version)
            yield Clue("linux", version, subject.artifact.locator, NAME, IN_IMAGE, quoted(hit[0]), hit.start())


def _point_version(release: str, suffix: str) -> str:
    """Empty when a distribution's ABI number stands where the last digits would tell the release."""
    return "" if release.endswith(".0") and _ABI_NUMBER.match(suffix) else release


def _module(subject: Subject, info: tuple[str, ...]) -> Iterator[Clue]:
    for line in info:
        hit = _VERMAGIC.match(line + " ")
        if hit:
            version = _point_version(hit[1], hit[2])
            yield Clue("linux", version, subject.artifact.locator, NAME, IN_MODULE, quoted(line.strip().encode()))


DETECTOR = Detector(
    name=NAME,
    find=find,
    doc=Doc(
        title="Linux kernel banner",
        references=(
            "Linux init/version-timestamp.c, read 2026-11-22",
            "Linux include/linux/vermagic.h, read 2026-11-22",
        ),
        limitations=("A distribution's ABI number is no version.", "A compressed kernel must be unpacked first."),
    ),
)
