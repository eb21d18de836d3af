"""sw-description and the libconfig language it is written in."""

from __future__ import annotations

import pytest

from fwverify.formats import libconfig_text, sw_description
from fwverify.model.examining import Encrypted, Malformed, Unsupported

GOOD = b"""
/* everything */ software = {
  version = "2.0" ".1"; // joined
  hardware-compatibility: [ "1.0", "#RE:^1\\\\.[02]$" ],
  description = "a \\"quoted\\" text with an \\x41";
  board = { stable: { main = { images: (
    { filename = "a.bin"; sha256 = "%s"; offset = 0x10L; ratio = 1.5; on = TRUE; } # comment
  ); }; }; };
  scripts: ( { filename = "s.lua"; }, );
};
""" % (b"AB" * 32)


def test_every_set_is_read() -> None:
    """Artefacts of boards and modes are found where they stand; a missing digest is seen."""
    found = sw_description.parse(GOOD)
    assert found.version == "2.0.1"
    assert found.description == 'a "quoted" text with an A'
    assert found.hardware == ("1.0", "#RE:^1\\.[02]$")
    assert [(one.filename, one.sha256) for one in found.artefacts] == [("a.bin", "ab" * 32), ("s.lua", "")]


def test_a_link_to_the_version() -> None:
    """A version given by a link is read where the link leads."""
    text = b'software = { version = { ref = "#./v"; }; v = "3"; }'
    assert sw_description.parse(text).version == "3"


@pytest.mark.parametrize(
    "text",
    [
        b'software = { version = "1"; version = "2"; }',
        b'@include "x"\nsoftware = { }',
        b'software = { version = "\\x00"; }',
        b"software = { version = }",
        b"software = { images: ( 1 2 ); }",
        b"software = { images: ( 1, 2 }",
        b'software = "x',
        b"other = { }",
        b"software = { } }",
        b"software = " + b"{ a = " * 100 + b"1" + b" }" * 100,
        b'{"software": {"version": "1", "version": "2"}}',
        b"[]",
    ],
)
def test_refused(text: bytes) -> None:
    """What two readers could read differently, or no reader at all, is refused."""
    with pytest.raises(Malformed):
        sw_description.parse(text)


def test_said_as_such() -> None:
    """Encrypted and XML descriptions are named."""
    with pytest.raises(Encrypted):
        sw_description.parse(b"\x00\x01\xff" * 20)
    with pytest.raises(Unsupported):
        sw_description.parse(b"<?xml version='1.0'?><software/>")


def test_scalars() -> None:
    """Numbers in every base, and booleans in any case."""
    text = b"a = 0x1F; b = -7; c = 5L; d = 0b101; e = 1e3; f = False; g = (); h = [1, 2,]"
    assert libconfig_text.parse(text) == {
        "a": 31, "b": -7, "c": 5, "d": 5, "e": 1000.0, "f": False, "g": [], "h": [1, 2],
    }  # fmt: skip
