"""Make fwverify/identify/misnumbered.txt: which releases state another number than their own?

    python benchmarks/learn_misnumbered.py WORK [--build SUITE:ARCH]... [--sources FILE] [--most N]

The packages of every source that bears the name of a known product (of those in FILE alone: names between blanks; N of
each) are fetched for each build (default: bullseye:armhf, bookworm:armhf and trixie:arm64; some GB) and every ELF file
is looked at as in an image. What is known already stays. What a package's files say of the product it is named after,
and its version does not, is a line of fwverify/identify/misnumbered.txt: a project that did not count on, a release
that was made of later sources, a number of something else. Longer numbers of the same release (5.1.4 of 5.1, 3.31.1 of
3.31.1.4) are none.
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
# the number of something else. Lines: product, what its files say, the earliest release that says so. Read by
# identify/misnumbered.py; made by benchmarks/learn_misnumbered.py from the packages named above each line.
"""


def main() -> None:
    """Look at the builds, then write."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("work", type=Path)
    parser.add_argument("--build", action="append", metavar="SUITE:ARCH")
    parser.add_argument("--sources", type=Path, metavar="FILE")
    parser.add_argument("--most", type=int, default=0, metavar="N", help="packages of a source")
    given = parser.parse_args()
    named = set(given.sources.read_text().split()) if given.sources else None
    known = _known(TARGET.read_text("ascii"))
    said: dict[tuple[str, str], list[Build]] = defaultdict(list)
    for one in given.build or ["bullseye:armhf", "bookworm:armhf", "trixie:arm64"]:
        suite, _, arch = one.partition(":")
        builds = fetch(given.work, suite, arch, lambda source: _wanted(source, named), given.most)
        with ProcessPoolExecutor() as workers:
            for build, found in zip(builds, workers.map(_misnumbered, builds, chunksize=20), strict=True):
                for product, version in found:
                    said[product, version].append(build)
    TARGET.write_text(HEAD + "".join(known[key] for key in sorted(_lines(said, known))), "ascii")


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
        known[product, version] = f"# {'; '.join(one.stated for one in builds[:3])}\n{product} {version} {first}\n"
    return known


def _wanted(source: str, named: set[str] | None) -> bool:
    return source in named if named is not None else canonical_product(source) in known_products()


def _misnumbered(build: Build) -> list[tuple[str, str]]:
    products = {canonical_product(build.source), canonical_product(project(build.source))}
    found = set()
    for one in _components(build):
        if one.name not in products or one.inside or not one.version:
            continue
        stated = upstream(one.version, packaged=False)
        true = upstream(_release(build), packaged=False)
        staged = STAGE.search(stated) and not STAGE.search(build.version)
        if staged or not (_longer(stated, true) or _longer(true, stated)):
            found.add((one.name, one.version))
    return sorted(found)


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
