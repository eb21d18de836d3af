"""Where a document ends: nothing may follow what a file was taken for."""

from __future__ import annotations

import pytest

from fwverify.formats.checksum_list import plain_name
from fwverify.formats.signature_kinds import alone
from fwverify.formats.strict_json import stands_alone
from fwverify.formats.strict_yaml import MAX_DEPTH, YamlProblem, load


@pytest.mark.parametrize(
    "text", ["{}", ' {"a": "}"}\n', '{"a": [1, {"b": "\\"}"}]}', '{"a": [,]}', '\ufeff{"a": 1, "a": 2}']
)
def test_one_object(text: str) -> None:
    """One object from first to last byte, sound inside or not."""
    assert stands_alone(memoryview(text.encode()))


@pytest.mark.parametrize(
    "text", ["", "[]", "{}{}", "{} x", "{", '{"a": "}', '{"a": 1}]', '{"a": 1} {', '{"a": 1} } {}', "{\0}"]
)
def test_not_one_object(text: str) -> None:
    """Cut off, followed by more, or no object."""
    assert not stands_alone(memoryview(text.encode()))


def test_der_reaches_to_the_end() -> None:
    """A CMS message in DER says how long it is, in short and in long form; the indefinite form is not taken."""
    body = bytes.fromhex("06092a864886f70d010702") + bytes(200)
    whole = b"\x30\x81" + bytes([len(body)]) + body
    assert alone(memoryview(whole)) == "CMS/PKCS#7"
    for other in (whole + b"\0", whole[:-1], b"\x30\x80" + body, b"\x30\x89" + body, b"\x30"):
        assert alone(memoryview(other)) == ""


def test_signify() -> None:
    """Two lines and nothing else."""
    whole = b"untrusted comment: signify signature\n" + b"A" * 99 + b"=\n"
    assert alone(memoryview(whole)) == "signify"
    assert alone(memoryview(whole + b"x\n")) == ""


@pytest.mark.parametrize(
    ("written", "plain"),
    [("./a", "a"), ("././a", "a"), (".//./a", "a"), ("b/./a", "b/a"), ("b//a", "b/a"), ("/a", "/a"), ("../a", "../a"),
     ("b/../a", "b/../a"), (".a", ".a"), ("b/.a", "b/.a"), ("a/", "a/"), ("..a/b", "..a/b")],
)  # fmt: skip
def test_names_in_lists(written: str, plain: str) -> None:
    """What changes nothing in a path is taken away; what may lead elsewhere stays, and matches no file."""
    assert plain_name(written) == plain


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ("{a: ", "}"), ("- ", "")])
def test_deep_yaml(opening: str, closing: str) -> None:
    """Nesting is counted before anything recurses: libyaml's composer would take the process with it."""
    load(opening * (MAX_DEPTH - 1) + "x" + closing * (MAX_DEPTH - 1))
    with pytest.raises(YamlProblem, match="nested too deeply"):
        load(opening * 100_000 + "x" + closing * 100_000)
