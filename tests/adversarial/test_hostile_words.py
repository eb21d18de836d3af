"""Names of files and the operator's own words: whatever is in them, the answer is one, and no output acts on it."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

import pytest

from fwverify.cli import main

AT = ("--at", "2026-11-22T00:00:00Z")
NAMES = [b"\xff", b"\x1b[31mred\x07", "\u202egpj.exe\u200b".encode(), b"=HYPERLINK(1)", b"::error file=a::b",
         b"<script>alert(1)</script>".replace(b"/", b"_"), b"a\nb", b"n" * 240]  # fmt: skip
WORDS = ["\udcff", "\x1b[31m", "a\nb", "\u202egpj", "\x00", "n" * 201]
Capture = pytest.CaptureFixture[str]


@pytest.fixture(params=NAMES, ids=repr)
def odd(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one file of such a name."""
    folder = tmp_path / "delivery"
    folder.mkdir()
    (folder / os.fsdecode(request.param)).write_bytes(b"firmware of some kind")
    monkeypatch.chdir(tmp_path)
    return folder


def harmless(capsys: Capture) -> None:
    """Nothing that a terminal, a table or a pipeline's log would act on."""
    out, err = capsys.readouterr()
    for text in (out, err):
        odd = {one for one in text if one != "\n" and unicodedata.category(one) in ("Cc", "Cf", "Cs", "Zl", "Zp")}
        assert not odd
        assert not [line for line in text.splitlines() if line.startswith(("::", "=", "##["))]


@pytest.mark.parametrize("how", ["file", "two files", "folder", "batch"])
def test_names_of_delivered_files(odd: Path, how: str, capsys: Capture) -> None:
    """A file under any name that a file system takes is judged: named itself, with another, in a folder, in a batch."""
    (path,) = odd.iterdir()
    other = odd.parent / "other.bin"
    other.write_bytes(b"another file")
    arguments = {
        "file": ["verify", str(path)], "two files": ["verify", str(other), str(path)], "folder": ["verify", str(odd)],
        "batch": ["batch", str(odd), "--json"],
    }[how]  # fmt: skip
    more = [] if how == "batch" else ["--no-evidence"]
    assert main([*arguments, *more, *AT, "--in-process", "--no-cache"]) == 3
    harmless(capsys)


def test_names_of_bidders(odd: Path, capsys: Capture) -> None:
    """A bidder chooses names of files, and may have chosen that of his folder."""
    (path,) = odd.iterdir()
    bidder = odd.parent / "bidder"
    for part in ("firmware", "signing", "advisories"):
        (bidder / part).mkdir(parents=True)
        (bidder / part / path.name).write_bytes(path.read_bytes())
    common = [*AT, "--in-process", "--no-cache", "-vv", "--csv", str(odd.parent / "table.csv")]
    assert main(["scorecard", str(bidder), *common]) == 1
    harmless(capsys)
    bidder.rename(odd.parent / path.name)
    plain = path.name.isprintable() and path.name[0].isalnum()
    assert main(["scorecard", str(odd.parent / path.name), *common]) == (1 if plain else 2)
    harmless(capsys)


@pytest.mark.parametrize("words", WORDS, ids=ascii)
@pytest.mark.parametrize(
    "option", ["--change", "--requested-by", "--approved-by", "--going-back", "--channel", "--device", "--installed"]
)
def test_words_of_the_operator(tmp_path: Path, option: str, words: str, capsys: Capture) -> None:
    """What stands on pages and in records is one printable line; anything else is a slip, told before any work."""
    image = tmp_path / "fw.bin"
    image.write_bytes(b"firmware")
    more = ["--sha256", "0" * 64] if option == "--channel" else []
    value = f"name={words}" if option == "--device" else f"1{words}"
    assert main(["verify", str(image), "--no-evidence", *AT, *more, option, value, "--in-process"]) == 2
    harmless(capsys)


@pytest.mark.parametrize("words", WORDS, ids=ascii)
def test_words_of_records(tmp_path: Path, words: str, capsys: Capture) -> None:
    """Of a checklist and of a baseline."""
    evidence = tmp_path / "x.evidence.json"
    (tmp_path / "fw.bin").write_bytes(b"firmware")
    main(["verify", str(tmp_path / "fw.bin"), "--evidence", str(evidence), *AT, "--in-process", "-q"])
    assert main(["checklist", "new", "--change", words]) == 2
    common = ["baseline", "set", "U-1", "--from", str(evidence), "--baselines", str(tmp_path), *AT]
    assert main([*common, "--by", words]) == 2
    assert main([*common, "--by", "M. Lee", "--in-spite", words]) == 2
    harmless(capsys)


@pytest.mark.parametrize(("option", "status"), [(("--product", "pdu"), 2), (("--vendor", "volta"), 2), ((), 3)])
def test_baselines_of_others(tmp_path: Path, option: tuple[str, ...], status: int, capsys: Capture) -> None:
    """What was approved for another vendor or product is refused, as evidence and as a baseline."""
    evidence, image = tmp_path / "x.evidence.json", tmp_path / "fw.bin"
    image.write_bytes(b"firmware")
    common = ["verify", str(image), "--vendor", "acme", "--product", "ups", *AT, "--in-process", "-q"]
    assert main([*common, "--evidence", str(evidence)]) == 3
    made = ["baseline", "set", "U-1", "--from", str(evidence), "--baselines", str(tmp_path), "--by", "M", *AT]
    assert main([*made, "--in-spite", "a test"]) == 0
    for one in (evidence, tmp_path / "U-1.baseline.json"):
        assert main([*common, *option, "--no-evidence", "--baseline", str(one)]) == status
    assert ("not of" in capsys.readouterr().err) is bool(option)
