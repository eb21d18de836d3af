"""A last resort that misbehaves on command: the artifact's first line says what to do.

It runs in the real worker (unblob_worker.serve), confined as unblob would be; only unblob is replaced. What is refused
comes back as a trouble with the exception's name.
"""

from __future__ import annotations

import ctypes
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, sys.argv[1])

from fwverify.isolate.frames import settings
from fwverify.isolate.unblob_worker import serve
from fwverify.isolate.worker import _private_output

Report = dict[str, Any]


def whole(source: Path, handler: str = "demo", **more: object) -> Report:
    """One chunk that is the whole artifact."""
    return {"carved": False, "chunks": [[handler, 0, source.stat().st_size, False, []]], "troubles": [], **more}


def crash(source: Path, tree: Path) -> None:
    ctypes.string_at(0)


def loop(source: Path, tree: Path) -> None:
    while True:
        pass


def sleep(source: Path, tree: Path) -> None:
    time.sleep(60)


def allocate(source: Path, tree: Path) -> None:
    bytearray(20 << 30)


def bug(source: Path, tree: Path) -> None:
    raise KeyError("a bug")


def leave(source: Path, tree: Path) -> None:
    os._exit(3)


def good(source: Path, tree: Path) -> None:
    (tree / "etc").mkdir()
    (tree / "etc" / "hostname").write_text("demo\n")
    (tree / "zero").write_bytes(b"")


def top_link(source: Path, tree: Path) -> None:
    """The folder that should hold the members leads elsewhere."""
    tree.rmdir()
    tree.symlink_to("/etc")


def links(source: Path, tree: Path) -> None:
    (tree / "absolute").symlink_to("/etc/passwd")
    (tree / "climbing").symlink_to("../../../etc/passwd")
    (tree / "folder").symlink_to("/etc")
    (tree / "loop").symlink_to("loop")


def special(source: Path, tree: Path) -> None:
    os.mkfifo(tree / "pipe")
    (tree / "name\nwith\x1b[31m").write_bytes(b"x")
    Path(os.fsdecode(os.fsencode(tree) + b"/not-utf8-\xff")).write_bytes(b"y")
    os.link(tree / "name\nwith\x1b[31m", tree / "second")


def deep(source: Path, tree: Path) -> None:
    os.chdir(tree)
    for _ in range(3000):  # longer than any path may be
        Path("d" * 8).mkdir()
        os.chdir("d" * 8)


def unreadable(source: Path, tree: Path) -> None:
    (tree / "closed").mkdir()
    (tree / "closed" / "inside").write_bytes(b"inside")
    (tree / "closed").chmod(0)


def many(source: Path, tree: Path) -> None:
    for one in range(5000):
        (tree / str(one)).touch()


def endless(source: Path, tree: Path) -> None:
    """Fills the disk for as long as it may."""
    for one in range(1_000_000):
        (tree / f"{one}").write_bytes(bytes(8 << 20))


def holes(source: Path, tree: Path) -> None:
    for one in range(20):
        with (tree / str(one)).open("wb") as file:
            file.truncate(1 << 20)


def much(source: Path, tree: Path) -> None:
    for one in range(50):
        (tree / f"text{one}").write_text("plain text\n" * 1000)


def large(source: Path, tree: Path) -> None:
    with (tree / "large").open("wb") as file:
        file.truncate(1 << 40)


def same(source: Path, tree: Path) -> None:
    (tree / "same").write_bytes(source.read_bytes())


def orphan(source: Path, tree: Path) -> None:
    one = subprocess.Popen(["sleep", "600"])  # found by PATH, alone in the environment
    (tree / "pid").write_text(str(one.pid))
    (tree / "environment").write_text(",".join(sorted(os.environ)))


def crowd(source: Path, tree: Path) -> None:
    for _ in range(100):
        if os.fork() == 0:
            time.sleep(600)
    time.sleep(600)


def start_made(source: Path, tree: Path) -> None:
    (tree / "made").write_text("#!/bin/sh\n")
    (tree / "made").chmod(0o755)
    subprocess.run([tree / "made"])


def write_beside(source: Path, tree: Path) -> None:
    (source.parent.parent / "beside").write_bytes(b"x")


def write_source(source: Path, tree: Path) -> None:
    source.write_bytes(b"x")


def write_outside(source: Path, tree: Path) -> None:
    (Path("/tmp") / f"fwverify-test-{os.getpid()}").write_bytes(b"x")


REFUSED: dict[str, Callable[[Path, Path], object]] = {
    "start_made": start_made,
    "write_beside": write_beside,
    "write_source": write_source,
    "write_outside": write_outside,
    "read": lambda source, tree: Path("/etc/shadow").read_bytes(),
    "read_home": lambda source, tree: list(Path("/root").iterdir()),
    "read_process": lambda source, tree: Path(f"/proc/{os.getppid()}/environ").read_bytes(),
    "connect": lambda source, tree: socket.create_connection(("127.0.0.1", 9), timeout=1),
    "signal": lambda source, tree: os.kill(os.getppid(), 0),
    "group": lambda source, tree: os.setpgid(0, 0),
    "session": lambda source, tree: subprocess.run(["true"], start_new_session=True),
    "device": lambda source, tree: os.mknod(tree / "null", 0o20666, os.makedev(1, 3)),
    "unshare": lambda source, tree: ctypes.CDLL(None).unshare(0x10000000) and socket.socket(),
}  # fmt: skip


def obey(source: Path, out: Path) -> Report:
    order = source.read_bytes()[:64].partition(b"\n")[0].decode()
    tree = out / "input_extract"
    tree.mkdir()
    match order:
        case "nothing":
            return whole(source, chunks=[])
        case "missing":
            return whole(source, chunks=[["demo", 0, 4096, False, [["missing", "demounpack"]]]])
        case "partly":
            good(source, tree)
            return whole(source, chunks=[["demo", 0, 4096, False, [["failed", "demounpack ended with status 2"]]]])
        case "secret":
            return whole(source, chunks=[["demo", 0, 4096, True, []]])
        case "carved":
            for folder, text in (("16-4096.demo", "one"), ("4096-5000.other", "two"), ("0-9.unknown", "not asked for")):
                (tree / f"{folder}_extract").mkdir()
                (tree / f"{folder}_extract" / "file").write_text(text)
            chunks = [["demo", 16, 4096, False, []], ["other", 4096, 5000, False, []]]
            return {"carved": True, "chunks": chunks, "troubles": []}
        case "outside":
            return whole(source, chunks=[["demo", 0, 1 << 40, False, []]])
        case "escaping":
            return whole(source, "../../etc")
        case "garbage":
            return {"chunks": 5}
        case "escape codes":
            return whole(source, troubles=[["failed", "\x1b[31m"]])
        case "long":
            return whole(source, troubles=[["failed", "x" * (40 << 20)]])
        case _:
            (REFUSED.get(order) or globals()[order])(source, tree)
    return whole(source)


if __name__ == "__main__":
    if sys.argv[2] == "stillborn":
        sys.exit(3)
    serve(settings(sys.argv[-1]), sys.stdin.buffer, _private_output(), lambda scratch: obey)
