"""What differs between two evidences and is about security by its kind, components aside.

One generator a topic; each yields changes, and what could not be compared. Keys, tokens, services and addresses are the
same on both sides wherever they lie; shells, modes and mitigations belong to a file. Pure.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Hashable, Iterator

from fwverify.model.artifact import Locator
from fwverify.model.beside import DETECTORS, EXECUTABLE, Beside, Half
from fwverify.model.difference import Doubt, Effect, SecurityChange, Sighting, Topic, Unseen, UnseenKind
from fwverify.model.evidence import AnomalyKind, ArtifactRecord, ContentKind, ContentObservation

Found = SecurityChange | Unseen

TOPICS = {
    ContentKind.PRIVATE_KEY: Topic.PRIVATE_KEY,
    ContentKind.PUBLIC_KEY: Topic.TRUST_ANCHOR,
    ContentKind.PASSWORD: Topic.PASSWORD,
    ContentKind.TOKEN: Topic.TOKEN,
    ContentKind.AUTHORIZED_KEY: Topic.AUTHORIZED_KEY,
    ContentKind.DEBUG_SHELL: Topic.DEBUG_SHELL,
    ContentKind.SERVICE: Topic.SERVICE,
    ContentKind.UPDATER: Topic.UPDATER,
    ContentKind.ENDPOINT: Topic.ENDPOINT,
}
KERNEL = ContentKind.KERNEL_CONFIG
CLEARTEXT = "not encrypted"
"""As the detector of endpoints says it."""
WORTH = {
    "nx": ("no", "yes"),
    "pie": ("no", "yes"),
    "relro": ("no", "partial", "full"),
    "canary": ("no", "yes"),
    "fortify": ("no", "yes"),
    "rwx": ("yes", "no"),
}
"""Mitigations (formats/elf_hardening) and their answers, the better ones last."""
OPENING = frozenset({
    "CONFIG_DEBUG_FS", "CONFIG_DEVMEM", "CONFIG_DEVKMEM", "CONFIG_KEXEC", "CONFIG_KGDB", "CONFIG_LEGACY_PTYS",
    "CONFIG_MAGIC_SYSRQ", "CONFIG_MODULES", "CONFIG_PROC_KCORE",
})  # fmt: skip
"""Kernel settings that open something; the others that are told of (kernel-config) defend."""
RUN_PATH = "run-path"
MODE = re.compile(r"[0-7]{1,5}")
RISKY_BITS = 0o6022
"""Set-user-ID, set-group-ID, writable by group and others."""
ACCOUNTS = re.compile(r"(?:^|/)etc/(?:passwd|shadow|group|gshadow|sudoers|sudoers\.d/[^/]+)")


def security(both: Beside) -> Iterator[Found]:
    """Everything but components and signatures."""
    yield from contents(both)
    yield from listeners(both)
    yield from setuid(both)
    yield from mitigations(both)
    yield from kernel_settings(both)
    yield from accounts(both)
    yield from structure(both)


# --- keys, passwords, tokens, shells, services, addresses --------------------------------------------------------


def contents(both: Beside) -> Iterator[Found]:
    """What detectors tell of content, kind by kind."""
    for kind, topic in TOPICS.items():
        old, new = _seen(both, both.old, kind), _seen(both, both.new, kind)
        for half, mine, theirs in ((both.old, old, new), (both.new, new, old)):
            for key in sorted(mine.keys() - theirs.keys(), key=repr):
                yield _content(both, half, topic, mine[key])


def _seen(both: Beside, half: Half, kind: ContentKind) -> dict[Hashable, list[ContentObservation]]:
    out: dict[Hashable, list[ContentObservation]] = defaultdict(list)
    known = {one.locator for one in half.evidence.contents if one.kind is ContentKind.AUTHORIZED_KEY}
    for one in half.evidence.contents:
        if one.kind is kind and not (kind is ContentKind.PUBLIC_KEY and one.locator in known):
            out[_key(both, half, one)].append(one)
    return out


def _key(both: Beside, half: Half, one: ContentObservation) -> Hashable:
    """What makes two observations of a kind the same thing."""
    match one.kind:
        case ContentKind.PASSWORD:
            return one.fingerprint, one.detail
        case ContentKind.DEBUG_SHELL | ContentKind.UPDATER:
            return one.fingerprint, both.place(half, one.locator)
    return one.fingerprint


def _content(both: Beside, half: Half, topic: Topic, seen: list[ContentObservation]) -> Found:
    first = min(seen)
    places = tuple(sorted({one.locator for one in seen}))
    sighting = Sighting(first.fingerprint, first.detail, places)
    effect = Effect.WORSE
    if topic is Topic.TRUST_ANCHOR or (topic is Topic.ENDPOINT and first.detail != CLEARTEXT):
        effect = Effect.CHANGED
    doubt = both.doubt(half, places, f"detectors/{DETECTORS[first.kind]}")
    return both.one_sided(half, topic, first.fingerprint, sighting, effect, doubt)


# --- programs ------------------------------------------------------------------------------------------------------


def _hardening(one: ArtifactRecord) -> dict[str, str]:
    return {name.removeprefix("hardening."): value for name, value in one.facts if name.startswith("hardening.")}


def _listens(one: ArtifactRecord) -> str:
    """yes, no, or empty where it cannot be told."""
    return _hardening(one).get("network", "") if one.format in EXECUTABLE else "no"


def listeners(both: Beside) -> Iterator[Found]:
    """Programs that accept connections and did not before. Of libraries only those that are on both sides."""
    for one, other in both.differing:
        before, after = _listens(one), _listens(other)
        if "yes" not in (before, after) or before == after:
            continue
        old, new = _listener(one), _listener(other)
        if "" in (before, after):
            yield Unseen(UnseenKind.MITIGATION, Topic.LISTENER.value, old, new)
        else:
            half, record, seen = (both.new, other, new) if after == "yes" else (both.old, one, old)
            doubt = both.doubt(half, [record.locator])
            yield both.one_sided(half, Topic.LISTENER, _base(record), seen, Effect.WORSE, doubt)
    for half in both.halves():
        for one in both.alone(half):
            if _listens(one) == "yes" and "pie" in _hardening(one):
                doubt = both.doubt(half, [one.locator]) if both.other(half).asked else Doubt.NOT_LOOKED_FOR
                yield both.one_sided(half, Topic.LISTENER, _base(one), _listener(one), Effect.WORSE, doubt)


def _listener(one: ArtifactRecord) -> Sighting:
    """The detail names what it lacks."""
    facts = _hardening(one)
    lacking = [name for name, answers in WORTH.items() if facts.get(name, answers[-1]) == answers[0]]
    return Sighting(_listens(one), ", ".join(lacking), (one.locator,), one.size)


def _base(one: ArtifactRecord) -> str:
    return one.locator.name.rpartition("/")[2]


def mitigations(both: Beside) -> Iterator[Found]:
    """What a program on both sides does against being attacked, where its bytes differ."""
    for one, other in both.differing:
        if not (one.format in EXECUTABLE and other.format in EXECUTABLE):
            continue
        before, after = _hardening(one), _hardening(other)
        for name, answers in WORTH.items():
            yield from _mitigation(name, answers, (one, before.get(name, "")), (other, after.get(name, "")))
        if before and after and before.get(RUN_PATH, "") != after.get(RUN_PATH, ""):
            paths = _answer(one, before.get(RUN_PATH, "")), _answer(other, after.get(RUN_PATH, ""))
            yield SecurityChange(Effect.CHANGED, Topic.MITIGATION, RUN_PATH, *paths)


def _answer(one: ArtifactRecord, value: str) -> Sighting:
    detail = "accepts connections" if _listens(one) == "yes" else ""
    return Sighting(value, detail, (one.locator,))


def _mitigation(
    name: str, answers: tuple[str, ...], one: tuple[ArtifactRecord, str], other: tuple[ArtifactRecord, str]
) -> Iterator[Found]:
    before, after = one[1], other[1]
    if before == after:
        return
    old, new = _answer(one[0], before), _answer(other[0], after)
    if before not in answers or after not in answers:
        yield Unseen(UnseenKind.MITIGATION, name, old, new)
        return
    effect = Effect.WORSE if answers.index(after) < answers.index(before) else Effect.BETTER
    yield SecurityChange(effect, Topic.MITIGATION, name, old, new)


def kernel_settings(both: Beside) -> Iterator[Found]:
    """Settings that both sides tell of. Where only one has a configuration, nothing can be said."""
    old, new = ({one: _values(found) for one, found in _seen(both, half, KERNEL).items()} for half in both.halves())
    if bool(old) != bool(new):
        some = next(iter((old or new).values()))
        sides = (some, None) if old else (None, some)
        yield Unseen(UnseenKind.MITIGATION, Topic.KERNEL_CONFIG.value, *sides)
        return
    for name in sorted(old.keys() & new.keys(), key=repr):
        before, after = old[name], new[name]
        if before.value != after.value:
            yield SecurityChange(
                _by_setting(str(name), before.value, after.value), Topic.KERNEL_CONFIG, str(name), before, after
            )


def _values(found: list[ContentObservation]) -> Sighting:
    values = ", ".join(sorted({one.detail for one in found}))
    return Sighting(values, "", tuple(sorted({one.locator for one in found})))


def _by_setting(name: str, before: str, after: str) -> Effect:
    """On or off says which way it went; other values do not."""
    if {before, after} not in ({"n", "y"}, {"n", "m"}):
        return Effect.CHANGED
    return Effect.WORSE if (after == "n") != (name in OPENING) else Effect.BETTER


# --- files by what their container says, or by their name ----------------------------------------------------------


def _mode(one: ArtifactRecord) -> str:
    found = next((value for name, value in one.facts if name == "mode"), "")
    return found if MODE.fullmatch(found) else ""


def setuid(both: Beside) -> Iterator[Found]:
    """Files that run with the rights of their owner or group."""
    for one, other in both.pairs:
        before, after = _mode(one), _mode(other)
        if before == after:
            continue
        old, new = (Sighting(mode, "", (record.locator,)) for mode, record in ((before, one), (after, other)))
        if before and after:
            yield SecurityChange(_by_bits(before, after), Topic.SETUID, _base(other), old, new)
        else:
            half, seen = (both.new, new) if after else (both.old, old)
            doubt = _by_format(both, one.locator, other.locator)
            yield both.one_sided(half, Topic.SETUID, _base(other if after else one), seen, Effect.WORSE, doubt)
    for half in both.halves():
        for one in both.alone(half):
            if _mode(one):
                seen, doubt = Sighting(_mode(one), "", (one.locator,)), both.doubt(half, [one.locator])
                yield both.one_sided(half, Topic.SETUID, _base(one), seen, Effect.WORSE, doubt)


def _by_bits(before: str, after: str) -> Effect:
    old, new = int(before, 8) & RISKY_BITS, int(after, 8) & RISKY_BITS
    if old == new or (old & ~new and new & ~old):
        return Effect.CHANGED
    return Effect.WORSE if new & ~old else Effect.BETTER


def _by_format(both: Beside, old: Locator, new: Locator) -> Doubt:
    formats = {
        half.tree.records[around].format
        for half, place in ((both.old, old), (both.new, new))
        if (around := Locator(place.steps[:-1])) in half.tree.records
    }
    return Doubt.NONE if len(formats) == 1 else Doubt.OTHER_FORMAT


def accounts(both: Beside) -> Iterator[Found]:
    """Files that say who may log in."""
    for one, other in both.differing:
        if ACCOUNTS.fullmatch(one.locator.name) and ACCOUNTS.fullmatch(other.locator.name):
            yield SecurityChange(Effect.CHANGED, Topic.ACCOUNTS, _base(other), _file(one), _file(other))
    for half in both.halves():
        for one in both.alone(half):
            if ACCOUNTS.fullmatch(one.locator.name):
                doubt = both.doubt(half, [one.locator])
                yield both.one_sided(half, Topic.ACCOUNTS, _base(one), _file(one), Effect.CHANGED, doubt)


def _file(one: ArtifactRecord) -> Sighting:
    return Sighting("", "", (one.locator,), one.size)


def structure(both: Beside) -> Iterator[Found]:
    """Structure that a sound image does not have, by kind and place."""
    seen = [_anomalies(both, half) for half in both.halves()]
    for half, mine, theirs in ((both.old, seen[0], seen[1]), (both.new, seen[1], seen[0])):
        for key in sorted(mine.keys() - theirs.keys(), key=repr):
            kind, sighting = mine[key]
            doubt = both.doubt(half, sighting.locators)
            yield both.one_sided(half, Topic.STRUCTURE, kind, sighting, Effect.WORSE, doubt)


def _anomalies(both: Beside, half: Half) -> dict[Hashable, tuple[str, Sighting]]:
    out: dict[Hashable, tuple[str, Sighting]] = {}
    for one in sorted(half.evidence.anomalies, key=lambda one: (one.locator, one.kind, one.detail)):
        if one.kind is not AnomalyKind.LIMIT:
            seen = Sighting(one.kind.value, one.detail, (one.locator,))
            out.setdefault((one.kind.value, both.place(half, one.locator)), (one.kind.value, seen))
    return out
