"""The folder a program was built in, as its assertions and debug remarks quote it (`/build/ser2net-4.3.11/dataxfer.c`).

Source: C11 7.2.1.1 (`assert` writes `__FILE__`) and how build systems name an unpacked release: OpenWrt's
`build_dir/target-*/NAME-VERSION/`, Debian's `/build/*/NAME-VERSION/`, RPM's `BUILD/NAME-VERSION/`, Buildroot's
`build/NAME-VERSION/`, Yocto's `NAME/VERSION-r0/`; read 2026-11-22; and the folder that the compiler was told to leave
out (GCC manual, -ffile-prefix-map; read 2026-11-23), which programs that tell how they were built quote. Only products
that formats.products knows or that a build farm's folder names (sbuild), only sources of C, C++, Fortran and Go, and
only when one release of the product is named in the file. A
header of another product is quoted from where it is installed, not from where it was built, so it does not show here.
Does NOT read debug sections.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from fwverify.formats.names import quoted
from fwverify.formats.products import canonical_product, known_products
from fwverify.identify.interface import Detector, Found, Subject
from fwverify.model.component import Clue
from fwverify.model.plugin import Doc

NAME = "build-path"
CONFIDENCE = 75
MAX_PATH_BYTES = 240
MAX_PATHS = 2000
"""Quoted paths looked at in one file; a big program has some hundreds."""
_SOURCE = re.compile(rb"\.(?:c|cc|cpp|cxx|h|hpp|f|f90|go)(?=[\0\n:])")
_LEFT_OUT = re.compile(rb"-prefix-map=/[\w./+~-]{1,200}(?==)")
"""Apart, because an expression that begins with fixed bytes is found several times as fast as two in one."""
_BLANKED = bytes(0 if not 0x21 <= one <= 0x7E else 1 for one in range(256))
"""What no path has becomes a zero."""
_RELEASE = re.compile(
    r"/([A-Za-z][\w+.-]*?)(?:[-_]|/(?=[^/]+-r\d{1,2}/))v?(?:[\w.]{1,20}\+really)?(\d{1,4}(?:\.\d{1,4}){1,3}[a-z]?\d?"
    r"(?:\.[A-Z]\d{1,2}|\.[a-z](?=[+~/-]))?)(?:-r\d{1,2}|[+~.-][A-Za-z][\w+~.-]{0,30})?/(?=[\w./+~-]+$)",
    re.ASCII,
)
_FARM = re.compile(r"/build/(?:([a-z0-9][a-z0-9+.-]+)-[A-Za-z0-9]{6}|reproducible-path)/([a-z0-9][a-z0-9+.-]+?)-\d")
"""sbuild(1), Debian: the folder of the source package that was built, so that its name is a product's in any case."""


def find(subject: Subject) -> Iterator[Found]:
    """Yield one clue for each product whose folder has one release."""
    if subject.text is not None:
        return
    seen: dict[str, dict[str, tuple[int, str]]] = {}
    for start, path in islice(_paths(subject.artifact.content), MAX_PATHS):
        for product, version in _releases(path):
            seen.setdefault(product, {}).setdefault(version, (start, path))
    for product, releases in sorted(seen.items()):
        if len(releases) == 1:
            ((version, (start, path)),) = releases.items()
            yield Clue(
                product, version, subject.artifact.locator, NAME, CONFIDENCE, quoted(path.encode("latin-1")), start
            )


def _paths(content: memoryview) -> Iterator[tuple[int, str]]:
    """(where it begins, text) of every path of a source file, and of every folder left out."""
    ends = [*islice(_SOURCE.finditer(content), MAX_PATHS), *islice(_LEFT_OUT.finditer(content), MAX_PATHS)]
    for end in sorted(ends, key=re.Match.start):
        low = max(0, end.start() - MAX_PATH_BYTES)
        before = bytes(content[low : end.end()])
        blank = before.translate(_BLANKED).rfind(0) + 1
        path = before[blank:].decode("latin-1")
        yield low + blank, path if end[0][:1] == b"." else path.partition("=")[2] + "/."


def _releases(path: str) -> Iterator[tuple[str, str]]:
    if path.startswith("..") or "/include/" in path:
        return  # installed headers, a path relative to somewhere else
    farm = _FARM.match(path)
    built = farm[2] if farm and farm[1] in (None, farm[2]) else ""
    for found in _RELEASE.finditer("/" + path):
        product = canonical_product(found[1])
        if product in known_products() or found[1] == built:
            yield product, found[2]


DETECTOR = Detector(
    name=NAME,
    find=find,
    doc=Doc(
        title="build paths",
        references=("C11 7.2.1.1 and the folders of OpenWrt, Debian, RPM, Buildroot and Yocto, read 2026-11-22",),
        limitations=(
            "Known products only, but for Debian's build farms.",
            "Builds that map their folders away show nothing.",
        ),
    ),
)
