"""OpenPGP signatures against the registry: who may sign, revocations, hints, carried keys, lists."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from fwverify.authenticate.interface import Group
from fwverify.authenticate.stage import Authenticated, authenticate
from fwverify.formats import key_file
from fwverify.model.artifact import Locator, Step
from fwverify.trust.store import CarriedKey, PinnedKey, TrustStore
from tests.unit.authenticate.schemes.conftest import artifact, pin
from tests.vectors.makers import openpgp_writer as w
from tests.vectors.makers.openpgp_writer import Key, Sign

AT = "2026-11-22T00:00:00Z"
PAYLOAD = b"firmware\n"
DAY = 86400
KEY, OTHER, SUB = w.key(), w.key("openpgp-other"), w.key("openpgp-sub")


def pinned(certificate: bytes, name: str = "key", **constraints: str) -> PinnedKey:
    return pin(key_file.parse(certificate), name, tuple(sorted(constraints.items())))


def check(
    signature: bytes, *pins: PinnedKey, payload: bytes = PAYLOAD, carried: tuple[bytes, ...] = (), at: str = AT
) -> Authenticated:
    keys = tuple(CarriedKey(Locator((Step("k.asc"),)), key_file.parse(one)) for one in carried)
    into = Authenticated()
    about = artifact("fw.bin", payload)
    authenticate(Group(artifact("fw.bin.sig", signature), about, {}, keys, at), TrustStore(pins), into=into)
    return into


def status(signature: bytes, *pins: PinnedKey, **more: object) -> str:
    (found,) = check(signature, *pins, **more).signatures  # type: ignore[arg-type]
    return found.status.value


def revoked(reason: bytes, when: int, kind: int = 0x20, by: Key = KEY) -> bytes:
    """The certificate with a revocation after its primary key."""
    head, rest = w.packet(6, KEY.body), w.certificate(KEY)[len(w.packet(6, KEY.body)) :]
    more = w.sub(29, reason) if reason else b""
    return head + Sign(by, kind, when, more).packet(KEY.hashed) + rest


@pytest.mark.parametrize("reason", [b"", b"\0", b"\2stolen", b"\x20", b"\x7f"])
def test_hard_revocation(reason: bytes) -> None:
    """A revocation that speaks against older signatures, or says nothing, ends them all."""
    certificate = revoked(reason, w.SIGNED + DAY)
    assert status(Sign(KEY).packet(PAYLOAD), pinned(certificate)) == "invalid"


@pytest.mark.parametrize("reason", [b"\1new key", b"\3"])
def test_orderly_revocation(reason: bytes) -> None:
    """A superseded key made what it made before; that the time is only claimed is told."""
    later, before = pinned(revoked(reason, w.SIGNED + DAY)), pinned(revoked(reason, w.SIGNED - DAY))
    (found,) = check(Sign(KEY).packet(PAYLOAD), later).signatures
    assert found.status.value == "valid"
    assert "only the signer says" in found.oddities[0]
    assert status(Sign(KEY).packet(PAYLOAD), before) == "invalid"


def test_revocation_by_another_key_is_nothing() -> None:
    """Who cannot make the primary key's signature revokes nothing."""
    assert status(Sign(KEY).packet(PAYLOAD), pinned(revoked(b"", w.SIGNED, by=OTHER))) == "valid"


def test_revocation_counts_for_every_copy() -> None:
    """A revoked copy under one entry ends the older copy under another."""
    pins = (pinned(w.certificate(KEY), "old"), pinned(revoked(b"\2", w.SIGNED), "new"))
    assert status(Sign(KEY).packet(PAYLOAD), *pins) == "invalid"


def test_revoked_subkey() -> None:
    """The revocation of a subkey is made by the primary key."""
    both = (KEY.hashed, SUB.hashed)
    own = w.certificate(KEY) + w.subkey(KEY, SUB, back=SUB)
    made = Sign(SUB).packet(PAYLOAD)
    assert status(made, pinned(own)) == "valid"
    assert status(made, pinned(own + Sign(KEY, 0x28, w.SIGNED + DAY).packet(*both))) == "invalid"
    assert status(made, pinned(own + Sign(OTHER, 0x28, w.SIGNED + DAY).packet(*both))) == "valid"


def test_subkey_bound_back_by_another_key() -> None:
    """The signature in return must be the subkey's own."""
    own = w.certificate(KEY) + w.subkey(KEY, SUB, back=OTHER)
    assert status(Sign(SUB).packet(PAYLOAD), pinned(own)) == "invalid"


def test_subkey_expired() -> None:
    """Expired then, or expired since."""
    for lasts in (DAY, 500 * DAY):
        own = w.certificate(KEY) + w.subkey(KEY, SUB, back=SUB, lasts=lasts)
        assert status(Sign(SUB).packet(PAYLOAD), pinned(own)) == "invalid"
    own = w.certificate(KEY) + w.subkey(KEY, SUB, back=SUB, lasts=700 * DAY)
    assert status(Sign(SUB).packet(PAYLOAD), pinned(own)) == "valid"


def test_primary_key_that_only_certifies() -> None:
    """Its flags say that it signs no files."""
    assert status(Sign(KEY).packet(PAYLOAD), pinned(w.certificate(KEY, flags=0x01))) == "invalid"


def test_no_self_signature() -> None:
    """A bare key, and one with a user id that only others certified."""
    bare = w.packet(6, KEY.body)
    name = b"Vendor"
    foreign = bare + w.packet(13, name) + Sign(OTHER, 0x13, w.MADE).packet(KEY.hashed, w.user_part(name))
    for certificate in (bare, foreign):
        assert status(Sign(KEY).packet(PAYLOAD), pinned(certificate)) == "invalid"


def test_newer_self_signature_extends() -> None:
    """The newest statement of the key on itself counts, not the first and not the last in the file."""
    name = b"Vendor <fw@vendor.example>"
    short = w.sub(27, b"\x03") + w.seconds(9, DAY)
    old = Sign(KEY, 0x13, w.MADE, short).packet(KEY.hashed, w.user_part(name))
    new = Sign(KEY, 0x13, w.MADE + DAY, w.sub(27, b"\x03")).packet(KEY.hashed, w.user_part(name))
    for order in (old + new, new + old):
        assert status(Sign(KEY).packet(PAYLOAD), pinned(w.packet(6, KEY.body) + w.packet(13, name) + order)) == "valid"


def test_hint_names_another_key() -> None:
    """A signature that holds and names another key is told."""
    (found,) = check(Sign(KEY, issuer=OTHER.fingerprint).packet(PAYLOAD), pinned(w.certificate(KEY))).signatures
    assert found.status.value == "valid"
    assert "names another key" in found.oddities[0]


def test_no_hint_at_all() -> None:
    """All keys on record are tried where the signature names none."""
    made = Sign(KEY, name_issuer=False, unhashed=b"")
    assert status(made.packet(PAYLOAD), pinned(w.certificate(OTHER), "o"), pinned(w.certificate(KEY))) == "valid"
    assert status(made.packet(b"other"), pinned(w.certificate(KEY))) == "invalid"


@pytest.mark.parametrize("digest", ["md5", "sha1"])
def test_old_digests(digest: str) -> None:
    """MD5 is not looked at; SHA-1 is recorded for a rule."""
    (found,) = check(Sign(KEY, hash=digest).packet(PAYLOAD), pinned(w.certificate(KEY))).signatures
    assert found.status.value == ("unverifiable" if digest == "md5" else "valid")
    assert dict(found.parameters).get("prehash", "") == ("" if digest == "md5" else "sha1")


def test_constraints() -> None:
    """An entry that asks for another hash does not take the signature."""
    assert status(Sign(KEY).packet(PAYLOAD), pinned(w.certificate(KEY), hash="sha256")) == "invalid"
    assert status(Sign(KEY).packet(PAYLOAD), pinned(w.certificate(KEY), hash="sha512")) == "valid"


def test_carried_certificate() -> None:
    """A certificate of the delivery shows an intact signature by an unknown key, and adds no subkey to a pinned one."""
    made = Sign(OTHER).packet(PAYLOAD)
    assert status(made, pinned(w.certificate(KEY)), carried=(w.certificate(OTHER),)) == "unknown_key"
    grown = w.certificate(KEY) + w.subkey(KEY, SUB, back=SUB)
    assert status(Sign(SUB).packet(PAYLOAD), pinned(w.certificate(KEY)), carried=(grown,)) == "unverifiable"


def test_versions_do_not_mix() -> None:
    """A version 4 signature by the material of a version 6 key is not its signature."""
    six = w.key("openpgp-6", version=6)
    as_four = replace(six, version=4, legacy=False)
    made = Sign(as_four, issuer=six.fingerprint[:20]).packet(PAYLOAD)
    assert status(made, pinned(w.certificate(six))) != "valid"


def test_bare_key_of_the_same_material_is_no_certificate() -> None:
    """A PEM entry says nothing on dates and flags: OpenPGP signatures hold under certificates only."""
    bare = key_file.parse(key_file.parse(w.certificate(KEY)).spki)
    assert status(Sign(KEY).packet(PAYLOAD), pin(bare)) == "unverifiable"


def test_every_flip_of_the_signature() -> None:
    """No changed bit of a signature file leaves it valid, outside the unsigned part."""
    good = Sign(KEY, unhashed=b"").packet(PAYLOAD)
    entry = pinned(w.certificate(KEY))
    assert status(good, entry) == "valid"
    for bit in range(len(good) * 8):
        changed = bytearray(good)
        changed[bit // 8] ^= 1 << bit % 8
        assert "valid" not in {one.status.value for one in check(bytes(changed), entry).signatures}, bit


def test_clear_signed_list_speaks_by_its_text_alone() -> None:
    """Checksums come from the signed text, and not at all from one whose signature is broken."""
    listed = f"{hashlib.sha256(PAYLOAD).hexdigest()}  fw.bin"
    raw = w.clear_signed(listed, Sign(KEY, 1))
    for content, expected in ((raw, [True]), (raw.replace(listed[:4].encode(), b"0000", 1), [])):
        into = Authenticated()
        group = Group(artifact("SHA256SUMS.asc", content), None, {"fw.bin": artifact("fw.bin", PAYLOAD)}, (), AT)
        authenticate(group, TrustStore((pinned(w.certificate(KEY)),)), into=into)
        assert [one.holds for one in into.checksums] == expected
        assert [one.holds for one in into.bindings] == expected


def test_time_of_judgement_decides() -> None:
    """The same signature before its time, in time, and after the key's end."""
    entry = pinned(w.certificate(KEY, lasts=500 * DAY))
    made = Sign(KEY).packet(PAYLOAD)
    times = ("2025-12-31T23:00:00Z", "2026-01-02T00:00:00Z", "2026-06-01T00:00:00Z")
    assert [status(made, entry, at=one) for one in times] == ["invalid", "valid", "invalid"]
