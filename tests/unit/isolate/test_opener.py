"""The opener: a reader that dies, hangs, swells or lies costs the artifact it was reading, and nothing else."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from fwverify.content import identified
from fwverify.identify.stage import InProcess
from fwverify.isolate.opener import Opener
from fwverify.limits import MIB, Budget, LimitExceeded, Limits
from fwverify.model.artifact import Artifact, Locator, Step
from fwverify.model.evidence import GapReason, Opened
from fwverify.model.examining import Crashed, Encrypted, Malformed, Unsupported
from fwverify.model.plugin import Doc
from fwverify.unpack.interface import Container, Event, Member
from fwverify.unpack.registry import BUILTIN
from fwverify.unpack.stage import recognise
from fwverify.worklist import Bench, Node, Walk, descendants
from tests.contract.vectors import Vector, vectors

ROOT = Path(__file__).resolve().parents[3]
HOSTILE = (sys.executable, "-s", "-P", str(Path(__file__).with_name("hostile_worker.py")), str(ROOT), "obey")
LIMITS = Limits(unpack_seconds=4, unpack_memory_bytes=512 * MIB)
BOX = Container("box", lambda _: False, lambda *_: iter(()), Doc("the worker's own"))
VECTORS = [one for one in vectors("containers") if one.kind == "valid"]


def artifact(data: bytes, name: str = "image.bin") -> Artifact:
    return identified(Locator((Step(name),)), data)


@pytest.fixture
def opener() -> Iterator[Opener]:
    """An opener with the worker that does as it is told."""
    one = Opener(LIMITS, HOSTILE, (BOX,))
    yield one
    one.close()


def walked(opener: Opener, *lines: str) -> tuple[Walk, Node]:
    """Open a box with one order on each line."""
    walk = Walk(Budget(LIMITS), Bench(InProcess(LIMITS), opener), lambda _: None)
    walk.image(artifact(("box\n" + "\n".join(lines) + "\n").encode()))
    walk.finish()
    return walk, walk.images[0]


def names(node: Node) -> list[str]:
    """Members in order; unclaimed bytes of the boxes themselves aside."""
    return [one.locator.name for one in descendants(node) if "@" not in one.locator.name]


@pytest.mark.parametrize(
    ("order", "reason", "words"),
    [
        ("die", GapReason.CRASHED, "SIGKILL"),
        ("segfault", GapReason.CRASHED, "SIGSEGV"),
        ("loop", GapReason.LIMIT, "unpack_seconds"),
        ("sleep", GapReason.LIMIT, "unpack_seconds"),
        ("allocate", GapReason.LIMIT, "unpack_memory_bytes"),
        ("bug", GapReason.CRASHED, "KeyError"),
        ("leave", GapReason.CRASHED, "status 0"),
        ("start", GapReason.CRASHED, "PermissionError"),
        ("fork", GapReason.CRASHED, "PermissionError"),
        ("connect", GapReason.CRASHED, "PermissionError"),
        ("read", GapReason.CRASHED, "PermissionError"),
        ("kill", GapReason.CRASHED, "PermissionError"),
        ("outside", GapReason.CRASHED, "outside the artifact"),
    ],
)
def test_trouble_costs_one_artifact(opener: Opener, order: str, reason: GapReason, words: str) -> None:
    """A box among others whose reader misbehaves is a gap with the reason; the boxes around and behind it are read."""
    walk, image = walked(opener, "a", f"box:b,{order},c", "box:d,e", "f")
    assert [(one.reason, str(one.locator), one.by) for one in walk.gaps] == [(reason, "image.bin!1", "box")]
    assert words in walk.gaps[0].detail
    assert names(image) == ["image.bin", "0", "1", "2", "0", "1", "3"]


def test_lost_while_looking(opener: Opener) -> None:
    """Trouble while a member is only looked at is the container's whose member it is; an image of its own is a gap."""
    walk = Walk(Budget(LIMITS), Bench(InProcess(LIMITS), opener), lambda _: None)
    walk.image(artifact(b"recognise die\n"))
    walk.image(artifact(b"box\nfine\n", "second.bin"))
    walk.finish()
    assert [(str(one.locator), one.by) for one in walk.gaps] == [("image.bin", "isolate")]
    assert walk.account(walk.images[0]).spans[0].opened is Opened.GAP
    assert names(walk.images[1]) == ["second.bin", "0"]


def test_killed_from_outside_while_idle(opener: Opener) -> None:
    """kill -9 between two questions: the session is begun again and no event is missing or comes twice."""
    data = ("box\n" + "".join(f"line {one}\n" for one in range(2000))).encode()
    image = artifact(data)
    container, others = opener.recognise(image, Budget(LIMITS))
    assert container is not None
    assert others == ()
    seen = []
    for event in opener.events(container, image, Budget(LIMITS)):
        seen.append(event)
        if len(seen) in (5, 600, 1999) and opener._worker is not None:
            os.kill(opener._worker.process.pid, signal.SIGKILL)
            opener._worker.process.wait()
    assert [one.name for one in seen if isinstance(one, Member)] == [str(one) for one in range(2000)]


def test_too_many_losses() -> None:
    """After so many lost workers the rest is a gap that names the limit."""
    limits = Limits(max_lost_workers=2)
    one = Opener(limits, HOSTILE, (BOX,))
    walk = Walk(Budget(limits), Bench(InProcess(limits), one), lambda _: None)
    walk.image(artifact(("box\n" + "box:die\n" * 8).encode()))
    one.close()
    assert [gap.reason for gap in walk.gaps][:3] == [GapReason.CRASHED] * 3
    assert "max_lost_workers" in walk.gaps[3].detail


def test_scratch_folder_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the worker wrote is gone when the opener closes, also when it was killed."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    one = Opener(LIMITS, HOSTILE, (BOX,))
    one.recognise(artifact(b"box\n"), Budget(LIMITS))
    assert list(tmp_path.iterdir())
    one.close()
    assert not list(tmp_path.iterdir())


def here(data: bytes, limits: Limits) -> tuple[str, list[Event], str]:
    """Events and the end, read in this process."""
    container, _ = recognise(artifact(data))
    assert container is not None
    return container.name, *ended(container.unpack(artifact(data), Budget(limits)))


def ended(events: Iterator[Event]) -> tuple[list[Event], str]:
    out = []
    try:
        out.extend(events)
    except (Malformed, Unsupported, Encrypted, LimitExceeded, Crashed) as problem:
        return out, repr(problem)
    return out, ""


def plain(events: Sequence[Event]) -> list[object]:
    """Events without what a worker adds, contents by value."""
    return [
        (one.name, one.kind, one.ranges, one.target, one.mode, None if one.content is None else bytes(one.content))
        if isinstance(one, Member) else one
        for one in events
    ]  # fmt: skip


@pytest.fixture(scope="module")
def real() -> Iterator[Opener]:
    one = Opener(Limits())
    yield one
    one.close()


@pytest.mark.parametrize("vector", VECTORS, ids=lambda one: one.id)
def test_same_events_as_here(vector: Vector, real: Opener) -> None:
    """Every reader of the registry gives the same events and members from a worker as in this process."""
    budget = Budget()
    container, _ = real.recognise(artifact(vector.data), budget)
    assert container is not None
    events, problem = ended(real.events(container, artifact(vector.data), budget))
    assert (container.name, plain(events), problem) == (lambda found: (found[0], plain(found[1]), found[2]))(
        here(vector.data, Limits())
    )
    assert real.mode == "full"
    for one in events:
        if isinstance(one, Member) and one.recognised is not None:
            place = Locator((Step("image.bin"), Step(one.name, container.name)))
            looked = recognise(identified(place, bytes(one.content or b"")))[0]
            assert one.recognised[:1] == (() if looked is None else (looked.name,))


def test_registry_names_are_unique() -> None:
    """A container is known by its name across processes."""
    assert len({one.name for one in BUILTIN}) == len(BUILTIN)
