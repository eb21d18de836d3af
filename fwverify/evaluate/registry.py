"""The rules, by family."""

from __future__ import annotations

from fwverify.evaluate.interface import Rule

BUILTIN: tuple[Rule, ...] = ()
