"""The name a shared library gives itself (DT_SONAME).

System V ABI, chapter 5, "Dynamic Section"; read 2026-11-22.
Says that a product is there, not which version: the number in a SONAME counts interface breaks, not releases.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwverify.formats.names import quoted
from fwverify.formats.products import canonical_product, known_products
from fwverify.identify.interface import Detector, Found, Subject
from fwverify.model.component import Clue
from fwverify.model.plugin import Doc

KNOWN, UNKNOWN = 75, 60
"""Percent: a name the product table knows, and any other."""
_LIBC_PARTS = (
    ("ld-linux", "glibc"), ("ld.so", "glibc"), ("ld64.so", "glibc"), ("libnss_files", "glibc"), ("libnss_dns", "glibc"),
    ("libnss_compat", "glibc"), ("libnss_hesiod", "glibc"), ("libanl.", "glibc"), ("libBrokenLocale", "glibc"),
    ("libthread_db", "glibc"), ("libmemusage", "glibc"), ("libpcprofile", "glibc"), ("libc_malloc_debug", "glibc"),
    ("libc.musl", "musl"), ("ld-musl", "musl"), ("ld-uClibc", "uclibc"), ("libc.so", ""), ("libuClibc", "uclibc"),
)  # fmt: skip
"""Parts of a C library that do not carry its name. Empty: several C libraries use it, so it says nothing alone."""


def find(subject: Subject) -> Iterator[Found]:
    executable = subject.executable
    if executable is None or not executable.soname:
        return
    soname = executable.soname
    product = next((name for start, name in _LIBC_PARTS if soname.startswith(start)), None)
    if product is None:
        if not soname.startswith("lib"):
            return  # a plug-in (mod_x.so, spake.so, conntrack.so) is part of its host program, whatever it plugs in
        product = quoted(canonical_product(soname).encode())
    if product:
        confidence = KNOWN if product in known_products() else UNKNOWN
        yield Clue(product, "", subject.artifact.locator, "elf-soname", confidence, quoted(soname.encode()))


DETECTOR = Detector(
    name="elf-soname",
    find=find,
    doc=Doc(
        title="ELF SONAME",
        references=("System V ABI, chapter 5, Dynamic Section, read 2026-11-22",),
        limitations=(
            "No version.",
            "A library without SONAME, or a plug-in with a name of its own, is not named.",
            "`libc.so.6` alone names no C library.",
        ),
    ),
)
