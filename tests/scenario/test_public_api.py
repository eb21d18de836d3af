"""The public interface: what `import fwverify` offers, and that it examines in workers by default."""

from __future__ import annotations

from pathlib import Path

import fwverify
from fwverify.cli.policies_io import load_policy
from fwverify.trust.registry import load

ROOT = Path(__file__).resolve().parents[2]


def test_verify_from_python() -> None:
    """`fwverify.verify` gives an assessment whose evidence says that workers examined the content."""
    found = fwverify.verify(
        [ROOT / "samples/acme-ups-3.1.0"],
        policy=load_policy(str(ROOT / "samples/demo.yaml")),
        at="2026-11-22T00:00:00Z",
        trust=load(ROOT / "keys"),
    )
    assert found.verdict.decision == "pass"
    assert found.evidence.settings.isolation == "full"


def test_offered_names_exist() -> None:
    """Every name in `__all__` can be had."""
    assert all(getattr(fwverify, name) is not None for name in fwverify.__all__)
