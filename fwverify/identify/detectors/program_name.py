"""Programs by their file name, where their bytes agree: that a product is there, never its version.

Source: identify/program_names.txt (its head names the builds) and formats/product_names.txt; read 2026-11-23. A program
has no SONAME, so nothing in its tables says what it is; its file name does, but whoever packs the firmware chooses it.
Therefore the product's name, or the program's own where that is telling, must also stand in the bytes, and a multi-call
binary (BusyBox, Toybox) under an applet's name is nobody else. The small programs of klibc are called like those of
others, and load its library, whose name is a digest. Does NOT look at scripts and symbolic links.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from fwverify.formats.names import quoted
from fwverify.formats.products import known_products
from fwverify.identify.interface import Detector, Found, Subject
from fwverify.identify.program_table import product_of, programs, tool_of
from fwverify.model.component import Clue
from fwverify.model.plugin import Doc

NAME = "program-name"
CONFIDENCE = 55
TELLING = 5
"""Letters of a program's name that hardly stands in another program's bytes by chance."""
_MULTI_CALL = (re.compile(rb"BusyBox v\d"), re.compile(rb"multi-call binary"), re.compile(rb"toybox \d"))
"""Apart, because an expression that begins with fixed bytes is found several times as fast."""
_KLIBC = re.compile(r"klibc-[\w-]{27}\.so", re.ASCII)
"""What klibc's Kbuild calls the library: 20 bytes of SHA-1 in 27 letters, in which it finds its programs."""


def find(subject: Subject) -> Iterator[Found]:
    """Yield the product."""
    executable = subject.executable
    if executable is None or executable.format != "ELF" or executable.soname or not _runs(executable.kind):
        return
    file = subject.artifact.name.rpartition("/")[2]
    if _KLIBC.fullmatch((executable.interpreter or file).rpartition("/")[2]) or "/klibc/" in subject.artifact.name:
        told = quoted((executable.interpreter or file).encode())
        yield Clue("klibc", "", subject.artifact.locator, NAME, CONFIDENCE, told)
        return
    product = product_of(file)
    if product not in known_products() or ("." in file and file not in programs()):
        yield from _tool(subject, file)
        return
    words = {product.removeprefix("lib"), product} | ({file} if len(file) >= TELLING else set())
    at, size = _first(bytes(subject.artifact.content).lower(), words)
    if size and not any(one.search(subject.artifact.content) for one in _MULTI_CALL):
        held = bytes(subject.artifact.content[at : at + size])
        yield Clue(
            product,
            "",
            subject.artifact.locator,
            NAME,
            CONFIDENCE,
            quoted(f"{file}: ".encode() + held),
            at,
        )


def _tool(subject: Subject, file: str) -> Iterator[Clue]:
    """A program whose name is telling beside that of its product alone."""
    product, at = tool_of(file, subject.artifact.content)
    if product and not any(one.search(subject.artifact.content) for one in _MULTI_CALL):
        held = bytes(subject.artifact.content[at : at + len(product)])
        quote = quoted(f"{file}: ".encode() + held)
        yield Clue(product, "", subject.artifact.locator, NAME, CONFIDENCE, quote, at)


def _first(lowered: bytes, words: set[str]) -> tuple[int, int]:
    """Where the first of these words stands, and its length; of two in one place the shorter. 0 bytes: none does."""
    stand = [(lowered.find(one), len(one)) for one in (word.lower().encode() for word in words)]
    return min((one for one in stand if one[0] >= 0), default=(-1, 0))


def _runs(kind: str) -> bool:
    return kind in {"executable", "library"}  # a position-independent program is a library to some tables


DETECTOR = Detector(
    name=NAME,
    find=find,
    doc=Doc(
        title="names of programs",
        references=("fwverify/identify/program_names.txt: the builds it was read from, 2026-11-23",),
        limitations=("No version.", "Only known names; a file name is easily changed."),
    ),
)
