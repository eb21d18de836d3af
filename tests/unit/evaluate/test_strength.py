"""What the bottom rung of the ladder says: which image has no method, and why."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fwverify.model.artifact import Role
from fwverify.model.evidence import Evidence, SignatureObservation
from tests.unit.evaluate.builders import (
    SIZE,
    at,
    bare,
    broken,
    checksum,
    evidence,
    given,
    good,
    judged,
    ledger,
    record,
    sha256,
    signature,
    span,
    unknown,
)

OTHER = record(at("recovery.bin"), 77, Role.IMAGE)
WRONG = checksum(holds=False, computed=sha256("changed"))
UNREACHED = ledger(span(0, SIZE))


def detail(found: Evidence) -> str:
    """The ladder's explanation; asserts that it is of rung 0."""
    rung = judged(found, "origin.strength: must").strength
    assert (rung.value, rung.words) == (0, "NO METHOD")
    return rung.detail


def test_nothing_came() -> None:
    """No signature, no checksum: nothing more to say."""
    assert detail(bare()) == "Nothing came to compare it with."


@pytest.mark.parametrize(
    ("one", "state"),
    [
        (signature(), "is signed by a key on record, but for"),
        (unknown(), "is for"),
        (broken(), "is for"),
    ],
)
def test_list_for_other_bytes(one: SignatureObservation, state: str) -> None:
    """A list that names the image with another digest is named, and called signed only where an accepted key did."""
    found = evidence(one, checksums=(WRONG,), ledger=UNREACHED)
    assert detail(found) == f"SHA256SUMS {state} other bytes than fw.bin."


def test_unsigned_list_for_other_bytes() -> None:
    """No signature at all."""
    assert detail(evidence(checksums=(WRONG,))) == "SHA256SUMS is for other bytes than fw.bin."


def test_operators_checksum_for_other_bytes() -> None:
    """What the operator was told on the phone is not called a list."""
    wrong = given(holds=False, computed=sha256("changed"))
    assert detail(bare(checksums=(wrong,))) == "The checksum you were given is for other bytes than fw.bin."


def test_image_without_method_is_named() -> None:
    """One image is signed, the other has nothing: only the other is named."""
    found = good()
    both = replace(found, artifacts=(*found.artifacts, OTHER))
    assert detail(both) == "No accepted signature and no checksum that fits speaks of recovery.bin."
    alone = replace(both, checksums=())
    assert detail(alone) == "No accepted signature and no checksum that fits speaks of recovery.bin."


def test_changed_and_bare_images_are_told_apart() -> None:
    """Two images: the bytes of one are not the listed ones, of the other nothing speaks."""
    found = evidence(signature(), checksums=(WRONG,), ledger=UNREACHED)
    assert detail(replace(found, artifacts=(*found.artifacts, OTHER))) == (
        "SHA256SUMS is signed by a key on record, but for other bytes than fw.bin. "
        "No accepted signature and no checksum that fits speaks of recovery.bin."
    )


def test_many_images_are_counted() -> None:
    """Three names, then a figure."""
    more = tuple(record(at(f"part-{number}.bin"), 9, Role.IMAGE) for number in range(5))
    found = good()
    assert detail(replace(found, artifacts=(*found.artifacts, *more))).endswith(
        "speaks of part-0.bin, part-1.bin, part-2.bin and 2 more."
    )


def test_a_name_that_is_not_here_is_no_change() -> None:
    """A list line whose file is missing says nothing about the image."""
    missing = replace(WRONG, subject=None, computed=None, name="else.bin")
    assert "speaks of fw.bin" in detail(bare(checksums=(missing,)))
