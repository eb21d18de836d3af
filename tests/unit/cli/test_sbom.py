"""`fwverify sbom make`: a bill of materials of an image, without a verdict."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fwverify.cli import main

AT = ["--at", "2026-10-03T12:00:05Z", "--in-process"]


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "in" / "image.bin"
    path.parent.mkdir()
    path.write_bytes(b"\x01\x02 some firmware " * 64)
    return path


def test_make(image: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The file is written, says which image it is of, and is the same each time."""
    target = tmp_path / "image.cdx.json"
    assert main(["sbom", "make", str(image), "-o", str(target), *AT]) == 0
    data = json.loads(target.read_text())
    assert (data["bomFormat"], data["specVersion"]) == ("CycloneDX", "1.6")
    assert data["metadata"]["component"]["name"] == "image.bin"
    assert capsys.readouterr().out == ""
    assert main(["sbom", "make", str(image), *AT]) == 0
    assert capsys.readouterr().out == target.read_text()


def test_mistakes(image: Path, tmp_path: Path) -> None:
    """No such image, a target in the image's place, no such folder: usage errors, nothing written."""
    assert main(["sbom", "make", str(tmp_path / "none.bin")]) == 2
    assert main(["sbom", "make", str(image), "-o", str(image)]) == 2
    assert main(["sbom", "make", str(image), "-o", str(tmp_path / "none" / "x.json")]) == 2
