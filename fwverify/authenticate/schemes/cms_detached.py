"""CMS / PKCS#7 signature files: detached over the file beside them, or attached with that same file inside.

Layout: `formats.cms`; procedure: `authenticate.cms`. Signed: all bytes of the file it is about, exactly as they are
(S/MIME's translation of line ends is another content and does not verify). An attached content must be that file, byte
for byte: what is verified is always the delivered file, never a copy in the signature.
Bytes behind the DER are an oddity: another program may read them. Does not do: attached CMS that is the firmware.
"""

from __future__ import annotations

from fwverify.authenticate import cms as verification
from fwverify.authenticate.interface import Group, Observed, SignatureScheme
from fwverify.authenticate.proofs import Message
from fwverify.authenticate.signer import Signer, observation
from fwverify.formats import cms, signature_kinds
from fwverify.formats.cms import SignedData
from fwverify.model.artifact import Artifact
from fwverify.model.evidence import SignatureStatus
from fwverify.model.examining import Unsupported
from fwverify.model.plugin import Doc
from fwverify.trust.store import TrustStore

NAME = "cms"
MAX_BYTES = 16 << 20
"""An attached CMS holds the firmware."""

FOREIGN = {"1.2.840.113549.1.9.16.1.4": "a timestamp", "1.3.6.1.4.1.311.2.1.4": "an Authenticode signature"}
"""Content types that mean something else than the file: their contents octets must not pass for firmware."""


def _detect(artifact: Artifact) -> bool:
    return signature_kinds.recognised(artifact.content).startswith("CMS")


def _parse(artifact: Artifact) -> tuple[tuple[SignedData, int], ...]:
    if artifact.size > MAX_BYTES:
        raise Unsupported(f"a CMS of more than {MAX_BYTES >> 20} MiB")
    raw = cms.decoded(artifact.content)
    data = cms.parse(raw)
    return ((data, len(raw) - data.size),)


def _verify(signature: tuple[SignedData, int], group: Group, trust: TrustStore) -> tuple[Observed, ...]:
    data, behind = signature
    source, about = group.artifact.locator, group.about
    if about is None:
        detail = "the file it signs is not in the delivery, or no name tells which it is"
        return (observation(Signer(SignatureStatus.UNVERIFIABLE, detail), NAME, source, None),)
    if data.content_type in FOREIGN:
        detail = f"it is {FOREIGN[data.content_type]}, not a signature of a file"
        return (observation(Signer(SignatureStatus.INVALID, detail), NAME, source, about.locator),)
    if data.content is not None and data.content != about.content:
        detail = f"it holds another content than {about.name}"
        return (observation(Signer(SignatureStatus.INVALID, detail), NAME, source, about.locator),)
    made = (("attached", "no" if data.content is None else "yes"),)
    odd = (f"{behind} bytes stand behind the signature",) if behind else ()
    return tuple(
        observation(one, NAME, source, about.locator, covers=about.whole, oddities=odd)
        for one in verification.signers(data, Message.of(about), group, trust, made=made)
    )


SCHEME = SignatureScheme(
    name=NAME,
    detect=_detect,
    parse=_parse,
    verify=_verify,
    doc=Doc(
        "CMS / PKCS#7 signature",
        vendor="IETF",
        references=(
            "RFC 5652 sections 5.1 to 5.6 (Cryptographic Message Syntax), read 2026-11-22",
            "RFC 5280 section 6 (certification paths), RFC 3161 (timestamps), read 2026-11-22",
        ),
        limitations=(
            "S/MIME's translation of line ends is not undone.",
            "Revocation is asked of lists pinned beside the certificate only; nothing is fetched.",
        ),
    ),
)
