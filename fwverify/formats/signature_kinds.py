"""Recognises signature files of formats that are not verified yet, so that they are named and never taken for
firmware. Recognition only: nothing is parsed beyond the first bytes.

Sources: RFC 9580 section 6.2 (OpenPGP armor), RFC 7468 (PEM labels), RFC 5652 section 5.1 (CMS SignedData object
identifier), OpenSSH PROTOCOL.sshsig, signify(1). Read 2026-11-22.
"""

from __future__ import annotations

_ARMORS = (
    (b"-----BEGIN PGP SIGNATURE-----", "OpenPGP"),
    (b"-----BEGIN PGP SIGNED MESSAGE-----", "OpenPGP (clear-signed)"),
    (b"-----BEGIN PKCS7-----", "CMS/PKCS#7"),
    (b"-----BEGIN CMS-----", "CMS/PKCS#7"),
    (b"-----BEGIN SSH SIGNATURE-----", "SSH signature"),
)
_SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")
"""DER of the object identifier id-signedData."""


def recognised(view: memoryview) -> str:
    """Name of the signature format, or empty."""
    head = bytes(view[:512])
    stripped = head.lstrip()
    for start, name in _ARMORS:
        if stripped.startswith(start):
            return name
    if head[:1] == b"\x30" and _SIGNED_DATA in head[:24]:
        return "CMS/PKCS#7"
    if head.startswith(b"untrusted comment:") and b"signify" in head[:100] and len(view) < 512:
        return "signify"
    return ""
