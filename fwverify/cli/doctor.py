"""`fwverify doctor`: what this installation has, which protections hold, where it looks. Changes nothing."""

from __future__ import annotations

import platform
import re
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import click

from fwverify import __version__
from fwverify.cli import options, output, settings, status
from fwverify.errors import FwverifyError

_NAME = re.compile(r"[A-Za-z0-9._-]+")
"""Of a distribution, at the beginning of a requirement (PyPA dependency specifiers)."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One thing looked at."""

    about: str
    found: str
    good: bool = True
    """False: fwverify will not work as it should."""


@click.command()
@options.json_option
def doctor(as_json: bool) -> int:
    """Say what this installation has: libraries, protections, and where policies and keys are looked for.

    \b
    Example: fwverify doctor

    Exit status: 0 when nothing is missing, 2 otherwise.
    """
    answers = (*_versions(), *_protections(), *_places())
    if as_json:
        import json

        shown = [{"about": one.about, "found": one.found, "good": one.good} for one in answers]
        output.emit(json.dumps(shown, indent=1) + "\n")
    else:
        output.emit("".join(f"{'' if one.good else 'MISSING: '}{one.about}: {one.found}\n" for one in answers))
    return status.PASS if all(one.good for one in answers) else status.USAGE


def _versions() -> list[Answer]:
    out = [
        Answer("fwverify", __version__),
        Answer("Python", platform.python_version(), sys.version_info >= (3, 11)),
    ]
    for name in _libraries():
        try:
            out.append(Answer(name, metadata.version(name)))
        except metadata.PackageNotFoundError:
            out.append(Answer(name, "not installed", good=False))
    out.append(Answer("official tools (openssl, gpg, unsquashfs...)", "not needed; only tests use them"))
    return out


def _libraries() -> list[str]:
    """What this release says it needs, as installed: extras left out."""
    needed = [one for one in metadata.requires("fwverify") or () if "extra ==" not in one]
    return [match[0] for one in needed if (match := _NAME.match(one))]


def _protections() -> list[Answer]:
    """What the machine offers, and what a worker that was started for this says it really has."""
    from fwverify.isolate import landlock, sandbox

    offered = sandbox.available()
    version = landlock.version()
    return [
        Answer("resource limits for workers", "available" if sandbox.RLIMITS in offered else "not on this system"),
        Answer("Landlock", f"available, version {version}" if version else "not in this kernel"),
        Answer("seccomp", "available" if sandbox.SECCOMP in offered else "not on this system"),
        Answer("isolation", _tried()),
        Answer("last resort (--last-resort unblob)", _last_resort()),
    ]


def _tried() -> str:
    from fwverify.isolate import sandbox
    from fwverify.isolate.bench import HAS_WORKERS

    if not HAS_WORKERS:
        return "in-process: this system has no workers; a crash of a parser is a crash of the run"
    from fwverify.isolate.opener import Opener
    from fwverify.isolate.process import Lost

    opener = Opener()
    try:
        held = opener.check()
    except Lost as problem:
        return f"none: a worker could not be started ({problem.detail})"
    finally:
        opener.close()
    lacking = [one for one in sandbox.FULL if one not in held]
    return (
        sandbox.isolation(held)
        + (f": without {', '.join(lacking)}" if lacking else ": a worker was started and has")
        + ("" if lacking else f" {', '.join(held)}")
    )


def _last_resort() -> str:
    """Whether unblob can be asked, and what it lacks: tried, like the other workers."""
    from fwverify.isolate import unblob
    from fwverify.isolate.bench import HAS_WORKERS
    from fwverify.isolate.process import Lost

    version = unblob.version()
    if not version:
        return "not installed; only needed with that option: pip install 'fwverify[unblob]'"
    if not HAS_WORKERS or not unblob.can_be_confined():
        return f"unblob {version} cannot be used: its programs cannot be confined on this system"
    worker = unblob.Unblob()
    try:
        held, programs = worker.check()
    except Lost as problem:
        return f"unblob {version} cannot be used: its worker could not be started ({problem.detail})"
    finally:
        worker.close()
    missing = [name for name, there in programs if not there]
    lacking = f"; programs it lacks: {', '.join(missing)}" if missing else ""
    return f"unblob {version}, confined by {', '.join(held)}, but it starts programs: never full{lacking}"


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None


def _places() -> list[Answer]:
    own = settings.user_folder()
    policy, keys, known = own / "policy.yaml", own / "keys", settings.reference_store(None)
    return [
        Answer("your folder", f"{own}{'' if own.is_dir() else ' (not there; not needed)'}"),
        Answer("policy without --policy", str(policy) if policy.is_file() else settings.DEFAULT_POLICY),
        _policy(),
        Answer("keys without --keys", str(keys) if keys.is_dir() else "none: name a folder with --keys DIR"),
        Answer("reference packages without --reference", str(known) if known.is_file() else "none"),
        Answer("read from a delivery or the working directory", "never"),
    ]


def _policy() -> Answer:
    try:
        found = settings.policy_of(None)
    except FwverifyError as problem:
        return Answer("that policy", str(problem), good=False)
    return Answer("that policy", f"{found.id} {found.version}, {found.digest[:16]}")
