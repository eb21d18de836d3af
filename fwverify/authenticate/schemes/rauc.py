"""RAUC bundles: the CMS over a squashfs (plain) or over a manifest with the root of a hash tree (verity, crypt).

Layout: `formats.rauc_bundle`, `formats.verity`; RAUC Reference "Bundle Formats" of 1.8 to 1.15, read 2026-11-22.

Procedure:
1. The last eight bytes give the place of the CMS, which fills it to the last byte.
2. Plain: the CMS is detached and its signers are checked over everything before it. The manifest is read from the
   squashfs and must not say that the bundle is of another format.
3. Verity and crypt: the CMS brings the manifest, its signers are checked over that, and the hash tree is recomputed
   over all data before it: every byte of data and tree must fit the manifest's root hash.
4. Images that the manifest names with digests are unpacked and compared; what is missing or differs breaks the
   signature, because RAUC would not install it either. Where the squashfs cannot be read the detail says so.

The payload of a crypt bundle is encrypted: its signature holds over bytes that nobody here can read, and says so.
Does not do: casync stores (unverifiable); manifests encrypted for recipients (unverifiable).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

from fwverify.authenticate import cms, placed_cms
from fwverify.authenticate.interface import Group, Observed, SignatureScheme
from fwverify.authenticate.proofs import Message
from fwverify.authenticate.signer import Signer, observation
from fwverify.formats import rauc_bundle, squashfs, squashfs_files, verity
from fwverify.formats.rauc_bundle import Bundle, Manifest
from fwverify.limits import Budget, LimitExceeded
from fwverify.model.artifact import Artifact, ByteRange, Digest
from fwverify.model.evidence import ChecksumObservation, SignatureStatus
from fwverify.model.examining import Malformed, Unsupported
from fwverify.model.plugin import Doc
from fwverify.trust.store import TrustStore

NAME = "rauc"


@dataclass(frozen=True, slots=True)
class Payload:
    """What the payload says of itself, once looked into."""

    manifest: Manifest | None = None
    broken: str = ""
    """Why the signature cannot stand; empty when nothing contradicts it."""
    note: str = ""
    """What could not be looked at, for the detail."""
    images: tuple[ChecksumObservation, ...] = ()


def _detect(artifact: Artifact) -> bool:
    return rauc_bundle.looks_like(artifact.content, artifact.name)


def _parse(artifact: Artifact) -> tuple[Bundle, ...]:
    return (rauc_bundle.read(artifact.content),)  # 1


def _verify(bundle: Bundle, group: Group, trust: TrustStore) -> tuple[Observed, ...]:
    view, parts = group.artifact.content, bundle.frame
    content = bundle.data.content
    message = Message(view[: parts.payload.end] if content is None else memoryview(content))
    made = (("bundle-format", bundle.manifest.format if bundle.manifest is not None else rauc_bundle.PLAIN),)
    signers = cms.signers(bundle.data, message, group, trust, made=made)
    payload = _looked_into(bundle, group.artifact) if any(one.held for one in signers) else Payload()
    strange = {one for signer in bundle.data.signers for one, _ in signer.unsigned} - placed_cms.WITHIN
    oddities = [f"an unsigned attribute of type {one}, which could hold anything" for one in sorted(strange)]
    envelope = [parts.trailer] if strange or bundle.data.oddities else [parts.cms, parts.trailer]
    signatures = [
        observation(
            _judged(one, payload),
            NAME,
            group.locator(),
            group.locator(),
            covers=(parts.payload,),
            envelope=envelope,
            states=_states(payload.manifest),
            oddities=oddities,
        )
        for one in signers
    ]
    return (*signatures, *payload.images)


def _judged(signer: Signer, payload: Payload) -> Signer:
    """The signer as the payload leaves it."""
    if signer.held is None:
        return signer
    if payload.broken:
        return signer.broken(payload.broken)
    if payload.manifest is not None and payload.manifest.casync:
        detail = "not supported yet: the images of this bundle are in a casync store that is not in the delivery"
        return Signer(SignatureStatus.UNVERIFIABLE, detail, key=signer.key)
    return replace(signer, detail=f"{signer.detail}; {payload.note}") if payload.note else signer


def _states(manifest: Manifest | None) -> tuple[tuple[str, str], ...]:
    if manifest is None:
        return ()
    said = (("compatible", manifest.compatible), ("version", manifest.version),
            ("description", manifest.description), ("build", manifest.build))  # fmt: skip
    return tuple(one for one in said if one[1])


def _looked_into(bundle: Bundle, artifact: Artifact) -> Payload:
    view = artifact.content
    if bundle.manifest is None:
        return _plain(view[: bundle.frame.payload.end], artifact)
    broken = _tree(bundle.manifest, bundle.frame.payload, view)
    if broken:
        return Payload(bundle.manifest, broken)
    data = view[: bundle.frame.payload.end - bundle.manifest.tree_bytes]
    if bundle.manifest.format == rauc_bundle.CRYPT:
        return Payload(bundle.manifest, note="the payload is encrypted, so its content was not examined")
    return _images(bundle.manifest, data, artifact)


def _tree(manifest: Manifest, payload: ByteRange, view: memoryview) -> str:
    """Step 3: what is wrong with data or tree, in plain words."""
    if not manifest.root:
        return "its manifest says verity and gives no root hash"
    border = payload.end - manifest.tree_bytes
    try:
        tree = rauc_bundle.tree_of(manifest, payload)
        got = verity.recompute(view[:border], view[border : payload.end], tree)
    except Malformed as problem:
        return problem.reason
    if got.root != manifest.root:
        return f"the payload is not the signed one: {got.wrong or 'it gives another root hash than the manifest'}"
    return f"the hash tree is not that of the payload: {got.wrong}" if got.wrong else ""


def _plain(data: memoryview, artifact: Artifact) -> Payload:
    """Step 2: the manifest inside."""
    budget = Budget()
    try:
        image = squashfs.read(data, budget)
        files = squashfs_files.root_files(image, budget)
        name = rauc_bundle.MANIFEST_NAME.encode()
        if name not in files:
            return Payload(broken="its payload holds no manifest")
        if files[name].size > rauc_bundle.MAX_MANIFEST_BYTES:
            return Payload(broken="the manifest in its payload is larger than any")
        text = squashfs_files.content(image, files[name], budget)
    except (Malformed, Unsupported, LimitExceeded) as problem:
        return Payload(note=f"the manifest in its payload could not be read ({problem})")
    try:
        manifest = rauc_bundle.manifest(text)
    except Malformed as problem:
        return Payload(broken=f"the manifest in its payload is malformed: {problem.reason}")
    if manifest.format != rauc_bundle.PLAIN:
        return Payload(manifest, f"signed as a plain bundle, while its manifest says {manifest.format}")
    return _images(manifest, data, artifact)


def _images(manifest: Manifest, data: memoryview, artifact: Artifact) -> Payload:
    """Step 4."""
    budget = Budget()
    named = [one for one in manifest.images if one.filename and one.sha256]
    checks: list[ChecksumObservation] = []
    try:
        image = squashfs.read(data, budget)
        files = squashfs_files.root_files(image, budget)
        for one in named:
            node = files.get(one.filename.encode())
            if node is None:
                return Payload(manifest, f"the image {one.filename} that its manifest names is not in it")
            digest = Digest("sha256", hashlib.sha256(squashfs_files.content(image, node, budget)).digest())
            checks.append(_check(one, digest, artifact))
            if not checks[-1].holds or one.size not in (-1, node.size):
                return Payload(manifest, f"the image {one.filename} is not the one its manifest names")
    except (Malformed, Unsupported, LimitExceeded) as problem:
        return Payload(manifest, note=f"the images in its payload could not be compared with the manifest ({problem})")
    return Payload(manifest, images=tuple(checks))


def _check(one: rauc_bundle.Image, computed: Digest, artifact: Artifact) -> ChecksumObservation:
    declared = Digest("sha256", bytes.fromhex(one.sha256))
    where = artifact.locator
    return ChecksumObservation(where, one.filename, declared, computed, where, declared == computed, inner=True)


SCHEME = SignatureScheme(
    name=NAME,
    detect=_detect,
    parse=_parse,
    verify=_verify,
    doc=Doc(
        "RAUC bundle (plain, verity, crypt)",
        vendor="RAUC",
        references=("RAUC Reference 1.15, Bundle Formats and Manifest, read 2026-11-22",),
        limitations=(
            "casync stores are not read.",
            "The payload of a crypt bundle is checked as it is and not decrypted; manifests encrypted for recipients "
            "are not read.",
        ),
    ),
    embedded=True,
)
