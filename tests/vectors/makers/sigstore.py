"""Vectors of the scheme `sigstore-bundle`: made by the private Sigstore of samples/sigstore_lab.py, deterministic."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "samples"))
import sigstore_lab  # noqa: E402

AT = datetime(2026, 10, 3, 12, 0, 5, tzinfo=UTC)
IDENTITY = "https://forge.vendor.invalid/firmware/.github/workflows/release.yml@refs/tags/v1"
ISSUER = "https://id.vendor.invalid"
PAYLOAD = b"firmware of the sigstore-bundle vectors\n" * 4
LAB = sigstore_lab.Lab()
OTHER_LAB = sigstore_lab.Lab("another sample Sigstore, as public as the first", "fwverify other sample CA")
ORIGIN = "samples/sigstore_lab.py through tests/vectors/makers/sigstore.py"

REGISTRY = f"""# Sample registry: the keys behind this trust root are derived from a published sentence.
fwverify: keys/1
vendor: {{id: vendor, legal-name: Vendor of the vectors, domains: [vendor.invalid]}}
keys:
  - id: release
    type: sigstore-identity
    identity: {IDENTITY}
    issuer: {ISSUER}
    trusted-root: vendor/trusted_root.json
    purposes: [firmware]
    products: ["*"]
    valid-from: 2026-01-01
    valid-to: 2029-01-01
    status: active
    sources:
      - {{channel: made for a test, who: tests/vectors/makers/sigstore.py, when: 2026-10-03}}
"""

Change = Callable[[dict[str, Any]], None]


def changed(bundle: str, change: Change) -> str:
    """The bundle after a change of its JSON."""
    document = json.loads(bundle)
    change(document)
    return json.dumps(document, indent=1) + "\n"


def entry(document: dict[str, Any]) -> Any:
    return document["verificationMaterial"]["tlogEntries"][0]


def _proof(document: dict[str, Any]) -> None:
    entry(document)["inclusionProof"]["hashes"][0] = "A" * 43 + "="


def _managed(document: dict[str, Any]) -> None:
    material = document["verificationMaterial"]
    del material["certificate"]
    material["publicKey"] = {"hint": "sample"}


def _second_spelling(document: dict[str, Any]) -> None:
    entry(document)["integrated_time"] = "1000000000"


def _case(root: Path, kind: str, name: str, why: str, status: str, bundle: str, payload: bytes, trust: str) -> None:
    folder = root / "schemes" / "sigstore-bundle" / kind / name
    files = {
        "delivery/fw.bin": payload,
        "delivery/fw.bin.sigstore.json": bundle.encode(),
        "keys/vendor.yaml": REGISTRY.encode(),
        "keys/vendor/trusted_root.json": trust.encode(),
        "vector.toml": (
            f'origin = "{ORIGIN}"\nwhy = "{why}"\n\n[expect]\nstatuses = [["fw.bin.sigstore.json", "{status}"]]\n'
        ).encode(),
    }
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)


def make(root: Path) -> None:
    """Write all cases under `root`/schemes/sigstore-bundle."""
    bundle, trust = LAB.make(PAYLOAD, IDENTITY, ISSUER, AT)
    envelope, _ = LAB.attest(sigstore_lab.statement("fw.bin", PAYLOAD), IDENTITY, ISSUER, AT)
    other_identity, _ = LAB.make(PAYLOAD, IDENTITY.replace("/v1", "/v2"), ISSUER, AT)
    other_issuer, _ = LAB.make(PAYLOAD, IDENTITY, ISSUER + ".example", AT)
    foreign, _ = OTHER_LAB.make(PAYLOAD, IDENTITY, ISSUER, AT)
    ended = sigstore_lab.Lab(log_valid_to=datetime(2026, 10, 3, 12, 0, 4, tzinfo=UTC)).trusted_root(AT)
    about_other, _ = LAB.attest(sigstore_lab.statement("fw.bin", PAYLOAD + b"x"), IDENTITY, ISSUER, AT)
    for kind, name, why, status, text, payload, root_json in (
        ("valid", "direct", "the artifact's digest is signed", "valid", bundle, PAYLOAD, trust),
        ("valid", "statement", "an in-toto statement about the artifact", "valid", envelope, PAYLOAD, trust),
        ("invalid", "payload-changed", "one byte more", "invalid", bundle, PAYLOAD + b"x", trust),
        ("invalid", "inclusion-proof", "a proof hash of zeros", "invalid", changed(bundle, _proof), PAYLOAD, trust),
        ("invalid", "log-key-ended", "the log's key ended a second before", "invalid", bundle, PAYLOAD, ended),
        ("invalid", "other-subject", "the statement is about other bytes", "invalid", about_other, PAYLOAD, trust),
        ("hostile", "other-identity", "only the identity differs", "unknown_key", other_identity, PAYLOAD, trust),
        ("hostile", "other-issuer", "only the issuer differs", "unknown_key", other_issuer, PAYLOAD, trust),
        ("hostile", "other-sigstore", "same names, another Sigstore", "unknown_key", foreign, PAYLOAD, trust),
        ("hostile", "two-spellings", "a time in two spellings of its key", "invalid",
         changed(bundle, _second_spelling), PAYLOAD, trust),
        ("hostile", "managed-key-unsigned", "a key's hint where a certificate was", "unverifiable",
         changed(bundle, _managed), PAYLOAD, trust),
        ("truncated", "half", "the first half of a bundle", "invalid", bundle[: len(bundle) // 2], PAYLOAD, trust),
    ):  # fmt: skip
        _case(root, kind, name, why, status, text, payload, root_json)
