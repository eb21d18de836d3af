"""What a file of the delivery is (design.md section 3). Content wins over name.

A companion must parse *whole* as what it is taken for; every other file is an image, so nothing drops out of
coverage by being strange. A detached raw signature has no magic: it counts only when its name is that of another
delivered file plus a signature suffix and its length or encoding is that of a signature.

Two readers may take one file for two things (a list that a shell runs, a signature with an archive behind it). So a
name under which something would be run or written into a device, or the first bytes of a script, make an image of
whatever else the content says, and formats that are recognised without being read must stand alone in their file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from fwverify.formats import (
    checksum_list,
    detached_signature,
    dsse,
    in_toto,
    jcat,
    key_file,
    minisign,
    openpgp_armor,
    openpgp_files,
    sbom_kinds,
    signature_kinds,
    signify,
    sshsig,
    strict_json,
    strict_yaml,
    x509,
)
from fwverify.limits import LimitExceeded
from fwverify.model.artifact import Artifact, Role
from fwverify.model.examining import Malformed, Unsupported

SIGNATURE_SUFFIXES = (
    ".sigstore.json", ".sigstore.jsonl", ".sigstore", ".bundle", ".intoto.jsonl", ".intoto.json", ".dsse.json",
    ".dsse", ".att.json", ".att.jsonl", ".att", ".attestation", ".provenance.json", ".provenance", ".jws",
    ".minisig", ".signature", ".sign", ".sig", ".p7s", ".p7b", ".p7m", ".p7", ".pkcs7", ".cms", ".asc", ".gpg", ".pgp",
    ".sshsig", ".signify",
)  # fmt: skip
DIGEST_SUFFIXES = (".sha256", ".sha384", ".sha512", ".dgst", ".digest")
"""Between a file's name and its signature's suffix: `fw.bin.sha256.sig`, over the file by that digest."""
COMPANION_SUFFIXES = (
    ".pem", ".crt", ".cer", ".pub", ".key", ".json", ".xml", ".txt", ".md", ".crl", ".pdf", ".sha256", ".sha512",
    ".md5",
)  # fmt: skip
"""Endings of what lies beside firmware under its name and is none."""
SIGSTORE_SUFFIXES = (".sigstore.json", ".sigstore.jsonl", ".sigstore", ".bundle")
HOLDS_ANYTHING = {"XML-DSig": (".xmldsig", ".dsig", ".xml"), "ostree": (".commitmeta",)}
"""Formats known by their first bytes behind which anything may stand, a script too: only under such a name."""
CHECKSUM_SUFFIXES = (".sha256sum", ".sha512sum", ".sha256", ".sha512", ".sha384", ".sha1", ".md5sum", ".md5")
MAX_SIGNATURE_BYTES = 64 * 1024
"""A detached signature with a certificate chain; hash-based signatures reach 50 kB."""
NOTE_NAMES = re.compile(
    r"(?i)(^|/)(readme|licen[cs]e|copying|notice|changelog|changes|release[-_ ]?notes|notes|security)"
    r"([-_. ][\w. -]*)?$"
)
NOTE_SUFFIX = re.compile(r"(?i)\.(txt|md|rst|adoc)$|(^|/)[^.]*$|\.[0-9]+$")
"""What notes end in: a text's suffix, none, or a version number."""
PROSE_SUFFIXES = (".md", ".rst", ".adoc")
"""Texts for people under any name. Not `.txt`: boot loaders read uEnv.txt, config.txt, cmdline.txt."""
CONFIGURATION = re.compile(r"(?i)(^|/)(fwverify\.toml|delivery\.ya?ml|assets\.ya?ml)$")
OWN_KEYS = (
    frozenset({"fwverify", "vendor", "keys"}),
    frozenset(
        {"fwverify", "id", "version", "title", "owner", "review-by", "extends", "loosen", "loosen-reason", "unwaivable",
         "on-missing", "content-only", "allow-sample-keys", "action", "expect", "rules"}
    ),
)  # fmt: skip
"""Top-level keys of a key registry and of a policy: a file with any other is somebody else's configuration too."""
PAYLOAD_SUFFIXES = (
    ".sh", ".bash", ".ash", ".py", ".pl", ".rb", ".lua", ".js", ".tcl", ".bat", ".cmd", ".ps1", ".vbs", ".scr",
    ".bin", ".img", ".itb", ".itbl", ".fit", ".dtb", ".ubi", ".ubifs", ".squashfs", ".sqfs", ".hex", ".ihex", ".srec",
    ".s19", ".mot", ".elf", ".axf", ".out", ".so", ".ko", ".exe", ".dll", ".efi", ".rom", ".cap", ".dfu", ".uf2",
    ".trx", ".swu", ".raucb", ".mender", ".deb", ".rpm", ".ipk", ".apk", ".jar", ".war", ".zip", ".tar", ".tgz",
    ".gz", ".xz", ".bz2", ".zst", ".lz4", ".7z", ".cpio", ".run", ".service", ".conf", ".cfg", ".ini", ".env",
)  # fmt: skip
"""Names under which a file is run, written into a device or obeyed there: never those of a companion."""
_SHELL = re.compile(r"[;&|`$<>\\\x00-\x1f]")
"""Characters with which a file name in a list would do something in a shell."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What a file was taken for, and why in plain words."""

    role: Role
    why: str
    about: str = ""
    """For a signature: the name of the delivered file it is for."""


def classify(artifact: Artifact, names: Mapping[str, Artifact]) -> Taken:
    """Decide the role of one file.

    Args:
        artifact: the file; its name is relative to the delivery.
        names: all files of the delivery by name.
    """
    if artifact.size == 0:
        return Taken(Role.IGNORED, "empty file")
    for recognise in (_signature, _configuration, _sbom, _checksums, _key, _note):
        taken = recognise(artifact, names)
        if taken is not None and _is_payload(artifact):
            return Taken(Role.IMAGE, "named or begun like something that is run or installed: taken as firmware")
        if taken is not None:
            return taken
    if _about(artifact.name, names):
        return Taken(Role.IMAGE, "named like a signature, but it is none (damaged?): taken as firmware")
    return Taken(Role.IMAGE, "not a signature, checksum list, SBOM or key: taken as firmware")


def _is_payload(artifact: Artifact) -> bool:
    return artifact.name.lower().endswith(PAYLOAD_SUFFIXES) or _is_code(bytes(artifact.content[:512]))


def _base(name: str, suffixes: Sequence[str]) -> str:
    for suffix in suffixes:
        if name.lower().endswith(suffix) and len(name) > len(suffix):
            return name[: -len(suffix)]
    return ""


def _about(name: str, names: Mapping[str, Artifact]) -> str:
    """The delivered file a signature file belongs to by its name, or empty."""
    base = _base(name, SIGNATURE_SUFFIXES)
    if base in names:
        return base
    plain = _base(base, DIGEST_SUFFIXES) if base else ""
    if plain in names:
        return plain
    # fw.sig beside fw.bin: only where a single other file has that stem, so that no name is guessed
    same = [one for one in names if base and one != name and one.rpartition(".")[0] == base]
    others = [one for one in same if not _base(one, (*SIGNATURE_SUFFIXES, *COMPANION_SUFFIXES))]
    return others[0] if len(others) == 1 else ""


def _signature(artifact: Artifact, names: Mapping[str, Artifact]) -> Taken | None:
    """A detached signature is small, and its name says that it is one; a signed document says so itself."""
    view, about = artifact.content, _about(artifact.name, names)
    taken = _signed_document(artifact, about)
    if taken is None and about and signature_kinds.recognised(view).startswith("CMS") and signature_kinds.alone(view):
        return Taken(Role.SIGNATURE, "CMS/PKCS#7 signature", about)
    if taken is not None or artifact.size > MAX_SIGNATURE_BYTES or not _base(artifact.name, SIGNATURE_SUFFIXES):
        return taken
    if _parses(minisign.parse_signature, view):
        return Taken(Role.SIGNATURE, "minisign signature", about)
    if _is_signify(view, about):
        return Taken(Role.SIGNATURE, "signify signature", about)
    kind = _openpgp_or_ssh(artifact, about) or signature_kinds.alone(view)
    if kind and (about or not kind.startswith("CMS")):
        return Taken(Role.SIGNATURE, f"{kind} signature", about)
    if about and detached_signature.plausible(bytes(view)):
        return Taken(Role.SIGNATURE, "detached signature, by its name and length", about)
    return None


def _openpgp_or_ssh(artifact: Artifact, about: str) -> str:
    """Title of the format: whole, or damaged or with text around it under the name of a signature (then refused as
    one); a value that may be a raw signature is not taken for a damaged one of these."""
    view = artifact.content
    openpgp = openpgp_files.named_so(view, bool(about) and not detached_signature.plausible(bytes(view)))
    if not openpgp and about and sshsig.looks_like_signature(view) and _is_text(artifact):
        return "SSH signature"
    return openpgp


def _is_signify(view: memoryview, about: str) -> bool:
    """A signature alone, one with a signed checksum list behind it, or one with stray text behind it."""
    if not signify.looks_like_signature(view):
        return False
    rest = view[len(bytes(view).split(b"\n", 2)[0]) + 1 :]
    rest = rest[len(bytes(rest).split(b"\n", 1)[0]) + 1 :]
    stray = bool(about) and strict_json.is_text(bytes(rest))
    return not rest or stray or checksum_list.is_whole(rest)


def _signed_document(artifact: Artifact, about: str) -> Taken | None:
    """JSON and text that names itself a signature, under any name and of any size."""
    view = artifact.content
    if artifact.name.lower().endswith(".jcat") and _parses(jcat.parse, view):
        return Taken(Role.SIGNATURE, "Jcat catalogue of signatures")
    if is_sigstore(view) and (dsse.in_documents(view) or _base(artifact.name, SIGSTORE_SUFFIXES)):
        return Taken(Role.SIGNATURE, "Sigstore bundle", about)
    if dsse.stands_alone(view):
        return Taken(Role.SIGNATURE, "DSSE envelope", about)
    if in_toto.is_bare(view):
        return Taken(Role.IGNORED, "a statement about its making that nobody signed: proves nothing, not used")
    if _is_clear_signed_list(artifact):
        return Taken(Role.SIGNATURE, "clear-signed checksum list", about)
    later = signature_kinds.document(view)
    if later in HOLDS_ANYTHING and not _base(artifact.name, SIGNATURE_SUFFIXES + HOLDS_ANYTHING[later]):
        return None
    return Taken(Role.SIGNATURE, f"{later} signature", about) if later else None


def _is_clear_signed_list(artifact: Artifact) -> bool:
    """A checksum list, clear-signed, under any name; the list itself must be one that nobody runs."""
    if artifact.size > openpgp_armor.MAX_BYTES or openpgp_files.kind(artifact.content) != openpgp_files.CLEAR:
        return False
    try:
        text = memoryview(openpgp_armor.cleartext(bytes(artifact.content)).text)
    except Malformed:
        return bool(checksum_list.named_algorithm(artifact.name)) and _is_text(artifact)
    found = checksum_list.parse(text)
    return found.whole and not any(_SHELL.search(one.name) for one in found.entries)


def is_sigstore(view: memoryview) -> bool:
    """Begins like a JSON object that names itself a Sigstore bundle; one that is cut off is an invalid bundle."""
    head = bytes(view[:65536])
    return head.lstrip()[:1] == b"{" and b'"application/vnd.dev.sigstore.' in bytes(view[: 4 << 20])


def _configuration(artifact: Artifact, names: Mapping[str, Artifact]) -> Taken | None:
    if CONFIGURATION.search(artifact.name) and _is_text(artifact):
        return Taken(Role.IGNORED, "configuration that came with the delivery: not used")
    if artifact.name.lower().endswith((".yaml", ".yml")) and _is_own(artifact):
        return Taken(Role.IGNORED, "policy or key registry that came with the delivery: not used")
    return None


def _is_own(artifact: Artifact) -> bool:
    """A policy or key registry, and nothing else at the same time."""
    if not _is_text(artifact) or not re.search(rb"(?m)^fwverify:\s*(policy|keys)/", bytes(artifact.content[:4096])):
        return False
    try:
        table = strict_yaml.load(bytes(artifact.content).decode("utf-8")).table
    except strict_yaml.YamlProblem:
        return False
    return table is not None and any(table.keys() <= one for one in OWN_KEYS)


def _sbom(artifact: Artifact, names: Mapping[str, Artifact]) -> Taken | None:
    kind = sbom_kinds.looks_like_sbom(artifact.content)
    return Taken(Role.SBOM, kind) if kind and sbom_kinds.stands_alone(artifact.content, kind) else None


def _checksums(artifact: Artifact, names: Mapping[str, Artifact]) -> Taken | None:
    if artifact.size > MAX_SIGNATURE_BYTES * 16 or not checksum_list.is_whole(artifact.content):
        return None
    if any(_SHELL.search(one.name) for one in checksum_list.parse(artifact.content).entries):
        return None
    base = _base(artifact.name, CHECKSUM_SUFFIXES)
    alone = re.search(r"(?i)root[-_.]?hash|\.usrhash$", artifact.name) and not checksum_list.named_algorithm(
        artifact.name
    )
    return Taken(Role.CHECKSUMS, "dm-verity root hash" if alone else "checksum list", base if base in names else "")


def _key(artifact: Artifact, names: Mapping[str, Artifact]) -> Taken | None:
    if artifact.size > MAX_SIGNATURE_BYTES:
        return None
    if _parses(key_file.parse, artifact.content):
        return Taken(Role.KEY, "public key that came with the delivery: compared, never trusted")
    if bytes(artifact.content[:1]) != b"\x30" and _parses(x509.bundle, artifact.content):
        return Taken(Role.KEY, "certificates that came with the delivery: never trusted by themselves")
    return None


def _note(artifact: Artifact, names: Mapping[str, Artifact]) -> Taken | None:
    named = NOTE_NAMES.search(artifact.name) and NOTE_SUFFIX.search(artifact.name)
    if (named or artifact.name.lower().endswith(PROSE_SUFFIXES)) and _is_text(artifact):
        return Taken(Role.IGNORED, "notes for people: not used")
    return None


def _is_text(artifact: Artifact) -> bool:
    """UTF-8 without control characters: nothing a device would execute."""
    return artifact.size <= 1 << 20 and strict_json.is_text(bytes(artifact.content))


def _is_code(head: bytes) -> bool:
    """Text that a device or a shell would act on: scripts, Intel HEX, S-records, device tree source."""
    return bool(re.match(rb"\s*(#!|:[0-9A-Fa-f]{8}|S[0-9][0-9A-Fa-f]{6}|/dts-v1/)", head))


def _parses(reader: Callable[[memoryview], object], view: memoryview) -> bool:
    try:
        reader(view)
    except (Malformed, Unsupported, LimitExceeded):
        return False
    return True
