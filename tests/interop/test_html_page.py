"""The HTML page in the system's Chromium: layout, paper, keyboard, accessibility (axe-core), hostile texts, silence."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fwverify.model.verdict import Assessment
from fwverify.report.interface import Context
from fwverify.report.renderers import html_page
from tests.interop.chromium import narrow_texts, opened, violations, wide
from tests.interop.tools import need
from tests.unit.report.renderers.test_html_page import POISON, full, poisoned

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.interop
ROOT = Path(__file__).resolve().parents[2]
AT = "2026-11-22T00:00:00Z"
SAMPLES = {
    "acme-ups-3.1.0": "demo.yaml",
    "acme-ups-3.1.0-flipped": "demo.yaml",
    "bms-12s": "mcu.yaml",
    "norra-gw-2.1.0-expired": "norra.yaml",
}
"""A pass, a fail with gaps, nothing to compare with, certificates."""
FIRST_DETAIL = "What was checked, and what could not be"
"""Heading of the first section behind the summary."""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The pages of some samples, as the command line writes them."""
    folder = tmp_path_factory.mktemp("pages")
    out = {}
    for name, policy in SAMPLES.items():
        out[name] = folder / f"{name}.html"
        command = [
            sys.executable, "-m", "fwverify", "verify", str(ROOT / "samples" / name), "--at", AT, "--no-cache",
            "--policy", str(ROOT / "samples" / policy), "--keys", str(ROOT / "keys"), "--no-evidence",
            "--format", "html", "-o", str(out[name]), "-q",
        ]  # fmt: skip
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        assert done.returncode in (0, 1, 3), done.stderr
    return out


def test_facts_can_be_taken_out_by_hand(pages: dict[str, Path]) -> None:
    """The command that the page names gives the digest that the page names."""
    need("jq", "sed", "sha256sum")
    from fwverify.report.web.judged import DIGEST, EXTRACT

    for path in pages.values():
        line = " ".join((*EXTRACT, "|", *DIGEST)).replace("PAGE.html", str(path))
        said = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=True).stdout
        page = path.read_text()
        assert f"<pre>{said.strip()}</pre>" in page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("name", SAMPLES)
def test_layout_and_accessibility(browser: Browser, pages: dict[str, Path], name: str, width: int, scheme: str) -> None:
    """Never scrolls sideways, lists closed or open; no text one letter wide; axe-core finds nothing to tell."""
    options = {"viewport": {"width": width, "height": 800}, "color_scheme": scheme}
    with opened(browser, pages[name], **options) as page:
        assert not wide(page)
        page.locator("button[data-open-all]").click()
        assert page.locator("details:not([open])").count() == 0
        assert not wide(page)
        assert narrow_texts(page) == []
        assert violations(page) == []


@pytest.mark.parametrize("name", SAMPLES)
def test_summary_prints_on_two_sheets(browser: Browser, pages: dict[str, Path], name: str) -> None:
    """On A4 the details begin on the third sheet at the latest, on one of their own."""
    from pypdf import PdfReader

    with opened(browser, pages[name]) as page:
        paper = PdfReader(io.BytesIO(page.pdf(format="A4", prefer_css_page_size=True)))
    texts = [" ".join(one.extract_text().replace("\ufb01", "fi").split()) for one in paper.pages]
    first = next(at for at, text in enumerate(texts) if FIRST_DETAIL in text)
    assert first <= 2
    assert texts[first].startswith(FIRST_DETAIL)
    assert "Not proven" in " ".join(texts[:first]) and "SHA-256" in " ".join(texts[:first])
    box = paper.pages[0].mediabox
    assert (round(box.width), round(box.height)) == (595, 842)


def test_keyboard(browser: Browser, pages: dict[str, Path]) -> None:
    """Tab reaches every link, list, field and table; Enter opens a list; the first stop leads past the top."""
    with opened(browser, pages["acme-ups-3.1.0"]) as page:
        wanted = page.evaluate(
            "[...document.querySelectorAll('a,summary,input,select,button,[tabindex=\"0\"]')]"
            ".filter(one => one.checkVisibility()).length"
        )
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        page.evaluate("window.seen = new Set()")
        for _ in range(wanted):
            page.evaluate("window.seen.add(document.activeElement)")
            page.keyboard.press("Tab")
        assert page.evaluate("window.seen.size") == wanted
        line = page.locator("summary").first
        line.focus()
        before = page.locator("details[open]").count()
        page.keyboard.press("Enter")
        assert page.locator("details[open]").count() == before + 1


def test_filter(browser: Browser, pages: dict[str, Path]) -> None:
    """Words and a state leave the rows that fit, and how many is said."""
    with opened(browser, pages["acme-ups-3.1.0"]) as page:
        form = page.locator('form[data-table="components"]')
        rows = page.locator("#components tbody tr:not([hidden])")
        total = rows.count()
        form.locator("input").fill("SQL 3.40")
        assert rows.count() == 1
        assert form.locator("output").inner_text() == f"1 of {total} rows shown"
        form.locator("input").fill("")
        form.locator("select").select_option("same version")
        assert 0 < rows.count() < total


def test_reads_without_script(browser: Browser, pages: dict[str, Path]) -> None:
    """Without script every row is there, and nothing is offered that would not work."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(pages["acme-ups-3.1.0"].as_uri())
    assert page.locator("form").first.is_hidden() and page.locator("button").is_hidden()
    assert page.locator("#components tbody tr").first.is_visible()
    assert page.locator("h1").inner_text().startswith("PASS")
    context.close()


def evil(poison: str) -> Assessment:
    """Everything that is text replaced, in a page that has every section."""
    made = poisoned(full(), lambda: poison)
    assert isinstance(made, Assessment)
    return made


@pytest.mark.parametrize("number", range(len(POISON)))
def test_hostile_texts_do_nothing(browser: Browser, tmp_path: Path, number: int) -> None:
    """No dialog, no request, no message, no element, no scrolling sideways, whatever the texts are."""
    path, poison = tmp_path / "page.html", POISON[number]
    path.write_text(html_page.render(evil(poison), Context(command=poison, evidence_path=poison)))
    tame = tmp_path / "tame.html"
    tame.write_text(html_page.render(evil("tame"), Context(command="a", evidence_path="a")))
    count = "document.querySelectorAll('*').length"
    with opened(browser, tame) as page:
        elements = page.evaluate(count)
    with opened(browser, path, viewport={"width": 360, "height": 800}) as page:
        carried = page.evaluate("document.getElementById('data') ? 0 : 1")
        assert page.evaluate(count) + carried == elements
        assert not wide(page)
        assert page.locator("h1").is_visible()
