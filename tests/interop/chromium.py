"""A page in the browser, and what is asked of every page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@contextmanager
def opened(browser: Browser, path: Path, **options: object) -> Iterator[Page]:
    """The page in a window of its own; at the end: no message, no error, no dialog, no request for anything else."""
    noise: list[str] = []
    page = browser.new_page(**options)  # type: ignore[arg-type]
    page.on("console", lambda one: noise.append(one.text))
    page.on("pageerror", lambda one: noise.append(str(one)))
    page.on("dialog", lambda one: noise.append(one.message))
    page.on("request", lambda one: noise.append(one.url) if one.url != path.as_uri() else None)
    page.goto(path.as_uri())
    yield page
    page.close()
    assert noise == []


def wide(page: Page) -> bool:
    """The page scrolls sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


def violations(page: Page) -> list[tuple[str, str]]:
    """What axe-core has to say: the rule, the first element."""
    from axe_playwright_python.sync_playwright import Axe

    told = Axe().run(page).response["violations"]
    return [(one["id"], one["nodes"][0]["html"][:200]) for one in told]


def narrow_texts(page: Page) -> list[str]:
    """Texts that stand one letter above the other: boxes narrower than three letters and many lines high."""
    return list(
        page.evaluate(
            "[...document.querySelectorAll('p,li,dd,dt,td,th,caption,summary,small,span,pre,h1,h2,h3')]"
            ".filter(one => one.checkVisibility() && one.textContent.trim().length > 8"
            " && getComputedStyle(one).position !== 'absolute')"
            ".filter(one => { const box = one.getBoundingClientRect(); return box.width < 30 && box.height > 100; })"
            ".map(one => one.textContent.trim().slice(0, 60))"
        )
    )
