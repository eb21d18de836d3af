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
        "1749391a3a8b5a808822d6cc88cd344cf0a99a2d120229d22c71cacd0851182d",  # acme-fit-2026
        "1bcb3fe89d6a09fcdf9de6bd4e55a6bc006ca6231ee79d71b6ae6199509f1404",  # norra-root-2025
        "1e1f1d2d452054f682efe92afb4d86f70b7dfa01666185c2bb6ee4a24580ea63",  # its certificate Norra Firmware 2026
        "7dd7d1823743bcc95c435e6eeaf1fd0b12f3be39dd79fef7b86951ae3c393c1b",  # its certificate Norra Firmware 2025
        "e174ba8a8212a0db123a1f1a27ea646fdf8aee42fc227fbeb367ec579b6596a5",  # stampa-tsa
        "efac6b679bb2f893a9b80878aee8231714fae770fd8f28e73009d041b255220c",  # volta-mcu-2026
        "e4ccb7f87d4ef72c8e37d86ac22975f89633590be1cd92f0b41150e3a6f29d7a",  # norra-pgp-2026
        "16622967c7e2e045c2c21345c47d07391c16b3358409ad12b73bcecef11738e6",  # trust root of acme-release
    }
)
"""SHA-256 in hexadecimal of the SubjectPublicKeyInfo of each sample key; for a sample Sigstore identity that of its
trusted root file."""
