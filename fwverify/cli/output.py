"""Writing: pages to standard output, files at once or not at all, progress to a terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from fwverify.errors import UsageError

PROGRESS_COLUMNS = 78


def emit(text: str) -> None:
    """Print. A reader that has gone away (`| head`) changes nothing about the verdict."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
        os.close(null)
    except OSError as problem:
        raise UsageError(f"standard output cannot be written: {_reason(problem)}") from None


def write_whole(path: Path, content: bytes, option: str) -> None:
    """Write a file under another name first, so that nobody ever finds half of it. Raises UsageError."""
    path = path.resolve()  # a link is written through, not replaced
    if path.exists() and not path.is_file():
        raise UsageError("is no regular file", where=str(path), todo=_elsewhere(option))
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as problem:
        raise UsageError(f"cannot be written: {_reason(problem)}", where=str(path), todo=_elsewhere(option)) from None


def check_target(path: Path, delivery: Sequence[Path], option: str) -> Path:
    """Refuse a target that could not be written or that lies in the delivery, before any work. Raises UsageError."""
    folder = path.parent
    if not folder.is_dir():
        raise UsageError("there is no such folder", where=str(folder), todo=_elsewhere(option))
    if path.exists() and not path.is_file() and not path.is_dir():
        raise UsageError("this is no regular file", where=str(path), todo=_elsewhere(option))
    if path.is_dir():
        raise UsageError("this is a folder", where=str(path), todo=_elsewhere(option))
    if not os.access(folder, os.W_OK):
        raise UsageError("this folder cannot be written to", where=str(folder), todo=_elsewhere(option))
    real = folder.resolve() / path.name
    for one in delivery:
        base = one.resolve()
        if real == base or (one.is_dir() and real.is_relative_to(base)):
            raise UsageError(
                "would be written into the delivery, which is never changed", where=str(path), todo=_elsewhere(option)
            )
    return path


def _elsewhere(option: str) -> str:
    if option == "--evidence":
        return "Name another place with --evidence FILE, or go without: --no-evidence."
    return f"Name another place with {option}."


def _reason(problem: OSError) -> str:
    return (problem.strerror or str(problem)).lower()


def evidence_name(delivery: Path) -> str:
    """`acme-ups-3.1.0/` -> `acme-ups-3.1.0.evidence.json`; `12s7p.bin` -> `12s7p.evidence.json`."""
    name = delivery.resolve().name or "delivery"
    stem, dot, suffix = name.rpartition(".")
    if not delivery.is_dir() and dot and stem and not suffix.isdigit():
        name = stem.removesuffix(".tar")
    return f"{name}.evidence.json"


class Progress:
    """One line on standard error, rewritten as the work goes on, gone at the end. Silent where that is no terminal."""

    def __init__(self, *, shown: bool = True) -> None:
        self._shown = shown and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"

    def __enter__(self) -> Progress:
        return self

    def __call__(self, text: str) -> None:
        if self._shown:
            from fwverify.report.neutral import shortened

            sys.stderr.write(f"\r\x1b[K{shortened(text, PROGRESS_COLUMNS)}")
            sys.stderr.flush()

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
