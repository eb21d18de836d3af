"""What is named in an image whose contents are known: how much of it, how rightly, beside two other programs.

    python -m benchmarks.accuracy IMAGE TRUTH.json [--rootfs DIR] [--json]
        [--peers] [--cve-bin-tool PYTHON] [--syft PROGRAM] [--bom FILE]

TRUTH.json is an object with three lists. `components`: product, version (upstream's), paths. `debs`, may be absent:
product, source (another name that counts for the product). `elfs`: path below the root, product, upstream_version,
and package, which is null where nobody owns the file. product_aliases.json tells what else a product is called.

exact      pairs of product and version that were found, of all true pairs
named      products found with any version or with none, of all true products
ceiling    true pairs with executables whose own bytes hold the version as a token of its own, of all such pairs
share      exact as a share of the ceiling
precision  right pairs, of all pairs stated with a version; packages of programming languages and kernel modules count
           only where they are right, for the truth has the owners of executables alone
wrong      pairs of a true product with a version that is not true
bounded    products without a version but with a range, and how many ranges hold a true version. Width: ranges with
           two ends, and of those the ones whose ends share the first number
CPU, peak  seconds of the program and its workers; MiB of the largest single process among them

The others get the extracted tree (--rootfs): extraction is not charged to them. Of cve-bin-tool its VersionScanner is
called, since its command wants a vulnerability database, without the sqlite check, which fetches a list: add at most
one component to its recall for that. Gates nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
AT = "2026-11-22T00:00:00Z"
LANGUAGES = frozenset({
    "cargo", "composer", "cran", "gem", "golang", "luarocks", "maven", "npm", "nuget", "pypi",
})  # fmt: skip
"""Types of package URLs (github.com/package-url/purl-spec) of packages that a truth of executables does not list."""
MODULES = "linux-kernel-module"
MODULES_READ = 20
"""Of a kernel's modules so many are read for the ceiling: each says the same."""
VISITOR = """
import json, logging, os, sys
logging.disable(logging.CRITICAL)
from cve_bin_tool import version_signature
version_signature.VersionSignatureDb.get_mapping_data = lambda self: []
os.makedirs(version_signature.DISK_LOCATION_DEFAULT, exist_ok=True)
from cve_bin_tool.version_scanner import VersionScanner
checks = {k: v for k, v in VersionScanner.load_checkers().items() if k != "sqlite"}
visitor = VersionScanner(should_extract=False, validate=False, sources=[], checkers=checks)
visitor.cve_db.get_vendor_product_pairs = lambda *a, **k: []
found, failed = set(), 0
for folder, _, names in os.walk(sys.argv[1]):
    for path in (os.path.join(folder, name) for name in names):
        if os.path.islink(path) or not os.path.isfile(path):
            continue
        try:
            for one in visitor.scan_file(path):
                found.add((one.product_info.product, one.product_info.version))
        except Exception:
            failed += 1
with open(sys.argv[2], "w") as out:
    json.dump({"found": sorted(found), "failed": failed}, out)
"""


@dataclass(frozen=True)
class Found:
    """One component as a program states it."""

    name: str
    version: str
    kind: str = "generic"
    bounds: str = ""


@dataclass(frozen=True)
class Truth:
    names: dict[str, str]
    """Folded name -> product."""
    versions: dict[str, frozenset[str]]
    """Product -> folded versions."""
    executables: dict[tuple[str, str], tuple[str, ...]]
    """Product and version -> paths."""

    @property
    def pairs(self) -> int:
        return sum(map(len, self.versions.values()))


@dataclass(frozen=True)
class Score:
    true: int
    products: int
    named: int
    exact: int
    stated: int
    right: int
    wrong: tuple[str, ...]
    unknown: tuple[str, ...]
    bounded: int
    holding: int
    not_holding: tuple[str, ...]
    closed: int
    narrow: int

    @property
    def recall(self) -> float:
        return self.exact / self.true if self.true else 0.0

    @property
    def precision(self) -> float:
        return self.right / self.stated if self.stated else 0.0


@dataclass(frozen=True)
class Used:
    cpu: float
    """seconds"""
    peak: int
    """MiB"""


def folded(name: str) -> str:
    return "-".join(name.lower().replace("_", " ").split())


def release(version: str) -> str:
    """Upstream's version: no epoch, no `v`, no packaging, `-rc3` as `~rc3`; one last `.0` does not matter."""
    text = re.sub(r"^(?:\d+:)?(?:v(?=\d))?", "", version.strip().lower())
    text = text.replace("_p", "p").replace("_", ".")
    text = re.sub(r"(?<=\d)\.(?=[a-z](?:[+~-]|$))", "", text)
    text = re.sub(r"(?<=\d)[~-]?(?=(?:alpha|beta|pre|rc)\d*\b)", "~", text)
    text = re.split(r"[+~.](?:dfsg|ds|deb|debian|ubuntu|repack|rpk|git|b\d)", text)[0]
    text = re.sub(r"[-.](?:stable|release|final)$", "", text)
    text = re.sub(r"\+\d{8}$", "", re.sub(r"-\d[\w.+~]*$", "", text))
    return text.removesuffix(".0") if text.count(".") > 1 else text


def truth(document: dict[str, Any], aliases: dict[str, list[str]]) -> Truth:
    names: dict[str, str] = {}
    versions: dict[str, set[str]] = defaultdict(set)
    sources: dict[str, set[str]] = defaultdict(set)
    for one in document.get("debs", ()):
        sources[one["product"]].add(one["source"])
    for one in document["components"]:
        product = one["product"]
        versions[product].add(release(one["version"]))
        for name in (product, *sources[product], *aliases.get(product, ())):
            names.setdefault(folded(name), product)
    for product in sorted(versions):  # a distribution numbers its sources (slang2), or says what it took off (-dfsg)
        names.setdefault(re.sub(r"(?:-dfsg|-?\d+(?:\.\d+)*)$|^(?:rust|haskell|golang)-", "", folded(product)), product)
    paths: dict[tuple[str, str], list[str]] = defaultdict(list)
    for one in document.get("elfs", ()):
        if one["package"]:
            paths[one["product"], one["upstream_version"]].append(one["path"])
    fixed = {key: tuple(listed[:MODULES_READ] if key[0] == "linux" else listed) for key, listed in paths.items()}
    return Truth(names, {name: frozenset(each) for name, each in versions.items()}, fixed)


def ordered(version: str) -> tuple[tuple[int, int, str], ...]:
    """Numbers by value, letters after the end, and what `~` leads before it."""
    parts = re.findall(r"\d+|[a-z]+|~", version.lower())
    return (*((2, int(one), "") if one.isdigit() else (0 if one == "~" else 1, 0, one) for one in parts), (0, 1, ""))


def ends(bounds: str) -> dict[str, str]:
    """`vers:generic/>=1.2|<1.4` as {">=": "1.2", "<": "1.4"}."""
    return dict(re.findall(r"(>=|<=|<|>)([^|]+)", bounds.partition("/")[2]))


def holds(bounds: str, version: str) -> bool:
    mine = ordered(version)
    for sign, end in ends(bounds).items():
        theirs = ordered(release(end))
        if not {">=": mine >= theirs, ">": mine > theirs, "<": mine < theirs, "<=": mine <= theirs}[sign]:
            return False
    return True


def score(known: Truth, found: Iterable[Found]) -> Score:
    names: set[str] = set()
    right: set[tuple[str, str]] = set()
    wrong: set[tuple[str, str]] = set()
    unknown: set[tuple[str, str]] = set()
    ranges: dict[tuple[str, str], bool] = {}
    for one in found:
        product, version = known.names.get(folded(one.name), ""), release(one.version)
        true = known.versions.get(product, frozenset())
        if one.kind == MODULES or (one.kind in LANGUAGES and version not in true):
            continue
        if product:
            names.add(product)
        if not version or version.startswith("unknown"):
            if product and one.bounds:
                ranges[product, one.bounds] = any(holds(one.bounds, each) for each in true)
        elif product:
            (right if version in true else wrong).add((product, version))
        else:
            unknown.add((folded(one.name), version))
    closed = [sorted(ends(bounds).values()) for _, bounds in ranges if len(ends(bounds)) > 1]
    narrow = sum(len({end.split(".")[0] for end in both}) == 1 for both in closed)
    return Score(
        known.pairs, len(known.versions), len(names), len(right), len(right) + len(wrong) + len(unknown), len(right),
        joined(wrong), joined(unknown), len(ranges), sum(ranges.values()),
        joined(key for key, holding in ranges.items() if not holding), len(closed), narrow,
    )  # fmt: skip


def joined(pairs: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    return tuple(sorted(f"{name} {version}" for name, version in pairs))


def stands(version: str, content: bytes) -> bool:
    """The version is in the bytes, and is not a part of a longer number."""
    bare = re.split(r"[-+~]", version)[0]
    return re.search(rb"(?<![\d.])" + re.escape(bare.encode()) + rb"(?!\d|\.\d)", content) is not None


def ceiling(known: Truth, contents: Iterable[tuple[str, bytes]]) -> tuple[int, int]:
    """How many pairs have their version in their own executables, and how many pairs have executables."""
    owners = {path: key for key, paths in known.executables.items() for path in paths}
    shown: set[tuple[str, str]] = set()
    for path, content in contents:
        key = owners.get(path)
        if key and key not in shown and stands(key[1], content):
            shown.add(key)
    return len(shown), len(known.executables)


# --- programs ----------------------------------------------------------------------------------------------------


def tree(known: Truth, root: Path) -> Iterator[tuple[str, bytes]]:
    for paths in known.executables.values():
        for path in paths:
            yield path, (root / path).read_bytes()


def inside(known: Truth, image: Path) -> tuple[int, int]:
    """The ceiling without an extracted tree: fwverify opens the image."""
    from fwverify import pipeline
    from fwverify.model.artifact import Artifact

    owners = {path: key for key, paths in known.executables.items() for path in paths}
    shown: set[tuple[str, str]] = set()

    def look(artifact: Artifact) -> None:
        key = owners.get(artifact.locator.name.removeprefix("./").lstrip("/"))
        if key and key not in shown and stands(key[1], bytes(artifact.content)):
            shown.add(key)

    pipeline.facts([image], at=AT, look=look)
    return len(shown), len(known.executables)


def run(command: list[str], **more: str) -> Used:
    process = subprocess.Popen(command, env={**os.environ, **more}, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise OSError(f"exit status {process.returncode}")
    return Used(usage.ru_utime + usage.ru_stime, usage.ru_maxrss >> 10)


def stated(document: dict[str, Any]) -> list[Found]:
    """The components of a CycloneDX document, files left out."""
    listed = []
    for one in document.get("components", ()):
        if one.get("type") == "file":
            continue
        kind = str(one.get("purl") or "pkg:generic/").removeprefix("pkg:").partition("/")[0]
        bounds = [each["value"] for each in one.get("properties", ()) if each["name"].endswith(":version-range")]
        listed.append(Found(one["name"], one.get("version") or "", kind, bounds[0] if bounds else ""))
    return listed


def ours(image: Path, out: Path) -> tuple[list[Found], Used]:
    made = [sys.executable, "-m", "fwverify", "sbom", "make", str(image), "-o", str(out), "--no-cache", "--at", AT]
    used = run(made, PYTHONPATH=str(HERE.parent))
    return stated(json.loads(out.read_bytes())), used


def cve_bin_tool(python: str, root: Path, out: Path) -> tuple[list[Found], Used]:
    used = run([python, "-c", VISITOR, str(root), str(out)], HOME=str(out.parent))
    document = json.loads(out.read_bytes())
    if document["failed"]:
        print(f"cve-bin-tool: {document['failed']} files failed", file=sys.stderr)
    return [Found(name, version) for name, version in document["found"]], used


def syft(program: str, root: Path, out: Path) -> tuple[list[Found], Used]:
    used = run([program, "scan", f"dir:{root}", "-q", "-o", f"syft-json={out}"], SYFT_CHECK_FOR_APP_UPDATE="false")
    document = json.loads(out.read_bytes())
    return [Found(one["name"], one["version"], one["type"]) for one in document["artifacts"]], used


def peers(given: argparse.Namespace, folder: Path) -> Iterator[tuple[str, list[Found], Used]]:
    for name, program, ask in (("cve-bin-tool", given.cve_bin_tool, cve_bin_tool), ("syft", given.syft, syft)):
        if given.rootfs is None:
            print(f"{name}: not measured, it needs the extracted tree (--rootfs)", file=sys.stderr)
            continue
        try:
            found, used = ask(program, given.rootfs, folder / f"{name}.json")
        except OSError as error:
            print(f"{name}: not measured, {program} does not run here ({error})", file=sys.stderr)
            continue
        yield name, found, used


# --- table -------------------------------------------------------------------------------------------------------


def table(rows: dict[str, tuple[Score, Used]], most: tuple[int, int]) -> str:
    shown, those = most
    top = shown / those if those else 0.0
    lines = [
        f"{'':13}{'named':>7}{'exact':>7}{'share':>7}{'precision':>11}{'stated':>8}{'wrong':>7}{'CPU s':>8}{'MiB':>7}"
    ]
    for name, (one, used) in rows.items():
        share = one.recall / top if top else 0.0
        lines.append(f"{name:13}{one.named / one.products:7.1%}{one.recall:7.1%}{share:7.1%}{one.precision:11.1%}"
                     f"{one.stated:8}{len(one.wrong):7}{used.cpu:8.1f}{used.peak:7}")  # fmt: skip
    first = next(iter(rows.values()))[0]
    lines.append(f"{first.true} pairs of {first.products} products; ceiling {shown} of {those} ({top:.1%})")
    lines.append(f"bounded: {first.bounded}, of those {first.holding} hold the truth; "
                 f"two ends: {first.closed}, within one first number: {first.narrow}")  # fmt: skip
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("image", metavar="IMAGE", type=Path)
    parser.add_argument("truth", metavar="TRUTH", type=Path)
    parser.add_argument("--rootfs", type=Path, help="the image's contents, extracted")
    parser.add_argument("--peers", action="store_true", help="measure cve-bin-tool and syft too")
    parser.add_argument("--cve-bin-tool", default=sys.executable, metavar="PYTHON", help="a Python that has it")
    parser.add_argument("--syft", default="syft", metavar="PROGRAM")
    parser.add_argument("--bom", type=Path, help="keep what fwverify wrote here")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    aliases = json.loads((HERE / "product_aliases.json").read_bytes())
    known = truth(json.loads(given.truth.read_bytes()), aliases)
    rows: dict[str, tuple[Score, Used]] = {}
    with tempfile.TemporaryDirectory(prefix="accuracy-") as place:
        found, used = ours(given.image, given.bom or Path(place) / "bom.json")
        rows["fwverify"] = score(known, found), used
        if given.peers:
            rows |= {name: (score(known, each), took) for name, each, took in peers(given, Path(place))}
    most = ceiling(known, tree(known, given.rootfs)) if given.rootfs else inside(known, given.image)
    if given.json:
        told = {name: {**asdict(one), "recall": one.recall, "precision": one.precision, **asdict(took)}
                for name, (one, took) in rows.items()}  # fmt: skip
        print(json.dumps({"image": given.image.name, "ceiling": most, "programs": told}, indent=1))
    else:
        print(table(rows, most))
    return 0


if __name__ == "__main__":
    sys.exit(main())
