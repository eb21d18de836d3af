"""The map of an image and the tree of `inspect`: complete, harmless, one file."""

from __future__ import annotations

import html.parser
import re
from pathlib import Path

import pytest

from fwverify import pipeline
from fwverify.formats.entropy import curve, sampled
from fwverify.model.evidence import Evidence
from fwverify.model.survey import Survey
from fwverify.report.contents import bar, contents_page
from fwverify.report.image_map import map_page
from fwverify.unpack.survey import look_into

ROOT = Path(__file__).resolve().parents[3]
EVIL = '<script>"&\x1b[2J'


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> tuple[Evidence, Survey]:
    """A cpio archive with hostile names, noise that nobody can explain and an empty stretch."""
    import io
    import tarfile

    folder = tmp_path_factory.mktemp("map")
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, data in ((EVIL, b"text\n"), ("noise", bytes(one * one % 251 for one in range(9000)))):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    image = folder / "image.img"
    image.write_bytes(out.getvalue())
    survey = Survey()
    evidence = pipeline.facts([folder], at="2026-11-22T00:00:00Z", look=lambda artifact: look_into(survey, artifact))
    return evidence, survey


def test_entropy() -> None:
    """Fill has none, noise nearly eight bits, text between; a curve has as many points as asked for or as fit."""
    noise = memoryview(b"".join(bytes((one * 7919 >> shift) & 255 for one in range(4096)) for shift in range(8)))
    assert sampled(memoryview(bytes(10_000))) == 0
    assert sampled(memoryview(b"")) == 0
    assert 200 < sampled(memoryview(b"the same line\n" * 900)) < 400
    assert sampled(noise) > 700
    assert len(curve(noise, 16)) == 16
    assert len(curve(memoryview(bytes(100)), 16)) == 1


def test_bar() -> None:
    """Full only when all is there, empty only when nothing is."""
    assert (bar(0, 9), bar(9, 9), bar(1, 10**9), bar(10**9 - 1, 10**9)) == (
        "." * 10, "#" * 10, "#" + "." * 9, "#" * 9 + "."
    )  # fmt: skip


def test_tree(seen: tuple[Evidence, Survey]) -> None:
    """Every artifact with offset, size, entropy and bar; what nobody could explain with its first bytes; 80 columns."""
    page = contents_page(seen[0], 80, 0, seen[1])
    assert all(len(line) <= 80 for line in page.splitlines())
    assert "\x1b" not in page
    row = next(line for line in page.splitlines() if "noise" in line)
    assert re.match(r" +0x[0-9a-f]+ +9,000 +[0-9.]+ [#.]{10} ", row)
    assert "1 part nobody could explain, 9,000 bytes" in page
    assert "begins 00 01 04 09" in " ".join(page.split())


class Reader(html.parser.HTMLParser):
    """Collects tags and references."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.references: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.references.extend(value or "" for name, value in attrs if name in ("href", "src", "xlink:href", "data"))


def test_map(seen: tuple[Evidence, Survey]) -> None:
    """No script, nothing fetched, names escaped, every stretch of the ledger drawn and listed."""
    evidence, survey = seen
    page = map_page(evidence, survey)
    reader = Reader()
    reader.feed(page)
    assert "script" not in reader.tags
    assert reader.references == []
    assert "<script" not in page
    assert "script" in page  # the name itself is there, harmless
    assert "\x1b" not in page
    spans = [one for _, spans in evidence.ledger.spans for one in spans]
    assert page.count("<tr><td") == len(spans)
    assert all(f"{one.range.start:#x}" in page for one in spans)
    assert "polyline" in reader.tags
