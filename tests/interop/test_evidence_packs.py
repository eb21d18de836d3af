"""Packs and logs against other tools: README.txt's own commands, securesystemslib, in-toto-attestation, rfc8785,
pymerkle, sigstore."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import zipfile
from pathlib import Path

import pytest

from fwverify.cli import main
from fwverify.formats import dsse, in_toto
from fwverify.records import merkle
from tests.interop import tools
from tests.scenario.evidence_packs import SAMPLE, contents, packed, public, site_key

pytestmark = pytest.mark.interop


def script(readme: str) -> str:
    """The commands of README.txt: every line that is indented by four blanks or more."""
    return "\n".join(re.findall(r"^    (.*)$", readme, re.MULTILINE))


def run(folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """All commands, in the unpacked pack, ending at the first that fails."""
    text = "set -eu -o pipefail\n" + script((folder / "README.txt").read_text())
    environment = {"PATH": "/usr/bin:/bin", "DELIVERY": str(SAMPLE), **more}
    return subprocess.run(
        ["bash", "-c", text], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def unpacked(pack: Path, folder: Path) -> Path:
    with zipfile.ZipFile(pack) as archive:
        archive.extractall(folder)
    return folder


@pytest.mark.parametrize("algorithm", ["ed25519", "ecdsa-p256"])
def test_every_command_of_the_readme_works(algorithm: str, tmp_path: Path) -> None:
    """A stranger with bash, jq, coreutils and openssl comes to the end of README.txt."""
    for one in ("bash", "jq", "openssl", "sha256sum"):
        tools.need(one)
    folder = unpacked(packed(tmp_path / "p.zip", "--sign", str(site_key(algorithm))), tmp_path / "p")
    done = run(folder, SITEKEY=public(site_key(algorithm)))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "https://slsa.dev/verification_summary/v1" in done.stdout
    assert re.search("Verified OK|Verified Successfully", done.stdout)


@pytest.mark.parametrize("name", ["report.txt", "report.json", "policy/2-production.yaml", "keys-used/acme.yaml"])
def test_the_readme_finds_every_change(name: str, tmp_path: Path) -> None:
    """A changed file, with SHA256SUMS made anew by whoever changed it, ends the commands of README.txt."""
    tools.need("jq")
    folder = unpacked(packed(tmp_path / "p.zip", "--sign", str(site_key())), tmp_path / "p")
    file = folder / name
    file.write_bytes(file.read_bytes() + b"\n")
    sums = (folder / "SHA256SUMS").read_text().splitlines()
    again = [f"{hashlib.sha256((folder / one[66:]).read_bytes()).hexdigest()}  {one[66:]}" for one in sums]
    (folder / "SHA256SUMS").write_text("\n".join(again) + "\n")
    assert run(folder, SITEKEY=public(site_key())).returncode != 0


@pytest.mark.parametrize("algorithm", ["ed25519", "ecdsa-p256", "ml-dsa-65"])
def test_securesystemslib_verifies_the_envelopes(algorithm: str, tmp_path: Path) -> None:
    """Its own Envelope and Key, given the PEM file, accept every statement and none whose payload was changed."""
    from cryptography.hazmat.primitives.serialization import load_pem_public_key
    from securesystemslib.dsse import Envelope
    from securesystemslib.exceptions import VerificationError
    from securesystemslib.signer import SSlibKey

    raw = contents(packed(tmp_path / "p.zip", "--sign", str(site_key(algorithm))))["statement.intoto.jsonl"]
    loaded = load_pem_public_key(Path(public(site_key(algorithm))).read_bytes())
    rows = raw.splitlines()
    assert len(rows) == 4
    for row in rows:
        envelope = Envelope.from_dict(json.loads(row))
        key = SSlibKey.from_crypto(loaded, next(iter(envelope.signatures)))
        assert envelope.verify([key], 1)
        envelope.payload += b" "
        with pytest.raises(VerificationError):
            envelope.verify([key], 1)


def test_in_toto_attestation_reads_the_statements(tmp_path: Path) -> None:
    """The reference bindings parse and validate every statement; our own reader agrees on subjects and result."""
    from google.protobuf.json_format import ParseDict
    from in_toto_attestation.v1.statement import Statement
    from in_toto_attestation.v1.statement_pb2 import Statement as Message

    raw = contents(packed(tmp_path / "p.zip", "--sign", str(site_key())))["statement.intoto.jsonl"]
    ours = [in_toto.parse(one.payload) for one in dsse.parse(raw)]
    theirs = [ParseDict(json.loads(one.payload), Message()) for one in dsse.parse(raw)]
    for message in theirs:
        Statement.copy_from_pb(message).validate()
    assert [one.predicate_type for one in theirs] == [one.predicate_type for one in ours]
    image = hashlib.sha256((SAMPLE / "acme-pdu-2.0.0.itb").read_bytes()).hexdigest()
    assert [dict(one.subject[0].digest)["sha256"] for one in theirs[:3]] == [image] * 3
    assert dict(ours[0].states)["vsa-result"] == "PASSED"


def test_test_result_is_what_its_schema_says(tmp_path: Path) -> None:
    """The predicate reads as in-toto's TestResult v0.1, with nothing left over."""
    from google.protobuf.json_format import ParseDict
    from in_toto_attestation.predicates.test_result.v0.test_result_pb2 import TestResult

    raw = contents(packed(tmp_path / "p.zip", "--sign", str(site_key())))["statement.intoto.jsonl"]
    predicate = json.loads(dsse.parse(raw)[1].payload)["predicate"]
    message = ParseDict(predicate, TestResult())
    assert message.result == "WARNED" and "signature.valid" in message.passed_tests


def test_report_json_is_canonical_in_the_eyes_of_another(tmp_path: Path) -> None:
    """The rfc8785 package writes the same bytes from the same document."""
    import rfc8785

    files = contents(packed(tmp_path / "p.zip"))
    for name in ("report.json", "pack.json"):
        assert rfc8785.dumps(json.loads(files[name])) == files[name]


def test_pymerkle_makes_the_same_tree() -> None:
    """Roots, inclusion and consistency proofs of every small tree are those of an independent implementation."""
    import pymerkle

    theirs = pymerkle.InmemoryTree(algorithm="sha256")
    tree: list[bytes] = []
    for size in range(1, 18):
        data = f"entry {size}".encode()
        theirs.append_entry(data)
        tree.append(merkle.leaf(data))
        assert theirs.get_root() == merkle.root(tree)
        for at in range(1, size + 1):
            proof = theirs.prove_inclusion(at, size).serialize()
            ours = {one.hex() for one in merkle.inclusion(at - 1, tree)}
            assert {one.removeprefix("0x") for one in proof["path"]} - {tree[at - 1].hex()} == ours
            pymerkle.verify_consistency(theirs.get_root(at), theirs.get_root(), theirs.prove_consistency(at, size))
            assert merkle.grew(at, theirs.get_root(at), size, theirs.get_root(), merkle.consistency(at, tree))


def test_sigstore_accepts_the_inclusion_proofs() -> None:
    """The folding that sigstore checks a Rekor entry with comes to our roots."""
    from sigstore._internal import merkle as theirs

    for size in range(1, 18):
        tree = [merkle.leaf(bytes([one])) for one in range(size)]
        for index in range(size):
            path = list(merkle.inclusion(index, tree))
            inner, border = theirs._decomp_inclusion_proof(index, size)
            assert inner + border == len(path)
            value = theirs._chain_inner(tree[index], path[:inner], index)
            assert theirs._chain_border_right(value, path[inner:]) == merkle.root(tree)


def test_the_readme_checks_the_log_and_the_time(tmp_path: Path) -> None:
    """With a log, the commands of README.txt check the entry and the signature of the checkpoint."""
    tools.need("jq", "openssl")
    key, log = site_key(), tmp_path / "log"
    assert main(["evidence", "log", "new", str(log), "--origin", "site-a.example/log", "--sign", str(key)]) == 0
    pack = packed(tmp_path / "p.zip", "--sign", str(key), "--log", str(log))
    folder = unpacked(pack, tmp_path / "p")
    done = run(folder, SITEKEY=public(key), LOGKEY=public(key))
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("Verified Successfully") == 2
