"""Project Wycheproof's vectors through our own mathematics."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fwverify.authenticate.proofs import Message, Proof, proof
from fwverify.formats import key_file
from fwverify.model.examining import Malformed

pytestmark = pytest.mark.corpus

FILES = {
    "ed25519_test.json": {"algorithm": "ed25519", "prehash": "none"},
    "ecdsa_secp256r1_sha256_test.json": {"encoding": "der", "hash": "sha256"},
    "ecdsa_secp256r1_sha256_p1363_test.json": {"encoding": "p1363", "hash": "sha256"},
    "rsa_signature_2048_sha256_test.json": {"algorithm": "rsa-pkcs1v15", "hash": "sha256"},
}
"""How the signatures of each file are to be made; a registry entry says it as `constraints`."""


@pytest.mark.parametrize("name", FILES)
def test_vectors(cases: Path, name: str) -> None:
    """Every `valid` vector holds and every `invalid` one does not; `acceptable` ones may go either way."""
    document = json.loads((cases / "wycheproof" / name).read_text())
    seen, wrong = 0, []
    for group in document["testGroups"]:
        try:
            key = key_file.parse(bytes.fromhex(group.get("publicKeyDer") or group["publicKeyAsn"]))
        except Malformed:
            key = None
        for test in group["tests"]:
            seen += 1
            message = Message(memoryview(bytes.fromhex(test["msg"])))
            held = proof(key, bytes.fromhex(test["sig"]), message) if key is not None else None
            found = held is not None and FILES[name].items() <= _made(held).items()
            if test["result"] != "acceptable" and found != (test["result"] == "valid"):
                wrong.append((test["tcId"], test["result"], test["comment"]))
    assert seen == document["numberOfTests"]
    assert wrong == []


def _made(held: Proof) -> dict[str, str]:
    return {"prehash": "none", "algorithm": held.algorithm, **dict(held.parameters)}
