"""Vectors of the detectors. ELF files are compiled here from the few lines below (own source, Apache-2.0 like the
project; no library is linked in); keys are derived from published numbers, so they protect nothing.

Needs gcc and binutils for x86-64. The same compiler gives the same bytes: no build id but a fixed one, no paths.
"""

from __future__ import annotations

import datetime
import json
import subprocess
import tempfile
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.x509.oid import NameOID

BY = "tests/vectors/makers/detectors.py"
GCC = f"gcc and GNU ld from the source in {BY}"
CODE = "int answer(int one) { return one * 41 + 1; }\nint other(int one) { return answer(one) ^ 0x5aa5; }\n"
USER = "extern int answer(int);\nint user(int one) { return answer(one) + 7; }\n"
BUILD_ID = "00112233445566778899aabbccddeeff00112233"
SYSTEM = "var/lib/dpkg/status"
BANNER = (
    "Linux version 5.10.92-acme (build@forge) (arm-linux-gnueabihf-gcc (GCC) 11.2.0, GNU ld (GNU Binutils) 2.37) "
    "#1 SMP PREEMPT Tue Mar 4 05:06:07 UTC 2025"
)
DEBIAN_BANNER = (
    "Linux version 6.1.0-50-armmp (debian-kernel@lists.debian.org) (arm-linux-gnueabihf-gcc-12 (Debian 12.2.0-14) "
    "12.2.0, GNU ld (GNU Binutils for Debian) 2.40) #1 SMP Debian 6.1.176-1 (2026-06-01)"
)


def make(root: Path) -> None:
    """Write every vector below `root` (tests/vectors)."""
    room = root / "detectors"
    with tempfile.TemporaryDirectory() as scratch:
        _executables(room, Path(scratch))
    _hollow(room)
    _databases(room)
    _systems(room)
    _kernels(room)
    _keys(room)
    _passwords(room)


def case(
    room: Path, place: str, data: bytes, *, why: str, origin: str = BY, name: str = "",
    clues: tuple[str, ...] = (), contents: tuple[str, ...] | None = None, gaps: tuple[str, ...] = (),
) -> None:  # fmt: skip
    """One vector: its input and what is expected of it."""
    folder = room / place
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "input").write_bytes(data)
    lines = [f"origin = {json.dumps(origin)}", f"why = {json.dumps(why)}"]
    lines += [f"name = {json.dumps(name)}"] if name else []
    lines += ["", "[expect]", f"clues = {json.dumps(list(clues))}"]
    lines += [f"contents = {json.dumps(list(contents))}"] if contents is not None else []
    lines += [f"gaps = {json.dumps(list(gaps))}"] if gaps else []
    (folder / "vector.toml").write_text("\n".join(lines) + "\n")


def compiled(scratch: Path, source: str, *flags: str, keep: bool = False) -> bytes:
    """A small ELF file."""
    (scratch / "input.c").write_text(source)
    common = ("-O1", "-fPIC", "-fno-asynchronous-unwind-tables", "-nostdlib", "-fcf-protection=none", "-x", "c")
    link = (f"-Wl,--build-id=0x{BUILD_ID}", "-Wl,-z,noseparate-code", "-Wl,--hash-style=gnu", "-s")
    command = ["gcc", *common, *([] if "-c" in flags else link), *([] if keep else ["-fno-ident"])]
    subprocess.run([*command, "input.c", "-x", "none", *flags, "-o", "output"], cwd=scratch, check=True)
    return (scratch / "output").read_bytes()


def note(text: str, owner: str = "FDO") -> str:
    """Source of a .note.package section holding `text`."""
    lines = (
        '.section .note.package, "a", %note', ".balign 4", ".long 2f-1f, 4f-3f, 0xcafe1a7e",
        f'1: .asciz "{owner}"', "2: .balign 4", f"3: .asciz {json.dumps(text)}", "4: .balign 4", ".previous", "",
    )  # fmt: skip
    return f"__asm__({json.dumps(chr(10).join(lines))});\n"


def _executables(room: Path, scratch: Path) -> None:
    (scratch / "versions").write_text("OPENSSL_3.0.0 { global: answer; };\nOPENSSL_3.0.9 { global: other; };\n")
    script = "-Wl,--version-script=versions"
    crypto = compiled(scratch, CODE, "-shared", "-Wl,-soname,libcrypto.so.3", script)
    (scratch / "libcrypto.so").write_bytes(crypto)
    vendor = compiled(scratch, CODE, "-shared", "-Wl,-soname,libacmepump.so.2")
    user = compiled(scratch, USER, "-shared", "libcrypto.so")
    plain = compiled(scratch, CODE, "-shared")
    remark = compiled(scratch, CODE, "-shared", keep=True)
    one, two = ("executable",), ("executable",) * 2

    at = "elf-soname"
    case(room, f"{at}/valid/known", crypto, origin=GCC, why="a SONAME of the product table", clues=("openssl",))
    case(room, f"{at}/valid/unknown", vendor, origin=GCC, why="a SONAME nobody knows", clues=("libacmepump",))
    case(room, f"{at}/invalid/none", plain, origin=GCC, why="a library without SONAME", contents=one)
    case(room, f"{at}/truncated/half", crypto[: len(crypto) // 2], origin=GCC, why="cut", gaps=("malformed",))
    spoiled = crypto + b"\x93payload nobody declared"
    case(room, f"{at}/hostile/appended", spoiled, origin=GCC, why="data behind the last section",
         clues=("openssl",), gaps=("unexplained",))  # fmt: skip

    at = "elf-symbols"
    case(room, f"{at}/valid/defines", crypto, origin=GCC, why="defines OPENSSL_3.0.9: a bound, no version",
         clues=("openssl",))  # fmt: skip
    case(room, f"{at}/invalid/requires", user, origin=GCC, why="requires OPENSSL_3.0.0 only", contents=two)

    at = "elf-needed"
    case(room, f"{at}/valid/one", user, origin=GCC, why="needs libcrypto.so.3, which proves no presence", contents=two)
    text = b"libcrypto.so.3 => /usr/lib/libcrypto.so.3\n"
    case(room, f"{at}/invalid/text", text, why="a text that names libraries", contents=())

    package = json.dumps(
        {"type": "deb", "os": "debian", "name": "dropbear-bin", "version": "2022.83-1", "architecture": "amd64"}
    )
    at = "elf-notes"
    stated = compiled(scratch, CODE + note(package), "-shared")
    case(room, f"{at}/valid/package", stated, origin=GCC, why="package metadata", clues=("dropbear 2022.83-1",))
    other = compiled(scratch, CODE + note(package, "ABC"), "-shared")
    case(room, f"{at}/invalid/other-owner", other, origin=GCC, why="the type alone is not enough", contents=one)
    broken = compiled(scratch, CODE + note('{"name": "drop'), "-shared")
    case(room, f"{at}/hostile/not-json", broken, origin=GCC, why="metadata that is no JSON", gaps=("malformed",))

    at = "elf-comment"
    case(room, f"{at}/valid/gcc", remark, origin=GCC, why="the compiler is no component", contents=two)
    case(room, f"{at}/invalid/none", plain, origin=GCC, why="no remark", contents=one)

    for line, kind, clue in (
        ("vermagic=5.10.92 SMP mod_unload ARMv7 p2v8 ", "release", "linux 5.10.92"),
        ("vermagic=6.1.0-50-armmp SMP mod_unload ARMv7 ", "abi-number", "linux"),
    ):
        source = f'{CODE}const char info[] __attribute__((section(".modinfo"))) = "license=GPL\\0{line}";\n'
        module = compiled(scratch, source, "-c")
        case(room, f"kernel-banner/valid/module-{kind}", module, origin=GCC, why="vermagic", clues=(clue,))


def _hollow(room: Path) -> None:
    """Files that begin like ELF and hold nothing an ELF reader could examine; and one that needs hold nothing."""
    at = "elf-soname/hostile"
    with tempfile.TemporaryDirectory() as scratch:
        compiled(Path(scratch), "", "-c")
        subprocess.run(["objcopy", "--strip-all", "output"], cwd=scratch, check=True)
        empty = (Path(scratch) / "output").read_bytes()
    case(room, "elf-soname/valid/empty-object", empty, origin=GCC, name="usr/lib/Mcrt1.o",
         why="what the compiler makes of a source without code")  # fmt: skip
    unlinked = bytearray(empty)
    unlinked[16] = 3  # ET_DYN
    case(room, f"{at}/empty-library", bytes(unlinked), origin=GCC, why="a library without content", gaps=("malformed",))
    case(room, f"{at}/empty-object-cut", empty[:-64], origin=GCC, why="the section table is cut", gaps=("malformed",))
    case(room, f"{at}/empty-object-and-more", empty + b"OpenSSL 3.0.2\n" * 99, origin=GCC,
         why="bytes behind it that belong to nothing", gaps=("unexplained",))  # fmt: skip
    ident = b"\x7fELF\x02\x01\x01" + bytes(9)
    header = ident + bytes.fromhex("03003e0001000000") + bytes(24) + bytes.fromhex("00000000400038000000400000000000")
    case(room, f"{at}/zeros", b"\x7fELF" + bytes(60), why="magic and zeros", gaps=("malformed",))
    text = ident + b"\nlibcrypto.so.3\nOpenSSL 3.0.2 15 Mar 2022\nGLIBC_2.34\n" * 8
    case(room, f"{at}/text", text, why="strings of a program behind the magic", gaps=("malformed",))
    case(room, f"{at}/no-tables", header + b"OpenSSL 3.0.2\n" * 9, why="no segments, no sections", gaps=("malformed",))


def _databases(room: Path) -> None:
    rows = (
        "Package: zlib1g\nStatus: install ok installed\nArchitecture: armhf\nSource: zlib\nVersion: 1:1.2.13.dfsg-1\n"
        "Description: compression library\n two lines: of text\n",
        "Package: libssl3\nStatus: install ok unpacked\nArchitecture: armhf\nVersion: 3.0.11-1~deb12u2\n",
        "Package: gone\nStatus: deinstall ok config-files\nVersion: 1.0-1\n",
    )
    at, name = "package-database", SYSTEM
    data = "\n".join(rows).encode()
    clues = ("openssl 3.0.11-1~deb12u2", "zlib 1:1.2.13.dfsg-1")
    case(room, f"{at}/valid/dpkg", data, name=name, why="installed, unpacked and removed packages", clues=clues)
    one = b"Package: tzdata\nVersion: 2024a-0+deb12u1\nArchitecture: all\n"
    case(room, f"{at}/valid/status-d", one, name="./var/lib/dpkg/status.d/tzdata", why="one package a file",
         clues=("tzdata 2024a-0+deb12u1",))  # fmt: skip
    opkg = b"Package: dropbear\nVersion: 2022.82-2\nStatus: install user installed\nArchitecture: mipsel_24kc\n"
    case(room, f"{at}/valid/opkg", opkg, name="rootfs/usr/lib/opkg/status", why="opkg, in a folder",
         clues=("dropbear 2022.82-2",))  # fmt: skip
    case(room, f"{at}/invalid/elsewhere", data, name="usr/share/doc/example/status", why="the same bytes elsewhere")
    bad = b"Package: zlib1g\nStatus: install ok installed\n\nVersion: 2\n\n" + one
    case(room, f"{at}/hostile/rows", bad, name=name, why="rows without name or version", gaps=("malformed",),
         clues=("tzdata 2024a-0+deb12u1",))  # fmt: skip
    case(room, f"{at}/hostile/binary", b"\x80\x81\0\xfe" * 40, name=name, why="not a text", gaps=("malformed",))


def _systems(room: Path) -> None:
    at = "os-release"
    text = b'NAME="Debian GNU/Linux"\nID=debian\nVERSION_ID="12"\nIMAGE_ID=ups-gw\nIMAGE_VERSION=42 # of the image\n'
    case(room, f"{at}/valid/system", text, name="etc/os-release", why="quotes and a comment", clues=("debian 12",))
    rolling = b"ID='arch'\nPRETTY_NAME=\"Arch\n"
    case(room, f"{at}/valid/no-version", rolling, name="./usr/lib/os-release", why="no version, an open quote",
         clues=("arch",))  # fmt: skip
    own = b'NAME="ACME UPS"\nID=acme-ups\nVERSION_ID="3.1.0"\n'
    case(room, f"{at}/invalid/own-name", own, name="etc/os-release", why="the product's own name is no component")
    case(room, f"{at}/invalid/elsewhere", text, name="etc/os-release.example", why="another file")
    case(room, f"{at}/hostile/no-id", b"VERSION_ID=1\n", name="etc/os-release", why="no ID", gaps=("malformed",))


def _kernels(room: Path) -> None:
    at = "kernel-banner"
    around = b"\x00\x80\xe1\xff" * 8
    image = around + BANNER.encode() + b"\n\0" + around
    case(room, f"{at}/valid/image", image, why="the form the kernel build writes", clues=("linux 5.10.92",))
    debian = around + DEBIAN_BANNER.encode() + b"\n\0" + around
    case(room, f"{at}/valid/debian", debian, why="the release is an ABI number, the version stands behind it",
         clues=("linux 6.1.176",))  # fmt: skip
    mention = b"Needs Linux version 5.10.92 (or later) (see README) #1 on the list\n%s version %s (%s@%s)\n"
    case(room, f"{at}/invalid/mention", mention, why="texts that merely mention it")


def _keys(room: Path) -> None:
    nist = ec.derive_private_key(0xF1A5C0DE, ec.SECP256R1())
    edwards = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    pem, der = serialization.Encoding.PEM, serialization.Encoding.DER
    pkcs8, sec1 = serialization.PrivateFormat.PKCS8, serialization.PrivateFormat.TraditionalOpenSSL
    plain, spki = serialization.NoEncryption(), serialization.PublicFormat.SubjectPublicKeyInfo
    at, why = "private-key", "a published test key"
    secret = nist.private_bytes(pem, pkcs8, plain)
    one = ("private-key",)
    case(room, f"{at}/valid/pkcs8", secret, name="etc/ssl/private/server.key", why=why, contents=one)
    case(room, f"{at}/valid/sec1", b"x\n" + nist.private_bytes(pem, sec1, plain), why=why, contents=one)
    case(room, f"{at}/valid/der", edwards.private_bytes(der, pkcs8, plain), why=why, contents=one)
    inside = b"\x00\xe1\xff\x80" * 9 + secret + b"\0\x91"
    case(room, f"{at}/valid/embedded", inside, why="in the data of a program", contents=one)
    header = b"\0\x80-----BEGIN PRIVATE KEY-----\0-----END PRIVATE KEY-----\0-----BEGIN RSA PRIVATE KEY-----\n%s\n"
    case(room, f"{at}/invalid/header", header, why="a program that reads keys", contents=())
    cut = secret[: len(secret) // 2]
    case(room, f"{at}/truncated/half", cut, why="no end, no key", contents=())
    junk = b"-----BEGIN PRIVATE KEY-----\n" + b"AAAA" * 40 + b"\n-----END PRIVATE KEY-----\n"
    case(room, f"{at}/hostile/not-a-key", junk, why="decodes, and is no key", contents=())

    at = "public-key"
    case(room, f"{at}/valid/pem", nist.public_key().public_bytes(pem, spki), why="PEM", contents=("public-key",))
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Acme device CA")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name).issuer_name(name).public_key(edwards.public_key()).serial_number(7)
        .not_valid_before(datetime.datetime(2026, 1, 1)).not_valid_after(datetime.datetime(2036, 1, 1))
        .sign(edwards, None)
    )  # fmt: skip
    both = b"\x80\0" + certificate.public_bytes(pem) + b"\0"
    case(room, f"{at}/valid/certificate", both, why="PEM in a program", contents=("public-key",))
    case(room, f"{at}/valid/certificate-der", certificate.public_bytes(der), why="DER", contents=("public-key",))
    login = edwards.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    case(room, f"{at}/valid/authorized", login + b" vendor@forge\n", name="root/.ssh/authorized_keys",
         why="who may log in", contents=("authorized-key", "public-key"))  # fmt: skip
    program = b"\x7f\x80\0\xe1" * 20
    inside = program + nist.public_key().public_bytes(der, spki) + program
    case(room, f"{at}/valid/der-in-a-program", inside, why="DER between other bytes", contents=("public-key",))
    inside = program + certificate.public_bytes(der) + program
    case(room, f"{at}/valid/certificate-in-a-program", inside, why="one find, not two", contents=("public-key",))
    mcuboot = bytes.fromhex("e30466f6b8470c1f29070b17f1e2d3e94d445e3f608087fdc711e4382bb538b6")
    case(room, f"{at}/valid/hash-of-published-key", program + mcuboot, why="the key hash that MCUboot keeps",
         contents=("public-key",))  # fmt: skip
    cut = program + nist.public_key().public_bytes(der, spki)[:-1]
    case(room, f"{at}/truncated/der", cut, why="one byte is missing", contents=())
    off = program + nist.public_key().public_bytes(der, spki)[:-1] + b"\0"
    case(room, f"{at}/hostile/point-off-curve", off, why="a point that is none", contents=())
    bad = b"-----BEGIN CERTIFICATE-----\n" + b"QUJD" * 16 + b"\n-----END CERTIFICATE-----\n"
    case(room, f"{at}/invalid/not-a-certificate", bad, why="decodes, and is none", contents=())


def _passwords(room: Path) -> None:
    at, one = "password", ("password",)
    shadow = (
        "root::19000:0:99999:7:::\n"
        "admin:$5$acmesalt$A28pRunElSS0kk84SK6wFZIv7CPVp2qjNZNYr.mkOv9:19000:0:99999:7:::\n"
        "old:ab9yVReW51CXE:19000:0:99999:7:::\n"
        "daemon:*:19000:0:99999:7:::\nlocked:!:19000:0:99999:7:::\n"
    )
    case(room, f"{at}/valid/shadow", shadow.encode(), name="etc/shadow", why="empty, well-known, DES", contents=one * 3)
    passwd = b"root:x:0:0:root:/root:/bin/sh\nsupport:x:0:0::/:/bin/sh\ndaemon:x:1:1::/:/bin/false\n"
    case(room, f"{at}/valid/uid-0", passwd, name="etc/passwd", why="a second super-user", contents=one)
    locked = b"root:!:19000::::::\ndaemon:*:19000::::::\n"
    case(room, f"{at}/invalid/locked", locked, name="etc/shadow", why="nobody can enter", contents=())
    case(room, f"{at}/invalid/elsewhere", shadow.encode(), name="doc/shadow.txt", why="another file", contents=())
    case(room, f"{at}/hostile/binary", b"\x80\0" * 50, name="etc/shadow", why="not a text", gaps=("malformed",))


if __name__ == "__main__":
    make(Path(__file__).resolve().parents[1])
