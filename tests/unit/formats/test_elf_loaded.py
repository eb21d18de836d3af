"""The digest of what an ELF file loads."""

from __future__ import annotations

from fwverify.formats.elf_loaded import loaded_digest
from tests.packages import LIBRARY, OTHER, built_again, stripped


def loaded(data: bytes) -> bytes:
    return loaded_digest(memoryview(data))


def test_stripping_and_signing() -> None:
    """Without its section table, or with a signature behind it, a library loads the same."""
    assert loaded(LIBRARY) == loaded(stripped(LIBRARY)) == loaded(LIBRARY + b"signature" * 20) != b""
    assert stripped(LIBRARY) != LIBRARY


def test_other_code() -> None:
    """One byte of code is another digest; so is another library."""
    assert len({loaded(LIBRARY), loaded(OTHER), loaded(built_again(LIBRARY))}) == 3


def test_what_does_not_hold() -> None:
    """Cut files and other content have no digest."""
    for size in (0, 4, 64, 200, len(LIBRARY) // 2):
        assert loaded(LIBRARY[:size]) == b""
    assert loaded(b"text " * 1000) == b""
