"""Policies that extend files, pins by digest, floors, show, and policy test."""

from __future__ import annotations

from pathlib import Path

import pytest

from fwverify.cli import main
from fwverify.cli.policies_io import load_policy
from fwverify.errors import PolicyError

ROOT = Path(__file__).parents[3]
Capture = pytest.CaptureFixture[str]


def policy(path: Path, parent: str, more: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'fwverify: policy/1\nid: {path.stem}\nversion: "1"\ntitle: T\nextends: {parent}\n{more}')
    return path


def test_chain_of_files(here: Path) -> None:
    """Site extends organisation extends shipped; every value says where it is from, every digest covers all above."""
    organisation = policy(here / "org/organisation.yaml", "builtin:baseline", "rules:\n  sbom.present: must\n")
    site = policy(here / "sites/a.yaml", "../org/organisation.yaml", "rules:\n  package.examined: {min: 0.95}\n")
    found = load_policy(str(site))
    up = f"{here}/sites/../org/organisation.yaml"
    assert found.parents == (up, "builtin:baseline")
    rule = found.rule("sbom.present")
    assert rule is not None
    assert rule.origin == f"{up} line 7"
    strength = found.rule("origin.strength")
    assert strength is not None
    assert strength.origin.startswith("builtin:baseline line ")
    before = found.digest
    organisation.write_text(organisation.read_text().replace("title: T", "title: U"))
    assert load_policy(str(site)).digest != before


def test_a_child_of_a_file_may_only_tighten(here: Path) -> None:
    """As of a shipped one; the mistake names the file that is asked for more."""
    policy(here / "organisation.yaml", "builtin:production", "on-missing: fail\n")
    site = policy(here / "site.yaml", "organisation.yaml", "on-missing: inconclusive\n")
    with pytest.raises(PolicyError, match=r"asks for less than .*organisation\.yaml"):
        load_policy(str(site))


@pytest.mark.parametrize(
    ("parent", "words"),
    [
        ("none.yaml", "no such file"),
        ("/etc/p.yaml", "absolute"),
        ("site.yaml", "circle"),
        ("../here/site.yaml", "circle"),
    ],
)
def test_parents_that_are_none(here: Path, parent: str, words: str) -> None:
    """Not there, not relative, itself: said with line and column."""
    site = policy(here / "here/site.yaml", parent)
    with pytest.raises(PolicyError, match=words) as caught:
        load_policy(str(site))
    assert caught.value.where.endswith("site.yaml:5:10")


def test_circle_of_two_and_endless_chain(here: Path) -> None:
    """Both end with a mistake."""
    policy(here / "a.yaml", "b.yaml")
    with pytest.raises(PolicyError, match="circle"):
        load_policy(str(policy(here / "b.yaml", "a.yaml")))
    for number in range(9):
        policy(here / f"p{number}.yaml", f"p{number + 1}.yaml")
    policy(here / "p9.yaml", "builtin:baseline")
    with pytest.raises(PolicyError, match="more than 8"):
        load_policy(str(here / "p0.yaml"))


def test_parent_inside_the_delivery(here: Path, capsys: Capture) -> None:
    """A policy of your own that extends one of the delivery's is refused."""
    policy(here / "delivery/p.yaml", "builtin:baseline")
    (here / "delivery/fw.bin").write_bytes(b"x" * 64)
    site = policy(here / "site.yaml", "delivery/p.yaml")
    assert main(["verify", "delivery", "--policy", str(site)]) == 2
    assert "lies inside the delivery" in capsys.readouterr().err
    assert main(["verify", "delivery", "--floor", "delivery/p.yaml"]) == 2
    assert "--floor delivery/p.yaml: lies inside" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["verify", "batch", "reassess"])
def test_pinned_by_digest(command: str, here: Path, capsys: Capture) -> None:
    """Another policy than the pinned one is 2 and names both digests; capitals and blocks are as people write them."""
    (here / "in/fw.bin").parent.mkdir()
    (here / "in/fw.bin").write_bytes(b"x" * 64)
    digest = load_policy("builtin:lab").digest
    base = ["--policy", "builtin:lab", "--no-cache", "--in-process"]
    assert main(["verify", "in/fw.bin", *base, "--evidence", "e.json", "--policy-sha256", digest.upper()]) == 3
    target = {"verify": ["in/fw.bin", *base], "batch": ["in", *base], "reassess": ["e.json", *base[:2]]}[command]
    capsys.readouterr()
    assert main([command, *target, "--policy-sha256", "a" * 64]) == 2
    told = capsys.readouterr().err
    assert digest in told
    assert "a" * 64 in told
    assert main([command, *target, "--policy-sha256", "abc"]) == 2
    assert main([command, *target, "--floor", "builtin:baseline"]) == 2
    told = capsys.readouterr().err
    assert "signature.known-test-key max-unexamined: 0.5; the floor is 0.02" in told


def test_a_rows_own_policy_is_held_against_the_floor(here: Path, capsys: Capture) -> None:
    """A units file cannot go below the floor; that row is not judged, and the others are."""
    (here / "fw.bin").write_bytes(b"x" * 64)
    (here / "units.csv").write_text("delivery,policy\nfw.bin,builtin:lab\nfw.bin,\n")
    line = ["batch", "units.csv", "--floor", "builtin:baseline", "--no-cache", "--in-process", "--json"]
    assert main(line) == 2
    told = capsys.readouterr().out
    assert "asks for less than the floor builtin:baseline" in told
    assert "inconclusive" in told


def test_check_several_and_show(here: Path, capsys: Capture) -> None:
    """One bad file does not hide the others; show prints what is shipped, byte for byte."""
    good = policy(here / "good.yaml", "builtin:baseline")
    bad = policy(here / "bad.yaml", "builtin:baselin")
    assert main(["policy", "check", str(bad), str(good)]) == 2
    out, err = capsys.readouterr()
    assert "good 1" in out
    assert "Did you mean 'baseline'" in err
    assert main(["policy", "show", "baseline"]) == 0
    assert capsys.readouterr().out == (ROOT / "policies/baseline.yaml").read_text()
    assert main(["policy", "show", str(good)]) == 0
    assert capsys.readouterr().out == good.read_text()


CASE = """fwverify: policy-case/1
delivery: fw.bin
policy: p.yaml
expect: {decision: inconclusive, failed: [], not-evaluated: [signature.valid]}
"""


def test_policy_test(here: Path, capsys: Capture) -> None:
    """A case as expected is 0, another answer 1 with the difference, a mistake in the case 2 with its place."""
    cases, deliveries = here / "cases", here / "deliveries"
    cases.mkdir()
    deliveries.mkdir()
    (deliveries / "fw.bin").write_bytes(b"nothing to see here\n" * 64)
    case = cases / "plain.case.yaml"
    case.write_text(CASE)
    line = ["policy", "test", "cases", "--against", "deliveries"]
    asked = 'fwverify: policy/1\nid: p\nversion: "1"\ntitle: T\nrules: {signature.valid: must}\n'
    (cases / "p.yaml").write_text(asked)
    assert main(line) == 0
    assert capsys.readouterr().out == "as expected  plain\n1 case, 0 not as expected\n"
    case.write_text(CASE.replace("[signature.valid]", "[]"))
    assert main(line) == 1
    assert "not evaluated, not expected: signature.valid" in capsys.readouterr().out
    case.write_text(CASE.replace("inconclusive", "pass"))
    assert main(line) == 1
    assert "exit 3 instead of 0" in capsys.readouterr().out
    case.write_text(CASE.replace("signature.valid", "signature.vaild"))
    assert main(line) == 2
    assert "plain.case.yaml:4:" in capsys.readouterr().err
    case.write_text(CASE.replace("fw.bin", "gone.bin"))
    assert main(line) == 2
    assert main(["policy", "test", str(deliveries)]) == 2


def test_documents_show_what_is_read() -> None:
    """The examples of docs/policies.md, docs/waivers.md and policies/README.md are read without a mistake."""
    from fwverify.evaluate.no_method_text import parse_no_method
    from fwverify.evaluate.policy_text import parse_policy
    from fwverify.evaluate.waiver_text import parse_waiver
    from fwverify.formats.strict_yaml import load

    texts = [(ROOT / one).read_text() for one in ("docs/policies.md", "docs/waivers.md", "policies/README.md")]
    blocks = [one.split("```")[0] for text in texts for one in text.split("```yaml\n")[1:]]
    readers = {
        "policy/1": lambda text: parse_policy(text, "doc", load_policy),
        "waiver/1": lambda text: parse_waiver(text, "doc"),
        "no-method/1": lambda text: parse_no_method(text, "doc"),
        "policy-case/1": load,
    }
    kinds = [one.split("\n")[0].removeprefix("fwverify: ") for one in blocks]
    assert sorted(kinds) == sorted(readers)
    for kind, block in zip(kinds, blocks, strict=True):
        readers[kind](block)


def test_shipped_cases(capsys: Capture) -> None:
    """The cases that show how it is done come out as they say, and otherwise under a policy that asks for less."""
    line = ["policy", "test", str(ROOT / "policies/cases"), "--against", str(ROOT / "samples")]
    assert main(line) == 0, capsys.readouterr().out
    assert "4 cases, 0 not as expected" in capsys.readouterr().out
    assert main([*line, "--policy", "builtin:lab"]) == 1
    told = capsys.readouterr().out
    assert "not as expected  undeclared" in told
    assert "expected, not failed: component.undeclared" in told


def test_commands_on_the_page_ask_the_same_question(here: Path, capsys: Capture) -> None:
    """What bears on the answer is repeated as it was typed, quoted; what only says where things go is not."""
    (here / "fw.bin").write_bytes(b"nothing to see here\n" * 64)
    (here / "my waivers").mkdir()
    given = ["--waivers", "my waivers", "--device", "compatible=a b", "--device", "machine=c", "--min-counter", "3"]
    assert main(["verify", "fw.bin", *given, "--no-evidence", "--no-cache", "--in-process"]) == 3
    page = " ".join(capsys.readouterr().out.replace("\\\n", " ").split())
    again = page.partition("fwverify verify fw.bin ")[2].partition("Ours, to compare")[0]
    for words in ("--waivers 'my waivers'", "--device 'compatible=a b' --device machine=c", "--min-counter 3"):
        assert words in again
    assert "--no-evidence" not in again
