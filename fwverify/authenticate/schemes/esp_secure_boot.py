"""Secure boot signatures of the ESP32 family, versions 1 and 2: boot loader, application, partition table alike.

Source: ESP-IDF Programming Guide, "Secure Boot V2" and "Secure Boot" (version 1), read 2026-11-22. Layout:
`formats.esp_secure_boot`.

Procedure, version 2:
1. The sector is the last one: with anything behind it boot loader and tools look in different places.
2. The digest in a block is that of everything before the sector, the filling included.
3. The signature holds under a key on record: RSA-3072 as PSS with a salt of 32 bytes, ECDSA with SHA-256 or SHA-384.
4. The key in the block is the one that made it; it chooses and proves nothing. A block that does not hold under its
   own key is broken, whoever made it.
Version 1: ECDSA P-256 with SHA-256 over everything before the 68 bytes.

XOR checksum and appended SHA-256 of an image show damage alone. Which digests of keys are burnt into a device, and
which of them are revoked, is not known here.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwverify.authenticate import signer as signing
from fwverify.authenticate.interface import Group, Observed, SignatureScheme
from fwverify.authenticate.proofs import Message
from fwverify.authenticate.signer import Signer
from fwverify.formats import esp_image, esp_secure_boot
from fwverify.formats.esp_secure_boot import Block, Sector, Version1
from fwverify.model.artifact import Artifact, ByteRange, subtracted
from fwverify.model.evidence import SignatureStatus
from fwverify.model.examining import Malformed
from fwverify.model.plugin import Doc
from fwverify.trust.store import TrustStore

NAME = "esp-secure-boot"
PSS_SALT = "32"
CURVE_V1 = "secp256r1"

Signature = Sector | Version1


def _detect(artifact: Artifact) -> bool:
    view = artifact.content
    last = len(view) - esp_secure_boot.SECTOR_BYTES
    return (
        esp_image.looks_like(view)
        or esp_secure_boot.has_block(view, last)
        or view[:2] == esp_secure_boot.PARTITION_MAGIC
    )


def _parse(artifact: Artifact) -> tuple[Signature, ...]:
    start = esp_secure_boot.find_sector(artifact.content)
    if start:
        return (esp_secure_boot.read_sector(artifact.content, start),)
    version1 = esp_secure_boot.find_version1(artifact.content)
    return (version1,) if version1 is not None else ()


def _verify(signature: Signature, group: Group, trust: TrustStore) -> tuple[Observed, ...]:
    if isinstance(signature, Version1):
        return (_version1(signature, group, trust),)
    message = Message(group.artifact.content[: signature.start], hashes=("sha256", "sha384"))
    return tuple(_version2(signature, block, message, group, trust) for block in signature.blocks)


def _version2(sector: Sector, block: Block, message: Message, group: Group, trust: TrustStore) -> Observed:
    where = group.artifact.locator
    found = _signer(sector, block, message, group, trust)
    frame = subtracted(sector.whole, sector.strange)
    return signing.observation(
        found,
        NAME,
        where,
        where,
        covers=(ByteRange(0, sector.start),),
        envelope=frame,
        states=_states(group.artifact.content),
        oddities=_oddities(sector),
    )


def _signer(sector: Sector, block: Block, message: Message, group: Group, trust: TrustStore) -> Signer:
    if sector.behind is not None:  # 1
        detail = f"{sector.behind.size} bytes follow the signature sector, which has to be the last"
        return Signer(SignatureStatus.INVALID, detail)
    if message.digest(block.hash) != block.digest:  # 2
        return Signer(SignatureStatus.INVALID, f"the {block.hash} digest in the block is not that of the contents")
    narrowed = Message(message.content, hashes=(block.hash,), _digests={block.hash: block.digest})
    found = signing.by_key(  # 3
        block.value,
        narrowed,
        group,
        trust,
        inside=(block.key,),
        named=lambda key: key.fingerprint == block.key.fingerprint,
        algorithms=(block.key.algorithm,),
    )
    if found.held is None or found.key is None:  # 4; where it held under its own key, that is unknown_key
        return found.broken("the signature in a block does not hold under the key in that block")
    if found.key.fingerprint != block.key.fingerprint:
        return found.broken("the key in the block is not the one that made its signature")
    if found.held.algorithm == "rsa-pkcs1v15" or dict(found.held.parameters).get("salt", PSS_SALT) != PSS_SALT:
        return found.broken(f"secure boot takes RSA as PSS with a salt of {PSS_SALT} bytes, this was made otherwise")
    return found


def _oddities(sector: Sector) -> Iterator[str]:
    if sector.strange:
        what = f" ({sector.broken})" if sector.broken else ""
        yield f"unused parts of the signature sector are not erased{what}"


def _version1(signature: Version1, group: Group, trust: TrustStore) -> Observed:
    view, where = group.artifact.content, group.artifact.locator
    message = Message(view[: signature.start], hashes=("sha256",))
    found = signing.by_key(signature.value, message, group, trust, algorithms=("ecdsa",))
    if found.held is not None and found.key is not None and found.key.detail != CURVE_V1:
        found = found.broken(f"secure boot version 1 takes keys on {CURVE_V1}, this is on {found.key.detail}")
    return signing.observation(
        found,
        NAME,
        where,
        where,
        covers=(ByteRange(0, signature.start),),
        envelope=(ByteRange(signature.start, signature.start + esp_secure_boot.V1_BYTES),),
        states=_states(view),
    )


def _states(view: memoryview) -> Iterator[tuple[str, str]]:
    """What the signed application description says."""
    if not esp_image.looks_like(view):
        return
    try:
        description = esp_image.read_esp_image(view).description
    except Malformed:
        return
    if description is not None:
        yield "security-counter", str(description.secure_version)
        for name, text in (("version", description.version), ("name", description.project)):
            if text:
                yield name, text


SCHEME = SignatureScheme(
    name=NAME,
    detect=_detect,
    parse=_parse,
    verify=_verify,
    doc=Doc(
        "ESP32 secure boot signature (versions 1 and 2)",
        vendor="Espressif",
        references=(
            "ESP-IDF Programming Guide, Secure Boot V2, read 2026-11-22",
            "ESP-IDF Programming Guide, Secure Boot (version 1), read 2026-11-22",
        ),
        limitations=(
            "A signature of version 1 is found only right behind an image or a partition table: it has no magic.",
            "Which keys a device trusts (eFuse digests, revocation) is the registry's to say.",
            "Boot loader digests made with a device's own key are not signatures and are not read.",
        ),
    ),
    embedded=True,
)
