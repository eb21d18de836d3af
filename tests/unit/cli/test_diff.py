"""`fwverify diff`: mistakes, and what it prints of hostile names."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fwverify.cli import main
from fwverify.model.canonical import canonical
from fwverify.model.evidence import ContentKind
from fwverify.report.schema import difference_schema
from tests.unit.model.evidences import Image

HOSTILE = "bin/\x1b[31mevil\u202egpj\n"


def stored(folder: Path, name: str, image: Image) -> str:
    path = folder / f"{name}.evidence.json"
    path.write_bytes(canonical(image.evidence()))
    return str(path)


def test_mistakes(tmp_path: Path) -> None:
    """Nothing there, no evidence in a file of that name, keys inside a delivery: usage errors."""
    image = tmp_path / "image.bin"
    image.write_bytes(b"firmware")
    folder = tmp_path / "delivery"
    (folder / "keys").mkdir(parents=True)
    (tmp_path / "x.evidence.json").write_text("{}")
    assert main(["diff", str(image), str(tmp_path / "none")]) == 2
    assert main(["diff", str(image), str(tmp_path / "x.evidence.json"), "--in-process"]) == 2
    assert main(["diff", str(image), str(folder), "--keys", str(folder / "keys")]) == 2


def test_hostile_names(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Names that would colour, reorder or break lines are printed as what they are, on the page and in JSON."""
    new = Image(name=HOSTILE).program(HOSTILE, network="yes").component(HOSTILE, "1\x1b[0m", HOSTILE)
    new.seen(ContentKind.ENDPOINT, HOSTILE, "http://\x1b]0;x\x07.com", "not encrypted")
    files = stored(tmp_path, "old", Image()), stored(tmp_path, "new", new)
    for more in ([], ["-v"], ["--json"]):
        assert main(["diff", *files, *more]) == 0
        out = capsys.readouterr().out
        assert "evil" in out
        assert all(one.isprintable() or one == "\n" for one in out)


def test_document_fits_its_schema(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What --json prints is what docs/difference-schema.json says."""
    import jsonschema_rs

    new = Image().program("bin/x", network="yes", mode="4755").component("z", "1").file("y").gap("y").signature()
    main(["diff", stored(tmp_path, "old", Image().component("z", "2")), stored(tmp_path, "new", new), "--json"])
    jsonschema_rs.validator_for(difference_schema()).validate(json.loads(capsys.readouterr().out))
