"""Deliveries to attack with: a small well signed one that passes `samples/demo.yaml`, and what turns it into others."""

from __future__ import annotations

import hashlib
import importlib.util
import io
import os
import sys
import tarfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
AT = "2026-11-22T00:00:00Z"
SIGNER = "acme-fw-2024"
"""The sample key that is pinned for acme; `attacker` is one that is not."""
IMAGE, SBOM, LIST, SIG = "acme-ups-3.1.0.tar", "acme-ups-3.1.0.cdx.json", "SHA256SUMS", "SHA256SUMS.sig"
Files = dict[str, bytes]


def _sample_module(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"adversarial_{name}", ROOT / f"samples/{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


make = _sample_module("recipes")
lab = _sample_module("sigstore_lab")


def tarred(members: Mapping[str, bytes | tarfile.TarInfo]) -> bytes:
    """A tar file of these members, in this order; a TarInfo is added as it is."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in members.items():
            if isinstance(content, tarfile.TarInfo):
                archive.addfile(content)
                continue
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def zipped(members: list[tuple[str, bytes]]) -> bytes:
    """A zip file of these members, in this order; names may repeat."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            info = zipfile.ZipInfo(name, (2026, 10, 1, 0, 0, 0))
            if name in archive.NameToInfo:
                del archive.NameToInfo[name]  # no warning: the second one is meant
            archive.writestr(info, content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def system(version: str = "3.1.0", **more: bytes) -> bytes:
    """An image: one library and os-release."""
    release = f'NAME="ACME UPS"\nID=acme-ups\nVERSION_ID={version}\nPRETTY_NAME="ACME UPS {version}"\n'
    members = {
        "etc/os-release": release.encode(),
        "usr/lib/libz.so.1": (make.PARTS / "libz.so.1.2.13").read_bytes(),
        **more,
    }
    return tarred(members)


IMAGE_BYTES = system()
BACKDOOR = (ROOT / "samples/parts/dropbear").read_bytes()
"""Code that nobody signed."""


def bill(image: bytes, *parts: str, version: str = "3.1.0") -> bytes:
    """An SBOM that names this image."""
    document: bytes = make.sbom("ACME Power", "acme-ups", version, image, ("libz.so.1.2.13", *parts))
    return document


def signed(files: Mapping[str, bytes], signer: str = SIGNER, listed: Mapping[str, bytes] | None = None) -> Files:
    """The files with a list over them (or over others) and its signature."""
    sums = make.listed(dict(listed if listed is not None else files))
    return {**files, LIST: sums, SIG: make.sign(signer, sums)}


def relisted(files: Mapping[str, bytes], text: str) -> Files:
    """The files with a list of this very text, well signed."""
    return {**files, LIST: text.encode(), SIG: make.sign(SIGNER, text.encode())}


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def payload(image: bytes = IMAGE_BYTES, sbom: bytes | None = None) -> Files:
    return {IMAGE: image, SBOM: bill(image) if sbom is None else sbom}


def good() -> Files:
    """The delivery that passes."""
    return signed(payload())


def write(folder: Path, files: Mapping[str, bytes]) -> Path:
    """Put a delivery on disk."""
    for name, content in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    return folder


@dataclass(frozen=True)
class Answer:
    """What one run of fwverify gave."""

    status: int
    page: str
    err: str
    report: dict[str, Any]
    """The JSON report; empty when nothing was judged."""

    def _rules(self, outcome: str, level: str) -> set[str]:
        findings = self.report["verdict"]["findings"] if self.report else []
        return {one["rule"] for one in findings if one["outcome"] == outcome and level in (one["level"], "")}

    @property
    def failed(self) -> set[str]:
        """Required rules that failed."""
        return self._rules("fail", "must")

    @property
    def missing(self) -> set[str]:
        """Required rules that were not evaluated."""
        return self._rules("not_evaluated", "must")

    @property
    def advice(self) -> set[str]:
        """Rules that are only advised and failed."""
        return self._rules("fail", "should")

    @property
    def conditions(self) -> str:
        """What the page says to know before acting."""
        return "\n".join(one["text"] for one in self.report["verdict"]["conditions"])

    def role(self, name: str) -> str:
        """What a delivered file was taken for."""
        found = [one["role"] for one in self.report["evidence"]["artifacts"] if one["locator"][-1][0] == name]
        assert len(found) == 1, name
        return str(found[0])

    def gaps(self) -> set[str]:
        """Reasons why something was not examined."""
        return {one["reason"] for one in self.report["evidence"]["gaps"]}


def tree(folder: Path) -> dict[str, str]:
    """Every path below a folder with its digest, so that two looks can be compared."""
    found: dict[str, str] = {}
    for root, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(root) / name
            plain = path.is_file() and not path.is_symlink()
            found[str(path.relative_to(folder))] = sha256(path.read_bytes()) if plain else "no file"
    return found
