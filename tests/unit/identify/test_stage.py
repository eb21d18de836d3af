"""observe: how far bytes were read, and that a detector's failure costs that detector only."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from fwverify.content import identified
from fwverify.identify.interface import Detector, Found, Observed, Subject
from fwverify.identify.reading import ENCODED_RUN_CHARACTERS, as_text, encodes_data
from fwverify.identify.stage import InProcess, observe
from fwverify.limits import Limits
from fwverify.model.artifact import Artifact, Locator, Step
from fwverify.model.component import Clue
from fwverify.model.evidence import GapReason, Opened
from fwverify.model.examining import Malformed
from fwverify.model.plugin import Doc

VECTORS = Path(__file__).resolve().parents[2] / "vectors" / "detectors"
LIBRARY = (VECTORS / "elf-soname/valid/known/input").read_bytes()
IMAGE = (VECTORS / "pe-version-info/valid/known/input").read_bytes()
TE = (VECTORS / "pe-version-info/invalid/te/input").read_bytes()


def artifact(data: bytes, name: str = "bin/thing") -> Artifact:
    return identified(Locator((Step("image.bin"), Step(name, "cpio"))), data)


def looked(data: bytes, name: str = "bin/thing", *detectors: Detector) -> Observed:
    return observe(artifact(data, name), Limits(max_scan_events=10), detectors)


@pytest.mark.parametrize(
    ("data", "opened", "reader"),
    [
        (b"", Opened.EMPTY, ""),
        (bytes(1000), Opened.EMPTY, ""),
        (b"\xff" * 1000, Opened.EMPTY, ""),
        (LIBRARY, Opened.EXAMINED, "elf"),
        (LIBRARY[:-1], Opened.GAP, "elf"),
        (LIBRARY + b"payload", Opened.GAP, "elf"),
        (b"#!/bin/sh\necho gr\xc3\xbc\xc3\x9fe\n", Opened.EXAMINED, "text"),
        (b"text with a NUL\0", Opened.SCANNED, "scan"),
        (b"latin-1 gr\xfc\xdfe", Opened.SCANNED, "scan"),
        (bytes(range(256)) * 4, Opened.SCANNED, "scan"),
        (b"QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJz\n" * 200, Opened.SCANNED, "text"),
        (b"MZ" + bytes(58) + b"\x40\0\0\0PE\0\0", Opened.GAP, "pe"),
        (IMAGE, Opened.EXAMINED, "pe"),
        (IMAGE[:-1], Opened.GAP, "pe"),
        (IMAGE + b"payload", Opened.GAP, "pe"),
        (TE, Opened.EXAMINED, "pe"),
        (b"\xcf\xfa\xed\xfe\x07" + bytes(60), Opened.GAP, "mach-o"),
    ],
    ids=[
        "none",
        "00",
        "ff",
        "elf",
        "cut",
        "appended",
        "text",
        "nul",
        "latin-1",
        "data",
        "base64",
        "pe-head",
        "pe",
        "pe-cut",
        "pe-appended",
        "te",
        "mach-o",
    ],
)
def test_how_far(data: bytes, opened: Opened, reader: str) -> None:
    """Only what a reader understood whole is examined; every gap has a reason."""
    seen = looked(data)
    assert (seen.opened, seen.reader) == (opened, reader)
    assert bool(seen.gaps) == (opened is Opened.GAP)


def test_reasons_of_gaps() -> None:
    """Truncated is malformed, appended bytes are unexplained with their range, Mach-O is unsupported."""
    assert looked(LIBRARY[:-1]).gaps[0].reason is GapReason.MALFORMED
    gap = looked(LIBRARY + b"payload").gaps[0]
    assert gap.reason is GapReason.UNEXPLAINED
    assert gap.range is not None
    assert gap.range.size == 7
    assert looked(b"\xcf\xfa\xed\xfe\x07" + bytes(60)).gaps[0].reason is GapReason.UNSUPPORTED


def detector(name: str, count: int, fails: bool = False) -> Detector:
    def find(subject: Subject) -> Iterator[Found]:
        for at in reversed(range(count)):
            yield Clue(f"product-{at}", "", subject.artifact.locator, name, 60, "")
        if fails:
            raise Malformed("thing", "is broken", 3)

    return Detector(name, find, Doc(name))


def test_failure_of_one_detector() -> None:
    """What it found before it failed is kept, the failure is a gap, and the others go on; the answer is sorted."""
    seen = looked(b"some text", "a", detector("one", 2, fails=True), detector("two", 1))
    assert [(one.product, one.how) for one in seen.clues] == [
        ("product-0", "one"), ("product-0", "two"), ("product-1", "one"),
    ]  # fmt: skip
    assert [(one.by, one.reason) for one in seen.gaps] == [("one", GapReason.MALFORMED)]
    assert seen.opened is Opened.EXAMINED


def test_too_many_hits() -> None:
    """A detector that finds without end is stopped by a count, and said so."""
    seen = looked(b"some text", "a", detector("many", 11))
    assert len(seen.clues) == 10
    assert [one.reason for one in seen.gaps] == [GapReason.LIMIT]


def test_bugs_are_not_swallowed() -> None:
    """Any other exception is a bug of ours and reaches the caller."""

    def find(subject: Subject) -> Iterator[Found]:
        raise KeyError("bug")
        yield

    with pytest.raises(KeyError):
        looked(b"text", "a", Detector("bug", find, Doc("bug")))


def test_in_process_answers_each_once() -> None:
    """Every artifact submitted has one answer, given once."""
    examiner = InProcess(detectors=())
    for name in ("a", "b", "c"):
        examiner.submit(artifact(b"text", name))
    assert [locator.name for locator, _ in examiner.results()] == ["a", "b", "c"]
    assert list(examiner.results()) == []
    assert examiner.mode == "in-process"


def test_text_that_encodes_data() -> None:
    """Long runs of Base64 or hex records are not read text; certificates and prose are."""
    line = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJz"
    certificate = f"-----BEGIN CERTIFICATE-----\n{(line + chr(10)) * 30}-----END CERTIFICATE-----\n"
    assert not encodes_data(certificate * 40)
    assert not encodes_data("plain words and numbers 123\n" * 5000)
    assert encodes_data(f"{line}\n" * 200)
    assert encodes_data("data:x;base64," + "A" * ENCODED_RUN_CHARACTERS)
    assert encodes_data(":10000000" + "0C" * 17 + "\n" + (":10" + "0C" * 20 + "\n") * 300)
    indented = "".join(f"{' ' * 300}{line}\n" for _ in range(200))
    assert encodes_data(indented)
    assert encodes_data("words " * 3000 + f"{line}\n" * 200 + "words " * 3000)


def test_almost_encoded_text_is_read_in_linear_time() -> None:
    """Eight MiB of runs that are just too short take about as long to tell as eight MiB of words."""

    def seconds(text: str) -> float:
        started = time.process_time()
        assert not encodes_data(text)
        return time.process_time() - started

    short = "A" * (ENCODED_RUN_CHARACTERS - 1) + ". word "
    assert seconds(short * 1000) < 20 * seconds("several words " * 600_000) + 1


@pytest.mark.parametrize(
    "data",
    [b"", b"\0", b"a" * 5000 + b"\x01", b"\xc2\x9b[31m", b"\xff\xfea\0"],
    ids=["empty", "nul", "late", "c1", "utf-16"],
)
def test_not_text(data: bytes) -> None:
    """Control characters anywhere, C1 included, make it something else than text."""
    assert as_text(memoryview(data)) is None
