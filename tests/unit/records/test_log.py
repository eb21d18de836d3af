"""The log: appended to by several, killed at every step, cut, changed, replaced; what is believed stays right."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fwverify.errors import RecordError
from fwverify.records import log as logs
from fwverify.records import merkle, notes
from fwverify.records.lines import Result
from fwverify.records.log_checking import check
from fwverify.records.signing import SiteKey, new_key, public_half, signer

if TYPE_CHECKING:
    from fwverify.records.signing import Signer

ORIGIN = "site-a.example/decisions"
STEPS = ("cut", "write", "write-rest", "sync", "part", "part-write", "part-sync", "rename", "folder-sync", "done")


@pytest.fixture(scope="module")
def key() -> tuple[Signer, SiteKey]:
    """The key of the log, both halves."""
    made = signer(new_key("ed25519", None)[0], "log.pem")
    public = public_half(made, "log.pem")
    assert public is not None
    return made, public


def entry(name: str, time: str = "2026-11-23T10:00:00Z") -> logs.Entry:
    return logs.Entry(time, "pass", name.encode().hex().ljust(64, "0"), "e" * 64, "f" * 64)


@pytest.fixture
def folder(tmp_path: Path, key: tuple[Signer, SiteKey]) -> Path:
    """A log with three entries."""
    path = tmp_path / "log"
    logs.create(path, ORIGIN, *key)
    for one in ("a", "b", "c"):
        logs.append(path, entry(one), *key)
    return path


def results(folder: Path, key: tuple[Signer, SiteKey], *kept: bytes) -> dict[str, Result]:
    lines = check(logs.read(folder), [key[1]], [("kept", one) for one in kept])
    return {one.name: one.result for one in lines}


def whole(folder: Path, key: tuple[Signer, SiteKey]) -> list[str]:
    """Reports of all believed entries; fails where the log does not hold."""
    log = logs.believed(folder, key[1])
    found = [logs.entry_of(line, at) for at, line in enumerate(log.lines)]
    return [bytes.fromhex(one.report).rstrip(b"\0").decode() for one in found if one is not None]


def test_an_entry_is_appended_and_proven(folder: Path, key: tuple[Signer, SiteKey]) -> None:
    """The proof that append gives leads from the entry to the root that is signed."""
    proof = logs.append(folder, entry("d"), *key)
    log = logs.read(folder)
    read = notes.read_proof(notes.proof_text(proof).encode())
    found = notes.read(read.checkpoint.encode())
    assert (read, proof.index, found.size) == (proof, 3, 4)
    assert notes.holds(found, key[1])
    assert merkle.root_from(log.lines[3], 3, 4, read.path) == found.root


def test_the_same_report_is_entered_once(folder: Path, key: tuple[Signer, SiteKey]) -> None:
    """A second try, after a crash of whoever asked, finds the entry that is there."""
    assert logs.append(folder, entry("b", "2027-01-01T00:00:00Z"), *key).index == 1
    assert whole(folder, key) == ["a", "b", "c"]


def killed(folder: Path, key: tuple[Signer, SiteKey], at: str, *, create: bool = False) -> None:
    """Append in a process of its own that is killed, as with kill -9, just before a step."""

    def step(name: str) -> None:
        if name == at:
            os.kill(os.getpid(), signal.SIGKILL)

    child = os.fork()
    if child == 0:
        if create:
            logs.create(folder, ORIGIN, *key, step)
        else:
            logs.append(folder, entry("d"), *key, step)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


@pytest.mark.parametrize("at", STEPS)
def test_killed_at_every_step(at: str, folder: Path, key: tuple[Signer, SiteKey]) -> None:
    """kill -9 before each step: the log holds as it was or as it should be, extends the old one, and goes on."""
    before = (folder / logs.CHECKPOINT).read_bytes()
    killed(folder, key, at)
    after = ["a", "b", "c", "d"] if at in ("folder-sync", "done") else ["a", "b", "c"]
    assert whole(folder, key) == after
    found = results(folder, key, before)
    assert found["Signed by"] == found["Entries"] == found["Kept"] == Result.EQUAL
    logs.append(folder, entry("e"), *key)
    assert whole(folder, key) == [*after, "e"]
    assert results(folder, key, before)["Kept"] is Result.EQUAL
    assert "End" not in results(folder, key)


@pytest.mark.parametrize("at", STEPS[4:])
def test_killed_while_it_is_begun(at: str, tmp_path: Path, key: tuple[Signer, SiteKey]) -> None:
    """A log that was never begun wholly can be begun again; one that was is there."""
    path = tmp_path / "log"
    killed(path, key, at, create=True)
    if not (path / logs.CHECKPOINT).exists():
        logs.create(path, ORIGIN, *key)
    logs.append(path, entry("a"), *key)
    assert whole(path, key) == ["a"]


def test_every_torn_write_is_cut_off(folder: Path, key: tuple[Signer, SiteKey]) -> None:
    """Any part of a line behind the last signed one, any part of a checkpoint beside it: not believed, then gone."""
    entries = folder / logs.ENTRIES
    raw, line = entries.read_bytes(), entry("d").line(3) + b"\n"
    for end in range(1, len(line) + 1):
        entries.write_bytes(raw + line[:end])
        (folder / ".checkpoint.part").write_bytes((folder / logs.CHECKPOINT).read_bytes()[:end])
        assert whole(folder, key) == ["a", "b", "c"]
        assert results(folder, key)["End"] is Result.UNCHECKED
    logs.append(folder, entry("e"), *key)
    assert whole(folder, key) == ["a", "b", "c", "e"]


def _writes(folder: Path, key: tuple[Signer, SiteKey], name: str) -> None:
    for one in range(15):
        logs.append(folder, entry(f"{name}{one}"), *key)


def test_several_writers(folder: Path, key: tuple[Signer, SiteKey]) -> None:
    """Four processes append at the same time: every entry is there once, and the log holds."""
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=_writes, args=(folder, key, name)) for name in "wxyz"]
    for one in writers:
        one.start()
    for one in writers:
        one.join(60)
        assert one.exitcode == 0
    found = whole(folder, key)
    assert sorted(found) == sorted(["a", "b", "c", *(f"{name}{one}" for name in "wxyz" for one in range(15))])


def _replaced(folder: Path, old: bytes, new: bytes) -> None:
    path = folder / logs.ENTRIES
    assert old in path.read_bytes()
    path.write_bytes(path.read_bytes().replace(old, new, 1))


def test_a_changed_entry_shows(folder: Path, key: tuple[Signer, SiteKey]) -> None:
    """One decision turned round, in the middle: the entries are no longer those that were signed; nothing is added."""
    _replaced(folder, b'"decision":"pass"', b'"decision":"fail"')
    assert results(folder, key)["Entries"] is Result.DIFFERS
    with pytest.raises(RecordError, match="does not hold"):
        logs.append(folder, entry("d"), *key)


def test_a_removed_entry_shows(folder: Path, key: tuple[Signer, SiteKey]) -> None:
    """Without its last line, or one in the middle, the log no longer has what was signed."""
    path = folder / logs.ENTRIES
    lines = path.read_bytes().splitlines(keepends=True)
    for kept in (lines[:-1], [lines[0], lines[2]], []):
        path.write_bytes(b"".join(kept))
        assert results(folder, key)["Entries"] is Result.DIFFERS


def test_a_cut_tail_shows_against_a_kept_checkpoint(folder: Path, key: tuple[Signer, SiteKey]) -> None:
    """Entries and checkpoint put back together to an older state hold by themselves; a kept checkpoint tells."""
    older = folder.with_name("older")
    shutil.copytree(folder, older)
    logs.append(folder, entry("d"), *key)
    kept = (folder / logs.CHECKPOINT).read_bytes()
    assert results(older, key)["Entries"] is Result.EQUAL
    assert results(older, key, kept)["Kept"] is Result.DIFFERS
    logs.append(older, entry("x"), *key)
    assert results(older, key, kept)["Kept"] is Result.DIFFERS  # a fork: as long, but other entries
    assert results(folder, key, (older / logs.CHECKPOINT).read_bytes())["Kept"] is Result.DIFFERS


def test_an_older_checkpoint_alone_is_no_crash(folder: Path, key: tuple[Signer, SiteKey]) -> None:
    """Two entries behind the checkpoint were not left by a crash: nothing is cut off, nothing appended."""
    old = (folder / logs.CHECKPOINT).read_bytes()
    logs.append(folder, entry("d"), *key)
    logs.append(folder, entry("e"), *key)
    raw = (folder / logs.ENTRIES).read_bytes()
    (folder / logs.CHECKPOINT).write_bytes(old)
    with pytest.raises(RecordError, match="more than one entry"):
        logs.append(folder, entry("f"), *key)
    assert (folder / logs.ENTRIES).read_bytes() == raw
    lines = {one.name: one for one in check(logs.read(folder), [key[1]], [])}
    assert lines["End"].result is Result.UNCHECKED and lines["End"].needed


def test_a_log_without_its_checkpoint_is_not_begun_again(folder: Path, key: tuple[Signer, SiteKey]) -> None:
    """Deleting the checkpoint does not make the entries go away with the next append."""
    raw = (folder / logs.ENTRIES).read_bytes()
    (folder / logs.CHECKPOINT).unlink()
    with pytest.raises(RecordError, match="cannot be read"):
        logs.append(folder, entry("d"), *key)
    with pytest.raises(RecordError, match="a log already"):
        logs.create(folder, ORIGIN, *key)
    assert (folder / logs.ENTRIES).read_bytes() == raw


def test_another_key_shows(folder: Path, key: tuple[Signer, SiteKey]) -> None:
    """A log made anew and signed by another key is not this one; nor is anything appended with another key."""
    made = signer(new_key("ed25519", None)[0], "other.pem")
    public = public_half(made, "other.pem")
    assert public is not None
    assert results(folder, (made, public))["Signed by"] is Result.DIFFERS
    with pytest.raises(RecordError, match="not signed by this key"):
        logs.append(folder, entry("d"), made, public)
    assert check(logs.read(folder), [], [])[0].result is Result.UNCHECKED


def test_a_signature_of_another_text_does_not_hold(folder: Path, key: tuple[Signer, SiteKey]) -> None:
    """Size, root and origin are all signed."""
    note = (folder / logs.CHECKPOINT).read_text()
    for old, new in (("\n3\n", "\n2\n"), (ORIGIN, "site-b.example/decisions")):
        assert not notes.holds(notes.read(note.replace(old, new, 1).encode()), key[1])


def test_time_that_goes_backwards_is_told(folder: Path, key: tuple[Signer, SiteKey]) -> None:
    """It may be a clock that was wrong: told, and no difference."""
    logs.append(folder, entry("d", "2020-01-01T00:00:00Z"), *key)
    assert results(folder, key)["Time"] is Result.UNCHECKED


def test_the_published_note_verifies() -> None:
    """The example of the signed-note specification: its key, name and text give its key id and hold."""
    import base64

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    verifier = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
    name, hint, raw = verifier.split("+", 2)
    loaded = Ed25519PublicKey.from_public_bytes(base64.b64decode(raw)[1:])
    spki = loaded.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert notes.key_hint(name, spki).hex() == hint
    assert notes.verifier_key(name, spki) == verifier
    signature = base64.b64decode(
        "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM="
    )
    assert signature[:4].hex() == hint
    loaded.verify(signature[4:], b"This is an example message.\n")
