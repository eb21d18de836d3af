"""A program hidden in every place that a format leaves free: it is found, or its bytes are not called examined.

Naming is not examining: slack, padding, gaps, trailers, spare blocks, comments and unused fields are where something
can be kept that no reader of the format looks at.
"""

from __future__ import annotations

import gzip
import io
import lzma
import re
import struct
import tarfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from fwverify.model.evidence import LedgerSpan, Opened
from tests.contract.vectors import Vector, vectors
from tests.vectors.makers.archives import (
    CPIO_END,
    TAR_END,
    TEXT,
    ZipPart,
    cpio_entry,
    tar_entry,
    tar_header,
    zip_bytes,
)
from tests.vectors.makers.cms_images import pe_image
from tests.vectors.makers.embedded_signatures import plain_mcuboot
from tests.vectors.makers.firmware import (
    PAYLOAD,
    elf,
    environment,
    esp_app,
    external,
    fdt,
    fit,
    image,
    padded,
    tiny_pe,
    uimage,
)

from .hiding import PROGRAM, over, seen

CODE = bytes((7 * one + one // 3) % 251 + 1 for one in range(700))
"""Bytes of no format."""
VECTORS = [one for one in vectors("containers") if one.kind == "valid"]
FILL = re.compile(rb"\x00{%d,}|\xff{%d,}" % (len(PROGRAM) + 8, len(PROGRAM) + 8))
PLACES_EACH = 6
"""In one vector; the slow test takes ten times as many."""


def behind(data: bytes) -> tuple[bytes, int]:
    return data + PROGRAM, len(data)


def in_environment() -> tuple[bytes, int]:
    """In its free space, under a CRC that holds."""
    data = over(environment(0x1000), 0x300)
    return struct.pack("<I", zlib.crc32(data[4:])) + data[4:], 0x300


def in_external_fit() -> tuple[bytes, int]:
    """Between two external images: the second one's offset leaves a gap."""
    one, two = image(PAYLOAD, "sha256"), image(CODE, "sha256")
    images = {}
    for name, part, offset in (("kernel", one, 0), ("fpga", two, 1024)):
        images[name] = {"data-offset": offset, "data-size": len(part.pop("data")), **part}
    tree = padded(fit(images, pad=-len(fit(images)) % 4))
    body = PAYLOAD.ljust(1024, b"\0") + CODE
    return tree + body[: len(PAYLOAD) + 40] + PROGRAM + body[len(PAYLOAD) + 40 + len(PROGRAM) :], (
        len(tree) + len(PAYLOAD) + 40
    )


def in_tree(pad: int = 400) -> tuple[bytes, int]:
    """Behind the last block of a device tree, inside the size it states (mkimage and dtc leave room there)."""
    data = fdt({"model": "board"}, pad=pad)
    at = len(data) - pad + 64
    return over(data, at), at


def in_strings() -> tuple[bytes, int]:
    """In the block of names, behind the last one that is used."""
    data = fdt({"model": "board"}, strings_tail=b"\0" * 20 + PROGRAM)
    return data, data.index(PROGRAM)


def in_property() -> tuple[bytes, int]:
    """As a value nobody asked for."""
    data = fdt({"model": "board", "blob": PROGRAM})
    return data, data.index(PROGRAM)


def gzip_with(flag: int, field: bytes) -> tuple[bytes, int]:
    packed = gzip.compress(TEXT, mtime=0)
    data = packed[:3] + bytes([flag]) + packed[4:10] + field + packed[10:]
    return data, data.index(PROGRAM)


def in_tar_padding() -> tuple[bytes, int]:
    """Behind a file's content, where its last block is filled up."""
    data = tar_entry(b"fw.txt", TEXT) + TAR_END
    return over(data, 512 + len(TEXT) + 4), 512 + len(TEXT) + 4


def in_tar_attribute() -> tuple[bytes, int]:
    """As an extended attribute of a file."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        info = tarfile.TarInfo("fw.txt")
        info.size, info.pax_headers = len(TEXT), {"SCHILY.xattr.user.note": "x" * len(PROGRAM)}
        archive.addfile(info, io.BytesIO(TEXT))
    data = out.getvalue().replace(b"x" * len(PROGRAM), PROGRAM)
    return data, data.index(PROGRAM)


def in_tar_header() -> tuple[bytes, int]:
    """In the field of a name's prefix, behind the NUL that ends it."""
    head = bytearray(tar_header(b"fw.txt", len(TEXT)))
    head[346 : 346 + len(PROGRAM)] = PROGRAM
    head[148:156] = b" " * 8
    head[148:156] = b"%06o\0 " % sum(head)
    return bytes(head) + TEXT + bytes(-len(TEXT) % 512) + TAR_END, 346


def in_tar_end() -> tuple[bytes, int]:
    """Behind the two empty blocks, in what fills the last record."""
    data = (tar_entry(b"fw.txt", TEXT) + TAR_END).ljust(10240, b"\0")
    return over(data, 4000), 4000


def in_zip(**where: bytes) -> tuple[bytes, int]:
    data = zip_bytes([ZipPart(b"a.txt"), ZipPart(b"b.txt")], **where)
    return data, data.index(PROGRAM)


def in_zip_extra() -> tuple[bytes, int]:
    """As an extra field of an unknown kind in a local header."""
    extra = struct.pack("<HH", 0xCAFE, len(PROGRAM)) + PROGRAM
    whole = zip_bytes([ZipPart(b"a.txt", method=0)])
    first = bytearray(whole[: 30 + 5])
    first[28:30] = struct.pack("<H", len(extra))
    end = bytearray(whole[30 + 5 + len(TEXT) :])
    at = end.index(b"PK\5\6")
    (offset,) = struct.unpack_from("<I", end, at + 16)
    struct.pack_into("<I", end, at + 16, offset + len(extra))
    data = bytes(first) + extra + TEXT + bytes(end)
    return data, data.index(PROGRAM)


def in_cpio_name() -> tuple[bytes, int]:
    """In a name, behind its first NUL."""
    data = cpio_entry(b"fw.txt\0" + PROGRAM, TEXT) + CPIO_END
    return data, data.index(PROGRAM)


def in_cpio_trailer() -> tuple[bytes, int]:
    """As content of the entry that ends an archive."""
    data = cpio_entry(b"fw.txt", TEXT) + cpio_entry(b"TRAILER!!!", PROGRAM, inode=0)
    return data, data.index(PROGRAM)


def skippable(magic: bytes, stream: bytes) -> tuple[bytes, int]:
    """In a frame that readers skip."""
    data = magic + struct.pack("<I", len(PROGRAM)) + PROGRAM + stream
    return data, 8


def zstd(data: bytes) -> bytes:
    import zstandard

    return zstandard.ZstdCompressor().compress(data)


def lz4(data: bytes) -> bytes:
    import lz4.frame

    return bytes(lz4.frame.compress(data))


def in_esp_fill() -> tuple[bytes, int]:
    """Behind the image, in the sector it ends in."""
    data = esp_app().ljust(4096, b"\xff") + bytes(512)
    at = len(esp_app()) + 100
    return over(data, at), at


def in_dump(before: bytes = b"", fill: bytes = b"\xff") -> tuple[bytes, int]:
    """Between two parts of a flash dump."""
    start = CODE + before + uimage(PAYLOAD).ljust(0x1000, fill)
    data = start + fill * 0x1000 + lzma.compress(PAYLOAD).ljust(0x400, fill)
    return over(data, len(start) + 0x333), len(start) + 0x333


def in_hex() -> tuple[bytes, int]:
    """Behind the last record of an Intel HEX file."""
    lines = [":10000000" + bytes(range(16)).hex().upper() + "78", ":00000001FF", ""]
    return behind("\n".join(lines).encode())


def in_wrong_program() -> tuple[bytes, int]:
    """In a file that begins like a program and is none."""
    data = elf()[:64] + b"\xff" * 56 + CODE + PROGRAM + CODE
    return data, data.index(PROGRAM)


def in_program(program: bytes) -> tuple[bytes, int]:
    return program, program.index(PROGRAM)


PLACES: dict[str, Callable[[], tuple[bytes, int]]] = {
    "behind a uImage": lambda: behind(uimage(PAYLOAD)),
    "behind a FIT image": lambda: behind(fit({"kernel": image(PAYLOAD, "sha256")})),
    "behind the external data of a FIT image": lambda: behind(external([("kernel", PAYLOAD)])),
    "in the gap between a FIT's external images": in_external_fit,
    "behind a device tree's blocks": in_tree,
    "behind a device tree's names": in_strings,
    "as a device tree's property": in_property,
    "in an environment's free space": in_environment,
    "behind an environment": lambda: behind(environment(0x1000)),
    "behind the records of an MCUboot image": lambda: behind(plain_mcuboot(CODE)),
    "behind the signature slot of an MCUboot image": lambda: behind(plain_mcuboot(CODE) + b"\xff" * 900),
    "in the sector an ESP32 image ends in": in_esp_fill,
    "in gzip's extra field": lambda: gzip_with(4, struct.pack("<H", len(PROGRAM)) + PROGRAM),
    "behind a gzip stream": lambda: behind(gzip.compress(TEXT)),
    "behind an xz stream": lambda: behind(lzma.compress(TEXT)),
    "in a zstd frame to be skipped": lambda: skippable(b"\x50\x2a\x4d\x18", zstd(TEXT)),
    "in an lz4 frame to be skipped": lambda: skippable(b"\x5f\x2a\x4d\x18", lz4(TEXT)),
    "behind a zstd frame": lambda: behind(zstd(TEXT)),
    "behind a file in a tar": in_tar_padding,
    "in a tar's last record": in_tar_end,
    "in a tar's extended attribute": in_tar_attribute,
    "in a tar's header": in_tar_header,
    "between a zip's members": lambda: in_zip(between=PROGRAM),
    "in a zip's comment": lambda: in_zip(comment=PROGRAM),
    "in front of a zip": lambda: in_zip(before=PROGRAM),
    "in a zip's extra field": in_zip_extra,
    "in a cpio's name": in_cpio_name,
    "in a cpio's last entry": in_cpio_trailer,
    "behind a cpio": lambda: behind(cpio_entry(b"fw.txt", TEXT) + CPIO_END),
    "between parts of a dump, FF": in_dump,
    "between parts of a dump, 00": lambda: in_dump(fill=b"\0"),
    "in code of a dump": lambda: in_dump(PROGRAM + CODE),
    "behind an ELF program": lambda: in_program(elf(tail=bytes(300) + PROGRAM)),
    "in a hole of an ELF program": lambda: in_program(elf(gap=CODE + PROGRAM)),
    "behind a PE program": lambda: in_program(tiny_pe(tail=PROGRAM)),
    "in a hole of a PE program": lambda: in_program(tiny_pe(gap=PROGRAM.ljust(512, b"\0"))),
    "between sections and behind them": lambda: in_program(pe_image(gap=512, tail=CODE + PROGRAM)),
    "behind an Intel HEX file": in_hex,
    "behind a script": lambda: behind(b"#!/bin/sh\nexit 0\n" * 40),
    "in what only begins like a program": in_wrong_program,
    "nowhere in particular": lambda: (CODE + PROGRAM + CODE, len(CODE)),
}


def test_the_program_is_one(tmp_path: Path) -> None:
    """By itself it is read whole, and the version in it is seen."""
    alone = seen(tmp_path, PROGRAM, 0)
    assert alone.found and alone.clue
    assert [one.opened for _, one in alone.spans()] == [Opened.EXAMINED]


@pytest.mark.parametrize("place", PLACES)
def test_hidden(place: str, tmp_path: Path) -> None:
    """It comes out as (the beginning of) an artifact of its own; none of its bytes are called structure or empty."""
    data, at = PLACES[place]()
    found = seen(tmp_path, data, at)
    assert found.told, [one for _, one in found.spans()]
    assert found.clue and found.read, [str(one.locator) for one in found.evidence.artifacts]
    assert found.swallowed == 0


def placed(vector: Vector, spans: tuple[LedgerSpan, ...], most: int) -> list[int]:
    """Places in a vector that are fill, or that count as structure or empty, spread evenly; and its end."""
    data = vector.data
    room = [(hit.start() + 8, hit.end()) for hit in FILL.finditer(data)]
    for one in spans:
        if one.opened in (Opened.STRUCTURE, Opened.EMPTY):
            joined = bool(room) and room[-1][1] == one.range.start
            room[-1:] = [(room[-1][0], one.range.end)] if joined else [*room[-1:], (one.range.start, one.range.end)]
    places = [at for start, end in room for at in range(start, end - len(PROGRAM) + 1, len(PROGRAM) // 2)]
    return [*places[:: max(1, -(-len(places) // most))], len(data)]


def judged(vector: Vector, folder: Path, most: int) -> list[str]:
    """Places where it would not be told."""
    data = vector.data
    spans = tuple(one for _, own in seen(folder, data, -1).evidence.ledger.spans for one in own)
    wrong = []
    for at in placed(vector, spans, most):
        found = seen(folder, over(data, at), at)
        if not found.told:
            wrong.append(f"@{at:#x}: {found.swallowed} bytes swallowed, passed over: {found.passed_over}")
    return wrong


@pytest.mark.parametrize("vector", VECTORS, ids=lambda one: one.id)
def test_hidden_in_vectors(vector: Vector, tmp_path: Path) -> None:
    """Written over fill and structure of every valid vector of every container, and behind it."""
    assert judged(vector, tmp_path, PLACES_EACH) == []


@pytest.mark.slow
@pytest.mark.parametrize("vector", VECTORS, ids=lambda one: one.id)
def test_hidden_in_many_places_of_vectors(vector: Vector, tmp_path: Path) -> None:
    """The same in ten times as many places."""
    assert judged(vector, tmp_path, 10 * PLACES_EACH) == []
