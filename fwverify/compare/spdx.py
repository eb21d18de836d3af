"""An SPDX 2.x document in the shape its JSON has, read tolerantly: a bad entry is named and every other one counts.

SPDX specification 2.3 clauses 6 (document), 7 (packages), 8 (files), 11 (relationships) and annex F (external
references), read 2026-11-22. Steps: 1 what the document describes; 2 packages, then files; 3 relationships; 4 what
profiles of minimum elements ask for. Does NOT read snippets, reviews or extracted licences, and follows no external
documents.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice

from fwverify.compare.elements import OF_COMPONENT, OF_DOCUMENT, counted, missing, stated
from fwverify.compare.entries import MAX_TEXT, Entry, Problems, Table, label, table, texts
from fwverify.compare.graph import Graph, check, repeated
from fwverify.compare.interface import Details, Document
from fwverify.compare.source_tree import describes_source
from fwverify.compare.spdx_shape import VALIDATED, problems
from fwverify.model.artifact import Digest, Locator
from fwverify.model.component import Ancestor, DeclaredComponent
from fwverify.model.evidence import FaultKind, SbomObservation

DOCUMENT = "SPDXRef-DOCUMENT"
HASHES = {"MD5": "MD5", "SHA1": "SHA-1", "SHA256": "SHA-256", "SHA384": "SHA-384", "SHA512": "SHA-512"}
"""SPDX names of hash algorithms and CycloneDX', where they differ."""
_UNUSED_HASHES = frozenset({"SHA224", "MD2", "MD4", "MD6", "ADLER32"})
_KINDS = {
    "APPLICATION": "application", "FRAMEWORK": "framework", "LIBRARY": "library", "CONTAINER": "container",
    "OPERATING-SYSTEM": "operating-system", "OPERATING_SYSTEM": "operating-system", "DEVICE": "device",
    "FIRMWARE": "firmware", "FILE": "file", "SOURCE": "source", "ARCHIVE": "archive", "INSTALL": "install",
    "OTHER": "other",
}  # fmt: skip
_AGENT = re.compile(r"(?:Person|Organization|Tool):\s*(.*?)\s*(?:\(([^()]*)\))?\s*", re.DOTALL)
_NOTHING = frozenset({"NONE", "NOASSERTION"})
_DEPENDS = frozenset({"DEPENDS_ON", "HAS_PREREQUISITE", "DYNAMIC_LINK", "STATIC_LINK"})
_NEEDED_BY = frozenset({"DEPENDENCY_OF", "RUNTIME_DEPENDENCY_OF", "OPTIONAL_DEPENDENCY_OF", "PREREQUISITE_FOR",
                        "PROVIDED_DEPENDENCY_OF", "OPTIONAL_COMPONENT_OF"})  # fmt: skip
_CONTAINS = frozenset({"CONTAINS", "DESCRIBES"})
_PART_OF = frozenset({"CONTAINED_BY", "DESCRIBED_BY", "PACKAGE_OF", "DATA_FILE_OF"})
_NOT_SHIPPED = frozenset({"BUILD_DEPENDENCY_OF", "BUILD_TOOL_OF", "DEV_DEPENDENCY_OF", "DEV_TOOL_OF",
                          "TEST_DEPENDENCY_OF", "TEST_TOOL_OF", "TEST_OF", "TEST_CASE_OF"})  # fmt: skip
_MADE_FROM = frozenset({"GENERATED_FROM", "DESCENDANT_OF", "COPY_OF", "VARIANT_OF"})
_MAX_FILES = 200
"""Files of one package that are kept as its paths."""
_MAX_ERRORS = 10


@dataclass(slots=True)
class _Reading:
    problems: Problems = field(default_factory=Problems)
    graph: Graph = field(default_factory=lambda: Graph(
        subject=DOCUMENT, foreign=("DocumentRef-",), place="/relationships", duplicates="/packages", reference="SPDXID"
    ))  # fmt: skip
    entries: list[Entry] = field(default_factory=list)
    components: list[DeclaredComponent] = field(default_factory=list)
    excluded: set[str] = field(default_factory=set)
    external: set[str] = field(default_factory=set)
    made_from: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    complete: set[str] = field(default_factory=set)


def read(data: Table, locator: Locator) -> Document:
    """See the module's steps 1 to 4.

    Args:
        data: the document.
        locator: where it lies.
    """
    reading = _Reading()
    version = data.get("spdxVersion")
    stated = version[:MAX_TEXT] if isinstance(version, str) else ""
    errors = tuple(f"{place}: {text}" for place, text in islice(problems(data), _MAX_ERRORS))
    _relate(data, reading)  # 3, needed by 2
    top = Entry(data, "")
    packages = [Entry(one, f"/packages/{index}") for index, one in enumerate(top.tables("packages"))]
    subject = _subject(packages, reading)  # 1
    described = Entry(table(subject.table), subject.pointer) if subject else Entry({}, "/documentDescribes")
    held = _files(data, reading)
    for entry in packages:  # 2
        if entry is not subject:
            reading.components.append(_package(entry, held, reading))
            reading.entries.append(entry)
    for index, one in enumerate(top.tables("files")):
        entry = Entry(one, f"/files/{index}")
        reading.components.append(_file(entry))
        reading.entries.append(entry)
    top.report(reading.problems)
    _derive(reading)
    details = tuple(_details(reading))
    observation = SbomObservation(
        locator=locator,
        format="SPDX",
        spec_version=stated.removeprefix("SPDX-"),
        schema_valid=not errors if stated in VALIDATED else None,
        schema_errors=errors if stated in VALIDATED else (),
        problems=(),
        subject_name=described.text("name"),
        subject_version=described.text("versionInfo"),
        subject_vendor=_agent(described.text("supplier"))[0] or _agent(described.text("originator"))[0],
        subject_hashes=_hashes(described),
        components=len(reading.components),
    )
    described.report(reading.problems)
    _check(data, subject, reading)
    lacking = [
        (label(one.name, one.version), each.lacks) for one, each in zip(reading.components, details, strict=True)
    ]
    observation = replace(
        observation,
        problems=reading.problems.all(),
        faults=tuple(reading.problems.faults),
        elements=counted(_document_lacks(data, subject), lacking),  # 4
        source_tree=_source(reading),
        relations=reading.graph.relations,
    )
    return Document(observation, tuple(reading.components), details)


def _subject(packages: list[Entry], reading: _Reading) -> Entry | None:
    """The one package that the document describes. Several of them are components like all others."""
    described = {other for one, other in reading.graph.contains if one == DOCUMENT}
    found = [one for one in packages if one.table.get("SPDXID") in described]
    return found[0] if len(found) == 1 and len(described) == 1 else None


# --- packages and files ------------------------------------------------------------------------------------------


def _package(entry: Entry, held: dict[str, list[str]], reading: _Reading) -> DeclaredComponent:
    name, version, own = entry.text("name"), _said(entry.text("versionInfo")), entry.text("SPDXID")
    if not name:
        entry.bad("no name")
    purls, cpes = _references(entry, version)
    purpose = entry.text("primaryPackagePurpose")
    found = DeclaredComponent(
        name=name,
        version=version,
        purl=purls[0] if purls else "",
        cpe=cpes[0] if cpes else "",
        kind=_KINDS.get(purpose, "library") if purpose else "library",
        bom_ref=own,
        hashes=_hashes(entry),
        paths=tuple(sorted(set(held.get(own, ())))[:_MAX_FILES]),
        scope="excluded" if own in reading.excluded else "",
        supplier=_agent(entry.text("supplier"))[0] or _agent(entry.text("originator"))[0],
        licences=tuple(sorted(set(_licences(entry)))),
        external=own in reading.external,
        aliases=tuple(sorted({*purls[1:], *cpes[1:]})),
    )
    return replace(found, problem=entry.told()) if entry.wrong else found


def _file(entry: Entry) -> DeclaredComponent:
    name = entry.text("fileName")
    if not name:
        entry.bad("no fileName")
    found = DeclaredComponent(
        name=name,
        version="",
        kind="file",
        bom_ref=entry.text("SPDXID"),
        hashes=_hashes(entry),
        paths=(name,) if name else (),
        licences=tuple(sorted(set(_licences(entry)))),
    )
    return replace(found, problem=entry.told()) if entry.wrong else found


def _files(data: Table, reading: _Reading) -> dict[str, list[str]]:
    """SPDXID of a package -> names of the files it contains."""
    names = {}
    for one in Entry(data, "").tables("files"):
        own, name = one.get("SPDXID"), one.get("fileName")
        if isinstance(own, str) and isinstance(name, str):
            names[own] = name[:MAX_TEXT]
    held: dict[str, list[str]] = defaultdict(list)
    for holder, part in reading.graph.contains:
        if part in names:
            held[holder].append(names[part])
    return held


def _said(text: str) -> str:
    return "" if text in _NOTHING else text


def _agent(text: str) -> tuple[str, str]:
    """Name and contact of `Organization: NAME (CONTACT)`."""
    found = _AGENT.fullmatch(text[:MAX_TEXT])
    return (found[1], found[2] or "") if found else ("", "")


def _hashes(entry: Entry) -> tuple[Digest, ...]:
    found = (
        entry.digest(one.get("algorithm"), one.get("checksumValue"), HASHES)
        for one in entry.tables("checksums")
        if one.get("algorithm") not in _UNUSED_HASHES
    )
    return tuple(sorted({one for one in found if one is not None}))


def _references(entry: Entry, version: str) -> tuple[list[str], list[str]]:
    """Package URLs and CPE names among the external references, in order."""
    purls, cpes = [], []
    for one in entry.tables("externalRefs"):
        kind, locator = one.get("referenceType"), one.get("referenceLocator")
        if not isinstance(kind, str) or not isinstance(locator, str):
            entry.bad("an external reference without type or locator")
        elif kind.rsplit("/", 1)[-1] == "purl":
            purls.append(entry.purl(locator[:MAX_TEXT], version))
        elif kind.rsplit("/", 1)[-1] in ("cpe23Type", "cpe22Type"):
            cpes.append(entry.cpe(locator[:MAX_TEXT], version))
    return [one for one in purls if one], [one for one in cpes if one]


def _licences(entry: Entry) -> Iterator[str]:
    for key in ("licenseConcluded", "licenseDeclared"):
        text = entry.text(key)
        if text and text not in _NOTHING:
            yield text


# --- relationships -----------------------------------------------------------------------------------------------


def _relate(data: Table, reading: _Reading) -> None:
    top = Entry(data, "/relationships")
    graph = reading.graph
    graph.contains.extend((DOCUMENT, one) for one in texts(data.get("documentDescribes")))
    for package in Entry(data, "").tables("packages"):
        own = package.get("SPDXID")
        if isinstance(own, str):
            graph.contains.extend((own, one) for one in texts(package.get("hasFiles")))
    for row in top.tables("relationships"):
        one, kind, other = row.get("spdxElementId"), row.get("relationshipType"), row.get("relatedSpdxElement")
        if isinstance(one, str) and isinstance(kind, str) and isinstance(other, str):
            _relation(one, kind, other, reading)
        else:
            top.bad("a relationship without its ends or type")
    top.report(reading.problems)


def _relation(one: str, kind: str, other: str, reading: _Reading) -> None:
    if kind in _DEPENDS:
        reading.graph.listed.add(one)
    if other in _NOTHING or one in _NOTHING:
        if kind in _DEPENDS | _CONTAINS:
            reading.complete.add(one)
        return
    if kind in _CONTAINS | _PART_OF:
        reading.graph.contains.append((one, other) if kind in _CONTAINS else (other, one))
    elif kind in _DEPENDS | _MADE_FROM:
        reading.graph.edges.append((one, other))
    elif kind in _NEEDED_BY | _NOT_SHIPPED:
        reading.graph.edges.append((other, one))
    _note(one, kind, other, reading)


def _note(one: str, kind: str, other: str, reading: _Reading) -> None:
    """What a relationship says about the entry it begins with."""
    if kind in _NOT_SHIPPED:
        reading.excluded.add(one)
    if kind in _MADE_FROM:
        reading.made_from[one].append(other)
    if kind == "PROVIDED_DEPENDENCY_OF":
        reading.external.add(one)


def _derive(reading: _Reading) -> None:
    """Turn references of what was made from what into ancestors."""
    known = {one.bom_ref: one for one in reading.components if one.bom_ref}
    for index, one in enumerate(reading.components):
        sources = [known[other] for other in reading.made_from.get(one.bom_ref, ()) if other in known]
        ancestors = tuple(
            sorted({Ancestor(each.name, each.version, each.purl) for each in sources if each.kind != "file"})
        )
        if ancestors:
            reading.components[index] = replace(one, derived_from=ancestors)


def _check(data: Table, subject: Entry | None, reading: _Reading) -> None:
    """References and connection, as for every format."""
    problems, graph = reading.problems, reading.graph
    for entry in reading.entries:
        entry.report(problems)
    graph.given.update([DOCUMENT])
    for key in ("packages", "files", "snippets"):
        own = (one.get("SPDXID") for one in Entry(data, "").tables(key))
        graph.given.update(one for one in own if isinstance(one, str))
    for one in reading.components:
        if one.bom_ref and one.kind != "file":
            graph.nodes.setdefault(one.bom_ref, label(one.name, one.version))
    graph.contains = [edge for edge in graph.contains if edge[0] != edge[1] or edge[0] != DOCUMENT]
    namespace = data.get("documentNamespace")
    if isinstance(namespace, str) and ("#" in namespace or ":" not in namespace):
        problems.add("/documentNamespace", "no URI, or with a fragment", FaultKind.IDENTIFIER)
    check(graph, problems)
    places = zip(reading.components, reading.entries, strict=True)
    repeated(((one.purl, entry.pointer, label(one.name, one.version)) for one, entry in places), problems)


# --- minimum elements --------------------------------------------------------------------------------------------


def _details(reading: _Reading) -> Iterator[Details]:
    graph = reading.graph
    related = {one for edge in (*graph.edges, *graph.contains) for one in edge} | graph.listed
    parents = {other: one for one, other in graph.contains if one != DOCUMENT}
    index = {one.bom_ref: number for number, one in enumerate(reading.components) if one.bom_ref}
    for entry, found in zip(reading.entries, reading.components, strict=True):
        own = found.bom_ref
        contacts = [_agent(str(entry.table.get(key) or ""))[1] for key in ("originator", "supplier")]
        has = stated(found, {one.algorithm for one in found.hashes})
        has["identifier"] = has["identifier"] or _other_identifier(entry)
        has |= {
            "creator-contact": any("@" in one or "://" in one for one in contacts),
            "relationship": own in related,
            "dependencies": own in graph.listed,
            "completeness": own in reading.complete,
            "filename": bool(entry.table.get("packageFileName")),
        }
        # files are parts of packages; what is asked of components is not asked of them
        lacks = () if found.kind == "file" else missing(has, OF_COMPONENT)
        yield Details(entry.pointer, index.get(parents.get(own, ""), -1), lacks)


def _other_identifier(entry: Entry) -> bool:
    kinds = {str(one.get("referenceType")).rsplit("/", 1)[-1] for one in entry.tables("externalRefs")}
    return bool(kinds & {"swid", "gitoid", "swh"})


def _document_lacks(data: Table, subject: Entry | None) -> tuple[str, ...]:
    info = table(data.get("creationInfo"))
    creators = texts(info.get("creators"))
    makers = [one for one in creators if not one.startswith("Tool:")]
    has = {
        "author": bool(makers),
        "author-contact": any("@" in _agent(one)[1] or "://" in _agent(one)[1] for one in makers),
        "timestamp": bool(info.get("created")),
        "tool": any(one.startswith("Tool:") for one in creators),
        "subject": subject is not None,
    }
    return missing(has, OF_DOCUMENT)


def _source(reading: _Reading) -> str:
    """By purposes and files: SPDX 2.x does not say at what stage of making a document was written."""
    marked = [one for one in reading.components if one.kind == "source"]
    if len(marked) >= 3 and 2 * len(marked) >= len(reading.components):
        return f"{len(marked)} of its {len(reading.components)} entries are source packages"
    return describes_source((), reading.components)
