"""The bench: one delivery through the real command line, and what must hold whatever was delivered."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Mapping
from pathlib import Path

import pytest

from fwverify.cli import main

from .deliveries import AT, ROOT, Answer, tree, write

ANYTHING_BUT_TEXT = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
"""Control characters except the line feed, bidirectional marks, half surrogates."""


class Bench:
    """Runs fwverify in an empty folder and looks at everything it left behind."""

    def __init__(self, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.root, self.capsys = root, capsys
        self.out = root / "out"
        self.inputs = root / "in"
        self.inputs.mkdir()

    def deliver(self, files: Mapping[str, bytes], name: str = "release") -> Path:
        """A delivery folder."""
        return write(self.inputs / name, files)

    def file(self, content: bytes, name: str = "fw.bin") -> Path:
        """A delivery of one file."""
        path = self.inputs / name
        path.write_bytes(content)
        return path

    def run(self, *arguments: str) -> tuple[int, str, str]:
        """Any command. No traceback, clean text, and nothing written but what lies in the output folder."""
        before = tree(self.root)
        status = main([*arguments])
        out, err = self.capsys.readouterr()
        changed = {name for name in {*before, *tree(self.root)} if before.get(name) != tree(self.root).get(name)}
        assert {name for name in changed if not name.startswith("out")} == set()
        assert "Traceback" not in err
        for text in (out, err):
            assert not ANYTHING_BUT_TEXT.search(text), repr(ANYTHING_BUT_TEXT.search(text))
        assert status in (0, 1, 2, 3), err
        return status, out, err

    def verify(
        self,
        delivery: Path | Mapping[str, bytes],
        *options: str,
        policy: str = str(ROOT / "samples/demo.yaml"),
        keys: Path | None = ROOT / "keys",
    ) -> Answer:
        """Verify one delivery, as the samples are, and read every form of the answer."""
        path = delivery if isinstance(delivery, Path) else self.deliver(delivery)
        trust = ("--keys", str(keys)) if keys is not None else ()
        kept = ("--out", str(self.out), "--evidence", str(self.out / "r.evidence.json"))
        for old in self.out.glob("*"):
            old.unlink()
        status, page, err = self.run(
            "verify", str(path), "--policy", policy, *trust, "--in-process", "--at", AT, *kept, *options
        )
        assert (status == 2) == bool(err), err
        report = self.out / "r.json"
        return Answer(status, page, err, json.loads(report.read_text()) if report.exists() else {})


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Bench:
    """A bench in an empty folder, with an empty configuration folder, where no socket can be made."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a socket was opened")

    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setattr(socket.socket, "__init__", refuse)
    return Bench(tmp_path, capsys)
