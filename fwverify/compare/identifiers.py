"""Package URLs and CPE names taken apart, and hash values as SBOMs write them.

Package URL specification (ECMA-427, 2025), CPE 2.3 naming (NIST IR 7695 section 6.1.2 and 6.2), CycloneDX 1.6
`hash-alg`; read 2026-11-22. Does NOT check that a package type or a vendor exists.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote

from fwverify.model.artifact import Digest

_MAX_IDENTIFIER = 2048
"""Characters of a package URL or CPE name. Real ones stay below 300."""


@dataclass(frozen=True, slots=True)
class Purl:
    """A package URL without subpath."""

    type: str
    namespace: str
    name: str
    version: str
    qualifiers: tuple[tuple[str, str], ...] = ()
    """Sorted: `arch`, `distro`, `upstream`..."""

    @property
    def source(self) -> str:
        """Name of the package it was built from, as the qualifiers `upstream` or `source` give it; empty: not given."""
        stated = dict(self.qualifiers)
        return (stated.get("upstream") or stated.get("source") or "").partition("@")[0]


_PLAIN = re.compile(
    r"pkg:(deb|rpm|apk|opkg|alpm|generic)/(?:([a-z0-9][a-z0-9.-]*)/)?([a-z0-9][a-z0-9.+-]*)(?:@([A-Za-z0-9][A-Za-z0-9.+~-]*))?"
    r"(?:\?((?:[a-z]+=[A-Za-z0-9.+~-]+&)*[a-z]+=[A-Za-z0-9.+~-]+))?"
)
"""Package URLs in which nothing is encoded and nothing must be normalised: nearly all of an SBOM of a distribution."""


@lru_cache(maxsize=65_536)
def parsed_purl(text: str) -> Purl | None:
    """The parts of a package URL; None when it is none."""
    if not text.startswith("pkg:") or len(text) > _MAX_IDENTIFIER:
        return None
    plain = _PLAIN.fullmatch(text)
    if plain is not None:
        qualifiers = sorted(one.split("=", 1) for one in plain[5].split("&")) if plain[5] else []
        if len({key for key, _ in qualifiers}) == len(qualifiers):
            pairs = tuple((key, value) for key, value in qualifiers)
            return Purl(plain[1], plain[2] or "", plain[3], plain[4] or "", pairs)
    from packageurl import PackageURL

    try:
        url = PackageURL.from_string(text)
    except ValueError:
        return None
    stated = url.qualifiers if isinstance(url.qualifiers, dict) else {}
    return Purl(url.type, url.namespace or "", url.name, url.version or "", tuple(sorted(stated.items())))


_CPE23 = re.compile(r"cpe:2\.3:[aho*-](?::(?:\\.|[^\\:\s])+){10}")
_CPE22 = re.compile(r"cpe:/[aho]?(?::[^:\s]*){0,6}")
_CPE_FIELD = re.compile(r"(?:\\.|[^\\:])+")


@dataclass(frozen=True, slots=True)
class Cpe:
    """What a CPE name says of a product, unescaped and in lower case; empty: any, or not stated."""

    vendor: str
    product: str
    version: str
    """With its update: `9.2p1`."""


@lru_cache(maxsize=65_536)
def parsed_cpe(text: str) -> Cpe | None:
    """The parts of a CPE name; None when it is none."""
    if len(text) > _MAX_IDENTIFIER:
        return None
    if _CPE23.fullmatch(text):
        parts = [re.sub(r"\\(.)", r"\1", one) for one in _CPE_FIELD.findall(text)[3:7]]
    elif _CPE22.fullmatch(text):
        parts = [unquote(one) for one in [*text.split(":"), "", "", "", "", ""][2:6]]
    else:
        return None
    vendor, product, version, update = ("" if one in ("*", "-") else one.lower() for one in parts)
    return Cpe(vendor, product, version and version + update)


def cpe_product(text: str) -> str | None:
    """Product of a CPE name; None when the text is no CPE name, empty when any product."""
    name = parsed_cpe(text)
    return name.product if name is not None else None


_HASHES = {
    "MD5": ("md5", 16),
    "SHA-1": ("sha1", 20),
    "SHA-256": ("sha256", 32),
    "SHA-384": ("sha384", 48),
    "SHA-512": ("sha512", 64),
    "SHA3-256": ("sha3_256", 32),
    "SHA3-384": ("sha3_384", 48),
    "SHA3-512": ("sha3_512", 64),
    "BLAKE2b-256": ("blake2b256", 32),
    "BLAKE2b-384": ("blake2b384", 48),
    "BLAKE2b-512": ("blake2b512", 64),
    "BLAKE3": ("blake3", 32),
    "Streebog-256": ("streebog256", 32),
    "Streebog-512": ("streebog512", 64),
}
"""As CycloneDX writes them: our name and how many bytes the value has."""


def declared_digest(algorithm: str, value: str) -> Digest | str:
    """A hash of an SBOM entry, or in plain words what is wrong with it."""
    known = _HASHES.get(algorithm)
    if known is None:
        return f"unknown hash algorithm {algorithm[:40]!r}"
    name, size = known
    if not re.fullmatch(r"[0-9a-fA-F]+", value[:_MAX_IDENTIFIER]):
        return f"the {algorithm} value is not hexadecimal"
    if len(value) != 2 * size:
        return f"the {algorithm} value has {len(value)} characters instead of {2 * size}"
    return Digest(name, bytes.fromhex(value))
