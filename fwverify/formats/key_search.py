"""Public keys lying inside other bytes: certificates, SubjectPublicKeyInfo, PEM blocks, AVB keys, U-Boot's trees.

Sources, read 2026-11-22: RFC 5280 sections 4.1 and 4.1.2.7 (DER); RFC 7468 (PEM); RFC 3279, RFC 5480, RFC 8410
(algorithm identifiers); Android libavb `AvbRSAPublicKeyHeader`; U-Boot doc/usage/fit/signature.rst "Public Key
Storage" (`rsa,modulus`, `rsa,exponent`, `ecdsa,x-point`...).

`ANCHORS` are what a search engine looks for; `key_at` reads around one hit and is total: what is no key gives None.
Does not judge or trust any key, and does not find keys in a form of a vendor's own.
"""

from __future__ import annotations

import base64
import binascii
import re
import struct
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from fwverify.formats import fdt, key_file
from fwverify.formats.public_key import PublicKey
from fwverify.limits import LimitExceeded
from fwverify.model.examining import Malformed, Unsupported

MAX_CERTIFICATE_BYTES = 32 * 1024
"""One with an ML-DSA-87 key and signature has 8 kB."""
MAX_SPKI_BYTES = 4 * 1024
MAX_PEM_BYTES = 64 * 1024
MAX_HITS = 100_000
"""Anchors looked at in one content; most are no keys and cost microseconds."""
_AVB_BITS = (2048, 4096, 8192)
CERTIFICATE, RSA, EC, ED25519, ED448, TREE, AVB, PEM = range(8)
ANCHORS: tuple[bytes, ...] = (
    rb"\xa0\x03\x02\x01\x02\x02",  # version 3 and the tag of the serial number
    rb"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00\x03",  # rsaEncryption, NULL, BIT STRING
    rb"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06",  # id-ecPublicKey, OID
    rb"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00",  # a whole Ed25519 SubjectPublicKeyInfo up to the key
    rb"\x30\x43\x30\x05\x06\x03\x2b\x65\x71\x03\x3a\x00",  # Ed448
    rb"\xd0\x0d\xfe\xed\x00",  # flattened device tree below 16 MiB
    rb"\x00\x00[\x08\x10\x20]\x00.{4}[\x80-\xff]",  # AVB: size, n0inv, modulus with its first bit set
    rb"-----BEGIN ",
)
"""Expressions without alternatives, in the order of their names above; matched with DOTALL."""


@dataclass(frozen=True, slots=True)
class Inside:
    """One key found."""

    offset: int
    """Bytes into the content."""
    size: int
    """Bytes of the element it was read from."""
    what: str
    """`certificate of CN=...`, `public key`, `AVB public key`, `key "dev" of a U-Boot device tree`."""
    key: PublicKey


def search(content: memoryview) -> Iterator[Inside]:
    """All keys, in order of place, each once; without a search engine, for files of moderate size."""
    hits = sorted(
        (found.start(), kind)
        for kind, anchor in enumerate(ANCHORS)
        for found in re.compile(anchor, re.DOTALL).finditer(content)
    )
    yield from read(content, hits)


def read(content: memoryview, hits: Iterable[tuple[int, int]]) -> Iterator[Inside]:
    """The keys around hits.

    Args:
        content: what was searched.
        hits: (offset of the anchor, its number), in order.

    Raises:
        LimitExceeded: more hits than are looked at.
    """
    end = 0
    for count, (offset, kind) in enumerate(hits):
        if count >= MAX_HITS:
            raise LimitExceeded("max_key_hits", MAX_HITS)
        if offset < end:
            continue  # inside a certificate that was read whole
        for one in key_at(content, offset, kind):
            end = max(end, one.offset + one.size)
            yield one


def key_at(content: memoryview, offset: int, kind: int) -> tuple[Inside, ...]:
    """What stands around one anchor; empty when it is no key."""
    if kind == AVB and not _may_be_avb(content, offset):
        return ()  # its few fixed bytes stand in any program a hundred times
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # cryptography warns about odd certificates it still reads
            match kind:
                case 0:
                    return _certificate(content, offset)
                case 1 | 2 | 3 | 4:
                    return _spki(content, offset)
                case 5:
                    return tuple(tree_keys(content[offset:], offset))
                case 6:
                    return _avb(content, offset)
                case _:
                    return _pem(content, offset)
    except (Malformed, Unsupported, LimitExceeded):
        return ()


def _certificate(content: memoryview, offset: int) -> tuple[Inside, ...]:
    """Two SEQUENCE headers stand before the version: of the certificate and of what is signed in it."""
    for inner in (4, 3, 2):
        for outer in (4, 3, 2):
            start = offset - inner - outer
            size = _sequence(content, start, outer)
            if size and size <= MAX_CERTIFICATE_BYTES and _sequence(content, offset - inner, inner):
                der = bytes(content[start : start + size])
                return (Inside(start, size, f"certificate of {subject(der)}", key_file.parse(der)),)
    return ()


def _spki(content: memoryview, offset: int) -> tuple[Inside, ...]:
    """The algorithm identifier's OID or SEQUENCE is at `offset`; the outer SEQUENCE begins 0 to 6 bytes before."""
    for start in range(offset, max(-1, offset - 7), -1):
        for header in (2, 3, 4):
            size = _sequence(content, start, header)
            if offset - start <= header + 2 and 32 < size <= MAX_SPKI_BYTES and content[start + header] == 0x30:
                try:
                    return (Inside(start, size, "public key", key_file.parse(content[start : start + size])),)
                except Malformed:
                    continue
    return ()


def _sequence(content: memoryview, start: int, header: int) -> int:
    """Size with header of a DER SEQUENCE whose header has so many bytes; 0 when there is none or it is cut off."""
    if start < 0 or start + header > len(content) or content[start] != 0x30:
        return 0
    length = content[start + 1]
    if header == 2:
        size = length if length < 0x80 else -1
    else:
        size = int.from_bytes(content[start + 2 : start + header], "big") if length == 0x80 + header - 2 else -1
    return header + size if 0 < size <= len(content) - start - header else 0


def subject(der: bytes) -> str:
    """Whom a certificate names, RFC 4514; `nobody` when it cannot be read."""
    from cryptography import x509

    from fwverify.formats.names import quoted

    try:
        name = x509.load_der_x509_certificate(der).subject.rfc4514_string()
    except (ValueError, TypeError):
        name = ""
    return quoted(name.encode(), 160) or "nobody"


def _pem(content: memoryview, offset: int) -> tuple[Inside, ...]:
    raw = bytes(content[offset : offset + MAX_PEM_BYTES])
    block = re.match(rb"-----BEGIN ([A-Z0-9 ]+)-----\s([A-Za-z0-9+/=\s]+)-----END \1-----", raw)
    if block is None or b"PRIVATE" in block[1]:
        return ()
    if block[1] in (b"PKCS7", b"CMS"):
        try:
            inner = memoryview(base64.b64decode(b"".join(block[2].split()), validate=True))
        except binascii.Error:
            return ()
        return tuple(replace(one, offset=offset, size=block.end()) for one in search(inner))
    key = key_file.parse(block[0])
    what = f"certificate of {subject(key.material)}" if key.note == "certificate" else key.note
    return (Inside(offset, block.end(), what, key),)


def _avb(content: memoryview, offset: int) -> tuple[Inside, ...]:
    """1. The size is one that libavb takes. 2. n0inv is -1 / n modulo 2^32. 3. rr is 2^(2 * bits) modulo n."""
    if not _may_be_avb(content, offset):  # 1, 2
        return ()
    bits, _ = struct.unpack_from(">II", content, offset)
    size = bits // 8
    modulus = int.from_bytes(content[offset + 8 : offset + 8 + size], "big")
    if int.from_bytes(content[offset + 8 + size : offset + 8 + 2 * size], "big") != pow(2, 2 * bits, modulus):  # 3
        return ()
    return (Inside(offset, 8 + 2 * size, "AVB public key", _rsa(modulus, 65537)),)


def _may_be_avb(content: memoryview, offset: int) -> bool:
    if offset + 8 > len(content):
        return False
    bits, inverse = struct.unpack_from(">II", content, offset)
    size = bits // 8
    if bits not in _AVB_BITS or offset + 8 + 2 * size > len(content):
        return False
    low = int.from_bytes(content[offset + 4 + size : offset + 8 + size], "big")
    return not (low * inverse + 1) % (1 << 32)


def tree_keys(view: memoryview, base: int = 0) -> Iterator[Inside]:
    """Keys that U-Boot keeps below /signature of its own device tree. Raises Malformed, Unsupported, LimitExceeded."""
    tree = fdt.read_tree(view)
    holder = tree.root.child("signature")
    for node in holder.children if holder else ():
        key = _tree_key(tree, node)
        if key is not None:
            name = node.name.removeprefix("key-")
            yield Inside(base + node.range.start, node.range.size, f'key "{name}" of a U-Boot device tree', key)


def _tree_key(tree: fdt.Tree, node: fdt.Node) -> PublicKey | None:
    modulus = int.from_bytes(tree.value(node.prop("rsa,modulus")), "big")
    if modulus:
        exponent = int.from_bytes(tree.value(node.prop("rsa,exponent")), "big") or 65537
        return _rsa(modulus, exponent)
    curve = tree.text(node, "ecdsa,curve")
    x, y = (tree.value(node.prop(f"ecdsa,{one}-point")) for one in "xy")
    return _point(curve, int.from_bytes(x, "big"), int.from_bytes(y, "big")) if curve and x and y else None


def _rsa(modulus: int, exponent: int) -> PublicKey:
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    try:
        key = rsa.RSAPublicNumbers(exponent, modulus).public_key()
        return key_file.parse(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
    except ValueError as problem:
        raise Malformed("RSA key", str(problem)[:80]) from None


def _point(curve: str, x: int, y: int) -> PublicKey | None:
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    curves: dict[str, ec.EllipticCurve] = {
        "prime256v1": ec.SECP256R1(),
        "secp384r1": ec.SECP384R1(),
        "secp521r1": ec.SECP521R1(),
    }
    if curve not in curves:
        return None
    try:
        key = ec.EllipticCurvePublicNumbers(x, y, curves[curve]).public_key()
    except ValueError as problem:
        raise Malformed("EC key", str(problem)[:80]) from None
    return key_file.parse(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
