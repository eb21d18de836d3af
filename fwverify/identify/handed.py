"""Releases of other products that a file holds although none of it is in there: handed to a library, or its compiler's.

Source: zlib.h and png.h (the macros that hand over ZLIB_VERSION and PNG_LIBPNG_VER_STRING), the manuals of libgcrypt
and GnuTLS (`gcry_check_version`), and what GCC and GHC predefine and OCaml, Perl, Python and Qt put into what is built
for them; read 2026-11-23. Does NOT look for releases itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_ASKS = re.compile(
    rb"\w{0,40}(?i:check_?version)|(?P<curl>curl_version\w{0,9})|(?P<zlib>(?:in|de)flate(?:Back)?Init2?_)"
    rb"|(?P<libpng>png_create_\w{1,20}_struct(?:_2)?)|(?P<sqlite>sqlite3_libversion)"
)
"""Names of functions that are handed the version of the library one was built with, as symbol tables have them."""
_ASKS_HOLD = (
    b"check_version",
    b"checkversion",
    b"curl_version",
    b"flateinit",
    b"flatebackinit",
    b"png_create_",
    b"sqlite3_libv",
)
"""Each of these holds one of them, in small letters: what is looked for first, because it is found fast."""
_ASKS_BYTES = 64
LOOKS = {
    "zlib": re.compile(rb"1\.(?:2\.(?:\d|1[0-3])|3\.\d)(?:\.\d+)?"),
    "libpng": re.compile(rb"1\.[2-6]\.\d+"),
    "sqlite": re.compile(rb"3\.\d{1,2}\.\d"),
    "curl": re.compile(rb"[78]\.\d{1,3}\.\d"),
    "gnutls": re.compile(rb"[23]\.\d{1,2}\.\d{1,2}"),
    "gpgme": re.compile(rb"[12]\.\d{1,2}\.\d{1,2}"),
    "libassuan": re.compile(rb"[23]\.\d\.\d{1,2}"),
    "libgcrypt": re.compile(rb"1\.(?:[2-9]|1[0-4])\.\d{1,2}"),
    "libgpg-error": re.compile(rb"1\.\d{1,2}"),
    "libidn": re.compile(rb"[01]\.\d{1,2}(?:\.\d{1,2})?"),
    "libidn2": re.compile(rb"[02]\.\d{1,2}(?:\.\d{1,2})?"),
    "libksba": re.compile(rb"1\.\d\.\d{1,2}"),
    "libtasn1": re.compile(rb"[34]\.\d{1,2}(?:\.\d)?"),
}
"""How that version looks, where it is known."""
_ASKED = {
    b"gnutls_check_version": "gnutls", b"gpgme_check_version": "gpgme", b"gpgme_check_version_internal": "gpgme",
    b"assuan_check_version": "libassuan", b"gcry_check_version": "libgcrypt",
    b"gpg_error_check_version": "libgpg-error", b"gpgrt_check_version": "libgpg-error",
    b"stringprep_check_version": "libidn", b"idn2_check_version": "libidn2", b"ksba_check_version": "libksba",
    b"asn1_check_version": "libtasn1",
}  # fmt: skip
"""Whose each of these is, by the libraries' manuals, read 2026-11-23."""
_NUMBERS = frozenset({
    b"xmlCheckVersion", b"H5check_version", b"GDALCheckVersion", b"glib_check_version", b"gtk_check_version",
    b"gst_check_version", b"gst_plugin_feature_check_version", b"soup_check_version", b"io_uring_check_version",
    b"luaL_checkversion",
})  # fmt: skip
"""These are handed numbers, no text."""
COMPILER = re.compile(rb"(?:[4-9]|1\d)\.\d{1,2}\.\d")
_RECENT = re.compile(rb"10\.2\.1|1[0-6]\.[1-5]\.0")
"""Of GCC (gcc.gnu.org/releases.html, read 2026-11-23): `__VERSION__` alone, without a word that says so."""
_NAMES_COMPILER = re.compile(rb"(?<![a-z])g(?:cc|hc)(?![a-z_])|gnu c")
"""A program that tells the compiler it was built with has the compiler's release alone, too."""
_HELD = (
    (b"caml_", re.compile(rb"[45]\.\d{1,2}\.\d")),
    (b"libperl.so", re.compile(rb"5\.\d{1,2}\.\d")),
    (b"libpython3", re.compile(rb"3\.\d{1,2}\.\d{1,2}")),
    (b"libqt5core", re.compile(rb"5\.\d{1,2}\.\d{1,2}")),
    (b"libqt6core", re.compile(rb"6\.\d{1,2}\.\d{1,2}")),
    (b"protobuf_c__", re.compile(rb"1\.\d\.\d")),
    (b"tdefl", re.compile(rb"9\.1\.15|1[01]\.\d\.\d")),
    (b"max_simd_degree", re.compile(rb"1\.\d\.\d")),
)
"""What holds one of these texts has the release of OCaml, Perl, Python or Qt that it was built for, too, or that of
protobuf-c, miniz or BLAKE3, which are copied into programs."""


def handed(content: memoryview, exported: frozenset[str]) -> list[re.Pattern[bytes]] | None:
    """How releases of others look that the file holds; None where it hands over one of which that is not known.

    Args:
        content: of a program or library.
        exported: names that it gives to others: it is not handed what it takes itself.
    """
    held = bytes(content)
    low = held.lower()
    names = {one for text in _ASKS_HOLD for at in places(low, text) if (one := _text_at(held, at))}
    names = {one for one in names - _NUMBERS if one.decode("latin-1") not in exported}
    asked = {hit.lastgroup or _ASKED.get(one, "") for one in names if (hit := _ASKS.fullmatch(one))}
    compiler = [_RECENT, COMPILER] if _holds(low, _NAMES_COMPILER, b"gcc", b"ghc", b"gnu c") else [_RECENT]
    compiler += [look for text, look in _HELD if text in low]
    return None if "" in asked else [*compiler, *(LOOKS[one] for one in sorted(asked))]


def _text_at(held: bytes, at: int) -> bytes:
    """The text between two zeros that this place is in, if it is short enough for a function's name."""
    begin = held.rfind(b"\0", max(0, at - _ASKS_BYTES), at)
    end = held.find(b"\0", at, at + _ASKS_BYTES)
    return held[begin + 1 : end] if begin >= 0 and end >= 0 else b""


def _holds(held: bytes, look: re.Pattern[bytes], *fixed: bytes) -> bool:
    """Whether the expression matches somewhere; each match begins at one of the fixed texts."""
    return any(look.match(held, at) for text in fixed for at in places(held, text))


def places(held: bytes, text: bytes) -> Iterator[int]:
    """Where the text stands, overlapping places too."""
    at = held.find(text)
    while at >= 0:
        yield at
        at = held.find(text, at + 1)
