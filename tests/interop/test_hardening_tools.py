"""Hardening: programs built by gcc with and without each protection are told apart."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from fwverify.formats import executable
from tests.interop.tools import need

pytestmark = pytest.mark.interop
SOURCE = """
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
int main(int argc, char **argv) {
    char buffer[64];
    strcpy(buffer, argv[0]);
    printf("%s %d\\n", buffer, listen(socket(2, 1, 0), argc));
    return 0;
}
"""
FULL = ("-O2", "-fstack-protector-all", "-U_FORTIFY_SOURCE", "-D_FORTIFY_SOURCE=2", "-fPIE", "-pie",
        "-Wl,-z,relro,-z,now,-z,noexecstack", "-s")  # fmt: skip


def built(folder: Path, *options: str) -> dict[str, str]:
    """What is said of the program that gcc makes with these options after all protections."""
    (folder / "main.c").write_text(SOURCE)
    command = ["gcc", "-w", "-o", "main", "main.c", *FULL, *options]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return dict(executable.parse(memoryview((folder / "main").read_bytes())).hardening)


def test_everything(tmp_path: Path) -> None:
    """All protections at once."""
    need("gcc")
    assert built(tmp_path) == {
        "canary": "yes", "fortify": "yes", "network": "yes", "nx": "yes", "pie": "yes", "relro": "full", "rwx": "no",
        "stripped": "yes",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("options", "name", "value"),
    [
        (("-Wl,-z,execstack",), "nx", "no"),
        (("-no-pie", "-fno-pie"), "pie", "no"),
        (("-Wl,-z,lazy",), "relro", "partial"),
        (("-Wl,-z,norelro",), "relro", "no"),
        (("-fno-stack-protector",), "canary", "no"),
        (("-U_FORTIFY_SOURCE",), "fortify", "no"),
        (("-Wl,-rpath,/tmp/lib:$ORIGIN/../lib",), "run-path", "/tmp/lib:$ORIGIN/../lib"),
        (("-Wl,-rpath,/opt/x,--disable-new-dtags",), "run-path", "/opt/x"),
    ],
)
def test_one_missing(tmp_path: Path, options: tuple[str, ...], name: str, value: str) -> None:
    """One protection taken away shows, and only there (but for what the linker changes with it)."""
    need("gcc")
    assert built(tmp_path, *options)[name] == value


def test_static(tmp_path: Path) -> None:
    """A static program imports nothing: nothing is said of guards and checked functions."""
    need("gcc")
    assert {"canary", "fortify"}.isdisjoint(built(tmp_path, "-static", "-no-pie"))


def test_shared_library_and_symbols(tmp_path: Path) -> None:
    """A library has no address of its own to randomise; symbols left in are told."""
    need("gcc")
    (tmp_path / "lib.c").write_text("int answer(void) { return 42; }")
    command = ["gcc", "-shared", "-fPIC", "-g", "-o", "lib.so", "lib.c", "-Wl,-soname,lib.so.1"]
    subprocess.run(command, cwd=tmp_path, check=True)
    found = dict(executable.parse(memoryview((tmp_path / "lib.so").read_bytes())).hardening)
    assert "pie" not in found
    assert found["stripped"] == "no"


def test_writable_code(tmp_path: Path) -> None:
    """Code and data in one segment (ld -N, as small systems do)."""
    need("gcc")
    (tmp_path / "main.c").write_text("int data = 1; void _start(void) { for (;;) data++; }")
    command = ["gcc", "-nostdlib", "-static", "-no-pie", "-Wl,-N", "-o", "main", "main.c"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    assert dict(executable.parse(memoryview((tmp_path / "main").read_bytes())).hardening)["rwx"] == "yes"
