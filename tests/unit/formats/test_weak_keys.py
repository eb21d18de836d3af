"""Keys whose private half can be computed: each known make is recognised, sound keys are not."""

from __future__ import annotations

import math

import pytest
from cryptography.hazmat.primitives import serialization as s
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from fwverify.formats import key_file, weak_keys
from fwverify.formats.public_key import PublicKey
from fwverify.formats.weak_keys import frailties, is_roca, shared, weaknesses, x25519_unfit


def prime_from(number: int) -> int:
    """The next probable prime."""
    number |= 1
    while any(pow(base, number - 1, number) != 1 for base in (2, 3, 5, 7, 11)):
        number += 2
    return number


def rsa_key(n: int, e: int = 65537) -> PublicKey:
    """A key file's worth of a modulus, as DER made by hand: libraries refuse some of these."""
    key = rsa.RSAPublicNumbers(e, n).public_key()
    return key_file.parse(key.public_bytes(s.Encoding.DER, s.PublicFormat.SubjectPublicKeyInfo))


def sound(bits: int = 2048) -> PublicKey:
    made = rsa.generate_private_key(65537, bits).public_key()
    return key_file.parse(made.public_bytes(s.Encoding.DER, s.PublicFormat.SubjectPublicKeyInfo))


A = prime_from(0xC3 << 1016 | 0x1234567)
B = prime_from(0xF1 << 1016 | 0x7654321)


def roca_prime(multiple: int, exponent: int) -> int:
    """A prime of the affected library's make: k * M + (65537^a mod M)."""
    modulus = 2 * math.prod(weak_keys.ROCA_PRIMES)
    residue = pow(65537, exponent, modulus)
    number = (multiple << 790) // modulus * modulus + residue
    while any(pow(base, number - 1, number) != 1 for base in (2, 3, 5, 7)):
        number += modulus
    return number


def test_sound_keys() -> None:
    """Fresh keys of every kind have no weakness and no frailty."""
    keys = [sound(2048), sound(3072)]
    for private in (ec.generate_private_key(ec.SECP256R1()), ed25519.Ed25519PrivateKey.generate()):
        raw = private.public_key().public_bytes(s.Encoding.DER, s.PublicFormat.SubjectPublicKeyInfo)
        keys.append(key_file.parse(raw))
    assert [weaknesses(one) + frailties(one) for one in keys] == [()] * 4
    assert shared(keys) == ()


def test_close_primes() -> None:
    """Fermat's method finds two primes that are near one another, and a square."""
    assert "close together" in weaknesses(rsa_key(A * prime_from(A + (1 << 500))))[0]
    assert weak_keys.close_primes(A * A)
    assert not weak_keys.close_primes(A * B)


def test_roca() -> None:
    """Moduli of the affected make are recognised; one prime of that make alone is not enough."""
    n = roca_prime(0x9F3B5, 123456789) * roca_prime(0xB1C27, 987654321)
    assert is_roca(n) and any("ROCA" in one for one in weaknesses(rsa_key(n)))
    assert not is_roca(roca_prime(0x9F3B5, 5) * A) and not is_roca(A * B)


def test_roca_needs_one_exponent_for_all_primes() -> None:
    """A number that is a power of 65537 modulo each prime, but not one and the same, is not of that make."""
    table = weak_keys.roca_table()
    number, modulus = 0, 1
    for at, (prime, logarithms) in enumerate(table.items()):
        residue = sorted(logarithms)[at % len(logarithms)]
        number += modulus * ((residue - number) * pow(modulus, -1, prime) % prime)
        modulus *= prime
    assert all(number % prime in logarithms for prime, logarithms in table.items())
    assert not is_roca(number)


def test_tiny_factor_short_and_odd_exponents() -> None:
    """A small prime in the modulus, a modulus of 768 bits and an exponent that is none are told."""
    assert "tiny factor" in weaknesses(rsa_key(A * B * 257))[0]
    small = prime_from(0xC5 << 376) * prime_from(0xD7 << 376)
    assert weak_keys._rsa(small, 65537)[0] == "RSA with 768 bits: it can be factored"
    assert "public exponent 2" in weak_keys._rsa(A * B, 2)[0]


def test_frailties() -> None:
    """1024 bits and the exponent 3 are below today's minimum, not broken."""
    short = rsa_key(prime_from(0xC5 << 504) * prime_from(0xD7 << 504), 3)
    assert weaknesses(short) == ()
    assert [one.split(",")[0] for one in frailties(short)] == ["RSA with 1024 bits", "public exponent 3"]


def test_shared_factors() -> None:
    """Two keys with one prime in common are told as a pair, a third is not; the same key twice is no pair."""
    first, second, third = rsa_key(A * B), rsa_key(A * prime_from(0xE5 << 1016)), sound()
    assert shared([first, third, second, first]) == (tuple(sorted((first.fingerprint, second.fingerprint))),)
    assert shared([first, first]) == ()


def test_shared_modulus_with_another_exponent() -> None:
    """One modulus under two exponents is two keys that share everything."""
    assert len(shared([rsa_key(A * B), rsa_key(A * B, 3)])) == 1


@pytest.mark.parametrize("y", [0, 1, 2**448 - 2**224 - 2])
def test_small_order_on_edwards448(y: int) -> None:
    """Points of order 1, 2 and 4 on Ed448 are told."""
    raw = y.to_bytes(56, "little") + b"\0"
    key = PublicKey("ed448", bytes.fromhex("3043300506032b6571033a00") + raw, "", 456)
    assert "small order" in weaknesses(key)[0]


def test_small_order_on_curve25519() -> None:
    """The published u coordinates of small order are told, the base point and others are not."""
    p = 2**255 - 19
    eight = "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"
    other = "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"
    small = [bytes.fromhex(eight), bytes.fromhex(other), *(u.to_bytes(32, "little") for u in (0, 1, p - 1))]
    assert all("small order" in x25519_unfit(one) for one in small)
    assert "canonical" in x25519_unfit((p + 1).to_bytes(32, "little"))
    assert x25519_unfit((9).to_bytes(32, "little")) == "" == x25519_unfit((10).to_bytes(32, "little"))


def test_point_off_its_curve() -> None:
    """A P-256 point that is not on the curve is told."""
    raw = ec.generate_private_key(ec.SECP256R1()).public_key()
    spki = raw.public_bytes(s.Encoding.DER, s.PublicFormat.SubjectPublicKeyInfo)
    good = PublicKey("ecdsa", spki, "", 256, "secp256r1")
    bad = PublicKey("ecdsa", spki[:-1] + bytes([spki[-1] ^ 1]), "", 256, "secp256r1")
    assert weaknesses(good) == () and weaknesses(bad) == ("the point is not on its curve",)
