"""What `-v` and `-vv` add below the page: every finding, signature, file and gap; then artifacts and components."""

from __future__ import annotations

from collections.abc import Iterable

from fwverify.model.evidence import ArtifactRecord, SignatureObservation
from fwverify.model.finding import Finding, Level, Outcome
from fwverify.report.figures import NAME_LIMIT, blocks, count, full_blocks, held_in, listed
from fwverify.report.layout import Line, entry, paragraph
from fwverify.report.neutral import shortened
from fwverify.report.reading import Reading, in_order

LONG = 200
"""Characters of a sentence from a reader or a rule."""
MAX_COMPONENTS = 2000
MAX_ARTIFACTS = 2000
"""Lines of one list; the evidence has all."""

ORDER = (Outcome.FAIL, Outcome.NOT_EVALUATED, Outcome.PASS, Outcome.NOT_APPLICABLE)
LEVELS = tuple(Level)
OUTCOME_STYLES = {"pass": "good", "fail": "bad", "not_evaluated": "open", "not_applicable": "quiet"}


def more(reading: Reading, verbose: int, width: int) -> list[Line]:
    """The lines for this much verbosity; none for 0."""
    out: list[Line] = []
    if verbose >= 1:
        for part in (_conditions, _findings, _signatures, _checksums, _files, _gaps, _judged):
            out.extend(part(reading, width))
    if verbose >= 2:
        for part in (_artifacts, _components):
            out.extend(part(reading, width))
    return out


def _title(text: str, width: int) -> list[Line]:
    return paragraph(text, width, style="label")


def _conditions(reading: Reading, width: int) -> Iterable[Line]:
    yield from _title("To know", width)
    for one in reading.verdict.conditions:
        yield from entry("", f"{one.rule}: {one.text}" if one.rule else one.text, width)
    if not reading.verdict.conditions:
        yield from paragraph("nothing beside the page", width, indent=2)


def _findings(reading: Reading, width: int) -> Iterable[Line]:
    yield from _title("Rules", width)
    idle: dict[str, list[str]] = {}
    for one in sorted(reading.verdict.findings, key=_urgency):
        if one.outcome is Outcome.NOT_APPLICABLE and not one.items:
            idle.setdefault(shortened(one.message, LONG), []).append(one.rule)
            continue
        head = f"{one.rule}: {one.level.value}, {one.outcome.value.replace('_', ' ')}"
        yield from entry("", head, width, style=OUTCOME_STYLES[one.outcome.value])
        yield from paragraph(shortened(one.message, LONG), width, indent=6)
        yield from _items(one, width)
    for message, rules in idle.items():
        yield from entry("", f"{', '.join(rules)}: not applicable", width)
        yield from paragraph(message, width, indent=6)


def _urgency(one: Finding) -> tuple[int, int, str]:
    """What failed first, then what was not judged, then the rest; what the policy requires before advice."""
    return ORDER.index(one.outcome), LEVELS.index(one.level), one.rule


def _items(one: Finding, width: int) -> Iterable[Line]:
    told = [item for item in one.items if item.detail != one.outcome.value or item.waiver]
    for item in told[:10]:
        waived = f" (waived: {item.waiver.id}, until {item.waiver.expires})" if item.waiver else ""
        text = f"{shortened(item.subject, NAME_LIMIT)}: {shortened(item.detail, LONG)}{waived}"
        yield from entry("- ", text, width, indent=6)
    if len(told) > 10:
        yield from paragraph(f"and {count(len(told) - 10)} more: see the evidence", width, indent=6)


def _signatures(reading: Reading, width: int) -> Iterable[Line]:
    yield from _title("Signatures", width)
    for one in reading.evidence.signatures:
        yield from entry("", f"{shortened(str(one.source), NAME_LIMIT)}: {one.scheme}, {one.status.value}", width)
        yield from paragraph(_signature(one), width, indent=6)
    if not reading.evidence.signatures:
        yield from paragraph("none", width, indent=2)


def _signature(one: SignatureObservation) -> str:
    subject = shortened(str(one.subject), NAME_LIMIT) if one.subject is not None else "no file here"
    covered = sum(part.size for part in (*one.covers, *one.carries))
    parts = [
        shortened(one.detail.rstrip("."), LONG),
        f"over {subject}" + (f", {count(covered)} bytes" if covered else ""),
        f"key {blocks(one.fingerprint)}" if one.fingerprint else "",
        f"by {listed(one.keys)}" if one.keys else "",
        "key came inside the delivery" if one.carried else "",
        " ".join([one.algorithm, *(f"{name}={value}" for name, value in one.parameters)]).strip(),
        f"identity {shortened(one.identity, NAME_LIMIT)} by {shortened(one.issuer, NAME_LIMIT)}"
        if one.identity
        else "",
        f"time {one.signed_at} ({one.time_source or 'unproven'})" if one.signed_at else "",
        _path(one),
        f"the signed bytes say {listed([f'{name} {shortened(value, NAME_LIMIT)}' for name, value in one.states])}"
        if one.states
        else "",
        *(f"odd: {shortened(why, LONG)}" for why in one.oddities),
    ]
    return "; ".join(part for part in parts if part) + "."


def _path(one: SignatureObservation) -> str:
    """The certificates from the signer's to the pinned one, each with its end."""
    links = [f"{shortened(link.subject, NAME_LIMIT)} (until {link.not_after[:10]})" for link in one.path]
    return f"certificates: {' <- '.join(links)}" if links else ""


def _checksums(reading: Reading, width: int) -> Iterable[Line]:
    if not reading.evidence.checksums:
        return
    yield from _title("Checksums", width)
    for one in reading.evidence.checksums:
        source = shortened(str(one.declared_in), NAME_LIMIT) if one.declared_in is not None else "you"
        channel = f" ({shortened(one.channel, NAME_LIMIT)})" if one.channel else ""
        name = shortened(one.name or (one.subject.name if one.subject else ""), NAME_LIMIT)
        holds = "holds" if one.holds else "DOES NOT HOLD" if one.computed is not None else "names no file here"
        text = f"{name}: {one.declared.algorithm} {blocks(one.declared.hex)} from {source}{channel}: {holds}"
        yield from entry("", text, width, style="" if one.holds else "bad")
        if one.computed is not None and not one.holds:
            for what, digest in (("should be", one.declared), ("is", one.computed)):
                yield from paragraph(what, width, indent=6)
                for digits in full_blocks(digest.hex):
                    yield from paragraph(digits, width, indent=8)


def _files(reading: Reading, width: int) -> Iterable[Line]:
    yield from _title("Files of the delivery, and what each was taken for", width)
    for one in in_order(record for record in reading.evidence.artifacts if record.role is not None):
        why = f": {shortened(one.why, LONG)}" if one.why else ""
        role = one.role.value if one.role is not None else ""
        text = f"{shortened(str(one.locator), NAME_LIMIT)}: {role}, {count(one.size)} bytes{why}"
        yield from entry("", text, width)
        yield from paragraph(_sha256(one), width, indent=6)


def _sha256(one: ArtifactRecord) -> str:
    return next((digest.hex for digest in one.digests if digest.algorithm == "sha256"), "")


def _gaps(reading: Reading, width: int) -> Iterable[Line]:
    yield from _title("Not examined, and why", width)
    for one in reading.evidence.gaps:
        where = f" bytes {count(one.range.start)} to {count(one.range.end)}" if one.range else ""
        text = f"{shortened(str(one.locator), NAME_LIMIT)}{where}: {one.reason.value}: {shortened(one.detail, LONG)}"
        yield from entry("", text, width, style="open")
    for odd in reading.evidence.anomalies:
        text = f"{shortened(str(odd.locator), NAME_LIMIT)}: {odd.kind.value}: {shortened(odd.detail, LONG)}"
        yield from entry("", text, width, style="open")
    if not reading.evidence.gaps and not reading.evidence.anomalies:
        yield from paragraph("nothing", width, indent=2)


def _judged(reading: Reading, width: int) -> Iterable[Line]:
    verdict, evidence = reading.verdict, reading.evidence
    yield from _title("Judged", width)
    policy = (
        f"policy {verdict.policy_id} {verdict.policy_version} from {verdict.policy_source}, {verdict.policy_digest}"
    )
    yield from entry("", policy, width)
    yield from entry("", f"keys from {evidence.trust.source or 'nowhere'}, {evidence.trust.digest or 'none'}", width)
    yield from entry(
        "", f"as of {verdict.judged_at}; facts of {evidence.at}; read {evidence.settings.isolation}", width
    )
    tools = ", ".join(f"{name} {number}" for name, number in evidence.settings.tools)
    yield from entry("", f"with {tools}", width)


def _artifacts(reading: Reading, width: int) -> Iterable[Line]:
    yield from _title("Artifacts", width)
    shown = in_order(reading.evidence.artifacts)[:MAX_ARTIFACTS]
    for one in shown:
        yield from artifact_lines(one, width)
    if len(reading.evidence.artifacts) > len(shown):
        yield from paragraph(f"and {count(len(reading.evidence.artifacts) - len(shown))} more", width, indent=2)


def artifact_lines(one: ArtifactRecord, width: int) -> Iterable[Line]:
    """One artifact, indented by how deep it lies."""
    depth = min(len(one.locator.steps) - 1, 8)
    name = shortened(one.locator.name, NAME_LIMIT)
    what = shortened(one.format_title or one.format, NAME_LIMIT) or "format not known"
    text = f"{name}: {count(one.size)} bytes, {what}, {one.opened.value}, sha256 {blocks(_sha256(one), 8)}"
    yield from entry("", text, width, indent=2 + 2 * depth)


def _components(reading: Reading, width: int) -> Iterable[Line]:
    yield from _title("Components seen", width)
    for one in reading.evidence.components[:MAX_COMPONENTS]:
        version = shortened(one.stated, NAME_LIMIT) or "version not established"
        where = listed([str(place) for place in one.locators], 2) + held_in(one.inside)
        head = f"{shortened(one.name, NAME_LIMIT)}: {version}  ({one.confidence} %, {listed(one.how)}) in {where}"
        yield from entry("", head, width)
        for quote in one.quotes[:2]:
            yield from entry("| ", shortened(quote, LONG), width, indent=6, style="quiet")
