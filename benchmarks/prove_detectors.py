"""Are the version detectors right on real builds? Downloads Debian packages, looks, and writes what was measured.

    python benchmarks/prove_detectors.py WORK [--build SUITE:ARCH]... [--product NAME]... [--write]

For every product of identify/versions (or those named) the packages of its source are fetched for each build (default:
bookworm:armhf and trixie:arm64; about 500 MB each) and every ELF file is searched. Printed: products right in fewer
than two builds, and every version that is not the package's (Debian's own numbering explains some: look). `--write`
puts the state into `proven:` of the YAML files and caps the confidence of what is unproven; then run
`python -m tests.make_versions`. Products that Debian does not have keep the state they have.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from builds import Build, fetch

from fwverify.formats import executable
from fwverify.formats.products import canonical_product
from fwverify.identify import scan, version_table
from fwverify.identify.conclude import upstream

VERSIONS = Path(version_table.__file__).parent / "versions"
MAX_EVENTS = 100_000


def main() -> None:
    """Measure, print, and write when asked to."""
    arguments = _arguments()
    products = set(arguments.product) or set(version_table.sources().products)
    right: dict[str, list[Build]] = defaultdict(list)
    for one in arguments.build:
        suite, _, arch = one.partition(":")
        for build in fetch(arguments.work, suite, arch, lambda source: canonical_product(source) in products):
            _look(build, canonical_product(build.source), right)
    for product in sorted(products):
        builds = _distinct(right.get(product, []))
        if len(builds) < 2:
            print(f"unproven  {product}: {', '.join(one.stated for one in builds) or 'seen in no build'}")
        if arguments.write and product in right:
            _write(VERSIONS / f"{product}.yaml", builds)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("work", type=Path)
    parser.add_argument("--build", action="append", metavar="SUITE:ARCH")
    parser.add_argument("--product", action="append", default=[])
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    arguments.build = arguments.build or ["bookworm:armhf", "trixie:arm64"]
    return arguments


def _look(build: Build, product: str, right: dict[str, list[Build]]) -> None:
    """Search the files of one package. A version of another product may be true: a bundled library."""
    found = False
    for path in build.elfs():
        for hit in _hits(path):
            same = upstream(hit.version, packaged=False) == upstream(build.upstream, packaged=False)
            if hit.product != product or not same:
                print(f"other     {build.stated} {path.name}: {hit.product} {hit.version} {hit.quote[:60]!r}")
            found = found or (hit.product == product and same)
    if found:
        right[product].append(build)


def _hits(path: Path) -> Iterator[scan.Hit]:
    content = memoryview(path.read_bytes())
    soname = executable.parse(content).soname
    yield from scan.scan(content, soname, MAX_EVENTS)
    yield from scan.named(path.name, soname)


def _distinct(builds: list[Build]) -> list[Build]:
    """One build of each suite and architecture."""
    first: dict[tuple[str, str], Build] = {}
    for one in sorted(builds, key=lambda build: (len(build.package), build.package)):
        first.setdefault((one.suite, one.architecture), one)
    return [first[key] for key in sorted(first)]


def _write(path: Path, builds: list[Build]) -> None:
    text = re.sub(r"(?m)^proven:.*\n(?:  - .*\n)*", "", path.read_text())
    if len(builds) >= 2:
        state = "proven:\n" + "".join(f"  - {json.dumps(one.stated)}\n" for one in builds[:2])
    else:
        state = "proven: unproven\n"
        most = version_table.MAX_UNPROVEN
        text = re.sub(r"confidence: (\d+)", lambda found: f"confidence: {min(int(found[1]), most)}", text)
    path.write_text(text.replace("finds:\n", state + "finds:\n", 1))


if __name__ == "__main__":
    main()
