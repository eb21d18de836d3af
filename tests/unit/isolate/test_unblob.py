"""The last resort: whatever its worker does or leaves behind costs the artifact it was asked about, nothing else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from fwverify.content import identified
from fwverify.identify.stage import InProcess
from fwverify.isolate import output_tree, unblob_report
from fwverify.isolate.unblob import CONTAINER, Unblob
from fwverify.limits import MIB, Budget, LimitExceeded, Limits
from fwverify.model.artifact import Artifact, Locator, Step
from fwverify.model.canonical import NotEvidence
from fwverify.model.evidence import AnomalyKind, GapReason, Opened
from fwverify.model.examining import Crashed
from fwverify.unpack.interface import Event, Member, MemberKind, Oddity, Unread
from fwverify.unpack.stage import Here
from fwverify.worklist import Bench, Node, Walk, descendants

ROOT = Path(__file__).resolve().parents[3]
HOSTILE = (sys.executable, "-s", "-P", str(Path(__file__).with_name("hostile_unblob.py")), str(ROOT), "obey")
LIMITS = Limits(
    last_resort_seconds=3, unpack_memory_bytes=512 * MIB, max_members=1000, ratio_floor_bytes=8 * MIB,
    max_member_bytes=16 * MIB, max_total_bytes=64 * MIB,
)  # fmt: skip
ORDINARY = bytes(range(256)) * 20


def artifact(order: str) -> Artifact:
    """5 KiB and more of no known format, with an order."""
    return identified(Locator((Step("image.bin"),)), order.encode() + b"\n" + ORDINARY)


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary folders go."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def unblob(scratch: Path) -> Iterator[Unblob]:
    """A last resort that does as it is told; in the end nothing of it is left."""
    one = Unblob(LIMITS, HOSTILE)
    yield one
    one.close()
    assert list(scratch.iterdir()) == []


def asked(unblob: Unblob, order: str) -> list[Event]:
    """Everything it tells about one artifact; its folder is gone then."""
    events = list(unblob.events(CONTAINER, artifact(order), Budget(LIMITS)))
    assert list(Path(unblob._scratch).iterdir()) == []
    return events


def contents(events: list[Event]) -> dict[str, bytes]:
    return {one.name: bytes(one.content) for one in events if isinstance(one, Member) and one.content is not None}


def troubles(events: list[Event]) -> list[tuple[GapReason, str]]:
    return [(one.reason, one.detail) for one in events if isinstance(one, Unread)]


@pytest.mark.parametrize(
    ("order", "words"),
    [
        ("crash", "SIGSEGV"),
        ("leave", "status 3"),
        ("crowd", "more than 64 processes"),
        ("outside", "a chunk that cannot be"),
        ("escaping", "a chunk that cannot be"),
        ("garbage", "not a report"),
        ("escape codes", "not a trouble"),
        ("long", "longer than any can be"),
    ],
)
def test_trouble(unblob: Unblob, order: str, words: str) -> None:
    """A crash or nonsense is told with its reason, and the next artifact is opened."""
    with pytest.raises(Crashed, match=words):
        asked(unblob, order)
    assert contents(asked(unblob, "good")) == {"etc/hostname": b"demo\n", "zero": b""}


@pytest.mark.parametrize(
    ("order", "limit"),
    [
        ("loop", "last_resort_seconds"),
        ("sleep", "last_resort_seconds"),
        ("allocate", "unpack_memory_bytes"),
        ("many", "max_members"),
        ("endless", "max_ratio"),
        ("holes", "max_ratio"),
    ],
)
def test_limit(unblob: Unblob, order: str, limit: str) -> None:
    """Endless, swollen, too many files, a full disk: the limit is named, and the next artifact is opened."""
    started = time.monotonic()
    with pytest.raises(LimitExceeded) as reached:
        asked(unblob, order)
    assert reached.value.limit == limit
    assert time.monotonic() - started < 15
    assert contents(asked(unblob, "good")) == {"etc/hostname": b"demo\n", "zero": b""}


def test_full_disk(scratch: Path) -> None:
    """What one run may unpack bounds what lies in the folder, too."""
    one = Unblob(Limits(max_total_bytes=4 * MIB), HOSTILE)
    with pytest.raises(LimitExceeded, match="max_total_bytes"):
        list(one.events(CONTAINER, artifact("holes"), Budget()))
    one.close()


@pytest.mark.parametrize("order", [
    "start_made", "write_beside", "write_source", "write_outside", "read", "read_home", "read_process", "connect",
    "signal", "group", "session", "device", "unshare",
])  # fmt: skip
def test_refused(unblob: Unblob, order: str) -> None:
    """Its programs may not write or read elsewhere, start what came out, reach the network or others' processes."""
    ((reason, detail),) = troubles(asked(unblob, order))
    assert (reason, detail) == (GapReason.CRASHED, "unblob: an exception it did not expect: PermissionError")


def test_exception(unblob: Unblob) -> None:
    """An exception of the library is a gap with its kind, not its message."""
    assert troubles(asked(unblob, "bug")) == [(GapReason.CRASHED, "unblob: an exception it did not expect: KeyError")]


def test_too_large_a_file(unblob: Unblob) -> None:
    """A file larger than a member may be cannot even be made."""
    assert troubles(asked(unblob, "large")) == [(GapReason.CRASHED, "unblob: an exception it did not expect: OSError")]


def test_links_are_not_followed(unblob: Unblob) -> None:
    """Links in the folder are metadata; one that climbs is told; none is opened."""
    events = asked(unblob, "links")
    assert contents(events) == {}
    links = {one.name: (one.kind, one.target) for one in events if isinstance(one, Member)}
    assert links == {
        "absolute": (MemberKind.SYMLINK, "/etc/passwd"), "climbing": (MemberKind.SYMLINK, "../../../etc/passwd"),
        "folder": (MemberKind.SYMLINK, "/etc"), "loop": (MemberKind.SYMLINK, "loop"),
    }  # fmt: skip
    assert [one.kind for one in events if isinstance(one, Oddity)] == [AnomalyKind.LINK_ESCAPE]


def test_folder_is_a_link(unblob: Unblob) -> None:
    """Where the folder of a chunk is a link to a folder of this machine, nothing came out."""
    assert asked(unblob, "top_link") == []


def test_names(unblob: Unblob) -> None:
    """Bytes that are not UTF-8 are escaped, a second name of a file is a link, a pipe is never opened."""
    events = asked(unblob, "special")
    assert contents(events) == {"name\nwith\x1b[31m": b"x", "not-utf8-%FF": b"y"}
    others = {one.name: one.kind for one in events if isinstance(one, Member) and one.content is None}
    assert others == {"pipe": MemberKind.OTHER, "second": MemberKind.HARDLINK}


def test_deep(unblob: Unblob) -> None:
    """Folders deeper than any path: said, and removed."""
    events = asked(unblob, "deep")
    assert troubles(events) == [(GapReason.UNSUPPORTED,
                                 "unblob: what came out cannot be read: more than 100 folders deep")]  # fmt: skip


def test_closed_folder(unblob: Unblob) -> None:
    """A folder that its own mode closes is read all the same."""
    assert contents(asked(unblob, "unreadable")) == {"closed/inside": b"inside"}


def test_wraps_nothing(unblob: Unblob) -> None:
    """What came out is the artifact itself: it is left out, or it would be opened for ever."""
    assert contents(asked(unblob, "same")) == {}


def test_several_chunks(unblob: Unblob) -> None:
    """Each chunk's members bear its place; what lies in a folder that is no chunk's is not looked at."""
    assert contents(asked(unblob, "carved")) == {
        "0x10-0x1000.demo/file": b"one", "0x1000-0x1388.other/file": b"two",
    }  # fmt: skip


def test_what_is_wrong_with_a_chunk(unblob: Unblob) -> None:
    """Missing programs, errors and encryption are gaps with the range; what came out is there all the same."""
    assert troubles(asked(unblob, "missing")) == [(GapReason.MISSING, "unblob: demo: not installed: demounpack")]
    assert troubles(asked(unblob, "secret")) == [(GapReason.ENCRYPTED, "unblob: demo: encrypted")]
    events = asked(unblob, "partly")
    assert troubles(events) == [(GapReason.UNSUPPORTED, "unblob: demo: demounpack ended with status 2")]
    assert contents(events) == {"etc/hostname": b"demo\n", "zero": b""}


def test_nothing_is_left_running(unblob: Unblob) -> None:
    """A program that goes on in the background ends with the job; it saw an environment of four names."""
    found = contents(asked(unblob, "orphan"))
    assert found["environment"] == b"HOME,LC_ALL,PATH,TMPDIR"
    time.sleep(0.2)
    assert int(found["pid"]) not in {one for one, _ in _processes()}


def test_closing_ends_what_runs(scratch: Path) -> None:
    """Whoever kills the worker's parent ends the job as well."""
    script = (
        "import sys; sys.path.insert(0, sys.argv[1]); import tempfile; tempfile.tempdir = sys.argv[2]\n"
        "from fwverify.isolate.unblob import *; from tests.unit.isolate.test_unblob import *\n"
        "one = Unblob(Limits(last_resort_seconds=500), HOSTILE)\n"
        "print(one._ready().process.pid, flush=True)\n"
        "list(one.events(CONTAINER, artifact('sleep'), Budget(LIMITS)))\n"
    )
    run = subprocess.Popen([sys.executable, "-c", script, str(ROOT), str(scratch)], stdout=subprocess.PIPE)
    assert run.stdout is not None
    worker = int(run.stdout.readline())
    time.sleep(1)
    jobs = [one for one in _processes() if one[1] == worker]
    run.kill()
    run.communicate()
    time.sleep(1)
    left = {one[0] for one in _processes()}
    assert len(jobs) == 1
    assert not {worker, jobs[0][0]} & left


def _processes() -> list[tuple[int, int]]:
    """Number and parent of every living process."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[0] != "Z":
            found.append((int(stat.parent.name), int(fields[1])))
    return found


def test_worker_is_killed_from_outside(unblob: Unblob) -> None:
    """kill -9 of the worker costs the artifact it has; the next gets another worker."""
    asked(unblob, "good")
    worker = unblob._ready().process
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()
    with pytest.raises(Crashed, match="SIGKILL"):
        asked(unblob, "good")
    assert contents(asked(unblob, "good"))


def test_worker_cannot_start(scratch: Path) -> None:
    """Where the worker does not start, every artifact is a gap, and after some no more are started."""
    one = Unblob(Limits(max_lost_workers=2), (*HOSTILE[:-1], "stillborn"))
    for _ in range(3):
        with pytest.raises(Crashed, match="status 3"):
            list(one.events(CONTAINER, artifact("good"), Budget()))
    with pytest.raises(LimitExceeded, match="max_lost_workers"):
        list(one.events(CONTAINER, artifact("good"), Budget()))
    one.close()


def test_too_many_artifacts(scratch: Path) -> None:
    """It is asked so often in one run, then again in the next."""
    one = Unblob(Limits(max_last_resort=1), HOSTILE)
    first = Budget()
    list(one.events(CONTAINER, artifact("nothing"), first))
    with pytest.raises(LimitExceeded, match="max_last_resort"):
        list(one.events(CONTAINER, artifact("nothing"), first))
    list(one.events(CONTAINER, artifact("nothing"), Budget()))
    one.close()


def walked(unblob: Unblob, data: bytes) -> tuple[Walk, Node]:
    walk = Walk(Budget(LIMITS), Bench(InProcess(LIMITS), Here(), unblob), lambda _: None)
    walk.image(identified(Locator((Step("image.bin"),)), data))
    walk.finish()
    return walk, walk.images[0]


def test_in_the_walk(unblob: Unblob) -> None:
    """What comes out is examined like any other; the bytes it came from stay what they were: searched."""
    walk, image = walked(unblob, b"good\n" + ORDINARY)
    assert image.container is CONTAINER
    assert [str(one.locator) for one in descendants(image)] == [
        "image.bin", "image.bin!etc/hostname", "image.bin!zero", "image.bin!@0x0-0x1405",
    ]  # fmt: skip
    (span,) = walk.account(image).spans
    assert (span.opened, span.opened_bytes) == (Opened.SCANNED, 0)
    assert walk.gaps == []


def test_much_out_of_little(unblob: Unblob) -> None:
    """However much comes out and is examined, no byte of the artifact counts as examined for it."""
    walk, image = walked(unblob, b"much\n" + ORDINARY)
    inside = [walk.account(one) for one in descendants(image) if str(one.locator).startswith("image.bin!text")]
    assert sum(one.opened_bytes for one in inside) > 50 * image.size
    assert walk.account(image).opened_bytes == 0


@pytest.mark.parametrize(("order", "reason"), [("crash", GapReason.CRASHED), ("missing", GapReason.MISSING)])
def test_trouble_in_the_walk(unblob: Unblob, order: str, reason: GapReason) -> None:
    """A gap that names unblob; the artifact stays what it was, searched."""
    walk, image = walked(unblob, order.encode() + b"\n" + ORDINARY)
    assert [(one.reason, str(one.locator), one.by) for one in walk.gaps] == [(reason, "image.bin", "unblob")]
    assert image.container is None
    assert [one.opened for one in walk.account(image).spans] == [Opened.SCANNED]


@pytest.mark.parametrize(
    "data", [b"good\n" + bytes(range(32)) * 20, b"good\n" * 2000, bytes(8192), b"\x7fELF" + ORDINARY],
    ids=["small", "text", "fill", "executable"],
)  # fmt: skip
def test_not_asked(unblob: Unblob, data: bytes) -> None:
    """Small artifacts, text, fill and executables are not its business."""
    walked(unblob, data)
    assert unblob._asked == 0


def test_strengths() -> None:
    """Whatever holds in its worker, a run that may ask it is never `full`."""
    assert Bench(InProcess(mode="full"), Here(mode="full"), Unblob()).mode == "worker"
    assert Bench(InProcess(mode="full"), Here(mode="full")).mode == "full"


def test_report_is_checked() -> None:
    """Several chunks in one folder, ranges outside, and texts that are not printable are no report."""
    for text in (
        '{"carved":false,"chunks":[["a",0,1,false,[]],["b",1,2,false,[]]],"troubles":[]}',
        '{"carved":true,"chunks":[["a",0,11,false,[]]],"troubles":[]}',
        '{"carved":true,"chunks":[["a/b",0,1,false,[]]],"troubles":[]}',
        '{"carved":true,"chunks":[],"troubles":[["failed","\\u001b"]]}',
        '{"carved":true,"chunks":[],"troubles":[["other","x"]]}',
        "[" * 100_000,
        "",
    ):
        with pytest.raises(NotEvidence):
            unblob_report.decoded(text, 10)


def test_removing_follows_nothing(tmp_path: Path) -> None:
    """What a link in a removed folder points to stays."""
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "file").touch()
    (tmp_path / "gone" / "a" / "b").mkdir(parents=True)
    (tmp_path / "gone" / "a" / "link").symlink_to(tmp_path / "kept")
    assert output_tree.removed(tmp_path / "gone")
    assert [one.name for one in tmp_path.iterdir()] == ["kept"]
    assert (tmp_path / "kept" / "file").exists()
