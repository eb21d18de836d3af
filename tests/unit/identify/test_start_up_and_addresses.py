"""Bounds of what is told of start-up files and addresses: nothing is left out without a word."""

from __future__ import annotations

from fwverify.content import identified
from fwverify.identify.stage import observe
from fwverify.model.artifact import Locator, Step
from fwverify.model.evidence import TOO_MANY, ContentKind, ContentObservation


def seen(name: str, text: str, kind: ContentKind) -> list[ContentObservation]:
    artifact = identified(Locator((Step("fw.bin"), Step(name, "squashfs"))), text.encode())
    return [one for one in observe(artifact).contents if one.kind is kind]


def settings(count: int) -> str:
    return "".join(f"server host{number}.acme-power.net\n" for number in range(count))


def test_many_addresses() -> None:
    """Up to the bound each is told; beyond it one observation says that there are more."""
    assert len(seen("etc/a.conf", settings(200), ContentKind.ENDPOINT)) == 200
    (one,) = seen("etc/a.conf", settings(201), ContentKind.ENDPOINT)
    assert (one.fingerprint, one.detail) == ("more than 200 addresses", TOO_MANY)


def test_late_and_long_lines() -> None:
    """Neither many lines before it nor a long line around it hide an address or a service."""
    text = "# nothing\n" * 30_000 + "server late.acme-power.net" + " " * 700 + "\n"
    assert [one.fingerprint for one in seen("etc/a.conf", text, ContentKind.ENDPOINT)] == ["late.acme-power.net"]
    script = ":\n" * 30_000 + "A=" + "x" * 9_000 + "; /usr/sbin/telnetd; B=" + "y" * 9_000 + "\n"
    (one,) = seen("etc/init.d/net", script, ContentKind.SERVICE)
    assert (one.fingerprint, one.detail.rpartition(", ")[2]) == ("telnetd", "line 30001")
