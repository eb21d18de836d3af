"""Hashes and paths that an SBOM gives, against the files in the image.

1. An entry that speaks of one file (type `file`, or a single path and no package URL of a package archive) and gives
   a hash: the file of that path must have it. A path found several times needs one that has it.
2. Any other hash that some file has says where the entry is. A hash that no file has says nothing: most are over the
   package the vendor started from.
3. A hash in an algorithm that was not computed for that file is a gap, never agreement.

Pure. Does NOT compute digests.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from urllib.parse import unquote

from fwverify.compare.identifiers import parsed_purl
from fwverify.compare.interface import Inventory, InventoryFile
from fwverify.model.artifact import Digest, Locator
from fwverify.model.component import DeclaredComponent, Discrepancy, DiscrepancyKind
from fwverify.model.evidence import Gap, GapReason

ARCHIVED = frozenset({"deb", "rpm", "apk", "alpm", "opkg", "conda", "pypi", "npm", "gem", "maven", "nuget", "cargo"})
"""Package URL types whose hashes are over the package archive, not over the installed file."""
_ORDINAL = re.compile(r"#\d+$")
"""How a locator tells several members of one name apart."""
_NAMED = 20
"""Files with one name that are looked at."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a file of an entry is."""

    locator: Locator
    reason: str


@dataclass(slots=True)
class Files:
    """What files tell about declared entries."""

    places: dict[DeclaredComponent, Place] = field(default_factory=dict)
    """The entry's hash is that of this file, or the file is there and no hash was given."""
    differing: list[Discrepancy] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)


class _Answer(Enum):
    EQUAL = 1
    DIFFERS = 2
    UNKNOWN = 3


def match_files(inventory: Inventory, declared: Iterable[DeclaredComponent]) -> Files:
    """See the module's steps 1 to 3."""
    found = Files()
    concerned = [one for one in declared if one.hashes or one.paths]
    if not concerned:
        return found
    by_digest: dict[Digest, list[InventoryFile]] = defaultdict(list)
    by_path: dict[str, list[InventoryFile]] = defaultdict(list)
    for file in (*inventory.images, *inventory.files):
        for digest in file.digests:
            by_digest[digest].append(file)
        path = _plain(file.locator.name)
        by_path[path].append(file)
        if "/" in path:
            by_path["*/" + path.rsplit("/", 1)[-1]].append(file)
    for one in concerned:
        _look(found, one, by_digest, by_path)
    return found


def _look(
    found: Files,
    entry: DeclaredComponent,
    by_digest: dict[Digest, list[InventoryFile]],
    by_path: dict[str, list[InventoryFile]],
) -> None:
    named = [file for path in entry.paths for file in _at(path, by_path)]
    if entry.hashes and named and _speaks_of_one_file(entry):  # 1
        _compare(found, entry, named)
        return
    for digest in entry.hashes:  # 2
        holders = by_digest.get(digest, [])
        if holders:
            where = min(one.locator for one in holders)
            found.places[entry] = Place(where, f"its {_shown(digest)} is that of {where}")
            return
    if named and not entry.hashes:
        where = min(one.locator for one in named)
        found.places[entry] = Place(where, f"a file of that name is there: {where}; its content was not compared")


def _compare(found: Files, entry: DeclaredComponent, named: list[InventoryFile]) -> None:
    answers = [(file, *_answer(entry, file)) for file in sorted(named, key=lambda one: one.locator)]
    equal = [(file, digest) for file, answer, digest in answers if answer is _Answer.EQUAL]
    unknown = [(file, digest) for file, answer, digest in answers if answer is _Answer.UNKNOWN]
    if equal:
        file, digest = equal[0]
        found.places[entry] = Place(file.locator, f"its {_shown(digest)} is that of {file.locator}")
    elif unknown:  # 3
        file, digest = unknown[0]
        reason = f"{_shown(digest)} declared for {file.locator} was not computed, so it was not compared"
        found.gaps.append(Gap(GapReason.NOT_ATTEMPTED, file.locator, reason, "compare"))
        found.places[entry] = Place(file.locator, f"a file of that name is there; {reason}")
    else:
        file, _, digest = answers[0]
        computed = next(one for one in file.digests if one.algorithm == digest.algorithm)
        reason = f"{_shown(digest)} of {file.locator}: declared {digest.hex}, in the image {computed.hex}"
        found.differing.append(Discrepancy(DiscrepancyKind.HASH_DIFFERS, entry, None, reason, None, file.locator))


def _answer(entry: DeclaredComponent, file: InventoryFile) -> tuple[_Answer, Digest]:
    """Any hash that differs decides; then any that is equal; else none could be compared."""
    computed = {one.algorithm: one for one in file.digests}
    known = [one for one in entry.hashes if one.algorithm in computed]
    for one in known:
        if computed[one.algorithm] != one:
            return _Answer.DIFFERS, one
    return (_Answer.EQUAL, known[-1]) if known else (_Answer.UNKNOWN, entry.hashes[0])


def _speaks_of_one_file(entry: DeclaredComponent) -> bool:
    if entry.kind == "file":
        return True
    url = parsed_purl(entry.purl)
    return len(entry.paths) == 1 and (url is None or url.type not in ARCHIVED)


def _at(path: str, by_path: dict[str, list[InventoryFile]]) -> list[InventoryFile]:
    """Files of that path; for a name without folder also the only file of that name in any folder."""
    plain = _plain(_ORDINAL.sub("", unquote(path.rsplit("!", 1)[-1])) if "!" in path else path)
    exact = by_path.get(plain, [])
    if exact or "/" in plain:
        return exact[:_NAMED]
    anywhere = by_path.get("*/" + plain, [])
    return anywhere if len(anywhere) == 1 else []


def _plain(path: str) -> str:
    """Without leading `/` and `./`, with forward slashes."""
    parts = path.replace("\\", "/").split("/")
    return "/".join(one for one in parts if one not in ("", "."))


def _shown(digest: Digest) -> str:
    names = {"md5": "MD5", "sha1": "SHA-1", "sha256": "SHA-256", "sha384": "SHA-384", "sha512": "SHA-512"}
    return names.get(digest.algorithm, digest.algorithm)
