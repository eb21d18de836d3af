"""CMS SignedData (RFC 5652). Interface fixed by the lead; the body is being written."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SignerInfo:
    """One signer, as written."""

    issuer: bytes
    """DER Name; empty when the signer is named by subject key identifier."""
    serial: int
    key_identifier: bytes
    """subjectKeyIdentifier; empty when named by issuer and serial."""
    digest_algorithm: str
    """hashlib name: `sha256`."""
    signature_algorithm: str
    """`rsa-pkcs1v15`, `rsa-pss`, `ecdsa`, `ed25519`, `ed448`, `ml-dsa-65`..."""
    signature_hash: str
    """hashlib name; empty where the algorithm has none of its own."""
    pss_salt: int
    """-1 when not PSS."""
    signed_attributes: bytes
    """DER SET OF (tag 31), as it is signed; empty when there are none."""
    content_type: str
    """Dotted, from the signed attributes; empty without."""
    message_digest: bytes
    signing_time: str
    """RFC 3339, UTC; the signer's own claim; empty without."""
    signature: bytes
    unsigned: tuple[tuple[str, bytes], ...]
    """(dotted type, DER of the value) of every unsigned attribute value: timestamp tokens, nested signatures."""


@dataclass(frozen=True, slots=True)
class SignedData:
    """One SignedData."""

    content_type: str
    """Dotted eContentType."""
    content: bytes | None
    """The bytes the messageDigest is over (contents octets of the eContent, without tag and length); None: detached."""
    content_der: bytes
    """The whole eContent element as written; for SpcIndirectDataContent and TSTInfo. Empty when detached."""
    certificates: tuple[bytes, ...]
    """DER, in file order. Claims: never trusted."""
    crls: tuple[bytes, ...]
    signers: tuple[SignerInfo, ...]
    size: int
    """Bytes of the DER element in the input, so that a caller sees what follows it."""
    oddities: tuple[str, ...]
    """Lax encodings (BER lengths, unsorted sets) and other things worth saying."""


def parse(content: memoryview | bytes) -> SignedData:
    """Read a ContentInfo with SignedData from the front of `content` (DER; PEM is undone by `decoded`).

    Raises:
        Malformed: it is none, or breaks RFC 5652.
        Unsupported: an algorithm or version that is not read, named.
    """
    raise NotImplementedError


def decoded(content: memoryview | bytes) -> bytes:
    """DER of a PEM (`PKCS7`, `CMS`) or DER file; a PEM block must be alone in its file. Raises Malformed."""
    raise NotImplementedError
