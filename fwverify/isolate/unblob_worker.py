"""The third kind of worker: unblob, which opens what no reader of fwverify knows, with programs of the system.

unblob (MIT) is imported once, in a process that reads no hostile byte. For each artifact that process forks another,
which gives up everything else (sandbox: resource limits, Landlock, seccomp, an environment of its own) and only then
looks at the artifact. It may start programs, and they are held by the same; so this worker never counts as `full`.
unblob's own sandbox is not used: its command line alone applies it, and goes on where it cannot.

Steps for one artifact: fork; a session of its own; confine; unblob one level deep into the job's folder; a report over
a pipe. The process that forked watches: wall clock, what fills the folder, the parent. Whatever is left is ended with
the whole group, which nobody can leave.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

from fwverify.isolate import output_tree, sandbox
from fwverify.isolate.frames import ANSWER, MAX_ANSWER_BYTES, REQUEST, Answer, Settings
from fwverify.isolate.sandbox import Confinement, confine
from fwverify.isolate.unblob_report import INPUT, Run, Trouble, told
from fwverify.model.canonical import canonical

SYSTEM_PATH = ("/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin")
STEP_SECONDS, END_SECONDS, WEIGH_SECONDS = 0.1, 0.005, 0.25
MAX_PROCESSES = 64
MEMORY, NOT_CONFINED = 97, 98
"""Exit statuses of the process that was forked."""
PIPE_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class Job:
    """One artifact, as the parent asks for it."""

    folder: Path
    """Holds `in/input`; `out` is written to."""
    seconds: int
    members: int
    """Files and folders that may come out."""
    most_bytes: int
    bytes_limit: str
    """Name of the limit `most_bytes` comes from."""

    @property
    def source(self) -> Path:
        return self.folder / "in" / INPUT

    @property
    def out(self) -> Path:
        return self.folder / "out"


def path_of_programs() -> str:
    """Where programs are looked for: the system's, and those installed beside unblob."""
    return os.pathsep.join((*SYSTEM_PATH, str(Path(sys.executable).parent)))


def real(scratch: Path) -> Run:
    """Import unblob and have it make what it makes once."""
    os.environ["PATH"] = path_of_programs()
    from fwverify.isolate.unblob_run import opener

    return opener(scratch)


def serve(mine: Settings, incoming: BinaryIO, outgoing: BinaryIO, load: Callable[[Path], Run] = real) -> None:
    """Serve until standard input ends. No hostile byte is read in this process."""
    run = load(Path(mine.confinement.scratch))
    _answer(outgoing, Answer.READY, canonical(list(_held(mine.confinement))))
    while head := incoming.read(REQUEST.size):
        if len(head) < REQUEST.size:
            return
        stated = json.loads(incoming.read(REQUEST.unpack(head)[0]))
        if stated["do"] == "programs":
            from fwverify.isolate.unblob_run import programs

            _answer(outgoing, Answer.REPORT, canonical([list(one) for one in programs()]))
            continue
        del stated["do"]
        job = Job(Path(stated.pop("folder")), **stated)
        _answer(outgoing, Answer.REPORT, canonical(_Watch(job).run(run, mine.confinement)))


def _answer(outgoing: BinaryIO, kind: Answer, body: bytes) -> None:
    outgoing.write(ANSWER.pack(kind, len(body)) + body)
    outgoing.flush()


def _held(wanted: Confinement) -> tuple[str, ...]:
    """What the process for an artifact will have given up: tried in one that does nothing else."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, ",".join(confine(wanted)).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as answer:
        held = answer.read().decode()
    os.waitpid(child, 0)
    return tuple(one for one in held.split(",") if one)


def _open(job: Job, run: Run, wanted: Confinement, writing: int) -> None:
    """In the process of its own; never returns."""
    status = 1
    try:
        os.setsid()
        nothing = os.open(os.devnull, os.O_RDWR)
        for one in (0, 1, 2):
            os.dup2(nothing, one)
        os.closerange(3, writing)
        os.closerange(writing + 1, 256)
        held = confine(replace(wanted, scratch=str(job.out), readable=str(job.source.parent)))
        if sandbox.LANDLOCK in held:
            os.environ.clear()
            os.environ.update(PATH=path_of_programs(), HOME=str(job.out), TMPDIR=str(job.out), LC_ALL="C.UTF-8")
            _write(writing, json.dumps(_told(job, run)).encode())
            status = 0
        else:
            status = NOT_CONFINED
    except MemoryError:
        status = MEMORY
    finally:
        os._exit(status)


def _told(job: Job, run: Run) -> dict[str, Any]:
    try:
        return run(job.source, job.out)
    except MemoryError:
        raise
    except Exception as problem:  # whatever a library of others raises is told, not believed to be harmless
        return {"carved": False, "chunks": [], "troubles": [told(Trouble.CRASHED, type(problem).__name__)]}


def _write(writing: int, text: bytes) -> None:
    at = 0
    while at < len(text):
        at += os.write(writing, text[at:])


class _Watch:
    """One job from the outside."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.until = time.monotonic() + job.seconds
        self.weigh_at = time.monotonic() + WEIGH_SECONDS
        self.said = bytearray()
        self.status: int | None = None

    def run(self, run: Run, wanted: Confinement) -> dict[str, Any]:
        """Answers {"end": [...], "report": text}."""
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            _open(self.job, run, wanted, writing)
        os.close(writing)
        try:
            end = self._wait(child, reading)
        finally:
            self._finish(child)
            os.close(reading)
        end = end or self._ended(wanted) or self._full()
        return {"end": end or ["done"], "report": "" if end else self.said.decode("ascii", "replace")}

    def _wait(self, child: int, reading: int) -> list[object]:
        """Until it ended (empty), or why it is to be ended."""
        open_still = True
        while True:
            watched = [0, reading] if open_still else [0]
            readable, _, _ = select.select(watched, [], [], STEP_SECONDS if open_still else END_SECONDS)
            if 0 in readable:  # nothing is asked meanwhile: the parent went away
                self._finish(child)
                sys.exit(0)
            if reading in readable:
                piece = os.read(reading, PIPE_BYTES)
                self.said += piece
                open_still = bool(piece)
            if len(self.said) > MAX_ANSWER_BYTES // 2:
                return ["crashed", "its report is longer than any can be"]
            if _is_over(child) and reading not in readable:
                return []
            if time.monotonic() > self.until:
                return ["limit", "last_resort_seconds", self.job.seconds]
            if time.monotonic() > self.weigh_at and (end := self._crowd(child) or self._full()):
                return end

    def _full(self) -> list[object]:
        """The limit that the job's folder exceeds."""
        begun = time.monotonic()
        over = output_tree.weighed(self.job.out, self.job.members, self.job.most_bytes, self.job.bytes_limit)
        took = time.monotonic() - begun
        self.weigh_at = begun + took + max(WEIGH_SECONDS, 4 * took)
        return [] if over is None else ["limit", *over]

    def _crowd(self, child: int) -> list[object]:
        """Whether its group has grown beyond what any tool needs (RLIMIT_NPROC counts the operator's own, too)."""
        count = 0
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError, IndexError):
                count += stat.read_text().rpartition(")")[2].split()[2] == str(child)
        return ["crashed", f"it started more than {MAX_PROCESSES} processes"] if count > MAX_PROCESSES else []

    def _finish(self, child: int) -> None:
        """End the whole group, then take the status: until then its number belongs to nobody else."""
        if self.status is not None:
            return
        for end in (os.killpg, os.kill):  # it may not have a group yet
            with suppress(ProcessLookupError, PermissionError):
                end(child, signal.SIGKILL)
        self.status = os.waitpid(child, 0)[1]

    def _ended(self, wanted: Confinement) -> list[object]:
        """What its status says; empty: it ended in order."""
        code = os.waitstatus_to_exitcode(self.status or 0)
        if code == -signal.SIGXCPU:
            return ["limit", "last_resort_seconds", wanted.cpu_seconds]
        if code == MEMORY:
            return ["limit", "unpack_memory_bytes", wanted.memory_bytes]
        if code == NOT_CONFINED:
            return ["crashed", "it could not be confined on this system and was not run"]
        if code < 0:
            return ["crashed", f"it was ended by {signal.Signals(-code).name}"]
        return ["crashed", f"it ended with status {code}"] if code else []


def _is_over(child: int) -> bool:
    """It ended; its status is not taken yet."""
    return os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
