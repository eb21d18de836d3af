"""Public keys whose private half can be computed, or that let anybody sign. Pure arithmetic.

Sources, read 2026-11-22:
ROCA: Nemec, Sys, Svenda, Klinec, Matyas, "The Return of Coppersmith's Attack" (ACM CCS 2017), section 2.3: primes of
    the affected library are k * M + (65537^a mod M), so the modulus is a power of 65537 modulo M. (CVE-2017-15361)
Close primes: Fermat's factorisation (Knuth, TAOCP volume 2, section 4.5.4); printers and VPN products shipped such
    keys (CVE-2022-26320).
Common factors: Heninger, Durumeric, Wustrow, Halderman, "Mining Your Ps and Qs" (USENIX Security 2012), section 2.2.
Sizes: the largest modulus known to be factored in public has 829 bits (RSA-250, 2020); 1024 is within reach of states.
Small orders: RFC 8032 sections 5.1.7 and 5.2.7; RFC 7748 section 6. Points: SEC 1 version 2.0 section 3.2.2.1.

Not done: keys from small seeds (Debian OpenSSL 2006-2008, early embedded generators): their lists have gigabytes.
What is short or has a small exponent without being breakable is judged by the algorithm profiles; `frailties` names
it for people.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING

from fwverify.formats.public_key import ED25519_PRIME, PublicKey, ed25519_unfit

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

MIN_RSA_BITS = 1024
"""Below this a modulus can be factored with rented machines."""
FRAIL_RSA_BITS, FRAIL_EXPONENT = 2048, 65537
FERMAT_ROUNDS = 256
"""Steps of Fermat's method; every vulnerable key seen in the wild fell within 100. Takes 2 ms for 4096 bits."""
SMALL_FACTORS_BELOW = 1 << 15
ROCA_GENERATOR = 65537
ROCA_PRIMES = (
    3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109,
    113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
)  # fmt: skip
"""The odd primes of M for the shortest keys; the M of longer keys is a multiple, so their moduli fit here too."""
MAX_SHARED = 4096
"""RSA keys of one run that are compared with one another."""
_ED448_PRIME = 2**448 - 2**224 - 1
_CURVES = {
    "secp256r1": (
        0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF,
        0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B,
    ),
}
"""Name -> (p, b) of curves with a = p - 3 (SP 800-186 section 3.2.1.3)."""


def weaknesses(key: PublicKey) -> tuple[str, ...]:
    """Why anybody could sign in this key's name, in plain words; empty when no reason is known."""
    match key.algorithm:
        case "rsa":
            n, e = _rsa_numbers(key)
            return _rsa(n, e)
        case "ed25519":
            unfit = ed25519_unfit(key.spki[-32:])
            return (unfit,) if unfit else ()
        case "ed448":
            return _ed448(key.spki[-57:])
        case "ecdsa":
            return _point(key)
    return ()


def frailties(key: PublicKey) -> tuple[str, ...]:
    """What is below today's minimum without being breakable: short moduli and small exponents."""
    if key.algorithm != "rsa":
        return ("a curve below 224 bits",) if key.algorithm == "ecdsa" and key.bits < 224 else ()
    found = []
    if MIN_RSA_BITS <= key.bits < FRAIL_RSA_BITS:
        found.append(f"RSA with {key.bits} bits, {FRAIL_RSA_BITS} are the least")
    if 1 < int(key.detail) < FRAIL_EXPONENT:
        found.append(f"public exponent {key.detail}, {FRAIL_EXPONENT} is the least")
    return tuple(found)


def shared(keys: Iterable[PublicKey]) -> tuple[tuple[str, str], ...]:
    """Pairs of different RSA keys, by fingerprint, that have a factor or the whole modulus in common."""
    numbers = {one.fingerprint: _rsa_numbers(one)[0] for one in keys if one.algorithm == "rsa"}
    names = sorted(numbers)[:MAX_SHARED]
    whole = math.prod(numbers[name] for name in names)
    # n divides the product; a further common factor shows in the product without this n.
    suspects = [name for name in names if math.gcd(numbers[name], whole // numbers[name]) != 1]
    return tuple(
        (a, b) for at, a in enumerate(suspects) for b in suspects[at + 1 :] if math.gcd(numbers[a], numbers[b]) != 1
    )


def x25519_unfit(raw: bytes) -> str:
    """Why these 32 bytes are no X25519 public key (order 1, 2, 4 or 8, RFC 7748 section 6.1); empty when they may be.

    Signs nothing; in an image such a key would let anybody agree on a secret.
    """
    u = int.from_bytes(raw, "little") & ((1 << 255) - 1)
    if u >= ED25519_PRIME:
        return "an X25519 key that is not in its canonical encoding"
    # u = 0 has order 2, u = 1 order 4 (and -1 on the twist); doubling the points of order 8 gives u = 1.
    p = ED25519_PRIME
    doubled = pow(u * u - 1, 2, p) * pow(4 * u * (u * u + 486662 * u + 1), -1, p) % p if u not in (0, 1, p - 1) else 0
    return "an X25519 key of small order" if doubled in (0, 1, p - 1) else ""


@cache
def roca_table() -> dict[int, dict[int, int]]:
    """Prime -> (residue -> discrete logarithm to the base 65537)."""
    return {prime: _logarithms(prime) for prime in ROCA_PRIMES}


def _logarithms(prime: int) -> dict[int, int]:
    table, value, exponent = {}, 1, 0
    while value not in table:
        table[value] = exponent
        value, exponent = value * ROCA_GENERATOR % prime, exponent + 1
    return table


def is_roca(n: int) -> bool:
    """The paper's fingerprint: n is a power of 65537 modulo M.

    1. Modulo each prime of M, n is a power of 65537: its logarithm is known modulo the order there.
    2. All these congruences have a common solution, so one exponent fits all of M.

    A modulus of another make passes step 1 once in 2^27 and step 2 practically never.
    """
    exponent, modulus = 0, 1
    for prime, table in roca_table().items():
        found = table.get(n % prime)  # 1
        if found is None:
            return False
        common = math.gcd(modulus, len(table))
        if (found - exponent) % common:  # 2
            return False
        step = len(table) // common
        times = (found - exponent) // common * pow(modulus // common, -1, step) % step if step > 1 else 0
        exponent, modulus = exponent + modulus * times, modulus * step
    return True


def close_primes(n: int, rounds: int = FERMAT_ROUNDS) -> bool:
    """True when Fermat's method factors n within so many steps."""
    a = math.isqrt(n)
    if a * a == n:
        return True
    for step in range(1, rounds + 1):
        rest = (a + step) ** 2 - n
        # A square ends in one of 12 of the 64 possible six-bit patterns; the root is taken only then.
        if _SQUARES_64 >> (rest & 63) & 1 and math.isqrt(rest) ** 2 == rest:
            return True
    return False


_SQUARES_64 = sum(1 << one for one in {number * number % 64 for number in range(64)})


@cache
def _small_primes() -> int:
    """The product of all primes below the bound."""
    sieve = bytearray([1]) * SMALL_FACTORS_BELOW
    sieve[:2] = b"\0\0"
    for number in range(2, math.isqrt(SMALL_FACTORS_BELOW) + 1):
        if sieve[number]:
            sieve[number * number :: number] = bytes(len(range(number * number, SMALL_FACTORS_BELOW, number)))
    return math.prod(number for number, prime in enumerate(sieve) if prime)


def _rsa(n: int, e: int) -> tuple[str, ...]:
    found = []
    if n.bit_length() < MIN_RSA_BITS:
        found.append(f"RSA with {n.bit_length()} bits: it can be factored")
    if e < 3 or e % 2 == 0:
        found.append(f"public exponent {e}: no RSA key has that")
    if math.gcd(n, _small_primes() % n if n > 1 else 0) != 1:
        found.append("the modulus has a tiny factor")
    elif close_primes(n):
        found.append("the primes of the modulus are close together (Fermat): it can be factored")
    if is_roca(n):
        found.append("made by a library whose keys can be factored (ROCA, CVE-2017-15361)")
    return tuple(found)


def _ed448(raw: bytes) -> tuple[str, ...]:
    """RFC 8032 section 5.2: 56 bytes of y and one of the sign. Orders 1, 2 and 4: y is 1, -1 or 0."""
    y = int.from_bytes(raw[:56], "little")
    if y >= _ED448_PRIME:
        return ("an Ed448 key that is not in its canonical encoding",)
    small = y in (0, 1, _ED448_PRIME - 1)
    return ("an Ed448 key of small order: anybody can make signatures that fit it",) if small else ()


def _point(key: PublicKey) -> tuple[str, ...]:
    curve = _CURVES.get(key.detail)
    if curve is None:
        return ()
    p, b = curve
    x, y = (int.from_bytes(key.spki[start : start + 32 or None], "big") for start in (-64, -32))
    on_curve = x < p and y < p and (y * y - (x * x * x - 3 * x + b)) % p == 0
    return () if on_curve else ("the point is not on its curve",)


def _rsa_numbers(key: PublicKey) -> tuple[int, int]:
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    loaded: PublicKeyTypes = load_der_public_key(key.spki)
    assert isinstance(loaded, rsa.RSAPublicKey)  # noqa: S101 - the key says so itself
    numbers = loaded.public_numbers()
    return numbers.n, numbers.e
