"""Android boot and vendor boot images as containers; read by formats/android_boot.py and android_vendor_boot.py.

1. The header's numbers and texts are claimed, what lies behind a text or the header is padding or nobody's.
2. Kernel, ramdisks, device trees and so on are members as they are stored; the rest of their last page is padding.
3. The id is an inner check where it is a digest (versions 0 to 2).

A signature behind the image (Verified Boot 1, vendors' own) is nobody's here; that of Verified Boot 2 wraps the image.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fwverify.formats import android_boot, android_vendor_boot
from fwverify.formats.android_boot import BootImage, Section, aligned
from fwverify.formats.android_vendor_boot import Ramdisk, VendorBoot
from fwverify.formats.extents import Tick
from fwverify.formats.text_field import TextField
from fwverify.limits import Budget
from fwverify.model.artifact import Artifact, ByteRange
from fwverify.model.evidence import AnomalyKind
from fwverify.model.examining import Malformed, Unsupported
from fwverify.model.plugin import Doc
from fwverify.unpack.interface import Carve, Check, Container, Event, Fact, Member, Oddity, Part, PartUse
from fwverify.unpack.tail import tail

TABLE = "ramdisk table"


def _detect(artifact: Artifact) -> bool:
    return android_boot.looks_like(artifact.content) or android_vendor_boot.looks_like(artifact.content)


def _unpack(artifact: Artifact, budget: Budget) -> Iterator[Event]:
    view = artifact.content
    if android_vendor_boot.looks_like(view):
        yield from _vendor(view, android_vendor_boot.read(view), budget)
    else:
        yield from _boot(view, android_boot.read(view), budget)


def _boot(view: memoryview, image: BootImage, budget: Budget) -> Iterator[Event]:
    yield from _header(image)
    for name, value in zip(("os-version", "security-patch"), android_boot.os_release(image.os_version), strict=True):
        if value:
            yield Fact(name, value)
    yield from _identity(view, image)
    if image.version > 2:
        yield Part(android_boot.RESERVED, PartUse.PADDING)
    for one in image.sections:
        yield from _section(view, one, image.page, budget)
    yield from _padding(view, image.size, image.page)
    yield from tail(view, image.end, "after the boot image")


def _header(image: BootImage | VendorBoot) -> Iterator[Event]:
    for span in image.header:
        yield Part(span, PartUse.HEADER)
    yield Fact("header-version", str(image.version))
    for name, text in image.texts:
        yield from _text(text)
        if text.value:
            yield Fact(name.replace(" ", "-"), text.value)
    for name, address in image.addresses:
        yield Fact(f"{name}-address", f"{address:08x}")
    for detail in image.disagreements:
        yield Oddity(AnomalyKind.HEADER_DISAGREES, detail)


def _text(text: TextField) -> Iterator[Event]:
    if text.text is not None:
        yield Part(text.text, PartUse.HEADER)
    if text.rest is not None:
        yield Part(text.rest, PartUse.PADDING)


def _identity(view: memoryview, image: BootImage) -> Iterator[Event]:
    """A digest that is not SHA-1 is told only where it holds: the id may be anything."""
    if image.version > 2:
        return
    found, rest = android_boot.identity(view, image), android_boot.ID
    if found is not None and (found[0] == found[1] or found[0].algorithm == "sha1"):
        yield Check("image", *found)
        rest += len(found[0].value)
        yield Part(ByteRange(android_boot.ID, rest), PartUse.CHECK)
    if rest < android_boot.ID + android_boot.ID_BYTES:
        yield Part(ByteRange(rest, android_boot.ID + android_boot.ID_BYTES), PartUse.PADDING)


def _section(view: memoryview, one: Section, page: int, budget: Budget, name: str = "") -> Iterator[Event]:
    if one.place is not None:
        budget.member()
        yield Member(name or one.name, content=view[one.start : one.end], ranges=(one.place,), stored=True)
        yield from _padding(view, one.end, page)


def _padding(view: memoryview, end: int, page: int) -> Iterator[Event]:
    """What fills the last page, where it is there."""
    last = min(aligned(end, page), len(view))
    if end < last:
        yield Part(ByteRange(end, last), PartUse.PADDING)


def _vendor(view: memoryview, image: VendorBoot, budget: Budget) -> Iterator[Event]:
    yield from _header(image)
    if image.ramdisks:
        yield from _ramdisks(view, image.ramdisks, budget)
        yield from _padding(view, image.ramdisk.end, image.page)
    else:
        yield from _section(view, image.ramdisk, image.page, budget)
    for one in image.others:
        if one.name != TABLE:
            yield from _section(view, one, image.page, budget)
        elif one.size:
            yield from _padding(view, one.end, image.page)
    yield from _padding(view, android_vendor_boot.SIZES[image.version], image.page)
    yield from tail(view, image.end, "after the vendor boot image")


def _ramdisks(view: memoryview, ramdisks: Sequence[Ramdisk], budget: Budget) -> Iterator[Event]:
    """The table and its ramdisks; those that lie over one another are told."""
    reached = 0
    for number, one in enumerate(ramdisks):
        yield Part(one.entry, PartUse.INDEX)
        yield from _text(one.name)
        yield Part(one.board, PartUse.PADDING)
        if one.place is None:
            continue
        if one.place.start < reached:
            yield Oddity(AnomalyKind.OVERLAP, f"ramdisk {number} lies over another", one.place)
        reached = max(reached, one.place.end)
        budget.member()
        budget.output(one.place.size)
        words = [f"vendor_ramdisk{number:02}", android_vendor_boot.TYPES.get(one.kind, str(one.kind)), one.name.name]
        name = "-".join(word for word in words if word)
        yield Member(name, content=view[one.place.start : one.place.end], ranges=(one.place,), stored=True)


def _end(view: memoryview, at: int, tick: Tick) -> int:
    """A header whose every number can be, in whole pages that are there; zeros where the header has to have them."""
    tick(android_boot.FIXED_PAGE_BYTES)
    here = view[at:]
    try:
        if android_vendor_boot.looks_like(here):
            vendor = android_vendor_boot.read(here)
            sound = not vendor.disagreements and vendor.ramdisk.size > 0 and _zeros(here, vendor.texts)
            return at + min(vendor.end, len(here)) if sound else 0
        image = android_boot.read(here)
    except (Malformed, Unsupported):
        return 0
    sound = not image.disagreements and image.sections[0].size > 0 and _zeros(here, image.texts)
    return at + min(image.end, len(here)) if sound else 0


def _zeros(view: memoryview, texts: Sequence[tuple[str, TextField]]) -> bool:
    rests = [text.rest for _, text in texts if text.rest is not None]
    return bool(rests) and not any(any(view[one.start : one.end]) for one in rests)


CONTAINER = Container(
    name="android_boot",
    detect=_detect,
    unpack=_unpack,
    carve=Carve(((android_boot.MAGIC, 0), (android_vendor_boot.MAGIC, 0)), _end),
    doc=Doc(
        title="Android boot image (boot, recovery, vendor_boot)",
        vendor="Android Open Source Project",
        references=("AOSP system/tools/mkbootimg bootimg.h and mkbootimg.py, read 2026-11-22",),
        limitations=(
            "Signatures behind the image (Verified Boot 1, vendors' own) are not read.",
            "Headers that vendors put in front of kernel and ramdisk are not read.",
            "The board ids of a vendor's ramdisk are not read.",
        ),
        makers=("mkbootimg", "abootimg"),
    ),
)
