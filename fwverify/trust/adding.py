"""Pinning a key without writing YAML: adds one entry (or one more confirmation) to keys/<vendor>.yaml.

The file belongs to people: text is inserted, nothing that stands there is rewritten, so comments and order stay. The
new content is loaded before it replaces the old, in one step; a file whose layout does not allow the insertion is
left alone and the entry is shown for pasting.

Does not do: changing or removing entries, fetching anything, reading the clock.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from fwverify.errors import TrustStoreError, UsageError
from fwverify.formats import public_key, strict_yaml
from fwverify.formats.public_key import PublicKey
from fwverify.formats.strict_yaml import Node
from fwverify.model.evidence import KeyRecord
from fwverify.model.examining import Malformed
from fwverify.trust.registry import MAX_FILE_BYTES, PURPOSES, SCHEMA, SIGSTORE, file_type, load, parse_vendor
from fwverify.trust.schema import plain_fingerprint
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
    pairs = {(_folded(one.channel), _folded(one.who)) for one in record.sources}
    two = any(a[0] != b[0] and a[1] != b[1] for a in pairs for b in pairs)
    return 2 if two else min(len(pairs), 1)


def read_file(path: Path) -> bytes:
    """A key or trusted root file the operator names. Raises TrustStoreError."""
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_FILE_BYTES + 1)
    except OSError as problem:
        raise TrustStoreError(f"it cannot be read ({problem.strerror})", where=str(path)) from None
    if len(raw) > MAX_FILE_BYTES:
        raise TrustStoreError(f"more than {MAX_FILE_BYTES:,} bytes: that is no key", where=str(path))
    return raw


def key_of(new: NewKey) -> PublicKey | None:
    """The key to pin; None for a Sigstore identity. Raises TrustStoreError; a private key is refused."""
    if new.identity:
        return None
    try:
        return public_key.parse(new.content)
    except Malformed as problem:
        todo = "Give a PEM or DER public key, a certificate or a minisign public key."
        raise TrustStoreError(problem.reason, where=new.name, todo=todo) from None


def add_key(folder: Path, new: NewKey) -> Added:
    """Pin a key or confirm one that is pinned.

    Raises:
        UsageError: something given does not fit together.
        TrustStoreError: the key or the registry cannot be used as it is.
    """
    _check(new)
    key = key_of(new)
    _match(new, key)
    existing = load(folder).keys if folder.is_dir() else ()
    same = _same(existing, new, key)
    if same is not None:
        return _confirm(folder, new, same)
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
    _check_texts(new)


def _check_texts(new: NewKey) -> None:
    texts = {"--channel": new.channel, "--by": new.who, **{f"--product {one}": one for one in new.products}}
    texts |= {"--identity": new.identity or "-", "--issuer": new.issuer or "-", "--legal-name": new.legal_name or "-"}
    for name, text in texts.items():
        if not text.strip() or not text.isprintable():
            raise UsageError("this must be a text of printable characters, not empty", where=name)


def _match(new: NewKey, key: PublicKey | None) -> None:
    if not new.fingerprint:
        return
    if key is None:
        raise UsageError("a Sigstore identity has no fingerprint", where="--fingerprint")
    given = plain_fingerprint(new.fingerprint)
    if not re.fullmatch(r"[0-9a-f]{64}", given):
        raise UsageError("a fingerprint has 64 hexadecimal digits; a part of it proves little", where="--fingerprint")
    if given != key.fingerprint:
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


def _confirm(folder: Path, new: NewKey, same: PinnedKey) -> Added:
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
    if record.status not in ("active", "tofu"):
        raise UsageError(f"{record.name} is {record.status}: it is not confirmed again", where="FILE")
    if any((one.channel, one.who) == (new.channel, new.who) for one in record.sources):
        todo = "A second confirmation counts only over another channel and by another person."
        raise UsageError(
            f"{record.name} was confirmed by this person over this channel already", where="--channel", todo=todo
        )
    path = folder / f"{record.vendor}.yaml"
    lines = _lines(path)
    text = "\n".join(lines) + "\n"
    entry = next(one for one in _list(strict_yaml.load(text), "keys") if _value(one, "id") == record.id)
    sources = _list(entry, "sources")
    fingerprint = record.fingerprint if new.fingerprint else ""
    changed = _inserted(lines, sources, _source(new, fingerprint))
    return Added(_replace(folder, path, changed, record.id, text), path, True)


def _append(folder: Path, new: NewKey, key: PublicKey | None, key_id: str) -> Added:
    path = folder / f"{new.vendor}.yaml"
    name, raw = _kept_as(new, key_id), new.content
    entry = _entry(new, key, key_id, name)
    if path.exists():
        before = "\n".join(_lines(path)) + "\n"
        text = _inserted(_lines(path), _list(strict_yaml.load(before), "keys"), entry)
    else:
        before = ""
        legal = json.dumps(new.legal_name or new.vendor, ensure_ascii=False)
        head = [
            "# Pinned keys of one vendor. Schema and meaning: keys/README.md of fwverify.",
            f"fwverify: {SCHEMA}",
            f"vendor: {{id: {new.vendor}, legal-name: {legal}}}",
            "keys:",
        ]
        text = "\n".join((*head, *(f"  {one}" for one in entry))) + "\n"
    target = folder / name
    if target.exists() and target.read_bytes() != raw:
        raise TrustStoreError("another file stands where the key file would go", where=str(target), todo="Use --id.")
    fresh = not target.exists()
    target.parent.mkdir(parents=True, exist_ok=True)
    _write(target, raw)
    try:
        return Added(_replace(folder, path, text, key_id, before), path, False)
    except TrustStoreError:
        if fresh:
            target.unlink()
        raise


def _kept_as(new: NewKey, key_id: str) -> str:
    """Name of the key file in the registry."""
    suffix = Path(new.name).suffix.lower()
    return f"{new.vendor}/{key_id}{suffix if re.fullmatch(r'[.][a-z0-9]{1,8}', suffix) else '.key'}"


def _made_id(new: NewKey) -> str:
    stem = "sigstore" if new.identity else Path(new.name).name.partition(".")[0]
    return re.sub(r"[^a-z0-9]+", "-", stem.lower()).strip("-")[:64] or "key"


def _entry(new: NewKey, key: PublicKey | None, key_id: str, name: str) -> list[str]:
    """The lines of a new entry, without indentation."""
    lines = [f"- id: {key_id}"]
    if key is not None:
        lines += [f"  type: {file_type(key)}", f"  file: {_quoted(name)}", f"  spki-sha256: {key.fingerprint}"]
    else:
        lines += [f"  type: {SIGSTORE}", f"  identity: {_quoted(new.identity)}", f"  issuer: {_quoted(new.issuer)}"]
        lines += [f"  trusted-root: {_quoted(name)}"]
    lines += [f"  purposes: [{', '.join(new.purposes)}]", f"  products: [{', '.join(map(_quoted, new.products))}]"]
    if new.tofu:
        until = date.fromisoformat(new.when) + timedelta(days=TOFU_DAYS)
        lines += ["  status: tofu  # trusted on first use: confirm it, or it ends", f"  valid-to: {until.isoformat()}"]
    else:
        lines += ["  status: active"]
    fingerprint = key.fingerprint if key is not None and new.fingerprint else ""
    return [*lines, "  sources:", *(f"    {one}" for one in _source(new, fingerprint))]


def _source(new: NewKey, fingerprint: str) -> list[str]:
    lines = [f"- channel: {_quoted(new.channel)}", f"  who: {_quoted(new.who)}", f"  when: {new.when}"]
    return [*lines, f"  fingerprint: {fingerprint}"] if fingerprint else lines


def _quoted(text: str) -> str:
    """A double-quoted YAML scalar; JSON's quoting is a part of YAML's for printable text."""
    return json.dumps(text, ensure_ascii=False)


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


def _lines(path: Path) -> list[str]:
    """Lines as they stand, a carriage return included."""
    return path.read_bytes().decode("utf-8").removesuffix("\n").split("\n")


def _list(node: Node, name: str) -> tuple[Node, ...]:
    entry = (node.table or {}).get(name)
    return (entry.value.items or ()) if entry is not None else ()


def _value(node: Node, name: str) -> str:
    entry = (node.table or {}).get(name)
    return (entry.value.text or "") if entry is not None else ""


def _inserted(lines: list[str], items: tuple[Node, ...], entry: list[str]) -> str:
    """The file with `entry` after the last item of a block list: after every line indented deeper than its dash."""
    start = items[-1].line - 1 if items else -1
    dash = re.match(r"(\s*)- ", lines[start]) if items else None
    if dash is None:
        raise TrustStoreError("the list is not written as `- ` lines", todo=_paste(entry))
    end = start + 1
    for at in range(start + 1, len(lines)):
        depth = len(lines[at]) - len(lines[at].lstrip())
        if lines[at].strip() and depth <= len(dash[1]):
            break
        if lines[at].strip():
            end = at + 1
    return "\n".join((*lines[:end], *(dash[1] + one for one in entry), *lines[end:])) + "\n"


def _paste(entry: Iterable[str]) -> str:
    return "Add this by hand:\n    " + "\n    ".join(entry)


def _replace(folder: Path, path: Path, text: str, key_id: str, before: str) -> KeyRecord:
    """Load the new content; when it is the old plus this entry, put it in place."""
    was = {one.record.id: one for one in parse_vendor(before, path.name, folder).keys} if before else {}
    now = {one.record.id: one for one in parse_vendor(text, path.name, folder).keys}
    kept = all(now.get(name) == one for name, one in was.items() if name != key_id)
    if key_id not in now or not kept or len(now) != len({*was, key_id}):
        raise TrustStoreError("the entry cannot be inserted without changing others", where=str(path))
    _write(path, text.encode())
    return now[key_id].record


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".new")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except OSError as problem:
        Path(name).unlink(missing_ok=True)
        raise TrustStoreError(f"it cannot be written ({problem.strerror})", where=str(path)) from None
