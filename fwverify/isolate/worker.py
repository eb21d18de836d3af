"""A worker: artifacts come in on standard input, what was found goes out on standard output.

It gives up what it does not need before it reads the first byte (sandbox). It holds no key and no secret, and its
answer is plain JSON that the parent checks. Its role: examine (detectors, LIEF), open (containers) or, when asked for,
the last resort (unblob_worker).
"""

from __future__ import annotations

import gc
import os
import sys
import tempfile
import time
from io import BufferedReader
from typing import TYPE_CHECKING, BinaryIO, cast

from fwverify.content import Holder
from fwverify.isolate.frames import ANSWER, MAX_ANSWER_BYTES, REQUEST, Answer, Role, Settings, requested, settings
from fwverify.isolate.sandbox import confine
from fwverify.limits import COLLECT_AFTER
from fwverify.model.canonical import canonical

if TYPE_CHECKING:
    from fwverify.identify.interface import Detector
    from fwverify.isolate.sessions import Sessions
    from fwverify.unpack.interface import Container


READ_BYTES = 1 << 18


def main(detectors: tuple[Detector, ...] | None = None, containers: tuple[Container, ...] | None = None) -> None:
    """Serve until standard input ends. The last argument is `frames.Settings` as text.

    Args:
        detectors, containers: the plug-ins that take part (for tests); None: this release's own.
    """
    gc.set_threshold(*COLLECT_AFTER)
    mine = settings(sys.argv[-1])
    incoming, outgoing = sys.stdin.buffer, _private_output()
    if mine.role is Role.OPEN:
        serve_opening(mine, incoming, outgoing, containers)
    elif mine.role is Role.LAST_RESORT:
        from fwverify.isolate.unblob_worker import serve

        serve(mine, incoming, outgoing)
    else:
        serve_examining(mine, incoming, outgoing, detectors)


def examine_standard_input(settings_text: str) -> None:
    """As `main` for an examining worker, in a process that was forked (template)."""
    gc.set_threshold(*COLLECT_AFTER)
    serve_examining(settings(settings_text), os.fdopen(os.dup(0), "rb", READ_BYTES), _private_output(), None)


def serve_examining(
    mine: Settings, incoming: BinaryIO, outgoing: BinaryIO, detectors: tuple[Detector, ...] | None
) -> None:
    """One artifact in, one answer out."""
    from fwverify.identify.registry import BUILTIN
    from fwverify.identify.stage import observe  # before the limits, so that imports are not what breaks them

    tempfile.tempdir = mine.confinement.scratch or None
    _ready(mine, outgoing)
    while head := incoming.read(REQUEST.size):
        if len(head) < REQUEST.size:
            return  # the parent went away
        header_bytes, content_bytes = REQUEST.unpack(head)
        header = incoming.read(header_bytes)
        try:
            content = received(incoming, content_bytes)
            if len(content) < content_bytes:
                return
            found = observe(requested(header, content), mine.limits, BUILTIN if detectors is None else detectors)
            answer = canonical(found)
        except MemoryError:
            send(outgoing, Answer.MEMORY)
            return  # whatever was half done goes with this process
        send(outgoing, Answer.OBSERVED, answer)
        if time.process_time() > mine.confinement.cpu_seconds / 2:
            return  # retire in order, so that no artifact pays for those before it


def serve_opening(
    mine: Settings, incoming: BinaryIO, outgoing: BinaryIO, containers: tuple[Container, ...] | None
) -> None:
    """Sessions, one for each artifact that is being opened; what is nested is opened while the outer waits."""
    from fwverify.isolate.sessions import Sessions
    from fwverify.unpack.registry import BUILTIN

    tempfile.tempdir = mine.confinement.scratch or None
    _ready(mine, outgoing)
    sessions = Sessions(BUILTIN if containers is None else containers, mine.limits)
    while head := incoming.read(REQUEST.size):
        if len(head) < REQUEST.size:
            return
        header_bytes, content_bytes = REQUEST.unpack(head)
        header = incoming.read(header_bytes)
        try:
            content = received(incoming, content_bytes)
            if len(content) < content_bytes:
                return
            _answer(sessions, header, content, outgoing)
        except MemoryError:
            send(outgoing, Answer.MEMORY)
            return


def received(incoming: BinaryIO, size: int) -> memoryview:
    """So many bytes, large ones in an unlinked file of the scratch folder; fewer when the parent went away."""
    if size <= READ_BYTES:
        return memoryview(incoming.read(size))
    holder, room = Holder(digest=False), memoryview(bytearray(READ_BYTES))
    into = cast(BufferedReader, incoming).readinto
    while holder.size < size and (got := into(room[: size - holder.size])):
        holder.add(room[:got])
    return holder.view()


def _answer(sessions: Sessions, header: bytes, content: memoryview, outgoing: BinaryIO) -> None:
    answer = sessions.answer(header, content)
    if answer is None:
        return
    body, contents = answer
    if len(body) > MAX_ANSWER_BYTES:
        raise MemoryError
    send(outgoing, Answer.EVENTS, body, flush=False)
    for one in contents:
        outgoing.write(one)
    outgoing.flush()


def _ready(mine: Settings, outgoing: BinaryIO) -> None:
    send(outgoing, Answer.READY, canonical(list(confine(mine.confinement))))


def _private_output() -> BinaryIO:
    """Keep standard output for answers alone: what a library prints goes to standard error."""
    private = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return private


def send(outgoing: BinaryIO, kind: Answer, body: bytes = b"", *, flush: bool = True) -> None:
    """One answer."""
    if len(body) > MAX_ANSWER_BYTES:
        kind, body = Answer.MEMORY, b""
    outgoing.write(ANSWER.pack(kind, len(body)) + body)
    if flush:
        outgoing.flush()


if __name__ == "__main__":
    main()
