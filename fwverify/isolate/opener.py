"""Containers opened in another process, and what happens when that process is lost.

The parent asks for events in batches and opens what is nested while the outer session waits. A worker that dies, hangs
or swells costs the artifact it was working on (a gap); the sessions around it are begun again in a new worker, which
passes over what is known already: readers give the same events every time. Does NOT judge events beyond their shape;
content of stored members is the parent's own.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from fwverify.content import Holder
from fwverify.isolate import sandbox, scratch
from fwverify.isolate.event_frames import Frame, decoded, sized
from fwverify.isolate.frames import Answer, Role, Settings, more_header, open_header
from fwverify.isolate.process import Deadline, Lost, WorkerProcess, default_command
from fwverify.limits import DEFAULT_LIMITS, Budget, LimitExceeded, Limits
from fwverify.model.artifact import Artifact, Locator
from fwverify.model.canonical import NotEvidence
from fwverify.model.evidence import GapReason
from fwverify.model.examining import Crashed
from fwverify.unpack.interface import Container, Event, Member
from fwverify.unpack.registry import BUILTIN

EMPTY = memoryview(b"")


@dataclass(slots=True)
class _Session:
    """One artifact that is being opened, as the parent keeps it."""

    number: int
    artifact: Artifact
    container: str | None
    worker: WorkerProcess | None = None
    """The worker that has it; another than the present one was lost."""
    known: int = 0
    """Events received."""
    waiting: list[Event] = field(default_factory=list)
    """Of the first answer, which also told the container."""
    done: bool = False
    end: Exception | None = None


class Opener:
    """Opens containers in one worker process. Used by one thread."""

    def __init__(
        self,
        limits: Limits = DEFAULT_LIMITS,
        worker_command: Sequence[str] | None = None,
        containers: Sequence[Container] = BUILTIN,
    ) -> None:
        self.limits = limits
        self._command = tuple(worker_command or default_command())
        self._named = {one.name: one for one in containers}
        self._worker: WorkerProcess | None = None
        self._scratch = ""
        self._numbers = 0
        self._lost = 0
        self._recognised: dict[Locator, _Session] = {}
        self.protections = frozenset(sandbox.available())
        """What holds in every worker so far."""

    @property
    def mode(self) -> str:
        """`full` or `worker` (sandbox.isolation)."""
        return sandbox.isolation(tuple(self.protections))

    def start(self) -> None:
        """Start the worker without waiting for it: it gets ready while the parent does other things."""
        if self._worker is None:
            self._start()

    def check(self) -> tuple[str, ...]:
        """Start the worker and return the protections that hold in it. Raises Lost."""
        return self._ready().protections

    def recognise(self, artifact: Artifact, budget: Budget) -> tuple[Container | None, tuple[str, ...]]:
        """What reads an artifact, and the names of others that would; its first events wait for `events`.

        Raises:
            Crashed, LimitExceeded: the worker was lost over it.
        """
        if not artifact.size:
            return None, ()
        session = self._session(artifact, None)
        names = self._advance(session, budget).recognised
        if not names:
            return None, ()
        if any(one not in self._named for one in names):
            raise Crashed("the worker named a container that does not exist")
        session.container = names[0]
        self._recognised[artifact.locator] = session
        return self._named[names[0]], names[1:]

    def named(self, names: Sequence[str]) -> tuple[Container | None, tuple[str, ...]]:
        """What a worker said of a member."""
        if not names:
            return None, ()
        if any(one not in self._named for one in names):
            raise Crashed("the worker named a container that does not exist")
        return self._named[names[0]], tuple(names[1:])

    def events(self, container: Container, artifact: Artifact, budget: Budget) -> Iterator[Event]:
        """What the container's reader finds, as `Container.unpack`.

        Raises:
            Malformed, Unsupported, Encrypted, LimitExceeded: as the reader.
            Crashed: the worker was lost over this artifact.
        """
        session = self._recognised.pop(artifact.locator, None) or self._session(artifact, container.name)
        try:
            while True:
                for event in session.waiting:
                    if isinstance(event, Member):
                        budget.member()
                    yield event
                session.waiting = []
                if session.done:
                    break
                self._advance(session, budget)
        finally:
            self._close(session)
        if session.end is not None:
            raise session.end

    def close(self) -> None:
        """End the worker and remove its folder."""
        if self._worker is not None:
            self._worker.kill()
            self._worker.stop()
            self._worker = None
        if self._scratch:
            shutil.rmtree(self._scratch, ignore_errors=True)
            self._scratch = ""

    def _session(self, artifact: Artifact, container: str | None) -> _Session:
        self._numbers += 1
        return _Session(self._numbers, artifact, container)

    def _close(self, session: _Session) -> None:
        """Tell the worker that nobody asks on; one that is gone need not know."""
        if session.done or session.worker is None or session.worker is not self._worker:
            return
        try:
            session.worker.tell(more_header(session.number, close=True), EMPTY, self._deadline())
        except Lost:
            self._drop()

    def _deadline(self, run: Budget | None = None) -> Deadline:
        return Deadline("unpack_seconds", self.limits.unpack_seconds, run)

    def _advance(self, session: _Session, budget: Budget) -> Frame:
        """The next batch. A worker that was gone before it got the request is no fault of the artifact."""
        try:
            return self._ask(session, budget)
        except Lost as lost:
            self._drop()
            if not lost.blameless:
                raise self._fault(lost) from None
        try:
            return self._ask(session, budget)
        except Lost as lost:
            self._drop()
            raise self._fault(lost) from None

    def _fault(self, lost: Lost) -> Exception:
        self._lost += 1
        return Crashed(lost.detail, lost.reason)

    def _ask(self, session: _Session, budget: Budget) -> Frame:
        worker = self._ready()
        deadline = self._deadline(budget)
        if session.worker is worker:
            kind, body = worker.ask(more_header(session.number), EMPTY, deadline)
        else:
            header = open_header(session.artifact, session.number, session.container, session.known, budget)
            session.worker = worker
            kind, body = worker.ask(header, session.artifact.content, deadline)
        if kind != Answer.EVENTS:
            raise Lost(GapReason.CRASHED, "the worker's answer is of no known kind")
        try:
            frame = decoded(body, session.artifact.content)
        except NotEvidence as problem:
            raise Lost(GapReason.CRASHED, f"the worker's answer cannot be read: {problem}"[:300]) from None
        session.waiting = [self._whole(worker, event, size, budget, deadline) for event, size in sized(frame)]
        session.known += len(session.waiting)
        session.done, session.end = frame.done, frame.end
        return frame

    def _whole(self, worker: WorkerProcess, event: Event, size: int, budget: Budget, deadline: Deadline) -> Event:
        """The event with the content that follows it."""
        if size < 0 or not isinstance(event, Member):
            return event
        if size > self.limits.max_member_bytes:
            raise Lost(GapReason.LIMIT, f"limit max_member_bytes reached ({size})")
        holder = Holder(budget, digest=False)  # whoever takes the member digests it
        try:
            for piece in worker.receive(size, deadline):
                holder.add(piece)
        except LimitExceeded as problem:
            raise Lost(GapReason.LIMIT, f"limit {problem.limit} reached ({problem.value})") from None
        return replace(event, content=holder.view())

    def _ready(self) -> WorkerProcess:
        worker = self._worker or self._start()
        if not worker.ready:
            worker.wait_ready(self._deadline())
            self.protections &= frozenset(worker.protections)
        return worker

    def _start(self) -> WorkerProcess:
        if self._lost > self.limits.max_lost_workers:
            raise LimitExceeded("max_lost_workers", self._lost)
        if not self._scratch:
            self._scratch = scratch.name()
            Path(self._scratch).mkdir(0o700)
        confinement = sandbox.Confinement(
            self.limits.unpack_memory_bytes, self.limits.max_seconds, self._scratch, self.limits.max_file_bytes
        )
        self._worker = WorkerProcess(self._command, Settings(Role.OPEN, confinement, self.limits))
        return self._worker

    def _drop(self) -> None:
        if self._worker is not None:
            self._worker.kill()
            self._worker.stop()
            self._worker = None
