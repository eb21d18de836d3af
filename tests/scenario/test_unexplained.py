"""Bytes that nobody can explain: their kind and entropy are told, on the page and in the evidence; a rule asks."""

from __future__ import annotations

import io
import json
import random
import tarfile
from pathlib import Path

import pytest

from fwverify import pipeline
from fwverify.cli import main
from fwverify.model.evidence import Gap, GapReason
from tests.vectors.makers.firmware import PAYLOAD, uimage

CHANCE = random.Random(5)
NOISE = CHANCE.randbytes(20_000)
TABLE = b"".join((one * one).to_bytes(4, "little") for one in range(2000))
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + NOISE + b"\0\0\0\0IEND\xaeB`\x82"
TEXT = b"\0" + b"a line of text, and not only text\n" * 200
POLICY = """fwverify: policy/1
id: opaque
version: "1"
title: Nothing opaque
owner: tests
review-by: 2036-01-01
action: accept
rules:
  package.opaque: must
"""
PIECES = {
    "high entropy": NOISE,
    "text": TEXT,
    "unknown": TABLE,
    "fill": b"\xa5" * 5000,
}


def archive(*files: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, data in files:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


def unexplained(folder: Path, data: bytes) -> list[Gap]:
    path = folder / "image.bin"
    path.write_bytes(data)
    evidence = pipeline.facts([path], at="2026-11-23T00:00:00Z")
    return [one for one in evidence.gaps if one.reason is GapReason.UNEXPLAINED]


@pytest.mark.parametrize("kind", PIECES)
def test_told_on_the_page(kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Behind a uImage: what it looks like, how much it is, where it lies, its entropy."""
    image = uimage(PAYLOAD)
    (tmp_path / "image.bin").write_bytes(image + PIECES[kind])
    main(["inspect", "--in-process", str(tmp_path / "image.bin")])
    told = " ".join(capsys.readouterr().out.split())
    assert f"@{len(image):#x}, {len(PIECES[kind]):,} bytes, {kind}, entropy " in told


@pytest.mark.parametrize("kind", PIECES)
def test_told_in_json(kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same for programs."""
    image = uimage(PAYLOAD)
    (tmp_path / "image.bin").write_bytes(image + PIECES[kind])
    main(["inspect", "--json", "--in-process", str(tmp_path / "image.bin")])
    (one,) = json.loads(capsys.readouterr().out)["unexplained"]
    assert one["kind"] == kind and one["size"] == len(PIECES[kind])
    assert one["entropy"] > 780 if kind == "high entropy" else one["entropy"] < 700
    assert bytes.fromhex(one["first"]) == PIECES[kind][:16]


def test_noise_is_a_gap(tmp_path: Path) -> None:
    """As an image, behind a part, as a file: with its range and entropy."""
    for data in (NOISE, uimage(PAYLOAD) + NOISE, archive(("noise", NOISE))):
        (gap,) = unexplained(tmp_path, data)
        assert gap.range is not None and gap.range.size == len(NOISE) and gap.entropy > 780


def test_what_is_no_such_gap(tmp_path: Path) -> None:
    """Tables, text and what always looks random: searched, and no gap of its own."""
    assert unexplained(tmp_path, archive(("table", TABLE), ("text", TEXT), ("logo.png", PNG))) == []


def test_the_rule_asks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An encrypted image is opaque by every policy that asks; one with a table is not."""
    for data, failed in ((NOISE, True), (archive(("table", TABLE)), False)):
        (tmp_path / "image.bin").write_bytes(data)
        policy = tmp_path / "policy.yaml"
        policy.write_text(POLICY)
        main(["verify", "--in-process", str(tmp_path / "image.bin"), "--policy", str(policy), "--json"])
        report = json.loads(capsys.readouterr().out)
        outcomes = {one["rule"]: one["outcome"] for one in report["verdict"]["findings"]}
        assert (outcomes["package.opaque"] == "fail") == failed
