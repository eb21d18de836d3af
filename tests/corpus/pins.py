"""What a case pins -> a key registry on disk and an expectation. Made from `pinned` alone, never from the artefact.

Forms of key files that the registry asks an operator to sort out first (a keyring, an allowed_signers file with many
lines, a bare 32-byte key) are sorted out in `pinned_files`. A name that is not known here changes nothing; one that
restricts, with a value that cannot be read, trusts nobody.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fwverify.formats import key_file
from fwverify.formats.public_key import PublicKey
from fwverify.model.artifact import Digest
from fwverify.model.examining import Malformed
from fwverify.model.expectation import Expectation, ExpectedChecksum
from fwverify.trust.entries import file_type
from fwverify.trust.key_names import native
from tests.corpus import pinned_files
from tests.corpus.pinned_constraints import CannotPin, constraints

VENDOR = "corpus"
DEVICE = {"compatible": "compatible", "machine": "machine", "device_type": "device-type", "device": "compatible",
          "guid": "guid"}  # fmt: skip
"""Pinned name -> name of the statement it is compared with."""
COUNTERS = ("min_security_counter", "min_sequence", "min_rollback_index", "rollback_index", "security_counter")
REVOCATIONS = ("crl", "crls")
REVOKED = ("krl", "revoked", "revoked_keys", "revocation_list")
"""Lists of keys that are trusted no more."""


@dataclass
class Pins:
    """One case's trust and expectation, being put together."""

    base: Path
    """The corpus folder of the format."""
    pinned: dict[str, Any]
    registry: Path
    entries: list[dict[str, Any]] = field(default_factory=list)

    def file(self, name: str) -> bytes:
        try:
            return (self.base / name).read_bytes()
        except (OSError, ValueError):
            raise CannotPin(f"no file {name}") from None

    def files(self, *pins: str) -> list[bytes]:
        return [self.file(str(name)) for pin in pins for name in pinned_files.several(self.pinned.get(pin))]

    def keep(self, content: bytes, suffix: str) -> str:
        """Put a key file into the registry; its name there."""
        name = f"{VENDOR}/k{len(list((self.registry / VENDOR).glob('*')))}{suffix}"
        (self.registry / name).write_bytes(content)
        return name


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
        sums = (ExpectedChecksum(Digest("dm-verity", bytes.fromhex(str(pinned["root_hash"]))), "manifest"),)
    counter = next((pinned[name] for name in COUNTERS if name in pinned), -1)
    return Expectation(
        vendor=VENDOR,
        checksums=sums,
        device=tuple(sorted((name, str(pinned[pin])) for pin, name in DEVICE.items() if pin in pinned)),
        minimum=str(pinned.get("min_version", pinned.get("minimum_version", ""))),
        minimum_counter=int(str(counter), 0),
        source="manifest",
    )


def _key(pins: Pins, value: Any) -> None:
    """One key file of any kind; a list of them; a file with several keys becomes one entry each."""
    for name in pinned_files.several(value):
        for part in pinned_files.parts(pins.file(str(name)), pins.pinned):
            _add(pins, part, Path(str(name)).suffix or ".key")


def _text_key(pins: Pins, value: Any) -> None:
    """A key that stands in the manifest itself, or a file."""
    for one in pinned_files.several(value):
        is_file = len(str(one)) < 200 and (pins.base / str(one)).is_file()
        for part in pinned_files.parts(pins.file(str(one)) if is_file else str(one).encode() + b"\n", pins.pinned):
            _add(pins, part, ".key")


def _add(pins: Pins, raw: bytes, suffix: str) -> None:
    try:
        key = key_file.parse(raw)
    except Malformed as problem:
        raise CannotPin(problem.reason) from None
    if not _is_named(key, pins.pinned):
        return
    entry: dict[str, Any] = {
        "id": f"key-{len(pins.entries)}",
        "type": file_type(key),
        "file": pins.keep(raw, suffix),
        "spki-sha256": key.fingerprint,
    }
    asked = constraints(pins.pinned)
    if asked:
        entry["constraints"] = asked
    if "trusted_root" in pins.pinned and "identity" not in pins.pinned:
        entry["trusted-root"] = pins.keep(pins.file(pins.pinned["trusted_root"]), ".json")
    lists = pins.files(*REVOCATIONS) if key.note == "certificate" else []
    if lists:
        entry["crl"] = [pins.keep(one, ".crl") for list_ in lists for one in pinned_files.revocation_lists(list_)]
    if any(pinned_files.revokes(one, key) for one in pins.files(*REVOKED)):
        entry |= {"status": "revoked", "revocation": {"date": "2020-01-01", "reason": "listed", "distrust": "always"}}
    pins.entries.append(entry)


def _is_named(key: PublicKey, pinned: dict[str, Any]) -> bool:
    """The manifest names no fingerprint, or this key's."""
    wanted = {re.sub(r"[\s:]", "", str(one)).lower() for one in pinned_files.several(pinned.get("fingerprint"))}
    if not wanted or key.note != "OpenPGP certificate":
        return True
    return native(key).lower() in {one.removeprefix("0x") for one in wanted}


def _root(pins: Pins, value: Any) -> None:
    if "previous" in pins.pinned or str(value).endswith(".json"):
        raise CannotPin("TUF metadata are no key of a registry")
    _key(pins, value)


def _identity(pins: Pins, value: Any) -> None:
    """Sigstore: identity, issuer and trusted root make one entry."""
    if "issuer" not in pins.pinned:
        raise CannotPin("an identity without its issuer")
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
    "pubkey": _key,
    "public_key": _text_key,
    "keyring": _key,
    "allowed_signers": _key,
    "cert": _key,
    "certs": _key,
    "certificate": _key,
    "certificates": _key,
    "ca": _key,
    "root": _root,
    "roots": _root,
    "chain": _key,
    "signer": _key,
    "signers": _key,
    "leaf": _key,
    "intermediate": _key,
    "intermediates": _key,
    "trusted_root": _trusted_root,
}
"""Pinned name -> what makes registry entries of it."""
