"""What `inspect` shows of bytes beside the evidence: how they look, not what they are."""

from __future__ import annotations

from dataclasses import dataclass, field

from fwverify.model.artifact import Locator


@dataclass(frozen=True, slots=True)
class Look:
    """One artifact."""

    entropy: int
    """Hundredths of a bit for each byte, 0 to 800, from a sample."""
    first: bytes
    """The first 16 bytes."""
    kind: str = ""
    """Of bytes that no part of their container accounts for: what they look like (`machine code`...)."""
    curve: tuple[int, ...] = ()
    """Entropy of equal stretches of an image."""


@dataclass(slots=True)
class Survey:
    """Looks by place, collected while the tree is walked."""

    looks: dict[Locator, Look] = field(default_factory=dict)
