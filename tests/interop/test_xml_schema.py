"""Our part of XML Schema beside libxml2's, on documents of CycloneDX that were changed at random."""

from __future__ import annotations

import copy
import os
import random
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from fwverify.compare.sboms.cyclonedx_xml import _schema
from fwverify.compare.schemas import schema_folder
from fwverify.formats.xml_tree import parse
from tests.vectors.makers.sboms import xml_document, xml_library

pytestmark = pytest.mark.interop
etree: Any = pytest.importorskip("lxml.etree", reason="lxml is not installed")
TEXTS = ("", "x", "1", "-1", "2020-01-01", "true", " MIT ", "0.5", "1e3", "a\nb", "library")
MORE = (
    "<licenses><license><id>MIT</id></license></licenses><externalReferences><reference type='website'><url>u</url>"
    "</reference></externalReferences><properties><property name='a'>b</property></properties>"
)


@cache
def theirs(version: str) -> Any:
    folder = schema_folder() or Path()
    text = (folder / f"bom-{version}.SNAPSHOT.xsd").read_text()
    text = re.sub(r'schemaLocation="[^"]*"', f'schemaLocation="{(folder / "spdx.SNAPSHOT.xsd").as_uri()}"', text)
    return etree.XMLSchema(etree.fromstring(text.encode()))


def changed(document: bytes, chance: random.Random) -> bytes:
    """One element taken away, doubled, renamed, moved, or given another text or attribute."""
    root = etree.fromstring(document)
    one = chance.choice([each for each in root.iter() if isinstance(each.tag, str)])
    parent, what = one.getparent(), chance.randrange(6)
    if what == 0 and parent is not None:
        parent.remove(one)
    elif what == 1 and parent is not None:
        parent.append(copy.deepcopy(one))
    elif what == 2:
        one.text = chance.choice(TEXTS)
    elif what == 3:
        one.set(chance.choice(["foo", "type", "bom-ref", "version", "alg"]), chance.choice(TEXTS))
    elif what == 4:
        one.tag = f"{{{etree.QName(one).namespace}}}{chance.choice(['name', 'value', 'component', 'zz'])}"
    elif parent is not None:
        parent.insert(chance.randrange(len(parent) + 1), one)
    return bytes(etree.tostring(root))


@pytest.mark.parametrize("version", ["1.4", "1.5", "1.6", "1.7"])
def test_same_answers(version: str) -> None:
    """Of five hundred documents, not one is valid for one and invalid for the other."""
    schema = _schema(version)
    assert schema is not None
    chance = random.Random(version)
    document = xml_document(version, xml_library("a", "1", MORE) + xml_library("b", "2"))
    differing = []
    for _ in range(500):
        data = changed(document, chance)
        ours = not list(schema.problems(parse(data, "it")))
        if ours is not theirs(version).validate(etree.fromstring(data)):
            differing.append(data)
    assert differing == []


CASES = Path(os.environ["FWVERIFY_CASES"]) / "cyclonedx-spec" if os.environ.get("FWVERIFY_CASES") else None


@pytest.mark.corpus
@pytest.mark.skipif(CASES is None, reason="FWVERIFY_CASES is not set")
@pytest.mark.parametrize("path", sorted(CASES.glob("*/*.xml")) if CASES else [], ids=lambda one: one.name)
def test_same_answers_on_the_specifications_documents(path: Path) -> None:
    """Ours, libxml2's and the file's name say the same of every XML document of the specification."""
    schema, data = _schema(path.parent.name), path.read_bytes()
    assert schema is not None
    theirs_says = theirs(path.parent.name).validate(etree.fromstring(data))
    assert (not list(schema.problems(parse(data, "it")))) is theirs_says is path.name.startswith("valid-")
