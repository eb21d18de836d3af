"""The last resort: unblob opens what no reader of fwverify knows, when the operator asks for it.

What comes out is read from a folder as hostile input (output_tree) and becomes members of a pseudo-container; they
account for no bytes, for nobody knows which they consist of. unblob is never imported here: it runs in a worker of its
own kind (unblob_worker), one process for each artifact. A missing program, an error, a time-out or a crash is a gap on
the artifact. Does NOT know what unblob passed over.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from fwverify.content import in_steps
from fwverify.isolate import landlock, output_tree, sandbox, scratch, unblob_members, unblob_report
from fwverify.isolate.frames import Answer, Role, Settings, job_header, programs_header
from fwverify.isolate.process import Deadline, Lost, WorkerProcess, default_command
from fwverify.isolate.unblob_report import INPUT, Report
from fwverify.limits import DEFAULT_LIMITS, Budget, LimitExceeded, Limits
from fwverify.model.artifact import Artifact
from fwverify.model.canonical import NotEvidence
from fwverify.model.examining import Crashed
from fwverify.model.plugin import Doc
from fwverify.unpack.interface import Container, Event

NAME = "unblob"
EMPTY = memoryview(b"")
GRACE_SECONDS = 15
"""Beyond the time an artifact has: the worker itself watches the clock and clears up."""
CONTAINER = Container(
    name=NAME,
    detect=lambda _: False,
    unpack=lambda *_: iter(()),
    partial=True,
    doc=Doc(
        title="unblob, last resort",
        vendor="ONEKEY",
        references=("unblob 26.6 documentation and report classes, read 2026-11-22",),
        limitations=(
            "Only with --last-resort unblob, and only for what no reader knows or can read.",
            "Which bytes a file consists of is not known: it is examined, and they count as searched all the same.",
            "Names, links and modes are what unblob and its programs made of them.",
            "Programs it starts are confined, but they are programs: never `isolation: full`.",
        ),
        makers=("unblob",),
    ),
)


def version() -> str:
    """Of the installed unblob; empty: it is not installed."""
    if find_spec(NAME) is None:
        return ""
    try:
        return metadata.version(NAME)
    except metadata.PackageNotFoundError:
        return ""


def can_be_confined() -> bool:
    """Programs are started only where the kernel keeps them away from everybody's files."""
    return landlock.version() > 0


class Unblob:
    """Asks unblob, one artifact at a time. Used by one thread."""

    container = CONTAINER
    mode = "worker"
    """Never `full`, whatever holds: it starts programs."""

    def __init__(self, limits: Limits = DEFAULT_LIMITS, worker_command: Sequence[str] | None = None) -> None:
        """
        Args:
            limits: of the run.
            worker_command: starts the worker (for tests); None: this release's own.
        """
        self.limits = limits
        self._command = tuple(worker_command or default_command())
        self._worker: WorkerProcess | None = None
        self._scratch = ""
        self._run: Budget | None = None
        self._asked = 0
        self._lost = 0

    @property
    def tools(self) -> tuple[tuple[str, str], ...]:
        """For the evidence."""
        return ((NAME, version()),)

    def start(self) -> None:
        """Start the worker without waiting for it."""
        if self._worker is None:
            self._start()

    def check(self) -> tuple[tuple[str, ...], tuple[tuple[str, bool], ...]]:
        """The protections that hold while an artifact is opened; the programs unblob would start, and which are there.

        Raises:
            Lost: the worker cannot be started.
        """
        worker = self._ready()
        _, body = worker.ask(programs_header(), EMPTY, self._deadline())
        return worker.protections, tuple((str(name), bool(there)) for name, there in json.loads(body))

    def events(self, container: Container, artifact: Artifact, budget: Budget) -> Iterator[Event]:
        """What unblob finds in an artifact; nothing where it knows no better.

        Raises:
            LimitExceeded: as readers, and where the worker reached one.
            Crashed: the worker was lost, or what it says cannot be.
        """
        if budget is not self._run:
            self._run, self._asked = budget, 0
        self._asked += 1
        if self._asked > self.limits.max_last_resort:
            raise LimitExceeded("max_last_resort", self._asked)
        budget.check_time()
        folder = self._job(artifact)
        try:
            report = self._report(folder, artifact, budget)
            yield from unblob_members.found(folder / "out", report, artifact, budget)
        finally:
            output_tree.removed(folder)

    def close(self) -> None:
        """End the worker with whatever it started, and remove its folder."""
        self._drop()
        if self._scratch:
            output_tree.removed(Path(self._scratch))
            self._scratch = ""

    def _job(self, artifact: Artifact) -> Path:
        """A folder with the artifact in it, and one to write to."""
        if not self._scratch:
            self._scratch = scratch.name()
            Path(self._scratch).mkdir(0o700)
        folder = Path(tempfile.mkdtemp(dir=self._scratch))
        try:
            for name in ("in", "out"):
                (folder / name).mkdir()
            with (folder / "in" / INPUT).open("xb") as file:
                for piece in in_steps(artifact.content):
                    file.write(piece)
        except OSError as problem:
            output_tree.removed(folder)
            raise Crashed(f"its folder cannot be written: {problem.strerror}") from None
        return folder

    def _report(self, folder: Path, artifact: Artifact, budget: Budget) -> Report:
        """Have it opened. A worker that cannot be asked is begun again the next time."""
        seconds = max(1, min(self.limits.last_resort_seconds, int(budget.deadline - budget.clock())))
        members = max(1, self.limits.max_members - budget.members)
        header = job_header(folder, seconds, members, *self._most_bytes(artifact, budget))
        try:
            kind, body = self._ready().ask(header, EMPTY, self._deadline())
        except Lost as lost:
            self._drop()
            self._lost += 1
            raise Crashed(f"unblob: {lost.detail}", lost.reason) from None
        try:
            if kind != Answer.REPORT:
                raise NotEvidence("an answer of no known kind")
            return self._read(body, artifact)
        except NotEvidence as problem:
            raise Crashed(f"unblob: the worker's answer cannot be read: {problem}"[:300]) from None

    def _most_bytes(self, artifact: Artifact, budget: Budget) -> tuple[int, str]:
        """Of the folder it writes to, and the limit that comes from: unblob cuts chunks out of the artifact first."""
        ratio = max(self.limits.ratio_floor_bytes, artifact.size * self.limits.max_ratio)
        total = max(1, self.limits.max_total_bytes - budget.total_bytes)
        more, name = min((ratio, "max_ratio"), (total, "max_total_bytes"))
        return artifact.size + more, name

    def _read(self, body: bytes, artifact: Artifact) -> Report:
        try:
            answer = json.loads(body)
        except ValueError as problem:
            raise NotEvidence(str(problem)) from None
        match answer:
            case {"end": ["done"], "report": str(report)}:
                return unblob_report.decoded(report, artifact.size)
            case {"end": ["limit", str(limit), int(value)]}:
                raise LimitExceeded(limit, value // artifact.size if limit == "max_ratio" else value)
            case {"end": ["crashed", str(text)]}:
                raise Crashed(f"unblob: {text}")
        raise NotEvidence("an end of no known kind")

    def _deadline(self) -> Deadline:
        return Deadline("last_resort_seconds", self.limits.last_resort_seconds + GRACE_SECONDS)

    def _ready(self) -> WorkerProcess:
        worker = self._worker or self._start()
        if not worker.ready:
            worker.wait_ready(self._deadline())
        return worker

    def _start(self) -> WorkerProcess:
        if self._lost > self.limits.max_lost_workers:
            raise LimitExceeded("max_lost_workers", self._lost)
        if not self._scratch:
            self._scratch = scratch.name()
            Path(self._scratch).mkdir(0o700)
        confinement = sandbox.Confinement(
            self.limits.unpack_memory_bytes, self.limits.last_resort_seconds, self._scratch,
            self.limits.max_member_bytes, programs=True,
        )  # fmt: skip
        self._worker = WorkerProcess(self._command, Settings(Role.LAST_RESORT, confinement, self.limits))
        return self._worker

    def _drop(self) -> None:
        if self._worker is not None:
            self._worker.retire(GRACE_SECONDS)
            self._worker = None
