"""Files at once or not at all, and never into the delivery."""

from __future__ import annotations

from pathlib import Path

import pytest

from fwverify.cli import output
from fwverify.errors import UsageError


def test_write_whole_replaces_and_leaves_nothing(here: Path) -> None:
    """The file has the new content; no part of it stays under another name."""
    target = here / "x.json"
    target.write_text("old")
    output.write_whole(target, b"new", "-o")
    assert target.read_bytes() == b"new"
    assert [one.name for one in here.iterdir()] == ["x.json"]


def test_failed_write_keeps_the_old_file(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error half way through leaves the old file and no fragment."""
    target = here / "x.json"
    target.write_text("old")

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(output.os, "fsync", full)
    with pytest.raises(UsageError, match="no space left on device"):
        output.write_whole(target, b"new", "-o")
    assert target.read_text() == "old"
    assert [one.name for one in here.iterdir()] == ["x.json"]


def test_interrupted_write_leaves_no_fragment(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C while writing."""

    def stop(handle: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(output.os, "fsync", stop)
    with pytest.raises(KeyboardInterrupt):
        output.write_whole(here / "x.json", b"new", "-o")
    assert list(here.iterdir()) == []


def test_unwritable_place_is_a_clear_mistake(here: Path) -> None:
    """A missing folder and a folder as target, each named with the way out."""
    with pytest.raises(UsageError, match="no such folder"):
        output.check_target(here / "no" / "x.json", [], "--evidence")
    with pytest.raises(UsageError, match="this is a folder") as caught:
        output.check_target(here, [], "--evidence")
    assert "--no-evidence" in str(caught.value)


def test_never_into_the_delivery(here: Path) -> None:
    """Neither into its folder, however deep or linked, nor over its file."""
    delivery = here / "delivery"
    (delivery / "sub").mkdir(parents=True)
    (here / "link").symlink_to(delivery)
    image = here / "image.bin"
    image.write_bytes(b"x")
    for target in (delivery / "x.json", delivery / "sub" / "x.json", here / "link" / "x.json", image):
        with pytest.raises(UsageError, match="would be written into the delivery"):
            output.check_target(target, [delivery, image], "--evidence")
    assert output.check_target(here / "x.json", [delivery, image], "--evidence") == here / "x.json"


@pytest.mark.parametrize(
    ("name", "folder", "expected"),
    [
        ("acme-ups-3.1.0", True, "acme-ups-3.1.0.evidence.json"),
        ("12s7p.bin", False, "12s7p.evidence.json"),
        ("fw-3.1.0", False, "fw-3.1.0.evidence.json"),
        ("fw.tar.gz", False, "fw.evidence.json"),
        (".hidden", False, ".hidden.evidence.json"),
    ],
)
def test_evidence_is_named_after_the_delivery(here: Path, name: str, folder: bool, expected: str) -> None:
    """Versions are no suffixes."""
    path = here / name
    path.mkdir() if folder else path.write_bytes(b"x")
    assert output.evidence_name(path) == expected


def test_progress_is_silent_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is written where standard error is no terminal."""
    with output.Progress() as progress:
        progress("reading the delivery")
    assert capsys.readouterr().err == ""


def test_progress_cleans_up_and_is_harmless(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a terminal: one line, rewritten, gone at the end; names in it cannot do anything."""
    monkeypatch.setattr(output.sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    with output.Progress() as progress:
        progress("looking at \x1b[2J\n")
    err = capsys.readouterr().err
    assert err == "\r\x1b[Klooking at \\x1b[2J\\x0a\r\x1b[K"
