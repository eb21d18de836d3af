"""Everything a run established -> Evidence: sorted, complete, without content."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from importlib import metadata
from typing import Protocol, TypeVar

from fwverify.authenticate.registry import BUILTIN as SCHEMES
from fwverify.authenticate.stage import Authenticated
from fwverify.compare.interface import Document
from fwverify.compare.registry import BUILTIN as SBOMS
from fwverify.identify.registry import BUILTIN as DETECTORS
from fwverify.ingest.stage import Ingested
from fwverify.limits import Limits
from fwverify.model.artifact import ByteRange, DeliveredFile, Locator, Role
from fwverify.model.canonical import canonical
from fwverify.model.component import Component, Discrepancy, DiscrepancyKind
from fwverify.model.evidence import (
    SCHEMA,
    ArtifactRecord,
    ByteLedger,
    Evidence,
    Gap,
    GapReason,
    LedgerSpan,
    Opened,
    RunSettings,
)
from fwverify.model.expectation import Expectation, VersionClaim
from fwverify.model.ledger import declared_spans, reach, signed_spans
from fwverify.trust.store import TrustStore
from fwverify.unpack.registry import BUILTIN as CONTAINERS
from fwverify.worklist import Bench, Node, Walk, descendants, placed

T = TypeVar("T")
READING_LIBRARIES = (
    "fwverify",
    "cryptography",
    "hyperscan",
    "lief",
    "sigstore",
    "zstandard",
    "lz4",
    "lzallright",
    "brotli",
    "py7zr",
    "asn1crypto",
    "univers",
    "jsonschema-rs",
)
"""Distributions whose version may change a fact."""
SPEED = "workers"
"""The one run setting that changes how fast, never what: not recorded, so that every machine gives the same bytes."""


class Named(Protocol):
    @property
    def name(self) -> str: ...


def freeze(
    walk: Walk,
    ingested: Ingested,
    authenticated: Authenticated,
    trust: TrustStore,
    expectation: Expectation,
    at: str,
    components: tuple[Component, ...],
    documents: Sequence[Document],
    discrepancies: Sequence[Discrepancy],
    gaps: Sequence[Gap],
    references: tuple[str, ...] = (),
) -> Evidence:
    """Put the facts of one run into their final form."""
    delivery = ingested.delivery
    checksums = (*authenticated.checksums, *walk.checks)
    bindings = (*authenticated.bindings, *walk.bindings)
    records = _records(walk, delivery.files)
    if delivery.archive is not None:
        archive = delivery.archive
        records.append(
            ArtifactRecord(
                archive.locator, archive.size, archive.digests, None, "archive", "archive the delivery came in",
                Opened.STRUCTURE, archive.size, 0,
            )
        )  # fmt: skip
    sizes = {one.locator: one.size for one in records}
    reached = reach(authenticated.signatures, checksums, bindings, sizes, _padding(walk, authenticated))
    declared = [place for one in discrepancies for place in _declared_places(one)]
    spans: list[tuple[Locator, tuple[LedgerSpan, ...]]] = []
    for image in walk.images:
        signed = signed_spans(walk.account(image), reached, authenticated.signatures, placed(image))
        spans.append((image.locator, declared_spans(signed, declared)))
    return Evidence(
        schema=SCHEMA,
        at=at,
        delivery=delivery.name,
        expectation=expectation,
        trust=trust.snapshot(),
        settings=_settings(walk.budget.limits, walk.bench, references),
        artifacts=_sorted(records),
        signatures=_sorted(authenticated.signatures),
        checksums=_sorted(checksums),
        bindings=_sorted(bindings),
        anomalies=_sorted((*ingested.anomalies, *walk.anomalies)),
        contents=_sorted(walk.contents),
        claims=_sorted((*walk.claims, *_sbom_claims(documents))),
        clues=_sorted(walk.clues),
        components=_sorted(components),
        sboms=_sorted(one.observation for one in documents),
        discrepancies=_sorted(discrepancies),
        gaps=_sorted((*ingested.gaps, *authenticated.gaps, *walk.gaps, *gaps, *_unexplained(spans), *_opaque(walk))),
        ledger=ByteLedger(tuple(sorted(spans))),
    )


def _declared_places(row: Discrepancy) -> tuple[Locator, ...]:
    """Where the vendor's SBOM was found to be true, or at least to speak of what is there."""
    if row.kind not in (DiscrepancyKind.MATCHED, DiscrepancyKind.VERSION_DIFFERS):
        return ()
    seen = row.observed.locators if row.observed else ()
    return (*seen, row.locator) if row.locator else seen


def _sorted(values: Iterable[T]) -> tuple[T, ...]:
    """Distinct values in the order of their canonical JSON: the same for the same facts, however they were found."""
    keyed = {canonical(one): one for one in values}
    return tuple(keyed[one] for one in sorted(keyed))


def _padding(walk: Walk, authenticated: Authenticated) -> dict[Locator, list[ByteRange]]:
    """Empty bytes of everything inside an image that carries a signature of its own."""
    subjects = {one.subject for one in authenticated.signatures if one.covers}
    return {
        node.locator: [span.range for span in walk.account(node).spans if span.opened is Opened.EMPTY]
        for image in walk.images
        for node in descendants(image)
        if node.locator in subjects and node is not image
    }


def _records(walk: Walk, files: Sequence[DeliveredFile]) -> list[ArtifactRecord]:
    roles = {one.artifact.locator: one for one in files}
    records = [_record(walk, node, roles.get(node.locator)) for image in walk.images for node in descendants(image)]
    for file in files:
        if file.role is not Role.IMAGE:
            one = file.artifact
            records.append(
                ArtifactRecord(
                    one.locator, one.size, one.digests, file.role, "", "", Opened.EXAMINED, one.size, 0, file.why
                )
            )
    return records


def _record(walk: Walk, node: Node, file: DeliveredFile | None) -> ArtifactRecord:
    account = walk.account(node)
    seen = walk.observed.get(node.locator)
    container = node.container
    return ArtifactRecord(
        locator=node.locator,
        size=node.size,
        digests=node.digests,
        role=file.role if file else None,
        format=container.name if container else (seen.reader if seen else ""),
        format_title=container.doc.title if container else "",
        opened=Opened.STRUCTURE if container else (seen.opened if seen else Opened.GAP),
        opened_bytes=account.opened_bytes,
        empty_bytes=account.empty_bytes,
        why=file.why if file else "",
        facts=tuple(sorted({*node.facts, *(seen.facts if seen else ())})),
    )


def _sbom_claims(documents: Sequence[Document]) -> list[VersionClaim]:
    return [
        VersionClaim(
            one.observation.subject_version, "", "sbom-subject", one.observation.locator, one.observation.subject_name
        )
        for one in documents
        if one.observation.subject_version
    ]


def _unexplained(spans: Sequence[tuple[Locator, tuple[LedgerSpan, ...]]]) -> list[Gap]:
    """Bytes of a container that no part of it accounts for and nobody looked into."""
    return [
        Gap(GapReason.UNEXPLAINED, image, "bytes that no part of the container accounts for", "ledger", one.range)
        for image, own in spans
        for one in own
        if one.opened is Opened.GAP and not one.reader
    ]


def _opaque(walk: Walk) -> list[Gap]:
    """What was searched, looks packed or encrypted, and has no format that anybody knows.

    What the last resort opened has one: its bytes look packed because they are.
    """
    last = walk.bench.last_resort.container if walk.bench.last_resort is not None else None
    opened = {
        child.locator
        for image in walk.images
        for node in descendants(image)
        if last is not None and node.container is last
        for child, how in node.children
        if how.remainder
    }
    detail = "random-looking bytes of no known format: compressed, encrypted or random"
    return [
        Gap(GapReason.UNEXPLAINED, node.locator, detail, "scan", ByteRange(0, node.size), seen.opaque_entropy)
        for image in walk.images
        for node in descendants(image)
        if (seen := walk.observed.get(node.locator)) is not None
        and seen.opaque_entropy >= 0
        and node.locator not in opened
    ]


def _settings(limits: Limits, bench: Bench, references: tuple[str, ...]) -> RunSettings:
    rooms: tuple[tuple[str, Sequence[Named]], ...] = (
        ("schemes", SCHEMES), ("containers", CONTAINERS), ("detectors", DETECTORS), ("sboms", SBOMS),
    )  # fmt: skip
    plugins = [f"{room}/{one.name}" for room, plugins in rooms for one in plugins]
    tools = [(one, metadata.version(one)) for one in READING_LIBRARIES]
    if bench.last_resort is not None:
        plugins.append(f"containers/{bench.last_resort.container.name}")
        tools += bench.last_resort.tools
    return RunSettings(
        limits=tuple(sorted((one.name, getattr(limits, one.name)) for one in fields(limits) if one.name != SPEED)),
        isolation=bench.mode,
        plugins=tuple(sorted(plugins)),
        tools=tuple(tools),
        references=references,
    )
