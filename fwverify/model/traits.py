"""What stays recognisable of an executable when its file was stripped, signed or built again.

The sketch is the bottom-k of the exported names (Broder, "On the resemblance and containment of documents", 1997; read
2026-11-22): of two sketches the share of exported names that two executables have in common can be told. Does NOT say
what product it is: that takes a store of known ones (reference).
"""

from __future__ import annotations

from dataclasses import dataclass

SKETCH_HASHES = 64
"""Most hashes a sketch has. Their count bounds the error of `resemblance`: 0.05 (one sigma) at 0.8."""
HASH_BYTES = 8


@dataclass(frozen=True, slots=True)
class Traits:
    """Of one executable."""

    build_id: str = ""
    """Hexadecimal; empty where the linker left none."""
    soname: str = ""
    loaded: bytes = b""
    """SHA-256 of what is loaded (formats.elf_loaded): unchanged by stripping and signing; empty where nothing is."""
    symbols: int = 0
    """Exported names, the linker's own left out."""
    sketch: bytes = b""
    """The smallest 64-bit hashes of these names, rising, big-endian, at most SKETCH_HASHES."""


def hashes(sketch: bytes) -> tuple[int, ...]:
    """The hashes of a sketch; what is no whole hash at its end is left out."""
    whole = len(sketch) - len(sketch) % HASH_BYTES
    return tuple(int.from_bytes(sketch[at : at + HASH_BYTES], "big") for at in range(0, whole, HASH_BYTES))


def resemblance(one: bytes, other: bytes) -> int:
    """Of the exported names of both, how many percent they have in common: exact for small sets, else an estimate."""
    first, second = set(hashes(one)), set(hashes(other))
    smallest = sorted(first | second)[:SKETCH_HASHES]
    return 100 * len(first & second & set(smallest)) // len(smallest) if smallest else 0
