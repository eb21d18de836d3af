"""Keys, registries and groups for the tests of schemes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization as s

from fwverify.authenticate.interface import Group
from fwverify.authenticate.stage import Authenticated, authenticate
from fwverify.content import identified
from fwverify.formats import key_file
from fwverify.formats.public_key import PublicKey
from fwverify.model.artifact import Artifact, Locator, Step
from fwverify.model.evidence import KeyRecord, SignatureObservation
from fwverify.trust.store import CarriedKey, PinnedKey, TrustStore

Verify = Callable[..., SignatureObservation]


def artifact(name: str, content: bytes) -> Artifact:
    return identified(Locator((Step(name),)), content)


def public(private: Any) -> PublicKey:
    """The public half, through the reader of the product."""
    return key_file.parse(private.public_key().public_bytes(s.Encoding.PEM, s.PublicFormat.SubjectPublicKeyInfo))


def pin(key: PublicKey, key_id: str = "key", constraints: tuple[tuple[str, str], ...] = ()) -> PinnedKey:
    record = KeyRecord(
        "acme", key_id, "public-key", key.fingerprint, ("firmware",), ("*",), (), "", "", "active", "", "", "", (),
        False,
    )  # fmt: skip
    return PinnedKey(record, key, constraints=constraints)


@pytest.fixture
def check() -> Verify:
    """Run the stage over one signature file: check(payload, signature, pins, carried, name)."""

    def run(
        payload: bytes | None,
        signature: bytes,
        *pins: PinnedKey,
        carried: tuple[PublicKey, ...] = (),
        name: str = "fw.bin.sig",
    ) -> SignatureObservation:
        about = artifact("fw.bin", payload) if payload is not None else None
        keys = tuple(CarriedKey(Locator((Step("k.pem"),)), one) for one in carried)
        into = Authenticated()
        authenticate(Group(artifact(name, signature), about, carried=keys), TrustStore(pins), into=into)
        (observed,) = into.signatures
        return observed

    return run
