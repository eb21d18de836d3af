"""How far a boot image that begins at some offset reaches: strict checks for carving, nothing is kept.

Sources: those of the formats (fdt, fit, uimage, mcuboot, esp_image, uefi_capsule), read 2026-11-22.
Each function answers the end of what begins at `at`, or 0 when nothing sound does; none raises but what `tick` raises.
What the contents mean is the readers' affair.
"""

from __future__ import annotations

import hashlib

from fwverify.formats import esp_image, fdt, mcuboot, uefi_capsule, uimage
from fwverify.formats.extents import Tick
from fwverify.formats.fit import read_fit
from fwverify.limits import MIB, LimitExceeded
from fwverify.model.examining import Malformed, Unsupported

_UNSOUND = (Malformed, Unsupported, LimitExceeded)


def fit_end(view: memoryview, at: int, tick: Tick) -> int:
    """A device tree with /images that reads whole, and its external data."""
    return _tree_end(view, at, tick, images=True)


def tree_end(view: memoryview, at: int, tick: Tick) -> int:
    """Any other device tree that reads whole."""
    return _tree_end(view, at, tick, images=False)


def _tree_end(view: memoryview, at: int, tick: Tick, *, images: bool) -> int:
    if int.from_bytes(view[at + 4 : at + 8], "big") > len(view) - at:
        return 0
    here = view[at:]
    try:
        header = fdt.read_header(here)
    except _UNSOUND:
        return 0
    tick(min(header.structure.size, MIB))
    if fdt.has_top_node(here, "images") is not images:
        return 0
    try:
        return at + (read_fit(here).end if images else fdt.read_tree(here).header.total_size)
    except _UNSOUND:
        return 0


def uimage_end(view: memoryview, at: int, tick: Tick) -> int:
    """A header whose CRC holds and whose values exist; one whose data is cut off reaches to the end of the view."""
    tick(uimage.HEADER_BYTES)
    try:
        header = uimage.read_uimage(view[at:])
    except Malformed:
        return 0
    return min(at + header.end, len(view)) if header.intact and header.plausible and header.size else 0


def mcuboot_end(view: memoryview, at: int, tick: Tick) -> int:
    """Header, payload and records, and a digest among them that holds."""
    tick(mcuboot.HEADER_BYTES)
    try:
        image = mcuboot.read_image(view[at:])
    except _UNSOUND:
        return 0
    stated = [one for one in image.unprotected if one.type in mcuboot.DIGESTS]
    if not stated:
        return 0
    tick(image.signed.end)
    signed = view[at : at + image.signed.end]
    holds = any(one.value == hashlib.new(mcuboot.DIGESTS[one.type], signed).digest() for one in stated)
    # Over an encrypted payload the digest is of the plain bytes: then the key's record has to do.
    return at + image.end if holds or image.encrypted else 0


def esp_end(view: memoryview, at: int, tick: Tick) -> int:
    """Headers that can be, and checksum and appended SHA-256 that hold."""
    here = view[at:]
    if not esp_image.looks_like(here[: esp_image.HEADER_BYTES + esp_image.SEGMENT_HEADER_BYTES]):
        return 0
    tick(esp_image.HEADER_BYTES)
    try:
        image = esp_image.read_esp_image(here)
    except Malformed:
        return 0
    tick(image.end)
    good = image.checksum == image.checksum_computed and image.hash == image.hash_computed
    return at + image.end if good else 0


def capsule_end(view: memoryview, at: int, tick: Tick) -> int:
    """A capsule for firmware management whose every header can be."""
    tick(uefi_capsule.HEADER_BYTES)
    try:
        return at + uefi_capsule.parse(view[at:]).size
    except _UNSOUND:
        return 0
