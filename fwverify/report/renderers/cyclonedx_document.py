"""What was seen in the images as a CycloneDX 1.6 JSON bill of materials; the only door to the cyclonedx library.

CycloneDX 1.6 JSON (ECMA-424, June 2024), `metadata.component`, `evidence.identity`, `evidence.occurrences`; read
2026-11-22. The same evidence gives the same bytes: serial number, time and order come from the evidence. Does NOT
repeat what the vendor declared, carries no licences and no suppliers, and claims no completeness: the number of gaps
stands in the metadata.
"""

from __future__ import annotations

import json
import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from fwverify.formats.products import canonical_product
from fwverify.model.artifact import Digest, Locator
from fwverify.model.canonical import identify
from fwverify.model.component import Clue, Component
from fwverify.model.evidence import ArtifactRecord, Evidence
from fwverify.model.plugin import Doc
from fwverify.model.verdict import Assessment
from fwverify.report.interface import Context, Renderer

if TYPE_CHECKING:
    from cyclonedx.model import HashType
    from cyclonedx.model.bom import Bom, BomMetaData
    from cyclonedx.model.component import Component as Entry
    from cyclonedx.model.component_evidence import ComponentEvidence, Identity, IdentityField, Method, Occurrence
    from packageurl import PackageURL

SYSTEMS = frozenset({"linux", "zephyr", "freertos", "threadx", "nuttx", "riot", "chibios", "contiki-ng", "openwrt"})
"""Products written as type `operating-system`; every other one is a `library`, which is what a reader can check."""
_QUOTE = 200


@dataclass(frozen=True, slots=True)
class _Seen:
    """Clues by product and version, to tell how and where each component was seen."""

    clues: dict[tuple[str, str], list[Clue]]

    def of(self, component: Component) -> list[Clue]:
        """Clues of this component at its places: those with its version, else those without any."""
        product = canonical_product(component.name)
        places = set(component.locators)
        listed = [*self.clues.get((product, component.version), ()), *self.clues.get((product, ""), ())]
        return [one for one in listed if one.locator in places and one.how in component.how]


def render(assessment: Assessment, context: Context) -> str:
    return document(assessment.evidence)


def document(evidence: Evidence) -> str:
    """The bill of materials of the images of one run, ending with a newline."""
    from cyclonedx.model.bom import Bom
    from cyclonedx.output import make_outputter
    from cyclonedx.schema import OutputFormat, SchemaVersion

    subject = _subject(evidence)
    entries = list(_entries(evidence))
    bom = Bom(components=entries, serial_number=_serial(evidence), metadata=_metadata(evidence, subject))
    _relate(bom, subject, entries)
    text = make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6).output_as_string()
    return json.dumps(json.loads(text), indent=1, sort_keys=True, ensure_ascii=True) + "\n"


def _serial(evidence: Evidence) -> uuid.UUID:
    """Fixed by what the evidence says."""
    return uuid.uuid5(uuid.NAMESPACE_URL, f"{evidence.schema}#{identify(evidence)}")


def _metadata(evidence: Evidence, subject: Entry) -> BomMetaData:
    from cyclonedx.model import Property
    from cyclonedx.model.bom import BomMetaData
    from cyclonedx.model.component import Component as Entry
    from cyclonedx.model.component import ComponentType
    from cyclonedx.model.tool import ToolRepository

    version = dict(evidence.settings.tools).get("fwverify") or None
    tool = Entry(name="fwverify", version=version, type=ComponentType.APPLICATION)
    return BomMetaData(
        component=subject,
        timestamp=datetime.fromisoformat(evidence.at),
        tools=ToolRepository(components=[tool]),
        properties=[
            Property(name="fwverify:evidence-sha256", value=identify(evidence)),
            Property(name="fwverify:gaps", value=str(len(evidence.gaps))),
        ],
    )


def _subject(evidence: Evidence) -> Entry:
    """The image; several images become parts of the delivery."""
    images = evidence.images()
    if len(images) == 1:
        return _image(images[0], "image")
    from cyclonedx.model.component import Component as Entry
    from cyclonedx.model.component import ComponentType

    parts = [_image(one, f"image-{number:03}") for number, one in enumerate(images, 1)]
    return Entry(name=evidence.delivery, type=ComponentType.FIRMWARE, bom_ref="delivery", components=parts)


def _image(record: ArtifactRecord, reference: str) -> Entry:
    from cyclonedx.model.component import Component as Entry
    from cyclonedx.model.component import ComponentType

    name = record.locator.name
    return Entry(name=name, type=ComponentType.FIRMWARE, bom_ref=reference, hashes=_hashes(record.digests))


def _hashes(digests: Iterable[Digest]) -> Iterator[HashType]:
    from cyclonedx.model import HashAlgorithm, HashType

    known = {
        "sha256": HashAlgorithm.SHA_256,
        "sha384": HashAlgorithm.SHA_384,
        "sha512": HashAlgorithm.SHA_512,
        "sha1": HashAlgorithm.SHA_1,
        "md5": HashAlgorithm.MD5,
    }
    for one in sorted(digests):
        if one.algorithm in known:
            yield HashType(alg=known[one.algorithm], content=one.hex)


def _entries(evidence: Evidence) -> Iterator[Entry]:
    from cyclonedx.model.component import Component as Entry
    from cyclonedx.model.component import ComponentType

    clues: dict[tuple[str, str], list[Clue]] = defaultdict(list)
    for clue in sorted(evidence.clues):
        clues[canonical_product(clue.product), clue.version].append(clue)
    seen = _Seen(clues)
    for number, one in enumerate(sorted(evidence.components), 1):
        reference = f"component-{number:05}"
        yield Entry(
            name=one.name,
            version=one.version or None,
            type=ComponentType.OPERATING_SYSTEM if one.name in SYSTEMS else ComponentType.LIBRARY,
            bom_ref=reference,
            purl=_purl(one.purl),
            evidence=_shown(one, seen.of(one), reference),
        )


def _purl(text: str) -> PackageURL | None:
    from packageurl import PackageURL

    try:
        return PackageURL.from_string(text) if text else None
    except ValueError:  # a name taken from hostile bytes need not make one
        return None


def _shown(component: Component, clues: list[Clue], reference: str) -> ComponentEvidence:
    """Why and where: one identity for the name and one for the version, an occurrence for each place."""
    from cyclonedx.model.component_evidence import ComponentEvidence, IdentityField

    identities = [_identity(IdentityField.NAME, component.name, component, clues)]
    if component.version:
        stated = [one for one in clues if one.version]
        identities.append(_identity(IdentityField.VERSION, component.version, component, stated))
    return ComponentEvidence(identity=identities, occurrences=list(_occurrences(component, clues, reference)))


def _identity(field: IdentityField, value: str, component: Component, clues: list[Clue]) -> Identity:
    from cyclonedx.model.component_evidence import Identity

    return Identity(
        field=field,
        confidence=_fraction(component.confidence),
        concluded_value=value,
        methods=list(_methods(component, clues)),
    )


def _methods(component: Component, clues: list[Clue]) -> Iterator[Method]:
    """The best clue of every technique; without clues, the techniques alone."""
    from cyclonedx.model.component_evidence import AnalysisTechnique, Method

    best: dict[str, Clue] = {}
    for one in clues:
        if one.how not in best or one.confidence > best[one.how].confidence:
            best[one.how] = one
    for how in sorted(best) or component.how:
        technique = AnalysisTechnique.BINARY_ANALYSIS
        if "package" in how or "database" in how:
            technique = AnalysisTechnique.MANIFEST_ANALYSIS
        clue = best.get(how)
        confidence = clue.confidence if clue else component.confidence
        value = f"{how}: {clue.quote[:_QUOTE]}" if clue else how
        yield Method(technique=technique, confidence=_fraction(confidence), value=value)


def _occurrences(component: Component, clues: list[Clue], reference: str) -> Iterator[Occurrence]:
    from cyclonedx.model.component_evidence import Occurrence

    offsets: dict[Locator, int] = {}
    for one in clues:
        if one.offset >= 0:
            offsets.setdefault(one.locator, one.offset)
    for number, place in enumerate(sorted(component.locators), 1):
        # without a reference of its own the library would order occurrences by memory address
        yield Occurrence(bom_ref=f"{reference}-place-{number:05}", location=str(place), offset=offsets.get(place))


def _fraction(percent: int) -> Decimal:
    return Decimal(max(0, min(percent, 100))) / 100


def _relate(bom: Bom, subject: Entry, entries: list[Entry]) -> None:
    """Everything seen is part of the image; what depends on what is not known."""
    bom.register_dependency(subject, [*subject.components, *entries])


RENDERER = Renderer(
    name="cyclonedx",
    render=render,
    suffix=".cdx.json",
    doc=Doc(
        title="CycloneDX 1.6 bill of materials of what was seen",
        vendor="OWASP Foundation, Ecma International",
        references=("ECMA-424 (CycloneDX 1.6), read 2026-11-22",),
        limitations=(
            "Holds what was seen, not what the vendor declared; licences and suppliers are not known.",
            "Which component depends on which is not known: all of them are parts of the image.",
            "Writing takes quadratic time: 0.7 s for 1,000 components, minutes for 10,000.",
        ),
    ),
)
