"""The key registry: a folder with one `<vendor>.yaml` a vendor -> TrustStore.

Schema `keys/1` (rules.md, "Key registry"; keys/README.md has the same with an example). Unknown keys are errors.

    fwverify: keys/1
    vendor: {id, legal-name, domains: [..]}       id = name of the file
    keys:                                         a list of
      id                 unique in the file
      type               x509, public-key, openpgp, minisign, signify, ssh, sigstore-identity, ml-dsa, lms
      file               relative to this folder, inside it, no links; not for sigstore-identity
      spki-sha256        64 digits; must be that of the file
      role               free text, optional
      openpgp-fingerprint    openpgp only, optional; must be that of the file
      owner              who holds the private key, optional; a threshold counts owners
      purposes           of firmware, sbom, vex, checksums, timestamp, provenance
      products           globs over product ids
      formats            scheme names, optional
      constraints        how signatures must be made, optional (`trust.constraint_names`)
      crl                x509 only, optional: certificate revocation lists, files like `file`
      valid-from, valid-to   2027-06-30 or RFC 3339, optional; a date counts from its first to its last second, UTC
      status             active (default), suspended, revoked, superseded, tofu
      revocation         {date, reason, distrust: always|after}; always there for a revoked key
      sources            list of {channel, who, when, fingerprint (optional)}: how the key was learned and confirmed
      vouched-by         {key, statement, signature, when}, optional: an older key signed a statement naming this one
      identity, issuer   sigstore-identity only, both
      trusted-root       sigstore-identity; optional for other types (a managed key whose signatures are in a log)

What is loaded is what the operator wrote; nothing is fetched, and whether a key is acceptable is judged by rules.
"""

from __future__ import annotations

import hashlib
import re
import stat
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from fwverify.errors import TrustStoreError
from fwverify.formats import key_file, strict_yaml
from fwverify.formats.strict_yaml import YamlProblem
from fwverify.model.examining import Malformed
from fwverify.trust import vouching
from fwverify.trust.entries import bare, entry
from fwverify.trust.schema import Place
from fwverify.trust.store import PinnedKey, TrustStore

SCHEMA = "keys/1"
MAX_FILE_BYTES = 1 << 20
"""A registry or key file. A Sigstore trusted root with its history has 7 kB."""

Read = Callable[[str, str], bytes]
"""(name relative to the registry, where it is named) -> the file. Raises TrustStoreError."""


@dataclass(frozen=True, slots=True)
class VendorFile:
    """One registry file, read."""

    keys: tuple[PinnedKey, ...]
    read: tuple[tuple[str, str], ...]
    """(name relative to the folder, SHA-256) of the key files it refers to."""


def load(folder: Path) -> TrustStore:
    """Read all vendor files of a folder. Raises TrustStoreError with file, line and column."""
    return _loaded(_vendor_files(folder), folder, _reader(folder))


def load_with_files(folder: Path) -> tuple[TrustStore, dict[str, bytes]]:
    """As `load`, and every file that was read with its name relative to the folder: what the digest is over."""
    files: dict[str, bytes] = {}
    read = _reader(folder)

    def kept(name: str, where: str) -> bytes:
        return files.setdefault(str(PurePosixPath(name)), read(name, where))

    return _loaded(_vendor_files(folder), folder, kept), files


def load_files(files: Mapping[str, bytes], source: str) -> TrustStore:
    """A registry from the files that `load_with_files` gave. Raises TrustStoreError."""

    def read(name: str, where: str) -> bytes:
        found = files.get(str(PurePosixPath(name)))
        if found is None:
            raise TrustStoreError(f"{name!r} is not among the files", where=where)
        return found

    names = sorted(one for one in files if "/" not in one and one.endswith(".yaml"))
    return _loaded(names, Path(source), read)


def _vendor_files(folder: Path) -> list[str]:
    if not folder.is_dir():
        todo = "Pin a first key: fwverify keys add FILE --vendor V --product P --channel TEXT --by NAME"
        if folder.exists():
            raise TrustStoreError(
                "this is a file; keys are kept in a folder", where=str(folder), todo="Name the folder."
            )
        raise TrustStoreError("there is no such folder of keys", where=str(folder), todo=f"Check the path. {todo}")
    names = []
    for path in sorted(folder.iterdir()):
        if path.suffix == ".yml":
            raise TrustStoreError("registry files end in .yaml", where=str(path), todo="Rename it.")
        if path.suffix == ".yaml":
            names.append(path.name)
    return names


def _reader(folder: Path) -> Read:
    return lambda name, where: contained(folder, name, where)


def _loaded(names: Sequence[str], folder: Path, read: Read) -> TrustStore:
    keys: list[PinnedKey] = []
    digests: dict[str, str] = {}
    for name in names:
        path = folder / name
        raw = read(name, str(path))
        found = parse_vendor(_text(raw, path), name, folder, read)
        keys += found.keys
        digests.update({name: hashlib.sha256(raw).hexdigest(), **dict(found.read)})
    _refuse_revived(keys, folder)
    listing = "".join(f"{digests[name]}  {name}\n" for name in sorted(digests))
    return TrustStore(tuple(keys), str(folder), hashlib.sha256(listing.encode()).hexdigest())


def from_key_file(path: Path) -> TrustStore:
    """A registry of one bare key file, for `authenticate --key`: no vendor, product or confirmation stands behind it.

    Raises TrustStoreError.
    """
    real = path.resolve()  # the operator named it: his links are his choice
    raw = contained(real.parent, real.name, str(path))
    try:
        key = key_file.parse(raw)
    except Malformed as problem:
        raise TrustStoreError(problem.reason, where=str(path)) from None
    return TrustStore((bare("command-line", path.name, key),), str(path), hashlib.sha256(raw).hexdigest())


def parse_vendor(text: str, name: str, folder: Path, read_file: Read | None = None) -> VendorFile:
    """Read one vendor file.

    Args:
        text: its content.
        name: file name in the folder.
        folder: where its key files lie.
        read_file: reads one of them; None: from the folder.

    Raises:
        TrustStoreError: with file, line and column.
    """
    file = str(folder / name)
    try:
        root = Place(file, strict_yaml.load(text))
    except YamlProblem as problem:
        where = f"{file}:{problem.line}:{problem.column}"
        raise TrustStoreError(problem.what, where=where, todo=strict_yaml.ADVICE) from None
    top = root.table(("fwverify", "vendor", "keys"))
    top["fwverify"].choice((SCHEMA,))
    vendor = top["vendor"].table(("id", "legal-name"), ("domains",))
    vendor_id = vendor["id"].identifier()
    if vendor_id != Path(name).stem:
        raise vendor["id"].error(f"the vendor's id is {vendor_id!r}, but the file is named {name!r}")
    if "domains" in vendor:
        vendor["domains"].texts()
    read: dict[str, str] = {}
    of = read_file or _reader(folder)

    def file_of(place: Place) -> bytes:
        raw = of(place.text(), f"{place.file}:{place.node.line}:{place.node.column}")
        read[str(PurePosixPath(place.text()))] = hashlib.sha256(raw).hexdigest()
        return raw

    places = top["keys"].items()
    keys = tuple(entry(one, vendor_id, vendor["legal-name"].text(), file_of) for one in places)
    _refuse_duplicates(places, keys)
    keys = vouching.applied(places, keys, file_of)
    return VendorFile(keys, tuple(sorted(read.items())))


def contained(folder: Path, name: str, where: str) -> bytes:
    """Bytes of a regular file inside the folder; no part of its path below the folder may be a link.

    Raises:
        TrustStoreError: outside, a link, not a regular file, too large or unreadable.
    """
    pure = PurePosixPath(name)
    if not name or pure.is_absolute() or ".." in pure.parts or re.search(r"[\\\0]|^[A-Za-z]:", name):
        raise TrustStoreError(f"{name!r} is not a path inside the registry", where=where)
    path = folder
    for part in pure.parts:
        path = path / part
        if path.is_symlink():
            raise TrustStoreError(f"{name!r} is or passes through a symbolic link", where=where, todo="Copy the file.")
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode) or status.st_size > MAX_FILE_BYTES:
            raise TrustStoreError(f"{name!r} is no regular file of at most {MAX_FILE_BYTES:,} bytes", where=where)
        return path.read_bytes()
    except OSError as problem:
        raise TrustStoreError(f"{name!r} cannot be read ({problem.strerror})", where=where) from None


def _refuse_duplicates(places: Sequence[Place], keys: Sequence[PinnedKey]) -> None:
    seen: dict[str, Place] = {}
    for place, key in zip(places, keys, strict=True):
        first = seen.setdefault(key.record.id, place)
        if first is not place:
            raise place.error(f"the id {key.record.id!r} is given twice (first in line {first.node.line})")


def _refuse_revived(keys: Sequence[PinnedKey], folder: Path) -> None:
    """A key that must never be believed again cannot live on under another id."""
    dead = {
        one.record.fingerprint: one.record.name
        for one in keys
        if one.record.status == "revoked" and one.record.distrust == "always" and one.record.fingerprint
    }
    for one in keys:
        name = dead.get(one.record.fingerprint)
        if name is not None and one.record.status not in ("revoked", "suspended"):
            what = f"{one.record.name} is {one.record.status}, but the same key is revoked as {name}"
            raise TrustStoreError(what, where=str(folder), todo="Revoke both, or find out which entry is wrong.")


def _text(raw: bytes, path: Path) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise TrustStoreError("it is not UTF-8 text", where=str(path)) from None
