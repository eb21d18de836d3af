"""unblob as a library (26.6, its API read 2026-11-22): one file, one level deep, and what it says of it.

unblob itself is imported in the last resort's worker alone. Reports are told by the names of their classes, so that
another release of unblob with further ones is no crash. Texts are cut to what says nothing about this machine: no path
of the scratch folder, no command line.

Two things of unblob are set otherwise. It skips what libmagic takes for an image, a script or a font, which whoever
makes the artifact can arrange: here nothing is skipped. And it opens SquashFS with `sasquatch` alone, which no
distribution has: where that is missing, `unsquashfs` opens what is not a vendor's variant.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from fwverify.isolate.unblob_report import INPUT, MAX_TROUBLES, Run, Trouble, told

PADDING = "padding"
"""unblob's name for fill, which fwverify accounts for itself."""
PLAIN_SQUASHFS = frozenset({"squashfs_v1", "squashfs_v2", "squashfs_v3", "squashfs_v4_le"})
"""Handlers of unblob whose file systems `unsquashfs` reads, where their data are compressed as usual."""


def opener(scratch: Path) -> Run:
    """unblob, ready: what it makes once (its database of patterns) is made."""
    import structlog
    from unblob import file_utils

    _open_squashfs()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    file_utils.FileSystem.has_root_permissions = False  # devices are told, never made
    first = scratch / INPUT
    first.write_bytes(b"nothing to be found\n")
    run(first, scratch)
    first.unlink()
    return run


def _open_squashfs() -> None:
    """Set the program for SquashFS, in this process alone."""
    from unblob.extractors import Command
    from unblob.handlers import BUILTIN_HANDLERS

    if shutil.which("sasquatch") or not shutil.which("unsquashfs"):
        return
    for one in BUILTIN_HANDLERS:
        if one.NAME in PLAIN_SQUASHFS:
            one.EXTRACTOR = Command("unsquashfs", "-force", "-no-progress", "-dest", "{outdir}", "{inpath}")


def run(source: Path, out: Path) -> dict[str, Any]:
    """Open a file; what comes out of it goes below `out`."""
    from unblob.processing import ExtractionConfig, process_file

    config = ExtractionConfig(extract_root=out, randomness_depth=0, process_num=1, max_depth=1, skip_magic=())
    reports = [one for result in process_file(config, source).results for one in result.reports]
    chunks = [one for one in reports if _kind(one) == "ChunkReport" and one.handler_name != PADDING]
    return {
        "carved": any(_kind(one) == "CarveDirectoryReport" for one in reports),
        "chunks": [_chunk(one) for one in chunks],
        "troubles": _troubles(reports),
    }


def _chunk(one: Any) -> list[object]:
    troubles = _troubles(one.extraction_reports)
    return [one.handler_name, one.start_offset, one.end_offset, bool(one.is_encrypted), troubles]


def programs() -> Iterator[tuple[str, bool]]:
    """Programs unblob would start, and whether they are found."""
    from unblob.dependencies import get_dependencies
    from unblob.handlers import BUILTIN_DIR_HANDLERS, BUILTIN_HANDLERS

    for one in get_dependencies(BUILTIN_HANDLERS, BUILTIN_DIR_HANDLERS):
        yield one.command, one.is_installed


def _kind(report: object) -> str:
    return type(report).__name__


def _troubles(reports: Iterable[Any]) -> list[list[str]]:
    """What went wrong, each thing once."""
    out: list[list[str]] = []
    for one in reports:
        found = _trouble(one)
        if found is not None and found not in out and len(out) < MAX_TROUBLES:
            out.append(found)
    return out


def _trouble(report: Any) -> list[str] | None:
    """One report as JSON; None: nothing went wrong."""
    name = _kind(report)
    if name in TOLD:
        kind, words = TOLD[name]
        return told(kind, words(report))
    wrong = hasattr(report, "severity") or hasattr(report, "resolution")
    return told(Trouble.FAILED, name) if wrong else None


def _raised(text: object) -> str:
    """The kind of an exception from its traceback: the message may hold anything."""
    return str(text).strip().rpartition("\n")[2].partition(":")[0]


def _failed(report: Any) -> str:
    return f"{report.command.partition(' ')[0].rpartition('/')[2]} ended with status {report.exit_code}"


TOLD: dict[str, tuple[Trouble, Callable[[Any], str]]] = {
    "ExtractorDependencyNotFoundReport": (Trouble.MISSING, lambda one: ", ".join(sorted(one.dependencies))),
    "ExtractCommandFailedReport": (Trouble.FAILED, _failed),
    "CalculateChunkExceptionReport": (Trouble.CRASHED, lambda one: f"{one.handler}: {_raised(one.exception)}"),
    "UnknownError": (Trouble.CRASHED, lambda one: _raised(one.exception)),
    "ExtractionProblem": (Trouble.FAILED, lambda one: f"{one.problem} {one.resolution}"),
    "PathTraversalProblem": (Trouble.PATH, lambda one: f"the name {one.path} leads outside"),
    "MaliciousSymlinkRemoved": (Trouble.LINK, lambda one: f"the link {Path(one.link).name} leads outside: left out"),
    "LinkExtractionProblem": (Trouble.LINK, lambda one: f"the link {one.path}: {one.problem}"),
    "SpecialFileExtractionProblem": (Trouble.DEVICE, lambda one: f"{one.path} is a device file"),
}
"""By the name of the report's class; further classes of errors and problems are told by their name."""
