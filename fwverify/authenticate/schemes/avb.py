"""Android Verified Boot: a signed vbmeta at the end of a partition image or in a file of its own.

Layout: `formats.avb`; AOSP external/avb README ("The VBMeta struct", "VBMeta Digest", footers, chained partitions) of
1.3, read 2026-11-22.

Procedure:
1. Algorithm NONE signs nothing. With a public key or an authentication block beside it the vbmeta was signed once, and
   is malformed now: avbtool and libavb take it for unsigned and go on.
2. The hash in the authentication block is that of header and auxiliary block; the signature holds over the same bytes
   with PKCS#1 v1.5 and the hash of the algorithm, or with pure ML-DSA, under a key on record. The key inside is only
   compared: where it is another one than the key that verifies, the device would refuse.
3. Flags that switch hash trees or all verification off break it.
4. Descriptors are followed (`avb_partitions`): each partition that is in the delivery is recomputed. One that differs
   breaks the signature; one that is missing is said.

Each image that a vbmeta binds gets an observation with exactly the bytes that are signed in it.
Does not do: A/B metadata, public key metadata of Android Things, forward error correction data.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace

from fwverify.authenticate import avb_partitions
from fwverify.authenticate.avb_partitions import Walk
from fwverify.authenticate.interface import Group, Observed, SignatureScheme
from fwverify.authenticate.signer import Signer, by_key, observation
from fwverify.formats import avb
from fwverify.formats.avb import Image, VbMeta
from fwverify.formats.public_key import PublicKey
from fwverify.limits import LimitExceeded
from fwverify.model.artifact import Artifact, subtracted
from fwverify.model.evidence import SignatureStatus
from fwverify.model.examining import Malformed
from fwverify.model.plugin import Doc
from fwverify.trust.store import TrustStore

NAME = "avb"
_OFF = {
    avb.HASHTREE_DISABLED: "its flags switch hash trees off, so the device does not check what it runs",
    avb.VERIFICATION_DISABLED: "its flags switch verification off, so the device checks nothing that it names",
}


def _detect(artifact: Artifact) -> bool:
    return avb.looks_like(artifact.content)


def _parse(artifact: Artifact) -> tuple[Image, ...]:
    image = avb.read(artifact.content)
    meta = image.vbmeta
    if meta.algorithm != avb.NONE:
        return (image,)
    if meta.public_key or meta.authentication is not None or meta.signature:  # 1
        raise Malformed(avb.WHAT, "the header says that it is not signed, while a key or signature is there")
    return ()


def _verify(image: Image, group: Group, trust: TrustStore) -> tuple[Observed, ...]:
    meta, artifact = image.vbmeta, group.artifact
    signer, oddities = _signer(meta, group, trust)
    if signer.held is None:
        return (observation(signer, NAME, group.locator(), artifact.locator, oddities=oddities),)
    try:
        walk = avb_partitions.follow(image, artifact, group.siblings)
    except LimitExceeded as problem:
        many = Signer(SignatureStatus.UNVERIFIABLE, f"not checked: {problem}", key=signer.key)
        return (observation(many, NAME, group.locator(), artifact.locator, oddities=oddities),)
    signer = _judged(signer, meta, walk)
    oddities += walk.missing
    if meta.flags & ~(avb.HASHTREE_DISABLED | avb.VERIFICATION_DISABLED):
        oddities.append(f"unknown flags {meta.flags:#x}")
    return tuple(
        observation(
            signer,
            NAME,
            group.locator(),
            bound.artifact.locator,
            covers=bound.covers,
            envelope=subtracted(bound.envelope, bound.covers),
            states=[("rollback-index", str(meta.rollback_index))],
            oddities=oddities if bound.artifact.locator == artifact.locator else (),
        )
        for bound in walk.bound.values()
        if signer.held is None or bound.covers
    )


def _signer(meta: VbMeta, group: Group, trust: TrustStore) -> tuple[Signer, list[str]]:
    """Step 2."""
    view = group.artifact.content
    algorithm = avb.ALGORITHMS[meta.algorithm]
    inside, oddities = _inside(meta)
    signer = by_key(
        meta.signature,
        avb_partitions.message(meta, view),
        group,
        trust,
        usual=(("algorithm", "rsa-pkcs1v15" if algorithm.family == "rsa" else algorithm.family),),
        inside=(inside,) if inside is not None else (),
        algorithms=(algorithm.family,),
    )
    if signer.held is None:
        return signer, oddities
    if algorithm.hash and hashlib.new(algorithm.hash, meta.signed(view)).digest() != meta.hash:
        return signer.broken("the hash beside the signature is not that of the signed bytes"), oddities
    if inside is None or (signer.key is not None and inside.fingerprint != signer.key.fingerprint):
        return signer.broken(
            "the public key inside is not the one that signed it: the device would refuse it"
        ), oddities
    return signer, oddities


def _inside(meta: VbMeta) -> tuple[PublicKey | None, list[str]]:
    try:
        return avb_partitions.key_of(meta), []
    except Malformed as problem:
        return None, [problem.reason]


def _judged(signer: Signer, meta: VbMeta, walk: Walk) -> Signer:
    """Steps 3 and 4."""
    for flag, detail in _OFF.items():
        if meta.flags & flag:
            return signer.broken(detail)
    if walk.wrong:
        return signer.broken("; ".join(walk.wrong))
    return replace(signer, detail="; ".join((signer.detail, *walk.missing))) if walk.missing else signer


SCHEME = SignatureScheme(
    name=NAME,
    detect=_detect,
    parse=_parse,
    verify=_verify,
    doc=Doc(
        "Android Verified Boot 2.0 (vbmeta, footers, chained partitions)",
        vendor="Android Open Source Project",
        references=("AOSP external/avb README.md and libavb headers, read 2026-11-22",),
        limitations=(
            "Sparse images are not read.",
            "Forward error correction data are not covered.",
            "Digests kept on the device instead of in the descriptor cannot be compared.",
        ),
    ),
    embedded=True,
)
