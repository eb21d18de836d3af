"""The keys in a file somebody wants to pin a key from: the one it is, or those a signature or an image carries.

What is found is shown and one of it picked by a person; nothing is added because it was there.
"""

from __future__ import annotations

from dataclasses import dataclass

from fwverify.formats import key_file, key_search, public_key
from fwverify.formats.public_key import PublicKey
from fwverify.limits import LimitExceeded
from fwverify.model.examining import Malformed

MAX_BYTES = 64 << 20
"""A file searched for keys; larger images are searched by `fwverify inspect`."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One key that could be pinned."""

    what: str
    """Plain words."""
    name: str
    """For the key file: where it came from, with the ending of its kind."""
    content: bytes
    """The key file to keep: the file itself, or the certificate or key as DER."""
    key: PublicKey


def candidates(name: str, raw: bytes) -> tuple[Candidate, ...]:
    """Keys in a file, in order of place, each once.

    Args:
        name: of the file.
        raw: its bytes.

    Raises:
        Malformed: the file is a private key.
    """
    try:
        key = key_file.parse(raw)
        return (Candidate(key.note, name, raw, key),)
    except public_key.PrivateKey:
        raise
    except Malformed:
        pass
    found: dict[str, Candidate] = {}
    stem = name.rpartition("/")[2].partition(".")[0]
    try:
        for one in key_search.search(memoryview(raw)):
            material = one.key.material or one.key.spki
            ending = "crt" if one.key.note == "certificate" else "der"
            made = Candidate(f"{one.what}, at byte {one.offset}", f"{stem}.{ending}", material, one.key)
            found.setdefault(one.key.fingerprint, made)
    except LimitExceeded:
        pass  # what was found until then is shown; the picked key is whole
    return tuple(found.values())
