"""The walk-throughs of docs/walkthroughs: every command in them is run, and what it printed stands below it.

    python -m tests.walkthroughs [NAME ...]     # run them and write the transcripts anew
    python -m tests.walkthroughs --check        # say where a transcript is no longer what is printed

A block that begins with three backquotes and `console` is a transcript: lines after `$ ` are commands (a line that
ends with a backslash goes on in the next, after `> `), what follows is their output. A block that begins with three
backquotes, a language and a path is a file, written there before the commands that follow it. All commands of one
file run in one folder that holds copies of samples/, keys/, policies/ and ci/, with a home of its own, 80 columns and
no colour. Digests of evidence depend on the versions of libraries, keys and
times in a log on the day: a comparison looks past them.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "walkthroughs"
HELD = ("samples", "keys", "policies", "ci")
BLOCK = re.compile(r"^```(console|[a-z]+ (\S+))\n(.*?)^```$", re.MULTILINE | re.DOTALL)
VARYING = re.compile(
    r"sha256 [0-9a-f]{4} [0-9a-f]{4}|\+[0-9a-f]{8}\+|\b[0-9a-f]{16,}\b|[A-Za-z0-9+/]{43,}={0,2}"
    r"|\b[0-9a-f]{4}( [0-9a-f]{4}){3,}\b|\d  \d{4}-\d\d-\d\dT[0-9:]{8}Z  "
)
SECONDS = 120


@dataclass(frozen=True)
class Place:
    """Where the commands of one file run."""

    folder: Path
    environment: dict[str, str]


def place(scratch: Path) -> Place:
    """A working folder with copies of what a checkout has, and `fwverify` on the path."""
    work, programs, home = scratch / "work", scratch / "bin", scratch / "home"
    for one in (work, programs, home):
        one.mkdir()
    for name in HELD:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, work / name, ignore=shutil.ignore_patterns("__pycache__", "parts", "src"))
    start = programs / "fwverify"
    start.write_text(f'#!/bin/sh\nexec {sys.executable} -m fwverify "$@"\n')
    start.chmod(0o755)
    environment = {
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(ROOT), "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / "config"), "XDG_CACHE_HOME": str(home / "cache"), "TZ": "UTC", "COLUMNS": "80",
        "LC_ALL": "C.UTF-8", "NO_COLOR": "1",
    }  # fmt: skip
    return Place(work, environment)


def commands(block: str) -> Iterator[list[str]]:
    """The lines of each command of a block, as they stand there; output is passed over."""
    lines: list[str] = []
    for line in block.splitlines():
        if line.startswith("$ "):
            lines = [line]
        elif lines and line.startswith("> "):
            lines.append(line)
        else:
            continue
        if not line.endswith("\\"):
            yield lines
            lines = []


def transcript(block: str, here: Place) -> str:
    """A block as it is when its commands are run now."""
    out = []
    for lines in commands(block):
        text = "\n".join(one[2:] for one in lines)
        ran = subprocess.run(
            ["bash", "-c", text], cwd=here.folder, env=here.environment, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, timeout=SECONDS, text=True, check=False,
        )  # fmt: skip
        out += [*lines, *(one.rstrip() for one in ran.stdout.rstrip("\n").splitlines())]
        out += [f"(exit status {ran.returncode})"] if ran.returncode else []
        out.append("")
    return "\n".join(out[:-1]) + "\n"


def anew(text: str) -> str:
    """A whole file with its transcripts made now."""
    with tempfile.TemporaryDirectory() as scratch:
        here = place(Path(scratch))
        return BLOCK.sub(lambda found: _block(found, here), text)


def _block(found: re.Match[str], here: Place) -> str:
    if not found[2]:
        return f"```console\n{transcript(found[3], here)}```"
    path = here.folder / found[2]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(found[3])
    return found[0]


def settled(text: str) -> str:
    """Without what depends on versions of libraries."""
    return VARYING.sub("*", text)


def main() -> int:
    """Run the files that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--check", action="store_true")
    given = parser.parse_args()
    status = 0
    for path in sorted(FOLDER.glob("*.md")):
        if given.names and path.stem not in given.names:
            continue
        was = path.read_text()
        now = anew(was)
        if given.check and settled(now) != settled(was):
            status = 1
            sys.stdout.write(f"{path.name}: no longer what is printed\n")
        elif not given.check and now != was:
            path.write_text(now)
            sys.stdout.write(f"{path.name}\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
