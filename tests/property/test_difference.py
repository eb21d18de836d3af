"""Properties of what differs: nothing between equals, the same from both ends, and text that stays harmless."""

from __future__ import annotations

import json
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from fwverify.model.beside import REVERSED
from fwverify.model.canonical import canonical, from_json, to_json
from fwverify.model.difference import ComponentStep, Difference, FileStep, UnseenKind
from fwverify.model.differing import difference
from fwverify.model.evidence import ContentKind, GapReason, Opened
from fwverify.report.difference_page import difference_document, difference_page
from fwverify.report.layout import cells
from fwverify.report.neutral import visible
from tests.unit.model.evidences import Image

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
HOSTILE = st.sampled_from(["\x1b[31m", "\u202e", "[bold]", "a\nb", "\r", "!@0x10-0x20", "etc/passwd", "@0x5-0x9", ""])
NAMES = (
    st.sampled_from(["a", "b", "usr/lib/x-1.0.so", "usr/lib/x-1.1.so", "etc/shadow", "@0x10-0x20", "@0x40"])
    | HOSTILE
    | TEXT
)
VERSIONS = st.sampled_from(["", "1.0", "1.1", "2", "1.0.0", "blue"])
ANSWERS = st.sampled_from(["yes", "no", "partial", "full"])
FACTS = st.dictionaries(st.sampled_from(["pie", "nx", "relro", "network", "rwx", "run_path"]), ANSWERS, max_size=4)
STEPS = {
    ComponentStep.ADDED: ComponentStep.REMOVED, ComponentStep.REMOVED: ComponentStep.ADDED,
    ComponentStep.UPGRADED: ComponentStep.DOWNGRADED, ComponentStep.DOWNGRADED: ComponentStep.UPGRADED,
    ComponentStep.CHANGED: ComponentStep.CHANGED,
}  # fmt: skip
FILES = {FileStep.ADDED: FileStep.REMOVED, FileStep.REMOVED: FileStep.ADDED}


@st.composite
def images(draw: st.DrawFn) -> Image:
    image = Image(
        draw(st.sampled_from(["fw-1.bin", "fw-2.bin", "x"])), draw(st.sampled_from(["root", "@0x100"])),
        draw(st.sampled_from(["squashfs", "tar"])), plugins=draw(st.sampled_from([(), ("detectors/token",)])),
        keys=draw(st.sampled_from(["k1", "k2"])), signed=draw(st.booleans()),
    )  # fmt: skip
    for name in draw(st.lists(NAMES, max_size=6, unique=True)):
        opened = draw(st.sampled_from([Opened.EXAMINED, Opened.EXAMINED, Opened.SCANNED, Opened.GAP]))
        content, mode = (
            draw(st.sampled_from(["", "1", "2", "longer"])),
            draw(st.sampled_from(["", "4755", "2711", "x"])),
        )
        if draw(st.booleans()):
            image.program(name, content, mode, **draw(FACTS))
        else:
            image.file(name, content, opened=opened)
        if draw(st.booleans()):
            image.seen(
                draw(st.sampled_from(list(ContentKind))),
                name,
                draw(st.sampled_from(["ab", "cd"])),
                draw(TEXT | HOSTILE),
            )
        if draw(st.booleans()):
            image.component(draw(st.sampled_from(["z", "q"])), draw(VERSIONS), name, since=draw(VERSIONS))
        if draw(st.integers(0, 4)) == 0:
            image.gap(name, draw(st.sampled_from(list(GapReason))), detail=draw(TEXT))
    if draw(st.booleans()):
        image.signature(draw(st.sampled_from(["minisign", "raw"])), fingerprint=draw(st.sampled_from(["ab", "cd"])))
    return image


def mirrored(found: Difference) -> Difference:
    """The difference seen from the other end."""

    def swapped(one: object, **more: object) -> object:
        return replace(one, old=one.new, new=one.old, **more)  # type: ignore[attr-defined, type-var]

    def named(one: object) -> object:
        if one.kind is UnseenKind.CONTENT:  # type: ignore[attr-defined]
            return swapped(one, name=FILES.get(FileStep(one.name), one.name))  # type: ignore[attr-defined]
        return swapped(one)

    def order(values: object) -> tuple[object, ...]:
        return tuple(sorted(values, key=canonical))  # type: ignore[call-overload]

    return Difference(
        old=found.new,
        new=found.old,
        security=order(swapped(one, effect=REVERSED[one.effect]) for one in found.security),
        components=order(swapped(one, step=STEPS[one.step]) for one in found.components),
        files=order(swapped(one, step=FILES.get(one.step, one.step)) for one in found.files),
        facts=order(swapped(one) for one in found.facts),
        unseen=order(named(one) for one in found.unseen),
    )  # type: ignore[arg-type]


@given(images())
@settings(max_examples=60, deadline=None)
def test_nothing_differs_from_itself(image: Image) -> None:
    """Between equal evidences there is nothing, and whatever nobody examined is the same bytes."""
    found = difference(image.evidence(), image.evidence())
    assert found.nothing
    assert found.open == ()


@given(images(), images())
@settings(max_examples=150, deadline=None)
def test_seen_from_the_other_end(one: Image, other: Image) -> None:
    """From new to old is from old to new, mirrored: nothing is told one way only, nothing paired otherwise."""
    there, back = difference(one.evidence(), other.evidence()), difference(other.evidence(), one.evidence())

    def words(found: Difference) -> object:  # names are those of the new side where both have one
        plain = to_json(found)
        for change in plain["security"]:  # type: ignore[index, call-overload, union-attr]
            if change["old"] and change["new"]:  # type: ignore[index, call-overload]
                change["name"] = ""  # type: ignore[index, call-overload]
        plain["security"].sort(key=canonical)  # type: ignore[index, call-overload, union-attr]
        return plain

    assert words(mirrored(there)) == words(back)


@given(images(), images())
@settings(max_examples=60, deadline=None)
def test_reads_back(one: Image, other: Image) -> None:
    """The JSON form holds everything and is printable ASCII."""
    found = difference(one.evidence(), other.evidence())
    text = difference_document(found)
    assert from_json(Difference, json.loads(text)) == found
    assert all(" " <= letter <= "~" or letter == "\n" for letter in text)


@given(images(), images(), st.integers(0, 1))
@settings(max_examples=80, deadline=None)
def test_pages_are_harmless(one: Image, other: Image, verbose: int) -> None:
    """No line is wider than the page, and no name moves a cursor or changes the order of letters."""
    page = difference_page(difference(one.evidence(), other.evidence()), 80, verbose)
    for line in page.rstrip("\n").split("\n"):
        assert cells(line) <= 80
        assert visible(line) == line
