"""Real root file systems: everything sound is read, nothing hollow is."""

from __future__ import annotations

import csv
import gzip
import tarfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from fwverify.content import identified
from fwverify.identify.stage import conclude, observe
from fwverify.isolate.pool import WorkerPool
from fwverify.model.artifact import Artifact, Locator, Step
from fwverify.model.evidence import Opened

IMAGE = Locator((Step("initrd"),))


def newc(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Files of a cpio archive: just enough of newc for this test, so that no container plug-in takes part."""
    at = 0
    while data[at : at + 6] == b"070701":
        fields = [int(data[at + 6 + 8 * one : at + 14 + 8 * one], 16) for one in range(13)]
        mode, size, name_size = fields[1], fields[6], fields[11]
        start = at + 110
        name = data[start : start + name_size - 1].decode("utf-8", "surrogateescape")
        start = (start + name_size + 3) & ~3
        if mode & 0o170000 == 0o100000:
            yield name, data[start : start + size]
        at = (start + size + 3) & ~3
        if name == "TRAILER!!!":
            return


def artifacts(cases: Path) -> list[Artifact]:
    packed = (cases / "images" / "debian-installer-armhf" / "initrd.gz").read_bytes()
    return [identified(IMAGE.into("cpio", name), data) for name, data in newc(gzip.decompress(packed))]


@pytest.mark.corpus
def test_installer_root(cases: Path) -> None:
    """Every ELF file of a real root file system is examined whole, and its own status file gives all packages."""
    files = artifacts(cases)
    with WorkerPool() as pool:
        for one in files:
            pool.submit(one)
        seen = dict(pool.results())
    elf = {one.locator for one in files if bytes(one.content[:4]) == b"\x7fELF"}
    assert len(elf) > 600
    assert Counter((seen[one].opened, seen[one].reader) for one in elf) == {(Opened.EXAMINED, "elf"): len(elf)}
    components = conclude(clue for one in seen.values() for clue in one.clues)
    status = next(bytes(one.content) for one in files if one.name.endswith("var/lib/dpkg/status")).decode()
    named = {line.removeprefix("Package: ") for line in status.splitlines() if line.startswith("Package: ")}
    assert named <= {one.name for one in components}
    assert "pkg:deb/debian/busybox-udeb@1:1.35.0-4%2Bdeb12u1%2Bb1" in {one.purl for one in components}


@pytest.mark.corpus
def test_truncated_executables(cases: Path) -> None:
    """Real executables, cut anywhere, are never examined whole."""
    elf = [one for one in artifacts(cases) if bytes(one.content[:4]) == b"\x7fELF"][::40]
    for one in elf:
        for part in range(1, 16):
            data = bytes(one.content[: one.size * part // 16])
            seen = observe(identified(one.locator, data))
            assert (seen.opened, bool(seen.gaps)) == (Opened.GAP, True), (one.name, part)


@pytest.mark.corpus
def test_hollow_executables(cases: Path) -> None:
    """Strings behind an ELF magic are never reported as examined."""
    folder = cases / "version-strings"
    with (folder / "TRUTH.csv").open(newline="") as table:
        names = sorted({row["file"] for row in csv.DictReader(table)})[::8]
    looked = 0
    for name in names:
        with tarfile.open(folder / "files" / name) as archive:
            for member in archive.getmembers():
                data = archive.extractfile(member).read() if member.isfile() else b""  # type: ignore[union-attr]
                if data[:4] == b"\x7fELF":
                    looked += 1
                    assert observe(identified(IMAGE.into("tar", member.name), data)).opened is Opened.GAP
    assert looked > 100
