"""Linux kernels that unpack themselves: what is the kernel, what is its stub, and what is neither."""

from __future__ import annotations

from pathlib import Path

import pytest

from fwverify.content import identified
from fwverify.limits import Budget
from fwverify.model.artifact import Artifact, Locator, Step
from fwverify.model.evidence import Opened
from fwverify.unpack.containers.packed_kernel import CONTAINER
from fwverify.unpack.stage import Child, Opening, recognise, unpack

VECTORS = Path(__file__).resolve().parents[2] / "vectors" / "containers" / "packed_kernel"
LIBRARY = Path(__file__).resolve().parents[2] / "vectors" / "detectors" / "elf-soname" / "valid" / "known" / "input"


def artifact(data: bytes) -> Artifact:
    return identified(Locator((Step("input"),)), data)


def opened(name: str) -> tuple[Opening, list[Child]]:
    opening = Opening(artifact((VECTORS / name / "input").read_bytes()), CONTAINER)
    return opening, list(unpack(opening, Budget(), 0))


@pytest.mark.parametrize("name", ["zimage-gzip", "zimage-xz", "zimage-zstd", "bzimage", "elf"])
def test_stub_is_not_examined(name: str) -> None:
    """The stub's code comes out as a remainder to be looked into, not as structure of the container."""
    opening, children = opened(f"valid/{name}")
    stub = b"\x90" * 40 if name == "elf" else b"stub code"
    assert any(one.remainder and stub in bytes(one.artifact.content) for one in children)
    structure = sum(one.range.size for one in opening.claims if one.opened is Opened.STRUCTURE)
    assert structure < 500


@pytest.mark.parametrize("name", ["zimage-xz", "zimage-zstd", "bzimage", "elf"])
def test_appended_size_is_structure(name: str) -> None:
    """The unpacked size behind the stream is accounted for, so that nothing there is unexplained."""
    opening, children = opened(f"valid/{name}")
    kernel = next(one for one in children if one.artifact.name == "kernel")
    stream = next(one.range for one in opening.claims if one.member == kernel.index)
    size = kernel.artifact.size.to_bytes(4, "little")
    assert bytes(opening.artifact.content[stream.end : stream.end + 4]) == size
    assert any(one.opened is Opened.STRUCTURE and one.range.start == stream.end for one in opening.claims)


def test_behind_the_kernel() -> None:
    """What is appended to a zImage (a device tree, or anything) is a remainder of its own."""
    _, children = opened("valid/zimage-appended")
    assert any(one.remainder and bytes(one.artifact.content).startswith(b"device tree or so") for one in children)


def test_facts() -> None:
    """The headers' facts are told: which stub, which packing."""
    opening, _ = opened("valid/zimage-big-endian")
    assert opening.facts == [("stub", "ARM zImage, big-endian"), ("packed-with", "gzip")]


def test_other_programs() -> None:
    """A library, a program without a packed section and damaged headers are no packed kernels."""
    stub = bytearray((VECTORS / "valid" / "elf" / "input").read_bytes())
    payload = stub.index(b"\xfd7zXZ\0")
    for data in (
        LIBRARY.read_bytes(),
        (VECTORS / "invalid/small-section/input").read_bytes(),
        (VECTORS / "invalid/dynamic/input").read_bytes(),
        bytes(stub[:payload] + b"\0" + stub[payload + 1 :]),
        bytes(stub[: len(stub) // 2]),
        (VECTORS / "valid/bzimage/input").read_bytes()[:0x24F],
        (VECTORS / "valid/zimage-xz/input").read_bytes()[:-5],
        b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x02\0" + bytes(100),
    ):
        assert not CONTAINER.detect(artifact(data))


def test_recognised_before_weak_readers() -> None:
    """The stub is known by its own header, so that no searching reader takes it apart."""
    for name in ("zimage-gzip", "bzimage", "elf"):
        container, others = recognise(artifact((VECTORS / "valid" / name / "input").read_bytes()))
        assert (container, others) == (CONTAINER, ())
