"""Five bidders through the real command line."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from fwverify.cli import main
from samples import rfp_lab

ROOT = Path(__file__).resolve().parents[2]
AT = ("--at", "2026-11-23T00:00:00Z")


def bidders() -> list[str]:
    return sorted(str(one.relative_to(ROOT)) for one in (ROOT / "samples/rfp").iterdir())


def test_samples_are_what_the_recipe_makes() -> None:
    """samples/rfp holds exactly what samples/rfp_lab.py makes."""
    for name, made in rfp_lab.BIDDERS.items():
        folder = rfp_lab.FOLDER / name
        assert {str(one.relative_to(folder)): one.read_bytes() for one in folder.rglob("*") if one.is_file()} == made()


def test_five_bidders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Who is in, who is out, what is contradicted; the same whatever the order they are named in."""
    monkeypatch.chdir(ROOT)
    page, table = tmp_path / "s.html", tmp_path / "s.csv"
    assert main(["scorecard", *bidders(), *AT, "-o", str(page), "--csv", str(table)]) == 1
    text = capsys.readouterr().out
    assert [one.split()[0] for one in text.splitlines()[3:8]] == ["norra", "lumen", "kestrel", "orbit", "sealed"]
    rows = {one["bidder"]: one for one in csv.DictReader(io.StringIO(table.read_bytes().decode()))}
    assert {name: one["gates"] for name, one in rows.items()} == {
        "norra": "in", "lumen": "in", "kestrel": "in", "orbit": "OUT", "sealed": "OUT",
    }  # fmt: skip
    assert rows["kestrel"]["worst_1"].startswith("1 private key in the image")
    assert rows["lumen"]["worst_1"].startswith("The SBOM contradicts the image")
    assert rows["sealed"]["unexamined_bytes"] == rows["sealed"]["image_bytes"]
    assert int(rows["sealed"]["score_low"]) < int(rows["sealed"]["score_high"])
    assert "SIGNED, KEY NOT CONFIRMED" in page.read_text()
    assert main(["scorecard", *bidders()[::-1], *AT, "--json"]) == 1
    bids = json.loads(capsys.readouterr().out)["bids"]
    assert [one["name"] for one in bids] == ["norra", "lumen", "kestrel", "orbit", "sealed"]
    kestrel = {one["question"]: one["state"] for one in bids[2]["answers"]}
    assert {kestrel[one] for one in ("default-passwords", "shared-keys", "cleartext-services", "addresses")} == {
        "contradicted"
    }


def test_new_folders(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The folders that are made are read; empty ones show nothing, and that is no pass."""
    folder = tmp_path / "rfp"
    assert main(["rfp", "new", str(folder), "--bidder", "volta", "--bidder", "norra"]) == 0
    assert main(["rfp", "new", str(folder), "--bidder", "volta"]) == 2
    assert "names every component" in (folder / "volta" / "README.txt").read_text().replace("\n", " ")
    capsys.readouterr()
    assert main(["scorecard", str(folder / "volta"), *AT, "--json"]) == 3
    (bid,) = json.loads(capsys.readouterr().out)["bids"]
    assert {one["state"] for one in bid["answers"]} == {"not answered"}


@pytest.mark.parametrize("wrong", [["nowhere"], ["samples/rfp/norra", "samples/rfp/norra"]], ids=["missing", "twice"])
def test_mistakes(wrong: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """What the operator named wrongly is told before any work."""
    monkeypatch.chdir(ROOT)
    assert main(["scorecard", *wrong, *AT]) == 2


def test_a_bid_configures_nothing(tmp_path: Path) -> None:
    """A policy inside a bidder's folder judges nobody."""
    bid = tmp_path / "bid"
    (bid / "firmware").mkdir(parents=True)
    (bid / "policy.yaml").write_text(
        "fwverify: policy/1\nid: x\nversion: '1'\ntitle: x\nrules: {signature.valid: info}\n"
    )
    assert main(["scorecard", str(bid), "--policy", str(bid / "policy.yaml"), *AT]) == 2
