"""Programs that are not called like their project: identify/program_names.txt and tool_names.txt, read once.

Its lines are told in its head. A program that no line has is one of a known product where its name begins with that
and a hyphen (`lirc-lsremotes`), or is that and the ending of a daemon or its control (`tincd`, `birdctl`). Does NOT
look at executables.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from importlib import resources

from fwverify.formats.products import canonical_product, known_products

MIN_LETTERS = 4
"""Of a product that is read out of the name of one of its programs."""
SHARED = frozenset({
    "chfn", "chsh", "crond", "crontab", "ftp", "halt", "hostname", "ifconfig", "init", "kill", "killall", "last",
    "lastlog", "logger", "login", "mailq", "mesg", "mount", "nc", "newaliases", "newgrp", "nologin", "passwd", "ping",
    "reboot", "reset", "route", "runlevel", "sendmail", "sg", "shutdown", "su", "sulogin", "telnet", "tftp",
    "traceroute", "umount", "uptime", "vigr", "vipw", "vlock", "wall",
})  # fmt: skip
"""Programs that several projects ship under one name: it tells no product."""
_ENDINGS = re.compile(r"(?:d|ctl|c|cli|_?client|_?server)$")


@cache
def programs() -> dict[str, str]:
    """Program -> product."""
    return _read("program_names.txt")


@cache
def _tools() -> dict[str, str]:
    return _read("tool_names.txt")


def _read(file: str) -> dict[str, str]:
    known: dict[str, str] = {}
    for line in resources.files("fwverify.identify").joinpath(file).read_text("ascii").splitlines():
        if not line.startswith("#"):
            product, _, names = line.partition(":")
            known.update(dict.fromkeys(names.split(), product))
    return known


def tool_of(program: str, content: memoryview) -> tuple[str, int]:
    """(product, where its name stands) of a program whose name tells it only beside that; nothing and -1 for others."""
    product = _tools().get(program, "") if program not in SHARED else ""
    hit = (
        re.search(rb"(?i)(?<![a-z0-9])" + re.escape(product.encode()) + rb"(?![a-z0-9])", content) if product else None
    )
    return (product, hit.start()) if hit else ("", -1)


def named_product(program: str) -> str:
    """The product that has a program of this very name; empty where none is known, or several are."""
    product = programs().get(program) or canonical_product(program)
    return product if product in known_products() and program not in SHARED else ""


@lru_cache(maxsize=65_536)
def product_of(program: str) -> str:
    """The product whose program is called so."""
    product = programs().get(program) or canonical_product(program)
    return product if product in known_products() else _part_of(program.lower()) or product


def _part_of(program: str) -> str:
    """The known product that the program's name begins with; empty when there is none."""
    begin = re.split(r"[-_.]", program)[0]
    for name in (begin, _ENDINGS.sub("", begin)):
        product = programs().get(name) or canonical_product(name)
        if len(name) >= MIN_LETTERS and product in known_products():
            return product
    return ""
