"""A worker whose detectors and containers misbehave on command: the artifact's text says what to do.

A container of this worker begins with `box` and a number of members; each further line is an order, carried out when
the reader comes to it. `box` inside a box is written as a line `box:` with its lines separated by commas; `say`
makes a member of an order, for whoever examines it.
"""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, sys.argv[1])

from fwverify.identify.interface import Detector, Found, Subject
from fwverify.isolate.worker import main
from fwverify.limits import Budget
from fwverify.model.artifact import Artifact, ByteRange, Locator, Step
from fwverify.model.component import Clue
from fwverify.model.plugin import Doc
from fwverify.unpack.interface import Container, Event, Member, Part, PartUse


def obey(order: str) -> None:
    """Do one of the things that a parser with a flaw may be made to do."""
    match order:
        case "die":
            os.kill(os.getpid(), signal.SIGKILL)
        case "segfault":
            ctypes.string_at(0)
        case "loop":
            while True:
                pass
        case "sleep":
            time.sleep(60)
        case "allocate":
            bytearray(10 << 30)
        case "bug":
            raise KeyError("a bug")
        case "leave":
            sys.exit(0)
        case "print":
            print("library chatter " * 10_000)  # noqa: T201
            print("complaints " * 10_000, file=sys.stderr)  # noqa: T201
        case "write":
            with tempfile.TemporaryFile() as file:
                os.write(file.fileno(), b"x")
        case "start":
            os.execv("/bin/true", ["/bin/true"])
        case "connect":
            socket.create_connection(("127.0.0.1", 9), timeout=1)
        case "fork":
            os.fork()
        case "read":
            Path("/etc/passwd").read_bytes()
        case "kill":
            os.kill(os.getppid(), 0)


def find(subject: Subject) -> Iterator[Found]:
    order = bytes(subject.artifact.content[:20]).decode("ascii", "replace").strip()
    where = subject.artifact.locator
    obey(order)
    match order:
        case "burn":
            until = time.process_time() + 0.4
            while time.process_time() < until:
                pass
            yield Clue(f"{os.getpid()}", "", where, "hostile", 60, "")
        case "other":
            where = Locator((Step("somewhere else"),))
        case "environment":
            yield Clue(",".join(sorted(os.environ)), "", where, "hostile", 60, "")
            return
    yield Clue("seen", "", where, "hostile", 60, order)


def is_box(artifact: Artifact) -> bool:
    if bytes(artifact.content[:9]) == b"recognise":
        obey(bytes(artifact.content[10:30]).decode("ascii", "replace").strip())
    return bytes(artifact.content[:4]) == b"box\n"


def unbox(artifact: Artifact, budget: Budget) -> Iterator[Event]:
    """One member for each line: itself, or a box made of its words."""
    end = len("box\n")
    yield Part(ByteRange(0, end), PartUse.HEADER)
    for number, line in enumerate(bytes(artifact.content).decode().splitlines()[1:]):
        budget.member()
        place = ByteRange(end, end + len(line) + 1)
        end = place.end
        obey(line)
        inner = line.removeprefix("box:").replace(",", "\n") if line.startswith("box:") else f"fine {line}"
        inner = line.removeprefix("say ") if line.startswith("say ") else inner
        content = f"box\n{inner}\n" if line.startswith("box:") else inner
        if line == "outside":
            yield Member(
                "outside", content=artifact.content, ranges=(ByteRange(1000, 1000 + artifact.size),), stored=True
            )
        yield Member(str(number), content=memoryview(content.encode()), ranges=(place,))


BOX = Container("box", is_box, unbox, Doc("hostile"))


if __name__ == "__main__":
    if sys.argv[2] == "garbage":
        os.write(1, b"\x01\0\0\0\0" + b"\x02\0\0\0\x04junk" * 3)
        time.sleep(60)
    elif sys.argv[2] == "long":
        os.write(1, b"\x01\0\0\0\0" + b"\x02\xff\xff\xff\xff")
        time.sleep(60)
    elif sys.argv[2] == "stillborn":
        sys.exit(3)
    else:
        main((Detector("hostile", find, Doc("hostile")),), (BOX,))
