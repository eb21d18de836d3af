"""`fwverify evidence log`: the append-only log of decisions."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fwverify import __version__
from fwverify.cli import options, output, settings, status
from fwverify.cli.evidence_keygen import passphrase_option, public_keys, read_key, signers, site_key_option
from fwverify.cli.evidence_verify import EXIT, WORDS, line_texts
from fwverify.errors import RecordError, UsageError

if TYPE_CHECKING:
    from fwverify.records.log import Log
    from fwverify.records.notes import Proof
    from fwverify.records.signing import Signer, SiteKey

DIGITS = 16
"""Of a digest, in a table."""


def folder_argument(command: Any) -> Any:
    return click.argument("folder", metavar="LOG", type=click.Path(path_type=Path))(command)


def sign_option(command: Any) -> Any:
    help_ = "The log's private key: Ed25519, PEM (fwverify evidence keygen)."
    path = click.Path(path_type=Path)
    return click.option("--sign", "sign_with", metavar="KEYFILE", required=True, type=path, help=help_)(command)


@click.group()
def log() -> None:
    """The append-only log of decisions: what was decided, when, by digests alone.

    \b
    Example: fwverify evidence log verify decisions/ --site-key site.pem.pub --checkpoint kept.txt

    Each entry is a leaf of a signed Merkle tree. Keep checkpoints elsewhere (another person, paper, another site):
    against a kept one it shows when an entry was changed or removed, or the log was made anew.
    """


@log.command()
@folder_argument
@click.option("--origin", required=True, metavar="NAME", help="Its name: site-a.example/firmware-decisions")
@sign_option
@passphrase_option
def new(folder: Path, origin: str, sign_with: Path, passphrase_file: Path | None) -> int:
    """Begin a log without entries.

    \b
    Example: fwverify evidence log new decisions/ --origin site-a.example/log --sign site.pem
    """
    from fwverify.records import notes
    from fwverify.records.log import create

    signer, key = log_key(sign_with, passphrase_file)
    create(folder, origin, signer, key)
    output.emit(f"{folder}: a log named {origin}, 0 entries\nverifier key  {notes.verifier_key(origin, key.spki)}\n")
    return status.PASS


@log.command()
@folder_argument
@click.argument("pack", metavar="PACK", type=click.Path(path_type=Path))
@sign_option
@passphrase_option
@options.at_option
def append(folder: Path, pack: Path, sign_with: Path, passphrase_file: Path | None, at_time: str | None) -> int:
    """Append the decision of a pack; never twice.

    \b
    Example: fwverify evidence log append decisions/ CHG-10422.zip --sign site.pem

    `evidence pack --log` does this and puts the proof into the pack. Here the pack stays as it is. A pack in which
    something differs (evidence verify) is not entered.
    """
    from fwverify.records.attested import Anchors
    from fwverify.records.checking import check as check_pack
    from fwverify.records.checking import read_report
    from fwverify.records.lines import Result
    from fwverify.records.storing import NotAPack, open_pack

    try:
        stored = open_pack(pack)
        if stored.faults:
            raise NotAPack(stored.faults[0])
        report = read_report(stored)
        wrong = [one for one in check_pack(stored, Anchors(tool=__version__)).lines if one.result is Result.DIFFERS]
        if wrong:
            raise NotAPack(f"does not hold ({wrong[0].name}: {wrong[0].text})")
    except NotAPack as problem:
        raise RecordError(str(problem), where=str(pack), todo="Look first: fwverify evidence verify") from None
    signer, key = log_key(sign_with, passphrase_file)
    proof = appended(folder, report.raw, report.assessment.verdict, settings.moment(at_time), signer, key)
    output.emit(f"entry {proof.index} of {folder}\n")
    return status.PASS


def appended(folder: Path, report: bytes, verdict: object, at: str, signer: Signer, key: SiteKey) -> Proof:
    """Append what a report decided. Raises RecordError."""
    import hashlib

    from fwverify.model.verdict import Verdict
    from fwverify.records import log as logs

    assert isinstance(verdict, Verdict)  # noqa: S101 - narrows the type without importing it for --help
    entry = logs.Entry(
        at, verdict.decision.value, hashlib.sha256(report).hexdigest(), verdict.evidence_digest, verdict.policy_digest
    )
    return logs.append(folder, entry, signer, key)


@log.command()
@folder_argument
@site_key_option
@click.option(
    "--checkpoint", "kept", metavar="FILE", multiple=True, type=click.Path(path_type=Path),
    help="A checkpoint that was kept elsewhere; may be repeated.",
)  # fmt: skip
@options.json_option
def verify(folder: Path, site_keys: tuple[Path, ...], kept: tuple[Path, ...], as_json: bool) -> int:
    """Check a log: signature, entries, kept checkpoints.

    \b
    Example: fwverify evidence log verify decisions/ --site-key site.pem.pub --checkpoint kept.txt

    Exit status: 0 all holds, 1 something differs, 3 something could not be checked (no key given), 2 usage.
    """
    from fwverify.records import log as logs
    from fwverify.records.checking import Checked
    from fwverify.records.log_checking import check

    settings.refuse_inside((folder,), None, None, (*site_keys, *kept))
    found = logs.read(folder)
    lines = check(found, public_keys(site_keys), [(str(one), read_key(one)) for one in kept])
    checked = Checked(lines)
    if as_json:
        names = ("name", "result", "text", "details", "needed")
        rows = [{name: getattr(one, name) for name in names} for one in lines]
        output.emit(json.dumps({"result": checked.result.value, "lines": rows}, indent=1) + "\n")
    else:
        head = f"{WORDS[checked.result]}  {folder}"
        output.emit("\n".join((head, *(text for one in lines for text in line_texts(one)))) + "\n")
    return EXIT[checked.result]


@log.command()
@folder_argument
@options.json_option
def show(folder: Path, as_json: bool) -> int:
    """List the entries, oldest first. Nothing is checked; `log verify` does that.

    \b
    Example: fwverify evidence log show decisions/
    """
    from fwverify.records import log as logs
    from fwverify.report.neutral import shortened

    found = logs.read(folder)
    rows = [(at, logs.entry_of(line, at)) for at, line in enumerate(found.lines)]
    if as_json:
        output.emit("".join(line.decode("utf-8", "backslashreplace") + "\n" for line in found.lines))
        return status.PASS
    for at, entry in rows:
        if entry is None:
            output.emit(f"{at:>5}  (no entry of this place)\n")
            continue
        cells = (shortened(one, DIGITS) for one in (entry.decision, entry.report[:DIGITS], entry.policy[:DIGITS]))
        decision, report, policy = cells
        output.emit(f"{at:>5}  {shortened(entry.time, 20):<20}  {decision:<12}  report {report}  policy {policy}\n")
    return status.PASS


@log.command()
@folder_argument
@click.option("-o", "target", metavar="FILE", type=click.Path(path_type=Path), help="Write to FILE.  [default: print]")
def checkpoint(folder: Path, target: Path | None) -> int:
    """Export the newest checkpoint, to be kept elsewhere.

    \b
    Example: fwverify evidence log checkpoint decisions/ -o kept-2026-11-23.txt
    """
    from fwverify.records import log as logs

    _written(logs.read(folder).note, target)
    return status.PASS


@log.command()
@folder_argument
@click.option("--index", type=click.IntRange(0), help="Prove that this entry is in the log (c2sp.org/tlog-proof).")
@click.option(
    "--since", metavar="FILE", type=click.Path(path_type=Path), help="Prove that it only grew since this checkpoint."
)
@click.option("-o", "target", metavar="FILE", type=click.Path(path_type=Path), help="Write to FILE.  [default: print]")
def proof(folder: Path, index: int | None, since: Path | None, target: Path | None) -> int:
    """Export a proof that can be checked without the log.

    \b
    Example: fwverify evidence log proof decisions/ --index 3 -o entry-3.tlog-proof
    """
    from fwverify.records import log as logs
    from fwverify.records import notes

    if (index is None) == (since is None):
        raise UsageError("say which: --index or --since")
    found = logs.read(folder)
    if wrong := logs.problems(found):
        raise RecordError(f"the log does not hold: {wrong[0]}", where=str(folder))
    text = notes.proof_text(found.proof(index)) if index is not None else _grown(found, since or Path())
    _written(text, target)
    return status.PASS


def _grown(found: Log, since: Path) -> str:
    """Consistency with an older checkpoint: its size, the hashes, and the newest checkpoint."""
    from fwverify.model.examining import Malformed
    from fwverify.records import merkle, notes

    try:
        old = notes.read(read_key(since))
    except Malformed as problem:
        raise RecordError(f"is no checkpoint: {problem.reason}", where=str(since)) from None
    if not 0 < old.size <= len(found.lines):
        raise RecordError(f"is of {old.size} entries; the log has {len(found.lines)}", where=str(since))
    hashes = [base64.b64encode(one).decode() for one in merkle.consistency(old.size, found.leaves())]
    return "\n".join((f"old {old.size}", *hashes)) + "\n\n" + found.note


def _written(text: str, target: Path | None) -> None:
    if target is None:
        output.emit(text)
    else:
        output.write_whole(output.check_target(target, (), "-o"), text.encode(), "-o")


def log_key(sign_with: Path, passphrase_file: Path | None) -> tuple[Signer, SiteKey]:
    """The log's key, both halves. Raises RecordError when it is no Ed25519 key."""
    (signer,) = signers((sign_with,), passphrase_file)
    return signer, ed25519(signer, str(sign_with))


def ed25519(signer: Signer, source: str) -> SiteKey:
    """The public half. Raises RecordError when it is no Ed25519 key."""
    from fwverify.records.signing import public_half

    key = public_half(signer, source)
    if key is None:
        todo = "Notes of a log are signed with Ed25519: fwverify evidence keygen FILE"
        raise RecordError("is no Ed25519 key", where=source, todo=todo)
    return key
