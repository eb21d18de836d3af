"""The key registry: a folder with one `<vendor>.yaml` a vendor -> TrustStore.

Schema `keys/1` (rules.md, "Key registry"; keys/README.md has the same with an example). Unknown keys are errors.

    fwverify: keys/1
    vendor: {id, legal-name, domains: [..]}       id = name of the file
    keys:                                         a list of
      id                 unique in the file
      type               x509, public-key, minisign, ml-dsa, sigstore-identity;
                         openpgp, signify, ssh, lms are recorded and verify nothing yet
      file               relative to this folder, inside it, no links; not for sigstore-identity
      spki-sha256        64 digits; must be that of the file
      role               free text, optional
      purposes           of firmware, sbom, vex, checksums
      products           globs over product ids
      formats            scheme names, optional
      constraints        how signatures must be made, optional: algorithm, hash, salt, encoding, prehash, legacy
      valid-from, valid-to   2027-06-30 or RFC 3339, optional; a date counts from its first to its last second, UTC
      status             active (default), suspended, revoked, superseded, tofu
      revocation         {date, reason, distrust: always|after}; always there for a revoked key
      sources            list of {channel, who, when, fingerprint (optional)}: how the key was learned and confirmed
      identity, issuer, trusted-root    sigstore-identity only, all three

What is loaded is what the operator wrote; nothing is fetched, and whether a key is acceptable is judged by rules.
"""

from __future__ import annotations

import hashlib
import re
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from fwverify.errors import TrustStoreError
from fwverify.formats import public_key, strict_yaml
from fwverify.formats.public_key import PublicKey
from fwverify.formats.strict_yaml import YamlProblem
from fwverify.model.evidence import KeyRecord, KeySource
from fwverify.model.examining import Malformed
from fwverify.trust.sample_keys import SAMPLE_KEYS
from fwverify.trust.schema import Place
from fwverify.trust.store import PinnedKey, TrustStore

SCHEMA = "keys/1"
MAX_FILE_BYTES = 1 << 20
"""A registry or key file. A Sigstore trusted root with its history has 7 kB."""
PURPOSES = ("firmware", "sbom", "vex", "checksums")
STATUSES = ("active", "suspended", "revoked", "superseded", "tofu")
VERIFYING = ("x509", "public-key", "minisign", "ml-dsa")
RECORDED_ONLY = ("openpgp", "signify", "ssh", "lms")
SIGSTORE = "sigstore-identity"
CONSTRAINTS = {
    "algorithm": ("rsa-pkcs1v15", "rsa-pss", "ecdsa", "ed25519", "ed448", "ml-dsa-44", "ml-dsa-65", "ml-dsa-87"),
    "hash": ("sha256", "sha384", "sha512", "sha1"),
    "salt": (),
    "encoding": ("der", "p1363"),
    "prehash": ("none", "sha256", "sha512", "blake2b-512"),
    "legacy": ("no", "yes"),
}
_REQUIRED = ("id", "type", "purposes", "products", "sources")
_OPTIONAL = (
    "file", "spki-sha256", "role", "formats", "constraints", "valid-from", "valid-to", "status", "revocation",
    "identity", "issuer", "trusted-root",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class VendorFile:
    """One registry file, read."""

    keys: tuple[PinnedKey, ...]
    read: tuple[tuple[str, str], ...]
    """(name relative to the folder, SHA-256) of the key files it refers to."""


def load(folder: Path) -> TrustStore:
    """Read all vendor files of a folder. Raises TrustStoreError with file, line and column."""
    if not folder.is_dir():
        todo = "Pin a first key: fwverify keys add FILE --vendor V --product P --channel TEXT --by NAME"
        raise TrustStoreError("there is no such folder of keys", where=str(folder), todo=todo)
    keys: list[PinnedKey] = []
    digests: dict[str, str] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix == ".yml":
            raise TrustStoreError("registry files end in .yaml", where=str(path), todo="Rename it.")
        if path.suffix == ".yaml":
            raw = contained(folder, path.name, str(path))
            found = parse_vendor(_text(raw, path), path.name, folder)
            keys += found.keys
            digests.update({path.name: hashlib.sha256(raw).hexdigest(), **dict(found.read)})
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
        key = public_key.parse(raw)
    except Malformed as problem:
        raise TrustStoreError(problem.reason, where=str(path)) from None
    record = _record("command-line", path.name, file_type(key), key.fingerprint)
    return TrustStore((PinnedKey(record, key),), str(path), hashlib.sha256(raw).hexdigest())


def parse_vendor(text: str, name: str, folder: Path) -> VendorFile:
    """Read one vendor file.

    Args:
        text: its content.
        name: file name in the folder.
        folder: where its key files lie.

    Raises:
        TrustStoreError: with file, line and column.
    """
    file = str(folder / name)
    try:
        root = Place(file, strict_yaml.load(text))
    except YamlProblem as problem:
        raise TrustStoreError(problem.what, where=f"{file}:{problem.line}:{problem.column}") from None
    top = root.table(("fwverify", "vendor", "keys"))
    top["fwverify"].choice((SCHEMA,))
    vendor = top["vendor"].table(("id", "legal-name"), ("domains",))
    vendor_id = vendor["id"].identifier()
    if vendor_id != Path(name).stem:
        raise vendor["id"].error(f"the vendor's id is {vendor_id!r}, but the file is named {name!r}")
    if "domains" in vendor:
        vendor["domains"].texts()
    read: dict[str, str] = {}
    entries = _Entries(vendor_id, vendor["legal-name"].text(), folder, read)
    keys = tuple(entries.entry(one) for one in top["keys"].items())
    _refuse_duplicates(top["keys"].items(), keys)
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


@dataclass(frozen=True, slots=True)
class _Entries:
    """What all entries of one file share."""

    vendor: str
    legal_name: str
    folder: Path
    read: dict[str, str]

    def entry(self, place: Place) -> PinnedKey:
        fields = place.table(_REQUIRED, _OPTIONAL)
        kind = fields["type"].choice((*VERIFYING, *RECORDED_ONLY, SIGSTORE))
        key, root = self._material(place, fields, kind)
        fingerprint = key.fingerprint if key else fields["spki-sha256"].fingerprint() if _has_pin(fields) else ""
        status = fields["status"].choice(STATUSES) if "status" in fields else "active"
        date, reason, distrust = _revocation(place, fields, status)
        valid_to = fields["valid-to"].moment(end_of_day=True) if "valid-to" in fields else ""
        if status == "tofu" and not valid_to:
            raise place.error("a key trusted on first use needs an end: 'valid-to' is missing")
        record = _record(
            self.vendor,
            fields["id"].identifier(),
            kind,
            fingerprint,
            purposes=tuple(one.choice(PURPOSES) for one in _some(fields["purposes"])),
            products=tuple(one.text() for one in _some(fields["products"])),
            formats=fields["formats"].texts() if "formats" in fields else (),
            valid_from=fields["valid-from"].moment() if "valid-from" in fields else "",
            valid_to=valid_to,
            status=status,
            revocation=(date, reason, distrust),
            sources=tuple(_source(one, key) for one in _some(fields["sources"])),
            sample=(fingerprint or hashlib.sha256(root).hexdigest()) in SAMPLE_KEYS,
            identity=fields["identity"].text() if "identity" in fields else "",
            issuer=fields["issuer"].text() if "issuer" in fields else "",
            legal_name=self.legal_name,
        )
        return PinnedKey(record, key, root, _constraints(fields))

    def _material(self, place: Place, fields: dict[str, Place], kind: str) -> tuple[PublicKey | None, bytes]:
        """(key, trusted root) as the type demands."""
        wanted = ("identity", "issuer", "trusted-root") if kind == SIGSTORE else ("file", "spki-sha256")
        unwanted = ("file", "spki-sha256") if kind == SIGSTORE else ("identity", "issuer", "trusted-root")
        for name in unwanted:
            if name in fields:
                raise fields[name].error(f"{name!r} has no meaning for a key of type {kind}")
        for name in wanted:
            if name not in fields and kind not in RECORDED_ONLY:
                raise place.error(f"a key of type {kind} needs {name!r}")
        if kind == SIGSTORE:
            return None, self._file(fields["trusted-root"])
        raw = self._file(fields["file"]) if "file" in fields else b""
        return (None if kind in RECORDED_ONLY else _parsed(raw, kind, fields)), b""

    def _file(self, place: Place) -> bytes:
        name = place.text()
        raw = contained(self.folder, name, f"{place.file}:{place.node.line}:{place.node.column}")
        self.read[str(PurePosixPath(name))] = hashlib.sha256(raw).hexdigest()
        return raw


def _parsed(raw: bytes, kind: str, fields: dict[str, Place]) -> PublicKey:
    place = fields["file"]
    try:
        key = public_key.parse(raw)
    except Malformed as problem:
        raise place.error(f"{place.text()}: {problem.reason}") from None
    found = file_type(key)
    if found != kind and not (kind == "public-key" and found == "ml-dsa"):
        raise fields["type"].error(f"the type is {kind}, but the file holds one of type {found}")
    if fields["spki-sha256"].fingerprint() != key.fingerprint:
        todo = f"The file's is {key.fingerprint}. Find out which is the vendor's before you change anything."
        raise fields["spki-sha256"].error("this is not the fingerprint of the key in the file", todo)
    return key


def file_type(key: PublicKey) -> str:
    """The registry type of what a key file holds."""
    if key.note == "certificate":
        return "x509"
    if key.note == "minisign public key":
        return "minisign"
    return "ml-dsa" if key.algorithm.startswith("ml-dsa") else "public-key"


def _has_pin(fields: dict[str, Place]) -> bool:
    return "spki-sha256" in fields


def _some(place: Place) -> tuple[Place, ...]:
    if not place.items():
        raise place.error("this list must not be empty")
    return place.items()


def _source(place: Place, key: PublicKey | None) -> KeySource:
    fields = place.table(("channel", "who", "when"), ("fingerprint",))
    fields["when"].moment()
    seen = fields["fingerprint"].text() if "fingerprint" in fields else ""
    if seen and key is not None:
        seen = fields["fingerprint"].fingerprint()
        if seen != key.fingerprint:
            raise fields["fingerprint"].error("the fingerprint seen there is not that of the key in the file")
    return KeySource(fields["channel"].text(), fields["who"].text(), fields["when"].text(), seen)


def _revocation(place: Place, fields: dict[str, Place], status: str) -> tuple[str, str, str]:
    if "revocation" not in fields:
        if status == "revoked":
            raise place.error("a revoked key needs 'revocation' with date, reason and distrust")
        if status == "superseded" and "valid-to" not in fields:
            raise place.error("a superseded key needs 'valid-to' or 'revocation': from when is it replaced?")
        return "", "", ""
    if status not in ("revoked", "superseded"):
        raise fields["revocation"].error(f"a key with a revocation cannot be {status}: say revoked or superseded")
    inner = fields["revocation"].table(("date", "reason", "distrust"))
    return inner["date"].moment(), inner["reason"].text(), inner["distrust"].choice(("always", "after"))


def _constraints(fields: dict[str, Place]) -> tuple[tuple[str, str], ...]:
    if "constraints" not in fields:
        return ()
    given = fields["constraints"].table((), tuple(CONSTRAINTS))
    for name, place in given.items():
        if CONSTRAINTS[name]:
            place.choice(CONSTRAINTS[name])
        elif not re.fullmatch(r"[0-9]{1,4}", place.text()):
            raise place.error(f"{name!r} is a number of bytes")
    return tuple(sorted((name, place.text()) for name, place in given.items()))


def _record(
    vendor: str,
    key_id: str,
    kind: str,
    fingerprint: str,
    *,
    purposes: tuple[str, ...] = (),
    products: tuple[str, ...] = (),
    formats: tuple[str, ...] = (),
    valid_from: str = "",
    valid_to: str = "",
    status: str = "active",
    revocation: tuple[str, str, str] = ("", "", ""),
    sources: tuple[KeySource, ...] = (),
    sample: bool | None = None,
    identity: str = "",
    issuer: str = "",
    legal_name: str = "",
) -> KeyRecord:
    return KeyRecord(
        vendor, key_id, kind, fingerprint, purposes, products, formats, valid_from, valid_to, status, *revocation,
        sources, fingerprint in SAMPLE_KEYS if sample is None else sample, identity, issuer, legal_name,
    )  # fmt: skip


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
