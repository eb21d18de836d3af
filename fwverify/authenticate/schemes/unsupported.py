"""Signed images of formats that are not verified yet: named, so that nobody takes them for unsigned or for checked.

Recognition: `formats.signature_kinds.inside`; sources there. Every such image gets one `unverifiable` observation.
Does not do: anything with the signature; detached files of such formats are named by the stage itself.
"""

from __future__ import annotations

from fwverify.authenticate.interface import Group, Observed, SignatureScheme
from fwverify.formats import signature_kinds
from fwverify.model.artifact import Artifact
from fwverify.model.evidence import SignatureObservation, SignatureStatus
from fwverify.model.plugin import Doc
from fwverify.trust.store import TrustStore

NAME = "unsupported"


def _detect(artifact: Artifact) -> bool:
    return bool(signature_kinds.inside(artifact.content))


def _parse(artifact: Artifact) -> tuple[str, ...]:
    kind = signature_kinds.inside(artifact.content)
    return (kind,) if kind else ()


def _verify(kind: str, group: Group, trust: TrustStore) -> tuple[Observed, ...]:
    place = group.artifact.locator
    detail = f"{kind} signatures are not supported yet"
    return (SignatureObservation(kind.lower(), place, place, (), SignatureStatus.UNVERIFIABLE, detail),)


SCHEME = SignatureScheme(
    name=NAME,
    detect=_detect,
    parse=_parse,
    verify=_verify,
    doc=Doc(
        "Signed images not supported yet (SUIT, COSE, JWS, XML-DSig)",
        references=("draft-ietf-suit-manifest-34, RFC 9052, RFC 7515, XML Signature 1.1, read 2026-11-22",),
        limitations=("Recognised and named only; nothing is verified.",),
    ),
    embedded=True,
)
