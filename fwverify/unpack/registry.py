"""The container plug-ins, in order of detection: strong magic first, weak shapes last."""

from __future__ import annotations

from fwverify.unpack.interface import Container

BUILTIN: tuple[Container, ...] = ()
