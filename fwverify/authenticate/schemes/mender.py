"""Mender artifacts: a signed manifest with the digests of the header and of every file in the payload archives.

Layout: `formats.mender_artifact`, after mender-artifact 3.9, Documentation/artifact-format-v3.md, read 2026-11-22.
Signed: the bytes of `manifest`, by RSA (PKCS#1 v1.5, SHA-256) or ECDSA (r || s over SHA-256), in base64 in
`manifest.sig`. Through it: `version`, the packed header, and the *unpacked* payload files. Not signed:
manifest-augment, header-augment, what only they list, the archives' headers.

Procedure:
1. The members are those of an artifact, in their order, each once; all are plain files.
2. The signature holds over the manifest.
3. `version` and the packed header have the digests the manifest gives.
4. Every data archive belongs to a payload the header announces; every file in it is in the manifest (or, unsigned,
   in manifest-augment) and has its digest; the archive holds nothing else, and nothing follows its packed stream.
5. Every file the manifest lists is there.

Does not do: version 1, the contents of payloads, deltas' sources.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from fwverify.authenticate import signer
from fwverify.authenticate.interface import Group, Observed, SignatureScheme
from fwverify.authenticate.proofs import Message
from fwverify.formats import archive_frames, mender_artifact, packed_tar
from fwverify.formats.mender_artifact import MenderArtifact, Payload, Stated
from fwverify.formats.tar_archive import TarEntry
from fwverify.limits import Budget
from fwverify.model.artifact import Artifact, ByteRange
from fwverify.model.examining import Malformed
from fwverify.model.plugin import Doc
from fwverify.trust.store import TrustStore

NAME = "mender"
MAX_SIGNATURE_BYTES = 16 << 10
USUAL = (("algorithm", "rsa-pkcs1v15, ecdsa"), ("encoding", "p1363, none"), ("hash", "sha256"))


@dataclass(frozen=True, slots=True)
class Signed:
    """A signed artifact, taken apart, all digests recomputed."""

    artifact: MenderArtifact
    value: bytes
    stated: Stated
    broken: tuple[str, ...]
    """Why its members are not those the manifest lists."""
    carried: tuple[TarEntry, ...]
    """Data archives of which every file is in the manifest, and which hold nothing else."""


def _detect(artifact: Artifact) -> bool:
    names = archive_frames.first_names(artifact.content, 2)
    return names == [mender_artifact.VERSION, mender_artifact.MANIFEST] or (
        artifact.name.lower().endswith(".mender") and mender_artifact.MANIFEST in names
    )


def _parse(artifact: Artifact) -> tuple[Signed, ...]:
    view, budget = artifact.content, Budget()
    if mender_artifact.SIGNATURE not in archive_frames.first_names(view, 16):
        return ()  # not signed
    found = mender_artifact.members(view, budget)  # 1
    if found.signature is None:
        return ()
    text = mender_artifact.content(view, found.signature, MAX_SIGNATURE_BYTES)
    value = _value(text)
    mender_artifact.check_version(mender_artifact.content(view, found.version))
    listed = mender_artifact.manifest(mender_artifact.content(view, found.manifest))
    stated = mender_artifact.stated(_packed(view, found.header), found.header.name, budget)
    check = _Check(view, found, listed, stated, budget)
    broken = tuple(check.run())
    return (Signed(found, value, stated, broken, tuple(check.carried)),)


def _value(text: bytes) -> bytes:
    text = text.replace(b"\r", b"").replace(b"\n", b"")
    try:
        value = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise Malformed(mender_artifact.WHAT, "its signature is not base64") from None
    if base64.b64encode(value) != text:
        raise Malformed(mender_artifact.WHAT, "the base64 of its signature is not canonical")
    return value


def _packed(view: memoryview, entry: TarEntry) -> memoryview:
    return view[entry.ranges[0].start : entry.ranges[0].end] if entry.ranges else memoryview(b"")


class _Check:
    """Steps 3 to 5: yields what does not hold, collects what is carried."""

    def __init__(
        self, view: memoryview, artifact: MenderArtifact, listed: dict[str, str], stated: Stated, budget: Budget
    ) -> None:
        self.view, self.artifact, self.stated, self.budget = view, artifact, stated, budget
        self.waiting = dict(listed)
        self.augmented = self._augmented()
        self.carried: list[TarEntry] = []

    def run(self) -> Iterator[str]:
        for member in (self.artifact.version, self.artifact.header):  # 3
            yield from self._compare(member.name, _packed(self.view, member))
        for payload in self.artifact.payloads:  # 4
            yield from self._payload(payload)
        for name in self.waiting:  # 5
            yield f"its manifest lists {name}, which is not there"

    def _augmented(self) -> dict[str, str]:
        """What manifest-augment lists: signed by nobody."""
        member = next((one for one in self.artifact.augments if one.name == mender_artifact.AUGMENT), None)
        return mender_artifact.manifest(mender_artifact.content(self.view, member)) if member else {}

    def _compare(self, name: str, content: memoryview) -> Iterator[str]:
        wanted = self.waiting.pop(name, "")
        if not wanted:
            yield f"{name} is not in its manifest"
        elif hashlib.sha256(content).hexdigest() != wanted:
            yield f"{name} has not the digest that its manifest gives"

    def _payload(self, payload: Payload) -> Iterator[str]:
        name = payload.member.name
        if int(payload.index) >= self.stated.payloads:
            yield f"{name} belongs to no payload that its header announces"
        found = packed_tar.read(_packed(self.view, payload.member), name, self.budget)
        unsigned = False
        for entry in found.files:
            path = f"data/{payload.index}/{entry.name}"
            if path in self.augmented and path not in self.waiting:
                unsigned = True
            else:
                yield from self._compare(path, found.file(entry, self.budget))
        if found.bare and not unsigned and payload.member.ranges:
            self.carried.append(payload.member)


def _verify(signed: Signed, group: Group, trust: TrustStore) -> tuple[Observed, ...]:
    view, artifact = group.artifact.content, signed.artifact
    message = Message(_packed(view, artifact.manifest), ("sha256",))
    found = signer.by_key(signed.value, message, group, trust, usual=USUAL, algorithms=("rsa", "ecdsa"))  # 2
    if signed.broken:
        found = found.broken(signed.broken[0])
    covered = (artifact.version, artifact.manifest, artifact.header)
    framed = [one for one in (*covered, artifact.signature, *signed.carried) if one is not None]
    own = artifact.signature.ranges if artifact.signature else ()
    return (
        signer.observation(
            found, NAME, group.artifact.locator, group.artifact.locator,
            covers=_spans(covered), carries=_spans(signed.carried),
            envelope=(*own, *archive_frames.tar_frames(view, framed)),
            states=_states(signed.stated), oddities=_oddities(signed),
        ),
    )  # fmt: skip


def _spans(members: tuple[TarEntry, ...]) -> list[ByteRange]:
    return [span for one in members for span in one.ranges]


def _states(stated: Stated) -> Iterator[tuple[str, str]]:
    yield from (("name", one) for one in stated.names)
    yield from (("version", one) for one in stated.versions)
    yield from (("device-type", one) for one in stated.devices)


def _oddities(signed: Signed) -> Iterator[str]:
    if signed.artifact.augments:
        yield "an augmentation that nobody signed adds to what is installed"


SCHEME = SignatureScheme(
    name=NAME,
    detect=_detect,
    parse=_parse,
    verify=_verify,
    embedded=True,
    doc=Doc(
        "Mender artifact",
        vendor="Northern.tech",
        references=("mender-artifact 3.9, Documentation/artifact-format-v3.md, read 2026-11-22",),
        limitations=(
            "Format version 1 has no manifest and is not read.",
            "What manifest-augment adds is signed by nobody and stays uncovered.",
        ),
    ),
)
