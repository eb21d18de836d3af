"""Where a file lies in a root file system, told from its member name alone. Does NOT know which root is booted."""

from __future__ import annotations

from functools import cache

from fwverify.model.artifact import Artifact


def lies_at(artifact: Artifact, *paths: str) -> bool:
    """True when the artifact's name is one of the paths, in the root or in any folder of it (`rootfs/etc/passwd`)."""
    return ("/" + artifact.name.removeprefix("./").lstrip("/")).endswith(_ends(paths))


@cache
def _ends(paths: tuple[str, ...]) -> tuple[str, ...]:
    return tuple("/" + path for path in paths)


def lies_in(artifact: Artifact, folder: str) -> bool:
    """True when the artifact is directly in that folder of some root."""
    parent = "/" + artifact.name.removeprefix("./").lstrip("/").rpartition("/")[0]
    return parent.endswith("/" + folder)
