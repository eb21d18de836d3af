"""RAUC bundles: payload, hash tree, CMS and the size of the CMS; and the manifest, an INI text.

Sources: RAUC 1.8 to 1.15 Reference, "Bundle Formats" and "Manifest"; GLib "Key-value file parser" (the INI dialect).
Read 2026-11-22.

    plain          squashfs with manifest.raucm              | CMS, detached          | u64 BE: bytes of the CMS
    verity, crypt  squashfs (crypt: encrypted) | hash tree   | CMS over the manifest  | u64 BE: bytes of the CMS

The manifest is read strictly: a section or key that is there twice, a line that is neither, or a number with anything
around it is malformed, because two readers would see two manifests.

Does not do: checking of anything; casync stores (named by `Manifest.casync`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from fwverify.formats import cms, verity
from fwverify.formats.cms import SignedData
from fwverify.model.artifact import ByteRange
from fwverify.model.examining import Encrypted, Malformed, Unsupported

WHAT = "RAUC bundle"
SUFFIX = ".raucb"
SQUASHFS = b"hsqs"
TRAILER_BYTES = 8
MAX_CMS_BYTES = 16 << 20
"""RAUC's own bound."""
MAX_MANIFEST_BYTES = 1 << 20
MAX_SECTIONS = 1024
BLOCK_BYTES = 4096
PLAIN, VERITY, CRYPT = "plain", "verity", "crypt"
MANIFEST_NAME = "manifest.raucm"
CASYNC = (".caibx", ".caidx", ".castr")
_OID_PREFIX = bytes.fromhex("06092a864886f70d0107")
"""DER of the object identifiers of CMS content types, without the last number."""
_ENVELOPED = _OID_PREFIX + b"\x03"
_SECTION = re.compile(r"\[([^\[\]\x00-\x1f\x7f]+)\]\s*")
_KEY = re.compile(r"([^\s=\[\]#](?:[^=\[\]]*[^\s=\[\]])?)\s*=\s*(.*)")
_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}")
_HEX = re.compile(r"(?:[0-9a-fA-F]{2})+")
_ESCAPE = re.compile(r"\\(.?)")
_ESCAPES = {"s": " ", "n": "\n", "t": "\t", "r": "\r", "\\": "\\"}


@dataclass(frozen=True, slots=True)
class Image:
    """One image that the manifest names."""

    slot: str
    filename: str
    sha256: str
    """Lower-case hexadecimal; empty when the manifest gives none."""
    size: int
    """bytes; -1 when the manifest gives none"""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a manifest says."""

    format: str
    """`plain`, `verity` or `crypt`."""
    compatible: str
    version: str
    description: str
    build: str
    root: bytes
    """verity-hash; empty for plain, as are the next two."""
    salt: bytes
    tree_bytes: int
    images: tuple[Image, ...]

    @property
    def casync(self) -> bool:
        """True when the images are indexes into a store that is not in the bundle."""
        return any(one.filename.endswith(CASYNC) for one in self.images)


@dataclass(frozen=True, slots=True)
class Frame:
    """Where the parts of a bundle lie."""

    payload: ByteRange
    """Everything before the CMS."""
    cms: ByteRange
    trailer: ByteRange


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle, read but not checked."""

    frame: Frame
    data: SignedData
    manifest: Manifest | None
    """The signed manifest of a verity or crypt bundle; None for a plain one, whose manifest is in its payload."""

    @property
    def tree(self) -> ByteRange | None:
        """The hash tree at the end of the payload."""
        if self.manifest is None or not self.manifest.tree_bytes:
            return None
        return ByteRange(self.frame.payload.end - self.manifest.tree_bytes, self.frame.payload.end)


def looks_like(view: memoryview, name: str = "") -> bool:
    """By a CMS exactly where the trailer says, or by name with a squashfs in it.

    A part without a name of its own (`@0x8000-0x96b1`) must begin with the squashfs: what lies behind the squashfs of a
    bundle ends as a bundle does, and is none.
    """
    whole = bytes(view[:4]) == SQUASHFS
    if whole and name.lower().endswith(SUFFIX):
        return True
    if name.startswith("@") and not whole:
        return False
    start = len(view) - TRAILER_BYTES - _size(view)
    return 0 < start < len(view) - TRAILER_BYTES and _is_cms(view, start)


def _size(view: memoryview) -> int:
    return int.from_bytes(view[-TRAILER_BYTES:], "big") if len(view) > TRAILER_BYTES else 0


def _is_cms(view: memoryview, start: int) -> bool:
    head = bytes(view[start : start + 24])
    return head[:1] == b"\x30" and _OID_PREFIX in head


def frame(view: memoryview) -> Frame:
    """Where the parts lie, by the size at the end. Raises Malformed."""
    size = _size(view)
    end = len(view) - TRAILER_BYTES
    if not 0 < size <= MAX_CMS_BYTES or size >= end:
        raise Malformed(WHAT, f"its last eight bytes say that the signature has {size} bytes", max(end, 0))
    if not _is_cms(view, end - size):
        raise Malformed(WHAT, "there is no signature where its last eight bytes say", end - size)
    return Frame(ByteRange(0, end - size), ByteRange(end - size, end), ByteRange(end, len(view)))


def read(view: memoryview) -> Bundle:
    """Read frame, CMS and, where the CMS brings it, the manifest.

    Raises:
        Malformed: the frame, the CMS or the manifest is not what it must be.
        Encrypted: the signed manifest is encrypted for the devices that may install it.
        Unsupported: the CMS uses what is not read.
    """
    parts = frame(view)
    raw = view[parts.cms.start : parts.cms.end]
    if _ENVELOPED in bytes(raw[:24]):
        raise Encrypted("the signed manifest of this RAUC bundle is encrypted for the devices that may install it")
    data = cms.parse(raw)
    if data.size != parts.cms.size:
        raise Malformed(WHAT, f"{parts.cms.size - data.size} bytes follow the signature", parts.cms.start + data.size)
    if data.content is None:
        return Bundle(parts, data, None)
    found = manifest(data.content)
    _fit(found, parts)
    return Bundle(parts, data, found)


def _fit(found: Manifest, parts: Frame) -> None:
    """The manifest of a signature that brings it must speak of this payload's tree."""
    if found.format == PLAIN:
        raise Malformed(WHAT, "its signature brings a manifest, which says neither verity nor crypt")
    if parts.payload.size % BLOCK_BYTES or found.tree_bytes % BLOCK_BYTES:
        raise Malformed(WHAT, f"payload or hash tree is no multiple of {BLOCK_BYTES} bytes")
    if found.tree_bytes >= parts.payload.size:
        raise Malformed(WHAT, f"a hash tree of {found.tree_bytes} bytes in a payload of {parts.payload.size}")


@dataclass(frozen=True, slots=True)
class Tail:
    """What lies behind the file system of a bundle, to the last byte of the file."""

    tree: ByteRange | None
    declared: bytes
    """Root hash by the manifest; empty without a tree."""
    computed: bytes
    """Root hash of the data."""
    cms: ByteRange
    trailer: ByteRange
    between: ByteRange | None = None
    """Payload behind the file system, signed with it: `rauc resign` 1.8 leaves the old hash tree there."""


def tail(view: memoryview, end: int) -> Tail | None:
    """Read what follows a bundle's file system of `end` bytes; None where it is not exactly a bundle's tail.

    A hash tree that is not that of the payload is no structure: it could be anything.
    """
    if len(view) - end < TRAILER_BYTES or not looks_like(view):
        return None
    try:
        found = read(view)
        tree, manifest = found.tree, found.manifest
        data_end = tree.start if tree else found.frame.payload.end
        if data_end < end:
            return None
        between = ByteRange(end, data_end) if data_end > end else None
        if tree is None or manifest is None:
            return Tail(None, b"", b"", found.frame.cms, found.frame.trailer, between)
        got = verity.recompute(view[:data_end], view[tree.start : tree.end], tree_of(manifest, found.frame.payload))
    except (Malformed, Encrypted, Unsupported):
        return None
    return None if got.wrong else Tail(tree, manifest.root, got.root, found.frame.cms, found.frame.trailer, between)


def tree_of(found: Manifest, payload: ByteRange) -> verity.Tree:
    """How the hash tree of a verity or crypt bundle is made. Raises Malformed."""
    blocks = (payload.size - found.tree_bytes) // BLOCK_BYTES
    return verity.made("sha256", BLOCK_BYTES, BLOCK_BYTES, blocks, found.salt)


def manifest(content: memoryview | bytes) -> Manifest:
    """Read a manifest. Raises Malformed."""
    sections = _sections(content)
    update, bundle = sections.get("update", {}), sections.get("bundle", {})
    kind = bundle.get("format", PLAIN)
    if kind not in (PLAIN, VERITY, CRYPT):
        raise Malformed(WHAT, f"the unknown bundle format {kind!r}")
    signed = kind != PLAIN and "verity-hash" in bundle
    found = Manifest(
        format=kind,
        compatible=update.get("compatible", ""),
        version=update.get("version", ""),
        description=update.get("description", ""),
        build=update.get("build", ""),
        root=_hex(bundle, "verity-hash", 32) if signed else b"",
        salt=_hex(bundle, "verity-salt", 32) if signed else b"",
        tree_bytes=_number(bundle, "verity-size") if signed else 0,
        images=tuple(_image(name, keys) for name, keys in sections.items() if name.startswith("image.")),
    )
    if not found.compatible:
        raise Malformed(WHAT, "its manifest names no compatible device")
    return found


def _image(name: str, keys: dict[str, str]) -> Image:
    digest = _hex(keys, "sha256", 32).hex() if "sha256" in keys else ""
    size = _number(keys, "size") if "size" in keys else -1
    return Image(name.partition(".")[2], keys.get("filename", ""), digest, size)


def _hex(keys: dict[str, str], name: str, size: int) -> bytes:
    text = keys.get(name, "")
    if len(text) != 2 * size or not _HEX.fullmatch(text):
        raise Malformed(WHAT, f"{name} is not {size} bytes in hexadecimal")
    return bytes.fromhex(text)


def _number(keys: dict[str, str], name: str) -> int:
    text = keys.get(name, "")
    if not _NUMBER.fullmatch(text):
        raise Malformed(WHAT, f"{name} is no number")
    return int(text)


def _sections(content: memoryview | bytes) -> dict[str, dict[str, str]]:
    """The text as sections of keys. Raises Malformed for anything that is there twice, or is neither."""
    if len(content) > MAX_MANIFEST_BYTES:
        raise Malformed(WHAT, f"a manifest of {len(content)} bytes")
    try:
        text = bytes(content).decode("utf-8")
    except UnicodeDecodeError as problem:
        raise Malformed(WHAT, "its manifest is no UTF-8 text", problem.start) from None
    out: dict[str, dict[str, str]] = {}
    keys: dict[str, str] | None = None
    for number, line in enumerate(text.split("\n"), start=1):
        stripped = line.strip(" \t\r")
        if not stripped or stripped.startswith("#"):
            continue
        section, pair = _SECTION.fullmatch(stripped), _KEY.fullmatch(stripped)
        if section is not None and section[1] not in out and len(out) < MAX_SECTIONS:
            keys = out.setdefault(section[1], {})
        elif pair is not None and keys is not None and pair[1] not in keys and "\0" not in stripped:
            keys[pair[1]] = _unescaped(pair[2], number)
        else:
            raise Malformed(WHAT, f"line {number} of its manifest is no key of a section, or is there twice")
    return out


def _unescaped(value: str, line: int) -> str:
    def one(hit: re.Match[str]) -> str:
        if hit[1] not in _ESCAPES:
            raise Malformed(WHAT, f"line {line} of its manifest has an unknown escape")
        return _ESCAPES[hit[1]]

    return _ESCAPE.sub(one, value)
