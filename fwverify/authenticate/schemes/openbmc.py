"""OpenBMC firmware tarballs, verified in the order of the device, and more strictly.

Layout: `formats.openbmc_tarball`, after phosphor-bmc-code-mgmt bmc/image_verify.cpp, read 2026-11-22.
Signed: MANIFEST and publickey by the system's key, which is the one on record; each image by the key in publickey,
which counts only because the system's key signed it. Not signed: members without a .sig, headers of the tar.

Procedure:
1. The members are plain files, each name once.
2. MANIFEST.sig and publickey.sig hold under one key on record, whose entry's constraints are met.
3. Every image that has a .sig has one that holds under publickey, over the digest MANIFEST's HashType names; images
   the device never takes unsigned have one; there is at least one image.
4. image-full.sig holds over the joined signatures, so that no part comes from another build. It is missing for no
   image of the BMC itself.
5. Where MANIFEST announces post-quantum signatures, or a folder holds some, they are all there and hold: MANIFEST's
   and publickey's under a post-quantum key on record where there is one, the images' under the folder's publickey.
   The device skips what is missing there; here nothing can be stripped.

An ML-DSA signature is over the file's digest, as the device makes it, or over the file itself.
Does not do: purposes other than what MANIFEST says, optional images the device is built to ignore.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass, replace

from fwverify.authenticate import keys, proofs, signer
from fwverify.authenticate.interface import Group, Observed, SignatureScheme
from fwverify.authenticate.proofs import Message, Proof
from fwverify.authenticate.signer import Signer
from fwverify.formats import archive_frames, key_file, openbmc_tarball
from fwverify.formats.openbmc_tarball import FULL, FULL_ORDER, MANIFEST, PUBLIC_KEY, SUFFIX, Manifest, Tarball
from fwverify.limits import Budget
from fwverify.model import constraints
from fwverify.model.artifact import Artifact
from fwverify.model.examining import Malformed
from fwverify.model.plugin import Doc
from fwverify.trust.store import PublicKey, TrustStore

NAME = "openbmc"
SYSTEM_HASHES = ("sha256", "sha384", "sha512", "sha1", "md5")
WEAK = frozenset({"sha1", "md5", "sha224"})
CLASSICAL = ("rsa", "ecdsa")
SEARCHED_MEMBERS = 64


@dataclass(frozen=True, slots=True)
class Signed:
    """A signed tarball, taken apart."""

    tarball: Tarball
    manifest: Manifest
    image_key: PublicKey


@dataclass(frozen=True, slots=True)
class _Tools:
    """What every step needs."""

    signed: Signed
    view: memoryview
    trust: TrustStore

    def has(self, name: str) -> bool:
        return name in self.signed.tarball.files

    def small(self, name: str) -> bytes:
        return openbmc_tarball.small(self.view, self.signed.tarball.files[name])

    def content(self, name: str) -> memoryview:
        spans = self.signed.tarball.files[name].ranges
        return self.view[spans[0].start : spans[0].end] if spans else memoryview(b"")

    def images(self) -> list[str]:
        """Top-level members that have a signature, MANIFEST and publickey aside."""
        files = self.signed.tarball.files
        known = (MANIFEST, PUBLIC_KEY)
        return [
            one for one in files
            if "/" not in one and one not in known and f"{one}{SUFFIX}" in files and not one.endswith(SUFFIX)
        ]  # fmt: skip

    def joined(self) -> bytes:
        return b"".join(self.small(f"{one}{SUFFIX}") for one in FULL_ORDER if self.has(f"{one}{SUFFIX}"))


def _detect(artifact: Artifact) -> bool:
    names = archive_frames.first_names(artifact.content, SEARCHED_MEMBERS)
    signed = {f"{MANIFEST}{SUFFIX}", f"{PUBLIC_KEY}{SUFFIX}", FULL}
    return MANIFEST in names and not signed.isdisjoint(names)


def _parse(artifact: Artifact) -> tuple[Signed, ...]:
    tarball = openbmc_tarball.members(artifact.content, Budget())  # 1
    for name in (MANIFEST, f"{MANIFEST}{SUFFIX}", PUBLIC_KEY, f"{PUBLIC_KEY}{SUFFIX}"):
        if name not in tarball.files:
            raise Malformed(openbmc_tarball.WHAT, f"it has signatures, but no {name}")
    manifest = openbmc_tarball.manifest(openbmc_tarball.small(artifact.content, tarball.files[MANIFEST]))
    key = key_file.parse(openbmc_tarball.small(artifact.content, tarball.files[PUBLIC_KEY]))
    for one in tarball.files:  # so that verifying raises nothing
        if one.endswith((SUFFIX, f"/{PUBLIC_KEY}")):
            openbmc_tarball.small(artifact.content, tarball.files[one])
    return (Signed(tarball, manifest, key),)


def _verify(signed: Signed, group: Group, trust: TrustStore) -> tuple[Observed, ...]:
    tools = _Tools(signed, group.artifact.content, trust)
    found = _system(tools, group)
    if found.held is not None:
        why = next(_broken(tools, found), "")
        found = found.broken(why) if why else _with_weakest_hash(found, signed.manifest.hash)
    files = signed.tarball.files
    images = tools.images()
    covered = [files[one] for one in (MANIFEST, PUBLIC_KEY, *images)]
    signatures = [files[f"{one}{SUFFIX}"] for one in (MANIFEST, PUBLIC_KEY, *images)]
    signatures += [files[FULL]] if FULL in files else []
    signatures += [files[name] for folder in _folders(tools) for name in _second(tools, folder)]
    frames = archive_frames.tar_frames(tools.view, (*covered, *signatures), signed.tarball.archive.padding)
    return (
        signer.observation(
            found, NAME, group.artifact.locator, group.artifact.locator,
            covers=[span for one in covered for span in one.ranges],
            envelope=(*(span for one in signatures for span in one.ranges), *frames),
            states=_states(signed.manifest),
        ),
    )  # fmt: skip


def _system(tools: _Tools, group: Group) -> Signer:
    """2. One key on record signs both MANIFEST and publickey."""
    found = [
        signer.by_key(
            tools.small(f"{name}{SUFFIX}"), Message(tools.content(name), SYSTEM_HASHES), group, tools.trust,
            algorithms=CLASSICAL, inside=(tools.signed.image_key,),
        )
        for name in (MANIFEST, PUBLIC_KEY)
    ]  # fmt: skip
    for one in found:
        if one.held is None:
            return one
    if found[0].key != found[1].key or found[0].status is not found[1].status:
        return found[0].broken("MANIFEST and publickey are signed by different keys")
    return found[0]


def _broken(tools: _Tools, found: Signer) -> Iterator[str]:
    """Why the rest does not hold, the first reason first."""
    yield from _hash(tools.signed.manifest, found)
    yield from _images(tools)
    yield from _full(tools)
    yield from _second_signatures(tools)


def _hash(manifest: Manifest, found: Signer) -> Iterator[str]:
    """The digest of the images' signatures is the one the entry asks for, too."""
    if not manifest.hash:
        yield f"MANIFEST names no digest that is known (HashType {manifest.values.get('HashType', '')[:40]!r})"
    asked = [[pair for pair in one.constraints if pair[0] == "hash"] for one in found.entries]
    if asked and all(constraints.unmet(one, {"hash": manifest.hash}) for one in asked):
        yield f"MANIFEST asks for {manifest.hash} signatures over the images, which is not what the key's entry asks"


def _images(tools: _Tools) -> Iterator[str]:
    """3. Each image under publickey."""
    files = tools.signed.tarball.files
    bare = [one for one in files if one in openbmc_tarball.REQUIRED and f"{one}{SUFFIX}" not in files]
    if bare:
        yield f"{bare[0]} has no signature"
    images = tools.images()
    if not images:
        yield "it holds no signed image"
    orphans = [one for one in files if "/" not in one and one.endswith(SUFFIX) and one != FULL]
    orphan = next((one for one in orphans if one.removesuffix(SUFFIX) not in files), "")
    if orphan:
        yield f"{orphan} is there, and the file it signs is not"
    for name in images:
        if _classical(tools, tools.small(f"{name}{SUFFIX}"), tools.content(name)) is None:
            yield f"the signature of {name} does not hold under the publickey of the tarball"


def _classical(tools: _Tools, value: bytes, content: memoryview) -> Proof | None:
    signed = tools.signed
    return proofs.proof(signed.image_key, value, Message(content, (signed.manifest.hash,)))


def _full(tools: _Tools) -> Iterator[str]:
    """4. All signatures together."""
    if not tools.has(FULL):
        if tools.signed.manifest.for_bmc:
            yield f"{FULL} is missing: parts of different builds could have been put together"
    elif _classical(tools, tools.small(FULL), memoryview(tools.joined())) is None:
        yield f"{FULL} does not hold: parts of different builds were put together, or it was damaged"


def _folders(tools: _Tools) -> list[str]:
    """Folders with second signatures, announced or found."""
    found = [one.rpartition("/")[0] for one in tools.signed.tarball.files if "/" in one and one.endswith(SUFFIX)]
    return list(dict.fromkeys([*(one.folder for one in tools.signed.manifest.announced), *found]))


def _second(tools: _Tools, folder: str) -> list[str]:
    """The files of a folder that were checked: signatures, and the key when it is a key and nothing else."""
    checked = (*tools.images(), *(() if _by_stranger(tools, folder) else (MANIFEST, PUBLIC_KEY)))
    names = [f"{folder}/{one}{SUFFIX}" for one in checked] + [f"{folder}/{FULL}"]
    key = _folder_key(tools, folder)
    if key is not None and tools.small(f"{folder}/{PUBLIC_KEY}").rstrip(b"\n") == _pem(key):
        names.append(f"{folder}/{PUBLIC_KEY}")
    return [one for one in names if tools.has(one)]


def _pem(key: PublicKey) -> bytes:
    text = base64.b64encode(key.spki)
    lines = [text[at : at + 64] for at in range(0, len(text), 64)]
    return b"\n".join([b"-----BEGIN PUBLIC KEY-----", *lines, b"-----END PUBLIC KEY-----"])


def _by_stranger(tools: _Tools, folder: str) -> bool:
    """The system's files are signed by a post-quantum key that is neither on record nor the folder's own.

    The device has no such key either, and goes by the classical signatures. Called when the folder is whole.
    """
    key = _folder_key(tools, folder)
    if key is None or keys.distinct(tools.trust.public_keys(key.algorithm)):
        return False
    hashes = _folder_hashes(tools, folder)
    names = [name for name in (MANIFEST, PUBLIC_KEY) if tools.has(f"{folder}/{name}{SUFFIX}")]
    return not any(
        _second_holds(key, tools.small(f"{folder}/{name}{SUFFIX}"), tools.content(name), hashes) for name in names
    )


def _folder_key(tools: _Tools, folder: str) -> PublicKey | None:
    name = f"{folder}/{PUBLIC_KEY}"
    try:
        return key_file.parse(tools.small(name)) if tools.has(name) else None
    except Malformed:
        return None


def _folder_hashes(tools: _Tools, folder: str) -> tuple[str, ...]:
    announced = {one.folder: one.hash for one in tools.signed.manifest.announced}
    return (announced[folder],) if announced.get(folder) else SYSTEM_HASHES[:3]


def _second_signatures(tools: _Tools) -> Iterator[str]:
    """5. What is announced or there must hold."""
    for folder in _folders(tools):
        for name in (PUBLIC_KEY, *(f"{one}{SUFFIX}" for one in (MANIFEST, PUBLIC_KEY, *tools.images()))):
            if not tools.has(f"{folder}/{name}"):
                yield f"its {folder} signatures are not whole: {folder}/{name} is missing"
                return
        key = _folder_key(tools, folder)
        if key is None:
            yield f"{folder}/{PUBLIC_KEY} is no public key"
            return
        yield from _folder(tools, folder, key, _folder_hashes(tools, folder))


def _folder(tools: _Tools, folder: str, key: PublicKey, hashes: tuple[str, ...]) -> Iterator[str]:
    """The signatures of one folder: the system's files under a key on record where there is one of that kind."""
    pinned = keys.distinct(tools.trust.public_keys(key.algorithm)).values()
    system = [one.public for one in pinned if one.public is not None] or [key]
    for name in () if _by_stranger(tools, folder) else (MANIFEST, PUBLIC_KEY):
        value, content = tools.small(f"{folder}/{name}{SUFFIX}"), tools.content(name)
        if not any(_second_holds(one, value, content, hashes) for one in system):
            yield f"{folder}/{name}{SUFFIX} does not hold"
    for name in tools.images():
        if not _second_holds(key, tools.small(f"{folder}/{name}{SUFFIX}"), tools.content(name), hashes):
            yield f"{folder}/{name}{SUFFIX} does not hold"
    if tools.has(f"{folder}/{FULL}"):
        value = tools.small(f"{folder}/{FULL}")
        if not _second_holds(key, value, memoryview(tools.joined()), hashes):
            yield f"{folder}/{FULL} does not hold"


def _second_holds(key: PublicKey, value: bytes, content: memoryview, hashes: tuple[str, ...]) -> bool:
    message = Message(content, hashes)
    if proofs.proof(key, value, message) is not None:
        return True
    digests = (Message(memoryview(message.digest(one)), hashes) for one in hashes)
    return key.algorithm not in CLASSICAL and any(proofs.proof(key, value, one) is not None for one in digests)


def _with_weakest_hash(found: Signer, name: str) -> Signer:
    """The images' digest is recorded where it is the weaker one, so that a rule sees it."""
    if found.held is None or name not in WEAK:
        return found
    parameters = tuple(sorted({**dict(found.held.parameters), "hash": name}.items()))
    return replace(found, held=replace(found.held, parameters=parameters))


def _states(manifest: Manifest) -> Iterator[tuple[str, str]]:
    values = manifest.values
    for key, name in (("MachineName", "machine"), ("version", "version"), ("CompatibleName", "compatible")):
        if values.get(key):
            yield name, values[key]
    purpose = values.get("purpose", "").rpartition(".")[2]
    if purpose:
        yield "purpose", purpose


SCHEME = SignatureScheme(
    name=NAME,
    detect=_detect,
    parse=_parse,
    verify=_verify,
    embedded=True,
    doc=Doc(
        "OpenBMC firmware tarball",
        vendor="OpenBMC",
        references=("phosphor-bmc-code-mgmt, bmc/image_verify.cpp (484f779), read 2026-11-22",),
        limitations=(
            "A post-quantum image key in the tarball is signed by nobody; it counts beside the classical one only.",
            "Post-quantum signatures of MANIFEST and publickey by a key nobody has on record stay uncovered.",
            "Members without a signature stay uncovered.",
        ),
    ),
)
