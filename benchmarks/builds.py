"""Real builds to measure on: Debian packages of any suite and architecture, unpacked without being installed.

Used by prove_detectors.py and learn_exports.py. Packages are fetched by apt-get with a state folder of its own (the
machine's own apt is left alone) from the mirror its sources name, or the one of DEBIAN_MIRROR. Every package of a
wanted source is taken except development files, debug symbols, documentation and those over `MAX_BYTES`.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
SYSTEMS = {"bullseye": "Debian 11", "bookworm": "Debian 12", "trixie": "Debian 13", "sid": "Debian sid"}
MAX_BYTES = 6_000_000
LEFT_OUT = re.compile(
    r"-(?:dev|doc|dbg|dbgsym|udeb|di|static|examples|tests?|testsuite|source|src|cross|gir|perl|multilib|hdp|pic)$"
    r"|^(?:gir1|python3-|ruby-|ghc|libghc|gcc-\d+$|cpp-|g\+\+|gnat|gfortran|llvm|linux-image|libasan|libtsan)"
)
CONF = """APT::Architecture "{arch}"; APT::Architectures {{ "{arch}"; }}; APT::Sandbox::User "root";
Dir::State "{root}/state"; Dir::State::status "{root}/status"; Dir::Cache "{root}/cache";
Dir::Etc::sourcelist "{root}/sources.list"; Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferencesparts "/dev/null"; APT::Install-Recommends "false"; Acquire::Languages "none";
"""


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
    """The release in a Debian version: 2:4.17.12+dfsg-0+deb12u4 -> 4.17.12."""
    text = re.sub(r"^\d+:", "", version)
    text = text.rpartition("-")[0] or text
    return re.sub(r"(?:[+.~](?:dfsg|ds|git|samba|really|repack)|~|-stable).*$", "", text)


def fetch(work: Path, suite: str, arch: str, wanted: Callable[[str], bool]) -> list[Build]:
    """Download and unpack what is not there yet of the sources that are wanted."""
    root = work.resolve() / f"{suite}-{arch}"
    env = _apt(root, suite, arch)
    stanzas = [one for one in _stanzas(env) if wanted(one["source"]) and _usable(one)]
    folder = root / "debs"
    folder.mkdir(exist_ok=True)
    missing = [one["Package"] for one in stanzas if not any(folder.glob(f"{one['Package']}_*.deb"))]
    if missing:
        subprocess.run(["apt-get", "-q", "download", *missing], cwd=folder, env=env, check=True)
    return [_unpacked(one, root, suite, arch) for one in stanzas]


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


def _usable(fields: dict[str, str]) -> bool:
    small = int(fields.get("Size", "0")) <= MAX_BYTES
    return small and fields.get("Architecture") != "all" and not LEFT_OUT.search(fields["Package"])


def _unpacked(fields: dict[str, str], root: Path, suite: str, arch: str) -> Build:
    deb = next((root / "debs").glob(f"{fields['Package']}_*.deb"))
    folder = root / "root" / fields["Package"]
    if not folder.exists():
        folder.parent.mkdir(exist_ok=True)
        subprocess.run(["dpkg-deb", "-x", str(deb), str(folder)], check=True)
        subprocess.run(["dpkg-deb", "-e", str(deb), str(folder / "DEBIAN")], check=True)
    release = upstream(re.sub(r"\+b\d+$", "", fields["source_version"]))
    return Build(fields["Package"], fields["Version"], fields["source"], release, suite, arch, folder)
