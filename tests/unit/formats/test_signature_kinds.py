"""Signed documents and images of formats that are not verified yet: named where they are that and nothing else."""

from __future__ import annotations

import base64
import json

import pytest

from fwverify.formats import signature_kinds

HEADER = base64.urlsafe_b64encode(b'{"alg":"ES256"}').rstrip(b"=")
TUF = json.dumps({"signatures": [], "signed": {"_type": "targets"}}).encode()
XML = b'<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"></ds:Signature>'


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (TUF, "TUF"), (TUF + b"PK", ""), (TUF[:-1], ""), (HEADER + b".e30.AAAA\n", "JWS"), (HEADER + b"..AAAA", "JWS"),
        (HEADER + b"..AAAA..", ""), (b"eyAA.e30.AAAA", ""), (XML, "XML-DSig"), (XML + b"x", ""),
        (b'<bom xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:Signature/></bom>', ""),
        (b"ostree.gpgsigs\0\0", "ostree"), (b"ostree.sign.ed25519\0", "ostree"), (b"ostree", ""), (b"", ""),
        (b"{}", ""), (b'{"base64Signature": "", "rekorBundle": {}}', "older cosign"),
        (b'{"payload": "", "signatures": [{"protected": "", "signature": ""}]}', "JWS"),
        (b'{"payload": "", "payloadType": "", "signatures": [{"header": ""}]}', ""),
    ],
)  # fmt: skip
def test_documents(content: bytes, kind: str) -> None:
    """A document counts whole or not at all."""
    assert signature_kinds.document(memoryview(content)) == kind
    assert signature_kinds.recognised(memoryview(content)) == kind


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"\xd8\x6b\xa2\x02\x58", "SUIT"), (b"\xd8\x6b\x58", ""), (b"\xd8\x6b", ""), (b"\xd2\x84\x43", "COSE"),
        (HEADER + b".e30.AAAA", "JWS"), (b"<x>" + XML + b"</x>", "XML-DSig"), (b"<x/>", ""), (b"", ""), (b"eyeyey", ""),
    ],
)  # fmt: skip
def test_images(content: bytes, kind: str) -> None:
    """An image is known by how it begins."""
    assert signature_kinds.inside(memoryview(content)) == kind
