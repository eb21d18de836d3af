"""Bombs through the command line: what each costs before a limit stops it.

    python -m benchmarks.bombs [NAME ...]

The bombs are those of tests/adversarial, made anew here; some need mksquashfs and mkfs.ext4. One line for each bomb and
command: processor seconds of all processes, wall clock, most memory of one process, and the limit that is said to have
stopped it. The promise is 10 processor seconds and 512 MiB on an idle machine of two cores; nothing is gated on it.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

from tests.adversarial.test_bombs import STOPPED, Bomb, Run, bomb_file, run

SECONDS, MEBIBYTES = 10, 512
"""What the project promises."""


def stopped_by(seen: Run, limit: str) -> str:
    """The limit, or what was said instead."""
    try:
        found = json.loads(seen.said)
    except ValueError:
        return f"no report: {seen.said[-80:]!r}"
    gaps = found.get("gaps") or found.get("evidence", {}).get("gaps", [])
    return limit if any(f"limit {limit} reached" in one["detail"] for one in gaps) else f"not stopped by {limit}"


def measure(bomb: Bomb) -> bool:
    """Print the lines of one bomb. True when both commands kept the promise."""
    kept = True
    with tempfile.TemporaryDirectory() as scratch:
        path = bomb_file(bomb, Path(scratch))
        for command in (("inspect",), ("verify", "--no-evidence", "--no-cache")):
            seen = run(Path(scratch), *command, str(path), "--json")
            limit = stopped_by(seen, STOPPED[bomb])
            mebibytes = seen.peak_bytes >> 20
            kept &= seen.cpu_seconds <= SECONDS and mebibytes <= MEBIBYTES and limit == STOPPED[bomb]
            print(
                f"{bomb.__name__:18} {path.stat().st_size:>11,} bytes  {command[0]:7} {seen.cpu_seconds:5.1f} s CPU "
                f"{seen.seconds:5.1f} s  {mebibytes:4} MiB  {limit}",
                flush=True,
            )
    return kept


def main() -> None:
    """All bombs, or those that are named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME")
    wanted = parser.parse_args().names
    chosen = [one for one in STOPPED if not wanted or one.__name__ in wanted]
    over = [one.__name__ for one in chosen if not measure(one)]
    print(f"{len(chosen) - len(over)} of {len(chosen)} within {SECONDS} s CPU and {MEBIBYTES} MiB"
          + (f"; not: {', '.join(over)}" if over else ""))  # fmt: skip


if __name__ == "__main__":
    main()
