"""Numbers and names the way every page writes them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from fwverify.report.neutral import shortened

PARTS_LIST = "parts list (SBOM)"
"""How a page writes SBOM the first time."""
ITS_LIST = f"its {PARTS_LIST}"

NAME_LIMIT = 60
"""Characters of a name from a delivery that a page prints: fits a line, and head and tail stay."""
_BYTES_OF = re.compile(r"(.+)!@(0x[0-9a-f]+-0x[0-9a-f]+)")
"""A locator whose last step is a range of bytes."""


def count(number: int) -> str:
    """Thousands separated: 2,411,520."""
    return f"{number:,}"


def blocks(hexadecimal: str, digits: int = 16) -> str:
    """The first digits of a fingerprint in blocks of four, as people read them to one another."""
    head = hexadecimal[:digits]
    return " ".join(head[at : at + 4] for at in range(0, len(head), 4))


def full_blocks(hexadecimal: str) -> tuple[str, ...]:
    """All digits in blocks of four, eight blocks a line: to be read aloud and compared digit by digit."""
    return tuple(blocks(hexadecimal[at:], 32) for at in range(0, len(hexadecimal), 32))


def percent(part: int, whole: int) -> str:
    """Five columns. Never rounds up to 100 or down to 0: the difference is what matters."""
    if whole <= 0:
        return "  -  "
    if part <= 0:
        return "  0 %"
    if part >= whole:
        return "100 %"
    value = part * 100 // whole
    return f"{value:3d} %" if value else " <1 %"


def plural(number: int, one: str, many: str = "") -> str:
    """`1 key`, `2 keys`."""
    return f"{count(number)} {one if number == 1 else many or one + 's'}"


def held_in(product: str) -> str:
    """What is added where a component is a copy inside of another product's files."""
    return f", a copy inside {shortened(product, NAME_LIMIT)}" if product else ""


def listed(names: Sequence[str], limit: int = 3) -> str:
    """`a, b, c and 4 more`; names from a delivery, made visible and short."""
    shown = [shortened(one, NAME_LIMIT) for one in names[:limit]]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {count(more)} more" if more else "")


def spoken(locator: str) -> str:
    """`bytes 0x730-0x76d of bms.bin` for `bms.bin!@0x730-0x76d`; other locators as they are."""
    found = _BYTES_OF.fullmatch(locator)
    return f"bytes {found[2]} of {found[1]}" if found else locator


def of_whom(name: str) -> str:
    """Possessive: ACME's; the vendor's where nobody is named."""
    if not name:
        return "the vendor's"
    return f"{name}'" if name.endswith("s") else f"{name}'s"
