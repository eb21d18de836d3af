"""What a case pins -> a key registry on disk and an expectation. Made from `pinned` alone, never from the artefact."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fwverify.formats import public_key
from fwverify.model.artifact import Digest
from fwverify.model.examining import Malformed
from fwverify.model.expectation import Expectation, ExpectedChecksum
from fwverify.trust.entries import file_type

VENDOR = "corpus"
DEVICE = {"compatible": "compatible", "machine": "machine", "device_type": "device-type", "device": "compatible",
          "guid": "guid"}  # fmt: skip
"""Pinned name -> name of the statement it is compared with."""
SAID_ELSEWHERE = frozenset({"sums", "artifact", "target", "previous", "keyids", "dtb", "keydir", "fingerprint"})
"""Pins that name files, or say again what another pin says."""


class CannotPin(Exception):
    """A pin that no registry entry can express."""


@dataclass
class Pins:
    """One case's trust and expectation, being put together."""

    base: Path
    """The corpus folder of the format."""
    pinned: dict[str, Any]
    registry: Path
    entries: list[dict[str, Any]] = field(default_factory=list)

    def file(self, name: str) -> bytes:
        return (self.base / name).read_bytes()

    def keep(self, content: bytes, suffix: str) -> str:
        """Put a key file into the registry; its name there."""
        name = f"{VENDOR}/k{len(list((self.registry / VENDOR).glob('*')))}{suffix}"
        (self.registry / name).write_bytes(content)
        return name

    def constraints(self) -> dict[str, str]:
        return dict(_constraints(self.pinned))


def registry(pins: Pins) -> Path:
    """Write the registry folder; its path."""
    (pins.registry / VENDOR).mkdir(parents=True)
    for name, value in sorted(pins.pinned.items()):
        make = MAKERS.get(name)
        if make is not None:
            make(pins, value)
    lines = ["fwverify: keys/1", f"vendor: {{id: {VENDOR}, legal-name: Corpus}}", "keys:"]
    for entry in pins.entries:
        lines += _entry(entry)
    if pins.entries:
        (pins.registry / f"{VENDOR}.yaml").write_text("\n".join(lines) + "\n")
    return pins.registry


def _entry(entry: dict[str, Any]) -> Iterator[str]:
    lead = "  - "
    for name, value in entry.items():
        yield f"{lead}{name}: {json.dumps(value)}"
        lead = "    "
    yield "    purposes: [firmware, checksums, provenance]"
    yield '    products: ["*"]'
    yield "    sources:"
    for channel, who in (("manifest", "first"), ("manifest again", "second")):
        yield f"      - {{channel: {channel}, who: {who}, when: 2026-01-01}}"


def expectation(pins: Pins) -> Expectation:
    """What the operator would state, from the pins that are no keys."""
    pinned = pins.pinned
    sums = ()
    if "root_hash" in pinned:
        sums = (ExpectedChecksum(Digest("dm-verity", bytes.fromhex(pinned["root_hash"])), "manifest"),)
    counter = pinned.get("min_security_counter", pinned.get("min_sequence", pinned.get("min_rollback_index", -1)))
    return Expectation(
        vendor=VENDOR,
        checksums=sums,
        device=tuple(sorted((name, str(pinned[pin])) for pin, name in DEVICE.items() if pin in pinned)),
        minimum=str(pinned.get("min_version", "")),
        minimum_counter=int(counter),
        source="manifest",
    )


def _constraints(pinned: dict[str, Any]) -> Iterator[tuple[str, str]]:
    simple = {
        "eku": "eku", "namespace": "namespace", "identity": "identity", "hash": "hash", "leaf_spki_sha256": "leaf-spki",
        "threshold": "threshold", "payload_type": "payload-type", "predicate_type": "predicate-type",
        "builder": "builder", "source": "source", "required": "required", "salt_length": "salt",
        "min_rsa_bits": "min-rsa-bits", "context": "context",
    }  # fmt: skip
    for pin, name in simple.items():
        if pin in pinned and not (pin == "identity" and "issuer" in pinned):
            value = pinned[pin]
            text = ",".join(map(str, value)) if isinstance(value, list) else str(value)
            yield name, text.rpartition("-")[2].lower() if pin == "hash" else text
    if "formats" in pinned:
        yield "bundle-format", ",".join(pinned["formats"])
    if "signed_attrs" in pinned:
        yield "signed-attributes", "yes" if pinned["signed_attrs"] == "required" else "no"
    if "allow_legacy" in pinned:
        yield "legacy", "yes, no" if pinned["allow_legacy"] else "no"
    yield from _algorithm(str(pinned.get("algorithm", "")))


def _algorithm(text: str) -> Iterator[tuple[str, str]]:
    """`rsa3072-pkcs1v15-sha256`, `ecdsa-p256-sha256-der`, `ed25519`, `ml-dsa-65`, `lms-sha256-h5-w8`..."""
    found = re.match(r"(rsa\d*-pkcs1v15|rsa\d*-pss|ecdsa|ed25519|ed448|ml-dsa-\d\d)", text)
    if found is None:
        return
    yield "algorithm", re.sub(r"^rsa\d*", "rsa", found[1])
    digest = re.search(r"-(sha\d+)", text)
    if digest is not None:
        yield "hash", digest[1]
    if text.endswith(("-der", "-p1363")):
        yield "encoding", text.rpartition("-")[2]
    if found[1].startswith("ed"):
        yield "prehash", "none"


def _key(pins: Pins, value: Any) -> None:
    """One key file of any kind; a list of them; a PEM bundle becomes one entry a certificate."""
    for name in value if isinstance(value, list) else [value]:
        for part in _parts(pins.file(name)):
            _add(pins, part, Path(name).suffix or ".key")


def _parts(raw: bytes) -> list[bytes]:
    blocks = re.findall(rb"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\s*", raw, re.DOTALL)
    return blocks if len(blocks) > 1 else [raw]


def _add(pins: Pins, raw: bytes, suffix: str) -> None:
    try:
        key = public_key.parse(raw)
    except Malformed as problem:
        raise CannotPin(problem.reason) from None
    entry: dict[str, Any] = {
        "id": f"key-{len(pins.entries)}",
        "type": file_type(key),
        "file": pins.keep(raw, suffix),
        "spki-sha256": key.fingerprint,
    }
    constraints = pins.constraints()
    if constraints:
        entry["constraints"] = constraints
    if "trusted_root" in pins.pinned and "identity" not in pins.pinned:
        entry["trusted-root"] = pins.keep(pins.file(pins.pinned["trusted_root"]), ".json")
    if "crl" in pins.pinned and key.note == "certificate":
        entry["crl"] = [pins.keep(pins.file(pins.pinned["crl"]), ".crl")]
    pins.entries.append(entry)


def _root(pins: Pins, value: Any) -> None:
    if "previous" in pins.pinned or str(value).endswith(".json"):
        raise CannotPin("TUF metadata are no key of a registry")
    _key(pins, value)


def _identity(pins: Pins, value: Any) -> None:
    """Sigstore: identity, issuer and trusted root make one entry."""
    pins.entries.append({
        "id": f"key-{len(pins.entries)}",
        "type": "sigstore-identity",
        "identity": pins.pinned["identity"],
        "issuer": pins.pinned["issuer"],
        "trusted-root": pins.keep(pins.file(str(value)), ".json"),
    })  # fmt: skip


def _trusted_root(pins: Pins, value: Any) -> None:
    if "identity" in pins.pinned:
        _identity(pins, value)


MAKERS: dict[str, Callable[[Pins, Any], None]] = {
    "key": _key,
    "keys": _key,
    "cert": _key,
    "root": _root,
    "chain": _key,
    "signer": _key,
    "intermediate": _key,
    "trusted_root": _trusted_root,
}
"""Pinned name -> what makes registry entries of it."""
