"""The commands on a small image: what they print, write and return."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from fwverify.cli import main, output

AT = ("--at", "2026-11-22T00:00:00Z")


@pytest.fixture
def image(here: Path) -> Path:
    """An unsigned image nobody knows."""
    path = here / "my fw.bin"
    path.write_bytes(b"\x7fnothing that is known\n" * 40)
    return path


def test_verify_prints_a_page_and_keeps_evidence(image: Path, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Inconclusive, 3; the evidence is beside, whole, and is what the page's digest is over."""
    assert main(["verify", image.name, "--in-process", *AT]) == 3
    out, err = capsys.readouterr()
    assert err == ""
    assert out.startswith("INCONCLUSIVE  my fw.bin")
    assert "fwverify verify 'my fw.bin'" in out
    assert "--sha256 HEX" in out
    assert "\x1b" not in out
    raw = (here / "my fw.evidence.json").read_bytes()
    digest = hashlib.sha256(raw).hexdigest()
    last = out.splitlines()[-1]
    assert last.startswith(f"Evidence  my fw.evidence.json  sha256 {digest[:4]} {digest[4:8]} ...")
    assert last.endswith("exit 3")


def test_two_runs_are_the_same_bytes(image: Path, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Same input, same time: same page and same evidence."""
    for name in ("a.json", "b.json"):
        main(["verify", image.name, "--in-process", *AT, "--evidence", name])
    first, second = capsys.readouterr().out.split("INCONCLUSIVE")[1:]
    assert first.replace("a.json", "b.json") == second
    assert (here / "a.json").read_bytes() == (here / "b.json").read_bytes()


def test_no_evidence_writes_nothing(image: Path, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And the page says so."""
    assert main(["verify", image.name, "--in-process", "--no-evidence", *AT]) == 3
    assert "Evidence  not written" in capsys.readouterr().out
    assert [one.name for one in here.iterdir()] == [image.name]


def test_never_into_the_delivery(here: Path, image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Standing in the delivery's folder is a clear mistake, found before any work, and nothing is written."""
    assert main(["verify", ".", "--in-process"]) == 2
    assert "would be written into the delivery" in capsys.readouterr().err
    assert [one.name for one in here.iterdir()] == [image.name]


def test_json_is_one_document(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Parses, and says the same."""
    status = main(["verify", image.name, "--in-process", "--json", "--no-evidence", *AT])
    report = json.loads(capsys.readouterr().out)
    assert report["exit_status"] == status == 3
    assert report["verdict"]["decision"] == "inconclusive"


def test_quiet_prints_nothing(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The exit status tells."""
    assert main(["verify", image.name, "--in-process", "-q", *AT]) == 3
    assert capsys.readouterr() == ("", "")


def test_out_writes_every_form(image: Path, here: Path) -> None:
    """Page, report and evidence in one folder, which is made."""
    assert main(["verify", image.name, "--in-process", "--out", "results", *AT]) == 3
    names = sorted(one.name for one in (here / "results").iterdir())
    assert {"my fw.evidence.json", "my fw.json", "my fw.txt"} <= set(names)
    assert (here / "results" / "my fw.txt").read_text().startswith("INCONCLUSIVE")


def test_output_file_instead_of_the_screen(image: Path, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """-o writes the chosen form and nothing to the screen."""
    assert main(["verify", image.name, "--in-process", "-o", "page.txt", *AT]) == 3
    assert capsys.readouterr().out == ""
    assert (here / "page.txt").read_text().startswith("INCONCLUSIVE")


def test_color_on_a_terminal_only(
    image: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A terminal gets colour unless NO_COLOR says no."""
    import sys

    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    main(["verify", image.name, "--in-process", "--no-evidence", *AT])
    assert "\x1b[1;33mINCONCLUSIVE" in capsys.readouterr().out
    monkeypatch.setenv("NO_COLOR", "1")
    main(["verify", image.name, "--in-process", "--no-evidence", *AT])
    assert "\x1b" not in capsys.readouterr().out


def test_closed_pipe_keeps_the_verdict(image: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`fwverify verify X | true` still ends with the verdict's status."""
    import sys

    def broken(text: str) -> int:
        raise BrokenPipeError(32, "Broken pipe")

    monkeypatch.setattr(sys.stdout, "write", broken, raising=False)
    monkeypatch.setattr(output.os, "dup2", lambda one, other: None)
    assert main(["verify", image.name, "--in-process", "--no-evidence", *AT]) == 3


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--policy", "no.yaml"], "no.yaml"),
        (["--keys", "nowhere"], "nowhere"),
        (["--at", "soon"], "--at"),
        (["--sha256", "12"], "--sha256"),
        (["--channel", "phone"], "--channel"),
        (["--evidence", "no/where.json"], "no such folder"),
        (["--evidence", "x.json", "--no-evidence"], "contradict"),
        (["-o", "my fw.bin"], "would be written into the delivery"),
    ],
)
def test_mistakes_are_2_before_any_work(
    image: Path, here: Path, arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each option that cannot be used is named; nothing is written."""
    assert main(["verify", image.name, "--in-process", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("error: ")
    assert says in err
    assert [one.name for one in here.iterdir()] == [image.name]


def test_reassess_needs_no_firmware(image: Path, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same policy and time give the same findings; the digest stays; the note says that it was judged again."""
    main(["verify", image.name, "--in-process", "--json", *AT])
    first = json.loads(capsys.readouterr().out)
    image.unlink()
    assert main(["reassess", "my fw.evidence.json", "--json", *AT]) == 3
    out, err = capsys.readouterr()
    again = json.loads(out)
    assert again["verdict"] == first["verdict"]
    assert again["evidence_digest"] == hashlib.sha256((here / "my fw.evidence.json").read_bytes()).hexdigest()
    assert "judged again from my fw.evidence.json, whose facts are of 2026-11-22T00:00:00Z" in err


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "not evidence"),
        (b'{"schema": "https://fwverify.example/evidence/2"}', "not evidence"),
        (b'{"schema": "https://fwverify.example/evidence/1"}', "not whole"),
        (b"\xff\xfe", "not JSON"),
    ],
)
def test_what_is_no_evidence_is_a_mistake(
    here: Path, content: bytes, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One message, 2, no traceback."""
    (here / "e.json").write_bytes(content)
    assert main(["reassess", "e.json"]) == 2
    assert says in capsys.readouterr().err


def test_evidence_that_is_no_unicode(image: Path, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Lone surrogates have no canonical form: a mistake, not a crash."""
    main(["verify", image.name, "--in-process", *AT])
    data = json.loads((here / "my fw.evidence.json").read_text())
    data["delivery"] = "\ud800"
    (here / "e.json").write_text(json.dumps(data))
    capsys.readouterr()
    assert main(["reassess", "e.json"]) == 2
    assert "not whole" in capsys.readouterr().err


def test_inspect_shows_the_tree(image: Path, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Name, offset, size, digest; writes nothing."""
    assert main(["inspect", image.name, "--in-process"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("my fw.bin: ")
    assert " 0x0 920 3.5 .......... my fw.bin: scan" in " ".join(out.split())
    assert "1 part nobody could explain, 920 bytes" in out
    assert main(["inspect", image.name, "--in-process", "--map", image.name]) == 2
    assert main(["inspect", image.name, "--in-process", "--map", "../map.html"]) == 0
    assert "<svg" in (here.parent / "map.html").read_text()
    capsys.readouterr()
    assert [one.name for one in here.iterdir()] == [image.name]
    assert main(["inspect", image.name, "--in-process", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["artifacts"][0]["size"] == 920


def test_authenticate_without_anything_is_3(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing found is no success."""
    assert main(["authenticate", image.name]) == 3
    assert capsys.readouterr().out == "no signature and no checksum was found\n"


def test_authenticate_checksum_mismatch_is_1(here: Path, image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A list that names other bytes."""
    (here / "SHA256SUMS").write_text(f"{'0' * 64}  {image.name}\n")
    assert main(["authenticate", image.name, "SHA256SUMS", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["checksums"][0]["holds"] is False


def test_authenticate_unknown_scheme(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Named with the ones that exist."""
    assert main(["authenticate", image.name, "--scheme", "magic"]) == 2
    assert "minisign" in capsys.readouterr().err


def test_authenticate_with_one_key(here: Path, image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A raw Ed25519 signature holds under the key given, and no longer after one bit flipped."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    secret = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    pem = secret.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (here / "vendor.pem").write_bytes(pem)
    (here / "my fw.bin.sig").write_bytes(secret.sign(image.read_bytes()))
    command = ["authenticate", image.name, "my fw.bin.sig", "--key", "vendor.pem"]
    assert main(command) == 0
    assert capsys.readouterr().out.startswith("valid  my fw.bin.sig over my fw.bin")
    image.write_bytes(image.read_bytes()[:-1] + b"\x00")
    assert main(command) == 1


def test_formats_lists_every_plug_in(capsys: pytest.CaptureFixture[str]) -> None:
    """All rooms, as text and as JSON, and the document."""
    from fwverify.cli.formats import formats_markdown, rooms

    assert main(["formats"]) == 0
    text = capsys.readouterr().out
    assert main(["formats", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    for room in rooms():
        assert len(listed[room.name]) == len(room.plugins)
        for name, doc in room.plugins:
            assert name in text
            assert f"| `{name}` | {doc.title}" in formats_markdown()
    assert all(len(line) <= 80 for line in text.splitlines())


def test_limits_are_settings(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A bound given on the command line holds, is recorded, and one that does not exist is a mistake."""
    assert main(["verify", image.name, "--in-process", "--no-evidence", "--json", "--limit", "max_depth=1", *AT]) == 3
    assert ["max_depth", 1] in json.loads(capsys.readouterr().out)["evidence"]["settings"]["limits"]
    for wrong in ("max_dept=3", "max_depth=many", "max_depth=0", "max_depth"):
        assert main(["verify", image.name, "--limit", wrong]) == 2
        assert "--limit" in capsys.readouterr().err


def test_doctor_answers(capsys: pytest.CaptureFixture[str]) -> None:
    """Versions, the protections that a worker really has, and where things are looked for."""
    assert main(["doctor", "--json"]) in (0, 2)
    answers = {one["about"]: one for one in json.loads(capsys.readouterr().out)}
    assert answers["cryptography"]["good"]
    assert answers["isolation"]["found"] == "full: a worker was started and has rlimits, landlock, seccomp"
    assert answers["read from a delivery or the working directory"]["found"] == "never"


def test_doctor_names_what_is_missing(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing library is 2 and marked; those of extras are not asked for."""
    needed = ["no-such-library<2,>=1.0", 'of-an-extra>=1; extra == "other"']
    monkeypatch.setattr("importlib.metadata.requires", lambda name: needed)
    assert main(["doctor"]) == 2
    shown = capsys.readouterr().out
    assert "MISSING: no-such-library: not installed" in shown
    assert "of-an-extra" not in shown
