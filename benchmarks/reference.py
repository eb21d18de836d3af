"""A store of reference packages with a million files: learn, open, look 5,000 files up, digest. No product is measured.

    python -m benchmarks.reference [--files 1000000] [--store FILE]

The packages are made up: 100 files each, one in ten of them an executable with a build id, a digest of what it loads
and 64 hashes of exported names. Half of the files that are looked up are known, a tenth of those as another build.
"""

from __future__ import annotations

import argparse
import hashlib
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from fwverify.model.artifact import Locator, Step
from fwverify.model.traits import SKETCH_HASHES, Traits
from fwverify.reference import writing
from fwverify.reference.matching import name_files
from fwverify.reference.places import Seen
from fwverify.reference.store import load
from fwverify.reference.values import KnownComponent, KnownFile, Origin, in_order

FILES_A_PACKAGE, EXECUTABLE_EVERY, PACKAGES_A_RELEASE = 100, 10, 4
LOOKED_UP = 5_000


def digest(*what: object) -> bytes:
    return hashlib.sha256(repr(what).encode()).digest()


def traits(package: int, file: int) -> Traits:
    hashes = sorted(digest("symbol", package, file, at)[:8] for at in range(SKETCH_HASHES))
    build = digest("build", package, file)[:20].hex()
    return Traits(build, f"lib{package}-{file}.so.1", digest("loaded", package, file), 200, b"".join(hashes))


def known(package: int, file: int) -> KnownFile:
    executable = file % EXECUTABLE_EVERY == 0
    folder = "usr/lib/arm-linux-gnueabihf" if executable else f"usr/share/product{package}/data"
    own = traits(package, file) if executable else None
    return KnownFile(f"{folder}/file-{package}-{file}", digest("file", package, file), own, executable)


def origins(files: int) -> Iterator[Origin]:
    for number in range(files // FILES_A_PACKAGE):
        release = number // PACKAGES_A_RELEASE
        component = KnownComponent(
            name=f"package{number}",
            version=f"1.{release}-1",
            purl=f"pkg:deb/debian/package{number}@1.{release}-1?arch=armhf",
            source=f"product{release}",
            source_version=f"1.{release}-1",
            product=f"product{release}",
            arch="armhf",
            files=in_order(known(number, one) for one in range(FILES_A_PACKAGE)),
        )
        yield Origin(f"package{number}_1.{release}-1_armhf.deb", digest("origin", number), "2026-11-22T00:00:00Z",
                     (component,))  # fmt: skip


def image(files: int) -> Iterator[Seen]:
    """Half of it unknown; of the rest, whole releases spread over the store."""
    root = Locator((Step("image.bin"),))
    packages = files // FILES_A_PACKAGE
    chosen = [one * packages // 25 for one in range(25)]
    for package in chosen:
        for number in range(FILES_A_PACKAGE):
            one = known(package, number)
            rebuilt = one.traits is not None and number % 100 == 0
            digests = (digest("other", package, number) if rebuilt else one.sha256,)
            yield Seen(root.into("squashfs", one.path), digests, (one.traits,) if one.traits else ())
    for number in range(LOOKED_UP // 2):
        own = (traits(-1, number),) if number % EXECUTABLE_EVERY == 0 else ()
        yield Seen(root.into("squashfs", f"opt/own/{number}"), (digest("own", number),), own)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=1_000_000)
    parser.add_argument("--store", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        path = given.store or Path(scratch) / "reference.db"
        if not path.exists():
            begun, made = time.perf_counter(), time.process_time()
            for _ in origins(given.files):
                pass
            making = time.process_time() - made
            begun = time.perf_counter()
            count = writing.learn(path, origins(given.files))
            took = time.perf_counter() - begun - making
            size = path.stat().st_size
            say(f"learn    {count:,} packages, {given.files:,} files: {took:.1f} s, {given.files / took:,.0f} files/s")
            say(f"size     {size / 2**20:,.0f} MiB, {size / given.files:.0f} bytes a file")
        begun = time.perf_counter()
        store = load(path)
        say(f"open     {1000 * (time.perf_counter() - begun):.0f} ms, digest {store.digest[:16]}")
        files = list(image(given.files))
        begun = time.perf_counter()
        clues = name_files([store], files)
        took = time.perf_counter() - begun
        say(f"look up  {len(files):,} files: {took:.2f} s, {len(clues):,} clues")
        begun = time.perf_counter()
        count = sum(1 for _ in store.origins())
        say(f"check    {count:,} packages, every entry: {time.perf_counter() - begun:.1f} s")
        say(f"memory   {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB at most")
    return 0


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
