"""A program hidden behind a signature, or in fill that a signature leaves free, in formats that carry their own.

A signature over a part of a file says nothing of the rest: what lies there is found or told, is not called signed,
and stands on the page of `inspect`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from fwverify.model.canonical import identify
from fwverify.model.evidence import SignatureStatus
from fwverify.report.contents import contents_page
from fwverify.trust.registry import load
from fwverify.trust.store import EMPTY, TrustStore

from .hiding import PROGRAM, Seen, over, seen
from .test_hidden_elf import FILL, PLACES

SCHEMES = Path(__file__).resolve().parents[1] / "vectors" / "schemes"
CARRYING = (
    "authenticode", "avb", "dm-verity", "esp-secure-boot", "fit-signature", "jcat-cabinet", "kmod", "mcuboot", "mender",
    "openbmc", "openwrt", "rauc", "uefi-capsule",
)  # fmt: skip
"""Schemes whose signature lies in the file it signs."""
FILES = sorted(
    one for scheme in CARRYING for one in (SCHEMES / scheme / "valid").glob("*/delivery/*") if one.stat().st_size > 1024
)
PLACES_EACH = 5


def free(data: bytes) -> list[int]:
    runs = [at for hit in FILL.finditer(data) for at in range(hit.start() + 4, hit.end() - len(PROGRAM), 256)]
    return runs[:: max(1, -(-len(runs) // PLACES_EACH))]


def name(one: Path) -> str:
    return str(one.relative_to(SCHEMES)).replace("/valid/", "/").replace("/delivery/", "/")


def trust(file: Path) -> TrustStore:
    """The keys that the file is signed with, pinned."""
    keys = file.parents[1] / "keys"
    return load(keys) if keys.is_dir() else EMPTY


def on_page(found: Seen) -> bool:
    """The page says what the program is made of, or that there are bytes which nobody could explain."""
    page = contents_page(found.evidence, 100)
    return "expat 2.5.0" in page if found.clue else "nobody could explain" in page or "not examined" in page


def signed_as_before(found: Seen) -> bool:
    """A signature is said to hold over the program's bytes."""
    holding = {identify(one) for one in found.evidence.signatures if one.status is SignatureStatus.VALID}
    return any(not holding.isdisjoint(one.signed_by) for _, one in found.spans())


def test_signatures_hold(tmp_path: Path) -> None:
    """Most files come with the keys that they are signed with: otherwise the tests below would show nothing."""
    good = [seen(tmp_path, one.read_bytes(), -1, one.name, trust(one)) for one in FILES]
    assert sum(any(sig.status is SignatureStatus.VALID for sig in one.evidence.signatures) for one in good) >= 15


@pytest.mark.parametrize("file", FILES, ids=name)
def test_behind_a_signed_file(file: Path, tmp_path: Path) -> None:
    """At its end."""
    data = file.read_bytes()
    found = seen(tmp_path, over(data, len(data)), len(data), file.name, trust(file))
    assert found.told and found.swallowed == 0, [one for _, one in found.spans()]
    assert on_page(found)
    assert not signed_as_before(found)


@pytest.mark.parametrize("file", FILES, ids=name)
def test_in_the_fill_of_a_signed_file(file: Path, tmp_path: Path) -> None:
    """Where it has room: reserved fields, alignment, slots that are not full."""
    data = file.read_bytes()
    wrong = []
    for at in free(data):
        found = seen(tmp_path, over(data, at), at, file.name, trust(file))
        if not (found.told and on_page(found)) or signed_as_before(found):
            wrong.append(f"@{at:#x}: {found.swallowed} bytes swallowed, passed over: {found.passed_over}")
    assert wrong == []


@pytest.mark.parametrize("place", PLACES)
def test_the_page_tells(place: str, tmp_path: Path) -> None:
    """Of every other hiding place, too."""
    data, at = PLACES[place]()
    assert on_page(seen(tmp_path, data, at))
