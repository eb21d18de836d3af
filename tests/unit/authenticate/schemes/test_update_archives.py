"""What signed update archives cover, carry, state and say; embedded signatures of five formats."""

from __future__ import annotations

from pathlib import Path

import pytest

from fwverify.authenticate.stage import Authenticated, Inside
from fwverify.ingest.stage import ingest
from fwverify.limits import DEFAULT_LIMITS
from fwverify.model.artifact import Role, total
from fwverify.model.evidence import SignatureObservation
from fwverify.trust.registry import load

VECTORS = Path(__file__).resolve().parents[3] / "vectors" / "schemes"


def observed(name: str) -> SignatureObservation:
    """The one observation of a vector with an embedded signature."""
    folder = VECTORS / name
    delivery = ingest([folder / "delivery"], DEFAULT_LIMITS).delivery
    into = Authenticated()
    for image in delivery.of(Role.IMAGE):
        Inside(delivery, (), load(folder / "keys"), "2026-11-22T00:00:00Z", into).check(image)
    assert len(into.signatures) == 1
    return into.signatures[0]


@pytest.mark.parametrize(
    ("name", "states"),
    [
        ("swupdate/valid/libconfig", {"version": "2.1.0"}),
        ("mender/valid/rsa", {"name": "rel-2.1", "device-type": "bms-gw", "version": "2.1.0"}),
        ("openbmc/valid/one-image", {"machine": "bms-gw", "version": "v2.1.0", "purpose": "BMC"}),
        ("openwrt/valid/plain", {"compatible": "vendor,bms-gw", "version": "24.10", "board": "bms-gw"}),
    ],
)
def test_states(name: str, states: dict[str, str]) -> None:
    """Signed statements on device and version are told."""
    found = dict(observed(name).states)
    assert states.items() <= found.items()


@pytest.mark.parametrize(
    "name", ["swupdate/valid/libconfig", "mender/valid/xz", "openbmc/valid/four-images", "openwrt/valid/chain"]
)
def test_nothing_is_left_over(name: str) -> None:
    """Signed bytes and the signature's frame are all there is, padding at the end aside."""
    found = observed(name)
    file = next((VECTORS / name / "delivery").iterdir())
    known = total((*found.covers, *found.carries, *found.envelope))
    assert not file.read_bytes()[known:].strip(b"\0")


def test_unlisted_members_stay_out() -> None:
    """A member that sw-description does not list is in none of the ranges, its header neither."""
    found = observed("swupdate/valid/unlisted")
    data = next((VECTORS / "swupdate/valid/unlisted/delivery").iterdir()).read_bytes()
    at = data.index(b"extra.sh")
    assert not any(one.start <= at < one.end for one in (*found.covers, *found.carries, *found.envelope))


def test_certificates_are_told() -> None:
    """A ucert chain gives its dates and ends in the pinned key."""
    found = observed("openwrt/valid/expired")
    assert found.path[0].not_after == "2025-01-02T00:00:00Z"
    assert found.anchor
    assert found.anchor != found.fingerprint
