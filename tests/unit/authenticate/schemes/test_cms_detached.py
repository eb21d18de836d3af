"""CMS files: what a signature file may hold besides a signature over the file beside it."""

from __future__ import annotations

import pytest

from fwverify.authenticate.interface import Group
from fwverify.authenticate.schemes import cms_detached
from fwverify.content import identified
from fwverify.formats import cms
from fwverify.model.artifact import Locator, Step
from fwverify.model.evidence import SignatureObservation, SignatureStatus
from fwverify.model.examining import Unsupported
from fwverify.trust.store import TrustStore
from tests.pki import AT, certificate, key, pin
from tests.vectors.makers import cms_writer as write

CONTENT = b"firmware" * 40
ROOT = certificate("file root", "file root", ca=True)
LEAF = certificate("file leaf", "file root", kind="rsa")


def observed(raw: bytes, content: bytes = CONTENT) -> SignatureObservation:
    """The one observation of a signature file beside a firmware file."""
    file, about = (identified(Locator((Step(name),)), one) for name, one in (("fw.p7s", raw), ("fw", content)))
    (parsed,) = cms_detached.SCHEME.parse(file)
    (found,) = cms_detached.SCHEME.verify(parsed, Group(file, about, {}, (), AT), TrustStore((pin(ROOT),)))
    assert isinstance(found, SignatureObservation)
    return found


def signed(*, attached: bytes | None = None) -> bytes:
    info = write.signer(LEAF, key("file leaf", "rsa"), CONTENT, signed=write.attributes(CONTENT))
    return write.signed_data([info], [LEAF], content=attached)


def test_attached_content_is_the_file() -> None:
    """An attached content must be the delivered file: what is verified is never the copy inside."""
    assert observed(signed(attached=CONTENT)).status is SignatureStatus.VALID
    assert observed(signed(attached=CONTENT), CONTENT + b"x").status is SignatureStatus.INVALID
    assert observed(signed(attached=b"another")).status is SignatureStatus.INVALID


def test_a_timestamp_does_not_pass_for_a_signature() -> None:
    """The contents octets of a signed TSTInfo, delivered as firmware beside the token, are no signed firmware."""
    token = write.token(b"stamped", LEAF, key("file leaf", "rsa"))
    found = observed(token, cms.parse(token).content or b"")
    assert found.status is SignatureStatus.INVALID
    assert "a timestamp" in found.detail


def test_bytes_behind() -> None:
    """What stands behind the DER is told; nothing is where nothing stands."""
    assert observed(signed()).oddities == ()
    assert observed(signed() + b"more").oddities == ("4 bytes stand behind the signature",)


def test_too_large_is_not_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file beyond the limit is not read, which is no statement that it was changed."""
    monkeypatch.setattr(cms_detached, "MAX_BYTES", 100)
    file = identified(Locator((Step("fw.p7s"),)), signed())
    with pytest.raises(Unsupported):
        cms_detached.SCHEME.parse(file)
