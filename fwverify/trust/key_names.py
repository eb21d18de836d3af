"""All names one public key goes by: what boot ROMs burn into fuses, what device formats carry, what tools print.

Sources, read 2026-11-22: MCUboot docs/design.md "Image trailer and TLVs" (KEYHASH: SHA-256 of the key as DER: PKCS #1
for RSA, SubjectPublicKeyInfo otherwise); ESP-IDF "Secure Boot v2", signature block (eFuse digest: SHA-256 of the key
part: modulus, exponent, R inverse, M prime, little-endian; ECDSA: curve id and point); Android libavb
`AvbRSAPublicKeyHeader` (key length, n0inv, modulus, R squared, big-endian); RFC 9580 section 5.5.4 (OpenPGP
fingerprints); RFC 4253 section 6.6 and RFC 4716 section 4 (SSH); RFC 5280 certificates by the digest of their DER;
U-Boot doc/usage/fit/signature.rst (`rsa,modulus`: big-endian).

Only names of the key itself: a name is compared with published lists and shown, it never makes a key trusted.
"""

from __future__ import annotations

import base64
import hashlib
import struct
from typing import TYPE_CHECKING

from fwverify.formats.public_key import PublicKey

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

Names = tuple[tuple[str, str], ...]
"""(kind, lower-case hexadecimal), sorted."""
ESP_RSA_BITS = 3072
_ESP_CURVES = {"secp192r1": 1, "secp256r1": 2, "secp384r1": 3}


def names_of(key: PublicKey) -> Names:
    """Every name of the key; what its kind has no form for is left out."""
    names = {"spki-sha256": key.fingerprint, "spki-sha1": _sha1(key.spki)}
    if key.material and key.note == "certificate":
        names |= {"x509-sha256": _sha256(key.material), "x509-sha1": _sha1(key.material)}
    if key.note == "OpenPGP certificate":
        names["openpgp"] = openpgp_fingerprint(key.material)
    if key.note in ("minisign public key", "signify public key"):
        names[key.note.split()[0]] = key.key_id.lower()
    names |= _of_material(key)
    return tuple(sorted((kind, value) for kind, value in names.items() if value))


def native(key: PublicKey) -> str:
    """The fingerprint or id as the format's own tools print it; empty where the SHA-256 of the key is that."""
    names = dict(names_of(key))
    if key.note == "OpenPGP certificate":
        return names.get("openpgp", "").upper() or key.key_id
    if key.note == "SSH public key" and "ssh-sha256" in names:
        return "SHA256:" + base64.b64encode(bytes.fromhex(names["ssh-sha256"])).decode().rstrip("=")
    return key.key_id


def openpgp_fingerprint(packets: bytes) -> str:
    """Of the first packet, the primary key (RFC 9580 section 5.5.4): v4 SHA-1, v6 SHA-256; empty when it is neither."""
    head = _packet(packets)
    if head is None:
        return ""
    body = packets[head[0] : head[0] + head[1]]
    if len(body) != head[1] or not body:
        return ""
    if body[0] == 4:
        return _sha1(b"\x99" + len(body).to_bytes(2, "big") + body)
    return _sha256(b"\x9b" + len(body).to_bytes(4, "big") + body) if body[0] == 6 else ""


def _packet(raw: bytes) -> tuple[int, int] | None:
    """(start, length) of the body of a public-key packet at the start; at most 65535 bytes."""
    if len(raw) < 6:
        return None
    if raw[0] in (0x98, 0x99):
        size = 1 if raw[0] == 0x98 else 2
        return 1 + size, int.from_bytes(raw[1 : 1 + size], "big")
    if raw[0] != 0xC6:
        return None
    if raw[1] < 192:
        return 2, raw[1]
    if raw[1] < 224:
        return 3, ((raw[1] - 192) << 8) + raw[2] + 192
    return (6, int.from_bytes(raw[2:6], "big")) if raw[1] == 255 and raw[2:4] == b"\0\0" else None


def _of_material(key: PublicKey) -> dict[str, str]:
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

    if key.algorithm not in ("rsa", "ecdsa", "ed25519", "ed448"):
        return {}
    loaded = load_der_public_key(key.spki)
    names = {"mcuboot": key.fingerprint} | _ssh(loaded)
    if isinstance(loaded, rsa.RSAPublicKey):
        numbers = loaded.public_numbers()
        pkcs1 = loaded.public_bytes(Encoding.DER, PublicFormat.PKCS1)
        names["mcuboot"] = _sha256(pkcs1)
        names |= {"pkcs1-sha1": _sha1(pkcs1)} | _of_modulus(numbers.n, numbers.e)
    elif isinstance(loaded, ec.EllipticCurvePublicKey) and key.detail in _ESP_CURVES:
        point = loaded.public_numbers()
        size = key.bits // 8
        raw = point.x.to_bytes(size, "little") + point.y.to_bytes(size, "little")
        names["esp-efuse"] = _sha256(bytes([_ESP_CURVES[key.detail]]) + raw.ljust(64, b"\0"))
    return names


def _of_modulus(n: int, e: int) -> dict[str, str]:
    bits = n.bit_length()
    size = (bits + 7) // 8
    names = {"modulus-sha256": _sha256(n.to_bytes(size, "big"))}
    if n % 2 and bits % 32 == 0:
        written = avb_public_key(n)
        names |= {"avb-sha256": _sha256(written), "avb-sha1": _sha1(written)}
    if bits == ESP_RSA_BITS and n % 2 and e < 1 << 32:
        names["esp-efuse"] = _sha256(esp_key_part(n, e))
    return names


def avb_public_key(n: int) -> bytes:
    """An RSA key as libavb and Android's older boot loaders keep it; n is odd and its size a multiple of 32 bits."""
    size = n.bit_length() // 8
    rr = pow(2, 2 * n.bit_length(), n)
    return (
        struct.pack(">II", n.bit_length(), -pow(n, -1, 1 << 32) % (1 << 32))
        + n.to_bytes(size, "big")
        + rr.to_bytes(size, "big")
    )


def esp_key_part(n: int, e: int) -> bytes:
    """The key part of a signature block of ESP secure boot v2, RSA-3072."""
    size = ESP_RSA_BITS // 8
    rinv = pow(2, 2 * n.bit_length(), n)
    prime = -pow(n, -1, 1 << 32) % (1 << 32)
    return n.to_bytes(size, "little") + struct.pack("<I", e) + rinv.to_bytes(size, "little") + struct.pack("<I", prime)


def _ssh(key: PublicKeyTypes) -> dict[str, str]:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    if not isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey):
        return {}
    try:
        line = key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    except (ValueError, UnsupportedAlgorithm):
        return {}  # a curve that SSH has no name for
    return {"ssh-sha256": _sha256(base64.b64decode(line.split()[1]))}


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _sha1(data: bytes) -> str:
    return hashlib.sha1(data, usedforsecurity=False).hexdigest()
