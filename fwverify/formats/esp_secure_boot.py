"""Secure boot signatures of the ESP32 family: the sector of version 2, the 68 bytes of version 1.

Source: ESP-IDF Programming Guide, "Secure Boot V2" (signature block format) and "Secure Boot" (version 1), read
2026-11-22. Version 2: contents, filled with FF to 4096 bytes, then one sector with up to three blocks of 1216 bytes;
numbers are little-endian. Version 1: contents, a version word of zero, r and s big-endian.
Nothing is verified here but the CRC of a block. Does not read: the digest of version 1 boot loaders that a device
makes with its own key (`digest-secure-bootloader`), encrypted flash.
"""

from __future__ import annotations

import base64
import struct
import zlib
from dataclasses import dataclass, field

from fwverify.formats import esp_image, key_file
from fwverify.formats.names import fill_byte
from fwverify.formats.public_key import PublicKey
from fwverify.model.artifact import ByteRange
from fwverify.model.examining import Malformed

WHAT = "ESP secure boot signature"
SECTOR_BYTES = 4096
BLOCK_BYTES = 1216
BLOCKS = 3
CRC_AT = 1196
MAGIC = 0xE7
RSA, ECDSA = 2, 3
"""Versions of a block."""
RSA_BYTES = 384
CURVES = {1: ("secp192r1", 24), 2: ("secp256r1", 32), 3: ("secp384r1", 48)}
"""Curve id of a block -> name, bytes of a coordinate."""
HASHES = {0: ("sha256", 32), 1: ("sha384", 48)}
"""Hash id of an ECDSA block -> name, bytes."""
V1_BYTES = 68
PARTITION_MAGIC = b"\xaa\x50"
PARTITION_TABLE_BYTES = 0xC00
MAX_FILL_SECTORS = 16
"""Between an image and its signature: an application is filled up to 64 KiB."""


@dataclass(frozen=True, slots=True)
class Block:
    """One signature block of version 2, parsed to its last byte."""

    place: ByteRange
    hash: str
    digest: bytes
    """Of the contents, as written."""
    key: PublicKey
    """In the block itself. Never trusted."""
    value: bytes = field(repr=False)
    """RSA big-endian, ECDSA as r || s big-endian."""


@dataclass(frozen=True, slots=True)
class Sector:
    """The signature sector of version 2."""

    start: int
    """Where it begins: the contents end here."""
    blocks: tuple[Block, ...]
    strange: tuple[ByteRange, ...]
    """Bytes of the sector that are neither a block nor erased."""
    broken: str
    """Why a slot that begins like a block is none; empty when there is no such slot."""
    behind: ByteRange | None
    """What follows the sector."""

    @property
    def whole(self) -> tuple[ByteRange, ...]:
        """All of it: what is neither block nor strange is erased."""
        return (ByteRange(self.start, self.start + SECTOR_BYTES),)


@dataclass(frozen=True, slots=True)
class Version1:
    """A signature of version 1."""

    start: int
    """The contents end here."""
    value: bytes = field(repr=False)
    """r || s"""


def has_block(view: memoryview, at: int) -> bool:
    """A sector that begins like one of version 2 lies at `at`. Total."""
    return at > 0 and at + SECTOR_BYTES <= len(view) and view[at] == MAGIC and view[at + 1] in (RSA, ECDSA)


def image_end(view: memoryview) -> int:
    """End of the application or boot loader image that the view begins with; 0 when it begins with none. Total."""
    if not esp_image.looks_like(view):
        return 0
    try:
        return esp_image.read_esp_image(view).end
    except Malformed:
        return 0


def find_sector(view: memoryview, end: int | None = None) -> int:
    """Where the signature sector lies, 0 when there is none. Total.

    `end`: of the image the view begins with, where the caller knows it.

    1. Behind the image, at the next sector or after erased ones: there the boot loader looks.
    2. Else the last 4096 bytes of the file: there signing tools put and look for it.
    """
    end = image_end(view) if end is None else end
    at = (end + SECTOR_BYTES - 1) // SECTOR_BYTES * SECTOR_BYTES
    for _ in range(MAX_FILL_SECTORS + 1):
        if has_block(view, at):
            return at
        if not at or at + SECTOR_BYTES > len(view) or fill_byte(view, ByteRange(at, at + SECTOR_BYTES)) != "FF":
            break
        at += SECTOR_BYTES
    last = len(view) - SECTOR_BYTES
    return last if has_block(view, last) else 0


def read_sector(view: memoryview, start: int) -> Sector:
    """Read the sector at `start`, which `find_sector` found.

    Raises:
        Malformed: it holds no whole block.
    """
    blocks: list[Block] = []
    strange: list[ByteRange] = []
    broken = ""
    for index in range(BLOCKS):
        place = ByteRange(start + index * BLOCK_BYTES, start + (index + 1) * BLOCK_BYTES)
        if fill_byte(view, place):
            continue
        try:
            blocks.append(_block(view, place))
        except Malformed as problem:
            broken = broken or f"block {index}: {problem.reason}"
            strange.append(place)
    if not blocks:
        raise Malformed(WHAT, broken or "no block", start)
    rest = ByteRange(start + BLOCKS * BLOCK_BYTES, start + SECTOR_BYTES)
    if not fill_byte(view, rest):
        strange.append(rest)
    behind = ByteRange(rest.end, len(view)) if len(view) > rest.end else None
    return Sector(start, tuple(blocks), tuple(strange), broken, behind)


def _block(view: memoryview, place: ByteRange) -> Block:
    raw = bytes(view[place.start : place.end])
    if raw[0] != MAGIC or raw[1] not in (RSA, ECDSA):
        raise Malformed(WHAT, "no magic", place.start)
    if int.from_bytes(raw[CRC_AT : CRC_AT + 4], "little") != zlib.crc32(raw[:CRC_AT]):
        raise Malformed(WHAT, "its CRC does not hold", place.start)
    if any(raw[CRC_AT + 4 :]) or raw[3]:
        raise Malformed(WHAT, "bytes that must be empty are not", place.start)
    return _rsa(raw, place) if raw[1] == RSA else _ecdsa(raw, place)


def _rsa(raw: bytes, place: ByteRange) -> Block:
    """Digest, modulus, exponent, two numbers for Montgomery's method that follow from the modulus, signature."""
    digest, modulus, exponent, square, inverse, value = struct.unpack_from("<32s384sI384sI384s", raw, 4)
    n = int.from_bytes(modulus, "little")
    if n % 2 == 0 or n.bit_length() != RSA_BYTES * 8:
        raise Malformed(WHAT, "its modulus is none of 3072 bits", place.start)
    if pow(2, 2 * RSA_BYTES * 8, n) != int.from_bytes(square, "little") or (inverse * n + 1) % (1 << 32):
        raise Malformed(WHAT, "the numbers beside its modulus are not those of the modulus", place.start)
    if raw[2]:
        raise Malformed(WHAT, "bytes that must be empty are not", place.start)
    return Block(place, "sha256", digest, _rsa_key(n, exponent), value[::-1])


def _ecdsa(raw: bytes, place: ByteRange) -> Block:
    """Digest, curve, point, r and s; the rest is empty."""
    name, size = HASHES.get(raw[2], ("", 0))
    curve, width = CURVES.get(raw[4 + size], ("", 0))
    if not name or not curve or (name == "sha384") != (curve == "secp384r1"):
        raise Malformed(WHAT, "its hash and curve are none that belong together", place.start)
    at = 5 + size
    field_bytes = 96 if curve == "secp384r1" else 64
    point, value = raw[at : at + 2 * width], raw[at + field_bytes : at + field_bytes + 2 * width]
    empty = raw[at + 2 * width : at + field_bytes] + raw[at + field_bytes + 2 * width : CRC_AT]
    if any(empty):
        raise Malformed(WHAT, "bytes that must be empty are not", place.start)
    key = _ec_key(curve, *(int.from_bytes(one, "little") for one in (point[:width], point[width:])))
    return Block(place, name, raw[4 : 4 + size], key, value[:width][::-1] + value[width:][::-1])


def _rsa_key(n: int, e: int) -> PublicKey:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    try:
        der = RSAPublicNumbers(e, n).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    except ValueError:
        raise Malformed(WHAT, "its key is no RSA key") from None
    return _parsed(der)


def _ec_key(curve: str, x: int, y: int) -> PublicKey:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    kinds: dict[str, type[ec.SECP192R1 | ec.SECP256R1 | ec.SECP384R1]] = {
        "secp192r1": ec.SECP192R1,
        "secp256r1": ec.SECP256R1,
        "secp384r1": ec.SECP384R1,
    }
    try:
        key = ec.EllipticCurvePublicNumbers(x, y, kinds[curve]()).public_key()
        der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    except (ValueError, UnsupportedAlgorithm):
        raise Malformed(WHAT, f"its key is no point on {curve}") from None
    return _parsed(der)


def _parsed(der: bytes) -> PublicKey:
    text = base64.encodebytes(der)
    return key_file.parse(b"-----BEGIN PUBLIC KEY-----\n" + text + b"-----END PUBLIC KEY-----\n")


def find_version1(view: memoryview, end: int | None = None) -> Version1 | None:
    """The signature of version 1 right behind an image or a partition table, up to 15 filling bytes behind it. Total.

    It has no magic: only where one of those ends can it be told from other bytes.
    """
    start = image_end(view) if end is None else end
    if not start and view[:2] == PARTITION_MAGIC:
        start = PARTITION_TABLE_BYTES
    left = len(view) - start
    if not start or not V1_BYTES <= left < V1_BYTES + 16 or any(view[start : start + 4]):
        return None
    value = bytes(view[start + 4 : start + V1_BYTES])
    rest = ByteRange(start + V1_BYTES, len(view)) if left > V1_BYTES else None
    if not any(value) or set(value) == {0xFF} or (rest is not None and not fill_byte(view, rest)):
        return None
    return Version1(start, value)
