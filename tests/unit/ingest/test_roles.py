"""roles: what a file of a delivery is taken for; content wins over name, and a companion is nothing else besides."""

from __future__ import annotations

import hashlib

import pytest

from fwverify.ingest.roles import classify
from fwverify.model.artifact import Artifact, Digest, Locator, Role, Step

SUMS = b"0" * 64 + b"  fw.bin\n"
SBOM = b'{"bomFormat": "CycloneDX", "specVersion": "1.6"}\n'
PGP = b"-----BEGIN PGP SIGNATURE-----\nVersion: GnuPG v2\n\niHUEABYK\n=abcd\n-----END PGP SIGNATURE-----\n"
CLEAR = b"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n" + SUMS + PGP
SSH = b"-----BEGIN SSH SIGNATURE-----\nU1NIU0lH\n-----END SSH SIGNATURE-----\n"
CMS = bytes.fromhex("300d06092a864886f70d010702a000")
BUNDLE = b'{"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json"}'
POLICY = b"fwverify: policy/1\nid: x\nrules: {}\n"


def role(name: str, content: bytes) -> Role:
    """What this file is taken for beside `fw.bin` and `SHA256SUMS`."""
    made = {one: _artifact(one, data) for one, data in (("fw.bin", b"\x7fELF"), ("SHA256SUMS", SUMS), (name, content))}
    return classify(made[name], made).role


def _artifact(name: str, content: bytes) -> Artifact:
    digest = Digest("sha256", hashlib.sha256(content).digest())
    return Artifact(Locator((Step(name),)), len(content), (digest,), memoryview(content))


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("SHA256SUMS", SUMS, Role.CHECKSUMS),
        ("SHA256SUMS.asc", PGP, Role.SIGNATURE),
        ("SHA256SUMS.asc", CLEAR, Role.SIGNATURE),
        ("fw.bin.sig", SSH, Role.SIGNATURE),
        ("fw.bin.p7s", CMS, Role.SIGNATURE),
        ("fw.bin.sig", bytes(64), Role.SIGNATURE),
        ("attestation.json", BUNDLE, Role.SIGNATURE),
        ("fw.bin.sigstore.json", BUNDLE[:-1], Role.SIGNATURE),
        ("bom.json", SBOM, Role.SBOM),
        ("bom.json", SBOM.replace(b"}", b", }"), Role.SBOM),
        ("bom.xml", b'<?xml version="1.0"?>\n<bom xmlns="http://cyclonedx.org/schema/bom/1.6"></bom>\n', Role.SBOM),
        ("bom.spdx", b"SPDXVersion: SPDX-2.3\n# x\nLicenseComments: <text>a\nb</text>\n", Role.SBOM),
        ("policy.yaml", POLICY, Role.IGNORED),
        ("fwverify.toml", b"a = 1\n", Role.IGNORED),
        ("README.md", b"Read me.\n", Role.IGNORED),
        ("docs/LICENSE", b"Free.\n", Role.IGNORED),
        ("Release Notes 3.1.0.txt", b"Fixes.\n", Role.IGNORED),
        ("CHANGELOG-3.1.0", b"Fixes.\n", Role.IGNORED),
        ("flag", b"", Role.IGNORED),
        ("SHA256SUMS.asc", PGP + b"x", Role.SIGNATURE),  # read, and refused as a signature
        ("SHA256SUMS.asc", CLEAR + b"exec evil\n", Role.SIGNATURE),
    ],
)
def test_companions(name: str, content: bytes, expected: Role) -> None:
    """Each kind of companion in its plain form."""
    assert role(name, content) is expected


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("fw.bin.sig", SSH + b"\0"),
        ("fw.bin.p7s", CMS + b"\0"),
        ("install", PGP),
        ("list", b"#!/bin/sh\n" + SUMS),
        ("list", b"0" * 64 + b"  x; exec evil\n"),
        ("list.sh", SUMS),
        ("attestation.json", BUNDLE + b"PK"),
        ("attestation.bin", BUNDLE),
        ("bom.json", SBOM + b"{}"),
        ("bom.json", SBOM + b"PK\3\4"),
        ("bom.json", SBOM[:-2]),
        ("bom.xml", b'<bom xmlns="http://cyclonedx.org/schema/bom/1.6">'),
        ("bom.spdx", b"SPDXVersion: SPDX-2.3\nexec evil\n"),
        ("user-data.yaml", POLICY + b"runcmd: [evil]\n"),
        ("user-data.yaml", POLICY + b"---\nruncmd: [evil]\n"),
        ("uEnv.txt", b"bootcmd=evil\n"),
        ("README.sh", b"exec evil\n"),
        ("README", b"#!/bin/sh\nexec evil\n"),
        ("README", b"\0"),
        ("manual.pdf", b"%PDF-1.7\n"),
    ],
)
def test_everything_else_is_an_image(name: str, content: bytes) -> None:
    """What goes on behind its end, is named for running, or is not wholly what it begins as."""
    assert role(name, content) is Role.IMAGE
