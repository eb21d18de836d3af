"""Cheap recognition of software bills of materials, read or not: what a file of the delivery claims to be.

CycloneDX 1.7 JSON (`bomFormat` or `$schema` at the top level) and XML (namespace `http://cyclonedx.org/schema/bom/`),
SPDX 2.3 JSON (`spdxVersion`), SPDX 3.0 JSON-LD (`@context`), SPDX 2.3 tag-value (first tag `SPDXVersion`); read
2026-11-22.
Does NOT validate: whoever takes a file for an SBOM must still read it whole. SPDX in RDF, YAML or spreadsheets and
XML in UTF-16 are not recognised, so such files stay images.
"""

from __future__ import annotations

import re

from fwverify.formats.strict_json import is_text, structure
from fwverify.formats.strict_json import stands_alone as is_one_object
from fwverify.limits import DEFAULT_LIMITS

_HEAD_BYTES = 4096
_BLANK = b" \t\r\n"
_BOM = b"\xef\xbb\xbf"
_CYCLONEDX_JSON = re.compile(rb'"bomFormat"\s*+:\s*+"CycloneDX"')
_CYCLONEDX_SCHEMA = re.compile(rb'"\$schema"\s*+:\s*+"https?://cyclonedx\.org/schema/bom-\d')
_CYCLONEDX_MISNAMED = re.compile(rb'"bomFormat"\s*+:\s*+"[^"\\]{0,40}+"\s*+,\s*+"specVersion"\s*+:\s*+"1\.\d')
"""Built like one and called otherwise: an invalid one rather than firmware."""
_SPDX_JSON = re.compile(rb'"spdxVersion"\s*+:\s*+"SPDX-')
_SPDX_LD = re.compile(rb'"@context"\s*+:\s*+"https://spdx\.org/rdf/3')
_CYCLONEDX_XML = re.compile(rb"""<(?:[\w.-]+:)?bom\s[^>]*["']https?://cyclonedx\.org/schema/bom/\d""")
_XML_END = re.compile(rb"</(?:[\w.-]+:)?bom\s*>$")
_SPDX_TEXT = re.compile(rb"<text>.*?</text>", re.DOTALL)
_SPDX_LINE = re.compile(rb"\s*(#|$|[A-Za-z]+:(\s|$))")
"""Comment, empty, or a tag with its value (SPDX 2.3 section 6)."""
_SPDX_TAGS = re.compile(rb"(?:[ \t\r]*+(?:#[^\n]*+)?\n)*+SPDXVersion:[ \t]*SPDX-\d")


def looks_like_sbom(view: memoryview) -> str:
    """`CycloneDX JSON`, `CycloneDX XML`, `SPDX JSON`, `SPDX 3 JSON`, `SPDX tag-value`, or empty. Total."""
    if len(view) > DEFAULT_LIMITS.max_text_bytes:
        return ""
    head = bytes(view[:_HEAD_BYTES]).removeprefix(_BOM).lstrip(_BLANK)
    if head.startswith(b"{"):
        return _json_kind(view)
    if head.startswith(b"<"):
        return "CycloneDX XML" if _CYCLONEDX_XML.search(head) else ""
    return "SPDX tag-value" if _SPDX_TAGS.match(head) else ""


def stands_alone(view: memoryview, kind: str) -> bool:
    """True when the file is nothing but this document from its first to its last byte; it may be broken inside.

    Not asked by `looks_like_sbom`, which only looks at the beginning: an archive behind the document, or a script
    below its first line, would be installed by whoever reads the other thing.
    """
    if kind.endswith("JSON"):
        return is_one_object(view)
    raw = bytes(view).removeprefix(_BOM)
    if not is_text(raw):
        return False
    if kind.endswith("XML"):
        return _XML_END.search(raw.rstrip(_BLANK)[-200:]) is not None
    return all(_SPDX_LINE.match(line) for line in _SPDX_TEXT.sub(b"", raw).splitlines())


_JSON_KINDS = (
    ("CycloneDX JSON", _CYCLONEDX_JSON),
    ("CycloneDX JSON", _CYCLONEDX_SCHEMA),
    ("CycloneDX JSON", _CYCLONEDX_MISNAMED),
    ("SPDX JSON", _SPDX_JSON),
    ("SPDX 3 JSON", _SPDX_LD),
)


def _json_kind(view: memoryview) -> str:
    for kind, pattern in _JSON_KINDS:
        hit = pattern.search(view)
        if hit is not None and _at_top_level(view[: hit.start()]):
            return kind
    return ""


def _at_top_level(before: memoryview) -> bool:
    """Only the outermost object is open: an in-toto statement that carries an SBOM is not one."""
    marks = structure(before)
    opened = marks.count(b"{") + marks.count(b"[")
    return opened - marks.count(b"}") - marks.count(b"]") == 1
