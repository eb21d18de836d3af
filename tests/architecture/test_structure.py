"""The shape of the house: layers, budgets, words, and documents that match the code."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted((ROOT / "fwverify").rglob("*.py"))
MAX_FUNCTION_LINES = 60
MAX_MODULE_LINES = 400
LONGER: dict[str, str] = {}
"""Modules that may be longer, each with the reason."""
WORDS = re.compile(r"(?i)\b(allowlist|whitelist|blacklist|scanner|blob)\b")
"""Words the glossary gives another name to."""


def test_layers_hold() -> None:
    """No import breaks the layers, the rooms or the doors (pyproject.toml, import-linter)."""
    tool = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([str(tool)], cwd=ROOT, capture_output=True, text=True, env={**os.environ, "NO_COLOR": "1"})
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", MODULES, ids=lambda one: str(one.relative_to(ROOT)))
def test_budgets(path: Path) -> None:
    """A function fits a screen and a module stays one room."""
    text = path.read_text()
    name = str(path.relative_to(ROOT))
    assert len(text.splitlines()) <= MAX_MODULE_LINES or name in LONGER, f"{name} has {len(text.splitlines())} lines"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            lines = (node.end_lineno or 0) - node.lineno + 1
            assert lines <= MAX_FUNCTION_LINES, f"{name}:{node.lineno} {node.name} has {lines} lines"


@pytest.mark.parametrize("path", MODULES, ids=lambda one: str(one.relative_to(ROOT)))
def test_modules_speak(path: Path) -> None:
    """Every module says what it is, and no public name or text uses a word the glossary replaced."""
    tree = ast.parse(path.read_text())
    assert ast.get_docstring(tree), "no module docstring"
    names = [one.name for one in ast.walk(tree) if isinstance(one, ast.FunctionDef | ast.ClassDef)]
    texts = [one.value for one in ast.walk(tree) if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    found = [one for one in (*names, *texts) if WORDS.search(one.replace("_", " "))]
    assert found == []


@pytest.mark.parametrize("path", sorted((ROOT / "tests").rglob("test_*.py")), ids=lambda one: one.name)
def test_tests_say_what_they_show(path: Path) -> None:
    """Every test has a docstring."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            assert ast.get_docstring(node), f"{path.name}: {node.name}"


def test_documents_are_current() -> None:
    """Every generated document says what the code says; `make docs` makes them anew."""
    from tests.make_docs import DOCS, documents

    old = [name for name, text in documents().items() if (DOCS / name).read_text() != text]
    assert old == []


def test_example_report_is_complete() -> None:
    """docs/example-report.json fits its schema, reads back, and its evidence has the digest it states."""
    import jsonschema_rs

    from fwverify.model.canonical import from_json, identify
    from fwverify.model.evidence import Evidence

    report = json.loads((ROOT / "docs/example-report.json").read_text())
    schema = json.loads((ROOT / "docs/report-schema.json").read_text())
    assert jsonschema_rs.validator_for(schema).is_valid(report)
    evidence = from_json(Evidence, report["evidence"])
    assert identify(evidence) == report["verdict"]["evidence_digest"]
    assert report["verdict"]["decision"] == "pass"
