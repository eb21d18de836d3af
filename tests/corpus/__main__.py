"""python -m tests.corpus DIR [--json] [--at TIME] [--only FORMAT]

Runs the real `verify` over every case of every manifest.json below DIR, and prints agreement by format and level and
every disagreement; where a manifest expects nothing, what it got. Exit status 1 when anything disagrees.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from pathlib import Path

from tests.corpus.run import LEVELS, Result, run


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.corpus", description=__doc__.partition("\n\n")[2])
    parser.add_argument("folder", metavar="DIR", type=Path)
    parser.add_argument("--json", action="store_true", help="a list of {format, id, status, decision, rules, reason}")
    parser.add_argument("--at", default="", help="judge as of this time; default: when the manifest was generated")
    parser.add_argument("--only", default="", help="one format")
    given = parser.parse_args()
    if not given.folder.is_dir():
        parser.error(f"{given.folder} is no folder")
    folder = given.folder / given.only if given.only else given.folder
    found = run(folder, given.at)
    if not found:
        parser.error(f"no manifest.json with cases below {folder}")
    if given.json:
        sys.stdout.write(json.dumps([one.row() for one in found], indent=1) + "\n")
    else:
        sys.stdout.write(table(found))
    return 1 if any(one.agrees is False for one in found) else 0


def table(found: list[Result]) -> str:
    """Agreement by format and level, then each disagreement, then what was got where nothing is expected."""
    lines = [f"{'format':16} {'must':>9} {'should':>9}   wrongly accepted   wrongly refused"]
    for name in sorted({one.format for one in found}):
        mine = [one for one in found if one.format == name and one.expected]
        if mine:
            lines.append(_line(name, mine))
    judged = [one for one in found if one.expected]
    if judged:
        lines.append(_line("all", judged))
    for one in found:
        if one.agrees is False:
            lines += ["", f"{one.format}/{one.id} ({one.level}, expected {one.expected}: {one.about})",
                      f"  got {one.status}, {one.decision}; {', '.join(one.rules)}", f"  {one.reason}"]  # fmt: skip
    lines += [f"{one.format}/{one.id}: {one.status}, {one.decision}; {one.reason}" for one in found if not one.expected]
    return "\n".join(lines) + "\n"


def _line(name: str, mine: list[Result]) -> str:
    right = Counter(one.level for one in mine if one.agrees)
    every = Counter(one.level for one in mine)
    cells = " ".join(f"{right[level]:>4}/{every[level]:<4}" for level in LEVELS)
    accepted = sum(one.agrees is False and one.accepted for one in mine)
    refused = sum(one.agrees is False and not one.accepted for one in mine)
    return f"{name:16} {cells}   {accepted:16}   {refused:15}"


if __name__ == "__main__":
    sys.exit(main())
