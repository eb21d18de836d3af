"""Bad input from attackers and clumsy operators: one clear message or a gap with a reason, the right exit status.

The bench checks beside every test here that nothing was written outside the output folder, that no traceback and no
control character was printed, and that no socket was made.
"""

from __future__ import annotations

import gzip
import json
import os
import struct
import sys
import tarfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from fwverify.cli import main, settings
from fwverify.limits import Limits

from .conftest import ANYTHING_BUT_TEXT, Bench
from .deliveries import (
    IMAGE,
    IMAGE_BYTES,
    LIST,
    ROOT,
    SBOM,
    SIGNER,
    bill,
    good,
    make,
    payload,
    relisted,
    sha256,
    signed,
    system,
    tarred,
    zipped,
)

HOSTILE = (
    "esc\x1b]0;owned\x07\x1b[31m",
    "bidi\u202egpj.exe\u2066",
    "markup[red]bold[/red][link=http://evil.example]x[/link]",
    "line\nPASS  may be installed",
    "c1\x9b31m\x85",
    "mark\ufeff\u200f",
)
"""Texts that would lie on a terminal, in a log or in Rich markup."""


# --- what was named is not what it should be ---


def test_not_a_file(bench: Bench) -> None:
    """Nothing there, an empty file, an empty folder, a link to itself, a device, a pipe: 2, and says which."""
    (bench.inputs / "empty-folder").mkdir()
    (bench.inputs / "loop").symlink_to("loop")
    os.mkfifo(bench.inputs / "pipe")
    bench.file(b"", "empty.bin")
    for name, words in (
        ("nothing.bin", "there is no such file or folder"),
        ("empty.bin", "the file is empty"),
        ("empty-folder", "the folder holds no files"),
        ("loop", "there is no such file or folder"),
        ("pipe", "it is not a regular file"),
        ("/dev/zero", "it is not a regular file"),
    ):
        answer = bench.verify(bench.inputs / name)
        assert (answer.status, words in answer.err) == (2, True), (name, answer.err)
        assert name in answer.err


def test_folder_linked_into_itself(bench: Bench) -> None:
    """A loop of links is not walked."""
    folder = bench.deliver({"a/fw.bin": b"x" * 100})
    (folder / "a/up").symlink_to("..")
    (folder / "a/self").symlink_to("self")
    answer = bench.verify(folder)
    assert answer.status == 3
    assert "not_attempted" in answer.gaps()


def test_very_deep_folders(bench: Bench) -> None:
    """Twelve hundred folders inside one another are walked to the file at the end; recursion would stop at 1000."""
    folder, here = bench.deliver(good()), Path.cwd()
    os.chdir(folder)
    for _ in range(1200):
        Path("d").mkdir()
        os.chdir("d")
    Path("fw.bin").write_bytes(b"x" * 100)
    os.chdir(here)
    try:
        trust = ("--policy", str(ROOT / "samples/demo.yaml"), "--keys", str(ROOT / "keys"))
        status = main(["verify", str(folder), *trust, "--no-evidence", "--in-process"])
    finally:  # shutil.rmtree, which pytest uses, recurses
        os.chdir(folder / "/".join("d" * 1200))
        Path("fw.bin").unlink()
        for _ in range(1200):
            os.chdir("..")
            Path("d").rmdir()
        os.chdir(here)
    page, err = bench.capsys.readouterr()
    assert (status, err) == (1, "")
    assert "fw.bin" in page


POLICY = "fwverify: policy/1\nid: mine\nversion: '1'\ntitle: mine\n"
POLICIES = {
    "unknown rule": (f"{POLICY}rules: {{signature.vaild: must}}\n", "Did you mean 'signature.valid'?"),
    "duplicate key": (f"{POLICY}rules:\n  signature.valid: must\n  signature.valid: off\n", "given twice"),
    "alias": (f"{POLICY}rules: {{signature.valid: &a must, signature.present: *a}}\n", "aliases and tags"),
    "tag": (f"{POLICY}rules: {{signature.valid: !!python/object/apply:os.system [id]}}\n", "aliases and tags"),
    "merge key": (f"{POLICY}rules: {{<<: {{signature.valid: must}}}}\n", "merge keys"),
    "two documents": (f"{POLICY}---\n{POLICY}", "more than one YAML document"),
    "nested deeply": (f"{POLICY}rules: {'[' * 250_000}{']' * 250_000}\n", "nested too deeply"),
    "nested tables": (f"{POLICY}rules: {'{a: ' * 150_000}x{'}' * 150_000}\n", "nested too deeply"),
    "not YAML": ("a: [\n", "not YAML"),
    "control characters": (f"{POLICY}rules: {{'\x1b[31m': must}}\n", "control characters"),
    "escaped control characters": (f'{POLICY}rules: {{"\\e[31mvalid": must}}\n', "\\x1b[31mvalid"),
    "another file": (f"{POLICY}extends: /etc/passwd\n", "builtin:NAME"),
    "climbing name": (f"{POLICY}extends: builtin:../../samples/demo\n", "no shipped policy"),
    "empty": ("", "the file is empty"),
    "a list": ("- a\n", "must be a table"),
    "UTF-16": (POLICY.encode("utf-16"), "not UTF-8"),
    "too large": ("#" * (1 << 21), "so it is no policy"),
}


@pytest.mark.parametrize("name", sorted(POLICIES))
def test_policy(bench: Bench, name: str) -> None:
    """A policy that cannot be read as written judges nothing: 2, with its place."""
    text, words = POLICIES[name]
    policy = bench.file(text if isinstance(text, bytes) else text.encode(), "policy.yaml")
    answer = bench.verify(bench.file(b"x" * 100), policy=str(policy))
    assert (answer.status, answer.page) == (2, "")
    assert words in answer.err
    assert "policy.yaml" in answer.err


def test_policy_that_is_no_file(bench: Bench) -> None:
    """A folder in place of a policy, and one that is not there."""
    folder = bench.root / "policies"
    folder.mkdir()
    for name, words in ((str(folder), "this is a folder"), ("no.yaml", "cannot be read")):
        answer = bench.verify(bench.file(b"x" * 100), policy=name)
        assert (answer.status, words in answer.err) == (2, True), answer.err


HEAD = "fwverify: keys/1\nvendor: {id: acme, legal-name: ACME, domains: [acme.example]}\nkeys:\n"
PRINT = make.fingerprint(SIGNER)
PEM = make.public_pem(SIGNER)


def entry(name: str = "fw", file: str = "acme/fw.pem", spki: str = PRINT) -> str:
    return (
        f"  - {{id: {name}, type: public-key, file: {file}, spki-sha256: {spki}, purposes: [firmware], "
        "products: ['*'], status: active, sources: [{channel: a, who: b, when: 2026-10-03}]}\n"
    )


def private_key() -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    out: bytes = make.key(SIGNER).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return out


REGISTRIES: dict[str, tuple[str, bytes, str]] = {
    "no key": (HEAD + entry(), b"hello\n", "it is no key in PEM or DER form"),
    "empty key": (HEAD + entry(), b"", "this has 0"),
    "private key": (HEAD + entry(), private_key(), "this is a private key"),
    "two keys": (HEAD + entry(), PEM + PEM, "acme/fw.pem"),
    "binary behind the key": (HEAD + entry(), PEM + bytes(100), "acme/fw.pem"),
    "one id twice": (HEAD + entry() + entry(), PEM, "is given twice"),
    "path with ..": (HEAD + entry(file="../../in/fw.bin"), PEM, "not a path inside the registry"),
    "absolute path": (HEAD + entry(file="/etc/passwd"), PEM, "not a path inside the registry"),
    "no such file": (HEAD + entry(file="acme/no.pem"), PEM, "cannot be read"),
    "another fingerprint": (HEAD + entry(spki="0" * 64), PEM, "not the fingerprint of the key in the file"),
    "duplicate key in YAML": (HEAD + entry() + "keys: []\n", PEM, "is given twice"),
    "alias": (HEAD.replace("[acme.example]", "&a [acme.example]") + entry(), PEM, "aliases and tags"),
    "nested deeply": ("a: " + "[" * 250_000, PEM, "nested too deeply"),
    "impossible date": (
        HEAD + entry().replace("status", "valid-from: '0001-01-01T00:00:00+14:00', status"), PEM, "is no date",
    ),
    "not YAML": ("\x00", PEM, "not YAML"),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(REGISTRIES))
def test_key_registry(bench: Bench, name: str) -> None:
    """A registry with one bad entry grants nothing to anybody: 2, with its place."""
    text, key, words = REGISTRIES[name]
    folder = bench.root / "keys"
    (folder / "acme").mkdir(parents=True)
    (folder / "acme.yaml").write_text(text)
    (folder / "acme/fw.pem").write_bytes(key)
    answer = bench.verify(good(), keys=folder)
    assert (answer.status, answer.page) == (2, "")
    assert words in answer.err
    assert "acme.yaml" in answer.err
    assert "BEGIN PRIVATE" not in answer.err


def test_key_registry_of_other_kinds(bench: Bench) -> None:
    """Links, folders and pipes in place of files are refused; so is a file in place of the registry."""
    folder = bench.root / "keys"
    (folder / "acme").mkdir(parents=True)
    (folder / "acme.yaml").write_text(HEAD + entry())
    key = folder / "acme/fw.pem"
    key.symlink_to(bench.file(PEM, "elsewhere.pem"))
    assert "symbolic link" in bench.verify(good(), keys=folder).err
    key.unlink()
    key.mkdir()
    assert "no regular file" in bench.verify(good(), keys=folder).err
    (folder / "acme.yaml").unlink()
    os.mkfifo(folder / "acme.yaml")
    assert "no regular file" in bench.verify(good(), keys=folder).err
    assert "keys are kept in a folder" in bench.verify(good(), keys=bench.file(b"x")).err


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"hello\n", "it is no key"), (b"", "this has 0"), (private_key(), "this is a private key")],
    ids=["text", "empty", "private"],
)
def test_key_given_on_the_command_line(bench: Bench, content: bytes, words: str) -> None:
    """`keys add` pins nothing and `authenticate --key` checks nothing with a file that is no public key."""
    key = str(bench.file(content, "key.pem"))
    stated = ("--vendor", "v", "--product", "p", "--purpose", "firmware", "--channel", "c", "--by", "b", "--yes")
    for command in (("keys", "add", key, *stated, "--keys", "new"), ("authenticate", key, "--key", key)):
        status, _, err = bench.run(*command)
        assert (status, words in err) == (2, True), err


def test_options(bench: Bench) -> None:
    """Mistyped options: 2, and what to write instead."""
    image = str(bench.file(b"x" * 100))
    for option, words in (
        (("--at", "yesterday"), "not a time"),
        (("--at", "9999-12-31T23:59:59-14:00"), "not a time"),
        (("--channel", "phone"), "there is none"),
        (("--vendor", "../x"), "not an id"),
        (("--vendor", "a\x1b[31m"), "\\x1b[31m"),
        (("--policy", "builtin:../samples/demo"), "no shipped policy"),
        (("--evidence", str(bench.inputs)), "this is a folder"),
        (("-o", "no/such/folder"), "no such folder"),
        (("--frobnicate",), "No such option"),
    ):
        kept = () if option[0] == "--evidence" else ("--no-evidence",)
        status, out, err = bench.run("verify", image, "--in-process", *kept, *option)
        assert (status, out, words in err) == (2, "", True), (option, err)


def test_output_never_goes_into_the_delivery(bench: Bench) -> None:
    """Evidence, page and folder of results are refused a place inside the delivery."""
    folder = bench.deliver(good())
    for option in (("--evidence", str(folder / "e.json")), ("-o", str(folder / IMAGE)), ("--out", str(folder / "o"))):
        status, _, err = bench.run("verify", str(folder), "--in-process", *option)
        assert (status, "never changed" in err) == (2, True), err


# --- documents ---


def deep_json(depth: int) -> bytes:
    return bill(IMAGE_BYTES).rstrip()[:-1] + b',"x":' + b"[" * depth + b"]" * depth + b"}"


SBOMS: dict[str, tuple[bytes, str]] = {
    "not JSON": (b"hello\n", "image"),
    "JSON of something else": (b'{"hello": 1}', "image"),
    "cut off": (bill(IMAGE_BYTES)[:400], "image"),
    "a comma too many": (bill(IMAGE_BYTES).replace(b'"components": [', b'"components": [,'), "sbom"),
    "deep": (deep_json(200), "sbom"),
    "very deep": (deep_json(100_000), "sbom"),
    "a key twice": (bill(IMAGE_BYTES).replace(b'"components"', b'"components": [],\n "components"'), "sbom"),
    "half a surrogate pair": (bill(IMAGE_BYTES).replace(b"1.2.13", b"\\ud800"), "sbom"),
    "not a number": (bill(IMAGE_BYTES).replace(b'"version": 1,', b'"version": NaN,'), "sbom"),
    "a number without end": (bill(IMAGE_BYTES).replace(b'"version": 1,', b'"version": ' + b"9" * 5000 + b","), "sbom"),
    "components of the wrong kind": (b'{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": {}}', "sbom"),
    "XML": (b'<bom xmlns="http://cyclonedx.org/schema/bom/1.6"></bom>', "sbom"),
    "XML entities": (
        b'<!DOCTYPE bom [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
        b'<bom xmlns="http://cyclonedx.org/schema/bom/1.6">&b;</bom>', "sbom",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(SBOMS))
def test_sbom(bench: Bench, name: str) -> None:
    """A document that cannot be read, though well signed, is no SBOM that declares anything: never a pass."""
    content, role = SBOMS[name]
    answer = bench.verify(signed(payload(sbom=content)))
    assert answer.status in (1, 3)
    assert answer.role(SBOM) == role
    unread = {"sbom.present", "sbom.schema"}
    assert unread & (answer.missing | answer.failed)


# --- damaged images ---


@pytest.mark.parametrize("sixteenths", range(1, 16))
def test_truncated_image(bench: Bench, sixteenths: int) -> None:
    """The sample's image cut at every sixteenth, without its list: a gap with a reason, and inconclusive."""
    whole = (ROOT / "samples/acme-ups-3.1.0/acme-ups-3.1.0.itb").read_bytes()
    image = bench.file(whole[: len(whole) * sixteenths // 16], "acme-ups-3.1.0.itb")
    answer = bench.verify(image)
    assert (answer.status, answer.failed) == (3, set())
    assert "malformed" in answer.gaps()


def run_with(limits: Limits, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if every bound had been given with --limit."""
    monkeypatch.setattr(settings, "limits_of", lambda _: limits)


SMALL = Limits(
    max_member_bytes=4 << 20, max_total_bytes=8 << 20, max_members=100, max_ratio=200, ratio_floor_bytes=1 << 20
)
BOMBS: dict[str, tuple[bytes, str]] = {
    "gzip": (gzip.compress(bytes(64 << 20), mtime=0), "max_"),
    "gzip in gzip": (gzip.compress(gzip.compress(bytes(64 << 20), mtime=0), mtime=0), "max_"),
    "zip": (zipped([("a", bytes(32 << 20))]), "max_"),
    "many in a zip": (zipped([(f"{number}", bytes(3 << 20)) for number in range(4)]), "max_"),
    "members": (zipped([(f"{number}", b"") for number in range(200)]), "max_members"),
    "tar members": (tarred({f"{number}": b"" for number in range(200)}), "max_members"),
}


@pytest.mark.parametrize("name", sorted(BOMBS))
def test_bomb(bench: Bench, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """More than the limits allow is a gap and fails package.limits."""
    run_with(SMALL, monkeypatch)
    content, words = BOMBS[name]
    answer = bench.verify(bench.file(content, "bomb.bin"))
    assert answer.status == 1
    assert "package.limits" in answer.failed
    assert "limit" in answer.gaps()
    assert any(words in one["detail"] for one in answer.report["evidence"]["gaps"])


def nested(pack: Callable[[bytes], bytes], times: int) -> bytes:
    out = b"core"
    for _ in range(times):
        out = pack(out)
    return out


@pytest.mark.parametrize(
    "pack",
    [lambda data: gzip.compress(data, mtime=0), lambda data: zipped([("a", data)]), lambda data: tarred({"a": data})],
    ids=["gzip", "zip", "tar"],
)
def test_nesting(bench: Bench, pack: Callable[[bytes], bytes]) -> None:
    """Containers in containers end at the limit of depth."""
    answer = bench.verify(bench.file(nested(pack, 30), "nest.bin"))
    assert (answer.status, "package.limits" in answer.failed) == (1, True)


def test_zip_that_says_it_is_small(bench: Bench) -> None:
    """A member that unpacks to more than it declares is malformed, not believed."""
    packed = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = packed.compress(bytes(1 << 20)) + packed.flush()
    name, sizes = b"a", (0, len(data), 10, 1)
    local = struct.pack("<IHHHHHIIIHH", 0x04034B50, 20, 0, 8, 0, 33, *sizes, 0) + name
    central = struct.pack("<IHHHHHHIIIHHHHHII", 0x02014B50, 20, 20, 0, 8, 0, 33, *sizes, 0, 0, 0, 0, 0, 0) + name
    end = struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 1, 1, len(central), len(local + data), 0)
    answer = bench.verify(bench.file(local + data + central + end, "small.zip"))
    assert answer.status in (1, 3)
    assert "malformed" in answer.gaps()


# --- hostile names and texts ---


def member(name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.devmajor, info.devminor = kind, target, 1, 3
    return info


def test_archive_members_are_never_written(bench: Bench) -> None:
    """Names that climb or are absolute, devices, pipes and links in an image: found, told, and nothing is created."""
    image = tarred(
        {
            "../../escaped": b"x" * 100,
            "/tmp/fwverify-escaped": b"x" * 100,
            "a": member("link", tarfile.SYMTYPE, "/etc/passwd"),
            "b": member("hard", tarfile.LNKTYPE, "../../x"),
            "c": member("device", tarfile.BLKTYPE),
            "d": member("pipe", tarfile.FIFOTYPE),
        }
    )
    answer = bench.verify(bench.file(image, "image.tar"))
    assert (answer.status, "package.limits" in answer.failed) == (1, True)
    assert not Path("/tmp/fwverify-escaped").exists()
    kinds = {one["kind"] for one in answer.report["evidence"]["anomalies"]}
    assert {"path-traversal", "link-escape", "device-node"} <= kinds


@pytest.mark.parametrize("text", HOSTILE, ids=["escape", "bidi", "markup", "newline", "c1", "marks"])
def test_hostile_names(bench: Bench, text: str) -> None:
    """As file, member of an archive and name in a list: shown harmlessly on every page and in every message."""
    inner = tarred({f"etc/{text}": b"\x7fELF" + bytes(100), "b": member("l", tarfile.SYMTYPE, f"/{text}")})
    files = {**relisted(payload(), f"{sha256(IMAGE_BYTES)}  {IMAGE}\n{'0' * 64}  {text.replace(chr(10), ' ')}\n")}
    folder = bench.deliver({**files, text: b"\x00\x01" * 100, "inner.tar": inner})
    for options in ((), ("-vv",)):
        answer = bench.verify(folder, *options)
        assert answer.status == 1
        assert "\nPASS  may be installed" not in answer.page
        assert "[red]" in answer.page or "markup" not in text or not options
    saved = (bench.out / "r.txt").read_text()
    assert not ANYTHING_BUT_TEXT.search(saved)
    archive = bench.verify(bench.file(zipped([*files.items(), (text, b"\x00\x01" * 100)]), "release.zip"), "-vv")
    assert archive.status == 1
    status, _, err = bench.run("verify", str(bench.inputs / text), "--in-process", "--no-evidence")
    assert (status, bool(err)) == (2, True)


def test_long_names(bench: Bench) -> None:
    """Names of 4 KiB and more in archives are cut on the page, or are a gap."""
    for size in (4096, 60_000):
        answer = bench.verify(bench.file(zipped([("a/" * (size // 2), b"x" * 100)]), f"{size}.zip"), "-vv")
        assert answer.status in (1, 3)
        assert max(len(one) for one in answer.page.splitlines()) <= 80


@pytest.mark.parametrize("text", HOSTILE, ids=["escape", "bidi", "markup", "newline", "c1", "marks"])
def test_hostile_texts(bench: Bench, text: str) -> None:
    """In os-release, in names, versions and suppliers of a signed SBOM and in a FIT: harmless on the page."""
    flat = text.replace("\n", "\\n")
    release = f'NAME="{flat}"\nID="{flat}"\nVERSION_ID="{flat}"\nPRETTY_NAME="{flat}"\n'
    image = system(**{"usr/lib/os-release": release.encode(), "etc/os-release": release.encode()})
    document = json.loads(bill(image))
    document["metadata"]["component"].update(name=text, version=text, supplier={"name": text})
    document["components"].append({"type": "library", "name": text, "version": text, "purl": f"pkg:generic/{text}@1"})
    answer = bench.verify(signed(payload(image, json.dumps(document).encode())), "-vv")
    assert answer.status in (1, 3)
    assert "\nPASS  may be installed" not in answer.page


def test_line_of_a_list_that_is_no_line(bench: Bench) -> None:
    """A list with prose in it is none, and then it is firmware that nobody signed."""
    answer = bench.verify({**good(), LIST: good()[LIST] + b"Have a nice day.\n"})
    assert answer.status == 1
    assert answer.role(LIST) == "image"


# --- mutations, deterministic ---


def mutations(data: bytes, count: int, seed: int) -> list[bytes]:
    """Single-byte changes at places that a fixed arithmetic spreads over the file and its first kilobyte."""
    out = []
    for number in range(count):
        place = (number * 2654435761 + seed) % (min(len(data), 1024) if number % 2 else len(data))
        changed = bytearray(data)
        changed[place] ^= 1 + (number * 40503 + seed) % 255
        out.append(bytes(changed))
    return out


FIT = ROOT / "samples/acme-ups-3.1.0"


@pytest.mark.parametrize("name", sorted(one.name for one in FIT.iterdir()))
def test_mutated_delivery(bench: Bench, name: str) -> None:
    """One changed byte in any file of the sample: never a pass, never an error of fwverify's own."""
    files = {one.name: one.read_bytes() for one in FIT.iterdir()}
    for changed in mutations(files[name], 3 if name.endswith(".itb") else 6, len(name)):
        assert bench.verify({**files, name: changed}).status in (1, 3)


def test_mutated_image_signed_anew(bench: Bench) -> None:
    """Readers meet the change when the signature holds: they say what they cannot read, and do not die of it."""
    whole = (FIT / "acme-ups-3.1.0.itb").read_bytes()
    squashfs = whole[whole.index(b"hsqs") :].rstrip(b"\xff")
    head, tail = squashfs[:96], squashfs[-4096:]
    for number, changed in enumerate((*mutations(head, 6, 1), *mutations(tail, 6, 2))):
        image = changed + squashfs[96:] if number < 6 else squashfs[:-4096] + changed
        answer = bench.verify(signed({"root.squashfs": image, SBOM: bill(image)}))
        assert answer.status in (1, 3)


def test_as_a_process(bench: Bench) -> None:
    """With workers and a real process: the same status, nothing on standard error, no file left behind."""
    import subprocess

    folder = bench.deliver({**good(), "evil\x1b[31m.bin": b"\x7fELF" + bytes(5000)})
    command = [sys.executable, "-m", "fwverify", "verify", str(folder), "--keys", str(ROOT / "keys"), "--no-evidence"]
    before = sorted(str(one) for one in bench.root.rglob("*"))
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=environment)
    assert (done.returncode, done.stderr) == (1, "")
    assert not ANYTHING_BUT_TEXT.search(done.stdout)
    assert sorted(str(one) for one in bench.root.rglob("*")) == before
