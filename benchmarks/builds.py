"""Real builds to measure on: Debian packages of any suite and architecture, unpacked without being installed.

Used by prove_detectors.py, the learn_* programs and draw.py. Packages are fetched by apt-get with a state folder of its
own (the machine's own apt is left alone) from the mirror its sources name, or the one of DEBIAN_MIRROR. Every package
of a wanted source is taken except development files, debug symbols, documentation and those over `MAX_BYTES`.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
SYSTEMS = {"bullseye": "Debian 11", "bookworm": "Debian 12", "trixie": "Debian 13", "sid": "Debian sid"}
MAX_BYTES = 6_000_000
LEFT_OUT = re.compile(
    r"-(?:dev|doc|dbg|dbgsym|udeb|di|static|examples|tests?|testsuite|source|src|cross|gir|perl|multilib|hdp|pic)$"
    r"|^(?:gir1|python3-|ruby-|ghc|libghc|gcc-\d+$|cpp-|g\+\+|gnat|gfortran|llvm|linux-image|libasan|libtsan)"
)
SECTIONS = frozenset({
    "admin", "comm", "database", "embedded", "httpd", "interpreters", "kernel", "libs", "net", "shells", "utils", "web",
})  # fmt: skip
"""Of Debian's archive (policy 2.4)."""
CONF = """APT::Architecture "{arch}"; APT::Architectures {{ "{arch}"; }}; APT::Sandbox::User "root";
Dir::State "{root}/state"; Dir::State::status "{root}/status"; Dir::Cache "{root}/cache";
Dir::Etc::sourcelist "{root}/sources.list"; Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferencesparts "/dev/null"; APT::Install-Recommends "false"; Acquire::Languages "none";
"""


NUMBERED = re.compile(r"^(gcc|llvm-toolchain|postgresql|boost|lua|python|php|ruby|tcl|tk)-?\d[\d.]*$")
"""Sources of which a distribution has several releases."""


@dataclass(frozen=True)
class Build:
    """One unpacked package."""

    package: str
    version: str
    source: str
    upstream: str
    """Without epoch, revision and what the distribution added."""
    suite: str
    architecture: str
    folder: Path

    @property
    def stated(self) -> str:
        """As a detector's `proven` names it."""
        return f"{self.package} {self.version} {self.architecture} ({SYSTEMS.get(self.suite, self.suite)})"

    def elfs(self) -> Iterator[Path]:
        """Its ELF files, in order."""
        for path in sorted(self.folder.rglob("*")):
            if path.is_file() and not path.is_symlink():
                with path.open("rb") as file:
                    if file.read(4) == b"\x7fELF":
                        yield path

    def symbols(self) -> str:
        """DEBIAN/symbols; empty when there is none."""
        path = self.folder / "DEBIAN" / "symbols"
        return path.read_text("utf-8", "replace") if path.exists() else ""


def upstream(version: str) -> str:
    """The release in a Debian version: 2:4.17.12+dfsg-0+deb12u4 -> 4.17.12, 1.4+really1.3.36 -> 1.3.36."""
    text = re.sub(r"^\d+:", "", version)
    text = (text.rpartition("-")[0] or text).rpartition("+really")[2]
    return re.sub(r"(?:[+.~](?:dfsg|ds|git|samba|repack|rpk)|~|-stable).*$", "", text)


@cache
def project_names() -> dict[str, str]:
    """Other name -> project."""
    listed = json.loads((Path(__file__).with_name("product_aliases.json")).read_bytes())
    return {other: name for name, others in listed.items() for other in (*others, name)}


def project(source: str) -> str:
    """The project of a source by product_aliases.json (xz of xz-utils, lua of lua5.4); else as it is called."""
    known = project_names()
    numbered = NUMBERED.match(source)
    name = numbered[1] if numbered else source
    return known.get(name) or known.get(re.sub(r"-?\d[\d.]*$", "", name)) or name


def fetch(work: Path, suite: str, arch: str, wanted: Callable[[str], bool], most: int = 0) -> list[Build]:
    """Download and unpack what is not there yet of the sources that are wanted.

    Args:
        work: folder for downloads and packages.
        suite: as Debian names it.
        arch: likewise.
        wanted: whether a source is.
        most: packages of a source, of SECTIONS alone; 0: all of it.
    """
    stanzas = [one for one in packages(work, suite, arch) if wanted(one["source"]) and usable(one)]
    stanzas = first(stanzas, most) if most else stanzas
    root = work.resolve() / f"{suite}-{arch}"
    return [
        _unpacked(one, deb, root, suite, arch)
        for one, (_, deb) in zip(stanzas, archives(work, suite, arch, stanzas), strict=True)
    ]


def first(stanzas: list[dict[str, str]], most: int) -> list[dict[str, str]]:
    """So many packages of each source: the one called like it, then libraries, then short names."""
    by_source: dict[str, list[dict[str, str]]] = {}
    for one in stanzas:
        if one.get("Section") in SECTIONS:
            by_source.setdefault(one["source"], []).append(one)

    def rank(one: dict[str, str]) -> tuple[bool, bool, int]:
        return one["Package"] != one["source"], one["Section"] != "libs", len(one["Package"])

    return [one for source in sorted(by_source) for one in sorted(by_source[source], key=rank)[:most]]


def packages(work: Path, suite: str, arch: str) -> list[dict[str, str]]:
    """What the suite has: the fields of its index, with `source` and `source_version`."""
    return list(_stanzas(_apt(work.resolve() / f"{suite}-{arch}", suite, arch)))


def archives(work: Path, suite: str, arch: str, stanzas: list[dict[str, str]]) -> Iterator[tuple[str, Path]]:
    """Package name and .deb file, in the order given; what is missing is fetched."""
    root = work.resolve() / f"{suite}-{arch}"
    folder = root / "debs"
    folder.mkdir(exist_ok=True)
    there = {path.name.partition("_")[0] for path in folder.glob("*.deb")}
    missing = [one["Package"] for one in stanzas if one["Package"] not in there]
    if missing:
        subprocess.run(["apt-get", "-q", "download", *missing], cwd=folder, env=_apt(root, suite, arch), check=True)
    found = {path.name.partition("_")[0]: path for path in folder.glob("*.deb")}
    return ((one["Package"], found[one["Package"]]) for one in stanzas)


def _apt(root: Path, suite: str, arch: str) -> dict[str, str]:
    for name in ("state/lists/partial", "cache/archives/partial"):
        (root / name).mkdir(parents=True, exist_ok=True)
    (root / "status").touch()
    (root / "sources.list").write_text(f"deb [signed-by={KEYRING}] {_mirror()} {suite} main\n")
    (root / "apt.conf").write_text(CONF.format(arch=arch, root=root))
    env = dict(os.environ, APT_CONFIG=str(root / "apt.conf"))
    if not list((root / "state/lists").glob("*Packages*")):
        subprocess.run(["apt-get", "-q", "update"], env=env, check=True)
    return env


def _mirror() -> str:
    if "DEBIAN_MIRROR" in os.environ:
        return os.environ["DEBIAN_MIRROR"]
    texts = "".join(one.read_text() for one in sorted(Path("/etc/apt").rglob("*sources*")) if one.is_file())
    found = re.search(r"(?m)^(?:URIs:|deb )[^\n]*?(https?://\S+?/debian)(?=[\s/])", texts)
    if not found:
        raise SystemExit("no Debian mirror in /etc/apt; name one in DEBIAN_MIRROR")
    return found[1]


def _stanzas(env: dict[str, str]) -> Iterator[dict[str, str]]:
    text = subprocess.run(["apt-cache", "dumpavail"], env=env, capture_output=True, text=True, check=True).stdout
    for stanza in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in stanza.splitlines() if ": " in line and line[0] != " ")
        if fields:
            source, _, version = fields.get("Source", fields["Package"]).partition(" ")
            yield fields | {"source": source, "source_version": version.strip("()") or fields["Version"]}


def usable(fields: dict[str, str]) -> bool:
    """Worth a look: no development files, nothing large, made for this processor."""
    small = int(fields.get("Size", "0")) <= MAX_BYTES
    return small and fields.get("Architecture") != "all" and not LEFT_OUT.search(fields["Package"])


def _unpacked(fields: dict[str, str], deb: Path, root: Path, suite: str, arch: str) -> Build:
    folder = root / "root" / fields["Package"]
    if not folder.exists():
        folder.parent.mkdir(exist_ok=True)
        subprocess.run(["dpkg-deb", "-x", str(deb), str(folder)], check=True)
        subprocess.run(["dpkg-deb", "-e", str(deb), str(folder / "DEBIAN")], check=True)
    release = upstream(re.sub(r"\+b\d+$", "", fields["source_version"]))
    return Build(fields["Package"], fields["Version"], fields["source"], release, suite, arch, folder)
