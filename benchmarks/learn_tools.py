"""Make fwverify/identify/tool_names.txt: which programs belong to which project, where their names do not say so?

    python benchmarks/learn_tools.py WORK [--build SUITE:ARCH]... [--libraries]

Looked at are the packages that other programs here fetched and unpacked below WORK (default: trixie:amd64,
bookworm:arm64 and bullseye:amd64): ELF files in bin, sbin and games. A program is taken where one project alone has
it, that project is known by its source's name, the program's own name does not lead there, and every copy of it holds
that name as a word. --libraries prints the SONAMEs that one known project alone has, for formats/product_names.txt.
"""

from __future__ import annotations

import argparse
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from builds import packages, project

from fwverify.formats.products import canonical_product, known_products
from fwverify.identify import program_table

TARGET = Path(program_table.__file__).with_name("tool_names.txt")
PROGRAM = re.compile(r"(?:^|/)(?:s?bin|games)/([A-Za-z][\w.+-]+)$", re.ASCII)
LIBRARY = re.compile(
    r"(?:^|/)lib(?:32|64)?(?:/[\w.]+-linux(?:-\w+)?)?/(lib[A-Za-z][\w+-]{2,}?)\.so(?:\.[\w.]+)?$", re.ASCII
)
NUMBERED = re.compile(r"\d+\.\d|-\d|\d-\d|_\d")
MOST_BYTES, MOST_LIBRARIES, MIN_LETTERS = 30_000_000, 8, 4
HEAD = """\
# Programs that are not called like their project, and hold its name: a product a line, its programs behind a colon.
# Read by identify/program_table.py, which asks for that name in the bytes again. Made by benchmarks/learn_tools.py from
# the packages of Debian 11 (amd64), 12 (arm64) and 13 (amd64): ELF files in bin, sbin and games, each in one project's
# packages alone; read 2026-11-23.
"""


def main() -> None:
    """Look at every package, then write."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("work", type=Path)
    parser.add_argument("--build", action="append", metavar="SUITE:ARCH")
    parser.add_argument("--libraries", action="store_true")
    given = parser.parse_args()
    owners: dict[str, dict[str, bool]] = defaultdict(dict)
    for one in given.build or ["trixie:amd64", "bookworm:arm64", "bullseye:amd64"]:
        suite, _, arch = one.partition(":")
        for product, path in files(given.work, suite, arch):
            hit = (LIBRARY if given.libraries else PROGRAM).search(str(path))
            if hit:
                held = given.libraries or holds(path, product)
                owners[hit[1]][product] = held and owners[hit[1]].get(product, True)
    lines = learned(owners, ".so.1" if given.libraries else "")
    if given.libraries:
        print("".join(line for line in lines if len(line.split()) <= MOST_LIBRARIES + 1), end="")
    else:
        TARGET.write_text(HEAD + "".join(lines), "ascii")


def files(work: Path, suite: str, arch: str) -> Iterator[tuple[str, Path]]:
    """Product and path of every ELF file unpacked."""
    root = work / f"{suite}-{arch}" / "root"
    for one in packages(work, suite, arch):
        named = canonical_product(project(one["source"]))
        product = named if named in known_products() else canonical_product(one["source"])
        for path in sorted((root / one["Package"]).rglob("*")):
            if path.is_file() and not path.is_symlink() and "DEBIAN" not in path.parts:
                with path.open("rb") as file:
                    if file.read(4) == b"\x7fELF":
                        yield product, path


def holds(path: Path, product: str) -> bool:
    """The product's name stands in the file as a word."""
    with path.open("rb") as file:
        content = file.read(MOST_BYTES).lower()
    return re.search(rb"(?<![a-z0-9])" + re.escape(product.encode()) + rb"(?![a-z0-9])", content) is not None


def learned(owners: dict[str, dict[str, bool]], ending: str) -> list[str]:
    """Lines of products and what belongs to each."""
    found: dict[str, list[str]] = defaultdict(list)
    for name, products in sorted(owners.items()):
        product, held = next(iter(products.items()))
        told = canonical_product(name + ending) if ending else program_table.product_of(name)
        clear = len(products) == 1 and held and product in known_products() and len(product) >= MIN_LETTERS
        if clear and told not in known_products() and name not in program_table.SHARED and not NUMBERED.search(name):
            found[product].append(name)
    return [f"{product}: {' '.join(names)}\n" for product, names in sorted(found.items())]


if __name__ == "__main__":
    main()
