"""Make fwverify/identify/misnumbered.txt: which releases state another number than their own?

    python benchmarks/learn_misnumbered.py WORK [--build SUITE:ARCH]... [--sources FILE | --listed] [--most N]

The packages of every source that bears the name of a known product (of those in FILE alone: names between blanks; of
those that the file lists already; N of each) are fetched for each build (default: bullseye:armhf, bookworm:armhf and
trixie:arm64; some GB) and every ELF file is looked at as in an image. What is known already stays. What a package's
files say of the product it is named after, and its version does not, is a line of fwverify/identify/misnumbered.txt: a
project that did not count on, a release that was made of later sources, a number of something else. Longer numbers of
the same release (5.1.4 of 5.1, 3.31.1 of 3.31.1.4) are none. Where a later release among the builds states other
numbers alone, the line says so: from there on the number is not stated.
"""

from __future__ import annotations

import argparse
import re
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from builds import Build, fetch, project

from fwverify.content import identified
from fwverify.formats.products import canonical_product, known_products
from fwverify.identify import conclude as concluding
from fwverify.identify import misnumbered
from fwverify.identify.conclude import conclude, upstream
from fwverify.identify.stage import observe
from fwverify.model.artifact import Locator, Step
from fwverify.model.component import Component
from fwverify.model.versions import compare

TARGET = Path(misnumbered.__file__).with_name("misnumbered.txt")
STAGE = re.compile(r"(?:pre|rc|alpha|beta)\.?\d*", re.ASCII)
HEAD = """\
# Releases whose own files state another number: a project that did not count on, later sources under an earlier number,
# the number of something else. Lines: product, what its files say, the earliest release that says so, and the first
# later one seen that says something else alone (- where none was seen). Read by identify/misnumbered.py; made by
# benchmarks/learn_misnumbered.py from the packages named above each line.
"""


def main() -> None:
    """Look at the builds, then write."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("work", type=Path)
    parser.add_argument("--build", action="append", metavar="SUITE:ARCH")
    parser.add_argument("--sources", type=Path, metavar="FILE")
    parser.add_argument("--most", type=int, default=0, metavar="N", help="packages of a source")
    parser.add_argument("--listed", action="store_true", help="what is known alone: look for where it ends")
    given = parser.parse_args()
    known = _known(TARGET.read_text("ascii"))
    concluding.misnumbered = dict  # so that what is known is seen as it is stated
    named = set(given.sources.read_text().split()) if given.sources else None
    listed = {product for product, _ in known} if given.listed else None
    said: dict[tuple[str, str], list[Build]] = defaultdict(list)
    stated: dict[str, list[tuple[str, frozenset[str]]]] = defaultdict(list)
    for one in given.build or ["bullseye:armhf", "bookworm:armhf", "trixie:arm64"]:
        suite, _, arch = one.partition(":")
        builds = fetch(given.work, suite, arch, lambda source: _wanted(source, named, listed), given.most)
        with ProcessPoolExecutor() as workers:
            for build, found in zip(builds, workers.map(_stated, builds, chunksize=20), strict=True):
                for product, versions in found.items():
                    stated[product].append((_release(build), frozenset(versions)))
                    for version in sorted(versions):
                        if _is_misnumbered(build, version):
                            said[product, version].append(build)
    lines = _lines(said, known)
    TARGET.write_text(HEAD + "".join(_ended(lines[key], stated[key[0]]) for key in sorted(lines)), "ascii")


def _known(text: str) -> dict[tuple[str, str], str]:
    """Product and number -> its lines, of what was learned before."""
    lines = [line for line in text.removeprefix(HEAD).splitlines(keepends=True)]
    pairs = zip(lines[::2], lines[1::2], strict=True)
    return {(line.split()[0], line.split()[1]): remark + line for remark, line in pairs}


def _lines(said: dict[tuple[str, str], list[Build]], known: dict[tuple[str, str], str]) -> dict[tuple[str, str], str]:
    """What was known, and what is new."""
    for (product, version), builds in said.items():
        first = version
        for release in map(_release, builds):
            first = release if compare(release, first) == -1 else first
        known[product, version] = f"# {'; '.join(one.stated for one in builds[:3])}\n{product} {version} {first} -\n"
    return known


def _ended(line: str, stated: list[tuple[str, frozenset[str]]]) -> str:
    """The line with the first release that states other numbers alone, behind all that state this one."""
    remark, _, row = line.rstrip().rpartition("\n")
    product, version, since, before = (*row.split(), "-")[:4]
    last = since
    for release, versions in stated:
        if version in versions and compare(release, last) == 1:
            last = release
    for release, versions in stated:
        if versions and version not in versions and compare(release, last) == 1:
            before = release if before == "-" or compare(release, before) == -1 else before
    if before != "-" and compare(before, last) != 1:
        before = "-"
    return f"{remark}\n{product} {version} {since} {before}\n"


def _wanted(source: str, named: set[str] | None, listed: set[str] | None) -> bool:
    if named is not None:
        return source in named
    products = {canonical_product(source), canonical_product(project(source))}
    return not products.isdisjoint(known_products() if listed is None else listed)


def _stated(build: Build) -> dict[str, set[str]]:
    """The releases that its files state of its own product, as they state them."""
    products = {canonical_product(build.source), canonical_product(project(build.source))}
    found: dict[str, set[str]] = defaultdict(set)
    for one in _components(build):
        if one.name in products and not one.inside and one.version:
            found[one.name].add(one.version)
    return dict(found)


def _is_misnumbered(build: Build, version: str) -> bool:
    stated, true = upstream(version, packaged=False), upstream(_release(build), packaged=False)
    staged = STAGE.search(stated) and not STAGE.search(build.version)
    return bool(staged) or not (_longer(stated, true) or _longer(true, stated))


def _release(build: Build) -> str:
    """What the package was made from: 1.3.36 of 1.4+really1.3.36, 5.2 of 5.2+20240610."""
    really = re.search(r"\+really(\d[\d.]*)", build.version)
    return really[1] if really else build.upstream.partition("+")[0]


def _longer(one: str, other: str) -> bool:
    """The same numbers, and perhaps more of them."""
    mine, theirs = ([int(part) for part in re.findall(r"\d+", text)] for text in (one, other))
    return mine[: len(theirs)] == theirs


def _components(build: Build) -> tuple[Component, ...]:
    root = Locator((Step("rootfs"),))
    clues = []
    for path in build.elfs():
        locator = root.into("folder", str(path.relative_to(build.folder)))
        clues += observe(identified(locator, memoryview(path.read_bytes()))).clues
    return conclude(clues)


if __name__ == "__main__":
    main()
