"""How members of a zip archive are packed and encrypted: the methods that are read, and the names of the others.

Source: PKWARE APPNOTE.TXT 6.3.10, sections 4.4.4, 4.4.5, 5.8, 6 and 7; WinZip "AES Encryption Information" 1.04 (method
99); read 2026-11-23. Nothing is decrypted here.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwverify.formats import codecs
from fwverify.limits import Budget
from fwverify.model.artifact import ByteRange
from fwverify.model.evidence import GapReason

FLAG_ENCRYPTED, FLAG_LZMA_MARKER, FLAG_DESCRIPTOR, FLAG_STRONG, FLAG_HIDDEN = 1 << 0, 1 << 1, 1 << 3, 1 << 6, 1 << 13
STORED, DEFLATED, BZIP2, LZMA, OLD_ZSTD, ZSTD, XZ, AES = 0, 8, 12, 14, 20, 93, 95, 99
METHODS = {
    1: "Shrink", 2: "Reduce", 3: "Reduce", 4: "Reduce", 5: "Reduce", 6: "Implode", 9: "Deflate64", 10: "DCL Implode",
    16: "IBM z/OS CMPSC", 18: "IBM TERSE", 19: "IBM LZ77", 94: "MP3", 96: "JPEG", 97: "WavPack", 98: "PPMd", AES: "AES",
}  # fmt: skip
READ = frozenset({STORED, DEFLATED, BZIP2, LZMA, OLD_ZSTD, ZSTD, XZ})


def unpacked(
    view: memoryview, span: ByteRange, method: int, flags: int, size: int, budget: Budget, progress: codecs.Progress
) -> Iterator[bytes]:
    """The content of a packed member in chunks.

    Args:
        view: the archive.
        span: the member's packed bytes.
        method: one of `READ`, not STORED.
        flags: of the member.
        size: unpacked, as declared.
        budget: of the run.
        progress: says where the stream ended, once it was read.
    """
    match method:
        case 12:
            return codecs.unbz2(view, span, budget, progress)
        case 14:
            return codecs.unlzma_zip(view, span, budget, progress, -1 if flags & FLAG_LZMA_MARKER else size)
        case 20 | 93:
            return codecs.unzstd(view, span, budget, progress)
        case 95:
            return codecs.unxz(view, span, budget, progress)
        case _:
            return codecs.inflate(view, span, budget, progress)


def unreadable(flags: int, method: int, disk: int) -> tuple[GapReason, str] | None:
    """Why a member cannot be read, as its headers say."""
    if disk not in (0, 0xFFFF):
        return GapReason.UNSUPPORTED, f"the zip member lies in another file (number {disk + 1} of a split archive)"
    if flags & FLAG_HIDDEN:
        return GapReason.ENCRYPTED, "the zip member's header is masked (an encrypted central directory)"
    if flags & FLAG_ENCRYPTED or method == AES:
        how = "AES" if method == AES else "PKWARE strong encryption" if flags & FLAG_STRONG else "ZipCrypto"
        return GapReason.ENCRYPTED, f"the zip member is encrypted ({how})"
    if method not in READ:
        return GapReason.UNSUPPORTED, f"zip compression method {method} ({METHODS.get(method, 'unknown')})"
    return None
