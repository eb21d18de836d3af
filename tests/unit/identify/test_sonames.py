"""What a library calls itself, where its tables cannot be read."""

from __future__ import annotations

import pytest

from fwverify.content import identified
from fwverify.identify.interface import Subject
from fwverify.identify.sonames import soname
from fwverify.limits import DEFAULT_LIMITS
from fwverify.model.artifact import Locator, Step

HELD = b"\x7fELF\x01\x01\x01\nlibcurl.so.4\nlibz.so.1\nmore\n"


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("usr/lib/libcurl.so.4.8.0", HELD, "libcurl.so.4"),
        ("usr/lib/libcurl.so.5", HELD, ""),
        ("usr/lib/libssl.so.3", HELD, ""),
        ("usr/bin/curl", HELD, ""),
        ("usr/lib/libcurl.so.4.8.0", HELD[4:], ""),
        ("usr/lib/libcurl.so.4.8.0", HELD.replace(b"\n", b"\0"), "libcurl.so.4"),
    ],
)
def test_assumed(name: str, content: bytes, expected: str) -> None:
    """Only where the name of the file and a text of an ELF file agree: a program that needs the library is not it."""
    artifact = identified(Locator((Step("image"),)).into("squashfs", name), content)
    assert soname(Subject(artifact, None, None, DEFAULT_LIMITS)) == expected
