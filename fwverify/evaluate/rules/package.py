"""Rules on the delivery itself: what it is, how much was looked at, structure that a sound image does not have."""

from __future__ import annotations

from fwverify.evaluate.coverage import EXECUTABLE_FORMATS, image_spans, opened_sums
from fwverify.evaluate.interface import Case, Judged, Param, ParamKind, Rule
from fwverify.evaluate.judging import (
    Values,
    at_least,
    counted,
    failed,
    item,
    listed,
    named,
    number,
    passed,
    percent,
    unjudged,
)
from fwverify.evaluate.opacity import MORE_TIME, dark_bytes, in_damaged, looks_random, ran_out
from fwverify.evaluate.values import WHOLE
from fwverify.model.artifact import Locator
from fwverify.model.evidence import Anomaly, AnomalyKind, Gap, GapReason, Opened
from fwverify.model.finding import Item, Level

BROKEN_OFF = (GapReason.MALFORMED, GapReason.LIMIT, GapReason.CRASHED, GapReason.ENCRYPTED, GapReason.UNSUPPORTED)
"""Gaps after which the inside of an image is not known."""
CONTENT_LIMITS = (
    "max_ratio", "max_depth", "max_members", "max_member_bytes", "max_total_bytes", "max_name_bytes",
    "max_delivery_files", "max_file_bytes", "max_expansion", "max_repeats", "max_members_per_kib",
)  # fmt: skip
"""Limits that content exceeds, the same on every machine. The others depend on the machine's speed or memory."""
HOSTILE = (AnomalyKind.TRAVERSAL, AnomalyKind.LINK_ESCAPE, AnomalyKind.DEVICE_NODE)
AMBIGUOUS = (AnomalyKind.DUPLICATE_MEMBER, AnomalyKind.NAME_COLLISION, AnomalyKind.HEADER_DISAGREES)
UNACCOUNTED = (AnomalyKind.TRAILING_DATA, AnomalyKind.OVERLAP, AnomalyKind.TWO_FORMATS)
KIND_WORDS = {
    AnomalyKind.DUPLICATE_MEMBER: "two members with one name",
    AnomalyKind.TRAILING_DATA: "bytes behind the end",
    AnomalyKind.TRAVERSAL: "a member name that leads out of the container",
    AnomalyKind.LINK_ESCAPE: "a link that leads out of the container",
    AnomalyKind.DEVICE_NODE: "a device node",
    AnomalyKind.OVERLAP: "parts that overlap",
    AnomalyKind.TWO_FORMATS: "two formats that both fit",
    AnomalyKind.HEADER_DISAGREES: "headers that contradict each other",
    AnomalyKind.NAME_COLLISION: "names that become one on the device",
    AnomalyKind.LIMIT: "a limit was reached",
}
NO_IMAGE = "There is no image in this delivery."
ADD_IMAGE = "Name the file that would be installed."


def _no_image() -> Judged:
    return unjudged(NO_IMAGE, remedy=ADD_IMAGE)


def _broken_off(case: Case, what: str) -> Judged | None:
    """Not evaluated where the structure of an image could not be read to its end."""
    images = {one.locator for one in case.evidence.images()}
    gaps = [one for one in case.evidence.gaps if one.locator in images and one.reason in BROKEN_OFF]
    if not gaps:
        return None
    return unjudged(
        f"{what} cannot be judged: {named(sorted({one.locator.name for one in gaps}))} could not be read to the end.",
        remedy="Compare size and digest with what the vendor states; ask for the file again.",
        items=[item(one.locator, one.detail, one) for one in gaps],
    )


def identified(case: Case, values: Values) -> Judged:
    """Every image has a known format, and its structure was read."""
    images = case.evidence.images()
    if not images:
        return _no_image()
    allowed = listed(values, "allowed-formats")
    unknown = [one for one in images if not one.format_title and one.format not in EXECUTABLE_FORMATS]
    nameless = {one.locator for one in unknown}
    wrong = [one for one in images if one.locator not in nameless and allowed and one.format not in allowed]
    if wrong:
        return failed(
            f"{named([one.locator.name for one in wrong])}: a format the policy does not allow here.",
            [item(one.locator, f"format {one.format}", one) for one in wrong],
            remedy="Ask the vendor for the form of the release that is meant for this product.",
            expected=", ".join(allowed),
            observed=", ".join(sorted({one.format for one in wrong})),
        )
    if unknown:
        return unjudged(
            f"{named([one.locator.name for one in unknown])}: no format that fwverify knows.",
            remedy="Ask the vendor which format it is; 'fwverify formats' lists what can be opened.",
            items=[item(one.locator, "format not known", one) for one in unknown],
        )
    titles = sorted({one.format_title or one.format for one in images})
    return _broken_off(case, "The structure") or passed(
        f"{counted(len(images), 'image')} of known format: {', '.join(titles)}.", observed=", ".join(titles)
    )


def examined(case: Case, values: Values) -> Judged:
    """Bytes looked at by bytes there are."""
    opened, whole = opened_sums(case.evidence)
    if not whole:
        return _no_image()
    least = number(values, "min")
    ratio = f"{opened:,} of {whole:,} bytes"
    if at_least(opened, whole, least):
        return passed(
            f"{percent(opened, whole)} of the bytes were examined.",
            expected=f"at least {percent(least, WHOLE)}",
            observed=percent(opened, whole),
            denominator=ratio,
        )
    return failed(
        f"Only {percent(opened, whole)} of the bytes were examined.",
        _unexamined_parts(case),
        remedy="See the gaps for what was not examined and why.",
        expected=f"at least {percent(least, WHOLE)}",
        observed=percent(opened, whole),
        denominator=ratio,
    )


def _unexamined_parts(case: Case) -> list[Item]:
    sizes: dict[tuple[Locator, str], int] = {}
    for _, spans in image_spans(case.evidence):
        for span in spans:
            missing = span.range.size - span.opened_bytes
            if missing and span.opened is not Opened.EMPTY:
                key = (span.owner, span.opened.value)
                sizes[key] = sizes.get(key, 0) + missing
    return [item(owner, f"{state}: {size} bytes not examined") for (owner, state), size in sorted(sizes.items())]


def limits(case: Case, values: Values) -> Judged:
    """No structure made to hurt the reader, and no limit reached."""
    harmless = listed(values, "devices-in")
    formats = {one.locator: one.format for one in case.evidence.artifacts}
    hostile = [
        one
        for one in case.evidence.anomalies
        if one.kind in HOSTILE
        and not (one.kind is AnomalyKind.DEVICE_NODE and formats.get(one.locator, "") in harmless)
    ]
    reached = [one for one in case.evidence.gaps if one.reason is GapReason.LIMIT]
    by_content = [one for one in reached if any(f" {name} " in f" {one.detail} " for name in CONTENT_LIMITS)]
    if hostile or by_content:
        kinds = sorted({KIND_WORDS[one.kind] for one in hostile} | {one.detail for one in by_content})
        return failed(
            f"The delivery has structure that no sound image has: {named(kinds)}.",
            [*map(_anomaly, hostile), *map(_gap, by_content)],
            remedy="Do not unpack it with other tools. Ask the vendor what this file is; keep it as evidence.",
        )
    stopped = [one for one in reached if one not in by_content]
    stopped += [one for one in case.evidence.gaps if one.reason is GapReason.CRASHED]
    if stopped:
        return unjudged(
            f"Examination stopped early at {counted(len(stopped), 'place')}: {stopped[0].detail}.",
            remedy="Run it again on a machine with more memory or time; report a reader that keeps dying.",
            items=map(_gap, stopped),
        )
    return passed("No limit was reached and nothing led out of its container.") if _any(case) else _no_image()


def _any(case: Case) -> bool:
    return bool(case.evidence.images())


def _anomaly(one: Anomaly) -> Item:
    return item(one.locator, f"{KIND_WORDS[one.kind]}: {one.detail}", one)


def _gap(one: Gap) -> Item:
    return item(one.locator, one.detail, one)


def opaque(case: Case, values: Values) -> Judged:
    """Encrypted or random-looking content that nothing could examine."""
    whole = sum(one.size for one in case.evidence.images())
    if not whole:
        return _no_image()
    entropy = number(values, "min-entropy")
    gaps = [one for one in case.evidence.gaps if one.reason is GapReason.ENCRYPTED or looks_random(one, entropy)]
    dark, allowed = dark_bytes(case, gaps), number(values, "max-ratio")
    if not gaps or (dark and dark * WHOLE <= allowed * whole):
        return passed(
            "No part is encrypted or of unknown random-looking content."
            if not gaps
            else f"{dark:,} bytes are opaque, no more than the policy allows.",
            denominator=f"{dark:,} of {whole:,} bytes",
        )
    damaged = in_damaged(case, gaps)
    others = [one for one in gaps if one not in damaged]
    if damaged and (not others or 0 < dark_bytes(case, others) * WHOLE <= allowed * whole):
        late = any(ran_out(one) for one in case.evidence.gaps)
        where = "container that was not read to the end" if late else "damaged container"
        mend = "The image is cut or damaged: download it again, compare its checksum, or ask the vendor."
        return unjudged(
            f"{counted(len(damaged), 'part')} of a {where} could not be examined.",
            items=map(_gap, gaps),
            remedy=MORE_TIME if late else mend,
        )
    return failed(
        f"{counted(len(gaps), 'part')} could not be examined at all: encrypted, or random-looking and of no known "
        "format.",
        map(_gap, gaps),
        remedy="Ask the vendor for an image that can be inspected, or for the key to open it.",
        expected=f"at most {percent(allowed, WHOLE)}",
        observed=percent(dark, whole),
        denominator=f"{dark:,} of {whole:,} bytes",
    )


def duplicate_members(case: Case, values: Values) -> Judged:
    """Names that two readers would take for different content."""
    found = [one for one in case.evidence.anomalies if one.kind in AMBIGUOUS]
    if found:
        return failed(
            f"Two readers could see different content: {named(sorted({KIND_WORDS[one.kind] for one in found}))}.",
            map(_anomaly, found),
            remedy="Ask the vendor which content counts; do not install until it is built without the ambiguity.",
        )
    if not _any(case):
        return _no_image()
    return _broken_off(case, "Whether names occur twice") or passed("Every member has a name of its own.")


def trailing_data(case: Case, values: Values) -> Judged:
    """Bytes behind the declared end, overlapping parts, two formats at once."""
    padding = {one.upper() for one in listed(values, "padding")}
    most = number(values, "max-bytes")

    def harmless(one: Anomaly) -> bool:
        size = one.range.size if one.range else most + 1
        return one.kind is AnomalyKind.TRAILING_DATA and (one.fill.upper() in padding or size <= most)

    found = [one for one in case.evidence.anomalies if one.kind in UNACCOUNTED and not harmless(one)]
    if found:
        kinds = sorted({KIND_WORDS[one.kind] for one in found})
        return failed(
            f"There are bytes that the image's own structure does not account for: {named(kinds)}.",
            map(_anomaly, found),
            remedy="Ask the vendor what they are for; a signature may leave exactly these out.",
            expected=f"at most {most} bytes, or nothing but {', '.join(sorted(padding)) or 'nothing'}",
        )
    if not _any(case):
        return _no_image()
    return _broken_off(case, "What lies behind the end") or passed("Nothing lies behind a declared end or twice.")


RULES = (
    Rule(
        id="package.identified",
        default=Level.MUST,
        measures="Every image has a format fwverify knows, and its nesting was read.",
        judge=identified,
        params=(
            Param(
                "allowed-formats",
                ParamKind.LIST,
                (),
                "Names of the formats an image may have (see `fwverify formats`); empty: any known one.",
                tighter="among",
            ),
        ),
        not_proven="A known format says nothing about who made the file.",
        requirements=("N0",),
    ),
    Rule(
        id="package.examined",
        default=Level.SHOULD,
        measures="Bytes that a reader looked at, by bytes of all images.",
        judge=examined,
        params=(Param("min", ParamKind.RATIO, 9800, "Least share of bytes that must be examined.", tighter="higher"),),
        not_proven="Looked at is not understood: machine code was read, not analysed for flaws.",
        requirements=("A SI-7",),
    ),
    Rule(
        id="package.limits",
        default=Level.MUST,
        measures="No bomb, traversal, link escape or device node, and no limit of depth, size, count or time reached.",
        judge=limits,
        params=(
            Param(
                "devices-in",
                ParamKind.LIST,
                ("squashfs", "cpio"),
                "Formats of root file systems, in which device nodes are normal.",
                tighter="fewer",
            ),
        ),
        not_proven="Other tools may keep other limits than fwverify.",
    ),
    Rule(
        id="package.opaque",
        default=Level.MUST,
        measures="No encrypted or random-looking content of unknown format that nothing could examine.",
        judge=opaque,
        params=(
            Param("max-ratio", ParamKind.RATIO, 0, "Largest share of opaque bytes of the images.", tighter="lower"),
            Param(
                "min-entropy",
                ParamKind.INTEGER,
                720,
                "From how much entropy unexplained bytes count as opaque, in hundredths of a bit for each byte.",
                tighter="lower",
            ),
        ),
        not_proven="Content that was opened may still hold encrypted data in a form of its own.",
    ),
    Rule(
        id="package.duplicate-members",
        default=Level.MUST,
        measures="No two members with one name, and no headers of which readers believe different ones.",
        judge=duplicate_members,
        not_proven="The device's own reader may still differ from fwverify's.",
        requirements=("N2",),
    ),
    Rule(
        id="package.trailing-data",
        default=Level.SHOULD,
        measures="No bytes behind a declared end or between parts, no overlap, no second format valid at once.",
        judge=trailing_data,
        params=(
            Param("max-bytes", ParamKind.INTEGER, 0, "Bytes behind an end that are tolerated.", tighter="lower"),
            Param(
                "padding",
                ParamKind.LIST,
                ("00", "FF"),
                "Fill bytes that count as padding, in hexadecimal.",
                choices=("00", "FF"),
                tighter="fewer",
            ),
        ),
        not_proven="Data can also hide inside a part that is accounted for.",
        requirements=("N2",),
    ),
)
