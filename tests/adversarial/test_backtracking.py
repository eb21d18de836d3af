"""No expression of identify/ and formats/ takes more than linear time on texts made to hurt it.

Each expression meets long repeats of what its own letters and classes suggest, in a process of its own under a bound of
CPU time: one that backtracks without end is killed, and named.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import pkgutil
import re
import resource
import subprocess
import sys
import time
from types import ModuleType

import pytest

from fwverify.formats import key_file
from fwverify.formats.sbom_kinds import looks_like_sbom
from fwverify.model.examining import Malformed

SSH_KEY = b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKsAhGLslB6J23AQtvwFsbcr4dDtkIB6KWRSDnDVKMM8"
"""A key made for this test."""
SIZE = 50_000
"""Bytes of each text: quadratic time over them is seconds, exponential is for ever."""
SLOW_SECONDS = 1.5
BOUND_SECONDS = 240
PACKAGES = ("fwverify.identify", "fwverify.formats")


def modules() -> list[ModuleType]:
    """Every module below PACKAGES."""
    found = []
    for package in PACKAGES:
        root = importlib.import_module(package)
        found += [importlib.import_module(one.name) for one in pkgutil.walk_packages(root.__path__, package + ".")]
    return found


def patterns() -> list[tuple[str, re.Pattern[str] | re.Pattern[bytes]]]:
    """(where, expression) of every compiled constant, and of the expressions of the version data."""
    from fwverify.identify.version_table import table

    found: list[tuple[str, re.Pattern[str] | re.Pattern[bytes]]] = []
    for module in modules():
        for name, value in sorted(vars(module).items()):
            several = value if isinstance(value, tuple) else (value,)
            found += [(f"{module.__name__}.{name}", one) for one in several if isinstance(one, re.Pattern)]
    unique = {one.pattern: (where, one) for where, one in reversed(found)}
    for find in table().finds:
        if find.bare:  # searched in whole files; those beside an anchor see some hundred bytes
            unique.setdefault(find.bare, (f"versions/{find.product}", re.compile(find.bare)))
    return sorted(unique.values(), key=lambda one: one[0])


def texts(pattern: str) -> list[str]:
    """What an expression might stumble over: repeats of its own words, alone and before an end that does not fit."""
    words = sorted(set(re.findall(r"[A-Za-z0-9:/<>=#_-]{2,12}", pattern)), key=len)[-2:]
    units = ["a", " ", "1", "1.", "\n", "-a", "#\n", "\\x", *words, *(f"{one} " for one in words)]
    return [(one * (SIZE // len(one) + 1))[:SIZE] + "\x01" for one in units]


def slow() -> list[list[str | float]]:
    """Run in the other process: the expressions that take long, with the text's beginning."""
    import time

    found: list[list[str | float]] = []
    for where, pattern in patterns():
        written = pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode("latin-1")
        for text in texts(written):
            sys.stderr.write(f"{where} {text[:12]!r}\n")
            given = text if isinstance(pattern.pattern, str) else text.encode("latin-1")
            before = time.process_time()
            pattern.match(given)  # type: ignore[arg-type]
            spent = time.process_time() - before
            if spent > SLOW_SECONDS:
                found.append([where, text[:12], round(spent, 1)])
    return found


def _bounded() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (BOUND_SECONDS, BOUND_SECONDS))


def test_no_expression_backtracks() -> None:
    """Every expression is done with every text; the one that is not is named by the last line written."""
    code = "import json; from tests.adversarial.test_backtracking import slow; print(json.dumps(slow()))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, preexec_fn=_bounded, check=False
    )
    assert done.returncode == 0, done.stderr.splitlines()[-1:]
    assert json.loads(done.stdout) == []


@pytest.mark.parametrize("unit", [b"#\n", b" \n", b"#", b"\n", b"# \n \t\n"])
def test_tag_value_head(unit: bytes) -> None:
    """Comments and empty lines without end before what is no tag-value document (once exponential)."""
    assert looks_like_sbom(memoryview(unit * 20_000 + b"\x01")) == ""


@pytest.mark.parametrize("before", [b"a" * 60_000 + b'"x" ', b'a="' + b"\\" * 60_001 + b" ", b'a="b",' * 10_000 + b" "])
def test_options_before_an_ssh_key(before: bytes) -> None:
    """What stands before the key in its line is looked through once (once 95 s, for a long word before a quote)."""
    started = time.process_time()
    with contextlib.suppress(Malformed):
        key_file.parse(before + SSH_KEY)
    assert time.process_time() - started < BOUND_SECONDS / 10
