"""The change a verdict is for, as options of a command: unit, ticket, window, people, approved release, way back.

All of it is the operator's word, and none of it may lie in the delivery.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from fwverify.cli import settings
from fwverify.errors import UsageError

if TYPE_CHECKING:
    from fwverify.assets.register import Unit
    from fwverify.model.change import ApprovedRelease, ChangeRecord
    from fwverify.model.evidence import Evidence
    from fwverify.model.expectation import Expectation

F = TypeVar("F", bound=Callable[..., Any])
MAX_FILE_BYTES = 4 << 20
"""A register of 10,000 units has about 2 MiB."""
REGISTER = "assets.yaml"
_FILE = click.Path(path_type=Path)
OPTIONS = (
    click.option("--asset", default="", metavar="ID", help="The unit it is for, in your asset register."),
    click.option("--assets", "register", metavar="FILE", type=_FILE,
                 help=f"Your asset register.  [default: {REGISTER} of your configuration folder]"),
    click.option("--baseline", metavar="FILE", type=_FILE,
                 help="The approved release: evidence, or a file of 'fwverify baseline'.  [default: the unit's]"),
    click.option("--rollback", metavar="PATH", type=_FILE, help="The delivery you would go back to: verified alike."),
    click.option("--change", "ticket", default="", metavar="TICKET", help="The change this is for."),
    click.option("--window", default="", metavar="TEXT",
                 help='When: "2026-11-25T02:00/05:00 Europe/Berlin", or two times in UTC.'),
    click.option("--requested-by", default="", metavar="NAME", help="Who asked for the change."),
    click.option("--approved-by", default="", metavar="NAME", help="Who agreed to it."),
    click.option("--going-back", default="", metavar="REASON", help="An older release is meant, and why."),
    click.option("--checklist", metavar="FILE", type=_FILE, help="What was looked at after the update, filled in."),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Held:
    """What the delivery is held against."""

    approved: Evidence | None = None
    release: ApprovedRelease | None = None
    rollback: tuple[Path, ...] = ()


def change_options(command: F) -> F:
    """Add the options; the command gets `held`, and `expected` completed by the unit and the record."""

    @functools.wraps(command)
    def wrapped(
        expected: Expectation,
        asset: str,
        register: Path | None,
        baseline: Path | None,
        rollback: Path | None,
        ticket: str,
        window: str,
        requested_by: str,
        approved_by: str,
        going_back: str,
        checklist: Path | None,
        **others: Any,
    ) -> Any:
        paths: tuple[Path, ...] = tuple(others.get("paths", ()))
        paths = (*paths, rollback) if rollback is not None else paths
        settings.refuse_inside(paths, None, None, assets=register, baseline=baseline, checklist=checklist)
        unit, folder = _unit(asset, register)
        record = _record(ticket, window, requested_by, approved_by, going_back, checklist)
        if unit is not None:
            expected = _completed(expected, unit)
            record = replace(record, asset=unit.id, asset_words=unit.words)
            baseline = baseline or (folder / unit.baseline if unit.baseline else None)
            settings.refuse_inside(paths, None, None, baseline=baseline)
        done = record.checklist
        if done is not None and done.asset and asset and done.asset != asset:
            raise UsageError(f"is of {done.asset}, not of {asset}", where=f"--checklist {checklist}")
        if rollback is not None and not rollback.exists():
            raise UsageError("there is no such file or folder", where=f"--rollback {rollback}")
        approved, release = read_baseline(baseline) if baseline is not None else (None, None)
        if approved is not None:
            _refuse_other(approved, expected, f"--baseline {baseline}")
        expected = replace(expected, change=record, baseline=_signers(approved) if approved is not None else ())
        held = Held(approved, release, (rollback,) if rollback is not None else ())
        return command(expected=expected, held=held, **others)

    for option in reversed(OPTIONS):
        wrapped = option(wrapped)
    return wrapped  # type: ignore[return-value]  # two arguments in place of many


def _record(
    ticket: str, window: str, requested_by: str, approved_by: str, going_back: str, checklist: Path | None
) -> ChangeRecord:
    from fwverify.assets.checklist import parse_checklist
    from fwverify.assets.window import parse_window
    from fwverify.model.change import ChangeRecord

    said = (("--change", ticket), ("--requested-by", requested_by), ("--approved-by", approved_by),
            ("--going-back", going_back))  # fmt: skip
    for option, text in said:
        settings.one_line(text, option)
    times = parse_window(window) if window else None
    done = parse_checklist(read_text(checklist), str(checklist)) if checklist is not None else None
    if done is not None and ticket and done.change and done.change != ticket:
        raise UsageError(f"is of {done.change}, not of {ticket}", where=f"--checklist {checklist}")
    return ChangeRecord(
        ticket=ticket.strip(),
        requested_by=requested_by.strip(),
        approved_by=approved_by.strip(),
        window=window.strip(),
        window_start=times.start if times else "",
        window_end=times.end if times else "",
        going_back=going_back.strip(),
        checklist=done,
    )


def _refuse_other(approved: Evidence, expected: Expectation, where: str) -> None:
    """What was approved for another product says nothing about this one. Raises UsageError."""
    then = approved.expectation
    for old, new in ((then.vendor, expected.vendor), (then.product, expected.product)):
        if old and new and old.casefold() != new.casefold():
            raise UsageError(f"is of {old}, not of {new}", where=where, todo="Name the one of this product.")


def register_of(path: Path | None) -> Path:
    """The register of --assets, else of the user's folder, there or not."""
    return path if path is not None else settings.user_folder() / REGISTER


def _unit(asset: str, register: Path | None) -> tuple[Unit | None, Path]:
    """The unit, and the folder its baseline is named from."""
    path = register_of(register)
    if not asset:
        if register is not None:
            raise UsageError("names units, but none is chosen", where="--assets", todo="Add --asset ID.")
        return None, path.parent
    from fwverify.assets.register import parse_register

    if not path.is_file():
        raise UsageError("there is no such register", where=str(path), todo="Name it with --assets FILE.")
    return parse_register(read_text(path), str(path)).unit(asset), path.parent


def _completed(expected: Expectation, unit: Unit) -> Expectation:
    """What the unit says where no option does. Raises UsageError where they contradict each other."""
    for option, mine, theirs in (("--vendor", expected.vendor, unit.vendor),
                                 ("--product", expected.product, unit.product),
                                 ("--installed", expected.installed, unit.installed)):  # fmt: skip
        if mine and theirs and mine != theirs:
            raise UsageError(
                f"says {mine!r}, the register says {theirs!r} for {unit.id}", where=option,
                todo="Leave the option away, or put the register right.",
            )  # fmt: skip
    device = dict(unit.device)
    for name, value in expected.device:
        if device.setdefault(name, value) != value:
            raise UsageError(f"says {name}={value}, the register says {device[name]}", where="--device")
    return replace(
        expected,
        vendor=expected.vendor or unit.vendor,
        product=expected.product or unit.product,
        installed=expected.installed or unit.installed,
        device=tuple(sorted(device.items())),
        source="options" if expected.installed or not unit.installed else f"the register ({unit.id})",
    )


def read_baseline(path: Path) -> tuple[Evidence, ApprovedRelease | None]:
    """Evidence of the approved release, and what a baseline file knows of it. Raises UsageError."""
    import json

    from fwverify.assets import baselines
    from fwverify.cli.reassess import read_evidence, read_stored

    raw = read_stored(path)
    try:
        if baselines.is_baseline(json.loads(raw)):
            found = baselines.from_bytes(raw, str(path))
            return found.evidence, found.release()
    except (ValueError, RecursionError):
        pass  # read_evidence says what is wrong with it
    return read_evidence(path), None


def _signers(evidence: Evidence) -> tuple[tuple[str, str], ...]:
    """(scheme, registry entry) of every signature that held for the approved release."""
    from fwverify.model.evidence import SignatureStatus

    held = [one for one in evidence.signatures if one.status is SignatureStatus.VALID]
    return tuple(sorted({(one.scheme, key) for one in held for key in one.keys}))


def read_text(path: Path) -> str:
    """A small file of the operator's. Raises UsageError."""
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_FILE_BYTES + 1)
    except OSError as problem:
        todo = "Name one file." if path.is_dir() else "Check the path you typed."
        raise UsageError(f"cannot be read: {problem.strerror or problem}", where=str(path), todo=todo) from None
    if len(raw) > MAX_FILE_BYTES:
        raise UsageError(f"larger than {MAX_FILE_BYTES} bytes", where=str(path))
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as problem:
        raise UsageError(f"not UTF-8 text (byte {problem.start})", where=str(path)) from None
