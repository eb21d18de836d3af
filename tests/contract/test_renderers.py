"""Every output form, with what firmware could put into its texts: parsed by another reader, harmless, deterministic."""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import Any
from xml.etree import ElementTree

import pytest
from markdown_it import MarkdownIt

from fwverify.cli.forms import FORMATS
from fwverify.model.finding import Level, Outcome, Waiver
from fwverify.model.verdict import Assessment, Decision
from fwverify.report.interface import Context, Renderer
from fwverify.report.registry import BUILTIN
from tests.unit.report.conftest import finding, stranger_assessment, unknown_assessment

BY_NAME = {one.name: one for one in BUILTIN}
HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(1)><!-- ]]> -->",
    "[click](http://evil.example/) ![x](https://evil.example/x.png) <http://evil.example> www.evil.example",
    "see http://evil.example/a?b=c @octocat me@evil.example #12 !34 acme/repo#5 GH-7 ~bug %1 $9 &lt;b&gt;",
    "::error file=a::x\n::set-output name=a::b\r\n##[error]y %0A::warning::z",
    "=HYPERLINK(\"http://evil.example\")", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "\uff1d1",
    "a|b|c\n| --- | --- |\n\n# head\n- item\n1. one\n> quote\n```\n~~~\n    code",
    "\x1b[31mred\x07\x00\u202egpj.exe\u200b\ufeff\ufffe",
    "`` ` ``` ````", "\\", "{0} %s ${x} $(id) `id` \"'; rm -rf /", "***bold*** __x__ ~~y~~ <b>", "--- +++ === ***",
    "# head", "- item", "1. one", "> quote", "===", "    code", "x" * 10_000, "",
)  # fmt: skip
KEPT = {
    "schema", "at", "judged_at", "evidence_digest", "policy_digest", "algorithm", "hex", "fingerprint", "action",
    "expires", "rule", "isolation", "not_before", "not_after", "created", "revoked_at", "id", "plugins", "requirements",
    "digest", "pinned", "legal_name",
}  # fmt: skip
"""Fields that no firmware can fill: made or checked by fwverify itself."""


def poisoned(value: Any, text: str, name: str = "") -> Any:
    """The same with this text in place of every text that could come from outside."""
    if isinstance(value, Enum) or name in KEPT:
        return value
    if isinstance(value, str):
        return text
    if isinstance(value, tuple):
        inner = [poisoned(one, text) for one in value]
        return type(value)(*inner) if hasattr(value, "_fields") else tuple(inner)
    if is_dataclass(value) and not isinstance(value, type):
        changed = {one.name: poisoned(getattr(value, one.name), text, one.name) for one in fields(value)}
        return replace(value, **changed)
    return value


def assessments() -> list[Assessment]:
    """A failed one with waivers and advice, and an inconclusive one."""
    failed = stranger_assessment()
    waiver = Waiver("W-1", "accepted until the next release", "A. Lee", "2027-01-01")
    waived = finding("signature.algorithm", Outcome.FAIL)
    waived = replace(waived, items=tuple(replace(one, waiver=waiver) for one in waived.items))
    many = finding("component.undeclared", Outcome.FAIL, Level.SHOULD)
    many = replace(many, items=many.items * 60)
    more = (waived, many, finding("package.examined", Outcome.NOT_APPLICABLE), finding("x.off", level=Level.OFF))
    verdict = replace(failed.verdict, findings=(*failed.verdict.findings, *more))
    return [replace(failed, verdict=verdict), unknown_assessment()]


CASES = [poisoned(one, text) for one in assessments() for text in HOSTILE] + assessments()
CONTEXT = Context(command="delivery", exit_status=1, measures={"signature.valid": HOSTILE[0]})


def test_the_command_line_names_every_form() -> None:
    """`--format` takes exactly what is registered."""
    assert set(FORMATS) == set(BY_NAME)


@pytest.mark.parametrize("form", BUILTIN, ids=lambda one: one.name)
def test_hostile_texts_print_harmlessly(form: Renderer) -> None:
    """No control character, no reordering mark, no lone surrogate; the bytes are UTF-8; twice the same."""
    assert form.doc.references
    assert form.doc.limitations
    for one in CASES:
        text = form.render(one, CONTEXT)
        assert text == form.render(one, CONTEXT)
        text.encode("utf-8")
        lines = "\n\r" if form.name == "csv" else "\n"
        odd = {
            hex(ord(x)) for x in text if x not in lines and unicodedata.category(x) in ("Cc", "Cf", "Cs", "Zl", "Zp")
        }
        if form.name != "html":  # its script and styles are its own; tests/unit/report/renderers/test_html_page.py
            assert not odd


@pytest.mark.parametrize("name", ["json", "sarif", "code-scanning", "gitlab", "cyclonedx"])
def test_json_forms_parse(name: str) -> None:
    """Each is one JSON document."""
    for one in CASES:
        json.loads(BY_NAME[name].render(one, CONTEXT))


def test_csv_is_rectangular_and_never_calculates() -> None:
    """Every row has as many cells as the heading; no cell begins as a formula; lines end with CRLF."""
    for one in CASES:
        text = BY_NAME["csv"].render(one, CONTEXT)
        rows = list(csv.reader(io.StringIO(text, newline="")))
        assert len({len(row) for row in rows}) == 1
        assert len(rows) == text.count("\r\n") == text.count("\n")
        assert not [cell for row in rows for cell in row if re.match(r"\s*[=+\-@\uff1d]", cell)]


def test_junit_adds_up() -> None:
    """Well-formed XML; the counts are those of the elements; hostile text adds no element."""
    for one in CASES:
        root = ElementTree.fromstring(BY_NAME["junit"].render(one, CONTEXT))
        (suite,) = root
        cases = suite.findall("testcase")
        assert (
            len(cases) == int(suite.get("tests", "")) == 1 + sum(x.level is not Level.OFF for x in one.verdict.findings)
        )
        for kind, count in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
            assert len(suite.findall(f"testcase/{kind}")) == int(suite.get(count, ""))
        assert {x.tag for x in suite.iter()} <= {
            "testsuite", "properties", "property", "testcase", "failure", "error", "skipped", "system-out",
        }  # fmt: skip


def test_github_lines_are_our_own_commands() -> None:
    """Every line is one command with known properties; at most ten of a kind; no text opens a second one."""
    for one in CASES:
        lines = BY_NAME["github"].render(one, CONTEXT).split("\n")
        assert lines.pop() == ""
        kinds = []
        for line in lines:
            found = re.fullmatch(r"::(error|warning|notice) (?:file=[^:,]*,)?title=[^:,]*::.+", line)
            assert found, line[:200]
            assert not re.search(r"%(?!25|0A|2C|3A)", line)
            kinds.append(found[1])
        assert all(kinds.count(kind) <= 10 for kind in kinds)
        assert kinds[0] == "error"


def test_gitlab_entries_are_whole_and_unique() -> None:
    """What GitLab asks for is there, fingerprints differ, and a decision that is not PASS has an entry."""
    for one in CASES:
        entries = json.loads(BY_NAME["gitlab"].render(one, CONTEXT))
        prints = [entry["fingerprint"] for entry in entries]
        assert len(prints) == len(set(prints))
        assert entries[0]["check_name"] == "decision"
        for entry in entries:
            path = entry["location"]["path"]
            assert path
            assert not path.startswith(("/", "./"))
            assert ".." not in path.split("/")
            assert entry["severity"] in ("info", "minor", "major", "critical", "blocker")
            assert entry["location"]["lines"]["begin"] == 1


def test_markdown_holds_no_foreign_markup() -> None:
    """Read by a CommonMark parser: no HTML, link or image; as many headings and tables as for tame texts; and outside
    code nothing that a forge would turn into a link or a mention."""
    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    for one in CASES:
        tokens = parser.parse(BY_NAME["markdown"].render(one, CONTEXT))
        assert sum(x.type == "table_open" for x in tokens) == 1
        assert not {x.type for x in tokens} & {"html_block", "hr", "code_block", "blockquote_open", "lheading_open"}
        headings = [x for x in tokens if x.type == "heading_open"]
        assert {x.tag for x in headings} <= {"h1", "h2"}
        assert sum(x.tag == "h1" for x in headings) == 1
        rows = [x for x in tokens if x.type == "tr_open"]
        cells = [x for x in tokens if x.type in ("td_open", "th_open")]
        assert len(cells) == 3 * len(rows)
        for child in (child for x in tokens for child in x.children or ()):
            assert child.type in ("text", "code_inline", "strong_open", "strong_close", "softbreak"), child
            if child.type == "text":
                assert not re.search(r"://|www\.|[@#$]|!\d|GH-\d|~\w|%\d", child.content, re.I), child.content


def test_sarif_forms_say_what_they_are() -> None:
    """Indexes fit, every result has one relative location; only the complete form has kinds and waivers."""
    for one in CASES:
        for name in ("sarif", "code-scanning"):
            (run,) = json.loads(BY_NAME[name].render(one, CONTEXT))["runs"]
            rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
            for result in run["results"]:
                assert rules[result["ruleIndex"]] == result["ruleId"]
                (place,) = result["locations"]
                uri = place["physicalLocation"]["artifactLocation"]["uri"]
                assert re.fullmatch(r"[A-Za-z0-9._~%/-]+", uri)
                assert not uri.startswith("/")
                assert ("kind" in result) == (name == "sarif")
                assert "suppressions" not in result or name == "sarif"
                assert result["level"] == "none" or result.get("kind", "fail") == "fail"
                assert not re.search(r"(?<!\\)\[", result["message"]["text"].replace("\\\\", ""))


def test_no_form_is_green_over_what_is_not_a_pass() -> None:
    """JUnit, GitHub and GitLab tell a run that no rule failed in, and that is still no pass."""
    one = unknown_assessment()
    verdict = replace(one.verdict, findings=tuple(x for x in one.verdict.findings if x.outcome is Outcome.PASS))
    assert verdict.decision is Decision.INCONCLUSIVE
    one = replace(one, verdict=verdict)
    assert 'errors="1"' in BY_NAME["junit"].render(one, CONTEXT)
    assert BY_NAME["github"].render(one, CONTEXT).startswith("::error ")
    assert json.loads(BY_NAME["gitlab"].render(one, CONTEXT))[0]["severity"] == "blocker"
