"""Symbol versions that a library defines (`OPENSSL_3.0.0`, `GLIBC_2.34`).

Linux Standard Base 5.0, chapter 10.7 "Symbol Versioning"; read 2026-11-22.
The highest version a library defines bounds its release from below, and only so: OpenSSL 3.0.15 still defines
`OPENSSL_3.0.0` and no more. The bound stands in the quote; the clue's version stays empty. Versions a program
*requires* say what it was linked against elsewhere and make no clue.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from fwverify.formats.names import quoted
from fwverify.formats.products import canonical_product
from fwverify.identify.interface import Detector, Found, Subject
from fwverify.model.component import Clue
from fwverify.model.plugin import Doc

CONFIDENCE, NAMED = 75, 80
"""Percent: by the symbol versions alone, and where the SONAME says the same."""
PREFIXES = {
    "GLIBC": "glibc", "OPENSSL": "openssl", "LIBSSL": "openssl", "GLIBCXX": "gcc", "GCC": "gcc", "CXXABI": "gcc",
    "ZLIB": "zlib", "CURL_OPENSSL": "curl", "CURL_GNUTLS": "curl", "LIBXML2": "libxml2", "XZ": "xz",
    "GNUTLS": "gnutls", "NCURSES": "ncurses", "NCURSES6_TINFO": "ncurses", "NCURSESW6": "ncurses",
    "NCURSES6": "ncurses", "PNG16": "libpng", "PNG12": "libpng", "LIBSYSTEMD": "systemd", "LIBUDEV": "systemd",
    "BLKID": "util-linux", "MOUNT": "util-linux", "UUID": "util-linux", "FDISK": "util-linux",
    "SMARTCOLS": "util-linux", "LIBKMOD": "kmod", "LIBNL": "libnl", "ACL": "acl", "ATTR": "attr",
    "LIBBSD": "libbsd", "LIBSELINUX": "libselinux", "NETTLE": "nettle", "HOGWEED": "nettle", "LIBTASN1": "libtasn1",
    "LIBIDN2": "libidn2", "LIBGCRYPT": "libgcrypt", "GPG_ERROR": "libgpg-error", "OPENLDAP": "openldap",
    "LIBSSH": "libssh", "LIBFFI_BASE": "libffi", "LIBDBUS_1": "dbus", "FUSE": "fuse", "XCRYPT": "libxcrypt",
    "LIBPAM": "linux-pam", "ELFUTILS": "elfutils", "LIBMNL": "libmnl", "LIBNFTNL": "libnftnl", "TIFF": "tiff",
    "LIBJPEGTURBO": "libjpeg-turbo", "LIBEVENT": "libevent", "MOSQ": "mosquitto", "LIBCAP_NG": "libcap-ng",
}  # fmt: skip
"""What stands before the version in the version scripts of these projects."""
SERIES = {("fuse", 3): "fuse3"}
"""Products that took up the names of another one."""
_VERSION = re.compile(r"([A-Z][A-Z0-9_]*?)_?v?(\d+(?:[._]\d+){0,3}[a-z]?)", re.ASCII)


def find(subject: Subject) -> Iterator[Found]:
    executable = subject.executable
    if executable is None:
        return
    highest: dict[str, tuple[tuple[int, ...], str]] = {}
    for name in executable.defined_versions:
        hit = _VERSION.fullmatch(name)
        product = PREFIXES.get(hit[1]) if hit else None
        if hit and product:
            rank = tuple(int(one) for one in re.findall(r"\d{1,9}", hit[2]))
            product = SERIES.get((product, rank[0]), product)
            highest[product] = max(highest.get(product, ((), "")), (rank, name))
    for product, (_, name) in sorted(highest.items()):
        quote = quoted(f"defines {name}".encode())
        confidence = NAMED if canonical_product(executable.soname) == product else CONFIDENCE
        yield Clue(product, "", subject.artifact.locator, "elf-symbols", confidence, quote)


DETECTOR = Detector(
    name="elf-symbols",
    find=find,
    doc=Doc(
        title="ELF symbol versions",
        references=("Linux Standard Base 5.0, chapter 10.7, read 2026-11-22",),
        limitations=("A lower bound is no version.", "Knows the version names of about fifty products."),
    ),
)
