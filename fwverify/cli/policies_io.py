"""Reading policy files: what the operator names, and the shipped ones.

`builtin:NAME` comes out of the installed package, or of the checkout that fwverify runs from. Nothing is ever looked
for in a delivery or in the working directory.
"""

from __future__ import annotations

from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from fwverify.errors import PolicyError
from fwverify.evaluate.policy import Policy
from fwverify.evaluate.policy_text import parse_policy
from fwverify.evaluate.values import did_you_mean

BUILTIN = "builtin:"
SUFFIX = ".yaml"
MAX_BYTES = 1 << 20
"""A policy that names every rule with every parameter has under 10 KiB."""


def load_policy(name: str) -> Policy:
    """The policy of a file, or a shipped one named `builtin:NAME`. Raises PolicyError."""
    if name.startswith(BUILTIN):
        return parse_policy(_shipped(name), name, load_policy)
    return parse_policy(_file(Path(name)), name, load_policy)


def shipped() -> tuple[str, ...]:
    """Names of the shipped policies, sorted."""
    return tuple(sorted(one.name.removesuffix(SUFFIX) for one in _folder().iterdir() if one.name.endswith(SUFFIX)))


def _folder() -> Traversable:
    """policies/ inside the package (wheel), else beside it (checkout)."""
    package = resources.files("fwverify")
    inside = package / "policies"
    return inside if inside.is_dir() else package / ".." / "policies"


def _shipped(name: str) -> str:
    known = shipped()
    short = name.removeprefix(BUILTIN)
    if short not in known:
        guess = did_you_mean(short, known)
        raise PolicyError(
            f"there is no shipped policy {short!r}.{guess}",
            todo=f"Shipped: {', '.join(BUILTIN + one for one in known)}.",
        )
    return (_folder() / f"{short}{SUFFIX}").read_text(encoding="utf-8")


def _file(path: Path) -> str:
    todo = "Name a policy file, or a shipped policy like builtin:baseline."
    try:
        if path.is_dir():
            raise PolicyError("this is a folder, not a policy file", where=str(path), todo=todo)
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as problem:
        raise PolicyError(f"cannot be read: {problem.strerror or problem}", where=str(path), todo=todo) from None
    if len(raw) > MAX_BYTES:
        raise PolicyError(f"larger than {MAX_BYTES} bytes, so it is no policy", where=str(path), todo=todo)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as problem:
        raise PolicyError(f"not UTF-8 text (byte {problem.start})", where=str(path), todo=todo) from None
