"""Vectors of the SBOM readers: written here by hand as JSON, deterministic."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

ORIGIN = "tests/vectors/makers/sboms.py, written from ECMA-424 (CycloneDX 1.6)"
SERIAL = "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79"
HASH = "c3ab8ff13720e8ad9047dd39466b3c8974e592c2fa383d4a3960714caef0c4f2"


def document(version: str = "1.6", **more: Any) -> dict[str, Any]:
    """A small, complete and valid document."""
    base: dict[str, Any] = {
        "bomFormat": "CycloneDX",
        "specVersion": version,
        "serialNumber": SERIAL,
        "version": 1,
        "metadata": {
            "timestamp": "2026-10-03T12:00:05Z",
            "component": {
                "type": "firmware",
                "bom-ref": "image",
                "supplier": {"name": "Vendor of the vectors"},
                "name": "gateway",
                "version": "4.2.0",
                "hashes": [{"alg": "SHA-256", "content": HASH}],
            },
        },
        "components": [
            library("openssl", "3.0.11", cpe="cpe:2.3:a:openssl:openssl:3.0.11:*:*:*:*:*:*:*"),
            library("busybox", "1.36.1", components=[library("udhcpc", "1.36.1")]),
            {
                "type": "file",
                "bom-ref": "file",
                "name": "/usr/sbin/agent",
                "hashes": [{"alg": "SHA-256", "content": HASH}],
            },
        ],
        "dependencies": [{"ref": "image", "dependsOn": ["openssl", "busybox", "udhcpc", "file"]}],
    }
    return {**base, **more}


def library(name: str, version: str, **more: Any) -> dict[str, Any]:
    base = {"type": "library", "bom-ref": name, "name": name, "version": version}
    return {**base, "purl": f"pkg:generic/{name}@{version}", **more}


def text(data: dict[str, Any]) -> bytes:
    return json.dumps(data, indent=1).encode() + b"\n"


def _broken_entries() -> dict[str, Any]:
    """Every entry has something wrong; none of them may take another one with it."""
    return document(
        serialNumber="urn:uuid:not-one",
        components=[
            library("bad-purl", "1.0", purl="pkg:/@"),
            library("bad-type", "1.0", type="gadget"),
            library("bad-hash", "1.0", hashes=[{"alg": "SHA-256", "content": "00"}, {"alg": "FOO", "content": HASH}]),
            {"type": "library", "bom-ref": "nameless", "version": "1.0"},
            "not an object",
            library("twice", "1.0"),
            library("twice", "2.0"),
            library("sound", "1.0"),
        ],
        dependencies=[{"ref": "image", "dependsOn": ["sound", "nothing"]}],
    )


def make(root: Path) -> None:
    """Write every vector below `root` (tests/vectors)."""
    folder = root / "sboms" / "cyclonedx-json"
    for version in ("1.4", "1.5", "1.6"):
        why = f"nested components, a file and the subject in CycloneDX {version}"
        expect = {"components": 4, "schema_valid": True, "problems": 0}
        _write(folder / "valid" / f"small-{version}", text(document(version)), why, expect)
    why = "a version whose schema does not decide: read, validity unknown"
    expect = {"components": 4, "problems": 0}
    _write(folder / "valid" / "unknown-version", text(document("9.9")), why, expect)
    why = "bad purl, type, hashes, name, reference, serial number: each is named, seven entries still count"
    expect = {"components": 7, "schema_valid": False, "problems": 9}
    _write(folder / "invalid" / "broken-entries", text(_broken_entries()), why, expect)
    why = "an unknown property: the schema refuses it, every component is read"
    expect = {"components": 4, "schema_valid": False, "problems": 0}
    _write(folder / "invalid" / "unknown-property", text(document(bill="of materials")), why, expect)
    why = "another document that only mentions the format"
    _write(folder / "invalid" / "other-format", b'{"bomFormat": "SPDX"}\n', why, {"malformed": True})
    whole = text(document())
    _write(folder / "truncated" / "half", whole[: len(whole) // 2], "cut in the middle", {"malformed": True})
    why = "the same key twice: two readers would see two lists"
    doubled = whole.rstrip()[:-1] + b', "components": []}\n'
    _write(folder / "hostile" / "duplicate-key", doubled, why, {"malformed": True})
    why = "nested a thousand deep, to exhaust a recursive reader"
    nested = b'{"bomFormat": "CycloneDX", "components": ' + b"[" * 1000 + b"]" * 1000 + b"}\n"
    _write(folder / "hostile" / "nested", nested, why, {"malformed": True})
    why = "numbers that are not finite or do not fit 64 bits"
    infinite = whole.replace(b'"version": 1,', b'"version": 1e999,', 1)
    _write(folder / "hostile" / "infinite", infinite, why, {"malformed": True})
    why = "half a surrogate pair in a name: no Unicode text, it could not be written into evidence"
    halved = whole.replace(b'"gateway"', b'"\\ud800"', 1)
    _write(folder / "hostile" / "half-surrogate", halved, why, {"malformed": True})


def _write(folder: Path, data: bytes, why: str, expect: dict[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "input").write_bytes(data)
    lines = [f"{key} = {str(value).lower()}" for key, value in expect.items()]
    meta = [f"origin = {json.dumps(ORIGIN)}", f"why = {json.dumps(why)}", "", "[expect]", *lines, ""]
    (folder / "vector.toml").write_text("\n".join(meta))
