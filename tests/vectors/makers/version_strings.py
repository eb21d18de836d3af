"""Vectors of the detectors version-string, library-file-name, build-path and elf-exports.

The texts are those that identify/versions quotes.

ELF files are compiled as in makers/detectors.py.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.vectors.makers.detectors import CODE, GCC, case, compiled

BUSYBOX = b"BusyBox v1.35.0 (Debian 1:1.35.0-4+deb12u1+b1)\n"
EXPAT = b"\0expat_2.5.0\0"
CODE_BYTES = bytes(range(0x80, 0x100)) * 4


def make(root: Path) -> None:
    """Write every vector below `root` (tests/vectors)."""
    room = root / "detectors"
    _strings(room)
    with tempfile.TemporaryDirectory() as scratch:
        _libraries(room, Path(scratch))
        _exports(room, Path(scratch))
    _paths(room)


def _strings(room: Path) -> None:
    at = "version-string"
    case(room, f"{at}/valid/amid-code", CODE_BYTES + b"\0" + BUSYBOX + b"\0" + CODE_BYTES + EXPAT + CODE_BYTES,
         why="two products in one program", clues=("busybox 1.35.0", "expat 2.5.0"))  # fmt: skip
    case(room, f"{at}/valid/first-and-last", BUSYBOX + b"\0" + CODE_BYTES + EXPAT[:-1],
         why="no byte before the first text, none after the last", clues=("busybox 1.35.0", "expat 2.5.0"))  # fmt: skip
    condensed = b"\x7fELF\x01\x01\x01\n" + BUSYBOX + b"expat_2.5.0\nnext\n"
    case(room, f"{at}/valid/condensed", condensed, why="no NUL at all: the texts of a program, line by line",
         clues=("busybox 1.35.0", "expat 2.5.0"), gaps=("malformed",))  # fmt: skip
    inside = CODE_BYTES + b'\0OpenSSL 3.0.20 7 Apr 2026\0OPENSSLDIR: "/usr/lib/ssl"\0'
    case(room, f"{at}/valid/linked-in", inside, why="the library itself, or a program that has it inside",
         clues=("openssl 3.0.20",))  # fmt: skip
    case(room, f"{at}/invalid/built-with", CODE_BYTES + b"\0OpenSSL 3.0.20 7 Apr 2026\0", clues=(),
         why="a program that only quotes the header it was built with")  # fmt: skip
    case(room, f"{at}/invalid/plain-text", b"Changes: " + BUSYBOX + b"needs expat_2.5.0\n" * 3, clues=(),
         why="a plain text quotes the versions of others")  # fmt: skip
    two = CODE_BYTES + b"\x003.1.1\x003.2.0\0rsync warning: %s (code %d) at\0"
    case(room, f"{at}/invalid/two-bare-versions", two, clues=(), why="two texts of the shape its anchor asks for")
    case(room, f"{at}/truncated/half", CODE_BYTES + b"\0" + BUSYBOX[:11], why="the version is cut off", clues=())
    case(room, f"{at}/hostile/many-anchors", b"BusyBox v" * 2000 + b"\0", clues=(), why="thousands of anchors")
    case(room, f"{at}/hostile/too-many-anchors", b"GCC: (" * 7_000 + b"\0", clues=(), gaps=("limit",),
         why="more anchors than are looked at (this one is three detectors')")  # fmt: skip
    digits = CODE_BYTES + b"\0" + b"9" * 4000 + b".1.1\0BusyBox v" + b"1" * 4000 + b".1.1\n\0"
    case(room, f"{at}/hostile/long-numbers", digits, clues=(), why="numbers of thousands of digits are no version")
    many = b"\0".join(b"BusyBox v1.%d.%d\n" % (one // 40, one % 40) for one in range(400))
    case(room, f"{at}/hostile/many-versions", CODE_BYTES + b"\0" + many + b"\0", why="each version is told, once",
         clues=tuple(f"busybox 1.{one // 40}.{one % 40}" for one in range(400)))  # fmt: skip


def _libraries(room: Path, scratch: Path) -> None:
    at = "library-file-name"
    own = compiled(scratch, CODE, "-shared", "-Wl,-soname,libseccomp.so.2")
    other = compiled(scratch, CODE, "-shared", "-Wl,-soname,libcurl.so.4")
    none = compiled(scratch, CODE, "-shared")
    place = "usr/lib/libseccomp.so.2.5.4"
    case(room, f"{at}/valid/release", own, origin=GCC, name=place, why="the project names the file by the release",
         clues=("libseccomp 2.5.4",))  # fmt: skip
    case(room, f"{at}/invalid/no-release", own, origin=GCC, name="usr/lib/libseccomp.so.2", clues=(),
         why="the name of the link")  # fmt: skip
    case(room, f"{at}/invalid/interface-number", other, origin=GCC, name="usr/lib/libcurl.so.4.8.0", clues=(),
         why="libtool's interface number is no release")  # fmt: skip
    case(room, f"{at}/invalid/other-soname", other, origin=GCC, name=place, clues=(),
         why="the name says one library, the bytes another")  # fmt: skip
    case(room, f"{at}/invalid/no-soname", none, origin=GCC, name=place, clues=(), why="the name alone shows nothing")
    case(room, f"{at}/truncated/half", own[: len(own) // 2], origin=GCC, name=place, clues=("libseccomp 2.5.4",),
         why="cut: what its name and its texts agree on still counts",
         gaps=("malformed",))  # fmt: skip
    case(room, f"{at}/hostile/odd-name", own, origin=GCC, name="libseccomp.so.2.5.4\n\u202e/../libseccomp.so.9.9.99x",
         clues=(), why="a name that only looks like one of the project's")  # fmt: skip


def _exports(room: Path, scratch: Path) -> None:
    at, name = "elf-exports", "usr/lib/libmnl.so.0.2.0"
    code = (
        "int mnl_socket_open2(int one) { return one * 41 + 1; }\nint mnl_socket_fdopen(int one) { return one ^ 7; }\n"
    )
    new = compiled(scratch, code, "-shared", "-Wl,-soname,libmnl.so.0")
    other = compiled(scratch, code, "-shared", "-Wl,-soname,libother.so.0")
    case(room, f"{at}/valid/since", new, origin=GCC, name=name, why="names that came with 1.0.4", clues=("libmnl",))
    case(room, f"{at}/invalid/other-soname", other, origin=GCC, name=name, clues=(), why="the names of another library")
    case(room, f"{at}/truncated/half", new[: len(new) // 2], origin=GCC, name=name, clues=(), why="cut",
         gaps=("malformed",))  # fmt: skip


def _paths(room: Path) -> None:
    note = b'{"type":"rpm","name":"curl","version":"8.2.1-1.fc39","architecture":"aarch64"}'
    case(room, "elf-notes/valid/as-text", b"\x7fELF\x02\x01\x01\x03\nFDO\n" + note + b"\nmore\n", gaps=("malformed",),
         clues=("curl 8.2.1-1.fc39",), why="condensed to its texts: the note is one of them")  # fmt: skip
    case(room, "elf-notes/invalid/no-elf", b"\0\xff" + note, clues=(), why="the same in data that is no ELF file")
    link = b"\x7fELF\x02\x01\x01\x03\nGLIBC_2.17\ncurl-8.2.1-1.fc39.aarch64.debug\n7zXZ\n"
    case(room, "debug-link/valid/rpm", link, name="usr/bin/curl", clues=("curl 8.2.1",), gaps=("malformed",),
         why="the name of the separate debug file")  # fmt: skip
    plug_in = link.replace(b"curl-8.2.1", b"curl.so-8.2.1")
    case(room, "debug-link/invalid/plug-in", plug_in, name="usr/lib/host/curl.so", clues=(), gaps=("malformed",),
         why="a plug-in is called like what it plugs in")  # fmt: skip
    shared = link.replace(b"curl-8.2.1", b"crontab-8.2.1")
    case(room, "debug-link/invalid/shared-name", shared, name="usr/bin/crontab", clues=(), gaps=("malformed",),
         why="several projects ship a crontab")  # fmt: skip
    case(room, "debug-link/invalid/other-name", link, name="usr/bin/wget", clues=(), gaps=("malformed",),
         why="the link of another program")  # fmt: skip
    case(room, "debug-link/invalid/no-version", link.replace(b"-8.2.1-1.fc39.aarch64", b""), name="usr/bin/curl",
         clues=(), gaps=("malformed",), why="a link without a version, as most are")  # fmt: skip
    case(room, "debug-link/truncated/half", link[:40], name="usr/bin/curl", clues=(), gaps=("malformed",), why="cut")
    at = "build-path"
    flags = b"\0cc -O2 -ffile-prefix-map=/build/reproducible-path/jq-1.7.1=. -Wall\0"
    case(room, f"{at}/valid/left-out", CODE_BYTES + flags + CODE_BYTES, clues=("jq 1.7.1",),
         why="the folder that the compiler was told to leave out, in the flags that the program tells")  # fmt: skip
    quote = b"\0/build_dir/target-mips_24kc_musl/ser2net-4.3.11/dataxfer.c\0"
    case(room, f"{at}/valid/openwrt", CODE_BYTES + quote + CODE_BYTES, why="an assertion's file in the build folder",
         clues=("ser2net 4.3.11",))  # fmt: skip
    case(room, f"{at}/invalid/unknown-product", CODE_BYTES + quote.replace(b"ser2net", b"acmebms"), clues=(),
         why="a product nobody knows")  # fmt: skip
    case(room, f"{at}/invalid/header", CODE_BYTES + b"\0/usr/include/ser2net-4.3.11/dataxfer.h\0", clues=(),
         why="an installed header")  # fmt: skip
    case(room, f"{at}/invalid/two-releases", CODE_BYTES + quote + quote.replace(b"4.3.11", b"4.3.12"), clues=(),
         why="two releases: neither is told")  # fmt: skip
    case(room, f"{at}/truncated/half", CODE_BYTES + quote[:40], clues=(), why="the path is cut off")
    case(room, f"{at}/hostile/long", CODE_BYTES + b"\0" + b"/a-1.1" * 9000 + b".c\0", clues=(),
         why="a path of tens of thousands of bytes")  # fmt: skip
