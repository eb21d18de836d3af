"""Signatures appended to Linux kernel modules.

Layout: `formats.kernel_module`; Linux Documentation/admin-guide/module-signing.rst of 6.1, read 2026-11-22.
Signed: all bytes before the CMS. Not signed: the CMS, the struct behind it and the marker.

Procedure:
1. The struct's reserved fields are zero, its type is PKCS#7, its length leaves a module.
2. The CMS is detached, of type data, and fills its field to the last byte.
3. Its signers are checked over the body; the certificate usually lies in the registry only, found by issuer and
   serial number or by its key identifier (`cms`).

Compressed modules are reached once they are unpacked. Does not do: signatures from before Linux 4.3 (named).
"""

from __future__ import annotations

from dataclasses import dataclass

from fwverify.authenticate import cms, placed_cms
from fwverify.authenticate.interface import Group, Observed, SignatureScheme
from fwverify.authenticate.placed_cms import PlacedCms
from fwverify.authenticate.proofs import Message
from fwverify.authenticate.signer import Signer, observation
from fwverify.formats import kernel_module
from fwverify.formats.kernel_module import AppendedSignature
from fwverify.model.artifact import Artifact
from fwverify.model.plugin import Doc
from fwverify.trust.store import TrustStore

NAME = "kmod"
ID_DATA = "1.2.840.113549.1.7.1"


@dataclass(frozen=True, slots=True)
class Signed:
    """A module with its signature."""

    layout: AppendedSignature
    placed: PlacedCms


def _detect(artifact: Artifact) -> bool:
    return kernel_module.looks_like(artifact.content)


def _parse(artifact: Artifact) -> tuple[Signed, ...]:
    layout = kernel_module.parse(artifact.content)  # 1
    return (Signed(layout, placed_cms.read(artifact.content, layout.cms)),)


def _verify(signed: Signed, group: Group, trust: TrustStore) -> tuple[Observed, ...]:
    layout, data = signed.layout, signed.placed.data
    message = Message(group.artifact.content[: layout.body.end])
    where = group.locator()
    return tuple(
        observation(
            _bound(one, signed),
            NAME,
            where,
            where,
            covers=(layout.body,),
            envelope=(*signed.placed.envelope, layout.frame),
            oddities=(*signed.placed.oddities, *_oddities(signed)),
        )
        for one in cms.signers(data, message, group, trust)  # 3
    )


def _bound(signer: Signer, signed: Signed) -> Signer:
    """What a signature that holds must be besides (step 2)."""
    data = signed.placed.data
    if signer.held is None:
        return signer
    if data.content is not None:
        return signer.broken("the signature brings content of its own in place of the module")
    if data.content_type != ID_DATA:
        return signer.broken(f"the signature is for content of type {data.content_type}, not for a module")
    return signer


def _oddities(signed: Signed) -> tuple[str, ...]:
    found = []
    if not signed.layout.elf:
        found.append("what is signed is no ELF file: no kernel takes it for a module")
    if signed.layout.again:
        found.append("the signed body ends in a further module signature, which no kernel looks at")
    return tuple(found)


SCHEME: SignatureScheme[Signed] = SignatureScheme(
    name=NAME,
    detect=_detect,
    parse=_parse,
    verify=_verify,
    embedded=True,
    doc=Doc(
        title="Linux kernel module signature",
        vendor="Linux",
        references=("Linux 6.1, kernel/module_signature.c and admin-guide/module-signing.rst, read 2026-11-22",),
        limitations=("signatures from before Linux 4.3 are named, not checked",),
    ),
)
