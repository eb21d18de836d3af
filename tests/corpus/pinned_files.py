"""Key files as people keep them -> one key each, as a registry wants them."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

from fwverify.formats import key_file, ssh_key
from fwverify.formats.cursor import Cursor
from fwverify.formats.openpgp_armor import blocks
from fwverify.formats.openpgp_packets import PUBLIC_KEY, packets
from fwverify.formats.public_key import PublicKey
from fwverify.model.examining import Malformed, Unsupported
from tests.corpus.pinned_constraints import CannotPin

_PEM = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----.*?-----END \1-----[^\S\n]*\n?", re.DOTALL)
_KRL = b"SSHKRL\n\0"


def several(value: Any) -> list[Any]:
    """A pin's values: itself, or what is in its list; none where it is empty."""
    if value is None or value == "":
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def parts(raw: bytes, pinned: dict[str, Any]) -> list[bytes]:
    """The single keys in a file."""
    if len(raw) == 32:
        return [key_file.parse_raw_ed25519(raw.hex()).spki]
    if b"-----BEGIN PGP" in raw or raw[:1] in (b"\x98", b"\x99", b"\xc6"):
        return _certificates(raw)
    if re.match(rb"\x30(?:[\x00-\x7f]|\x81.|\x82..)\x02", raw, re.DOTALL):
        return [b"-----BEGIN RSA PUBLIC KEY-----\n" + base64.encodebytes(raw) + b"-----END RSA PUBLIC KEY-----\n"]
    blocks = [one[0] for one in _PEM.finditer(raw)]
    if blocks:
        return blocks
    if raw[:1] != b"\x30" and re.search(rb"(?m)^[^#\n]*\b(?:ssh-|ecdsa-sha2-)\S+ AAAA", raw):
        return _allowed(raw, str(pinned.get("identity", "")))
    return [raw]


def _allowed(raw: bytes, identity: str) -> list[bytes]:
    """The lines of an allowed_signers file, where there are several: those that may name this identity."""
    lines = [one for one in raw.splitlines() if one.strip() and not one.lstrip().startswith(b"#")]
    if len(lines) < 2:
        return [raw]
    return [one + b"\n" for one in lines if not identity or _may_name(one, identity)]


def _may_name(line: bytes, identity: str) -> bool:
    try:
        principals = ssh_key.parse_line(line.decode()).principals
    except (Malformed, Unsupported, UnicodeDecodeError):
        return False
    return not principals or any(fnmatchcase(identity, one) for one in principals.split(","))


def _certificates(raw: bytes) -> list[bytes]:
    """The certificates of an OpenPGP keyring, each from its primary key on."""
    try:
        binary = b"".join(one.content for one in blocks(raw)) if b"-----BEGIN PGP" in raw else raw
        starts = [one.offset for one in packets(binary, "keyring") if one.type == PUBLIC_KEY]
    except (Malformed, Unsupported):
        return [raw]
    ends = [*starts[1:], len(binary)]
    return [binary[a:b] for a, b in zip(starts, ends, strict=True)] if len(starts) > 1 else [raw]


def revocation_lists(raw: bytes) -> list[bytes]:
    """The single lists of a file with X.509 revocation lists."""
    return [one[0] for one in _PEM.finditer(raw)] or [raw]


def revokes(raw: bytes, key: PublicKey) -> bool:
    """Whether a list of keys that are trusted no more has this key in it: an OpenSSH KRL, or key files."""
    if raw.startswith(_KRL):
        return key.note == ssh_key.NOTE and _in_krl(raw, key)
    found = [key_file.parse(one + b"\n") for one in raw.splitlines() if b" AAAA" in one] or [
        key_file.parse(one) for one in parts(raw, {})
    ]
    return key.fingerprint in {one.fingerprint for one in found}


def _in_krl(raw: bytes, key: PublicKey) -> bool:
    """OpenSSH PROTOCOL.krl: keys listed whole or by digest; any other section is not read, and trusts nobody."""
    binary = ssh_key.parse_line(key.material.decode()).key.binary
    marks = {2: binary, 3: hashlib.sha1(binary).digest(), 5: hashlib.sha256(binary).digest()}
    for kind, body in _sections(raw):
        if kind not in marks:
            raise CannotPin(f"a KRL with a section {kind}")
        at = Cursor(body, "KRL section")
        while at.left:
            if bytes(ssh_key.string(at, "key")) == marks[kind]:
                return True
    return False


def _sections(raw: bytes) -> Iterator[tuple[int, bytes]]:
    at = Cursor(raw, "KRL")
    at.take(len(_KRL) + 4 + 8 + 8 + 8, "header")
    ssh_key.string(at, "reserved")
    ssh_key.string(at, "comment")
    while at.left:
        yield at.u8("section"), ssh_key.string(at, "section")
