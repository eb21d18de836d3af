"""Whether noise has the frame of a format that always looks so: media, fonts, keyrings, signatures in DER.

Nobody reads such content here; but that it looks random does not mean that somebody packed or encrypted it. The frame
must fit the size of the content, so that a magic in front of anything is not enough. Sources: PNG (W3C, third edition)
5.2 and 5.3, ITU-T T.81 annex B, GIF89a, WOFF and WOFF 2.0 (W3C) section 4, Microsoft RIFF (MCI 1.0), RFC 3533, RFC
9639, RFC 9580 section 4.2, X.690 section 8.1, LLVM Bitcode File Format ("Bitstream Format"); read 2026-11-23. What lies
within the frame is not looked at.
"""

from __future__ import annotations

from fwverify.formats import openpgp_packets
from fwverify.model.examining import Malformed

FRAMES = (
    (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"IEND\xaeB`\x82"),
    (b"\xff\xd8\xff", b"\xff\xd9"),
    (b"GIF87a", b"\x00;"),
    (b"GIF89a", b"\x00;"),
)
"""Beginning and end."""
SIZES = ((b"wOFF", 8, "big", 0), (b"wOF2", 8, "big", 0), (b"RIFF", 4, "little", 8))
"""Beginning; where four bytes state the size, and what that does not count."""
STARTS = (b"OggS\0\2", b"fLaC\0\0\0\x22")
BITCODE = b"BC\xc0\xde"
MAX_KEY_BYTES, MAX_DER_BYTES = 1 << 14, 1 << 16
"""Of one packet of a key; of a signature or certificate."""
OF_KEYS = frozenset({
    openpgp_packets.SIGNATURE, openpgp_packets.PUBLIC_KEY, openpgp_packets.PUBLIC_SUBKEY, openpgp_packets.USER_ID,
    openpgp_packets.USER_ATTRIBUTE, openpgp_packets.TRUST,
})  # fmt: skip


def is_framed(view: memoryview) -> bool:
    """It begins, and ends or is sized, as one of those formats. Total."""
    head, tail = bytes(view[:16]), bytes(view[-16:])
    if head.startswith(STARTS) or any(head.startswith(one) and tail.endswith(other) for one, other in FRAMES):
        return True
    for magic, at, order, uncounted in SIZES:
        stated = int.from_bytes(head[at : at + 4], "big" if order == "big" else "little") + uncounted
        if head.startswith(magic) and stated == len(view):
            return True
    return _is_der(head, len(view)) or _is_bitcode(view) or _is_keyring(view)


def _is_der(head: bytes, size: int) -> bool:
    return head[:2] == b"\x30\x82" and size <= MAX_DER_BYTES and int.from_bytes(head[2:4], "big") + 4 == size


def _is_bitcode(view: memoryview) -> bool:
    """Blocks one after the other to the end: a word that enters one (abbreviation 1 in two bits), its size in words."""
    at = len(BITCODE)
    if bytes(view[:at]) != BITCODE:
        return False
    while at < len(view):
        if len(view) - at < 8 or view[at] & 3 != 1:
            return False
        at += 8 + 4 * int.from_bytes(view[at + 4 : at + 8], "little")
    return at == len(view)


def _is_keyring(view: memoryview) -> bool:
    if not len(view) or not view[0] & 0x80:
        return False
    try:
        return all(
            one.type in OF_KEYS and len(one.body) <= MAX_KEY_BYTES for one in openpgp_packets.packets(view, "keyring")
        )
    except Malformed:
        return False
