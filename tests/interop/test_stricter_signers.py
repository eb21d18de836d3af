"""What official tools accept and fwverify refuses: OpenPGP, CMS and certificates.

Every case is made fresh by the official maker, with a good one beside it that fwverify passes. docs/signatures.md lists
them. Debian: gnupg, gpgv, sqv, openssl, coreutils.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.interop.stricter import FIRMWARE, NAME, NO_SIGNATURE, Bench
from tests.interop.test_openpgp import SIGNED, Gpg
from tests.interop.tools import need, run
from tests.pki import TLS, certificate, key, pem, private

pytestmark = pytest.mark.interop


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    made = Bench(tmp_path)
    made.write(NAME, FIRMWARE)
    return made


@pytest.fixture
def home() -> Iterator[Gpg]:
    """A GnuPG home with a short path: the agent's socket lies in it."""
    need("gpg", "gpgconf")
    with TemporaryDirectory(prefix="g", ignore_cleanup_errors=True) as folder:
        yield Gpg(Path(folder))
        run("gpgconf", "--homedir", folder, "--kill", "all")


# --- OpenPGP ---


def signed_by(
    home: Gpg, algorithm: str = "ed25519", digest: str = "SHA512", when: str = SIGNED, until: str = "0"
) -> tuple[bytes, bytes]:
    """(certificate, signature over the firmware)."""
    name = home.generate(algorithm, until=until, name=f"V{algorithm}{digest}{when}{until}".replace("-", ""))
    made = home("--digest-algo", digest, "-u", name, "--detach-sign", "-o", "-", when=when, text=FIRMWARE)
    return home("--export", name), made


@pytest.mark.parametrize(
    ("made", "because"),
    [
        ({"algorithm": "rsa2048", "digest": "SHA1"}, "too weak: hash sha1"),
        ({"algorithm": "rsa1024"}, "RSA with 1024 bits"),
        ({"until": "2026-07-01"}, "primary key expired on 2026-07-01"),
        ({"when": "20400101T000000"}, "in the future"),
    ],
    ids=["sha1", "rsa1024", "expired-key", "future"],
)
def test_gpgv(bench: Bench, home: Gpg, made: dict[str, str], because: str) -> None:
    """gpgv leaves with 0 for SHA-1, RSA-1024, an expired key, a signature dated in the future."""
    need("gpgv")
    right, good = signed_by(home)
    certificate, bad = signed_by(home, **made)
    bench.write("k.gpg", certificate)
    bench.write("fw.bin.sig", bad)
    bench.tool_accepts("gpgv", "--keyring", "./k.gpg", "fw.bin.sig", NAME, says="Good signature")
    bench.holds({NAME: FIRMWARE, "fw.bin.sig": good}, key=right)
    bench.refused({NAME: FIRMWARE, "fw.bin.sig": bad}, key=certificate, because=because)


def test_gpgv_revoked_key(bench: Bench, home: Gpg) -> None:
    """gpgv leaves with 0 for a key that its own certificate revokes."""
    need("gpgv")
    name = home.generate("ed25519")
    signature = bench.write("fw.bin.sig", home("-u", name, "--detach-sign", "-o", "-", text=FIRMWARE))
    bench.holds({NAME: FIRMWARE, "fw.bin.sig": signature}, key=home("--export", name))
    revocation = (home.home / "openpgp-revocs.d" / f"{name}.rev").read_text().replace(":-----BEGIN", "-----BEGIN")
    home("--import", text=revocation.encode())
    revoked = bench.write("k.gpg", home("--export", name))
    bench.tool_accepts("gpgv", "--keyring", "./k.gpg", "fw.bin.sig", NAME, says="Good signature")
    bench.refused({NAME: FIRMWARE, "fw.bin.sig": signature}, key=revoked, because="the key was revoked")


def test_sqv_expired_key(bench: Bench, home: Gpg) -> None:
    """sqv believes a signature's own date, so that the thief of an expired key dates back."""
    need("sqv")
    certificate, signature = signed_by(home, until="2026-07-01")
    bench.write("k.gpg", certificate)
    bench.write("fw.bin.sig", signature)
    bench.tool_accepts("sqv", "--keyring", "k.gpg", "fw.bin.sig", NAME)
    bench.refused(
        {NAME: FIRMWARE, "fw.bin.sig": signature}, key=certificate, because="primary key expired on 2026-07-01"
    )


@pytest.mark.parametrize(
    ("place", "because"),
    [
        ("before", "something stands before the signed message"),
        ("behind", "something stands after the signature"),
    ],
)
def test_gpgv_around_clear_signed(bench: Bench, home: Gpg, place: str, because: str) -> None:
    """gpgv verifies a clear-signed list and does not say that a line around it is signed by nobody."""
    need("gpgv", "sha256sum")
    name = home.generate("ed25519")
    certificate = bench.write("k.gpg", home("--export", name))
    good = home("--clearsign", "-u", name, "-o", "-", text=bench.run("sha256sum", NAME))
    other = b"another firmware"
    line = f"{hashlib.sha256(other).hexdigest()}  other.bin\n".encode()
    bad = bench.write("SHA256SUMS.asc", line + good if place == "before" else good + line)
    bench.tool_accepts("gpgv", "--keyring", "./k.gpg", "SHA256SUMS.asc", says="Good signature")
    bench.holds({NAME: FIRMWARE, "SHA256SUMS.asc": good}, key=certificate)
    bench.refused({"other.bin": other, NAME: FIRMWARE, "SHA256SUMS.asc": bad}, key=certificate, because=because)


# --- CMS and certificates ---

ROOT, INTER = certificate("root", "root", ca=True), certificate("inter", "root", ca=True)
PINS = {"eku": "codeSigning"}


def cms(bench: Bench, *options: str, name: str = "signer", **made: object) -> bytes:
    """`openssl cms -sign` over the firmware, the chain inside."""
    need("openssl")
    made = {"issuer": "inter", "kind": "rsa", **made}
    bench.write("root.pem", pem(ROOT))
    bench.write("chain.pem", pem(INTER))
    bench.write("leaf.pem", pem(certificate(name, **made)))  # type: ignore[arg-type]
    bench.write("leaf.key", private(key(name, str(made["kind"]))))
    return bench.run("openssl", "cms", "-sign", "-binary", "-in", NAME, "-signer", "leaf.pem", "-inkey", "leaf.key",
                     "-certfile", "chain.pem", "-outform", "DER", *options)  # fmt: skip


def openssl_accepts(bench: Bench, signature: bytes, *options: str) -> None:
    bench.write("fw.p7s", signature)
    bench.tool_accepts("openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", "fw.p7s", "-content", NAME,
                       "-CAfile", "root.pem", "-purpose", "any", "-out", "out", *options,
                       says="successful")  # fmt: skip


def test_openssl_cms_good(bench: Bench) -> None:
    """What the cases below differ from is accepted by both."""
    good = cms(bench)
    openssl_accepts(bench, good)
    bench.holds({NAME: FIRMWARE, "fw.bin.p7s": good}, pins=PINS, root=pem(ROOT))


@pytest.mark.parametrize(("digest", "because"), [("sha1", "too weak: hash sha1"), ("md5", "over MD5")])
def test_openssl_cms_digest(bench: Bench, digest: str, because: str) -> None:
    """openssl cms -verify takes SHA-1 and MD5."""
    bad = cms(bench, "-md", digest)
    openssl_accepts(bench, bad)
    bench.refused({NAME: FIRMWARE, "fw.bin.p7s": bad}, pins=PINS, root=pem(ROOT), because=because)


def test_openssl_cms_tail(bench: Bench) -> None:
    """openssl cms -verify does not look at bytes behind the DER."""
    bad = cms(bench) + FIRMWARE * 20
    openssl_accepts(bench, bad)
    bench.refused({NAME: FIRMWARE, "fw.bin.p7s": bad}, pins=PINS, root=pem(ROOT), because=NO_SIGNATURE)


def test_openssl_cms_line_ends(bench: Bench) -> None:
    """openssl cms -verify without -binary takes a file in which every line end was changed."""
    signed = bench.write(NAME, b"line\r\n" * 50)
    made = cms(bench)
    changed = bench.write(NAME, signed.replace(b"\r\n", b"\n"))
    bench.write("fw.p7s", made)
    bench.tool_accepts("openssl", "cms", "-verify", "-inform", "DER", "-in", "fw.p7s", "-content", NAME, "-CAfile",
                       "root.pem", "-purpose", "any", "-out", "out", says="successful")  # fmt: skip
    bench.holds({NAME: signed, "fw.bin.p7s": made}, pins=PINS, root=pem(ROOT))
    bench.refused({NAME: changed, "fw.bin.p7s": made}, pins=PINS, root=pem(ROOT), because="invalid")


def test_openssl_cms_usage(bench: Bench) -> None:
    """openssl cms -verify cannot be asked for code signing: a web server's certificate signs firmware."""
    bad = cms(bench, usages=(TLS,))
    openssl_accepts(bench, bad)
    bench.refused({NAME: FIRMWARE, "fw.bin.p7s": bad}, pins=PINS, root=pem(ROOT), because="eku is serverAuth")


def test_openssl_cms_small_key(bench: Bench) -> None:
    """openssl cms -verify and openssl verify take a signer with an RSA key of 1024 bits."""
    need("openssl")
    cms(bench)
    bench.run("openssl", "req", "-new", "-newkey", "rsa:1024", "-nodes", "-keyout", "leaf.key", "-out", "leaf.csr",
              "-subj", "/CN=small")  # fmt: skip
    bench.write("inter.key", private(key("inter")))
    bench.write("usage", b"extendedKeyUsage=codeSigning\nbasicConstraints=CA:FALSE\nkeyUsage=digitalSignature\n")
    bench.run("openssl", "x509", "-req", "-in", "leaf.csr", "-CA", "chain.pem", "-CAkey", "inter.key", "-days", "9000",
              "-extfile", "usage", "-out", "leaf.pem")  # fmt: skip
    bad = bench.run("openssl", "cms", "-sign", "-binary", "-in", NAME, "-signer", "leaf.pem", "-inkey", "leaf.key",
                    "-certfile", "chain.pem", "-outform", "DER")  # fmt: skip
    openssl_accepts(bench, bad)
    bench.tool_accepts("openssl", "verify", "-CAfile", "root.pem", "-untrusted", "chain.pem", "leaf.pem", says="OK")
    bench.at = "2040-01-01T00:00:00Z"  # the certificate begins when openssl made it
    bench.refused({NAME: FIRMWARE, "fw.bin.p7s": bad}, pins=PINS, root=pem(ROOT), because="RSA with 1024 bits")


def test_openssl_cms_authority_signs(bench: Bench) -> None:
    """openssl cms -verify takes an authority's own certificate as the signer of a file."""
    cms(bench)
    bench.write("inter.key", private(key("inter")))
    bad = bench.run("openssl", "cms", "-sign", "-binary", "-in", NAME, "-signer", "chain.pem", "-inkey", "inter.key",
                    "-outform", "DER")  # fmt: skip
    openssl_accepts(bench, bad)
    bench.refused({NAME: FIRMWARE, "fw.bin.p7s": bad}, root=pem(ROOT), because="leads to none on record")


def test_openssl_cms_attributes_as_content(bench: Bench) -> None:
    """openssl cms -verify takes the signed attributes of an old signature as a firmware of their own."""
    from asn1crypto import cms as asn1

    whole = asn1.ContentInfo.load(cms(bench))
    (signer,) = whole["content"]["signer_infos"]
    forged = signer["signed_attrs"].untag().dump()
    signer["signed_attrs"] = None
    bad = whole.dump(force=True)
    bench.write(NAME, forged)
    openssl_accepts(bench, bad)
    bench.refused({NAME: forged, "fw.bin.p7s": bad}, root=pem(ROOT), because="set of signed attributes")


def test_openssl_cms_attached_elsewhere(bench: Bench) -> None:
    """openssl cms -verify verifies the content inside the signature, whatever file it lies beside."""
    bad = cms(bench, "-nodetach")
    other = bench.write(NAME, b"another firmware")
    bench.write("fw.p7s", bad)
    bench.tool_accepts("openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", "fw.p7s", "-CAfile",
                       "root.pem", "-purpose", "any", "-out", "out", says="successful")  # fmt: skip
    bench.holds({NAME: FIRMWARE, "fw.bin.p7s": bad}, pins=PINS, root=pem(ROOT))
    bench.refused(
        {NAME: other, "fw.bin.p7s": bad}, pins=PINS, root=pem(ROOT), because="it holds another content than fw.bin"
    )


@pytest.mark.parametrize(
    ("wrong", "because"), [("usage", "eku is serverAuth"), ("authority", "a key that is not on record")]
)
def test_openssl_verify(bench: Bench, wrong: str, because: str) -> None:
    """openssl verify takes a chain to any certificate: a web server's, or an authority's own."""
    need("openssl")
    leaves = {
        "good": certificate("signer", "inter"),
        "usage": certificate("signer", "inter", usages=(TLS,)),
        "authority": certificate("signer", "inter", ca=True, key_usage=("key_cert_sign",)),
    }
    bench.write("root.pem", pem(ROOT))
    bench.write("inter.pem", pem(INTER))
    bench.write("leaf.pem", pem(leaves[wrong]))
    bench.write("leaf.key", private(key("signer")))
    bench.run("openssl", "x509", "-in", "leaf.pem", "-pubkey", "-noout", "-out", "leaf.pub")
    signature = bench.write("fw.sig", bench.run("openssl", "dgst", "-sha256", "-sign", "leaf.key", NAME))
    bench.tool_accepts("openssl", "verify", "-CAfile", "root.pem", "-untrusted", "inter.pem", "leaf.pem", says="OK")
    bench.tool_accepts("openssl", "dgst", "-sha256", "-verify", "leaf.pub", "-signature", "fw.sig", NAME, says="OK")
    files = {NAME: FIRMWARE, "fw.bin.sig": signature}
    bench.holds({**files, "chain.pem": pem(leaves["good"]) + pem(INTER)}, pins=PINS, root=pem(ROOT))
    bench.refused({**files, "chain.pem": pem(leaves[wrong]) + pem(INTER)}, pins=PINS, root=pem(ROOT), because=because)
