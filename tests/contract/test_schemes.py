"""The contract of every scheme: vectors, nothing valid without a registry, bit flips, prefixes, determinism."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from fwverify.authenticate.stage import Authenticated, authenticate_delivery
from fwverify.ingest.stage import ingest
from fwverify.limits import DEFAULT_LIMITS
from fwverify.model.artifact import Role
from fwverify.model.evidence import SignatureStatus
from fwverify.trust.registry import load
from fwverify.trust.store import EMPTY, TrustStore, carried_keys
from tests.contract.vectors import Vector, flips, prefixes, vectors

AT = "2026-11-22T00:00:00Z"
VECTORS = vectors("schemes")
SIGNED = [one for one in VECTORS if one.kind == "valid" and "statuses" in one.expect]


def trust_of(vector: Vector) -> TrustStore:
    folder = vector.folder / "keys"
    return load(folder) if folder.is_dir() else EMPTY


def observed(folder: Path, trust: TrustStore) -> Authenticated:
    delivery = ingest([folder], DEFAULT_LIMITS).delivery
    return authenticate_delivery(delivery, carried_keys(delivery.of(Role.KEY)), trust, AT)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda one: one.id)
def test_vector(vector: Vector) -> None:
    """Statuses of signatures and outcomes of checksums are the expected ones."""
    got = observed(vector.folder / "delivery", trust_of(vector))
    if "statuses" in vector.expect:
        assert sorted([one.source.name, one.status.value] for one in got.signatures) == sorted(
            vector.expect["statuses"]
        ), got.signatures
    if "checksums" in vector.expect:
        assert sorted([one.name, one.holds] for one in got.checksums) == sorted(vector.expect["checksums"])


@pytest.mark.parametrize("vector", VECTORS, ids=lambda one: one.id)
def test_nothing_is_valid_without_a_registry(vector: Vector) -> None:
    """With an empty trust store no signature is valid, whatever the delivery carries."""
    assert SignatureStatus.VALID not in {one.status for one in observed(vector.folder / "delivery", EMPTY).signatures}


@pytest.mark.parametrize("vector", SIGNED, ids=lambda one: one.id)
def test_bit_flips_in_covered_bytes(vector: Vector, tmp_path: Path) -> None:
    """A flipped bit in any covered byte turns `valid` into something else."""
    trust = trust_of(vector)
    before = observed(vector.folder / "delivery", trust)
    subjects = {one.subject.name for one in before.signatures if one.subject and one.status is SignatureStatus.VALID}
    assert subjects
    shutil.copytree(vector.folder / "delivery", tmp_path / "d")
    for name in subjects:
        data = (tmp_path / "d" / name).read_bytes()
        for changed in flips(data, 25):
            (tmp_path / "d" / name).write_bytes(changed)
            after = observed(tmp_path / "d", trust)
            assert not [
                one for one in after.signatures
                if one.status is SignatureStatus.VALID and one.subject and one.subject.name == name
            ]  # fmt: skip
        (tmp_path / "d" / name).write_bytes(data)


@pytest.mark.parametrize("vector", SIGNED, ids=lambda one: one.id)
def test_prefixes_of_the_signature(vector: Vector, tmp_path: Path) -> None:
    """A signature file cut anywhere is never valid and never an exception."""
    trust = trust_of(vector)
    shutil.copytree(vector.folder / "delivery", tmp_path / "d")
    for source, status in vector.expect["statuses"]:
        data = (tmp_path / "d" / source).read_bytes()
        for size in prefixes(len(data.rstrip()), 20):
            (tmp_path / "d" / source).write_bytes(data[:size])
            after = observed(tmp_path / "d", trust)
            assert SignatureStatus.VALID not in {one.status for one in after.signatures if one.source.name == source}, (
                status,
                size,
            )
        (tmp_path / "d" / source).write_bytes(data)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda one: one.id)
def test_repeats_exactly(vector: Vector) -> None:
    """Two runs give the same observations."""
    first, second = (observed(vector.folder / "delivery", trust_of(vector)) for _ in range(2))
    assert first == second
