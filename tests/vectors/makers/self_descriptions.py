"""Vectors of what executables and files say of themselves: modules, crates, packages of languages, package databases,
manifests, kernel configurations and inventories that lie inside an image. Written here; ELF files are compiled from the
few lines in `detectors`.
"""

from __future__ import annotations

import gzip
import json
import sqlite3
import struct
import tempfile
import zlib
from pathlib import Path

from tests.vectors.makers.detectors import CODE, GCC, case, compiled

BY = "tests/vectors/makers/self_descriptions.py"
MARK = bytes.fromhex("3077af0c92740802 41e1c107e6d618e6".replace(" ", ""))
"""The two marks around Go's module text begin and end with these in every program; any bytes do for a reader."""
PATHS = b"path\texample.com/acme/pump/cmd/pumpd\n"
MAIN = b"mod\texample.com/acme/pump\tv1.4.2\th1:aaaa=\n"
DEVELOPED = b"mod\texample.com/acme/pump\t(devel)\t\n"
DEPENDENCIES = (
    b"dep\tgithub.com/eclipse/paho.mqtt.golang\tv1.4.3\th1:bbbb=\n"
    b"dep\tgolang.org/x/net\tv0.0.0-20230907122334-0123456789ab\n=>\texample.com/acme/net\tv0.9.9\th1:cccc=\n"
    b"dep\texample.com/acme/local\tv0.0.0\n=>\t./local\t(devel)\t\n"
)
BUILD = b"build\t-compiler=gc\nbuild\tGOARCH=arm64\n"


def make(root: Path) -> None:
    """Write every vector below `root` (tests/vectors)."""
    room = root / "detectors"
    with tempfile.TemporaryDirectory() as scratch:
        _go(room, Path(scratch))
        _rust(room, Path(scratch))
        _modules(room, Path(scratch))
        _rpm(room, Path(scratch))
    _python(room)
    _node(room)
    _others(room)
    _java(room)
    _apk(room)
    _manifests(room)
    _configurations(room)
    _inventories(room)


def held(name: str, data: bytes, align: int = 16) -> str:
    """Source of a section with this content."""
    numbers = ", ".join(str(one) for one in data)
    return f'__attribute__((section("{name}"), aligned({align}), used)) const unsigned char held[] = {{{numbers}}};\n'


def _counted(text: bytes) -> bytes:
    size, out = len(text), b""
    while size >= 0x80:
        out, size = out + bytes([size & 0x7F | 0x80]), size >> 7
    return out + bytes([size]) + text


def _inline(version: bytes, modules: bytes) -> bytes:
    return (
        b"\xff Go buildinf:\x08\x02"
        + bytes(16)
        + _counted(version)
        + _counted(MARK + modules + MARK if modules else b"")
    )


def _go(room: Path, scratch: Path) -> None:
    at = "go-build-info"

    def program(version: bytes, modules: bytes, more: str = "") -> bytes:
        return compiled(scratch, CODE + held(".go.buildinfo", _inline(version, modules)) + more, "-shared")

    whole = program(b"go1.21.5", PATHS + MAIN + DEPENDENCIES + BUILD)
    listed = (
        "example.com/acme/local",
        "example.com/acme/net v0.9.9",
        "github.com/eclipse/paho.mqtt.golang v1.4.3",
        "go 1.21.5",
        "pump v1.4.2",
    )
    case(room, f"{at}/valid/modules", whole, origin=GCC, why="main module, dependencies, two replaced", clues=listed)
    developed = program(b"go1.24.4 X:nocoverageredesign", PATHS + DEVELOPED)
    case(
        room,
        f"{at}/valid/developed",
        developed,
        origin=GCC,
        why="a working copy has no release; Go with an experiment",
        clues=("go 1.24.4", "pump"),
    )
    cached = (
        'const char one[] = "/root/go/pkg/mod/github.com/!azure/go-autorest@v14.2.0+incompatible/version.go";\n'
        'const char two[] = "golang.org/x/sys@v0.15.0/unix/syscall.go";\n'
    )
    traced = program(b"go1.20", b"", cached)
    case(
        room,
        f"{at}/valid/folders",
        traced,
        origin=GCC,
        why="no modules listed: folders of the module cache",
        clues=("github.com/azure/go-autorest v14.2.0+incompatible", "go 1.20", "golang.org/x/sys v0.15.0"),
    )
    pointed = (
        "struct text { const char *at; unsigned long size; };\n"
        'static const char v[] = "go1.15.9";\n'
        f"static const unsigned char m[] = {{{', '.join(str(one) for one in MARK + PATHS + MAIN + MARK)}}};\n"
        "static const struct text version = {v, sizeof v - 1}, modules = {(const char *)m, sizeof m};\n"
        "struct info { char magic[14], pointer, flags; const struct text *version, *modules; };\n"
        '__attribute__((section(".go.buildinfo"), aligned(16), used)) struct info held = '
        '{"\\xff Go buildinf:", 8, 0, &version, &modules};\n'
    )
    old = compiled(scratch, CODE + pointed, "-no-pie", "-static", "-Wl,-e,answer")
    case(
        room,
        f"{at}/valid/pointers",
        old,
        origin=GCC,
        why="before Go 1.18: addresses of texts",
        clues=("go 1.15.9", "pump v1.4.2"),
    )
    reader = compiled(
        scratch,
        CODE + held(".rodata", b"\xff Go buildinf:not a Go executable, this is a text of one" + bytes(16)),
        "-shared",
    )
    case(room, f"{at}/invalid/reader", reader, origin=GCC, why="a program that only knows the magic", clues=())
    case(room, f"{at}/invalid/text", b"dep\tgolang.org/x/net\tv0.1.0\n" * 3, why="a text that lists modules", clues=())
    long = compiled(
        scratch,
        CODE
        + held(".go.buildinfo", b"\xff Go buildinf:\x08\x02" + bytes(16) + _counted(b"go1.21.5") + b"\xff\xff\x03x"),
        "-shared",
    )
    case(room, f"{at}/truncated/modules", long, origin=GCC, why="a text longer than the file", gaps=("malformed",))
    huge = compiled(
        scratch,
        CODE
        + held(
            ".go.buildinfo", b"\xff Go buildinf:\x08\x02" + bytes(16) + _counted(b"go1.21.5") + b"\xff\xff\xff\x7fx"
        ),
        "-shared",
    )
    case(room, f"{at}/hostile/size", huge, origin=GCC, why="a text of 256 MiB", gaps=("limit",))
    strange = program(b"go1.21.5", b"dep\t../../etc\tv1\ndep\tx y\t$(id)\ndep\n=>\n=>\ta\tb\n\t\t\n")
    case(room, f"{at}/hostile/names", strange, origin=GCC, why="names and versions that are none", clues=("go 1.21.5",))


def _rust(room: Path, scratch: Path) -> None:
    at = "rust-audit"
    crates = {
        "packages": [
            {"name": "pumpd", "version": "0.4.0", "source": "local", "dependencies": [1], "root": True},
            {"name": "openssl", "version": "0.10.60", "source": "crates.io"},
            {"name": "cc", "version": "1.0.83", "source": "crates.io", "kind": "build"},
        ]
    }

    def audited(packed: bytes) -> bytes:
        return compiled(scratch, CODE + held(".dep-v0", packed, 1), "-shared")

    packed = zlib.compress(json.dumps(crates).encode(), 9)
    case(
        room,
        f"{at}/valid/list",
        audited(packed),
        origin=GCC,
        why="crates used to build alone do not count; a binding is no OpenSSL",
        clues=("openssl 0.10.60", "pumpd 0.4.0"),
    )
    panics = (
        'const char one[] = "/root/.cargo/registry/src/index.crates.io-6f17d22bba15001f/serde_json-1.0.87/src/de.rs";\n'
        'const char two[] = "/usr/share/cargo/registry/aho-corasick-0.7.19/src/nfa.rs";\n'
        'const char three[] = "/cargo/registry/src/github.com-1ecc6299db9ec823/ring-0.17.0-alpha.11/src/a.rs";\n'
    )
    case(
        room,
        f"{at}/valid/panics",
        compiled(scratch, CODE + panics, "-shared"),
        origin=GCC,
        why="folders that panics quote",
        clues=("aho-corasick 0.7.19", "ring 0.17.0-alpha.11", "serde_json 1.0.87"),
    )
    other = 'const char one[] = "/docs/registry/manual-1.2/ registry/src/NAME-1.2.3 /srv/registry/v2/app-1.0.0.tar";\n'
    case(
        room,
        f"{at}/invalid/registries",
        compiled(scratch, CODE + other, "-shared"),
        origin=GCC,
        why="other registries",
        clues=(),
    )
    case(
        room,
        f"{at}/invalid/text",
        b"registry/src/index.crates.io-1/serde-1.0.0/src/lib.rs\n",
        why="a build log",
        clues=(),
    )
    case(
        room, f"{at}/truncated/stream", audited(packed[:-6]), origin=GCC, why="a list that is cut", gaps=("malformed",)
    )
    case(
        room,
        f"{at}/hostile/not-json",
        audited(zlib.compress(b"{" * 40)),
        origin=GCC,
        why="no JSON",
        gaps=("malformed",),
    )
    bomb = zlib.compress(bytes(9 << 20), 9)
    case(room, f"{at}/hostile/bomb", audited(bomb), origin=GCC, why="unpacks to 9 MiB", gaps=("limit",))


def _modules(room: Path, scratch: Path) -> None:
    at = "kernel-module"

    def module(*lines: str) -> bytes:
        texts = "\\0".join(lines)
        return compiled(scratch, f'{CODE}const char info[] __attribute__((section(".modinfo"))) = "{texts}";\n', "-c")

    magic = "vermagic=5.10.92 SMP mod_unload ARMv7 p2v8 "
    case(
        room,
        f"{at}/valid/vendor",
        module("version=v5.8.4_35530", "license=GPL", "name=8812au", magic),
        origin=GCC,
        why="not of the kernel's tree, with a version",
        clues=("8812au 5.8.4_35530",),
    )
    case(
        room,
        f"{at}/invalid/in-tree",
        module("version=7.3.21-k8-NAPI", "intree=Y", "name=e1000", magic),
        origin=GCC,
        why="the kernel's own",
        clues=(),
    )
    case(room, f"{at}/invalid/no-version", module("name=acme", magic), origin=GCC, why="says no version", clues=())
    old = module("version=1.0", "vermagic=2.6.36 mod_unload ")
    case(room, f"{at}/invalid/old-kernel", old, origin=GCC, why="nothing told the kernel's own modules then", clues=())


def _python(room: Path) -> None:
    at = "python-metadata"
    metadata = b"Metadata-Version: 2.1\nName: PyYAML\nVersion: 6.0.1\nSummary: x\n\nVersion: 9.9\n"
    site = "usr/lib/python3.11/site-packages"
    for name, path in (
        ("dist-info", f"{site}/PyYAML-6.0.1.dist-info/METADATA"),
        ("egg-info", f"{site}/PyYAML-6.0.1.egg-info"),
        ("egg", f"{site}/PyYAML-6.0.1-py3.11.egg/EGG-INFO/PKG-INFO"),
    ):
        case(
            room, f"{at}/valid/{name}", metadata, why="beside the installed package", name=path, clues=("pyyaml 6.0.1",)
        )
    case(
        room,
        f"{at}/valid/latin-1",
        metadata.replace(b"Summary: x", b"Author: J\xfcrgen"),
        why="an old author's name",
        name=f"{site}/PyYAML-6.0.1.dist-info/METADATA",
        clues=("pyyaml 6.0.1",),
    )
    case(
        room,
        f"{at}/invalid/elsewhere",
        metadata,
        why="not where metadata lies",
        name="usr/share/doc/METADATA",
        clues=(),
    )
    case(
        room,
        f"{at}/invalid/other-folder",
        metadata,
        why="another package's folder",
        name=f"{site}/requests-2.0.dist-info/METADATA",
        clues=(),
    )
    case(
        room,
        f"{at}/truncated/name",
        metadata[:30],
        why="no version",
        name=f"{site}/PyYAML-6.0.1.dist-info/METADATA",
        gaps=("malformed",),
    )
    case(
        room,
        f"{at}/hostile/version",
        metadata.replace(b"6.0.1", b"${oops}"),
        why="a version that is none",
        name=f"{site}/PyYAML-6.0.1.dist-info/METADATA",
        clues=(),
    )


def _node(room: Path) -> None:
    at = "node-package"

    def package(name: str, version: str) -> bytes:
        return json.dumps({"name": name, "version": version, "main": "index.js"}).encode()

    case(
        room,
        f"{at}/valid/plain",
        package("express", "4.18.2"),
        why="an installed package",
        name="usr/lib/node_modules/express/package.json",
        clues=("express 4.18.2",),
    )
    case(
        room,
        f"{at}/valid/scope",
        package("@acme/pump", "1.0.0-rc.1"),
        why="with a scope, inside another",
        name="srv/app/node_modules/a/node_modules/@acme/pump/package.json",
        clues=("@acme/pump 1.0.0-rc.1",),
    )
    case(
        room,
        f"{at}/invalid/program",
        package("pump-ui", "2.0.0"),
        why="a program's own description",
        name="srv/app/package.json",
        clues=(),
    )
    case(
        room,
        f"{at}/invalid/part",
        package("esm", "0.0.0"),
        why="a part of a package",
        name="usr/lib/node_modules/express/esm/package.json",
        clues=(),
    )
    case(
        room,
        f"{at}/invalid/test",
        package("left-pad", "1.0.0"),
        why="a test's example",
        name="usr/lib/node_modules/resolve/test/x/node_modules/left-pad/package.json",
        clues=(),
    )
    case(
        room,
        f"{at}/invalid/other-name",
        package("express", "4.18.2"),
        why="another folder's name",
        name="usr/lib/node_modules/fake/package.json",
        clues=(),
    )
    case(
        room,
        f"{at}/truncated/half",
        package("express", "4.18.2")[:20],
        why="cut",
        name="usr/lib/node_modules/express/package.json",
        gaps=("malformed",),
    )
    case(
        room,
        f"{at}/hostile/types",
        b'{"name": ["express"], "version": {"x": 1}}',
        why="not texts",
        name="usr/lib/node_modules/express/package.json",
        clues=(),
    )


def _others(room: Path) -> None:
    gem = b'Gem::Specification.new do |s|\n  s.name = "rack".freeze\n  s.version = "2.2.6.4"\n  s.x("x")\nend\n'
    where = "usr/lib/ruby/gems/3.1.0/specifications"
    case(
        room,
        "ruby-gemspec/valid/gem",
        gem,
        why="as RubyGems writes it",
        name=f"{where}/rack-2.2.6.4.gemspec",
        clues=("rack 2.2.6.4",),
    )
    case(
        room,
        "ruby-gemspec/valid/default",
        gem,
        why="one that comes with Ruby",
        name=f"{where}/default/rack-2.2.6.4.gemspec",
        clues=("rack 2.2.6.4",),
    )
    case(room, "ruby-gemspec/invalid/source", gem, why="in a gem's own source", name="srv/rack/rack.gemspec", clues=())
    computed = gem.replace(b'"2.2.6.4"', b"Rack.release")
    case(
        room,
        "ruby-gemspec/invalid/computed",
        computed,
        why="a computed version",
        name=f"{where}/rack-2.2.6.4.gemspec",
        clues=(),
    )
    case(
        room,
        "ruby-gemspec/hostile/other-version",
        gem,
        why="the file's name says another",
        name=f"{where}/rack-3.0.0.gemspec",
        clues=(),
    )
    rock = b'package = "LuaSocket"\nversion = "3.0.0-1"\nsource = { url = "x" }\n'
    tree = "usr/lib/luarocks/rocks-5.1/luasocket/3.0.0-1"
    case(
        room,
        "lua-rock/valid/rock",
        rock,
        why="installed by LuaRocks",
        name=f"{tree}/luasocket-3.0.0-1.rockspec",
        clues=("luasocket 3.0.0",),
    )
    scm = rock.replace(b"3.0.0-1", b"scm-2")
    case(
        room,
        "lua-rock/valid/branch",
        scm,
        why="a branch has no release",
        name=f"{tree}/luasocket-scm-2.rockspec",
        clues=("luasocket",),
    )
    case(room, "lua-rock/invalid/source", rock, why="in a source tree", name="srv/luasocket-3.0.0-1.rockspec", clues=())
    case(
        room,
        "lua-rock/hostile/other-name",
        rock,
        why="the file's name says another",
        name=f"{tree}/lpeg-1.0-1.rockspec",
        clues=(),
    )
    rows = [{"name": "monolog/monolog", "version": "2.9.1"}, {"name": "acme/pump", "version": "dev-main"}]
    path = "srv/www/vendor/composer/installed.json"
    found = ("acme/pump", "monolog/monolog 2.9.1")
    at = "composer-packages"
    case(
        room,
        f"{at}/valid/object",
        json.dumps({"packages": rows, "dev": False}).encode(),
        why="Composer 2",
        name=path,
        clues=found,
    )
    case(room, f"{at}/valid/list", json.dumps(rows).encode(), why="Composer 1", name=path, clues=found)
    case(
        room,
        f"{at}/invalid/lock",
        json.dumps({"packages": rows}).encode(),
        why="what was asked for",
        name="srv/www/composer.lock",
        clues=(),
    )
    case(room, f"{at}/truncated/half", json.dumps(rows).encode()[:40], why="cut", name=path, gaps=("malformed",))
    case(
        room, f"{at}/hostile/rows", b'{"packages": [1, null]}', why="rows that are none", name=path, gaps=("malformed",)
    )


def _java(room: Path) -> None:
    at = "java-archive"
    pom = b"#Generated by Maven\nversion=2.19.0\ngroupId=org.acme.pump\nartifactId=pump-core\n"
    where = "META-INF/maven/org.acme.pump/pump-core/pom.properties"
    case(room, f"{at}/valid/maven", pom, why="Maven's properties", name=where, clues=("pump-core 2.19.0",))
    case(
        room,
        f"{at}/invalid/other-folder",
        pom,
        why="another artifact's folder",
        name=where.replace("pump-core", "x"),
        clues=(),
    )
    case(
        room, f"{at}/invalid/snapshot", pom.replace(b"2.19.0", b"2.20-SNAPSHOT"), why="no release", name=where, clues=()
    )
    case(
        room,
        f"{at}/hostile/placeholder",
        pom.replace(b"2.19.0", b"${project.version}"),
        why="never filled in",
        name=where,
        clues=(),
    )
    manifest = (
        b"Manifest-Version: 1.0\r\nImplementation-Title: Pump\r\nImplementation-Version: 2.19.0\r\n\r\nName: a/b\r\n"
    )
    case(
        room,
        f"{at}/invalid/manifest-elsewhere",
        manifest,
        why="a manifest in no archive",
        name="META-INF/MANIFEST.MF",
        clues=(),
    )


def _apk(room: Path) -> None:
    at, path = "apk-database", "lib/apk/db/installed"
    rows = (
        b"C:Q1abc=\nP:musl\nV:1.2.4-r2\nA:aarch64\nm:A Name <name@alpinelinux.org>\no:musl\nF:lib\nR:ld-musl.so\n\n"
        b"C:Q1def=\nP:libcrypto3\nV:3.1.4-r5\nA:aarch64\no:openssl\n\n"
    )
    case(room, f"{at}/valid/two", rows, why="two packages", name=path, clues=("musl 1.2.4-r2", "openssl 3.1.4-r5"))
    case(room, f"{at}/invalid/elsewhere", rows, why="not where the database lies", name="srv/installed", clues=())
    case(
        room,
        f"{at}/truncated/row",
        rows + b"P:half\n",
        why="a row without version",
        name=path,
        clues=("musl 1.2.4-r2", "openssl 3.1.4-r5"),
        gaps=("malformed",),
    )
    case(room, f"{at}/hostile/binary", b"ADB.\x01\x02", why="the form of apk 3", name=path, gaps=("unsupported",))


def rpm_header(
    name: str, version: str, release: str, *, epoch: int = 0, source: str = "", vendor: str = "Fedora Project"
) -> bytes:
    """A header image as it stands in a database."""
    store, rows = b"", []
    for tag, text in (
        (1000, name),
        (1001, version),
        (1002, release),
        (1011, vendor),
        (1022, "aarch64"),
        (1044, source),
    ):
        rows.append((tag, 6, len(store), 1))
        store += text.encode() + b"\0"
    if epoch:
        store += bytes(-len(store) % 4)
        rows.append((1003, 4, len(store), 1))
        store += epoch.to_bytes(4, "big")
    return struct.pack(">II", len(rows), len(store)) + b"".join(struct.pack(">4I", *one) for one in rows) + store


HEADERS = (
    rpm_header("openssl-libs", "3.0.7", "24.el9", epoch=1, source="openssl-3.0.7-24.el9.src.rpm"),
    rpm_header("acme-pump", "2.5.0", "1", source="acme-pump-2.5.0-1.src.rpm"),
    rpm_header("gpg-pubkey", "abcdef01", "5f0e"),
)


def _rpm(room: Path, scratch: Path) -> None:
    at = "rpm-database"
    found = ("acme-pump 2.5.0-1", "openssl 1:3.0.7-24.el9")
    for kind, path, data in (
        ("sqlite", "usr/lib/sysimage/rpm/rpmdb.sqlite", _sqlite(scratch)),
        ("ndb", "usr/lib/sysimage/rpm/Packages.db", _ndb()),
        ("bdb", "var/lib/rpm/Packages", _bdb("<")),
        ("bdb-big-endian", "var/lib/rpm/Packages", _bdb(">")),
    ):
        case(room, f"{at}/valid/{kind}", data, why=f"{kind}: two packages and a key", name=path, clues=found)
        case(room, f"{at}/truncated/{kind}", data[: len(data) // 2], why="cut", name=path, gaps=("malformed",))
    case(room, f"{at}/invalid/elsewhere", _ndb(), why="not where the database lies", name="srv/Packages.db", clues=())
    case(
        room,
        f"{at}/hostile/text",
        b"no database\n",
        why="something else",
        name="var/lib/rpm/Packages",
        gaps=("malformed",),
    )
    twice = bytearray(_bdb("<"))
    twice[2 * 512 + 16 : 2 * 512 + 20] = struct.pack("<I", 2)  # the long item's page follows itself
    case(
        room,
        f"{at}/hostile/circle",
        bytes(twice),
        why="a page that follows itself",
        name="var/lib/rpm/Packages",
        gaps=("malformed",),
    )


def _sqlite(scratch: Path) -> bytes:
    path = scratch / "rpmdb.sqlite"
    path.unlink(missing_ok=True)
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA page_size = 512")
        database.execute("CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)")
        database.executemany("INSERT INTO Packages (blob) VALUES (?)", [(one + bytes(700),) for one in HEADERS])
    database.close()
    return path.read_bytes()


def _ndb() -> bytes:
    slots, bodies, block = b"", b"", 4096 // 16
    for number, one in enumerate(HEADERS, 1):
        size = -(-(16 + len(one) + 12) // 16) * 16
        body = struct.pack("<4sIII", b"BlbS", number, 1, len(one)) + one
        body += bytes(size - 12 - len(body))
        body += struct.pack("<II4s", zlib.adler32(body), len(one), b"BlbE")
        slots += struct.pack("<4sIII", b"Slot", number, block, size // 16)
        bodies, block = bodies + body, block + size // 16
    head = struct.pack("<4sIII16x", b"RpmP", 0, 1, 1) + slots
    return head + struct.pack("<4sIII", b"Slot", 0, 0, 0) * ((4096 - len(head)) // 16) + bodies


def _bdb(order: str) -> bytes:
    """A meta page, a hash page and the pages of one long item."""
    size, long = 512, HEADERS[0] + bytes(700)
    meta = struct.pack(f"{order}QIIIIBBBB", 0, 0, 0x61561, 9, size, 0, 8, 0, 0) + bytes(6)
    items = [b"\1" + bytes(4), b"\1" + struct.pack(f"{order}I", 3)]
    items += [b"\1" + struct.pack(f"{order}I", 1), b"\3\0\0\0" + struct.pack(f"{order}II", 2, len(long))]
    items += [b"\1" + struct.pack(f"{order}I", 2), b"\1" + HEADERS[1]]
    places, body, at = [], b"", size
    for one in items:
        at -= len(one)
        places.append(at)
        body = one + body
    page = struct.pack(f"{order}QIIIHHBB", 0, 1, 0, 0, len(items), at, 0, 13) + struct.pack(
        f"{order}{len(items)}H", *places
    )
    pages = [meta.ljust(size, b"\0"), page + bytes(at - len(page)) + body]
    step = size - 26
    parts = [long[one : one + step] for one in range(0, len(long), step)]
    for number, part in enumerate(parts):
        following = 3 + number if number + 1 < len(parts) else 0
        head = struct.pack(f"{order}QIIIHHBB", 0, 2 + number, 0, following, 1, len(part), 0, 7)
        pages.append((head + part).ljust(size, b"\0"))
    return b"".join(pages)


def _manifests(room: Path) -> None:
    control = (
        b"Package: libubox20230523\nVersion: 2023-05-23-1\nDepends: libc\nArchitecture: mips_24kc\nStatus: unknown ok\n"
    )
    case(
        room,
        "package-database/valid/opkg-control",
        control,
        why="opkg's description of one installed package",
        name="usr/lib/opkg/info/libubox20230523.control",
        clues=("libubox 2023-05-23-1",),
    )
    at = "build-manifest"
    listed = (
        b'"PACKAGE","VERSION","LICENSE","LICENSE FILES","SOURCE ARCHIVE","SOURCE SITE","DEPENDENCIES WITH LICENSES"\n'
        b'"busybox","1.36.1","GPL-2.0","LICENSE","busybox-1.36.1.tar.bz2","https://x","skeleton [unknown]"\n'
        b'"linux","v6.1.55","GPL-2.0","COPYING","x","y",""\n"skeleton","","unknown","","","",""\n'
    )
    case(
        room,
        f"{at}/valid/buildroot",
        listed,
        why="Buildroot's list",
        name="usr/share/legal-info/manifest.csv",
        clues=("busybox 1.36.1", "linux 6.1.55"),
    )
    licenses = b"PACKAGE NAME: libcrypto3\nPACKAGE VERSION: 3.0.11\nRECIPE NAME: openssl\n\nPACKAGE NAME: half\n"
    case(
        room,
        f"{at}/valid/yocto",
        licenses,
        why="Yocto's list of licences",
        name="usr/share/common-licenses/license.manifest",
        clues=("openssl 3.0.11",),
    )
    rows = b"".join(
        b"%s cortexa7t2hf %s\n" % one
        for one in (
            (b"busybox", b"1.35.0"),
            (b"libc6", b"2.35"),
            (b"libz1", b"1.2.11"),
            (b"kernel-5.15.32", b"5.15.32+git0"),
            (b"openssh", b"8.9p1"),
        )
    )
    case(
        room,
        f"{at}/valid/image",
        rows,
        why="Yocto's list of an image",
        name="core-image-minimal-acme.manifest",
        clues=("busybox 1.35.0", "glibc 2.35", "linux 5.15.32+git0", "openssh 8.9p1", "zlib 1.2.11"),
    )
    case(
        room,
        f"{at}/valid/br-version",
        b"2023.02.6\n",
        why="Buildroot's release",
        name="etc/br-version",
        clues=("buildroot 2023.02.6",),
    )
    case(
        room,
        f"{at}/invalid/host",
        listed,
        why="what ran on the maker's machine",
        name="legal-info/host-manifest.csv",
        clues=(),
    )
    case(
        room,
        f"{at}/invalid/other",
        b"a list of\nother things\n" * 5,
        why="no such list",
        name="my-image.manifest",
        clues=(),
    )
    case(
        room,
        f"{at}/hostile/quotes",
        listed + b'"open',
        why="a quote without end",
        name="legal-info/manifest.csv",
        clues=("busybox 1.36.1", "linux 6.1.55"),
        gaps=("malformed",),
    )


CONFIGURATION = (
    b"#\n# Automatically generated file; DO NOT EDIT.\n# Linux/arm 5.10.92 Kernel Configuration\n#\n"
    b'CONFIG_CC_VERSION_TEXT="gcc"\nCONFIG_STACKPROTECTOR=y\n# CONFIG_MODULE_SIG is not set\nCONFIG_SECCOMP_FILTER=y\n'
)


def _configurations(room: Path) -> None:
    at = "kernel-config"
    packed = gzip.compress(CONFIGURATION, 9, mtime=0)
    kernel = bytes(range(1, 256)) * 4 + b"IKCFG_ST" + packed + b"IKCFG_ED" + bytes(range(255, 0, -1))
    two = ("kernel-config", "kernel-config")
    case(room, f"{at}/valid/kernel", kernel, why="in a kernel", clues=("linux 5.10.92",), contents=two)
    case(
        room,
        f"{at}/valid/file",
        CONFIGURATION,
        why="in a file",
        name="boot/config-5.10.92",
        clues=("linux 5.10.92",),
        contents=two,
    )
    case(room, f"{at}/invalid/fragment", CONFIGURATION[40:], why="a fragment names no kernel", clues=(), contents=())
    case(room, f"{at}/invalid/quoted", b"see:\n" + CONFIGURATION, why="a text that quotes one", clues=(), contents=())
    case(room, f"{at}/truncated/stream", kernel[: 1020 + 8 + 40], why="cut", gaps=("malformed",))
    bomb = bytes(range(1, 256)) + b"IKCFG_ST" + gzip.compress(bytes(5 << 20), 9, mtime=0)
    case(room, f"{at}/hostile/bomb", bomb, why="unpacks to 5 MiB", gaps=("limit",))


def cbor(value: object) -> bytes:
    """Enough of RFC 8949 for a tag."""

    def head(kind: int, count: int) -> bytes:
        return (
            bytes([kind << 5 | count])
            if count < 24
            else bytes([kind << 5 | 24, count])
            if count < 256
            else bytes([kind << 5 | 25]) + count.to_bytes(2, "big")
        )

    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        return head(3, len(value.encode())) + value.encode()
    if isinstance(value, int):
        return head(0, value)
    if isinstance(value, list):
        return head(4, len(value)) + b"".join(cbor(one) for one in value)
    assert isinstance(value, dict)
    return head(5, len(value)) + b"".join(cbor(key) + cbor(one) for key, one in value.items())


def uswid(payload: bytes, version: int = 3, packing: int = 0, kind: int = 0) -> bytes:
    """A container."""
    more = {1: b"", 2: bytes([packing > 0]), 3: bytes([packing > 0, packing])}.get(version)
    more = bytes([packing > 0, packing, kind]) if more is None else more
    size = 23 + len(more)
    return (
        bytes.fromhex("53424f4dd6ba2eaca3e67a52aaee3baf")
        + struct.pack("<BHI", version, size, len(payload))
        + more
        + payload
    )


def _inventories(room: Path) -> None:
    at = "embedded-sbom"
    tags = (
        cbor({0: b"\x01" * 16, 1: "OpenSSL", 13: "3.0.9", 2: [{31: "Acme", 33: 1}]})
        + b"\xda\x53\x57\x49\x44"
        + cbor({0: "x", 1: "PumpBoot", 13: "1.2"})
    )
    found = ("openssl 3.0.9", "pumpboot 1.2")
    lead = b"\x80\x00" * 40
    case(room, f"{at}/valid/uswid", lead + uswid(tags) + lead, why="a container in firmware", clues=found)
    case(room, f"{at}/valid/uswid-zlib", lead + uswid(zlib.compress(tags, 9), 3, 1) + lead, why="packed", clues=found)
    case(room, f"{at}/valid/uswid-1", lead + uswid(tags, 1) + lead, why="the first version", clues=found)
    case(room, f"{at}/truncated/uswid", lead + uswid(tags)[:-3], why="cut", gaps=("malformed",))
    case(
        room,
        f"{at}/hostile/uswid-version",
        lead + uswid(tags).replace(b"\xaf\3", b"\xaf\x09"),
        why="a version to come",
        gaps=("unsupported",),
    )
    deep = lead + uswid(b"\x81" * 200 + b"\0")
    case(room, f"{at}/hostile/uswid-deep", deep, why="lists in lists", gaps=("malformed",))
    cyclonedx = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "components": [
            {
                "type": "library",
                "name": "zlib",
                "version": "1.3",
                "purl": "pkg:deb/debian/zlib1g@1.3",
                "components": [
                    {"type": "library", "name": "openssl", "version": "0.10.60", "purl": "pkg:cargo/openssl@0.10.60"}
                ],
            },
            {"type": "file", "name": "/bin/x"},
            {"type": "library", "name": "gtest", "version": "1", "scope": "excluded"},
        ],
    }
    case(
        room,
        f"{at}/valid/cyclonedx",
        json.dumps(cyclonedx).encode(),
        why="nested; neither files nor what is not shipped",
        name="usr/share/sbom/bom.json",
        clues=("openssl 0.10.60", "zlib 1.3"),
    )
    held = lead + uswid(zlib.compress(json.dumps(cyclonedx).encode(), 9), 4, 1, 1) + lead
    case(
        room,
        f"{at}/valid/uswid-cyclonedx",
        held,
        why="a container of the fourth version with CycloneDX",
        clues=("openssl 0.10.60", "zlib 1.3"),
    )
    spdx = {
        "spdxVersion": "SPDX-2.3",
        "packages": [
            {
                "name": "busybox",
                "versionInfo": "1.36.1",
                "externalRefs": [{"referenceType": "purl", "referenceLocator": "pkg:generic/busybox@1.36.1"}],
            }
        ],
    }
    case(room, f"{at}/valid/spdx", json.dumps(spdx).encode(), why="SPDX 2.3", clues=("busybox 1.36.1",))
    graph = {
        "@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld",
        "@graph": [{"type": "software_Package", "name": "curl", "software_packageVersion": "8.4.0"}],
    }
    case(room, f"{at}/valid/spdx-3", json.dumps(graph).encode(), why="SPDX 3.0", clues=("curl 8.4.0",))
    tag_value = (
        b"SPDXVersion: SPDX-2.3\nPackageName: busybox\nPackageVersion: 1.36.1\nPackageName: zlib\n"
        b"ExternalRef: PACKAGE-MANAGER purl pkg:generic/zlib@1.3\n"
    )
    case(room, f"{at}/valid/spdx-tags", tag_value, why="SPDX 2.3, tags", clues=("busybox 1.36.1", "zlib"))
    case(
        room,
        f"{at}/invalid/statement",
        json.dumps({"predicate": cyclonedx}).encode(),
        why="a statement that carries one",
        clues=(),
    )
    case(
        room,
        f"{at}/hostile/types",
        b'{"bomFormat": "CycloneDX", "components": [1, {"name": 5}, {"components": 7}]}',
        why="not what they should be",
        clues=(),
    )
