"""SSH signatures about a file (SSHSIG, `ssh-keygen -Y sign`).

Layouts: `formats.sshsig`, `formats.ssh_key`; after OpenSSH PROTOCOL.sshsig, PROTOCOL.u2f and ssh-keygen(1) "ALLOWED
SIGNERS", read 2026-11-22.
Signed: the digest of all bytes of the file, the namespace, the hash algorithm.

Procedure:
1. The key inside the signature says which key to look for: entries with exactly this key. Itself it proves nothing.
2. The value holds over namespace, reserved field, hash algorithm and digest of the file. RSA with SHA-2 alone.
3. The namespace is one that the entry asks for, else one of those in its key file, else `file`: whoever signs commits
   or logins signs no firmware.
4. The entry's identity matches a principal of its key file; the dates of the key file hold; a key on record as an
   authority for certificates signs nothing itself.
5. No entry: intact by an unknown key, or invalid.

Does not do: OpenSSH certificates, key revocation lists, ssh-rsa with SHA-1, DSA.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from fwverify.authenticate import keys, signer
from fwverify.authenticate.interface import Group, Observed, SignatureScheme
from fwverify.authenticate.proofs import Message, Proof, ed25519_holds, proof
from fwverify.authenticate.signer import Signer
from fwverify.formats import ssh_key, sshsig
from fwverify.formats.ssh_key import Line, SshKey
from fwverify.formats.sshsig import Signature, Value
from fwverify.model.artifact import Artifact
from fwverify.model.evidence import SignatureStatus
from fwverify.model.examining import Malformed, Unsupported
from fwverify.model.plugin import Doc
from fwverify.trust.store import PinnedKey, TrustStore

NAME = "sshsig"
USUAL_NAMESPACE = "file"
_RSA_HASHES = {"rsa-sha2-256": "sha256", "rsa-sha2-512": "sha512"}
_CURVE_HASHES = {"secp256r1": "sha256", "secp384r1": "sha384", "secp521r1": "sha512"}
_USER_PRESENT = 0x01
_PLAIN_NAMESPACE = re.compile(r"[^\x00-\x20,\x7f](?:[^\x00-\x1f,\x7f]*[^\x00-\x20,\x7f])?")
"""One that can be held against a list with commas."""
_DATE = re.compile(r"(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d)?)?Z?")


@dataclass(frozen=True, slots=True)
class _Entry:
    """A registry entry with this key, and what its key file says beside the key."""

    pinned: PinnedKey
    line: Line | None
    """None where the key was pinned from a file of another kind."""


def _detect(artifact: Artifact) -> bool:
    return sshsig.looks_like_signature(artifact.content)


def _parse(artifact: Artifact) -> tuple[Signature, ...]:
    return (sshsig.parse(artifact.content),)


def _verify(signature: Signature, group: Group, trust: TrustStore) -> tuple[Observed, ...]:
    if group.about is None:
        detail = "the file it signs is not in the delivery, or no name tells which it is"
        return (keys.observe(group, NAME, SignatureStatus.UNVERIFIABLE, detail),)
    by = _signer(signature, group.about, group, trust)
    odd = ("its reserved field is not empty",) if signature.reserved else ()
    locator = group.artifact.locator
    return (signer.observation(by, NAME, locator, group.about.locator, covers=group.about.whole, oddities=odd),)


def _signer(signature: Signature, about: Artifact, group: Group, trust: TrustStore) -> Signer:
    public = signature.key.public
    entries = _entries(signature.key, trust)  # 1
    digest = Message.of(about).digest(signature.hash)
    held = _holds(signature.key, signature.value, signature.signed(digest))  # 2
    if held is None:
        whose = f"under {keys.names([one.pinned for one in entries])}, whose key" if entries else "under the key"
        return Signer(SignatureStatus.INVALID, f"does not verify {whose} it names: the bytes were changed", key=public)
    held = _recorded(held, signature)
    if not entries:  # 5
        detail = f"intact, by SSH key {_told(signature.key)}, which is not on record"
        return Signer(SignatureStatus.UNKNOWN_KEY, detail, key=public, held=held, carried=True)
    reasons = [(_unmet(one, signature, held, group), one.pinned) for one in entries]  # 3, 4
    met = tuple(one for why, one in reasons if not why)
    if not met:
        detail = f"made with the key of {reasons[0][1].record.name}, but not as its entry asks: {reasons[0][0]}"
        return Signer(SignatureStatus.INVALID, detail, key=public)
    identity = next((one for pinned in met if (one := dict(pinned.constraints).get("identity", ""))), "")
    more = (("identity", identity),) if identity else ()
    held = replace(held, parameters=tuple(sorted((*held.parameters, *more))))
    return Signer(SignatureStatus.VALID, f"verifies under {keys.names(met)}", key=public, held=held, entries=met)


def _entries(key: SshKey, trust: TrustStore) -> list[_Entry]:
    """Entries with exactly this key: one that lives in a token is not the same as one in a file."""
    found = []
    for one in keys.same_key(trust, key.public.fingerprint):
        line = _line(one)
        if line is not None and line.key.binary == key.binary:
            found.append(_Entry(one, line))
        elif one.public is not None and one.public.note != ssh_key.NOTE and not key.application:
            found.append(_Entry(one, None))
    return found


def _line(entry: PinnedKey) -> Line | None:
    if entry.public is None or entry.public.note != ssh_key.NOTE:
        return None
    try:
        return ssh_key.parse_line(entry.public.material.decode("utf-8"))
    except (Malformed, Unsupported, UnicodeDecodeError):  # it was read once when it was pinned
        return None


def _recorded(held: Proof, signature: Signature) -> Proof:
    facts = {"hash": signature.hash, **dict(held.parameters), "namespace": signature.namespace}
    facts["prehash"] = signature.hash
    return replace(held, parameters=tuple(sorted(facts.items())))


def _unmet(entry: _Entry, signature: Signature, held: Proof, group: Group) -> str:
    """Why an entry does not take the signature; empty when it does."""
    line, wanted = entry.line, dict(entry.pinned.constraints)
    if line is not None and line.option("cert-authority") is not None:
        return "it is on record as an authority for certificates, which signs no files"
    wrong = _namespace(signature.namespace, line) or _dates(line, group.at)
    if wrong:
        return wrong
    own = line is not None and line.option("namespaces") is not None
    usual = (("namespace", signature.namespace if own else USUAL_NAMESPACE),)
    identity = wanted.get("identity", "")
    named = identity if identity and line is not None and _matches(identity, line.principals) else ""
    made = (*held.parameters, ("identity", named)) if named else held.parameters
    return keys.unmet(entry.pinned, replace(held, parameters=made), usual)


def _namespace(namespace: str, line: Line | None) -> str:
    if _PLAIN_NAMESPACE.fullmatch(namespace) is None:
        return "its namespace has blanks around it, a comma or control characters"
    allowed = line.option("namespaces") if line is not None else None
    if allowed is not None and not _matches(namespace, allowed):
        return f"its namespace is {namespace}, the key is for {allowed}"
    return ""


def _dates(line: Line | None, at: str) -> str:
    if line is None:
        return ""
    for name in ("valid-after", "valid-before"):
        given = line.option(name)
        if given is None:
            continue
        when = _moment(given)
        if not when or not at:
            return f"its {name} cannot be judged"
        if (name == "valid-after" and at < when) or (name == "valid-before" and at >= when):
            return f"the key is {name.replace('-', ' ')} {when[:10]}"
    return ""


def _moment(text: str) -> str:
    """`YYYYMMDD[HHMM[SS]][Z]` as RFC 3339; always read as UTC. Empty when it is none."""
    found = _DATE.fullmatch(text)
    if found is None:
        return ""
    try:
        when = datetime(*(int(one or 0) for one in found.groups()), tzinfo=UTC)  # type: ignore[arg-type, misc]
    except ValueError:
        return ""
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def _matches(text: str, patterns: str) -> bool:
    """ssh_config(5) "PATTERNS": a list with commas, `*` and `?`, `!` before one that must not match."""
    hit = False
    for one in patterns.split(","):
        pattern = one.removeprefix("!")
        made = "".join(".*" if sign == "*" else "." if sign == "?" else re.escape(sign) for sign in pattern)
        if re.fullmatch(made, text, re.DOTALL):
            if one.startswith("!"):
                return False
            hit = True
    return hit


def _holds(key: SshKey, value: Value, signed: bytes) -> Proof | None:
    """The mathematics; the type of the value must be that of the key."""
    public = key.public
    if key.type == "ssh-rsa" and value.type in _RSA_HASHES:
        message = Message(memoryview(signed), (_RSA_HASHES[value.type],))
        found = proof(public, value.raw.rjust((public.bits + 7) // 8, b"\0"), message)
        return found if found is not None and found.algorithm == "rsa-pkcs1v15" else None
    if key.type != value.type:
        return None
    if key.application:
        if not value.flags & _USER_PRESENT:
            return None
        more = bytes((value.flags,)) + value.counter.to_bytes(4, "big")
        signed = hashlib.sha256(key.application).digest() + more + hashlib.sha256(signed).digest()
    if public.algorithm == "ed25519":
        return Proof("ed25519", ()) if ed25519_holds(public, value.raw, signed) else None
    return _ecdsa(key, value, signed)


def _ecdsa(key: SshKey, value: Value, signed: bytes) -> Proof | None:
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    message = Message(memoryview(signed), (_CURVE_HASHES[key.public.detail],))
    found = proof(key.public, encode_dss_signature(value.r, value.s), message)
    if found is None:
        return None
    return Proof("ecdsa", tuple(one for one in found.parameters if one[0] != "encoding"))


def _told(key: SshKey) -> str:
    return f"{key.type} {key.public.fingerprint[:16]}"


SCHEME = SignatureScheme(
    name=NAME,
    detect=_detect,
    parse=_parse,
    verify=_verify,
    doc=Doc(
        "SSH signature (SSHSIG)",
        vendor="OpenSSH",
        references=("OpenSSH PROTOCOL.sshsig and PROTOCOL.u2f, ssh-keygen(1) ALLOWED SIGNERS, read 2026-11-22",),
        limitations=(
            "OpenSSH certificates and key revocation lists are not read.",
            "RSA with SHA-1 (ssh-rsa) and DSA are not verified.",
        ),
    ),
)
