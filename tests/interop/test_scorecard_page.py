"""The scorecard in the system's Chromium: layout, paper, accessibility (axe-core), silence."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.interop.chromium import narrow_texts, opened, violations, wide

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.interop
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of the sample bidders, as the command line writes it."""
    path = tmp_path_factory.mktemp("card") / "scorecard.html"
    bidders = sorted(str(one) for one in (ROOT / "samples" / "rfp").iterdir() if one.is_dir())
    command = [sys.executable, "-m", "fwverify", "scorecard", *bidders, "--at", "2026-11-22T12:00:00Z", "-o", str(path)]
    done = subprocess.run([*command, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1, done.stderr
    return path


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 500, 1280])
def test_layout_and_accessibility(browser: Browser, card: Path, width: int, scheme: str) -> None:
    """Never scrolls sideways, no text one letter wide; axe-core finds nothing to tell, contrast included."""
    with opened(browser, card, viewport={"width": width, "height": 800}, color_scheme=scheme) as page:
        assert not wide(page)
        assert narrow_texts(page) == []
        assert violations(page) == []


def test_overview_fits_a_desk(browser: Browser, card: Path) -> None:
    """The table of all bidders is seen whole on a desk's screen, without scrolling within it."""
    with opened(browser, card, viewport={"width": 1280, "height": 800}) as page:
        box = "document.getElementById('overview').parentElement"
        assert page.evaluate(f"{box}.scrollWidth <= {box}.clientWidth")


def test_overview_fits_paper(browser: Browser, card: Path) -> None:
    """On A4 between its margins (182 mm) the table of all bidders is not cut and the page is not shrunk for it."""
    with opened(browser, card, viewport={"width": 688, "height": 1000}) as page:
        page.emulate_media(media="print")
        assert not wide(page)
        assert page.evaluate("document.getElementById('overview').getBoundingClientRect().width <= 688")


def test_prints(browser: Browser, card: Path) -> None:
    """On A4 the first sheet holds every bidder, what keeps one out, and what the page does not say."""
    pypdf = pytest.importorskip("pypdf")
    with opened(browser, card) as page:
        paper = pypdf.PdfReader(io.BytesIO(page.pdf(format="A4", prefer_css_page_size=True)))
    first = " ".join(paper.pages[0].extract_text().replace("\ufb01", "fi").split())
    for words in ("norra", "lumen", "kestrel", "orbit", "sealed", "OUT", "Gate not met", "not a statement about any"):
        assert words in first
    assert all(f"{name}: " not in first for name in ("norra", "sealed"))
