"""XML from hostile documents: bounded, and without anything that means more than it says."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fwverify.formats import xml_tree
from fwverify.formats.xml_tree import MAX_DEPTH, parse
from fwverify.limits import LimitExceeded
from fwverify.model.examining import Malformed


def test_tree() -> None:
    """Names without prefix, attributes, texts joined, children in order; comments and CDATA do not matter."""
    root = parse(
        b'<?xml version="1.0"?><a:x xmlns:a="urn:a" xmlns="urn:b" k="1" a:k="2">t<!-- no --><y/><![CDATA[<]]></a:x>',
        "it",
    )
    assert (root.namespace, root.name, root.text) == ("urn:a", "x", "t<")
    assert root.attributes == {"k": "1", "{urn:a}k": "2"}
    assert [(one.namespace, one.name) for one in root.children] == [("urn:b", "y")]
    assert root.first("y") is None  # another namespace


def test_byte_order_mark() -> None:
    """UTF-8 may begin with one."""
    assert parse(b"\xef\xbb\xbf<a/>", "it").name == "a"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<a>",
        b"<a/><b/>",
        b"text",
        b'<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>',
        b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
        b"<!DOCTYPE a><a/>",
        b'<?xml-stylesheet href="x"?><a/>',
        b'<?xml version="1.0" encoding="ISO-8859-1"?><a/>',
        "<a/>".encode("utf-16"),
        b"<a>\xff</a>",
        b"<p:a/>",
        b"<a>" * (MAX_DEPTH + 1) + b"</a>" * (MAX_DEPTH + 1),
    ],
)
def test_refused(data: bytes) -> None:
    """What is not well-formed, declares anything, is in another encoding or too deep is malformed."""
    with pytest.raises(Malformed):
        parse(data, "it")


def test_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Size is bounded before, elements and attributes while reading."""
    with pytest.raises(LimitExceeded):
        parse(b"<a>" + b" " * 100 + b"</a>", "it", max_bytes=50)
    monkeypatch.setattr(xml_tree, "MAX_NODES", 10)
    with pytest.raises(LimitExceeded):
        parse(b"<a>" + b"<b/>" * 10 + b"</a>", "it")


@given(st.binary(max_size=60) | st.text("<>/ab &;!DOCTYPE[]\"'=?x").map(str.encode))
def test_total(data: bytes) -> None:
    """Any bytes give a tree or Malformed."""
    with suppress(Malformed):
        parse(data, "it")
