"""Package URLs, CPE names and hash values of SBOM entries."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fwverify.compare.identifiers import Purl, cpe_product, declared_digest, parsed_purl
from fwverify.model.artifact import Digest


def test_purl() -> None:
    """Type, namespace, name, version and qualifiers come out decoded; the source package is told by a qualifier."""
    text = "pkg:deb/debian/zlib1g@1%3A1.2.13.dfsg-1?upstream=zlib%401.2.13&arch=armhf"
    stated = (("arch", "armhf"), ("upstream", "zlib@1.2.13"))
    url = Purl("deb", "debian", "zlib1g", "1:1.2.13.dfsg-1", stated)
    assert parsed_purl(text) == url
    assert url.source == "zlib"


@pytest.mark.parametrize("text", ["", "openssl", "pkg:", "pkg:/@", "pkg:generic/", "pkg:a/b" + "c" * 3000])
def test_bad_purl(text: str) -> None:
    """What is none gives None."""
    assert parsed_purl(text) is None


@pytest.mark.parametrize(
    ("text", "product"),
    [
        ("cpe:2.3:a:openssl:openssl:3.0.11:*:*:*:*:*:*:*", "openssl"),
        ("cpe:2.3:a:x:lib\\+\\:y:1.1:*:*:*:*:*:*:*", "lib+:y"),
        ("cpe:/a:OpenBSD:OpenSSH:9.2", "openssh"),
        ("cpe:2.3:o:vendor:*:*:*:*:*:*:*:*:*", ""),
        ("cpe:/a", ""),
        ("cpe:2.3:a:openssl:openssl:3.0.11", None),
        ("openssl", None),
        ("cpe:2.3:" + "a" * 3000, None),
    ],
)
def test_cpe(text: str, product: str | None) -> None:
    """The product is the fifth field of a formatted string, the fourth of a URI; neither form gives None."""
    assert cpe_product(text) == product


def test_digest() -> None:
    """A hash has our name for its algorithm."""
    assert declared_digest("SHA-256", "AB" * 32) == Digest("sha256", b"\xab" * 32)
    assert declared_digest("MD5", "ab" * 16) == Digest("md5", b"\xab" * 16)


@pytest.mark.parametrize("pair", [("SHA-256", "ab"), ("SHA-256", "xy" * 32), ("FOO", "ab" * 32), ("SHA-1", "")])
def test_bad_digest(pair: tuple[str, str]) -> None:
    """A wrong length, a wrong digit or an unknown algorithm gives words."""
    assert isinstance(declared_digest(*pair), str)


@given(st.text(max_size=60) | st.text("cpe:/23.a*-\\o pkg%@?#", max_size=60))
def test_total(text: str) -> None:
    """Any text gives an answer."""
    parsed_purl(text)
    parsed_purl("pkg:" + text)
    cpe_product(text)
    cpe_product("cpe:2.3:" + text)


_WORDS = st.from_regex(r"[a-z0-9][a-z0-9.+-]{0,8}", fullmatch=True)
_VALUES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9.+~%:-]{0,8}", fullmatch=True)


@given(
    st.sampled_from(["deb", "rpm", "apk", "generic", "npm", "pypi"]),
    st.just("") | _WORDS,
    _WORDS,
    st.just("") | _VALUES,
    st.dictionaries(st.sampled_from(["arch", "distro", "epoch"]), _VALUES, max_size=2),
)
def test_plain_purls_as_the_library_reads_them(
    kind: str, space: str, name: str, version: str, more: dict[str, str]
) -> None:
    """The quick way for plain package URLs says what the library says, or leaves it to the library."""
    from packageurl import PackageURL

    text = f"pkg:{kind}/{space + '/' if space else ''}{name}{'@' + version if version else ''}"
    text += "?" + "&".join(f"{key}={value}" for key, value in more.items()) if more else ""
    try:
        url = PackageURL.from_string(text)
    except ValueError:
        assert parsed_purl(text) is None
        return
    qualifiers = tuple(sorted(url.qualifiers.items()))
    assert parsed_purl(text) == Purl(url.type, url.namespace or "", url.name, url.version or "", qualifiers)
