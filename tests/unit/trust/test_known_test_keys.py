"""The published test keys: complete rows, distinct keys, plain labels."""

from __future__ import annotations

import re
from datetime import date

from fwverify.trust.known_test_keys import KNOWN, checked_on, known_keys


def test_every_row_names_a_key_and_its_source() -> None:
    """Each has a SHA-256, a repository at a commit and a path, and no key stands twice."""
    assert len(KNOWN) == len(known_keys()) >= 64
    for one in known_keys():
        assert re.fullmatch("[0-9a-f]{64}", one.fingerprint)
        assert re.fullmatch("[0-9a-f]{40}", one.commit)
        assert re.fullmatch(r"[\w.-]+/[\w.-]+", one.repository) and one.path
    assert date.fromisoformat(checked_on()) <= date(2026, 11, 22)


def test_a_well_known_key_is_found() -> None:
    """The key that MCUboot ships for trying out is known under the fingerprint of its SubjectPublicKeyInfo."""
    assert [label for label in KNOWN.values() if "mcu-tools/mcuboot root-rsa-2048.pem" in label] == [
        "MCUboot sample signing key (published with its secret half: mcu-tools/mcuboot root-rsa-2048.pem)"
    ]
