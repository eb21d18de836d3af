"""What a checksum list says beside what was delivered. Shared by the schemes that read lists, bare or clear-signed.

A list signs nothing; it binds the files it names, and that is worth what the list's own authenticity is worth.

Procedure, for each entry:
1. The name is looked up exactly, relative to the list's own folder; a leading `./` is allowed, `..` and absolute
   names match nothing. A digest alone in its file speaks of the file its name is made from.
2. The algorithm is the entry's. Where the list's name promises a longer digest (`SHA256SUMS` with 32 digits), the
   entry does not hold: it is a cut digest or a weaker one than announced.
3. The whole file's digest is compared with the whole declared digest.
4. A name that is listed twice with different digests does not hold, whichever of them fits.

Does not do: matching by base name or suffix.
"""

from __future__ import annotations

import hashlib

from fwverify.authenticate.interface import Group, Observed
from fwverify.formats import checksum_list
from fwverify.formats.checksum_list import ChecksumList, Entry
from fwverify.model.artifact import Artifact, Digest
from fwverify.model.evidence import Binding, ChecksumObservation


def compared(found: ChecksumList, group: Group, list_name: str = "") -> tuple[Observed, ...]:
    """Observations for every entry.

    Args:
        found: the list.
        group: the file it was read from, with the delivered files.
        list_name: the list's name where it is not the file's own (`SHA256SUMS` of `SHA256SUMS.asc`).
    """
    observed: list[Observed] = []
    known: dict[tuple[str, str], Digest] = {}
    for entry in found.entries:
        observed += _compare(entry, found.conflicting, group, list_name or group.artifact.name, known)
    return tuple(observed)


def _compare(
    entry: Entry, conflicting: frozenset[str], group: Group, list_name: str, known: dict[tuple[str, str], Digest]
) -> tuple[Observed, ...]:
    name, subject = _subject(entry, group, list_name)  # 1
    algorithm, mistake = _algorithm(entry, list_name)  # 2
    declared = Digest(algorithm, bytes.fromhex(entry.hex))
    source = group.artifact.locator
    if subject is None:
        detail = "listed but not delivered"
        return (ChecksumObservation(None, name, declared, None, source, False, detail=detail),)
    if (name, algorithm) not in known:
        known[name, algorithm] = _digest(subject, algorithm)
    computed = known[name, algorithm]
    if checksum_list.plain_name(entry.name) in conflicting:  # 4
        mistake = "listed twice with different digests"
    holds = computed == declared and not mistake  # 3
    detail = mistake or ("" if holds else "the file does not have the digest the list gives")
    return (
        ChecksumObservation(subject.locator, name, declared, computed, source, holds, detail=detail),
        Binding(source, subject.locator, algorithm, holds, algorithm in checksum_list.STRONG),
    )


def _subject(entry: Entry, group: Group, list_name: str) -> tuple[str, Artifact | None]:
    """The name as it is looked up, and the delivered file of exactly that name."""
    folder, _, own = list_name.rpartition("/")
    name = checksum_list.plain_name(entry.name) if entry.name else checksum_list.subject_name(own)
    if not name or name.startswith("/") or ".." in name.split("/"):
        return entry.name, None
    found = group.siblings.get(f"{folder}/{name}" if folder else name)
    return name, group.about if found is None and not entry.name else found


def _algorithm(entry: Entry, list_name: str) -> tuple[str, str]:
    """(algorithm, what is wrong with it). The length tells, except where the list's name tells more."""
    promised = checksum_list.named_algorithm(list_name)
    if entry.tagged or not promised or promised == entry.algorithm:
        return entry.algorithm, ""
    digits, wanted = len(entry.hex), checksum_list.DIGITS[promised]
    if digits == wanted:
        return promised, ""
    if digits < wanted:
        return entry.algorithm, f"{digits} digits in a list that is named for {promised} ({wanted} digits)"
    return entry.algorithm, ""


def _digest(artifact: Artifact, algorithm: str) -> Digest:
    have = next((one for one in artifact.digests if one.algorithm == algorithm), None)
    return have or Digest(algorithm, hashlib.new(algorithm, artifact.content, usedforsecurity=False).digest())
