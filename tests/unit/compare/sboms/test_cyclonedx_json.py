"""Reading CycloneDX JSON: what is taken, what is named as wrong, and that nothing else happens."""

from __future__ import annotations

import copy
import json
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fwverify.compare.interface import Document
from fwverify.compare.sboms.cyclonedx_json import SBOM_FORMAT, read
from fwverify.content import identified
from fwverify.limits import LimitExceeded
from fwverify.model.artifact import Digest, Locator, Step
from fwverify.model.examining import Malformed, Unsupported
from tests.vectors.makers.sboms import HASH, document, library, text


def reading(data: dict[str, Any] | bytes) -> Document:
    raw = data if isinstance(data, bytes) else text(data)
    return read(identified(Locator((Step("sbom.json"),)), raw))


def test_subject() -> None:
    """The metadata component is what the document is about, with its hashes and its maker."""
    seen = reading(document()).observation
    assert (seen.subject_name, seen.subject_version, seen.subject_vendor) == (
        "gateway",
        "4.2.0",
        "Vendor of the vectors",
    )
    assert seen.subject_hashes == (Digest("sha256", bytes.fromhex(HASH)),)
    assert (seen.spec_version, seen.schema_valid, seen.components) == ("1.6", True, 4)


@pytest.mark.parametrize(
    ("metadata", "vendor"),
    [
        ({"component": {"name": "x", "manufacturer": {"name": "M"}, "publisher": "P"}}, "M"),
        ({"component": {"name": "x", "publisher": "P", "group": "G"}}, "P"),
        ({"component": {"name": "x", "group": "G"}, "supplier": {"name": "S"}}, "G"),
        ({"component": {"name": "x"}, "supplier": {"name": "S"}}, "S"),
        ({"component": {"name": "x", "supplier": {"name": 5}}}, ""),
        ({"component": "x"}, ""),
        ([], ""),
    ],
)
def test_vendor(metadata: object, vendor: str) -> None:
    """The first of supplier, manufacturer, publisher, group that is a text; then the document's supplier."""
    assert reading(document(metadata=metadata)).observation.subject_vendor == vendor


def test_nested_components_are_flattened() -> None:
    """Parts of parts and parts of the subject are all declared, in document order."""
    inner = library("c", "1", components=[library("d", "1")])
    data = document(components=[library("b", "1", components=[inner]), library("e", "1")], dependencies=[])
    data["metadata"]["component"]["components"] = [library("a", "1")]
    assert [one.name for one in reading(data).components] == ["a", "b", "c", "d", "e"]


def test_the_subject_is_not_a_part_of_itself() -> None:
    """A document that lists the image among its components does not declare one more component."""
    data = document(components=[{"type": "firmware", "name": "gateway", "version": "4.2.0"}, library("a", "1")])
    assert [one.name for one in reading(data).components] == ["a"]


def test_radio_firmware_is_a_component() -> None:
    """Firmware of another name is one."""
    data = document(components=[{"type": "firmware", "name": "wifi", "version": "4.2.0"}])
    assert [one.kind for one in reading(data).components] == ["firmware"]


def test_fields_of_an_entry() -> None:
    """Everything matching needs is taken."""
    entry = library(
        "agent",
        "1.0",
        scope="optional",
        cpe="cpe:2.3:a:vendor:agent:1.0:*:*:*:*:*:*:*",
        hashes=[{"alg": "SHA-256", "content": HASH}],
        evidence={"occurrences": [{"location": "/usr/sbin/agent"}, {"location": "/usr/bin/agent"}]},
    )
    found = reading(document(components=[entry], dependencies=[])).components[0]
    assert (found.name, found.version, found.purl, found.scope) == ("agent", "1.0", "pkg:generic/agent@1.0", "optional")
    assert (found.cpe, found.bom_ref, found.kind) == (entry["cpe"], "agent", "library")
    assert found.hashes == (Digest("sha256", bytes.fromhex(HASH)),)
    assert found.paths == ("/usr/bin/agent", "/usr/sbin/agent")
    assert not found.problem


FLAWS: dict[str, dict[str, Any]] = {
    "bad purl": {"purl": "pkg:/@"},
    "purl of another version": {"purl": "pkg:generic/flawed@2.0"},
    "bad CPE": {"cpe": "openssl"},
    "CPE of another version": {"cpe": "cpe:2.3:a:acme:flawed:2.0:*:*:*:*:*:*:*"},
    "unknown type": {"type": "gadget"},
    "no type": {"type": None},
    "unknown scope": {"scope": "sometimes"},
    "no name": {"name": None},
    "name no text": {"name": 5},
    "long name": {"name": "x" * 5000},
    "version no text": {"version": 1.0},
    "short hash": {"hashes": [{"alg": "SHA-256", "content": "00"}]},
    "odd hash": {"hashes": [{"alg": "CRC", "content": HASH}]},
    "hash without value": {"hashes": [{"alg": "SHA-256"}]},
    "hashes no list": {"hashes": {}},
    "evidence no object": {"evidence": []},
    "occurrence no object": {"evidence": {"occurrences": [1]}},
    "location no text": {"evidence": {"occurrences": [{"location": 1}]}},
}


@pytest.mark.parametrize("name", FLAWS)
def test_flawed_entry(name: str) -> None:
    """One thing wrong with one entry: it is named, in the entry and in the document, and every entry still counts."""
    flawed = {key: value for key, value in {**library("flawed", "1.0"), **FLAWS[name]}.items() if value is not None}
    seen = reading(document(components=[library("a", "1"), flawed, library("b", "1")], dependencies=[]))
    assert len(seen.components) == 3
    assert seen.components[1].problem
    assert [one.problem for one in seen.components[::2]] == ["", ""]
    assert len(seen.observation.problems) == 1
    assert seen.observation.problems[0].startswith("/components/1")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"serialNumber": "urn:uuid:1"}, "/serialNumber"),
        ({"specVersion": 1.6}, "/specVersion"),
        ({"components": {}}, "/components: not a list"),
        ({"components": ["a"]}, "/components/0: not an object"),
        ({"components": [library("a", "1"), library("a", "2")]}, "'a' is given 2 times"),
        ({"dependencies": [{"ref": "nothing"}]}, "'nothing' is no bom-ref"),
        ({"dependencies": [{"ref": "image", "dependsOn": ["nothing"]}]}, "'nothing' is no bom-ref"),
        ({"dependencies": {}}, "/dependencies"),
    ],
)
def test_flawed_document(change: dict[str, Any], words: str) -> None:
    """What is wrong with the document as a whole is named once."""
    problems = reading({**document(dependencies=[]), **change}).observation.problems
    assert len(problems) == 1
    assert words in problems[0]


def test_references_to_other_documents_do_not_dangle() -> None:
    """A BOM-Link names something elsewhere, a service has a reference too."""
    data = document(
        services=[{"bom-ref": "cloud", "name": "cloud"}],
        dependencies=[{"ref": "image", "dependsOn": ["urn:cdx:f08a6ccd-4dce-4759-bd84-c626675d60a7/1#x", "cloud"]}],
    )
    assert reading(data).observation.problems == ()


def test_many_problems_are_counted() -> None:
    """A document full of mistakes lists a thousand and says how many more there are."""
    problems = reading(document(components=[{"type": "gadget"}] * 700, dependencies=[])).observation.problems
    assert len(problems) == 1001
    assert problems[-1] == "and 400 more problems"


@pytest.mark.parametrize("version", ["1.0", "1.8", "2.0", "9.9"])
def test_versions_that_are_not_validated(version: str) -> None:
    """They are read, and validity stays unknown instead of good or bad."""
    seen = reading(document(version))
    assert seen.observation.schema_valid is None
    assert len(seen.components) == 4


def test_schema_errors() -> None:
    """At most ten, in order of their place, with a JSON pointer, and without the value itself."""
    data = document(components=[{"type": "secret-gadget", "name": "x"} for _ in range(15)], **{"a/b": 1})
    seen = reading(data).observation
    assert seen.schema_valid is False
    assert len(seen.schema_errors) == 10
    assert seen.schema_errors[0].startswith("/: ")
    assert seen.schema_errors[2].startswith("/components/0/type: ")
    assert "secret" not in "".join(seen.schema_errors)


def test_schema_of_a_large_invalid_document() -> None:
    """Beyond half a MiB only the first error is looked for; it is still invalid."""
    data = document(components=[{"type": "gadget", "name": "x" * 1000} for _ in range(600)])
    seen = reading(data).observation
    assert (seen.schema_valid, len(seen.schema_errors)) == (False, 1)


def test_formats_are_validated() -> None:
    """A time stamp that is none is invalid, not only an odd text."""
    data = document()
    data["metadata"]["timestamp"] = "yesterday"
    assert reading(data).observation.schema_valid is False


def test_reader_does_not_import_the_library() -> None:
    """The schemas are found by path: importing cyclonedx costs a quarter of a second and is not needed."""
    import subprocess

    code = (
        "import sys; from fwverify.compare.sboms.cyclonedx_json import _validator;"
        "assert _validator('1.6') is not None; print('cyclonedx' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"bomFormat": 5}', b"\xff", b"null"])
def test_not_a_document(data: bytes) -> None:
    """What is no CycloneDX document at all is malformed."""
    with pytest.raises(Malformed):
        reading(data)


def test_detect() -> None:
    """Only a top-level bomFormat makes a document."""
    place = Locator((Step("x"),))
    assert SBOM_FORMAT.detect(identified(place, text(document())))
    assert not SBOM_FORMAT.detect(identified(place, b'{"predicate": ' + text(document()) + b"}"))


BASE = document(
    components=[library("a", "1", hashes=[{"alg": "MD5", "content": "0" * 32}], evidence={"occurrences": []})],
    services=[{"name": "s", "bom-ref": "s"}],
)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8) | st.sampled_from(["pkg:a/b", "cpe:/a:b", "library", "SHA-256", "1.6", "urn:uuid:"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["name", "type", "version", "hashes", "components", "evidence", "alg", "ref", "bom-ref"])
        | st.text(max_size=4),
        inner,
        max_size=3,
    ),
    max_leaves=6,
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_mutated_documents(data: st.DataObject) -> None:
    """Any value in any place of a document is read tolerantly or refused; nothing else is ever raised."""
    changed = copy.deepcopy(BASE)
    here: Any = changed
    for _ in range(data.draw(st.integers(1, 5))):
        keys = sorted(here) if isinstance(here, dict) else list(range(len(here)))
        key = data.draw(st.sampled_from(keys))
        if not isinstance(here[key], dict | list) or not here[key] or data.draw(st.booleans()):
            here[key] = data.draw(values)
            break
        here = here[key]
    with suppress(Malformed, Unsupported, LimitExceeded):
        assert reading(json.dumps(changed).encode()).observation.format == "CycloneDX"


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2000), st.binary(max_size=3), st.integers(0, 3))
def test_damaged_bytes(place: int, put: bytes, cut: int) -> None:
    """Bytes put in or taken out anywhere."""
    raw = text(BASE)
    with suppress(Malformed, Unsupported, LimitExceeded):
        reading(raw[:place] + put + raw[place + cut :])


@pytest.mark.corpus
@pytest.mark.parametrize("version", ["1.4", "1.5", "1.6"])
def test_documents_of_the_specification(cases: Path, version: str) -> None:
    """The specification's own test documents: every valid one is valid, every invalid one is not. No exceptions."""
    answers = {}
    for path in sorted((cases / "cyclonedx-spec" / version).glob("*.json")):
        try:
            answers[path.name] = reading(path.read_bytes()).observation.schema_valid
        except Malformed:  # another bomFormat
            answers[path.name] = False
    assert len(answers) > 40
    assert {name: answer for name, answer in answers.items() if answer is not name.startswith("valid")} == {}
