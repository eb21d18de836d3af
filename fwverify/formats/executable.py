"""The only door to LIEF: ELF structure, with extents checked against the file before LIEF is asked."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Note:
    """One ELF note."""

    owner: str
    type: int
    description: bytes


@dataclass(frozen=True, slots=True)
class Executable:
    """What detectors need of an executable, parsed once."""

    format: str
    """`ELF`"""
    machine: str
    kind: str
    """executable, library, object, core, kernel-module"""
    soname: str = ""
    needed: tuple[str, ...] = ()
    interpreter: str = ""
    symbol_versions: tuple[tuple[str, str], ...] = ()
    """(library, version) required, sorted."""
    defined_versions: tuple[str, ...] = ()
    build_id: str = ""
    notes: tuple[Note, ...] = ()
    comment: tuple[str, ...] = ()
    """Strings of .comment."""
    exported: tuple[str, ...] = ()
    imported: tuple[str, ...] = ()
    statically_linked: bool = False
    problems: tuple[str, ...] = ()
    """Structure that is missing or does not hold (truncated, hollow): each becomes a gap."""
