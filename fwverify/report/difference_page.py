"""Two images side by side, as text: in security terms first, then components, files, headers, what was not compared.

The whole of it is in the JSON form; the page shows the first of each list, and with `-v` all. No judgement: which
change is acceptable is somebody's who knows the product.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from fwverify.model.artifact import Locator
from fwverify.model.canonical import to_json
from fwverify.model.difference import (
    SCHEMA,
    ComponentChange,
    ComponentStep,
    Difference,
    Effect,
    FileChange,
    FileStep,
    SecurityChange,
    Side,
    Topic,
    Unseen,
    UnseenKind,
)
from fwverify.report import difference_wording as wording
from fwverify.report.figures import NAME_LIMIT, count, listed, percent, plural
from fwverify.report.layout import MIN_WIDTH, Line, entry, labelled, paragraph, plain
from fwverify.report.neutral import shortened

T = TypeVar("T")

SHOWN = 12
"""Lines of a list without `-v`. Those for the worse are always all there, where they are not too many to read."""
SHOWN_WORSE = 40
MAX_LINES = 5000
"""With `-v`; JSON has all."""
GROUPED = 3
"""From so many alike on, changes of one file or of one mitigation share a line."""
NEVER = (
    "Never compared: links, owners, permissions other than set-user-ID, device nodes and times; what runs on the device"
    " may differ in them."
)
TOPICS = tuple(Topic)
RELEASES = TOPICS.index(Topic.RELEASE) + 1
TITLES = {Effect.WORSE: "For the worse", Effect.CHANGED: "To look at", Effect.BETTER: "For the better"}
STEPS = {
    ComponentStep.ADDED: ("added", "+ "),
    ComponentStep.REMOVED: ("removed", "- "),
    ComponentStep.DOWNGRADED: ("older", "v "),
    ComponentStep.UPGRADED: ("newer", "^ "),
    ComponentStep.CHANGED: ("changed, order not known", "? "),
}
FILES = {
    FileStep.ADDED: ("added", "+ "),
    FileStep.REMOVED: ("removed", "- "),
    FileStep.CHANGED: ("changed", "~ "),
    FileStep.MOVED: ("moved", "> "),
    FileStep.REPACKED: ("packed otherwise, with the same in it", "= "),
}
NOISE = frozenset({"modified", "built", "image-sequence", "serial", "disk", "free-bytes-left-out", "deleted-entries"})
"""Headers that differ between any two builds: with `-v`."""
NAMED_STEPS = 2
"""Pieces of an image's member share a line."""
UNSEEN_ORDER = tuple(UnseenKind)


def difference_page(found: Difference, width: int, verbose: int = 0) -> str:
    """The page, ending with a newline."""
    return "".join(f"{plain(line)}\n" for line in _lines(found, max(width, MIN_WIDTH), verbose))


def difference_document(found: Difference) -> str:
    """The same as JSON, with everything outside printable ASCII escaped."""
    shown = to_json(found)
    assert isinstance(shown, dict)  # noqa: S101 - a dataclass
    document = {"$schema": SCHEMA, "schema": SCHEMA, **shown}
    return json.dumps(document, indent=1, ensure_ascii=True).replace("\x7f", "\\u007f") + "\n"


def _lines(found: Difference, width: int, verbose: int) -> Iterable[Line]:
    yield from paragraph(f"{_name(found.old)} -> {_name(found.new)}", width, style="label")
    yield from paragraph(sentence(found), width, indent=2)
    for label, side in (("Old", found.old), ("New", found.new)):
        yield from labelled(label, figures(side), width)
    for effect in Effect:
        yield from _security(found, effect, width, verbose)
    yield from _components(found, width, verbose)
    yield from _configuration(found, width, verbose)
    yield from _files(found, width, verbose)
    yield from _unseen(found, width, verbose)
    yield from paragraph(NEVER, width, indent=2)


def _name(side: Side) -> str:
    return shortened(side.delivery, NAME_LIMIT)


def figures(side: Side) -> str:
    """One side in a line."""
    parts = [
        plural(len(side.images), "image"),
        f"{count(side.total_bytes)} bytes",
        plural(side.files, "file"),
        f"{percent(side.opened_bytes, side.total_bytes).strip()} opened",
        f"{percent(side.signed_bytes, side.total_bytes).strip()} signed" + _by(side),
    ]
    return ", ".join(parts)


def _by(side: Side) -> str:
    """By whom, where the key is on record. An intact signature of a stranger is one all the same."""
    names = [one or "a key not on record" for one in side.signers]
    return f" ({listed(names, 2)})" if names else ""


def sentence(found: Difference) -> str:
    """What it comes to in security terms, and whether everything could be compared."""
    counts = {effect: len(found.of_effect(effect)) for effect in Effect}
    left = plural(len(found.open), "thing")
    behind = f" {left} could not be compared: see the end." if found.open else " Everything could be compared."
    if found.nothing:
        return ("Nothing that could be compared differs." if found.open else "Nothing differs.") + behind
    if not any(counts.values()):
        return "In security terms no change was seen." + behind
    told = ", ".join(f"{count(counts[effect])} {words}" for effect, words in (
        (Effect.WORSE, "for the worse"), (Effect.CHANGED, "to look at"), (Effect.BETTER, "for the better"),
    ))  # fmt: skip
    return f"In security terms: {told}." + behind


def _listed(
    values: Sequence[T], text: Callable[[T], tuple[str, str]], width: int, limit: int, style: str = ""
) -> Iterable[Line]:
    """Mark and text of each, as many as there is room for, and how many more there are."""
    for one in values[:limit]:
        mark, words = text(one)
        yield from entry(mark, words, width, indent=3, style=style)
    if len(values) > limit:
        yield from paragraph(f"and {count(len(values) - limit)} more: {_more(limit)}", width, indent=5)


def _more(limit: int) -> str:
    return "--json" if limit == MAX_LINES else "-v"


# --- in security terms -----------------------------------------------------------------------------------------------


def _security(found: Difference, effect: Effect, width: int, verbose: int) -> Iterable[Line]:
    changes = found.of_effect(effect)
    if not changes:
        return
    yield from paragraph(TITLES[effect], width, indent=2, style="label")
    limit = MAX_LINES if verbose else SHOWN_WORSE if effect is Effect.WORSE else SHOWN
    yield from _listed(_told(changes, verbose), lambda one: ("- ", one), width, limit)


def _told(changes: Sequence[SecurityChange | ComponentChange], verbose: int) -> list[str]:
    """In the order of topics, older components before mitigations; what is alike in one line."""
    groups: dict[tuple[int, str], list[SecurityChange | ComponentChange]] = defaultdict(list)
    for one in changes:
        groups[_group(one)].append(one)
    out: list[str] = []
    for key in sorted(groups):
        alike = groups[key]
        if key[1] and (key[0] == RELEASES or (len(alike) >= GROUPED and not verbose)):
            out.append(_together(alike))
        else:
            out += [_sentence_of(one) for one in alike]
    return out


def _group(one: SecurityChange | ComponentChange) -> tuple[int, str]:
    """Rank of the topic; what changes that may share a line have in common, empty for those that stand alone."""
    if isinstance(one, ComponentChange):
        return TOPICS.index(Topic.MITIGATION), ""
    rank = TOPICS.index(one.topic) + 1
    seen = one.new or one.old
    if one.topic is Topic.RELEASE:
        return rank, str((one.old and one.old.value, one.new and one.new.value))
    if one.topic is Topic.MITIGATION:
        return rank, one.name
    if one.topic is Topic.TRUST_ANCHOR and seen is not None:
        return rank, "new" * (one.old is None) + str(seen.locators[0])
    return rank, ""


def _sentence_of(one: SecurityChange | ComponentChange) -> str:
    if isinstance(one, ComponentChange):
        verb = {ComponentStep.ADDED: "New component", ComponentStep.REMOVED: "Gone: component"}.get(
            one.step, "Component"
        )
        return f"{verb} {wording.component(one)}"
    return wording.security(one)


def _together(alike: Sequence[SecurityChange | ComponentChange]) -> str:
    first = alike[0]
    sides = [seen for one in alike for seen in (one.new or one.old,) if seen is not None]
    places = wording.where(place for one in sides for place in one.locators)
    if isinstance(first, SecurityChange) and first.topic is Topic.RELEASE:
        return wording.release(first, [one.name for one in alike])
    if isinstance(first, SecurityChange) and first.topic is Topic.MITIGATION:
        told = {Effect.WORSE: wording.LOST, Effect.BETTER: wording.WON}.get(first.effect, {})
        return f"{plural(len(alike), 'file')}, each {told.get(first.name, first.name + ' differs')}: {places}"
    what = plural(len(alike), "public key or certificate", "public keys or certificates")
    return f"{'New' if first.new is not None else 'Gone'}: {what}, in {places}"


# --- components, headers, files, gaps --------------------------------------------------------------------------------


def _components(found: Difference, width: int, verbose: int) -> Iterable[Line]:
    by_step = {step: [one for one in found.components if one.step is step] for step in STEPS}
    told = ", ".join(f"{count(len(ones))} {STEPS[step][0]}" for step, ones in by_step.items() if ones)
    yield from labelled("Components", told or "none differs", width, columns=(2, 13))
    ordered = [one for step in STEPS for one in sorted(by_step[step], key=lambda one: one.name)]
    limit = MAX_LINES if verbose else SHOWN
    yield from _listed(ordered, lambda one: (STEPS[one.step][1], wording.component(one)), width, limit)


def _configuration(found: Difference, width: int, verbose: int) -> Iterable[Line]:
    """What headers state, the kernel, and files that configure the system."""
    texts = [
        f"kernel {STEPS[one.step][0]}: {wording.component(one)}" for one in found.components if one.name == "linux"
    ]
    texts += [wording.fact(one) for one in found.facts if verbose or one.name not in NOISE]
    for one in found.files:
        side = one.new or one.old
        if side is not None and side.locator.name.lstrip("./").startswith("etc/"):
            texts.append(f"{FILES[one.step][0]}: {wording.file(one)}")
    if texts:
        yield from paragraph("Kernel and configuration", width, indent=2, style="label")
        yield from _listed(texts, lambda one: ("- ", one), width, MAX_LINES if verbose else SHOWN)


def _files(found: Difference, width: int, verbose: int) -> Iterable[Line]:
    told = []
    for step, (words, _) in FILES.items():
        ones = [one for one in found.files if one.step is step]
        if ones:
            told.append(f"{count(len(ones))} {words} ({count(sum(one.size for one in ones))} bytes)")
    yield from labelled("Files", ", ".join(told) or "none differs", width, columns=(2, 13))
    ordered = sorted(found.files, key=lambda one: -one.size)

    def text(one: FileChange) -> tuple[str, str]:
        return FILES[one.step][1], wording.file(one) + (", format not known" if one.opaque else "")

    yield from _listed(ordered, text, width, MAX_LINES if verbose else SHOWN)


def _unseen(found: Difference, width: int, verbose: int) -> Iterable[Line]:
    """What may have changed first; what did not, because its bytes are the same, counted."""
    if found.open:
        yield from paragraph("Could not be compared: no change there was earned", width, indent=2, style="label")
        limit = MAX_LINES if verbose else SHOWN
        yield from _listed(_open(found.open, verbose), lambda one: ("- ", one), width, limit)
    same = [one for one in found.unseen if one.same]
    if same:
        text = f"{plural(len(same), 'part')} nobody could examine, with the same bytes on both sides"
        yield from paragraph(text, width, indent=2)
        if verbose:
            yield from _listed(same, lambda one: ("- ", wording.unseen(one)), width, MAX_LINES)


def _open(left: Sequence[Unseen], verbose: int) -> list[str]:
    """Pieces of unknown format that lie in one place and differ alike share a line."""
    groups: dict[tuple[int, str], list[Unseen]] = defaultdict(list)
    for one in left:
        seen = one.new or one.old
        alike = one.kind is UnseenKind.CONTENT and not verbose and seen is not None
        outer = str(Locator(seen.locators[0].steps[:NAMED_STEPS])) if alike and seen is not None else ""
        groups[UNSEEN_ORDER.index(one.kind), one.name + outer].append(one)
    out: list[str] = []
    for key in sorted(groups):
        together = groups[key]
        if together[0].kind is UnseenKind.CONTENT and not verbose:
            out.append(wording.contents(together))
        else:
            out += [wording.unseen(one) for one in together]
    return out
