"""Which files of a package may name it when they are found elsewhere, and how much they say.

Filesystem Hierarchy Standard 3.0, chapters 3 to 5; Debian policy 10.7 (configuration files) and 12 (documentation);
read 2026-11-22. An executable or a kernel belongs to one release. A font, a page, a script, a certificate list may be
the same in many releases, and in other people's packages: enough of them name a product, never its version. Texts that
everybody carries along (licences, documentation, translations, configuration) name nothing.
"""

from __future__ import annotations

import re

MIN_BYTES = 4096
"""Other files than executables: smaller ones are alike by chance."""
MIN_EXECUTABLE_BYTES = 512
KERNELS = frozenset({"packed_kernel", "kernel_image", "android_boot"})
"""Containers that are a kernel: it carries its own release, so that no two are alike."""

_ELSEWHERE = re.compile(
    r"(?:etc|var|run|usr/share/(?:doc|man|info|locale|lintian|bug|common-licenses|licenses|help|gtk-doc|i18n))/"
)
_TEXTS = re.compile(
    r"(?i)(?:licen[cs]e|copying|copyright|notice|authors|readme|changelog|changes|news|install|todo|thanks)\b[^/]*"
)
_MERGED = re.compile(r"usr/(?=(?:s?bin|lib\w*)/)")


def normal(path: str) -> str:
    """A path without what says nothing: `./`, a slash in front, and `usr/` where both places are one (usr-merge)."""
    while path.startswith(("./", "/")):
        path = path.removeprefix("./").lstrip("/")
    return _MERGED.sub("", path, count=1)


def says_something(path: str, size: int, *, singular: bool) -> bool:
    """Whether the file may name its package at all."""
    if singular:
        return size >= MIN_EXECUTABLE_BYTES
    if size < MIN_BYTES or _TEXTS.fullmatch(path.rpartition("/")[2]):
        return False
    return not _ELSEWHERE.match(path.removeprefix("./").lstrip("/"))
