"""DSSE envelopes with keys on record: in-toto statements about delivered files, or the files themselves.

Layout: `formats.dsse` and `formats.in_toto`; sources there, read 2026-11-22. Signed: the payload and its type. A
statement binds its subjects by digest; so do payloads that are a delivered file.

Procedure, for each envelope of the file:
1. Every signature is tried under every key on record, over the pre-authentication encoding of type and payload. Key
   ids choose nothing.
2. The type, the predicate's type, builder and source are recorded and held against the entries' constraints, and so
   is `threshold`: the number of distinct keys of that vendor whose signatures hold, however many signatures they made.
3. A statement is about the delivered files that have a subject's digests (SHA-256 or better), never about a name.
   A delivered file that a subject names but whose digest it does not have: invalid.
4. An envelope that is about nothing here is invalid, unless it lies in a file whose other envelopes are.
5. A statement whose author does not stand behind the subject (a verification that failed) is invalid.

Does not do: certificates in envelopes (Sigstore: `sigstore_bundle`), predicates of other types.
"""

from __future__ import annotations

from dataclasses import dataclass

from fwverify.authenticate import attestations
from fwverify.authenticate.interface import Group, Observed, SignatureScheme
from fwverify.formats import dsse, sigstore_json
from fwverify.formats.dsse import Envelope
from fwverify.model.artifact import Artifact
from fwverify.model.plugin import Doc
from fwverify.trust.store import TrustStore

NAME = "dsse"


@dataclass(frozen=True, slots=True)
class _File:
    """The envelopes of one file; those about files that were not delivered count only beside others."""

    envelopes: tuple[Envelope, ...]


def _detect(artifact: Artifact) -> bool:
    return dsse.looks_like(artifact.content) and sigstore_json.MEDIA_TYPE.encode() not in bytes(artifact.content)


def _parse(artifact: Artifact) -> tuple[_File, ...]:
    return (_File(dsse.parse(artifact.content)),)


def _verify(file: _File, group: Group, trust: TrustStore) -> tuple[Observed, ...]:
    read = [(one, attestations.meaning(one.payload_type, one.payload, group)) for one in file.envelopes]
    spoken = {one.locator for _, said in read for one in said.subjects}
    if spoken:  # 4
        read = [(one, said.without(spoken)) for one, said in read]
        read = [(one, said) for one, said in read if said.subjects or said.contradicted]
    return tuple(found for one, said in read for found in attestations.observations(one, said, group, trust, NAME))


SCHEME = SignatureScheme(
    name=NAME,
    detect=_detect,
    parse=_parse,
    verify=_verify,
    doc=Doc(
        "DSSE envelope with in-toto statements (SLSA provenance, VSA)",
        vendor="secure-systems-lab, in-toto",
        references=(
            "DSSE v1.0 protocol.md and envelope.md; in-toto attestation statement v1 and v0.1, read 2026-11-22",
            "SLSA provenance v0.2 and v1, verification summary v0.2 and v1, read 2026-11-22",
        ),
        limitations=(
            "Predicates other than SLSA provenance, VSA and test results are not read; their type is recorded.",
            "Certificates inside envelopes are not used.",
        ),
    ),
)
