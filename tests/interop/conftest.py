"""Fixtures of the tests that use other tools."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.interop.tools import found, need, need_module

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The system's Chromium, driven from outside; nothing is downloaded."""
    need("chromium")
    need_module("playwright", "axe_playwright_python", "pypdf")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as maker:
        made = maker.chromium.launch(executable_path=found("chromium"), args=["--no-sandbox"])
        yield made
        made.close()
