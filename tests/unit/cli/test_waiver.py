"""`fwverify waiver` and --waivers, on the samples."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from fwverify.cli import main
from fwverify.cli.waiver import frame
from fwverify.evaluate.waiver_text import parse_waiver
from fwverify.model.artifact import Locator, Step
from fwverify.model.finding import Finding, Item, Level, Outcome
from tests.unit.evaluate.builders import good

ROOT = Path(__file__).parents[3]
DELIVERY = ROOT / "samples" / "acme-ups-3.1.0-undeclared"
AT = "2026-11-22"
OPTIONS = ["--policy", str(ROOT / "samples/demo.yaml"), "--at", AT]
FILLED = {
    "reason: ''": "reason: used at commissioning only",
    "compensating-controls: ['']": "compensating-controls: [port closed]",
    "risk-owner: ''": "risk-owner: head",
    "requested-by: ''": "requested-by: M. Lee",
    "approved-by: ['', '']": "approved-by: [D. Kim, J. Ortiz]",
}


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of the sample with a program that its SBOM does not name."""
    target = tmp_path_factory.mktemp("waiver") / "e.json"
    line = ["verify", str(DELIVERY), *OPTIONS, "--keys", str(ROOT / "keys"), "--evidence", str(target), "-q"]
    assert main([*line, "--no-cache", "--in-process"]) == 1
    return target


def filled(path: Path) -> None:
    text = path.read_text()
    for old, new in FILLED.items():
        text = text.replace(old, new)
    path.write_text(text)


def test_from_frame_to_pass(evidence: Path, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """new writes a frame that is no waiver yet; filled in, it is checked, listed, used; past its day it is not."""
    folder = here / "waivers"
    folder.mkdir()
    target = folder / "W-7.yaml"
    assert main(["waiver", "new", str(evidence), "--rule", "component.undeclared", *OPTIONS, "-o", str(target)]) == 0
    assert "dropbear 2022.83" in target.read_text()
    capsys.readouterr()
    assert main(["waiver", "check", str(folder), "--at", AT]) == 2
    assert "reason is empty" in capsys.readouterr().out
    filled(target)
    assert main(["waiver", "check", str(folder), "--at", AT]) == 0
    assert "W-7: counts until 2027-02-20, 90 days left" in capsys.readouterr().out
    assert main(["waiver", "list", str(folder), "--at", AT, "--json"]) == 0
    assert [(one["id"], one["counts"]) for one in json.loads(capsys.readouterr().out)] == [("W-7", True)]

    assert main(["reassess", str(evidence), *OPTIONS, "--waivers", str(folder)]) == 0
    assert "1 waived" in capsys.readouterr().out
    late = ["--policy", OPTIONS[1], "--at", "2027-02-21"]
    assert main(["reassess", str(evidence), *late, "--waivers", str(target)]) == 1
    page = " ".join(capsys.readouterr().out.split())
    assert "W-7 does not count: it expired on 2027-02-20" in page
    assert main(["reassess", str(evidence), *OPTIONS, "--waivers", str(folder), "--json"]) == 0
    verdict = json.loads(capsys.readouterr().out)["verdict"]
    assert [(one["id"], one["status"], one["covered"]) for one in verdict["waivers"]] == [("W-7", "used", 1)]


def test_new_from_a_report(evidence: Path, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A report holds the findings already: its own policy judged, no other."""
    assert main(["reassess", str(evidence), *OPTIONS, "--json"]) == 1
    report = here / "r.json"
    report.write_text(capsys.readouterr().out)
    assert main(["waiver", "new", str(report), "--rule", "component.undeclared", "--at", AT]) == 0
    from_report = capsys.readouterr().out
    assert main(["waiver", "new", str(evidence), "--rule", "component.undeclared", *OPTIONS]) == 0
    assert capsys.readouterr().out == from_report


@pytest.mark.parametrize(
    ("rule", "words"),
    [("component.undeclard", "Did you mean"), ("signature.valid", "came out pass"), ("sbom.graph", "came out")],
)
def test_nothing_to_waive(evidence: Path, rule: str, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A rule that passed, or does not exist, is a mistake of the operator's."""
    assert main(["waiver", "new", str(evidence), "--rule", rule, *OPTIONS]) == 2
    assert words in capsys.readouterr().err


def test_never_from_inside_the_delivery(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A delivery that brings its own waivers gets none."""
    delivery = here / "delivery"
    (delivery / "waivers").mkdir(parents=True)
    (delivery / "fw.bin").write_bytes(b"x" * 100)
    for line in (["verify", str(delivery)], ["batch", str(here)]):
        assert main([*line, "--waivers", str(delivery / "waivers")]) == 2
        assert "lies inside the delivery" in capsys.readouterr().err


def test_users_folder(evidence: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """waivers/ of the configuration folder is used where no option names another; a broken file stops the run."""
    own = tmp_path / "config" / "fwverify" / "waivers"
    own.mkdir(parents=True)
    (own / "W.yaml").write_text("fwverify: waiver/1\n")
    assert main(["reassess", str(evidence), *OPTIONS]) == 2
    assert "W.yaml:1:1: the waiver has no scope" in capsys.readouterr().err


def test_two_with_one_id(evidence: Path, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Reports name waivers by id, so there can be only one of each."""
    target = here / "W.yaml"
    assert main(["waiver", "new", str(evidence), "--rule", "component.undeclared", *OPTIONS, "-o", str(target)]) == 0
    filled(target)
    (here / "copy.yaml").write_text(target.read_text())
    capsys.readouterr()
    assert main(["waiver", "check", str(here), "--at", AT]) == 2
    assert "is also that of" in capsys.readouterr().out
    assert main(["reassess", str(evidence), *OPTIONS, "--waivers", str(here)]) == 2


@pytest.mark.parametrize(
    "hostile", ["a\nreason: x", "a\x85reason: x", "a\u2028reason: x", "a\rreason: x", "'] #", "\x1b[2J"]
)
def test_hostile_names_stay_in_comments(hostile: str) -> None:
    """A name out of a delivery cannot end the comment it stands in and fill in a field."""
    found = good()
    image = found.images()[0]
    named = Locator((Step(hostile),))
    found = replace(found, artifacts=(replace(image, locator=named),))
    finding = Finding(
        "sbom.present", Level.MUST, Level.MUST, Outcome.FAIL, hostile, (Item(hostile, hostile, "a" * 64),)
    )
    text = frame("W-1", [finding], found, "2026-11-22T00:00:00Z")
    for old, new in FILLED.items():
        text = text.replace(old, new)
    assert parse_waiver(text, "w.yaml").reason == "used at commissioning only"
