"""Build an image nobody has looked at: Debian packages drawn by chance, and what is in them.

    python benchmarks/draw.py FOLDER SUITE:ARCH SEED [--sources 150] [--work DIR]

FOLDER gets rootfs/, rootfs.ext4 and truth.json, as accuracy.py reads them. Drawn are sources out of the sections that
devices without a screen are made of, of each one package, and what it depends on; who needs a display is drawn again.
What fwverify knows plays no part in it. The package databases, documents and copyright files are left out, as a
vendor's root file system looks. The same seed gives the same packages while the mirror does not change. Needs apt-get,
dpkg-deb and mke2fs; a few hundred MB are fetched.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from builds import SECTIONS, archives, packages, project, upstream, usable

LEFT_OUT = (
    "usr/share/doc", "usr/share/man", "usr/share/info", "usr/share/locale", "usr/share/lintian", "usr/share/bug",
    "usr/share/doc-base", "usr/share/common-licenses", "usr/share/i18n", "usr/share/fonts", "usr/share/icons",
    "usr/share/zsh", "usr/share/bash-completion", "usr/lib/mime", "var/lib/dpkg", "var/cache/debconf",
)  # fmt: skip
NEVER = re.compile(
    r"^(?:dpkg|debconf|apt|install-info|ucf|adduser|debianutils|initramfs-tools.*|base-files|base-passwd|linux-image.*)$"
)
"""Scripts of the distribution alone, and kernels, which go elsewhere."""
DISPLAY = frozenset({"libx11-6", "libx11-data", "libwayland-client0", "libgl1", "libglx0"})
"""What needs one of these draws on a screen."""


def main() -> None:
    """Draw, fetch, unpack, write."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("build", metavar="SUITE:ARCH")
    parser.add_argument("seed", type=int)
    parser.add_argument("--sources", type=int, default=150)
    parser.add_argument("--work", type=Path, help="keep downloads here (default: FOLDER/work)")
    given = parser.parse_args()
    suite, _, arch = given.build.partition(":")
    work = given.work or given.folder / "work"
    listed = packages(work, suite, arch)
    chosen = drawn(listed, random.Random(given.seed), given.sources)
    owners = unpacked(archives(work, suite, arch, chosen), given.folder / "rootfs")
    told = truth(given.folder / "rootfs", owners, {one["Package"]: one for one in chosen})
    told |= {"suite": suite, "arch": arch, "seed": given.seed}
    (given.folder / "truth.json").write_text(json.dumps(told, indent=1))
    image(given.folder / "rootfs", given.folder / "rootfs.ext4")
    print(f"{len(chosen)} packages, {len(told['components'])} components, {len(told['elfs'])} executables")


def drawn(listed: list[dict[str, str]], chance: random.Random, count: int) -> list[dict[str, str]]:
    """One package of so many sources, and what these depend on."""
    by_source: dict[str, list[dict[str, str]]] = {}
    for one in listed:
        if usable(one) and not NEVER.match(one["Package"]) and one.get("Section") in SECTIONS:
            by_source.setdefault(one["source"], []).append(one)
    providers = {name: one for one in reversed(listed) for name in names(one.get("Provides", ""))}
    providers |= {one["Package"]: one for one in listed}
    chosen: dict[str, dict[str, str]] = {}
    for source in chance.sample(sorted(by_source), len(by_source)):
        more = with_dependencies(chance.choice(by_source[source]), providers)
        if not DISPLAY & more.keys():
            chosen |= more
            count -= 1
        if not count:
            break
    return list(chosen.values())


def with_dependencies(wanted: dict[str, str], providers: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
    """The first alternative that is there, as deep as it goes."""
    chosen: dict[str, dict[str, str]] = {}
    waiting = [wanted]
    while waiting:
        one = waiting.pop()
        if one["Package"] in chosen or NEVER.match(one["Package"]):
            continue
        chosen[one["Package"]] = one
        for each in f"{one.get('Pre-Depends', '')},{one.get('Depends', '')}".split(","):
            waiting += [providers[name] for name in names(each.replace("|", ",")) if name in providers][:1]
    return chosen


def names(text: str) -> list[str]:
    """The package names of a dependency field."""
    return [found[0] for found in re.findall(r"(?:^|,)\s*([a-z0-9][a-z0-9+.-]*)(:any)?", text)]


def unpacked(debs: Iterator[tuple[str, Path]], root: Path) -> dict[str, str]:
    """Path below the root -> package; all lie in one tree, links to folders (bin, lib) followed."""
    shutil.rmtree(root, ignore_errors=True)
    for name in ("bin", "sbin", "lib"):
        (root / "usr" / name).mkdir(parents=True)
        (root / name).symlink_to(f"usr/{name}")
    owners: dict[str, str] = {}
    for package, deb in debs:
        archive = subprocess.run(["dpkg-deb", "--fsys-tarfile", str(deb)], capture_output=True, check=True).stdout
        target = ["--keep-directory-symlink", "--skip-old-files", "--no-same-owner", "-C", str(root)]
        subprocess.run(["tar", "-x", *target], input=archive, check=True)
        listing = subprocess.run(["tar", "-t"], input=archive, capture_output=True, check=True).stdout.decode()
        for line in listing.splitlines():
            owners.setdefault(os.path.relpath((root / line).resolve(), root.resolve()), package)
    for name in LEFT_OUT:
        shutil.rmtree(root / name, ignore_errors=True)
    return owners


def truth(root: Path, owners: dict[str, str], chosen: dict[str, dict[str, str]]) -> dict[str, object]:
    """accuracy.py's three lists."""
    elfs: list[dict[str, object]] = []
    paths: dict[tuple[str, str], list[str]] = {}
    for path in sorted(root.rglob("*")):
        if path.is_symlink() or not path.is_file():
            continue
        content = path.read_bytes()
        if content[:4] != b"\x7fELF":
            continue
        place = str(path.relative_to(root))
        one = chosen[owners[place]]
        key = project(one["source"]), release(one["source_version"])
        paths.setdefault(key, []).append(place)
        elfs.append({"path": place, "sha256": hashlib.sha256(content).hexdigest(), "size": len(content),
                     "package": one["Package"], "product": key[0], "upstream_version": key[1]})  # fmt: skip
    components = [{"product": name, "version": release, "paths": each} for (name, release), each in paths.items()]
    debs = [
        {"package": one["Package"], "source": one["source"], "product": project(one["source"])}
        for one in chosen.values()
    ]
    return {"components": components, "debs": debs, "elfs": elfs}


def release(version: str) -> str:
    """The release in a Debian version, with its stage: 1:8.23.0~rc3+dfsg-1 is 8.23.0~rc3."""
    stage = re.search(r"~(?:alpha|beta|pre|rc)\.?\d*", version)
    return upstream(version) + (stage[0] if stage else "")


def image(root: Path, target: Path) -> None:
    """An ext4 image of the tree, a quarter larger than what lies in it."""
    size = sum(path.lstat().st_size + 4096 for path in root.rglob("*")) * 5 // 4 + (16 << 20)
    target.unlink(missing_ok=True)
    subprocess.run(["mke2fs", "-q", "-t", "ext4", "-d", str(root), str(target), str(size >> 10)], check=True)


if __name__ == "__main__":
    main()
