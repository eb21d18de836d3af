"""Vectors of detached and attached CMS files: right ones, and the ways to fool a reader of RFC 5652."""

from __future__ import annotations

import base64
import datetime
import functools
from collections.abc import Callable
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.vectors.makers import cms_writer as write
from tests.vectors.makers.cms_images import SINCE, UNTIL, key, pem
from tests.vectors.makers.keys_and_signatures import Case, fingerprint, registry, seed

CONTENT = b"firmware of the CMS vectors\n" * 4 + seed("cms content", 64)
OTHER = b"another firmware, never signed\n" * 4
BY = "tests/vectors/makers/cms_files.py"


@functools.cache
def certificate(
    name: str,
    issuer: str = "",
    *,
    ca: bool = False,
    usage: x509.ObjectIdentifier | None = ExtendedKeyUsageOID.CODE_SIGNING,
    since: datetime.datetime = SINCE,
    until: datetime.datetime = UNTIL,
    path_length: int | None = None,
    title: str = "",
) -> x509.Certificate:
    """A certificate for `key(name)`; without an issuer it signs itself and is an authority."""
    names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, one)]) for one in (title or name, issuer or name)]
    number = int.from_bytes(seed(f"{name}{issuer}{usage}{since}{until}", 8), "big") >> 1
    made = x509.CertificateBuilder(names[1], names[0], key(name).public_key(), number, since, until)
    made = made.add_extension(x509.BasicConstraints(ca or not issuer, path_length), critical=True)
    if issuer and not ca and usage is not None:
        made = made.add_extension(x509.ExtendedKeyUsage([usage]), critical=usage == ExtendedKeyUsageOID.TIME_STAMPING)
    return made.sign(key(issuer or name), hashes.SHA256())


def chain(leaf: str = "signer", **changes: object) -> list[x509.Certificate]:
    """The leaf below an intermediate below the root."""
    return [certificate(leaf, "inter", **changes), certificate("inter", "root", ca=True)]


def detached(content: bytes = CONTENT, leaf: str = "signer", **changes: object) -> bytes:
    """As openssl cms -sign makes it."""
    certificates = chain(leaf, **changes)
    one = write.signer(certificates[0], key(leaf), content, signed=write.attributes(content))
    return write.signed_data([one], certificates)


def pinned(*constraints: str, name: str = "root", authority: str = "") -> dict[str, bytes]:
    """A registry with the root (and a timestamp authority)."""
    rows = _entry(name, certificate(name), "firmware", "".join(f"      {one}\n" for one in constraints))
    files = {f"vendor/{name}.pem": pem(certificate(name))}
    if authority:
        rows += _entry(authority, certificate(authority), "timestamp", "")
        files[f"vendor/{authority}.pem"] = pem(certificate(authority))
    return {"vendor.yaml": registry(rows), **files}


def _entry(name: str, made: x509.Certificate, purpose: str, constraints: str) -> str:
    head = f"    constraints:\n{constraints}" if constraints else ""
    return (
        f"  - id: {name}\n    type: x509\n    file: vendor/{name}.pem\n"
        f"    spki-sha256: {fingerprint(key(name))}\n{head}"
        f'    purposes: [{purpose}]\n    products: ["*"]\n    sources:\n'
        "      - {channel: made for a test, who: the maker, when: 2026-11-22}\n"
    )


def _case(kind: str, name: str, why: str, status: str, signature: bytes, *, content: bytes = CONTENT,
          keys: dict[str, bytes] | None = None) -> Case:  # fmt: skip
    expect = f'statuses = [["fw.bin.p7s", "{status}"]]'
    files = {"fw.bin": content, "fw.bin.p7s": signature}
    return Case("cms", kind, name, why, expect, files, keys if keys is not None else pinned())


def valid() -> list[Case]:
    plain = write.signer(certificate("signer", "inter"), key("signer"), CONTENT)
    body = b"\n".join(base64.encodebytes(detached()).splitlines())
    armored = b"-----BEGIN PKCS7-----\n" + body + b"\n-----END PKCS7-----\n"
    return [
        _case("valid", "attributes", "detached, signed attributes, intermediate embedded, root pinned", "valid",
              detached()),
        _case("valid", "no-attributes", "detached, the content itself is signed", "valid",
              write.signed_data([plain], chain())),
        _case("valid", "pem", "the same in PEM", "valid", armored),
        _case("valid", "attached", "attached; the content inside is the delivered file", "valid", attached(CONTENT)),
        _case("valid", "usage", "the entry asks for code signing, the certificate is for it", "valid", detached(),
              keys=pinned("eku: codeSigning", "signed-attributes: yes")),
    ]  # fmt: skip


def attached(content: bytes) -> bytes:
    one = write.signer(certificate("signer", "inter"), key("signer"), content, signed=write.attributes(content))
    return write.signed_data([one], chain(), content=content)


def _bent(make: Callable[[list[object]], list[object]], **changes: object) -> bytes:
    """With signed attributes that something was done to before signing."""
    given = make(write.attributes(CONTENT, **changes))
    one = write.signer(certificate("signer", "inter"), key("signer"), CONTENT, signed=given)
    return write.signed_data([one], chain())


def invalid() -> list[Case]:
    signed = write.attributes(CONTENT)
    leaf = certificate("signer", "inter")
    value = key("signer").sign(write.as_set(signed), write.padding.PKCS1v15(), hashes.SHA256())
    confused = write.signed_data([write.signer(leaf, key("signer"), b"", value=value)], chain())
    again = {"type": "message_digest", "values": [b"\0" * 32]}
    future = {"since": datetime.datetime(2030, 1, 1)}
    return [
        _case("invalid", "changed-content", "one byte of the file changed", "invalid", detached(),
              content=CONTENT[:-1] + b"\0"),
        _case("invalid", "attributes-as-content", "the attributes of an old signature as a new file",
              "invalid", confused, content=write.as_set(signed)),
        _case("invalid", "attached-to-another", "attached, but the file is another one", "invalid", attached(CONTENT),
              content=OTHER),
        _case("invalid", "no-signers", "certificates alone", "invalid", write.signed_data([], chain())),
        _case("invalid", "no-message-digest", "signed attributes without messageDigest", "invalid",
              _bent(lambda one: one, drop=("message_digest",))),
        _case("invalid", "no-content-type", "signed attributes without contentType", "invalid",
              _bent(lambda one: one, drop=("content_type",))),
        _case("invalid", "other-content-type", "the signed contentType is that of a timestamp", "invalid",
              _bent(lambda one: one, kind="tst_info")),
        _case("invalid", "two-message-digests", "messageDigest twice", "invalid", _bent(lambda one: [*one, again])),
        _case("invalid", "named-otherwise", "a SHA-1 signature that names SHA-256", "invalid", write.signed_data(
            [write.signer(leaf, key("signer"), CONTENT, digest="sha1", named="sha256")], chain())),
        _case("invalid", "not-yet-valid", "the certificate begins in 2030", "invalid", detached(**future)),
        _case("invalid", "usage", "a TLS server's certificate where code signing is asked for", "invalid",
              detached(usage=ExtendedKeyUsageOID.SERVER_AUTH), keys=pinned("eku: codeSigning")),
        _case("invalid", "attributes-asked-for", "no signed attributes where the entry asks for them", "invalid",
              write.signed_data([write.signer(leaf, key("signer"), CONTENT)], chain()),
              keys=pinned("signed-attributes: yes")),
    ]  # fmt: skip


def strangers() -> list[Case]:
    """Intact, and leading to nothing on record."""
    same_name = certificate("imposter", title="root", ca=True)
    below = certificate("signer", "imposter", title="signer")
    one = write.signer(below, key("signer"), CONTENT, signed=write.attributes(CONTENT))
    by_leaf = certificate("pupil", "signer")
    pupil = write.signer(by_leaf, key("pupil"), CONTENT, signed=write.attributes(CONTENT))
    direct = certificate("inter", "root", ca=True)
    lone = write.signer(certificate("signer", "inter"), key("signer"), CONTENT, signed=write.attributes(CONTENT))
    authority = write.signer(direct, key("inter"), CONTENT, signed=write.attributes(CONTENT))
    unknown = "unknown_key"
    return [
        _case("hostile", "embedded-root", "another root, embedded, named like the pinned one", unknown,
              write.signed_data([one], [below, same_name])),
        _case("hostile", "leaf-as-authority", "the signer's certificate was issued by a leaf", unknown,
              write.signed_data([pupil], [by_leaf, *chain()])),
        _case("hostile", "no-intermediate", "no way from the signer to the root", unknown,
              write.signed_data([lone], [certificate("signer", "inter")])),
        _case("hostile", "signed-by-an-authority", "an intermediate authority signs a file itself", unknown,
              write.signed_data([authority], [direct])),
        _case("hostile", "path-too-long", "an authority below one that may have none below it", unknown,
              write.signed_data(
                  [write.signer(certificate("deep", "sub"), key("deep"), CONTENT, signed=write.attributes(CONTENT))],
                  [certificate("deep", "sub"), certificate("sub", "short", ca=True),
                   certificate("short", "root", ca=True, path_length=0)])),
    ]  # fmt: skip


def odd() -> list[Case]:
    """Wrappers."""
    open_length = b"\x30\x80" + detached()[4:] + b"\0\0"
    foreign = certificate("stranger", "elsewhere")
    signed = write.attributes(CONTENT)
    two = write.signed_data(
        [write.signer(certificate("signer", "inter"), key("signer"), CONTENT, signed=signed),
         write.signer(foreign, key("stranger"), CONTENT, signed=signed)],
        [*chain(), foreign, certificate("elsewhere")],
    )  # fmt: skip
    both = 'statuses = [["fw.bin.p7s", "valid"], ["fw.bin.p7s", "unknown_key"]]'
    files = {"fw.bin": CONTENT, "fw.bin.p7s": two}
    return [
        Case("cms", "valid", "second-signer", "a foreign signer beside the pinned one", both, files, pinned()),
        _case("valid", "open-length", "BER with a length left open, as signers that stream write it", "valid",
              open_length),
        Case("cms", "truncated", "half", "the second half is missing: no signature any more, so taken as firmware",
             "statuses = []", {"fw.bin": CONTENT, "fw.bin.p7s": detached()[:700]}, pinned()),
    ]  # fmt: skip


def stamped() -> list[Case]:
    """With a timestamp by a pinned authority."""
    signed = write.attributes(CONTENT)
    leaf = certificate("signer", "inter")
    value = key("signer").sign(write.as_set(signed), write.padding.PKCS1v15(), hashes.SHA256())
    clock = certificate("clock", "time", usage=ExtendedKeyUsageOID.TIME_STAMPING)
    cases = []
    for name, over, why in (
        ("timestamp", value, "a pinned authority vouches for the time"),
        ("timestamp-of-another", b"another value", "the timestamp is over another signature: it gives no time"),
    ):
        one = write.signer(leaf, key("signer"), CONTENT, signed=signed,
                           unsigned=[write.stamp(write.token(over, clock, key("clock")))])  # fmt: skip
        made = write.signed_data([one], chain())
        cases.append(_case("valid", name, why, "valid", made, keys=pinned(authority="time")))
    return cases


def make(root: Path) -> None:
    """Write all of them."""
    for one in (*valid(), *invalid(), *strangers(), *odd(), *stamped()):
        one.write(root)
        meta = root / "schemes" / one.plugin / one.kind / one.name / "vector.toml"
        text = meta.read_text()
        meta.write_text(f'origin = "{BY}"\n' + text.partition("\n")[2])
