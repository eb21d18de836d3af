"""The rules, by family. Order is that of printing; it decides nothing."""

from __future__ import annotations

from fwverify.evaluate.interface import Rule
from fwverify.evaluate.rules import (
    change,
    checksum,
    component,
    device,
    endpoint,
    hardening,
    licence,
    manifest,
    origin,
    package,
    provenance,
    record,
    run,
    sbom,
    sbom_contents,
    secret,
    signature,
    signer,
    signing_key,
    sigstore,
    version,
    version_history,
)

BUILTIN: tuple[Rule, ...] = (
    *package.RULES,
    *manifest.RULES,
    *device.RULES,
    *signature.RULES,
    *signing_key.RULES,
    *signer.RULES,
    *origin.RULES,
    *sigstore.RULES,
    *checksum.RULES,
    *version.RULES,
    *version_history.RULES,
    *provenance.RULES,
    *sbom.RULES,
    *sbom_contents.RULES,
    *component.RULES,
    *licence.RULES,
    *secret.RULES,
    *hardening.RULES,
    *endpoint.RULES,
    *change.RULES,
    *record.RULES,
    *run.RULES,
)
