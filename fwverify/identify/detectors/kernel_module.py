"""Kernel modules that are not the kernel's own: name and version as their .modinfo states them.

Linux include/linux/module.h (MODULE_VERSION) and scripts/mod/modpost.c (`name=`, `intree=Y`, since 3.3); read
2026-11-22. A module of the kernel's own tree is part of the kernel and no component; one without a version says nothing
that could be compared. The kernel a module was built for is the affair of kernel-banner.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from fwverify.formats.names import quoted
from fwverify.identify.interface import Detector, Found, Subject
from fwverify.model.component import Clue
from fwverify.model.plugin import Doc

NAME = "kernel-module"
CONFIDENCE = 80
_VERSION = re.compile(r"[vV]?(\d[\w.+~-]{0,60})", re.ASCII)
_KERNEL = re.compile(r"(\d{1,2})\.(\d{1,3})")
TREE_IS_TOLD = (3, 3)
"""Before this release nothing told the kernel's own modules."""


def find(subject: Subject) -> Iterator[Found]:
    """Yield the module."""
    executable = subject.executable
    if executable is None or executable.kind != "kernel-module":
        return
    info: dict[str, str] = {}
    for line in executable.module_info:
        key, _, value = line.partition("=")
        info.setdefault(key, value)
    built_for = _KERNEL.match(info.get("vermagic", ""))
    version = _VERSION.fullmatch(info.get("version", "").strip())
    if "intree" in info or version is None or built_for is None:
        return
    if (int(built_for[1]), int(built_for[2])) >= TREE_IS_TOLD:
        name = info.get("name") or subject.artifact.name.rpartition("/")[2].partition(".ko")[0]
        quote = quoted(f"name={name} version={info['version']} vermagic={info['vermagic']}".encode())
        yield Clue(quoted(name.lower().encode(), 100), version[1], subject.artifact.locator, NAME, CONFIDENCE, quote)


DETECTOR = Detector(
    name=NAME,
    find=find,
    doc=Doc(
        title="Kernel modules from outside the kernel",
        references=("Linux include/linux/module.h and scripts/mod/modpost.c, read 2026-11-22",),
        limitations=("A module without a version is not named.",),
    ),
)
