"""crypt(3) password hashes: md5crypt, sha256crypt and sha512crypt, to try a few known passwords.

"Unix crypt using SHA-256 and SHA-512", version 0.6 (U. Drepper); md5crypt as in FreeBSD's crypt(3); read 2026-11-22.
For looking, never for storing. Does NOT compute descrypt (weak whatever the password is), bcrypt, scrypt, yescrypt.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Iterator

ALPHABET = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
MAX_ROUNDS = 10_000
"""sha*crypt hashes with more rounds are not tried: the number comes from the image (up to 999,999,999)."""
_FORM = re.compile(r"\$(1|5|6)\$(?:rounds=(\d{1,9})\$)?([^$:]{0,16})\$([./0-9A-Za-z]+)")


def matches(stored: str, password: str) -> bool | None:
    """Whether the stored hash is of that password; None when this kind of hash is not computed here."""
    form = _FORM.fullmatch(stored)
    if not form:
        return None
    rounds = max(1000, int(form[2] or 5000))
    if rounds > MAX_ROUNDS or (form[1] == "1" and form[2]):
        return None
    salt, secret = form[3].encode(), password.encode()
    computed = _md5crypt(secret, salt[:8]) if form[1] == "1" else _sha_crypt(secret, salt, rounds, form[1])
    return hmac.compare_digest(computed, form[4])


def _bits(value: int, count: int) -> str:
    return "".join(ALPHABET[value >> 6 * at & 63] for at in range(count))


def _cut(block: bytes, length: int) -> bytes:
    """`block` repeated to `length` bytes."""
    return (block * (length // len(block) + 1))[:length]


def _md5crypt(secret: bytes, salt: bytes) -> str:
    def md5(data: bytes) -> bytes:
        return hashlib.md5(data, usedforsecurity=False).digest()

    inner = md5(secret + salt + secret)
    text = secret + b"$1$" + salt + _cut(inner, len(secret))
    length = len(secret)
    while length:
        text += b"\0" if length & 1 else secret[:1]
        length >>= 1
    state = md5(text)
    for turn in range(1000):
        state = md5(_mixed(turn, state, secret, salt))
    order = ((0, 6, 12), (1, 7, 13), (2, 8, 14), (3, 9, 15), (4, 10, 5))
    text64 = "".join(_bits(state[a] << 16 | state[b] << 8 | state[c], 4) for a, b, c in order)
    return text64 + _bits(state[11], 2)


def _mixed(turn: int, state: bytes, secret: bytes, salt: bytes) -> bytes:
    """What one round digests; the three schemes differ only in what stands for secret and salt."""
    out = secret if turn & 1 else state
    if turn % 3:
        out += salt
    if turn % 7:
        out += secret
    return out + (state if turn & 1 else secret)


def _sha_crypt(secret: bytes, salt: bytes, rounds: int, kind: str) -> str:
    digest: Callable[[bytes], bytes] = (
        (lambda data: hashlib.sha256(data).digest()) if kind == "5" else (lambda data: hashlib.sha512(data).digest())
    )
    inner = digest(secret + salt + secret)
    text = secret + salt + _cut(inner, len(secret))
    length = len(secret)
    while length:
        text += inner if length & 1 else secret
        length >>= 1
    state = digest(text)
    for_secret = _cut(digest(secret * len(secret)), len(secret))
    for_salt = _cut(digest(salt * (16 + state[0])), len(salt))
    for turn in range(rounds):
        state = digest(_mixed(turn, state, for_secret, for_salt))
    return "".join(_sha_text(state))


def _sha_text(state: bytes) -> Iterator[str]:
    """The schemes' own transposition and Base64."""
    third = len(state) // 3  # 10 or 21
    first, second, last = 0, third, 2 * third
    for _ in range(third):
        yield _bits(state[first] << 16 | state[second] << 8 | state[last], 4)
        if len(state) == 32:
            first, second, last = last + 1, first + 1, second + 1
        else:
            first, second, last = second + 1, last + 1, first + 1
    if len(state) == 32:
        yield _bits(state[31] << 8 | state[30], 3)
    else:
        yield _bits(state[63], 2)
