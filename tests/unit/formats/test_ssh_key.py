"""SSH public key lines and SSHSIG blobs."""

from __future__ import annotations

import base64

import pytest

from fwverify.formats import key_file, ssh_key, sshsig
from fwverify.model.examining import Malformed, Unsupported
from tests.vectors.makers.keys_and_signatures import ed_key
from tests.vectors.makers.sshsig import Made, armored, blob, public, text

KEY = ed_key("ssh")
PUBLIC = public(KEY)
RAW = blob(KEY)[19:]


def test_line_forms() -> None:
    """Principals, options and comments around one key."""
    for line, principals in (
        (PUBLIC, ""),
        (f"{PUBLIC} me", ""),
        (f"me@x {PUBLIC}", "me@x"),
        (f"restrict {PUBLIC}", ""),
    ):
        assert ssh_key.parse_line(line).principals == principals
    found = ssh_key.parse_line(f'"a b",c namespaces="x,y",valid-before="20300101" {PUBLIC} comment')
    assert (found.option("namespaces"), found.option("cert-authority")) == ("x,y", None)
    assert ssh_key.parse_line(f"* Cert-Authority {PUBLIC}").option("cert-authority") == ""


@pytest.mark.parametrize(
    "content",
    [
        b"", b"ssh-ed25519", b"ssh-ed25519 AAAA", PUBLIC.encode() * 2, f"{PUBLIC}\n{PUBLIC}\n".encode(),
        f"* unknown-option {PUBLIC}".encode(), f'* namespaces="a",namespaces="b" {PUBLIC}'.encode(),
        PUBLIC.replace("ssh-ed25519 ", "ssh-rsa ").encode(), b"\xff" + PUBLIC.encode(),
    ],
)  # fmt: skip
def test_refused_key_files(content: bytes) -> None:
    """Nothing, cut, two keys, unknown options, a type that is not the key's."""
    with pytest.raises((Malformed, Unsupported)):
        ssh_key.parse_key(content)


@pytest.mark.parametrize(
    "raw",
    [
        text(b"ssh-ed25519") + text(RAW) + b"\0", text(b"ssh-ed25519") + text(RAW[:31]), text(b"ssh-ed25519") + RAW,
        text(b"ssh-ed25519") + text(b"\1" + bytes(31)), text(b"ssh-rsa") + text(b"\0\3") + text(b"\x7f" * 256),
        text(b"ssh-rsa") + text(b"\3") + text(b"\xff" * 256),
        text(b"ecdsa-sha2-nistp256") + text(b"nistp384") + text(b"\4" + bytes(96)),
        text(b"ecdsa-sha2-nistp256") + text(b"nistp256") + text(b"\4" + bytes(64)), b"\xff\xff\xff\xff",
    ],
)  # fmt: skip
def test_refused_blobs(raw: bytes) -> None:
    """Bytes after the key, wrong lengths, a point of small order, numbers not in shortest form, another curve."""
    with pytest.raises(Malformed):
        ssh_key.parse_binary(raw)


def test_unread_types() -> None:
    """DSA and certificates are named, not read."""
    for kind in (b"ssh-dss", b"ssh-ed25519-cert-v01@openssh.com"):
        with pytest.raises(Unsupported):
            ssh_key.parse_binary(text(kind))


def test_registry_key() -> None:
    """The file's line stays with the key, and its id is what ssh-keygen shows."""
    found = key_file.parse(f"fw@x {PUBLIC}\n".encode())
    assert (found.note, found.algorithm, found.material) == ("SSH public key", "ed25519", f"fw@x {PUBLIC}".encode())
    assert found.key_id.startswith("SHA256:")


def test_every_prefix_of_a_signature_is_refused() -> None:
    """A cut blob is Malformed at every length."""
    raw = Made(KEY).raw(b"payload")
    assert sshsig.parse(armored(raw)).namespace == "file"
    for size in range(6, len(raw)):
        with pytest.raises(Malformed):
            sshsig.parse(armored(raw[:size]))


@pytest.mark.parametrize("change", [b"\n\n", b"-----END SSH SIGNATURE-----\nx"])
def test_refused_armor(change: bytes) -> None:
    """Base64 that is not canonical, and text after the end."""
    good = armored(Made(KEY).raw(b"payload"))
    body = b"".join(good.split(b"\n")[1:-2])
    assert base64.b64decode(body)
    bad = good.replace(b"-----END SSH SIGNATURE-----\n", change) if b"END" in change else good[:90] + b"=" + good[90:]
    with pytest.raises(Malformed):
        sshsig.parse(bad)
