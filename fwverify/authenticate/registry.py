"""The signature and checksum schemes. Order matters only for the first match on one file: strong shapes first."""

from __future__ import annotations

from typing import Any

from fwverify.authenticate.interface import SignatureScheme

BUILTIN: tuple[SignatureScheme[Any], ...] = ()  # Any: each scheme has a signature type of its own
