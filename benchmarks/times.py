"""How long a verdict takes: without a cache, with one, again, and after one file inside was changed.

    python benchmarks/times.py [--runs N] IMAGE...

For root file systems that lie in the image as they are (ext2 to ext4, uncompressed): one byte is changed in the
program that lies nearest to the middle, in a copy, which stands for the next release. Prints a table in Markdown: CPU
seconds of the process with all its workers, wall clock, the largest process. `cold` is a run without the cache, `first`
one that fills it, `again` the next one on the same image, `changed` one on the copy with that cache. Gates nothing:
quote ratios.
"""

from __future__ import annotations

import argparse
import compileall
import mmap
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
AT = "2026-11-22T00:00:00Z"
BLOCK_BYTES = 4096
ELF = b"\x7fELF"
KINDS = ("cold", "first", "again", "changed")


@dataclass(frozen=True)
class Took:
    """CPU and wall clock in seconds, memory of the largest process in MiB."""

    cpu: float
    wall: float
    mib: float


def run(image: Path, cache: Path | None) -> Took:
    """One verdict."""
    command = [sys.executable, "-m", "fwverify", "verify", str(image), "--no-evidence", "-q", "--at", AT]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "FWVERIFY_CACHE": str(cache) if cache else "off"}
    started = time.monotonic()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1, 3):
        sys.exit(f"{image.name}: no verdict, exit status {process.returncode}")
    return Took(usage.ru_utime + usage.ru_stime, time.monotonic() - started, usage.ru_maxrss / 1024)


def program(image: Path) -> int:
    """Where the program begins that lies nearest to the middle."""
    with image.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as held:
        at = held.find(ELF, len(held) // 2)
        while at >= 0 and at % BLOCK_BYTES:
            at = held.find(ELF, at + 1)
    if at < 0:
        sys.exit(f"{image.name}: no program that begins with a block in the second half")
    return at


def changed(image: Path, folder: str) -> Path:
    """A copy in which one program is another: the last byte of its header's padding is set."""
    copy = Path(folder) / image.name
    shutil.copyfile(image, copy)
    with copy.open("r+b") as file:
        file.seek(program(image) + 15)
        file.write(b"\1")
    return copy


def measured(image: Path, runs: int) -> dict[str, list[Took]]:
    """Every kind of run, in turn, as often as asked."""
    took: dict[str, list[Took]] = {one: [] for one in KINDS}
    with tempfile.TemporaryDirectory(prefix="times-") as place:
        copy = changed(image, place)
        for _ in range(runs):
            with tempfile.TemporaryDirectory(prefix="times-") as cache:
                os.chmod(cache, 0o700)  # noqa: PTH101 - a folder of its owner's, or it is not used
                for kind, what, kept in zip(
                    KINDS, (image, image, image, copy), (None, *[Path(cache)] * 3), strict=True
                ):
                    took[kind].append(run(what, kept))
    return took


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", metavar="IMAGE", type=Path, nargs="+")
    parser.add_argument("--runs", type=int, default=1)
    given = parser.parse_args()
    compileall.compile_dir(ROOT / "fwverify", quiet=2)
    print("| image | size | run | CPU | of cold | wall | largest process |\n|---|---|---|---|---|---|---|")
    for image in given.paths:
        cold = 0.0
        for kind, each in measured(image.resolve(), given.runs).items():
            cpu, wall = statistics.median(one.cpu for one in each), statistics.median(one.wall for one in each)
            cold = cold or cpu
            name, size = image.parent.parent.name or image.name, image.stat().st_size >> 20
            print(f"| {name} | {size} MiB | {kind} | {cpu:.1f} s | {100 * cpu / cold:.0f} % "
                  f"| {wall:.1f} s | {max(one.mib for one in each):.0f} MiB |", flush=True)  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
