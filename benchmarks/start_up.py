"""Whole-process figures: start-up of `fwverify --version` beside `python -c pass`, and one verify of each sample kind.

    python benchmarks/start_up.py [RUNS]

Prints medians of CPU seconds (user + system of the process and its workers) and ratios to the bare interpreter.
Gates nothing: quote the ratio, machines differ.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FWVERIFY = (sys.executable, "-m", "fwverify")
DEMO = ("--policy", "samples/demo.yaml", "--keys", "keys", "--no-evidence")
COMMANDS = {
    "python -c pass": (sys.executable, "-c", "pass"),
    "fwverify --version": (*FWVERIFY, "--version"),
    "fwverify --help": (*FWVERIFY, "--help"),
    "verify bms-12s (1 kB)": (*FWVERIFY, "verify", "samples/bms-12s/bms.bin", "--no-evidence"),
    "verify acme-ups-3.1.0 (1.5 MB)": (*FWVERIFY, "verify", "samples/acme-ups-3.1.0", *DEMO),
}


def spent() -> float:
    """CPU seconds of all finished children."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measure(command: tuple[str, ...]) -> tuple[float, float]:
    """CPU and wall seconds of one run."""
    cpu, wall = spent(), time.perf_counter()
    subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return spent() - cpu, time.perf_counter() - wall


def main() -> int:
    """Run all commands in turn, so that a slow moment of the machine hits them alike."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in COMMANDS}
    for _ in range(runs + 1):
        for name, command in COMMANDS.items():
            times[name].append(measure(command))
    bare = statistics.median(cpu for cpu, _ in times["python -c pass"][1:])
    print(f"{'command':34} {'CPU s':>8} {'wall s':>8} {'ratio':>7}   (median of {runs} after one warm-up)")
    for name, found in times.items():
        cpu = statistics.median(one for one, _ in found[1:])
        wall = statistics.median(one for _, one in found[1:])
        print(f"{name:34} {cpu:8.3f} {wall:8.3f} {cpu / bare:6.1f}x")
    return 0


if __name__ == "__main__":
    sys.exit(main())
