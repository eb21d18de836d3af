"""RSA keys that may sign with PSS alone: the limits in their own algorithm identifier.

Source: RFC 4055 sections 1.2 and 3.1 (id-RSASSA-PSS, RSASSA-PSS-params), read 2026-11-22. A key without parameters
may sign with any hash and salt; one with parameters only with that hash, that mask hash, and a salt at least as long.

Does not do: other mask functions than MGF1, other trailers than 0xBC (a key that names them signs nothing).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asn1crypto.keys import PublicKeyInfo

OBJECT_IDENTIFIER = "1.2.840.113549.1.1.10"
DER_IDENTIFIER = bytes.fromhex("06092a864886f70d01010a")


@dataclass(frozen=True, slots=True)
class PssLimits:
    """What a PSS key allows; empty names allow anything."""

    hash: str = ""
    mask_hash: str = ""
    least_salt: int = 0
    """bytes"""
    readable: bool = True
    """False: parameters that cannot be read allow nothing."""

    def allow(self, hash: str, mask_hash: str, salt: int) -> bool:
        """True when a signature made so keeps to the key's parameters."""
        return (
            self.readable and self.hash in ("", hash) and self.mask_hash in ("", mask_hash) and salt >= self.least_salt
        )


def limits(material: bytes) -> PssLimits | None:
    """The limits in a DER SubjectPublicKeyInfo or certificate; None where its key is no PSS key.

    `PublicKey.material` holds it: the fingerprint is taken over the key as a plain RSA key, which drops these.
    """
    if material[:1] != b"\x30" or DER_IDENTIFIER not in material:  # most keys: nothing more is imported
        return None
    from asn1crypto import keys, x509

    try:
        key = x509.Certificate.load(material, strict=True)["tbs_certificate"]["subject_public_key_info"]
        return _of(key)
    except (ValueError, TypeError, KeyError):
        pass  # no certificate
    try:
        return _of(keys.PublicKeyInfo.load(material, strict=True))
    except (ValueError, TypeError, KeyError):
        return PssLimits(readable=False)


def _of(key: PublicKeyInfo) -> PssLimits | None:
    algorithm = key["algorithm"]
    if algorithm["algorithm"].dotted != OBJECT_IDENTIFIER:
        return None
    if not algorithm.contents[len(DER_IDENTIFIER) :]:
        return PssLimits()
    parameters = algorithm["parameters"]
    mask = parameters["mask_gen_algorithm"]
    if parameters["trailer_field"].native != "trailer_field_bc" or mask["algorithm"].native != "mgf1":
        return PssLimits(readable=False)
    return PssLimits(
        parameters["hash_algorithm"]["algorithm"].native,
        mask["parameters"]["algorithm"].native,
        int(parameters["salt_length"].native),
    )
