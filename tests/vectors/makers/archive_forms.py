"""Vectors of the rarer forms of cpio, tar and zip; written byte by byte."""

from __future__ import annotations

import bz2
import gzip
import lzma
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import zstandard

from tests.vectors.makers.archives import (
    CPIO_END,
    OTHER,
    TAR_END,
    TEXT,
    Case,
    ZipPart,
    cpio_entry,
    tar_entry,
    zip_bytes,
)

ORIGIN = "tests/vectors/makers/archive_forms.py"


def cpio_octal(name: bytes, content: bytes = b"", mode: int = 0o100644, inode: int = 1, links: int = 1) -> bytes:
    """One entry of the octal form (070707)."""
    numbers = b"".join(b"%06o" % one for one in (1, inode, mode, 0, 0, links, 0))
    return b"070707" + numbers + b"%011o%06o%011o" % (0, len(name) + 1, len(content)) + name + b"\0" + content


def cpio_binary(
    name: bytes, content: bytes = b"", mode: int = 0o100644, inode: int = 1, links: int = 1, order: str = "<"
) -> bytes:
    """One entry of the binary form; values of 32 bits have their higher half first."""
    size = len(content)
    head = struct.pack(
        f"{order}13H", 0o070707, 1, inode, mode, 0, 0, links, 0, 0, 0, len(name) + 1, size >> 16, size & 0xFFFF
    )
    return head + name + b"\0" + b"\0" * (1 - len(name) % 2) + content + b"\0" * (size % 2)


OCTAL_END, BINARY_END = cpio_octal(b"TRAILER!!!", inode=0), cpio_binary(b"TRAILER!!!", inode=0)
BINARY_BIG_END = cpio_binary(b"TRAILER!!!", inode=0, order=">")
FILES = {"bin/app": TEXT, "odd.txt": OTHER + b"x", "twin": OTHER + b"x"}


def cpio_octal_archive() -> bytes:
    """A folder, two names of one file, which both have the content, a link; filled up with zeros."""
    data = cpio_octal(b"bin", b"", 0o40755, 2) + cpio_octal(b"bin/app", TEXT, 0o100755, 3)
    data += cpio_octal(b"odd.txt", OTHER + b"x", inode=4, links=2) + cpio_octal(b"twin", OTHER + b"x", inode=4, links=2)
    data += cpio_octal(b"link", b"bin/app", 0o120777, 5) + OCTAL_END
    return data + bytes(-len(data) % 512)


def cpio_binary_archive(order: str) -> bytes:
    """As the above, in either order of bytes."""
    data = cpio_binary(b"bin", b"", 0o40755, 2, order=order) + cpio_binary(b"bin/app", TEXT, 0o100755, 3, order=order)
    data += cpio_binary(b"odd.txt", OTHER + b"x", inode=4, links=2, order=order)
    data += cpio_binary(b"twin", OTHER + b"x", inode=4, links=2, order=order)
    data += cpio_binary(b"link", b"bin/app", 0o120777, 5, order=order)
    data += cpio_binary(b"TRAILER!!!", inode=0, order=order)
    return data + bytes(-len(data) % 512)


def initrd() -> tuple[bytes, dict[str, bytes]]:
    """What a boot loader hands to Linux: microcode, zeros, a packed archive, zeros, a plain one, a packed one."""
    code = cpio_entry(b"kernel/x86/microcode/GenuineIntel.bin", TEXT) + CPIO_END
    packed = gzip.compress(cpio_entry(b"init", OTHER, 0o100755) + CPIO_END, mtime=0)
    first = code + bytes(-len(code) % 512)
    second = first + packed + bytes(-len(packed) % 512)
    third = second + cpio_entry(b"late", OTHER) + bytes(8) + cpio_entry(b"later", TEXT) + CPIO_END + bytes(4)
    members = {
        "kernel/x86/microcode/GenuineIntel.bin": TEXT, f"initramfs@0x{len(first):x}": packed, "late": OTHER,
        "later": TEXT, f"initramfs@0x{len(third):x}": packed,
    }  # fmt: skip
    return third + packed + bytes(20), members


def cpio_cases() -> list[Case]:
    joined, members = initrd()
    long_link = cpio_entry(b"link", bytes(range(256)) * 20, 0o120777)
    return [
        Case("cpio", "valid", "octal", "the octal form: links, a folder", cpio_octal_archive(), FILES),
        Case("cpio", "valid", "binary", "the binary form, least byte first", cpio_binary_archive("<"), FILES),
        Case("cpio", "valid", "binary-big", "the binary form, highest byte first", cpio_binary_archive(">"), FILES),
        Case("cpio", "valid", "initrd", "plain and packed archives in a row", joined, members),
        Case("cpio", "valid", "link-with-zero", "a target that ends with a zero, as gen_init_cpio writes it",
             cpio_entry(b"sh", b"busybox\0", 0o120777) + CPIO_END, {}),
        Case("cpio", "truncated", "octal", "cut within content", cpio_octal_archive()[:200], {}, gap="malformed"),
        Case("cpio", "invalid", "mixed", "an octal entry within a new archive",
             cpio_entry(b"a", TEXT) + cpio_octal(b"b", OTHER) + OCTAL_END, {"a": TEXT}, gap="malformed"),
        Case("cpio", "hostile", "link-with-content", "a link whose target is no path", long_link + CPIO_END,
             {"link": bytes(range(256)) * 20}, ("headers-disagree",)),
        Case("cpio", "hostile", "octal-behind", "bytes behind the trailer", cpio_octal_archive() + b"appended later",
             FILES, ("trailing-data",)),
    ]  # fmt: skip


# tar ------------------------------------------------------------------------------------------------------------------


def tar_block(
    name: bytes, size: int | bytes = 0, flag: bytes = b"0", magic: bytes = b"ustar  \0", tail: bytes = b"",
    link: bytes = b"",
) -> bytes:  # fmt: skip
    """One header block with the fields behind byte 345 given, in GNU's form unless the magic says otherwise."""
    amount = b"%011o\0" % size if isinstance(size, int) else size
    owner = (b"root", b"root") if magic else (b"", b"")
    head = struct.pack(
        "100s8s8s8s12s12s8s1s100s8s32s32s16s167s", name, b"0000644", b"0000000", b"0000000", amount, b"00000000000",
        b" " * 8, flag, link, magic, *owner, b"", tail,
    )  # fmt: skip
    return head[:148] + b"%06o\0 " % sum(head) + head[156:]


def filled(content: bytes) -> bytes:
    return content + bytes(-len(content) % 512)


def pax_record(key: str, value: bytes | str) -> bytes:
    body = b" " + key.encode() + b"=" + (value if isinstance(value, bytes) else value.encode()) + b"\n"
    size = len(body)
    while len(b"%d" % size + body) != size:
        size = len(b"%d" % size + body)
    return b"%d" % size + body


def pax(records: bytes, flag: bytes = b"x") -> bytes:
    return tar_block(b"PaxHeaders/x", len(records), flag, b"ustar\x0000") + filled(records)


PIECES = [(1024, TEXT), (8192, OTHER * 9)]
"""Offset and content of the stored pieces of the sparse file."""
STORED = b"".join(content for _, content in PIECES)
FULL = 20_000
EXPANDED = ((bytes(1024) + TEXT).ljust(8192, b"\0") + OTHER * 9).ljust(FULL, b"\0")


def sparse_old(many: int = 1) -> bytes:
    """GNU's own form; `many` empty pieces at the end, which fill blocks of their own."""
    pairs = [(at, len(content)) for at, content in PIECES] + [(FULL, 0)] * many
    fields = [b"%011o\0%011o\0" % one for one in pairs]
    here, rest = fields[:4], fields[4:]
    tail = bytes(41) + b"".join(here).ljust(96, b"\0") + bytes([bool(rest)]) + b"%011o\0" % FULL
    blocks = b""
    while rest:
        now, rest = rest[:21], rest[21:]
        blocks += (b"".join(now).ljust(504, b"\0") + bytes([bool(rest)])).ljust(512, b"\0")
    return tar_block(b"hole.bin", len(STORED), b"S", tail=tail) + blocks + filled(STORED)


def sparse_pax(version: str) -> bytes:
    """The three forms that pax headers have for it."""
    name = b"GNUSparseFile.0/hole.bin"
    if version == "1.0":
        lines = b"%d\n" % len(PIECES) + b"".join(b"%d\n%d\n" % (at, len(content)) for at, content in PIECES)
        body = filled(lines) + STORED
        records = pax_record("GNU.sparse.major", "1") + pax_record("GNU.sparse.minor", "0")
        records += pax_record("GNU.sparse.name", "hole.bin") + pax_record("GNU.sparse.realsize", str(FULL))
        return pax(records) + tar_block(name, len(body), magic=b"ustar\x0000") + filled(body)
    records = pax_record("GNU.sparse.size", str(FULL)) + pax_record("GNU.sparse.numblocks", str(len(PIECES)))
    if version == "0.0":
        name = b"hole.bin"
        for at, content in PIECES:
            records += pax_record("GNU.sparse.offset", str(at))
            records += pax_record("GNU.sparse.numbytes", str(len(content)))
    else:
        text = ",".join(f"{at},{len(content)}" for at, content in PIECES)
        records += pax_record("GNU.sparse.name", "hole.bin") + pax_record("GNU.sparse.map", text)
    return pax(records) + tar_block(name, len(STORED), magic=b"ustar\x0000") + filled(STORED)


DUMP = b"Yapp.bin\0Dlib\0Nold\0\0"


def tar_cases() -> list[Case]:
    one, hole = tar_entry(b"app.bin", TEXT), {"hole.bin": EXPANDED}
    large = b"\x80" + (len(OTHER)).to_bytes(11, "big")
    dump = tar_block(b"fw/", len(DUMP), b"D") + filled(DUMP)
    long = tar_block(b"././@LongLink", 161, b"L") + filled(b"n" * 160 + b"\0") + tar_block(b"n" * 100, len(TEXT))
    damaged = sparse_pax("0.1").replace(b"1024,%d" % len(TEXT), b"1024,999")
    rest = [
        Case("tar", "valid", "old-tar", "a header from before ustar, without magic",
             tar_block(b"app.bin", len(TEXT), b"\0", b"") + filled(TEXT) + TAR_END, {"app.bin": TEXT}),
        Case("tar", "valid", "base-256", "a size that is no text",
             tar_block(b"app.bin", large) + filled(OTHER) + TAR_END, {"app.bin": OTHER}),
        Case("tar", "valid", "long-name", "a long name of GNU's form", long + filled(TEXT) + TAR_END,
             {"n" * 160: TEXT}),
        Case("tar", "valid", "dump", "the list of a folder in an incremental archive", dump + one + TAR_END,
             {"app.bin": TEXT}),
        Case("tar", "valid", "label", "a volume label", tar_block(b"a label", 0, b"V") + one + TAR_END,
             {"app.bin": TEXT}),
        Case("tar", "invalid", "map", "a sparse map for more than is stored", one + damaged + TAR_END,
             {"app.bin": TEXT}, gap="malformed"),
        Case("tar", "invalid", "negative", "a negative size",
             one + tar_block(b"x", b"\xff" * 12) + TAR_END, {"app.bin": TEXT}, gap="malformed"),
        Case("tar", "hostile", "volume-in-between", "a file that began in another volume; the others are read",
             tar_block(b"x", len(OTHER), b"M", tail=bytes(24) + b"%011o\0" % 4096) + filled(OTHER) + one + TAR_END,
             {"app.bin": TEXT}, gap="unsupported"),
        Case("tar", "hostile", "dump-with-content", "a folder's list that is none",
             tar_block(b"fw/", len(TEXT), b"D") + filled(TEXT) + TAR_END, {"fw/": TEXT}),
        Case("tar", "truncated", "sparse", "cut within the map of a sparse file", one + sparse_old(60)[:1000],
             {"app.bin": TEXT}, gap="malformed"),
    ]  # fmt: skip
    forms = [(f"sparse-{one}", sparse_pax(one)) for one in ("0.0", "0.1", "1.0")]
    forms += [("sparse-gnu", sparse_old()), ("sparse-gnu-blocks", sparse_old(60))]
    return [*(Case("tar", "valid", name, "a sparse file", data + TAR_END, hole) for name, data in forms), *rest]


# zip ------------------------------------------------------------------------------------------------------------------


def _lzma(content: bytes) -> bytes:
    """Version, properties and a stream that ends with a marker (APPNOTE 5.8.8)."""
    raw = lzma.compress(content, lzma.FORMAT_RAW, filters=[{"id": lzma.FILTER_LZMA1, "preset": 6}])
    return b"\x09\x14\x05\x00\x5d" + (8 << 20).to_bytes(4, "little") + raw


PACKERS: dict[int, Callable[[bytes], bytes]] = {
    12: bz2.compress,
    14: _lzma,
    20: zstandard.compress,
    93: zstandard.compress,
    95: lzma.compress,
}  # fmt: skip
"""By the number of the method; 14 ends with a marker, so flag 1 belongs to it."""


def zip_part(name: bytes, method: int, content: bytes = TEXT) -> ZipPart:
    return ZipPart(name, content, method, flags=2 if method == 14 else 0, packed=PACKERS[method](content))


def zip_field(number: int, content: bytes) -> bytes:
    return struct.pack("<HH", number, len(content)) + content


def described(name: bytes, layout: str, mark: bool, content: bytes = TEXT) -> ZipPart:
    """A deflated member whose sizes stand behind it."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(content) + packer.flush()
    values = struct.pack(layout, zlib.crc32(content), len(packed), len(content))
    return ZipPart(name, content, 8, 8, packed=packed, behind=(b"PK\7\x08" if mark else b"") + values)


ENCRYPTED = {
    "ZipCrypto": ZipPart(b"secret", b"x" * 40, 0, flags=1),
    "AES": ZipPart(b"secret", b"x" * 40, 99, flags=1, packed=b"y" * 60, extra=zip_field(0x9901, b"\2\0AE\3\x08\0")),
    "PKWARE strong encryption": ZipPart(b"secret", b"x" * 40, 8, flags=0x41, packed=b"y" * 60),
    "masked": ZipPart(b"secret", b"x" * 40, 8, flags=0x2041, packed=b"y" * 60),
}


def zip_cases() -> list[Case]:
    note, half = ZipPart(b"notes.txt", OTHER, 0), {"notes.txt": OTHER}
    many = {12: "bzip2", 14: "lzma", 20: "zstd-20", 93: "zstd", 95: "xz"}
    all_methods = [zip_part(name.encode(), method) for method, name in many.items()]
    kinds = [("<III", False), ("<III", True), ("<IQQ", False), ("<IQQ", True)]
    shapes = [described(b"shape-%d" % index, *kind) for index, kind in enumerate(kinds)]
    spanned = zip_bytes([note], before=b"PK\7\x08")
    secret = [
        Case("zip", "hostile", f"encrypted-{name.split()[0].lower()}", "one member is encrypted, the other is read",
             zip_bytes([part, note]), half, gap="encrypted") for name, part in ENCRYPTED.items()
    ]  # fmt: skip
    rare = [
        Case("zip", "hostile", f"method-{method}", "a method that is named and not read",
             zip_bytes([ZipPart(b"x", TEXT, method, packed=b"packed"), note]), half, gap="unsupported")
        for method in (9, 98, 77)
    ]  # fmt: skip
    return [
        Case("zip", "valid", "methods", "a member by every method that is read", zip_bytes([*all_methods, note]),
             {**{name: TEXT for name in many.values()}, **half}),
        Case("zip", "valid", "descriptors", "data descriptors of all four shapes", zip_bytes([*shapes, note]),
             {**{one.name.decode(): TEXT for one in shapes}, **half}),
        Case("zip", "valid", "spanned-marker", "one that could have been split", spanned, half),
        Case("zip", "truncated", "split", "the first file of a split archive", spanned[:80], {}, gap="unsupported"),
        Case("zip", "hostile", "other-disk", "a member in another file of a split archive",
             zip_bytes([ZipPart(b"x", TEXT, 0, disk=3), note]), half, gap="unsupported"),
        Case("zip", "hostile", "self-extracting", "a program in front, a comment behind",
             zip_bytes([note], before=b"\x7fELF" + bytes(range(1, 200)), comment=b"made by nobody in particular"), half,
             ("trailing-data",)),
        Case("zip", "hostile", "folder-with-content", "a folder of size 0 with stored bytes",
             zip_bytes([ZipPart(b"fw/", b"", 0, attributes=0o40755 << 16, packed=TEXT), note]), half, gap="malformed"),
        Case("zip", "hostile", "link-that-is-none", "the target of a link is a program",
             zip_bytes([ZipPart(b"l", b"\x7fELF\0\1\2\3" * 9, 0, attributes=0o120777 << 16), note]), half,
             gap="malformed"),
        *secret, *rare,
    ]  # fmt: skip


def make(root: Path) -> None:
    """Write the vectors."""
    for case in (*cpio_cases(), *tar_cases(), *zip_cases()):
        case.write(root)
