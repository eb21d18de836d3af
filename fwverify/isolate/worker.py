"""An examination worker: artifacts come in on standard input, what was observed goes out on standard output.

It gives up what it does not need before it reads the first byte: memory beyond its limit, processor time beyond its
limit, files to write, processes to start, core dumps. It holds no key and no secret, and its answer is plain JSON
that the parent checks. Does NOT yet use Landlock or seccomp; on systems without `resource` it has no limits but the
parent's wall clock.
"""

from __future__ import annotations

import os
import sys
import time
from typing import BinaryIO

from fwverify.identify.interface import Detector
from fwverify.identify.registry import BUILTIN
from fwverify.isolate.frames import ANSWER, MAX_ANSWER_BYTES, REQUEST, Answer, requested
from fwverify.limits import Limits
from fwverify.model.canonical import canonical

OPEN_FILES = 64
"""Enough to import a library late; a parser needs none."""


def main(detectors: tuple[Detector, ...] = BUILTIN) -> None:
    """Serve until standard input ends. Arguments: memory limit in bytes, processor limit in seconds, scan events."""
    memory_bytes, cpu_seconds, scan_events = (int(one) for one in sys.argv[-3:])
    incoming, outgoing = sys.stdin.buffer, _private_output()
    from fwverify.identify.stage import observe  # before the limits, so that imports are not what breaks them

    confine(memory_bytes, cpu_seconds)
    limits = Limits(max_scan_events=scan_events)
    _send(outgoing, Answer.READY)
    while head := incoming.read(REQUEST.size):
        if len(head) < REQUEST.size:
            return  # the parent went away
        header_bytes, content_bytes = REQUEST.unpack(head)
        header = incoming.read(header_bytes)
        try:
            content = memoryview(incoming.read(content_bytes))
            if len(content) < content_bytes:
                return
            answer = canonical(observe(requested(header, content), limits, detectors))
        except MemoryError:
            _send(outgoing, Answer.MEMORY)
            return  # whatever was half done goes with this process
        _send(outgoing, Answer.OBSERVED, answer)
        if time.process_time() > cpu_seconds / 2:
            return  # retire in order, so that no artifact pays for those before it


def _private_output() -> BinaryIO:
    """Keep standard output for answers alone: what a library prints goes to standard error."""
    private = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return private


def _send(outgoing: BinaryIO, kind: Answer, body: bytes = b"") -> None:
    if len(body) > MAX_ANSWER_BYTES:
        kind, body = Answer.MEMORY, b""
    outgoing.write(ANSWER.pack(kind, len(body)) + body)
    outgoing.flush()


def confine(memory_bytes: int, cpu_seconds: int) -> None:
    """Set this process's resource limits, as far as the system has them."""
    if sys.platform == "win32":
        return
    import resource

    for what, most, at_last in (
        (resource.RLIMIT_CORE, 0, 0),
        (resource.RLIMIT_FSIZE, 0, 0),
        (resource.RLIMIT_NOFILE, OPEN_FILES, OPEN_FILES),
        (resource.RLIMIT_NPROC, 0, 0),
        (resource.RLIMIT_CPU, cpu_seconds, cpu_seconds + 5),  # apart, so that the signal tells which limit it was
        (resource.RLIMIT_AS, memory_bytes, memory_bytes),
    ):
        _, hard = resource.getrlimit(what)
        bound = at_last if hard == resource.RLIM_INFINITY else min(at_last, hard)
        resource.setrlimit(what, (min(most, bound), bound))


if __name__ == "__main__":
    main()
