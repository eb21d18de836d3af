"""UEFI readers against firmware that edk2's own tools made (Debian's OVMF and AAVMF), with UEFITool and ifdtool as
second readers; edk2's compressors as uefi-firmware carries them; CBFS against cbfstool.

Debian: ovmf, qemu-efi-arm, qemu-efi-aarch64, uefitool-cli, coreboot-utils. PyPI: uefi-firmware, brotli.
"""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from fwverify.formats import tiano
from fwverify.limits import Budget
from fwverify.model.artifact import Artifact
from fwverify.unpack.containers.uefi_volume import CONTAINER as VOLUME
from fwverify.unpack.interface import Event, Member
from fwverify.unpack.stage import recognise
from tests.interop import tools
from tests.interop.trees import complaints, image, unclaimed
from tests.vectors.makers import uefi as made

pytestmark = pytest.mark.interop
UEFI = {"uefi_volume", "uefi_flash", "uefi_sections"}
IMAGES = (
    "/usr/share/ovmf/OVMF.fd", "/usr/share/OVMF/OVMF_CODE_4M.secboot.fd", "/usr/share/OVMF/OVMF_VARS_4M.ms.fd",
    "/usr/share/qemu-efi-aarch64/QEMU_EFI.fd", "/usr/share/AAVMF/AAVMF32_CODE.fd",
)  # fmt: skip


def volumes(data: bytes) -> Iterator[Artifact]:
    """The image where it is one; else the volumes that searching finds in it."""
    whole = image(data)
    found, _ = recognise(whole)
    if found is not None and found.name in UEFI:
        yield whole
        return
    assert VOLUME.carve is not None
    view, at = memoryview(data), 0
    while (hit := data.find(b"_FVH", at + 40)) >= 0:
        end = VOLUME.carve.end(view, hit - 40, lambda _: None)
        if end:
            yield image(data[hit - 40 : end], f"@{hit - 40:x}")
        at = end or hit - 39


def opened(artifact: Artifact) -> Iterator[tuple[Artifact, list[Event]]]:
    """The artifact and everything UEFI inside it, each with its events."""
    container, _ = recognise(artifact)
    if container is None or container.name not in UEFI:
        return
    events = list(container.unpack(artifact, Budget()))
    yield artifact, events
    for one in events:
        if isinstance(one, Member) and one.content is not None:
            yield from opened(image(bytes(one.content), one.name))


def by_tool(path: Path) -> dict[str, Counter[str]]:
    """Bodies of PE32 and TE sections as UEFIExtract finds them, by digest."""
    tools.run("UEFIExtract", path, "dump", cwd=path.parent)
    out: dict[str, Counter[str]] = {"pe32": Counter(), "te": Counter()}
    for body in path.parent.rglob("body.bin"):
        kind = {"PE32 image section": "pe32", "TE image section": "te"}.get(body.parent.name.partition(" ")[2])
        if kind:
            out[kind][hashlib.sha256(body.read_bytes()).hexdigest()] += 1
    return out


@pytest.mark.parametrize("place", IMAGES)
def test_every_executable_equals_what_uefitool_finds(tmp_path: Path, place: str) -> None:
    """PE32 and TE sections by digest and count; no complaint; nothing unclaimed but fill and deleted variables."""
    tools.need("UEFIExtract", place)
    data = Path(place).read_bytes()
    path = tmp_path / "image.fd"
    path.write_bytes(data)
    found: dict[str, Counter[str]] = {"pe32": Counter(), "te": Counter()}
    seen = 0
    for volume in volumes(data):
        for artifact, events in opened(volume):
            seen += 1
            assert complaints(events) == [], artifact.locator
            for one in events:
                kind = one.name.rpartition("/")[2].partition("-")[0] if isinstance(one, Member) else ""
                if kind in found and isinstance(one, Member) and one.content is not None:
                    found[kind][hashlib.sha256(one.content).hexdigest()] += 1
            for run in unclaimed(bytes(artifact.content), events):
                rest = bytes(artifact.content[run.start : run.end])
                assert set(rest) <= {0, 255} or rest.lstrip(b"\xff").startswith(b"\xaa\x55"), (artifact.locator, run)
    assert seen and found == by_tool(path)
    assert "VARS" in place or sum(found["pe32"].values()) > 80


def test_variables_of_a_store_with_keys() -> None:
    """The enrolled keys of Secure Boot come out under their names."""
    place = "/usr/share/OVMF/OVMF_VARS_4M.ms.fd"
    tools.need(place)
    names = {one.name.partition("-")[0] for one in VOLUME.unpack(image(Path(place).read_bytes()), Budget())
             if isinstance(one, Member)}  # fmt: skip
    assert {"PK", "KEK", "db", "dbx", "SecureBootEnable"} <= names


def test_edk2_compressors() -> None:
    """EFI 1.1 and Tiano streams of many kinds of data unpack to what was packed."""
    tools.need_module("uefi_firmware")
    chance = random.Random(3)
    code = Path("/bin/sh").read_bytes()
    kinds = [b"a", bytes(70_000), chance.randbytes(9000), made.CODE * 400, code[:120_000], b"ab" * 30_000]
    kinds += [bytes(chance.choices(b"abcd\0", k=chance.randrange(2, 4000))) for _ in range(40)]
    for data in kinds:
        for pack, variant in ((made.efi_packed, tiano.EFI), (made.tiano_packed, tiano.TIANO)):
            stream = pack(data)
            assert tiano.unpacked(memoryview(stream), variant, Budget()) == (data, len(stream))


def test_regions_equal_ifdtool(tmp_path: Path) -> None:
    """Regions of a flash descriptor, by name and content."""
    tools.need("ifdtool")
    bios, ethernet = made.NOISE.ljust(4096, b"\xff"), made.PE.ljust(4096, b"\xff")
    data = made.descriptor((0, 0), (2, 2), None, (1, 1)) + ethernet + bios
    (tmp_path / "flash.bin").write_bytes(data)
    tools.run("ifdtool", "-p", "sklkbl", "-x", "flash.bin", cwd=tmp_path)
    container, _ = recognise(image(data))
    assert container is not None and container.name == "intel_flash"
    held = {one.name: bytes(one.content or b"") for one in container.unpack(image(data), Budget())
            if isinstance(one, Member)}  # fmt: skip
    said = {path.name.partition("_")[2]: path.read_bytes() for path in tmp_path.glob("flashregion_*")}
    assert held == {"bios": said["1_bios.bin"], "gigabit-ethernet": said["3_gbe.bin"]}


def test_cbfs_equals_its_sources(tmp_path: Path) -> None:
    """Files that cbfstool packed, plain, with LZMA and with LZ4, hashed and not; nothing unclaimed but fill."""
    tools.need("cbfstool")
    files = {"fallback/raw": made.NOISE, "config": b"CONFIG_X=y\n" * 900, "again": made.CODE}
    tools.run("cbfstool", "rom", "create", "-m", "x86", "-s", "0x20000", cwd=tmp_path)
    for (name, data), more in zip(files.items(), (("-A", "sha256"), ("-c", "LZMA"), ("-c", "LZ4")), strict=True):
        (tmp_path / "source").write_bytes(data)
        tools.run("cbfstool", "rom", "add", "-f", "source", "-n", name, "-t", "raw", *more, cwd=tmp_path)
    data = (tmp_path / "rom").read_bytes()
    container, _ = recognise(image(data))
    assert container is not None and container.name == "coreboot_cbfs"
    events = list(container.unpack(image(data), Budget()))
    held = {one.name: bytes(one.content or b"") for one in events if isinstance(one, Member)}
    packed = held.pop("again")
    assert held == {"fallback/raw": files["fallback/raw"], "config": files["config"]}
    assert 0 < len(packed) < len(files["again"]) and complaints(events) == []
    assert all(set(data[run.start : run.end]) <= {0, 255} for run in unclaimed(data, events))
