"""What official tools accept and fwverify refuses: signature files beside what they sign.

Every case is made fresh by the official maker, with a good one beside it that both accept. docs/signatures.md lists
them. Debian: coreutils, openssl, gnupg, gpgv, sqv, minisign, signify-openbsd. PyPI: cryptography, pyhsslms,
securesystemslib.
"""

from __future__ import annotations

import base64
import hashlib
import json
import random
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from tests.interop.stricter import Bench
from tests.interop.test_openpgp import MADE, SIGNED, Gpg, gpg  # noqa: F401 - the fixture
from tests.interop.tools import need, need_module
from tests.pki import CODE, TLS, bare, certificate, key, pem, private

pytestmark = pytest.mark.interop
FIRMWARE = random.Random(20261122).randbytes(5000)
NAME = "fw.bin"


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    made = Bench(tmp_path)
    made.write(NAME, FIRMWARE)
    return made


# --- checksum lists ---


def test_sha256sum_other_file(bench: Bench) -> None:
    """sha256sum -c says OK of a list that does not name the firmware."""
    need("sha256sum")
    app = bench.write("app.bin", b"another file")
    good = bench.run("sha256sum", NAME, "app.bin")
    other = bench.write("SHA256SUMS", bench.run("sha256sum", "app.bin"))
    bench.tool_accepts("sha256sum", "--strict", "-c", "SHA256SUMS", says="app.bin: OK")
    bench.holds({NAME: FIRMWARE, "app.bin": app, "SHA256SUMS": good}, listed=True)
    bench.refused({NAME: FIRMWARE, "app.bin": app, "SHA256SUMS": other}, listed=True, because="none")


def test_sha256sum_line_that_is_none(bench: Bench) -> None:
    """sha256sum -c leaves with 0 where the firmware's own line is cut and another one holds."""
    need("sha256sum")
    app = bench.write("app.bin", b"another file")
    cut = hashlib.sha256(b"not this firmware").hexdigest()[:32]
    listed = bench.write("SHA256SUMS", bench.run("sha256sum", "app.bin") + f"{cut}  {NAME}\n".encode())
    bench.tool_accepts("sha256sum", "-c", "SHA256SUMS", says="1 line is improperly formatted")
    bench.refused({NAME: FIRMWARE, "app.bin": app, "SHA256SUMS": listed}, listed=True, because="")


# --- raw signatures ---


def test_openssl_dgst_rsa_tail(bench: Bench) -> None:
    """openssl dgst -verify does not look at 500 bytes behind an RSA signature."""
    need("openssl")
    bench.write("k.pem", private(key("raw", "rsa")))
    public = bench.write("k.pub", bare(key("raw", "rsa")))
    good = bench.run("openssl", "dgst", "-sha256", "-sign", "k.pem", NAME)
    bad = bench.write("tail.sig", good + random.Random(1).randbytes(500))
    bench.tool_accepts("openssl", "dgst", "-sha256", "-verify", "k.pub", "-signature", "tail.sig", NAME, says="OK")
    bench.holds({NAME: FIRMWARE, "fw.bin.sig": good}, key=public)
    bench.refused({NAME: FIRMWARE, "fw.bin.sig": bad}, key=public, because="")


def test_openssl_dgst_ecdsa_tail(bench: Bench) -> None:
    """openssl dgst -verify does not look at what follows an ECDSA signature of full length."""
    need("openssl")
    bench.write("k.pem", private(key("raw")))
    public = bench.write("k.pub", bare(key("raw")))
    signed = (bench.run("openssl", "dgst", "-sha256", "-sign", "k.pem", NAME) for _ in range(200))
    good = next(one for one in signed if len(one) == 72)
    bad = bench.write("tail.sig", good + b"\n")
    bench.tool_accepts("openssl", "dgst", "-sha256", "-verify", "k.pub", "-signature", "tail.sig", NAME, says="OK")
    bench.holds({NAME: FIRMWARE, "fw.bin.sig": good}, key=public)
    bench.refused({NAME: FIRMWARE, "fw.bin.sig": bad}, key=public, because="")


def test_openssl_dgst_pss_salt(bench: Bench) -> None:
    """openssl dgst takes any salt in a PSS signature, however short, unless the length is typed in each time."""
    need("openssl")
    bench.write("k.pem", private(key("raw", "rsa")))
    public = bench.write("k.pub", bare(key("raw", "rsa")))
    pss = ("-sha256", "-sigopt", "rsa_padding_mode:pss")
    made = {
        salt: bench.run("openssl", "dgst", *pss, "-sigopt", f"rsa_pss_saltlen:{salt}", "-sign", "k.pem", NAME)
        for salt in (0, 32)
    }
    bench.write("short.sig", made[0])
    bench.tool_accepts("openssl", "dgst", *pss, "-verify", "k.pub", "-signature", "short.sig", NAME, says="OK")
    pins = {"algorithm": "rsa2048-pss-sha256", "salt_length": 32}
    bench.holds({NAME: FIRMWARE, "fw.bin.sig": made[32]}, pins=pins, key=public)
    bench.refused({NAME: FIRMWARE, "fw.bin.sig": made[0]}, pins=pins, key=public, because="not as its entry asks")
