"""Reading policy files: what the operator names, and the shipped ones.

`builtin:NAME` comes out of the installed package, or of the checkout that fwverify runs from. Nothing is ever looked
for in a delivery or in the working directory; `extends` finds a file beside the policy that says it.
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
MAX_PARENTS = 8
"""Policies above one another: shipped, organisation, site, device, and some room."""


Texts = list[tuple[str, str]]
"""(name, text) of a policy and of each one above it, in this order."""


def load_policy(name: str, texts: Texts | None = None) -> Policy:
    """The policy of a file, or a shipped one named `builtin:NAME`, with everything above it. Raises PolicyError.

    Args:
        name: as the operator named it.
        texts: gets what was read, for exact copies.
    """
    return _load(name, (), [] if texts is None else texts)


def _load(name: str, below: tuple[Path, ...], texts: Texts) -> Policy:
    """One policy; `below`: the files that led here, so that a circle ends."""
    text = policy_text(name)
    texts.append((name, text))
    if name.startswith(BUILTIN):
        return parse_policy(text, name, lambda parent: _load(parent, below, texts))
    path = Path(name)
    here = (*below, path.resolve())
    return parse_policy(text, name, lambda parent: _parent(parent, path.parent, here, texts))


def _parent(name: str, folder: Path, below: tuple[Path, ...], texts: Texts) -> Policy:
    """What `extends` names: a shipped policy, or a file relative to the child's folder."""
    if name.startswith(BUILTIN):
        return _load(name, below, texts)
    path = folder / name
    if Path(name).is_absolute():
        todo = "Write where it is relative to this policy, so that both can move together."
        raise PolicyError(f"extends names an absolute path: {name!r}", todo=todo)
    if path.resolve() in below:
        raise PolicyError(f"extends goes in a circle: {path} comes back to itself", todo="One of them has no parent.")
    if len(below) >= MAX_PARENTS:
        raise PolicyError(f"more than {MAX_PARENTS} policies extend one another", todo="Put some of them together.")
    if not path.is_file():
        raise PolicyError(f"extends names {name!r}, and there is no such file beside this policy")
    return _load(str(path), below, texts)


def policy_text(name: str) -> str:
    """A policy as it is written. Raises PolicyError."""
    return _shipped(name) if name.startswith(BUILTIN) else _file(Path(name))


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
