"""Examining workers out of one process that has imported everything once: it forks, they examine.

    parent --- socket ---> template --- fork ---> watcher --- fork ---> worker

Loading LIEF takes most of a second of processor time in each process, and a worker that was lost costs it again. The
template loads it, reads nothing hostile, and forks a worker whenever the parent hands it the ends of its pipes. The
watcher waits for the worker, which is no child of the parent, and tells how it ended; the worker's number belongs to
nobody else until the parent has closed the watcher's socket. The worker gives up its rights after the fork, as one that
was started does. Linux only; elsewhere, and where the template is lost, workers are started one by one (process).

All workers of a run have one layout of memory: whoever learns it from one that was lost may use it on the next
(`max_lost_workers` bounds how often).
"""

from __future__ import annotations

import gc
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from select import select
from typing import BinaryIO, NoReturn

WORD = struct.Struct(">q")
"""The worker's number, then how it ended: status, or the signal below zero."""
MAX_SETTINGS_BYTES = 1 << 16
START_SECONDS = 30.0
"""Until the template has loaded everything and forked its first worker."""
_START = "import sys; sys.path.insert(0, sys.argv[1]); from fwverify.isolate.template import serve; serve()"
HAS_TEMPLATE = sys.platform == "linux"


class Unavailable(Exception):
    """The template could not be started, or is lost."""


class Forked:
    """A worker forked by the template, as `subprocess.Popen` shows a child. Used by one thread, `kill` by any."""

    def __init__(self, pid: int, status: socket.socket, pipes: tuple[int, int, int]) -> None:
        self.pid = pid
        self._status = status
        self._code: int | None = None
        self.stdin: BinaryIO = os.fdopen(pipes[0], "wb", buffering=0)
        self.stdout: BinaryIO = os.fdopen(pipes[1], "rb", buffering=0)
        self.stderr: BinaryIO = os.fdopen(pipes[2], "rb", buffering=0)

    def poll(self) -> int | None:
        """How it ended; None while it runs."""
        return self._code if self._code is not None or not select([self._status], [], [], 0)[0] else self._told()

    def wait(self, timeout: float | None = None) -> int:
        """How it ended. Raises subprocess.TimeoutExpired."""
        if self._code is None and not select([self._status], [], [], timeout)[0]:
            raise subprocess.TimeoutExpired("worker", timeout or 0)
        code = self._told()
        self._status.close()  # from here on its number may belong to another process
        return code

    def _told(self) -> int:
        if self._code is None:
            word = self._status.recv(WORD.size)
            self._code = WORD.unpack(word)[0] if len(word) == WORD.size else -int(signal.SIGKILL)
        return self._code

    def kill(self) -> None:
        """End it, unless it has ended."""
        if self._code is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)


class Template:
    """The process that workers are forked from, as its parent sees it. Started with the first worker, or before."""

    def __init__(self, environment: dict[str, str]) -> None:
        """
        Args:
            environment: all that it and its workers get to see.
        """
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()
        self._used = False

    def fork(self, settings: str) -> Forked:
        """A worker with its one argument. Raises Unavailable."""
        try:
            with self._lock:
                return self._fork((self._socket or self._start()), settings.encode())
        except OSError as problem:
            raise Unavailable from problem

    def start(self) -> None:
        """Start it without waiting for it. Where that fails, `fork` will say so."""
        with self._lock, suppress(OSError):
            if self._socket is None:
                self._start()

    def _start(self) -> socket.socket:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            root = str(Path(__file__).resolve().parents[2])
            self._process = subprocess.Popen(
                [sys.executable, "-s", "-P", "-c", _START, root], stdin=theirs.fileno(), stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL, env=self._environment, cwd="/", start_new_session=True,
            )  # fmt: skip
        self._socket = ours
        return ours

    def _fork(self, to: socket.socket, settings: bytes) -> Forked:
        self._used = True
        ours, theirs = socket.socketpair()
        pipes = [os.pipe(), os.pipe(), os.pipe()]
        mine = pipes[0][1], pipes[1][0], pipes[2][0]
        given = pipes[0][0], pipes[1][1], pipes[2][1]
        try:
            socket.send_fds(to, [settings], [*given, theirs.fileno()])
        except OSError:
            for one in (*mine, ours.detach()):
                os.close(one)
            raise
        finally:
            for one in (*given, theirs.detach()):
                os.close(one)
        word = ours.recv(WORD.size) if select([ours], [], [], START_SECONDS)[0] else b""
        if len(word) < WORD.size:
            for one in (*mine, ours.detach()):
                os.close(one)
            raise Unavailable
        return Forked(WORD.unpack(word)[0], ours, mine)

    def close(self) -> None:
        """Let it end; it waits for its workers, which have ended or been ended before. One without is ended."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        if self._process is not None:
            if not self._used:
                self._process.kill()
            try:
                self._process.wait(1)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None


def serve() -> None:
    """The template: load everything, then fork a worker for each message until the parent closes its end."""
    asked = socket.socket(fileno=os.dup(0))
    from fwverify.content import identified
    from fwverify.formats import executable
    from fwverify.identify.stage import observe
    from fwverify.isolate.worker import examine_standard_input
    from fwverify.model.artifact import Locator, Step

    observe(identified(Locator((Step("warm-up"),)), memoryview(b"a text, version 1.2.3\n")))  # compiles patterns
    executable.load()
    gc.freeze()  # so that collecting copies no shared page
    while True:
        settings, handles, _, _ = socket.recv_fds(asked, MAX_SETTINGS_BYTES, 4)
        if not settings:
            break
        if os.fork() == 0:
            asked.close()
            _watch(settings.decode(), handles, examine_standard_input)
        for one in handles:
            os.close(one)
        _reap(os.WNOHANG)
    _reap(0)


def _reap(how: int) -> None:
    """Take the status of watchers that have ended: processor time counts to their parent then."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, how)[0]:
            pass


def _watch(settings: str, handles: list[int], work: Callable[[str], None]) -> NoReturn:
    """Fork the worker, tell its number and how it ended, and keep the number taken until nobody needs it."""
    status = socket.socket(fileno=handles.pop())
    worker = os.fork()
    if worker == 0:
        status.close()
        _become_worker(settings, handles, work)
    for one in (0, *handles):
        os.close(one)
    with suppress(OSError):
        status.sendall(WORD.pack(worker))
        ended = os.waitid(os.P_PID, worker, os.WEXITED | os.WNOWAIT)
        assert ended is not None  # noqa: S101 - WNOHANG was not asked for
        status.sendall(WORD.pack(ended.si_status if ended.si_code == os.CLD_EXITED else -ended.si_status))
        status.recv(1)  # until the parent closes its end
    os.waitpid(worker, 0)
    os._exit(0)


def _become_worker(settings: str, handles: list[int], work: Callable[[str], None]) -> NoReturn:
    """Take the pipes for standard input, output and error, and serve."""
    code = 1
    try:
        os.setsid()
        for number, one in enumerate(handles):
            os.dup2(one, number)
            os.close(one)
        work(settings)
        code = 0
    except BaseException:  # whatever ends a worker is told as a process that was started tells it
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(code)
