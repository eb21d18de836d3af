"""Shared by all tests: no network, and where optional material lies."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that opens a network connection fails (local sockets between processes stay possible)."""

    def refuse(self: socket.socket, address: object) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            raise AssertionError(f"a test connected to {address}")
        return original(self, address)  # type: ignore[arg-type]

    original = socket.socket.connect
    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.fixture(autouse=True)
def no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test finds everything out by itself; those of the cache name a folder."""
    monkeypatch.setenv("FWVERIFY_CACHE", "off")


@pytest.fixture
def cases() -> Path:
    """Real test material that is not part of the project (see CONTRIBUTING.md)."""
    folder = os.environ.get("FWVERIFY_CASES")
    if not folder or not Path(folder).is_dir():
        pytest.skip("FWVERIFY_CASES names no folder of test material")
    return Path(folder)
