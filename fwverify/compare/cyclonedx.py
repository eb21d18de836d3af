"""A CycloneDX document in the shape its JSON has, read tolerantly: a bad entry is named and every other one counts.

CycloneDX 1.2 to 1.7 (ECMA-424), read 2026-11-22. Steps: 1 subject; 2 components, nested ones flattened, and services;
3 references and relationships; 4 what profiles of minimum elements ask for; 5 signs that the document describes what
the image was built from. Does NOT validate against a schema (the readers in `sboms` do), follows no BOM-Links and
verifies no signatures.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from fwverify.compare.cyclonedx_component import component, contact, lacks, service, supplier
from fwverify.compare.elements import OF_DOCUMENT, counted, missing
from fwverify.compare.entries import MAX_TEXT, Entry, Problems, Table, label, table, texts
from fwverify.compare.graph import Graph, check, repeated
from fwverify.compare.interface import Details, Document
from fwverify.compare.source_tree import describes_source
from fwverify.formats.strict_json import Value
from fwverify.model.artifact import Digest, Locator
from fwverify.model.component import DeclaredComponent
from fwverify.model.evidence import FaultKind, SbomObservation

_SERIAL = re.compile(r"urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)")
_ANONYMOUS = "\0"
"""Begins the key of an entry without bom-ref in the graph: no reference can be equal to it."""


@dataclass(slots=True)
class _Reading:
    """What is known of a document while it is read."""

    problems: Problems
    graph: Graph
    components: list[DeclaredComponent] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    parents: list[int] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)


def read(data: Table, locator: Locator, version: str, valid: bool | None, errors: tuple[str, ...]) -> Document:
    """See the module's steps 1 to 5.

    Args:
        data: the document.
        locator: where it lies.
        version: its specification version.
        valid: whether it fits the schema of that version; None: not known.
        errors: of the schema.
    """
    reading = _Reading(Problems(), Graph(foreign=("urn:cdx:",)))
    if not version:
        reading.problems.add("/specVersion", "missing or not a text")
    metadata = table(data.get("metadata"))
    subject = Entry(table(metadata.get("component")), "/metadata/component")
    observation = SbomObservation(
        locator=locator,
        format="CycloneDX",
        spec_version=version[:MAX_TEXT],
        schema_valid=valid,
        schema_errors=errors,
        problems=(),
        subject_name=subject.text("name"),  # 1
        subject_version=subject.text("version"),
        subject_vendor=supplier(subject.table) or _makers(metadata),
        subject_hashes=_subject_hashes(subject),
        components=0,
    )
    _read_components(data, subject, reading)  # 2
    _read_services(data, reading)
    subject.report(reading.problems)
    _relate(data, subject, reading)  # 3
    details = tuple(_details(reading, _compositions(data)))  # 4
    names = [
        (label(one.name, one.version), detail.lacks) for one, detail in zip(reading.components, details, strict=True)
    ]
    observation = replace(
        observation,
        components=len(reading.components),
        problems=reading.problems.all(),
        faults=tuple(reading.problems.faults),
        elements=counted(_document_lacks(data, metadata, subject), names),
        source_tree=describes_source(_phases(metadata), reading.components),  # 5
        relations=reading.graph.relations,
    )
    return Document(observation, tuple(reading.components), details)


def _makers(metadata: Table) -> str:
    """The document's own supplier or manufacturer."""
    named = (table(metadata.get(key)).get("name") for key in ("supplier", "manufacturer", "manufacture"))
    return next((one[:MAX_TEXT] for one in named if isinstance(one, str) and one), "")


def _subject_hashes(subject: Entry) -> tuple[Digest, ...]:
    found = (subject.digest(one.get("alg"), one.get("content")) for one in subject.tables("hashes"))
    return tuple(sorted({one for one in found if one is not None}))


# --- components and services -------------------------------------------------------------------------------------


def _read_components(data: Table, subject: Entry, reading: _Reading) -> None:
    """All declared components in document order, the subject's own parts first.

    The subject repeated among them is the image itself, not a part of it.
    """
    waiting = [(one, -1) for one in reversed([*_children(subject, reading), *_children(Entry(data, ""), reading)])]
    while waiting:
        entry, parent = waiting.pop()
        own = parent
        if not _repeats(entry.table, subject.table):
            own = len(reading.components)
            reading.components.append(component(entry))
            reading.entries.append(entry)
            reading.parents.append(parent)
        waiting.extend((one, own) for one in reversed(_children(entry, reading)))


def _read_services(data: Table, reading: _Reading) -> None:
    waiting = [(one, -1) for one in reversed(_children(Entry(data, ""), reading, "services"))]
    while waiting:
        entry, parent = waiting.pop()
        own = len(reading.components)
        reading.components.append(service(entry))
        reading.entries.append(entry)
        reading.parents.append(parent)
        waiting.extend((one, own) for one in reversed(_children(entry, reading, "services")))


def _children(entry: Entry, reading: _Reading, key: str = "components") -> list[Entry]:
    value = entry.table.get(key)
    if value is None:
        return []
    pointer = f"{entry.pointer}/{key}"
    if not isinstance(value, list):
        reading.problems.add(pointer, "not a list")
        return []
    found = []
    for index, one in enumerate(value):
        if isinstance(one, dict):
            found.append(Entry(one, f"{pointer}/{index}"))
        else:
            reading.problems.add(f"{pointer}/{index}", "not an object")
    return found


def _repeats(entry: Table, subject: Table) -> bool:
    if not subject or entry.get("type") != subject.get("type"):
        return False
    reference = subject.get("bom-ref")
    if isinstance(reference, str) and entry.get("bom-ref") == reference:
        return True
    names = [(one.get("name"), one.get("version"), one.get("group")) for one in (entry, subject)]
    return entry.get("type") == "firmware" and names[0] == names[1]


# --- relationships -----------------------------------------------------------------------------------------------


def _relate(data: Table, subject: Entry, reading: _Reading) -> None:
    """Serial number, references, relationships and repeated identities."""
    problems, graph = reading.problems, reading.graph
    for entry in reading.entries:
        entry.report(problems)
    serial = data.get("serialNumber")
    if serial is not None and not (isinstance(serial, str) and _SERIAL.fullmatch(serial)):
        problems.add("/serialNumber", "not urn:uuid: and a UUID", FaultKind.IDENTIFIER)
    graph.given.update(_references(data))
    graph.subject = subject.text("bom-ref") if subject.table else ""
    for index, one in enumerate(reading.components):
        key = one.bom_ref or f"{_ANONYMOUS}{index}"
        reading.keys.append(key)
        graph.nodes.setdefault(key, label(one.name, one.version))
    for index, parent in enumerate(reading.parents):
        holder = reading.keys[parent] if parent >= 0 else ""
        if not holder and reading.entries[index].pointer.startswith("/metadata/"):
            holder = graph.subject
        if holder:
            graph.contains.append((holder, reading.keys[index]))
    _dependencies(data, reading)
    check(graph, problems)
    repeated(
        (
            (one.purl, entry.pointer, label(one.name, one.version))
            for one, entry in zip(reading.components, reading.entries, strict=True)
        ),
        problems,
    )


def _dependencies(data: Table, reading: _Reading) -> None:
    top = Entry(data, "/dependencies")
    for one in top.tables("dependencies"):
        reference = one.get("ref")
        if not isinstance(reference, str):
            continue
        reading.graph.listed.add(reference)
        for key in ("dependsOn", "provides"):
            reading.graph.edges.extend((reference, other) for other in texts(one.get(key)))
    top.report(reading.problems)


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


# --- minimum elements --------------------------------------------------------------------------------------------


def _compositions(data: Table) -> frozenset[str] | None:
    """References whose completeness is stated; None where one statement is about everything."""
    found: set[str] = set()
    for one in Entry(data, "").tables("compositions"):
        if not isinstance(one.get("aggregate"), str):
            continue
        named = [*texts(one.get("assemblies")), *texts(one.get("dependencies"))]
        if not named:
            return None
        found.update(named)
    return frozenset(found)


def _details(reading: _Reading, complete: frozenset[str] | None) -> Iterator[Details]:
    graph = reading.graph
    related = {one for edge in (*graph.edges, *graph.contains) for one in edge} | graph.listed
    for index, (entry, found) in enumerate(zip(reading.entries, reading.components, strict=True)):
        key = reading.keys[index]
        absent = list(lacks(entry, found))
        for element, stated in (
            ("relationship", key in related),
            ("dependencies", key in graph.listed),
            ("completeness", complete is None or key in complete),
        ):
            if not stated:
                absent.append(element)
        yield Details(entry.pointer, reading.parents[index], tuple(absent))


def _document_lacks(data: Table, metadata: Table, subject: Entry) -> tuple[str, ...]:
    makers = [metadata.get(key) for key in ("manufacturer", "manufacture", "supplier")]
    authors = list(Entry(metadata, "/metadata").tables("authors"))
    stamp = metadata.get("timestamp")
    has = {
        "author": bool(authors or any(makers[:2])),
        "author-contact": any(map(contact, makers)) or any(isinstance(one.get("email"), str) for one in authors),
        "timestamp": isinstance(stamp, str) and _TIMESTAMP.fullmatch(stamp) is not None,
        "tool": _has_tool(metadata.get("tools")),
        "generation-context": bool(_phases(metadata)),
        "subject": bool(subject.table.get("name")),
    }
    return missing(has, OF_DOCUMENT)


def _has_tool(tools: Value) -> bool:
    """A list of tools up to 1.4; components and services from 1.5."""
    listed = tools if isinstance(tools, list) else [
        one for key in ("components", "services") for one in Entry(table(tools), "").tables(key)
    ]  # fmt: skip
    return any(isinstance(one, dict) and one.get("name") for one in listed)


def _phases(metadata: Table) -> list[str]:
    """`metadata.lifecycles`: phases, or names of phases of one's own."""
    found = [one.get("phase") or one.get("name") for one in Entry(metadata, "/metadata").tables("lifecycles")]
    return [one for one in found if isinstance(one, str) and one]
