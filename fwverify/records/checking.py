"""Checking a pack, offline, years later. Reads the pack and nothing else; what is to be believed comes as arguments.

1. Files: no name twice, no link, nothing outside; SHA256SUMS names every file and each digest is right.
2. Report: canonical, of a schema this version reads; its facts have the digest that the verdict names.
3. Inputs, Policy, Keys, Waivers: the copies are those that verdict and facts name by digest.
4. Judgement: the facts, judged again by the copies at the time of the verdict, give the same, line by line.
5. Pages: the same version writes the same pages.
6. Signed by: every statement is by a site key the operator gave, and is about this report and this pack.
7. Log and Time: records.log_checking and records.stamping.

Every line is equal, differs or could not be checked; what could not be checked is never equal.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from fwverify.errors import FwverifyError
from fwverify.formats import strict_json
from fwverify.limits import LimitExceeded
from fwverify.model.canonical import Json, NotEvidence, canonical, from_json
from fwverify.model.evidence import SCHEMA, Evidence
from fwverify.model.examining import Malformed
from fwverify.model.verdict import Assessment, Verdict
from fwverify.records import layout, packing, rejudging
from fwverify.records.attested import Anchors, Report, attested
from fwverify.records.layout import INDEX, INPUTS, KEYS, MAX_COPY_BYTES, POLICY, REPORT, SUMS, WAIVERS
from fwverify.records.lines import MAX_TOLD, Line, Result, compared
from fwverify.records.storing import NotAPack, Stored
from fwverify.report.interface import REPORT_SCHEMA
from fwverify.trust.registry import load_files

_SUMS_LINE = re.compile(r"(\\?)([0-9a-f]{64})  (.+)")


@dataclass(frozen=True, slots=True)
class Checked:
    """The answer of `check`."""

    lines: tuple[Line, ...]
    report: Report | None = None
    """None: there is none that could be read."""
    basis: packing.Basis | None = None

    @property
    def result(self) -> Result:
        """The whole: one line that differs decides, then one that is needed and was not checked."""
        if any(one.result is Result.DIFFERS for one in self.lines):
            return Result.DIFFERS
        unchecked = any(one.result is Result.UNCHECKED and one.needed for one in self.lines)
        return Result.UNCHECKED if unchecked or not self.lines else Result.EQUAL


def check(pack: Stored, anchors: Anchors, more: Sequence[Callable[[Stored, Report], Line | None]] = ()) -> Checked:
    """All lines of a pack.

    Args:
        pack: open.
        anchors: what the operator believes.
        more: further checks (log, time); None: the pack has nothing of the kind and nobody asked.
    """
    lines = [_files(pack)]
    if pack.faults:
        return Checked(tuple(lines))
    try:
        report, index = read_report(pack), _index(pack)
        basis = basis_of(pack, index)
    except NotAPack as problem:
        return Checked((*lines, Line("Report", Result.DIFFERS, str(problem))))
    tool = str(index.get("tool"))
    lines += [
        _facts(report),
        _inputs(pack, report),
        _policy(report, basis),
        _keys(report, basis),
        _waivers(report, basis),
        _judgement(report, basis),
        _pages(pack, report, basis, tool, anchors.tool),
        attested(pack, report, tool, anchors),
    ]
    lines += [line for one in more if (line := one(pack, report)) is not None]
    return Checked(tuple(lines), report, basis)


def read_report(pack: Stored) -> Report:
    """report.json. Raises NotAPack."""
    raw = pack.read(REPORT)
    document = _table(raw, REPORT)
    verdict, evidence = document.get("verdict"), document.get("evidence")
    if document.get("schema") != REPORT_SCHEMA or not isinstance(verdict, dict) or not isinstance(evidence, dict):
        raise NotAPack(f"{REPORT} is no report that this version reads (its schema is {REPORT_SCHEMA})")
    if evidence.get("schema") != SCHEMA:
        raise NotAPack(f"the facts in {REPORT} are not of the schema that this version reads ({SCHEMA})")
    try:
        assessment = Assessment(from_json(Evidence, evidence), from_json(Verdict, verdict))
    except NotEvidence as problem:
        raise NotAPack(f"{REPORT} is not whole: {problem}") from None
    return Report(raw, document, verdict, assessment)


def _table(raw: bytes, name: str) -> dict[str, Json]:
    try:
        value = strict_json.load(raw, name, max_bytes=layout.MAX_DOCUMENT_BYTES)
    except (Malformed, LimitExceeded) as problem:
        raise NotAPack(f"{name} cannot be read: {problem}") from None
    if not isinstance(value, dict):
        raise NotAPack(f"{name} is no JSON object")
    return value  # type: ignore[return-value]  # a float in it is refused by the readers of values


def _index(pack: Stored) -> dict[str, Json]:
    found = _table(pack.read(INDEX), INDEX)
    if found.get("schema") != layout.PACK_SCHEMA:
        raise NotAPack(f"{INDEX} is not of the schema that this version reads ({layout.PACK_SCHEMA})")
    return found


def basis_of(pack: Stored, index: Mapping[str, Json]) -> packing.Basis:
    """The exact copies that the index names. Raises NotAPack when it names others than there are."""
    keys = index.get("keys")
    source = keys.get("name") if isinstance(keys, dict) else None
    if not isinstance(source, str):
        raise NotAPack(f"{INDEX} does not say where the keys came from")
    copies = [one for one in sorted(pack.sizes) if one.startswith((KEYS, POLICY, WAIVERS))]
    if sum(pack.sizes[one] for one in copies) > layout.MAX_COPIES_BYTES:
        raise NotAPack("policies, keys and waivers are larger than any such are")
    return packing.Basis(
        policies=_texts(pack, index.get("policy"), POLICY),
        keys_source=source,
        keys={one.removeprefix(KEYS): pack.read(one, MAX_COPY_BYTES) for one in copies if one.startswith(KEYS)},
        waivers=_texts(pack, index.get("waivers"), WAIVERS),
    )


def _texts(pack: Stored, listed: Json, folder: str) -> tuple[tuple[str, str], ...]:
    found: list[tuple[str, str]] = []
    files = set()
    for one in listed if isinstance(listed, list) else []:
        match one:
            case {"name": str(name), "file": str(file)} if file.startswith(folder):
                try:
                    found.append((name, pack.read(file, MAX_COPY_BYTES).decode()))
                except UnicodeDecodeError:
                    raise NotAPack(f"{file} is not UTF-8 text") from None
                files.add(file)
            case _:
                raise NotAPack(f"{INDEX} does not say which file of {folder} is what")
    extra = sorted({one for one in pack.sizes if one.startswith(folder)} - files)
    if extra:
        raise NotAPack(f"{extra[0]} is in the pack, but {INDEX} does not know it")
    return tuple(found)


def _files(pack: Stored) -> Line:
    """Step 1."""
    if pack.faults:
        return Line("Files", Result.DIFFERS, "not read further: a pack never has this", pack.faults[:MAX_TOLD])
    problems: list[str] = []
    try:
        sums = _sums(pack.read(SUMS))
    except NotAPack as problem:
        return Line("Files", Result.DIFFERS, str(problem))
    present = {one for one in pack.sizes if one not in layout.NOT_SUMMED}
    problems += [f"{one} is missing" for one in sorted({*sums} - present)]
    problems += [f"{one} is there, but {SUMS} does not know it" for one in sorted(present - {*sums})]
    right = 0
    for one in sorted(present & {*sums}):
        try:
            same = pack.digest(one) == sums[one]
        except NotAPack as problem:
            problems.append(str(problem))
            continue
        right += same
        problems += [] if same else [f"{one} was changed"]
    return compared("Files", f"{right} of {len(sums)} files are as {SUMS} says", problems)


def _sums(raw: bytes) -> dict[str, str]:
    found: dict[str, str] = {}
    try:
        lines = raw.decode().split("\n")
    except UnicodeDecodeError:
        raise NotAPack(f"{SUMS} is not text") from None
    for line in lines[:-1]:
        match = _SUMS_LINE.fullmatch(line)
        if match is None or match[1] or match[3] in found:
            raise NotAPack(f"{SUMS} is not as a pack has it: {line[:100]!r}")
        found[match[3]] = match[2]
    if lines[-1] or not found:
        raise NotAPack(f"{SUMS} does not end as a list of digests")
    return found


def _facts(report: Report) -> Line:
    """Step 2."""
    problems = [] if canonical(report.document) == report.raw else [f"{REPORT} is not in canonical form"]
    digest = hashlib.sha256(canonical(report.document["evidence"])).hexdigest()
    named = {str(report.document.get("evidence_digest")), str(report.verdict.get("evidence_digest"))}
    if named != {digest}:
        problems.append(f"its facts have the digest {digest}, the verdict names {' and '.join(sorted(named))}")
    return compared("Report", "canonical form, and its facts by the digest in the verdict", problems)


def _inputs(pack: Stored, report: Report) -> Line:
    """Step 3."""
    evidence = report.assessment.evidence
    listed = packing.inputs(evidence)
    same = pack.holds(INPUTS, packing.inputs_text(evidence))
    problems = [] if same else [f"{INPUTS} is missing or not what the facts say"]
    copies = {one.removeprefix(layout.IMAGE) for one in pack.sizes if one.startswith(layout.IMAGE)}
    digests = {digest for digest, _ in listed.values()}
    problems += [f"image/{one} is no file that was judged" for one in sorted(copies - digests)]
    problems += [f"image/{one} is another file" for one in sorted(copies & digests) if _other(pack, one)]
    more = f"; {len(copies)} copied" if copies else ""
    return compared("Inputs", f"{len(listed)} files were judged, by digest{more}", problems)


def _other(pack: Stored, digest: str) -> bool:
    try:
        return pack.digest(f"{layout.IMAGE}{digest}") != digest
    except NotAPack:
        return True


def _policy(report: Report, basis: packing.Basis) -> Line:
    """Step 3. The digest is over the text, and with a parent over the text and the parent's digest."""
    digest = ""
    for _, text in reversed(basis.policies):
        digest = hashlib.sha256((text + (f"\n{digest}" if digest else "")).encode()).hexdigest()
    verdict = report.assessment.verdict
    problems = [] if digest == verdict.policy_digest else [f"the copy is {digest}, judged by {verdict.policy_digest}"]
    return compared("Policy", f"{verdict.policy_id} {verdict.policy_version}, by the digest in the verdict", problems)


def _keys(report: Report, basis: packing.Basis) -> Line:
    """Step 3."""
    trust = report.assessment.evidence.trust
    listing = "".join(f"{hashlib.sha256(basis.keys[name]).hexdigest()}  {name}\n" for name in sorted(basis.keys))
    digest = hashlib.sha256(listing.encode()).hexdigest() if basis.keys or trust.digest else ""
    problems = [] if digest == trust.digest else [f"the copy is {digest or 'missing'}, judged with {trust.digest}"]
    if basis.keys and not problems:
        try:
            known = load_files(basis.keys, trust.source).snapshot().keys
        except FwverifyError as problem:
            return Line("Keys", Result.UNCHECKED, f"this version cannot read them: {problem.what}")
        problems = [] if known == trust.keys else ["the facts say of them what the copies do not"]
    text = (
        f"{len(trust.keys)} keys on record, by the registry's digest in the facts"
        if trust.digest
        else "judged without keys"
    )
    return compared("Keys", text, problems)


def _waivers(report: Report, basis: packing.Basis) -> Line:
    """Step 3."""
    wanted = {one.digest: one.id for one in report.assessment.verdict.waivers}
    there = {hashlib.sha256(text.encode()).hexdigest(): name for name, text in basis.waivers}
    problems = [f"waiver {wanted[one]} is missing or was changed" for one in sorted({*wanted} - {*there})]
    problems += [f"{there[one]} is no waiver that was given" for one in sorted({*there} - {*wanted})]
    return compared(
        "Waivers", f"{len(wanted)} given, by their digests in the verdict" if wanted else "none given", problems
    )


def _judgement(report: Report, basis: packing.Basis) -> Line:
    """Step 4."""
    verdict = report.assessment.verdict
    try:
        policy, waivers = rejudging.policy_of(basis.policies), rejudging.waivers_of(basis.waivers)
    except FwverifyError as problem:
        return Line("Judgement", Result.UNCHECKED, f"this version cannot read what it was judged by: {problem.what}")
    again = rejudging.judge(report.assessment.evidence, policy, verdict.judged_at, waivers).verdict
    found = rejudging.compare(report.verdict, again, skip=("evidence_digest",))
    equal = found.lines - len(found.different)
    return compared("Judgement", f"judged again: {equal} of {found.lines} lines are equal", found.different)


def _pages(pack: Stored, report: Report, basis: packing.Basis, made: str, tool: str) -> Line:
    """Step 5. Another version may word a page otherwise; then its digest is all there is to check."""
    if made != tool:
        return Line("Pages", Result.UNCHECKED, f"written by fwverify {made}, this is {tool}", needed=False)
    status = report.document.get("exit_status")
    again = packing.pages(report.assessment, status if isinstance(status, int) else -1, basis)
    same = [one for one in sorted(again) if pack.holds(one, again[one])]
    problems = [f"{one} is missing or does not say what {REPORT} says" for one in sorted(set(again) - set(same))]
    return compared("Pages", f"{', '.join(sorted(again))}, held against {REPORT}", problems)
