"""Packs through the command line: made, checked, changed, and checked again."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import stat
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fwverify.cli import main
from fwverify.model.canonical import canonical
from tests.scenario.evidence_packs import (
    AT,
    KEYS,
    POLICY,
    ROOT,
    SAMPLE,
    contents,
    packed,
    public,
    rezipped,
    site_key,
    verified,
)
from tests.unit.cli.test_waiver import filled

Files = dict[str, bytes]
Capture = pytest.CaptureFixture[str]
ODD_NAMES = ["../evil", "/etc/passwd", "a\\b", "c:evil", "a//b", "./a", "a/../b", "a\x1b[2J", "x\u202etxt"]


def check(pack: Path, *more: str) -> int:
    return main(["evidence", "verify", str(pack), *more])


def lines(pack: Path, capsys: Capture, *more: str) -> dict[str, str]:
    """Name -> result of every line."""
    capsys.readouterr()
    check(pack, "--json", *more)
    return {one["name"]: one["result"] for one in json.loads(capsys.readouterr().out)["lines"]}


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A signed pack; never changed."""
    return packed(tmp_path_factory.mktemp("pack") / "p.zip", "--sign", str(site_key()))


@pytest.fixture(scope="module")
def key() -> tuple[str, str]:
    """The option that names its site key."""
    return "--site-key", public(site_key())


def test_a_signed_pack_is_equal_in_every_line(signed: Path, key: tuple[str, str], capsys: Capture) -> None:
    """Nothing changed, the right key given: every line is equal and the exit status is 0."""
    assert check(signed, *key) == 0
    assert set(lines(signed, capsys, *key).values()) == {"equal"}


def test_the_page_fits_a_terminal(signed: Path, key: tuple[str, str], capsys: Capture) -> None:
    """No line of the page has more than 80 columns, and it begins with the answer."""
    capsys.readouterr()
    check(signed, *key)
    page = capsys.readouterr().out
    assert page.startswith("EQUAL  ")
    assert max(len(one) for one in page.splitlines()[1:]) <= 80


def test_a_folder_serves_as_well_as_a_zip(tmp_path: Path, key: tuple[str, str]) -> None:
    """The same pack as a folder checks the same."""
    pack = packed(tmp_path / "p", "--sign", str(site_key()))
    assert check(pack, *key) == 0


def test_the_same_evidence_gives_the_same_pack(signed: Path, tmp_path: Path) -> None:
    """Ed25519 signatures repeat, and nothing else in a pack depends on when it was made."""
    assert packed(tmp_path / "q.zip", "--sign", str(site_key())).read_bytes() == signed.read_bytes()


def test_without_a_key_nobody_answers_for_it(signed: Path, tmp_path: Path) -> None:
    """A signed pack without --site-key, and an unsigned one, are not checked: exit status 3."""
    assert check(signed) == 3
    assert check(packed(tmp_path / "p.zip")) == 3


def test_a_digest_that_came_another_way_stands_in_for_a_signature(tmp_path: Path) -> None:
    """--sha256 of the zip: equal with the right one, a difference with another."""
    pack = packed(tmp_path / "p.zip")
    assert check(pack, "--sha256", hashlib.sha256(pack.read_bytes()).hexdigest()) == 0
    assert check(pack, "--sha256", "00" * 32) == 1


def test_another_site_key_is_a_difference(signed: Path, tmp_path: Path) -> None:
    """Statements that are not by the key that was named do not hold."""
    assert check(signed, "--site-key", public(site_key("ecdsa-p256"))) == 1
    unsigned = packed(tmp_path / "p.zip")
    assert check(unsigned, "--site-key", public(site_key())) == 1


@pytest.mark.parametrize("algorithm", ["ecdsa-p256", "ml-dsa-65"])
def test_every_kind_of_site_key_signs(algorithm: str, tmp_path: Path) -> None:
    """ECDSA and ML-DSA sign and check as Ed25519 does; two signers can both be asked for."""
    pack = packed(tmp_path / "p.zip", "--sign", str(site_key(algorithm)), "--sign", str(site_key()))
    assert check(pack, "--site-key", public(site_key(algorithm))) == 0
    assert check(pack, "--site-key", public(site_key(algorithm)), "--site-key", public(site_key())) == 0


def test_the_image_gives_the_same_facts_again(signed: Path, key: tuple[str, str], capsys: Capture) -> None:
    """--image: every fact and every line of the judgement is found again."""
    assert check(signed, *key, "--image", str(SAMPLE), "--in-process") == 0
    found = lines(signed, capsys, *key, "--image", str(SAMPLE), "--in-process")
    assert (found["Facts"], found["Decision"]) == ("equal", "equal")


def test_another_image_is_told_line_by_line(
    signed: Path, key: tuple[str, str], tmp_path: Path, capsys: Capture
) -> None:
    """One flipped byte in the image: the facts and the decision differ, by name."""
    other = tmp_path / "delivery"
    shutil.copytree(SAMPLE, other)
    image = other / "acme-pdu-2.0.0.itb"
    raw = bytearray(image.read_bytes())
    raw[-100] ^= 1
    image.write_bytes(raw)
    capsys.readouterr()
    assert check(signed, *key, "--image", str(other), "--in-process") == 1
    page = capsys.readouterr().out
    assert "rule " in page and "Decision   differs" in page


def test_image_copies_go_in_only_when_asked(tmp_path: Path, key: tuple[str, str]) -> None:
    """--include-image copies what was judged, by digest; another file is refused."""
    pack = packed(tmp_path / "p.zip", "--sign", str(site_key()), "--include-image", str(SAMPLE))
    raw = (SAMPLE / "acme-pdu-2.0.0.itb").read_bytes()
    assert contents(pack)[f"image/{hashlib.sha256(raw).hexdigest()}"] == raw
    assert check(pack, *key) == 0
    command = ["evidence", "pack", str(verified()), "--policy", POLICY, "--keys", KEYS, "-o", str(tmp_path / "q.zip")]
    assert main([*command, "--include-image", str(ROOT / "samples" / "acme-ups-3.1.0")]) == 2


def _changed(name: str, old: bytes, new: bytes) -> Callable[[Files], None]:
    def change(files: Files) -> None:
        assert old in files[name]
        files[name] = files[name].replace(old, new, 1)

    return change


def _resummed(change: Callable[[Files], None]) -> Callable[[Files], None]:
    """The change of somebody who also makes SHA256SUMS anew."""

    def both(files: Files) -> None:
        change(files)
        kept = [one for one in sorted(files) if one not in ("SHA256SUMS", "statement.intoto.jsonl")]
        files["SHA256SUMS"] = "".join(f"{hashlib.sha256(files[one]).hexdigest()}  {one}\n" for one in kept).encode()

    return both


def _refacted(old: bytes, new: bytes) -> Callable[[Files], None]:
    """Facts changed by somebody who also makes their digests anew."""

    def change(files: Files) -> None:
        document = json.loads(files["report.json"])
        evidence = canonical(document["evidence"])
        assert old in evidence
        document["evidence"] = json.loads(evidence.replace(old, new, 1))
        digest = hashlib.sha256(canonical(document["evidence"])).hexdigest()
        document["evidence_digest"] = document["verdict"]["evidence_digest"] = digest
        files["report.json"] = canonical(document)

    return change


CHANGES: dict[str, tuple[Callable[[Files], None], str]] = {
    "page": (_changed("report.txt", b"PASS", b"FAIL"), "Files"),
    "page-resummed": (_resummed(_changed("report.txt", b"PASS", b"FAIL")), "Pages"),
    "readme-resummed": (_resummed(_changed("README.txt", b"openssl", b"opensls")), "Signed by"),
    "decision": (_resummed(_changed("report.json", b'"decision":"pass"', b'"decision":"fail"')), "Judgement"),
    "fact": (_resummed(_changed("report.json", b'"isolation":"', b'"isolation":"x')), "Report"),
    "policy": (_resummed(_changed("policy/1-demo.yaml", b'version: "7"', b'version: "8"')), "Policy"),
    "parent": (_resummed(_changed("policy/3-baseline.yaml", b"must", b"info")), "Policy"),
    "key": (_resummed(_changed("keys-used/acme.yaml", b"status: active", b"status:  active")), "Keys"),
    "pinned-in-the-facts": (_resummed(_refacted(b'"status":"active"', b'"status":"revoked"')), "Keys"),
    "inputs": (_resummed(_changed("inputs.sha256", b"0", b"1")), "Inputs"),
    "spaces": (_resummed(_changed("report.json", b'"decision":', b'"decision": ')), "Report"),
    "extra": (lambda files: files.update({"more.txt": b"x"}), "Files"),
    "extra-policy": (_resummed(lambda files: files.update({"policy/9-x.yaml": b"x"})), "Report"),
    "extra-key": (_resummed(lambda files: files.update({"keys-used/x.pem": b"x"})), "Keys"),
    "missing": (lambda files: files.pop("report.txt"), "Files"),
    "missing-inputs": (_resummed(lambda files: files.pop("inputs.sha256")), "Inputs"),
    "missing-report": (_resummed(lambda files: files.pop("report.json")), "Report"),
    "missing-index": (_resummed(lambda files: files.pop("pack.json")), "Report"),
    "no-sums": (lambda files: files.pop("SHA256SUMS"), "Files"),
    "statements-cut": (
        lambda files: files.update({"statement.intoto.jsonl": files["statement.intoto.jsonl"].split(b"\n")[0] + b"\n"}),
        "Signed by",
    ),
    "statements-gone": (lambda files: files.pop("statement.intoto.jsonl"), "Signed by"),
    "statements-nonsense": (lambda files: files.update({"statement.intoto.jsonl": b"{}"}), "Signed by"),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_every_change_is_told(name: str, signed: Path, key: tuple[str, str], tmp_path: Path, capsys: Capture) -> None:
    """Whatever is changed, even with the digests made anew, the line it is about differs and the exit status is 1."""
    change, line = CHANGES[name]
    files = contents(signed)
    change(files)
    pack = rezipped(tmp_path / "p.zip", files)
    assert check(pack, *key) == 1
    assert lines(pack, capsys, *key)[line] == "differs"


def _entry(name: str, mode: int = stat.S_IFREG | 0o644) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr, info.create_system = mode << 16, 3
    return info


@pytest.mark.parametrize(
    "name", ["../evil", "/etc/passwd", "a\\b", "c:evil", "a//b", "./a", "a/../b", "a\x1b[2J", "x\u202etxt"]
)
def test_names_that_leave_the_pack_are_told(name: str, signed: Path, tmp_path: Path, capsys: Capture) -> None:
    """Such a pack is not read further, nothing is written anywhere, and the name is shown harmlessly."""
    pack = tmp_path / "p.zip"
    shutil.copy(signed, pack)
    with zipfile.ZipFile(pack, "a") as archive:
        archive.writestr(_entry(name), b"x")
    before = sorted(tmp_path.rglob("*"))
    capsys.readouterr()
    assert check(pack) == 1
    shown = capsys.readouterr().out
    assert "no name that a pack has" in shown and "\x1b" not in shown and "\u202e" not in shown
    assert sorted(tmp_path.rglob("*")) == before


def test_links_twins_and_packed_members_are_told(signed: Path, tmp_path: Path, capsys: Capture) -> None:
    """A symbolic link, a second file of the same name, a compressed one: faults of the pack, each named."""
    pack = tmp_path / "p.zip"
    shutil.copy(signed, pack)
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(pack, "a") as archive:
        archive.writestr(_entry("link", stat.S_IFLNK | 0o777), b"/etc/passwd")
        archive.writestr(_entry("report.json"), b"{}")
        archive.writestr(_entry("bomb"), bytes(1 << 20), zipfile.ZIP_DEFLATED)
    capsys.readouterr()
    assert check(pack) == 1
    shown = " ".join(capsys.readouterr().out.split())
    assert "'link' is a link" in shown and "'report.json' is there twice" in shown and "'bomb' is compressed" in shown


def test_links_in_a_folder_are_told(signed: Path, key: tuple[str, str], tmp_path: Path) -> None:
    """A pack unpacked into a folder may not have a link in it."""
    pack = tmp_path / "p"
    with zipfile.ZipFile(signed) as archive:
        archive.extractall(pack)
    assert check(pack, *key) == 0
    (pack / "extra").symlink_to("/etc/passwd")
    assert check(pack, *key) == 1


@pytest.mark.parametrize("raw", [b"", b"nonsense", b"PK\x05\x06" + bytes(18)])
def test_what_is_no_pack_could_not_be_checked(raw: bytes, tmp_path: Path) -> None:
    """A file that is no zip: 3. An empty zip lacks everything: 1. No file at all: usage, 2."""
    pack = tmp_path / "p.zip"
    pack.write_bytes(raw)
    assert check(pack) == (1 if raw.startswith(b"PK") else 3)
    assert check(tmp_path / "none.zip") == 2


def test_every_prefix_of_a_pack_is_an_answer(signed: Path, key: tuple[str, str], tmp_path: Path) -> None:
    """A pack cut short anywhere is a difference or unreadable, never equal and never an error of fwverify."""
    raw = signed.read_bytes()
    pack = tmp_path / "p.zip"
    for end in range(0, len(raw), len(raw) // 40):
        pack.write_bytes(raw[:end])
        assert check(pack, *key) in (1, 3)


def test_flipped_bits_are_an_answer(signed: Path, key: tuple[str, str], tmp_path: Path) -> None:
    """A bit flipped anywhere: never an error of fwverify; equal only where a zip has bytes that mean nothing."""
    raw = signed.read_bytes()
    pack = tmp_path / "p.zip"
    statuses = []
    for at in range(0, len(raw), len(raw) // 50):
        pack.write_bytes(raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :])
        statuses.append(check(pack, *key))
    assert set(statuses) <= {0, 1, 3}
    assert statuses.count(0) <= 4


def test_the_wrong_policy_or_registry_makes_no_pack(tmp_path: Path, capsys: Capture) -> None:
    """A report that says otherwise, another registry, no registry: exit status 2, and no file."""
    target = tmp_path / "p.zip"
    command = ["evidence", "pack", str(verified()), "-o", str(target)]
    other = tmp_path / "keys"
    shutil.copytree(KEYS, other)
    (other / "acme.yaml").write_text((other / "acme.yaml").read_text() + "# another\n")
    assert main([*command, "--policy", "builtin:lab", "--keys", KEYS]) == 2
    assert "the report of then says otherwise" in " ".join(capsys.readouterr().err.split())
    assert main([*command, "--policy", POLICY, "--keys", str(other)]) == 2
    assert main([*command, "--policy", POLICY]) == 2
    assert not target.exists() and list(tmp_path.iterdir()) == [other]


def test_evidence_alone_is_judged_when_it_is_packed(tmp_path: Path, key: tuple[str, str]) -> None:
    """Without a report beside it the verdict is made when it is packed, as of the evidence's own time."""
    evidence = tmp_path / "e.evidence.json"
    shutil.copy(next(verified().glob("*.evidence.json")), evidence)
    pack = tmp_path / "p.zip"
    command = ["evidence", "pack", str(evidence), "--keys", KEYS, "--policy", "builtin:lab", "--sign", str(site_key())]
    assert main([*command, "-o", str(pack)]) == 0
    assert json.loads(contents(pack)["report.json"])["verdict"]["judged_at"] == AT
    assert check(pack, *key) == 0


def test_keys_never_come_from_the_pack(signed: Path, tmp_path: Path) -> None:
    """A site key inside the pack that it is to vouch for is refused."""
    pack = tmp_path / "p"
    with zipfile.ZipFile(signed) as archive:
        archive.extractall(pack)
    shutil.copy(public(site_key()), pack / "site.pub")
    assert check(pack, "--site-key", str(pack / "site.pub")) == 2


UNDECLARED = ROOT / "samples" / "acme-ups-3.1.0-undeclared"


def _judged(folder: Path, delivery: Path, *options: str) -> int:
    """Verify into a folder."""
    run = ["--keys", KEYS, "--at", AT, "--in-process", "--no-cache", "-q", "--out", str(folder)]
    return main(["verify", str(delivery), *run, *options])


def test_waivers_go_along(tmp_path: Path, key: tuple[str, str], capsys: Capture) -> None:
    """A pass by waiver is packed with the waiver, judged again with it, and no pass without it or with another."""
    evidence, waiver = tmp_path / "e.json", tmp_path / "waivers" / "W-7.yaml"
    waiver.parent.mkdir()
    given = ["--policy", POLICY, "--keys", KEYS]
    line = ["verify", str(UNDECLARED), *given, "--at", AT, "--in-process", "--no-cache", "-q"]
    assert main([*line, "--evidence", str(evidence)]) == 1
    frame = ["waiver", "new", str(evidence), "--rule", "component.undeclared", "--policy", POLICY, "--at", AT]
    assert main([*frame, "-o", str(waiver)]) == 0
    filled(waiver)
    out = tmp_path / "out"
    assert _judged(out, UNDECLARED, "--policy", POLICY, "--waivers", str(waiver.parent)) == 0
    pack, command = tmp_path / "p.zip", ["evidence", "pack", str(out), *given, "--sign", str(site_key())]
    assert main([*command, "-o", str(pack)]) == 2  # the waiver is missing
    assert main([*command, "--waivers", str(waiver.parent), "-o", str(pack)]) == 0
    assert check(pack, *key) == 0
    files = contents(pack)
    name = next(one for one in files if one.startswith("waivers/"))
    assert files[name] == waiver.read_bytes()
    _resummed(_changed(name, b"commissioning", b"convenience"))(files)
    found = lines(rezipped(tmp_path / "q.zip", files), capsys, *key)
    assert (found["Waivers"], found["Judgement"]) == ("differs", "differs")


def test_a_policy_that_extends_a_file(tmp_path: Path, key: tuple[str, str]) -> None:
    """Every policy above the one that judged is in the pack, whatever folder it lay in."""
    policies = tmp_path / "policies"
    (policies / "site").mkdir(parents=True)
    shutil.copy(POLICY, policies / "organisation.yaml")
    site = policies / "site" / "a.yaml"
    site.write_text('fwverify: policy/1\nid: site-a\nversion: "1"\ntitle: t\nowner: o\nextends: ../organisation.yaml\n')
    out, pack = tmp_path / "out", tmp_path / "p.zip"
    more = ["--product", "acme-pdu", "--installed", "1.9.0"]
    assert _judged(out, SAMPLE, "--policy", str(site), *more) == 0
    command = ["evidence", "pack", str(out), "--policy", str(site), "--keys", KEYS, "--sign", str(site_key())]
    assert main([*command, "-o", str(pack)]) == 0
    assert sum(one.startswith("policy/") for one in contents(pack)) == 4
    shutil.rmtree(policies)
    assert check(pack, *key, "--image", str(SAMPLE), "--in-process") == 0


@pytest.mark.parametrize("form", ["archive", "file"])
def test_other_forms_of_delivery(form: str, tmp_path: Path, key: tuple[str, str]) -> None:
    """A delivery that came as an archive, or as one file: its digest is in inputs.sha256, its facts are found again."""
    delivery = tmp_path / "d.zip"
    if form == "archive":
        shutil.make_archive(str(tmp_path / "d"), "zip", SAMPLE)
    else:
        delivery = SAMPLE / "acme-pdu-2.0.0.itb"
    out, pack = tmp_path / "out", tmp_path / "p.zip"
    assert _judged(out, delivery, "--policy", "builtin:lab") in (0, 1, 3)
    command = ["evidence", "pack", str(out), "--policy", "builtin:lab", "--keys", KEYS, "--sign", str(site_key())]
    assert main([*command, "-o", str(pack), "--include-image", str(delivery)]) == 0
    digest = hashlib.sha256(delivery.read_bytes()).hexdigest()
    listed = contents(pack)["inputs.sha256"].decode().splitlines()
    assert f"{digest}  {delivery.name}" in listed
    assert len(listed) == (1 if form == "archive" else 4)  # what lies beside a file belongs to it
    assert contents(pack)[f"image/{digest}"] == delivery.read_bytes()
    assert check(pack, *key, "--image", str(delivery), "--in-process") == 0


def test_facts_of_the_approved_release_are_taken_over(tmp_path: Path, key: tuple[str, str], capsys: Capture) -> None:
    """What a baseline added to the facts cannot be found again from the image alone: told, and no difference."""
    baseline = tmp_path / "baseline.json"
    older = str(ROOT / "samples" / "acme-ups-3.0.1")
    run = ["--keys", KEYS, "--at", AT, "--in-process", "--no-cache", "-q"]
    main(["verify", older, "--policy", POLICY, *run, "--evidence", str(baseline)])
    delivery = ROOT / "samples" / "acme-ups-3.1.0"
    out, pack = tmp_path / "out", tmp_path / "p.zip"
    _judged(out, delivery, "--policy", POLICY, "--baseline", str(baseline))
    command = ["evidence", "pack", str(out), "--policy", POLICY, "--keys", KEYS, "--sign", str(site_key())]
    assert main([*command, "-o", str(pack)]) == 0
    found = lines(pack, capsys, *key, "--image", str(delivery), "--in-process")
    assert (found["Facts"], found["Decision"]) == ("equal", "equal")
    stored = json.loads(contents(pack)["report.json"])["evidence"]
    assert ("Taken over" in found) == (stored.get("approved") is not None)


@pytest.mark.parametrize("algorithm", ["foo", "shake_128", ""])
def test_expectations_of_a_hostile_pack(algorithm: str, tmp_path: Path, capsys: Capture) -> None:
    """With --image the run begins with what the pack says was expected: a kind of digest nobody has is told."""
    out, pack = tmp_path / "out", tmp_path / "p.zip"
    given = ["--sha256", "ab" * 32, "--channel", "phone"]
    _judged(out, SAMPLE, "--policy", POLICY, *given)
    assert main(["evidence", "pack", str(out), "--policy", POLICY, "--keys", KEYS, "-o", str(pack)]) == 0
    files = contents(pack)
    document = json.loads(files["report.json"])
    document["evidence"]["expectation"]["checksums"][0]["digest"]["algorithm"] = algorithm
    files["report.json"] = _canonical(document)
    found = lines(rezipped(tmp_path / "q.zip", files), capsys, "--image", str(SAMPLE), "--in-process")
    assert found["Image"] == "not checked"


def test_keys_never_come_from_the_delivery(tmp_path: Path, key: tuple[str, str]) -> None:
    """A site key or a signing key that lies in the delivery is refused."""
    delivery = tmp_path / "d"
    shutil.copytree(SAMPLE, delivery)
    shutil.copy(site_key(), delivery / "k.pem")
    shutil.copy(public(site_key()), delivery / "k.pub")
    pack = packed(tmp_path / "p.zip", "--sign", str(site_key()))
    assert check(pack, "--site-key", str(delivery / "k.pub"), "--image", str(delivery)) == 2
    command = ["evidence", "pack", str(verified()), "--policy", POLICY, "--keys", KEYS, "-o", str(tmp_path / "q.zip")]
    assert main([*command, "--sign", str(delivery / "k.pem"), "--include-image", str(delivery)]) == 2


def test_encrypted_site_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    """keygen encrypts with a passphrase; signing needs it, from a file or a variable that names one."""
    secret, private = tmp_path / "pass", tmp_path / "k.pem"
    secret.write_text("correct horse\n")
    assert main(["evidence", "keygen", str(private), "--passphrase-file", str(secret)]) == 0
    assert b"ENCRYPTED PRIVATE KEY" in private.read_bytes()
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    assert main(["evidence", "keygen", str(private), "--no-passphrase"]) == 2  # never overwritten
    packed(tmp_path / "p.zip", "--sign", str(private), "--passphrase-file", str(secret))
    monkeypatch.setenv("FWVERIFY_PASSPHRASE_FILE", str(secret))
    packed(tmp_path / "q.zip", "--sign", str(private))
    assert check(tmp_path / "q.zip", "--site-key", f"{private}.pub") == 0
    secret.write_text("wrong\n")
    capsys.readouterr()
    command = ["evidence", "pack", str(verified()), "--policy", POLICY, "--keys", KEYS, "--sign", str(private)]
    assert main([*command, "-o", str(tmp_path / "r.zip")]) == 2
    shown = capsys.readouterr()
    assert "passphrase" in shown.err and "wrong" not in shown.err.replace("wrong passphrase", "")


@pytest.mark.parametrize("raw", [b"", b"x", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
def test_what_is_no_key_is_said(raw: bytes, tmp_path: Path) -> None:
    """Nonsense as a private or public key: exit status 2, and no pack."""
    key = tmp_path / "k.pem"
    key.write_bytes(raw)
    command = ["evidence", "pack", str(verified()), "--policy", POLICY, "--keys", KEYS, "--sign", str(key)]
    assert main([*command, "-o", str(tmp_path / "p.zip")]) == 2
    assert check(packed(tmp_path / "q.zip"), "--site-key", str(key)) == 2
    assert check(tmp_path / "q.zip", "--site-key", str(site_key())) == 2  # a private key


def test_files_beyond_all_use_are_told_and_not_read(signed: Path, key: tuple[str, str], tmp_path: Path) -> None:
    """A report of many gigabytes, a key file of some megabytes: told, without reading them into memory."""
    for name, size in (("report.json", 1 << 40), ("keys-used/acme.yaml", 1 << 30), ("pack.json", 1 << 36)):
        pack = tmp_path / name.replace("/", "-")
        with zipfile.ZipFile(signed) as archive:
            archive.extractall(pack)
        (pack / "SHA256SUMS").write_text("")  # nothing is digested either
        os.truncate(pack / name, size)
        assert check(pack, *key) == 1


VALUES = ["", "x", -1, 10**30, [], {}, None, True, "2026-13-45", "9" * 5000, [[]], "a\x00b", "\u202e", ["x"], "../x"]


@pytest.mark.parametrize("seed", range(4))
def test_nonsense_in_the_documents_is_an_answer(seed: int, signed: Path, key: tuple[str, str], tmp_path: Path) -> None:
    """Any value of report.json or pack.json replaced by another kind of thing: a difference, never an error."""
    draw = random.Random(seed)
    files = contents(signed)
    for _ in range(25):
        changed = dict(files)
        name = draw.choice(["report.json", "pack.json"])
        document = json.loads(files[name])
        places = list(_places(document))
        inside, at = draw.choice(places if draw.random() < 0.5 else places[:60])
        inside[at] = draw.choice([one for one in VALUES if one != inside[at]])
        _resummed(lambda one, name=name, document=document: one.update({name: _canonical(document)}))(changed)
        assert check(rezipped(tmp_path / "p.zip", changed), *key) == 1


def _canonical(document: object) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every (container, key) of a document, outermost first."""
    waiting = [value]
    while waiting:
        one = waiting.pop(0)
        inside = one.items() if isinstance(one, dict) else enumerate(one) if isinstance(one, list) else ()
        for at, each in list(inside):
            yield one, at
            waiting.append(each)


def test_what_does_not_hold_is_not_entered_in_a_log(signed: Path, tmp_path: Path, capsys: Capture) -> None:
    """A pack that was changed is refused by `log append`, as it is by `verify`; the log stays empty."""
    log, key = tmp_path / "log", str(site_key())
    assert main(["evidence", "log", "new", str(log), "--origin", "site.example/log", "--sign", key]) == 0
    files = contents(signed)
    CHANGES["decision"][0](files)
    forged = rezipped(tmp_path / "p.zip", files)
    assert main(["evidence", "log", "append", str(log), str(forged), "--sign", key]) == 2
    assert "does not hold (Judgement" in capsys.readouterr().err
    assert not (log / "entries.jsonl").exists()
    assert main(["evidence", "log", "append", str(log), str(signed), "--sign", key]) == 0
