"""From a corpus manifest's pins to a registry: many spellings, and nothing that cannot be read is trusted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fwverify.trust.registry import load
from fwverify.trust.store import TrustStore
from tests.corpus import pins
from tests.corpus.pinned_constraints import CannotPin, constraints
from tests.vectors.makers.keys_and_signatures import ec_key, ed_key, pem


def read(tmp_path: Path, pinned: dict[str, Any]) -> TrustStore:
    """The registry that these pins make, read as fwverify reads it."""
    (tmp_path / "keys").mkdir(exist_ok=True)
    (tmp_path / "keys" / "a.pem").write_bytes(pem(ec_key()))
    (tmp_path / "keys" / "b.pem").write_bytes(pem(ed_key()))
    (tmp_path / "keys" / "both.pem").write_bytes(pem(ec_key()) + pem(ed_key()))
    return load(pins.registry(pins.Pins(tmp_path, pinned, tmp_path / "registry")))


@pytest.mark.parametrize(
    ("pinned", "count"),
    [
        ({"key": "keys/a.pem"}, 1),
        ({"keys": ["keys/a.pem", "keys/b.pem"], "threshold": 2, "keyids": ["x", "y"]}, 2),
        ({"certs": "keys/both.pem"}, 2),
        ({"key": "keys/a.pem", "never-heard-of": {"deep": [1]}, "algorithm": None, "eku": None}, 1),
        ({"trust-everything": True}, 0),
    ],
)
def test_keys(tmp_path: Path, pinned: dict[str, Any], count: int) -> None:
    """Single files, lists and bundles; what is not known changes nothing."""
    assert len(read(tmp_path, pinned).keys) == count


def test_a_file_that_is_missing_trusts_nobody(tmp_path: Path) -> None:
    """It is said, and nothing is made of it."""
    with pytest.raises(CannotPin):
        read(tmp_path, {"key": "keys/gone.pem"})


@pytest.mark.parametrize(
    ("pinned", "asked"),
    [
        ({"algorithm": "rsa3072-pss-sha256", "salt_length": "digest"},
         {"algorithm": "rsa-pss", "hash": "sha256", "salt": "32"}),
        ({"algorithm": "rsa3072-pss-sha256", "salt_length": "auto", "mgf_hash": "SHA-512"},
         {"algorithm": "rsa-pss", "hash": "sha256", "mgf-hash": "sha512"}),
        ({"algorithm": "ed25519", "prehash": "sha512"}, {"algorithm": "ed25519", "prehash": "sha512"}),
        ({"algorithm": "auto", "hash": ["sha256", "SHA2-512"]}, {"hash": "sha256,sha512"}),
        ({"algorithm": "rsa-pkcs1v15-sha512", "hash": "sha256"}, {"algorithm": "rsa-pkcs1v15", "hash": "sha256"}),
        ({"signed_attrs": "required", "allow_legacy": False}, {"signed-attributes": "yes", "legacy": "no"}),
        ({"signed_attrs": "optional", "allow_legacy": True}, {"legacy": "yes, no"}),
        ({"identity": "a@b", "issuer": "https://c"}, {}),
    ],
)  # fmt: skip
def test_constraints(pinned: dict[str, Any], asked: dict[str, str]) -> None:
    """Words and spellings of manifests become what an entry may ask."""
    assert constraints(pinned) == asked


@pytest.mark.parametrize("pinned", [{"salt_length": "much"}, {"hash": "crc32"}, {"min_rsa_bits": "many"}])
def test_a_restriction_that_cannot_be_read_trusts_nobody(pinned: dict[str, Any]) -> None:
    """It is not passed over: that would loosen."""
    with pytest.raises(CannotPin):
        constraints(pinned)
