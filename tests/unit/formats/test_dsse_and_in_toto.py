"""DSSE envelopes and in-toto statements as they are read: strictness, subjects, what provenance says."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest

from fwverify.formats import dsse, in_toto
from fwverify.model.examining import Malformed, Unsupported
from tests.vectors.makers.attestations import BUILDER, PAYLOAD, ec_key, envelope, statement

GOOD = envelope(statement(), ec_key())


def text(value: Any) -> bytes:
    return json.dumps(value).encode()


def said(value: Any) -> in_toto.Statement:
    return in_toto.parse(text(value))


def test_reads_one_and_many() -> None:
    """One object, pretty or not, is one envelope; objects in lines are as many."""
    assert len(dsse.parse(text(GOOD))) == len(dsse.parse(json.dumps(GOOD, indent=2).encode())) == 1
    assert len(dsse.parse(text(GOOD) + b"\n" + text(GOOD) + b"\n\n")) == 2


def test_encoding_is_that_of_the_specification() -> None:
    """The example of protocol.md."""
    assert dsse.encoded("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


@pytest.mark.parametrize(
    "change",
    [
        {"payload": None}, {"payloadType": ""}, {"signatures": []}, {"signatures": {}}, {"signatures": [{}]},
        {"signatures": [{"sig": 1}]}, {"signatures": [{"sig": "AA==", "keyid": 1}]}, {"payload": "A"},
        {"payload": "+_AA"}, {"payload": "\u00e9"}, {"payload": "AA="}, {"signatures": [{"sig": "AA=="}] * 65},
    ],
)  # fmt: skip
def test_refuses(change: dict[str, Any]) -> None:
    """Missing or mistyped fields, no signature, and base64 that two readers could see differently."""
    with pytest.raises(Malformed):
        dsse.parse(text({**GOOD, **change}))


def test_base64_of_either_kind() -> None:
    """The standard and the URL alphabet, with and without padding."""
    raw = bytes(range(248, 256)) + b"x"
    for value in (base64.b64encode(raw), base64.urlsafe_b64encode(raw), base64.urlsafe_b64encode(raw).rstrip(b"=")):
        assert dsse.decoded(value.decode(), "payload") == raw


def test_key_given_twice() -> None:
    """A second payload in one object is refused."""
    with pytest.raises(Malformed, match="twice"):
        dsse.parse(b'{"payload": "",' + text(GOOD)[1:])


def test_provenance_of_both_versions() -> None:
    """Builder, build type and source of SLSA v1 and v0.2."""
    assert dict(said(statement()).states) == {
        "builder": BUILDER, "build-type": "https://vendor.invalid/build/v1",
        "source": "https://forge.vendor.invalid/fw",
    }  # fmt: skip
    older = statement(
        predicateType="https://slsa.dev/provenance/v0.2",
        predicate={
            "builder": {"id": "b"},
            "buildType": "t",
            "invocation": {"configSource": {"uri": "git+https://x"}},
        },
    )
    assert dict(said(older).states) == {"builder": "b", "build-type": "t", "source": "git+https://x"}


def test_summary() -> None:
    """A summary's level counts as read; one that does not say PASSED is refused."""
    predicate = {"verificationResult": "PASSED", "verifiedLevels": ["SLSA_BUILD_LEVEL_2", "SLSA_SOURCE_LEVEL_3"]}
    kind = "https://slsa.dev/verification_summary/v1"
    found = said(statement(predicateType=kind, predicate=predicate))
    assert dict(found.states) == {"vsa-result": "PASSED", "slsa-level": "2"} and not found.refuses
    assert said(statement(predicateType=kind, predicate={**predicate, "verificationResult": "FAILED"})).refuses
    assert said(statement(predicateType=kind, predicate={})).refuses


@pytest.mark.parametrize(
    ("digests", "yes"),
    [
        ({"sha256": "right"}, True), ({"sha512": "right"}, True), ({"SHA256": "right"}, True),
        ({"sha256": "right", "sha512": "wrong"}, False), ({"sha256": "right", "md5": "wrong"}, False),
        ({"sha1": "right"}, False), ({"md5": "right"}, False), ({"gitCommit": "right"}, False),
        ({"sha256": "right", "gitCommit": "wrong"}, True), ({"sha256": "wrong"}, False),
    ],
)  # fmt: skip
def test_subject(digests: dict[str, str], yes: bool) -> None:
    """SHA-256 or better binds, and every digest that is known must agree."""

    def digest(name: str) -> str:
        return hashlib.new(name, PAYLOAD).hexdigest()

    given = {
        name: (digest(name.lower()) if value == "right" and name != "gitCommit" else "00")
        for name, value in digests.items()
    }
    (subject,) = said(statement(subject=[{"name": "x", "digest": given}])).subjects
    assert subject.is_about(digest) is yes


@pytest.mark.parametrize(
    "change",
    [
        {"subject": []}, {"subject": {}}, {"subject": [{}]}, {"subject": [{"digest": {}}]}, {"predicateType": ""},
        {"subject": [{"digest": {"sha256": 1}}]}, {"subject": [{"digest": {"sha256": "0", "SHA256": "1"}}]},
    ],
)  # fmt: skip
def test_refuses_statements(change: dict[str, Any]) -> None:
    """No subject, no digest, or a digest in two spellings."""
    with pytest.raises(Malformed):
        said({**statement(), **change})


def test_other_versions_are_unsupported() -> None:
    """A statement of another version is named, not guessed."""
    with pytest.raises(Unsupported, match="Statement/v9"):
        said(statement(_type="https://in-toto.io/Statement/v9"))


def test_bare_statement_is_told() -> None:
    """A statement that nobody signed is told as such only when it is alone in its file."""
    assert in_toto.is_bare(memoryview(text(statement())))
    assert not in_toto.is_bare(memoryview(text(statement()) + b"x"))
    assert not in_toto.is_bare(memoryview(text(GOOD)))
