"""The containers of flattened device trees: FIT images and plain ones."""

from __future__ import annotations

import pytest

from fwverify.limits import LimitExceeded, Limits
from fwverify.model.artifact import ByteRange
from fwverify.unpack.containers.device_tree import CONTAINER as TREE
from fwverify.unpack.containers.fit_image import CONTAINER as FIT
from fwverify.unpack.interface import Check
from tests.unit.unpack.opened import artifact, opened
from tests.vectors.makers.firmware import PAYLOAD, ROOTFS, external, fdt, fit, image

TWO = {"kernel": image(PAYLOAD, "sha256", "crc32"), "rootfs": image(ROOTFS, "sha1", "md5", "sha384", "sha512")}


def test_everything_in_a_good_image_is_accounted_for() -> None:
    """Members, holding digests that name them, and not one byte left over."""
    for data in (fit(TWO), fit(TWO, pad=777), external([("kernel", PAYLOAD), ("rootfs", ROOTFS)])):
        seen = opened(FIT, data)
        assert seen.members == {"kernel": PAYLOAD, "rootfs": ROOTFS}
        assert (seen.unclaimed, seen.oddities, seen.unread, seen.failed) == ((), [], [], [])
        assert {one.member for one in seen.of(Check)} == {"kernel", "rootfs"}


def test_digest_binds_only_the_first_of_a_name() -> None:
    """A second image of the same name must not borrow the binding."""
    data = fit({"kernel": image(PAYLOAD, "sha256"), "kernel\0again": image(ROOTFS, "sha256")})
    seen = opened(FIT, data)
    assert [one.member for one in seen.of(Check)] == ["kernel", ""] and seen.failed == []


def test_short_digest_does_not_hold() -> None:
    """A declared digest of the wrong length is a wrong digest."""
    node = image(PAYLOAD) | {"hash-1": {"algo": "sha256", "value": b"\1\2\3\4"}}
    assert opened(FIT, fit({"kernel": node})).failed == ["kernel/hash-1"]


def test_digest_without_value_or_algorithm_is_unread() -> None:
    """Nothing declared is not a check that holds."""
    node = image(PAYLOAD) | {"hash-1": {"algo": "sha256"}, "hash-2": {"value": b"1234"}}
    seen = opened(FIT, fit({"kernel": node}))
    assert seen.of(Check) == [] and sorted(seen.unread) == ["malformed", "unsupported"]


def test_shared_data_is_an_oddity() -> None:
    """Two images over the same bytes; also when one contains the other."""
    parts = external([("kernel", PAYLOAD), ("rootfs", ROOTFS)])
    seen = opened(FIT, parts)
    assert seen.oddities == []
    one = {"data-position": 1000, "data-size": 50}
    data = fit({"a": one, "b": {"data-position": 1049, "data-size": 1}, "c": {"data-position": 1050, "data-size": 9}})
    assert opened(FIT, data.ljust(1059, b"\1")).oddities == ["overlapping-parts"]


def test_appended_bytes() -> None:
    """Fill behind the image is padding, anything else is trailing data and unexplained."""
    data = fit(TWO)
    assert opened(FIT, data + b"\xff" * 10).oddities == []
    seen = opened(FIT, data + b"\xff" * 10 + b"x")
    assert seen.oddities == ["trailing-data"] and seen.unclaimed == (ByteRange(len(data), len(data) + 11),)


def test_content_cannot_hide_as_structure() -> None:
    """A large unknown property and a strings block with more than names stay unexplained."""
    blob = bytes(range(256)) * 20
    seen = opened(FIT, fit({"kernel": image(PAYLOAD), "note": {"data": b"x", "blob": blob}}))
    assert sum(one.size for one in seen.unclaimed) == len(blob)
    tail = b"\x7fELF" + bytes(range(200)) + b"\0"
    assert sum(one.size for one in opened(FIT, fit(TWO, strings_tail=tail)).unclaimed) > len(tail)
    assert sum(one.size for one in opened(TREE, fdt({"blob": blob})).unclaimed) == len(blob)


def test_configuration_of_a_missing_image() -> None:
    """A name that leads nowhere is said."""
    data = fit({"kernel": image(PAYLOAD)}).replace(b"kernel\0\0", b"kernal\0\0", 1)
    assert "headers-disagree" in opened(FIT, data).oddities


def test_encrypted_image() -> None:
    """The member comes out as it lies there, with the gap that says so."""
    seen = opened(FIT, fit({"kernel": image(PAYLOAD, "sha256") | {"cipher": {"algo": "aes256"}}}))
    assert seen.unread == ["encrypted"] and seen.members == {"kernel": PAYLOAD} and seen.failed == []


def test_the_two_containers_exclude_each_other() -> None:
    """A tree with /images is a FIT, cut off or not; every other tree is a device tree."""
    for data in (fit(TWO), fit(TWO)[:500]):
        assert FIT.detect(artifact(data)) and not TREE.detect(artifact(data))
    board = fdt({"model": "board"})
    assert TREE.detect(artifact(board)) and not FIT.detect(artifact(board))
    assert not TREE.detect(artifact(b"\xd0\x0d\xfe\xed" + bytes(80)))


def test_device_tree() -> None:
    """Structure from end to end, with model and compatible as facts."""
    seen = opened(TREE, fdt({"model": "board", "compatible": b"vendor,board\0vendor,soc\0"}, pad=40))
    assert seen.unclaimed == () and seen.members == {}
    assert seen.facts == {"model": "board", "compatible": "vendor,board"}


def test_limits() -> None:
    """An image above the member limit is refused before it is looked at."""
    with pytest.raises(LimitExceeded):
        opened(FIT, fit(TWO), Limits(max_member_bytes=100))
    with pytest.raises(LimitExceeded):
        opened(FIT, fit(TWO), Limits(max_members=1))
