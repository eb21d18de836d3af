"""Everything a worker gives up before it reads its first hostile byte, and what this machine offers for it.

Resource limits first, then Landlock (files, network, signals), then seccomp (system calls): each only narrows. What a
system does not have is left out and told; the parent records it, and a policy may refuse less than all of it.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from fwverify.isolate import landlock, seccomp

OPEN_FILES, PROGRAM_FILES = 64, 512
"""Enough to import a library late and to hold a few unlinked files (a parser needs none); programs hold more."""
RLIMITS, LANDLOCK, SECCOMP = "rlimits", "landlock", "seccomp"
FULL = (RLIMITS, LANDLOCK, SECCOMP)
"""What `isolation: full` stands for."""


@dataclass(frozen=True, slots=True)
class Confinement:
    """What one worker may use."""

    memory_bytes: int
    """Memory of its own; files it maps do not count where the system tells them apart."""
    cpu_seconds: int
    scratch: str = ""
    """The one folder it may write in; empty: none, and no file at all."""
    file_bytes: int = 0
    """Largest file in there."""
    programs: bool = False
    """It may start programs, which are held by the same; such a worker never counts as `full`."""
    readable: str = ""
    """A folder it may read besides."""


def available() -> tuple[str, ...]:
    """What this system offers, without trying it."""
    offers = ((RLIMITS, _has_rlimits()), (LANDLOCK, landlock.version() > 0), (SECCOMP, seccomp.available()))
    return tuple(name for name, there in offers if there)


def isolation(protections: tuple[str, ...]) -> str:
    """One word for the evidence: `full`, or `worker` when something of it is missing."""
    return "full" if set(FULL) <= set(protections) else "worker"


def confine(wanted: Confinement) -> tuple[str, ...]:
    """Give up everything else, for good. Returns the protections that hold now."""
    held = []
    if _has_rlimits() and _limit(wanted):
        held.append(RLIMITS)
    if sys.platform == "linux" and landlock.give_up_new_privileges():
        if _landlock(wanted):
            held.append(LANDLOCK)
        if seccomp.apply(programs=wanted.programs):
            held.append(SECCOMP)
    if SECCOMP not in held and RLIMITS in held and not wanted.programs:
        _no_processes()  # seccomp tells threads from processes, this does not
    return tuple(held)


def _landlock(wanted: Confinement) -> bool:
    more = (Path(wanted.readable),) if wanted.readable else ()
    readable = (*landlock.needed_for_reading(), *more)
    programs = landlock.needed_for_programs() if wanted.programs else ()
    return landlock.apply(Path(wanted.scratch) if wanted.scratch else None, readable, programs)


def _has_rlimits() -> bool:
    try:
        import resource
    except ImportError:  # Windows
        return False
    return hasattr(resource, "setrlimit")


def _limit(wanted: Confinement) -> bool:
    """False: the system refused one of them (macOS has some in name only); the others hold all the same."""
    if sys.platform == "win32":  # for mypy on Windows
        return False
    import resource

    refused = False
    file_bytes = wanted.file_bytes if wanted.scratch else 0
    open_files = PROGRAM_FILES if wanted.programs else OPEN_FILES
    for what, most, at_last in (
        (resource.RLIMIT_CORE, 0, 0),
        (resource.RLIMIT_FSIZE, file_bytes, file_bytes),
        (resource.RLIMIT_NOFILE, open_files, open_files),
        (resource.RLIMIT_CPU, wanted.cpu_seconds, wanted.cpu_seconds + 5),  # apart: the signal tells which it was
        (resource.RLIMIT_DATA, wanted.memory_bytes, wanted.memory_bytes),
        (resource.RLIMIT_AS, *_address_space(wanted)),
    ):
        _, hard = resource.getrlimit(what)
        bound = at_last if hard == resource.RLIM_INFINITY else min(at_last, hard)
        try:
            resource.setrlimit(what, (min(most, bound), bound))
        except (ValueError, OSError):
            refused = True
    return not refused


def _address_space(wanted: Confinement) -> tuple[int, int]:
    """Room for its memory and for the files it maps: images come in files of any size."""
    mapped = 4 * wanted.file_bytes if wanted.scratch else 0
    return wanted.memory_bytes + mapped, wanted.memory_bytes + mapped


def _no_processes() -> None:
    if sys.platform == "win32":
        return
    import resource

    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
