"""Executables with bytes that belong to none of their parts: a payload behind the last section, data in a hole.

Sources: System V ABI, Microsoft PE Format; the layout is read by formats/executable_extents.py. A loader never looks at
such bytes, so an examination of the executable says nothing of them: they come out on their own and are looked into.
The executable itself is a member too: what lies before the appended bytes or, where there are holes in it, all of the
bytes, which are then examined once as a program and once piece by piece.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwverify.formats import executable_extents, kernel_relocations
from fwverify.limits import Budget
from fwverify.model.artifact import Artifact
from fwverify.model.evidence import AnomalyKind
from fwverify.model.examining import Malformed
from fwverify.model.plugin import Doc
from fwverify.unpack.interface import Container, Event, Fact, Member, Oddity, Part, PartUse

NAME = executable_extents.SPLIT_BY
KERNELS = "packed_kernel"
MIN_HOLE_BYTES = 16
"""Nothing fits into less (as the stage's remainders)."""


def _detect(artifact: Artifact) -> bool:
    view = artifact.content
    if artifact.locator.steps[-1].container == NAME:
        return False  # this is the executable that was taken apart here
    if bytes(view[:4]) != executable_extents.ELF_MAGIC and bytes(view[:2]) != executable_extents.PE_MAGIC:
        return False
    slack = executable_extents.slack(view)
    return slack is not None and any(one.size >= MIN_HOLE_BYTES for one in slack.holes)


def _unpack(artifact: Artifact, budget: Budget) -> Iterator[Event]:
    """The executable as a member; the stage makes artifacts of the bytes that it does not have."""
    view = artifact.content
    slack = executable_extents.slack(view)
    if slack is None or not slack.holes:
        raise Malformed("executable", "no bytes that belong to none of its parts", 0)
    budget.member()
    yield Fact("executable", slack.kind)
    name = artifact.name.rpartition("/")[2] or "executable"
    if slack.appended:
        own = slack.own[0]
        yield Member(name, content=view[: own.end], ranges=slack.own, stored=True)
    else:
        budget.size(len(view))
        yield Member(name, content=view, ranges=slack.own)
    for hole in slack.holes:
        if _unpacked_kernel(artifact) and kernel_relocations.holds(view, hole):
            yield Fact("relocations", str(hole.size))
            yield Part(hole, PartUse.INDEX)
            continue
        yield Oddity(AnomalyKind.TRAILING_DATA, f"{hole.size} bytes belong to no part of the {slack.kind} file", hole)


def _unpacked_kernel(artifact: Artifact) -> bool:
    return artifact.locator.steps[-1].container == KERNELS


CONTAINER = Container(
    name=NAME,
    detect=_detect,
    unpack=_unpack,
    weak=True,
    doc=Doc(
        title="Executable with bytes of no part of it (overlay, hole)",
        references=(
            "System V ABI, chapters 4 and 5, read 2026-11-22",
            "Microsoft PE Format, read 2026-11-22",
        ),
        makers=("gcc and binutils; llvm-objcopy",),
        limitations=(
            "Bytes that a segment or section has are the executable's, whatever they are.",
            "Mach-O files and files whose tables do not hold are not taken apart.",
        ),
    ),
)
