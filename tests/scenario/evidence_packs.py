"""A sample verified and packed once, for the tests of packs."""

from __future__ import annotations

import atexit
import functools
import shutil
import tempfile
import zipfile
from pathlib import Path

from fwverify.cli import main

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "samples" / "acme-pdu-2.0.0-sigstore"
POLICY, KEYS = str(ROOT / "samples" / "demo.yaml"), str(ROOT / "keys")
AT = "2026-11-22T00:00:00Z"


@functools.cache
def folder() -> Path:
    """The temporary folder of this process, gone with it."""
    path = tempfile.mkdtemp(prefix="fwverify-packs-")
    atexit.register(shutil.rmtree, path)
    return Path(path)


@functools.cache
def verified() -> Path:
    """What `verify --out` wrote about the sample."""
    out = folder() / "out"
    more = ["--product", "acme-pdu", "--installed", "1.9.0", "--at", AT, "--in-process", "--no-cache", "-q"]
    assert main(["verify", str(SAMPLE), "--policy", POLICY, "--keys", KEYS, *more, "--out", str(out)]) == 0
    return out


@functools.cache
def site_key(algorithm: str = "ed25519") -> Path:
    """A private key without passphrase; its public half is beside it."""
    path = folder() / f"{algorithm}.pem"
    if not path.exists():
        assert main(["evidence", "keygen", str(path), "--algorithm", algorithm, "--no-passphrase"]) == 0
    return path


def public(key: Path) -> str:
    return f"{key}.pub"


def packed(target: Path, *more: str) -> Path:
    """The sample as a pack."""
    status = main(["evidence", "pack", str(verified()), "--policy", POLICY, "--keys", KEYS, *more, "-o", str(target)])
    assert status == 0
    return target


def contents(pack: Path) -> dict[str, bytes]:
    """Every file of a zipped pack."""
    with zipfile.ZipFile(pack) as archive:
        return {one: archive.read(one) for one in archive.namelist()}


def rezipped(target: Path, files: dict[str, bytes]) -> Path:
    """A zip of these files, stored."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name, value in files.items():
            archive.writestr(zipfile.ZipInfo(name), value)
    return target
