"""SPDX 3.0 documents in JSON-LD, in the form the specification's own context fixes.

SPDX specification 3.0.1 (core, software, simple licensing and lifecycle profiles; serialisation annex: one context, one
`@graph`), read 2026-11-22. Steps: 1 bounded, strict JSON; 2 elements by their identifiers; 3 what the document is
about; 4 packages and files; 5 relationships; 6 what profiles of minimum elements ask for; 7 what the model demands
(`spdx3_shape`).
Does NOT expand other contexts (a document with its own terms is read as far as it uses SPDX's, and not validated), and
reads no AI, dataset, build or security profile.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from fwverify.compare.elements import OF_COMPONENT, OF_DOCUMENT, counted, missing, stated
from fwverify.compare.entries import MAX_TEXT, Entry, Problems, Table, label, table, texts
from fwverify.compare.graph import Graph, check, repeated
from fwverify.compare.interface import Details, Document, SbomFormat
from fwverify.compare.source_tree import describes_source
from fwverify.compare.spdx3_shape import validated
from fwverify.formats.sbom_kinds import looks_like_sbom
from fwverify.formats.strict_json import Value, load
from fwverify.model.artifact import Artifact, Digest
from fwverify.model.component import Ancestor, DeclaredComponent
from fwverify.model.evidence import SbomObservation
from fwverify.model.examining import Malformed
from fwverify.model.plugin import Doc

WHAT = "SPDX"
_HASHES = {
    "md5": "MD5", "sha1": "SHA-1", "sha256": "SHA-256", "sha384": "SHA-384", "sha512": "SHA-512",
    "sha3_256": "SHA3-256", "sha3_384": "SHA3-384", "sha3_512": "SHA3-512", "blake2b256": "BLAKE2b-256",
    "blake2b384": "BLAKE2b-384", "blake2b512": "BLAKE2b-512", "blake3": "BLAKE3",
}  # fmt: skip
"""SPDX 3 names of hash algorithms and CycloneDX'."""
_UNUSED_HASHES = frozenset({"sha224", "sha3_224", "md2", "md4", "md6", "adler32", "crystalsKyber", "crystalsDilithium",
                            "falcon", "other"})  # fmt: skip
_KINDS = {"operatingSystem": "operating-system", "deviceDriver": "device-driver", "model": "machine-learning-model"}
_PLAIN_KINDS = frozenset({"application", "container", "device", "file", "firmware", "framework", "library", "platform"})
_DEPENDS = frozenset({"dependsOn", "hasDynamicLink", "hasStaticLink", "hasPrerequisite", "hasOptionalDependency",
                      "hasProvidedDependency", "hasOptionalComponent"})  # fmt: skip
_CONTAINS = frozenset({"contains", "describes"})
_MADE_FROM = frozenset({"descendantOf"})
_NOT_SHIPPED = frozenset({"build", "development", "test", "design"})
_LICENCE = frozenset({"hasDeclaredLicense", "hasConcludedLicense"})
_NOTHING = ("NoneElement", "NoAssertionElement", "NoneLicense", "NoAssertionLicense")
_TOP = "\0document"


@dataclass(slots=True)
class _Relation:
    kind: str
    source: str
    targets: list[str]
    scope: str


@dataclass(slots=True)
class _Reading:
    elements: dict[str, Table] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    by_type: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    problems: Problems = field(default_factory=Problems)
    graph: Graph = field(
        default_factory=lambda: Graph(subject=_TOP, place="/@graph", duplicates="/@graph", reference="spdxId")
    )
    licences: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    files: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    artifacts: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    excluded: set[str] = field(default_factory=set)
    external: set[str] = field(default_factory=set)
    made_from: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    complete: set[str] = field(default_factory=set)

    def of(self, *kinds: str) -> list[str]:
        return [one for kind in kinds for one in self.by_type.get(kind, ())]

    def entry(self, own: str) -> Entry:
        return Entry(self.elements[own], self.places[own])


def read(artifact: Artifact) -> Document:
    """Read one document. See the module's steps 1 to 6.

    Raises:
        Malformed: not an SPDX 3 JSON-LD document at all.
        LimitExceeded: too large.
    """
    data = load(artifact.content, WHAT)  # 1
    context = data.get("@context") if isinstance(data, dict) else None
    first = next(iter(texts(context)), "")
    if not isinstance(data, dict) or not first.startswith("https://spdx.org/rdf/3"):
        raise Malformed(WHAT, "no object with a context of SPDX 3")
    reading = _Reading()
    _collect(data, reading)  # 2
    subject = _subject(reading)  # 3
    _relate(reading)  # 5, needed by 4
    order = [one for one in reading.of("software_Package", "software_File") if one != subject]
    entries = [reading.entry(one) for one in order]
    components = [_component(one, entry, reading) for one, entry in zip(order, entries, strict=True)]  # 4
    components = _derived(components, reading)
    details = tuple(_details(reading, components, entries))
    valid, errors = validated(data)  # 7
    about = reading.entry(subject) if subject else Entry({}, "/@graph")
    observation = SbomObservation(
        locator=artifact.locator,
        format="SPDX",
        spec_version=_version(reading) or first.removeprefix("https://spdx.org/rdf/").split("/", 1)[0],
        schema_valid=valid,
        schema_errors=errors,
        problems=(),
        subject_name=about.text("name"),
        subject_version=about.text("software_packageVersion"),
        subject_vendor=_supplier(about, reading),
        subject_hashes=_hashes(about, reading),
        components=len(components),
    )
    _check(reading, components, entries)
    about.report(reading.problems)
    pairs = zip(components, details, strict=True)
    lacking = [(label(one.name, one.version), each.lacks) for one, each in pairs if one.kind != "file"]
    observation = replace(
        observation,
        problems=reading.problems.all(),
        faults=tuple(reading.problems.faults),
        elements=counted(_document_lacks(reading, subject), lacking),  # 6
        source_tree=describes_source(_types(reading), components),
        relations=reading.graph.relations,
    )
    return Document(observation, tuple(components), details)


def _collect(data: Table, reading: _Reading) -> None:
    """Every element of the graph under its identifier; a document with one element may leave `@graph` out."""
    graph = data.get("@graph")
    listed: list[Value] = graph if isinstance(graph, list) else [data] if "type" in data else []
    if not listed:
        reading.problems.add("/@graph", "no elements")
    for index, one in enumerate(listed):
        place = f"/@graph/{index}"
        kind = one.get("type", one.get("@type")) if isinstance(one, dict) else None
        if not isinstance(one, dict) or not isinstance(kind, str):
            reading.problems.add(place, "no element with a type")
            continue
        own = one.get("spdxId", one.get("@id"))
        name = own[:MAX_TEXT] if isinstance(own, str) and own else f"\0{index}"
        reading.graph.given[name] += 1
        if name not in reading.elements:
            reading.elements[name], reading.places[name] = one, place
            reading.by_type[kind.removeprefix("Core/").replace("Software/", "software_")].append(name)


def _subject(reading: _Reading) -> str:
    """The one package that the bill of materials, or else the document, has as its root."""
    for kind in ("software_Sbom", "Bom", "SpdxDocument"):
        for one in reading.of(kind):
            roots = [root for root in _targets(reading.elements[one].get("rootElement")) if root in reading.elements]
            reading.graph.contains.extend((_TOP, root) for root in roots)
            packages = [root for root in roots if reading.elements[root].get("type") == "software_Package"]
            if len(packages) == 1 and len(roots) == 1:
                return packages[0]
    return ""


def _targets(value: Value) -> list[str]:
    """References, or elements written in place."""
    listed = value if isinstance(value, list) else [value]
    found = [one.get("spdxId", one.get("@id")) if isinstance(one, dict) else one for one in listed]
    return [one[:MAX_TEXT] for one in found if isinstance(one, str)]


# --- packages and files ------------------------------------------------------------------------------------------


def _component(own: str, entry: Entry, reading: _Reading) -> DeclaredComponent:
    is_file = entry.table.get("type") == "software_File"
    name, version = entry.text("name"), entry.text("software_packageVersion")
    if not name:
        entry.bad("no name")
    purls, cpes = _identifiers(entry, version)
    purpose = entry.text("software_primaryPurpose")
    kind = _KINDS.get(purpose, purpose if purpose in _PLAIN_KINDS or not purpose else "other")
    found = DeclaredComponent(
        name=name,
        version=version,
        purl=purls[0] if purls else "",
        cpe=cpes[0] if cpes else "",
        kind="file" if is_file else kind or "library",
        bom_ref="" if own.startswith("\0") else own,
        hashes=_hashes(entry, reading),
        paths=(name,) if is_file and name else tuple(sorted(set(reading.files.get(own, ())))[:200]),
        scope="excluded" if own in reading.excluded else "",
        supplier=_supplier(entry, reading),
        licences=tuple(sorted(set(reading.licences.get(own, ())))),
        external=own in reading.external,
        aliases=tuple(sorted({*purls[1:], *cpes[1:]})),
    )
    return replace(found, problem=entry.told()) if entry.wrong else found


def _identifiers(entry: Entry, version: str) -> tuple[list[str], list[str]]:
    purls, cpes = [entry.purl(entry.text("software_packageUrl"), version)], []
    for one in entry.tables("externalIdentifier"):
        kind, text = one.get("externalIdentifierType"), one.get("identifier")
        if not isinstance(kind, str) or not isinstance(text, str):
            entry.bad("an external identifier without type or value")
        elif kind in ("packageUrl", "purl"):
            purls.append(entry.purl(text[:MAX_TEXT], version))
        elif kind in ("cpe23", "cpe22"):
            cpes.append(entry.cpe(text[:MAX_TEXT], version))
    return list(dict.fromkeys(one for one in purls if one)), list(dict.fromkeys(one for one in cpes if one))


def _hashes(entry: Entry, reading: _Reading) -> tuple[Digest, ...]:
    found = set()
    for one in entry.tables("verifiedUsing"):
        method = reading.elements.get(str(one.get("spdxId", one.get("@id"))), one) if "hashValue" not in one else one
        if method.get("algorithm") in _UNUSED_HASHES or "hashValue" not in method:
            continue
        found.add(entry.digest(method.get("algorithm"), method.get("hashValue"), _HASHES))
    return tuple(sorted(one for one in found if one is not None))


def _supplier(entry: Entry, reading: _Reading) -> str:
    for key in ("suppliedBy", "originatedBy"):
        for own in _targets(entry.table.get(key)):
            name = reading.elements.get(own, {}).get("name")
            if isinstance(name, str) and name:
                return name[:MAX_TEXT]
    return ""


# --- relationships -----------------------------------------------------------------------------------------------


def _relate(reading: _Reading) -> None:
    for own in reading.of("Relationship", "LifecycleScopedRelationship"):
        entry = reading.entry(own)
        source = next(iter(_targets(entry.table.get("from"))), "")
        targets = _targets(entry.table.get("to"))
        relation = _Relation(entry.text("relationshipType"), source, targets, entry.text("scope"))
        if not source or not relation.kind:
            reading.problems.add(entry.pointer, "a relationship without its beginning or type")
            continue
        if relation.kind in _DEPENDS | _CONTAINS and entry.text("completeness"):
            reading.complete.add(source)
        _relation(relation, reading)


def _relation(one: _Relation, reading: _Reading) -> None:
    if one.kind in _DEPENDS:
        reading.graph.listed.add(one.source)
    targets = [other for other in one.targets if not other.rsplit("/", 1)[-1].endswith(_NOTHING)]
    for other in targets:
        if one.kind in _DEPENDS | _MADE_FROM:
            reading.graph.edges.append((one.source, other))
        elif one.kind in _CONTAINS:
            reading.graph.contains.append((one.source, other))
        _note(one, other, reading)


def _note(one: _Relation, other: str, reading: _Reading) -> None:
    """What a relationship says about one of its ends."""
    target = reading.elements.get(other, {})
    if one.kind in _LICENCE:
        text = target.get("simplelicensing_licenseExpression", target.get("name"))
        if isinstance(text, str) and text:
            reading.licences[one.source].append(text[:MAX_TEXT])
    elif one.kind in ("contains", "hasDistributionArtifact") and target.get("type") == "software_File":
        reading.files[one.source].append(str(target.get("name", ""))[:MAX_TEXT])
        if one.kind == "hasDistributionArtifact":
            reading.artifacts[one.source].append(other)
    elif one.kind in _DEPENDS and one.scope in _NOT_SHIPPED:
        reading.excluded.add(other)
    elif one.kind in _MADE_FROM:
        reading.made_from[one.source].append(other)
    if one.kind == "hasProvidedDependency":
        reading.external.add(other)


def _derived(components: list[DeclaredComponent], reading: _Reading) -> list[DeclaredComponent]:
    known = {one.bom_ref: one for one in components if one.bom_ref}
    made = []
    for one in components:
        sources = [known[other] for other in reading.made_from.get(one.bom_ref, ()) if other in known]
        ancestors = tuple(sorted({Ancestor(each.name, each.version, each.purl) for each in sources}))
        made.append(replace(one, derived_from=ancestors) if ancestors else one)
    return made


def _check(reading: _Reading, components: list[DeclaredComponent], entries: list[Entry]) -> None:
    for entry in entries:
        entry.report(reading.problems)
    graph = reading.graph
    graph.given[_TOP] = 1
    # elements of other documents are named by their URI alone, and nothing tells them from a mistake
    known = reading.elements
    graph.edges = [(one, other) for one, other in graph.edges if one in known and other in known]
    graph.contains = [(one, other) for one, other in graph.contains if other in known]
    for one in components:
        if one.bom_ref and one.kind != "file":
            graph.nodes.setdefault(one.bom_ref, label(one.name, one.version))
    graph.listed &= known.keys()
    check(graph, reading.problems)
    places = zip(components, entries, strict=True)
    repeated(((one.purl, entry.pointer, label(one.name, one.version)) for one, entry in places), reading.problems)


# --- minimum elements --------------------------------------------------------------------------------------------


def _details(reading: _Reading, components: list[DeclaredComponent], entries: list[Entry]) -> Iterator[Details]:
    graph = reading.graph
    related = {one for edge in (*graph.edges, *graph.contains) for one in edge} | graph.listed
    parents = {other: one for one, other in graph.contains}
    index = {one.bom_ref: number for number, one in enumerate(components) if one.bom_ref}
    for found, entry in zip(components, entries, strict=True):
        own = found.bom_ref
        artifacts = [reading.entry(one) for one in reading.artifacts.get(own, ())]
        algorithms = {one.algorithm for part in artifacts for one in _hashes(part, reading)}
        algorithms |= {one.algorithm for one in found.hashes}
        has = stated(found, algorithms)
        has["identifier"] = has["identifier"] or bool(list(entry.tables("externalIdentifier")))
        has |= {
            "creator-contact": any(_contact(one, reading) for one in _targets(entry.table.get("originatedBy"))),
            "relationship": own in related,
            "dependencies": own in graph.listed,
            "completeness": own in reading.complete,
            # TR-03183-2 has these three said by the purposes of the file that is distributed, absence included
            **dict.fromkeys(("filename", "executable", "archive", "structured"), bool(artifacts)),
        }
        lacks = () if found.kind == "file" else missing(has, OF_COMPONENT)
        yield Details(entry.pointer, index.get(parents.get(own, ""), -1), lacks)


def _contact(own: str, reading: _Reading) -> bool:
    agent = Entry(reading.elements.get(own, {}), "")
    return any(
        one.get("externalIdentifierType") in ("email", "urlScheme", "other") and one.get("identifier")
        for one in agent.tables("externalIdentifier")
    )


def _creation(reading: _Reading) -> list[Table]:
    found = [reading.elements[one] for one in reading.of("CreationInfo")]
    inner = [table(reading.elements[one].get("creationInfo")) for one in reading.of("SpdxDocument", "software_Sbom")]
    return [one for one in (*found, *inner) if one]


def _version(reading: _Reading) -> str:
    stated = (one.get("specVersion") for one in _creation(reading))
    return next((one[:MAX_TEXT] for one in stated if isinstance(one, str)), "")


def _types(reading: _Reading) -> list[str]:
    return [
        text for one in reading.of("software_Sbom") for text in texts(reading.elements[one].get("software_sbomType"))
    ]


def _document_lacks(reading: _Reading, subject: str) -> tuple[str, ...]:
    creation = _creation(reading)
    makers = [own for one in creation for own in _targets(one.get("createdBy"))]
    has = {
        "author": bool(makers),
        "author-contact": any(_contact(one, reading) for one in makers),
        "timestamp": any(isinstance(one.get("created"), str) for one in creation),
        "tool": any(_targets(one.get("createdUsing")) for one in creation),
        "generation-context": bool(_types(reading)),
        "subject": bool(subject),
    }
    return missing(has, OF_DOCUMENT)


def _detect(artifact: Artifact) -> bool:
    return looks_like_sbom(artifact.content) == "SPDX 3 JSON"


SBOM_FORMAT = SbomFormat(
    name="spdx3-json",
    detect=_detect,
    read=read,
    doc=Doc(
        title="SPDX 3.0 in JSON-LD",
        vendor="The Linux Foundation",
        references=("SPDX specification 3.0.1, read 2026-11-22",),
        limitations=(
            "validated against the model of SPDX 3.0.1; documents of 3.0.0 or with terms of their own are not",
            "terms of other JSON-LD contexts are not expanded; references to other documents are not checked",
            "AI, dataset, build and security profiles are not read",
        ),
    ),
)
