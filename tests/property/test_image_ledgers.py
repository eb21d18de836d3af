"""The byte ledger of real bytes: every sample and every valid vector, also cut, changed and with more behind it.

Spans are contiguous, do not overlap, cover exactly the image, and count no more than they have; bytes that nobody
claimed or looked into are never called examined.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from fwverify import pipeline
from fwverify.model.artifact import Locator
from fwverify.model.evidence import ArtifactRecord, Evidence, LedgerSpan, Opened
from tests.contract.vectors import Vector, vectors

ROOT = Path(__file__).resolve().parents[2]
IMAGES = sorted(one for one in (ROOT / "samples").glob("*/*") if one.suffix in (".itb", ".bin", ".squashfs", ".raucb"))
VECTORS = [one for one in vectors("containers") if one.kind == "valid"]
NOISE = random.Random(1).randbytes(700)
READ = {Opened.EXAMINED, Opened.STRUCTURE, Opened.EMPTY}


def seen(folder: Path, data: bytes, name: str = "image.bin") -> Evidence:
    (folder / name).write_bytes(data)
    return pipeline.facts([folder / name], at="2026-11-23T00:00:00Z")


def held_together(evidence: Evidence) -> None:
    """All that must be true of a ledger, whatever the image is."""
    records = {one.locator: one for one in evidence.artifacts}
    images = evidence.images()
    assert [place for place, _ in evidence.ledger.spans] == sorted(one.locator for one in images)
    for place, spans in evidence.ledger.spans:
        _whole(spans, records[place].size)
        _agrees(spans, records[place])
        for one in spans:
            _span(one, records)


def _whole(spans: tuple[LedgerSpan, ...], size: int) -> None:
    borders = [0, *(one.range.end for one in spans)]
    assert [one.range.start for one in spans] == borders[:-1] and borders[-1] == size
    assert all(one.range.size > 0 for one in spans)


def _agrees(spans: tuple[LedgerSpan, ...], image: ArtifactRecord) -> None:
    assert sum(one.opened_bytes for one in spans) == image.opened_bytes <= image.size
    assert sum(one.range.size for one in spans if one.opened is Opened.EMPTY) == image.empty_bytes


def _span(one: LedgerSpan, records: dict[Locator, ArtifactRecord]) -> None:
    assert 0 <= one.opened_bytes <= one.range.size
    if one.opened in READ:
        assert one.reader or one.opened is Opened.EMPTY, one
    else:
        assert one.opened_bytes < one.range.size, one
    owner = records[one.owner]
    if one.opened is Opened.EXAMINED and not owner.format_title:
        assert owner.opened in READ, one
    if one.opened is Opened.GAP and not one.reader:
        assert one.opened_bytes == 0, one


@pytest.mark.parametrize("image", IMAGES, ids=lambda one: str(one.relative_to(ROOT / "samples")))
def test_samples(image: Path, tmp_path: Path) -> None:
    """Every image of every sample."""
    held_together(seen(tmp_path, image.read_bytes(), image.name))


@pytest.mark.parametrize("vector", VECTORS, ids=lambda one: one.id)
def test_vectors(vector: Vector, tmp_path: Path) -> None:
    """Every valid vector with noise behind it, which nobody knows: searched at best, or told."""
    data, at = vector.data + NOISE, len(vector.data)
    evidence = seen(tmp_path, data)
    held_together(evidence)
    spans = [one for _, own in evidence.ledger.spans for one in own]
    assert not [one for one in spans if one.range.end > at and one.opened_bytes == one.range.size]


@pytest.mark.slow
@pytest.mark.parametrize("vector", VECTORS, ids=lambda one: one.id)
def test_changed_vectors(vector: Vector, tmp_path: Path) -> None:
    """Every valid vector as it is, cut in the middle, and with noise in it."""
    data = vector.data
    middle = len(data) // 2
    changed = data[:middle] + NOISE[: len(data) - middle] + data[middle + len(NOISE) :]
    for one in (data, data[:middle], changed):
        if one:
            held_together(seen(tmp_path, one))
