"""What was seen in the images as a CycloneDX JSON bill of materials, 1.6 or 1.7, written as JSON in linear time.

CycloneDX 1.6 and 1.7 JSON (ECMA-424, June 2024 and later), `metadata.component`, `evidence.identity`,
`evidence.occurrences`; package-url/vers-spec for versions that are bounded; read 2026-11-22. The same evidence gives
the same bytes: serial number, time and order come from the evidence. Does NOT repeat what the vendor declared, carries
no licences and no suppliers, and claims no completeness: the number of gaps stands in the metadata. A copy of a library
inside another product's files is a part of that product's entry (nested `components`). A bounded version
is a property: `versionRange` of 1.7 is for components that the environment provides, and these are in the image.
"""

from __future__ import annotations

import json
import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import quote

from fwverify.formats.products import canonical_product
from fwverify.model.artifact import Digest, Locator
from fwverify.model.canonical import identify
from fwverify.model.component import Clue, Component
from fwverify.model.evidence import ArtifactRecord, Evidence
from fwverify.model.plugin import Doc
from fwverify.model.verdict import Assessment
from fwverify.report.interface import Context, Renderer

Written = None | bool | int | float | str | list["Written"] | dict[str, "Written"]
Table = dict[str, Written]

SPECS = ("1.6", "1.7")
"""Versions that can be written; the first one where none is asked for."""
SYSTEMS = frozenset({"linux", "zephyr", "freertos", "threadx", "nuttx", "riot", "chibios", "contiki-ng", "openwrt"})
"""Products written as type `operating-system`; every other one is a `library`, which is what a reader can check."""
RANGE_PROPERTY = "fwverify:version-range"
_HASHES = {"md5": "MD5", "sha1": "SHA-1", "sha256": "SHA-256", "sha384": "SHA-384", "sha512": "SHA-512"}
_QUOTE = 200
_SUBJECT = "image"
_DELIVERY = "delivery"


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


def document(evidence: Evidence, spec: str = SPECS[0]) -> str:
    """The bill of materials of the images of one run, ending with a newline.

    Args:
        evidence: of the run.
        spec: one of SPECS.
    """
    subject = _subject(evidence)
    found = list(_entries(evidence))
    entries, within = _assembled(found)
    parts = subject.get("components")
    held = [*(parts if isinstance(parts, list) else ()), *entries]
    references: list[Written] = [one["bom-ref"] for one in held if isinstance(one, dict)]
    every: list[Written] = [*references, *(one for part in within for one in part["dependsOn"])]  # type: ignore[union-attr]
    bom: Table = {
        "$schema": f"http://cyclonedx.org/schema/bom-{spec}.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": spec,
        "serialNumber": _serial(evidence),
        "version": 1,
        "metadata": _metadata(evidence, subject),
        "components": list[Written](entries),
        # everything seen is part of the image; what depends on what is not known, and nothing claims to be complete
        "dependencies": [{"ref": subject["bom-ref"], "dependsOn": references}, *within],
        "compositions": [{"aggregate": "unknown", "dependencies": [subject["bom-ref"], *every]}],
    }
    return json.dumps(bom, indent=1, sort_keys=True, ensure_ascii=True) + "\n"


def _serial(evidence: Evidence) -> str:
    """Fixed by what the evidence says."""
    return f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'{evidence.schema}#{identify(evidence)}')}"


def _metadata(evidence: Evidence, subject: Table) -> Table:
    version = dict(evidence.settings.tools).get("fwverify")
    tool: Table = {"type": "application", "name": "fwverify", **({"version": version} if version else {})}
    return {
        "component": subject,
        "timestamp": evidence.at,
        "lifecycles": [{"phase": "post-build"}],
        "tools": {"components": [tool]},
        "properties": [
            {"name": "fwverify:evidence-sha256", "value": identify(evidence)},
            {"name": "fwverify:gaps", "value": str(len(evidence.gaps))},
        ],
    }


def _subject(evidence: Evidence) -> Table:
    """The image; several images become parts of the delivery."""
    images = evidence.images()
    if len(images) == 1:
        return _image(images[0], _SUBJECT)
    parts: list[Written] = [_image(one, f"{_SUBJECT}-{number:03}") for number, one in enumerate(images, 1)]
    more: Table = {"components": parts} if parts else {}
    return {"type": "firmware", "bom-ref": _DELIVERY, "name": _plain(evidence.delivery), **more}


def _image(record: ArtifactRecord, reference: str) -> Table:
    found: Table = {"type": "firmware", "bom-ref": reference, "name": _plain(record.locator.name)}
    hashes = list(_hashes(record.digests))
    return {**found, **({"hashes": hashes} if hashes else {})}


def _hashes(digests: Iterable[Digest]) -> Iterator[Written]:
    for one in sorted(set(digests)):
        if one.algorithm in _HASHES:
            yield {"alg": _HASHES[one.algorithm], "content": one.hex}


def _assembled(found: list[tuple[Component, Table]]) -> tuple[list[Table], list[Table]]:
    """Copies into the entries of the components that hold them; what is left, and who has which parts."""
    parts: dict[int, list[Table]] = defaultdict(list)
    top: list[tuple[Component, Table]] = []
    for one, entry in found:
        holder = _holder(one, found) if one.inside else -1
        if holder < 0:
            top.append((one, entry))
        else:
            parts[holder].append(entry)
    for holder, entries in parts.items():
        found[holder][1]["components"] = list[Written](entries)
    within: list[Table] = [
        {"ref": found[holder][1]["bom-ref"], "dependsOn": [one["bom-ref"] for one in entries]}
        for holder, entries in sorted(parts.items())
    ]
    return [entry for _, entry in top], within


def _holder(copy: Component, found: list[tuple[Component, Table]]) -> int:
    """Which component's files hold the copy, the one of that name first; -1: none."""
    places = set(copy.locators)
    holding = [at for at, (one, _) in enumerate(found) if not one.inside and not places.isdisjoint(one.locators)]
    return min(holding, key=lambda at: (canonical_product(found[at][0].name) != copy.inside, at), default=-1)


def _entries(evidence: Evidence) -> Iterator[tuple[Component, Table]]:
    clues: dict[tuple[str, str], list[Clue]] = defaultdict(list)
    for clue in sorted(evidence.clues):
        clues[canonical_product(clue.product), clue.version].append(clue)
    seen = _Seen(clues)
    for number, one in enumerate(sorted(evidence.components), 1):
        reference = f"component-{number:05}"
        found: Table = {
            "type": "operating-system" if one.name in SYSTEMS else "library",
            "bom-ref": reference,
            "name": _plain(one.name),
            "evidence": _shown(one, seen.of(one), reference),
        }
        stated = {"version": _plain(one.version), "purl": _purl(one.purl), "cpe": one.cpe}
        found.update({key: value for key, value in stated.items() if value})
        bounds = "" if one.version else _range(one)
        if bounds:
            found["properties"] = [{"name": RANGE_PROPERTY, "value": bounds}]
        yield one, found


def _plain(text: str) -> str:
    """Text that every reader can take: half a surrogate pair, as a hostile name may have, is none."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _purl(text: str) -> str:
    from packageurl import PackageURL

    try:
        return PackageURL.from_string(text).to_string() if text else ""
    except ValueError:  # a name taken from hostile bytes need not make one
        return ""


def _range(component: Component) -> str:
    """The bounds of a version in `vers` notation; empty where nothing bounds it."""
    bounds = ((">=", component.since), ("<", component.before))
    parts = [f"{sign}{quote(version, safe='.-+~:_')}" for sign, version in bounds if version]
    return f"vers:generic/{'|'.join(parts)}" if parts else ""


def _shown(component: Component, clues: list[Clue], reference: str) -> Table:
    """Why and where: one identity for the name and one for the version, an occurrence for each place."""
    identities = [_identity("name", component.name, component, clues)]
    if component.version:
        stated = [one for one in clues if one.version]
        identities.append(_identity("version", component.version, component, stated))
    return {"identity": identities, "occurrences": list(_occurrences(component, clues, reference))}


def _identity(field: str, value: str, component: Component, clues: list[Clue]) -> Written:
    found: Table = {"field": field, "confidence": _fraction(component.confidence), "concludedValue": _plain(value)}
    methods = list(_methods(component, clues))
    return {**found, **({"methods": methods} if methods else {})}


def _methods(component: Component, clues: list[Clue]) -> Iterator[Written]:
    """The best clue of every technique; without clues, the techniques alone."""
    best: dict[str, Clue] = {}
    for one in clues:
        if one.how not in best or one.confidence > best[one.how].confidence:
            best[one.how] = one
    for how in sorted(best) or component.how:
        technique = "manifest-analysis" if "package" in how or "database" in how else "binary-analysis"
        clue = best.get(how)
        confidence = clue.confidence if clue else component.confidence
        value = f"{how}: {clue.quote[:_QUOTE]}" if clue else how
        yield {"technique": technique, "confidence": _fraction(confidence), "value": _plain(value)}


def _occurrences(component: Component, clues: list[Clue], reference: str) -> Iterator[Written]:
    offsets: dict[Locator, int] = {}
    for one in clues:
        if one.offset >= 0:
            offsets.setdefault(one.locator, one.offset)
    for number, place in enumerate(sorted(component.locators), 1):
        found: Table = {"bom-ref": f"{reference}-place-{number:05}", "location": str(place)}
        yield {**found, **({"offset": offsets[place]} if place in offsets else {})}


def _fraction(percent: int) -> float:
    return max(0, min(percent, 100)) / 100


RENDERER = Renderer(
    name="cyclonedx",
    render=render,
    suffix=".cdx.json",
    doc=Doc(
        title="CycloneDX 1.6 bill of materials of what was seen",
        vendor="OWASP Foundation, Ecma International",
        references=("ECMA-424 (CycloneDX 1.6 and 1.7), read 2026-11-22",),
        limitations=(
            "Holds what was seen, not what the vendor declared; licences and suppliers are not known.",
            "Which component depends on which is not known: all of them are parts of the image.",
        ),
    ),
)
