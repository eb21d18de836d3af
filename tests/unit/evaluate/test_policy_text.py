"""The policy language: what it reads, and every mistake with its place."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fwverify.cli.policies_io import load_policy, shipped
from fwverify.errors import PolicyError
from fwverify.evaluate.interface import Param, ParamKind
from fwverify.evaluate.policy import Policy
from fwverify.evaluate.policy_schema import policy_schema
from fwverify.evaluate.policy_text import KEYS, parse_policy
from fwverify.evaluate.registry import BUILTIN
from fwverify.evaluate.values import NotAValue, integer, looser, ratio, shown
from fwverify.model.finding import Level

HEAD = "fwverify: policy/1\nid: p\nversion: 1.10\ntitle: T\n"
ROOT = Path(__file__).parents[3]


def parse(text: str) -> Policy:
    return parse_policy(text, "p.yaml", load_policy)


def mistake(text: str) -> PolicyError:
    with pytest.raises(PolicyError) as caught:
        parse(text)
    return caught.value


def test_reads_everything() -> None:
    """Every key arrives typed, texts stay as written, and every rule is there with all its values."""
    found = parse(
        HEAD + "owner: me\nreview-by: 2027-06-30\nunwaivable: [signature.valid]\non-missing: fail\ncontent-only: true\n"
        "allow-sample-keys: true\naction: merge\nexpect: {vendor: acme, product: NO, installed: 3.10}\nrules:\n"
        "  signature.valid: must\n  package.examined: {min: 0.90}\n  sbom.present:\n"
        "  signature.coverage: {level: info, ignore: []}\n"
    )
    assert (found.id, found.version, found.owner, found.review_by) == ("p", "1.10", "me", "2027-06-30")
    assert (found.on_missing, found.content_only, found.allow_sample_keys, found.action) == (
        "fail",
        True,
        True,
        "merge",
    )
    assert (found.expect.vendor, found.expect.product, found.expect.installed) == ("acme", "NO", "3.10")
    assert found.unwaivable == ("signature.valid",)
    assert found.unwaivable_failures == ()
    assert [one.rule for one in found.rules] == [one.id for one in BUILTIN]
    assert found.value("package.examined", "min") == 9000
    assert found.value("signature.coverage", "ignore") == ()
    levels = {one.rule: one.level for one in found.rules}
    assert levels["signature.valid"] is Level.MUST
    assert levels["package.examined"] is Level.SHOULD, "its default"
    assert levels["sbom.present"] is Level.SHOULD
    assert levels["secret.private-key"] is Level.OFF, "no policy names it"


def test_digest() -> None:
    """The digest is that of the text, and of the parent's digest where there is one."""
    text = HEAD + "rules: {}\n"
    assert parse(text).digest == hashlib.sha256(text.encode()).hexdigest()
    child = HEAD + "extends: builtin:baseline\n"
    parent = load_policy("builtin:baseline").digest
    assert parse(child).digest == hashlib.sha256(f"{child}\n{parent}".encode()).hexdigest()


R = HEAD + "rules:\n"
MISTAKES = [
    ("", "1:1", "empty"),
    ("[a]\n", "1:1", "table"),
    ("id: p\n", "1:1", "fwverify: policy/1"),
    ("fwverify: policy/2\n", "1:11", "policy/2"),
    (HEAD, "1:1", "neither rules nor a parent"),
    (HEAD + "rulez: {}\n", "5:1", "Did you mean 'rules'?"),
    (HEAD + "title: again\n", "5:1", "given twice (first in line 4)"),
    (R + "  signature.vaild: must\n", "6:3", "Did you mean 'signature.valid'?"),
    (R + "  signature.valid: mus\n", "6:20", "Did you mean 'must'?"),
    (R + "  signature.valid: [must]\n", "6:20", "not a list"),
    (R + "  signature.valid: must\n  signature.valid: off\n", "7:3", "given twice"),
    (R + "  package.examined: {mim: 0.9}\n", "6:22", "Did you mean 'min'?"),
    (R + "  package.examined: {min: 90}\n", "6:27", "not a ratio"),
    (R + "  package.examined: {min: .9}\n", "6:27", "not a ratio"),
    (R + "  package.examined: {min: 1.0001}\n", "6:27", "not a ratio"),
    (R + "  package.examined: {min: 0.12345}\n", "6:27", "not a ratio"),
    (R + "  package.examined: {min: 9e-1}\n", "6:27", "not a ratio"),
    (R + "  package.examined: {min: [0.9]}\n", "6:27", "must be a text"),
    (R + "  origin.strength: {min: 6}\n", "6:26", "not one of 0, 1, 2, 3, 4, 5"),
    (R + "  origin.strength: {min: four}\n", "6:26", "not a whole number"),
    (R + "  origin.strength: {min: -1}\n", "6:26", "not a whole number"),
    (R + "  signature.signer-pinned: {allow-tofu: yes}\n", "6:41", "neither true nor false"),
    (R + "  signature.coverage: {ignore: paddin}\n", "6:32", "must be a list"),
    (R + "  signature.coverage: {ignore: [paddin]}\n", "6:32", "Did you mean 'padding'?"),
    (R + "  component.forbidden: {deny: ['a@b@c']}\n", "6:31", "form"),
    (R + "  version.minimum: {min: latest}\n", "6:26", "form"),
    (R + "  checksum.match: {if-absent: passed}\n", "6:31", "not one of"),
    (HEAD + "rules: must\n", "5:8", "table"),
    (HEAD + "rules: {}\nowner: &me x\n", "6:8", "anchors"),
    (HEAD + "rules: {}\nowner: *me\n", "6:8", "alias"),
    (HEAD + "rules: {}\nowner: !!binary aGk=\n", "6:8", "tag"),
    (HEAD + "rules: {}\n<<: {}\n", "6:1", "merge keys"),
    (HEAD + "rules: {}\n---\n{}\n", "1:1", "more than one"),
    (HEAD + "rules: {}\nid2: [\n", "7:1", "not YAML"),
    (HEAD + "rules: {}\nreview-by: 30.06.2027\n", "6:12", "date"),
    (HEAD + "rules: {}\nreview-by: 2027-02-30\n", "6:12", "date"),
    (HEAD + "rules: {}\nreview-by: 20270630\n", "6:12", "date"),
    (HEAD + "rules: {}\naction: instal\n", "6:9", "Did you mean 'install'?"),
    (HEAD + "rules: {}\non-missing: pass\n", "6:13", "not one of inconclusive, fail"),
    (HEAD + "rules: {}\ncontent-only: yes\n", "6:15", "neither true nor false"),
    (HEAD + "rules: {}\nunwaivable: [nothing.here]\n", "6:14", "no rule"),
    (HEAD + "rules: {}\nexpect: {vendr: acme}\n", "6:10", "Did you mean 'vendor'?"),
    (HEAD + "rules: {}\nloosen: [sbom.present]\n", "6:9", "extends another"),
    (HEAD.replace("id: p", "id: P p") + "rules: {}\n", "2:5", "lower-case"),
    (HEAD.replace("title: T", "title: ''") + "rules: {}\n", "4:8", "title is empty"),
    (HEAD.replace("title: T\n", "") + "rules: {}\n", "1:1", "no title"),
    (HEAD + "extends: baseline\n", "5:10", "builtin:NAME"),
    (HEAD + "extends: builtin:basline\n", "5:10", "Did you mean 'baseline'?"),
    (HEAD + "extends: policy.json\n", "5:10", "or a policy file"),
]


@pytest.mark.parametrize(("text", "place", "words"), MISTAKES)
def test_mistakes(text: str, place: str, words: str) -> None:
    """Every mistake is one error that says file, line, column and what is wrong."""
    found = mistake(text)
    assert found.where == f"p.yaml:{place}", str(found)
    assert words in f"{found.what} {found.todo}"


C = HEAD + "extends: builtin:production\n"
LOOSER = [
    ("rules:\n  origin.strength: {min: 3}\n", "7:26", "origin.strength"),
    ("rules:\n  origin.strength: should\n", "7:20", "origin.strength"),
    ("rules:\n  sbom.present: off\n", "7:17", "sbom.present"),
    ("rules:\n  signature.coverage: {min: 0.9999}\n", "7:29", "signature.coverage"),
    ("rules:\n  signature.signer-pinned: {min-confirmations: 1}\n", "7:48", "signature.signer-pinned"),
    ("rules:\n  signature.signer-pinned: {allow-tofu: true}\n", "7:41", "signature.signer-pinned"),
    ("rules:\n  signature.signer-pinned: {if-unstated: accept-key-vendor}\n", "7:42", "signature.signer-pinned"),
    ("rules:\n  component.undeclared: {ignore: ['*']}\n", "7:34", "component.undeclared"),
    ("rules:\n  component.undeclared: {min-confidence: 0.9}\n", "7:42", "component.undeclared"),
    ("rules:\n  secret.private-key: {max-unexamined: 0.01}\n", "7:40", "secret.private-key"),
    ("allow-sample-keys: true\n", "6:20", "allow-sample-keys"),
    ("content-only: true\n", "6:15", "content-only"),
    ("unwaivable: [signature.valid]\n", "6:13", "unwaivable"),
]


@pytest.mark.parametrize(("text", "place", "subject"), LOOSER)
def test_a_child_may_only_tighten(text: str, place: str, subject: str) -> None:
    """Asking for less than the parent is an error, unless `loosen` names it with a reason."""
    found = mistake(C + text)
    assert found.where == f"p.yaml:{place}", str(found)
    assert "less than builtin:production" in found.what
    assert f"loosen: [{subject}]" in found.todo
    silent = mistake(C + f"loosen: [{subject}]\n" + text)
    assert "reason" in silent.what
    assert silent.where == "p.yaml:6:9"
    meant = parse(C + f"loosen: [{subject}]\nloosen-reason: because\n" + text)
    assert meant.loosened == (subject,)
    assert meant.loosen_reason == "because"


@pytest.mark.parametrize(
    "text",
    [
        "rules:\n  origin.strength: {min: 5}\n",
        "rules:\n  package.examined: {level: must, min: 0.99}\n",
        "rules:\n  signature.coverage: {ignore: []}\n",
        "rules:\n  component.undeclared: {min-confidence: 0.7}\n",
        "rules:\n  package.identified: {allowed-formats: [fit]}\n",
        "rules:\n  version.minimum: {min: '3.0', if-absent: not_evaluated}\n",
        "rules:\n  component.forbidden: {deny: [telnetd]}\n",
        "on-missing: fail\n",
        "unwaivable: [signature.valid, signature.revocation, package.limits, sbom.authentic]\n",
        "allow-sample-keys: false\n",
        "expect: {vendor: acme}\n",
        "action: accept\n",
    ],
)
def test_tightening(text: str) -> None:
    """Asking for more needs no words."""
    assert parse(C + text).loosened == ()


def test_loosen_must_name_a_rule() -> None:
    """A misspelt rule id in `loosen` is an error of its own."""
    found = mistake(C + "loosen: [sbom.presnt]\nloosen-reason: x\n")
    assert found.where == "p.yaml:6:10"
    assert "Did you mean 'sbom.present'?" in found.what


def test_where_values_come_from() -> None:
    """Each value says whether it is a default, a parent's (with line) or this file's."""
    found = parse(C + "rules:\n  package.examined: {min: 0.99}\n")
    heads, rules = found.explain()
    by_rule = {one.rule: one for one in rules}
    assert by_rule["package.examined"].params[0].origin == "line 7"
    assert by_rule["package.examined"].params[0].text == "0.99"
    strength = by_rule["origin.strength"]
    assert strength.origin.startswith("builtin:production line ")
    assert by_rule["package.trailing-data"].params[0].origin.startswith("builtin:baseline line ")
    assert by_rule["package.opaque"].params[1].origin == "default"
    assert next(one for one in heads if one.name == "id").origin == "line 2"
    assert {one.rule for one in rules} == {one.id for one in BUILTIN}


@pytest.mark.parametrize("name", [f"builtin:{one}" for one in shipped()])
def test_shipped_policies(name: str) -> None:
    """Shipped policies load, name every rule, and can be told apart by digest."""
    found = load_policy(name)
    assert found.id == name.removeprefix("builtin:")
    assert found.review_by > "2026-11-22"
    assert all(one.level is not Level.OFF for one in found.rules)


def test_defaults_table() -> None:
    """The table of defaults in the rules document, row by row."""
    rows = [
        ("origin.strength", "min", 2, 4),
        ("signature.coverage", "min", 10_000, 10_000),
        ("signature.coverage", "ignore", ("padding",), ("padding",)),
        ("signature.signer-pinned", "min-confirmations", 1, 2),
        ("signature.signer-pinned", "allow-tofu", False, False),
        ("component.undeclared", "min-confidence", 8000, 8000),
        ("component.undeclared", "max-unexamined", 200, 0),
        ("secret.private-key", "max-unexamined", 200, 0),
        ("signature.known-test-key", "max-unexamined", 200, 0),
        ("package.examined", "min", 9000, 9800),
    ]
    baseline, production = load_policy("builtin:baseline"), load_policy("builtin:production")
    for rule, param, first, second in rows:
        assert (baseline.value(rule, param), production.value(rule, param)) == (first, second), (rule, param)
    levels = [
        ("version.no-downgrade", Level.SHOULD, Level.MUST), ("sbom.present", Level.SHOULD, Level.MUST),
        ("sbom.authentic", Level.SHOULD, Level.MUST), ("component.undeclared", Level.SHOULD, Level.MUST),
    ]  # fmt: skip
    for rule, first, second in levels:
        found = (baseline.rule(rule), production.rule(rule))
        assert tuple(one.level for one in found if one) == (first, second), rule
    assert (baseline.on_missing, production.on_missing) == ("inconclusive", "inconclusive")


def test_demo_is_production_with_sample_keys() -> None:
    """The samples' policy differs from production in nothing but sample keys and what is expected."""
    demo, production = load_policy(str(ROOT / "samples/demo.yaml")), load_policy("builtin:production")
    assert demo.allow_sample_keys
    assert not production.allow_sample_keys
    assert {one.rule: (one.level, one.values()) for one in demo.rules} == {
        one.rule: (one.level, one.values()) for one in production.rules
    }
    assert (demo.expect.vendor, demo.expect.product, demo.expect.installed) == ("acme", "acme-ups", "3.0.2")


def test_no_policy_but_demo_allows_sample_keys() -> None:
    """A shipped policy never accepts keys whose secret half is published."""
    assert not any(load_policy(f"builtin:{one}").allow_sample_keys for one in shipped())


def test_schema_is_generated() -> None:
    """policies/policy.schema.json is what the rules say, and knows every key."""
    kept = json.loads((ROOT / "policies/policy.schema.json").read_text())
    assert kept == policy_schema(), "make it anew: see fwverify.evaluate.policy_schema"
    assert set(kept["properties"]) == set(KEYS)


def test_every_parameter_is_documented() -> None:
    """Every rule says what it measures and what a pass does not prove; every parameter has a plain meaning."""
    for rule in BUILTIN:
        assert rule.measures.endswith("."), rule.id
        assert rule.not_proven.endswith("."), rule.id
        assert len({one.name for one in rule.params}) == len(rule.params)
        for one in rule.params:
            assert one.meaning.endswith("."), (rule.id, one.name)
            assert one.name != "level"
    assert len({one.id for one in BUILTIN}) == len(BUILTIN)


@given(st.integers(0, 10_000))
def test_ratio_round_trip(value: int) -> None:
    """A ratio survives being written and read."""
    param = Param("p", ParamKind.RATIO, 0, "A ratio.")
    assert ratio(shown(param, value)) == value


@given(st.text(max_size=12))
def test_no_text_surprises_the_readers(text: str) -> None:
    """Any text is a value or a refusal, never another error."""
    for read in (ratio, integer):
        try:
            read(text)
        except NotAValue:
            pass
        else:
            assert text.isascii()


@given(st.integers(0, 9), st.integers(0, 9))
def test_looser_is_an_order(one: int, other: int) -> None:
    """Of two different values exactly one is the looser."""
    param = Param("p", ParamKind.INTEGER, 0, "A number.", tighter="higher")
    assert looser(param, one, other) + looser(param, other, one) == (one != other)


@pytest.mark.parametrize("name", shipped())
def test_schema_takes_what_is_shipped(name: str) -> None:
    """An editor with the schema finds nothing wrong with a shipped policy, and something with a misspelt one."""
    import jsonschema_rs
    import yaml

    text = (ROOT / "policies" / f"{name}.yaml").read_text()
    data = yaml.load(text, Loader=yaml.BaseLoader)
    validator = jsonschema_rs.validator_for(_typed(policy_schema()))
    assert not [str(one) for one in validator.iter_errors(data)]
    data["rules"] = {**data["rules"], "signature.vaild": "must"}
    assert not validator.is_valid(data)


def _typed(schema: object) -> object:
    """The schema for texts alone: editors type scalars first, this reads them as the loader does."""
    if isinstance(schema, dict):
        if schema.get("type") in ("number", "integer", "boolean"):
            return {"type": "string"}
        return {key: _typed(value) for key, value in schema.items()}
    if isinstance(schema, list):
        return [str(one) if isinstance(one, int) and not isinstance(one, bool) else _typed(one) for one in schema]
    return schema
