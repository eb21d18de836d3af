"""Evidence, policy, keys and waivers -> the contents of a pack (records.layout). Reads and writes no file.

1. The evidence is judged here, by the very texts that go into the pack and at the time of the verdict; a report that
   was made before must say the same, or there is no pack.
2. report.json is canonical; pages are rendered from it; inputs.sha256 lists the files of the delivery.
3. SHA256SUMS names everything, README.txt says how to check it by hand.
4. With signers, four statements (records.statements); the last one is over SHA256SUMS.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from fwverify.model.artifact import Locator
from fwverify.model.canonical import Json, canonical, to_json
from fwverify.model.evidence import Evidence
from fwverify.model.verdict import Assessment
from fwverify.records import layout
from fwverify.records.layout import IMAGE, INDEX, INPUTS, KEYS, PACK_SCHEMA, POLICY, REPORT, SUMS, WAIVERS
from fwverify.records.readme import readme
from fwverify.records.statements import PAYLOAD_TYPE, payloads
from fwverify.report.interface import REPORT_SCHEMA, Context
from fwverify.report.registry import BUILTIN

if TYPE_CHECKING:
    from fwverify.records.signing import Signer

PAGES = {"terminal": "report.txt", "html": "report.html"}
"""Renderer -> file of the pack."""


@dataclass(frozen=True, slots=True)
class Basis:
    """What a delivery was judged by, as texts: exact copies go into the pack."""

    policies: tuple[tuple[str, str], ...]
    """(name as loaded, text), the policy itself first, then its parents."""
    keys_source: str = ""
    """The registry as the operator named it; empty: none."""
    keys: Mapping[str, bytes] = field(default_factory=dict)
    """Every file of the registry that its digest is over."""
    waivers: tuple[tuple[str, str], ...] = ()
    """(name as loaded, text) of every waiver that was given."""


@dataclass(frozen=True, slots=True)
class Extras:
    """What a pack may have besides."""

    log: Mapping[str, bytes] = field(default_factory=dict)
    """Entry, proof and checkpoint of the log of decisions."""
    stamp: bytes = b""
    """RFC 3161 answer over report.json."""
    images: Mapping[str, Path] = field(default_factory=dict)
    """SHA-256 -> delivered file to copy."""


def report_document(assessment: Assessment, exit_status: int) -> bytes:
    """report.json: the JSON report (docs/report-schema.json) in canonical form (RFC 8785)."""
    return canonical(
        {
            "$schema": REPORT_SCHEMA,
            "schema": REPORT_SCHEMA,
            "evidence_digest": assessment.verdict.evidence_digest,
            "exit_status": exit_status,
            "verdict": to_json(assessment.verdict),
            "evidence": to_json(assessment.evidence),
        }
    )


def inputs(evidence: Evidence) -> dict[str, tuple[str, int]]:
    """Name -> (SHA-256, bytes) of every file that the operator handed in."""
    found: dict[str, tuple[str, int]] = {}
    for one in evidence.artifacts:
        if len(one.locator.steps) == 1:
            digest = next((each.value.hex() for each in one.digests if each.algorithm == "sha256"), "")
            found[_name(one.locator)] = (digest, one.size)
    return found


def _name(locator: Locator) -> str:
    return locator.steps[0].member


def inputs_text(evidence: Evidence) -> bytes:
    """inputs.sha256, to be checked in the folder of the delivery."""
    lines = [layout.sums_line(digest, name) for name, (digest, _) in sorted(inputs(evidence).items())]
    return "".join(lines).encode("utf-8", "surrogateescape")


def contents(
    assessment: Assessment, basis: Basis, exit_status: int, tool: str, extras: Extras, signers: Sequence[Signer] = ()
) -> dict[str, bytes | Path]:
    """Everything that a pack holds, by name."""
    evidence = assessment.evidence
    report = report_document(assessment, exit_status)
    out: dict[str, bytes] = {REPORT: report, INPUTS: inputs_text(evidence)}
    placed = _placed(basis, out)
    index: dict[str, Json] = {
        "schema": PACK_SCHEMA,
        "tool": tool,
        "delivery": evidence.delivery,
        "decision": assessment.verdict.decision.value,
        "judged_at": assessment.verdict.judged_at,
        "report": {"file": REPORT, "sha256": hashlib.sha256(report).hexdigest()},
        "evidence": {"in": REPORT, "sha256": assessment.verdict.evidence_digest},
        "inputs": [
            {
                "name": name,
                "sha256": digest,
                "bytes": size,
                "file": f"{IMAGE}{digest}" if digest in extras.images else None,
            }
            for name, (digest, size) in sorted(inputs(evidence).items())
        ],
        **placed,
    }
    out[INDEX] = canonical(index)
    out.update(pages(assessment, exit_status, basis))
    out.update(extras.log)
    if extras.stamp:
        out[layout.STAMP] = extras.stamp
    out[layout.README] = readme(assessment, index, frozenset(out), signed=bool(signers))
    digests = {name: hashlib.sha256(value).hexdigest() for name, value in out.items()}
    digests.update({f"{IMAGE}{digest}": digest for digest in extras.images})
    out[SUMS] = "".join(layout.sums_line(digests[name], name) for name in sorted(digests)).encode()
    if signers:
        from fwverify.records.signing import signed

        sums = hashlib.sha256(out[SUMS]).hexdigest()
        made = payloads(assessment, to_json(assessment.verdict), digests[REPORT], sums, tool)
        out[layout.STATEMENTS] = b"".join(signed(one, PAYLOAD_TYPE, signers) for one in made)
    return {**out, **{f"{IMAGE}{digest}": path for digest, path in extras.images.items()}}


def pages(assessment: Assessment, exit_status: int, basis: Basis) -> dict[str, bytes]:
    """The pages for people, without anything of this machine in them."""
    context = Context(
        verbose=1,
        evidence_path=REPORT,
        keys=basis.keys_source,
        policy=assessment.verdict.policy_source,
        at=assessment.verdict.judged_at,
        exit_status=exit_status,
    )
    return {
        PAGES[one.name]: one.render(assessment, context).encode("utf-8", "backslashreplace")
        for one in BUILTIN
        if one.name in PAGES
    }


def _placed(basis: Basis, out: dict[str, bytes]) -> dict[str, Json]:
    """Put the exact copies into `out`. Returns what the index says of them."""
    said: dict[str, Json] = {}
    for key, folder, texts in (("policy", POLICY, basis.policies), ("waivers", WAIVERS, basis.waivers)):
        listed: list[Json] = []
        for number, (name, text) in enumerate(texts, 1):
            file = f"{folder}{number}-{_stem(name)}.yaml"
            out[file] = text.encode()
            listed.append({"name": name, "file": file})
        said[key] = listed
    for name, raw in basis.keys.items():
        out[f"{KEYS}{name}"] = raw
    said["keys"] = {"name": basis.keys_source, "files": [f"{KEYS}{name}" for name in sorted(basis.keys)]}
    return said


def _stem(name: str) -> str:
    """A file name for a policy or waiver, whatever it was called."""
    last = re.split(r"[/\\:]", name)[-1].removesuffix(".yaml").removesuffix(".yml")
    return re.sub(r"[^A-Za-z0-9_-]+", "-", last)[:60].strip("-") or "text"
