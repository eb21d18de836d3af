"""Keys in images: DER inside programs, and published keys by whatever name a device keeps of them."""

from __future__ import annotations

import hashlib
import random

import pytest
from cryptography.hazmat.primitives import serialization as s
from cryptography.hazmat.primitives.asymmetric import rsa

from fwverify.identify.detectors.public_keys import KINDS
from fwverify.identify.stage import observe
from fwverify.model.artifact import Artifact, Digest, Locator, Step
from fwverify.model.evidence import ContentKind
from fwverify.trust.known_test_keys import by_bytes, known_keys

NOISE = random.Random(2).randbytes(5000)


def seen(content: bytes) -> list[tuple[int, str, str]]:
    digest = Digest("sha256", hashlib.sha256(content).digest())
    observed = observe(Artifact(Locator((Step("fw.bin"),)), len(content), (digest,), memoryview(content)))
    assert not observed.gaps
    keys = [one for one in observed.contents if one.kind is ContentKind.PUBLIC_KEY]
    return [(one.offset, one.fingerprint, one.detail) for one in keys]


def test_key_in_a_program() -> None:
    """A DER key in the middle of other bytes is told with its place and fingerprint."""
    public = rsa.generate_private_key(65537, 2048).public_key()
    raw = public.public_bytes(s.Encoding.DER, s.PublicFormat.SubjectPublicKeyInfo)
    assert seen(NOISE + raw + NOISE) == [(5000, hashlib.sha256(raw).hexdigest(), "public key, rsa")]


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_published_keys_by_every_name(kind: str) -> None:
    """Whatever of a published key lies in the bytes leads to its fingerprint, so that the rule knows it."""
    name, (_, key) = next((name, one) for name, one in by_bytes().items() if one[0] == kind)
    assert seen(NOISE + name + NOISE) == [(5000, key.fingerprint, f"{KINDS[kind]}: {key.label}")]
    assert seen(NOISE + name[:-1] + bytes([name[-1] ^ 1]) + NOISE) == []


def test_every_kind_of_name_has_words() -> None:
    """No name in the data is of a kind that cannot be told."""
    assert {kind for one in known_keys() for kind, _ in one.names} <= set(KINDS)


def test_a_key_is_told_once() -> None:
    """A key that lies there by two names is one finding, at the first place."""
    names = [name for name, one in by_bytes().items() if one[1] == known_keys()[2]]
    assert len(names) > 3
    assert [one[0] for one in seen(NOISE + b"".join(names))] == [5000]
