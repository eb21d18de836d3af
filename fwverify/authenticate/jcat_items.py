"""The signers of one item of a Jcat catalogue over one file. Shared by loose catalogues and those in cabinets.

Source: libjcat README, jcat-context.c (0.2), read 2026-11-22.

1. Every checksum voucher of the item is that of the file; one that is not breaks the item's signatures.
2. A signature is over the file, or, with a target, over the hexadecimal text of that digest as we compute it.
3. PKCS#7 (PEM or DER) goes to `cms`, GPG to `openpgp`, Ed25519 to the keys on record.

Checksums alone sign nothing. Does not do: transparency log vouchers (named as not read).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from fwverify.authenticate import cms, openpgp, placed_cms
from fwverify.authenticate.interface import Group
from fwverify.authenticate.proofs import Message
from fwverify.authenticate.signer import Signer, by_key
from fwverify.formats import cms as cms_format
from fwverify.formats import metainfo, openpgp_armor
from fwverify.formats import openpgp as openpgp_format
from fwverify.formats.jcat import DIGESTS, SIGNATURES, Item, Jcat, Kind, Voucher
from fwverify.limits import LimitExceeded
from fwverify.model.artifact import ByteRange
from fwverify.model.evidence import SignatureStatus
from fwverify.model.examining import Encrypted, Malformed, Unsupported
from fwverify.trust.store import TrustStore

ID_DATA = "1.2.840.113549.1.7.1"
ED25519_BYTES = 64


@dataclass(frozen=True, slots=True)
class Signed:
    """One signer of one item."""

    item: Item
    signer: Signer
    oddities: tuple[str, ...] = ()


def matching(jcat: Jcat, name: str) -> tuple[Item, ...]:
    """Items about a file of this name, by Id or alias."""
    return tuple(one for one in jcat.items if name in one.names)


def signs(item: Item) -> bool:
    """True when the item has anything that is meant as a signature."""
    return any(one.kind not in DIGESTS for one in item.vouchers)


def signers(item: Item, content: memoryview, group: Group, trust: TrustStore) -> Iterator[Signed]:
    """Every signer of the item over this file."""
    wrong = _wrong(item, content)  # 1
    for voucher in item.vouchers:
        if voucher.kind in DIGESTS:
            continue
        for one in _voucher(item, voucher, content, group, trust):
            broken = one.signer.broken(wrong) if wrong and one.signer.held is not None else one.signer
            yield Signed(item, broken, one.oddities)


def _wrong(item: Item, content: memoryview) -> str:
    for voucher in item.vouchers:
        name = DIGESTS.get(Kind(voucher.kind)) if voucher.kind in DIGESTS else None
        if name and voucher.data.strip().lower() != _hex(name, content):
            return f"the {name} that the catalogue gives for {item.names[0]} is not that of the file"
    return ""


def _hex(algorithm: str, content: memoryview) -> bytes:
    return hashlib.new(algorithm, content, usedforsecurity=False).hexdigest().encode()


def _voucher(item: Item, voucher: Voucher, content: memoryview, group: Group, trust: TrustStore) -> Iterator[Signed]:
    if voucher.kind not in SIGNATURES:
        yield Signed(item, Signer(SignatureStatus.UNVERIFIABLE, f"vouchers of kind {_kind(voucher.kind)} are not read"))
        return
    if voucher.target and voucher.target not in DIGESTS:
        yield Signed(item, Signer(SignatureStatus.UNVERIFIABLE, f"target {voucher.target} is not read"))
        return
    target = DIGESTS[Kind(voucher.target)] if voucher.target else ""
    message = memoryview(_hex(target, content)) if target else content  # 2
    made = (("hash", target),) if target == "sha1" else ()
    try:
        yield from _READERS[Kind(voucher.kind)](item, voucher, message, group, trust, made)  # 3
    except (Malformed, Unsupported, Encrypted) as problem:
        status = SignatureStatus.INVALID if isinstance(problem, Malformed) else SignatureStatus.UNVERIFIABLE
        yield Signed(item, Signer(status, str(problem)))


def _kind(kind: int) -> str:
    return Kind(kind).name.lower().replace("_", "-") if kind in set(Kind) else str(kind)


Made = tuple[tuple[str, str], ...]


def _pkcs7(
    item: Item, voucher: Voucher, message: memoryview, group: Group, trust: TrustStore, made: Made
) -> Iterator[Signed]:
    der = memoryview(cms_format.decoded(voucher.data))
    placed = placed_cms.read(der, ByteRange(0, len(der)))
    data, wrong = placed.data, ""
    if data.content is not None and data.content != message:
        wrong = "the signature brings content of its own in place of the file"
    elif data.content_type != ID_DATA:
        wrong = f"the signature is for content of type {data.content_type}, not for a file"
    for one in cms.signers(data, Message(message), group, trust, made=made):
        yield Signed(item, one.broken(wrong) if wrong and one.held is not None else one, placed.oddities)


def _gpg(
    item: Item, voucher: Voucher, message: memoryview, group: Group, trust: TrustStore, made: Made
) -> Iterator[Signed]:
    raw = voucher.data
    blocks = [one.content for one in openpgp_armor.blocks(raw)] if openpgp_armor.looks_armored(raw) else [raw]
    document = openpgp.Document(lambda: openpgp.pieces(message))
    for block in blocks:
        for one in openpgp_format.parse_signatures(block):
            if isinstance(one, openpgp_format.Unread):
                yield Signed(item, Signer(SignatureStatus.UNVERIFIABLE, one.why))
            else:
                yield Signed(item, openpgp.signer(one, document, group, trust))


def _ed25519(
    item: Item, voucher: Voucher, message: memoryview, group: Group, trust: TrustStore, made: Made
) -> Iterator[Signed]:
    if len(voucher.data) != ED25519_BYTES:
        raise Malformed("Ed25519 signature", f"{len(voucher.data)} bytes, not {ED25519_BYTES}")
    yield Signed(item, by_key(voucher.data, Message(message), group, trust, algorithms=("ed25519",), made=made))


_READERS = {Kind.PKCS7: _pkcs7, Kind.GPG: _gpg, Kind.ED25519: _ed25519}


def states(name: str, content: memoryview) -> tuple[tuple[str, str], ...]:
    """What a metainfo file says of device and version; nothing for other files, or one that cannot be read."""
    if not name.lower().endswith(metainfo.SUFFIX):
        return ()
    try:
        read = metainfo.parse(content)
    except (Malformed, LimitExceeded):
        return ()
    stated = [("name", read.identifier), ("version", read.version), *(("guid", one) for one in read.guids)]
    return tuple(one for one in stated if one[1])
