"""Modules that a Go program was built from, and the release of Go.

Go's debug/buildinfo (formats/go_build_info); where a program lists no modules, the folders of the module cache that its
line tables name (`pkg/mod/github.com/x/y@v1.2.3/`, Go modules reference, "Module cache"); read 2026-11-22. The main
module counts as a component with the version the build gave it, or which its linker was told (`-X main.version=1.2.3`,
cmd/link; read 2026-11-23) if that is the one release of three numbers that stands alone. Programs built without modules
(as distributions do) list none. Does NOT look up which packages of a module were linked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from fwverify.formats.executable import detect
from fwverify.formats.go_build_info import BuildInfo, Module
from fwverify.formats.go_build_info import find as build_info
from fwverify.identify.handed import handed
from fwverify.identify.interface import Detector, Found, Subject
from fwverify.identify.language_packages import LINKED, MAX_PACKAGES, TRACE, package
from fwverify.identify.own_texts import alone
from fwverify.model.component import Clue
from fwverify.model.plugin import Doc

NAME = "go-build-info"
KIND = "golang"
MAX_PATHS = 100_000
"""Paths looked at. A program has one for each source file."""
MAX_PATH_BYTES = 200
_RELEASE = re.compile(rb"@(v\d{1,6}\.\d[\w.+-]{1,80})/")
_PATH = re.compile(rb"(?:[a-z0-9-]{1,40}\.){1,4}[a-z]{2,12}(?:/[\w.~!-]{1,80}){1,6}\Z")
_MAJOR = re.compile(r"v\d+")
_CAPITAL = re.compile("!([a-z])")


def find(subject: Subject) -> Iterator[Found]:
    """Yield Go's release, the main module and every module it was built with."""
    if not detect(subject.artifact.content):
        return
    info = build_info(subject.artifact.content, subject.executable.address if subject.executable else lambda _: -1)
    if info is None:
        return
    if info.release:
        quote = info.stated.encode()
        yield from _clue(subject, Module("stdlib", info.release), quote, info.offset, "go", part=True)
    if info.main is not None and info.main.path:
        yield from _clue(subject, info.main, _quote("mod", info.main), info.offset, _short(info.main.path))
    elif info.package and info.package != "command-line-arguments":
        version, told, at = _linked(subject) or ("", f"path {info.package}".encode(), info.offset)
        main = Module(info.package.partition("/cmd/")[0], version)
        yield from _clue(subject, main, told, at, _short(info.package), TRACE if version else LINKED)
    yield from _modules(subject, info)


def _linked(subject: Subject) -> tuple[str, bytes, int] | None:
    """The one release that ends in a zero: Go's own texts do not, those of `-ldflags -X` do, and C's (cmd/link)."""
    content = subject.artifact.content
    found = {one: told for one, told in alone(content).items() if one.count(b".") > 1}
    others = handed(content, frozenset()) if found else None
    left = [one for one in found if others is not None and not any(look.fullmatch(one) for look in others)]
    return (left[0].decode(), found[left[0]].quote, found[left[0]].at) if len(left) == 1 else None


def _modules(subject: Subject, info: BuildInfo) -> Iterator[Clue]:
    for one in info.modules:
        yield from _clue(subject, one, _quote("dep", one), info.offset, part=True)
    if info.modules:
        return
    for path, version in islice(dict.fromkeys(_cached(subject.artifact.content)), MAX_PACKAGES):
        name = _CAPITAL.sub(lambda hit: hit[1].upper(), path.decode())
        clue = package(subject, NAME, KIND, name, version.decode(), path + b"@" + version, TRACE, part=True)
        if clue is not None and (info.main is None or name != info.main.path):
            yield clue


def _cached(view: memoryview) -> Iterator[tuple[bytes, bytes]]:
    """Path and version of modules whose sources lay in the module cache."""
    for hit in islice(_RELEASE.finditer(view), MAX_PATHS):
        path = _PATH.search(bytes(view[max(0, hit.start() - MAX_PATH_BYTES) : hit.start()]))
        if path:
            yield path[0], hit[1]


def _quote(kind: str, module: Module) -> bytes:
    return f"{kind} {module.path} {module.version}".encode()


def _clue(
    subject: Subject, module: Module, quote: bytes, offset: int, shown: str = "", sure: int = LINKED, *,
    part: bool = False,
) -> Iterator[Clue]:  # fmt: skip
    clue = package(subject, NAME, KIND, module.path, module.version, quote, sure, offset, shown=shown, part=part)
    if clue is not None:
        yield clue


def _short(path: str) -> str:
    """What a program is called: the last part of its path that is no major version."""
    parts = [one for one in path.split("/") if not _MAJOR.fullmatch(one)]
    return parts[-1] if parts else path


DETECTOR = Detector(
    name=NAME,
    find=find,
    doc=Doc(
        title="Go modules",
        references=("Go, package debug/buildinfo and the modules reference, read 2026-11-22",),
        limitations=("Programs built without modules list none.",),
    ),
)
