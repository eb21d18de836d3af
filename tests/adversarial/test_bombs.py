"""Bombs through the real command line: each is stopped by a limit that has a name, soon, in little memory, no pass."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.adversarial import bombs, nested_bombs
from tests.adversarial.test_isolation import children
from tests.interop.tools import need

ROOT = Path(__file__).resolve().parents[2]
MOST_SECONDS, MOST_CPU_SECONDS, MOST_BYTES = 90, 30, 512 << 20
"""Wall clock of a loaded machine; processor time of all processes, on a slow one; memory of each process. They catch
what does not stop; `benchmarks/bombs.py` measures against what is promised."""
TOOLS = {bombs.squashfs_genuine: "mksquashfs", bombs.ext4_sparse: "mkfs.ext4"}
Bomb = Callable[[], bytes]
STOPPED: dict[Bomb, str] = {
    bombs.gzip_10gb: "max_member_bytes",
    bombs.gzip_layers: "max_member_bytes",
    bombs.xz_10gb: "max_ratio",
    bombs.bzip2_10gb: "max_ratio",
    bombs.zstd_10gb: "max_ratio",
    bombs.lz4_10gb: "max_member_bytes",
    bombs.zip_42: "max_expansion",
    bombs.zip_42_small: "max_expansion",
    bombs.zip_overlapping: "max_expansion",
    bombs.squashfs_million: "max_members",
    bombs.squashfs_genuine: "max_members_per_kib",
    bombs.tar_many: "max_members",
    bombs.cpio_many: "max_members",
    bombs.ext4_sparse: "max_member_bytes",
    bombs.fit_overlapping: "max_repeats",
    bombs.fit_droste: "max_members_per_kib",
    bombs.layers: "max_depth",
    nested_bombs.gzip_quine: "max_depth",
    nested_bombs.zip_doubling: "max_depth",
    nested_bombs.tar_gz_10gb: "max_member_bytes",
    nested_bombs.jffs2_zeros: "max_ratio",
    nested_bombs.jffs2_overlapping: "jffs2_nodes",
    nested_bombs.ubi_volume: "max_ratio",
    nested_bombs.uefi_nested: "max_ratio",
}


@dataclass(frozen=True)
class Run:
    """One command, and what it took."""

    status: int
    said: str
    seconds: float
    cpu_seconds: float
    peak_bytes: int
    """Of the largest process."""


def run(folder: Path, *arguments: str) -> Run:
    """Run fwverify; killed when it takes too long."""
    started = time.monotonic()
    environment = {**os.environ, "XDG_CONFIG_HOME": str(folder), "XDG_CACHE_HOME": str(folder), "PYTHONPATH": str(ROOT)}
    with (folder / "said").open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "fwverify", *arguments], cwd=folder, stdout=said, stderr=subprocess.STDOUT,
            env=environment,
        )  # fmt: skip
        clock = threading.Timer(MOST_SECONDS, process.kill)
        clock.start()
        peak = 0
        while True:
            pid, status, used = os.wait4(process.pid, os.WNOHANG)  # with the workers it waited for
            if pid:
                break
            peak = max(peak, *(peak_bytes(one) for one in (process.pid, *children(process.pid))))
            time.sleep(0.05)
        clock.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    text = (folder / "said").read_text()
    taken = time.monotonic() - started
    return Run(process.returncode, text, taken, used.ru_utime + used.ru_stime, peak)


def peak_bytes(process: int) -> int:
    """The most memory a process ever had (ru_maxrss would count what its parent had before it began)."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(one.split()[1]) << 10 for one in lines if one.startswith("VmHWM")), 0)


def bomb_file(bomb: Bomb, folder: Path) -> Path:
    """The bomb, alone in a folder."""
    path = folder / "in" / f"{bomb.__name__}.bin"
    path.parent.mkdir()
    path.write_bytes(bomb())
    return path


@pytest.mark.slow
@pytest.mark.parametrize("bomb", STOPPED, ids=lambda one: one.__name__)
def test_bomb(bomb: Bomb, tmp_path: Path) -> None:
    """Both commands end in time and in little memory, say which limit stopped them, and nothing passes."""
    if bomb in TOOLS:
        need(TOOLS[bomb])
    path = bomb_file(bomb, tmp_path)
    looked = run(tmp_path, "inspect", str(path), "--json")
    judged = run(tmp_path, "verify", str(path), "--json", "--no-evidence", "--no-cache")
    assert (looked.status, judged.status in (1, 3)) == (0, True), looked.said[-500:] + judged.said[-500:]
    gaps = [one["detail"] for one in json.loads(looked.said)["gaps"]]
    assert any(f"limit {STOPPED[bomb]} reached" in one for one in gaps), gaps[:5]
    for one in (looked, judged):
        assert (one.cpu_seconds < MOST_CPU_SECONDS, one.peak_bytes < MOST_BYTES) == (True, True), one


def test_deep_tree(tmp_path: Path) -> None:
    """A device tree of 200,000 levels is stopped at once, whatever the recursion."""
    seen = run(tmp_path, "inspect", str(bomb_file(bombs.deep_tree, tmp_path)), "--json")
    assert seen.status == 0
    assert any("limit device tree depth reached" in one["detail"] for one in json.loads(seen.said)["gaps"])
    assert seen.cpu_seconds < MOST_CPU_SECONDS
