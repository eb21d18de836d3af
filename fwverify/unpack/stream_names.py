"""The name of what a stream without a stored name holds, from the name of the stream."""

from __future__ import annotations

from collections.abc import Sequence


def without_suffix(name: str, suffixes: Sequence[str], replaced: Sequence[tuple[str, str]] = ()) -> str:
    """`rootfs.cpio.gz` -> `rootfs.cpio`, `a.tgz` -> `a.tar`; `content` when the name says nothing."""
    base = name.rstrip("/").rsplit("/", 1)[-1]
    lower = base.lower()
    for suffix, instead in replaced:
        if lower.endswith(suffix) and len(base) > len(suffix):
            return base[: -len(suffix)] + instead
    for suffix in suffixes:
        if lower.endswith(suffix) and len(base) > len(suffix):
            return base[: -len(suffix)]
    return "content"
