"""The alias table: many spellings, one product."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fwverify.formats.products import canonical_product, known_products

FOLDED = {
    "openssl": [
        "OpenSSL",
        "libssl3",
        "libssl1.1",
        "libssl3t64",
        "libssl-dev:arm64",
        "libcrypto.so.1.1",
        "libssl3-udeb",
    ],
    "zlib": ["zlib1g", "zlib1g-dev", "libz.so.1.2.13", "/usr/lib/libz.so.1"],
    "glibc": ["libc6", "libc.so.6", "libm.so.6", "ld-linux-armhf.so.3", "libc6-udeb", "libc-bin"],
    "musl": ["ld-musl-armhf.so.1", "musl-libc"],
    "sqlite": ["sqlite3", "libsqlite3-0", "SQLite"],
    "gcc": ["gcc-12-base", "libgcc-s1", "libstdc++6", "libstdc++.so.6.0.30"],
    "krb5": ["libkrb5-3", "libgssapi-krb5-2", "libk5crypto3"],
    "openldap": ["libldap-2.5-0"],
    "libnl": ["libnl-3-200", "libnl-genl-3-200-udeb"],
    "linux": ["Linux_Kernel", "linux-image-6.1.0-50-armmp", "crc-modules-6.1.0-50-armmp-di", "kernel"],
    "u-boot": ["uboot", "Das U-Boot", "u-boot-imx"],
    "wpa_supplicant": ["wpasupplicant", "wpa_supplicant", "wpa-supplicant"],
    "mbedtls": ["libmbedcrypto7", "PolarSSL", "libmbedtls.so.14"],
    "libpng": ["libpng16-16", "libpng16.so.16"],
    "libusb": ["libusb-1.0-0"],
    "pcre2": ["libpcre2-8-0", "libpcre2-8.so.0"],
    "systemd": ["libudev1", "libsystemd0", "udev"],
    "libfoo": ["libfoo3", "libfoo-dev", "libfoo.so.3.2", "libfoo-bin"],
}


@pytest.mark.parametrize(("product", "names"), FOLDED.items())
def test_folded(product: str, names: list[str]) -> None:
    """Packages, libraries and file names of one product become its name."""
    assert {name: canonical_product(name) for name in names} == dict.fromkeys(names, product)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("libssh", "libssh2"),
        ("libssh", "openssh"),
        ("pcre", "pcre2"),
        ("expat-ng", "expat"),
        ("libidn", "libidn2"),
        ("libcap", "libcap-ng"),
        ("zlib", "zlib-ng"),
        ("libmd", "mbedtls"),
        ("linux", "linux-firmware"),
        ("foo2", "foo"),
    ],
)
def test_kept_apart(one: str, other: str) -> None:
    """Products with similar names stay two."""
    assert canonical_product(one) != canonical_product(other)


def test_table_is_sound() -> None:
    """Every product the table folds to is its own canonical name, and there are enough of them."""
    assert {name: canonical_product(name) for name in known_products()} == {name: name for name in known_products()}
    assert len(known_products()) > 150


@given(st.text(max_size=40) | st.text("lib-dev0123.soabc_:/ t64", max_size=40))
def test_fixed_point(name: str) -> None:
    """Folding a folded name changes nothing, whatever the name."""
    assert canonical_product(canonical_product(name)) == canonical_product(name)
