"""SBOMs with planted faults, of an image whose contents are known: which faults are told, and what else is.

    python -m benchmarks.planted IMAGE TRUTH.json [--rounds 20] [--sbom FILE.cdx.json PLANTED.json] [-v]

TRUTH.json names what is in the image: `components` (product, version, paths), and where known `debs` (package,
version, product) and `elfs` (path, sha256, product). Each round makes a true SBOM, changes a dozen things in it, and
compares it with the image. What the bytes can show is decided from the truth and the bytes of a product's own files,
before anything is compared, and without asking what was recognised: a product left out shows where one of its files
bears its name or states name and release within 64 bytes; a wrong release shows where the right one is stated so; a
wrong revision where the package's whole version is in the bytes; a hash, and a component that is not there, always.
More than that may be told (a release outside the bounds that exported names give): it counts as told beyond. What is
told of an entry that is true is invented. Packages of programming languages that are not declared are left out of the
count: the truth says nothing of them.
Exit status 1: something was invented, or less than --least of what can be shown was told.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from fwverify import pipeline
from fwverify.compare.interface import Inventory, InventoryFile
from fwverify.compare.stage import compare, read_sboms
from fwverify.content import identified
from fwverify.formats.ecosystems import ecosystem
from fwverify.formats.products import canonical_product
from fwverify.model.artifact import Artifact, Locator, Role, Step
from fwverify.model.component import Discrepancy, DiscrepancyKind
from fwverify.model.evidence import Evidence, GapReason

NEAR = 64
"""Bytes between a name and a release that state one together."""
LEAST_CONFIDENCE = 80
"""Percent from which on the shipped policies count a component as seen."""
TWINS = (("json-c", "libfastjson"), ("dropbear", "openssh"), ("nettle", "libgcrypt"), ("jansson", "cjson"),
         ("lz4", "zstd"), ("gnutls", "openssl"), ("libmnl", "libnftnl"), ("lighttpd", "nginx"), ("expat", "libxml2"),
         ("readline", "libedit"), ("libtomcrypt", "libtommath"), ("libidn2", "libidn"))  # fmt: skip
GHOSTS = (("expat-ng", "9.9.9"), ("libmqtt-embedded", "1.0.4"), ("wolfssl", "5.6.4"), ("open62541", "1.3.5"),
          ("libiec61850", "1.5.1"), ("civetweb", "1.15"), ("acme-relay", "2.0"))  # fmt: skip
Entry = dict[str, Any]


@dataclass
class Known:
    """One product of the truth in one version, and what its own files state."""

    product: str
    version: str
    packages: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    """Path -> SHA-256 of its executables."""
    paths: frozenset[str] = frozenset()
    named: bool = False
    stated: bool = False
    packaged: bool = False

    @property
    def names(self) -> frozenset[str]:
        return frozenset(canonical_product(one) for one in (self.product, *self.packages))

    def look(self, path: str, content: bytes) -> None:
        """Note what one of its files shows."""
        own = self.names | {canonical_product(self.product.removeprefix("lib"))}
        if canonical_product(path.rsplit("/", 1)[-1]) in own:
            self.named = True
        release = re.escape(re.split(r"[-+~]", self.version)[0].encode())
        stem = re.match(r"(?:lib)?([a-z]*)", path.rsplit("/", 1)[-1].lower())
        called = {self.product, self.product.removeprefix("lib"), stem[1] if stem else ""}
        words = [re.escape(one.encode()) for one in sorted(called) if len(one) > 2]
        for hit in re.finditer(rb"(?<![\d.])(?<![A-Z]_)" + release + rb"(?!\d|\.\d)", content):
            around = content[max(0, hit.start() - NEAR) : hit.end() + NEAR].lower()
            if words and re.search(b"|".join(words), around):
                self.stated = self.named = True
                break
        self.packaged = self.packaged or any(f'"{one}"'.encode() in content for one in self.packages.values())


def truth(path: Path) -> list[Known]:
    """What an image holds."""
    document = json.loads(path.read_text("utf-8"))
    found = [Known(one["product"], one["version"], paths=frozenset(one["paths"])) for one in document["components"]]
    by_product = {(one.product, one.version): one for one in found}
    for one in document.get("debs", ()):
        owner = by_product.get((one["product"], one.get("upstream_version")))
        if owner is not None:
            owner.packages[one["package"]] = one["version"]
    for one in document.get("elfs", ()):
        owner = by_product.get((one["product"], one.get("upstream_version")))
        if owner is not None:
            owner.files[one["path"]] = one["sha256"]
    return [replace(one, paths=one.paths | one.files.keys()) for one in found]


def single(known: Iterable[Known]) -> dict[str, Known]:
    """Those that are there in one version alone: in these faults are planted."""
    listed = list(known)
    times = Counter(one.product for one in listed)
    return {one.product: one for one in listed if times[one.product] == 1}


def examine(image: Path, known: Iterable[Known]) -> Inventory:
    """What is seen in the image; meanwhile what the truth's own files state."""
    owners = {path: one for one in known for path in one.paths}

    def look(artifact: Artifact) -> None:
        owner = owners.get(artifact.locator.name.removeprefix("./").lstrip("/"))
        if owner is not None:
            owner.look(artifact.locator.name, bytes(artifact.content))

    return inventory(pipeline.facts([image], at="2026-11-22T00:00:00Z", look=look))


def inventory(evidence: Evidence) -> Inventory:
    listed = [(one, InventoryFile(one.locator, one.size, one.digests)) for one in evidence.artifacts]
    files = tuple(file for record, file in listed if record.role is not Role.IMAGE)
    images = tuple(file for record, file in listed if record.role is Role.IMAGE)
    unread = tuple(one for one in evidence.gaps if one.reason is not GapReason.UNEXPLAINED)
    return Inventory(evidence.components, files, unread, images)


# --- documents ---------------------------------------------------------------------------------------------------


def entries(known: Iterable[Known], packaged: bool) -> dict[str, list[Entry]]:
    """True entries by product: one for each product, or one for each of its packages."""
    found: dict[str, list[Entry]] = defaultdict(list)
    for one in known:
        if packaged and one.packages:
            found[one.product] += [
                {"type": "library", "name": name, "version": version, "purl": f"pkg:deb/debian/{name}@{version}"}
                for name, version in sorted(one.packages.items())
            ]
        else:
            found[one.product].append(generic(one.product, one.version))
    return found


def generic(name: str, version: str) -> Entry:
    return {"type": "library", "name": name, "version": version, "purl": f"pkg:generic/{name}@{version}"}


def changed(listed: Sequence[Entry], change: Callable[[str], str]) -> list[Entry]:
    """The entries with another version."""
    made = []
    for one in listed:
        version = change(one["version"])
        made.append({**one, "version": version, "purl": f"{one['purl'].partition('@')[0]}@{version}"})
    return made


def document(parts: dict[str, list[Entry]]) -> bytes:
    flat = [one for listed in parts.values() for one in listed]
    listed = [{**one, "bom-ref": f"c{number}"} for number, one in enumerate(flat)]
    return json.dumps({
        "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": listed,
        "metadata": {"component": {"type": "firmware", "name": "image", "version": "1"}},
    }).encode()  # fmt: skip


def numbered(version: str, by: int, place: int) -> str:
    """The version with one number of its release changed, epoch and packaging kept."""
    epoch, colon, rest = version.rpartition(":")
    parts = re.split(r"(\d+)", re.split(r"[-+~]", rest)[0])
    spots = list(range(1, len(parts), 2))
    spot = spots[min(place, len(spots) - 1)] if place >= 0 else spots[-1]
    number = int(parts[spot]) + by
    parts[spot] = str(number if number >= 0 else int(parts[spot]) + 7)
    return f"{epoch}{colon}{''.join(parts)}{rest[len(re.split(r'[-+~]', rest)[0]) :]}"


def revised(version: str) -> str:
    return f"{version}.99" if "-" in version else f"{version}-99"


# --- faults ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Fault:
    kind: str
    names: frozenset[str]
    """Products, or paths, that a row about it names."""
    shows: bool


def plant(known: dict[str, Known], parts: dict[str, list[Entry]], chance: random.Random) -> list[Fault]:
    """A dozen faults on a dozen products."""
    free = [one for one in sorted(known) if re.search(r"\d", known[one].version)]
    chance.shuffle(free)
    faults = list(_twins(known, parts, free, chance))
    for _ in range(min(3, len(free) // 9 + 1)):
        one = known[free.pop()]
        del parts[one.product]
        faults.append(Fault("left out", one.names, one.named))
        for kind, by, place in (("patch level", 1, -1), ("older", -1, 0), ("other minor", 2, 1)):
            one = known[free.pop()]
            parts[one.product] = changed(parts[one.product], lambda text, by=by, at=place: numbered(text, by, at))
            faults.append(Fault(kind, one.names, one.stated))
        one = known[free.pop()]
        if one.packages:
            full = entries([one], packaged=True)[one.product]
            parts[one.product] = changed(full, revised)
            faults.append(Fault("revision", one.names, one.packaged))
    faults += _hashes(known, parts, chance)
    for name, version in chance.sample([one for one in GHOSTS if canonical_product(one[0]) not in known], 2):
        parts[name] = [generic(name, version)]
        faults.append(Fault("not there", frozenset({canonical_product(name)}), True))
    return faults


def _twins(
    known: dict[str, Known], parts: dict[str, list[Entry]], free: list[str], chance: random.Random
) -> Iterator[Fault]:
    """Two products with each other's versions; one product under the name of another that is not there."""
    both = [one for one in TWINS if one[0] in free and one[1] in free]
    if both:
        one, other = chance.choice(both)
        for own, foreign in ((known[one], known[other]), (known[other], known[one])):
            parts[own.product] = [generic(own.product, foreign.version)]
            free.remove(own.product)
            yield Fault("swapped twins", own.names, own.stated)
    half = [pair for pair in (*TWINS, *(one[::-1] for one in TWINS)) if pair[0] in free and pair[1] not in known]
    if half:
        one, other = chance.choice(half)
        del parts[one]
        parts[other] = [generic(other, known[one].version)]
        free.remove(one)
        yield Fault("twin's name", known[one].names | {canonical_product(other)}, True)


def _hashes(known: dict[str, Known], parts: dict[str, list[Entry]], chance: random.Random) -> Iterator[Fault]:
    """Files with their hashes, every third a wrong one."""
    files = sorted((path, digest) for one in known.values() for path, digest in one.files.items())
    for number, (path, digest) in enumerate(chance.sample(files, min(9, len(files)))):
        wrong = number % 3 == 0
        stated = f"{int(digest, 16) ^ 1:064x}" if wrong else digest
        parts[f"file {path}"] = [{"type": "file", "name": path, "hashes": [{"alg": "SHA-256", "content": stated}]}]
        if wrong:
            yield Fault("hash", frozenset({path}), True)


# --- what is told ------------------------------------------------------------------------------------------------

Told = tuple[str, str]
"""Kind of the row, and the product or path it names."""


def told(seen: Inventory, raw: bytes, least: int = LEAST_CONFIDENCE) -> dict[Told, Discrepancy]:
    """Rows that say that something is wrong."""
    documents, gaps = read_sboms([identified(Locator((Step("sbom"),)), memoryview(raw))])
    assert documents, gaps
    found: dict[Told, Discrepancy] = {}
    for row in compare(seen, documents)[0]:
        part = row.declared or row.observed
        assert part is not None
        if row.kind in (DiscrepancyKind.MATCHED, DiscrepancyKind.ABSENT_UNSEEN, DiscrepancyKind.AMBIGUOUS):
            continue
        seen_only = row.observed if row.kind is DiscrepancyKind.UNDECLARED else None
        if seen_only is not None and (seen_only.confidence < least or ecosystem(seen_only.purl)):
            continue
        hashed = row.kind is DiscrepancyKind.HASH_DIFFERS
        found[row.kind.value, part.name if hashed else canonical_product(part.name)] = row
    return found


@dataclass
class Score:
    planted: Counter[str] = field(default_factory=Counter)
    shows: Counter[str] = field(default_factory=Counter)
    told: Counter[str] = field(default_factory=Counter)
    beyond: Counter[str] = field(default_factory=Counter)
    invented: Counter[Told] = field(default_factory=Counter)
    missed: Counter[Told] = field(default_factory=Counter)

    def add(self, faults: Iterable[Fault], rows: Iterable[Told], standing: Iterable[Told]) -> None:
        rows = set(rows)
        for fault in faults:
            hits = {one for one in rows if one[1] in fault.names}
            self.planted[fault.kind] += 1
            self.shows[fault.kind] += fault.shows
            self.told[fault.kind] += bool(hits) and fault.shows
            self.beyond[fault.kind] += bool(hits) and not fault.shows
            if fault.shows and not hits:
                self.missed[fault.kind, min(fault.names)] += 1
        names = {name for fault in faults for name in fault.names}
        self.invented.update(one for one in rows - set(standing) if one[1] not in names)

    @property
    def share(self) -> float:
        return sum(self.told.values()) / max(1, sum(self.shows.values()))


def rounds(
    known: Sequence[Known], seen: Inventory, count: int, least: int = LEAST_CONFIDENCE
) -> tuple[Score, dict[Told, Discrepancy]]:
    """Play the rounds, and what is told of the true documents."""
    score, standing = Score(), {}
    for packaged in (False, True):
        standing.update(told(seen, document(entries(known, packaged)), least))
    for seed in range(count):
        parts = entries(known, packaged=seed % 2 == 1)
        faults = plant(single(known), parts, random.Random(seed))
        score.add(faults, told(seen, document(parts), least), standing)
    return score, standing


def given(seen: Inventory, known: Sequence[Known], sbom: Path, planted: Path, least: int) -> Score:
    """A document whose faults are listed: omitted, wrong_version and not_in_firmware."""
    listed = json.loads(planted.read_text("utf-8"))
    faults, by_name = [], {one.product: one for one in known}
    for kind in ("omitted", "wrong_version", "not_in_firmware"):
        for name, *_ in listed[kind]:
            own = by_name.get(name, Known(name, ""))
            shows = {"omitted": own.named, "wrong_version": own.stated, "not_in_firmware": True}[kind]
            faults.append(Fault(kind, own.names, shows))
    score = Score()
    standing = told(seen, document(entries(known, packaged=False)), least)
    score.add(faults, told(seen, sbom.read_bytes(), least), standing)
    return score


def page(score: Score) -> str:
    lines = [f"{'fault':<16} planted  shows   told beyond"]
    for kind in score.planted:
        counts = (score.planted[kind], score.shows[kind], score.told[kind], score.beyond[kind])
        lines.append(f"{kind:<16} " + " ".join(f"{one:>6}" for one in counts))
    total = [sum(one.values()) for one in (score.planted, score.shows, score.told, score.beyond)]
    lines.append(f"{'together':<16} " + " ".join(f"{one:>6}" for one in total))
    lines.append(f"invented: {sum(score.invented.values())}")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("image", type=Path)
    parser.add_argument("truth", type=Path)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--sbom", nargs=2, type=Path, metavar=("FILE", "PLANTED"), help="a document with listed faults")
    parser.add_argument("--least", type=float, default=0.0, help="share of what can be shown that must be told")
    parser.add_argument("--confidence", type=int, default=LEAST_CONFIDENCE, help="percent from which on it was seen")
    parser.add_argument("-v", action="store_true", help="name what was missed and what is told of the true documents")
    chosen = parser.parse_args()
    known = truth(chosen.truth)
    seen = examine(chosen.image, known)
    if chosen.sbom:
        score, standing = given(seen, known, *chosen.sbom, chosen.confidence), {}
    else:
        score, standing = rounds(known, seen, chosen.rounds, chosen.confidence)
    print(f"{len(known)} products, {len(seen.components)} components seen, {len(seen.files):,} files")
    print(page(score))
    print(f"told of the true documents: {len(standing)}")
    if chosen.v:
        print(*(f"  true: {row.kind.value} {row.reason}" for row in standing.values()), sep="\n")
        print(*(f"  missed {times}: {' '.join(one)}" for one, times in score.missed.most_common()), sep="\n")
        print(*(f"  invented {times}: {' '.join(one)}" for one, times in score.invented.most_common()), sep="\n")
    return 1 if score.invented or standing or score.share < chosen.least else 0


if __name__ == "__main__":
    sys.exit(main())
