"""What official tools accept and fwverify refuses: signature files beside what they sign.

Every case is made fresh by the official maker, with a good one beside it that both accept. docs/signatures.md lists
them. Debian: coreutils, openssl, minisign, signify-openbsd. PyPI: cryptography, pyhsslms, securesystemslib.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from tests.interop.stricter import FIRMWARE, NAME, NO_SIGNATURE, Bench
from tests.interop.tools import need, need_module
from tests.pki import bare, key, private

pytestmark = pytest.mark.interop


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
    bench.refused({NAME: FIRMWARE, "app.bin": app, "SHA256SUMS": other}, listed=True, because="in no checksum list")


def test_sha256sum_line_that_is_none(bench: Bench) -> None:
    """sha256sum -c leaves with 0 where the firmware's own line is cut and another one holds."""
    need("sha256sum")
    app = bench.write("app.bin", b"another file")
    cut = hashlib.sha256(b"not this firmware").hexdigest()[:32]
    listed = bench.write("SHA256SUMS", bench.run("sha256sum", "app.bin") + f"{cut}  {NAME}\n".encode())
    bench.tool_accepts("sha256sum", "-c", "SHA256SUMS", says="1 line is improperly formatted")
    bench.refused({NAME: FIRMWARE, "app.bin": app, "SHA256SUMS": listed}, listed=True, because="checksum does not fit")


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
    bench.refused({NAME: FIRMWARE, "fw.bin.sig": bad}, key=public, because=NO_SIGNATURE)


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
    bench.refused({NAME: FIRMWARE, "fw.bin.sig": bad}, key=public, because=NO_SIGNATURE)


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


LOW_ORDER = bytes.fromhex("0100000000000000000000000000000000000000000000000000000000000000")
"""The identity point: as a public key it makes R = identity, S = 0 a signature of everything."""


def test_ed25519_low_order_key(bench: Bench) -> None:
    """openssl and the cryptography library verify any message under an Ed25519 key of small order."""
    need("openssl")
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    weak = Ed25519PublicKey.from_public_bytes(LOW_ORDER)
    public = bench.write("k.pub", weak.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    forged = bench.write("forged.sig", LOW_ORDER + bytes(32))
    weak.verify(forged, FIRMWARE)
    bench.tool_accepts("openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "k.pub", "-rawin", "-in", NAME,
                       "-sigfile", "forged.sig", says="Successfully")  # fmt: skip
    good = key("raw", "ed25519")
    bench.holds({NAME: FIRMWARE, "fw.bin.sig": good.sign(FIRMWARE)}, key=bare(good))
    bench.refused({NAME: FIRMWARE, "fw.bin.sig": forged}, key=public, because="small order")


def test_pyhsslms_tail(bench: Bench) -> None:
    """pyhsslms does not look at a byte behind an HSS signature."""
    need_module("pyhsslms")
    import pyhsslms

    secret = pyhsslms.HssPrivateKey(lms_type=pyhsslms.lms_sha256_m32_h5, lmots_type=pyhsslms.lmots_sha256_n32_w8)
    public, good = secret.publicKey(), secret.sign(FIRMWARE)
    assert public.verify(FIRMWARE, good + b"\0")
    bench.holds({NAME: FIRMWARE, "fw.bin.sig": good}, key=public.serialize())
    bench.refused({NAME: FIRMWARE, "fw.bin.sig": good + b"\0"}, key=public.serialize(), because=NO_SIGNATURE)


# --- minisign, signify ---


@pytest.mark.parametrize("tail", [b"extra\n", b"untrusted comment: second\n" + b"A" * 100 + b"\n"])
def test_minisign_text_behind(bench: Bench, tail: bytes) -> None:
    """minisign -V does not look at text behind its four lines."""
    need("minisign")
    bench.run("minisign", "-G", "-W", "-f", "-p", "k.pub", "-s", "k.sec")
    bench.run("minisign", "-S", "-s", "k.sec", "-m", NAME)
    good = bench.read("fw.bin.minisig")
    bad = bench.write("fw.bin.minisig", good + tail)
    bench.tool_accepts("minisign", "-V", "-p", "k.pub", "-m", NAME, says="verified")
    bench.holds({NAME: FIRMWARE, "fw.bin.minisig": good}, key=bench.read("k.pub"))
    bench.refused({NAME: FIRMWARE, "fw.bin.minisig": bad}, key=bench.read("k.pub"), because=NO_SIGNATURE)


def test_minisign_legacy(bench: Bench) -> None:
    """minisign -V takes the older form without a digest, of which the pinned key never makes one."""
    need("minisign")
    bench.run("minisign", "-G", "-W", "-f", "-p", "k.pub", "-s", "k.sec")
    made = {}
    for option in ("-H", "-l"):
        bench.run("minisign", "-S", option, "-s", "k.sec", "-m", NAME)
        made[option] = bench.read("fw.bin.minisig")
    bench.tool_accepts("minisign", "-V", "-p", "k.pub", "-m", NAME, says="verified")
    pins = {"allow_legacy": False}
    bench.holds({NAME: FIRMWARE, "fw.bin.minisig": made["-H"]}, pins=pins, key=bench.read("k.pub"))
    bench.refused(
        {NAME: FIRMWARE, "fw.bin.minisig": made["-l"]},
        pins=pins,
        key=bench.read("k.pub"),
        because="legacy is yes, no is asked for",
    )


def test_signify_text_behind(bench: Bench) -> None:
    """signify -V does not look at text behind its two lines."""
    need("signify-openbsd")
    bench.run("signify-openbsd", "-G", "-n", "-p", "k.pub", "-s", "k.sec")
    bench.run("signify-openbsd", "-S", "-s", "k.sec", "-m", NAME, "-x", "fw.bin.sig")
    good = bench.read("fw.bin.sig")
    bad = bench.write("fw.bin.sig", good + b"anything else\n")
    bench.tool_accepts("signify-openbsd", "-V", "-p", "k.pub", "-m", NAME, "-x", "fw.bin.sig", says="Verified")
    bench.holds({NAME: FIRMWARE, "fw.bin.sig": good}, key=bench.read("k.pub"))
    bench.refused({NAME: FIRMWARE, "fw.bin.sig": bad}, key=bench.read("k.pub"), because="14 bytes follow the signature")


# --- DSSE ---


def test_securesystemslib_one_key_twice(bench: Bench) -> None:
    """securesystemslib counts one key under two names as two signers."""
    need_module("securesystemslib")
    from securesystemslib.dsse import Envelope
    from securesystemslib.signer import CryptoSigner, SSlibKey

    from tests.vectors.makers.attestations import IN_TOTO, statement

    first, second = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    envelopes = {}
    for kind, secrets in (("good", (first, second)), ("bad", (first, first))):
        envelope = Envelope(json.dumps(statement(FIRMWARE)).encode(), IN_TOTO, {})
        keys = [SSlibKey.from_crypto(one.public_key(), f"key-{number}") for number, one in enumerate(secrets)]
        for secret, public in zip(secrets, keys, strict=True):
            envelope.sign(CryptoSigner(secret, public))
        assert len(envelope.verify(keys, 2)) == 2
        envelopes[kind] = json.dumps(envelope.to_dict()).encode()
    pinned = [bare(first), bare(second)]
    bench.holds({NAME: FIRMWARE, "fw.intoto.jsonl": envelopes["good"]}, pins={"threshold": 2}, keys=pinned)
    bench.refused({NAME: FIRMWARE, "fw.intoto.jsonl": envelopes["bad"]}, pins={"threshold": 2}, keys=pinned,
                  because="threshold is 1, 2 is asked for")  # fmt: skip


def test_documented() -> None:
    """docs/signatures.md names each of these tests, and no test that is not here."""
    here = Path(__file__).parent
    sources = "".join(one.read_text() for one in here.glob("test_stricter*.py"))
    kept = set(re.findall(r"^def (test_\w+)", sources, re.MULTILINE)) - {"test_documented", "test_openssl_cms_good"}
    told = set(re.findall(r"`(test_\w+)`", (here.parents[1] / "docs" / "signatures.md").read_text()))
    assert told == kept
