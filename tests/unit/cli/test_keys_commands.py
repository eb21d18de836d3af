"""`fwverify keys` from the first key to its revocation, as people type it."""

from __future__ import annotations

import difflib
import json
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives import serialization as s
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, mldsa, rsa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fwverify.cli.keys import keys
from fwverify.errors import FwverifyError, UsageError
from fwverify.trust.registry import load

SCOPE = ("--vendor", "acme", "--product", "ups-*", "--channel", "phone", "--by", "J. Ortiz")


def pem(private: object) -> bytes:
    return private.public_key().public_bytes(s.Encoding.PEM, s.PublicFormat.SubjectPublicKeyInfo)  # type: ignore[attr-defined]


PEM = pem(ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32)))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "fw.pem").write_bytes(PEM)
    return tmp_path


def run(home: Path, *arguments: str) -> Result:
    return CliRunner().invoke(keys, [*arguments, "--keys", str(home / "keys")], standalone_mode=False)


def good(home: Path, *arguments: str) -> str:
    done = run(home, *arguments)
    assert done.exception is None, done.exception
    long = [
        line for line in done.output.splitlines() if len(line) > 80 and str(home) not in line and '": "' not in line
    ]
    assert not long, long
    return done.output


def bad(home: Path, *arguments: str) -> str:
    """What a mistake says, with what to do."""
    problem = run(home, *arguments).exception
    assert isinstance(problem, FwverifyError), problem
    return f"{problem.where}: {problem}"


def test_a_key_from_pinning_to_revocation(home: Path) -> None:
    """Add, confirm, show, list, audit, revoke: each says what it did and the next says so too."""
    more = ("--constraint", "hash=none", "--constraint", "algorithm=ed25519", "--owner", "signing team", "--yes")
    assert "confirmed 1 of 2" in good(home, "add", str(home / "fw.pem"), *SCOPE, *more, "--valid-to", "2099-12-31")
    assert run(home, "audit").return_value == 1
    same = bad(home, "confirm", "acme/fw", "--channel", "Phone", "--by", "j.  ortiz", "--yes")
    assert "another person" in same
    fingerprint = load(home / "keys").keys[0].record.fingerprint
    told = good(home, "confirm", "acme/fw", "--channel", "unit", "--by", "M. Lee", "--fingerprint", fingerprint)
    assert "confirmed 2 of 2" in told
    shown = good(home, "show", "acme/fw")
    for words in ("339e 2ff9", "signing team", "algorithm ed25519", "M. Lee, by unit", "fingerprint compared", "ups-*"):
        assert words in shown
    assert json.loads(good(home, "show", "acme/fw", "--json"))["owner"] == "signing team"
    assert "valid until 2099-12-31" in good(home, "list")
    done = run(home, "audit")
    assert done.return_value == 0 and "0 things to do" in done.output
    done = run(home, "revoke", "acme/fw", "--reason", 'stolen: "x"', "--distrust", "always", "--by", "M. Lee")
    assert done.exception is None and "Revoked acme/fw" in done.output
    record = load(home / "keys").keys[0].record
    assert (record.status, record.distrust, record.revocation_reason) == ("revoked", "always", 'stolen: "x"')
    assert len(record.sources) == 2 and (home / "keys/acme/fw.pem").exists()
    assert "Withdrawn" in good(home, "show", "acme/fw")
    assert "already" in bad(home, "revoke", "acme/fw", "--reason", "x", "--distrust", "after", "--by", "M")
    assert "not confirmed again" in bad(home, "confirm", "acme/fw", "--channel", "c", "--by", "d", "--yes")


def test_what_is_typed_wrong(home: Path) -> None:
    """Unknown keys, constraints, channels and dates are usage errors with a way out."""
    fw = str(home / "fw.pem")
    assert "Did you mean 'hash'" in bad(home, "add", fw, *SCOPE, "--constraint", "hsah=sha256", "--yes")
    assert "not one of" in bad(home, "add", fw, *SCOPE, "--constraint", "hash=md5", "--yes")
    assert "NAME=VALUE" in bad(home, "add", fw, *SCOPE, "--constraint", "hash", "--yes")
    assert "is no date" in bad(home, "add", fw, *SCOPE, "--valid-to", "soon", "--yes")
    assert "--channel" in bad(home, "add", fw, *SCOPE[:4], "--by", "x", "--yes")
    assert "what to pin" in bad(home, "add", *SCOPE, "--yes")
    assert not (home / "keys").exists()
    good(home, "add", fw, *SCOPE, "--yes")
    assert "Did you mean 'acme/fw'" in bad(home, "show", "acme/fv")
    assert "another key than was read" in bad(
        home, "confirm", "acme/fw", "--channel", "c", "--by", "d", "--fingerprint", "0" * 64
    )
    assert "is no date" in bad(
        home, "revoke", "acme/fw", "--reason", "r", "--distrust", "after", "--by", "b", "--date", "x"
    )


def test_tofu_ends_by_itself_and_is_told(home: Path) -> None:
    """Trusted on first use: an end in 90 days even where a later one is asked for, and the audit says so."""
    good(home, "add", str(home / "fw.pem"), *SCOPE, "--tofu", "--valid-to", "2099-01-01", "--yes")
    record = load(home / "keys").keys[0].record
    assert record.status == "tofu" and record.valid_to < "2099"
    document = json.loads(run(home, "audit", "--json", "--at", record.valid_to[:8] + "01").output)
    assert {"tofu", "confirmations"} <= {one["kind"] for one in document["notices"] if one["urgent"]}


def test_audit_of_published_and_weak_keys(home: Path) -> None:
    """A published sample is told; old confirmations and ends are told with their days."""
    text = f"""fwverify: keys/1
vendor: {{id: acme, legal-name: ACME}}
keys:
  - id: old
    type: public-key
    file: old.pem
    spki-sha256: {_pin(home)}
    purposes: [firmware]
    products: ["*"]
    valid-to: 2026-12-01
    sources:
      - {{channel: phone, who: A, when: 2020-01-01}}
      - {{channel: unit, who: B, when: 2020-02-01}}
"""
    (home / "keys/acme.yaml").write_text(text)
    done = run(home, "audit", "--at", "2026-11-22")
    assert done.return_value == 1
    for words in ("RSA with 1024 bits", "last confirmed 2020-02-01", "ends 2026-12-01, in 9 days"):
        assert words in done.output
    assert run(home, "audit", "--at", "2020-02-02").output.count("DO") == 1


def _pin(home: Path) -> str:
    import hashlib

    key = rsa.generate_private_key(65537, 1024).public_key()
    (home / "keys").mkdir()
    (home / "keys/old.pem").write_bytes(key.public_bytes(s.Encoding.PEM, s.PublicFormat.SubjectPublicKeyInfo))
    return hashlib.sha256(key.public_bytes(s.Encoding.DER, s.PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def test_from_a_file_that_carries_keys(home: Path) -> None:
    """Two keys in one file: both are listed, none is added until one is picked."""
    other = pem(ec.generate_private_key(ec.SECP256R1()))
    (home / "image.bin").write_bytes(b"\x80" * 99 + PEM + b"\0" + other)
    done = run(home, "add", "--from", str(home / "image.bin"), *SCOPE, "--yes")
    assert isinstance(done.exception, UsageError) and "--pick" in str(done.exception)
    assert "339e 2ff9" in done.output and not (home / "keys").exists()
    good(home, "add", "--from", str(home / "image.bin"), "--pick", "2", *SCOPE, "--yes")
    assert [one.record.id for one in load(home / "keys").keys] == ["image"]
    (home / "nothing").write_bytes(b"words")
    assert "no public key" in bad(home, "add", "--from", str(home / "nothing"), *SCOPE, "--yes")


def test_mldsa(home: Path) -> None:
    """A post-quantum key has its type and its constraints."""
    (home / "pq.pem").write_bytes(pem(mldsa.MLDSA87PrivateKey.generate()))
    good(home, "add", str(home / "pq.pem"), *SCOPE, "--constraint", "algorithm=ml-dsa-87", "--yes")
    assert load(home / "keys").keys[0].record.type == "ml-dsa"


WORDS = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), min_size=1, max_size=20)


@given(comments=st.lists(WORDS, max_size=3), channel=WORDS, who=WORDS, indent=st.integers(0, 4), crlf=st.booleans())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_changes_leave_every_other_line_alone(
    tmp_path_factory: pytest.TempPathFactory, comments: list[str], channel: str, who: str, indent: int, crlf: bool
) -> None:
    """Adding and confirming insert lines, revoking changes one; all others stay as they were, in order."""
    home = tmp_path_factory.mktemp("home")
    (home / "fw.pem").write_bytes(PEM)
    (home / "two.pem").write_bytes(pem(ed25519.Ed25519PrivateKey.from_private_bytes(b"2" * 32)))
    good(home, "add", str(home / "fw.pem"), *SCOPE, "--yes")
    path = home / "keys/acme.yaml"
    head, body = path.read_text().split("keys:\n")
    lines = [f"{' ' * indent}{line[2:]}" for line in body.splitlines()]
    lines = [*(f"# {one}" for one in comments), *head.splitlines(), "keys:  # ours", *lines, "# the end"]
    end = "\r\n" if crlf else "\n"
    path.write_bytes((end.join(lines) + end).encode())
    for command in (
        ("add", str(home / "two.pem"), *SCOPE[:4], "--channel", f"c{channel}", "--by", f"b{who}", "--yes"),
        ("confirm", "acme/fw", "--channel", f"d{channel}", "--by", f"e{who}", "--yes"),
        ("revoke", "acme/fw", "--reason", f"r{who}", "--distrust", "always", "--by", f"e{who}"),
    ):
        before = path.read_bytes().split(b"\n")
        done = run(home, *command)
        if done.exception is not None:
            assert isinstance(done.exception, FwverifyError) and path.read_bytes().split(b"\n") == before
            return
        assert _gone(before, path.read_bytes().split(b"\n")) in (
            [[]] if command[0] != "revoke" else [[b" " * indent + b"  status: active" + end[:-1].encode()]]
        )


def _gone(before: list[bytes], after: list[bytes]) -> list[bytes]:
    """Lines that are no longer there, in order."""
    blocks = difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    return [line for kind, low, high, _, _ in blocks if kind in ("delete", "replace") for line in before[low:high]]


@pytest.mark.interop
@pytest.mark.parametrize(
    ("kind", "made"),
    [
        ("openpgp", "gpg --batch --homedir . --passphrase '' --quick-gen-key v@acme.example ed25519 sign never; "
         "gpg --homedir . --armor --export > k"),
        ("openpgp", "gpg --batch --homedir . --passphrase '' --quick-gen-key v@acme.example rsa2048 sign never; "
         "gpg --homedir . --export > k"),
        ("ssh", "ssh-keygen -q -t ed25519 -N '' -f s && mv s.pub k"),
        ("ssh", "ssh-keygen -q -t ecdsa -N '' -f s && mv s.pub k"),
        ("signify", "signify-openbsd -G -n -p k.pub -s k.sec && mv k.pub k && mv k.sec s"),
        ("minisign", "minisign -G -W -p k -s s"),
        ("x509", "openssl req -x509 -newkey rsa:2048 -nodes -keyout s -subj /CN=v -out k"),
        ("x509", "openssl req -x509 -newkey rsa:2048 -nodes -keyout s -subj /CN=v -outform DER -out k"),
        ("public-key", "openssl genpkey -algorithm ed448 | openssl pkey -pubout -outform DER -out k"),
    ],
)  # fmt: skip
def test_keys_made_by_official_tools(home: Path, kind: str, made: str) -> None:
    """A fresh key of each tool is pinned, and its private half refused."""
    import shutil

    tool = made.split()[0]
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not installed")
    work = home / "w"
    work.mkdir(mode=0o700)
    subprocess.run(made, shell=True, cwd=work, check=True, capture_output=True)
    good(home, "add", "--from", str(work / "k"), *SCOPE, "--yes")
    (entry,) = load(home / "keys").keys
    assert entry.record.type == kind and entry.public is not None
    if kind in ("openpgp", "ssh", "signify", "minisign"):
        assert entry.record.native
    if kind == "openpgp":
        told = subprocess.run(
            ["gpg", "--homedir", ".", "--with-colons", "-k"], cwd=work, check=True, capture_output=True, text=True
        )
        assert entry.record.native in told.stdout
    if (work / "s").exists():
        assert "private" in bad(home, "add", str(work / "s"), *SCOPE, "--id", "s", "--yes")
