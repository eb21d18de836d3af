"""rust-audit: what panic messages quote of crates, and which of them the program itself is."""

from __future__ import annotations

from fwverify.content import identified
from fwverify.identify.detectors.rust_audit import DETECTOR
from fwverify.identify.interface import Subject
from fwverify.limits import DEFAULT_LIMITS
from fwverify.model.artifact import Locator, Step
from fwverify.model.component import Clue

QUOTES = (
    b"\x7fELF" + bytes(60) + b"\0/root/.cargo/registry/src/index.crates.io-6f17d22bba15001f/log-0.4.17/src/lib.rs\0"
    b"/usr/share/cargo/registry/meterd-2.1.0/src/main.rs\0"
)


def test_a_crate_called_like_its_file_is_the_program() -> None:
    """The others are parts of it."""
    artifact = identified(Locator((Step("fw.bin"), Step("usr/bin/meterd", "squashfs"))), QUOTES)
    found = list(DETECTOR.find(Subject(artifact, None, None, DEFAULT_LIMITS)))
    assert {(one.product, one.version, one.part) for one in found if isinstance(one, Clue)} == {
        ("log", "0.4.17", True),
        ("meterd", "2.1.0", False),
    }
