"""Make fwverify/identify/exports.txt: which exported names and SONAMEs bound a library's release.

    python benchmarks/learn_exports.py WORK [--build SUITE:ARCH]... [--check]

Takes the packages of all products of product_names.txt for each build (default: bullseye:armhf, bookworm:armhf and
trixie:arm64). A name's release is the minimal version that the newest package's DEBIAN/symbols states; it is kept when
it is not the oldest of its library (then nobody wrote down when it came), is no private one, and every build agrees:
those since that release export it, those before do not. A SONAME's bounds are the newest release seen with the SONAME
before it and the oldest seen with the one after. Libraries whose release version-string tells anyway are left out.
`--check` writes nothing and says in how many builds the range of the committed file holds the package's release: use it
with a suite the file was not made from.
"""

from __future__ import annotations

import argparse
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from builds import SYSTEMS, Build, fetch, upstream

from fwverify.formats import executable
from fwverify.formats.products import canonical_product, known_products
from fwverify.identify import export_table, scan
from fwverify.model.versions import compare

TARGET = Path(export_table.__file__).with_name("exports.txt")
MAX_NAMES = 3
PRIVATE = re.compile(r"^@?_|internal|private", re.IGNORECASE)
RELEASE = re.compile(r"\d+(?:\.\d+)*[a-z]?\d?")
LEFT_OUT = frozenset({"libmvec.so.1"})
"""What each architecture got with another release."""
STATED = {
    "libffi.so.6": ("libffi", "-", "3.3"),
    "libffi.so.7": ("libffi", "3.3", "3.4"),
    "libffi.so.8": ("libffi", "3.4", "-"),
    "libnettle.so.6": ("nettle", "3.1", "3.5"),
    "libhogweed.so.4": ("nettle", "3.1", "3.5"),
    "libnettle.so.7": ("nettle", "3.5", "3.6"),
    "libhogweed.so.5": ("nettle", "3.5", "3.6"),
    "libnettle.so.8": ("nettle", "3.6", "-"),
    "libhogweed.so.6": ("nettle", "3.6", "-"),
    "libldap-2.4.so.2": ("openldap", "2.4", "2.5"),
    "liblber-2.4.so.2": ("openldap", "2.4", "2.5"),
    "libldap_r-2.4.so.2": ("openldap", "2.4", "2.5"),
    "libldap-2.5.so.0": ("openldap", "2.5", "2.6"),
    "liblber-2.5.so.0": ("openldap", "2.5", "2.6"),
    "libldap.so.2": ("openldap", "2.6", "-"),
    "liblber.so.2": ("openldap", "2.6", "-"),
    "libcrypto.so.1.0.0": ("openssl", "1.0.0", "1.1.0"),
    "libssl.so.1.0.0": ("openssl", "1.0.0", "1.1.0"),
    "libcrypto.so.1.1": ("openssl", "1.1.0", "3.0.0"),
    "libssl.so.1.1": ("openssl", "1.1.0", "3.0.0"),
    "libcrypto.so.3": ("openssl", "3.0.0", "-"),
    "libssl.so.3": ("openssl", "3.0.0", "-"),
    "libreadline.so.6": ("readline", "6.0", "7.0"),
    "libreadline.so.7": ("readline", "7.0", "8.0"),
}
"""Of the projects' ChangeLogs: SONAME -> product, since, before."""
HEAD = """# What a library exports bounds its release. Lines:
#   library PRODUCT SONAME SINCE BEFORE   the SONAME itself: not earlier than SINCE, earlier than BEFORE (- for none)
#   RELEASE NAME NAME...                  up to three exported names that came with that release; @NAME: symbol version
# Releases of names: the minimal versions that Debian's packagers state (DEBIAN/symbols), kept only where the builds
# named above each library agree: every build since the release has the name, none before. SONAMEs: the builds beside
# them, or the project's ChangeLog. Made by benchmarks/learn_exports.py, read 2026-11-23.
"""


@dataclass(frozen=True)
class Seen:
    """One library of one build."""

    build: Build
    product: str
    exported: frozenset[str]
    defined: frozenset[str]
    told: bool
    """Its texts tell the release."""

    def has(self, name: str) -> bool:
        return name[1:] in self.defined if name.startswith("@") else name in self.exported


def main() -> None:
    """Look at the builds, then write or check."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("work", type=Path)
    parser.add_argument("--build", action="append", metavar="SUITE:ARCH")
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    libraries: dict[str, list[Seen]] = defaultdict(list)
    stated: dict[str, dict[str, set[str]]] = {}
    for one in arguments.build or ["bullseye:armhf", "bookworm:armhf", "trixie:arm64"]:
        suite, _, arch = one.partition(":")
        for build in fetch(arguments.work, suite, arch, lambda source: canonical_product(source) in known_products()):
            for soname, seen in _look(build):
                libraries[soname].append(seen)
            stated.update(_stated(build.symbols()))
    if arguments.check:
        _check(libraries)
    else:
        TARGET.write_text(HEAD + "\n".join(_lines(libraries, stated)) + "\n")


def _look(build: Build) -> Iterator[tuple[str, Seen]]:
    product = canonical_product(build.source)
    for path in build.elfs() if RELEASE.fullmatch(build.upstream) else ():
        found = executable.parse(memoryview(path.read_bytes()))
        if canonical_product(found.soname) == product and found.exported and found.soname not in LEFT_OUT:
            hits = scan.scan(memoryview(path.read_bytes()), found.soname, 1_000_000)
            told = any((hit.product, hit.version) == (product, build.upstream) for hit in hits)
            seen = Seen(build, product, frozenset(found.exported), frozenset(found.defined_versions), told)
            yield found.soname, seen


def _stated(symbols: str) -> dict[str, dict[str, set[str]]]:
    """SONAME -> name -> minimal releases. Names with tags (C++, optional, one architecture) are left out."""
    found: dict[str, dict[str, set[str]]] = {}
    current: dict[str, set[str]] = {}
    for line in symbols.splitlines():
        library = re.match(r"(\S+\.so\S*) \S", line)
        name = re.match(r" ([A-Za-z_][\w.]*)@(\S+) (\S+)", line)
        if library:
            current = found.setdefault(library[1], {})
        elif name:
            key = f"@{name[1]}" if name[1] == name[2] else name[1]
            current.setdefault(key, set()).add(upstream(name[3] if "-" in name[3] else f"{name[3]}-0"))
    return found


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(one) for one in re.findall(r"\d+", text))


def _lines(libraries: dict[str, list[Seen]], stated: dict[str, dict[str, set[str]]]) -> Iterator[str]:
    for soname, seen in sorted(libraries.items(), key=lambda item: (item[1][0].product, item[0])):
        if any(one.told for one in seen) or len({one.product for one in seen}) > 1:
            continue
        groups = list(_groups(stated.get(soname, {}), seen))
        _, since, before = STATED.get(soname, ("", *_neighbours(soname, libraries)))
        if groups or (since, before) != ("-", "-"):
            builds = dict.fromkeys(_named(one.build) for one in seen)
            yield f"# {'; '.join(builds)}{'; SONAME: the ChangeLog of the project' if soname in STATED else ''}"
            yield f"library {seen[0].product} {soname} {since} {before}"
            yield from (f"{release} {' '.join(names)}" for release, names in groups)
    yield "# SONAME: the ChangeLog of the project"
    for soname, (product, since, before) in STATED.items():
        if soname not in libraries:
            yield f"library {product} {soname} {since} {before}"


def _named(build: Build) -> str:
    return f"{build.package} {build.version} ({SYSTEMS.get(build.suite, build.suite)})"


def _groups(names: dict[str, set[str]], seen: list[Seen]) -> Iterator[tuple[str, list[str]]]:
    by_release: dict[str, list[str]] = defaultdict(list)
    for name, releases in names.items():
        if len(releases) == 1 and RELEASE.fullmatch(next(iter(releases))):
            by_release[next(iter(releases))].append(name)
    for release in sorted(by_release, key=_numbers)[1:]:
        public = [one for one in sorted(by_release[release], key=lambda name: (name[0] != "@", name))]
        agreed = [one for one in public if not PRIVATE.search(one) and _agree(one, release, seen)]
        if agreed:
            yield release, agreed[:MAX_NAMES]


def _agree(name: str, release: str, seen: Iterable[Seen]) -> bool:
    there = [(one.has(name), compare(one.build.upstream, release) in (0, 1)) for one in seen]
    return any(has for has, _ in there) and all(has == since for has, since in there)


def _neighbours(soname: str, libraries: dict[str, list[Seen]]) -> tuple[str, str]:
    """Releases of the builds whose SONAME is the one before and the one after."""
    stem = re.sub(r"-?\d[\d.]*\.so|\.so.*$", "", soname)
    own = libraries[soname]
    kin = [
        (_numbers(other.removeprefix(stem)), one.build.upstream)
        for other, seen in libraries.items()
        for one in seen
        if other != soname and other.startswith(stem) and one.product == own[0].product
        if re.sub(r"-?\d[\d.]*\.so|\.so.*$", "", other) == stem
    ]
    number = _numbers(soname.removeprefix(stem))
    low = max((release for at, release in kin if at < number), key=_numbers, default="-")
    high = min((release for at, release in kin if at > number), key=_numbers, default="-")
    fits_low = low != "-" and all(compare(low, one.build.upstream) == -1 for one in own)
    fits_high = high != "-" and all(compare(one.build.upstream, high) == -1 for one in own)
    return low if fits_low else "-", high if fits_high else "-"


def _check(libraries: dict[str, list[Seen]]) -> None:
    right = wrong = 0
    for soname, seen in sorted(libraries.items()):
        for one in seen:
            found = export_table.bounds(soname, one.exported, one.defined)
            if found is None:
                continue
            release = one.build.upstream
            holds = not found.since or compare(release, found.since) in (0, 1)
            holds = holds and (not found.before or compare(release, found.before) == -1)
            right, wrong = right + holds, wrong + (not holds)
            if not holds:
                print(f"{one.build.stated} {soname}: {release} is not in {found.since}..{found.before}")
    print(f"{right} ranges hold the release, {wrong} do not")


if __name__ == "__main__":
    main()
