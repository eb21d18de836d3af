"""CycloneDX bills of materials in JSON, read tolerantly: a bad entry is named and every other one still counts.

CycloneDX 1.4, 1.5, 1.6 JSON (ECMA-424, June 2024) with the schemas of cyclonedx.org, read 2026-11-22.
Steps: 1 bounded, strict JSON; 2 the document against its own version's schema; 3 subject; 4 components, nested
ones flattened; 5 references. Does NOT read services, vulnerabilities, licences, pedigree, compositions or formulation,
does not follow BOM-Links, and does not verify JSF signatures. Versions other than 1.4 to 1.6 are read and not
validated.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING

from fwverify.compare.identifiers import cpe_product, declared_digest, parsed_purl
from fwverify.compare.interface import Document, SbomFormat
from fwverify.compare.versions import same_version
from fwverify.formats.sbom_kinds import looks_like_sbom
from fwverify.formats.strict_json import Value, load
from fwverify.model.artifact import Artifact, Digest
from fwverify.model.component import DeclaredComponent
from fwverify.model.evidence import SbomObservation
from fwverify.model.examining import Malformed
from fwverify.model.plugin import Doc

if TYPE_CHECKING:
    from jsonschema_rs import ValidationError, Validator

    from fwverify.model.canonical import Json

Table = dict[str, Value]

VALIDATED = ("1.4", "1.5", "1.6")
"""Versions whose schema decides `schema_valid`."""
KINDS = frozenset(
    {"application", "framework", "library", "container", "platform", "operating-system", "device", "firmware", "file"}
    | {"device-driver", "machine-learning-model", "data", "cryptographic-asset"}
)
SCOPES = frozenset({"", "required", "optional", "excluded"})
_SERIAL = re.compile(r"urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_MAX_TEXT = 1024
"""Characters kept of a name, version or reference. Longer ones are cut, and that is a problem of the entry."""
_MAX_PROBLEMS = 1000
"""Problems listed; one more line tells how many there are beyond."""
_MAX_ERRORS = 10
_MAX_ERROR_TEXT = 200
_ALL_ERRORS_BYTES = 1 << 19
"""Up to this size all schema errors are collected and ten shown; above, only the first: each costs 30 us."""


@dataclass(slots=True)
class _Problems:
    """What is wrong with the document, in the order it is met."""

    texts: list[str] = field(default_factory=list)
    more: int = 0

    def add(self, pointer: str, text: str) -> None:
        if len(self.texts) < _MAX_PROBLEMS:
            self.texts.append(f"{pointer}: {text}")
        else:
            self.more += 1

    def all(self) -> tuple[str, ...]:
        return (*self.texts, *([f"and {self.more} more problems"] if self.more else []))


@dataclass(slots=True)
class _Entry:
    """One component being read: its JSON, its place and what is wrong with it."""

    table: Table
    pointer: str
    wrong: list[str] = field(default_factory=list)

    def text(self, key: str) -> str:
        value = self.table.get(key)
        if value is None:
            return ""
        if not isinstance(value, str):
            self.wrong.append(f"{key} is not a text")
            return ""
        if len(value) > _MAX_TEXT:
            self.wrong.append(f"{key} has {len(value)} characters and was cut")
        return value[:_MAX_TEXT]

    def tables(self, key: str) -> Iterator[Table]:
        """The objects of a list; everything else is a problem."""
        value = self.table.get(key)
        if value is None:
            return
        if not isinstance(value, list):
            self.wrong.append(f"{key} is not a list")
            return
        for one in value:
            if isinstance(one, dict):
                yield one
            else:
                self.wrong.append(f"{key} holds something that is not an object")


def read(artifact: Artifact) -> Document:
    """Read one document.

    Raises:
        Malformed: not a CycloneDX JSON document at all.
        LimitExceeded: too large.
    """
    data = load(artifact.content, "CycloneDX")  # 1
    if not isinstance(data, dict) or data.get("bomFormat") != "CycloneDX":
        raise Malformed("CycloneDX", "no object with bomFormat CycloneDX")
    problems = _Problems()
    version = data.get("specVersion")
    if not isinstance(version, str):
        problems.add("/specVersion", "missing or not a text")
        version = ""
    valid, errors = validated(data, version, artifact.size)  # 2
    subject = _Entry(_table(_table(data.get("metadata")).get("component")), "/metadata/component")
    components = tuple(_components(data, subject, problems))  # 4
    observation = SbomObservation(
        locator=artifact.locator,
        format="CycloneDX",
        spec_version=version[:_MAX_TEXT],
        schema_valid=valid,
        schema_errors=errors,
        problems=(),
        subject_name=subject.text("name"),  # 3
        subject_version=subject.text("version"),
        subject_vendor=_vendor(subject.table, _table(data.get("metadata"))),
        subject_hashes=_hashes(subject),
        components=len(components),
    )
    for one in subject.wrong:
        problems.add(subject.pointer, one)
    _check_references(data, problems)  # 5
    return Document(replace(observation, problems=problems.all()), components)


def _table(value: Value | None) -> Table:
    return value if isinstance(value, dict) else {}


def _vendor(component: Table, metadata: Table) -> str:
    """First of supplier, manufacturer, publisher, group; then the document's own supplier or manufacturer."""
    candidates = (
        _table(component.get("supplier")).get("name"),
        _table(component.get("manufacturer")).get("name"),
        component.get("publisher"),
        component.get("group"),
        _table(metadata.get("supplier")).get("name"),
        _table(metadata.get("manufacture")).get("name"),
    )
    return next((one[:_MAX_TEXT] for one in candidates if isinstance(one, str) and one), "")


def _components(data: Table, subject: _Entry, problems: _Problems) -> Iterator[DeclaredComponent]:
    """All declared components in document order, the subject's own parts first.

    The subject repeated among them is the image itself, not a part of it.
    """
    roots = [*_children(subject, problems), *_children(_Entry(data, ""), problems)]
    waiting = roots[::-1]
    while waiting:
        entry = waiting.pop()
        waiting.extend(reversed(_children(entry, problems)))
        if not _repeats(entry.table, subject.table):
            yield _component(entry, problems)


def _children(entry: _Entry, problems: _Problems) -> list[_Entry]:
    value = entry.table.get("components")
    if value is None:
        return []
    pointer = f"{entry.pointer}/components"
    if not isinstance(value, list):
        problems.add(pointer, "not a list")
        return []
    found = []
    for index, one in enumerate(value):
        if isinstance(one, dict):
            found.append(_Entry(one, f"{pointer}/{index}"))
        else:
            problems.add(f"{pointer}/{index}", "not an object")
    return found


def _repeats(entry: Table, subject: Table) -> bool:
    if not subject or entry.get("type") != subject.get("type"):
        return False
    reference = subject.get("bom-ref")
    if isinstance(reference, str) and entry.get("bom-ref") == reference:
        return True
    names = [(one.get("name"), one.get("version"), one.get("group")) for one in (entry, subject)]
    return entry.get("type") == "firmware" and names[0] == names[1]


def _component(entry: _Entry, problems: _Problems) -> DeclaredComponent:
    name, kind, scope = entry.text("name"), entry.text("type"), entry.text("scope")
    if entry.table.get("name") in (None, ""):
        entry.wrong.append("no name")
    if kind not in KINDS:
        entry.wrong.append(f"unknown type {kind[:40]!r}" if kind else "no type")
    if scope not in SCOPES:
        entry.wrong.append(f"unknown scope {scope[:40]!r}")
    version = entry.text("version")
    found = DeclaredComponent(
        name=name,
        version=version,
        purl=_purl(entry, version),
        cpe=_cpe(entry),
        kind=kind if kind in KINDS else "",
        bom_ref=entry.text("bom-ref"),
        hashes=_hashes(entry),
        paths=_paths(entry, name if kind == "file" else ""),
        scope=scope if scope in SCOPES else "",
    )
    for one in entry.wrong:
        problems.add(entry.pointer, one)
    return replace(found, problem="; ".join(entry.wrong[:_MAX_ERRORS])) if entry.wrong else found


def _purl(entry: _Entry, version: str) -> str:
    text = entry.text("purl")
    if not text:
        return ""
    parts = parsed_purl(text)
    if parts is None:
        entry.wrong.append(f"bad purl {text[:80]!r}")
        return ""
    if same_version(version, parts.version, parts.type) is False:
        entry.wrong.append(f"version {version[:40]!r} and its purl's {parts.version[:40]!r} differ")
    return text


def _cpe(entry: _Entry) -> str:
    text = entry.text("cpe")
    if text and cpe_product(text) is None:
        entry.wrong.append(f"bad CPE name {text[:80]!r}")
        return ""
    return text


def _hashes(entry: _Entry) -> tuple[Digest, ...]:
    found = set()
    for one in entry.tables("hashes"):
        algorithm, value = one.get("alg"), one.get("content")
        if not isinstance(algorithm, str) or not isinstance(value, str):
            entry.wrong.append("a hash without algorithm or value")
            continue
        digest = declared_digest(algorithm, value)
        if isinstance(digest, Digest):
            found.add(digest)
        else:
            entry.wrong.append(digest)
    return tuple(sorted(found))


def _paths(entry: _Entry, file_name: str) -> tuple[str, ...]:
    evidence = entry.table.get("evidence")
    found = {file_name} if file_name else set()
    if evidence is None:
        return tuple(found)
    if not isinstance(evidence, dict):
        entry.wrong.append("evidence is not an object")
        return tuple(found)
    inner = _Entry(evidence, entry.pointer, entry.wrong)
    for one in inner.tables("occurrences"):
        found.add(_Entry(one, entry.pointer, entry.wrong).text("location"))
    return tuple(sorted(found - {""}))


def _check_references(data: Table, problems: _Problems) -> None:
    """Serial number, duplicate `bom-ref`s, dependencies on nothing."""
    serial = data.get("serialNumber")
    if serial is not None and not (isinstance(serial, str) and _SERIAL.fullmatch(serial)):
        problems.add("/serialNumber", "not urn:uuid: and a UUID")
    references = Counter(_references(data))
    for name in sorted(name for name, times in references.items() if times > 1):
        problems.add("/", f"bom-ref {name[:80]!r} is given {references[name]} times")
    top = _Entry(data, "/dependencies")
    for one in top.tables("dependencies"):
        for name in _named(one):
            if name not in references and not name.startswith("urn:cdx:"):
                problems.add(top.pointer, f"{name[:80]!r} is no bom-ref of this document")
    for text in top.wrong:
        problems.add(top.pointer, text)


def _named(dependency: Table) -> list[str]:
    listed = [dependency.get("ref")]
    for key in ("dependsOn", "provides"):
        value = dependency.get(key)
        listed.extend(value if isinstance(value, list) else [])
    return [one for one in listed if isinstance(one, str)]


def _references(data: Table) -> Iterator[str]:
    """Every `bom-ref` anywhere in the document."""
    waiting: list[Value] = [data]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            name = value.get("bom-ref")
            if isinstance(name, str):
                yield name
            waiting.extend(one for one in value.values() if isinstance(one, dict | list))
        elif isinstance(value, list):
            waiting.extend(one for one in value if isinstance(one, dict | list))


def validated(data: Table, version: str, size: int) -> tuple[bool | None, tuple[str, ...]]:
    """Whether the document fits its own version's schema, and at most ten errors in order of their place."""
    validator = _validator(version) if version in VALIDATED else None
    if validator is None:
        return None, ()
    if validator.is_valid(data):
        return True, ()
    if size > _ALL_ERRORS_BYTES:
        return False, _first_error(validator, data)
    errors = sorted((list(map(str, one.instance_path)), _described(one)) for one in validator.iter_errors(data))
    return False, tuple(text for _, text in errors[:_MAX_ERRORS])


def _first_error(validator: Validator, data: Table) -> tuple[str, ...]:
    from jsonschema_rs import ValidationError

    try:
        validator.validate(data)
    except ValidationError as problem:
        return (_described(problem),)
    return ()


def _described(error: ValidationError) -> str:
    steps = (str(one).replace("~", "~0").replace("/", "~1") for one in error.instance_path)
    pointer = "".join(f"/{one[:_MAX_ERROR_TEXT]}" for one in steps)
    return f"{pointer or '/'}: {error.message[:_MAX_ERROR_TEXT]}"


@cache
def _validator(version: str) -> Validator | None:
    """The schema as the cyclonedx package ships it, found without importing that package; None when it is not there."""
    import json
    from importlib.util import find_spec
    from pathlib import Path

    import jsonschema_rs

    spec = find_spec("cyclonedx")
    if spec is None or not spec.submodule_search_locations:
        return None
    folder = Path(next(iter(spec.submodule_search_locations))) / "schema" / "_res"
    names = [f"bom-{version}.SNAPSHOT.schema.json", "spdx.SNAPSHOT.schema.json", "jsf-0.82.SNAPSHOT.schema.json"]
    if not all((folder / name).is_file() for name in names):
        return None
    schemas: list[dict[str, Json]] = [json.loads((folder / name).read_text("utf-8")) for name in names]
    parts = [(f"http://cyclonedx.org/schema/{name}", schema) for name, schema in zip(names, schemas, strict=True)]
    return jsonschema_rs.validator_for(
        schemas[0],
        registry=jsonschema_rs.Registry(parts[1:]),
        validate_formats=True,
        mask="the value",
        offline=True,
    )


def _detect(artifact: Artifact) -> bool:
    return looks_like_sbom(artifact.content) == "CycloneDX JSON"


SBOM_FORMAT = SbomFormat(
    name="cyclonedx-json",
    detect=_detect,
    read=read,
    doc=Doc(
        title="CycloneDX in JSON",
        vendor="OWASP Foundation, Ecma International",
        references=("ECMA-424 (CycloneDX 1.6), read 2026-11-22", "https://cyclonedx.org/docs/1.6/json/"),
        limitations=(
            "validated against the schema for versions 1.4, 1.5 and 1.6; other versions are read without",
            "services, vulnerabilities, licences, pedigree, compositions and formulation are not read",
            "JSF signatures inside the document are not verified",
            "references to other documents (BOM-Link) are not followed",
        ),
    ),
)
