"""What every plug-in of every room says about itself; `fwverify formats` and docs/formats.md are printed from it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Doc:
    """Self-description of a plug-in."""

    title: str
    vendor: str = ""
    """Who defines the format."""
    references: tuple[str, ...] = ()
    """Specification with section, and when it was read."""
    limitations: tuple[str, ...] = ()
    """What it does not do. An empty tuple claims completeness."""
    makers: tuple[str, ...] = ()
    """Official tools whose output the tests read with it (containers), or against which it is checked."""
