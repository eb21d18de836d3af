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
from collections.abc import Sequence
from pathlib import Path

from fwverify.formats.names import quoted
from fwverify.identify.interface import Observed
from fwverify.isolate.frames import ANSWER, MAX_ANSWER_BYTES, REQUEST, Answer, observed, request_header
from fwverify.limits import Limits
from fwverify.model.artifact import Artifact
from fwverify.model.canonical import NotEvidence
from fwverify.model.evidence import GapReason

PIPE_CHUNK_BYTES = 1 << 20
STDERR_BYTES = 8192
"""Kept of what a worker writes to standard error; its last line explains a crash."""
DYING_SECONDS = 2.0
"""How long a worker whose pipe broke may take to end, so that its exit status can be told."""
ENVIRONMENT = {"PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8"}
"""All a worker gets to see: nothing of the operator's."""
_SIGNALS = {int(one): one.name for one in signal.Signals}
_START = "import sys; sys.path.insert(0, sys.argv[1]); from fwverify.isolate.worker import main; main()"
"""The worker runs this very release, installed or not, and nothing from the working directory (-P)."""


def default_command() -> tuple[str, ...]:
    """How a worker is started; the limits are appended."""
    root = str(Path(__file__).resolve().parents[2])
    return (sys.executable, "-s", "-P", "-c", _START, root)


class Lost(Exception):
    """The worker can no longer be used; says why the artifact it had was not examined."""

    def __init__(self, reason: GapReason, detail: str, *, blameless: bool = False) -> None:
        self.reason, self.detail = reason, detail
        self.blameless = blameless
        """The worker was gone before it read the artifact, or left in order: another one may do."""
        super().__init__(detail)


class WorkerProcess:
    """One worker process and its pipes. Used by one thread only."""

    def __init__(self, command: Sequence[str], limits: Limits) -> None:
        self.limits = limits
        arguments = (limits.worker_memory_bytes, limits.worker_cpu_seconds, limits.max_scan_events)
        self.process = subprocess.Popen(
            [*command, *(str(one) for one in arguments)],
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
        self.said = b""
        self.ready = False

    def examine(self, artifact: Artifact) -> Observed:
        """Send, wait, read. Raises Lost."""
        deadline = time.monotonic() + self.limits.worker_seconds
        if not self.ready:
            kind, _ = self._answer(deadline)
            if kind != Answer.READY:
                raise Lost(GapReason.CRASHED, "the worker did not start as it should")
            self.ready = True
            deadline = time.monotonic() + self.limits.worker_seconds
        header = request_header(artifact)
        self._send(memoryview(REQUEST.pack(len(header), artifact.size) + header), deadline)
        self._send(artifact.content, deadline)
        kind, body = self._answer(deadline)
        if kind == Answer.MEMORY:
            detail = f"limit worker_memory_bytes reached ({self.limits.worker_memory_bytes})"
            raise Lost(GapReason.LIMIT, detail)
        if kind != Answer.OBSERVED:
            raise Lost(GapReason.CRASHED, "the worker's answer is of no known kind")
        try:
            return observed(body, artifact.locator)
        except NotEvidence as problem:
            raise Lost(GapReason.CRASHED, f"the worker's answer cannot be read: {problem}"[:300]) from None

    def _send(self, data: memoryview, deadline: float) -> None:
        at = 0
        while at < len(data):
            self._wait(deadline, to=True)
            try:
                at += os.write(self.to, data[at : at + PIPE_CHUNK_BYTES])
            except BlockingIOError:
                continue
            except BrokenPipeError:
                raise self._died(blameless=True) from None

    def _answer(self, deadline: float) -> tuple[int, bytes]:
        kind, size = ANSWER.unpack(self._read(ANSWER.size, deadline))
        if size > MAX_ANSWER_BYTES:
            raise Lost(GapReason.CRASHED, "the worker's answer is longer than any can be")
        return kind, self._read(size, deadline)

    def _read(self, size: int, deadline: float) -> bytes:
        parts: list[bytes] = []
        while size:
            self._wait(deadline, to=False)
            try:
                part = os.read(self.of, min(size, PIPE_CHUNK_BYTES))
            except BlockingIOError:
                continue
            if not part:
                raise self._died()
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def _wait(self, deadline: float, *, to: bool) -> None:
        """Until the pipe can be used. Reads along what the worker complains about, so that it cannot block on it."""
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                detail = f"limit worker_seconds reached ({self.limits.worker_seconds})"
                raise Lost(GapReason.LIMIT, detail)
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
            return Lost(GapReason.LIMIT, f"limit worker_cpu_seconds reached ({self.limits.worker_cpu_seconds})")
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

    def stop(self) -> None:
        """End the process and close the pipes."""
        self.kill()
        self.process.wait()
        self.errors = -1
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()
