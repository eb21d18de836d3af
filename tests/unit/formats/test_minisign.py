"""minisign files: what is read and what is refused."""

from __future__ import annotations

import base64

import pytest

from fwverify.formats import minisign
from fwverify.model.examining import Malformed

BLOB = base64.b64encode(b"ED" + bytes(range(8)) + bytes(64))
GLOBAL = base64.b64encode(bytes(64))
GOOD = b"untrusted comment: any\n" + BLOB + b"\ntrusted comment: timestamp:1\tfile:x\n" + GLOBAL + b"\n"


def test_four_lines_are_taken_apart() -> None:
    """Algorithm, id as minisign prints it, comment and signatures come out."""
    found = minisign.parse_signature(GOOD)
    assert (found.prehashed, found.key_id) == (True, "0706050403020100")
    assert found.trusted_comment == b"timestamp:1\tfile:x"
    assert len(found.signature) == len(found.global_signature) == 64


def test_line_ends() -> None:
    """CRLF and a missing last line end change nothing."""
    assert minisign.parse_signature(GOOD.replace(b"\n", b"\r\n")) == minisign.parse_signature(GOOD)
    assert minisign.parse_signature(GOOD[:-1]) == minisign.parse_signature(GOOD)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        GOOD + b"\n",
        GOOD + b"approved by the vendor\n",
        b"\n" + GOOD,
        GOOD.replace(b"untrusted", b"trusted"),
        GOOD.replace(b"\ntrusted comment: ", b"\ncomment: "),
        GOOD.replace(BLOB, BLOB[:-4]),
        GOOD.replace(BLOB, base64.b64encode(b"XX" + bytes(72))),
        GOOD.replace(GLOBAL, b"!" + GLOBAL[1:]),
        GOOD.replace(b"any", b"a" * 70_000),
    ],
)
def test_what_is_no_signature_file(raw: bytes) -> None:
    """Extra text, missing lines and damaged base64 are refused."""
    with pytest.raises(Malformed):
        minisign.parse_signature(raw)


def test_public_key_with_and_without_comment() -> None:
    """Both published forms give the same key."""
    line = base64.b64encode(b"Ed" + bytes(range(8)) + bytes(32))
    bare = minisign.parse_public_key(line)
    assert minisign.parse_public_key(b"untrusted comment: k\n" + line + b"\n") == bare
    assert (bare.key_id, len(bare.key)) == ("0706050403020100", 32)
    with pytest.raises(Malformed):
        minisign.parse_public_key(line + b"\nmore\n")
