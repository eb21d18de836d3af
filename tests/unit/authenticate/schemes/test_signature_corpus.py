"""The signature corpus, run through the schemes as the stage runs them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from fwverify.authenticate.interface import Group
from fwverify.authenticate.stage import Authenticated, authenticate
from fwverify.content import identified
from fwverify.formats import key_file
from fwverify.model.artifact import Artifact, Locator, Step
from fwverify.model.evidence import KeyRecord, SignatureStatus
from fwverify.model.examining import Malformed
from fwverify.trust.store import PinnedKey, TrustStore

pytestmark = pytest.mark.corpus

CASES = os.environ.get("FWVERIFY_CASES", "")
ROOT = Path(CASES) / "signatures"
CONSTRAINTS = {
    "rsa3072-pkcs1v15-sha256": (("algorithm", "rsa-pkcs1v15"), ("hash", "sha256")),
    "rsa4096-pkcs1v15-sha512": (("algorithm", "rsa-pkcs1v15"), ("hash", "sha512")),
    "rsa3072-pss-sha256": (("algorithm", "rsa-pss"), ("hash", "sha256"), ("salt", "32")),
    "ecdsa-p256-sha256-der": (("encoding", "der"), ("hash", "sha256")),
    "ecdsa-p256-sha256-p1363": (("encoding", "p1363"), ("hash", "sha256")),
    "ecdsa-p384-sha384-der": (("encoding", "der"), ("hash", "sha384")),
}


def manifest(folder: str) -> list[dict[str, object]]:
    path = ROOT / folder / "manifest.json"
    return json.loads(path.read_text())["cases"] if path.is_file() else []


def pinned(path: Path, constraints: tuple[tuple[str, str], ...]) -> TrustStore:
    """A registry of this one key; none when its kind cannot be read (LMS)."""
    try:
        key = key_file.parse(path.read_bytes())
    except Malformed:
        return TrustStore()
    record = KeyRecord(
        "vendor", "key", "public-key", key.fingerprint, ("firmware",), ("*",), (), "", "", "active", "", "", "", (),
        False,
    )  # fmt: skip
    return TrustStore((PinnedKey(record, key, constraints=constraints),))


def artifact(path: Path) -> Artifact:
    return identified(Locator((Step(path.name),)), path.read_bytes())


def observed(folder: str, case: dict[str, object], constraints: tuple[tuple[str, str], ...]) -> SignatureStatus:
    files, pins = case["files"], case["pinned"]
    into = Authenticated()
    group = Group(artifact(ROOT / folder / files["signature"]), artifact(ROOT / folder / files["artifact"]))
    authenticate(group, pinned(ROOT / folder / pins["key"], constraints), into=into)
    assert len(into.signatures) == 1
    return into.signatures[0].status


@pytest.fixture(autouse=True)
def material() -> None:
    if not ROOT.is_dir():
        pytest.skip("FWVERIFY_CASES does not name the test material")


@pytest.mark.parametrize("case", manifest("raw"), ids=lambda one: one["id"])
def test_raw_case_has_the_verdict_of_the_manifest(case: dict[str, object]) -> None:
    """A raw signature is valid exactly where the corpus says so."""
    name = str(case["pinned"]["algorithm"])
    status = observed("raw", case, CONSTRAINTS.get(name, ()))
    assert status is (SignatureStatus.VALID if case["expected"] == "valid" else SignatureStatus.INVALID)


@pytest.mark.parametrize("case", manifest("minisign"), ids=lambda one: one["id"])
def test_minisign_case_has_the_verdict_of_the_manifest(case: dict[str, object]) -> None:
    """A minisign signature is valid exactly where the corpus says so."""
    constraints = (("legacy", "no"),) if case["pinned"].get("allow_legacy") is False else ()
    status = observed("minisign", case, constraints)
    assert status is (SignatureStatus.VALID if case["expected"] == "valid" else SignatureStatus.INVALID)


@pytest.mark.parametrize("case", manifest("checksums"), ids=lambda one: one["id"])
def test_checksum_case_has_the_verdict_of_the_manifest(case: dict[str, object]) -> None:
    """A file is confirmed by a list exactly where the corpus says so."""
    files = {name: artifact(ROOT / "checksums" / path) for name, path in case["files"].items()}
    sums = files.pop("sums")
    into = Authenticated()
    authenticate(Group(sums, siblings={one.name: one for one in files.values()}), TrustStore(), into=into)
    about = [one for one in into.checksums if one.name == case["pinned"]["artifact"]]
    confirmed = bool(about) and all(one.holds for one in about)
    assert confirmed is (case["expected"] == "valid")
