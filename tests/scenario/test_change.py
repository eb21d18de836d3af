"""One change from the register to the baseline after it, through the real command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fwverify.cli import main

ROOT = Path(__file__).resolve().parents[2]
AT = ("--at", "2026-11-23T00:00:00Z")
POLICY = ("--policy", "samples/demo.yaml", "--keys", "keys")
NEW, OLD = "samples/acme-ups-3.1.0", "samples/acme-ups-3.0.1"
WINDOW = ("--window", "2026-11-25T02:00/05:00 Europe/Berlin", "--requested-by", "M. Lee", "--approved-by", "J. Ortiz")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the register and the baseline of the unit."""
    monkeypatch.chdir(ROOT)
    old = tmp_path / "old.evidence.json"
    first = ["verify", OLD, *POLICY, *AT, "--evidence", str(old), "-q"]
    made = ["baseline", "set", "UPS-A-03", "--from", str(old), "--by", "M. Lee", "--baselines", str(tmp_path), *AT,
            "--policy", "samples/demo.yaml"]  # fmt: skip
    assert main(first) == 1  # the policy says that 3.0.2 is installed
    assert main(made) == 2  # no PASS, so no baseline
    assert main([*first, "--installed", "3.0.0"]) == 0
    assert main(made) == 0
    assert main(made) == 2  # there is one
    (tmp_path / "assets.yaml").write_text(
        "register: fwverify-assets/1\nunits:\n  UPS-A-03: {what: UPS row A, vendor: acme, product: acme-ups, "
        "installed: 3.0.1, baseline: UPS-A-03.baseline.json}\n"
    )
    return tmp_path


def options(site: Path) -> list[str]:
    return ["--assets", str(site / "assets.yaml"), "--asset", "UPS-A-03", "--change", "CHG-10422", *WINDOW]


def test_change(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Verified before the window against baseline and way back; afterwards the baseline follows what the unit shows."""
    evidence = site / "new.evidence.json"
    asked = ["verify", NEW, *POLICY, *AT, *options(site), "--rollback", OLD]
    assert main([*asked, "--evidence", str(evidence)]) == 0
    page = " ".join(capsys.readouterr().out.split())
    for words in (
        "Change CHG-10422 on UPS-A-03 (UPS row A), asked by M. Lee, agreed by J. Ortiz",
        "2026-11-25 01:00 to 04:00 UTC",
        "Changed since acme-ups-3.0.1", "Way back acme-ups-3.0.1 3.0.1 passes the same policy",
        "Valid 2026-11-23 until 2026-11-25 (the maintenance window ends)", "3.0.1 -> 3.1.0",
        "fwverify checklist new -o FILE",
    ):  # fmt: skip
        assert words in page
    again = [*POLICY, *AT, "--json"]
    assert main(["reassess", str(evidence), *again]) == 0
    findings = {one["rule"]: one["outcome"] for one in json.loads(capsys.readouterr().out)["verdict"]["findings"]}
    assert {findings[one] for one in ("version.rollback-image", "change.trust-anchor", "record.window")} == {"pass"}
    after = ["baseline", "update", "UPS-A-03", "--from", str(evidence), "--by", "M. Lee", "--baselines", str(site), *AT,
             "--policy", "samples/demo.yaml"]  # fmt: skip
    assert main([*after, "--observed-version", "3.0.1"]) == 2
    assert "the unit shows 3.0.1, the evidence is of 3.1.0" in capsys.readouterr().err
    assert main([*after, "--observed-version", "3.1.0"]) == 0
    assert main(["baseline", "show", "UPS-A-03", "--baselines", str(site)]) == 0
    assert "2 approved" in capsys.readouterr().out


def test_checklist(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Printed, filled in, attached: what is not as it should be fails where the policy asks for it."""
    empty, done = site / "empty.yaml", site / "done.yaml"
    assert main(["checklist", "new", "--change", "CHG-10422", "-o", str(empty)]) == 0
    assert main(["checklist", "check", str(empty)]) == 2  # nobody signed it
    text = empty.read_text().replace('by: ""', 'by: "M. Lee"').replace('date: ""', 'date: "2026-11-25"')
    done.write_text(text)
    assert main(["checklist", "check", str(done)]) == 3
    done.write_text(text.replace('result: ""', 'result: "yes"'))
    assert main(["checklist", "check", str(done)]) == 0
    asked = ["verify", NEW, *POLICY, *AT, *options(site), "--no-evidence", "--json", "--checklist", str(done)]
    assert main(asked) == 0
    done.write_text(done.read_text().replace('asset: ""', "asset: UPS-Z-99"))
    assert main(asked) == 2
    assert "is of UPS-Z-99, not of UPS-A-03" in capsys.readouterr().err
    done.write_text(text.replace('result: ""', 'result: "no"'))
    assert main(["checklist", "check", str(done)]) == 1
    capsys.readouterr()
    main(asked)
    findings = {one["rule"]: one["outcome"] for one in json.loads(capsys.readouterr().out)["verdict"]["findings"]}
    assert findings["safety.checklist"] == "fail"


@pytest.mark.parametrize(
    "wrong",
    [
        ["--asset", "UPS-Z"], ["--installed", "3.0.2"], ["--product", "acme-pdu"], ["--window", "tonight"],
        ["--baseline", "README.md"], ["--rollback", "nowhere"], ["--checklist", "README.md"], ["--change", "a\nb"],
    ],
    ids=lambda one: one[0].strip("-"),
)  # fmt: skip
def test_mistakes(site: Path, wrong: list[str]) -> None:
    """Contradictions and nonsense are the operator's mistakes, told before any work."""
    assert main(["verify", NEW, *POLICY, *AT, *options(site), "--no-evidence", *wrong]) == 2


def test_nothing_from_the_delivery(site: Path, tmp_path: Path) -> None:
    """A register, a baseline or a checklist inside the delivery says nothing about it."""
    inside = tmp_path / "delivery"
    inside.mkdir()
    (inside / "image.bin").write_bytes(b"image")
    for name in ("assets.yaml", "UPS-A-03.baseline.json"):
        (inside / name).write_bytes((site / name).read_bytes())
    common = ["verify", str(inside), *POLICY, *AT, "--no-evidence"]
    assert main([*common, "--assets", str(inside / "assets.yaml"), "--asset", "UPS-A-03"]) == 2
    assert main([*common, "--baseline", str(inside / "UPS-A-03.baseline.json")]) == 2


def test_downgrade_is_declared(site: Path) -> None:
    """Going back is a downgrade unless it is declared with its reason."""
    asked = ["verify", OLD, *POLICY, *AT, "--installed", "3.1.0", "--no-evidence", "-q"]
    assert main(asked) == 1
    assert main([*asked, "--going-back", "3.1.0 loses alarms"]) == 0
