"""What packages say of themselves."""

from __future__ import annotations

import pytest

from fwverify.reference.packages import Named, of_control, of_facts, of_pkginfo, product_of

DEB = """Package: libssl3
Source: openssl (3.0.15-1~deb12u1)
Version: 3.0.15-1~deb12u1+b2
Architecture: armhf
Maintainer: Debian OpenSSL Team
Description: TLS library
 Version: 9.9 is not said here
"""


def test_debian() -> None:
    """A control file names package, source and their versions; a binary rebuild keeps its source's version."""
    assert of_control(DEB, "deb") == Named(
        "libssl3", "3.0.15-1~deb12u1+b2", "pkg:deb/debian/libssl3@3.0.15-1~deb12u1%2Bb2?arch=armhf", "openssl",
        "3.0.15-1~deb12u1", "openssl", "armhf",
    )  # fmt: skip


def test_ubuntu() -> None:
    """A package of Ubuntu is one of Ubuntu's."""
    found = of_control("Package: x\nVersion: 1-1ubuntu2\n", "deb")
    assert found is not None
    assert found.purl == "pkg:deb/ubuntu/x@1-1ubuntu2"


def test_opkg() -> None:
    """The source of an opkg package is the last folder of its feed, or its SourceName."""
    for source in ("Source: feeds/base/libs/openssl", "SourceName: openssl\nSource: feeds/base/x"):
        found = of_control(f"Package: libopenssl1.1\nVersion: 1.1.1t-2\n{source}\nArchitecture: mips_24kc\n", "opkg")
        assert found is not None
        assert (found.source, found.product, found.purl) == (
            "openssl", "openssl", "pkg:opkg/libopenssl1.1@1.1.1t-2?arch=mips_24kc",
        )  # fmt: skip


def test_apk_and_pacman() -> None:
    """A .PKGINFO with an origin is Alpine's, one with a base pacman's."""
    alpine = of_pkginfo("# Generated\npkgname = libcrypto3\npkgver = 3.1.4-r5\norigin = openssl\narch = aarch64\n")
    assert alpine is not None
    assert (alpine.purl, alpine.source, alpine.product) == (
        "pkg:apk/alpine/libcrypto3@3.1.4-r5?arch=aarch64", "openssl", "openssl",
    )  # fmt: skip
    arch = of_pkginfo("pkgname = zlib\npkgbase = zlib\npkgver = 1:1.3-2\narch = x86_64\n")
    assert arch is not None
    assert arch.purl == "pkg:alpm/arch/zlib@1:1.3-2?arch=x86_64"


def test_rpm() -> None:
    """RPM header facts: epoch, release, source package."""
    found = of_facts({"name": "openssl-libs", "version": "3.0.7", "release": "27.el9", "epoch": "1", "arch": "aarch64",
                      "vendor": "Red Hat, Inc.", "source-rpm": "openssl-3.0.7-27.el9.src.rpm"})  # fmt: skip
    assert found is not None
    assert (found.version, found.source, found.source_version, found.product) == (
        "1:3.0.7-27.el9", "openssl", "3.0.7-27.el9", "openssl",
    )  # fmt: skip


@pytest.mark.parametrize("text", ["", "\n\n", "Version: 1", "no colon", ": x", "Package:\nVersion: 1", "\0\ufffd"])
def test_nothing_is_named(text: str) -> None:
    """Text without a name names no package."""
    assert of_control(text, "deb") is None
    assert of_pkginfo(text) is None
    assert of_facts({"name": text.strip() and ""}) is None


@pytest.mark.parametrize(
    ("name", "source", "product"),
    [
        ("libssl3", "openssl", "openssl"), ("login", "util-linux", "util-linux"), ("login", "shadow", "shadow"),
        ("libgcc-s1", "gcc-12", "gcc"), ("python3-acme", "acme-suite", "acme-suite"),
        ("libssl3", "vendor-tls", "openssl"), ("acme", "", "acme"),
    ],
)  # fmt: skip
def test_product(name: str, source: str, product: str) -> None:
    """The source package is asked first: in one release `login` is of shadow, in the next of util-linux."""
    assert product_of(name, source) == product
