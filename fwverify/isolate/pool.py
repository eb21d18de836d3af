"""Workers that examine artifacts, and what happens when one is lost.

One thread of the parent serves one worker: it sends an artifact, waits for the answer, and hands it on. A worker that
dies, hangs or answers nonsense is ended and replaced, and the artifact it had gets a gap; no other artifact is
touched. At most a few artifacts wait at a time, so memory stays bounded. Does NOT judge answers beyond their shape,
and starts no worker before there is work.
"""

from __future__ import annotations

import mmap
import os
import shutil
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import replace
from pathlib import Path
from types import TracebackType

from fwverify.content import SPOOL_BYTES
from fwverify.identify.interface import Observed
from fwverify.isolate import sandbox, scratch
from fwverify.isolate.frames import Answer, Role, Settings, examine_header, observed
from fwverify.isolate.process import ENVIRONMENT, Deadline, Lost, WorkerProcess, default_command
from fwverify.isolate.template import HAS_TEMPLATE, Template
from fwverify.limits import DEFAULT_LIMITS, Budget, Limits
from fwverify.model.artifact import Artifact, Locator
from fwverify.model.canonical import NotEvidence
from fwverify.model.evidence import Gap, GapReason, Opened

WAITING_PER_WORKER = 2
"""Artifacts that wait for a worker while it is busy with another."""


WAITING_BYTES = 128 << 20
"""Contents in memory that wait or are being sent, whatever the number of workers; what lies in files is not counted."""


class _Memory:
    """Bytes in memory that threads may hold together. One content alone is let in whatever its size."""

    def __init__(self, most: int) -> None:
        self._most, self._used, self._changed = most, 0, threading.Condition()

    def take(self, size: int) -> None:
        """Wait until there is room."""
        with self._changed:
            self._changed.wait_for(lambda: not self._used or self._used + size <= self._most)
            self._used += size

    def give(self, size: int) -> None:
        """No longer held."""
        with self._changed:
            self._used -= size
            self._changed.notify_all()


class WorkerPool:
    """Examines artifacts in other processes. Used by one thread; every artifact submitted gets exactly one answer."""

    def __init__(self, limits: Limits = DEFAULT_LIMITS, worker_command: Sequence[str] | None = None) -> None:
        """
        Args:
            limits: of the workers; `limits.workers` 0 means one for each core.
            worker_command: starts a worker (for tests); None: this release's own.
        """
        self.limits = limits
        self._command = tuple(worker_command or default_command())
        self._template = Template(ENVIRONMENT) if HAS_TEMPLATE and worker_command is None else None
        confinement = sandbox.Confinement(limits.worker_memory_bytes, limits.worker_cpu_seconds)
        self._settings = Settings(Role.EXAMINE, confinement, limits)
        self._scratch = ""
        self.protections = frozenset(sandbox.available())
        """What holds in every worker so far."""
        count = limits.workers or os.cpu_count() or 1
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="examine")
        self._room = threading.Semaphore(count * (1 + WAITING_PER_WORKER))
        self._memory = _Memory(WAITING_BYTES)
        self._asked: list[Future[tuple[Locator, Observed]]] = []
        self._mine = threading.local()
        self._running: set[WorkerProcess] = set()
        self._closing = False
        self._run: Budget | None = None

    def until(self, budget: Budget) -> None:
        """What has no answer when the run's time is over is a gap."""
        self._run = budget

    @property
    def mode(self) -> str:
        """`full` or `worker` (sandbox.isolation)."""
        return sandbox.isolation(tuple(self.protections))

    def submit(self, artifact: Artifact) -> None:
        """Hand over an artifact. Waits while enough others are waiting already."""
        if not artifact.size:  # nothing to look at, and not worth a worker's time
            known: Future[tuple[Locator, Observed]] = Future()
            known.set_result((artifact.locator, Observed(Opened.EMPTY, "")))
            self._asked.append(known)
            return
        self._room.acquire()
        if artifact.size > SPOOL_BYTES and not self._scratch:
            self._scratch = scratch.name()
            Path(self._scratch).mkdir(0o700)
        held = 0 if isinstance(artifact.content.obj, mmap.mmap) else artifact.size
        self._memory.take(held)
        asked = self._threads.submit(self._serve, artifact)

        def done(_: Future[tuple[Locator, Observed]]) -> None:
            self._memory.give(held)
            self._room.release()

        asked.add_done_callback(done)
        self._asked.append(asked)

    def results(self) -> Iterator[tuple[Locator, Observed]]:
        """Answers for everything submitted since the last time, as they come.

        Raises:
            OSError: no worker process can be started on this system.
        """
        asked, self._asked = self._asked, []
        for done in as_completed(asked):
            yield done.result()

    def close(self) -> None:
        """End the workers at once. Answers nobody asked for are lost."""
        self._closing = True
        for worker in tuple(self._running):
            worker.kill()
        self._threads.shutdown(cancel_futures=True)
        for worker in tuple(self._running):
            worker.stop()
        self._running.clear()
        if self._template is not None:
            self._template.close()
        if self._scratch:
            shutil.rmtree(self._scratch, ignore_errors=True)
            self._scratch = ""

    def __enter__(self) -> WorkerPool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _serve(self, artifact: Artifact) -> tuple[Locator, Observed]:
        """In a thread of the pool, which keeps one worker."""
        try:
            Deadline("worker_seconds", self.limits.worker_seconds, self._run).left()  # no worker is lost over it
            return artifact.locator, self._ask(artifact)
        except Lost as lost:
            gap = Gap(lost.reason, artifact.locator, lost.detail, "isolate")
            return artifact.locator, Observed(Opened.GAP, "", gaps=(gap,))

    def _ask(self, artifact: Artifact) -> Observed:
        """A worker that was gone before it read the artifact, or retired, is no fault of the artifact: ask another."""
        try:
            return self._ask_once(artifact)
        except Lost as lost:
            if not lost.blameless or self._closing:
                raise
        return self._ask_once(artifact)

    def _ask_once(self, artifact: Artifact) -> Observed:
        large = artifact.size > SPOOL_BYTES
        mine: dict[bool, WorkerProcess] = self._mine.__dict__.setdefault("workers", {})
        worker = mine.get(large)
        if worker is None:
            settings = self._for_large() if large else self._settings
            worker = mine[large] = WorkerProcess(self._command, settings, self._template)
            self._running.add(worker)
            if self._closing:  # `close` may have looked before this one was there
                worker.kill()
        try:
            return self._examined(worker, artifact)
        except Lost:
            del mine[large]
            self._running.discard(worker)
            worker.stop()
            raise

    def _for_large(self) -> Settings:
        """Of a worker that keeps what it is sent in a file; the others may write none."""
        larger = replace(self._settings.confinement, scratch=self._scratch, file_bytes=self.limits.max_file_bytes)
        return replace(self._settings, confinement=larger)

    def _examined(self, worker: WorkerProcess, artifact: Artifact) -> Observed:
        limit = ("worker_seconds", self.limits.worker_seconds)
        worker.wait_ready(Deadline(*limit))
        self.protections &= frozenset(worker.protections)
        kind, body = worker.ask(examine_header(artifact), artifact.content, Deadline(*limit, self._run))
        if kind != Answer.OBSERVED:
            raise Lost(GapReason.CRASHED, "the worker's answer is of no known kind")
        try:
            return observed(body, artifact.locator)
        except NotEvidence as problem:
            raise Lost(GapReason.CRASHED, f"the worker's answer cannot be read: {problem}"[:300]) from None
