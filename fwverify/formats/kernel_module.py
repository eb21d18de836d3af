"""Linux kernel modules with an appended signature.

Source: Linux include/linux/module_signature.h, kernel/module_signature.c (mod_check_sig), kernel/module/signing.c and
Documentation/admin-guide/module-signing.rst of 6.1, read 2026-11-22.

    module | CMS (DER) | struct module_signature (12 bytes) | "~Module signature appended~\\n"

The struct's only meaning left is the length of the CMS, big-endian; id_type must be 2 (PKCS#7) and all else zero. The
marker must be the last bytes of the file; elsewhere the kernel sees an unsigned module.
Does not do: the signatures before Linux 4.3 (id_type 0 and 1), which are named.
"""

from __future__ import annotations

from dataclasses import dataclass

from fwverify.model.artifact import ByteRange
from fwverify.model.examining import Malformed, Unsupported

WHAT = "module signature"
MARKER = b"~Module signature appended~\n"
STRUCT_BYTES = 12
PKCS7 = 2
OLD_KINDS = {0: "OpenPGP", 1: "X.509"}
MAX_SIGNATURE_BYTES = 1 << 20
"""Of the CMS. With certificates and a post-quantum signature it stays below 32 KiB."""


@dataclass(frozen=True, slots=True)
class AppendedSignature:
    """Where the parts lie."""

    body: ByteRange
    cms: ByteRange
    frame: ByteRange
    """The struct and the marker."""
    elf: bool
    again: bool
    """The signed body ends in another appended signature, which no kernel looks at."""


def looks_like(view: memoryview) -> bool:
    """Ends in the marker. Cheap and total."""
    return bytes(view[-len(MARKER) :]) == MARKER


def parse(view: memoryview) -> AppendedSignature:
    """Read the trailer.

    Raises:
        Malformed: it is none, its reserved fields say something, or the length leaves no module.
        Unsupported: a signature of a kind that kernels no longer take.
    """
    end = len(view) - len(MARKER)
    start = end - STRUCT_BYTES
    if start <= 0 or not looks_like(view):
        raise Malformed(WHAT, "the file is shorter than a signature's trailer")
    struct = bytes(view[start:end])
    if struct[2] in OLD_KINDS:
        raise Unsupported(
            f"too old to be checked: a module signature of the kind before Linux 4.3 ({OLD_KINDS[struct[2]]})"
        )
    if struct[2] != PKCS7 or any(struct[:2]) or any(struct[3:8]):
        raise Malformed(WHAT, "its type is not PKCS#7, or fields that must be zero are not", start)
    size = int.from_bytes(struct[8:], "big")
    if not 0 < size < start or size > MAX_SIGNATURE_BYTES:
        raise Malformed(WHAT, f"a signature of {size} bytes in a file of {len(view)}", start + 8)
    body = view[: start - size]
    return AppendedSignature(
        ByteRange(0, start - size),
        ByteRange(start - size, start),
        ByteRange(start, len(view)),
        bytes(body[:4]) == b"\x7fELF",
        looks_like(body),
    )
