"""One component or service of a CycloneDX document, in the shape its JSON has: what it declares and what it lacks.

CycloneDX 1.2 to 1.7 (ECMA-424, June 2024 and later), `component`, `service`, `pedigree`, `evidence`; the property
names of BSI TR-03183-2 (`bsi:component:...`); read 2026-11-22. Does NOT read vulnerabilities, formulation or the texts
of licences.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from fwverify.compare.elements import OF_COMPONENT, missing, stated
from fwverify.compare.entries import Entry, Table, table, texts
from fwverify.compare.ranges import bounds
from fwverify.model.artifact import Digest
from fwverify.model.component import Ancestor, DeclaredComponent
from fwverify.model.evidence import FaultKind

KINDS = frozenset(
    {"application", "framework", "library", "container", "platform", "operating-system", "device", "firmware", "file"}
    | {"device-driver", "machine-learning-model", "data", "cryptographic-asset"}
)
SCOPES = frozenset({"", "required", "optional", "excluded"})
SERVICE = "service"
"""Our kind for an entry of `services`: it is run somewhere, and nothing of it need lie in bytes."""
RANGE_PROPERTY = "fwverify:version-range"
_OMNIBOR = re.compile(r"gitoid:[b]lob:sha(?:1:[0-9a-f]{40}|256:[0-9a-f]{64})")
_SWHID = re.compile(r"swh:1:(?:cnt|dir|rel|rev|snp):[0-9a-f]{40}(?:;.+)?")
_BSI = {"filename": "bsi:component:filename", "executable": "bsi:component:executable",
        "archive": "bsi:component:archive", "structured": "bsi:component:structured"}  # fmt: skip


def component(entry: Entry) -> DeclaredComponent:
    """What an entry of `components` declares; its problems stay with the entry."""
    name, kind, scope = entry.text("name"), entry.text("type"), entry.text("scope")
    if entry.table.get("name") in (None, ""):
        entry.bad("no name")
    if kind not in KINDS:
        entry.bad(f"unknown type {kind[:40]!r}" if kind else "no type")
    if scope not in SCOPES:
        entry.bad(f"unknown scope {scope[:40]!r}")
    version = entry.text("version")
    since, before = ("", "") if version else _range(entry)
    evidence = entry.inner("evidence") if "evidence" in entry.table else None  # most entries have none
    found = DeclaredComponent(
        name=name,
        version=version,
        purl=entry.purl(entry.text("purl"), version),
        cpe=entry.cpe(entry.text("cpe"), version),
        kind=kind if kind in KINDS else "",
        bom_ref=entry.text("bom-ref"),
        hashes=_hashes(entry),
        paths=_paths(evidence, name if kind == "file" else "") if evidence or kind == "file" else (),
        scope=scope if scope in SCOPES else "",
        since=since,
        before=before,
        supplier=supplier(entry.table),
        licences=tuple(sorted(set(_licences(entry)))),
        derived_from=tuple(_ancestors(entry)) if "pedigree" in entry.table else (),
        external=entry.table.get("isExternal") is True,
        aliases=tuple(sorted(set(_aliases(evidence)) - {""})) if evidence else (),
        confidence=_confidence(evidence) if evidence else 0,
    )
    _identifiers(entry)
    return replace(found, problem=entry.told()) if entry.wrong else found


def service(entry: Entry) -> DeclaredComponent:
    """What an entry of `services` declares."""
    name = entry.text("name")
    if not name:
        entry.bad("no name")
    found = DeclaredComponent(
        name=name,
        version=entry.text("version"),
        kind=SERVICE,
        bom_ref=entry.text("bom-ref"),
        supplier=supplier({"supplier": entry.table.get("provider")}),
        licences=tuple(sorted(set(_licences(entry)))),
    )
    return replace(found, problem=entry.told()) if entry.wrong else found


def supplier(component: Table) -> str:
    """First of supplier, manufacturer, publisher, group."""
    candidates = (
        table(component.get("supplier")).get("name"),
        table(component.get("manufacturer")).get("name"),
        component.get("publisher"),
        component.get("group"),
    )
    return next((one[:1024] for one in candidates if isinstance(one, str) and one), "")


_OWN = tuple(one for one in OF_COMPONENT if one not in ("relationship", "dependencies", "completeness"))


def lacks(entry: Entry, found: DeclaredComponent) -> tuple[str, ...]:
    """Minimum elements that the entry itself does not have; relationships are the document's matter."""
    component = entry.table
    algorithms = {one.algorithm for one in found.hashes}
    for reference in entry.tables("externalReferences") if "externalReferences" in component else ():
        if reference.get("type") == "distribution":
            algorithms.update(_algorithms(reference))
    authors = _tables(component["authors"]) if "authors" in component else []
    has = stated(found, algorithms)
    has["supplier"] = has["supplier"] or bool(authors or component.get("author"))
    has["identifier"] = has["identifier"] or _other_identifier(component)
    has |= {
        "creator-contact": contact(component.get("manufacturer"))
        or contact(component.get("supplier"))
        or any(map(_address, authors)),
        "filename": found.kind == "file" and bool(found.name),
    }
    if "properties" in component:
        properties = {one.get("name") for one in _tables(component["properties"]) if one.get("value")}
        has.update({element: True for element, name in _BSI.items() if name in properties})
    return missing(has, _OWN)


def contact(organisation: object) -> bool:
    """An organisation that states an electronic mail address or a URL."""
    if not isinstance(organisation, dict):
        return False
    return bool(texts(organisation.get("url"))) or any(map(_address, _tables(organisation.get("contact"))))


def _tables(value: object) -> list[Table]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _address(person: Table) -> bool:
    value = person.get("email")
    return isinstance(value, str) and "@" in value


def _other_identifier(component: Table) -> bool:
    swid = table(component.get("swid")).get("tagId")
    return bool(swid or texts(component.get("omniborId")) or texts(component.get("swhid")))


def _algorithms(reference: Table) -> Iterator[str]:
    for one in _tables(reference.get("hashes")):
        if one.get("alg") == "SHA-512":
            yield "sha512"
        elif isinstance(one.get("alg"), str):
            yield str(one["alg"])


def _range(entry: Entry) -> tuple[str, str]:
    """Bounds of `versionRange` (1.7) or of the property that stands for it."""
    text = entry.text("versionRange")
    for one in _tables(entry.table.get("properties")):
        if one.get("name") == RANGE_PROPERTY and isinstance(one.get("value"), str):
            text = text or str(one["value"])[:1024]
    if not text:
        return "", ""
    found = bounds(text)
    if found is None:
        entry.bad(f"bad version range {text[:80]!r}", FaultKind.IDENTIFIER)
        return "", ""
    return found


def _hashes(entry: Entry) -> tuple[Digest, ...]:
    found = (entry.digest(one.get("alg"), one.get("content")) for one in entry.tables("hashes"))
    return tuple(sorted({one for one in found if one is not None}))


def _licences(entry: Entry) -> Iterator[str]:
    for one in entry.tables("licenses"):
        inner = table(one.get("license"))
        for value in (one.get("expression"), inner.get("id"), inner.get("name")):
            if isinstance(value, str) and value:
                yield value[:1024]
                break


def _paths(evidence: Entry | None, file_name: str) -> tuple[str, ...]:
    found = {file_name}
    if evidence is not None:
        found.update(
            Entry(one, evidence.pointer, evidence.wrong).text("location") for one in evidence.tables("occurrences")
        )
    return tuple(sorted(found - {""}))


def _ancestors(entry: Entry) -> Iterator[Ancestor]:
    for one in entry.inner("pedigree").tables("ancestors"):
        inner = Entry(one, entry.pointer, entry.wrong)
        version = inner.text("version")
        yield Ancestor(inner.text("name"), version, inner.purl(inner.text("purl"), version))


def _identities(evidence: Entry) -> list[Table]:
    """`evidence.identity`: an object up to 1.5, a list from 1.6."""
    value = evidence.table.get("identity")
    if isinstance(value, dict):
        return [value]
    return list(evidence.tables("identity"))


def _aliases(evidence: Entry) -> Iterator[str]:
    for one in _identities(evidence):
        value = one.get("concludedValue")
        if not isinstance(value, str) or not value:
            continue
        if one.get("field") == "purl":
            yield evidence.purl(value[:1024], "")
        elif one.get("field") == "cpe":
            yield evidence.cpe(value[:1024])


def _confidence(evidence: Entry) -> int:
    for one in _identities(evidence):
        value = one.get("confidence")
        if one.get("field") == "name" and isinstance(value, int | float) and 0 <= value <= 1:
            return round(value * 100)
    return 0


def _identifiers(entry: Entry) -> None:
    """SWHIDs, OmniBOR identifiers and SWID tags that are none."""
    for key, form in (("omniborId", _OMNIBOR), ("swhid", _SWHID)):
        for text in texts(entry.table.get(key)):
            if not form.fullmatch(text):
                entry.bad(f"bad {key} {text[:80]!r}", FaultKind.IDENTIFIER)
    swid = entry.table.get("swid")
    if swid is not None and not (isinstance(swid, dict) and swid.get("tagId")):
        entry.bad("a SWID tag without tagId", FaultKind.IDENTIFIER)
