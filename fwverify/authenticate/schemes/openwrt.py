"""OpenWrt sysupgrade images: metadata and a usign signature, perhaps through ucert certificates, appended by fwtool.

Layout: `formats.openwrt_metadata`, after OpenWrt fwtool, usign and ucert, read 2026-11-22.
Signed: all bytes before the signature chunk, metadata and its trailer with them (plain Ed25519). Each certificate is
signed by the key before it, the first by a key on record.

Procedure:
1. The signature chunk is the last one and the only one; at most one metadata chunk lies before it; CRCs hold.
2. The first certificate, or without one the signature over the image, holds under a key on record.
3. Every further certificate, and then the signature, holds under the key of the certificate before it.
4. No certificate revokes a key, and none begins after the time of judgement. One that has expired is told with its
   dates, and a rule judges.

Does not do: lists of revoked keys on the device (revoke the entry in the registry), images without a signature chunk.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from fwverify.authenticate import signer, usign
from fwverify.authenticate.interface import Group, Observed, SignatureScheme
from fwverify.authenticate.proofs import ed25519_holds
from fwverify.authenticate.signer import Signer
from fwverify.formats import openwrt_metadata
from fwverify.formats.openwrt_metadata import Chain, Chunk
from fwverify.formats.signify import Signature
from fwverify.formats.strict_json import Value
from fwverify.model.artifact import Artifact, ByteRange
from fwverify.model.evidence import Certificate
from fwverify.model.examining import Malformed
from fwverify.model.plugin import Doc
from fwverify.trust.store import PublicKey, TrustStore

NAME = "openwrt"
_LAST_SECOND = 253402300799
"""9999-12-31T23:59:59Z, the last time that can be written."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A signed image, taken apart."""

    chunk: Chunk
    chain: Chain
    states: tuple[tuple[str, str], ...]


def _detect(artifact: Artifact) -> bool:
    return openwrt_metadata.looks_like(artifact.content)


def _parse(artifact: Artifact) -> tuple[Signed, ...]:
    view = artifact.content
    if not _has_signature(view):
        return ()
    found = openwrt_metadata.chunks(view)  # 1
    kinds = [one.kind for one in found]
    if kinds not in ([openwrt_metadata.SIGNATURE], [openwrt_metadata.SIGNATURE, openwrt_metadata.INFORMATION]):
        raise Malformed(
            openwrt_metadata.WHAT, "its signature is not the last chunk, or there is another chunk too many"
        )
    last = found[0]
    if last.data is None:
        raise Malformed(openwrt_metadata.WHAT, "its signature is empty", last.whole.start)
    chain = openwrt_metadata.chain(view[last.data.start : last.data.end])
    states = tuple(_states(openwrt_metadata.information(view, found[1]))) if len(found) > 1 else ()
    return (Signed(last, chain, states),)


def _has_signature(view: memoryview) -> bool:
    """Walks the trailers without their CRCs: a damaged image that was never signed is none of ours."""
    end, steps = len(view), 0
    while steps < openwrt_metadata.MAX_CHUNKS and openwrt_metadata.looks_like(view[:end]):
        if view[end - 8] == openwrt_metadata.SIGNATURE:
            return True
        end -= int.from_bytes(view[end - 4 : end], "big")
        steps += 1
    return False


def _verify(signed: Signed, group: Group, trust: TrustStore) -> tuple[Observed, ...]:
    start = signed.chunk.whole.start
    image, chain = group.artifact.content[:start], signed.chain
    links = [(one.signature, memoryview(one.payload)) for one in chain.certificates] + [(chain.signature, image)]
    first, message = links[0]
    inside = [one.key for one in chain.certificates if one.key is not None]
    found = usign.by_signature(first, message, group, trust)
    odd = usign.named_otherwise(found, first)  # 2
    if found.held is not None:
        why = next(_broken(chain, links, inside, group.at), "")
        found = found.broken(why) if why else _through(found, chain)
    return (
        signer.observation(
            found, NAME, group.artifact.locator, group.artifact.locator,
            covers=(ByteRange(0, start),) if start else (), envelope=(signed.chunk.whole,) if chain.plain else (),
            states=signed.states, oddities=odd,
        ),
    )  # fmt: skip


def _broken(chain: Chain, links: list[tuple[Signature, memoryview]], inside: list[PublicKey], at: str) -> Iterator[str]:
    """3, 4. Why what follows the first signature does not hold."""
    for one in chain.certificates:
        if one.kind != openwrt_metadata.AUTHORIZES:
            yield "a certificate in it revokes a key: it vouches for none"
        if at and _time(one.valid_from) > at:
            yield f"a certificate in it is not valid before {_time(one.valid_from)}"
        if one.key is not None and 0 <= one.expires_at <= one.valid_from:
            yield "a certificate in it ends before it begins"
    for key, (signature, message) in zip(inside, links[1:], strict=False):
        if not ed25519_holds(key, signature.signature, message):
            what = "the image" if signature is chain.signature else "a certificate"
            yield f"the signature over {what} does not hold under the key {key.key_id} that was vouched for"


def _through(found: Signer, chain: Chain) -> Signer:
    """The signer at the end of the certificates; the key on record is its anchor."""
    vouched = [one.key for one in chain.certificates if one.key is not None]
    if not vouched or found.key is None:
        return found
    return replace(found, key=vouched[-1], anchor=found.key.fingerprint, path=tuple(_path(found, chain)))


def _path(found: Signer, chain: Chain) -> Iterator[Certificate]:
    """The certificates as the evidence keeps them, the signer's first."""
    above = found.key.key_id if found.key is not None else ""
    links = []
    for one in chain.certificates:
        if one.key is not None:
            issuer = f"usign key {above}".rstrip()
            subject = f"usign key {one.key.key_id}"
            links.append(
                Certificate(
                    subject, issuer, "", one.key.fingerprint, _time(one.valid_from), _time(one.expires_at),
                    "ed25519", "ed25519",
                )
            )  # fmt: skip
            above = one.key.key_id
    yield from reversed(links)


def _time(seconds: int) -> str:
    return datetime.fromtimestamp(min(seconds, _LAST_SECOND), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _states(table: dict[str, Value]) -> Iterator[tuple[str, str]]:
    """What the metadata say of device and version."""
    for name in ("supported_devices", "new_supported_devices"):
        devices = table.get(name)
        for one in devices if isinstance(devices, list) else []:
            if isinstance(one, str):
                yield "compatible", one
    version = table.get("version")
    if isinstance(version, dict):
        for name, state in (("version", "version"), ("board", "board"), ("target", "target"), ("dist", "name")):
            value = version.get(name)
            if isinstance(value, str) and value:
                yield state, value


SCHEME = SignatureScheme(
    name=NAME,
    detect=_detect,
    parse=_parse,
    verify=_verify,
    embedded=True,
    doc=Doc(
        "OpenWrt sysupgrade signature (usign, ucert)",
        vendor="OpenWrt",
        references=("OpenWrt fwtool, usign and ucert sources, read 2026-11-22",),
        limitations=("Lists of revoked keys are a device's own; revoke the entry in the registry.",),
    ),
)
