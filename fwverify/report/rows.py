"""The labelled lines of the page: the byte ledger (Signed, Opened, Declared), then origin, SBOM, version, keys on
record, images, rules, and what was used to judge. Pure; figures come from the evidence alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fwverify.model.artifact import Role
from fwverify.model.evidence import ArtifactRecord, KeyRecord, SbomObservation
from fwverify.model.finding import Outcome
from fwverify.model.verdict import Decision
from fwverify.report import reading as r
from fwverify.report.change_rows import Said, change, changed, going_back, valid
from fwverify.report.figures import ITS_LIST, NAME_LIMIT, PARTS_LIST, blocks, count, listed, percent, plural, spoken
from fwverify.report.neutral import shortened
from fwverify.report.reading import Reading
from fwverify.report.rule_lists import ids, unjudged
from fwverify.report.situation import place
from fwverify.report.waiver_words import told
from fwverify.report.wording_contents import differing_names, undeclared_names

DETAIL_LIMIT = 400
"""Characters of the ladder's explanation: several keys, each with its confirmations."""
MAX_IMAGES = 6
"""Images named on the first page; all of them are in the evidence and under -v."""


@dataclass(frozen=True, slots=True)
class Row:
    """One labelled line."""

    label: str
    texts: tuple[str, ...]
    """Each begins a line."""
    figure: str = ""
    """Of the three ledger lines: what stands before the text."""
    style: str = ""


def rows(reading: Reading, *, spelled: bool = False) -> tuple[Row, ...]:
    """All labelled lines, in the order of the page; those with nothing to say are left out.

    Args:
        reading: what the page is about.
        spelled: the page said already what SBOM means.
    """
    made = (
        signed(reading), opened(reading), declared(reading, spelled=spelled), origin(reading), sbom(reading),
        version(reading), product(reading), *_change(reading), record(reading), images(reading), rules(reading),
        waivers(reading), used(reading), _row(valid(reading)), ignored(reading),
    )  # fmt: skip
    return tuple(one for one in made if one is not None)


def _change(reading: Reading) -> tuple[Row | None, ...]:
    return tuple(_row(one(reading)) for one in (change, changed, going_back))


def _row(said: Said | None) -> Row | None:
    return Row(said.label, said.texts, style=said.style) if said is not None else None


# The byte ledger


def signed(reading: Reading) -> Row:
    """Who signed the bytes that would be installed."""
    share = reading.verdict.signed
    figure = percent(share.signed_bytes, share.total_bytes)
    total = f"of {count(share.total_bytes)} bytes"
    if share.signed_bytes:
        text = f"{total} to be installed, by {_signers(share.by)}"
        rest = f"(not signed: {listed(_uncovered(reading))})" if share.signed_bytes < share.total_bytes else ""
        rest_empty = r.opened(reading).total - share.total_bytes - share.envelope_bytes
        empty = f"; {count(rest_empty)} empty" if rest_empty > 0 else ""
        own = f"(and {count(share.envelope_bytes)} bytes of signature and packing, not installed{empty})"
        lines = (text, rest, own if share.envelope_bytes else "")
        return Row("Signed", tuple(one for one in lines if one), figure, _good(figure))
    if share.unpinned_bytes:
        part = percent(share.unpinned_bytes, share.total_bytes).strip()
        by = "; ".join(_unpinned(reading, one) for one in share.unpinned_by[:2])
        return Row("Signed", (f"{total} by a pinned key", f"({part} by {by})"), figure, "bad")
    if reading.evidence.signatures:
        return Row("Signed", (f"{total} by a pinned key", f"({_unheld(reading)})"), figure, "bad")
    tried = sum(one.split("/")[0] in ("schemes", "authenticate") for one in reading.evidence.settings.plugins)
    text = f"{total}; {plural(tried, 'scheme')} tried, in the file and beside it"
    return Row("Signed", (text,), figure, "open")


def _good(figure: str) -> str:
    return "good" if figure == "100 %" else "bad"


def _signers(names: tuple[str, ...]) -> str:
    keys = [one.rpartition("/")[2] for one in names if "/" in one]
    other = [one for one in names if "/" not in one]
    return " and ".join([f"pinned {listed([one])}" for one in keys] + [listed([one]) for one in other])


def _uncovered(reading: Reading) -> tuple[str, ...]:
    """What no accepted signature covers; of an image that none reaches, its name alone."""
    whole = {str(one.locator) for one in r.bare_images(reading)}
    parts = reading.verdict.signed.uncovered
    names = (next((one for one in whole if part.startswith(f"{one}!")), spoken(part)) for part in parts)
    return tuple(dict.fromkeys(names))


def _unpinned(reading: Reading, fingerprint: str) -> str:
    known = r.keys_with(reading, fingerprint)
    if known:
        return f"key {blocks(fingerprint, 8)} ..., {known[0].name}: not counted"
    if any(one.identity and one.fingerprint == fingerprint for one in r.refused(reading)):
        return "an identity never pinned here: not counted"
    return f"key {blocks(fingerprint, 8)} ..., never pinned here: not counted"


def _unheld(reading: Reading) -> str:
    broken, open_, refused = len(r.broken(reading)), len(r.unchecked(reading)), len(r.refused(reading))
    parts = [
        f"{plural(broken, 'signature')} {'does' if broken == 1 else 'do'} not hold" if broken else "",
        f"{plural(open_, 'signature')} could not be checked" if open_ else "",
        f"{plural(refused, 'signature')} intact, not accepted" if refused else "",
    ]
    if any(r.signed_list(reading, one) for one in r.wrong_checksums(reading)):
        parts.append("the signed list is for other bytes")
    return "; ".join(one for one in parts if one) or "signatures cover none of these bytes"


def opened(reading: Reading) -> Row:
    """How much of the bytes was looked at."""
    sums = r.opened(reading)
    figure = percent(sums.counted, sums.total)
    fills = r.fills(reading)
    empty = f" ({fills})" if sums.empty and fills else ""
    scanned = f"{count(sums.scanned)} only searched for texts, " if sums.scanned else ""
    text = (
        f"{count(sums.examined)} bytes examined, {count(sums.empty)} empty{empty}, {scanned}"
        f"{count(sums.unexplained)} unexplained"
    )
    programs = r.programs(reading)
    if not programs:
        return Row("Opened", (text,), figure, "good" if figure == "100 %" else "open")
    if len(reading.evidence.images()) == 1:
        rest = sums.total - sums.counted
        figures = f"{count(sums.counted)} of {count(sums.total)} bytes read, {count(rest)} not analysed (machine code)."
        return Row("Opened", (f"{figures} {_program(reading, programs[0])}",), "partly", "open")
    said = [f"{place(one.locator)}: {_program(reading, one)}; machine code not analysed" for one in programs[:2]]
    return Row("Opened", (text, *said), figure, "open")


def _program(reading: Reading, one: ArtifactRecord) -> str:
    """Raw microcontroller code: only partly understood even when nothing is wrong."""
    facts = dict(one.facts)
    where = f" for address {shortened(facts['load-address'], 20)}" if facts.get("load-address") else ""
    start = f", starts at {shortened(facts['entry'], 20)}" if facts.get("entry") else ""
    title = shortened(one.format_title or "microcontroller program", NAME_LIMIT)
    return f"{title}{where}{start}"


def declared(reading: Reading, *, spelled: bool = False) -> Row:
    """Whether the vendor declared what is in the bytes."""
    its, plain = ("the SBOM", "SBOM") if spelled else (ITS_LIST, PARTS_LIST)
    if not reading.evidence.sboms:
        text = f"no {plain} came with it; {plural(len(reading.evidence.components), 'component')} identified"
        return Row("Declared", (text,), "-", "open")
    sums = r.declared(reading)
    if not sums.found:
        text = f"no component identified; {its} lists {plural(sums.absent, 'component')}, none seen"
        return Row("Declared", (text,), "-", "open")
    figure = f"{count(sums.listed)}/{count(sums.found)}"
    said: list[str] = []
    if sums.undeclared:
        said.append(f"not in {its}: {undeclared_names(reading)}")
    if sums.differing:
        said.append(f"other version: {differing_names(reading)}")
    if sums.hashes:
        said.append(f"changed files: {listed([place(one.locator) for one in sums.hashes], 2)}")
    if said:
        return Row("Declared", tuple(said), figure, "bad")
    style = "good" if reading.held("sbom.authentic") else "open"
    text = f"components found are in {its}; {_versions(sums)}"
    return Row("Declared", (text, *_copies(sums)), figure, style)


def _copies(sums: r.Declared) -> Iterator[str]:
    """Copies of libraries inside declared components, which the SBOM does not list."""
    if sums.copies:
        names = [f"{one.name} {one.version} in {one.inside}" for one in sums.copies]
        yield f"inside of them, not listed apart: {listed(names, 2)}"


def _versions(sums: r.Declared) -> str:
    """How many of the declared components have the declared version, and why the others are not counted."""
    parts = [f"{count(sums.agreeing)} with the same version"]
    if sums.versionless:
        parts.append(f"{count(sums.versionless)} {'shows' if sums.versionless == 1 else 'show'} none")
    if sums.uncompared:
        parts.append(f"{count(sums.uncompared)} not to be compared")
    return ", ".join(parts)


# Origin, SBOM, version


def origin(reading: Reading) -> Row:
    """The ladder, in its own words."""
    strength = reading.verdict.strength
    detail = shortened(strength.detail, DETAIL_LIMIT).rstrip(".")
    return Row("Origin", (f"{strength.words} ({strength.value} of 5, 5 is best)." + (f" {detail}." if detail else ""),))


def sbom(reading: Reading) -> Row | None:
    """The SBOM: what it is, who vouches for it, whether it is about this image."""
    documents = reading.evidence.sboms
    if not documents:
        return None
    one = documents[0]
    parts = [f"{shortened(one.format, 20)} {shortened(one.spec_version, 12)}".strip(), _vouched(reading)]
    image = "this image" if len(reading.evidence.images()) == 1 else "an image here"
    parts.append(f"names {image}" if reading.held("sbom.subject") else f"does not name {image}")
    parts.extend(_schema(one))
    more = f" (and {plural(len(documents) - 1, 'more SBOM')})" if len(documents) > 1 else ""
    return Row("SBOM", (", ".join(parts) + more,))


def _vouched(reading: Reading) -> str:
    if not reading.held("sbom.authentic"):
        return "nobody vouches for it"
    own = any(
        one.subject in {document.locator for document in reading.evidence.sboms} and r.accepted(reading, one)
        for one in reading.evidence.signatures
    )
    if own:
        return "with a signature of its own"
    return (
        "covered by the same signature" if reading.verdict.signed.signed_bytes else "covered by an accepted signature"
    )


def _schema(one: SbomObservation) -> list[str]:
    out = []
    if one.schema_valid is None:
        out.append("schema not checked")
    elif not one.schema_valid:
        out.append("breaks its schema")
    if one.problems:
        out.append(f"{plural(len(one.problems), 'entry', 'entries')} unreadable")
    return out


def version(reading: Reading) -> Row | None:
    """From which version to which, as far as covered bytes say; `Not proven` says that none do."""
    verdict = reading.verdict
    now, new = shortened(verdict.installed, NAME_LIMIT), shortened(verdict.version, NAME_LIMIT)
    if not new:
        return None
    if not now:
        return Row("Version", (f"{new}; the installed version was not given (--installed)",))
    return Row("Version", (f"{now} -> {new}, {_step(reading)} ({now} is what {_source(verdict.installed_from)})",))


def _source(text: str) -> str:
    """Whose word the installed version is. fwverify never asks a device."""
    if text in ("", "options", "--installed"):
        return "you said is installed"
    who = "your policy" if text.startswith("policy ") else shortened(text, NAME_LIMIT)
    return f"{who} says is installed; the unit was not asked"


def _step(reading: Reading) -> str:
    found = reading.finding("version.no-downgrade")
    if found is None or found.outcome in (Outcome.NOT_EVALUATED, Outcome.NOT_APPLICABLE):
        return "order not established"
    if found.outcome is Outcome.FAIL:
        return "a DOWNGRADE"
    if reading.evidence.expectation.change.going_back and found.message.endswith("."):
        return "as declared" if "declared" in found.message else "an upgrade"
    return "the same version" if reading.verdict.installed == reading.verdict.version else "an upgrade"


def product(reading: Reading) -> Row | None:
    """Said only when nobody established it."""
    if reading.verdict.product:
        return None
    hints = r.texts_seen(reading)
    seen = f" ({listed(hints, 2)})" if hints else ""
    what = "; version not in the bytes" if not reading.verdict.version else ""
    return Row("Product", (f"not established{seen}{what}",))


def record(reading: Reading) -> Row | None:
    """Keys you do have, when none of yours signed anything: one a line."""
    keys = r.on_record(reading)
    if not keys or reading.verdict.decision is Decision.PASS or reading.verdict.signed.by:
        return None
    said = [f"{_pinned(one)}: signed nothing here" for one in keys[:2]]
    if len(keys) > 2:
        said.append(f"and {plural(len(keys) - 2, 'more key')}: signed nothing here")
    return Row("On record", tuple(said))


def _pinned(one: KeyRecord) -> str:
    name = shortened(one.id, NAME_LIMIT)
    return f"{name}, key {blocks(one.fingerprint)}" if one.fingerprint else f"{name}, an identity"


# What the decision is about, and by what


def images(reading: Reading) -> Row:
    """Name and digest of every image."""
    found = r.in_order(reading.evidence.images())
    said = [_image(one) for one in found[:MAX_IMAGES]]
    if len(found) > MAX_IMAGES:
        said.append(f"and {plural(len(found) - MAX_IMAGES, 'more image')}: -v")
    return Row("Image" if len(found) == 1 else "Images", tuple(said) or ("none: no file here would be installed",))


def _image(one: ArtifactRecord) -> str:
    value = next((digest.hex for digest in one.digests if digest.algorithm == "sha256"), "")
    return f"{shortened(str(one.locator), 28)}, {count(one.size)} bytes, file SHA-256 {blocks(value, 8)} ..."


def rules(reading: Reading) -> Row:
    """How the required rules came out."""
    passed = f"{len(reading.passed)} of {len(reading.required)} required passed"
    advisory = f" Advisory, failed: {ids(reading.advisory)}." if reading.advisory else ""
    waived = f" Waived: {ids(reading.waived)}." if reading.waived else ""
    match reading.verdict.decision:
        case Decision.PASS:
            text = f"{passed}; {len(reading.missing)} not judged; {len(reading.waived)} waived"
            return Row("Rules", (text,))
        case Decision.FAIL:
            failed = f" Failed: {ids(reading.failed)}." if reading.failed else ""
            return Row("Rules", (f"{passed}.{failed}{unjudged(reading)}{advisory}{waived}",))
        case Decision.INCONCLUSIVE:
            return Row("Rules", (f"None failed, {passed}.{unjudged(reading)}{advisory}{waived}",))


def waivers(reading: Reading) -> Row | None:
    """Waivers, where the page has no list of what to know before acting on it."""
    said = () if reading.verdict.decision is Decision.PASS else told(reading.verdict)
    return Row("Waivers", said) if said else None


def used(reading: Reading) -> Row:
    """Which policy and keys judged, and where they came from."""
    verdict, trust = reading.verdict, reading.evidence.trust
    policy = f"policy {shortened(verdict.policy_source or verdict.policy_id, 40)}"
    if not trust.source and not trust.keys:
        return Row("Used", (f"{policy}; no key registry given (--keys DIR)",))
    keys = f"{plural(len(trust.keys), 'key')} on record in the folder {shortened(trust.source, 40)}"
    return Row("Used", (f"{policy}; {keys}",))


def ignored(reading: Reading) -> Row | None:
    """What in the delivery tried to configure or to be trusted, and was used for nothing."""
    files = [one.locator.name for one in r.of_role(reading, Role.IGNORED)]
    keys = [one.locator.name for one in r.of_role(reading, Role.KEY)]
    said = []
    if files:
        said.append(f"{listed(files)}: came inside, not used")
    if keys:
        said.append(f"{listed(keys)}: a key that came inside is never trusted")
    return Row("Ignored", ("; ".join(said),)) if said else None


def whose(reading: Reading) -> str:
    """For the title: vendor, product, version as a fact only where that is shown; else what it is not shown to be."""
    verdict = reading.verdict
    if not verdict.product:
        return shortened(reading.evidence.delivery, NAME_LIMIT)
    name = " ".join(one for one in (verdict.vendor, verdict.product, verdict.version) if one)
    known = r.proven(reading) or (verdict.decision is Decision.PASS and verdict.strength.value >= r.SIGNED)
    return shortened(name if known else f"not proven to be {name}", NAME_LIMIT)
