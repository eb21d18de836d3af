"""Files beside a single image: companions come along, other images are not read for them."""

from __future__ import annotations

from pathlib import Path

import pytest

from fwverify.ingest import files, stage
from fwverify.limits import DEFAULT_LIMITS, Limits
from fwverify.model.artifact import Artifact, Role

IMAGE = b"\x7fFW\0" + bytes(range(256)) * 16


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of what is read, in order."""
    names: list[str] = []
    real = files.read

    def recorded(path: Path, name: str, limits: Limits) -> Artifact:
        names.append(name)
        return real(path, name, limits)

    monkeypatch.setattr(files, "read", recorded)
    return names


def test_other_images_are_not_read(tmp_path: Path, read: list[str]) -> None:
    """Large and no text: an image of its own. What is small may be a signature, what is text an SBOM."""
    (tmp_path / "fw.bin").write_bytes(IMAGE)
    (tmp_path / "other.bin").write_bytes(IMAGE + bytes(stage.MAX_BINARY_BYTES))
    (tmp_path / "small.bin").write_bytes(IMAGE)
    (tmp_path / "long.txt").write_bytes(b"notes\n" * 200_000)
    (tmp_path / "wide.txt").write_bytes(("\ufeff" + "notes\n" * 200_000).encode("utf-16-le"))
    stage.ingest([tmp_path / "fw.bin"], DEFAULT_LIMITS)
    assert read == ["fw.bin", "long.txt", "small.bin", "wide.txt"]


def test_the_signature_of_another_image_is_not_ours(tmp_path: Path) -> None:
    """`fw.sig` beside `fw.bin` and `fw.img` may be of either, read or not."""
    (tmp_path / "fw.bin").write_bytes(IMAGE)
    (tmp_path / "fw.sig").write_bytes(b"\x30\x82" + bytes(254))
    alone = stage.ingest([tmp_path / "fw.bin"], DEFAULT_LIMITS).delivery
    assert [one.role for one in alone.files] == [Role.IMAGE, Role.SIGNATURE]
    (tmp_path / "fw.img").write_bytes(IMAGE + bytes(stage.MAX_BINARY_BYTES))
    both = stage.ingest([tmp_path / "fw.bin"], DEFAULT_LIMITS).delivery
    assert [one.role for one in both.files] == [Role.IMAGE]
