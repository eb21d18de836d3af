"""One worker process as its parent sees it: start, ask, and know how it ended.

POSIX only: pipes are waited for with select, so that a worker that neither reads nor writes costs its time limit and
no more. Does NOT decide what a lost worker means for a run: that is the pool's.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from fwverify.content import in_steps
from fwverify.formats.names import quoted
from fwverify.isolate.frames import ANSWER, MAX_ANSWER_BYTES, REQUEST, Answer, Role, Settings, protections
from fwverify.isolate.template import Forked, Template, Unavailable
from fwverify.limits import Budget
from fwverify.model.canonical import NotEvidence
from fwverify.model.evidence import GapReason

GRACE_SECONDS = 1.0
"""A worker that looks at the clock itself ends in this time and hands over what it has; others are lost."""
PIPE_CHUNK_BYTES = 1 << 18
PIPE_BYTES = 1 << 20
"""Of a pipe, where the system lets us: whole answers fit in, so that neither side waits for the other so often."""
LEAST_PIPE_BYTES = 4096
"""PIPE_BUF of Linux (pipe(7)): so much any pipe takes."""
STDERR_BYTES = 8192
"""Kept of what a worker writes to standard error; its last line explains a crash."""
DYING_SECONDS = 2.0
"""How long a worker whose pipe broke may take to end, so that its exit status can be told."""
CPU_LIMITS = {
    Role.EXAMINE: "worker_cpu_seconds", Role.OPEN: "max_seconds", Role.LAST_RESORT: "last_resort_seconds",
}  # fmt: skip
"""The limit that bounds the processor time of a worker."""
ENVIRONMENT = {"PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8"}
"""All a worker gets to see: nothing of the operator's."""
_SIGNALS = {int(one): one.name for one in signal.Signals}
_START = "import sys; sys.path.insert(0, sys.argv[1]); from fwverify.isolate.worker import main; main()"
"""The worker runs this very release, installed or not, and nothing from the working directory (-P)."""


def default_command() -> tuple[str, ...]:
    """How a worker is started; its settings are appended."""
    root = str(Path(__file__).resolve().parents[2])
    return (sys.executable, "-s", "-P", "-c", _START, root)


class Lost(Exception):
    """The worker can no longer be used; says why the artifact it had was not examined."""

    def __init__(self, reason: GapReason, detail: str, *, blameless: bool = False) -> None:
        self.reason, self.detail = reason, detail
        self.blameless = blameless
        """The worker was gone before it read the artifact, or left in order: another one may do."""
        super().__init__(detail)


class Deadline:
    """Wall clock for one request, with the limit it comes from."""

    def __init__(self, limit: str, seconds: int, run: Budget | None = None) -> None:
        """
        Args:
            limit: name of the limit.
            seconds: its value.
            run: what is left of the run, where that may be less.
        """
        self.limit, self.seconds = limit, seconds
        self.at = time.monotonic() + seconds
        if run is not None and run.deadline + GRACE_SECONDS < self.at:
            self.limit, self.seconds = "max_seconds", run.limits.max_seconds
            self.at = run.deadline + GRACE_SECONDS

    def left(self) -> float:
        """Seconds; raises Lost when there are none."""
        left = self.at - time.monotonic()
        if left <= 0:
            raise Lost(GapReason.LIMIT, f"limit {self.limit} reached ({self.seconds})")
        return left


def _widened(pipe: int) -> int:
    """Bytes that a pipe takes before somebody reads: more, where the system lets us."""
    import fcntl  # not everywhere

    with suppress(OSError, AttributeError):  # the user's share of pipes is used up; no Linux
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        return int(fcntl.fcntl(pipe, fcntl.F_GETPIPE_SZ))
    return LEAST_PIPE_BYTES


def _forked(template: Template | None, settings: Settings) -> Forked | None:
    with suppress(Unavailable):
        return template.fork(settings.text()) if template else None
    return None


class WorkerProcess:
    """One worker process and its pipes. Used by one thread only."""

    def __init__(self, command: Sequence[str], settings: Settings, template: Template | None = None) -> None:
        """
        Args:
            command: starts a worker; its settings are appended.
            settings: its one argument.
            template: what it is forked from instead; where that fails, it is started all the same.
        """
        self.settings = settings
        self.process = _forked(template, settings) or subprocess.Popen(
            [*command, settings.text()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=ENVIRONMENT,
            cwd="/",
            start_new_session=True,
            bufsize=0,
        )
        assert self.process.stdin and self.process.stdout and self.process.stderr  # noqa: S101 - all are pipes
        self.to, self.of, self.errors = (
            one.fileno() for one in (self.process.stdin, self.process.stdout, self.process.stderr)
        )
        for one in (self.to, self.of, self.errors):
            os.set_blocking(one, False)
        _widened(self.of)
        self.room = _widened(self.to)
        """Bytes of requests that can be sent before it reads any."""
        self._ahead = memoryview(b"")
        self.said = b""
        self.ready = False
        self.protections: tuple[str, ...] = ()

    def wait_ready(self, deadline: Deadline) -> None:
        """Until it has given up what it does not need. Raises Lost."""
        if self.ready:
            return
        kind, body = self._answer(deadline)
        try:
            if kind != Answer.READY:
                raise NotEvidence("another answer came first")
            self.protections = protections(body)
        except NotEvidence:
            raise Lost(GapReason.CRASHED, "the worker did not start as it should") from None
        self.ready = True

    def ask(self, header: bytes, content: memoryview, deadline: Deadline) -> tuple[int, bytes]:
        """Send a request and wait for the answer's kind and body. Raises Lost."""
        self.tell(header, content, deadline)
        return self.answer(deadline)

    def answer(self, deadline: Deadline) -> tuple[int, bytes]:
        """Wait for an answer's kind and body. Raises Lost."""
        kind, body = self._answer(deadline)
        if kind == Answer.MEMORY:
            limit = "unpack_memory_bytes" if self.settings.role is Role.OPEN else "worker_memory_bytes"
            raise Lost(GapReason.LIMIT, f"limit {limit} reached ({self.settings.confinement.memory_bytes})")
        return kind, body

    def tell_all(self, requests: Sequence[tuple[bytes, memoryview]], deadline: Deadline) -> None:
        """Send several short requests, which `room` has room for. Raises Lost."""
        together = b"".join(
            part for header, content in requests for part in (REQUEST.pack(len(header), len(content)), header, content)
        )
        self._send(memoryview(together), deadline)

    def tell(self, header: bytes, content: memoryview, deadline: Deadline) -> None:
        """Send a request. Raises Lost."""
        self._send(memoryview(REQUEST.pack(len(header), len(content)) + header), deadline)
        for piece in in_steps(content):
            self._send(piece, deadline)

    def receive(self, size: int, deadline: Deadline) -> Iterator[bytes]:
        """Bytes that follow an answer, in pieces. Raises Lost."""
        while size:
            if not self._ahead:
                self._ahead = self._read(deadline)
            part, self._ahead = bytes(self._ahead[:size]), self._ahead[size:]
            size -= len(part)
            yield part

    def _read(self, deadline: Deadline) -> memoryview:
        """What there is, of this answer and the next."""
        while True:
            self._wait(deadline, to=False)
            try:
                part = os.read(self.of, PIPE_CHUNK_BYTES)
            except BlockingIOError:
                continue
            if not part:
                raise self._died()
            return memoryview(part)

    def _send(self, data: memoryview, deadline: Deadline) -> None:
        at = 0
        while at < len(data):
            self._wait(deadline, to=True)
            try:
                at += os.write(self.to, data[at : at + PIPE_CHUNK_BYTES])
            except BlockingIOError:
                continue
            except BrokenPipeError:
                raise self._died(blameless=True) from None

    def _answer(self, deadline: Deadline) -> tuple[int, bytes]:
        kind, size = ANSWER.unpack(b"".join(self.receive(ANSWER.size, deadline)))
        if size > MAX_ANSWER_BYTES:
            raise Lost(GapReason.CRASHED, "the worker's answer is longer than any can be")
        return kind, b"".join(self.receive(size, deadline))

    def _wait(self, deadline: Deadline, *, to: bool) -> None:
        """Until the pipe can be used. Reads along what the worker complains about, so that it cannot block on it."""
        while True:
            left = deadline.left()
            reading = [one for one in (self.errors, -1 if to else self.of) if one >= 0]
            readable, writable, _ = select.select(reading, [self.to] if to else [], [], left)
            if self.errors in readable:
                self._listen()
            if writable or self.of in readable:
                return

    def _listen(self) -> None:
        """Keep the end of what it wrote to standard error."""
        while self.errors >= 0:
            try:
                part = os.read(self.errors, STDERR_BYTES)
            except BlockingIOError:
                return
            if not part:
                self.errors = -1  # closed by the worker; the pipe object is closed in `stop`
            self.said = (self.said + part)[-STDERR_BYTES:]

    def _died(self, *, blameless: bool = False) -> Lost:
        """How it ended."""
        try:
            status = self.process.wait(DYING_SECONDS)
        except subprocess.TimeoutExpired:
            return Lost(GapReason.CRASHED, "the worker closed its pipe")
        self._listen()
        if status == -signal.SIGXCPU:
            limit, seconds = CPU_LIMITS[self.settings.role], self.settings.confinement.cpu_seconds
            return Lost(GapReason.LIMIT, f"limit {limit} reached ({seconds})")
        if status < 0:
            name = _SIGNALS.get(-status, f"signal {-status}")
            return Lost(GapReason.CRASHED, f"the worker was ended by {name}", blameless=blameless)
        last = self.said.strip().rpartition(b"\n")[2].partition(b":")[0]  # no message: it may hold paths and addresses
        detail = f"the worker ended with status {status}" + (f" ({quoted(last, 60)})" if last else "")
        return Lost(GapReason.CRASHED, detail, blameless=blameless or status == 0)

    def kill(self) -> None:
        """End the process, whatever it does. The thread that waits for it will notice."""
        if self.process.poll() is None:
            self.process.kill()

    def retire(self, seconds: float) -> None:
        """Let the process end in order, with what it started itself; one that does not is ended."""
        if self.process.stdin is not None:
            self.process.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(seconds)
        self.stop()

    def stop(self) -> None:
        """End the process and close the pipes."""
        self.kill()
        self.process.wait()
        self.errors = -1
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()
