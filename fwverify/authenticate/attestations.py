"""What a DSSE envelope says about delivered files, and whether keys on record stand behind it.

Shared by the schemes whose signatures lie in envelopes (`dsse`, Sigstore bundles). Procedure: see `schemes.dsse`.
Sources: `formats.dsse`, `formats.in_toto`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

from fwverify.authenticate import signer
from fwverify.authenticate.interface import Group
from fwverify.authenticate.proofs import Message
from fwverify.authenticate.signer import Signer
from fwverify.formats import dsse, in_toto
from fwverify.formats.dsse import Envelope
from fwverify.formats.in_toto import Statement
from fwverify.model.artifact import Artifact, Locator
from fwverify.model.evidence import SignatureObservation, SignatureStatus
from fwverify.model.examining import Malformed, Unsupported
from fwverify.trust.store import TrustStore

HASHES = ("sha256", "sha384", "sha512")
_USUAL = (("prehash", "none"),)
_ORDER = (SignatureStatus.VALID, SignatureStatus.UNKNOWN_KEY, SignatureStatus.INVALID, SignatureStatus.UNVERIFIABLE)
_ANY_NUMBER = (("threshold", str(dsse.MAX_SIGNATURES)),)


@dataclass(frozen=True, slots=True)
class Meaning:
    """What the payload of an envelope says, before anybody's signature is looked at."""

    parameters: tuple[tuple[str, str], ...]
    """To be recorded, and held against constraints."""
    states: tuple[tuple[str, str], ...] = ()
    subjects: tuple[Artifact, ...] = ()
    """Delivered files it is about."""
    contradicted: tuple[Artifact, ...] = ()
    """Delivered files it names with another digest."""
    refused: str = ""
    """Why it makes nothing valid although the signature may hold."""
    unread: str = ""
    """Why the payload was not understood."""

    def without(self, spoken: set[Locator]) -> Meaning:
        """Without the contradicted files that another envelope of the same file is about."""
        return replace(self, contradicted=tuple(one for one in self.contradicted if one.locator not in spoken))


@dataclass(slots=True)
class _Digests:
    """Digests of delivered files, each computed at most once."""

    known: dict[tuple[Locator, str], str] = field(default_factory=dict)

    def of(self, artifact: Artifact) -> Callable[[str], str]:
        def digest(name: str) -> str:
            place = (artifact.locator, name)
            if name == "sha256":
                return artifact.sha256.hex
            if place not in self.known:
                self.known[place] = hashlib.new(name, artifact.content, usedforsecurity=False).hexdigest()
            return self.known[place]

        return digest


def meaning(payload_type: str, payload: bytes, group: Group) -> Meaning:
    """Read a payload and find the delivered files it is about."""
    made = (("payload-type", payload_type[: in_toto.QUOTED]),)
    files = {one.locator: one for one in (*group.siblings.values(), *((group.about,) if group.about else ()))}
    files.pop(group.artifact.locator, None)
    others = [files[locator] for locator in sorted(files)]
    if payload_type != in_toto.PAYLOAD_TYPE:
        digest = hashlib.sha256(payload).hexdigest()
        same = tuple(one for one in others if one.sha256.hex == digest)
        return Meaning(made, (), same, unread=f"envelopes of type {payload_type[:80]} are not supported yet")
    try:
        statement = in_toto.parse(payload)
    except Malformed as problem:
        return Meaning(made, refused=f"its statement is malformed: {problem.reason}")
    except Unsupported as problem:
        return Meaning(made, unread=str(problem))
    return replace(
        _matched(statement, others, group.about),
        parameters=(*made, ("predicate-type", statement.predicate_type), *_constrained(statement)),
        states=statement.states,
        refused=statement.refuses,
    )


def _constrained(statement: Statement) -> Iterator[tuple[str, str]]:
    for name, value in statement.states:
        if name in ("builder", "source"):
            yield name, value.replace(",", "%2C")  # a comma separates alternatives


def _matched(statement: Statement, others: list[Artifact], about: Artifact | None) -> Meaning:
    """The delivered files of a statement: by digest; by name only to see that a file is another."""
    digests, found, strangers = _Digests(), set(), set()
    delivered = {one.sha256.hex for one in others}
    for subject in statement.subjects:
        given = dict(subject.digests).get("sha256", "")
        same = [one for one in others if subject.is_about(digests.of(one))] if given in (delivered | {""}) else []
        found |= {one.locator for one in same}
        strangers |= set() if same else {subject.name}
    wrong = [
        one
        for one in others
        if one.name in strangers  # even where a subject of another name has its digest: two meanings
        or (one.locator not in found and about is not None and one.locator == about.locator)
    ]
    return Meaning(
        (),
        subjects=tuple(one for one in others if one.locator in found and one not in wrong),
        contradicted=tuple(wrong),
    )


def observations(
    envelope: Envelope,
    said: Meaning,
    group: Group,
    trust: TrustStore,
    scheme: str,
    *,
    made: Iterable[tuple[str, str]] = (),
    settle: Callable[[Signer], Signer] = lambda one: one,
) -> Iterator[SignatureObservation]:
    """One observation for each key that signed and each file it speaks of.

    Args:
        envelope: as read.
        said: what its payload means.
        group: the files.
        trust: the registry.
        scheme: the plug-in's name.
        made: further parameters.
        settle: what else must hold for a signer that holds (a log entry).
    """
    source = group.artifact.locator
    for one in _signers(envelope, (*said.parameters, *made), group, trust):
        found = settle(one) if one.held is not None else one
        for artifact in said.contradicted if found.held is not None else ():
            detail = f"its statement names {artifact.name} without a SHA-256 or better that the delivered file has"
            yield signer.observation(found.broken(detail), scheme, source, artifact.locator)
        if said.subjects and not said.refused:
            for artifact in said.subjects:
                yield signer.observation(
                    found, scheme, source, artifact.locator, covers=artifact.whole, states=said.states
                )
        elif not said.contradicted or found.held is None or said.refused:
            about = said.subjects[0] if said.subjects else group.about
            yield signer.observation(_about_nothing(found, said), scheme, source, about.locator if about else None)


def _about_nothing(found: Signer, said: Meaning) -> Signer:
    """A signer of what makes nothing valid: it is not about a delivered file, refuses it, or was not understood."""
    if found.held is None:
        return found
    if said.unread:
        return Signer(SignatureStatus.UNVERIFIABLE, said.unread, key=found.key)
    return found.broken(said.refused or "no delivered file has a digest that its statement gives")


def _signers(
    envelope: Envelope, made: tuple[tuple[str, str], ...], group: Group, trust: TrustStore
) -> tuple[Signer, ...]:
    """Every key whose signature holds, each once; where none does, the best of the other outcomes.

    `threshold` is the number of distinct keys of a vendor, however many signatures they made.
    """
    message = Message(memoryview(envelope.signed), HASHES)

    def tried(value: bytes, number: tuple[tuple[str, str], ...]) -> Signer:
        return signer.by_key(value, message, group, trust, usual=_USUAL, made=tuple(sorted((*made, *number))))

    first = [tried(one.value, _ANY_NUMBER) for one in envelope.signatures]
    valid = [one for one in first if one.valid]
    found: dict[str, Signer] = {}
    for one, signature in zip(first, envelope.signatures, strict=True):
        if one.key is not None and one.status is not SignatureStatus.UNKNOWN_KEY:
            number = (("threshold", str(_distinct(one, valid))),)
            found.setdefault(one.key.fingerprint, tried(signature.value, number))
    return tuple(found.values()) or (min(first, key=lambda one: _ORDER.index(one.status)),)


def _distinct(one: Signer, valid: list[Signer]) -> int:
    """How many keys of the same vendor signed, this one included."""
    vendors = {entry.record.vendor for entry in one.entries}
    same = [other for other in valid if vendors & {entry.record.vendor for entry in other.entries}]
    return len({other.key.fingerprint for other in same if other.key is not None})
