"""The contract of every scheme: vectors, nothing valid without a registry, bit flips, prefixes, determinism."""

from __future__ import annotations

import shutil
from itertools import pairwise
from pathlib import Path

import pytest

from fwverify.authenticate.stage import Authenticated, Inside, authenticate_delivery
from fwverify.ingest.stage import ingest
from fwverify.limits import DEFAULT_LIMITS
from fwverify.model.artifact import Role, merged
from fwverify.model.evidence import SignatureObservation, SignatureStatus
from fwverify.trust.registry import load
from fwverify.trust.store import EMPTY, TrustStore, carried_keys
from tests.contract.vectors import Vector, covered_flips, prefixes, vectors

AT = "2026-11-22T00:00:00Z"
VECTORS = vectors("schemes")
SIGNED = [one for one in VECTORS if one.kind == "valid" and "statuses" in one.expect]


def trust_of(vector: Vector) -> TrustStore:
    folder = vector.folder / "keys"
    return load(folder) if folder.is_dir() else EMPTY


def observed(folder: Path, trust: TrustStore) -> Authenticated:
    delivery = ingest([folder], DEFAULT_LIMITS).delivery
    carried = carried_keys(delivery.of(Role.KEY))
    into = authenticate_delivery(delivery, carried, trust, AT)
    inside = Inside(delivery, carried, trust, AT, into)
    for image in delivery.of(Role.IMAGE):
        inside.check(image)
    return into


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
    """A flipped bit in any covered byte turns `valid` into something else, and so do covered bytes with one missing."""
    trust = trust_of(vector)
    shutil.copytree(vector.folder / "delivery", tmp_path / "d")
    valid = [one for one in observed(tmp_path / "d", trust).signatures if one.status is SignatureStatus.VALID]
    assert valid
    for one in valid:
        assert one.subject is not None
        assert one.covers
        path = tmp_path / "d" / one.subject.name
        data = path.read_bytes()
        for changed in covered_flips(data, one.covers, 25):
            path.write_bytes(changed)
            after = observed(tmp_path / "d", trust)
            assert not [other for other in after.signatures if _same_claim(other, one)], len(changed)
        path.write_bytes(data)


def _same_claim(other: SignatureObservation, one: SignatureObservation) -> bool:
    """Still valid, by the same scheme and key, for the same file."""
    return other.status is SignatureStatus.VALID and (
        (other.scheme, other.fingerprint, other.subject) == (one.scheme, one.fingerprint, one.subject)
    )


@pytest.mark.parametrize("vector", SIGNED, ids=lambda one: one.id)
def test_ranges_are_sound(vector: Vector) -> None:
    """What is covered, carried and envelope lies inside the subject, sorted and disjoint."""
    sizes = {path.relative_to(vector.folder / "delivery").as_posix(): path.stat().st_size for path in files(vector)}
    for one in observed(vector.folder / "delivery", trust_of(vector)).signatures:
        for ranges in (one.covers, one.carries, one.envelope):
            assert merged(ranges) == ranges
            assert one.subject is None or all(span.end <= sizes[one.subject.name] for span in ranges)
        everything = sorted((*one.covers, *one.carries, *one.envelope))
        assert all(first.end <= second.start for first, second in pairwise(everything)), one.scheme


def files(vector: Vector) -> list[Path]:
    return [path for path in (vector.folder / "delivery").rglob("*") if path.is_file()]


@pytest.mark.parametrize("vector", SIGNED, ids=lambda one: one.id)
def test_prefixes_of_the_signature(vector: Vector, tmp_path: Path) -> None:
    """A signature file cut anywhere, or an image cut within its signed bytes, is never valid and never an exception."""
    trust = trust_of(vector)
    shutil.copytree(vector.folder / "delivery", tmp_path / "d")
    ends = {
        one.source.name: one.covers[-1].end
        for one in observed(tmp_path / "d", trust).signatures
        if one.covers and one.source == one.subject
    }
    for source, status in {tuple(one) for one in vector.expect["statuses"]}:
        data = (tmp_path / "d" / source).read_bytes()
        for size in prefixes(ends.get(source, len(data.rstrip())), 20):
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
