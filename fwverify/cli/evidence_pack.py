"""`fwverify evidence pack`: a decision with all it rests on, as one file that checks itself."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fwverify import __version__
from fwverify.cli import options, output, settings, status
from fwverify.cli.evidence_keygen import passphrase_option, sign_option, signers
from fwverify.cli.evidence_time import stamp_of, tsa_certificates
from fwverify.errors import RecordError, UsageError

if TYPE_CHECKING:
    from fwverify.model.canonical import Json
    from fwverify.model.evidence import Evidence
    from fwverify.model.verdict import Assessment
    from fwverify.records.packing import Basis
    from fwverify.records.signing import Signer
    from fwverify.records.storing import Contents


@dataclass(frozen=True, slots=True)
class Source:
    """What is to be packed."""

    file: Path
    evidence: Evidence
    verdict: dict[str, Json] | None
    """Of the report that was made then; None: there is none beside the evidence."""


@click.command()
@click.argument("source", metavar="EVIDENCE|OUT-DIR", type=click.Path(path_type=Path))
@options.policy_option
@options.keys_option
@options.waivers_option
@click.option(
    "--at", "at_time", metavar="TIME", help="Judge as of this time.  [default: that of the report or evidence]"
)
@sign_option
@passphrase_option
@click.option(
    "--include-image", "images", metavar="DELIVERY", multiple=True, type=click.Path(path_type=Path),
    help="Copy the judged files too, from this folder or file (where the contract allows).",
)  # fmt: skip
@click.option(
    "--log", "log_folder", metavar="DIR", type=click.Path(path_type=Path),
    help="Enter the decision in this log (evidence log) and pack the proof; the first --sign key is the log's.",
)  # fmt: skip
@click.option(
    "--tsa", metavar="URL", help="Have this timestamping authority stamp report.json (RFC 3161; asks the network)."
)
@click.option(
    "--tsr", metavar="FILE", type=click.Path(path_type=Path),
    help="Its answer, fetched on another machine:  openssl ts -query -data report.json -sha256 -cert",
)  # fmt: skip
@click.option(
    "--tsa-cert", metavar="FILE", type=click.Path(path_type=Path),
    help="Certificate of the authority, or the root above it, PEM: its answer is checked before it is packed.",
)  # fmt: skip
@click.option(
    "-o", "target", metavar="PACK", required=True, type=click.Path(path_type=Path),
    help="Where to: NAME.zip, or the name of a new folder.",
)  # fmt: skip
def pack(
    source: Path,
    policy_name: str | None,
    keys_folder: Path | None,
    waivers_path: Path | None,
    at_time: str | None,
    sign_with: tuple[Path, ...],
    passphrase_file: Path | None,
    images: tuple[Path, ...],
    log_folder: Path | None,
    tsa: str | None,
    tsr: Path | None,
    tsa_cert: Path | None,
    target: Path,
) -> int:
    """Put a decision with all it rests on into one file: report, facts, policy, keys, waivers, digests, signatures.

    \b
    Example: fwverify evidence pack out/ --keys keys --sign site.pem -o CHG-1.zip

    OUT-DIR is the folder of `verify --out`; EVIDENCE is evidence or a JSON report. Give the same --policy, --keys and
    --waivers as then: the facts are judged again with them, and where the report of that time says otherwise, or the
    keys are not those the facts name, there is no pack. So what was judged is exactly what is packed.

    Exit status: 0 packed (whatever the decision was), 2 not packed.
    """
    from fwverify.records import packing

    settings.refuse_inside(images, policy_name, keys_folder, sign_with, waivers=waivers_path, tsa_cert=tsa_cert)
    certificates = tsa_certificates(tsa, tsr, tsa_cert)
    found = _source(source)
    _refuse_target(target, images)
    basis = _basis(found, policy_name, keys_folder, waivers_path)
    assessment = _judged(found, basis, at_time)
    exit_status = status.OF_DECISION[assessment.verdict.decision]
    made = signers(sign_with, passphrase_file)
    copies = _images(found.evidence, images)
    stamp = stamp_of(packing.report_document(assessment, exit_status), tsa, tsr, certificates)
    logged = _logged(log_folder, assessment, exit_status, made, sign_with) if log_folder is not None else {}
    extras = packing.Extras(images=copies, log=logged, stamp=stamp)
    _write(target, packing.contents(assessment, basis, exit_status, __version__, extras, made))
    output.emit(_told(target, assessment, signed=bool(made)))
    return status.PASS


def _source(path: Path) -> Source:
    """Evidence, and the report beside it or around it. Raises UsageError."""
    import json

    from fwverify.cli.reassess import read_evidence

    report = path
    if path.is_dir():
        there = sorted(path.glob("*.evidence.json"))
        if len(there) != 1:
            what = "there is no evidence in this folder" if not there else f"there are {len(there)} evidence files"
            raise UsageError(what, where=str(path), todo="Name the evidence file itself.")
        path = there[0]
        report = path.with_name(path.name.removesuffix(".evidence.json") + ".json")
    evidence = read_evidence(path)
    if not report.is_file():
        return Source(path, evidence, None)
    read_evidence(report)
    document = json.loads(report.read_bytes())
    verdict = document.get("verdict")
    return Source(path, evidence, verdict if isinstance(verdict, dict) else None)


def _basis(found: Source, policy: str | None, keys: Path | None, waivers: Path | None) -> Basis:
    """The texts and files that go into the pack. Raises what reading them raises; RecordError for other keys."""
    from fwverify.cli.policies_io import load_policy
    from fwverify.cli.waivers_io import files, read
    from fwverify.records.packing import Basis
    from fwverify.trust.registry import load_with_files

    texts: list[tuple[str, str]] = []
    load_policy(settings.policy_name(policy), texts)
    trust = found.evidence.trust
    own = settings.user_folder()
    folder = keys or (own / "keys" if (own / "keys").is_dir() else None)
    registry: dict[str, bytes] = {}
    if trust.digest:
        if folder is None:
            raise UsageError("the facts were established with keys", todo="Name the same registry with --keys DIR.")
        store, registry = load_with_files(folder)
        if store.digest != trust.digest:
            what = f"this registry is {store.digest[:16]}..., the facts were established with {trust.digest[:16]}..."
            todo = "Name the registry as it was then, or verify again with this one."
            raise RecordError(what, where=f"--keys {folder}", todo=todo)
    elif keys is not None:
        raise RecordError("the facts were established without keys", where=f"--keys {keys}", todo="Leave it out.")
    given = waivers or (own / "waivers" if (own / "waivers").is_dir() else None)
    listed = files(given) if given is not None else []
    return Basis(tuple(texts), trust.source, registry, tuple((str(one), read(one)) for one in listed))


def _judged(found: Source, basis: Basis, at_time: str | None) -> Assessment:
    """The facts judged by the texts that are packed. Raises RecordError where the report of then says otherwise."""
    from fwverify.records import rejudging

    then = str(found.verdict.get("judged_at", "")) if found.verdict is not None else ""
    at = settings.moment(at_time or then or found.evidence.at)
    policy, waivers = rejudging.policy_of(basis.policies), rejudging.waivers_of(basis.waivers)
    assessment = rejudging.judge(found.evidence, policy, at, waivers)
    if found.verdict is not None:
        differ = rejudging.compare(found.verdict, assessment.verdict).different
        if differ:
            more = f" (and {len(differ) - 1} more)" if len(differ) > 1 else ""
            todo = "Give --policy, --keys, --waivers and --at as you did for verify."
            what = f"the report of then says otherwise: {differ[0]}{more}"
            raise RecordError(what, where=str(found.file), todo=todo)
    return assessment


def _logged(
    folder: Path, assessment: Assessment, exit_status: int, made: Sequence[Signer], files: Sequence[Path]
) -> dict[str, bytes]:
    """Enter the decision in the log. Returns what of it goes into the pack. Raises RecordError."""
    from fwverify.cli.evidence_log import appended, ed25519
    from fwverify.records import layout, log, notes, packing

    if not made:
        raise UsageError("needs the log's key", where="--log", todo="Add --sign KEYFILE.")
    key = ed25519(made[0], str(files[0]))
    report = packing.report_document(assessment, exit_status)
    proof = appended(folder, report, assessment.verdict, settings.now(), made[0], key)
    return {
        layout.LOG_ENTRY: log.read(folder).lines[proof.index],
        layout.LOG_PROOF: notes.proof_text(proof).encode(),
        layout.LOG_CHECKPOINT: proof.checkpoint.encode(),
    }


def _images(evidence: Evidence, paths: tuple[Path, ...]) -> dict[str, Path]:
    """SHA-256 -> file of everything that was judged. Raises RecordError when one is not there or is another."""
    import hashlib

    from fwverify.records.packing import inputs

    found: dict[str, Path] = {}
    for name, (digest, _) in inputs(evidence).items() if paths else ():
        for one in paths:
            file = one / name if one.is_dir() else one.parent / name  # what lay beside a file belongs to it
            if digest not in found and file.is_file():
                with file.open("rb") as handle:
                    if hashlib.file_digest(handle, "sha256").hexdigest() == digest:
                        found[digest] = file
        if digest not in found:
            todo = "Name the delivery that was judged."
            raise RecordError(
                f"{name} is not there, or not the file that was judged", where="--include-image", todo=todo
            )
    return found


def _refuse_target(target: Path, images: tuple[Path, ...]) -> None:
    if target.suffix == ".zip":
        output.check_target(target, images, "-o")
    elif target.exists() or target.is_symlink():
        raise UsageError("is there already", where=str(target), todo="Name a new folder, or NAME.zip.")
    else:
        output.check_target(target, images, "-o")


def _write(target: Path, contents: Contents) -> None:
    """All of it under the final name, or nothing."""
    from fwverify.records.storing import write_folder, write_zip

    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        if target.suffix == ".zip":
            with part.open("xb") as file:
                write_zip(file, contents)
                file.flush()
                os.fsync(file.fileno())
        else:
            part.mkdir()
            write_folder(part, contents)
        part.replace(target)
    except OSError as problem:
        raise UsageError(f"cannot be written: {problem.strerror}", where=str(target)) from None
    finally:
        if part.is_dir():
            shutil.rmtree(part)
        part.unlink(missing_ok=True)


def _told(target: Path, assessment: Assessment, *, signed: bool) -> str:
    import hashlib

    from fwverify.report.neutral import visible

    verdict = assessment.verdict
    text = f"{visible(str(target))}\n  {verdict.decision.value.upper()}  {visible(assessment.evidence.delivery)}"
    text += f", judged at {verdict.judged_at} by {visible(verdict.policy_id)} {visible(verdict.policy_version)}\n"
    if target.is_file():
        with target.open("rb") as file:
            text += f"  sha256 {hashlib.file_digest(file, 'sha256').hexdigest()}\n"
    if not signed:
        text += "  Not signed: keep its SHA-256 where nobody can change it, or sign it (--sign).\n"
    return (
        text + f"  Check it:  fwverify evidence verify {visible(str(target))}{' --site-key FILE' if signed else ''}\n"
    )
