"""OpenBMC firmware tarballs: MANIFEST, publickey, images, and a .sig for each.

Source: phosphor-bmc-code-mgmt, bmc/image_verify.cpp, bmc/images.hpp and bmc/version.cpp, and meta-phosphor
image_types_phosphor.bbclass, read 2026-11-22. MANIFEST is lines `key=value`; `HashType` names the digest of the image
signatures; `NAME_Hash_Type=HASH,ALGORITHM` announces second signatures, of a post-quantum algorithm, in the folder
ALGORITHM/. `image-full.sig` is over the other .sig files, joined in an order that is fixed.

Does not verify anything.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from fwverify.formats import tar_archive
from fwverify.formats.entries import EntryKind
from fwverify.formats.names import decoded
from fwverify.formats.tar_archive import TarArchive, TarEntry
from fwverify.limits import Budget, LimitExceeded
from fwverify.model.examining import Malformed

WHAT = "OpenBMC tarball"
MANIFEST, PUBLIC_KEY, SUFFIX, FULL = "MANIFEST", "publickey", ".sig", "image-full.sig"
FULL_ORDER = (
    "image-bmc", "image-hostfw", "image-kernel", "image-rofs", "image-rwfs", "image-u-boot", MANIFEST, PUBLIC_KEY,
)  # fmt: skip
"""Whose signatures are joined for image-full.sig, in this order; those that are not there are left out."""
REQUIRED = frozenset({"image-bmc", "image-kernel", "image-rofs", "image-rwfs", "image-u-boot"})
"""Images that the device never installs without a signature of their own."""
MAX_SMALL_BYTES = 256 << 10
"""MANIFEST, publickey, a signature."""
HASHES = frozenset({"sha224", "sha256", "sha384", "sha512", "sha3_256", "sha3_384", "sha3_512", "sha1", "md5"})
_HASH_TYPE = "_Hash_Type"


@dataclass(frozen=True, slots=True)
class Announced:
    """Second signatures that MANIFEST announces."""

    hash: str
    """hashlib name; empty when it is not known."""
    folder: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What MANIFEST says."""

    values: dict[str, str]
    hash: str
    """hashlib name of HashType; empty when it is not known."""
    announced: tuple[Announced, ...]

    @property
    def for_bmc(self) -> bool:
        return self.values.get("purpose", "").rpartition(".")[2] == "BMC"


@dataclass(frozen=True, slots=True)
class Tarball:
    """Its files by name, without a leading `./`."""

    archive: TarArchive
    files: dict[str, TarEntry]
    folders: tuple[TarEntry, ...]


def members(view: memoryview, budget: Budget) -> Tarball:
    """All files of a tarball, each name once. Raises Malformed, Unsupported, LimitExceeded."""
    archive = tar_archive.read(view, budget)
    if archive.problem is not None:
        raise archive.problem
    files: dict[str, TarEntry] = {}
    folders: list[TarEntry] = []
    for one in archive.entries:
        name = one.name.removeprefix("./")
        if one.irregularities:
            raise Malformed(WHAT, one.irregularities[0].detail)
        if one.kind is EntryKind.DIRECTORY:
            folders.append(one)
        elif one.kind is not EntryKind.FILE or one.sparse is not None:
            raise Malformed(WHAT, f"{one.name} is a {one.kind.value}, no plain file")
        elif name in files:
            raise Malformed(WHAT, f"two members are named {name}")
        else:
            files[name] = one
    return Tarball(archive, files, tuple(folders))


def small(view: memoryview, entry: TarEntry) -> bytes:
    """The bytes of a small member. Raises LimitExceeded."""
    if entry.size > MAX_SMALL_BYTES:
        raise LimitExceeded("max_text_bytes", entry.size)
    return b"".join(view[one.start : one.end] for one in entry.ranges)


def manifest(raw: bytes) -> Manifest:
    """Read MANIFEST. Raises Malformed for a key that is given twice: the device takes the first, others the last."""
    values: dict[str, str] = {}
    for line in raw.split(b"\n"):
        key, equals, value = line.removesuffix(b"\r").partition(b"=")
        if not equals:
            continue
        name = decoded(key)
        if name in values:
            raise Malformed(WHAT, f"MANIFEST gives {name[:100]} twice")
        values[name] = decoded(value)
    second = [value.partition(",") for key, value in values.items() if _HASH_TYPE in key and "," in value]
    announced = tuple(Announced(hash_name(first), folder.strip()) for first, _, folder in second)
    if any(not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", one.folder) for one in announced):
        raise Malformed(WHAT, "MANIFEST announces signatures in a folder that has no plain name")
    return Manifest(values, hash_name(values.get("HashType", "")), announced)


def hash_name(text: str) -> str:
    """`RSA-SHA256`, `SHA3-512` as hashlib names them; empty for a digest that is not known."""
    plain = re.sub(r"^(RSA|ECDSA)-", "", text.strip().upper()).lower()
    name = plain.replace("-", "_") if plain.startswith("sha3") else plain.replace("-", "")
    return name if name in HASHES else ""
