"""MCUboot image: header, payload, records with digest and signature, boot trailer of a slot.

Source: MCUboot docs/design.md ("Image Format", "Image Trailer"), read 2026-11-22; layout in `formats.mcuboot`.
The payload is one member; packed or encrypted payloads are named as such and not decoded. Signatures are the
authenticate stage's.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator

from fwverify.formats import firmware_extents, mcuboot
from fwverify.formats.mcuboot import HEADER_BYTES, McubootImage, read_image
from fwverify.formats.names import fill_byte
from fwverify.limits import Budget
from fwverify.model.artifact import Artifact, ByteRange, Digest, subtracted
from fwverify.model.evidence import AnomalyKind, GapReason
from fwverify.model.plugin import Doc
from fwverify.unpack.interface import Carve, Check, Container, Event, Fact, Member, Oddity, Part, PartUse, Unread

PAYLOAD = "payload"


def detect(artifact: Artifact) -> bool:
    """The magic, in either byte order."""
    return bytes(artifact.content[:4]) in mcuboot.MAGIC


def unpack(artifact: Artifact, budget: Budget) -> Iterator[Event]:
    """Read the image.

    1. Header; the filling behind it only where it is filling.
    2. The payload as it is stored.
    3. Records: digests are computed, others are structure.
    4. Behind the records: erased flash, the boot trailer, or trailing data.
    """
    view = artifact.content
    image = read_image(view)
    computed = {one.type: _digest(view, image, one.type) for one in image.unprotected if one.type in mcuboot.DIGESTS}
    # Some images say they are encrypted and are not (`imgtool --clear`): the digest is over the plain bytes.
    sealed = image.encrypted and not any(
        one.type in computed and one.value == computed[one.type].value for one in image.unprotected
    )
    yield Part(ByteRange(0, HEADER_BYTES), PartUse.HEADER)
    if image.header.size > HEADER_BYTES:
        yield Part(ByteRange(HEADER_BYTES, image.header.end), PartUse.PADDING)  # 1
    yield from _facts(image)
    if image.payload is not None:
        yield from _payload(view, image.payload, image, budget, sealed=sealed)  # 2
    yield from _records(image, {} if sealed else computed)  # 3
    yield from _behind(view, image.end)  # 4


def _facts(image: McubootImage) -> Iterator[Event]:
    yield Fact("version", image.version)
    if image.flags & (mcuboot.RAM_LOAD | mcuboot.ROM_FIXED):
        yield Fact("load-address", f"{image.load_address:08x}")
    if image.flag_names:
        yield Fact("flags", ", ".join(image.flag_names))
    for record in image.protected:
        if record.type == mcuboot.SECURITY_COUNTER and len(record.value) == 4:
            yield Fact("security-counter", str(image.integer(record.value)))


def _payload(
    view: memoryview, place: ByteRange, image: McubootImage, budget: Budget, *, sealed: bool
) -> Iterator[Event]:
    budget.member()
    budget.size(place.size)
    yield Member(PAYLOAD, content=view[place.start : place.end], ranges=(place,), stored=True)
    if sealed:
        yield Unread(GapReason.ENCRYPTED, "the payload is encrypted", place, PAYLOAD)
    elif image.flags & mcuboot.COMPRESSED_FLAGS:
        yield Unread(GapReason.UNSUPPORTED, "the payload is compressed (MCUboot's LZMA)", place, PAYLOAD)


def _digest(view: memoryview, image: McubootImage, kind: int) -> Digest:
    algorithm = mcuboot.DIGESTS[kind]
    return Digest(algorithm, hashlib.new(algorithm, view[: image.signed.end]).digest())


def _records(image: McubootImage, computed: dict[int, Digest]) -> Iterator[Event]:
    """Of a vendor's own record, one too long for its type or one too many the value is looked into."""
    seen: Counter[int] = Counter()
    for area, records in ((image.protected_area, image.protected), (image.area, image.unprotected)):
        if area is not None:
            yield Part(ByteRange(area.start, area.start + mcuboot.INFO_BYTES), PartUse.HEADER)
        for record in records:
            checked = area is image.area and record.type in mcuboot.DIGESTS
            seen[record.type] += 1
            known = mcuboot.understood(record) and seen[record.type] <= mcuboot.MAX_OF_A_TYPE
            end = record.whole.end if known else record.whole.start + mcuboot.INFO_BYTES
            yield Part(ByteRange(record.whole.start, end), PartUse.CHECK if checked else PartUse.HEADER)
            if checked and record.type in computed:
                yield Check("image", Digest(computed[record.type].algorithm, record.value), computed[record.type])


def _behind(view: memoryview, start: int) -> Iterator[Event]:
    if start >= len(view):
        return
    trailer = mcuboot.read_trailer(view, start)
    for one in trailer.ranges:
        yield Part(one, PartUse.HEADER)
    yield from (Fact(name, value) for name, value in trailer.facts)
    for run in subtracted((ByteRange(start, len(view)),), trailer.ranges):
        if fill_byte(view, run):
            yield Part(run, PartUse.PADDING)
        else:
            yield Oddity(AnomalyKind.TRAILING_DATA, f"{run.size} bytes after the MCUboot image", run)


CONTAINER = Container(
    name="mcuboot_image",
    detect=detect,
    unpack=unpack,
    carve=Carve(tuple((one, 0) for one in mcuboot.MAGIC), firmware_extents.mcuboot_end),
    doc=Doc(
        title="MCUboot image",
        vendor="MCUboot",
        references=("MCUboot docs/design.md, Image Format and Image Trailer, read 2026-11-22",),
        limitations=(
            "Encrypted and compressed payloads are not decoded.",
            "Signatures are not judged here; the steps of an interrupted update are not read.",
        ),
    ),
)
