"""`fwverify diff` on the samples: the whole way from deliveries to the page."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fwverify.cli import main
from fwverify.model.canonical import canonical, from_json
from fwverify.model.difference import Difference, Effect, Topic

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
KEYS = str(SAMPLES.parent / "keys")
RUN = ["--at", "2026-11-22T00:00:00Z", "--in-process"]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the developer's own configuration is seen."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)


def diff(capsys: pytest.CaptureFixture[str], old: str, new: str, *more: str) -> tuple[int, str]:
    status = main(["diff", str(SAMPLES / old), str(SAMPLES / new), "--keys", KEYS, *RUN, *more])
    return status, capsys.readouterr().out


def found(capsys: pytest.CaptureFixture[str], old: str, new: str) -> Difference:
    return from_json(Difference, json.loads(diff(capsys, old, new, "--json")[1]))


def test_next_release(capsys: pytest.CaptureFixture[str]) -> None:
    """The next release of the good sample: a newer version is stated, two texts differ, nothing is worse."""
    status, page = diff(capsys, "acme-ups-3.0.1", "acme-ups-3.1.0", "--exit-code")
    assert status == 0
    assert "Newer release stated: 3.0.1 -> 3.1.0 (os-release, sbom-subject)" in page
    assert "0 for the worse, 0 to look at" in page
    assert "100 % signed (acme/acme-fw-2024)" in " ".join(page.split())
    assert diff(capsys, "acme-ups-3.1.0", "acme-ups-3.0.1", "--exit-code")[0] == 1


def test_undeclared_program(capsys: pytest.CaptureFixture[str]) -> None:
    """The program that somebody added accepts connections: worse, and named as what it is."""
    one = found(capsys, "acme-ups-3.1.0", "acme-ups-3.1.0-undeclared")
    assert [(change.topic, change.name) for change in one.security] == [(Topic.LISTENER, "dropbear")]
    assert [(change.name, change.new and change.new.value) for change in one.components] == [("dropbear", "2022.83")]
    assert one.open == ()


def test_resigned(capsys: pytest.CaptureFixture[str]) -> None:
    """Signed by a stranger: another signer, not a missing signature."""
    one = found(capsys, "acme-ups-3.1.0", "acme-ups-3.1.0-resigned")
    assert Topic.SIGNER in {change.topic for change in one.security}
    assert one.new.signers == ("",)


def test_signature_taken_away(capsys: pytest.CaptureFixture[str]) -> None:
    """One of two signatures taken away is lost."""
    one = found(capsys, "norra-gw-2.1.0-two", "norra-gw-2.1.0-stripped")
    assert (Topic.SIGNATURE, Effect.WORSE) in {(change.topic, change.effect) for change in one.security}


def test_stored_evidence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Evidence that verify wrote stands for its delivery, on one side or both, and says the same."""
    for name in ("acme-ups-3.0.1", "acme-ups-3.1.0"):
        main(["verify", str(SAMPLES / name), "--keys", KEYS, *RUN, "--quiet"])
    stored = [str(tmp_path / f"{name}.evidence.json") for name in ("acme-ups-3.0.1", "acme-ups-3.1.0")]
    fresh = diff(capsys, "acme-ups-3.0.1", "acme-ups-3.1.0", "--json")
    assert diff(capsys, *stored, "--json") == fresh
    assert diff(capsys, stored[0], "acme-ups-3.1.0", "--json") == fresh


@pytest.mark.parametrize("name", ["acme-ups-3.1.0", "bms-12s", "norra-gw-2.1.0-two"])
def test_nothing_between_equals(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A delivery and itself: nothing differs, and it says so with status 0."""
    status, page = diff(capsys, name, name, "--exit-code")
    assert (status, "Nothing differs." in page) == (0, True)


def test_not_everything_could_be_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two programs nobody can read differ: no change was seen, which is no answer."""
    for name, fill in (("old.bin", b"\x01\x83"), ("new.bin", b"\x02\x84")):
        (tmp_path / name).write_bytes(fill * 400)
    status, page = diff(capsys, str(tmp_path / "old.bin"), str(tmp_path / "new.bin"), "--exit-code")
    assert status == 3
    assert "Could not be compared" in page
    assert diff(capsys, str(tmp_path / "old.bin"), str(tmp_path / "new.bin"))[0] == 0


def test_repeats(capsys: pytest.CaptureFixture[str]) -> None:
    """The same two deliveries give the same bytes."""
    first = found(capsys, "acme-ups-3.1.0", "acme-ups-3.1.0-undeclared")
    assert canonical(first) == canonical(found(capsys, "acme-ups-3.1.0", "acme-ups-3.1.0-undeclared"))
