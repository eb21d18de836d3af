"""Vectors of the UEFI containers, built byte by byte from the specifications; another implementation than the readers.

Packed sections: edk2's own compressors as the package uefi-firmware (1.16) carries them (LZMA, EFI 1.1, Tiano), brotli
(1.2), liblzma's x86 filter. The builders are used by the unit tests too.
"""

from __future__ import annotations

import gzip
import hashlib
import lzma
import struct
import uuid
import zlib
from pathlib import Path
from typing import Any

from tests.vectors.makers.firmware import Writer

ORIGIN = "tests/vectors/makers/uefi.py; packed sections: uefi-firmware 1.16 (edk2's compressors), brotli 1.2"
FFS1, FFS2, FFS3 = (
    "7a9354d9-0468-444a-81ce-0bf617d890df", "8c8ce578-8a3d-4f1c-9935-896185c32dd3",
    "5473c07a-3dcb-4dca-bd6f-1e9689e7349a",
)  # fmt: skip
NVRAM = "fff12b8d-7696-4c8b-a985-2747075b4f50"
LZMA, F86 = "ee4e5898-3914-4259-9d6e-dc7bd79403cf", "d42ae6bd-1352-4bfb-909a-ca72a6eae889"
TIANO, BROTLI = "a31280ad-481e-41b6-95e8-127f4c984779", "3d532050-5cda-4fd0-879e-0f7f630d5afb"
GZIP, CRC32 = "1d301fe9-be79-4353-91c2-d23bc959ae0c", "fc1bcdb0-7d31-49aa-936a-a4600d9dd083"
SIGNED, AMD = "0f9d89e8-9259-4f76-a5af-0c89e34023df", "ce3233f5-2cd6-4d87-9152-4a238bb6d1c4"
FILE = "00000001-1111-2222-3333-444455556666"
OTHER = "00000002-1111-2222-3333-444455556666"
NOISE = b"".join(hashlib.sha256(b"uefi %d" % one).digest() for one in range(40))
CODE = b"\x55\x89\xe5\xe8\x10\x00\x00\x00\xe9\x44\x33\x22\x00\x0f\x84\x01\x02\x00\x00\xc3" * 30
PE = b"MZ" + NOISE[:62] + CODE + b"vectors of the UEFI containers\0"
ELF = b"\x7fELF\x02\x01\x01" + bytes(9) + NOISE[:584]
"""What the tests hide in places."""
DEPEX = b"\x02" + NOISE[:16] + b"\x02" + NOISE[16:32] + b"\x03\x08"
ZEROS16 = bytes(16)


def guid(text: str) -> bytes:
    return uuid.UUID(text).bytes_le


def sum8(data: bytes) -> int:
    return sum(data) & 0xFF


def text(value: str) -> bytes:
    return value.encode("utf-16-le") + b"\0\0"


# --- sections -----------------------------------------------------------------------------------------------------


def section(kind: int, data: bytes, large: bool = False) -> bytes:
    if large:
        return b"\xff\xff\xff" + bytes([kind]) + struct.pack("<I", 8 + len(data)) + data
    return (4 + len(data)).to_bytes(3, "little") + bytes([kind]) + data


def sections(*parts: bytes) -> bytes:
    """In a row, each at a multiple of 4 bytes."""
    out = b""
    for one in parts:
        out += bytes(-len(out) % 4) + one
    return out


def guided(name: str, data: bytes, extra: bytes = b"", attributes: int = 1) -> bytes:
    return section(2, guid(name) + struct.pack("<HH", 24 + len(extra), attributes) + extra + data)


def compression(method: int, size: int, data: bytes) -> bytes:
    return section(1, struct.pack("<IB", size, method) + data)


def checked(data: bytes, wrong: bool = False) -> bytes:
    return guided(CRC32, data, struct.pack("<I", zlib.crc32(data) ^ wrong), 2)


def ui(name: str) -> bytes:
    return section(0x15, text(name))


def version(value: str, build: int = 7) -> bytes:
    return section(0x14, struct.pack("<H", build) + text(value))


def driver(name: str = "Vectors") -> bytes:
    return sections(section(0x13, DEPEX), section(0x10, PE), ui(name), version("1.2.3"))


# --- packing ------------------------------------------------------------------------------------------------------


def lzma_packed(data: bytes) -> bytes:
    from uefi_firmware import efi_compressor

    return bytes(efi_compressor.LzmaCompress(data, len(data)))


def x86_encoded(data: bytes) -> bytes:
    """Through the x86 branch filter: packed with it, unpacked without."""
    last = {"id": lzma.FILTER_LZMA2, "preset": 0}
    packed = lzma.compress(data, lzma.FORMAT_RAW, filters=[{"id": lzma.FILTER_X86}, last])
    return lzma.decompress(packed, lzma.FORMAT_RAW, filters=[last])


def efi_packed(data: bytes) -> bytes:
    from uefi_firmware import efi_compressor

    return bytes(efi_compressor.EfiCompress(data, len(data)))


def tiano_packed(data: bytes) -> bytes:
    from uefi_firmware import efi_compressor

    return bytes(efi_compressor.TianoCompress(data, len(data)))


def brotli_packed(data: bytes) -> bytes:
    import brotli

    return struct.pack("<QQ", len(data), 1 << 20) + bytes(brotli.compress(data))


# --- files and volumes --------------------------------------------------------------------------------------------


def ffs(
    body: bytes, kind: int = 7, name: str = FILE, *, attributes: int = 0, state: int = 7, large: bool = False,
    system: str = FFS2, header_off: int = 0, data_off: int = 0, polarity: int = 0xFF,
) -> bytes:  # fmt: skip
    """One file. Attribute 0x40 puts a checksum over the data; the `_off` values make the checksums wrong."""
    tail = system == FFS1 and attributes & 1
    head = 32 if large else 24
    size = head + len(body) + (2 if tail else 0)
    attributes |= 1 if large else 0
    middle = bytes([kind, attributes]) + (b"\0\0\0" if large else size.to_bytes(3, "little"))
    behind = struct.pack("<Q", size) if large else b""
    header = (-sum8(guid(name) + middle + behind) + header_off) & 0xFF
    data = -sum8(body) & 0xFF if attributes & 0x40 else (0x5A if system == FFS1 else 0xAA)
    data = (data + data_off) & 0xFF
    out = guid(name) + bytes([header, data]) + middle + bytes([state ^ polarity]) + behind + body
    return out + (bytes([~header & 0xFF, ~data & 0xFF]) if tail else b"")


def pad(body: bytes) -> bytes:
    return ffs(body, 0xF0, "ffffffff-ffff-ffff-ffff-ffffffffffff")


def volume(
    *files: bytes, system: str = FFS2, size: int = 0, polarity: int = 0xFF, vector: bytes = ZEROS16,
    revision: int = 2, extended: bytes = b"", off: int = 0, blocks: bytes = b"", reserved: int = 0,
) -> bytes:  # fmt: skip
    """A volume; its size is rounded up to 512 bytes when not given. `extended` lies behind the header."""
    content = extended
    fill = bytes([polarity])
    for one in files:
        content += fill * (-len(content) % 8) + one
    head = 72 + (len(blocks) or 0)
    size = size or -(-(head + len(content) + 64) // 512) * 512
    blocks = blocks or b""
    map_ = struct.pack("<II", size // 512, 512) + bytes(8) + blocks
    attributes = 0x0004FEFF if polarity else 0x0004F6FF
    fixed = vector + guid(system) + struct.pack("<Q", size) + b"_FVH"
    rest = struct.pack("<IH", attributes, head)
    ext = struct.pack("<H", head if extended else 0) + bytes([reserved, revision]) + map_
    words = struct.unpack(f"<{head // 2}H", fixed + rest + b"\0\0" + ext)
    checksum = (-sum(words) + off) & 0xFFFF
    out = fixed + rest + struct.pack("<H", checksum) + ext + content
    return out + fill * (size - len(out))


def extended_header(*entries: tuple[int, bytes]) -> bytes:
    body = b"".join(struct.pack("<HH", 4 + len(data), kind) + data for kind, data in entries)
    return guid(OTHER) + struct.pack("<I", 20 + len(body)) + body


# --- variables ----------------------------------------------------------------------------------------------------


def variable(name: str, data: bytes, state: int = 0x3F, vendor: str = OTHER) -> bytes:
    raw = text(name)
    head = struct.pack("<HBBI", 0x55AA, state, 0, 7) + bytes(8 + 16 + 4) + struct.pack("<II", len(raw), len(data))
    out = head + guid(vendor) + raw + data
    return out + b"\xff" * (-len(out) % 4)


def working_block() -> bytes:
    head = guid("9e58292b-7c68-497d-a0ce-6500fd9f1b95")
    crc = zlib.crc32(head + b"\xff" * 8 + struct.pack("<Q", 0x1E0))
    return head + struct.pack("<I", crc) + b"\xfe\xff\xff\xff" + struct.pack("<Q", 0x1E0)


def store(*variables: bytes, size: int = 0x400, state: int = 0xFE, behind: bytes = b"") -> bytes:
    body = b"".join(variables)
    head = guid("aaf32c78-947b-439a-a180-2e144ec37792") + struct.pack("<IBBHI", size, 0x5A, state, 0, 0)
    return (head + body).ljust(size, b"\xff") + behind


# --- Intel --------------------------------------------------------------------------------------------------------


def descriptor(*regions: tuple[int, int] | None, masters: int = 0x80, straps: bytes = b"") -> bytes:
    """First and last block of each region from the descriptor's own on; None for one that is not used."""
    words = [0x7FFF if one is None else one[0] | one[1] << 16 for one in regions]
    words += [0x7FFF] * (16 - len(words))
    head = b"\xff" * 16 + struct.pack("<III", 0x0FF0A55A, 0x00040003, masters >> 4 | 0x00100200)
    out = head.ljust(0x40, b"\xff") + struct.pack("<16I", *words)
    return (out.ljust(0x100, b"\xff") + straps).ljust(4096, b"\xff")


def capsule(name: str, body: bytes, header: int = 28, flags: int = 0x10000, between: bytes = b"") -> bytes:
    head = guid(name) + struct.pack("<III", header, flags, header + len(body))
    return head + between.ljust(header - 28, b"\0") + body


# --- vectors ------------------------------------------------------------------------------------------------------


def named(**members: bytes) -> dict[str, str]:
    return digests(members)


def digests(members: dict[str, bytes]) -> dict[str, str]:
    return {name: hashlib.sha256(data).hexdigest() for name, data in members.items()}


def make_volumes(case: Any) -> None:
    inside = {f"{FILE} (Vectors)/pe32": PE}
    drv = ffs(driver(), attributes=0x40)
    raw = ffs(NOISE[:100], 1, OTHER)
    case("valid", "ffs2", volume(drv, pad(b"\xff" * 40), raw), "a driver with every small section, padding, a raw file",
         members=digests(inside | {f"{OTHER}/raw": NOISE[:100]}), anomalies=[])  # fmt: skip
    big = ffs(section(0x10, PE, large=True), large=True, system=FFS3)
    case("valid", "ffs3-large", volume(big, system=FFS3), "large file and section headers",
         members=digests({f"{FILE}/pe32": PE}), anomalies=[])  # fmt: skip
    old = ffs(driver(), attributes=0x41, system=FFS1)
    case("valid", "ffs1-tail", volume(old, system=FFS1, revision=1), "FFS 1 with a tail", members=digests(inside))
    zero = volume(ffs(driver(), polarity=0), polarity=0)
    case("valid", "polarity-0", zero, "flash that is zero when it is empty", members=digests(inside), anomalies=[])
    freeform = ffs(sections(section(0x18, guid(OTHER) + NOISE[:50]), section(0x12, b"VZ" + NOISE[:90])), 2)
    case("valid", "freeform-te", volume(freeform), "a freeform section and a TE image",
         members=digests({f"{FILE}/freeform-{OTHER}": NOISE[:50], f"{FILE}/te": b"VZ" + NOISE[:90]}))  # fmt: skip
    inner = volume(drv)
    case("valid", "nested", volume(ffs(section(0x17, inner), 0x0B)), "a volume in a file",
         members=digests({f"{FILE}/volume": inner}))  # fmt: skip
    extended = extended_header((3, struct.pack("<I", 900)), (2, guid(FILE) + b"data"))
    case("valid", "extended", volume(drv, extended=extended + b"\xff" * 4), "an extended header",
         members=digests(inside))  # fmt: skip
    stream = driver()
    packed = {
        "efi": compression(1, len(stream), efi_packed(stream)),
        "tiano-in-standard": compression(1, len(stream), tiano_packed(stream)),
        "tiano": guided(TIANO, tiano_packed(stream)), "lzma": guided(LZMA, lzma_packed(stream)),
        "lzma-x86": guided(F86, lzma_packed(x86_encoded(stream))), "brotli": guided(BROTLI, brotli_packed(stream)),
    }  # fmt: skip
    for name, data in packed.items():
        kind = "efi" if "standard" in name else name
        case("valid", name, volume(ffs(data)), "a packed section",
             members=digests({f"{FILE}/{kind}": stream}))  # fmt: skip
    zipped = gzip.compress(stream, mtime=0)
    case("valid", "gzip", volume(ffs(guided(GZIP, zipped))), "gzip is opened as such",
         members=digests({f"{FILE}/gzip": zipped}))  # fmt: skip
    plain = compression(0, len(stream), stream)
    case("valid", "not-packed", volume(ffs(plain)), "a compression section that packs nothing", members=digests(inside))
    case("valid", "crc32", volume(ffs(checked(stream))), "a section with a CRC", members=digests(inside))
    make_invalid_volumes(case)


def make_invalid_volumes(case: Any) -> None:
    drv, stream = ffs(driver(), attributes=0x40), driver()
    inside = digests({f"{FILE} (Vectors)/pe32": PE})
    case("invalid", "volume-sum", volume(drv, off=1), "the header's checksum", checks_fail=["volume header"],
         members=inside)  # fmt: skip
    case("invalid", "data-sum", volume(ffs(driver(), attributes=0x40, data_off=3)), "the data's checksum",
         checks_fail=[f"{FILE}: data"], members=inside)  # fmt: skip
    case("invalid", "header-sum", volume(ffs(driver(), header_off=3)), "a file header's checksum",
         checks_fail=[f"{FILE}: header"], members=inside)  # fmt: skip
    case("invalid", "crc32", volume(ffs(checked(stream, wrong=True))), "a section's CRC",
         checks_fail=[f"{FILE} (Vectors)/crc32"], members=inside)  # fmt: skip
    case("invalid", "block-map", volume(drv, blocks=struct.pack("<II", 1, 5)), "bytes behind the block map's end mark",
         members=inside)  # fmt: skip
    case("invalid", "file-system", volume(NOISE[:64], system=OTHER), "an unknown file system", gap="unsupported",
         members={})  # fmt: skip
    case("invalid", "method", volume(ffs(guided(AMD, stream))), "a packing method that is not read", members={},
         gap="unsupported")  # fmt: skip
    case("invalid", "method-2", volume(ffs(compression(2, 100, NOISE))), "a vendor's compression type", members={},
         gap="unsupported")  # fmt: skip
    signed = guided(SIGNED, stream, NOISE[:80], 2)
    case("invalid", "signed", volume(ffs(signed)), "a signature nobody verifies", gap="unsupported",
         members=inside | digests({f"{FILE} (Vectors)/certificate": NOISE[:80]}))  # fmt: skip
    damaged = lzma_packed(stream)[:-30] + NOISE[:30]
    case("invalid", "lzma-damaged", volume(ffs(guided(LZMA, damaged)), ffs(driver(), name=OTHER)), "one file is bad",
         gap="malformed", members=digests({f"{OTHER} (Vectors)/pe32": PE}))  # fmt: skip
    broken = volume(drv, ffs(driver(), header_off=1) + NOISE[:200])
    case("invalid", "after-broken", broken, "what follows a bad header is no file", gap="malformed", members=inside)
    whole = volume(drv, ffs(NOISE[:1000], 1, OTHER))
    case("truncated", "half", whole[:1200], "cut in the second file", gap="malformed", members=inside)
    case("truncated", "free-space", whole[:-200], "cut in the free space", gap="malformed")
    make_hostile_volumes(case)


def make_hostile_volumes(case: Any) -> None:
    drv = ffs(driver())
    bomb = lzma.compress(bytes(1 << 20), lzma.FORMAT_ALONE)
    stated = bomb[:5] + struct.pack("<Q", 1 << 40) + bomb[13:]
    case("hostile", "lzma-size", volume(ffs(guided(LZMA, stated)), drv), "an LZMA stream that states 1 TiB",
         gap="limit", members=digests({f"{FILE} (Vectors)/pe32": PE}))  # fmt: skip
    deep = ui("x")
    for _ in range(60):
        deep = section(3, deep)
    case("hostile", "nesting", volume(ffs(deep)), "60 sections inside one another", gap="limit", members={})
    lies = struct.pack("<II", 8, 1 << 30) + b"\0" * 1 + NOISE[:30]
    case("hostile", "tiano-size", volume(ffs(guided(TIANO, lies))), "8 packed bytes that state 1 GiB", gap="limit",
         members={})  # fmt: skip
    hidden = volume(drv, pad(b"\xff" * 8 + ELF), ffs(ELF, 1, OTHER, state=0x17), size=8192)
    hidden = hidden[:-1000] + ELF + hidden[-400:]
    case("hostile", "planted", hidden, "programs in padding, in a deleted file, in free space",
         members=digests({f"{FILE} (Vectors)/pe32": PE}))  # fmt: skip
    case("hostile", "length", _long(drv), "a volume of 1 TiB",
         gap="malformed", members=digests({f"{FILE} (Vectors)/pe32": PE}))  # fmt: skip


def _long(drv: bytes) -> bytes:
    """A volume that states 2 TiB less 512 bytes, its block map too; the checksum holds."""
    data = bytearray(volume(drv))
    data[32:40] = struct.pack("<Q", 0xFFFFFFFF * 512)
    data[56:60] = struct.pack("<I", 0xFFFFFFFF)
    data[50:52] = b"\0\0"
    data[50:52] = struct.pack("<H", -sum(struct.unpack("<36H", data[:72])) & 0xFFFF)
    return bytes(data)


def make_variables(case: Any) -> None:
    good = store(variable("PK", NOISE[:90]), variable("Gone", ELF[:80], 0x3C), variable("Boot0000", b"\1\2\3"),
                 behind=working_block())  # fmt: skip
    case("valid", "variables", volume(good, system=NVRAM), "two variables, a deleted one, a working block",
         members=digests({f"PK-{OTHER}": NOISE[:90], f"Boot0000-{OTHER}": b"\1\2\3"}), anomalies=[])  # fmt: skip
    wrong = good[:-15] + bytes([good[-15] ^ 1]) + good[-14:]
    case("invalid", "working-block", volume(wrong, system=NVRAM), "the working block's CRC",
         checks_fail=["working block header"])  # fmt: skip
    case("invalid", "store-state", volume(store(state=0), system=NVRAM), "an unhealthy store", gap="malformed",
         members={})  # fmt: skip
    case("invalid", "store-kind", volume(NOISE[:600], system=NVRAM), "another kind of store", gap="unsupported",
         members={})  # fmt: skip


def make_streams(case: Any) -> None:
    two = sections(section(0x19, bytes(60)), driver("Stream"), section(0x17, volume(ffs(driver()))))
    inside = digests({"Stream/pe32": PE, "Stream/volume": volume(ffs(driver()))})
    case("valid", "stream", two, "what a packed section unpacks to", members=inside, anomalies=[])
    case("valid", "filled", two + b"\xff" * 64, "fill behind the last section", members=inside, anomalies=[])
    case("invalid", "tail", sections(driver("Stream"), ELF), "bytes that are no section behind the last one",
         gap="malformed", members=digests({"Stream/pe32": PE}))  # fmt: skip
    case("truncated", "cut", sections(ui("Stream"), section(0x10, PE))[:-9], "the last section is cut off",
         gap="malformed", members={})  # fmt: skip
    overlong = section(0x15, text("Name") + ELF)
    case("hostile", "name", sections(section(0x10, PE), overlong), "a program behind a name's end",
         members=digests({"pe32": PE, "ui": text("Name") + ELF}))  # fmt: skip


def make_flash(case: Any) -> None:
    first, second = volume(store(), system=NVRAM), volume(ffs(driver()))
    case("valid", "two", first + second + b"\xff" * 512, "two volumes and fill", anomalies=[],
         members=digests({"volume@0x0": first, f"volume@0x{len(first):x}": second}))  # fmt: skip
    case("invalid", "second-sum", first + volume(ffs(driver()), off=1), "the second volume's checksum",
         members=digests({"volume@0x0": first}))  # fmt: skip
    case("truncated", "second", first + second[:600], "the second volume is cut off",
         members=digests({"volume@0x0": first, f"volume@0x{len(first):x}": second[:600]}))  # fmt: skip
    gap = first + b"\xff" * 40 + ELF + b"\xff" * 8
    case("hostile", "gap", gap + second, "a program between the volumes",
         members=digests({"volume@0x0": first, f"volume@0x{len(gap):x}": second}))  # fmt: skip
    fake = second[:72][:48] + struct.pack("<H", 72) + second[50:72]
    case("hostile", "signatures", first + (b"\0" * 40 + b"_FVH") * 200 + fake[:60], "signatures of nothing",
         members=digests({"volume@0x0": first}))  # fmt: skip


def make_intel(case: Any) -> None:
    bios, engine = volume(ffs(driver()), size=4096), (b"$FPT" + NOISE)[:1200].ljust(4096, b"\xff")
    image = descriptor((0, 0), (2, 2), None, (1, 1)) + (NOISE[:700]).ljust(4096, b"\xff") + bios
    case("valid", "regions", image, "BIOS and Ethernet regions", anomalies=[],
         members=digests({"bios": bios, "gigabit-ethernet": NOISE[:700].ljust(4096, b"\xff")}))  # fmt: skip
    case("invalid", "overlap", descriptor((0, 0), (1, 2), (2, 2)) + bytes(4096) + bios, "regions overlap",
         gap="malformed", members={})  # fmt: skip
    case("invalid", "engine", descriptor((0, 0), (1, 1), (2, 2)) + bios + engine, "a management engine",
         gap="unsupported", members=digests({"bios": bios, "management-engine": engine}))  # fmt: skip
    case("truncated", "bios", image[:-1000], "the BIOS region is cut off", gap="missing")
    case("hostile", "straps", descriptor((0, 0), (1, 1), straps=ELF) + bios, "a program in the descriptor",
         members=digests({"bios": bios}))  # fmt: skip


def make_capsules(case: Any) -> None:
    body = volume(ffs(driver()))
    aptio = capsule("14eebb90-890a-43db-aed1-5d3c4588a418", body, 80)
    case("valid", "aptio", aptio, "AMI's identifier, a longer header", members=digests({"body": body}), anomalies=[])
    toshiba = capsule("3be07062-1d51-45d2-832b-f093257ed461", body)
    toshiba = toshiba[:20] + toshiba[24:28] + toshiba[20:24] + toshiba[28:]
    case("valid", "toshiba", toshiba, "size and flags change places", members=digests({"body": body}), anomalies=[])
    case("valid", "unknown", capsule("12345678-1234-4234-9234-123456789abc", body), "an identifier nobody knows",
         members=digests({"body": body}), anomalies=[])  # fmt: skip
    case("invalid", "vendor-behind", aptio + ELF, "a program behind the capsule", members=digests({"body": body}),
         anomalies=["trailing-data"])  # fmt: skip
    case("truncated", "vendor", aptio[:-1], "it ends early", gap="malformed", members={})


def make(root: Path) -> None:
    """Write every vector below `root` (tests/vectors)."""
    makers = (
        ("uefi_volume", make_volumes), ("uefi_volume", make_variables), ("uefi_sections", make_streams),
        ("uefi_flash", make_flash), ("intel_flash", make_intel), ("uefi_capsule", make_capsules),
    )  # fmt: skip
    for plugin, maker in makers:
        maker(Writer(root, plugin, ORIGIN).case)
