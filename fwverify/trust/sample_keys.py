"""The published sample keys, known by digest: no field of any file can make a key a sample or stop it being one.

Their private halves are public, so they prove nothing about any real vendor; a policy refuses them unless it says
`allow-sample-keys: true`.
"""

from __future__ import annotations

SAMPLE_KEYS: frozenset[str] = frozenset(
    {
        "15c0e4f9ebaf4cd94e3ae07b9fb3fa7f219716612e6b5b342dbed5b486b362a5",  # acme-fw-2024
        "48632526be7608f006aa71bb08f6a6f00b80e50e1efbb40be9d1c167d8e76419",  # volta-fw-2025
        "fc9dc8870c94c7184e946f5b25410d9ccd1e57d3870135e02bde5960cc45c47b",  # the attacker of the samples
        "16622967c7e2e045c2c21345c47d07391c16b3358409ad12b73bcecef11738e6",  # trust root of acme-release
    }
)
"""SHA-256 in hexadecimal of the SubjectPublicKeyInfo of each sample key; for a sample Sigstore identity that of its
trusted root file."""
