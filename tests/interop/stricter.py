"""A claim "the official tool accepts this, fwverify does not", shown: the tool's answer and ours over the same files.

Ours is the whole `verify` over a delivery with a registry that holds what is pinned and nothing else, under
tests/corpus/corpus-strict.yaml, run by tests/corpus.
"""

from __future__ import annotations

import json
import random
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.corpus.run import Result
from tests.corpus.run import run as judge
from tests.interop import tools

FIRMWARE = random.Random(20261122).randbytes(5000)
NAME = "fw.bin"
NO_SIGNATURE = "no signature and no checksum speaks of it"
"""Of a file that is no signature of any known form."""


@dataclass
class Bench:
    """A folder in which tools run."""

    folder: Path
    at: str = "2026-11-22T00:00:00Z"
    """Time of judgement."""
    _cases: Iterator[int] = field(default_factory=lambda: iter(range(1000)))

    def write(self, name: str, content: bytes) -> bytes:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return content

    def read(self, name: str) -> bytes:
        return (self.folder / name).read_bytes()

    def run(self, *command: object) -> bytes:
        """A maker; its standard output."""
        return tools.run(*command, cwd=self.folder)

    def tool_accepts(self, *command: object, says: str = "") -> None:
        """The official tool leaves with 0 and says these words, at one of three tries: swupdate's threads race at its
        end, and now and then it leaves with 1 after it has said that all went well."""
        parts = [str(one) for one in command]
        parts[0] = tools.found(parts[0]) or parts[0]
        for _ in range(3):
            done = subprocess.run(parts, cwd=self.folder, capture_output=True, timeout=120)
            said = (done.stdout + done.stderr).decode(errors="replace")
            if done.returncode == 0 and says in said:
                return
        pytest.fail(f"{parts}: exit status {done.returncode}, {said}")

    def judged(self, files: Mapping[str, bytes], keys: Mapping[str, bytes | list[bytes]], pins: Mapping[str, object],
               listed: bool) -> Result:  # fmt: skip
        """What `verify` makes of a delivery of these files; the first one is what it is about."""
        base = self.folder / f"case-{next(self._cases)}"
        for name, content in files.items():
            self.write(f"{base.name}/delivery/{name}", content)
        pinned = dict(pins)
        for name, given in keys.items():
            many = given if isinstance(given, list) else [given]
            pinned[name] = [f"keys/{name}-{number}" for number in range(len(many))]
            for path, content in zip(pinned[name], many, strict=True):  # type: ignore[call-overload]
                self.write(f"{base.name}/{path}", content)
        roles = ("artifact", *(f"file{number}" for number in range(1, len(files))))
        case = {
            "id": "case", "level": "should", "pinned": pinned,
            "files": {role: f"delivery/{name}" for role, name in zip(roles, files, strict=True)},
        }  # fmt: skip
        manifest = {"format": "checksums" if listed else "stricter", "cases": [case]}
        self.write(f"{base.name}/manifest.json", json.dumps(manifest).encode())
        (found,) = judge(base, self.at)
        return found

    def holds(self, files: Mapping[str, bytes], *, listed: bool = False, pins: Mapping[str, object] | None = None,
              **keys: bytes | list[bytes]) -> None:  # fmt: skip
        """fwverify passes it: what it refuses beside is not refused for want of a key."""
        found = self.judged(files, keys, pins or {}, listed)
        assert found.accepted, found

    def refused(self, files: Mapping[str, bytes], *, listed: bool = False, pins: Mapping[str, object] | None = None,
                because: str, **keys: bytes | list[bytes]) -> Result:  # fmt: skip
        """fwverify does not pass it, and says why in these words."""
        found = self.judged(files, keys, pins or {}, listed)
        assert not found.accepted, found
        assert found.decision in ("fail", "inconclusive"), found
        assert because in f"{found.status} {' '.join(found.rules)} {found.reason}", found
        return found
