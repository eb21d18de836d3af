"""From a signer's certificate to a certificate the operator pinned (RFC 5280 section 6), without believing any other.

The trust anchor is a registry entry of type x509: a root, an intermediate (a partial path is a path), or the signer's
own certificate. Another certificate for a pinned certificate's key is another claim and needs a path of its own; who
means the key pins the key. Read 2026-11-22.

A step from a certificate to its issuer is taken when
1. the issuer's name is the one the certificate names, byte for byte;
2. the issuer may issue: CA:TRUE, keyCertSign where it has a key usage, path length not used up;
3. neither has a critical extension that is not understood, and no authority has name constraints;
4. the issuer's key signed the certificate, by the algorithm the certificate names.
Dates are no part of the path: who asks decides by `unready` (not yet valid) and by the facts (`model` Certificate).
Where several paths lead to pinned certificates all are given, because their entries may ask for different things.
Does not do: name constraints (a path through them is refused), policies, fetching of anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from fwverify.authenticate.proofs import HASHES, Message, proof
from fwverify.formats import x509
from fwverify.formats.x509 import Certificate, RevocationList
from fwverify.model import evidence
from fwverify.model.examining import Malformed, Unsupported
from fwverify.trust.store import PinnedKey, PublicKey, TrustStore

MAX_DEPTH = 8
"""Certificates on one path. Real ones have two to four."""
MAX_STEPS = 100
"""Signatures checked while looking for a path: bundles of look-alikes must not cost more."""
MAX_PATHS = 8
MAX_CARRIED = 256
"""Certificates from the delivery that are looked at."""


@dataclass(frozen=True, slots=True)
class Path:
    """A path that holds."""

    certificates: tuple[Certificate, ...]
    """The signer's first, the pinned one last."""
    entries: tuple[PinnedKey, ...]
    """Registry entries that pin a certificate of the path."""
    above: tuple[Certificate, ...] = ()
    """Authorities above a signer whose own certificate is pinned: they may revoke it, no more is asked of them."""
    lists: tuple[bytes, ...] = ()
    """Revocation lists pinned beside any certificate of this or of `above`."""

    @property
    def anchor(self) -> str:
        """Fingerprint of the pinned key, when it is not the signer's own."""
        return self.certificates[-1].public.fingerprint if len(self.certificates) > 1 else ""

    @property
    def usages(self) -> tuple[str, ...]:
        """What the signer's certificate is for; where an authority above is limited too, what both allow."""
        allowed = self.certificates[0].usages or ()
        for one in self.certificates[1:]:
            if one.usages is not None and "anyExtendedKeyUsage" not in one.usages:
                allowed = tuple(usage for usage in allowed if usage in one.usages)
        return allowed

    @property
    def parameters(self) -> tuple[tuple[str, str], ...]:
        """What constraints of an entry may ask of the certificates."""
        sizes = [one.public.bits for one in self.certificates if one.public.algorithm == "rsa"]
        leaf = self.certificates[0].public.fingerprint
        return (("eku", ",".join(self.usages)), ("leaf-spki", leaf), ("min-rsa-bits", str(min(sizes, default=99999))))

    def unready(self, at: str) -> str:
        """Which certificate is not valid yet at that time, in plain words; empty when none."""
        late = next((one for one in self.certificates if one.not_before > at), None)
        return f"{late.subject_text} is valid only from {late.not_before}" if late is not None else ""


@dataclass(slots=True)
class _Search:
    steps: int = 0


def readable(ders: Iterable[bytes]) -> tuple[Certificate, ...]:
    """Those that read as certificates, each once."""
    found = []
    for der in dict.fromkeys(ders):
        try:
            found.append(x509.certificate(der))
        except (Malformed, Unsupported):
            continue
    return tuple(found)


def anchors(trust: TrustStore) -> dict[str, list[tuple[PinnedKey, Certificate]]]:
    """Pinned certificates by the fingerprint of their key."""
    found: dict[str, list[tuple[PinnedKey, Certificate]]] = {}
    for one in trust.keys:
        if one.public is not None and one.public.note == "certificate":
            for certificate in readable([one.public.material]):
                found.setdefault(certificate.public.fingerprint, []).append((one, certificate))
    return found


def pinned(trust: TrustStore) -> tuple[Certificate, ...]:
    """All pinned certificates."""
    return tuple(one for found in anchors(trust).values() for _, one in found)


def paths(leaf: Certificate, pool: Sequence[Certificate], trust: TrustStore) -> tuple[Path, ...]:
    """Paths from `leaf` to pinned certificates, the best first; none where nothing pinned is reached.

    1. The certificate itself is pinned: nothing above it matters, apart from lists that revoke it.
    2. Authorities lead from it to a pinned one.

    Args:
        leaf: the signer's certificate.
        pool: certificates that came along; only used as steps.
        trust: the registry.
    """
    if not _may_sign(leaf):
        return ()
    known = anchors(trust)
    same = known.get(leaf.public.fingerprint, [])
    chained = () if leaf.odd_critical else _chained(leaf, pool, known)
    own = tuple(entry for entry, kept in same if kept == leaf)
    if own:
        above = chained[0].certificates[1:] if chained else ()
        lists = chained[0].lists if chained else ()
        return (Path((leaf,), own, above, (*_lists_of(own), *lists)), *(() if leaf.ca else chained))  # 1
    if leaf.ca or leaf.odd_critical:  # an authority issues; unless pinned, it signs no files
        return ()
    return chained  # 2


def _chained(
    leaf: Certificate, pool: Sequence[Certificate], pinned: dict[str, list[tuple[PinnedKey, Certificate]]]
) -> tuple[Path, ...]:
    issuers = list(dict.fromkeys((*(one for found in pinned.values() for _, one in found), *pool)))
    out = []
    for found in _paths([leaf], issuers, pinned, _Search()):
        entries = tuple(
            entry for one in found[1:] for entry, kept in pinned.get(one.public.fingerprint, ()) if kept == one
        )
        out.append(Path(tuple(found), entries, (), _lists_of(entries)))
        if len(out) == MAX_PATHS:
            break
    return tuple(out)


def _lists_of(entries: Iterable[PinnedKey]) -> tuple[bytes, ...]:
    return tuple(dict.fromkeys(one for entry in entries for one in entry.crls))


def _may_sign(leaf: Certificate) -> bool:
    usage = leaf.key_usage
    return usage is None or "digital_signature" in usage or "content_commitment" in usage


def _paths(
    so_far: list[Certificate],
    issuers: Sequence[Certificate],
    pinned: dict[str, list[tuple[PinnedKey, Certificate]]],
    search: _Search,
) -> Iterator[list[Certificate]]:
    """Depth first; pinned issuers come first in `issuers`, so the shortest way to an anchor is found first."""
    last = so_far[-1]
    for issuer in issuers:
        if issuer.subject != last.issuer or issuer in so_far or not _may_issue(issuer, so_far):
            continue
        anchored = any(kept == issuer for _, kept in pinned.get(issuer.public.fingerprint, ()))
        if issuer.version < 3 and not anchored:  # it cannot say that it is an authority: only the registry can
            continue
        search.steps += 1
        if search.steps > MAX_STEPS:
            return
        if not signed_by(last.tbs, last.signature, last.signature_family, last.signature_hash, issuer.public):
            continue
        if anchored:
            yield [*so_far, issuer]
        if len(so_far) < MAX_DEPTH:
            yield from _paths([*so_far, issuer], issuers, pinned, search)


def _may_issue(issuer: Certificate, below: Sequence[Certificate]) -> bool:
    if not issuer.ca or issuer.odd_critical:
        return False
    if issuer.key_usage is not None and "key_cert_sign" not in issuer.key_usage:
        return False
    between = sum(one.subject != one.issuer for one in below[1:])  # self-issued ones do not count (section 6.1.4)
    return issuer.path_length < 0 or between <= issuer.path_length


def signed_by(tbs: bytes, signature: bytes, family: str, digest: str, key: PublicKey) -> bool:
    """True when this key made the signature by the algorithm that is named."""
    if not family or (digest and digest not in HASHES):
        return False
    held = proof(key, signature, Message(memoryview(tbs), hashes=(digest,) if digest else ()))
    if held is None or held.algorithm != family:
        return False
    made = dict(held.parameters)
    return "prehash" not in made and made.get("encoding", "der") == "der"


def facts(found: Path) -> tuple[evidence.Certificate, ...]:
    """The path as the evidence keeps it, with what pinned revocation lists say."""
    lists = _lists(found)
    return tuple(_facts(one, found, lists) for one in found.certificates)


def _lists(found: Path) -> tuple[RevocationList, ...]:
    read = []
    for der in found.lists:
        try:
            read.append(x509.revocation_list(der))
        except Malformed:
            continue
    return tuple(read)


def _facts(one: Certificate, found: Path, lists: Sequence[RevocationList]) -> evidence.Certificate:
    pinned = one == found.certificates[-1]
    bits = f" {one.public.bits}" if one.public.algorithm == "rsa" else ""
    curve = f" {one.public.detail}" if one.public.algorithm == "ecdsa" else ""
    plain = evidence.Certificate(
        subject=one.subject_text,
        issuer=one.issuer_text,
        serial=f"{one.serial:x}",
        fingerprint=one.public.fingerprint,
        not_before=one.not_before,
        not_after=one.not_after,
        key=f"{one.public.algorithm}{bits}{curve}",
        signed_with="" if pinned else f"{one.signature_family} {one.signature_hash}".strip(),
        usages=one.usages or (),
    )
    current = _list_for(one, found, lists)
    if current is None:
        return plain
    entry = next((entry for serial, entry in current.revoked if serial == one.serial), None)
    return replace(
        plain,
        revoked_at=entry.when if entry else "",
        revocation_reason=entry.reason if entry else "",
        crl_updated=current.updated,
        crl_expires=current.expires,
    )


def _list_for(one: Certificate, found: Path, lists: Sequence[RevocationList]) -> RevocationList | None:
    """The newest list of the certificate's issuer, signed by an authority of the path (or the pinned one itself).

    Of several made at the same time the one that names the certificate counts.
    """
    authorities = [
        other for other in (*found.certificates, *found.above) if other.subject == one.issuer and _signs_lists(other)
    ]
    good = [
        current
        for current in lists
        if current.issuer == one.issuer
        and any(
            signed_by(current.tbs, current.signature, current.signature_family, current.signature_hash, other.public)
            for other in authorities
        )
    ]
    return max(good, key=lambda current: (current.updated, one.serial in dict(current.revoked)), default=None)


def _signs_lists(one: Certificate) -> bool:
    return one.ca and (one.key_usage is None or "crl_sign" in one.key_usage)


def of_key(key: PublicKey, others: Iterable[PublicKey], trust: TrustStore) -> tuple[Path, ...]:
    """The paths of a key that was read from a certificate; none for a bare key, or where nothing pinned is reached."""
    own = carried([key])
    return paths(own[0], carried(others), trust) if own else ()


def carried(group_keys: Iterable[PublicKey]) -> tuple[Certificate, ...]:
    """The certificates among keys that came along."""
    found = (one.material for one in group_keys if one.note == "certificate")
    return readable(islice(found, MAX_CARRIED))
