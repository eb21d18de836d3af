"""in-toto statements: which files a signed predicate is about, and what provenance says of their making.

Sources, read 2026-11-22: in-toto attestation `spec/v1/statement.md` and `digest_set.md` (v1) and v0.1 `README.md`;
SLSA provenance v0.2 and v1 and verification summary (VSA) v0.2 and v1 of slsa.dev.

A subject counts by SHA-256 or better, never by its name. Every digest that a subject gives and that is computed here
must agree. Predicates of other types are not read; their type is kept. Nothing here is believed before its
signature is verified.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from fwverify.formats import strict_json
from fwverify.model.examining import Malformed, Unsupported

WHAT = "in-toto statement"
PAYLOAD_TYPE = "application/vnd.in-toto+json"
TYPES = frozenset({"https://in-toto.io/Statement/v1", "https://in-toto.io/Statement/v0.1"})
STRONG = ("sha256", "sha384", "sha512", "sha3_256", "sha3_384", "sha3_512", "blake2b")
"""Digests that bind; hashlib names, which are those of in-toto's DigestSet."""
WEAK = ("sha1", "md5", "sha224")
"""Digests that must agree where they are given, and bind nothing."""
MAX_SUBJECTS = 10_000
QUOTED = 400
"""Characters of a value of theirs that are kept."""
PROVENANCE = re.compile(r"https://slsa\.dev/provenance/v(0\.1|0\.2|1(?:\.\d+)?)")
SUMMARY = re.compile(r"https://slsa\.dev/verification_summary/v(0\.1|0\.2|1(?:\.\d+)?)")
TEST_RESULT = re.compile(r"https://in-toto\.io/attestation/test-result/v\d+(?:\.\d+)?")
_LEVEL = re.compile(r"SLSA_(?:BUILD_)?LEVEL_([0-4])")

Fields = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Subject:
    """One file that a statement is about."""

    name: str
    """As written; proves nothing."""
    digests: tuple[tuple[str, str], ...]
    """(algorithm, lower-case hexadecimal)"""

    def is_about(self, digest: Callable[[str], str]) -> bool:
        """True when a strong digest is given and all digests that are known here agree.

        Args:
            digest: the file's digest in hexadecimal, by hashlib name.
        """
        known = [(name, value) for name, value in self.digests if name in (*STRONG, *WEAK)]
        strong = [name for name, _ in known if name in STRONG]
        return bool(strong) and all(digest(name) == value for name, value in known)


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement."""

    type: str
    predicate_type: str
    subjects: tuple[Subject, ...]
    states: tuple[tuple[str, str], ...]
    """What provenance or a verification summary says, sorted: `builder`, `build-type`, `source`, `slsa-level`,
    `vsa-result`, `vsa-policy`, `vsa-verifier`."""
    refuses: str
    """Why its author does not stand behind the subject (a verification that failed); empty otherwise."""


def is_bare(view: memoryview) -> bool:
    """True for a statement that nobody signed, alone in its file."""
    head = bytes(view[:65536])
    return b"https://in-toto.io/Statement/" in head and b'"_type"' in head and strict_json.stands_alone(view)


def parse(payload: bytes) -> Statement:
    """Read a statement.

    Raises:
        Malformed: it is none.
        Unsupported: a version that is not read, named.
    """
    document = strict_json.load(payload, WHAT)
    if not isinstance(document, dict):
        raise Malformed(WHAT, "not a JSON object")
    kind = _text(document.get("_type"))
    if kind not in TYPES:
        raise Unsupported(f"statements of type {kind[:80] or 'none'} are not supported yet")
    predicate_type, subjects = _text(document.get("predicateType")), document.get("subject")
    if not predicate_type:
        raise Malformed(WHAT, "it has no predicate type")
    if not isinstance(subjects, list) or not subjects:
        raise Malformed(WHAT, "it is about nothing: it has no subject")
    if len(subjects) > MAX_SUBJECTS:
        raise Malformed(WHAT, f"{len(subjects)} subjects, at most {MAX_SUBJECTS} are read")
    predicate = _fields(document.get("predicate"))
    states, refuses = _said(predicate_type, predicate)
    return Statement(kind, predicate_type[:QUOTED], tuple(map(_subject, subjects)), states, refuses)


def _subject(value: object) -> Subject:
    digests = value.get("digest") if isinstance(value, dict) else None
    if not isinstance(value, dict) or not isinstance(digests, dict) or not digests:
        raise Malformed(WHAT, "a subject without digest")
    if not all(isinstance(one, str) for one in digests.values()):
        raise Malformed(WHAT, "a digest that is no text")
    found = tuple(sorted((str(name).casefold(), str(one).casefold()) for name, one in digests.items()))
    if len({name for name, _ in found}) != len(found):
        raise Malformed(WHAT, "a digest is given in two spellings")
    return Subject(_text(value.get("name")), found)


def _said(predicate_type: str, predicate: Fields) -> tuple[tuple[tuple[str, str], ...], str]:
    """(states, why it refuses)"""
    said: dict[str, str] = {}
    refuses = ""
    if PROVENANCE.fullmatch(predicate_type):
        said = _provenance(predicate)
    elif SUMMARY.fullmatch(predicate_type):
        said = _summary(predicate)
        if said.get("vsa-result") != "PASSED":
            refuses = f"it is a verification summary that says {said.get('vsa-result') or 'nothing'}, not PASSED"
    elif TEST_RESULT.fullmatch(predicate_type) and _text(predicate.get("result")) == "FAILED":
        refuses = "it is a test result that says FAILED"
    return tuple(sorted((name, value[:QUOTED]) for name, value in said.items() if value)), refuses


def _provenance(predicate: Fields) -> dict[str, str]:
    """Builder, build type and source, of v1 (buildDefinition, runDetails) or of v0.2 and before."""
    definition = _fields(predicate.get("buildDefinition"))
    if definition:
        run = _fields(predicate.get("runDetails"))
        return {
            "builder": _text(_fields(run.get("builder")).get("id")),
            "build-type": _text(definition.get("buildType")),
            "source": _source(definition),
        }
    invocation = _fields(predicate.get("invocation"))
    source = _fields(invocation.get("configSource"))
    return {
        "builder": _text(_fields(predicate.get("builder")).get("id")),
        "build-type": _text(predicate.get("buildType")) or _text(_fields(predicate.get("recipe")).get("type")),
        "source": _text(source.get("uri")),
    }


def _source(definition: Fields) -> str:
    """Where the source was taken from, by the parameters in use (v1 leaves them to the build type), else the first
    dependency that is a repository."""
    parameters = _fields(definition.get("externalParameters"))
    for value in (parameters.get("workflow"), parameters.get("source"), parameters.get("repository")):
        named = _text(value) or _text(_fields(value).get("repository")) or _text(_fields(value).get("uri"))
        if named:
            return named
    dependencies = definition.get("resolvedDependencies")
    uris = [_text(_fields(one).get("uri")) for one in dependencies] if isinstance(dependencies, list) else []
    return next((one for one in uris if one.startswith("git+")), "")


def _summary(predicate: Fields) -> dict[str, str]:
    """Result, policy and the build level (v1: verifiedLevels; v0.2: policy_level)."""
    levels = predicate.get("verifiedLevels")
    names = [_text(one) for one in levels] if isinstance(levels, list) else [_text(predicate.get("policy_level"))]
    numbers = [found[1] for one in names if (found := _LEVEL.fullmatch(one))]
    return {
        "vsa-result": _text(predicate.get("verificationResult")) or _text(predicate.get("verification_result")),
        "vsa-policy": _text(_fields(predicate.get("policy")).get("uri")),
        "vsa-verifier": _text(_fields(predicate.get("verifier")).get("id")),
        "slsa-level": max(numbers, default=""),
    }


def _fields(value: object) -> Fields:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
