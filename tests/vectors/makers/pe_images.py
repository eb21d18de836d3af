"""Vectors of PE and TE images: small images written here from the specification, nothing compiled or linked in.

Source: Microsoft "PE Format", ECMA-335 partition II, UEFI PI 1.8 volume 1 chapter 15; read 2026-11-22.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from pathlib import Path

from tests.vectors.makers.detectors import case

BY = "tests/vectors/makers/pe_images.py"
CODE = bytes.fromhex("554889e5b82a0000005dc3909090") + bytes(range(128, 192))
PAGE, ALIGN = 0x1000, 0x200
AMD64, I386, ARM64 = 0x8664, 0x14C, 0xAA64
WINDOWS, EFI_APPLICATION, EFI_DRIVER = 3, 10, 11
CODE_FLAGS, DATA_FLAGS = 0x60000020, 0x40000040


@dataclass
class Image:
    """What goes into an image; sections lie a page apart, the first at 0x1000."""

    machine: int = AMD64
    subsystem: int = WINDOWS
    library: bool = True
    sections: list[tuple[str, bytes, int]] = field(default_factory=lambda: [(".text", CODE, CODE_FLAGS)])
    directories: dict[int, tuple[int, int]] = field(default_factory=dict)
    """Number -> (address, size)."""

    @property
    def next(self) -> int:
        """Address of the section that is added next."""
        return PAGE * (1 + len(self.sections))

    def add(self, name: str, data: bytes, directory: int = -1, size: int = 0) -> None:
        if directory >= 0:
            self.directories[directory] = (self.next, size or len(data))
        self.sections.append((name, data, DATA_FLAGS))

    def bytes(self) -> bytes:
        """The file."""
        plus = self.machine != I386
        optional = (112 if plus else 96) + 16 * 8
        headers = _up(0x80 + 24 + optional + 40 * len(self.sections))
        stub = b"MZ" + bytes(58) + struct.pack("<I", 0x80) + bytes(64)
        coff = b"PE\0\0" + struct.pack(
            "<HHIIIHH", self.machine, len(self.sections), 0, 0, 0, optional, 0x22 | 0x2000 * self.library
        )
        base = struct.pack("<Q", 0x180000000) if plus else struct.pack("<II", 0, 0x10000000)
        head = struct.pack("<HBBIIIII", 0x20B if plus else 0x10B, 14, 0, ALIGN, 0, 0, PAGE, PAGE) + base
        head += struct.pack(
            "<IIHHHHHHIIIIHH", PAGE, ALIGN, 6, 0, 0, 0, 6, 0, 0, self.next, headers, 0, self.subsystem, 0x8160
        )
        head += struct.pack("<4Q" if plus else "<4I", 0x100000, 0x1000, 0x100000, 0x1000) + struct.pack("<II", 0, 16)
        head += b"".join(struct.pack("<II", *self.directories.get(one, (0, 0))) for one in range(16))
        table, body, at = b"", b"", headers
        for number, (name, data, flags) in enumerate(self.sections):
            size = _up(len(data))
            table += struct.pack(
                "<8sIIIIIIHHI", name.encode(), len(data), PAGE * (number + 1), size, at, 0, 0, 0, 0, flags
            )
            body, at = body + data.ljust(size, b"\0"), at + size
        return (stub + coff + head + table).ljust(headers, b"\0") + body

    def te(self) -> bytes:
        """The image with its headers replaced by those of a TE image."""
        whole = self.bytes()
        new = 0x80 + 24 + int.from_bytes(whole[0x94:0x96], "little")
        kept = whole[new:]
        values = (b"VZ", self.machine, len(self.sections), self.subsystem, new, PAGE, PAGE, 0x180000000, 0, 0, 0, 0)
        return struct.pack("<2sHBBHIIQIIII", *values) + kept


def _up(size: int, to: int = ALIGN) -> int:
    return -(-size // to) * to


def imports(at: int, library: bytes, names: tuple[bytes, ...], width: int = 8) -> bytes:
    """An import table that begins at an address."""
    first = at + 40
    thunks = width * (len(names) + 1)
    text = first + 2 * thunks
    hints, places = b"", []
    for one in names:
        places.append(text + len(library) + 1 + len(hints))
        hints += b"\0\0" + one + b"\0"
    rows = b"".join(one.to_bytes(width, "little") for one in (*places, 0))
    return struct.pack("<5I20x", first, 0, 0, text, first + thunks) + rows + rows + library + b"\0" + hints


def _block(key: str, value: bytes, kind: int, children: bytes = b"", value_size: int = -1) -> bytes:
    head = key.encode("utf-16-le") + b"\0\0"
    head += bytes(-(6 + len(head)) % 4)
    inner = value + bytes(-len(value) % 4 if children else 0) + children
    size = len(value) if value_size < 0 else value_size
    return struct.pack("<HHH", 6 + len(head) + len(inner), size, kind) + head + inner


def version_resource(at: int, strings: dict[str, str], numbers: tuple[int, int, int, int] = (1, 2, 3, 4)) -> bytes:
    """A resource section that holds a version resource alone."""
    rows = b""
    for name, text in strings.items():
        raw = text.encode("utf-16-le") + b"\0\0"
        row = _block(name, raw, 1, b"", len(raw) // 2)
        rows += row + bytes(-len(row) % 4)
    table = _block("040904b0", b"", 1, rows)
    high, low = numbers[0] << 16 | numbers[1], numbers[2] << 16 | numbers[3]
    fixed = struct.pack("<13I", 0xFEEF04BD, 0x10000, high, low, high, low, 0x3F, 0, 0x40004, 2, 0, 0, 0)
    data = _block("VS_VERSION_INFO", fixed, 0, _block("StringFileInfo", b"", 1, table))
    directory = struct.pack("<12xHH", 0, 1)
    tree = directory + struct.pack("<II", 16, 0x80000018)
    tree += directory + struct.pack("<II", 1, 0x80000030)
    tree += directory + struct.pack("<II", 0x409, 0x48)
    return tree + struct.pack("<IIII", at + 0x58, len(data), 0, 0) + data


def clr(at: int, name: bytes, version: tuple[int, int, int, int]) -> tuple[bytes, int]:
    """A CLI header with metadata of one module and one assembly, and the header's size."""
    names = b"\0" + b"module.dll\0" + name + b"\0"
    names += bytes(-len(names) % 4)
    rows = bytes(4) + b"\2\0\0\1" + struct.pack("<QQ", 1 | 1 << 2 | 1 << 0x20, 0) + struct.pack("<III", 1, 1, 1)
    rows += struct.pack("<HHHHH", 0, 1, 1, 0, 0)
    rows += struct.pack("<IHHHHH", 0, 1, 0, 0, 1, 1)
    rows += struct.pack("<I4HIHHH", 0x8004, *version, 0, 0, 12, 0)
    rows += bytes(-len(rows) % 4)
    label = b"v4.0.30319\0\0"
    root = struct.pack("<IHHII", 0x424A5342, 1, 1, 0, len(label)) + label + struct.pack("<HH", 0, 2)
    start = len(root) + 8 + 4 + 8 + 12
    root += struct.pack("<II", start, len(rows)) + b"#~\0\0"
    root += struct.pack("<II", start + len(rows), len(names)) + b"#Strings\0\0\0\0"
    metadata = root + rows + names
    header = struct.pack("<IHHIII", 72, 2, 5, at + 72, len(metadata), 1) + bytes(72 - 20)
    return header + metadata, 72


OPENSSL = {
    "CompanyName": "The OpenSSL Project, https://www.openssl.org/",
    "FileVersion": "3.0.2",
    "InternalName": "libcrypto",
    "OriginalFilename": "libcrypto",
    "ProductName": "The OpenSSL Toolkit",
    "ProductVersion": "3.0.2",
}


def library(strings: dict[str, str], machine: int = AMD64) -> Image:
    """A library with imports and a version resource."""
    image = Image(machine)
    image.add(
        ".idata",
        imports(image.next, b"KERNEL32.dll", (b"ExitProcess", b"GetLastError"), 4 if machine == I386 else 8),
        1,
    )
    image.add(".rsrc", version_resource(image.next, strings), 2)
    return image


def assembly(name: bytes, strings: dict[str, str], version: tuple[int, int, int, int]) -> Image:
    """A .NET library."""
    image = Image(I386)
    data, size = clr(image.next, name, version)
    image.add(".meta", data, 14, size)
    if strings:
        image.add(".rsrc", version_resource(image.next, strings), 2)
    return image


def make(root: Path) -> None:
    """Write every vector below `root` (tests/vectors)."""
    room = root / "detectors"
    at, one = "pe-version-info", ("executable",)
    known = library(OPENSSL).bytes()
    case(room, f"{at}/valid/known", known, why="the product table knows a name", clues=("openssl 3.0.2",), origin=BY)
    acme = {"ProductName": "Acme Pump Service", "ProductVersion": "2, 5, 0, 0", "OriginalFilename": "pumpsvc.exe"}
    case(
        room,
        f"{at}/valid/unknown-32-bit",
        library(acme, I386).bytes(),
        why="unknown product, numbers with commas",
        clues=("acme pump service 2.5.0",),
        origin=BY,
    )
    stated = {"ProductName": "Acme.Codec", "ProductVersion": "4.1.2+3fa9", "FileVersion": "4.1.2.88"}
    case(
        room,
        f"{at}/valid/assembly",
        assembly(b"Acme.Codec", stated, (4, 0, 0, 0)).bytes(),
        why="an assembly: its release stands in the resource",
        clues=("acme.codec 4.1.2",),
        origin=BY,
    )
    case(
        room,
        f"{at}/valid/assembly-alone",
        assembly(b"Acme.Codec", {}, (4, 0, 0, 0)).bytes(),
        why="what others bind to is no release",
        clues=("acme.codec",),
        origin=BY,
    )
    built = {"ProductName": "Acme.Codec", "ProductVersion": "6.0.8.18111"}
    case(
        room,
        f"{at}/valid/assembly-build",
        assembly(b"Acme.Codec", built, (6, 0, 0, 0)).bytes(),
        why="four numbers are a build, not a package's release",
        clues=("acme.codec",),
        origin=BY,
    )
    runtime = {"ProductName": "Microsoft® .NET", "ProductVersion": "8.0.4+2d7eea2529", "FileVersion": "8.0.424.16909"}
    case(
        room,
        f"{at}/valid/runtime",
        assembly(b"System.IO", runtime, (8, 0, 0, 0)).bytes(),
        why="an assembly of the runtime is a part of it",
        clues=("dotnet-runtime 8.0.4",),
        origin=BY,
    )
    mono = {"ProductName": "Mono Common Language Infrastructure", "ProductVersion": "4.7.3062.0"}
    case(
        room,
        f"{at}/invalid/framework",
        assembly(b"System.IO", mono, (4, 1, 2, 0)).bytes(),
        why="a part of a framework in a version of its own",
        contents=one,
        origin=BY,
    )
    case(
        room,
        f"{at}/invalid/zeros",
        library({"ProductName": "zlib", "ProductVersion": "0.0.0.0", "FileVersion": "0.0.0.0"}).bytes(),
        why="numbers nobody filled in",
        contents=("executable", "executable"),
        origin=BY,
    )
    case(
        room,
        f"{at}/invalid/efi",
        Image(subsystem=EFI_APPLICATION, library=False).bytes(),
        why="no resource",
        contents=one,
        origin=BY,
    )
    case(room, f"{at}/invalid/te", Image(ARM64, EFI_DRIVER).te(), why="a TE image, sound", contents=one, origin=BY)
    case(room, f"{at}/truncated/section", known[:-1], why="the last section is cut", gaps=("malformed",), origin=BY)
    case(room, f"{at}/truncated/headers", known[:0x110], why="cut in the headers", gaps=("malformed",), origin=BY)
    case(
        room,
        f"{at}/truncated/te",
        Image(ARM64, EFI_DRIVER).te()[:-1],
        why="a TE image, cut",
        gaps=("malformed",),
        origin=BY,
    )
    case(
        room,
        f"{at}/hostile/appended",
        known + b"\x93payload nobody declared",
        why="data behind the last section",
        clues=("openssl 3.0.2",),
        gaps=("unexplained",),
        origin=BY,
    )
    for name, place, value in _hostile(library(OPENSSL)):
        changed = bytearray(known)
        changed[place : place + len(value)] = value
        case(
            room, f"{at}/hostile/{name}", bytes(changed), why=f"a damaged image: {name}", gaps=("malformed",), origin=BY
        )
    text = bytes(Image(sections=[(".text", b"OpenSSL 3.0.2 15 Mar 2022\n" * 20, CODE_FLAGS)]).bytes())
    case(room, f"{at}/hostile/text", text, why="text in the place of code", gaps=("malformed",), origin=BY)


def _hostile(image: Image) -> list[tuple[str, int, bytes]]:
    """Name, place and value of changes to the library above."""
    directories = 0x80 + 24 + 112
    imports_at, resources_at = (_up(0x80 + 24 + 240 + 120) + ALIGN * one for one in (1, 2))
    return [
        ("entry", 0x80 + 24 + 16, struct.pack("<I", 0xDEAD000)),
        ("imports-elsewhere", directories + 8, struct.pack("<I", 0xDEAD000)),
        ("resource-data", resources_at + 0x48, struct.pack("<I", 0xDEAD000)),
        ("resource-tree", resources_at + 20, struct.pack("<I", 0x8000FFFF)),
        ("imports-without-end", imports_at, struct.pack("<5I", 1, 1, 1, 1, 1) * 25),
        ("overlap", 0x80 + 24 + 240 + 40 + 20, struct.pack("<I", _up(0x80 + 24 + 240 + 120))),
    ]
