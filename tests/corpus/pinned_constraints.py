"""Pins that restrict how a signature may be made -> the constraints of a registry entry."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from fwverify.trust.constraint_names import CONSTRAINTS, parted, problem

SIMPLE = {
    "eku": "eku", "ekus": "eku", "namespace": "namespace", "namespaces": "namespace", "identity": "identity",
    "leaf_spki_sha256": "leaf-spki", "leaf_spki": "leaf-spki", "threshold": "threshold",
    "payload_type": "payload-type", "predicate_type": "predicate-type", "builder": "builder", "builder_id": "builder",
    "source": "source", "required": "required", "min_rsa_bits": "min-rsa-bits", "context": "context",
    "encoding": "encoding", "formats": "bundle-format", "bundle_format": "bundle-format",
}  # fmt: skip
"""Pinned name -> constraint of the same meaning and values."""
DIGESTS = {"hash": "hash", "hash_algorithm": "hash", "digest": "hash", "mgf_hash": "mgf-hash", "mgf1_hash": "mgf-hash",
           "prehash": "prehash"}  # fmt: skip
SALTS = ("salt_length", "salt_len", "saltlen", "salt")
SIZES = {"sha224": "28", "sha256": "32", "sha384": "48", "sha512": "64"}
ANY = ("", "auto", "any", "optional")
FALSE = (False, "false", "no", "forbidden", "none")


class CannotPin(Exception):
    """A pin that no registry entry can express."""


def constraints(pinned: dict[str, Any]) -> dict[str, str]:
    """What the entry asks of signatures. Raises CannotPin."""
    found = dict(_named(pinned))
    found |= {name: value for name, value in _algorithm(str(pinned.get("algorithm") or "")) if name not in found}
    found |= dict(_salt(pinned, found.get("hash", "")))
    for name, value in found.items():
        wrong, _ = problem(name, parted(name, [value])) if name in CONSTRAINTS else (f"no constraint {name}", "")
        if wrong:
            raise CannotPin(wrong)
    return found


def _named(pinned: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for pin, name in SIMPLE.items():
        value = pinned.get(pin)
        if value in (None, "", []) or (pin == "identity" and "issuer" in pinned):
            continue
        yield name, ",".join(map(str, value)) if isinstance(value, list) else str(value)
    for pin, name in DIGESTS.items():
        value = pinned.get(pin)
        if value is not None and str(value).lower() not in ANY:
            many = value if isinstance(value, list) else [value]
            yield name, ",".join(digest_name(str(one)) for one in many)
    yield from _switches(pinned)


def _switches(pinned: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if "signed_attrs" in pinned and pinned["signed_attrs"] not in ANY:
        yield "signed-attributes", "no" if pinned["signed_attrs"] in FALSE else "yes"
    if "allow_legacy" in pinned:
        yield "legacy", "no" if pinned["allow_legacy"] in FALSE else "yes, no"


def digest_name(text: str) -> str:
    """`SHA-256`, `SHA2_256`, `rsa-sha256`, `sha256` -> `sha256`."""
    found = re.search(r"sha-?(?:2[-_])?(1|224|256|384|512)$", text.lower())
    return f"sha{found[1]}" if found else text.lower().replace("-", "_")


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


def _salt(pinned: dict[str, Any], digest: str) -> Iterator[tuple[str, str]]:
    """A number of bytes; the digest's size in words; `auto` and `max` fix none that an entry could ask for."""
    for pin in SALTS:
        value = str(pinned[pin]).lower() if pinned.get(pin) is not None else ""
        if value in ("digest", "hash"):
            value = SIZES.get(digest, "")
        if value not in (*ANY, "max"):
            yield "salt", value
