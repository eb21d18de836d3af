"""Vectors of the detectors own-name and program-name. ELF files are compiled as in makers/detectors.py."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from tests.vectors.makers.detectors import GCC, case, compiled, note
from tests.vectors.makers.self_descriptions import MARK, held

START = "void _start(void) { for (;;) { } }\n"
HANDS = (
    "int inflateInit2_(void *, int, const char *, int);\nint go(void) { return inflateInit2_(0, 1, said + 1, 2); }\n"
)
"""Hands its text to zlib."""


def make(root: Path) -> None:
    """Write every vector below `root` (tests/vectors)."""
    with tempfile.TemporaryDirectory() as scratch:
        _releases(root / "detectors", Path(scratch))
        _programs(root / "detectors", Path(scratch))
        _of_libraries(root / "detectors", Path(scratch))
        _packaged(root / "detectors", Path(scratch))
        _told_by_builds(root / "detectors", Path(scratch))
        _forms(root / "detectors", Path(scratch))


def _program(scratch: Path, text: str) -> bytes:
    return compiled(scratch, f'const char said[] = "\\0" "{text}\\0";\n{START}', "-static", "-Wl,-e,_start")


def _library(scratch: Path, soname: str, text: str, more: str = "") -> bytes:
    return compiled(scratch, f'const char said[] = "\\0" "{text}\\0";\n{more}', "-shared", f"-Wl,-soname,{soname}")


def _releases(room: Path, scratch: Path) -> None:
    at, name = "own-name", "usr/sbin/acmebms"
    home = "\\0https://acmebms.example/\\0"
    told = _program(scratch, f"acmebms version 2.11.4{home}")
    case(room, f"{at}/valid/version", told, origin=GCC, name=name, clues=("acmebms 2.11.4",),
         why="a program nobody knows says its name, its release and where its project lives")  # fmt: skip
    case(room, f"{at}/valid/library", _library(scratch, "libacmebms.so.3", "libacmebms 2.11.4"), origin=GCC,
         name="usr/lib/libacmebms.so.3.0.1", clues=("libacmebms 2.11.4",),
         why="what autoconf calls PACKAGE_STRING")  # fmt: skip
    tells = "const char *acmebms_version(void) { return said + 1; }\n"
    alone = _library(scratch, "libbs2b.so.0", "2.11.4", tells)
    case(room, f"{at}/valid/told-by-function", alone, origin=GCC, name="usr/lib/libbs2b.so.0",
         clues=("libbs2b 2.11.4",), why="a known library with a function that tells its version")  # fmt: skip
    nobodys = _library(scratch, "libacmebms.so.3", "2.11.4", tells)
    case(room, f"{at}/invalid/unknown-library", nobodys, origin=GCC, name="usr/lib/libacmebms.so.3", clues=(),
         why="a release alone in a library whose project nobody knows by this name")  # fmt: skip
    case(room, f"{at}/invalid/built-with", _library(scratch, "libacmebms.so.3", "1.3.1", tells + HANDS), origin=GCC,
         name="usr/lib/libacmebms.so.3", clues=(), why="the version handed to zlib is zlib's")  # fmt: skip
    case(room, f"{at}/invalid/no-function", _library(scratch, "libacmebms.so.3", "2.11.4"), origin=GCC,
         name="usr/lib/libacmebms.so.3", clues=(), why="nothing says whose version it is")  # fmt: skip
    case(room, f"{at}/invalid/plug-in", _library(scratch, "libacme-mod.so", "libacme-mod 2.11.4"), origin=GCC,
         name="usr/lib/acme/libacme-mod.so", clues=(), why="a plug-in is part of its host")  # fmt: skip
    case(room, f"{at}/invalid/tool", _program(scratch, "acmebms 2.11.4"), origin=GCC, name=name, clues=(),
         why="no address of a project: it may be one of many tools")  # fmt: skip
    case(room, f"{at}/invalid/user-agent", _program(scratch, f"Mozilla/5.0 acmebms/2.11.4{home}"), origin=GCC,
         name=name, clues=(), why="the name is not its beginning")  # fmt: skip
    case(room, f"{at}/invalid/other-name", told, origin=GCC, name="usr/sbin/other", clues=(),
         why="a program that quotes another one")  # fmt: skip
    case(room, f"{at}/invalid/symbol-version", _library(scratch, "libacmebms.so.3", "ACMEBMS_2.11.4"), origin=GCC,
         name="usr/lib/libacmebms.so.3", clues=(), why="a symbol version is no release")  # fmt: skip
    two = _program(scratch, f"acmebms 2.11.4{home}acmebms 2.12.0\\0")
    case(room, f"{at}/invalid/two-releases", two, origin=GCC, name=name, clues=(), why="two releases: neither is told")
    _further(room, scratch)
    case(room, f"{at}/truncated/half", told[: len(told) // 3], origin=GCC, name=name, clues=(), why="cut",
         gaps=("malformed",))  # fmt: skip
    many = told + b"\0acmebms 1" * 3000 + b"\0acmebms " + b"1." * 9000 + b"\0" + b"acmebms version " * 3000
    case(room, f"{at}/hostile/near-matches", many, origin=GCC, name=name, clues=("acmebms 2.11.4",),
         why="thousands of texts that nearly match", gaps=("unexplained",))  # fmt: skip


def _further(room: Path, scratch: Path) -> None:
    """Texts in brackets, alone, and behind other words."""
    at, library = "own-name", "usr/lib/libacmebms.so.3"
    end = '\\0" "'  # digits behind \0 would be part of it
    brackets = _program(scratch, "acme-tool (GNU findutils) 4.11.2\\n")
    case(room, f"{at}/valid/in-brackets", brackets, origin=GCC, name="usr/bin/acme-tool", clues=("findutils 4.11.2",),
         why="the package in brackets is what the program belongs to")  # fmt: skip
    case(room, f"{at}/invalid/in-other-brackets", brackets, origin=GCC, name="usr/bin/other", clues=(),
         why="another program's name before the brackets")  # fmt: skip
    alone = _program(scratch, f"Usage: tinc{end}1.2.36")
    case(room, f"{at}/valid/program-alone", alone, origin=GCC, name="usr/sbin/tincd", clues=("tinc 1.2.36",),
         why="a known program with one release alone")  # fmt: skip
    case(room, f"{at}/invalid/unknown-alone", alone, origin=GCC, name="usr/sbin/acmebms", clues=(),
         why="nobody knows whose release it is")  # fmt: skip
    compiler = _program(scratch, f"Usage: tinc, built with gcc %s{end}14.2.0")
    case(room, f"{at}/invalid/compiler-alone", compiler, origin=GCC, name="usr/sbin/tincd", clues=(),
         why="the release of the compiler")  # fmt: skip
    address = _program(scratch, f"Usage: tinc{end}127.0.0.1{end}2.5.29.15{end}1.0{end}2.6.32")
    case(room, f"{at}/invalid/no-releases", address, origin=GCC, name="usr/sbin/tincd", clues=(),
         why="an address, an object identifier, a format and the least kernel")  # fmt: skip
    behind = _library(scratch, "libacmebms.so.3", "Powered by libacmebms 2.11.4 (reference)")
    case(room, f"{at}/valid/behind-words", behind, origin=GCC, name=library, clues=("libacmebms 2.11.4",),
         why="its own name and release in the middle of a text")  # fmt: skip
    needs = _library(scratch, "libacmebms.so.3", "This module requires libacmebms 2.11.4")
    case(room, f"{at}/invalid/required", needs, origin=GCC, name=library, clues=(), why="what is required is not here")
    later = _library(scratch, "libacmebms.so.3", "libacmebms 2.11.4 or later")
    case(
        room, f"{at}/invalid/or-later", later, origin=GCC, name=library, clues=(), why="the least release that will do"
    )
    private = _library(scratch, "libacmebms.so.3", "libacmebms 2.11.4")
    case(room, f"{at}/invalid/private-library", private, origin=GCC, name="usr/lib/acme/plugins/libacmebms.so.3",
         clues=(), why="a library that only its host can find is a part of that")  # fmt: skip
    api = _library(scratch, "libacmebms-3.0.so.1", "libacmebms-3.0")
    case(room, f"{at}/invalid/interface-number", api, origin=GCC, name="usr/lib/libacmebms-3.0.so.1", clues=(),
         why="the number of the interface, which the SONAME has")  # fmt: skip
    checks = (
        "const char *acmebms_version(void) { return said + 1; }\n"
        "const char *acmebms_check_version(const char *least) { return least; }\n"
    )
    own = _library(scratch, "libbs2b.so.0", "2.11.4", checks)
    case(room, f"{at}/valid/own-check", own, origin=GCC, name="usr/lib/libbs2b.so.0", clues=("libbs2b 2.11.4",),
         why="the library checks the least release itself")  # fmt: skip
    _narrow(room, scratch)


def _narrow(room: Path, scratch: Path) -> None:
    """Releases in SONAMEs, and what is nearly a release."""
    at, end = "own-name", '\\0" "'
    built = _library(scratch, "liba52-0.7.4.so", "")
    case(room, f"{at}/valid/in-soname", built, origin=GCC, name="usr/lib/liba52-0.7.4.so", clues=("a52dec 0.7.4",),
         why="libtool's -release")  # fmt: skip
    series = _library(scratch, "libbs2b-1.2.so.4", "")
    case(room, f"{at}/invalid/series-in-soname", series, origin=GCC, name="usr/lib/libbs2b-1.2.so.4", clues=(),
         why="two numbers before the interface's: a series")  # fmt: skip
    snapshot = _program(scratch, f"Usage: tinc{end}1.2.36-git")
    case(room, f"{at}/invalid/snapshot", snapshot, origin=GCC, name="usr/sbin/tincd", clues=(),
         why="between two releases")  # fmt: skip
    daemon = _program(scratch, "tincd 1.2.36")
    case(room, f"{at}/valid/daemon", daemon, origin=GCC, name="usr/sbin/tincd", clues=("tinc 1.2.36",),
         why="the project's daemon says its own name")  # fmt: skip
    stage = _program(scratch, f"Usage: tinc{end}1.2.0alpha")
    case(room, f"{at}/invalid/stage-without-number", stage, origin=GCC, name="usr/sbin/tincd", clues=(),
         why="which alpha is not told")  # fmt: skip
    protocol = _program(scratch, "tinc-v1.2")
    case(room, f"{at}/invalid/protocol", protocol, origin=GCC, name="usr/sbin/tinc-gui", clues=(),
         why="two numbers behind a hyphen in a program of another name")  # fmt: skip
    longer = _library(scratch, "libacmebms.so.3", f"libacmebms 2.11{end}2.11.4")
    case(room, f"{at}/valid/three-of-two", longer, origin=GCC, name="usr/lib/libacmebms.so.3",
         clues=("libacmebms 2.11.4",), why="the release alone begins with the two numbers beside the name")  # fmt: skip
    number = _library(scratch, "libbs2b.so.29", "29.0.0", "const char *bs2b_version(void) { return said + 1; }\n")
    case(room, f"{at}/invalid/interface-as-release", number, origin=GCC, name="usr/lib/libbs2b.so.29.0.0", clues=(),
         why="the interface's number as tools write it")  # fmt: skip
    only = _library(scratch, "libmagic.so.1", "5.46", "const char *magic_version(void) { return said + 1; }\n")
    case(room, f"{at}/invalid/left-to-expressions", only, origin=GCC, name="usr/lib/libmagic.so.1", clues=(),
         why="identify/versions has an expression for it, which goes before")  # fmt: skip
    _others(room, scratch)


def _others(room: Path, scratch: Path) -> None:
    """Releases alone that are those of something else, or none."""
    at, end, name = "own-name", '\\0" "', "usr/sbin/tincd"
    tells = "const char *bs2b_version(void) { return said + 1; }\n"
    code = compiled(
        scratch, f'const char said[] = "Usage: tinc";\n__asm__(".text\\n.byte 0\\n.asciz \\"5.6.2\\"\\n");\n{START}',
        "-static", "-Wl,-e,_start",
    )  # fmt: skip
    case(room, f"{at}/invalid/in-code", code, origin=GCC, name=name, clues=(),
         why="instructions that look like a release")  # fmt: skip
    built = _program(scratch, f"Usage: tinc{end}6.3.0{end}14:26:07{end}Jan  4 2022")
    case(room, f"{at}/invalid/compiler-and-time", built, origin=GCC, name=name, clues=(),
         why="__VERSION__ before __TIME__ is the compiler's")  # fmt: skip
    language = _program(scratch, f"Usage: tinc{end}caml_startup{end}4.13.1")
    case(room, f"{at}/invalid/language-alone", language, origin=GCC, name=name, clues=(),
         why="the release of OCaml, which it was built for")  # fmt: skip
    haskell = _program(scratch, f"Usage: tinc{end}8.8.3{end}    (GHC version %s for %s)")
    case(room, f"{at}/invalid/other-compiler", haskell, origin=GCC, name=name, clues=(), why="the release of GHC")
    named = _library(scratch, "libbs2b.so.3", f"2.11.4{end}Release 3.1.4 of 2009", tells)
    case(room, f"{at}/valid/file-name-first", named, origin=GCC, name="usr/lib/libbs2b.so.3.1.4",
         clues=("libbs2b 3.1.4",), why="the numbers of the file's name stand in its bytes, too")  # fmt: skip
    form = _library(scratch, "libacmebms.so.3", "acmebms default speller rowl 1.10")
    case(room, f"{at}/invalid/format-in-library", form, origin=GCC, name="usr/lib/libacmebms.so.3", clues=(),
         why="two numbers far behind the name of a library are a format's")  # fmt: skip
    day = _library(scratch, "libbfio.so.1", "20240509", "const char *libbfio_get_version(void) { return said + 1; }\n")
    case(room, f"{at}/valid/day", day, origin=GCC, name="usr/lib/libbfio.so.1.0.0", clues=("libbfio 20240509",),
         why="a project that numbers its releases by days, and its library tells them")  # fmt: skip
    dated = _library(scratch, "libbfio.so.1", "20240509", tells)
    case(room, f"{at}/invalid/day-of-something", dated, origin=GCC, name="usr/lib/libbfio.so.1.0.0", clues=(),
         why="a day in a library that tells no release of its own name")  # fmt: skip
    zlib = _library(scratch, "libdcmdata.so.17", "1.2.11", HANDS)
    case(room, "version-string/invalid/handed-over", zlib, origin=GCC, name="usr/lib/libdcmdata.so.17", clues=(),
         why="the release alone is the one of zlib, handed to it")  # fmt: skip


def _programs(room: Path, scratch: Path) -> None:
    at, name = "program-name", "usr/bin/candump"
    program = _program(scratch, "Usage: candump [options] <CAN interface>")
    case(room, f"{at}/valid/program", program, origin=GCC, name=name, clues=("can-utils",),
         why="one program of several of its project")  # fmt: skip
    case(room, f"{at}/invalid/nothing-held", _program(scratch, "Usage: %s [options]"), origin=GCC, name=name, clues=(),
         why="the file name alone shows nothing")  # fmt: skip
    box = _program(scratch, "candump\\0BusyBox multi-call binary")
    case(room, f"{at}/invalid/applet", box, origin=GCC, name=name, clues=(), why="an applet of a multi-call binary")
    case(room, f"{at}/invalid/unknown", program, origin=GCC, name="usr/bin/acmebms", clues=(), why="no known name")
    klibc = "usr/lib/klibc-Mv7JYrgyuOdtrgZoFK-un_NsZqU.so"
    case(room, f"{at}/valid/klibc", _program(scratch, "cannot"), origin=GCC, name=klibc, clues=("klibc",),
         why="its own file is named by a digest and names nothing else")  # fmt: skip
    case(room, f"{at}/truncated/half", program[:90], origin=GCC, name=name, clues=(), why="cut", gaps=("malformed",))
    case(room, f"{at}/hostile/odd-name", program, origin=GCC, name="usr/bin/candump\n\u202ex", clues=(),
         why="a name that only looks like one")  # fmt: skip


def _of_libraries(room: Path, scratch: Path) -> None:
    """Releases of libraries that a program was built with, and numbers in parts of a product."""
    at, end, name = "own-name", '\\0" "', "usr/sbin/tincd"
    numbers = _program(scratch, f"xmlCheckVersion{end}1.2.36")
    case(room, f"{at}/valid/asked-by-numbers", numbers, origin=GCC, name=name, clues=("tinc 1.2.36",),
         why="libxml2 is handed a number, no text")  # fmt: skip
    known = _program(scratch, f"gcry_check_version{end}1.10.1{end}3.4.36")
    case(room, f"{at}/valid/handed-to-gcrypt", known, origin=GCC, name=name, clues=("tinc 3.4.36",),
         why="the other number looks like a release of Libgcrypt, which is handed it")  # fmt: skip
    unknown = _program(scratch, f"acme_check_version{end}1.2.36")
    case(room, f"{at}/invalid/handed-to-unknown", unknown, origin=GCC, name=name, clues=(),
         why="nobody knows how the releases of the library look that is handed one")  # fmt: skip
    short = _program(scratch, f"Usage{end}26.3")
    case(room, f"{at}/invalid/part-two-numbers", short, origin=GCC, name="usr/sbin/tinc-acme", clues=(),
         why="two numbers in a part of a product may be anything")  # fmt: skip
    _elsewhere(room, scratch)


def _elsewhere(room: Path, scratch: Path) -> None:
    """Numbers in tables and addresses, and files that are another project's."""
    at, end, name = "own-name", '\\0" "', "usr/sbin/tincd"
    table = _program(scratch, f"Usage: tinc{end}110{end}134.5{end}150")
    case(room, f"{at}/invalid/in-table", table, origin=GCC, name=name, clues=(),
         why="numbers before and behind it: bits a second of modems")  # fmt: skip
    beside = _program(scratch, f"Usage: tinc{end}110{end}134.5{end}x")
    case(room, f"{at}/valid/behind-number", beside, origin=GCC, name=name, clues=("tinc 134.5",),
         why="a number on one side only makes no table")  # fmt: skip
    address = _library(scratch, "libacmebms.so.3", "see http://www.x.example/acmebms/v1.3.0/ for it")
    case(room, f"{at}/invalid/in-address", address, origin=GCC, name="usr/lib/libacmebms.so.3", clues=(),
         why="a folder of a web address, which is a schema's")  # fmt: skip
    private = _library(scratch, "libfuzzy-3.2.0.so", "")
    case(room, f"{at}/invalid/of-its-host", private, origin=GCC, name="usr/lib/htdig/libfuzzy-3.2.0.so", clues=(),
         why="a private library that bears its host's release")  # fmt: skip
    case(room, f"{at}/valid/its-own-folder", private, origin=GCC, name="usr/lib/ssdeep/libfuzzy-3.2.0.so",
         clues=("ssdeep 3.2.0",), why="the folder is the product's own")  # fmt: skip
    quotes = _program(scratch, f"1.14.2{end}Cannot guarantee compatibility beyond")
    case(room, "version-string/invalid/other-program", quotes, origin=GCC, name="usr/sbin/tinc", clues=(),
         why="a release alone in a program that is called like another project's")  # fmt: skip
    case(room, "version-string/valid/unknown-program", quotes, origin=GCC, name="usr/sbin/acmebms",
         clues=("subversion 1.14.2",), why="the same in a program that nobody knows")  # fmt: skip
    asks = _program(scratch, f"Usage: tinc{end}inflateInit2_{end}1.2.36")
    case(room, f"{at}/valid/no-release-of-zlib", asks, origin=GCC, name=name, clues=("tinc 1.2.36",),
         why="zlib is handed a release, and never had this one")  # fmt: skip
    tells = "const char *bs2b_version(void) { return said + 1; }\n"
    number = _library(scratch, "libbs2b.so.7.2", "7.2.0", tells)
    case(room, f"{at}/invalid/interface-of-two-numbers", number, origin=GCC, name="usr/lib/libbs2b.so.7.2", clues=(),
         why="the interface's two numbers as tools write them")  # fmt: skip


LINK = "/usr/lib/debug/.dwz/x86_64-linux-gnu/tinc.debug"
END = '\\0" "'
"""Digits behind \\0 would be part of it."""


def _plug_in(scratch: Path, text: str, more: str = "") -> bytes:
    return compiled(scratch, f'const char said[] = "\\0" "{text}\\0";\n{more}', "-shared")


def _packaged(room: Path, scratch: Path) -> None:
    """Files that say which package they were built for, or whose names tell it beside its name."""
    at, place = "debug-supplement", "usr/lib/tinc/acme.so"
    plug_in = _plug_in(scratch, LINK)
    case(room, f"{at}/valid/plug-in", plug_in, origin=GCC, name=place, clues=("tinc",),
         why="a plug-in without a name says the package it was built for")  # fmt: skip
    unknown = _plug_in(scratch, LINK.replace("tinc", "acmebms"))
    case(room, f"{at}/invalid/unknown", unknown, origin=GCC, name=place, clues=(), why="a package nobody knows")
    two = _plug_in(scratch, f"{LINK}{END}{LINK.replace('tinc', 'dash')}")
    case(room, f"{at}/invalid/two", two, origin=GCC, name=place, clues=(), why="two packages: it quotes others")
    case(room, f"{at}/truncated/half", plug_in[:90], origin=GCC, name=place, clues=(), why="cut",
         gaps=("malformed",))  # fmt: skip
    case(room, f"{at}/hostile/near-matches", plug_in + b"\0/usr/lib/debug/.dwz/" * 9000, origin=GCC, name=place,
         clues=(), why="thousands of links that name nothing", gaps=("unexplained",))  # fmt: skip
    at, tool = "own-name", "usr/bin/acme-tool"
    said = _program(scratch, f"{LINK}{END}1.2.36")
    case(room, f"{at}/valid/packaged-tool", said, origin=GCC, name=tool, clues=("tinc 1.2.36",),
         why="one release alone in a program that says its package")  # fmt: skip
    case(room, f"{at}/valid/packaged-plug-in", _plug_in(scratch, f"{LINK}{END}1.2.36"), origin=GCC, name=place,
         clues=("tinc 1.2.36",), why="in a plug-in, which others have to confirm")  # fmt: skip
    several = _program(scratch, f"{LINK}{END}1.2.36{END}2.11.4")
    case(room, f"{at}/invalid/packaged-two", several, origin=GCC, name=tool, clues=(), why="two releases alone")
    listed = _program(scratch, f"blktrace{END}1.3.7")
    case(room, f"{at}/valid/listed-tool", listed, origin=GCC, name="usr/bin/blkparse", clues=("blktrace 1.3.7",),
         why="a tool of a project, whose name stands in it")  # fmt: skip
    case(room, f"{at}/invalid/listed-tool", _program(scratch, f"trees{END}1.3.7"), origin=GCC,
         name="usr/bin/blkparse", clues=(), why="called like the tool, without its project's name")  # fmt: skip
    case(room, "program-name/valid/listed-tool", listed, origin=GCC, name="usr/bin/blkparse", clues=("blktrace",),
         why="the tool's name and its project's agree")  # fmt: skip
    case(room, f"{at}/valid/alternative", _program(scratch, f"Usage: clzip{END}1.13"), origin=GCC,
         name="usr/bin/lzip.clzip", clues=("clzip 1.13",), why="one of several that take lzip's place")  # fmt: skip
    part = "const char *bson_get_version(void) { return said + 1; }\n"
    case(room, f"{at}/valid/part-that-tells", _library(scratch, "libbson-1.0.so.0", "1.30.4", part), origin=GCC,
         name="usr/lib/libbson-1.0.so.0", clues=("mongo-c-driver 1.30.4",),
         why="a part of its project with a function of its own name")  # fmt: skip
    other = _library(scratch, "libbson-1.0.so.0", "1.30.4", part.replace("bson_", "jsonsl_"))
    case(room, f"{at}/invalid/part-that-tells", other, origin=GCC, name="usr/lib/libbson-1.0.so.0", clues=(),
         why="the function of something else tells a release")  # fmt: skip


def _told_by_builds(room: Path, scratch: Path) -> None:
    """Folders that one source is built in, modules installed apart, what linkers are told."""
    at, folder = "build-path", "/build/reproducible-path/acme-meter-3.1.4"
    for name, path, why in (
        ("room", f"{folder}+dfsg/src/lib.rs", "a folder that one source is built in names what nobody knows"),
        ("room-twice", "/build/acme-meter-Xy12Za/acme-meter-3.1.4/a.f", "the older form, which names the source twice"),
        ("room-recipe", "/usr/src/debug/acme-meter/3.1.4-r0/a.rs", "Yocto's"),
        ("room-package", "/build_dir/target-mips_24kc_musl/acme-meter-3.1.4/ipkg-install", "OpenWrt's"),
    ):
        case(room, f"{at}/valid/{name}", _plug_in(scratch, path), origin=GCC, clues=("acme-meter 3.1.4",), why=why)
    for name, path, why in (
        ("two-rooms", f"{folder}/a.rs{END}/build/reproducible-path/acme-pump-1.2.3/b.rs", "two sources: which is it?"),
        ("room-before", f"{folder}~rc1/a.rs", "before the release"),
        ("room-of-another", "/build/acme-pump-Xy12Za/acme-meter-3.1.4/a.f", "the two names differ"),
    ):
        case(room, f"{at}/invalid/{name}", _plug_in(scratch, path), origin=GCC, clues=(), why=why)
    at, module = "perl-extension", "perl5/5.40/auto/List/Util/Util.so"
    start = "const char *boot_List__Util(void) { return said; }\n"
    util = _plug_in(scratch, f"1.63{END}v5.40.0", start)
    case(room, f"{at}/valid/apart", util, origin=GCC, name=f"usr/lib/x86_64-linux-gnu/{module}",
         clues=("libscalar-list-utils-perl 1.63",), why="a module of Perl, installed apart from it")  # fmt: skip
    case(room, f"{at}/invalid/not-apart", util, origin=GCC, name=f"usr/lib/{module}", clues=(),
         why="where others install Perl itself")  # fmt: skip
    at = "go-build-info"
    modules = MARK + b"path\texample.com/acme/pump\n" + MARK
    info = b"\xff Go buildinf:\x08\x02" + bytes(16) + b"\x06go1.21" + bytes([len(modules)]) + modules
    for name, text, clues, why in (
        ("valid/linked", "1.4.2-1+b3", ("go 1.21", "pump 1.4.2"), "the release that the linker was told"),
        ("invalid/linked-two", f"1.4.2{END}2.11.4", ("go 1.21", "pump"), "two releases: which is its own?"),
    ):
        said = f'const char said[] = "\\0" "{text}\\0";\n'
        program = compiled(scratch, said + held(".go.buildinfo", info), "-shared")
        case(room, f"{at}/{name}", program, origin=GCC, clues=clues, why=why)


def _forms(room: Path, scratch: Path) -> None:
    """What releases look like, and what hands them over."""
    at, daemon, library = "own-name", "usr/sbin/tincd", "usr/lib/libbs2b.so.0"
    for name, text, told, why in (
        ("valid/four-numbers", f"Usage: tinc{END}1.2.36.4", "1.2.36.4", "four numbers alone"),
        ("invalid/host-alone", f"Usage: tinc{END}37.157.38.4{END}192.0.2.1{END}0.0.0.1", "", "addresses of hosts"),
        ("valid/five-numbers", "tincd version 1.2.36.1.25", "1.2.36.1.25", "five numbers behind the name"),
        ("valid/patch-level", "tincd 1.2.36-p2", "1.2.36-p2", "a patch level is part of the release"),
        ("valid/letter-and-numbers", f"Usage: tinc{END}2.1a15", "2.1a15", "a letter and two digits"),
        ("invalid/commits-since", "tincd-1.2.36+40.g311a8c0", "", "forty commits behind the release"),
        ("valid/ends-in-newline", f"Usage: tinc{END}1.2.36\\n", "1.2.36", "alone in its line"),
        ("valid/point-zero", f"Usage: tinc{END}7.0", "7.0", "too high for a format"),
        ("invalid/point-zero", f"Usage: tinc{END}2.0{END}180.0", "", "a format, and a number"),
    ):
        clues = (f"tinc {told}",) if told else ()
        case(room, f"{at}/{name}", _program(scratch, text), origin=GCC, name=daemon, clues=clues, why=why)
    asks = (
        "const char *gcry_check_version(const char *);\nconst char *bs2b_version(void) { return said + 1; }\n"
        "const char *go(void) { return gcry_check_version(said); }\n"
    )
    for name, text, more, told, why in (
        ("valid/beside-handed", "4.11.2", asks, "4.11.2", "libgcrypt has no such release: it is the library's own"),
        ("invalid/handed-to-libgcrypt", "1.10.1", asks, "", "the release handed to libgcrypt"),
        ("valid/behind-version", "Sound filter, version 2.11.4 (C)", "", "2.11.4", "behind the word version"),
        ("invalid/behind-compiler", "by the C++ compiler version 12.2.1.", "", "", "the compiler's"),
        ("valid/agent", "libbs2b-agent/2.11.4", "", "2.11.4", "what it calls itself in requests"),
    ):
        clues = (f"libbs2b {told}",) if told else ()
        made = _library(scratch, "libbs2b.so.0", text, more)
        case(room, f"{at}/{name}", made, origin=GCC, name=library, clues=clues, why=why)
    for name, package, told, why in (
        ("valid/own-package", "shadow 1:2.11.4-1", "shadow 2.11.4", "built for its own project's package"),
        ("valid/other-release", "acmebms 3.0.1", "shadow 2.11.4", "the package has another release"),
        ("invalid/taken-over", "acmebms 2.11.4-1", "", "chage of another project, which the package's release tells"),
    ):
        stated = dict(zip(("name", "version"), package.split(" "), strict=True))
        source = f'const char said[] = "\\0" "2.11.4\\0";\n{note(json.dumps(stated))}{START}'
        made = compiled(scratch, source, "-static", "-Wl,-e,_start")
        case(room, f"{at}/{name}", made, origin=GCC, name="usr/bin/chage", clues=(told,) if told else (), why=why)
    snapshot = _library(scratch, "libbfd-2.47.50-system.20261021.so", "bfd")
    case(room, f"{at}/valid/snapshot", snapshot, origin=GCC, name="usr/lib/libbfd-2.47.50-system.20261021.so",
         clues=("binutils 2.47.50.20261021",), why="a snapshot has its day in its release")  # fmt: skip
    lua = _library(scratch, "liblua5.1-acme.so.0", "luaacme 2.11.4")
    case(room, f"{at}/valid/lua-module", lua, origin=GCC, name="usr/lib/liblua5.1-acme.so.0.0.0",
         clues=("lua-acme 2.11.4",), why="a module of Lua is called without Lua's release")  # fmt: skip
