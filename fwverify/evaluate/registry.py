"""The rules, by family. Order is that of printing; it decides nothing."""

from __future__ import annotations

from fwverify.evaluate.interface import Rule
from fwverify.evaluate.rules import checksum, component, origin, package, sbom, secret, signature, sigstore, version

BUILTIN: tuple[Rule, ...] = (
    *package.RULES,
    *signature.RULES,
    *origin.RULES,
    *sigstore.RULES,
    *checksum.RULES,
    *version.RULES,
    *sbom.RULES,
    *component.RULES,
    *secret.RULES,
)
