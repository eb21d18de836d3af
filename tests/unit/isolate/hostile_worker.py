"""A worker whose detectors misbehave on command, for the pool's tests: the artifact's text says what to do."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator

sys.path.insert(0, sys.argv[1])

from fwverify.identify.interface import Detector, Found, Subject
from fwverify.isolate.worker import main
from fwverify.model.artifact import Locator, Step
from fwverify.model.component import Clue
from fwverify.model.plugin import Doc


def find(subject: Subject) -> Iterator[Found]:
    order = bytes(subject.artifact.content[:20]).decode("ascii", "replace").strip()
    where = subject.artifact.locator
    match order:
        case "die":
            os.kill(os.getpid(), signal.SIGKILL)
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
        main((Detector("hostile", find, Doc("hostile")),))
