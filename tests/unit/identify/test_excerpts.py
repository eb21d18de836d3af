"""The accuracy of version detection on the excerpts of real builds in identify/versions: seconds, no corpus."""

from __future__ import annotations

from fwverify.content import identified
from fwverify.identify.conclude import conclude, upstream
from fwverify.identify.detectors import version_string
from fwverify.identify.misnumbered import misnumbered
from fwverify.identify.stage import observe
from fwverify.identify.version_table import Example, sources
from fwverify.model.artifact import Locator, Step

ROOT = Locator((Step("image"),))
CODE = bytes(range(0x80, 0x100)) * 8
QUOTES = (
    b"#!/bin/sh\n# needs OpenSSL 3.0.2 or newer, tested with BusyBox v1.36.1 (2023-01-01)\n",
    b"changes:\n * update to dnsmasq-2.89\n * libcurl/7.88.1 is required\n",
    b'User-Agent: "curl/7.88.1" "Wget/1.21.3" "lighttpd/1.4.69"\n',
)
"""Plain texts: scripts, changelogs, user agents."""


def seen(number: int, one: Example) -> set[tuple[str, str]]:
    """Products and releases concluded from one excerpt amid other bytes."""
    content = CODE + one.text + CODE
    found = observe(
        identified(ROOT.into("squashfs", f"usr/bin/{number}"), content), detectors=(version_string.DETECTOR,)
    )
    return {(part.name, upstream(part.version, packaged=False)) for part in conclude(found.clues) if part.version}


def test_excerpts() -> None:
    """An excerpt of a real build gives its release and no other of the product; what only resembles it gives none."""
    texts = [one for one in sources().examples if one.text and not one.soname]
    right = wrong = 0
    for number, one in enumerate(texts):
        releases = {version for product, version in seen(number, one) if product == one.product}
        several = (one.product, one.version) in misnumbered()  # releases state this number, which says none of them
        expected = {upstream(one.version, packaged=False)} if one.version and not several else set()
        right += releases == expected
        wrong += bool(releases - expected)
    assert len(texts) > 900
    assert (right, wrong) == (len(texts), 0)


def test_quotes_of_others() -> None:
    """A script, a changelog and a user agent in plain text show no product."""
    for number, text in enumerate(QUOTES):
        artifact = identified(ROOT.into("squashfs", f"etc/{number}"), text)
        found = observe(artifact, detectors=(version_string.DETECTOR,))
        assert found.clues == ()
