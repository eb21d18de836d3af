"""A worker whose detectors misbehave on command, for the pool's tests: the artifact's text says what to do."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator

sys.path.insert(0, sys.argv[1])

from fwverify.identify.interface import Detector, Found, Subject  # noqa: E402
from fwverify.isolate.worker import main  # noqa: E402
from fwverify.model.artifact import Locator, Step  # noqa: E402
from fwverify.model.component import Clue  # noqa: E402
from fwverify.model.plugin import Doc  # noqa: E402


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
            open("/tmp/fwverify-worker-must-not-write", "wb").write(b"x")
        case "start":
            os.execv("/bin/true", ["/bin/true"])
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
