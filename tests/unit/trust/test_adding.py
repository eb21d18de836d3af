"""Pinning a key: what is written, what is left alone and what is refused."""

from __future__ import annotations

import base64
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization as s
from cryptography.hazmat.primitives.asymmetric import ed25519

from fwverify.errors import FwverifyError, TrustStoreError, UsageError
from fwverify.trust.adding import NewKey, add_key, confirmations, fingerprint_blocks, key_of, read_file
from fwverify.trust.registry import load


def key(number: int) -> ed25519.Ed25519PrivateKey:
    return ed25519.Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)


def pem(number: int) -> bytes:
    return key(number).public_key().public_bytes(s.Encoding.PEM, s.PublicFormat.SubjectPublicKeyInfo)


def new(number: int = 1, **changes: object) -> NewKey:
    made = NewKey(
        f"Key {number}.pem", pem(number), "acme", ("ups-*", "ups 2: \"x\""), ("firmware",), "phone, from the contract",
        "J. Ortiz", "2026-11-22",
    )  # fmt: skip
    return replace(made, **changes)  # type: ignore[arg-type]


def test_first_key_makes_folder_file_and_copy(tmp_path: Path) -> None:
    """A new vendor's file is complete and loads; the key file lies beside it."""
    keys = tmp_path / "keys"
    done = add_key(keys, new())
    assert (done.record.name, done.confirmed, confirmations(done.record)) == ("acme/key-1", False, 1)
    assert done.record.products == ("ups-*", 'ups 2: "x"')
    assert (keys / "acme" / "key-1.pem").read_bytes() == pem(1)
    (entry,) = load(keys).keys
    assert entry.record == done.record


def test_comments_and_order_stay(tmp_path: Path) -> None:
    """Everything a person wrote is still there, byte for byte and in order."""
    keys = tmp_path / "keys"
    path = add_key(keys, new()).path
    text = path.read_text().replace("keys:\n", "# before the keys\nkeys:\n") + "    # about key-1\n\n# the end\n"
    path.write_text(text)
    add_key(keys, new(2))
    after = path.read_text()
    assert [one for one in after.splitlines() if one in text.splitlines()][: len(text.splitlines())]
    rest = iter(after.splitlines())
    assert all(line in rest for line in text.splitlines()), "old lines are a subsequence of the new file"
    assert after.index("# about key-1") < after.index("- id: key-2") < after.index("# the end")
    assert [one.record.id for one in load(keys).keys] == ["key-1", "key-2"]


def test_keys_need_not_come_last(tmp_path: Path) -> None:
    """The entry goes to the end of `keys`, wherever that list stands; both ways of indenting are kept."""
    keys = tmp_path / "keys"
    path = add_key(keys, new()).path
    head, body = path.read_text().split("keys:\n")
    flush = "".join(line[2:] + "\n" for line in body.splitlines())
    path.write_text("keys:\n" + flush + "\n# the vendor\n" + head)
    add_key(keys, new(2))
    assert [one.record.id for one in load(keys).keys] == ["key-1", "key-2"]
    assert path.read_text().index("- id: key-2") < path.read_text().index("# the vendor")


def test_a_layout_that_cannot_be_extended_is_left_alone(tmp_path: Path) -> None:
    """A list in brackets is not rewritten: the entry is shown for pasting, and nothing is left behind."""
    keys = tmp_path / "keys"
    keys.mkdir()
    text = "fwverify: keys/1\nvendor: {id: acme, legal-name: ACME}\nkeys: []\n"
    (keys / "acme.yaml").write_text(text)
    with pytest.raises(TrustStoreError) as caught:
        add_key(keys, new())
    assert "- id: key-1" in caught.value.todo
    assert (keys / "acme.yaml").read_text() == text
    assert sorted(one.name for one in keys.rglob("*")) == ["acme.yaml"]


def test_the_same_key_again(tmp_path: Path) -> None:
    """The same key is refused with what is known of it, under any id and any vendor."""
    keys = tmp_path / "keys"
    add_key(keys, new())
    with pytest.raises(UsageError) as caught:
        add_key(keys, new(id="other"))
    assert "J. Ortiz" in caught.value.what and "--confirm" in caught.value.todo
    with pytest.raises(UsageError, match="pinned already as acme/key-1"):
        add_key(keys, new(vendor="other"))


def test_the_same_id_with_another_key(tmp_path: Path) -> None:
    """An id is not given twice."""
    keys = tmp_path / "keys"
    add_key(keys, new())
    with pytest.raises(UsageError, match="another key"):
        add_key(keys, new(2, id="key-1"))


def test_confirmation_by_another_person_over_another_channel(tmp_path: Path) -> None:
    """Two channels and two people make two confirmations; the same person or channel again does not."""
    keys = tmp_path / "keys"
    add_key(keys, new())
    path = add_key(keys, new(2)).path
    path.write_text(path.read_text() + "# the end\n")
    same = add_key(keys, new(confirm=True, who="j.  ortiz", channel="unit in service"))
    assert (same.confirmed, confirmations(same.record)) == (True, 1)
    other = add_key(keys, new(confirm=True, who="M. Lee", channel="unit in service", fingerprint=_fingerprint(1)))
    assert confirmations(other.record) == 2
    assert other.record.sources[-1].fingerprint == _fingerprint(1)
    assert len(load(keys).keys) == 2 and path.read_text().endswith("# the end\n")


def _fingerprint(number: int) -> str:
    found = key_of(new(number))
    assert found is not None
    return found.fingerprint


def test_fingerprint_from_the_channel_must_match(tmp_path: Path) -> None:
    """The digits that were read out decide; blanks and capitals do not matter, missing digits do."""
    keys = tmp_path / "keys"
    for wrong in (_fingerprint(2), _fingerprint(1)[:16], "zz"):
        with pytest.raises(UsageError):
            add_key(keys, new(fingerprint=wrong))
    assert not keys.exists()
    add_key(keys, new(fingerprint=fingerprint_blocks(_fingerprint(1)).upper()))
    assert load(keys).keys[0].record.sources[0].fingerprint == _fingerprint(1)


def test_tofu_ends_in_ninety_days(tmp_path: Path) -> None:
    """A key trusted on first use has its status and its end."""
    record = add_key(tmp_path / "keys", new(tofu=True)).record
    assert (record.status, record.valid_to) == ("tofu", "2027-02-20T23:59:59Z")


def test_private_keys_and_other_files(tmp_path: Path) -> None:
    """Private keys and what is no key are refused before anything is written."""
    private = key(1).private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.NoEncryption())
    minisign = base64.b64encode(b"EdScB2" + bytes(152))
    for content, words in ((private, "private key"), (minisign, "private key"), (b"words", "base64"), (b"", "bytes")):
        with pytest.raises(TrustStoreError, match=words):
            add_key(tmp_path / "keys", new(content=content))
    assert not (tmp_path / "keys").exists()
    with pytest.raises(TrustStoreError):
        read_file(tmp_path / "none")


@pytest.mark.parametrize(
    "changes",
    [
        {"vendor": "../acme"},
        {"vendor": "Acme Ltd"},
        {"id": "a/b"},
        {"channel": " "},
        {"who": "line\nbreak"},
        {"products": ()},
        {"purposes": ("tls",)},
        {"identity": "me"},
    ],
    ids=str,
)
def test_what_does_not_fit(tmp_path: Path, changes: dict[str, object]) -> None:
    """Ids that are paths, texts that are none and half a Sigstore identity are usage errors."""
    with pytest.raises(UsageError):
        add_key(tmp_path / "keys", new(**changes))


def test_sigstore_identity(tmp_path: Path) -> None:
    """Identity and issuer are pinned with a copy of the trusted root; again is the same pin."""
    sigstore = new(identity="https://forge/x@v1", issuer="https://id", name="trusted_root.json", content=b"{}")
    done = add_key(tmp_path / "keys", sigstore)
    assert (done.record.type, done.record.name) == ("sigstore-identity", "acme/sigstore")
    assert load(tmp_path / "keys").keys[0].trusted_root == b"{}"
    with pytest.raises(UsageError, match="pinned already"):
        add_key(tmp_path / "keys", sigstore)


def test_a_broken_registry_is_not_written_to(tmp_path: Path) -> None:
    """What cannot be read is not extended."""
    keys = tmp_path / "keys"
    keys.mkdir()
    (keys / "acme.yaml").write_text("keys: [\n")
    with pytest.raises(FwverifyError):
        add_key(keys, new())
    assert (keys / "acme.yaml").read_text() == "keys: [\n"


def test_blocks() -> None:
    """Sixteen groups of four, or the first few and dots."""
    text = fingerprint_blocks("44c1f0d28a7e19b3" + "0" * 48)
    assert text.startswith("44c1 f0d2 8a7e 19b3 0000") and len(text.split()) == 16
    assert fingerprint_blocks("44c1f0d28a7e19b3" + "0" * 48, 4) == "44c1 f0d2 8a7e 19b3 ..."
