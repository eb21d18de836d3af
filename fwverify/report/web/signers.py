"""Who signed what, which checksums there were, and which keys the operator had on record. Pure."""

from __future__ import annotations

from fwverify.model.evidence import ChecksumObservation, KeyRecord, SignatureObservation, SignatureStatus
from fwverify.report import reading as r
from fwverify.report.figures import blocks, count, listed
from fwverify.report.neutral import shortened
from fwverify.report.reading import Reading
from fwverify.report.web.tables import Cell, Column, Row, Table, left_out, text

MAX_ROWS = 500
STATUS = {
    SignatureStatus.VALID: ("intact, but the key does not count here", "open"),
    SignatureStatus.UNKNOWN_KEY: ("intact, but the key is not on your record", "bad"),
    SignatureStatus.INVALID: ("does not hold", "bad"),
    SignatureStatus.UNVERIFIABLE: ("could not be checked", "open"),
}
COUNTS = ("holds, and the key counts", "good")


def signature_table(reading: Reading) -> Table:
    """Every signature that was found."""
    found = reading.evidence.signatures
    rows = tuple(_signature(reading, one) for one in found[:MAX_ROWS])
    columns = (Column("signature", "name"), Column("result"), Column("by"), Column("over"), Column("made with"))
    more = left_out(len(found), len(rows), "signatures")
    return Table("signatures", "Signatures found, each checked", columns, rows, more=more)


def _signature(reading: Reading, one: SignatureObservation) -> Row:
    words, style = COUNTS if r.accepted(reading, one) else STATUS[one.status]
    covered = sum(part.size for part in (*one.covers, *one.carries))
    subject = str(one.subject) if one.subject is not None else "no file here"
    made = " ".join([one.algorithm, *(f"{name}={value}" for name, value in one.parameters)]).strip()
    when = f"{one.signed_at} ({one.time_source or 'unproven'})" if one.signed_at else "no time stated"
    return Row((
        text(str(one.source), notes=(one.scheme,)),
        text(words, style, notes=(one.detail, *one.oddities[:5])),
        _by(one),
        text(subject, notes=(f"{count(covered)} bytes" if covered else "", *_states(one))),
        text(made or "not known", notes=(when,)),
    ))  # fmt: skip


def _states(one: SignatureObservation) -> tuple[str, ...]:
    said = listed([f"{name} {value}" for name, value in one.states], 6)
    return (f"signed bytes say: {said}",) if said else ()


def _by(one: SignatureObservation) -> Cell:
    print_ = f"key {blocks(one.fingerprint)}" if one.fingerprint else ""
    notes = [
        print_,
        "this key came inside the delivery: worth nothing by itself" if one.carried else "",
        f"issuer {one.issuer}" if one.issuer else "",
        *(f"certificate {shortened(link.subject, 120)}, until {link.not_after[:10]}" for link in one.path[:6]),
    ]
    return text(listed(one.keys) or one.identity or "nobody on your record", notes=tuple(notes))


def checksum_table(reading: Reading) -> Table:
    """Checksums, the outer ones first."""
    found = sorted(reading.evidence.checksums, key=lambda one: (one.holds, one.inner))
    rows = tuple(_checksum(one) for one in found[:MAX_ROWS])
    columns = (Column("of", "name"), Column("result"), Column("said by"), Column("value", "hex"))
    more = left_out(len(found), len(rows), "checksums")
    return Table("checksums", "Checksums, compared with the bytes", columns, rows, more=more)


def _checksum(one: ChecksumObservation) -> Row:
    words, style = ("holds", "good") if one.holds else ("DOES NOT HOLD", "bad")
    if not one.holds and one.computed is None:
        words, style = "names no file here", "open"
    source = "you" if one.declared_in is None else str(one.declared_in)
    kind = "inside the image: shows damage, not origin" if one.inner else ""
    value = [one.declared.hex]
    if one.computed is not None and not one.holds:
        value = ["should be", one.declared.hex, "is", one.computed.hex]
    return Row((
        text(str(one.subject) if one.subject else one.name, limit=200),
        text(words, style, notes=(one.detail,)),
        text(source, limit=200, notes=(one.channel, kind)),
        text(f"{one.declared.algorithm}", notes=tuple(value)),
    ))  # fmt: skip


def key_table(reading: Reading) -> Table:
    """The key registry as it was used: what the answer rests on."""
    signers = {name for one in reading.evidence.signatures if r.accepted(reading, one) for name in one.keys}
    keys = sorted(reading.evidence.trust.keys, key=lambda one: (one.name not in signers, one.name))
    rows = tuple(_key(one, one.name in signers) for one in keys[:MAX_ROWS])
    columns = (
        Column("key", "name"), Column("here"), Column("fingerprint (SHA-256)", "hex"), Column("for"),
        Column("learned and confirmed by"),
    )  # fmt: skip
    more = left_out(len(keys), len(rows), "keys")
    return Table("keys", "Keys on your record when this was judged", columns, rows, more=more)


def _key(one: KeyRecord, signed: bool) -> Row:
    sources = tuple(" ".join(filter(None, (how.channel, how.who, how.when))) for how in one.sources)
    print_ = one.fingerprint or one.identity
    status = "" if one.status == "active" else f"{one.status} {one.revocation_date} {one.revocation_reason}".strip()
    return Row((
        text(one.name, notes=(one.legal_name, "sample key: proves nothing" if one.sample else "")),
        text(*(("counted", "good") if signed else ("signed nothing that counts", "quiet")), notes=(status,)),
        text(print_, limit=300),
        text(", ".join(one.purposes), notes=(f"products {listed(one.products, 4)}" if one.products else "",)),
        text(sources[0] if sources else "nobody", notes=sources[1:6]),
    ))  # fmt: skip
