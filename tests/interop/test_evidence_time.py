"""Timestamps over report.json, by an authority that openssl plays behind a loopback server."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from fwverify.cli import main
from fwverify.records.stamping import NoTime, query, stamped
from tests.interop import tools
from tests.interop.test_evidence_packs import run, unpacked
from tests.pki import certificate, key, pem, private
from tests.scenario.evidence_packs import KEYS, POLICY, ROOT, contents, packed, public, rezipped, site_key, verified

pytestmark = pytest.mark.interop
CONFIG = """[tsa]
default_tsa=t
[t]
serial=serial
signer_cert=clock.pem
signer_key=clock.key
signer_digest=sha256
default_policy=1.2.3.4.1
digests=sha256,sha512
ess_cert_id_alg=sha256
certs=root.pem
"""


@dataclass
class Authority:
    """A timestamping authority in a folder."""

    folder: Path
    url: str = ""
    wrong: bytes = b""
    """What it answers instead of a timestamp."""

    @property
    def root(self) -> str:
        return str(self.folder / "root.pem")

    def answer(self, asked: bytes) -> bytes:
        """What openssl ts says to a query."""
        (self.folder / "q").write_bytes(asked)
        reply = ["openssl", "ts", "-reply", "-queryfile", "q", "-config", "ts.cnf", "-section", "t", "-out", "r"]
        subprocess.run(reply, cwd=self.folder, check=True, capture_output=True)
        return (self.folder / "r").read_bytes()


def authority(folder: Path, name: str = "clock", usage: str = "timeStamping") -> Authority:
    folder.mkdir(exist_ok=True)
    top = certificate(f"{name} root", f"{name} root", kind="rsa", ca=True)
    clock = certificate(
        name, f"{name} root", kind="rsa", issuer_kind="rsa", usages=[USAGES[usage]], critical_usage=True
    )
    (folder / "root.pem").write_bytes(pem(top))
    (folder / "clock.pem").write_bytes(pem(clock))
    (folder / "clock.key").write_bytes(private(key(name, "rsa")))
    (folder / "serial").write_text("01\n")
    (folder / "ts.cnf").write_text(CONFIG)
    return Authority(folder)


def _usages() -> dict[str, object]:
    from cryptography.x509.oid import ExtendedKeyUsageOID

    return {"timeStamping": ExtendedKeyUsageOID.TIME_STAMPING, "codeSigning": ExtendedKeyUsageOID.CODE_SIGNING}


USAGES = _usages()


@pytest.fixture
def tsa(tmp_path: Path) -> Iterator[Authority]:
    """An authority that answers on this machine's own address."""
    tools.need("openssl")
    made = authority(tmp_path / "tsa")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = self.rfile.read(int(self.headers["Content-Length"]))
            right = self.headers["Content-Type"] == "application/timestamp-query"
            answer = made.wrong or made.answer(asked)
            self.send_response(200 if right else 415)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *parts: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    made.url = f"http://127.0.0.1:{server.server_port}/ts"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield made
    server.shutdown()
    thread.join()
    server.server_close()


def asked(target: Path, *more: str) -> subprocess.CompletedProcess[str]:
    """`evidence pack` in a process of its own: tests themselves may not connect."""
    command = [
        sys.executable,
        "-m",
        "fwverify",
        "evidence",
        "pack",
        str(verified()),
        "--policy",
        POLICY,
        "--keys",
        KEYS,
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "NO_PROXY": "127.0.0.1"}
    return subprocess.run(
        [*command, *more, "-o", str(target)], env=environment, capture_output=True, text=True, check=False
    )


def test_a_pack_is_stamped_and_checked(tsa: Authority, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The loopback authority stamps report.json; evidence verify and the README's openssl commands accept it."""
    pack = tmp_path / "p.zip"
    done = asked(pack, "--tsa", tsa.url, "--tsa-cert", tsa.root, "--sign", str(site_key()))
    assert done.returncode == 0, done.stderr
    check = ["evidence", "verify", str(pack), "--site-key", public(site_key())]
    assert main([*check, "--tsa-cert", tsa.root]) == 0
    assert "existed at 20" in " ".join(capsys.readouterr().out.split())
    assert main(check) == 0  # its authority is not known here: told, and nothing differs
    assert "not given: --tsa-cert" in " ".join(capsys.readouterr().out.split())
    by_hand = run(unpacked(pack, tmp_path / "p"), SITEKEY=public(site_key()), TSA=tsa.root)
    assert by_hand.returncode == 0, by_hand.stderr
    assert "Verification: OK" in by_hand.stdout and "Time stamp: " in by_hand.stdout


def test_another_authority_or_report_is_a_difference(tsa: Authority, tmp_path: Path) -> None:
    """A timestamp by somebody else, or moved to another report, differs; none where one was asked for, too."""
    pack = tmp_path / "p.zip"
    assert asked(pack, "--tsa", tsa.url, "--tsa-cert", tsa.root).returncode == 0
    other = authority(tmp_path / "other", "sundial")
    assert main(["evidence", "verify", str(pack), "--tsa-cert", other.root]) == 1
    files = contents(pack)
    files["time/report.tsr"] = tsa.answer(query(b"another report").der)
    assert main(["evidence", "verify", str(rezipped(tmp_path / "q.zip", files)), "--tsa-cert", tsa.root]) == 1
    plain = packed(tmp_path / "plain.zip")
    assert main(["evidence", "verify", str(plain), "--tsa-cert", tsa.root]) == 1


def test_an_answer_from_another_machine(tsa: Authority, tmp_path: Path) -> None:
    """--tsr takes an answer that was fetched elsewhere, and refuses one about something else."""
    report = contents(packed(tmp_path / "first.zip"))["report.json"]
    answer = tmp_path / "report.tsr"
    answer.write_bytes(tsa.answer(query(report).der))
    packed(tmp_path / "p.zip", "--tsr", str(answer), "--tsa-cert", tsa.root)
    answer.write_bytes(tsa.answer(query(report + b" ").der))
    command = ["evidence", "pack", str(verified()), "--policy", POLICY, "--keys", KEYS, "-o", str(tmp_path / "q.zip")]
    assert main([*command, "--tsr", str(answer), "--tsa-cert", tsa.root]) == 2
    assert not (tmp_path / "q.zip").exists()


@pytest.mark.parametrize("answer", [b"no timestamp", b"0", b"x" * (1 << 21)])
def test_nonsense_is_not_packed(answer: bytes, tsa: Authority, tmp_path: Path) -> None:
    """An authority that answers nonsense, or without end: exit status 2, and no pack."""
    tsa.wrong = answer
    done = asked(tmp_path / "p.zip", "--tsa", tsa.url, "--tsa-cert", tsa.root)
    assert done.returncode == 2 and "no time that can be trusted" in " ".join(done.stderr.split())
    assert not (tmp_path / "p.zip").exists()


def test_an_authority_that_is_not_there(tmp_path: Path, tsa: Authority) -> None:
    """No answer: exit status 2 and no pack; without its certificate nothing is asked at all."""
    done = asked(tmp_path / "p.zip", "--tsa", "http://127.0.0.1:9/", "--tsa-cert", tsa.root)
    assert done.returncode == 2 and "cannot be reached" in done.stderr
    assert asked(tmp_path / "p.zip", "--tsa", tsa.url).returncode == 2


def test_every_prefix_and_flip_of_an_answer_gives_no_time_or_the_same(tsa: Authority) -> None:
    """A changed answer is refused or says what the right one says; nothing else is ever raised."""
    root = Path(tsa.root).read_bytes()
    asked_for = query(b"report")
    raw = tsa.answer(asked_for.der)
    right = stamped(raw, b"report", root, asked_for.nonce)
    assert right.authority == "CN=clock"
    changed = [raw[:end] for end in range(0, len(raw), 37)]
    changed += [raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :] for at in range(0, len(raw), 11)]
    for one in changed:
        try:
            assert stamped(one, b"report", root, asked_for.nonce).time == right.time
        except NoTime:
            continue
    with pytest.raises(NoTime, match="Nonce"):
        stamped(raw, b"report", root, asked_for.nonce + 1)


def test_a_certificate_for_something_else_stamps_nothing(tmp_path: Path) -> None:
    """A code signing certificate under the same root is no clock; openssl itself refuses to use it."""
    tools.need("openssl")
    made = authority(tmp_path / "tsa", "signer", "codeSigning")
    with pytest.raises(subprocess.CalledProcessError):
        made.answer(query(b"report").der)
