"""A bidder's folder on disk -> what was handed over. Everything in it is the bidder's: data, never configuration.

    firmware/     images, signatures, checksum lists       sbom/       SBOMs
    signing/      keys and certificates offered            advisories/ CSAF documents
    evidence/     certificates and statements (told by name, read by people)
    answers.yaml  the answers to the request

Links are not followed. A file that is broken is a problem of that bidder, told beside his score.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from fwverify.formats.strict_yaml import Node, YamlProblem, load
from fwverify.scorecard.questions import QUESTIONS

LANGUAGE = "fwverify-answers/1"
PARTS = ("firmware", "sbom")
MAX_FILES = 2000
MAX_SMALL_BYTES = 16 << 20
MAX_ANSWERS_BYTES = 1 << 20
"""answers.yaml: a sheet of 20 answers has 2 KiB."""
MAX_ANSWER = 500


@dataclass(slots=True)
class Handed:
    """What one bidder handed over."""

    name: str
    delivery: tuple[Path, ...] = ()
    keys: tuple[tuple[str, bytes], ...] = ()
    """(file name, content)"""
    advisories: tuple[tuple[str, bytes], ...] = ()
    documents: tuple[str, ...] = ()
    """Names of what lies in evidence/; nobody here judges it."""
    answers: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def read(folder: Path) -> Handed:
    """Read one bidder's folder. Problems are told in the result, none is raised."""
    handed = Handed(folder.resolve().name)
    delivery = [path for part in PARTS for path in _files(folder / part, handed)]
    if len({one.name for one in delivery}) != len(delivery):
        handed.problems.append("firmware/ and sbom/ hold two files of one name")
        delivery = list({one.name: one for one in reversed(delivery)}.values())[::-1]
    handed.delivery = tuple(delivery)
    if not any(one.is_relative_to(folder / "firmware") for one in delivery):
        handed.problems.append("firmware/ is missing or empty")
    handed.keys = tuple(_small(folder / "signing", handed))
    handed.advisories = tuple(_small(folder / "advisories", handed))
    handed.documents = tuple(path.name for path in _files(folder / "evidence", handed))
    _answers(folder / "answers.yaml", handed)
    return handed


def _files(folder: Path, handed: Handed) -> Iterator[Path]:
    if folder.is_symlink() or not folder.is_dir():
        return
    for count, path in enumerate(sorted(folder.rglob("*"))):
        if count >= MAX_FILES:
            handed.problems.append(f"{folder.name}/ holds more than {MAX_FILES} files; the rest was left aside")
            return
        if path.is_symlink():
            handed.problems.append(f"{folder.name}/{path.name} is a link and was not followed")
        elif path.is_file():
            yield path


def _small(folder: Path, handed: Handed) -> Iterator[tuple[str, bytes]]:
    for path in _files(folder, handed):
        try:
            with path.open("rb") as file:
                content = file.read(MAX_SMALL_BYTES + 1)
        except OSError as problem:
            handed.problems.append(f"{folder.name}/{path.name} cannot be read: {problem.strerror}")
            continue
        if len(content) > MAX_SMALL_BYTES:
            handed.problems.append(f"{folder.name}/{path.name} is larger than {MAX_SMALL_BYTES:,} bytes")
            continue
        yield path.name, content


def _sheet(path: Path) -> Node | str:
    """answers.yaml, or why it cannot be read."""
    if path.is_symlink() or not path.is_file():
        return "answers.yaml is missing"
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_ANSWERS_BYTES + 1)
        if len(raw) > MAX_ANSWERS_BYTES:
            return f"answers.yaml is larger than {MAX_ANSWERS_BYTES:,} bytes; nothing in it was read"
        return load(raw.decode("utf-8"))
    except (OSError, UnicodeDecodeError) as problem:
        return f"answers.yaml cannot be read: {problem}"
    except YamlProblem as problem:
        return f"answers.yaml:{problem.line}:{problem.column}: {problem.what}"


def _answers(path: Path, handed: Handed) -> None:
    root = _sheet(path)
    if isinstance(root, str):
        handed.problems.append(root)
        return
    table = root.table or {}
    stated = table.get("answers")
    if stated is None or stated.value.text != LANGUAGE:
        handed.problems.append(f"answers.yaml does not say `answers: {LANGUAGE}`; nothing in it was read")
        return
    known = {one.id for one in QUESTIONS} | {"answers", "bidder", "product"}
    for name, entry in table.items():
        where = f"answers.yaml:{entry.key.line}:{entry.key.column}"
        if name not in known:
            handed.problems.append(f"{where}: {name[:60]!r} is no question")
        elif entry.value.text is None:
            handed.problems.append(f"{where}: {name} is no text")
        else:
            handed.answers[name] = entry.value.text[:MAX_ANSWER]
