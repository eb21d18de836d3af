"""requirements/ pins what pyproject.toml asks for: by hash one gets everything, within its bounds."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)


def grouped(name: str) -> Iterator[str]:
    for one in PROJECT["dependency-groups"][name]:
        if isinstance(one, dict):
            yield from grouped(one["include-group"])
        else:
            yield one


@pytest.mark.parametrize(("file", "asked"), [
    ("runtime.txt", PROJECT["project"]["dependencies"]),
    ("dev.txt", [*PROJECT["project"]["dependencies"], *grouped("dev")]),
])  # fmt: skip
def test_pins_meet_what_is_asked(file: str, asked: list[str]) -> None:
    """Each dependency has a pin, and the pin lies within its bounds."""
    text = (ROOT / "requirements" / file).read_text()
    pins = {canonicalize_name(name): version for name, version in PIN.findall(text)}
    for one in map(Requirement, asked):
        assert one.specifier.contains(pins.get(canonicalize_name(one.name), "none"), prereleases=True), one


@pytest.mark.parametrize("file", ["runtime.txt", "dev.txt"])
def test_every_pin_has_hashes_and_no_index(file: str) -> None:
    """Installing needs no more trust than the hashes, and names no place of its own."""
    text = (ROOT / "requirements" / file).read_text()
    assert not re.search(r"^-", text, re.MULTILINE)
    for part in re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)[1:]:
        assert "--hash=sha256:" in part, part.splitlines()[0]
