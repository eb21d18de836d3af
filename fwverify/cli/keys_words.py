"""Words and options that the commands of `fwverify keys` share: 80 columns, fingerprints in blocks of four."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from fwverify.errors import UsageError
from fwverify.formats.public_key import PublicKey
from fwverify.trust.adding import fingerprint_blocks as blocks
from fwverify.trust.key_names import native

__all__ = ["WIDTH", "ask_text", "blocks", "facts", "registry_option", "rows", "sentences", "sure", "terse"]

WIDTH = 79
F = TypeVar("F", bound=Callable[..., Any])


def registry_option(command: F) -> F:
    return click.option(
        "--keys",
        "folder",
        metavar="DIR",
        type=click.Path(path_type=Path),
        default=Path("keys"),
        show_default=True,
        help="Your registry.",
    )(command)


def rows(*pairs: tuple[str, str]) -> list[str]:
    """`Name         value`, long values over several lines."""
    return [
        line
        for name, value in pairs
        for line in textwrap.wrap(value, WIDTH, initial_indent=f"{name:<14}", subsequent_indent=" " * 14) or [name]
    ]


def sentences(text: str, indent: int, *, first: int = -1) -> list[str]:
    start = " " * (indent if first < 0 else first)
    return textwrap.wrap(text, WIDTH, initial_indent=start, subsequent_indent=" " * indent)


def terse(line: str, width: int) -> str:
    return line if len(line) <= width else line[: width - 3] + "..."


def facts(key: PublicKey) -> str:
    """The key in a few words and its fingerprint in blocks, to be compared with what the other channel says."""
    what = " ".join(one for one in (key.algorithm, str(key.bits) if key.algorithm == "rsa" else key.detail) if one)
    digits = blocks(key.fingerprint).split()
    lines = [f"{what} ({key.note}). Its fingerprint (SHA-256 of the public key):"]
    lines += [f"  {' '.join(digits[:8])}", f"  {' '.join(digits[8:])}"]
    own = native(key)
    return "\n".join([*lines, f"As its own tools print it: {own}"] if own else lines)


def ask_text(given: str, option: str, question: str) -> str:
    """What the option says; asked for where it is missing and a terminal is there. Raises UsageError."""
    if given:
        return given
    if not sys.stdin.isatty():
        raise UsageError("this must be said", where=option, todo=question)
    return str(click.prompt(question))


def sure(yes: bool, question: str) -> None:
    """Ask, or go on where that was said beforehand. Raises UsageError, click.Abort."""
    if yes:
        return
    if not sys.stdin.isatty():
        todo = "Compare the fingerprint above with the channel's, then repeat with --yes."
        raise UsageError("no terminal to ask at", where="--yes", todo=todo)
    click.confirm(question, abort=True)
