"""Revoking a pinned key: its entry stays, with the reason, from when on, and who says so.

Text is changed as `trust.registry_text` says. Does not do: deleting (an old verdict must stay explainable).
"""

from __future__ import annotations

from pathlib import Path

from fwverify.errors import UsageError
from fwverify.model.evidence import KeyRecord
from fwverify.trust.adding import check_texts, entry_named
from fwverify.trust.registry import load
from fwverify.trust.registry_text import entry_of, lines_of, quoted, replace, with_fields
from fwverify.trust.schema import moment

DISTRUST = ("always", "after")


def revoke_key(folder: Path, name: str, *, reason: str, distrust: str, date: str, who: str) -> KeyRecord:
    """Withdraw a key.

    Args:
        folder: the registry.
        name: `vendor/id`.
        reason: plain words.
        distrust: `always`, also what was signed before the date; `after`, only what is signed from then on.
        date: YYYY-MM-DD or RFC 3339: when the key was lost, not when we heard of it.
        who: says so.

    Raises:
        UsageError: no such key, already revoked, or something given is not usable.
        TrustStoreError: the registry cannot be read or changed.
    """
    check_texts({"--reason": reason, "--by": who})
    if distrust not in DISTRUST:
        raise UsageError(f"{distrust!r} is not one of {', '.join(DISTRUST)}", where="--distrust")
    try:
        moment(date)
    except ValueError:
        raise UsageError(f"{date!r} is no date", where="--date", todo="Write 2026-11-22.") from None
    record = entry_named(folder, name).record
    path = folder / f"{record.vendor}.yaml"
    if record.status == "revoked" or record.revocation_date:
        todo = f"To change how far it is distrusted, edit {path}."
        raise UsageError(
            f"{name} has a revocation already ({record.revocation_date[:10]})", where="VENDOR/ID", todo=todo
        )
    lines = lines_of(path)
    told = f"revocation: {{date: {date}, reason: {quoted(reason)}, distrust: {distrust}, who: {quoted(who)}}}"
    changed = with_fields(lines, entry_of(lines, record.id), {"status": "revoked"}, [told])
    return replace(folder, path, changed, record.id, "\n".join(lines) + "\n")


def _refuse_twin(folder: Path, record: KeyRecord, distrust: str) -> None:
    """A key that is never to be believed again must not stay in force under another name."""
    if distrust != "always" or not record.fingerprint:
        return
    for one in load(folder).keys:
        twin = one.record
        same = twin.fingerprint == record.fingerprint and twin.name != record.name
        if same and twin.status not in ("revoked", "suspended"):
            todo = f"Suspend {twin.name} first ('status: suspended' in its file), then revoke this one."
            raise UsageError(f"the same key is in force as {twin.name}", where="VENDOR/ID", todo=todo)
