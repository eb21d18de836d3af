"""OpenPGP layouts: packets, armor, cleartext, signatures, certificates."""

from __future__ import annotations

import bz2
import zlib
from random import Random

import pytest

from fwverify.formats import key_file, openpgp, openpgp_armor, openpgp_files, openpgp_packets, openpgp_signature
from fwverify.formats.cursor import Cursor
from fwverify.formats.public_key import PrivateKey
from fwverify.model.examining import Malformed, Unsupported
from tests.vectors.makers import openpgp_writer as w
from tests.vectors.makers.openpgp_writer import Sign

KEY = w.key()
GOOD = Sign(KEY).packet(b"payload")


def read(raw: bytes) -> list[openpgp_packets.Packet]:
    return list(openpgp_packets.packets(raw, "test"))


@pytest.mark.parametrize("head", [b"\xc2\x03", b"\xc2\xff\0\0\0\3", b"\x88\x03", b"\x89\0\3", b"\x8a\0\0\0\3"])
def test_packet_lengths(head: bytes) -> None:
    """The same packet with every way to write its length."""
    (found,) = read(head + b"abc")
    assert (found.type, found.body) == (2, b"abc")


def test_two_byte_length() -> None:
    """Section 4.2.1: 192 is written c0 00."""
    (found,) = read(b"\xc2\xc0\x00" + bytes(192))
    assert len(found.body) == 192


@pytest.mark.parametrize(
    "raw", [b"", b"\x02", b"\xc0\x00", b"\xc2\xe0a", b"\xc2\xfe", b"\x8babc", b"\xc2\xff\xff\xff\xff\xff"]
)
def test_refused_packets(raw: bytes) -> None:
    """Nothing, no packet, type 0, partial and indeterminate lengths, lengths beyond the end."""
    with pytest.raises(Malformed):
        read(raw)


def test_many_packets_are_refused() -> None:
    """A stream of empty packets ends in a refusal, not in a long loop."""
    with pytest.raises(Malformed, match="more than"):
        read(b"\xca\x00" * 3000)


@pytest.mark.parametrize("raw", [b"\0\x09\0\xff", b"\0\x08\x7f", b"\xff\xff" + bytes(9000), b"\0\x10\x80"])
def test_wrong_numbers(raw: bytes) -> None:
    """Bit counts that are not those of the value, too long or cut."""
    with pytest.raises(Malformed):
        openpgp_packets.integer(Cursor(raw, "test"), "n")


def test_armor_round_trip() -> None:
    """Blocks one after another, with checksum and headers, with CRLF and without."""
    one = w.armored("SIGNATURE", GOOD, "Version: x", "Comment: y", checksum=True)
    for raw in (one, one.replace(b"\n", b"\r\n"), b"\n \n" + one + b"\n\n"):
        (block,) = openpgp_armor.blocks(raw)
        assert (block.label, block.content, block.oddities) == ("SIGNATURE", GOOD, ())
    assert len(openpgp_armor.blocks(one + b"\n" + one)) == 2


def test_armor_oddities() -> None:
    """A wrong checksum and an unknown header are told."""
    raw = w.armored("SIGNATURE", GOOD, "X-Digest: 00", checksum=True)
    crc = raw.split(b"\n=")[1][:4]
    (block,) = openpgp_armor.blocks(raw.replace(b"\n=" + crc, b"\n=AAAA"))
    assert len(block.oddities) == 2


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"-----BEGIN", b"x\n-----BEGIN"),
        (b"-----END PGP SIGNATURE-----", b"-----END PGP MESSAGE-----"),
        (b"-----END PGP SIGNATURE-----", b""),
        (b"-----END PGP SIGNATURE-----\n", b"-----END PGP SIGNATURE-----\nx"),
        (b"\n\n", b"\n"),
        (b"\n\n", b"\nno header\n\n"),
        (b"\n\n", b"\n\n!"),
        (b"\n\n", b"\n\nAA==\n"),
        (b"\n\n", b"\r\r\n\n"),
    ],
)
def test_refused_armor(old: bytes, new: bytes) -> None:
    """Text around, ends that do not belong, missing blank line, damaged base64, lone carriage returns."""
    with pytest.raises(Malformed):
        openpgp_armor.blocks(w.armored("SIGNATURE", GOOD).replace(old, new, 1))


def test_cleartext_ranges() -> None:
    """Covered bytes are text and line ends within it; escapes, trailing blanks and CR are envelope."""
    raw = w.clear_signed("-a  \nb", Sign(KEY, 1)).replace(b"\n", b"\r\n")
    found = openpgp_armor.cleartext(raw)
    assert found.text == b"-a\nb\n"
    assert found.signed == b"-a\r\nb"
    assert b"".join(raw[one.start : one.end] for one in found.covers) == b"-a\nb"
    assert sum(one.size for one in (*found.covers, *found.envelope)) == len(raw)
    assert found.oddities == ()  # blanks mean nothing in the text that is used


def test_no_text_is_refused() -> None:
    """A framework around nothing signs nothing."""
    raw = b"-----BEGIN PGP SIGNED MESSAGE-----\n\n" + w.armored("SIGNATURE", GOOD)
    with pytest.raises(Malformed, match="no text"):
        openpgp_armor.cleartext(raw)


def test_blank_line_with_blanks_is_refused() -> None:
    """Between headers and text stands an empty line: readers differ on one with blanks."""
    raw = w.clear_signed("a", Sign(KEY, 1)).replace(b"Hash: SHA512\n\n", b"Hash: SHA512\n \nx\n\n", 1)
    with pytest.raises(Malformed):
        openpgp_armor.cleartext(raw)


def test_signature_fields() -> None:
    """Dates, issuer and flags come from the hashed area; the unhashed one is told when it says more."""
    more = w.seconds(3, 60) + w.sub(27, b"\x02")
    found = openpgp_signature.parse(Sign(KEY, more=more, unhashed=w.sub(20, bytes(8))).body(b""))
    assert (found.created, found.expires, found.flags) == (w.SIGNED, w.SIGNED + 60, 2)
    assert found.issuers() == {KEY.fingerprint.hex().upper()}
    assert found.unsigned_fields() == (20,)


@pytest.mark.parametrize(
    "made",
    [
        Sign(KEY, dated=False),
        Sign(KEY, more=w.seconds(2, 1)),
        Sign(KEY, more=w.sub(3, b"\0")),
        Sign(KEY, more=b"\x00"),
        Sign(KEY, more=b"\x09\x02"),
        Sign(KEY, more=b"\xff\xff\xff\xff\xff\x02"),
        Sign(KEY, more=w.sub(100, b"") * 300),
    ],
)
def test_refused_signatures(made: Sign) -> None:
    """No time, two times, a short number, empty, cut, huge and too many subpackets."""
    with pytest.raises(Malformed):
        openpgp_signature.parse(made.body(b""))


@pytest.mark.parametrize("version", [2, 3, 5, 7])
def test_other_versions(version: int) -> None:
    """Versions that are not read are said as such."""
    with pytest.raises(Unsupported):
        openpgp_signature.parse(bytes((version,)) + Sign(KEY).body(b"")[1:])


def test_fingerprint_and_key_id() -> None:
    """The key of a file is its primary key; the whole certificate stays with it."""
    raw = w.certificate(KEY)
    found = key_file.parse(w.armored("PUBLIC KEY BLOCK", raw))
    assert found.key_id == KEY.fingerprint.hex().upper()
    assert (found.note, found.material) == ("OpenPGP certificate", raw)
    assert found.fingerprint == key_file.parse(raw).fingerprint


@pytest.mark.parametrize(
    "raw", [w.certificate(KEY) * 2, w.certificate(KEY) + GOOD[:9], w.packet(6, b"\x03" + bytes(9))]
)
def test_refused_certificates(raw: bytes) -> None:
    """Two certificates, a cut one, an old version."""
    with pytest.raises(Malformed):
        key_file.parse(raw)


@pytest.mark.parametrize("kind", [5, 7])
def test_secret_keys_are_refused(kind: int) -> None:
    """A secret key or subkey in the file."""
    with pytest.raises(PrivateKey):
        openpgp.parse_key(w.certificate(KEY) + w.packet(kind, b"\x04"))


def test_unreadable_revocation_is_not_left_out() -> None:
    """A foreign certification that cannot be read is passed over, a revocation is not."""
    raw = w.certificate(KEY)
    openpgp.parse_key(raw + w.packet(2, b"\x04\x10\x16"))
    with pytest.raises(Malformed, match="revocation"):
        openpgp.parse_key(raw + w.packet(2, b"\x04\x20\x16"))


def test_kinds() -> None:
    """What a file is told to be by its first bytes, and when it is nothing else."""
    clear = w.clear_signed("a", Sign(KEY, 1))
    assert [openpgp_files.kind(memoryview(one)) for one in (GOOD, clear, w.armored("SIGNATURE", GOOD), b"text")] == [
        "binary", "clear-signed", "armored", "",
    ]  # fmt: skip
    assert openpgp_files.alone(memoryview(GOOD))
    assert not openpgp_files.alone(memoryview(GOOD + b"x"))
    assert not openpgp_files.alone(memoryview(b"x\n" + clear))
    assert openpgp_files.named_so(memoryview(b"x\n" + clear), False)
    assert not openpgp_files.named_so(memoryview(GOOD + b"x"), False)


def test_raw_values_are_no_messages() -> None:
    """A raw RSA signature may begin as a compressed packet does, once in four thousand: nothing unpacks behind it."""
    random = Random(7)
    for head in (b"\xa0\x58\x03", b"\xa0\x58\x02", b"\xa3\x01", b"\xa3\x02", b"\xc8\xff\x00\x00\x00\xf0\x03", b"\xc8"):
        taken = [openpgp_files.kind(memoryview(head + random.randbytes(253))) for _ in range(200)]
        assert taken.count(openpgp_files.MESSAGE) <= 12, head
    for body in (
        b"\x01" + zlib.compress(b"\x90\x0d\x03\x00" + bytes(60), 9)[2:-4],
        b"\x02" + zlib.compress(b"\xc4\x0d\x03\x00" + bytes(60)),
        b"\x03" + bz2.compress(b"\x90\x0d\x03\x00" + bytes(60)),
    ):
        for start in (b"\xa3", b"\xa0" + bytes([len(body)]), b"\xc8" + bytes([len(body)])):
            assert openpgp_files.kind(memoryview(start + body)) == openpgp_files.MESSAGE
