"""SpcIndirectDataContent: the digest of a file inside an Authenticode signature.

Source: "Windows Authenticode Portable Executable Signature Format" (2008-03-21), section "SpcIndirectDataContent",
and MS-OSHARED 2.3.2.4.3.1; X.690 for DER. Read 2026-11-22.

    SpcIndirectDataContent ::= SEQUENCE { data SpcAttributeTypeAndOptionalValue, messageDigest DigestInfo }

Page hashes (in SpcPeImageData) are seen and not checked: the digest of the whole image says more. Does not do:
digests of catalogues, scripts, MSI or cabinet files.
"""

from __future__ import annotations

from dataclasses import dataclass

from fwverify.formats.cursor import Cursor
from fwverify.model.examining import Malformed, Unsupported

WHAT = "SpcIndirectDataContent"
OID = "1.3.6.1.4.1.311.2.1.4"
SEQUENCE, OCTETS, OBJECT = 0x30, 0x04, 0x06
NULL = b"\x05\x00"
PE_IMAGE_DATA = bytes.fromhex("2b06010401823702010f")
PAGE_HASHES = (bytes.fromhex("2b060104018237020301"), bytes.fromhex("2b060104018237020302"))
"""SpcPeImagePageHashes V1 and V2."""
DIGESTS = {
    bytes.fromhex("2a864886f70d0205"): ("md5", 16),
    bytes.fromhex("2b0e03021a"): ("sha1", 20),
    bytes.fromhex("608648016503040201"): ("sha256", 32),
    bytes.fromhex("608648016503040202"): ("sha384", 48),
    bytes.fromhex("608648016503040203"): ("sha512", 64),
}


@dataclass(frozen=True, slots=True)
class IndirectData:
    """What was signed in place of the file."""

    algorithm: str
    """hashlib name."""
    digest: bytes
    page_hashes: bool


def parse(content: bytes | memoryview) -> IndirectData:
    """Read the contents octets (without the outer SEQUENCE's tag and length).

    Raises:
        Malformed: not exactly that, or of another kind of file than a PE image.
        Unsupported: a digest algorithm that is not known.
    """
    about, info = _parts(content, (SEQUENCE, SEQUENCE))
    kind = _Reader(about)
    if kind.take(OBJECT) != PE_IMAGE_DATA:
        raise Malformed(WHAT, "it is not about a PE image")
    algorithm, digest = _parts(info, (SEQUENCE, OCTETS))
    named = _Reader(algorithm)
    dotted = named.take(OBJECT)
    if named.rest() not in (b"", NULL):
        raise Malformed(WHAT, "its digest algorithm has parameters")
    if dotted not in DIGESTS:
        raise Unsupported(f"{WHAT} with a digest algorithm that is not read ({dotted.hex()})")
    known, size = DIGESTS[dotted]
    if len(digest) != size:
        raise Malformed(WHAT, f"a {known} digest of {len(digest)} bytes")
    return IndirectData(known, digest, any(one in about for one in PAGE_HASHES))


def _parts(content: bytes | memoryview, tags: tuple[int, ...]) -> list[bytes]:
    """The contents of the elements, which must be exactly these."""
    reader = _Reader(content)
    found = [reader.take(tag) for tag in tags]
    if reader.rest():
        raise Malformed(WHAT, "bytes follow its last element")
    return found


class _Reader:
    """Elements with definite, shortest lengths, one behind the other."""

    def __init__(self, content: bytes | memoryview) -> None:
        self._cursor = Cursor(content, WHAT)

    def take(self, tag: int) -> bytes:
        """The contents of the next element, which must have this tag."""
        cursor = self._cursor
        if cursor.u8("tag") != tag:
            raise Malformed(WHAT, f"an element with tag {tag:#x} is missing", cursor.at - 1)
        size = cursor.u8("length")
        if size & 0x80:
            count = size & 0x7F
            size = int.from_bytes(cursor.take(min(count, 4), "length"), "big")
            if not 1 <= count <= 4 or size < 0x80 or size >> 8 * (count - 1) == 0:
                raise Malformed(WHAT, "a length that is not DER", cursor.at)
        return bytes(cursor.take(size, "element"))

    def rest(self) -> bytes:
        return bytes(self._cursor.take(self._cursor.left, "elements"))
