"""The signature and checksum schemes. Order matters only for the first match on one file: strong shapes first."""

from __future__ import annotations

from typing import Any

from fwverify.authenticate.interface import SignatureScheme
from fwverify.authenticate.schemes import minisign, raw_signature, sha256sums, sigstore_bundle

BUILTIN: tuple[SignatureScheme[Any], ...] = (  # Any: each scheme has a signature type of its own
    sigstore_bundle.SCHEME,
    minisign.SCHEME,
    sha256sums.SCHEME,
    raw_signature.SCHEME,  # last: it has no magic, a length is all it is known by
)
