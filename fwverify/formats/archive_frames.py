"""Which headers of tar and cpio members say nothing but what a reader of the members checks anyway.

Signatures inside such archives (SWUpdate, Mender, OpenBMC) cover members, never the headers around them. A header
counts as part of the frame when every byte of it is a number, a name that was compared, or zero: then nothing can be
kept there that nobody signed. Times, owners and modes are numbers and pass: they are not signed, and say no more.

Sources: cpio(5) of libarchive, "New ASCII Format"; POSIX.1-2017 pax, "ustar Interchange Format" and "pax Extended
Header"; GNU tar manual 1.35, "Basic Tar Format"; read 2026-11-22. Does not judge names, sizes or order.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from fwverify.formats import cpio, cpio_headers, tar_archive, tar_extensions
from fwverify.formats.cpio import CpioArchive, CpioEntry
from fwverify.formats.entries import Entry
from fwverify.formats.names import fill_byte
from fwverify.formats.tar_archive import TarEntry
from fwverify.model.artifact import ByteRange
from fwverify.model.examining import Malformed

BLOCK = tar_extensions.BLOCK
NEW_FORMS = (cpio_headers.NEW, cpio_headers.NEW_SUM)
"""What SWUpdate reads: headers of the old forms count as no frame."""
_NUMBERS = ((100, 108), (108, 116), (116, 124), (124, 136), (136, 148), (148, 156), (329, 337), (337, 345))
"""mode, uid, gid, size, mtime, checksum, device numbers of a ustar header."""
_OCTAL = re.compile(rb" *[0-7]*[\0 ]*")
_OWNER = re.compile(rb"[A-Za-z0-9_.$@ -]*\0*")
"""A user or group name of an account, at most 32 bytes."""
_PAX_KEYS = frozenset({"path", "size", "mtime", "atime", "ctime", "uid", "gid", "uname", "gname"})
_PAX_NUMBER = re.compile(rb"[0-9.+-]{1,40}")
_PAX_TEXT = frozenset({"path", "uname", "gname"})


def first_names(view: memoryview, most: int) -> list[str]:
    """Names of the first members of a tar archive, as far as their header blocks tell; cheap and total."""
    found: list[str] = []
    at = 0
    while len(found) < most and tar_archive.looks_like(view[at : at + BLOCK]):
        found.append(bytes(view[at : at + 100]).partition(b"\0")[0].decode("utf-8", "replace").removeprefix("./"))
        try:
            size = tar_extensions.number(view[at + 124 : at + 136], "size")
        except Malformed:
            break
        at += BLOCK + size + -size % BLOCK
    return found


def cpio_frames(view: memoryview, archive: CpioArchive, members: Iterable[CpioEntry]) -> Iterator[ByteRange]:
    """Headers and zero padding of these members, and the trailer of the first archive."""
    for one in members:
        header = one.structure[0]
        if bytes(view[header.start : header.start + 6]) not in NEW_FORMS:
            continue
        name_end = header.start + cpio.HEADER_BYTES + int(bytes(view[header.start + 94 : header.start + 102]), 16)
        summed = bytes(view[header.start : header.start + 6]) == cpio_headers.NEW_SUM
        unused = summed or int(bytes(view[header.start + 102 : header.start + 110]), 16) == 0
        if unused and _one_zero(view, name_end) and _zeros(view, name_end, header.end):
            yield header
        yield from _padding(view, one)
    for trailer in archive.structure[:1]:
        head = bytes(view[trailer.start : trailer.end])
        wanted = head[: cpio.HEADER_BYTES] + cpio_headers.TRAILER
        new = head[:6] in NEW_FORMS
        if new and int(head[94:102], 16) == len(cpio_headers.TRAILER) + 1 and head.rstrip(b"\0") == wanted:
            yield trailer


def _one_zero(view: memoryview, end: int) -> bool:
    """The name ends with exactly one zero: nothing is hidden behind a first one."""
    return view[end - 1] == 0 and view[end - 2] != 0


def tar_frames(view: memoryview, members: Iterable[TarEntry], end: Iterable[ByteRange] = ()) -> Iterator[ByteRange]:
    """Headers and zero padding of these members, and what ends the archive where it is zero."""
    for one in members:
        if plain_header(view, one):
            yield from one.structure
        yield from _padding(view, one)
    yield from (one for one in end if fill_byte(view, one) == "00")


def plain_header(view: memoryview, entry: TarEntry) -> bool:
    """True when the header blocks of a file hold nothing beside its name and numbers."""
    header = entry.structure[0]
    at = header.start
    try:
        while at + BLOCK < header.end:  # extended headers before the last block
            size = tar_extensions.number(view[at + 124 : at + 136], "size")
            if bytes(view[at + 156 : at + 157]) not in (b"x", b"X") or not _plain_records(view, at + BLOCK, size):
                return False
            at += BLOCK + size + -size % BLOCK
    except Malformed:
        return False
    return at + BLOCK == header.end and _plain_block(bytes(view[at : at + BLOCK]))


def _plain_records(view: memoryview, start: int, size: int) -> bool:
    """Records of a pax header that are a name and numbers; zeros behind them."""
    if size > tar_extensions.MAX_BYTES:
        return False
    found = tar_extensions.records(bytes(view[start : start + size]), start)
    numbers = all(_PAX_NUMBER.fullmatch(value) for key, value in found.items() if key not in _PAX_TEXT)
    owners = all(_OWNER.fullmatch(found.get(key, b"")) for key in ("uname", "gname"))
    return numbers and owners and found.keys() <= _PAX_KEYS and _zeros(view, start + size, start + size + -size % BLOCK)


def _plain_block(block: bytes) -> bool:
    """A ustar or GNU header of a regular file: name, numbers, owners, zeros."""
    name, prefix = block[:100], block[345:500]
    texts = all(not one.partition(b"\0")[2].strip(b"\0") for one in (name, prefix))
    numbers = all(_plain_number(block[start:end]) for start, end in _NUMBERS)
    owners = all(_OWNER.fullmatch(block[start:end]) for start, end in ((265, 297), (297, 329)))
    file = block[156:157] in (b"0", b"\0") and not block[157:257].strip(b"\0") and not block[500:].strip(b"\0")
    ustar = block[257:265] in (b"ustar\x0000", b"ustar  \0")
    old = not block[257:265].strip(b"\0")
    return texts and numbers and owners and file and (ustar or (old and not prefix.strip(b"\0")))


def _plain_number(field: bytes) -> bool:
    return _OCTAL.fullmatch(field) is not None or field[0] in (0x80, 0xFF)


def _padding(view: memoryview, entry: Entry) -> Iterator[ByteRange]:
    yield from (one for one in entry.padding if fill_byte(view, one) == "00")


def _zeros(view: memoryview, start: int, end: int) -> bool:
    return start >= end or fill_byte(view, ByteRange(start, end)) == "00"
