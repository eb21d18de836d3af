"""Opening images, beside unsquashfs, unblob and binwalk on the same images in one run, and against the floor.

    python benchmarks/unpack.py [--runs N] [--mib N] [--only NAME,...]

Images are made with the official tools from this machine's own programs (as many as `--mib` says) in a temporary
folder: SquashFS (xz, gzip, zstd), ext4, UBI with UBIFS, JFFS2, and a flash dump with a FIT; with FWVERIFY_CASES the
gateway's flash dump and root file system too. A maker or a peer that is not installed is left out and said; UNBLOB and
BINWALK name their programs elsewhere. unblob unpacks SquashFS only through `sasquatch`, which no Debian package has:
plain unsquashfs stands in for it here.

For each image: `read` opens the image's own container in one process and digests every member (what unsquashfs does,
and more); `unpack` opens everything inside the members too (what unblob and binwalk do); `inspect` is the whole line,
opening and examination in confined workers. Counted: CPU of the process and all its children, the largest process's
memory, members, and the source's ELF files that came out, by SHA-256. The floor is reading and digesting the image,
unpacking as many bytes with the same codec, and digesting them; nothing can be below it. Every process of Python starts
anew, which small images show. Gates nothing: quote ratios, machines differ.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import lzma
import mmap
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SBIN = "/usr/sbin:/sbin"
SAMPLE_BYTES = 16 << 20
"""Packed anew to measure a codec; the rest is scaled."""
ITS = """/dts-v1/; / {{ description = "benchmark"; #address-cells = <1>; images {{
 kernel {{ description = "kernel"; data = /incbin/("{kernel}"); type = "kernel"; arch = "arm"; os = "linux";
  compression = "gzip"; load = <0x8000>; entry = <0x8000>; hash-1 {{ algo = "sha256"; }}; }};
 rootfs {{ description = "rootfs"; data = /incbin/("{rootfs}"); type = "ramdisk"; arch = "arm"; os = "linux";
  compression = "none"; hash-1 {{ algo = "sha256"; }}; }}; }};
 configurations {{ default = "c"; c {{ kernel = "kernel"; ramdisk = "rootfs"; }}; }}; }};"""
UBINIZE = "[rootfs]\nmode=ubi\nimage=rootfs.ubifs\nvol_id=0\nvol_type=dynamic\nvol_name=rootfs\nvol_flags=autoresize\n"


@dataclass(frozen=True)
class Image:
    """One image and what is known of it."""

    name: str
    path: Path
    elfs: frozenset[str]
    """SHA-256 of every ELF file in it."""
    contents: tuple[Path, ...]
    """Its files, for the floor; empty when they are not at hand."""
    codec: str


@dataclass(frozen=True)
class Cost:
    """What one command took."""

    cpu: float
    """seconds, children included"""
    peak: float
    """MiB of the largest process"""
    elfs: int
    members: int


def machine_tree(folder: Path, mib: int) -> Path:
    """A tree of this machine's programs and libraries, `mib` large, and some of its texts."""
    tree, left = folder / "tree", mib << 20
    for start, share in (("/usr/lib/git-core", 8), ("/usr/lib/x86_64-linux-gnu", 2), ("/usr/bin", 2), ("/etc", 32)):
        left_here = (mib << 20) // share
        for path in sorted(Path(start).rglob("*")):
            size = path.stat().st_size if path.is_file() and not path.is_symlink() and os.access(path, os.R_OK) else 0
            if 0 < size < min(left, left_here, 16 << 20):
                place = tree / path.relative_to("/")
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, place)
                left, left_here = left - size, left_here - size
    return tree


def files(tree: Path) -> tuple[Path, ...]:
    return tuple(one for one in sorted(tree.rglob("*")) if one.is_file() and not one.is_symlink())


def digests(tree: Path) -> frozenset[str]:
    """SHA-256 of the ELF files below a folder."""
    found = set()
    for path in files(tree):
        data = path.read_bytes()
        if data[:4] == b"\x7fELF":
            found.add(hashlib.sha256(data).hexdigest())
    return frozenset(found)


def sh(folder: Path, command: str) -> None:
    done = subprocess.run(["bash", "-ec", command], cwd=folder, capture_output=True, env=environment(folder))
    if done.returncode:
        sys.exit(f"{command}\n{done.stderr.decode(errors='replace')}")


def environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "PATH": f"{folder / 'shim'}:{os.environ['PATH']}:{SBIN}"}


def squashfs(codec: str) -> Callable[[Path], str]:
    return lambda folder: f"mksquashfs tree {codec}.squashfs -comp {codec} -no-progress -quiet -no-xattrs -all-root"


def ext4(folder: Path) -> str:
    size = sum(one.stat().st_size + 8192 for one in files(folder / "tree")) * 5 // 4 >> 20
    return f"mkfs.ext4 -q -m 0 -d tree rootfs.ext4 {size + 16}M"


def ubi(folder: Path) -> str:
    (folder / "ubinize.ini").write_text(UBINIZE)
    return ("mkfs.ubifs -r tree -m 2048 -e 126976 -c 8000 -x lzo -o rootfs.ubifs;"
            "ubinize -o rootfs.ubi -m 2048 -p 128KiB ubinize.ini; rm rootfs.ubifs")  # fmt: skip


def jffs2(folder: Path) -> str:
    return "mkfs.jffs2 -r tree -e 128KiB -l -n -o rootfs.jffs2"


def flash(folder: Path) -> str:
    """A boot loader's worth of noise, fill, a FIT with a packed kernel and the root file system, fill, JFFS2."""
    (folder / "kernel.gz").write_bytes(zlib.compress(bytes(1 << 20), 9, 31))
    (folder / "image.its").write_text(ITS.format(kernel="kernel.gz", rootfs="flash.squashfs"))
    return ("mksquashfs tree flash.squashfs -comp xz -no-progress -quiet -no-xattrs; mkimage -q -f image.its image.itb;"
            "head -c 262144 /dev/urandom > flash.bin; head -c 262144 /dev/zero | tr '\\0' '\\377' >> flash.bin;"
            "cat image.itb >> flash.bin; head -c 2097152 /dev/zero | tr '\\0' '\\377' >> flash.bin")  # fmt: skip


MADE: dict[str, tuple[tuple[str, ...], str, str, Callable[[Path], str]]] = {
    "squashfs-xz": (("mksquashfs",), "xz.squashfs", "xz", squashfs("xz")),
    "squashfs-gzip": (("mksquashfs",), "gzip.squashfs", "gzip", squashfs("gzip")),
    "squashfs-zstd": (("mksquashfs",), "zstd.squashfs", "zstd", squashfs("zstd")),
    "ext4": (("mkfs.ext4",), "rootfs.ext4", "none", ext4),
    "ubi": (("mkfs.ubifs", "ubinize"), "rootfs.ubi", "lzo", ubi),
    "jffs2": (("mkfs.jffs2",), "rootfs.jffs2", "zlib-4k", jffs2),
    "flash-fit": (("mksquashfs", "mkimage"), "flash.bin", "xz", flash),
}
"""Name -> programs it needs, file, codec for the floor, command that makes it."""


def images(folder: Path, mib: int, only: set[str]) -> Iterator[Image]:
    tree = apart(machine_tree, folder, mib)
    elfs = apart(digests, tree)
    print(f"source: {len(files(tree))} files, {len(elfs)} different ELF files")
    for name, (programs, file, codec, command) in MADE.items():
        missing = [one for one in programs if not shutil.which(one, path=environment(folder)["PATH"])]
        if only and name not in only:
            continue
        if missing:
            print(f"left out: {name} ({', '.join(missing)} is not installed)")
            continue
        sh(folder, command(folder))
        yield Image(name, folder / file, elfs, files(tree), codec)
    yield from gateway(only)


def gateway(only: set[str]) -> Iterator[Image]:
    """The corpus' gateway, whose truth is known by digest."""
    cases = os.environ.get("FWVERIFY_CASES")
    if not cases:
        print("left out: the gateway's images (FWVERIFY_CASES is not set)")
        return
    place = Path(cases) / "images" / "gateway-mipsel"
    truth = json.loads((place / "truth.json").read_text())
    elfs = frozenset(one["sha256"] for one in truth["elfs"])
    for file in ("rootfs.xz.squashfs", "flash.bin"):
        if not only or f"gateway-{file}" in only:
            yield Image(f"gateway-{file}", place / file, elfs, (), "")


def xz_packed(data: bytes) -> bytes:
    """As mksquashfs does: a dictionary of one block, CRC-32."""
    return lzma.compress(data, check=lzma.CHECK_CRC32, filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 131072}])


def codecs(name: str) -> tuple[int, Callable[[bytes], bytes], Callable[[bytes, int], object]]:
    """Size of a block, how it is packed, and how it is unpacked in one call."""
    import lzallright
    import zstandard

    return {
        "xz": (131072, xz_packed, lambda data, size: lzma.LZMADecompressor().decompress(data, size)),
        "gzip": (131072, lambda data: zlib.compress(data, 9), lambda data, size: zlib.decompress(data)),
        "zstd": (131072, zstandard.ZstdCompressor(15).compress,
                 lambda data, size: zstandard.ZstdDecompressor().decompress(data, size)),
        "lzo": (4096, lzallright.LZOCompressor().compress, lzallright.LZOCompressor.decompress),
        "zlib-4k": (4096, zlib.compress, lambda data, size: zlib.decompress(data)),
        "none": (131072, bytes, lambda data, size: data),
    }[name]  # fmt: skip


def floor(image: Image) -> float:
    """CPU seconds below which nobody gets: read and digest the image, unpack, digest what came out."""
    started = time.process_time()
    hashlib.sha256(image.path.read_bytes()).digest()
    took = time.process_time() - started
    size, pack, unpack = codecs(image.codec)
    total = sampled = 0
    seconds = 0.0
    step = max(1, sum(one.stat().st_size for one in image.contents) // SAMPLE_BYTES)
    for path in image.contents:
        data = path.read_bytes()
        started = time.process_time()
        hashlib.sha256(data).digest()
        took += time.process_time() - started
        for at in range(0, len(data), size):
            block = data[at : at + size]
            if (total // size) % step == 0:
                packed = pack(block)
                started = time.process_time()
                unpack(packed, len(block))
                seconds += time.process_time() - started
                sampled += len(block)
            total += len(block)
    return took + seconds * total / max(sampled, 1)


def open_image(path: Path, levels: int) -> None:
    """Open an image and what is inside it, so many levels deep, in this process; what came out as JSON."""
    sys.path.insert(0, str(ROOT))
    from fwverify.content import identified
    from fwverify.limits import Budget
    from fwverify.model.artifact import Artifact, Locator, Step
    from fwverify.unpack.stage import Opening, recognise, unpack

    budget, seen, elfs = Budget(), 0, set()

    def visit(artifact: Artifact, depth: int, plain: bool) -> None:
        nonlocal seen
        seen += 1
        if artifact.content[:4] == b"\x7fELF":
            elfs.add(artifact.sha256.hex)
        container = None if plain or depth >= levels else recognise(artifact)[0]
        for child in unpack(Opening(artifact, container), budget, depth):
            visit(child.artifact, depth + 1, child.remainder and child.artifact.size == artifact.size)

    with path.open("rb") as file:
        view = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    visit(identified(Locator((Step(path.name),)), view), 0, False)
    print(json.dumps({"members": seen - 1, "elfs": sorted(elfs)}))


def inspected(said: Path) -> tuple[set[str], int]:
    artifacts = json.loads(said.read_bytes())["artifacts"]
    return {digest["value"] for one in artifacts for digest in one["digests"]}, len(artifacts) - 1


def opened(said: Path) -> tuple[set[str], int]:
    found = json.loads(said.read_bytes())
    return set(found["elfs"]), found["members"]


def peers(folder: Path) -> dict[str, Callable[[Path, Path], list[str]]]:
    """Tools beside fwverify, each with its command for (image, output folder)."""
    unblob = os.environ.get("UNBLOB") or shutil.which("unblob")
    binwalk = os.environ.get("BINWALK") or shutil.which("binwalk")
    shim = folder / "shim"
    shim.mkdir()
    (shim / "sasquatch").write_text(SASQUATCH)
    (shim / "sasquatch").chmod(0o755)
    found: dict[str, Callable[[Path, Path], list[str]]] = {}
    if shutil.which("unsquashfs"):
        found["unsquashfs"] = lambda image, out: ["unsquashfs", "-q", "-n", "-d", f"{out}/r", str(image)]
    if unblob:
        for one in Path(unblob).parent.iterdir():  # its own helpers, found on PATH alone
            if one.name.startswith(("ubireader", "jefferson")):
                (shim / one.name).symlink_to(one)
        found["unblob"] = lambda image, out: [unblob, "-e", str(out), "-p", "1", "-d", "10", "--log",
                                              f"{out}.log", str(image)]  # fmt: skip
    if binwalk:
        found["binwalk"] = lambda image, out: [binwalk, "-Me", "--run-as=root", "-C", str(out), str(image)]
    for name in ("unsquashfs", "unblob", "binwalk"):
        if name not in found:
            print(f"left out: {name} is not installed")
    return found


SASQUATCH = """#!/bin/sh
args=""
for a in "$@"; do case "$a" in -le|-be|-p|-c) ;; *) args="$args '$a'";; esac; done
eval exec unsquashfs $args
"""


def spent(command: list[str], folder: Path) -> tuple[float, float, Path]:
    """CPU seconds with children, MiB of the largest process, standard output in a file."""
    with (folder / "said").open("wb") as said:
        process = subprocess.Popen(command, cwd=folder, stdout=said, stderr=subprocess.DEVNULL, env=environment(folder))
        try:
            _, _, usage = os.wait4(process.pid, 0)
        finally:
            process.returncode = process.returncode or 0
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, folder / "said"


def own(image: Image, folder: Path, command: list[str], read: Callable[[Path], tuple[set[str], int]]) -> Cost:
    cpu, peak, said = spent([sys.executable, *command, str(image.path)], folder)
    if not said.stat().st_size:
        print(f"{image.name}: fwverify gave no answer")
        return Cost(cpu, peak, 0, 0)
    found, members = apart(read, said)
    return Cost(cpu, peak, len(found & image.elfs), members)


def peer(image: Image, folder: Path, command: Callable[[Path, Path], list[str]]) -> Cost:
    out = Path(tempfile.mkdtemp(dir=folder))
    try:
        cpu, peak, _ = spent(command(image.path, out), folder)
        return Cost(cpu, peak, len(apart(digests, out) & image.elfs), len(files(out)))
    finally:
        for line in Path("/proc/mounts").read_text().splitlines():  # binwalk mounts what it finds and leaves it so
            if line.split()[1].startswith(f"{out}/"):
                subprocess.run(["umount", line.split()[1]], check=False)
        shutil.rmtree(out, ignore_errors=True)


def apart(function: Callable[..., Any], *arguments: object) -> Any:
    """Call in a process of its own: a child's peak begins with its parent's size, so this one must stay small."""
    with ProcessPoolExecutor(1) as pool:
        return pool.submit(function, *arguments).result()


def one_run(
    image: Image, folder: Path, beside: dict[str, Callable[[Path, Path], list[str]]], rows: dict[str, list[Cost]]
) -> None:
    """Every tool once, in turn."""
    me = str(Path(__file__).resolve())
    rows.setdefault("read", []).append(own(image, folder, [me, "--levels", "1", "--open"], opened))
    if image.path.suffix == ".squashfs" and "unsquashfs" in beside:
        rows.setdefault("unsquashfs", []).append(peer(image, folder, beside["unsquashfs"]))
    rows.setdefault("unpack", []).append(own(image, folder, [me, "--open"], opened))
    for name in ("unblob", "binwalk"):
        if name in beside:
            rows.setdefault(name, []).append(peer(image, folder, beside[name]))
    rows.setdefault("inspect", []).append(own(image, folder, ["-m", "fwverify", "inspect", "--json"], inspected))


def report(image: Image, rows: dict[str, list[Cost]], least: float | None) -> None:
    cpu = {name: statistics.median(one.cpu for one in costs) for name, costs in rows.items()}
    size, read = image.path.stat().st_size / (1 << 20), cpu["read"]
    if least is not None:
        print(f"{image.name:26} {size:6.1f} {'(floor)':12} {least:8.2f} {least / read:8.2f}x")
    for name, costs in rows.items():
        peak, last = max(one.peak for one in costs), costs[-1]
        print(f"{image.name:26} {size:6.1f} {name:12} {cpu[name]:8.2f} {cpu[name] / read:8.2f}x {peak:7.0f} "
              f"{last.members:8} {last.elfs:6}/{len(image.elfs)}", flush=True)  # fmt: skip
    pairs = [("read", "unsquashfs"), ("unpack", "unblob"), ("unpack", "binwalk"), ("inspect", "unblob")]
    told = [f"{one} / {other} = {cpu[one] / cpu[other]:.2f}x" for one, other in pairs if other in cpu]
    print(f"{image.name:26} {'; '.join(told)}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--mib", type=int, default=64, help="size of the source")
    parser.add_argument("--only", default="", help="images by name, with commas between")
    parser.add_argument("--open", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--levels", type=int, default=99, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.open:
        open_image(given.open, given.levels)
        return 0
    os.environ["PYTHONPATH"] = str(ROOT)
    with tempfile.TemporaryDirectory(prefix="unpack-") as place:
        folder = Path(place)
        beside = peers(folder)
        print(f"{'image':26} {'MiB':>6} {'tool':12} {'CPU s':>8} {'of read':>9} {'peak':>7} {'members':>8} {'ELF':>7}"
              f"   (median of {given.runs})")  # fmt: skip
        for image in images(folder, given.mib, set(given.only.split(",")) - {""}):
            rows: dict[str, list[Cost]] = {}
            for _ in range(given.runs):
                one_run(image, folder, beside, rows)
            report(image, rows, apart(floor, image) if image.contents else None)
    return 0


if __name__ == "__main__":
    sys.exit(main())
