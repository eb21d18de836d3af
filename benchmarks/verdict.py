"""Image in, verdict out: beside the floor of the same image, cold and with a warm cache.

    python benchmarks/verdict.py [--runs N] [--mib N] [--only NAME,...] [IMAGE...] [--codec NAME]

Without IMAGE the images of benchmarks/unpack.py are made with the official tools. The floor is one process that reads
and digests the image, has its contents (opened beforehand), unpacks as many bytes with the same codec, parses every
executable with LIEF and searches every file once with the compiled patterns of all detectors: nobody who answers the
same questions gets below it. What such a process needs before it sees the first byte (Python, LIEF, the patterns) is
told apart as `start`. For an IMAGE without `--codec` unpacking is not in its floor, so the ratio flatters the floor.

Counted: CPU of the process with all its workers, wall clock, and how many cores were busy on average. `cold` is a run
without the cache, `first` one that fills it, `again` the next one on the same image. Python's own cache of compiled
modules is filled before. Gates nothing: quote ratios.
"""

from __future__ import annotations

import argparse
import compileall
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from unpack import Image, apart, images
from unpack import floor as unpacking_floor

ROOT = Path(__file__).resolve().parents[1]
AT = "2026-11-22T00:00:00Z"
CODECS = ("xz", "gzip", "zstd", "lzo", "zlib-4k", "none")


@dataclass(frozen=True)
class Took:
    """seconds"""

    cpu: float
    wall: float


def contents(path: Path, out: str) -> int:
    """Every file in an image, opened by fwverify, as numbered files in a folder."""
    sys.path.insert(0, str(ROOT))
    from fwverify import pipeline
    from fwverify.model.artifact import Artifact

    number = 0

    def look(artifact: Artifact) -> None:
        nonlocal number
        if artifact.size and len(artifact.locator.steps) > 1:
            number += 1
            (Path(out) / f"{number:06}").write_bytes(artifact.content)

    pipeline.facts([path], at=AT, look=look)
    return number


def floor(path: Path, out: str) -> tuple[float, float, float, float]:
    """CPU seconds: start, reading and digesting the image, LIEF on every executable, one search of every file."""
    sys.path.insert(0, str(ROOT))
    import hashlib

    started = time.process_time()
    import lief

    from fwverify.formats import executable, multi_search
    from fwverify.identify.version_table import table

    lief.logging.disable()
    expressions = tuple(multi_search.literal(one.anchor) for one in table().finds if one.anchor)
    multi_search.search(memoryview(b"\0" * 64), expressions, 64, lambda *_: False)  # compiled once
    starting, started = time.process_time() - started, time.process_time()
    hashlib.sha256(path.read_bytes()).digest()
    digesting, parsing, searching = time.process_time() - started, 0.0, 0.0
    for file in sorted(Path(out).iterdir()):
        data = file.read_bytes()
        started = time.process_time()
        hashlib.sha256(data).digest()
        digesting += time.process_time() - started
        if executable.detect(memoryview(data)):
            started = time.process_time()
            lief.parse(data)
            parsing += time.process_time() - started
        started = time.process_time()
        multi_search.search(memoryview(data), expressions, 64, lambda *_: False)
        searching += time.process_time() - started
    return starting, digesting, parsing, searching


def run(path: Path, cache: Path | None) -> Took:
    command = [sys.executable, "-m", "fwverify", "verify", str(path), "--no-evidence", "-q", "--at", AT]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "FWVERIFY_CACHE": str(cache) if cache else "off"}
    started = time.monotonic()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1, 3):
        sys.exit(f"{path.name}: no verdict, exit status {process.returncode}")
    return Took(usage.ru_utime + usage.ru_stime, time.monotonic() - started)


def measured(image: Image, runs: int) -> None:
    """One image, all tools in turn, as often as asked."""
    with tempfile.TemporaryDirectory(prefix="verdict-") as out:
        files = apart(contents, image.path, out)
        starting, digesting, parsing, searching = apart(floor, image.path, out)
        inside = replace(image, contents=image.contents or tuple(sorted(Path(out).iterdir())))
        unpacking = max(0.0, apart(unpacking_floor, inside) - digesting) if image.codec else 0.0
    least = digesting + parsing + searching + unpacking
    print(f"{image.name}: {image.path.stat().st_size / (1 << 20):.1f} MiB, {files} files inside")
    print(f"  floor   {least:6.2f} s CPU (digest {digesting:.2f}, unpack {unpacking:.2f}, LIEF {parsing:.2f}, "
          f"search {searching:.2f}), and {starting:.2f} to start")  # fmt: skip
    took: dict[str, list[Took]] = {"cold": [], "first": [], "again": []}
    for _ in range(runs):
        with tempfile.TemporaryDirectory(prefix="verdict-") as cache:
            os.chmod(cache, 0o700)  # noqa: PTH101 - a folder of its owner's, or it is not used
            for name, place in (("cold", None), ("first", Path(cache)), ("again", Path(cache))):
                took[name].append(run(image.path, place))
    for name, each in took.items():
        cpu, wall = statistics.median(one.cpu for one in each), statistics.median(one.wall for one in each)
        print(f"  {name:7} {cpu:6.2f} s CPU = {cpu / least:5.2f}x of the floor, {cpu / (least + starting):.2f}x with "
              f"its start, {wall:6.2f} s wall, {cpu / wall:.2f} cores busy", flush=True)  # fmt: skip


def asked(given: argparse.Namespace, folder: Path) -> Iterator[Image]:
    if given.paths:
        yield from (Image(one.name, one.resolve(), frozenset(), (), given.codec) for one in given.paths)
    else:
        yield from images(folder, given.mib, set(given.only.split(",")) - {""})


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", metavar="IMAGE", type=Path, nargs="*")
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--mib", type=int, default=64, help="size of the source")
    parser.add_argument("--only", default="", help="images by name, with commas between")
    parser.add_argument("--codec", default="", choices=("", *CODECS), help="how the images' contents are packed")
    given = parser.parse_args()
    compileall.compile_dir(ROOT / "fwverify", quiet=2)
    with tempfile.TemporaryDirectory(prefix="verdict-") as place:
        for image in asked(given, Path(place)):
            measured(image, given.runs)
    return 0


if __name__ == "__main__":
    sys.exit(main())
