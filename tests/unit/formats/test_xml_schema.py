"""The part of XML Schema that is read: what fits, what does not, and that nothing is half obeyed."""

from __future__ import annotations

import time

import pytest

from fwverify.formats.xml_schema import Schema, UnknownConstruct
from fwverify.formats.xml_tree import parse

TARGET = "urn:t"
HEAD = '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:bom="urn:t" targetNamespace="urn:t">'


def schema(body: str) -> Schema:
    return Schema({TARGET: parse(f"{HEAD}{body}</xs:schema>".encode(), "schema")}, TARGET)


def problems(body: str, document: str) -> list[str]:
    text = document.replace("<r", '<r xmlns="urn:t"', 1)
    return [f"{one.path}: {one.text}" for one in schema(body).problems(parse(text.encode(), "it"))]


def element(content: str) -> str:
    return f'<xs:element name="r"><xs:complexType>{content}</xs:complexType></xs:element>'


ORDER = element(
    '<xs:sequence><xs:element name="a"/><xs:element name="b" minOccurs="0" maxOccurs="2"/>'
    '<xs:choice minOccurs="0" maxOccurs="unbounded"><xs:element name="c" minOccurs="0"/><xs:element name="d"/>'
    "</xs:choice>"
    '<xs:any namespace="##other" processContents="lax" minOccurs="0" maxOccurs="unbounded"/></xs:sequence>'
    '<xs:attribute name="n" type="xs:positiveInteger" use="required"/>'
)


@pytest.mark.parametrize(
    ("document", "fits"),
    [
        ('<r n="1"><a/></r>', True),
        ('<r n="1"><a/><b/><b/><d/><c/><d/></r>', True),
        ('<r n="1"><a/><x xmlns="urn:other"/></r>', True),
        ('<r n="1"/>', False),
        ('<r n="1"><a/><b/><b/><b/></r>', False),
        ('<r n="1"><b/><a/></r>', False),
        ('<r n="1"><a/><x/></r>', False),
        ('<r n="1"><a/>text</r>', False),
        ('<r n="0"><a/></r>', False),
        ("<r><a/></r>", False),
        ('<r n="1" m="2"><a/></r>', False),
        ("<q/>", False),
    ],
)
def test_order_and_attributes(document: str, fits: bool) -> None:
    """Sequence, choice, wildcards and attributes; one that may be empty hides no other way of a choice."""
    assert (problems(ORDER, document.replace("<q", '<q xmlns="urn:t"')) == []) is fits


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("xs:boolean", ["true", "0", " 1 "], ["yes", "TRUE", ""]),
        ("xs:integer", ["-5", "+0"], ["1.0", "1e3", "", "9" * 100]),
        ("xs:decimal", ["1.5", ".5", "3."], ["1e3", "", "."]),
        ("xs:date", ["2026-02-28", "2026-02-28Z"], ["2026-13-01", "26-01-01"]),
        ("xs:dateTime", ["2026-10-03T12:00:05Z", "2026-10-03T24:00:00"], ["2026-10-03", "2026-10-03T25:00:00"]),
        ("xs:anyURI", ["anything", ""], []),
    ],
)
def test_simple_types(kind: str, good: list[str], bad: list[str]) -> None:
    """Texts of the built-in types."""
    body = f'<xs:element name="r" type="{kind}"/>'
    assert [one for one in good if problems(body, f"<r>{one}</r>")] == []
    assert [one for one in bad if not problems(body, f"<r>{one}</r>")] == []


def test_restriction_and_union() -> None:
    """Enumerations, patterns (anchored, `^` plain), lengths, bounds and unions of them."""
    body = (
        '<xs:simpleType name="e"><xs:restriction base="xs:string"><xs:enumeration value="x"/></xs:restriction>'
        "</xs:simpleType>"
        '<xs:simpleType name="p"><xs:restriction base="xs:string"><xs:pattern value="a[b^]*"/><xs:maxLength value="3"/>'
        "</xs:restriction></xs:simpleType>"
        '<xs:simpleType name="n"><xs:restriction base="xs:decimal"><xs:minInclusive value="0"/>'
        '<xs:maxInclusive value="1"/>'
        "</xs:restriction></xs:simpleType>"
        '<xs:element name="r"><xs:simpleType><xs:union memberTypes="bom:e bom:p bom:n"/></xs:simpleType></xs:element>'
    )
    assert [one for one in ("x", "ab^", "0.5") if problems(body, f"<r>{one}</r>")] == []
    assert [one for one in ("y", "abbb", "2", " x") if not problems(body, f"<r>{one}</r>")] == []


def test_types_that_hold_themselves_and_uniqueness() -> None:
    """A recursive type ends with the document; a value given twice is found wherever it stands."""
    body = (
        '<xs:complexType name="t"><xs:sequence><xs:element name="t" type="bom:t" minOccurs="0" maxOccurs="unbounded"/>'
        '</xs:sequence><xs:attribute name="id"/></xs:complexType>'
        '<xs:element name="r"><xs:complexType><xs:sequence><xs:element name="t" type="bom:t" maxOccurs="unbounded"/>'
        '</xs:sequence></xs:complexType><xs:unique name="u"><xs:selector xpath=".//*"/><xs:field xpath="@id"/>'
        "</xs:unique></xs:element>"
    )
    assert problems(body, '<r><t id="1"><t id="2"/></t></r>') == []
    assert problems(body, '<r><t id="1"><t id="1"/></t></r>') != []


@pytest.mark.parametrize(
    "content",
    [
        "<xs:all/>",
        '<xs:complexContent><xs:extension base="bom:x"/></xs:complexContent>',
        "<xs:sequence><xs:group/></xs:sequence>",
    ],
)
def test_unknown_constructs(content: str) -> None:
    """A schema with what is not read is refused as soon as it is needed."""
    with pytest.raises(UnknownConstruct):
        problems(element(content), "<r/>")


def test_linear() -> None:
    """Content that nearly fits is refused without trying every way."""
    body = element(
        '<xs:sequence minOccurs="0" maxOccurs="unbounded"><xs:choice><xs:element name="a" minOccurs="0"/>'
        '<xs:element name="b" minOccurs="0"/></xs:choice></xs:sequence>'
    )
    start = time.process_time()
    assert problems(body, f"<r>{'<a/><b/>' * 20_000}<c/></r>") != []
    assert problems(body, f"<r>{'<a/><b/>' * 20_000}</r>") == []
    assert time.process_time() - start < 5
