"""Each kind of bad input the project promises an answer for: one clear message or a stated gap, the right exit status,
no traceback, nothing written beside what was asked for."""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import shutil
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from fwverify.cli import main

ROOT = Path(__file__).resolve().parents[2]
GOOD = ROOT / "samples/acme-pdu-2.0.0-sigstore"
IMAGE = GOOD / "acme-pdu-2.0.0.itb"
DEMO = ["--policy", str(ROOT / "samples/demo.yaml"), "--keys", str(ROOT / "keys"), "--in-process"]
ESCAPES = "\x1b]0;owned\x07\x1b[31m[red]bold[/red]\u202egnp.exe\u200b\x9b2J"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty working directory; at the end nothing but evidence and what the test made lies around it."""
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    yield tmp_path
    assert all(one.name.endswith(".evidence.json") for one in work.rglob("*"))


def answer(capsys: pytest.CaptureFixture[str], *command: object) -> tuple[int, str]:
    """Exit status and everything that was said; never a traceback, never a control character."""
    status = main([str(one) for one in command])
    said = "".join(capsys.readouterr())
    assert "Traceback" not in said
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]", said)
    return status, said


def test_operands(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No file, an empty file, an empty folder, a pipe: exit 2 and what is wrong with which."""
    (place / "empty.bin").touch()
    (place / "folder").mkdir()
    os.mkfifo(place / "pipe")
    for name, words in (
        ("none.bin", "no such file"),
        ("empty.bin", "empty"),
        ("folder", "no files"),
        ("pipe", "regular"),
    ):
        status, said = answer(capsys, "verify", place / name)
        assert (status, words in said, name in said) == (2, True, True), said


def test_links_are_not_followed(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A loop of folders, a link to a secret outside, a pipe: told as gaps, never opened."""
    folder = place / "delivery"
    shutil.copytree(GOOD, folder)
    (place / "secret.bin").write_bytes(b"SECRET-OUTSIDE" * 10)
    (folder / "loop").symlink_to(folder)
    (folder / "stolen.bin").symlink_to(place / "secret.bin")
    os.mkfifo(folder / "pipe")
    status, said = answer(capsys, "verify", folder, "--json", "--no-evidence", "--in-process")
    gaps = {one["locator"][0][0] for one in json.loads(said)["evidence"]["gaps"]}
    assert gaps >= {"loop", "stolen.bin", "pipe"}
    assert status != 0
    assert "SECRET" not in said


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("fwverify: policy/1\nid: x\nversion: '1'\ntitle: t\nrules:\n  signature.vaild: must\n", "signature.valid"),
        ("fwverify: policy/1\nid: x\nid: y\n", "twice"),
        ("fwverify: policy/1\nid: &a x\nversion: *a\n", "anchors"),
        ("fwverify: policy/1\nid: !!python/object:os.system x\n", "tags"),
        ("{", "YAML"),
        ("\x00\x01", "YAML"),
    ],
)
def test_policies(place: Path, capsys: pytest.CaptureFixture[str], text: str, words: str) -> None:
    """A policy that cannot be one: exit 2, file with line and column, what is meant."""
    policy = place / "mine.yaml"
    policy.write_text(text)
    status, said = answer(capsys, "verify", IMAGE, "--policy", policy)
    assert status == 2
    assert re.search(r"mine\.yaml:\d+:\d+", said), said
    assert words in said


def test_unreadable_policy_and_keys(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder as policy, a missing registry, a registry with a key file that is none: exit 2 and which file."""
    assert answer(capsys, "verify", IMAGE, "--policy", place)[0] == 2
    assert answer(capsys, "verify", IMAGE, "--keys", place / "nothing")[0] == 2
    keys = place / "keys"
    shutil.copytree(ROOT / "keys", keys)
    (keys / "acme/acme-fw-2024.pem").write_bytes(b"this is no key")
    status, said = answer(capsys, "verify", IMAGE, "--keys", keys)
    assert (status, "acme-fw-2024.pem" in said) == (2, True)
    status, said = answer(
        capsys, "keys", "add", IMAGE, "--vendor", "v", "--product", "p", "--channel", "c", "--by", "b", "--keys",
        place / "new", "--yes",
    )  # fmt: skip
    assert status == 2
    assert not (place / "new").exists()


@pytest.mark.parametrize("sixteenth", range(16))
def test_truncated_image(place: Path, capsys: pytest.CaptureFixture[str], sixteenth: int) -> None:
    """The image cut at every sixteenth, its signed list untouched: FAIL, and never more opened than is there."""
    folder = place / "delivery"
    shutil.copytree(GOOD, folder)
    data = IMAGE.read_bytes()
    (folder / IMAGE.name).write_bytes(data[: len(data) * sixteenth // 16])
    status, said = answer(
        capsys, "verify", folder, *DEMO, "--product", "acme-pdu", "--installed", "1.9.0", "--json", "--no-evidence"
    )
    assert status == 1
    report = json.loads(said)
    failed = {one["rule"] for one in report["verdict"]["findings"] if one["outcome"] == "fail"}
    assert "checksum.match" in failed
    assert all(one["opened_bytes"] <= one["size"] for one in report["evidence"]["artifacts"])


def test_sbom_that_is_none(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file named like an SBOM that is not JSON is an image that nothing covers; a broken one is a gap."""
    folder = place / "delivery"
    shutil.copytree(GOOD, folder)
    (folder / "acme-pdu-2.0.0.cdx.json").write_bytes(b"not JSON at all \xff")
    status, said = answer(
        capsys, "verify", folder, *DEMO, "--product", "acme-pdu", "--installed", "1.9.0", "--no-evidence"
    )
    assert (status, "acme-pdu-2.0.0.cdx.json" in said) == (1, True)
    deep = b'{"bomFormat": "CycloneDX", "specVersion": "1.6", "x": ' + b"[" * 100_000
    (folder / "acme-pdu-2.0.0.cdx.json").write_bytes(deep)
    assert answer(capsys, "verify", folder, *DEMO, "--no-evidence")[0] in (1, 3)


def test_bombs(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Zeros packed in gzip in zip in gzip: stopped by a named limit, INCONCLUSIVE or FAIL, quickly."""
    inner = gzip.compress(bytes(200 << 20), 9)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(8):
            archive.writestr(f"part{number}", bytes(100 << 20))
    for name, data in (("bomb.gz", inner), ("bomb.zip", out.getvalue())):
        (place / name).write_bytes(data)
        status, said = answer(capsys, "verify", place / name, "--json", "--no-evidence", "--in-process")
        evidence = json.loads(said)["evidence"]
        empty = all(one["empty_bytes"] or one["size"] < 1 << 20 for one in evidence["artifacts"])
        assert status in (1, 3)
        assert any(one["reason"] == "limit" for one in evidence["gaps"]) or empty


def test_names_that_lead_out(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A tar with ../, absolute names, links out and devices: each told, nothing written anywhere."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name in ("../../escaped", "/etc/cron.d/escaped", "ok"):
            info = tarfile.TarInfo(name)
            info.size = 4
            archive.addfile(info, io.BytesIO(b"data"))
        for name, kind, target in (("lnk", tarfile.SYMTYPE, "../../etc/passwd"), ("dev", tarfile.CHRTYPE, "")):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, target
            archive.addfile(info)
    (place / "fw.tar").write_bytes(out.getvalue())
    status, said = answer(capsys, "verify", place / "fw.tar", "--json", "--no-evidence", "--in-process")
    kinds = {one["kind"] for one in json.loads(said)["evidence"]["anomalies"]}
    assert status == 1
    assert kinds >= {"path-traversal", "link-escape", "device-node"}
    assert not list(place.rglob("*escaped*"))
    assert not Path("/etc/cron.d/escaped").exists()


def test_escapes_and_markup(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Terminal escapes, bidi marks and Rich markup in names, SBOM and os-release reach no terminal."""
    folder = place / "delivery"
    folder.mkdir()
    document = {
        "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
        "metadata": {"component": {"type": "firmware", "name": ESCAPES, "version": ESCAPES}},
        "components": [{"type": "library", "name": ESCAPES, "version": ESCAPES}],
    }  # fmt: skip
    (folder / "x.cdx.json").write_text(json.dumps(document))
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name in ("etc/os-release", ESCAPES + "\n[bold]"):
            info = tarfile.TarInfo(name)
            data = f'ID="debian"\nVERSION_ID="{ESCAPES}"\n'.encode()
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    (folder / f"{ESCAPES.replace('/', '_')}.tar").write_bytes(out.getvalue())
    for options in ((), ("-vv",)):
        status, _ = answer(capsys, "verify", folder, "--no-evidence", "--in-process", *options)
        assert status in (1, 3)
    assert answer(capsys, "inspect", folder, "--in-process")[0] == 0
