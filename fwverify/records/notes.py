"""Checkpoints: what a log says of itself at one moment, signed.

Sources: C2SP `tlog-checkpoint`, `signed-note` (Ed25519, signature type 0x01) and `tlog-proof`, read 2026-11-23.
A checkpoint is a text of origin, size and root; below an empty line stands a signature that names its key. Signatures
by unknown keys are ignored, as the specification asks; one by the known key that does not hold refuses the note.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fwverify.formats import rekor
from fwverify.formats.rekor import Checkpoint
from fwverify.model.examining import Malformed
from fwverify.records import merkle

if TYPE_CHECKING:
    from fwverify.records.signing import Signer, SiteKey

TYPE_ED25519 = b"\x01"
PROOF_HEAD = "c2sp.org/tlog-proof@v1"
MAX_NOTE_BYTES = 1 << 16
ORIGIN = re.compile(r"[!-*,-~]{1,200}")
"""Printable ASCII without blanks and '+': what both key names and first lines of checkpoints may be."""
_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}")


@dataclass(frozen=True, slots=True)
class Proof:
    """That an entry is in a log."""

    index: int
    path: tuple[bytes, ...]
    checkpoint: str
    """The note, verbatim."""


def key_hint(name: str, spki: bytes) -> bytes:
    """The four bytes by which a note names a key."""
    return hashlib.sha256(name.encode() + b"\n" + TYPE_ED25519 + spki[-merkle.HASH_BYTES :]).digest()[:4]


def verifier_key(name: str, spki: bytes) -> str:
    """The log's public key in the one-line form that other tools of such logs take."""
    raw = TYPE_ED25519 + spki[-merkle.HASH_BYTES :]
    return f"{name}+{key_hint(name, spki).hex()}+{base64.b64encode(raw).decode()}"


def checkpoint(origin: str, size: int, root: bytes, signer: Signer, spki: bytes) -> str:
    """A signed checkpoint."""
    text = f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n"
    signature = bytes.fromhex(signer.sign(text.encode()).signature)
    return f"{text}\n\u2014 {origin} {base64.b64encode(key_hint(origin, spki) + signature).decode()}\n"


def read(raw: bytes) -> Checkpoint:
    """A checkpoint; nothing in it is to be believed before `holds`. Raises Malformed."""
    if len(raw) > MAX_NOTE_BYTES:
        raise Malformed("checkpoint", f"larger than {MAX_NOTE_BYTES} bytes")
    try:
        return rekor.checkpoint(raw.decode())
    except UnicodeDecodeError:
        raise Malformed("checkpoint", "not UTF-8 text") from None


def holds(found: Checkpoint, key: SiteKey) -> bool:
    """True when this key signed the checkpoint, in the log's own name."""
    hint = key_hint(found.origin, key.spki)
    mine = [value for name, given, value in found.signatures if name == found.origin and given == hint]
    return bool(mine) and all(key.holds(one, found.signed) for one in mine)


def proof_text(proof: Proof) -> str:
    """The proof as a `.tlog-proof` file."""
    lines = [PROOF_HEAD, f"index {proof.index}", *(base64.b64encode(one).decode() for one in proof.path)]
    return "\n".join(lines) + "\n\n" + proof.checkpoint


def read_proof(raw: bytes) -> Proof:
    """A `.tlog-proof` file without extra data. Raises Malformed."""
    what = "proof of inclusion"
    if len(raw) > MAX_NOTE_BYTES:
        raise Malformed(what, f"larger than {MAX_NOTE_BYTES} bytes")
    try:
        head, _, note = raw.decode().partition("\n\n")
    except UnicodeDecodeError:
        raise Malformed(what, "not UTF-8 text") from None
    lines = head.split("\n")
    index = lines[1].removeprefix("index ") if len(lines) > 1 and lines[1].startswith("index ") else ""
    if lines[0] != PROOF_HEAD or not _NUMBER.fullmatch(index):
        raise Malformed(what, "it does not begin as one")
    return Proof(int(index), _hashes(lines[2:], what), note)


def _hashes(lines: Sequence[str], what: str) -> tuple[bytes, ...]:
    found = []
    for one in lines:
        try:
            value = base64.b64decode(one, validate=True)
        except ValueError:
            raise Malformed(what, "a hash is not base64") from None
        if len(value) != merkle.HASH_BYTES:
            raise Malformed(what, "a hash has not 32 bytes")
        found.append(value)
    return tuple(found)
