"""Firmware cabinets (LVFS, fwupd): the members and the Jcat catalogue that signs them.

Layout: `formats.cabinet`, `formats.jcat`; signers: `jcat_items`. Sources: LVFS documentation "Uploading firmware",
fwupd libfwupdplugin/fu-cabinet.c (2.0), libjcat 0.2, read 2026-11-22.
Signed: each member that an item signs. Not signed: the cabinet's own headers, the catalogue, members no item names.

Procedure:
1. The catalogue is the one member named *.jcat; where there is none, one delivered beside the cabinet.
2. No two members share a name, and the cabinet's checksums hold.
3. Every item with a signature has its member, by Id, else by alias, exactly; its signatures are checked over the
   unpacked member (`jcat_items`).
4. One item that does not hold breaks the others: the cabinet is installed as one.
5. Stored members are covered where they lie. A packed folder counts as carried by a key when that key signed every
   member in it, the catalogue apart, and nothing else is packed there.

Does not do: LZX, cabinets in several files, the Authenticode signature some cabinets have.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fwverify.authenticate import jcat_items
from fwverify.authenticate.interface import Group, Observed, SignatureScheme
from fwverify.authenticate.jcat_items import Signed
from fwverify.authenticate.signer import observation
from fwverify.formats import cabinet, jcat
from fwverify.formats.cabinet import Cabinet, CabinetFile
from fwverify.formats.jcat import Item, Jcat, Kind
from fwverify.limits import Budget, LimitExceeded
from fwverify.model.artifact import Artifact, ByteRange
from fwverify.model.evidence import SignatureStatus
from fwverify.model.examining import Malformed, Unsupported
from fwverify.model.plugin import Doc
from fwverify.trust.store import TrustStore

NAME = "jcat-cabinet"
SUFFIX = ".jcat"
HEAD_BYTES = 1 << 20
"""Where a broken cabinet is searched for the name of a catalogue."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A cabinet with its members unpacked."""

    layout: Cabinet
    contents: tuple[memoryview, ...]
    """Of the files, in their order."""
    catalogue: Jcat | None
    """The one inside."""

    def signed(self) -> list[tuple[CabinetFile, memoryview]]:
        """Members that must be signed."""
        pairs = zip(self.layout.files, self.contents, strict=True)
        return [(one, content) for one, content in pairs if not one.name.lower().endswith(SUFFIX)]


@dataclass(frozen=True, slots=True)
class _Result:
    file: CabinetFile
    one: Signed
    states: tuple[tuple[str, str], ...]


def _detect(artifact: Artifact) -> bool:
    return cabinet.looks_like(artifact.content)


def _parse(artifact: Artifact) -> tuple[Opened, ...]:
    """Nothing for a cabinet that is broken and shows no catalogue: the unpack stage tells what is wrong with it."""
    view, budget = artifact.content, Budget()
    named = SUFFIX.encode() in bytes(view[:HEAD_BYTES]).lower()
    try:
        layout = cabinet.parse(view, budget)
        streams = [cabinet.content(view, one, budget) for one in layout.folders]
    except (Malformed, Unsupported, LimitExceeded):
        if named:
            raise
        return ()
    contents = tuple(streams[one.folder][one.offset : one.offset + one.size] for one in layout.files)
    inside = [content for one, content in zip(layout.files, contents, strict=True) if one.name.lower().endswith(SUFFIX)]
    if len(inside) > 1:
        raise Malformed("cabinet", f"{len(inside)} Jcat catalogues: readers disagree on which counts")
    return (Opened(layout, contents, jcat.parse(inside[0]) if inside else None),)


def _verify(opened: Opened, group: Group, trust: TrustStore) -> tuple[Observed, ...]:
    source, catalogue = group.artifact, opened.catalogue
    if catalogue is None:
        beside = _beside(opened, group)
        if beside is None:
            return ()
        source, catalogue = beside
    results = list(_results(opened, catalogue, group, trust))  # 3
    broken = _broken(opened, catalogue)  # 2
    if not broken and any(one.one.signer.status is SignatureStatus.INVALID for one in results):
        broken = "another item of the cabinet's catalogue does not hold"  # 4
    envelope = _envelope(opened, catalogue, results)
    where = group.locator()
    return tuple(
        observation(
            one.one.signer.broken(broken) if broken and one.one.signer.held is not None else one.one.signer,
            NAME,
            source.locator,
            where,
            covers=_covers(opened, one.file),
            carries=_carries(opened, one, results),
            envelope=envelope,
            states=one.states,
            oddities=(*catalogue.oddities, *one.one.oddities),
        )
        for one in results
    )


def _beside(opened: Opened, group: Group) -> tuple[Artifact, Jcat] | None:
    """The first delivered catalogue that speaks of a member."""
    names = {one.name for one in opened.layout.files}
    for _, sibling in sorted(group.siblings.items()):
        if not jcat.looks_like(sibling.content):
            continue
        try:
            catalogue = jcat.parse(sibling.content)
        except (Malformed, Unsupported, LimitExceeded):
            continue
        if any(not names.isdisjoint(one.names) for one in catalogue.items):
            return sibling, catalogue
    return None


def _results(opened: Opened, catalogue: Jcat, group: Group, trust: TrustStore) -> Iterator[_Result]:
    for item in catalogue.items:
        found = _member(opened, item)
        if found is None or not jcat_items.signs(item):
            continue
        file, content = found
        for one in jcat_items.signers(item, content, group, trust):
            yield _Result(file, one, jcat_items.states(file.name, content))


def _member(opened: Opened, item: Item) -> tuple[CabinetFile, memoryview] | None:
    by_name = {one.name: (one, content) for one, content in opened.signed()}
    return next((by_name[name] for name in item.names if name in by_name), None)


def _broken(opened: Opened, catalogue: Jcat) -> str:
    """What is wrong with the whole of it; empty when nothing is."""
    names = [one.name.casefold().replace("\\", "/") for one in opened.layout.files]
    if len(set(names)) < len(names):
        return "two members of the cabinet share a name: readers disagree on which counts"
    if not opened.layout.sound():
        return "a checksum of the cabinet does not hold"
    for item in catalogue.items:
        if jcat_items.signs(item) and opened.catalogue is not None and _member(opened, item) is None:
            return f"{item.names[0]} is signed in the catalogue and not in the cabinet"
    return ""


def _covers(opened: Opened, file: CabinetFile) -> tuple[ByteRange, ...]:
    stored = opened.layout.folders[file.folder].method == cabinet.STORED
    return opened.layout.within(file) if stored else ()


def _carries(opened: Opened, result: _Result, results: list[_Result]) -> tuple[ByteRange, ...]:
    """The packed blocks of the member's folder, when all of it is signed by this key."""
    folder = opened.layout.folders[result.file.folder]
    key = result.one.signer.key
    if folder.method == cabinet.STORED or key is None:
        return ()
    if cabinet.unclaimed(folder, opened.layout.files, result.file.folder):
        return ()
    same = (one for one in results if one.one.signer.key == key and one.one.signer.held is not None)
    signed = {one.file.name for one in same}
    members = {one.name for one, _ in opened.signed() if one.folder == result.file.folder and one.size}
    return tuple(one.data for one in folder.blocks) if members <= signed else ()


def _envelope(opened: Opened, catalogue: Jcat, results: list[_Result]) -> tuple[ByteRange, ...]:
    """Headers, and the catalogue where it is stored and says nothing that was not read."""
    known = all(voucher.kind in set(Kind) for item in catalogue.items for voucher in item.vouchers)
    plain = known and not catalogue.oddities and not any(one.one.oddities for one in results)
    inside = [one for one in opened.layout.files if one.name.lower().endswith(SUFFIX)]
    spans = [span for one in inside for span in _covers(opened, one)] if plain else []
    return (*opened.layout.structure, *spans)


SCHEME: SignatureScheme[Opened] = SignatureScheme(
    name=NAME,
    detect=_detect,
    parse=_parse,
    verify=_verify,
    embedded=True,
    doc=Doc(
        title="Firmware cabinet with a Jcat catalogue",
        vendor="LVFS",
        references=("libjcat 0.2 README, LVFS documentation, MS-CAB 2018-09-12, read 2026-11-22",),
        limitations=("cabinets packed with LZX or Quantum are not read", "transparency log vouchers are not checked"),
    ),
)
