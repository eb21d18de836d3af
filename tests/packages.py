"""Packages and root file systems for tests: made in memory, from executables of the vectors."""

from __future__ import annotations

import gzip
import io
import struct
import tarfile
from collections.abc import Mapping
from pathlib import Path

VECTORS = Path(__file__).parent / "vectors" / "detectors"
LIBRARY = (VECTORS / "elf-soname" / "valid" / "known" / "input").read_bytes()
"""A small shared library."""
OTHER = (VECTORS / "elf-soname" / "valid" / "unknown" / "input").read_bytes()
"""Another one."""


def built_again(elf: bytes, times: int = 1) -> bytes:
    """The library with other code: the last byte of its executable segment changed."""
    at = _code_end(elf) - 1
    return elf[:at] + bytes([(elf[at] + times) % 256]) + elf[at + 1 :]


def stripped(elf: bytes) -> bytes:
    """What strip leaves, and more: no section table, nothing behind the last segment."""
    end = max(offset + size for kind, offset, size, _ in _segments(elf) if kind == 1)
    return elf[:40] + bytes(8) + elf[48:60] + bytes(4) + elf[64:end]


def _segments(elf: bytes) -> list[tuple[int, int, int, int]]:
    table, count = struct.unpack_from("<Q", elf, 32)[0], struct.unpack_from("<H", elf, 56)[0]
    rows = [struct.unpack_from("<2I5Q", elf, table + 56 * at) for at in range(count)]
    return [(kind, offset, size, flags) for kind, flags, offset, _, _, size, _ in rows]


def _code_end(elf: bytes) -> int:
    return next(offset + size for kind, offset, size, flags in _segments(elf) if kind == 1 and flags & 1)


def tarred(files: Mapping[str, bytes]) -> bytes:
    """A tar archive, the same for the same files."""
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o755
            archive.addfile(entry, io.BytesIO(content))
    return sink.getvalue()


def control(name: str, version: str, source: str = "", arch: str = "amd64") -> bytes:
    fields = {"Package": name, "Source": source, "Version": version, "Architecture": arch, "Description": "for a test"}
    lines = [*(f"{field}: {value}" for field, value in fields.items() if value), ""]
    return "\n".join(lines).encode()


def deb(name: str, version: str, files: Mapping[str, bytes], source: str = "", arch: str = "amd64") -> bytes:
    """A Debian package (deb(5)): an ar archive of a version and two tar archives."""
    data = gzip.compress(tarred({f"./{path}": content for path, content in files.items()}), mtime=0)
    about = gzip.compress(tarred({"./control": control(name, version, source, arch)}), mtime=0)
    members = {"debian-binary": b"2.0\n", "control.tar.gz": about, "data.tar.gz": data}
    out = b"!<arch>\n"
    for member, content in members.items():
        head = f"{member:<16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(content):<10}`\n"
        out += head.encode() + content + b"\n" * (len(content) % 2)
    return out


def ipk(name: str, version: str, files: Mapping[str, bytes]) -> bytes:
    """An opkg package: a packed tar archive of the same three."""
    data = gzip.compress(tarred({f"./{path}": content for path, content in files.items()}), mtime=0)
    about = gzip.compress(tarred({"./control": control(name, version, f"feeds/base/{name}")}), mtime=0)
    return gzip.compress(
        tarred({"./debian-binary": b"2.0\n", "./control.tar.gz": about, "./data.tar.gz": data}), mtime=0
    )


def apk(name: str, version: str, origin: str, files: Mapping[str, bytes]) -> bytes:
    """An Alpine package: packed tar segments one after another; only the last one has an end."""
    about = f"# made for a test\npkgname = {name}\npkgver = {version}\norigin = {origin}\narch = x86_64\n"
    signature, info = (
        tarred(one).rstrip(b"\0") for one in ({".SIGN.RSA.nobody.rsa.pub": b"signed"}, {".PKGINFO": about.encode()})
    )
    head = b"".join(gzip.compress(one + bytes(-len(one) % 512), mtime=0) for one in (signature, info))
    return head + gzip.compress(tarred(files), mtime=0)
