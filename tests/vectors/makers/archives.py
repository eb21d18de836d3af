"""Vectors of zip, tar, cpio, gzip, xz, zstd and squashfs; the hostile ones are written byte by byte.

Python's own writers make the sound ones, mksquashfs (squashfs-tools) the file systems. All deterministic.
"""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import lzma
import shutil
import struct
import subprocess
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import zstandard

ORIGIN = "tests/vectors/makers/archives.py"
TEXT = b"firmware of the container vectors\n" * 8
OTHER = b"another file, another content\n" * 5
WHEN = (2026, 11, 22, 0, 0, 0)


# zip ------------------------------------------------------------------------------------------------------------------


@dataclass
class ZipPart:
    """One member as both headers tell it; `local` overrides what the local header says."""

    name: bytes
    content: bytes = TEXT
    method: int = 8
    flags: int = 0
    attributes: int = 0o100644 << 16
    local: dict[str, object] = field(default_factory=dict)
    same_place_as: int = -1
    crc: int | None = None
    packed: bytes | None = None
    """As it lies in the archive, for methods not packed here."""
    extra: bytes = b""
    """Of the central directory."""
    local_extra: bytes = b""
    note: bytes = b""
    """Comment of the member."""
    disk: int = 0
    behind: bytes = b""
    """Between its content and the next member: a data descriptor."""


def _packed(part: ZipPart) -> bytes:
    if part.packed is not None:
        return part.packed
    if part.method == 8:
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        return packer.compress(part.content) + packer.flush()
    return bz2.compress(part.content) if part.method == 12 else part.content


def zip_bytes(parts: Sequence[ZipPart], before: bytes = b"", between: bytes = b"", comment: bytes = b"") -> bytes:
    """A zip archive; offsets count from the archive's own start."""
    body, directory, offsets = b"", b"", []
    for part in parts:
        packed = _packed(part)
        crc = zlib.crc32(part.content) if part.crc is None else part.crc
        values = {"name": part.name, "method": part.method, "flags": part.flags, "crc": crc, "size": len(part.content)}
        if part.same_place_as >= 0:
            offset = offsets[part.same_place_as]
        else:
            offset = len(body)
            at = {**values, **part.local}
            body += struct.pack(
                "<4sHHHHHIIIHH", b"PK\3\4", 20, at["flags"], at["method"], 0, 0x5D76, at["crc"], len(packed),
                at["size"], len(at["name"]), len(part.local_extra),
            ) + at["name"] + part.local_extra + packed + part.behind + between  # fmt: skip
        offsets.append(offset)
        directory += struct.pack(
            "<4sBBHHHHHIIIHHHHHII", b"PK\1\2", 30, 3, 20, part.flags, part.method, 0, 0x5D76, crc, len(packed),
            len(part.content), len(part.name), len(part.extra), len(part.note), part.disk, 0, part.attributes, offset,
        ) + part.name + part.extra + part.note  # fmt: skip
    end = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, len(parts), len(parts), len(directory), len(body), len(comment))
    return before + body + directory + end + comment


# tar ------------------------------------------------------------------------------------------------------------------


def tar_header(name: bytes, size: int = 0, flag: bytes = b"0", link: bytes = b"", mode: int = 0o644) -> bytes:
    """One ustar header block."""
    head = struct.pack(
        "100s8s8s8s12s12s8s1s100s6s2s32s32s8s8s155s12x", name, b"%07o" % mode, b"0000000", b"0000000", b"%011o" % size,
        b"00000000000", b" " * 8, flag, link, b"ustar\0", b"00", b"root", b"root", b"0000001", b"0000003", b"",
    )  # fmt: skip
    return head[:148] + b"%06o\0 " % sum(head) + head[156:]


def tar_entry(name: bytes, content: bytes = b"", flag: bytes = b"0", link: bytes = b"") -> bytes:
    return tar_header(name, len(content), flag, link) + content + bytes(-len(content) % 512)


TAR_END = bytes(1024)


def tar_written(form: int) -> bytes:
    """A tar archive by Python's writer: long and non-ASCII names, links, a folder, an empty file."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for name, kind, content, link in (
            ("fw", tarfile.DIRTYPE, b"", ""),
            ("fw/app.bin", tarfile.REGTYPE, TEXT, ""),
            ("fw/" + "long" * 40, tarfile.REGTYPE, OTHER, ""),
            ("fw/größe.txt", tarfile.REGTYPE, b"12\n", ""),
            ("fw/empty", tarfile.REGTYPE, b"", ""),
            ("fw/again", tarfile.LNKTYPE, b"", "fw/app.bin"),
            ("fw/link", tarfile.SYMTYPE, b"", "app.bin"),
        ):
            info = tarfile.TarInfo(name)
            info.type, info.size, info.linkname = kind, len(content), link
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


# cpio -----------------------------------------------------------------------------------------------------------------


def cpio_entry(
    name: bytes, content: bytes = b"", mode: int = 0o100644, inode: int = 1, links: int = 1, summed: int | None = None
) -> bytes:
    """One entry of the new ASCII form; with `summed`, of the form that has sums."""
    numbers = (inode, mode, 0, 0, links, 0, len(content), 0, 1, 0, 0, len(name) + 1, summed or 0)
    head = (b"070701" if summed is None else b"070702") + b"".join(b"%08X" % one for one in numbers) + name + b"\0"
    return head + bytes(-len(head) % 4) + content + bytes(-len(content) % 4)


CPIO_END = cpio_entry(b"TRAILER!!!", inode=0)


# squashfs -------------------------------------------------------------------------------------------------------------


@dataclass
class SquashNode:
    """A node of a file system to be written."""

    content: bytes | None = None
    names: list[tuple[bytes, SquashNode]] | None = None
    target: bytes | None = None
    device: bool = False
    loop: bool = False
    """Refers to the root instead of being written."""
    size: int | None = None
    """Says this size instead of the true one."""
    shifted: int = 0
    """Says its data begins this many bytes off."""


def squashfs_bytes(root: SquashNode, compressor: int = 1, **lies: int) -> bytes:
    """A SquashFS 4.0 image in which nothing is compressed. `lies` replace values of the superblock."""
    root_at = _squash(root, compressor, 0, lies)[1]
    return _squash(root, compressor, root_at, lies)[0]


def _squash(root: SquashNode, compressor: int, root_at: int, lies: dict[str, int]) -> tuple[bytes, int]:
    data, inodes, listings = bytearray(), bytearray(), bytearray()
    numbers = iter(range(1, 1000))

    def head(kind: int, number: int) -> bytes:
        return struct.pack("<HHHHII", kind, 0o755, 0, 0, 0, number)

    def write(node: SquashNode) -> tuple[int, int, int]:
        """Offset, number and type of the node's inode."""
        if node.loop:
            return root_at, 1, 1
        if node.names is not None:
            children = [(name, *write(child)) for name, child in node.names]
            at, number = len(listings), next(numbers)
            if children:
                listings.extend(struct.pack("<III", len(children) - 1, 0, 0))
            for name, offset, child, kind in children:
                listings.extend(struct.pack("<HhHH", offset, child, kind, len(name) - 1) + name)
            place = len(inodes)
            inodes.extend(head(1, number) + struct.pack("<IIHHI", 0, 2, len(listings) - at + 3, at, 1))
            return place, number, 1
        number, place = next(numbers), len(inodes)
        if node.target is not None:
            inodes.extend(head(3, number) + struct.pack("<II", 1, len(node.target)) + node.target)
            return place, number, 3
        if node.device:
            inodes.extend(head(5, number) + struct.pack("<II", 1, 0x0103))
            return place, number, 5
        content = node.content or b""
        start = 96 + len(data) + node.shifted
        sizes = [len(content[at : at + 4096]) for at in range(0, len(content), 4096)]
        data.extend(content)
        size = len(content) if node.size is None else node.size
        inodes.extend(head(2, number) + struct.pack("<IIII", start, 0xFFFFFFFF, 0, size))
        inodes.extend(b"".join(struct.pack("<I", one | 1 << 24) for one in sizes))
        return place, number, 2

    place, count, _ = write(root)

    def table(raw: bytes) -> bytes:
        return struct.pack("<H", len(raw) | 0x8000) + raw if raw else b""

    inode_table = 96 + len(data)
    directory_table = inode_table + len(table(inodes))
    ids = directory_table + len(table(listings))
    id_table = ids + len(table(bytes(4)))
    used = id_table + 8
    values = {
        "inodes": count, "block": 4096, "fragments": 0, "log": 12, "major": 4, "used": used, "inode_table": inode_table,
        "directory_table": directory_table, "fragment_table": id_table, **lies,
    }  # fmt: skip
    superblock = struct.pack(
        "<4sIIIIHHHHHHQQQQQQQQ", b"hsqs", values["inodes"], 0, values["block"], values["fragments"], compressor,
        values["log"], 0x0010, 1, values["major"], 0, place, values["used"], id_table, (1 << 64) - 1,
        values["inode_table"], values["directory_table"], values["fragment_table"], (1 << 64) - 1,
    )  # fmt: skip
    tables = table(inodes) + table(listings) + table(bytes(4)) + struct.pack("<Q", ids)
    return superblock + bytes(data) + tables, place


def squash_tree(*names: tuple[bytes, SquashNode]) -> SquashNode:
    return SquashNode(names=list(names))


def squashfs_made(*options: str) -> bytes:
    """A small tree through mksquashfs: folders, links, an empty file, a hole, fragments, equal files."""
    tool = shutil.which("mksquashfs")
    if tool is None:
        raise RuntimeError("mksquashfs is not installed")
    with tempfile.TemporaryDirectory() as scratch:
        tree = Path(scratch) / "tree"
        (tree / "etc").mkdir(parents=True)
        (tree / "etc" / "version").write_bytes(b"3.1.0\n")
        (tree / "etc" / "empty").write_bytes(b"")
        (tree / "app.bin").write_bytes(TEXT * 40)
        (tree / "copy.bin").write_bytes(TEXT * 40)
        (tree / "hole.bin").write_bytes(bytes(8192) + TEXT)
        (tree / "link").symlink_to("etc/version")
        (tree / "again").hardlink_to(tree / "app.bin")
        image = Path(scratch) / "image"
        subprocess.run(
            [tool, str(tree), str(image), "-b", "4096", "-nopad", "-all-root", "-no-xattrs", "-no-progress", "-quiet",
             "-mkfs-time", "0", "-all-time", "0", *options],
            check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        return image.read_bytes()


SQUASHFS_FILES = {
    "etc/version": b"3.1.0\n", "etc/empty": b"", "again": TEXT * 40, "copy.bin": TEXT * 40,
    "hole.bin": bytes(8192) + TEXT,
}  # fmt: skip
"""What `squashfs_made` holds; of the two names of one file the first in the tree is the file."""


# cases ----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    plugin: str
    kind: str
    name: str
    why: str
    data: bytes
    members: dict[str, bytes] | None = None
    anomalies: tuple[str, ...] = ()
    gap: str = ""
    checks_fail: tuple[str, ...] = ()
    origin: str = ORIGIN

    def write(self, root: Path) -> None:
        folder = root / "containers" / self.plugin / self.kind / self.name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "input").write_bytes(self.data)
        lines = [
            f'origin = "{self.origin}"',
            f'why = "{self.why}"',
            "",
            "[expect]",
            f"anomalies = {_list(self.anomalies)}",
        ]
        if self.gap:
            lines.append(f'gap = "{self.gap}"')
        if self.checks_fail:
            lines.append(f"checks_fail = {_list(self.checks_fail)}")
        if self.members is not None:
            lines += ["", "[expect.members]"]
            lines += [
                f'"{_quoted(name)}" = "{hashlib.sha256(data).hexdigest()}"' for name, data in self.members.items()
            ]
        (folder / "vector.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _list(values: Sequence[str]) -> str:
    return "[" + ", ".join(f'"{_quoted(one)}"' for one in values) + "]"


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def zip_cases() -> list[Case]:
    one, two = ZipPart(b"fw/app.bin"), ZipPart(b"notes.txt", OTHER, method=0)
    both = {"fw/app.bin": TEXT, "notes.txt": OTHER}
    sound = zip_bytes([ZipPart(b"fw/", b"", 0, attributes=0o40755 << 16), one, two], comment=b"a comment")
    wide = io.BytesIO()
    with (
        zipfile.ZipFile(wide, "w") as archive,
        archive.open(zipfile.ZipInfo("big.bin", WHEN), "w", force_zip64=True) as f,
    ):
        f.write(TEXT)
    streamed = io.BytesIO()
    streamed.seekable = lambda: False  # type: ignore[method-assign]
    with zipfile.ZipFile(streamed, "w") as archive:
        archive.writestr(zipfile.ZipInfo("streamed.bin", WHEN), TEXT, zipfile.ZIP_LZMA)
    link = ZipPart(b"up", b"../../etc/passwd", 0, attributes=0o120777 << 16)
    crypt = ZipPart(b"secret.bin", flags=1, method=0)
    half = {"fw/app.bin": TEXT}
    return [
        Case("zip", "valid", "plain", "a folder, a deflated and a stored member, a comment", sound, both),
        Case("zip", "valid", "zip64", "sizes in the Zip64 extra field", wide.getvalue(), {"big.bin": TEXT}),
        Case(
            "zip",
            "valid",
            "streamed-lzma",
            "a data descriptor behind LZMA",
            streamed.getvalue(),
            {"streamed.bin": TEXT},
        ),
        Case(
            "zip",
            "invalid",
            "crc",
            "the CRC of a member does not hold",
            zip_bytes([ZipPart(b"fw/app.bin", crc=1, local={"crc": 1}), two]),
            both,
            checks_fail=("fw/app.bin",),
        ),
        Case(
            "zip",
            "invalid",
            "deflate-damaged",
            "one member is damaged, the other is read",
            sound.replace(_packed(one)[8:12], b"\xff\xff\xff\xff"),
            {"notes.txt": OTHER},
            gap="malformed",
        ),
        Case("zip", "truncated", "no-directory", "cut in the middle", sound[: len(sound) // 2], {}, gap="malformed"),
        Case(
            "zip",
            "hostile",
            "traversal",
            "a name that climbs",
            zip_bytes([ZipPart(b"../../etc/cron.d/x")]),
            {"../../etc/cron.d/x": TEXT},
            ("path-traversal",),
        ),
        Case(
            "zip",
            "hostile",
            "windows-traversal",
            "the same with backslashes",
            zip_bytes([ZipPart(b"..\\evil.exe")]),
            {"..\\evil.exe": TEXT},
            ("path-traversal",),
        ),
        Case(
            "zip",
            "hostile",
            "link-escape",
            "a link that climbs and a member behind it",
            zip_bytes([link, ZipPart(b"up/x")]),
            {"up/x": TEXT},
            ("link-escape",),
        ),
        Case(
            "zip",
            "hostile",
            "duplicate",
            "two members with one name",
            zip_bytes([one, ZipPart(b"fw/app.bin", OTHER)]),
            None,
            ("duplicate-member",),
        ),
        Case(
            "zip",
            "hostile",
            "case-collision",
            "names that differ in case",
            zip_bytes([one, ZipPart(b"FW/App.bin")]),
            None,
            ("name-collision",),
        ),
        Case(
            "zip",
            "hostile",
            "local-name-differs",
            "the local header has another name",
            zip_bytes([ZipPart(b"fw/app.bin", local={"name": b"fw/bad.bin"})]),
            half,
            ("headers-disagree",),
        ),
        Case(
            "zip",
            "hostile",
            "overlap",
            "two members share their bytes",
            zip_bytes([one, ZipPart(b"again.bin", same_place_as=0)]),
            half,
            ("headers-disagree", "overlapping-parts"),
            gap="malformed",
        ),
        Case(
            "zip",
            "hostile",
            "encrypted",
            "one member is encrypted",
            zip_bytes([crypt, two]),
            {"notes.txt": OTHER},
            gap="encrypted",
        ),
        Case(
            "zip",
            "hostile",
            "in-front",
            "bytes in front of the archive",
            zip_bytes([one], before=b"#!/bin/sh\nexit\n" * 3),
            half,
            ("trailing-data",),
        ),
        Case(
            "zip",
            "hostile",
            "between",
            "bytes no directory entry owns",
            zip_bytes([one, two], between=b"x" * 20),
            both,
            ("trailing-data",),
        ),
        Case(
            "zip",
            "hostile",
            "behind",
            "bytes behind the archive",
            zip_bytes([one]) + b"appended later, unsigned",
            half,
            ("trailing-data",),
        ),
        Case(
            "zip",
            "hostile",
            "lying-size",
            "it unpacks to more than declared",
            zip_bytes([ZipPart(b"fw/app.bin")]).replace(struct.pack("<I", len(TEXT)), struct.pack("<I", 9)),
            {},
            gap="malformed",
        ),
    ]


def tar_cases() -> list[Case]:
    files = {"fw/app.bin": TEXT, "fw/" + "long" * 40: OTHER, "fw/größe.txt": b"12\n", "fw/empty": b""}
    gnu = tar_written(tarfile.GNU_FORMAT)
    one = tar_entry(b"app.bin", TEXT)
    app = {"app.bin": TEXT}
    sparse = tar_header(b"hole.bin", len(OTHER), b"S")
    sparse = sparse[:386] + b"%011o\0%011o\0" % (8192, len(OTHER)) + sparse[410:483]
    sparse = sparse + b"%011o\0" % 16384 + bytes(512 - len(sparse) - 12)
    sparse = sparse[:148] + b" " * 8 + sparse[156:]
    sparse = sparse[:148] + b"%06o\0 " % sum(sparse) + sparse[156:] + OTHER + bytes(-len(OTHER) % 512)
    pax = tar_entry(b"pax", b"12 size=%03d\n" % 100, b"x") + tar_entry(b"app.bin", TEXT)
    return [
        Case("tar", "valid", "gnu", "GNU long names, links, a folder", gnu, files),
        Case("tar", "valid", "pax", "pax long names", tar_written(tarfile.PAX_FORMAT), files),
        Case(
            "tar",
            "valid",
            "sparse",
            "a hole before and after the content",
            sparse + TAR_END,
            {"hole.bin": bytes(8192) + OTHER + bytes(8192 - len(OTHER))},
        ),
        Case(
            "tar",
            "invalid",
            "header-checksum",
            "the second header is damaged",
            one + tar_entry(b"b.bin", OTHER).replace(b"b.bin", b"c.bin") + TAR_END,
            app,
            gap="malformed",
        ),
        Case("tar", "truncated", "no-end-marker", "cut between two entries", one, app, gap="malformed"),
        Case(
            "tar",
            "truncated",
            "in-content",
            "cut within content",
            one + tar_entry(b"b", TEXT)[:600],
            app,
            gap="malformed",
        ),
        Case(
            "tar",
            "hostile",
            "traversal",
            "a name that climbs and an absolute one",
            tar_entry(b"../x", TEXT) + tar_entry(b"/etc/y", TEXT) + TAR_END,
            {"../x": TEXT, "/etc/y": TEXT},
            ("path-traversal",),
        ),
        Case(
            "tar",
            "hostile",
            "through-link",
            "a member behind a link that leaves",
            tar_entry(b"out", flag=b"2", link=b"/") + tar_entry(b"out/x", TEXT) + TAR_END,
            {"out/x": TEXT},
            ("link-escape",),
        ),
        Case(
            "tar",
            "hostile",
            "hard-link-out",
            "a hard link that climbs",
            tar_entry(b"x", flag=b"1", link=b"../../etc/shadow") + TAR_END,
            {},
            ("link-escape",),
        ),
        Case(
            "tar", "hostile", "device", "a block device", tar_entry(b"sda", flag=b"4") + TAR_END, {}, ("device-node",)
        ),
        Case(
            "tar",
            "hostile",
            "duplicate",
            "two files with one name",
            one + tar_entry(b"./app.bin", OTHER) + TAR_END,
            {"app.bin": TEXT, "./app.bin": OTHER},
            ("duplicate-member",),
        ),
        Case(
            "tar",
            "hostile",
            "behind",
            "a second archive behind the end marker",
            one + TAR_END + tar_entry(b"hidden", OTHER) + TAR_END,
            app,
            ("trailing-data",),
        ),
        Case(
            "tar",
            "hostile",
            "two-sizes",
            "header and extended header state different sizes",
            pax + TAR_END,
            {"app.bin": TEXT[:100]},
            ("headers-disagree",),
        ),
        Case(
            "tar",
            "hostile",
            "huge",
            "a size far beyond the archive",
            tar_header(b"huge", 8**11 - 1) + TAR_END,
            {},
            gap="malformed",
        ),
        Case(
            "tar",
            "hostile",
            "volumes",
            "a part of several volumes",
            tar_entry(b"x", TEXT, b"M") + TAR_END,
            {},
            gap="unsupported",
        ),
    ]


def cpio_cases() -> list[Case]:
    linked = cpio_entry(b"bin/a", inode=7, links=2) + cpio_entry(b"bin/b", TEXT, inode=7, links=2)
    tree = cpio_entry(b"bin", mode=0o40755, inode=2) + linked + cpio_entry(b"init", b"bin/b", 0o120777, 3)
    tree += cpio_entry(b"dev/console", mode=0o20600, inode=4) + cpio_entry("größe".encode(), OTHER, inode=5)
    sound = tree + CPIO_END + bytes(512 - len(tree + CPIO_END) % 512)
    files = {"bin/b": TEXT, "größe": OTHER}
    summed = cpio_entry(b"sw-description", TEXT, summed=sum(TEXT)) + cpio_entry(b"TRAILER!!!", summed=0)
    packed = gzip.compress(sound, mtime=0)
    return [
        Case("cpio", "valid", "newc", "hard links, a link, a device in dev, a name in UTF-8", sound, files),
        Case("cpio", "valid", "sums", "the form with sums, as SWUpdate has it", summed, {"sw-description": TEXT}),
        Case(
            "cpio",
            "valid",
            "packed-behind",
            "a packed archive behind a plain one, as Linux boots them",
            sound + packed,
            {**files, f"initramfs@0x{len(sound):x}": packed},
        ),
        Case(
            "cpio",
            "valid",
            "two",
            "two archives in a row",
            sound + cpio_entry(b"late", OTHER) + CPIO_END,
            {**files, "late": OTHER},
        ),
        Case(
            "cpio",
            "invalid",
            "sum",
            "the sum of a member does not hold",
            summed.replace(b"firmware of", b"firmwara of", 1),
            None,
            checks_fail=("sw-description",),
        ),
        Case("cpio", "truncated", "no-trailer", "cut before the trailer", tree, files, gap="malformed"),
        Case(
            "cpio",
            "hostile",
            "traversal",
            "a name that climbs",
            cpio_entry(b"../x", TEXT) + CPIO_END,
            {"../x": TEXT},
            ("path-traversal",),
        ),
        Case(
            "cpio",
            "hostile",
            "link-climbs",
            "a link above the root",
            cpio_entry(b"x", b"../../etc/passwd", 0o120777) + CPIO_END,
            {},
            ("link-escape",),
        ),
        Case(
            "cpio",
            "hostile",
            "device",
            "a device outside dev",
            cpio_entry(b"tmp/sda", mode=0o60666) + CPIO_END,
            {},
            ("device-node",),
        ),
        Case(
            "cpio",
            "hostile",
            "duplicate",
            "two files with one name",
            cpio_entry(b"sw-description", TEXT) + cpio_entry(b"sw-description", OTHER) + CPIO_END,
            None,
            ("duplicate-member",),
        ),
        Case(
            "cpio",
            "hostile",
            "behind",
            "bytes behind the trailer",
            sound + b"appended later, unsigned",
            files,
            ("trailing-data",),
        ),
        Case(
            "cpio",
            "hostile",
            "old-form",
            "the octal form, no name",
            b"070707" + b"0" * 70 + b"x\0",
            {},
            gap="malformed",
        ),
        Case(
            "cpio",
            "hostile",
            "huge",
            "a size of 4 GiB",
            cpio_entry(b"x").replace(b"0" * 8, b"FFFFFFFF"),
            {},
            gap="malformed",
        ),
    ]


def gzip_named(content: bytes, name: bytes) -> bytes:
    """A stream with a stored name and a header CRC."""
    head = b"\x1f\x8b\x08\x0a" + bytes(4) + b"\x02\x03" + name + b"\0"
    head += struct.pack("<H", zlib.crc32(head) & 0xFFFF)
    return head + gzip.compress(content, mtime=0)[10:]


def stream_cases() -> list[Case]:
    plain, crc = gzip.compress(TEXT, mtime=0), gzip.compress(TEXT, mtime=0)
    crc = crc[:-8] + struct.pack("<I", 1) + crc[-4:]
    xz, none = lzma.compress(TEXT), lzma.compress(TEXT, check=lzma.CHECK_NONE)
    sha = lzma.compress(OTHER, check=lzma.CHECK_SHA256)
    zeros = bytes(8 << 20)
    pack = zstandard.ZstdCompressor(write_checksum=True).compress
    skip = b"\x50\x2a\x4d\x18" + struct.pack("<I", 20) + b"free text, no bytes!"
    content = {"content": TEXT}
    return [
        Case("gzip", "valid", "named", "a stored name and a header CRC", gzip_named(TEXT, b"fw.bin"), {"fw.bin": TEXT}),
        Case(
            "gzip",
            "valid",
            "two-streams",
            "two streams are one content",
            plain + gzip.compress(OTHER, mtime=0),
            {"content": TEXT + OTHER},
        ),
        Case("gzip", "invalid", "crc", "the CRC-32 does not hold", crc, content, checks_fail=("content: crc32",)),
        Case("gzip", "truncated", "in-stream", "cut within the stream", plain[:-12], {}, gap="malformed"),
        Case("gzip", "truncated", "in-trailer", "cut within the trailer", plain[:-3], {}, gap="malformed"),
        Case(
            "gzip",
            "hostile",
            "behind",
            "bytes behind the stream",
            plain + b"appended later, unsigned",
            content,
            ("trailing-data",),
        ),
        Case(
            "gzip",
            "hostile",
            "traversal",
            "a stored name that climbs",
            gzip_named(TEXT, b"../../x"),
            {"../../x": TEXT},
            ("path-traversal",),
        ),
        Case("xz", "valid", "crc64", "one stream", xz, content),
        Case(
            "xz",
            "valid",
            "two-streams",
            "SHA-256, padding between and behind, no check",
            sha + bytes(8) + none + bytes(4),
            {"content": OTHER + TEXT},
        ),
        Case(
            "xz",
            "invalid",
            "check",
            "the check of the block does not hold",
            none.replace(none[6:12], xz[6:12]).replace(none[-12:], xz[-12:]),
            {},
            gap="malformed",
        ),
        Case("xz", "truncated", "in-stream", "cut within the stream", xz[:-16], {}, gap="malformed"),
        Case(
            "xz",
            "hostile",
            "behind",
            "bytes behind the stream",
            xz + b"appended later, unsigned",
            content,
            ("trailing-data",),
        ),
        Case("xz", "hostile", "bomb", "zeros that expand 7000 times", lzma.compress(zeros), {}, gap="limit"),
        Case("zstd", "valid", "checksum", "one frame with a checksum", pack(TEXT), content),
        Case(
            "zstd",
            "valid",
            "two-frames",
            "two frames are one content",
            pack(TEXT) + pack(OTHER),
            {"content": TEXT + OTHER},
        ),
        Case(
            "zstd",
            "valid",
            "skippable",
            "a skippable frame between: its bytes are left to be looked into",
            pack(TEXT) + skip + pack(OTHER),
            {"content": TEXT + OTHER},
        ),
        Case(
            "zstd", "invalid", "checksum", "the checksum does not hold", pack(TEXT)[:-4] + bytes(4), {}, gap="malformed"
        ),
        Case("zstd", "truncated", "in-frame", "cut within the frame", pack(TEXT)[:-9], {}, gap="malformed"),
        Case(
            "zstd",
            "hostile",
            "behind",
            "bytes behind the frame",
            pack(TEXT) + b"appended later, unsigned",
            content,
            ("trailing-data",),
        ),
        Case("zstd", "hostile", "bomb", "zeros that expand 20000 times", pack(zeros), {}, gap="limit"),
        Case("zstd", "hostile", "window", "a window of 2 GiB", b"\x28\xb5\x2f\xfd\x00\xa8" + bytes(8), {}, gap="limit"),
        Case(
            "zstd",
            "hostile",
            "dictionary",
            "a frame that needs a dictionary",
            b"\x28\xb5\x2f\xfd\x21\x07\x03" + b"\x19\0\0abc",
            {},
            gap="unsupported",
        ),
    ]


def squashfs_cases() -> list[Case]:
    app, other = SquashNode(TEXT), SquashNode(OTHER)
    tree = squash_tree(
        (b"app", app), (b"dev", squash_tree((b"null", SquashNode(device=True)))), (b"l", SquashNode(target=b"/app"))
    )
    plain = squashfs_bytes(tree)
    made = squashfs_made("-comp", "xz")
    damaged = bytearray(made)
    damaged[200] ^= 0xFF

    def one(name: bytes = b"app", node: SquashNode = app, **lies: int) -> bytes:
        return squashfs_bytes(squash_tree((b"app", app), (name, node)), **lies)

    files = {"app": TEXT}
    return [
        Case("squashfs", "valid", "gzip", "by mksquashfs", squashfs_made("-comp", "gzip"), SQUASHFS_FILES),
        Case("squashfs", "valid", "xz", "by mksquashfs", made, SQUASHFS_FILES),
        Case(
            "squashfs",
            "valid",
            "zstd",
            "by mksquashfs, with an export table",
            squashfs_made("-comp", "zstd", "-exports"),
            SQUASHFS_FILES,
        ),
        Case(
            "squashfs",
            "valid",
            "fragments-always",
            "every tail in a fragment block, nothing compressed",
            squashfs_made("-always-use-fragments", "-noI", "-noD", "-noF"),
            SQUASHFS_FILES,
        ),
        Case(
            "squashfs",
            "valid",
            "plain",
            "written by hand; padded to a block of its device",
            plain + bytes(-len(plain) % 4096),
            files,
        ),
        Case(
            "squashfs",
            "invalid",
            "block-damaged",
            "a data block is damaged, other files are read",
            bytes(damaged),
            None,
            gap="malformed",
        ),
        Case(
            "squashfs", "truncated", "no-tables", "cut before its tables", made[: len(made) // 2], {}, gap="malformed"
        ),
        Case(
            "squashfs",
            "hostile",
            "loop",
            "a directory that holds the root",
            one(b"loop", SquashNode(loop=True)),
            files,
            ("headers-disagree",),
            gap="malformed",
        ),
        Case(
            "squashfs",
            "hostile",
            "dots",
            "a file whose name is two dots",
            one(b"..", other),
            {"app": TEXT, "..": OTHER},
            ("path-traversal",),
        ),
        Case(
            "squashfs",
            "hostile",
            "slash",
            "a name with slashes",
            one(b"../../etc/x", other),
            {"app": TEXT, "../../etc/x": OTHER},
            ("path-traversal",),
        ),
        Case(
            "squashfs",
            "hostile",
            "duplicate",
            "two files with one name",
            one(b"app", other),
            None,
            ("duplicate-member",),
        ),
        Case(
            "squashfs",
            "hostile",
            "device",
            "a device outside dev",
            one(b"tmp", SquashNode(device=True)),
            files,
            ("device-node",),
        ),
        Case(
            "squashfs",
            "hostile",
            "overlap",
            "the blocks of two files overlap",
            one(b"b", SquashNode(OTHER, shifted=-8)),
            None,
            ("overlapping-parts",),
        ),
        Case(
            "squashfs",
            "hostile",
            "huge-file",
            "a file of 4 GiB without its blocks",
            one(b"b", SquashNode(OTHER, size=0xFFFFFFFF)),
            None,
            ("headers-disagree", "trailing-data"),
            gap="malformed",
        ),
        Case(
            "squashfs",
            "hostile",
            "inode-count",
            "it declares inodes that are not there",
            one(b"b", other, inodes=4000),
            {"app": TEXT, "b": OTHER},
            ("headers-disagree",),
        ),
        Case(
            "squashfs",
            "hostile",
            "fragment-count",
            "four billion fragments",
            one(fragments=0xFFFFFFFF),
            {},
            gap="malformed",
        ),
        Case(
            "squashfs",
            "hostile",
            "behind",
            "bytes behind the file system",
            one(b"b", other) + b"appended later, unsigned",
            {"app": TEXT, "b": OTHER},
            ("trailing-data",),
        ),
        Case(
            "squashfs",
            "hostile",
            "compressor",
            "a compressor that does not exist",
            one(b"b", other)[:20] + b"\x4d" + one(b"b", other)[21:],
            {},
            gap="unsupported",
        ),
        Case("squashfs", "hostile", "version-3", "an older version", one(b"b", other, major=3), {}, gap="unsupported"),
    ]


MAKERS: tuple[Callable[[], list[Case]], ...] = (zip_cases, tar_cases, cpio_cases, stream_cases, squashfs_cases)


def make(root: Path) -> None:
    """Write all cases under `root`/containers."""
    for maker in MAKERS:
        for case in maker():
            case.write(root)
