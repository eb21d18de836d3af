"""The detectors. Order does not matter: clues are sorted and merged."""

from __future__ import annotations

from fwverify.identify.interface import Detector

BUILTIN: tuple[Detector, ...] = ()
