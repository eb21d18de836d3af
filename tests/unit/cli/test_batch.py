"""`fwverify batch` with an injected pipeline: tables, files, exit status."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from fwverify import pipeline
from fwverify.cli import main, settings
from fwverify.errors import IngestError, PolicyError
from fwverify.model.verdict import Assessment, Decision
from tests.unit.batch.conftest import assessment, finding

DECISIONS = {"good": Decision.PASS, "bad": Decision.FAIL, "open": Decision.INCONCLUSIVE}


@pytest.fixture(autouse=True)
def judged(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """A pipeline that decides by the delivery's name; what it was asked is returned."""
    asked: list[dict[str, Any]] = []

    def verify(paths: Sequence[Path], **given: Any) -> Assessment:
        asked.append({"path": paths[0], **given})
        name = paths[0].name
        if name == "crash":
            raise ZeroDivisionError("boom")
        if name not in DECISIONS:
            raise IngestError("there is no such file or folder", where=str(paths[0]))
        given["progress"]("working")
        return assessment(DECISIONS[name])

    def policy_of(named: str | None) -> SimpleNamespace:
        if named == "missing.yaml" or (named or "").endswith("/missing.yaml"):
            raise PolicyError("cannot be read", where="missing.yaml")
        return SimpleNamespace(named=named, parents=(), rule=lambda _: None)

    monkeypatch.setattr(pipeline, "verify", verify)
    monkeypatch.setattr(settings, "policy_of", policy_of)
    monkeypatch.setattr(settings, "trust_of", lambda _: None)
    return asked


def folder(tmp_path: Path, *names: str) -> Path:
    source = tmp_path / "deliveries"
    source.mkdir()
    for one in names:
        (source / one).mkdir()
    return source


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("good",), 0), (("good", "open"), 3), (("good", "open", "bad"), 1), (("bad", "other"), 2),
        (("bad", "other", "crash", "good"), 70),
    ],
)  # fmt: skip
def test_exit_is_the_worst(tmp_path: Path, names: tuple[str, ...], expected: int) -> None:
    """70 > 2 > 1 > 3 > 0, whatever stands first."""
    assert main(["batch", str(folder(tmp_path, *names))]) == expected


def test_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every unit has its row, in 80 columns without escape codes, and the last line counts."""
    main(["batch", str(folder(tmp_path, "good", "bad", "open", "crash", "\x1b[31mred[bold]"))])
    page = capsys.readouterr().out
    assert all(len(line) <= 80 for line in page.splitlines()) and "\x1b" not in page
    for word in ("PASS", "FAIL", "INCONCLUSIVE", "NOT JUDGED", "[bold]", "4 of 5", "ZeroDivisionError"):
        assert word in page
    assert page.startswith("Decision") and page.rstrip().endswith("exit 70")


def test_out(tmp_path: Path) -> None:
    """--out gets three tables and the evidence of each unit that was judged."""
    source = folder(tmp_path, "good", "bad", "crash")
    out = tmp_path / "results"
    assert main(["batch", str(source), "--out", str(out), "-q"]) == 70
    assert sorted(one.name for one in out.iterdir()) == [
        "0001-bad.evidence.json", "0003-good.evidence.json", "errors.csv", "units.csv", "units.jsonl",
    ]  # fmt: skip
    lines = [json.loads(one) for one in (out / "units.jsonl").read_text().splitlines()]
    assert [(one["delivery"], one["exit"], one["evidence"]) for one in lines] == [
        ("bad", 1, "0001-bad.evidence.json"), ("crash", 70, ""), ("good", 0, "0003-good.evidence.json"),
    ]  # fmt: skip


def test_units_file(tmp_path: Path, judged: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]) -> None:
    """Rows carry their expectation and policy; a bad row is said and makes the result 3 at least."""
    source = tmp_path / "units.csv"
    source.write_text("delivery,vendor,installed,policy\ngood,acme,1.0,builtin:lab\ngood,,,\nx\n")
    assert main(["batch", str(source), "--policy", "own.yaml", "--at", "2026-11-22", "--json"]) == 3
    document = json.loads(capsys.readouterr().out)
    assert [one["decision"] for one in document["units"]] == ["pass", "pass"] and document["exit"] == 3
    assert document["errors"][0]["line"] == 4
    assert [one["policy"].named for one in judged] == ["builtin:lab", "own.yaml"]
    assert (judged[0]["expectation"].vendor, judged[0]["expectation"].installed) == ("acme", "1.0")
    assert {one["at"] for one in judged} == {"2026-11-22T00:00:00Z"}


def test_a_row_whose_policy_cannot_be_read(tmp_path: Path) -> None:
    """It is the operator's mistake in one row: 2, and the others are judged."""
    source = tmp_path / "units.csv"
    source.write_text("delivery,policy\ngood,missing.yaml\ngood,\n")
    out = tmp_path / "out"
    assert main(["batch", str(source), "-q", "--out", str(out)]) == 2
    assert [json.loads(one)["exit"] for one in (out / "units.jsonl").read_text().splitlines()] == [2, 0]


def test_refused_before_any_work(tmp_path: Path, judged: list[dict[str, Any]]) -> None:
    """An unreadable source, header or policy, and a results folder among the deliveries, are 2 with nothing judged."""
    source = folder(tmp_path, "good")
    header = tmp_path / "units.csv"
    header.write_text("delivery,wrong\ngood,\n")
    right = tmp_path / "right" / "units.csv"
    right.parent.mkdir()
    right.write_text("delivery\ngood\n")
    for arguments in (
        ["nowhere"], [str(header)], [str(source), "--policy", "missing.yaml"], [str(source), "--at", "noon"],
        [str(source), "--out", str(source / "out")], [str(source), "--out", str(source)],
        [str(source), "--out", str(header)], [str(source), "--out", str(tmp_path / "a" / "b")],
        [str(right), "--out", str(right.parent)],
    ):  # fmt: skip
        assert main(["batch", *arguments]) == 2, arguments
    assert judged == []
    assert right.read_text() == "delivery\ngood\n"


def test_why_names_rules(tmp_path: Path) -> None:
    """A row says which required rules failed, and counts the rest."""
    from fwverify.batch.run import run
    from fwverify.batch.units import Unit
    from fwverify.cli.batch import why
    from fwverify.model.finding import Outcome

    findings = tuple(finding(f"signature.{one}", Outcome.FAIL) for one in "abcde")
    (row,) = run([Unit("x", tmp_path)], lambda _: assessment(Decision.FAIL, findings))
    assert why(row) == "failed: signature.a and 4 more"
