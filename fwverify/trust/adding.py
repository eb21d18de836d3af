"""Pinning a key without writing YAML: adds one entry, or one more confirmation, to keys/<vendor>.yaml.

Text is inserted as `trust.registry_text` says. Does not do: changing or removing entries, fetching anything, reading
the clock.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from fwverify.errors import TrustStoreError, UsageError
from fwverify.formats import key_file, strict_yaml
from fwverify.formats.public_key import PublicKey
from fwverify.model.evidence import KeyRecord
from fwverify.model.examining import Malformed
from fwverify.model.people import person
from fwverify.trust.constraint_names import CONSTRAINTS, parted, problem
from fwverify.trust.entries import PURPOSES, SIGSTORE, file_type
from fwverify.trust.key_names import native
from fwverify.trust.registry import MAX_FILE_BYTES, SCHEMA, load
from fwverify.trust.registry_text import entry_of, inserted, items, lines_of, quoted, replace, write
from fwverify.trust.schema import moment, plain_fingerprint, suggestion
from fwverify.trust.store import PinnedKey

TOFU_DAYS = 90
"""A key trusted on first use must be confirmed within a quarter or it lapses (rules.md)."""
_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class NewKey:
    """What the operator wants to pin."""

    name: str
    """Name of the key file (of the trusted root for a Sigstore identity)."""
    content: bytes
    """Its bytes, read once: what the operator was shown is what is pinned."""
    vendor: str
    products: tuple[str, ...]
    purposes: tuple[str, ...]
    channel: str
    who: str
    when: str
    """YYYY-MM-DD"""
    id: str = ""
    """Empty: made from the file's name."""
    legal_name: str = ""
    """For a new vendor; empty: the vendor's id until somebody writes the name down."""
    tofu: bool = False
    fingerprint: str = ""
    """As read out over the channel; must match when given."""
    identity: str = ""
    issuer: str = ""
    confirm: bool = False
    """The key is already there: record this channel and person as one more source."""
    owner: str = ""
    """Who holds the private half; empty: the vendor."""
    constraints: tuple[tuple[str, str], ...] = ()
    """(name, value) as typed; checked here."""
    crls: tuple[tuple[str, bytes], ...] = ()
    """Certificate revocation lists: (name, content), x509 only."""
    valid_to: str = ""
    """YYYY-MM-DD"""


@dataclass(frozen=True, slots=True)
class Added:
    """What was done."""

    record: KeyRecord
    path: Path
    """The vendor file."""
    confirmed: bool
    """True: a source was added to an existing entry; False: the entry is new."""


def fingerprint_blocks(fingerprint: str, count: int = 16) -> str:
    """`44c1 f0d2 8a7e 19b3 ...`: groups of four digits, to be read aloud."""
    blocks = [fingerprint[at : at + 4] for at in range(0, len(fingerprint), 4)]
    return " ".join(blocks[:count]) + (" ..." if len(blocks) > count else "")


def confirmations(record: KeyRecord) -> int:
    """How often the pin was learned independently: different channels told by different people, at most 2 matter."""
    pairs = {(person(one.channel), person(one.who)) for one in record.sources}
    two = any(a[0] != b[0] and a[1] != b[1] for a in pairs for b in pairs)
    return 2 if two else min(len(pairs), 1)


def read_file(path: Path, most: int = MAX_FILE_BYTES) -> bytes:
    """A key or trusted root file the operator names. Raises TrustStoreError."""
    try:
        with path.open("rb") as file:
            raw = file.read(most + 1)
    except OSError as wrong:
        raise TrustStoreError(f"it cannot be read ({wrong.strerror})", where=str(path)) from None
    if len(raw) > most:
        raise TrustStoreError(f"more than {most:,} bytes: that is no key", where=str(path))
    return raw


def key_of(new: NewKey) -> PublicKey | None:
    """The key to pin; None for a Sigstore identity. Raises TrustStoreError; a private key is refused."""
    if new.identity:
        return None
    try:
        return key_file.parse(new.content)
    except Malformed as wrong:
        todo = "Give one public key or certificate; 'keys add --from FILE' lists those inside another file."
        raise TrustStoreError(wrong.reason, where=new.name, todo=todo) from None


def add_key(folder: Path, new: NewKey) -> Added:
    """Pin a key or confirm one that is pinned.

    Raises:
        UsageError: something given does not fit together.
        TrustStoreError: the key or the registry cannot be used as it is.
    """
    _check(new)
    key = key_of(new)
    if new.fingerprint:
        match_fingerprint(new.fingerprint, key)
    existing = load(folder).keys if folder.is_dir() else ()
    same = _same(existing, new, key)
    if same is not None:
        return _again(folder, new, same)
    key_id = new.id or _made_id(new)
    if any(one.record.name == f"{new.vendor}/{key_id}" for one in existing):
        raise UsageError(
            f"{new.vendor}/{key_id} exists already, with another key", where="--id", todo="Choose another id."
        )
    return _append(folder, new, key, key_id)


def _check(new: NewKey) -> None:
    for name, text in (("--vendor", new.vendor), ("--id", new.id or "a")):
        if not _ID.fullmatch(text):
            todo = "Use lower-case letters, digits, dot, dash and underscore, at most 64."
            raise UsageError(f"{text!r} cannot be used as an id", where=name, todo=todo)
    if not new.products or not new.purposes:
        raise UsageError("say which products and which purposes the key is for", where="--product, --purpose")
    if set(new.purposes) - set(PURPOSES):
        raise UsageError(f"a purpose is one of {', '.join(PURPOSES)}", where="--purpose")
    if bool(new.identity) != bool(new.issuer):
        raise UsageError("a Sigstore identity needs both --identity and --issuer", where="--identity")
    if new.crls and new.identity:
        raise UsageError("revocation lists are for certificates", where="--crl")
    for name, text in new.constraints:
        _check_constraint(name, text)
    _check_texts(new)


def _check_constraint(name: str, text: str) -> None:
    if name not in CONSTRAINTS:
        raise UsageError(f"there is no constraint {name!r}", where="--constraint", todo=suggestion(name, CONSTRAINTS))
    what, todo = problem(name, parted(name, [text]))
    if what:
        raise UsageError(what, where=f"--constraint {name}", todo=todo)


def _check_texts(new: NewKey) -> None:
    texts = {"--channel": new.channel, "--by": new.who, **{f"--product {one}": one for one in new.products}}
    texts |= {"--identity": new.identity or "-", "--issuer": new.issuer or "-", "--legal-name": new.legal_name or "-"}
    check_texts(texts | {"--owner": new.owner or "-"})
    if new.valid_to:
        try:
            moment(new.valid_to)
        except ValueError:
            raise UsageError(f"{new.valid_to!r} is no date", where="--valid-to", todo="Write 2027-06-30.") from None


def check_texts(texts: Mapping[str, str]) -> None:
    """Option -> text that goes into the registry. Raises UsageError."""
    for name, text in texts.items():
        if not text.strip() or not text.isprintable():
            raise UsageError("this must be a text of printable characters, not empty", where=name)


def match_fingerprint(given: str, key: PublicKey | None) -> None:
    """What was read out over the channel must be the key's fingerprint: ours, or the one its own tools print."""
    if key is None:
        raise UsageError("a Sigstore identity has no fingerprint", where="--fingerprint")
    plain = plain_fingerprint(given)
    own = native(key)
    if key.note in ("OpenPGP certificate", "SSH public key") and own and given.replace(" ", "").lower() == own.lower():
        return
    if not re.fullmatch(r"[0-9a-f]{64}", plain):
        raise UsageError("a fingerprint has 64 hexadecimal digits; a part of it proves little", where="--fingerprint")
    if plain != key.fingerprint:
        what = f"the key file's fingerprint is {fingerprint_blocks(key.fingerprint)}: another key than was read to you"
        raise UsageError(what, where="--fingerprint", todo="Do not pin it. Find out where this file came from.")


def _same(existing: Iterable[PinnedKey], new: NewKey, key: PublicKey | None) -> PinnedKey | None:
    """The entry that pins this key (or, at this vendor, this Sigstore identity) already."""
    if key is not None:
        return next((one for one in existing if one.record.fingerprint == key.fingerprint), None)
    wanted = (new.vendor, new.identity, new.issuer)
    return next(
        (one for one in existing if (one.record.vendor, one.record.identity, one.record.issuer) == wanted), None
    )


def _again(folder: Path, new: NewKey, same: PinnedKey) -> Added:
    """The key is on record: one more confirmation where that was asked for, otherwise a mistake."""
    record = same.record
    if record.vendor != new.vendor:
        todo = "One key for two vendors: write the second entry by hand, with a comment that says why."
        raise UsageError(f"this key is pinned already as {record.name}", where="--vendor", todo=todo)
    if not new.confirm:
        people = ", ".join(f"{one.channel} ({one.who}, {one.when})" for one in record.sources)
        todo = (
            "To record a second confirmation over another channel by another person, add --confirm. "
            f"To change purposes or products, edit {folder / (record.vendor + '.yaml')}."
        )
        raise UsageError(f"this key is pinned already as {record.name}, learned by {people}", where="FILE", todo=todo)
    changed = confirm_key(folder, record.name, new.channel, new.who, new.when, new.fingerprint)
    return Added(changed, folder / f"{record.vendor}.yaml", True)


def confirm_key(folder: Path, name: str, channel: str, who: str, when: str, fingerprint: str = "") -> KeyRecord:
    """Record one more person and channel that a pinned key was learned over.

    Args:
        folder: the registry.
        name: `vendor/id`.
        channel: how the fingerprint was learned this time.
        who: by whom.
        when: YYYY-MM-DD.
        fingerprint: as it was read out; must be the key's. Empty: not written down.

    Raises:
        UsageError: no such key, one that is not in force, another fingerprint, or the same person and channel again.
        TrustStoreError: the registry cannot be read or changed.
    """
    check_texts({"--channel": channel, "--by": who})
    pinned = entry_named(folder, name)
    record = pinned.record
    if fingerprint:
        match_fingerprint(fingerprint, pinned.public)
    if record.status not in ("active", "tofu"):
        raise UsageError(f"{record.name} is {record.status}: it is not confirmed again", where="VENDOR/ID")
    if any((person(one.channel), person(one.who)) == (person(channel), person(who)) for one in record.sources):
        todo = "A second confirmation counts only over another channel and by another person."
        what = f"{record.name} was confirmed by this person over this channel already"
        raise UsageError(what, where="--channel", todo=todo)
    path = folder / f"{record.vendor}.yaml"
    lines = lines_of(path)
    seen = record.fingerprint if fingerprint else ""
    new = inserted(lines, items(entry_of(lines, record.id), "sources"), source_lines(channel, who, when, seen))
    return replace(folder, path, new, record.id, "\n".join(lines) + "\n")


def entry_named(folder: Path, name: str) -> PinnedKey:
    """The entry `vendor/id`. Raises UsageError, TrustStoreError."""
    found = {one.record.name: one for one in load(folder).keys}
    if name not in found:
        raise UsageError(f"no key {name!r} is on record in {folder}", where="VENDOR/ID", todo=suggestion(name, found))
    return found[name]


def _append(folder: Path, new: NewKey, key: PublicKey | None, key_id: str) -> Added:
    path = folder / f"{new.vendor}.yaml"
    files = _files(new, key_id)
    entry = _entry(new, key, key_id, files)
    if path.exists():
        lines = lines_of(path)
        before = "\n".join(lines) + "\n"
        after = inserted(lines, items(strict_yaml.load(before), "keys"), entry)
    else:
        before = ""
        after = [
            "# Pinned keys of one vendor. Schema and meaning: keys/README.md of fwverify.",
            f"fwverify: {SCHEMA}",
            f"vendor: {{id: {new.vendor}, legal-name: {quoted(new.legal_name or new.vendor)}}}",
            "keys:",
            *(f"  {one}" for one in entry),
        ]
    fresh = [_placed(folder / name, raw) for name, raw in files]
    try:
        return Added(replace(folder, path, after, key_id, before), path, False)
    except TrustStoreError:
        for target, made in fresh:
            if made:
                target.unlink()
        raise


def _placed(target: Path, raw: bytes) -> tuple[Path, bool]:
    """Put a file into the registry; False where the same file is there already."""
    if target.exists():
        if target.read_bytes() != raw:
            raise TrustStoreError("another file stands where this file would go", where=str(target), todo="Use --id.")
        return target, False
    target.parent.mkdir(parents=True, exist_ok=True)
    write(target, raw)
    return target, True


def _files(new: NewKey, key_id: str) -> list[tuple[str, bytes]]:
    """(name in the registry, content): the key or trusted root first, then revocation lists."""
    lists = [(f"{new.vendor}/{key_id}.{at}.crl", raw) for at, (_, raw) in enumerate(new.crls, 1)]
    return [(_kept_as(new, key_id), new.content), *lists]


def _kept_as(new: NewKey, key_id: str) -> str:
    """Name of the key file in the registry."""
    suffix = Path(new.name).suffix.lower()
    return f"{new.vendor}/{key_id}{suffix if re.fullmatch(r'[.][a-z0-9]{1,8}', suffix) else '.key'}"


def _made_id(new: NewKey) -> str:
    stem = "sigstore" if new.identity else Path(new.name).name.partition(".")[0]
    return re.sub(r"[^a-z0-9]+", "-", stem.lower()).strip("-")[:64] or "key"


def _entry(new: NewKey, key: PublicKey | None, key_id: str, files: list[tuple[str, bytes]]) -> list[str]:
    """The lines of a new entry, without indentation."""
    (name, _), *lists = files
    lines = [f"- id: {key_id}"]
    if key is not None:
        lines += [f"  type: {file_type(key)}", f"  file: {quoted(name)}", f"  spki-sha256: {key.fingerprint}"]
    else:
        lines += [f"  type: {SIGSTORE}", f"  identity: {quoted(new.identity)}", f"  issuer: {quoted(new.issuer)}"]
        lines += [f"  trusted-root: {quoted(name)}"]
    if key is not None and key.note == "OpenPGP certificate" and native(key):
        lines += [f"  openpgp-fingerprint: {native(key)}"]
    lines += [f"  owner: {quoted(new.owner)}"] if new.owner else []
    lines += [f"  purposes: [{', '.join(new.purposes)}]", f"  products: [{', '.join(map(quoted, new.products))}]"]
    lines += ["  constraints:"] if new.constraints else []
    lines += [f"    {key}: {quoted(text)}" for key, text in new.constraints]
    lines += [f"  crl: [{', '.join(quoted(one) for one, _ in lists)}]"] if lists else []
    lines += _status(new)
    fingerprint = key.fingerprint if key is not None and new.fingerprint else ""
    return [*lines, "  sources:", *(f"    {one}" for one in source_lines(new.channel, new.who, new.when, fingerprint))]


def _status(new: NewKey) -> list[str]:
    lines = ["  status: tofu  # trusted on first use: confirm it, or it ends" if new.tofu else "  status: active"]
    last = (date.fromisoformat(new.when) + timedelta(days=TOFU_DAYS)).isoformat() if new.tofu else ""
    ends = [one for one in (new.valid_to, last) if one]
    return [*lines, f"  valid-to: {min(ends)}"] if ends else lines


def source_lines(channel: str, who: str, when: str, fingerprint: str) -> list[str]:
    """One item of the list `sources`, without indentation."""
    lines = [f"- channel: {quoted(channel)}", f"  who: {quoted(who)}", f"  when: {when}"]
    return [*lines, f"  fingerprint: {fingerprint}"] if fingerprint else lines
