"""Every file of the containers, hostile and images cases: opened, or refused with a stated reason; nothing outside."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from fwverify import pipeline
from fwverify.errors import IngestError
from fwverify.isolate.bench import workers
from fwverify.limits import Limits
from fwverify.model.evidence import Evidence, Opened
from fwverify.worklist import Bench

pytestmark = pytest.mark.corpus

CASES = Path(os.environ.get("FWVERIFY_CASES", "")) if os.environ.get("FWVERIFY_CASES") else None
FOLDERS = ("containers", "hostile", "images")
FILES = [
    path for folder in FOLDERS for path in sorted((CASES / folder).rglob("*")) if path.is_file() and path.stat().st_size
] if CASES else []  # fmt: skip
LIMITS = Limits(max_seconds=120)


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    with workers(LIMITS) as one:
        yield one


def name(path: Path) -> str:
    return str(path.relative_to(CASES)) if CASES else path.name


@pytest.mark.skipif(CASES is None, reason="FWVERIFY_CASES is not set")
@pytest.mark.parametrize("path", FILES, ids=name)
def test_opened_or_refused(path: Path, bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every byte has an answer, whatever could not be read a reason, and no file appears anywhere."""
    monkeypatch.chdir(tmp_path)
    try:
        evidence = pipeline.facts([path], at="2026-11-22T00:00:00Z", limits=LIMITS, bench=bench)
    except IngestError as refused:  # keys and SBOMs lie among the images
        assert "it is no firmware (" in str(refused)
        return
    assert list(tmp_path.iterdir()) == []
    assert explained(evidence) == []
    assert all(one.detail and one.by for one in evidence.gaps)


def explained(evidence: Evidence) -> list[str]:
    """What has no answer: spans that do not add up, bytes not examined without a gap at their owner or around it."""
    wrong = []
    sizes = {one.locator: one.size for one in evidence.images()}
    told = {one.locator for one in evidence.gaps}
    for locator, spans in evidence.ledger.spans:
        if sum(one.range.size for one in spans) != sizes[locator]:
            wrong.append(f"{locator}: its spans do not add up")
        at = 0
        for one in spans:
            if one.range.start != at:
                wrong.append(f"{locator}: a hole or overlap at {at}")
            at = one.range.end
            lies_in = any(one.owner.within(place) or place.within(one.owner) for place in told)
            if one.opened is Opened.GAP and not lies_in:
                wrong.append(f"{one.owner}: not examined, and no gap says why")
    return wrong
