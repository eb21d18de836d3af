"""`fwverify authenticate`: signatures and checksums alone. Mathematics, no judgement of keys, no look inside."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fwverify.cli import options, output, settings, status
from fwverify.errors import UsageError

if TYPE_CHECKING:
    from fwverify.authenticate.stage import Authenticated
    from fwverify.trust.store import TrustStore


@click.command()
@click.argument("paths", metavar="ARTIFACT...", nargs=-1, required=True, type=click.Path(path_type=Path))
@options.keys_option
@click.option("--key", "key_file", metavar="FILE", type=click.Path(path_type=Path), help="One public key file instead.")
@click.option("--scheme", default="", metavar="NAME", help="Only this scheme (see: fwverify formats).")
@options.at_option
@options.json_option
def authenticate(
    paths: tuple[Path, ...],
    keys_folder: Path | None,
    key_file: Path | None,
    scheme: str,
    at_time: str | None,
    as_json: bool,
) -> int:
    """Check signatures and checksums: which key, which bytes, holds or not. Judges no key and opens no file system.

    \b
    Example: fwverify authenticate firmware.bin firmware.bin.minisig --key vendor.pub

    Exit status: 0 when at least one signature holds and nothing fails; 1 when one signature or checksum does not
    hold; 3 when nothing could be checked.
    """
    if keys_folder is not None and key_file is not None:
        raise UsageError("--keys and --key contradict each other")
    found = _observe(paths, _trust(keys_folder, key_file), settings.moment(at_time), scheme)
    output.emit(_json(found) if as_json else _text(found))
    return _status(found)


def _trust(folder: Path | None, key_file: Path | None) -> TrustStore:
    if key_file is None:
        return settings.trust_of(folder)
    from fwverify.trust.registry import from_key_file

    return from_key_file(key_file)


def _observe(paths: tuple[Path, ...], trust: TrustStore, at: str, scheme: str) -> Authenticated:
    from fwverify.authenticate.registry import BUILTIN
    from fwverify.authenticate.stage import Inside, authenticate_delivery
    from fwverify.ingest.stage import ingest
    from fwverify.limits import DEFAULT_LIMITS
    from fwverify.model.artifact import Role
    from fwverify.trust.store import carried_keys

    schemes = tuple(one for one in BUILTIN if scheme in ("", one.name))
    if not schemes:
        names = ", ".join(one.name for one in BUILTIN)
        raise UsageError(f"there is no scheme {scheme!r}", where="--scheme", todo=f"There are: {names}.")
    delivery = ingest(paths, DEFAULT_LIMITS).delivery
    carried = carried_keys(delivery.of(Role.KEY))
    found = authenticate_delivery(delivery, carried, trust, at, schemes)
    inside = Inside(delivery, carried, trust, at, found, schemes)
    for image in delivery.of(Role.IMAGE):
        inside.check(image)
    return found


def _json(found: Authenticated) -> str:
    from fwverify.model.canonical import to_json

    shown = {
        name: to_json(getattr(found, name)) for name in ("signatures", "checksums", "bindings", "gaps")
    }  # fmt: skip
    return json.dumps(shown, indent=1) + "\n"


def _text(found: Authenticated) -> str:
    from fwverify.report.figures import blocks
    from fwverify.report.neutral import visible

    lines = []
    for one in found.signatures:
        subject = str(one.subject) if one.subject is not None else "no file here"
        by = f" by {', '.join(one.keys)}" if one.keys else ""
        key = f" key {blocks(one.fingerprint)}" if one.fingerprint else ""
        lines.append(f"{one.status.value}  {one.source} over {subject}  {one.scheme}{by}{key}: {one.detail}")
    for sum_ in found.checksums:
        state = "holds" if sum_.holds else "does not hold" if sum_.computed is not None else "names no file here"
        lines.append(f"{state}  {sum_.name}  {sum_.declared.algorithm} in {sum_.declared_in}")
    lines.extend(f"{gap.reason.value}  {gap.locator}: {gap.detail}" for gap in found.gaps)
    return "".join(f"{visible(line)}\n" for line in lines or ["no signature and no checksum was found"])


def _status(found: Authenticated) -> int:
    from fwverify.model.evidence import SignatureStatus

    states = {one.status for one in found.signatures}
    wrong = any(not one.holds and one.computed is not None for one in found.checksums)
    if wrong or SignatureStatus.INVALID in states:
        return status.FAIL
    return status.PASS if SignatureStatus.VALID in states else status.INCONCLUSIVE
