"""What is fuzzed: every scheme of the registry, on the signature file or image of one of its own valid vectors; and
every container, on all of its valid vectors.

A run must end without an exception; what is read is data, never a reason to crash (tests/contract says the same of bit
flips and prefixes).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fwverify.authenticate.interface import Group
from fwverify.authenticate.registry import BUILTIN
from fwverify.authenticate.stage import Authenticated, authenticate, authenticate_inside
from fwverify.content import identified
from fwverify.ingest.stage import ingest
from fwverify.limits import DEFAULT_LIMITS, Budget, Limits
from fwverify.model.artifact import Artifact, Locator, Role, Step
from fwverify.trust.registry import load
from fwverify.trust.store import EMPTY, TrustStore, carried_keys
from fwverify.unpack.interface import Container
from fwverify.unpack.registry import BUILTIN as CONTAINERS
from fwverify.unpack.stage import Opening, unpack
from tests.contract.vectors import Vector, vectors

AT = "2026-11-22T00:00:00Z"
MAX_SEED_BYTES = 64 * 1024
OPENING_LIMITS = Limits(max_member_bytes=1 << 26, max_total_bytes=1 << 27, max_seconds=20, ratio_floor_bytes=1 << 20)


@dataclass(frozen=True)
class Target:
    """One plug-in with the files that what is fuzzed meets."""

    name: str
    seeds: tuple[bytes, ...]
    run: Callable[[bytes], object]


def targets() -> list[Target]:
    """One for each scheme that has a valid vector."""
    by_scheme: dict[str, Vector] = {}
    for one in vectors("schemes"):
        if one.kind == "valid":
            by_scheme.setdefault(one.plugin, one)
    return [_target(one.name, by_scheme[one.name], one.embedded) for one in BUILTIN if one.name in by_scheme]


def container_targets() -> list[Target]:
    """One for each container: its detection, its reader and its search, on whatever it is given."""
    seeds: dict[str, list[bytes]] = {}
    for one in vectors("containers"):
        if one.kind in ("valid", "hostile") and len(one.data) <= MAX_SEED_BYTES:
            seeds.setdefault(one.plugin, []).append(one.data)
    return [Target(one.name, (*seeds.get(one.name, ()), *_kept(one.name)), _opening(one)) for one in CONTAINERS]


def _opening(container: Container) -> Callable[[bytes], object]:
    def run(data: bytes) -> object:
        artifact = identified(Locator((Step("input"),)), data)
        container.detect(artifact)
        if container.carve is not None:
            container.carve.end(artifact.content, 0, lambda _: None)
        opening = Opening(artifact, container)
        return [child.artifact.size for child in unpack(opening, Budget(OPENING_LIMITS), 0)]

    return run


def _target(name: str, vector: Vector, embedded: bool) -> Target:
    delivery = ingest([vector.folder / "delivery"], DEFAULT_LIMITS).delivery
    trust = load(vector.folder / "keys") if (vector.folder / "keys").is_dir() else EMPTY
    siblings = {one.artifact.locator.name: one.artifact for one in delivery.files}
    carried = carried_keys(delivery.of(Role.KEY))
    roles = (Role.IMAGE,) if embedded else (Role.SIGNATURE, Role.CHECKSUMS)
    fuzzed = [one for one in delivery.files if one.role in roles]
    about = next((siblings[one.about.name] for one in fuzzed if one.about is not None), None)
    file_name = fuzzed[0].artifact.name
    scheme = tuple(one for one in BUILTIN if one.name == name)

    def run(data: bytes) -> Authenticated:
        artifact = identified(Locator((Step(file_name),)), data)
        into = Authenticated()
        group = Group(artifact, artifact if embedded else about, {**siblings, file_name: artifact}, carried, AT)
        check = authenticate_inside if embedded else authenticate
        check(group, trust, scheme, into=into)
        return into

    return Target(name, _seeds(name, [one.artifact for one in fuzzed]), run)


def _seeds(name: str, fuzzed: list[Artifact]) -> tuple[bytes, ...]:
    """The vector's own files, and what earlier runs found worth keeping (corpus/<scheme>/)."""
    return (*(bytes(one.content) for one in fuzzed if one.size <= MAX_SEED_BYTES), *_kept(name))


def _kept(name: str) -> list[bytes]:
    folder = Path(__file__).with_name("corpus") / name
    return [path.read_bytes() for path in sorted(folder.glob("*"))] if folder.is_dir() else []


def trust_of(vector: Vector) -> TrustStore:
    return load(vector.folder / "keys") if (vector.folder / "keys").is_dir() else EMPTY
