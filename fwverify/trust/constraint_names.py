"""The constraints an entry may put on signatures: which names there are, and what each may say.

The names are those of what schemes record of a signature (`model.constraints` holds one against the other). Several
allowed values are a list, or separated by commas; `none` among them also allows a signature of which it was not
recorded. Does not judge signatures.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fwverify.model.constraints import AT_LEAST
from fwverify.trust.schema import Place, plain_fingerprint, suggestion

HASHES = ("sha224", "sha256", "sha384", "sha512", "sha3_256", "sha3_384", "sha3_512", "shake256", "blake2b-512", "sha1")
USAGES = ("serverAuth", "clientAuth", "codeSigning", "emailProtection", "timeStamping", "OCSPSigning")


@dataclass(frozen=True, slots=True)
class Constraint:
    """What one constraint may say."""

    meaning: str
    """Plain words, for messages and the manual."""
    choices: tuple[str, ...] = ()
    """Allowed values."""
    shape: str = ""
    """Expression for other allowed values; empty where the choices are all there are."""
    words: str = ""
    """What the shape is, in plain words."""


def _chosen(meaning: str, *choices: str) -> Constraint:
    return Constraint(meaning, choices)


def _number(meaning: str) -> Constraint:
    return Constraint(meaning, (), "[0-9]{1,5}", "a number")


def _text(meaning: str) -> Constraint:
    return Constraint(meaning, (), "[^,]+", "a text without a comma")


CONSTRAINTS: Mapping[str, Constraint] = {
    "algorithm": _chosen(
        "the signature algorithm", "rsa-pkcs1v15", "rsa-pss", "ecdsa", "ed25519", "ed448", "ml-dsa-44", "ml-dsa-65",
        "ml-dsa-87", "lms", "hss",
    ),
    "hash": _chosen("the digest that is signed", *HASHES),
    "salt": _number("the number of bytes of the RSA-PSS salt"),
    "mgf-hash": _chosen("the digest inside RSA-PSS", *HASHES),
    "encoding": _chosen("how the two numbers of ECDSA are written", "der", "p1363"),
    "prehash": _chosen("the digest before Ed25519 or ML-DSA; none: the plain form", "none", *HASHES),
    "legacy": _chosen("minisign's older form", "yes", "no"),
    "context": _text("the context string of ML-DSA"),
    "min-rsa-bits": _number("the least size of an RSA key"),
    "eku": Constraint(
        "the extended key usage of the signer's certificate", USAGES, r"[0-2](?:\.[0-9]{1,20}){2,20}", "a dotted OID"
    ),
    "signed-attributes": _chosen("whether a CMS signature has signed attributes", "yes", "no"),
    "leaf-spki": Constraint(
        "the SHA-256 of the key of the signer's own certificate", (), "[0-9a-f]{64}", "64 hexadecimal digits"
    ),
    "namespace": _text("the namespace of an SSH signature"),
    "identity": _text("whom the signature must name"),
    "required": _chosen("what of a U-Boot FIT must be signed", "conf", "image"),
    "bundle-format": _chosen("the RAUC bundle format", "plain", "verity", "crypt"),
    "threshold": _number("the least number of signatures"),
    "payload-type": _text("the DSSE payload type"),
    "predicate-type": _text("the in-toto predicate type"),
    "builder": _text("the id of the builder in the provenance"),
    "source": _text("the source repository in the provenance"),
}  # fmt: skip
"""By name, all there are."""


def read(table: Place) -> tuple[tuple[str, str], ...]:
    """The constraints of an entry, sorted by name. Raises TrustStoreError."""
    fields = table.table((), tuple(CONSTRAINTS))
    return tuple(sorted((name, _read(name, place)) for name, place in fields.items()))


def _read(name: str, place: Place) -> str:
    places = place.items() if place.node.items is not None else (place,)
    values = parted(name, [one.text() for one in places])
    wrong, todo = problem(name, values)
    if wrong:
        raise place.error(wrong, todo)
    return ",".join(values)


def parted(name: str, texts: Sequence[str]) -> list[str]:
    """The single values of what was written for a constraint."""
    values = [part.strip() for one in texts for part in one.split(",")]
    return [plain_fingerprint(one) for one in values] if name == "leaf-spki" else values


def problem(name: str, values: Sequence[str]) -> tuple[str, str]:
    """(what is wrong with the values of a constraint, what to do); empty when nothing is."""
    known = CONSTRAINTS[name]
    if not values or (name in AT_LEAST and len(values) > 1):
        return f"{name!r} is {known.meaning}: one value", ""
    for one in values:
        if one in known.choices or (one == "none" and name not in AT_LEAST):
            continue
        if known.shape and re.fullmatch(known.shape, one) and one.isprintable():
            continue
        if known.choices:
            return f"{one!r} is not one of {', '.join(known.choices)}", suggestion(one, known.choices)
        return f"{one!r} is no {name!r}: {known.meaning}, {known.words}", ""
    return "", ""
