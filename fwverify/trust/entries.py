"""One entry of a vendor file -> PinnedKey: every field typed, each mistake with its place.

The fields are told in `trust.registry`. Does not read files itself, and does not judge: a weak key is recorded as
weak, an expired one as expired.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass

from fwverify.formats import key_file
from fwverify.formats.public_key import PublicKey
from fwverify.formats.weak_keys import weaknesses
from fwverify.model.evidence import KeyRecord, KeySource
from fwverify.model.examining import Malformed
from fwverify.trust import constraint_names
from fwverify.trust.key_names import native
from fwverify.trust.sample_keys import SAMPLE_KEYS
from fwverify.trust.schema import Place, plain_fingerprint
from fwverify.trust.store import PinnedKey

PURPOSES = ("firmware", "sbom", "vex", "checksums", "timestamp", "provenance")
STATUSES = ("active", "suspended", "revoked", "superseded", "tofu")
SIGSTORE = "sigstore-identity"
KEY_TYPES = ("x509", "public-key", "openpgp", "minisign", "signify", "ssh", "ml-dsa", "lms")
"""Types with a key file."""
_TYPE_OF_NOTE = {
    "certificate": "x509",
    "minisign public key": "minisign",
    "signify public key": "signify",
    "OpenPGP certificate": "openpgp",
    "SSH public key": "ssh",
    "LMS public key": "lms",
    "HSS public key": "lms",
}
_REQUIRED = ("id", "type", "purposes", "products", "sources")
_OPTIONAL = (
    "file", "spki-sha256", "role", "owner", "formats", "constraints", "valid-from", "valid-to", "status", "revocation",
    "identity", "issuer", "trusted-root", "crl", "openpgp-fingerprint", "vouched-by",
)  # fmt: skip
_MISPLACED = {
    "identity": (SIGSTORE,),
    "issuer": (SIGSTORE,),
    "file": KEY_TYPES,
    "spki-sha256": KEY_TYPES,
    "crl": ("x509",),
    "openpgp-fingerprint": ("openpgp",),
    "vouched-by": KEY_TYPES,
}
"""Fields that mean something for some types only."""
FileOf = Callable[[Place], bytes]
"""Reads the file that a field names."""


@dataclass(frozen=True, slots=True)
class _Material:
    """What the files of an entry hold."""

    key: PublicKey | None
    root: bytes
    crls: tuple[bytes, ...]

    @property
    def fingerprint(self) -> str:
        return self.key.fingerprint if self.key else ""

    @property
    def sample(self) -> bool:
        return (self.fingerprint or hashlib.sha256(self.root).hexdigest()) in SAMPLE_KEYS


def entry(place: Place, vendor: str, legal_name: str, file_of: FileOf) -> PinnedKey:
    """Read one entry. Raises TrustStoreError with file, line and column."""
    fields = place.table(_REQUIRED, _OPTIONAL)
    kind = fields["type"].choice((*KEY_TYPES, SIGSTORE))
    _refuse_misplaced(place, fields, kind)
    material = _material(fields, kind, file_of)
    status = fields["status"].choice(STATUSES) if "status" in fields else "active"
    date, reason, distrust = _revocation(place, fields, status)
    valid_to = fields["valid-to"].moment(end_of_day=True) if "valid-to" in fields else ""
    if status == "tofu" and not valid_to:
        raise place.error("a key trusted on first use needs an end: 'valid-to' is missing")
    constraints = constraint_names.read(fields["constraints"]) if "constraints" in fields else ()
    record = KeyRecord(
        vendor,
        fields["id"].identifier(),
        kind,
        material.fingerprint,
        purposes=tuple(one.choice(PURPOSES) for one in _some(fields["purposes"])),
        products=tuple(one.text() for one in _some(fields["products"])),
        formats=fields["formats"].texts() if "formats" in fields else (),
        valid_from=fields["valid-from"].moment() if "valid-from" in fields else "",
        valid_to=valid_to,
        status=status,
        revocation_date=date,
        revocation_reason=reason,
        distrust=distrust,
        sources=tuple(_source(one, material.key) for one in _some(fields["sources"])),
        sample=material.sample,
        identity=_text(fields, "identity"),
        issuer=_text(fields, "issuer"),
        legal_name=legal_name,
        constraints=constraints,
        native=native(material.key) if material.key else "",
        weaknesses=weaknesses(material.key) if material.key else (),
        owner=_text(fields, "owner"),
    )
    return PinnedKey(record, material.key, material.root, constraints, material.crls)


def bare(vendor: str, key_id: str, key: PublicKey) -> PinnedKey:
    """A key that the operator named without a registry: nothing stands behind it."""
    record = KeyRecord(
        vendor, key_id, file_type(key), key.fingerprint, (), (), (), "", "", "active", "", "", "", (),
        key.fingerprint in SAMPLE_KEYS, native=native(key), weaknesses=weaknesses(key),
    )  # fmt: skip
    return PinnedKey(record, key)


def file_type(key: PublicKey) -> str:
    """The registry type of what a key file holds."""
    if key.algorithm.startswith("ml-dsa") and key.note not in _TYPE_OF_NOTE:
        return "ml-dsa"
    return _TYPE_OF_NOTE.get(key.note, "public-key")


def _refuse_misplaced(place: Place, fields: dict[str, Place], kind: str) -> None:
    for name, kinds in _MISPLACED.items():
        if name in fields and kind not in kinds:
            raise fields[name].error(f"{name!r} has no meaning for a key of type {kind}")
    wanted = ("identity", "issuer", "trusted-root") if kind == SIGSTORE else ("file", "spki-sha256")
    for name in wanted:
        if name not in fields:
            raise place.error(f"a key of type {kind} needs {name!r}")


def _material(fields: dict[str, Place], kind: str, file_of: FileOf) -> _Material:
    root = file_of(fields["trusted-root"]) if "trusted-root" in fields else b""
    key = None if kind == SIGSTORE else _key(file_of(fields["file"]), kind, fields)
    crls = tuple(_crl(one, file_of) for one in _some(fields["crl"])) if "crl" in fields else ()
    return _Material(key, root, crls)


def _key(raw: bytes, kind: str, fields: dict[str, Place]) -> PublicKey:
    place = fields["file"]
    try:
        key = parse_as(kind, raw)
    except Malformed as problem:
        raise place.error(f"{place.text()}: {problem.reason}") from None
    found = file_type(key)
    if found != kind and not (kind == "public-key" and found == "ml-dsa"):
        raise fields["type"].error(f"the type is {kind}, but the file holds one of type {found}")
    if fields["spki-sha256"].fingerprint() != key.fingerprint:
        todo = f"The file's is {key.fingerprint}. Find out which is the vendor's before you change anything."
        raise fields["spki-sha256"].error("this is not the fingerprint of the key in the file", todo)
    wanted = fields.get("openpgp-fingerprint")
    if wanted is not None and plain_fingerprint(wanted.text()) != native(key).lower():
        raise wanted.error(
            "this is not the OpenPGP fingerprint of the key in the file", f"The file's is {native(key)}."
        )
    return key


def parse_as(kind: str, raw: bytes) -> PublicKey:
    """Read a key file of a type somebody stated. signify's and minisign's files differ in a comment only. Raises
    Malformed."""
    found = key_file.parse(raw)
    if {kind, file_type(found)} == {"signify", "minisign"}:
        return key_file.parse_signify(raw) if kind == "signify" else key_file.parse_minisign(raw)
    return found


def _crl(place: Place, file_of: FileOf) -> bytes:
    """A revocation list as DER; whether it is signed by its issuer is looked at where it is used."""
    from cryptography import x509

    raw = file_of(place)
    try:
        pem = re.fullmatch(rb"\s*-----BEGIN X509 CRL-----([A-Za-z0-9+/=\s]+)-----END X509 CRL-----\s*", raw)
        der = base64.b64decode(b"".join(pem[1].split()), validate=True) if pem else raw
        x509.load_der_x509_crl(der)
    except (ValueError, TypeError, binascii.Error):
        raise place.error(f"{place.text()}: not one certificate revocation list in PEM or DER form") from None
    return der


def _text(fields: dict[str, Place], name: str) -> str:
    return fields[name].text() if name in fields else ""


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
    inner = fields["revocation"].table(("date", "reason", "distrust"), ("who",))
    return inner["date"].moment(), inner["reason"].text(), inner["distrust"].choice(("always", "after"))
