"""signify and usign files, taken apart."""

from __future__ import annotations

import base64

import pytest

from fwverify.formats import key_file, signify
from fwverify.model.examining import Malformed
from tests.vectors.makers.update_archives import number, usign, usign_public


def test_key_file() -> None:
    """The key number is shown as usign names key files, and the registry's reader knows the file."""
    found = key_file.parse(usign_public("usign"))
    assert (found.note, found.key_id, found.algorithm) == ("signify public key", number("usign").hex(), "ed25519")


def test_signature() -> None:
    """Signature, number and where the lines end."""
    raw = usign("usign", b"data")
    found = signify.parse_signature(raw + b"behind")
    assert (found.key_number, len(found.signature), found.end, found.plain) == (
        number("usign").hex(),
        64,
        len(raw),
        True,
    )


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"untrusted comment: x",
        b"untrusted comment: x\n",
        b"comment\n" + base64.b64encode(b"Ed" + bytes(72)),
        usign("usign", b"data", tag=b"ED"),
        b"untrusted comment: x\n" + base64.b64encode(b"Ed" + bytes(71)),
        b"untrusted comment: x\n" + base64.b64encode(b"Ed" + bytes(72))[:-4] + b"AB==\n",
    ],
)
def test_refused(raw: bytes) -> None:
    """Other algorithms, sizes and encodings are no signature."""
    with pytest.raises(Malformed):
        signify.parse_signature(raw)


def test_minisign_is_another_format() -> None:
    """Four lines with a trusted comment are minisign's."""
    raw = usign("usign", b"data")
    assert signify.looks_like_signature(raw)
    assert not signify.looks_like_signature(raw + b"trusted comment: x\nAAAA\n")
