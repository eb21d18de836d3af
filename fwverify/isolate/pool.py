"""Workers that examine artifacts, and what happens when one is lost.

One thread of the parent serves one worker: it sends artifacts, waits for the answers, and hands them on. A worker that
dies, hangs or answers nonsense is ended and replaced, and the artifact it had gets a gap; no other artifact is
touched. At most a few batches wait at a time, so memory stays bounded. Does NOT judge answers beyond their shape,
and starts no worker before there is work or it is told to.
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
from fwverify.isolate.frames import REQUEST, Answer, Role, Settings, examine_header, observed
from fwverify.isolate.process import ENVIRONMENT, Deadline, Lost, WorkerProcess, default_command
from fwverify.isolate.template import HAS_TEMPLATE, Template
from fwverify.limits import DEFAULT_LIMITS, Budget, Limits
from fwverify.model.artifact import Artifact, Locator
from fwverify.model.canonical import NotEvidence
from fwverify.model.evidence import Gap, GapReason, Opened

Answered = tuple[Locator, Observed]
WAITING_PER_WORKER = 8
"""Batches that wait for a worker while it is busy with another."""
BATCH, BATCH_BYTES = 32, 256 << 10
"""Small artifacts that are sent together, so that neither side wakes up for each of them."""
WAITING_BYTES = 128 << 20
"""Contents in memory that wait or are being sent, whatever the number of workers; what lies in files is not counted."""


class _Memory:
    """Bytes in memory that threads may hold together. One content alone is let in whatever its size."""

    def __init__(self, most: int) -> None:
        self._most, self._used, self._changed = most, 0, threading.Condition()
        self.holders = 0
        """How many hold some, be it nothing."""

    def take(self, size: int) -> None:
        """Wait until there is room."""
        with self._changed:
            self._changed.wait_for(lambda: not self._used or self._used + size <= self._most)
            self._used += size
            self.holders += 1

    def give(self, size: int) -> None:
        """No longer held."""
        with self._changed:
            self._used -= size
            self.holders -= 1
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
        self._count = limits.workers or os.cpu_count() or 1
        self._threads = ThreadPoolExecutor(self._count, thread_name_prefix="examine")
        self._room = threading.Semaphore(self._count * (1 + WAITING_PER_WORKER))
        self._memory = _Memory(WAITING_BYTES)
        self._asked: list[Future[list[Answered]]] = []
        self._small: list[Artifact] = []
        self._mine = threading.local()
        self._running: set[WorkerProcess] = set()
        self._closing = False
        self._run: Budget | None = None

    def until(self, budget: Budget) -> None:
        """What has no answer when the run's time is over is a gap."""
        self._run = budget

    def start(self) -> None:
        """Have workers ready soon, without waiting for them."""
        if self._template is not None:
            self._template.start()

    @property
    def mode(self) -> str:
        """`full` or `worker` (sandbox.isolation)."""
        return sandbox.isolation(tuple(self.protections))

    def submit(self, artifact: Artifact) -> None:
        """Hand over an artifact. Waits while enough others are waiting already."""
        if not artifact.size:  # nothing to look at, and not worth a worker's time
            known: Future[list[Answered]] = Future()
            known.set_result([(artifact.locator, Observed(Opened.EMPTY, ""))])
            self._asked.append(known)
        elif artifact.size > BATCH_BYTES // 4:
            self._hand_over((artifact,))
        else:
            self._small.append(artifact)
            enough = len(self._small) == BATCH or sum(one.size for one in self._small) > BATCH_BYTES // 2
            if enough or self._memory.holders < self._count:  # somebody has nothing to do
                self._flush()

    def _flush(self) -> None:
        small, self._small = tuple(self._small), []
        if small:
            self._hand_over(small)

    def _hand_over(self, batch: tuple[Artifact, ...]) -> None:
        self._room.acquire()
        if batch[0].size > SPOOL_BYTES and not self._scratch:
            self._scratch = scratch.name()
            Path(self._scratch).mkdir(0o700)
        held = sum(0 if isinstance(one.content.obj, mmap.mmap) else one.size for one in batch)
        self._memory.take(held)
        asked = self._threads.submit(self._serve, batch)

        def done(_: Future[list[Answered]]) -> None:
            self._memory.give(held)
            self._room.release()

        asked.add_done_callback(done)
        self._asked.append(asked)

    def results(self) -> Iterator[Answered]:
        """Answers for everything submitted since the last time, as they come.

        Raises:
            OSError: no worker process can be started on this system.
        """
        self._flush()
        asked, self._asked = self._asked, []
        for done in as_completed(asked):
            yield from done.result()

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

    def _serve(self, batch: tuple[Artifact, ...]) -> list[Answered]:
        """In a thread of the pool, which keeps one worker.

        A worker reads and answers in order, so the first without an answer is the one over which it was lost. A worker
        that was gone before it read, or retired, is no fault of the artifact: another one is asked, once.
        """
        answers: list[Answered] = []
        forgiven = -1
        while len(answers) < len(batch) and not self._closing:
            try:
                Deadline("worker_seconds", self.limits.worker_seconds, self._run).left()  # no worker is lost over it
                self._ask(batch[len(answers) :], answers)
            except Lost as lost:
                at = len(answers)
                if lost.blameless and not self._closing and forgiven != at:
                    forgiven = at
                    continue
                gap = Gap(lost.reason, batch[at].locator, lost.detail, "isolate")
                answers.append((batch[at].locator, Observed(Opened.GAP, "", gaps=(gap,))))
        return answers

    def _ask(self, batch: tuple[Artifact, ...], answers: list[Answered]) -> None:
        """Have a worker look at as many of them as it can be sent at once; what it answers before it is lost counts."""
        large = batch[0].size > SPOOL_BYTES
        mine: dict[bool, WorkerProcess] = self._mine.__dict__.setdefault("workers", {})
        worker = mine.get(large)
        if worker is None:
            settings = self._for_large() if large else self._settings
            worker = mine[large] = WorkerProcess(self._command, settings, self._template)
            self._running.add(worker)
            if self._closing:  # `close` may have looked before this one was there
                worker.kill()
        try:
            answers.extend(self._examined(worker, batch))
        except Lost:
            del mine[large]
            self._running.discard(worker)
            worker.stop()
            raise

    def _for_large(self) -> Settings:
        """Of a worker that keeps what it is sent in a file; the others may write none."""
        larger = replace(self._settings.confinement, scratch=self._scratch, file_bytes=self.limits.max_file_bytes)
        return replace(self._settings, confinement=larger)

    def _examined(self, worker: WorkerProcess, batch: tuple[Artifact, ...]) -> Iterator[Answered]:
        limit = ("worker_seconds", self.limits.worker_seconds)
        worker.wait_ready(Deadline(*limit))
        self.protections &= frozenset(worker.protections)
        requests = [(examine_header(one), one.content) for one in batch]
        if sum(REQUEST.size + len(header) + len(content) for header, content in requests) > worker.room:
            requests = requests[:1]
            worker.tell(*requests[0], Deadline(*limit, self._run))
        else:
            worker.tell_all(requests, Deadline(*limit, self._run))
        for artifact in batch[: len(requests)]:
            kind, body = worker.answer(Deadline(*limit, self._run))
            if kind != Answer.OBSERVED:
                raise Lost(GapReason.CRASHED, "the worker's answer is of no known kind")
            try:
                yield artifact.locator, observed(body, artifact.locator)
            except NotEvidence as problem:
                raise Lost(GapReason.CRASHED, f"the worker's answer cannot be read: {problem}"[:300]) from None
