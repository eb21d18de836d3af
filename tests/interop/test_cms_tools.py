"""CMS files, timestamps, chains and revocation lists made fresh by openssl and verified here, good and damaged.

Debian: openssl.
"""

from __future__ import annotations

import random
from pathlib import Path

import asn1crypto.tsp  # noqa: F401 - lets cms take a token as it is
import pytest
from asn1crypto import cms as asn1

from fwverify.authenticate.stage import authenticate_delivery
from fwverify.formats import der
from fwverify.ingest.stage import ingest
from fwverify.limits import DEFAULT_LIMITS
from fwverify.model.artifact import Role
from fwverify.model.evidence import SignatureObservation, SignatureStatus
from fwverify.trust.store import PinnedKey, TrustStore, carried_keys
from tests.interop.tools import need, run
from tests.pki import TIME, bare, certificate, key, pem, pin, private, revocation_list

pytestmark = pytest.mark.interop
CONTENT = random.Random(20261122).randbytes(3000)
VALID = SignatureStatus.VALID
LATER = "2040-01-01T00:00:00Z"
ROOT = certificate("root", "root", ca=True)
INTER = certificate("inter", "root", ca=True)
RSA_OPTIONS = (
    ("-keyopt", "rsa_padding_mode:pss"),
    ("-keyopt", "rsa_padding_mode:pss", "-keyopt", "rsa_pss_saltlen:20", "-md", "sha512"),
)
OPTIONS = (
    ("-md", "sha256"), ("-md", "sha384"), ("-md", "sha512"), ("-noattr", "-md", "sha256"), ("-keyid",), ("-cades",),
    ("-nosmimecap",), ("-nodetach",), ("-stream",), ("-nodetach", "-stream"),
)  # fmt: skip


def observed(
    folder: Path, *pins: PinnedKey, at: str = LATER, **files: bytes
) -> list[tuple[SignatureStatus, SignatureObservation]]:
    """What is seen of a delivery with these files; names with `_` for `.`."""
    folder.mkdir(exist_ok=True)
    for name, content in {"fw.bin": CONTENT, **{one.replace("_", "."): raw for one, raw in files.items()}}.items():
        (folder / name).write_bytes(content)
    delivery = ingest([folder], DEFAULT_LIMITS).delivery
    found = authenticate_delivery(delivery, carried_keys(delivery.of(Role.KEY)), TrustStore(pins), at)
    return [(one.status, one) for one in found.signatures]


def sign(folder: Path, kind: str, *options: str, form: str = "DER") -> bytes:
    """openssl cms over CONTENT by `key("signer", kind)`, the chain inside."""
    leaf = certificate("signer", "inter", kind=kind)
    (folder / "fw").write_bytes(CONTENT)
    (folder / "leaf.pem").write_bytes(pem(leaf))
    (folder / "key.pem").write_bytes(private(key("signer", kind)))
    (folder / "chain.pem").write_bytes(pem(INTER))
    return run("openssl", "cms", "-sign", "-binary", "-in", folder / "fw", "-signer", folder / "leaf.pem", "-inkey",
               folder / "key.pem", "-certfile", folder / "chain.pem", "-outform", form, *options)  # fmt: skip


@pytest.mark.parametrize("kind", ["rsa", "p256", "p384", "p521"])
def test_cms_sign(kind: str, tmp_path: Path) -> None:
    """Every way openssl signs is valid under root, intermediate, key; a changed file or signature is not."""
    need("openssl")
    for options in (*OPTIONS, *(RSA_OPTIONS if kind == "rsa" else ())):
        made = sign(tmp_path, kind, *options)
        for pinned in (pin(ROOT), pin(INTER, "inter"), pin(bare(key("signer", kind)))):
            ((status, one),) = observed(tmp_path / "d", pinned, fw_bin_p7s=made)
            assert status is VALID, (options, one.detail)
            assert one.oddities == ()
        for wrong in ({"fw_bin": CONTENT + b"x"}, {"fw_bin_p7s": made[:-40] + bytes([made[-40] ^ 1]) + made[-39:]}):
            assert VALID not in dict(observed(tmp_path / "d", pin(ROOT), **{"fw_bin_p7s": made, **wrong})), options


def test_cms_in_pem(tmp_path: Path) -> None:
    """PEM of both names that openssl writes."""
    need("openssl")
    made = sign(tmp_path, "p256", form="PEM")
    for text in (made, made.replace(b"CMS", b"PKCS7")):
        assert VALID in dict(observed(tmp_path / "d", pin(ROOT), fw_bin_p7s=text))


def test_what_openssl_refuses_too(tmp_path: Path) -> None:
    """A signature below another root is refused by openssl and intact by an unknown key here."""
    need("openssl")
    made = sign(tmp_path, "rsa")
    foreign = certificate("elsewhere", "elsewhere", title="root", issuer_title="root", ca=True)
    for name, root, accepted in (("own", ROOT, True), ("foreign", foreign, False)):
        (tmp_path / "ca.pem").write_bytes(pem(root))
        (tmp_path / "s").write_bytes(made)
        ask = ("openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", tmp_path / "s", "-content",
               tmp_path / "fw", "-CAfile", tmp_path / "ca.pem", "-purpose", "any", "-out", "/dev/null")  # fmt: skip
        if accepted:
            run(*ask)
        else:
            with pytest.raises(AssertionError, match=r"unable to get|signature failure|certificate"):
                run(*ask)
        ((status, _),) = observed(tmp_path / name, pin(root), fw_bin_p7s=made)
        assert status is (VALID if accepted else SignatureStatus.UNKNOWN_KEY)


def test_timestamp_by_openssl(tmp_path: Path) -> None:
    """openssl ts stamps the signature value: a trusted time under a pinned authority, none over another value."""
    need("openssl")
    made = sign(tmp_path, "rsa", "-md", "sha256")
    top = certificate("clock root", "clock root", kind="rsa", ca=True)
    clock = certificate("clock", "clock root", kind="rsa", issuer_kind="rsa", usages=[TIME], critical_usage=True)
    (tmp_path / "clock.pem").write_bytes(pem(clock))
    (tmp_path / "clock.key").write_bytes(private(key("clock", "rsa")))
    (tmp_path / "serial").write_text("01\n")
    (tmp_path / "ts.cnf").write_text(
        "[tsa]\ndefault_tsa=t\n[t]\nserial=serial\nsigner_cert=clock.pem\nsigner_key=clock.key\nsigner_digest=sha256\n"
        "default_policy=1.2.3.4.1\ndigests=sha256,sha512\ness_cert_id_alg=sha256\n"
    )
    value = asn1.ContentInfo.load(made)["content"]["signer_infos"][0]["signature"].native
    pins = (pin(ROOT), pin(top, "clock", purposes=("timestamp",)))
    for over, source in ((value, "rfc3161"), (b"another value", "claimed")):
        ((status, one),) = observed(tmp_path / "d", *pins, fw_bin_p7s=_with_token(made, _stamp(tmp_path, over)))
        assert (status, one.time_source) == (VALID, source), one.oddities
        assert bool(one.oddities) == (source == "claimed")


def _with_token(made: bytes, token: bytes) -> bytes:
    """The one signer's SEQUENCE with a timestamp attribute at its end, and every length around it made anew.

    By hand: asn1crypto compares all children at every level of what was changed, which takes half a minute.
    """
    oid = asn1.CMSAttributeType("signature_time_stamp_token").dump()
    attribute = _element(0xA1, _element(0x30, oid + _element(0x31, token)))
    outer = der.element(made, 0, len(made), "CMS")
    path = [outer]
    while len(path) < 5:  # ContentInfo, [0], SignedData, its last SET, the signer
        path.append(list(der.children(made, path[-1], "CMS"))[-1])
    inner = made[path[-1].body : path[-1].end] + attribute
    for one, parent in zip(reversed(path), [*reversed(path[:-1]), None], strict=True):
        inner = _element(made[one.start], inner)
        if parent is not None:
            inner = made[parent.body : one.start] + inner
    return inner


def _element(tag: int, body: bytes) -> bytes:
    size = len(body)
    if size < 0x80:
        return bytes([tag, size]) + body
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(octets)]) + octets + body


def _stamp(folder: Path, over: bytes) -> bytes:
    (folder / "value").write_bytes(over)
    run("openssl", "ts", "-query", "-data", "value", "-sha256", "-cert", "-out", "q", cwd=folder)
    run("openssl", "ts", "-reply", "-queryfile", "q", "-config", "ts.cnf", "-section", "t", "-token_out", "-out", "r",
        cwd=folder)  # fmt: skip
    return (folder / "r").read_bytes()


def test_chain_beside_a_raw_signature(tmp_path: Path) -> None:
    """A bundle of certificates beside a bare signature leads to the pinned root, in any order; not without a link."""
    need("openssl")
    leaf = certificate("signer", "inter", kind="rsa")
    (tmp_path / "fw").write_bytes(CONTENT)
    (tmp_path / "key.pem").write_bytes(private(key("signer", "rsa")))
    value = run("openssl", "dgst", "-sha256", "-sign", tmp_path / "key.pem", tmp_path / "fw")
    for bundle in (pem(leaf) + pem(INTER), pem(ROOT) + pem(INTER) + pem(leaf)):
        ((status, one),) = observed(tmp_path / "d", pin(ROOT, eku="codeSigning"), fw_bin_sig=value, chain_pem=bundle)
        assert status is VALID, one.detail
        assert [part.subject for part in one.path] == ["CN=signer", "CN=inter", "CN=root"]
    for wrong in ({"chain_pem": pem(leaf)}, {"fw_bin": CONTENT + b"x"}, {"fw_bin_sig": value[:-1] + b"\0"}):
        files = {"fw_bin_sig": value, "chain_pem": pem(leaf) + pem(INTER), **wrong}
        assert VALID not in dict(observed(tmp_path / "d", pin(ROOT), **files))


def test_revocation_list(tmp_path: Path) -> None:
    """openssl verify -crl_check and the fact in the evidence agree on a revoked signer."""
    need("openssl")
    made = sign(tmp_path, "p256")
    (tmp_path / "root.pem").write_bytes(pem(ROOT))
    inside = asn1.ContentInfo.load(made)["content"]["certificates"]
    serials = [one.chosen.serial_number for one in inside if one.chosen.subject.native["common_name"] == "signer"]
    for revoked in ((), serials):
        crl = revocation_list("inter", revoked)
        ((status, one),) = observed(tmp_path / "d", pin(ROOT, crls=(crl,)), fw_bin_p7s=made)
        assert status is VALID
        assert bool(one.path[0].revoked_at) == bool(revoked)
        assert one.path[0].crl_updated
        (tmp_path / "crl.der").write_bytes(crl)
        lists = run("openssl", "crl", "-inform", "DER", "-in", tmp_path / "crl.der")
        (tmp_path / "crl.pem").write_bytes(lists)
        ask = ("openssl", "verify", "-CAfile", tmp_path / "root.pem", "-untrusted", tmp_path / "chain.pem",
               "-CRLfile", tmp_path / "crl.pem", "-crl_check", tmp_path / "leaf.pem")  # fmt: skip
        if revoked:
            with pytest.raises(AssertionError, match="certificate revoked"):
                run(*ask)
        else:
            run(*ask)
