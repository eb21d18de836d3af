"""fwverify: is this firmware the vendor's, unchanged, and does it hold what the vendor's SBOM says?

Public interface, loaded on first use: `verify`, `facts`, `Delivery`, `TrustStore`, `Policy`, `Assessment`.
Import nothing else from outside.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__version__ = "0.1.0"
__all__ = ["Assessment", "Delivery", "Policy", "TrustStore", "__version__", "facts", "verify"]

if TYPE_CHECKING:
    from fwverify.evaluate.policy import Policy
    from fwverify.isolate.verifying import facts, verify
    from fwverify.model.artifact import Delivery
    from fwverify.model.verdict import Assessment
    from fwverify.trust.store import TrustStore


def __getattr__(name: str) -> object:
    if name in ("verify", "facts"):
        from fwverify.isolate import verifying

        return getattr(verifying, name)
    if name == "Policy":
        from fwverify.evaluate.policy import Policy

        return Policy
    if name in ("Delivery", "Assessment", "TrustStore"):
        from fwverify.model import artifact, verdict
        from fwverify.trust import store

        values = {
            "Delivery": artifact.Delivery,
            "Assessment": verdict.Assessment,
            "TrustStore": store.TrustStore,
        }
        return values[name]
    raise AttributeError(f"module 'fwverify' has no attribute {name!r}")
