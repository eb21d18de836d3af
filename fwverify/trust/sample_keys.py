"""The published sample keys, known by digest: no field of any file can make a key a sample or stop it being one.

Their private halves are public, so they prove nothing about any real vendor; a policy refuses them unless it says
`allow-sample-keys: true`.
"""

from __future__ import annotations

SAMPLE_KEYS: frozenset[str] = frozenset()
"""SHA-256 in hexadecimal of the SubjectPublicKeyInfo of each sample key; for a sample Sigstore identity that of its
trusted root file."""
