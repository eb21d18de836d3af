"""Attempts to get a PASS from `samples/demo.yaml` for what must not pass.

The attacker writes everything inside the delivery and has no private key of acme. Whatever acme signed once can be
delivered again, beside anything else and under any name.
"""

from __future__ import annotations

import base64
import hashlib
import os
import struct
import tarfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from .conftest import Bench
from .deliveries import (
    BACKDOOR,
    IMAGE,
    IMAGE_BYTES,
    LIST,
    ROOT,
    SBOM,
    SIG,
    SIGNER,
    Files,
    bill,
    good,
    lab,
    make,
    payload,
    relisted,
    sha256,
    signed,
    system,
    tarred,
    zipped,
)

EVIL_IMAGE = system(**{"usr/sbin/dropbear": BACKDOOR})
EVIL = payload(EVIL_IMAGE, bill(EVIL_IMAGE, "dropbear"))
OLD_IMAGE = system("3.0.1")
OLD_SBOM = bill(OLD_IMAGE, version="3.0.1")
EVIL_ZIP = zipped([("fw/update", BACKDOOR)])
NOT_COVERED = {"checksum.match", "origin.strength", "signature.coverage"}
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def by(signer: str, content: bytes) -> bytes:
    signature: bytes = make.sign(signer, content)
    return signature


def lines(*entries: tuple[bytes, str]) -> str:
    """A checksum list."""
    return "".join(f"{sha256(content)}  {name}\n" for content, name in entries)


def test_the_good_one_passes(bench: Bench) -> None:
    """Every attack below differs from this delivery, which passes."""
    answer = bench.verify(good())
    assert (answer.status, answer.failed, answer.missing) == (0, set(), set())
    assert "SAMPLE KEYS" in answer.page


# --- a file that is installed and pretends to be something else ---

MINISIGN = b"\n".join(
    (b"untrusted comment: x; evil", base64.b64encode(b"ED" + bytes(72)), b"trusted comment: x; evil",
     base64.b64encode(bytes(64)), b"")
)  # fmt: skip
CMS_HEADER = bytes.fromhex("30820300060906092a864886f70d010702")
HIDDEN: dict[str, tuple[str, bytes]] = {
    "plain second image": ("recovery.bin", BACKDOOR),
    "named like notes": ("README.txt", BACKDOOR),
    "notes with an archive behind": ("README.txt", b"Read me\n" + EVIL_ZIP),
    "notes with a script's suffix": ("README.sh", b"exec evil\n"),
    "boot configuration in a text file": ("uEnv.txt", b"bootcmd=run evil\n"),
    "boot command line in a text file": ("boot/cmdline.txt", b"init=/bin/evil\n"),
    "SBOM with an archive behind": ("bom.json", bill(IMAGE_BYTES) + EVIL_ZIP),
    "SBOM with a script behind": ("bom.json", bill(IMAGE_BYTES) + b"\nexec evil\n{}"),
    "SBOM named like firmware": ("recovery.bin", bill(IMAGE_BYTES)),
    "XML SBOM with an archive behind": ("bom.xml", b'<bom xmlns="http://cyclonedx.org/schema/bom/1.6">' + EVIL_ZIP),
    "SPDX with a script below": ("bom.spdx", b"SPDXVersion: SPDX-2.3\nexec evil\n"),
    "SPDX JSON with an archive behind": ("bom.spdx.json", b'{"spdxVersion": "SPDX-2.3"}' + EVIL_ZIP),
    "OpenPGP armor with an archive behind": (IMAGE + ".asc", b"-----BEGIN PGP SIGNATURE-----\n" + EVIL_ZIP),
    "clear-signed script": ("install.sh", b"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nexec evil\n"),
    "CMS header with an archive behind": (IMAGE + ".p7s", CMS_HEADER + EVIL_ZIP),
    "CMS armor with an archive behind": (IMAGE + ".p7s", b"-----BEGIN PKCS7-----\n" + EVIL_ZIP),
    "SSH signature with an archive behind": (IMAGE + ".sig", b"-----BEGIN SSH SIGNATURE-----\n" + EVIL_ZIP),
    "minisign file that a shell runs": ("install.sh", MINISIGN),
    "minisign file with more lines": (IMAGE + ".minisig", MINISIGN + b"exec evil\n"),
    "minisign file for nothing delivered": ("install", MINISIGN),
    "checksum list with a shebang": ("setup", b"#!/bin/sh\n" + b"0" * 64 + b"  name\n"),
    "checksum list that a shell runs": ("SHA1SUMS", b"0" * 40 + b"  x; exec evil\n"),
    "checksum list named like a script": ("install.sh", b"0" * 64 + b"  name\n"),
    "policy that is cloud-init too": ("user-data.yaml", b"fwverify: policy/1\nruncmd: [evil]\n"),
    "policy nested without end": ("x.yaml", b"fwverify: policy/1\nid: " + b"[" * 200_000 + b"]" * 200_000),
    "PEM key with a binary behind": ("vendor.pem", make.public_pem("attacker") + BACKDOOR),
    "PEM key with a script before": ("vendor.pem", b"exec evil\n" + make.public_pem("attacker")),
    "signature of no algorithm's length": (IMAGE + ".sig", bytes(range(70))),
    "code as a long hexadecimal signature": (IMAGE + ".sig", BACKDOOR[:20_000].hex().encode()),
    "Sigstore bundle with an archive behind": (
        "recovery.bin", b'{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json"}' + EVIL_ZIP,
    ),
    "image beside its copy": ("copy-of-" + IMAGE, IMAGE_BYTES),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(HIDDEN))
def test_hidden_image(bench: Bench, name: str) -> None:
    """A file beside the signed ones that is not wholly a companion is an image, and nobody signed it."""
    file, content = HIDDEN[name]
    answer = bench.verify({**good(), file: content})
    assert answer.status == 1
    assert answer.failed >= NOT_COVERED
    assert answer.role(file) == "image"


@pytest.mark.parametrize("size", [64, 96, 132])
def test_code_with_the_length_of_a_signature(bench: Bench, size: int) -> None:
    """Sixty-four bytes could be a signature by the key on record: it does not hold. Others are no such signature."""
    answer = bench.verify({**good(), IMAGE + ".sig": BACKDOOR[:size]})
    assert answer.status == 1 or f"{IMAGE}.sig: no key on record checks it" in answer.conditions
    assert size != 64 or answer.failed == {"signature.valid"}


@pytest.mark.parametrize("size", [128, 320, 512])
def test_signature_of_a_kind_no_key_on_record_has(bench: Bench, size: int) -> None:
    """What could be an RSA signature is said to show nothing, on the page and in the report."""
    answer = bench.verify({**good(), IMAGE + ".sig": BACKDOOR[-size:]})
    assert answer.status == 0
    assert f"{IMAGE}.sig: no key on record checks it" in answer.conditions
    assert "no key on record checks it" in answer.page


@pytest.mark.parametrize(
    ("file", "content", "role"),
    [
        ("ssh", b"", "ignored"),
        ("fwverify.toml", b"policy = 'x'\n", "ignored"),
        ("delivery.yaml", b"vendor: acme\n", "ignored"),
        ("RELEASE_NOTES-3.1.0", b"Fixes.\n", "ignored"),
        ("vendor.pem", make.public_pem("attacker"), "key"),
        ("keys/acme.yaml", (ROOT / "keys/acme.yaml").read_bytes(), "ignored"),
        ("policy.yaml", (ROOT / "samples/demo.yaml").read_bytes(), "ignored"),
    ],
)
def test_left_aside_and_said(bench: Bench, file: str, content: bytes, role: str) -> None:
    """Notes, configuration, keys and empty files earn nothing and are named on the page."""
    answer = bench.verify({**good(), file: content})
    assert (answer.status, answer.role(file)) == (0, role)
    ignored = answer.page.partition("Ignored")[2]
    assert file in ignored.replace("\n           ", " ")


def test_own_trust_is_never_used(bench: Bench) -> None:
    """Keys, policy and configuration in the delivery change nothing for what the attacker signed."""
    inside = {
        "fwverify.toml": b'policy = "policy.yaml"\nkeys = "keys"\n',
        "policy.yaml": b"fwverify: policy/1\nid: x\nversion: '1'\ntitle: x\nrules:\n  signature.present: must\n",
        "keys/acme.yaml": (ROOT / "keys/acme.yaml").read_bytes(),
        "keys/acme/acme-fw-2024.pem": make.public_pem("attacker"),
    }
    answer = bench.verify({**signed(EVIL, "attacker"), **inside})
    assert answer.status == 1
    assert {"signature.signer-pinned", "signature.coverage"} <= answer.failed


@pytest.mark.parametrize("option", ["--policy", "--keys"])
def test_operator_names_trust_inside_the_delivery(bench: Bench, option: str) -> None:
    """A policy or key registry that came with the delivery is refused before any work, through links too."""
    folder = bench.deliver({**good(), "trust/acme.yaml": b""})
    inside = folder / "trust" / ("acme.yaml" if option == "--policy" else ".")
    around = bench.inputs / "mine"
    around.symlink_to(inside)
    for path in (inside, around):
        status, _, err = bench.run("verify", str(folder), option, str(path), "--no-evidence")
        assert status == 2
        assert "lies inside the delivery" in err


# --- checksum lists ---

HASH, SBOM_HASH = sha256(IMAGE_BYTES), sha256(payload()[SBOM])
LISTS: dict[str, tuple[Files, str, set[str]]] = {
    "only the SBOM": (payload(), f"{SBOM_HASH}  {SBOM}\n", NOT_COVERED),
    "only the image": (payload(), f"{HASH}  {IMAGE}\n", {"sbom.authentic"}),
    "another case": (payload(), f"{HASH}  {IMAGE.upper()}\n{SBOM_HASH}  {SBOM}\n", NOT_COVERED),
    "an absolute name": (payload(), f"{HASH}  /{IMAGE}\n{SBOM_HASH}  {SBOM}\n", NOT_COVERED),
    "a name with ..": (payload(), f"{HASH}  ../{IMAGE}\n{SBOM_HASH}  {SBOM}\n", NOT_COVERED),
    "a way round": (payload(), f"{HASH}  x/../{IMAGE}\n{SBOM_HASH}  {SBOM}\n", NOT_COVERED),
    "a trailing blank": (payload(), f"{HASH}  {IMAGE} \n{SBOM_HASH}  {SBOM}\n", NOT_COVERED),
    "a longer name": (payload(), f"{HASH}  {IMAGE}.bin\n{SBOM_HASH}  {SBOM}\n", NOT_COVERED),
    "MD5": (payload(), f"{hashlib.md5(IMAGE_BYTES).hexdigest()}  {IMAGE}\n{SBOM_HASH}  {SBOM}\n", NOT_COVERED),
    "half a SHA-256": (payload(), f"{HASH[:32]}  {IMAGE}\n{SBOM_HASH}  {SBOM}\n", NOT_COVERED),
    "twice, the second fits": (
        EVIL, f"{HASH}  {IMAGE}\n" + lines((EVIL_IMAGE, IMAGE), (EVIL[SBOM], SBOM)), NOT_COVERED,
    ),
    "twice, the first fits": (
        EVIL, lines((EVIL_IMAGE, IMAGE), (EVIL[SBOM], SBOM)) + f"{HASH}  {IMAGE}\n", NOT_COVERED,
    ),
    "twice, once with ./": (
        EVIL, f"{HASH}  ./{IMAGE}\n" + lines((EVIL_IMAGE, IMAGE), (EVIL[SBOM], SBOM)), NOT_COVERED,
    ),
    "twice, once with ././": (
        EVIL, f"{HASH}  .//./{IMAGE}\n" + lines((EVIL_IMAGE, IMAGE), (EVIL[SBOM], SBOM)), NOT_COVERED,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(LISTS))
def test_well_signed_list_that_does_not_bind_the_image(bench: Bench, name: str) -> None:
    """Even a list the vendor signed counts only for the file of exactly that name, by a strong whole digest."""
    files, text, caught = LISTS[name]
    answer = bench.verify(relisted(files, text))
    assert answer.status == 1
    assert caught <= answer.failed


@pytest.mark.parametrize(
    "text",
    [
        f"{HASH}  ./{IMAGE}\r\n{SBOM_HASH} *{SBOM}\r\n",
        f"SHA256 ({IMAGE}) = {HASH}\nSHA256 ({SBOM}) = {SBOM_HASH}\n",
        f"{HASH.upper()}  {IMAGE}\n{SBOM_HASH}  {SBOM}\n{'0' * 64}  elsewhere.bin\n",
    ],
    ids=["crlf", "bsd", "capitals"],
)
def test_forms_of_a_list_that_do_bind(bench: Bench, text: str) -> None:
    """Line ends, capitals and the BSD form are no attack: otherwise the tests above would prove nothing."""
    assert bench.verify(relisted(payload(), text)).status == 0


def replayed() -> dict[str, tuple[Files, set[str]]]:
    """Signatures and lists of one thing beside another."""
    release, old = good(), signed({"acme-ups-3.0.1.tar": OLD_IMAGE, "acme-ups-3.0.1.cdx.json": OLD_SBOM})
    own = lines((OLD_IMAGE, "b.tar"))
    again = {"b.tar": OLD_IMAGE, "b.tar.sha256": own.encode()}
    return {
        "image replaced": ({**release, **EVIL}, NOT_COVERED),
        "image and list replaced": ({**EVIL, LIST: make.listed(EVIL), SIG: release[SIG]}, {"signature.valid"}),
        "list longer than signed": ({**release, LIST: release[LIST] + b"# \n"}, {"signature.valid"}),
        "signature over an older list": ({**payload(), LIST: release[LIST], SIG: old[SIG]}, {"signature.valid"}),
        "list's signature named for the image": (
            {**payload(), LIST: release[LIST], IMAGE + ".sig": release[SIG]}, {"signature.valid"},
        ),
        "list's signature named for the image, too": ({**release, IMAGE + ".sig": release[SIG]}, {"signature.valid"}),
        "by the attacker": (signed(EVIL, "attacker"), {"signature.signer-pinned", "signature.coverage"}),
        "by another vendor": (signed(EVIL, "volta-fw-2025"), {"signature.signer-pinned", "signature.coverage"}),
        "an older release": (old, {"version.no-downgrade"}),
        "an older release under the new name": (signed(payload(OLD_IMAGE, OLD_SBOM)), {"version.no-downgrade"}),
        "an older image beside, signed then": (
            {**release, **again, "b.tar.sha256.sig": by(SIGNER, own.encode())}, {"version.no-downgrade"},
        ),
        "an older image beside, its list by another vendor": (
            {**release, **again, "b.tar.sha256.sig": by("volta-fw-2025", own.encode())}, {"signature.coverage"},
        ),
        "an older image beside, its list by the attacker": (
            {**release, **again, "b.tar.sha256.sig": by("attacker", own.encode())}, {"signature.coverage"},
        ),
        "an older image beside, its list unsigned": ({**release, **again}, {"signature.coverage"}),
        "the signed image inside an archive": (
            {**{one: release[one] for one in (SBOM, LIST, SIG)}, "acme.zip": zipped([(IMAGE, IMAGE_BYTES)])},
            NOT_COVERED,
        ),
        "bytes behind the image": ({**release, IMAGE: IMAGE_BYTES + b"evil" * 10}, NOT_COVERED),
        "bytes before the image": ({**release, IMAGE: b"evil" * 128 + IMAGE_BYTES}, NOT_COVERED),
    }  # fmt: skip


REPLAYED = replayed()


@pytest.mark.parametrize("name", sorted(REPLAYED))
def test_replayed(bench: Bench, name: str) -> None:
    """What was signed once counts for those very bytes only."""
    files, caught = REPLAYED[name]
    answer = bench.verify(files)
    assert answer.status == 1
    assert caught <= answer.failed


def test_image_whose_version_nobody_says(bench: Bench) -> None:
    """A signed image that names no version does not hide behind the SBOM of the one beside it."""
    silent = tarred({"usr/lib/libz.so.1": (make.PARTS / "libz.so.1.2.13").read_bytes()})
    own = lines((silent, "b.tar")).encode()
    answer = bench.verify({**good(), "b.tar": silent, "b.tar.sha256": own, "b.tar.sha256.sig": by(SIGNER, own)})
    assert (answer.status, answer.missing) == (3, {"version.no-downgrade"})


def test_release_for_another_product(bench: Bench) -> None:
    """A key may be pinned for all products of a vendor; then the page says what the signed bytes are for."""
    answer = bench.verify(good(), "--product", "acme-pdu")
    assert "say they are acme-ups, not acme-pdu" in answer.conditions


def forged() -> dict[str, bytes]:
    """Signature values over the attacker's list."""
    r, s = decode_dss_signature(good()[SIG])
    return {
        "zeros": bytes(64),
        "zeros in DER": bytes.fromhex("3006020100020100"),
        "the order": P256_ORDER.to_bytes(32, "big") * 2,
        "the good one": good()[SIG],
        "the good one as r and s": r.to_bytes(32, "big") + s.to_bytes(32, "big"),
        "the good one with a zero behind": good()[SIG] + b"\0",
        "empty": b"",
    }


FORGED = forged()


@pytest.mark.parametrize("name", sorted(FORGED))
def test_forged_value(bench: Bench, name: str) -> None:
    """No special value, no other encoding and no stale signature holds for another list."""
    answer = bench.verify({**EVIL, LIST: make.listed(EVIL), SIG: FORGED[name]})
    assert answer.status in (1, 3)
    assert "signature.signer-pinned" in answer.failed | answer.missing


def test_other_encoding_of_a_good_signature(bench: Bench) -> None:
    """r and s side by side are the same signature: accepted, so that the test above means something."""
    assert bench.verify({**good(), SIG: FORGED["the good one as r and s"]}).status == 0


def test_edited_trusted_comment(bench: Bench) -> None:
    """A minisign signature that holds while its trusted comment was edited does not count."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    secret, key_id = Ed25519PrivateKey.from_private_bytes(bytes(range(32))), b"ACMEUPS1"
    public = secret.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    value = secret.sign(hashlib.blake2b(IMAGE_BYTES).digest())

    def signature(comment: bytes, said: bytes) -> bytes:
        last = base64.b64encode(secret.sign(value + comment))
        first = base64.b64encode(b"ED" + key_id + value)
        return b"untrusted comment: x\n" + first + b"\ntrusted comment: " + said + b"\n" + last + b"\n"

    registry = bench.root / "keys"
    spki = sha256(secret.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
    pem = base64.b64encode(b"Ed" + key_id + public)
    entry = ENTRY.format(id="mini", type="minisign", file="acme/mini.pub", print=spki, more="")
    (registry / "acme").mkdir(parents=True)
    (registry / "acme/mini.pub").write_bytes(b"untrusted comment: x\n" + pem + b"\n")
    (registry / "acme.yaml").write_text(HEAD.format(vendor="acme") + entry)
    for said, coverage in ((b"version:3.1.0", False), (b"version:3.2.0", True)):
        files = {**payload(), IMAGE + ".minisig": signature(b"version:3.1.0", said)}
        answer = bench.verify(files, keys=registry)
        assert ("signature.valid" in answer.failed, "signature.coverage" in answer.failed) == (coverage, coverage)


# --- SBOMs ---

SBOMS: dict[str, tuple[Files, set[str]]] = {
    "unsigned": ({**signed({IMAGE: IMAGE_BYTES}), SBOM: bill(IMAGE_BYTES)}, {"sbom.authentic"}),
    "signed by the attacker": (
        {**signed({IMAGE: IMAGE_BYTES}), SBOM: bill(IMAGE_BYTES), SBOM + ".sig": by("attacker", bill(IMAGE_BYTES))},
        {"sbom.authentic"},
    ),
    "replaced by one that declares more": (
        {**good(), SBOM: bill(IMAGE_BYTES, "dropbear", "toybox")}, {"sbom.authentic", "checksum.match"},
    ),
    "a second one that declares more": (
        {**signed(payload(EVIL_IMAGE, bill(EVIL_IMAGE))), "all.cdx.json": bill(EVIL_IMAGE, "dropbear")},
        {"sbom.authentic"},
    ),
    "silent about a program": (signed(payload(EVIL_IMAGE, bill(EVIL_IMAGE))), {"component.undeclared"}),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(SBOMS))
def test_sbom(bench: Bench, name: str) -> None:
    """An SBOM that anybody could have written vouches for nothing."""
    files, caught = SBOMS[name]
    answer = bench.verify(files)
    assert answer.status == 1
    assert caught <= answer.failed


def test_sbom_of_another_image(bench: Bench) -> None:
    """Well signed, about another image: advice in this policy, said on the page."""
    answer = bench.verify(signed(payload(sbom=bill(b"another image"))))
    assert (answer.status, answer.advice) == (0, {"sbom.subject"})
    assert "The SBOM is about something else" in answer.page


def test_no_sbom(bench: Bench) -> None:
    """Taking the SBOM away leaves the question open."""
    answer = bench.verify(signed({IMAGE: IMAGE_BYTES}))
    assert answer.status == 3
    assert "sbom.present" in answer.missing


# --- images that the vendor signed ---


def test_signed_bytes_behind_the_end(bench: Bench) -> None:
    """The vendor signed them, so they are his; the page tells that nothing accounts for them."""
    answer = bench.verify(signed(payload(IMAGE_BYTES + b"more than sixteen bytes\n")))
    assert answer.status in (0, 3)
    assert answer.advice == {"package.trailing-data"}


def test_fit_with_signed_bytes_behind_its_size(bench: Bench) -> None:
    """Behind a FIT's total size U-Boot reads nothing and `dd` writes everything."""
    folder = ROOT / "samples/acme-ups-3.1.0"
    image = (folder / "acme-ups-3.1.0.itb").read_bytes() + b"evil" * 100
    sbom = make.sbom("ACME Power", "acme-ups", "3.1.0", image, make.UPS)
    answer = bench.verify(signed({"acme-ups-3.1.0.itb": image, SBOM: sbom}))
    assert answer.status == 3
    assert "package.trailing-data" in answer.advice
    assert "secret.private-key" in answer.missing


def test_empty_images(bench: Bench) -> None:
    """A signed list over an empty file shows nothing about anything."""
    answer = bench.verify(signed({"fw.bin": b"", SBOM: bill(b"")}))
    assert answer.status == 3
    assert {"signature.coverage", "origin.strength"} <= answer.missing


# --- folders with links and special files ---


@pytest.mark.parametrize("target", ["/etc", "..", "../outside.bin"])
def test_link_out_of_the_delivery(bench: Bench, target: str) -> None:
    """Whoever copies the delivery takes something else along: not followed, and it fails."""
    bench.file(BACKDOOR, "outside.bin")
    folder = bench.deliver(good())
    (folder / "recovery.bin").symlink_to(target)
    answer = bench.verify(folder)
    assert (answer.status, answer.failed) == (1, {"package.limits"})


def test_link_inside_the_delivery(bench: Bench) -> None:
    """A second name for a signed file is left aside, and named."""
    folder = bench.deliver(good())
    (folder / "latest.tar").symlink_to(IMAGE)
    (folder / "round").symlink_to(".")
    answer = bench.verify(folder)
    assert answer.status == 0
    assert "2 not attempted (latest.tar, round)" in answer.conditions


def test_image_is_a_link(bench: Bench) -> None:
    """The listed name is there, but its bytes lie elsewhere: they are not read."""
    files = good()
    outside = bench.file(files.pop(IMAGE), "elsewhere.tar")
    folder = bench.deliver(files)
    (folder / IMAGE).symlink_to(outside)
    answer = bench.verify(folder)
    assert answer.status == 1
    assert "package.limits" in answer.failed
    assert "signature.coverage" in answer.missing


def test_pipe(bench: Bench) -> None:
    """A named pipe is not opened."""
    folder = bench.deliver(good())
    os.mkfifo(folder / "pipe")
    answer = bench.verify(folder)
    assert (answer.status, answer.failed) == (1, {"package.limits"})


# --- deliveries in an archive ---

ENTRIES = list(good().items())


def special(kind: bytes, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo("evil")
    info.type, info.linkname, info.devmajor, info.devminor = kind, target, 1, 3
    return info


def flagged(archive: bytes, name: bytes, flag: int, method: int | None = None) -> bytes:
    """A zip file in which one member has a flag, or another method, in both of its headers."""
    out = bytearray(archive)
    for magic, flags, names, header in ((b"PK\x03\x04", 6, 26, 30), (b"PK\x01\x02", 8, 28, 46)):
        at = out.find(magic)
        while at >= 0:
            size = struct.unpack_from("<H", out, at + names)[0]
            if out[at + header : at + header + size] == name:
                out[at + flags] |= flag
                if method is not None:
                    struct.pack_into("<H", out, at + flags + 2, method)
            at = out.find(magic, at + 4)
    return bytes(out)


def aliased(archive: bytes, name: bytes) -> bytes:
    """A zip file whose directory gives its first member a second name."""
    end = archive.rindex(b"PK\x05\x06")
    count, size, start = struct.unpack_from("<HII", archive, end + 10)
    first = bytearray(archive[start : start + 46])
    struct.pack_into("<H", first, 28, len(name))
    struct.pack_into("<HH", first, 30, 0, 0)  # neither extra field nor comment
    directory = archive[start : start + size] + bytes(first) + name
    tail = bytearray(archive[end:])
    struct.pack_into("<HHI", tail, 8, count + 1, count + 1, len(directory))
    return archive[:start] + directory + bytes(tail)


EVIL_MEMBER = zipped([*ENTRIES, ("evil.bin", BACKDOOR)])
TAR = tarred(good())
TAR_WITHOUT_END = TAR.rstrip(b"\0") + b"\0" * (-len(TAR.rstrip(b"\0")) % 512)
ARCHIVES: dict[str, tuple[str, bytes, set[str]]] = {
    "unlisted member": ("r.zip", EVIL_MEMBER, NOT_COVERED),
    "encrypted member": ("r.zip", flagged(EVIL_MEMBER, b"evil.bin", 1), NOT_COVERED),
    "member packed by a method not read": ("r.zip", flagged(EVIL_MEMBER, b"evil.bin", 0, 9), NOT_COVERED),
    "second name for the image": ("r.zip", aliased(zipped(ENTRIES), b"evil.bin"), {"package.duplicate-members"}),
    "image twice, evil first": ("r.zip", zipped([(IMAGE, EVIL_IMAGE), *ENTRIES]), {"package.duplicate-members"}),
    "image twice, evil last": ("r.zip", zipped([*ENTRIES, (IMAGE, EVIL_IMAGE)]), {"package.duplicate-members"}),
    "image twice, the same": ("r.zip", zipped([*ENTRIES, (IMAGE, IMAGE_BYTES)]), {"package.duplicate-members"}),
    "list twice": ("r.zip", zipped([(LIST, make.listed(EVIL)), *ENTRIES]), {"package.duplicate-members"}),
    "signature twice": (
        "r.zip", zipped([*ENTRIES, (SIG, by("attacker", good()[LIST]))]), {"package.duplicate-members"},
    ),
    "image again with ./": ("r.zip", zipped([*ENTRIES, ("./" + IMAGE, EVIL_IMAGE)]), {"package.duplicate-members"}),
    "image again in capitals": (
        "r.zip", zipped([*ENTRIES, (IMAGE.upper(), EVIL_IMAGE)]), {"package.duplicate-members"},
    ),
    "image again with a blank": ("r.zip", zipped([*ENTRIES, (IMAGE + " ", EVIL_IMAGE)]), NOT_COVERED),
    "../ in a zip": ("r.zip", zipped([*ENTRIES, ("../" + IMAGE, EVIL_IMAGE)]), {"package.limits"}),
    "absolute in a zip": ("r.zip", zipped([*ENTRIES, ("/etc/x", EVIL_IMAGE)]), {"package.limits"}),
    "program in front of the zip": ("r.zip", BACKDOOR + zipped(ENTRIES), NOT_COVERED),
    "another zip in front": ("r.zip", EVIL_ZIP + zipped(ENTRIES), NOT_COVERED),
    "a tar in front of the zip": ("r.zip", tarred({"evil.bin": BACKDOOR}) + zipped(ENTRIES), NOT_COVERED),
    "a tar behind the tar": ("r.tar", TAR + tarred({"evil.bin": BACKDOOR}), NOT_COVERED),
    "a program behind the tar": ("r.tar", TAR + BACKDOOR, NOT_COVERED),
    "a tar behind a broken header": (
        "r.tar", TAR_WITHOUT_END + b"x" * 512 + tarred({"evil.bin": BACKDOOR}), NOT_COVERED,
    ),
    "../ in a tar": ("r.tar", tarred({**good(), "../evil.bin": BACKDOOR}), {"package.limits"}),
    "absolute in a tar": ("r.tar", tarred({**good(), "/evil.bin": BACKDOOR}), {"package.limits"}),
    "link out of a tar": ("r.tar", tarred({**good(), "evil": special(tarfile.SYMTYPE, "/etc")}), {"package.limits"}),
    "climbing link": ("r.tar", tarred({**good(), "evil": special(tarfile.SYMTYPE, "../x")}), {"package.limits"}),
    "hard link out of a tar": (
        "r.tar", tarred({**good(), "evil": special(tarfile.LNKTYPE, "/etc/passwd")}), {"package.limits"},
    ),
    "device in a tar": ("r.tar", tarred({**good(), "evil": special(tarfile.CHRTYPE)}), {"package.limits"}),
    "file through a link": (
        "r.tar", tarred({"evil": special(tarfile.SYMTYPE, "."), **good(), "evil/" + IMAGE: EVIL_IMAGE}),
        {"package.limits"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(ARCHIVES))
def test_archive(bench: Bench, name: str) -> None:
    """Whatever another reader could take out of the archive is looked at, or fails."""
    file, content, caught = ARCHIVES[name]
    answer = bench.verify(bench.file(content, file))
    assert answer.status == 1
    assert caught <= answer.failed


@pytest.mark.parametrize(("file", "content"), [("r.zip", zipped(ENTRIES)), ("r.tar", TAR)])
def test_good_archive(bench: Bench, file: str, content: bytes) -> None:
    """The good delivery in an archive passes: otherwise the attacks above would prove nothing."""
    assert bench.verify(bench.file(content, file)).status == 0


@pytest.mark.parametrize(
    "members",
    [[("inner.zip", zipped(ENTRIES))], [("README", b"x\n"), ("inner.zip", zipped(ENTRIES))], [(IMAGE, IMAGE_BYTES)]],
    ids=["archive in an archive", "with notes", "image alone"],
)
def test_archive_without_companions(bench: Bench, members: list[tuple[str, bytes]]) -> None:
    """Signatures count beside the image they are for, not somewhere inside it."""
    answer = bench.verify(bench.file(zipped(members), "outer.zip"))
    assert answer.status == 3
    assert "signature.valid" in answer.missing


# --- keys, time and policy ---

HEAD = "fwverify: keys/1\nvendor: {{id: {vendor}, legal-name: ACME, domains: [acme.example]}}\nkeys:\n"
ENTRY = """  - id: {id}
    type: {type}
    file: {file}
    spki-sha256: {print}
    purposes: [firmware, sbom]
    products: ["acme-*"]
    valid-from: 2024-03-01
    valid-to: 2029-03-01
    status: active
    sources:
      - {{channel: phone, who: A, when: 2026-10-03}}
      - {{channel: unit, who: B, when: 2026-10-05}}
{more}"""


def registry(
    root: Path, change: Callable[[str], str] = lambda text: text, vendor: str = "acme", more: str = ""
) -> Path:
    """A registry with the key of the good delivery, its entry changed."""
    entry = ENTRY.format(id="fw", type="public-key", file=f"{vendor}/fw.pem", print=make.fingerprint(SIGNER), more=more)
    folder = root / "keys"
    (folder / vendor).mkdir(parents=True)
    (folder / f"{vendor}/fw.pem").write_bytes(make.public_pem(SIGNER))
    (folder / f"{vendor}.yaml").write_text(HEAD.format(vendor=vendor) + change(entry))
    return folder


def swapped(old: str, new: str) -> Callable[[str], str]:
    def change(text: str) -> str:
        assert old in text
        return text.replace(old, new)

    return change


REVOKED = "    revocation: {{date: 2026-11-01, reason: stolen, distrust: {}}}\n"
KEYS: dict[str, tuple[Callable[[str], str], set[str]]] = {
    "suspended": (swapped("active", "suspended"), {"signature.revocation"}),
    "revoked": (lambda text: swapped("active", "revoked")(text) + REVOKED.format("always"), {"signature.revocation"}),
    "revoked, signing time not proven": (
        lambda text: swapped("active", "revoked")(text) + REVOKED.format("after"), {"signature.revocation"},
    ),
    "superseded": (swapped("status: active", "status: superseded"), {"signature.revocation"}),
    "trusted on first use": (swapped("active", "tofu"), {"signature.signer-pinned"}),
    "expired": (swapped("2029-03-01", "2026-11-01"), {"signature.signer-pinned"}),
    "not valid yet": (swapped("2024-03-01", "2026-12-01"), {"signature.signer-pinned"}),
    "another product": (swapped("acme-*", "acme-pdu"), {"signature.signer-pinned"}),
    "another purpose": (swapped("[firmware, sbom]", "[vex]"), {"signature.signer-pinned"}),
    "SBOMs only": (swapped("[firmware, sbom]", "[sbom]"), {"signature.signer-pinned"}),
    "firmware only": (swapped("[firmware, sbom]", "[firmware]"), {"sbom.authentic"}),
    "another format": (swapped("    status", "    formats: [minisign]\n    status"), {"signature.signer-pinned"}),
    "one person told it twice": (swapped("who: B", "who: ' a '"), {"signature.signer-pinned"}),
    "one channel": (swapped("channel: unit", "channel: Phone"), {"signature.signer-pinned"}),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(KEYS))
def test_key_that_may_not_speak(bench: Bench, name: str) -> None:
    """The mathematics holds; the registry's entry does not allow it."""
    change, caught = KEYS[name]
    answer = bench.verify(good(), keys=registry(bench.root, change))
    assert answer.status == 1
    assert caught <= answer.failed


def test_the_registry_itself_is_good(bench: Bench) -> None:
    """Unchanged, the entry of the tests above lets the delivery pass."""
    assert bench.verify(good(), keys=registry(bench.root)).status == 0


def test_key_of_another_vendor(bench: Bench) -> None:
    """The same key pinned for another vendor says nothing about this one."""
    answer = bench.verify(good(), keys=registry(bench.root, vendor="volta"))
    assert (answer.status, "signature.signer-pinned" in answer.failed) == (1, True)


def test_no_keys(bench: Bench) -> None:
    """Without keys of the operator nothing is shown."""
    answer = bench.verify(good(), keys=None)
    assert answer.status == 3
    assert "signature.valid" in answer.missing


@pytest.mark.parametrize("when", ["0001-01-01", "2024-02-29T23:59:59Z", "2029-03-02", "9999-12-31"])
def test_other_times(bench: Bench, when: str) -> None:
    """Judged as of a time outside the key's validity, the key does not count."""
    answer = bench.verify(good(), "--at", when)
    assert answer.status == 1
    assert "signature.signer-pinned" in answer.failed


@pytest.mark.parametrize("policy", ["baseline", "production", "lab"])
def test_sample_keys_need_their_policy(bench: Bench, policy: str) -> None:
    """A published key counts under no shipped policy."""
    stated = ("--vendor", "acme", "--product", "acme-ups", "--installed", "3.0.2")
    answer = bench.verify(good(), *stated, policy=f"builtin:{policy}")
    assert answer.status == 1
    assert "origin.strength" in answer.failed


@pytest.mark.parametrize("option", [("--vendor", "volta"), ("--product", "volta-bess"), ("--installed", "3.1.1")])
def test_other_expectations(bench: Bench, option: tuple[str, str]) -> None:
    """Whom and what the operator expects is his word, not the delivery's."""
    assert bench.verify(good(), *option).status == 1


CHANNEL = ("--channel", "phone, J. Ortiz, 2026-10-03")
OPERATOR: dict[str, tuple[Files, tuple[str, ...], set[str]]] = {
    "digest of the SBOM": (good(), ("--sha256", SBOM_HASH, *CHANNEL), {"origin.strength"}),
    "digest of notes": ({**good(), "README": b"x\n"}, ("--sha256", sha256(b"x\n"), *CHANNEL), {"origin.strength"}),
    "no channel": (good(), ("--sha256", HASH), {"origin.strength"}),
    "blank channel": (good(), ("--sha256", HASH, "--channel", " "), {"origin.strength"}),
    "one of two does not fit": (good(), ("--sha256", HASH, "--sha256", "0" * 64, *CHANNEL), {"checksum.match"}),
    "a second image": ({**good(), "b.bin": BACKDOOR}, ("--sha256", HASH, *CHANNEL), {"checksum.match"}),
    "an empty digest": (good(), ("--sha256", sha256(b""), *CHANNEL), {"checksum.match"}),
}


@pytest.mark.parametrize("name", sorted(OPERATOR))
def test_digest_read_out(bench: Bench, name: str) -> None:
    """A digest over another channel counts for the image it fits, and only with its channel (policy lab)."""
    files, options, caught = OPERATOR[name]
    answer = bench.verify(files, *options, policy="builtin:lab")
    assert answer.status == 1
    assert caught <= answer.failed


@pytest.mark.parametrize("digest", [HASH, sha256(good()[LIST])], ids=["of the image", "of the list"])
def test_digest_read_out_that_counts(bench: Bench, digest: str) -> None:
    """A digest of the image, or of the list that binds it, is what the laboratory's policy asks for."""
    assert bench.verify(good(), "--sha256", digest, *CHANNEL, policy="builtin:lab").status == 0


@pytest.mark.parametrize("digest", ["0" * 32, "0" * 40, "0" * 128, "", "g" * 64, HASH + "00"])
def test_digest_of_another_length(bench: Bench, digest: str) -> None:
    """MD5, SHA-1 and mistyped digests are refused, not compared."""
    answer = bench.verify(good(), "--sha256", digest, *CHANNEL)
    assert (answer.status, "not a SHA-256" in answer.err) == (2, True)


POLICY = "fwverify: policy/1\nid: mine\nversion: '1'\ntitle: mine\nallow-sample-keys: true\n"
EARNING_NOTHING = (
    "rules: {}", "rules: {package.identified: must, component.undeclared: must, sbom.authentic: must}",
    "rules: {signature.valid: should, origin.strength: info}", "rules: {signature.valid: off}",
    "rules: {checksum.inner: must}", "rules: {sigstore.identity: {level: must, if-absent: not_applicable}}",
)  # fmt: skip


@pytest.mark.parametrize("rules", EARNING_NOTHING)
def test_policy_that_asks_nothing_about_origin(bench: Bench, rules: str) -> None:
    """Contents alone, advice alone and rules with nothing to check earn no pass, even for the good delivery."""
    policy = bench.file(f"{POLICY}{rules}\n".encode(), "policy.yaml")
    assert bench.verify(good(), policy=str(policy)).status == 3


def test_content_only(bench: Bench) -> None:
    """A policy that only looks at contents says so beside the word PASS."""
    policy = bench.file(f"{POLICY}content-only: true\nrules: {{package.identified: must}}\n".encode(), "policy.yaml")
    answer = bench.verify(signed(EVIL, "attacker"), policy=str(policy))
    assert answer.status == 0
    assert answer.page.startswith("PASS (CONTENT ONLY)")


@pytest.mark.parametrize("rule", ["signature.algorithm", "signature.revocation", "signature.valid", "origin.strength"])
def test_unpinned_signature_earns_nothing(bench: Bench, rule: str) -> None:
    """No rule that rests on an accepted signature passes on the attacker's."""
    policy = bench.file(f"{POLICY}rules: {{{rule}: must}}\n".encode(), "policy.yaml")
    assert bench.verify(signed(EVIL, "attacker"), policy=str(policy)).status in (1, 3)


# --- Sigstore ---


def test_identity_of_one_vendor_under_the_root_of_another(bench: Bench) -> None:
    """Who runs one vendor's private trust root cannot speak as the same identity of another vendor."""
    at = datetime(2026, 10, 1, 9, 0, tzinfo=UTC)
    roots = {"volta": (ROOT / "keys/acme/trusted_root.json").read_text(), "acme": lab.Lab("another").trusted_root(at)}
    entry = (ROOT / "keys/acme.yaml").read_text().partition("  - id: acme-release")[2].partition("\n  - id: ")[0] + "\n"
    folder = bench.root / "keys"
    for vendor, root in roots.items():
        (folder / vendor).mkdir(parents=True)
        (folder / vendor / "trusted_root.json").write_text(root)
        text = HEAD.format(vendor=vendor) + "  - id: acme-release" + entry.replace("acme/trusted", f"{vendor}/trusted")
        (folder / f"{vendor}.yaml").write_text(text)
    delivery = ROOT / "samples/acme-pdu-2.0.0-sigstore"
    stated = ("--product", "acme-pdu", "--installed", "1.9.0")
    assert bench.verify(delivery, *stated).status == 0, "the sample itself"
    assert bench.verify(delivery, *stated, "--vendor", "volta", keys=folder).status == 0, "as whom the root vouches for"
    answer = bench.verify(delivery, *stated, keys=folder)
    assert answer.status == 1
    assert {"signature.signer-pinned", "sigstore.identity"} <= answer.failed


def test_image_names_that_look_alike(bench: Bench) -> None:
    """A signed name and one that differs in an invisible character are two files."""
    answer = bench.verify({**good(), IMAGE.replace("acme", "a\u200bcme"): EVIL_IMAGE})
    assert answer.status == 1
    assert answer.failed >= NOT_COVERED
