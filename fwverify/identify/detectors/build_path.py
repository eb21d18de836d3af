"""The folder a program was built in, as its assertions and debug remarks quote it (`/build/ser2net-4.3.11/dataxfer.c`).

Source: C11 7.2.1.1 (`assert` writes `__FILE__`) and how build systems name an unpacked release: OpenWrt's
`build_dir/target-*/NAME-VERSION/`, Debian's `/build/*/NAME-VERSION/`, RPM's `BUILD/NAME-VERSION/`, Buildroot's
`build/NAME-VERSION/`, Yocto's `NAME/VERSION-r0/`; read 2026-11-22; and the folder that the compiler was told to leave
out (GCC manual, -ffile-prefix-map; read 2026-11-23), which programs that tell how they were built quote. Only products
that formats.products knows, only sources of C and C++, and only when one release of the product is named in the file. A
header of another product is quoted from where it is installed, not from where it was built, so it does not show here.
Folders that one source alone is built in (`/build/NAME-Xy12Za/NAME-VERSION/`, `/usr/src/debug/NAME/VERSION-r0/`) name
products that nobody knows, too, whatever is quoted from there, if it is the only such folder. Does NOT read debug
sections.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain, islice

from fwverify.formats.executable import detect
from fwverify.formats.names import quoted
from fwverify.formats.products import canonical_product, known_products
from fwverify.identify.handed import places
from fwverify.identify.interface import Detector, Found, Subject
from fwverify.model.component import Clue
from fwverify.model.plugin import Doc

NAME = "build-path"
CONFIDENCE = 75
MAX_PATH_BYTES = 240
MAX_PATHS = 2000
"""Quoted paths looked at in one file; a big program has some hundreds."""
_SOURCE = re.compile(rb"\.(?:c|cc|cpp|cxx|h|hpp)(?=[\0\n:])")
_LEFT_OUT = re.compile(rb"-prefix-map=/[\w./+~-]{1,200}(?==)")
"""Apart, because an expression that begins with fixed bytes is found several times as fast as two in one."""
_ROOMS = (b"/build", b"/usr/src/debug/")
_ROOM = re.compile(
    rb"(?:/build/(?:reproducible-path|(?P<twice>[a-z0-9][a-z0-9+.-]{1,60})-[A-Za-z0-9]{6})/(?P<name>[a-z0-9][a-z0-9+.-]{1,60})-"
    rb"|/usr/src/debug/(?P<recipe>[a-z0-9][\w+.-]{1,60})/|/build_dir/target-[\w.+-]{1,80}/(?P<package>[\w+.-]{2,60})-)"
    rb"(?P<version>\d{1,4}(?:\.\d{1,5}){1,5}[a-z]?)(?P<more>[^/\0\n\"=: ]{0,60})(?=[/=\0\n\": ])"
)
"""Folders that one source is built in: of sbuild (with and without reproducible paths), Yocto and OpenWrt."""
_MORE = re.compile(rb"(?:[+~.-](?:dfsg|ds|repack|git|r\d)[\w+~.-]*)?")
"""What does not belong to the release: repacked, a snapshot, the recipe's revision."""
UNKNOWN = 70
_BLANKED = bytes(0 if not 0x21 <= one <= 0x7E else 1 for one in range(256))
"""What no path has becomes a zero."""
_RELEASE = re.compile(
    r"/([A-Za-z][\w+.-]*?)(?:[-_]|/(?=[^/]+-r\d{1,2}/))v?(?:[\w.]{1,20}\+really)?(\d{1,4}(?:\.\d{1,4}){1,3}[a-z]?\d?"
    r"(?:\.[A-Z]\d{1,2}|\.[a-z](?=[+~/-]))?)(?:-r\d{1,2}|[+~.-][A-Za-z][\w+~.-]{0,30})?/(?=[\w./+~-]+$)",
    re.ASCII,
)


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
    yield from _room(subject, frozenset(seen))


def _room(subject: Subject, seen: frozenset[str]) -> Iterator[Clue]:
    """The product of the one folder that a single source was built in."""
    if not detect(subject.artifact.content):
        return
    held = bytes(subject.artifact.content)
    found: dict[tuple[str, str], re.Match[bytes]] = {}
    for at in islice(chain.from_iterable(places(held, one) for one in _ROOMS), MAX_PATHS):
        hit = _ROOM.match(held, at)
        if hit and hit["twice"] in (None, hit["name"]):
            name = hit["name"] or hit["recipe"] or hit["package"]
            found.setdefault((name.decode(), hit["version"].decode() if _MORE.fullmatch(hit["more"]) else ""), hit)
    if len(found) != 1:
        return
    (((name, version), hit),) = found.items()
    product = canonical_product(name)
    if version and product not in seen:
        confidence = CONFIDENCE if product in known_products() else UNKNOWN
        yield Clue(product, version, subject.artifact.locator, NAME, confidence, quoted(hit[0]), hit.start())


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
    for found in _RELEASE.finditer("/" + path):
        product = canonical_product(found[1])
        if product in known_products():
            yield product, found[2]


DETECTOR = Detector(
    name=NAME,
    find=find,
    doc=Doc(
        title="build paths",
        references=("C11 7.2.1.1 and the folders of OpenWrt, Debian, RPM, Buildroot and Yocto, read 2026-11-22",),
        limitations=(
            "Known products only, except in folders of one source.",
            "Builds that map their folders away show nothing.",
        ),
    ),
)
