"""One sentence for each thing that differs between two images, in plain words.

What was not seen on a side is never said to be absent there when nobody looked. Names and details come from firmware:
every one passes `shortened`, and the page passes everything through `report.layout.span`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fwverify.model.artifact import Locator
from fwverify.model.difference import (
    ComponentChange,
    ComponentStep,
    Doubt,
    Effect,
    FactChange,
    FileChange,
    FileStep,
    SecurityChange,
    Sighting,
    Topic,
    Unseen,
    UnseenKind,
)
from fwverify.report.figures import NAME_LIMIT, PARTS_LIST, blocks, count, listed, spoken
from fwverify.report.neutral import shortened

DETAIL_LIMIT = 120
NOUNS = {
    Topic.PRIVATE_KEY: "private key",
    Topic.PASSWORD: "weak login",
    Topic.AUTHORIZED_KEY: "SSH key that may log in",
    Topic.DEBUG_SHELL: "shell without login",
    Topic.TOKEN: "access token",
    Topic.SERVICE: "service without encryption",
    Topic.UPDATER: "updater that runs by itself",
    Topic.ENDPOINT: "address it may connect to",
    Topic.TRUST_ANCHOR: "public key or certificate",
    Topic.STRUCTURE: "structure that a sound image does not have",
    Topic.LISTENER: "program that accepts connections",
    Topic.SETUID: "file that runs with its owner's rights",
}
LOST = {
    "pie": "can no longer be loaded at random addresses (PIE)",
    "nx": "may now execute its stack (NX)",
    "relro": "leaves its linker tables writable (RELRO)",
    "canary": "no longer notices that its stack was overwritten (canary)",
    "fortify": "no longer checks lengths in library calls (fortify)",
    "rwx": "now has memory that is writable and executable",
}
WON = {
    "pie": "can now be loaded at random addresses (PIE)",
    "nx": "no longer executes its stack (NX)",
    "relro": "protects its linker tables better (RELRO)",
    "canary": "now notices that its stack was overwritten (canary)",
    "fortify": "now checks lengths in library calls (fortify)",
    "rwx": "no longer has memory that is writable and executable",
}
DOUBTS = {
    Doubt.UNEXAMINED: "not examined there, so it may be there too",
    Doubt.NOT_LOOKED_FOR: "that run did not look for it",
    Doubt.OTHER_FORMAT: "its container need not record this",
}
FINGERPRINTED = frozenset({Topic.PRIVATE_KEY, Topic.TOKEN, Topic.AUTHORIZED_KEY, Topic.TRUST_ANCHOR})


def place(locator: Locator) -> str:
    """The last step; of bytes that have no name, where they lie in what has one."""
    steps = [str(Locator((one,))) if at else one.member for at, one in enumerate(reversed(locator.steps))]
    named = next((at for at, one in enumerate(steps) if not one.startswith("@0x")), 0)
    return spoken("!".join(reversed(steps[: named + 1])))


def where(locators: Iterable[Locator]) -> str:
    """Two of several places."""
    return listed(list(dict.fromkeys(place(one) for one in locators)), 2)


def security(one: SecurityChange) -> str:
    """What changed, which place, and what is not sure about it."""
    match one.topic:
        case Topic.RELEASE | Topic.SIGNED_SHARE | Topic.SBOM:
            text = _delivery(one)
        case Topic.SIGNATURE | Topic.SIGNER:
            text = _signature(one)
        case Topic.MITIGATION:
            text = _mitigation(one)
        case Topic.KERNEL_CONFIG:
            where_ = where(_sighted(one).locators)
            text = f"Kernel setting {one.name}: {_value(one.old)} -> {_value(one.new)}, {where_}"
        case Topic.SETUID | Topic.LISTENER | Topic.ACCOUNTS:
            text = _file(one)
        case _:
            text = _content(one)
    return text + doubted(one)


def doubted(one: SecurityChange | ComponentChange) -> str:
    """In brackets, why it need not be new, or gone."""
    if one.doubt not in DOUBTS:
        return ""
    return f" ({'old' if one.old is None else 'new'} side: {DOUBTS[one.doubt]})"


def _sighted(one: SecurityChange) -> Sighting:
    seen = one.new or one.old
    assert seen is not None  # noqa: S101 - a change has a side
    return seen


def _content(one: SecurityChange) -> str:
    seen, noun = _sighted(one), NOUNS[one.topic]
    detail = seen.detail.removeprefix("a ").removeprefix(noun).lstrip(",: ")
    if one.topic is Topic.ENDPOINT:
        detail = f"{seen.value}, {detail}"
    told = [shortened(detail, DETAIL_LIMIT)] if detail else []
    if one.topic in FINGERPRINTED:
        told.append(f"SHA-256 {blocks(seen.value, 8)}")
    verb = "New" if one.new is not None else "Gone"
    return f"{verb} {noun}: {', '.join(told)}, in {where(seen.locators)}"


def _file(one: SecurityChange) -> str:
    seen = _sighted(one)
    at = where(seen.locators)
    if one.topic is Topic.ACCOUNTS:
        change = "differs" if one.old and one.new else "is new" if one.new else "is gone"
        return f"{at} {change}: who may log in or act as whom; which account is not kept"
    if one.topic is Topic.LISTENER:
        lacks = f", without {seen.detail}" if seen.detail else ""
        return f"{'New' if one.new else 'Gone'} {NOUNS[one.topic]}: {at}{lacks}"
    if one.old and one.new:
        return f"{at} runs with others' rights: mode {one.old.value} -> {one.new.value}"
    return f"{'New' if one.new else 'No longer a'} {NOUNS[one.topic]}: {at}, mode {seen.value}"


def _mitigation(one: SecurityChange) -> str:
    seen = _sighted(one)
    told = {Effect.WORSE: LOST, Effect.BETTER: WON}.get(one.effect, {})
    states = f"{_value(one.old)} -> {_value(one.new)}"
    what = told.get(one.name, f"{one.name} differs")
    listens = ", and accepts connections" if seen.detail else ""
    return f"{where(seen.locators)} {what}: {states}{listens}"


def _value(seen: Sighting | None) -> str:
    return shortened(seen.value, NAME_LIMIT) if seen is not None and seen.value else "none"


def _signature(one: SecurityChange) -> str:
    name = shortened(one.name, NAME_LIMIT)
    if one.topic is Topic.SIGNER:
        return f"Signed by somebody else ({name}): {_signers(one.old)} -> {_signers(one.new)}"
    if one.name in ("hash", "bits") and one.old and one.new:
        return f"The signature's {name}: {_value(one.old)} -> {_value(one.new)}, {where(one.new.locators)}"
    seen, other = (one.old, one.new) if one.effect is Effect.WORSE else (one.new, one.old)
    if seen is None:  # no intact one on either side
        broken = _sighted(one)
        return f"A signature that does not hold ({name}): {shortened(broken.detail, DETAIL_LIMIT)}"
    verb = "Lost" if one.effect is Effect.WORSE else "New"
    now = f"; {'now' if one.new is other else 'before'}: {shortened(other.detail, DETAIL_LIMIT)}" if other else ""
    return f"{verb} signature: {name}, {where(seen.locators)}, by {_signers(seen)}{now}"


def _signers(seen: Sighting | None) -> str:
    if seen is None:
        return "nobody"
    digits = [one for one in seen.value.split(", ") if one]
    return listed([blocks(one) if all(c in "0123456789abcdef" for c in one) else one for one in digits], 2) or "nobody"


def _delivery(one: SecurityChange) -> str:
    if one.topic is Topic.SBOM:
        return f"{'A' if one.new else 'No'} {PARTS_LIST} came with the new one; {'none' if one.new else 'one'} before"
    if one.topic is Topic.SIGNED_SHARE:
        return f"Signed share of the image bytes: {_value(one.old)} % -> {_value(one.new)} %"
    return release(one, [one.name])


def release(one: SecurityChange, names: Sequence[str]) -> str:
    """What says so: `os-release`, `sbom-subject`, a counter."""
    age = {Effect.WORSE: "Older", Effect.BETTER: "Newer", Effect.CHANGED: "Other (order not known)"}[one.effect]
    return f"{age} release stated: {_value(one.old)} -> {_value(one.new)} ({listed(names)})"


# --- components, files, headers, gaps --------------------------------------------------------------------------------


def component(one: ComponentChange) -> str:
    """`zlib 1.3.1 -> 1.2.13, older, usr/lib/libz.so.1`."""
    name = shortened(one.name, NAME_LIMIT)
    places = where((one.new or one.old or Sighting("", "", ())).locators)
    if one.old is None or one.new is None:
        older = f", an older release than any on the {'old' if one.new else 'new'} side" if one.older else ""
        return f"{name} {_release(one.new or one.old)}{older}, {places}{doubted(one)}"
    order = {ComponentStep.DOWNGRADED: "older", ComponentStep.UPGRADED: "newer"}.get(one.step, "order not known")
    return f"{name} {_release(one.old)} -> {_release(one.new)}, {order}, {places}{doubted(one)}"


def _release(seen: Sighting | None) -> str:
    return shortened(seen.value, NAME_LIMIT) if seen is not None and seen.value else "(version not established)"


def file(one: FileChange) -> str:
    """Name, size, and from where to where it moved."""
    side = one.new or one.old
    assert side is not None  # noqa: S101 - a change has a side
    name = shortened(place(side.locator), NAME_LIMIT)
    if one.old is not None and one.new is not None:
        if one.step is FileStep.MOVED:
            return f"{shortened(place(one.old.locator), NAME_LIMIT)} -> {name}, {count(one.new.size)} bytes"
        if one.old.size != one.new.size:
            return f"{name}, {count(one.old.size)} -> {count(one.new.size)} bytes"
    return f"{name}, {count(side.size)} bytes"


def fact(one: FactChange) -> str:
    """`description of fw.itb: A -> B`."""
    seen = one.new or one.old or Sighting("", "", ())
    return f"{shortened(one.name, NAME_LIMIT)} of {where(seen.locators)}: {_value(one.old)} -> {_value(one.new)}"


def unseen(one: Unseen) -> str:
    """What could not be compared, and on which side."""
    match one.kind:
        case UnseenKind.GAP:
            return _gap(one)
        case UnseenKind.CONTENT:
            seen = one.new or one.old or Sighting("", "", ())
            sides = "differs" if one.old and one.new else "is new" if one.new else "is gone"
            return (
                f"{where(seen.locators)} {sides}, {count(seen.size)} bytes: nobody knows its format; searched at most"
            )
        case UnseenKind.MITIGATION:
            seen = one.new or one.old or Sighting("", "", ())
            what = {Topic.LISTENER.value: NOUNS[Topic.LISTENER], Topic.KERNEL_CONFIG.value: "kernel settings"}.get(
                one.name, one.name
            )
            return f"{where(seen.locators)}: {what} can be told on one side only ({_told(one.old)} -> {_told(one.new)})"
        case UnseenKind.SAME_BYTES:
            side = "new" if one.new else "old"
            return f"{shortened(one.name, NAME_LIMIT)}: seen on the {side} side, in bytes that are the same on both"
    return _runs(one)


def contents(alike: Sequence[Unseen]) -> str:
    """Files of unknown format that differ, all in the same way."""
    sides = [seen for one in alike for seen in (one.new or one.old,) if seen is not None]
    first = alike[0]
    change = "differ" if first.old and first.new else "new" if first.new else "gone"
    size = count(sum(one.size for one in sides))
    what = f"{count(len(alike))} parts" if len(alike) > 1 else "1 part"
    at = where(place for one in sides for place in one.locators)
    return f"{at}: {what} of no known format {change}, {size} bytes, searched at most"


def _told(seen: Sighting | None) -> str:
    return seen.value if seen is not None and seen.value else "not told"


def _gap(one: Unseen) -> str:
    sides = [(name, seen) for name, seen in (("old", one.old), ("new", one.new)) if seen is not None]
    first = sides[0][1]
    on = " and ".join(name for name, _ in sides)
    size = f", {count(first.size)} bytes" if first.size > 0 else ""
    same = "; the same bytes on both sides" if one.same else ""
    return f"{where(first.locators)}{size}, {on}: {first.value}, {shortened(first.detail, DETAIL_LIMIT)}{same}"


RUNS = {
    UnseenKind.PLUGINS: "what took part in one run only",
    UnseenKind.TOOLS: "versions of what reads content",
    UnseenKind.LIMITS: "limits of the runs",
    UnseenKind.REFERENCES: "stores of reference packages",
    UnseenKind.KEYS: "key registries that signatures were checked with",
}


def _runs(one: Unseen) -> str:
    sides = []
    for name, seen in (("old", one.old), ("new", one.new)):
        if seen is not None:
            text = seen.detail or blocks(seen.value, 8) if one.kind is UnseenKind.KEYS else seen.value
            sides.append(f"{name}: {shortened(text, DETAIL_LIMIT) or 'none'}")
    return f"{RUNS[one.kind]}; {'; '.join(sides)}"
