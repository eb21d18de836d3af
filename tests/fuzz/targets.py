"""What is fuzzed: every scheme of the registry, on the signature file or image of one of its own valid vectors.

A run must end without an exception, and a changed signature must not become valid under another key than before; what
is read is data, never a reason to crash (tests/contract says the same of bit flips and prefixes).
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
from fwverify.limits import DEFAULT_LIMITS
from fwverify.model.artifact import Artifact, Locator, Role, Step
from fwverify.trust.registry import load
from fwverify.trust.store import EMPTY, TrustStore, carried_keys
from tests.contract.vectors import Vector, vectors

AT = "2026-11-22T00:00:00Z"
MAX_SEED_BYTES = 64 * 1024


@dataclass(frozen=True)
class Target:
    """One scheme with the files that its fuzzed signature or image meets."""

    name: str
    seeds: tuple[bytes, ...]
    run: Callable[[bytes], Authenticated]


def targets() -> list[Target]:
    """One for each scheme that has a valid vector."""
    by_scheme: dict[str, Vector] = {}
    for one in vectors("schemes"):
        if one.kind == "valid":
            by_scheme.setdefault(one.plugin, one)
    return [_target(one.name, by_scheme[one.name], one.embedded) for one in BUILTIN if one.name in by_scheme]


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
    kept = Path(__file__).with_name("corpus") / name
    found = [path.read_bytes() for path in sorted(kept.glob("*"))] if kept.is_dir() else []
    return tuple([bytes(one.content) for one in fuzzed if one.size <= MAX_SEED_BYTES] + found)


def trust_of(vector: Vector) -> TrustStore:
    return load(vector.folder / "keys") if (vector.folder / "keys").is_dir() else EMPTY
