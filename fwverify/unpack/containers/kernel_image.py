"""Unpacked Linux kernels for 64-bit Arm and RISC-V: what the header states; read by formats/kernel_header.py.

The code is claimed by nobody, so that the stage looks into it and into what is appended (device trees). Kernels that
are an EFI program too are examined as that, not here.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwverify.formats import kernel_header
from fwverify.limits import Budget
from fwverify.model.artifact import Artifact
from fwverify.model.plugin import Doc
from fwverify.unpack.interface import Container, Event, Fact, Part, PartUse

EFI_MAGIC = b"MZ"


def _detect(artifact: Artifact) -> bool:
    return artifact.content[:2] != EFI_MAGIC and kernel_header.looks_like(artifact.content)


def _unpack(artifact: Artifact, budget: Budget) -> Iterator[Event]:
    budget.check_time()
    header = kernel_header.read(artifact.content)
    for span in header.structure:
        yield Part(span, PartUse.HEADER)
    for span in header.unused:
        yield Part(span, PartUse.PADDING)
    yield Fact("arch", header.architecture)
    yield Fact("load-offset", f"{header.offset:x}")
    yield Fact("memory", f"{header.memory_bytes} bytes")
    if header.big_endian:
        yield Fact("byte-order", "big-endian")
    if header.page:
        yield Fact("page-size", header.page)


CONTAINER = Container(
    name="kernel_image",
    detect=_detect,
    unpack=_unpack,
    partial=True,
    doc=Doc(
        title="Linux kernel, unpacked (arm64, RISC-V)",
        vendor="Linux kernel",
        references=(
            "Linux Documentation/arch/arm64/booting.rst and arch/riscv/boot-image-header.rst, read 2026-11-22",
        ),
        limitations=(
            "Machine code is not analysed.",
            "Where the kernel ends is not stated: what is appended is found by searching.",
        ),
    ),
)
