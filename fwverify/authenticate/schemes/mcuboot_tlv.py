"""MCUboot image signatures: the TLV records behind the image.

Source: MCUboot docs/design.md ("Image Format", "Integrity Check"), docs/signed_images.md, docs/encrypted_images.md,
docs/imgtool.md, read 2026-11-22. Layout: `formats.mcuboot`.

Procedure:
1. Every digest record holds over header, payload and protected records; without one the image must say that its
   signature is over the bytes themselves (SIG_PURE).
2. Each signature record holds under a key on record: RSA as PSS with a salt of 32 bytes, ECDSA as DER, Ed25519 over
   the digest, or over the bytes where SIG_PURE says so.
3. KEYHASH chooses no key and proves nothing; where it names another key than the one that signed, that is said.
4. Statements (version, security counter) are read from header and protected records alone.

The digest of an encrypted image is over the plain one: without the device's key it cannot be checked, and the
signature is unverifiable. Unprotected records and what follows them are not signed.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from uuid import UUID

from fwverify.authenticate import signer as signing
from fwverify.authenticate.interface import Group, Observed, SignatureScheme
from fwverify.authenticate.proofs import Message
from fwverify.authenticate.signer import Signer
from fwverify.formats import key_file, mcuboot
from fwverify.formats.mcuboot import McubootImage, Record
from fwverify.model.artifact import Artifact, ByteRange
from fwverify.model.evidence import SignatureStatus
from fwverify.model.examining import Malformed
from fwverify.model.plugin import Doc
from fwverify.trust.store import PublicKey, TrustStore

NAME = "mcuboot"
PSS_SALT = "32"
_KEY_DIGESTS = {32: "sha256", 48: "sha384", 64: "sha512"}
_BELONG_PROTECTED = frozenset(
    {0x40, mcuboot.SECURITY_COUNTER, 0x60, 0x70, 0x71, 0x72, 0x73, mcuboot.UUID_VENDOR, mcuboot.UUID_CLASS}
)
"""Records that state something about the image: signed only in the protected area."""
MAX_ECDSA_FILL = 8
"""Zero bytes that older boot loaders wanted behind a short DER signature (`--pad-sig`)."""


@dataclass(frozen=True, slots=True)
class _Signed:
    """One image with its signatures."""

    image: McubootImage
    signatures: tuple[tuple[Record, Record | None], ...]
    """Each with the record that names its key."""
    pure: bool
    """The signatures are over the bytes, not over their digest."""


@dataclass(slots=True)
class _Digests:
    """What the digest records say."""

    broken: str = ""
    """Why not all hold; empty when they do."""
    algorithms: tuple[str, ...] = ()
    computed: dict[str, bytes] = field(default_factory=dict)


def _detect(artifact: Artifact) -> bool:
    return bytes(artifact.content[:4]) in mcuboot.MAGIC


def _parse(artifact: Artifact) -> tuple[_Signed, ...]:
    """The image, unless it has no signature and names no key."""
    image = mcuboot.read_image(artifact.content)
    signatures: list[tuple[Record, Record | None]] = []
    named: Record | None = None
    pure = False
    for record in image.unprotected:
        if record.type in (mcuboot.KEYHASH, mcuboot.PUBKEY):
            named = record
        elif record.type in mcuboot.SIGNATURES:
            signatures.append((record, named))
        elif record.type == mcuboot.SIG_PURE:
            if pure or record.value != b"\x01":
                raise Malformed(mcuboot.WHAT, "a SIG_PURE record is there twice or says no", record.whole.start)
            pure = True
    if not signatures and (named is not None or pure):
        raise Malformed(mcuboot.WHAT, "names the key of a signature and has none", image.area.start)
    return (_Signed(image, tuple(signatures), pure),) if signatures else ()


def _verify(signed: _Signed, group: Group, trust: TrustStore) -> tuple[Observed, ...]:
    view = group.artifact.content
    digests = _digests(signed, view)
    found = [_signer(signed, digests, each, group, trust) for each in signed.signatures]
    if any(one.valid for one in found):
        found = [_beside(one) for one in found]
    return tuple(_observe(signed, each, one, group) for each, one in zip(signed.signatures, found, strict=True))


def _beside(found: Signer) -> Signer:
    """Beside a signature that is valid, another signer's is not known, not broken."""
    if found.status is not SignatureStatus.INVALID or found.key is not None:
        return found
    return replace(
        found, status=SignatureStatus.UNVERIFIABLE, detail="by no key on record; another signature of the image holds"
    )


def _digests(signed: _Signed, view: memoryview) -> _Digests:
    """Step 1."""
    content = view[signed.image.signed.start : signed.image.signed.end]
    out = _Digests()
    for record in signed.image.unprotected:
        name = mcuboot.DIGESTS.get(record.type)
        if name is None:
            continue
        if name not in out.computed:
            out.computed[name] = hashlib.new(name, content).digest()
        if record.value != out.computed[name]:
            out.broken = f"the {record.name} record does not hold over the image"
    out.algorithms = tuple(sorted(out.computed))
    if not out.algorithms and not signed.pure:
        out.broken = "it has no digest record, which the signature would be over"
    return out


def _signer(
    signed: _Signed, digests: _Digests, each: tuple[Record, Record | None], group: Group, trust: TrustStore
) -> Signer:
    """Steps 1 and 2 for one signature."""
    record, names = each
    if digests.broken and signed.image.encrypted:
        return Signer(SignatureStatus.UNVERIFIABLE, "the image is encrypted, and its signature is over the plain one")
    if digests.broken:
        return Signer(SignatureStatus.INVALID, digests.broken)
    content = group.artifact.content[signed.image.signed.start : signed.image.signed.end]
    algorithms = digests.algorithms or tuple(mcuboot.DIGESTS.values())
    found = signing.by_key(
        _value(record),
        Message(content, hashes=algorithms, _digests=dict(digests.computed)),
        group,
        trust,
        inside=_inside(names),
        named=_named(names),
        algorithms=(mcuboot.SIGNATURES[record.type],),
    )
    if found.held is None and signed.image.encrypted and not digests.algorithms:
        return replace(found, status=SignatureStatus.UNVERIFIABLE, detail="the image is encrypted")
    otherwise = _made_otherwise(signed, record, found, digests)
    return found.broken(otherwise) if otherwise else found


def _made_otherwise(signed: _Signed, record: Record, found: Signer, digests: _Digests) -> str:
    """How a signature that holds differs from what the boot loader takes; empty when it does not."""
    if found.held is None or found.key is None:
        return ""
    made = dict(found.held.parameters)
    match mcuboot.SIGNATURES[record.type]:
        case "rsa":
            if found.held.algorithm != "rsa-pss" or made.get("salt") != PSS_SALT:
                return f"MCUboot takes RSA as PSS with a salt of {PSS_SALT} bytes, this was made otherwise"
            if found.key.bits != mcuboot.RSA_BITS[record.type]:
                return f"{record.name} was made with a key of {found.key.bits} bits"
        case "ecdsa":
            if made.get("encoding") != "der":
                return "the ECDSA signature is not written as DER"
        case _:
            prehash = made.get("prehash", "none")
            if prehash not in (("none",) if signed.pure else digests.algorithms):
                return f"the image says what the signature is over, and it is over something else ({prehash})"
    return ""


def _value(record: Record) -> bytes:
    """The signature, without the zeros that older boot loaders wanted behind a short ECDSA one."""
    value = record.value
    if mcuboot.SIGNATURES[record.type] == "ecdsa" and len(value) > 2 and value[0] == 0x30:
        end = 2 + value[1] if value[1] < 0x80 else len(value)
        fill = value[end:]
        if len(fill) <= MAX_ECDSA_FILL and not any(fill):
            return value[:end]
    return value


def _named(names: Record | None) -> Callable[[PublicKey], bool] | None:
    """True for the key a record names, by digest or as a whole."""
    return None if names is None else lambda key: _names(names, key)


def _names(names: Record, key: PublicKey) -> bool:
    if names.type == mcuboot.PUBKEY:
        return names.value in _encodings(key)
    algorithm = _KEY_DIGESTS.get(len(names.value), "")
    return bool(algorithm) and names.value in [hashlib.new(algorithm, one).digest() for one in _encodings(key)]


def _encodings(key: PublicKey) -> Iterator[bytes]:
    """How imgtool writes a key: RSA as PKCS#1, others as SubjectPublicKeyInfo."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

    yield key.spki
    if key.algorithm == "rsa":
        yield load_der_public_key(key.spki).public_bytes(Encoding.DER, PublicFormat.PKCS1)


def _inside(names: Record | None) -> tuple[PublicKey, ...]:
    """The key that lies in the image itself; compared, never trusted."""
    if names is None or names.type != mcuboot.PUBKEY:
        return ()
    for label in ("PUBLIC KEY", "RSA PUBLIC KEY"):
        text = base64.encodebytes(names.value).decode()
        try:
            return (key_file.parse(f"-----BEGIN {label}-----\n{text}-----END {label}-----\n".encode()),)
        except Malformed:
            continue
    return ()


def _observe(signed: _Signed, each: tuple[Record, Record | None], found: Signer, group: Group) -> Observed:
    image, where = signed.image, group.artifact.locator
    return signing.observation(
        found,
        NAME,
        where,
        where,
        covers=(image.signed,),
        envelope=_envelope(signed, each[0], found, group.artifact.content),
        states=_states(image),
        oddities=tuple(_oddities(signed, each[1], found)),
    )


def _envelope(signed: _Signed, signature: Record, found: Signer, view: memoryview) -> Iterator[ByteRange]:
    """Records whose every value was checked, and the boot trailer."""
    image = signed.image
    yield ByteRange(image.area.start, image.area.start + mcuboot.INFO_BYTES)
    yield signature.whole
    for record in image.unprotected:
        if record.type in (mcuboot.KEYHASH, mcuboot.PUBKEY):
            checked = found.key is not None and _names(record, found.key)
        else:
            checked = record.type in mcuboot.DIGESTS or record.type == mcuboot.SIG_PURE
        if checked:
            yield record.whole
    yield from mcuboot.trailer(view, image.end)


def _states(image: McubootImage) -> Iterator[tuple[str, str]]:
    """Step 4."""
    yield "version", image.version
    for record in image.protected:
        if record.type == mcuboot.SECURITY_COUNTER and len(record.value) == 4:
            yield "security-counter", str(image.integer(record.value))
        elif record.type == mcuboot.UUID_CLASS and len(record.value) == 16:
            yield "guid", str(UUID(bytes=record.value))


def _oddities(signed: _Signed, names: Record | None, found: Signer) -> Iterator[str]:
    """Step 3, and statements where nobody signed them."""
    if names is None:
        yield "the signature names no key (no KEYHASH record)"
    elif found.key is not None and not _names(names, found.key):
        yield f"the {names.name} record names another key than the one that signed"
    for record in signed.image.unprotected:
        if record.type in _BELONG_PROTECTED:
            yield f"a {record.name} record lies outside the signature, where anybody could have put it"
    counters = [one for one in signed.image.protected if one.type == mcuboot.SECURITY_COUNTER]
    if len(counters) > 1:
        yield f"the security counter is stated {len(counters)} times"


SCHEME = SignatureScheme(
    name=NAME,
    detect=_detect,
    parse=_parse,
    verify=_verify,
    doc=Doc(
        "MCUboot image signature",
        vendor="MCUboot",
        references=(
            "MCUboot docs/design.md, Image Format and Integrity Check, read 2026-11-22",
            "MCUboot docs/encrypted_images.md and docs/imgtool.md, read 2026-11-22",
        ),
        limitations=(
            "Encrypted images are named as such; their signature is over the plain image and cannot be checked.",
            "The decompressed image's own signature (DECOMP_SIGNATURE) is not checked: what lies there is signed.",
        ),
    ),
    embedded=True,
)
