"""Which bytes of an image a signature reaches: ranges, packed content, its own envelope, nested artifacts, bindings."""

from __future__ import annotations

from fwverify.model.artifact import ByteRange, Locator, Step
from fwverify.model.canonical import identify
from fwverify.model.constraints import unmet
from fwverify.model.evidence import Binding, LedgerSpan, Opened, SignatureObservation, SignatureStatus
from fwverify.model.ledger import Account, reach, signed_spans

SIZE = 100
FW = Locator((Step("fw.bin"),))
INNER = FW.into("box", "inner")
PACKED = FW.into("gz", "packed")


def signature(subject: Locator, **ranges: tuple[ByteRange, ...]) -> SignatureObservation:
    given = {"covers": (), "carries": (), "envelope": (), **ranges}
    return SignatureObservation(
        "made-up", FW, subject, given["covers"], SignatureStatus.VALID, "", carries=given["carries"],
        envelope=given["envelope"],
    )  # fmt: skip


def account(*owners: tuple[int, int, Locator]) -> Account:
    spans = tuple(
        LedgerSpan(ByteRange(start, end), owner, Opened.EXAMINED, "box", end - start, (), False)
        for start, end, owner in owners
    )
    return Account(FW, SIZE, spans)


def bytes_of(spans: tuple[LedgerSpan, ...], name: str, *, frame: bool = False) -> set[int]:
    """Places an id reaches (or is the envelope of)."""
    return {
        at
        for span in spans
        if name in (span.frame_of if frame else span.signed_by)
        for at in range(span.range.start, span.range.end)
    }


def marked(image: Account, *found: SignatureObservation, bindings: tuple[Binding, ...] = (), **placed: ByteRange):
    sizes = {FW: SIZE, INNER: 20, PACKED: 500}
    where = {FW: ByteRange(0, SIZE)} | ({INNER: placed["inner"]} if placed else {})
    return signed_spans(image, reach(found, (), bindings, sizes), found, where)


def test_parts_packed_parts_and_envelope() -> None:
    """Covered and carried bytes are signed, the envelope is the signature's own, the rest is neither."""
    one = signature(
        FW, covers=(ByteRange(0, 40),), carries=(ByteRange(40, 60),), envelope=(ByteRange(60, 90),)
    )  # fmt: skip
    spans = marked(account((0, SIZE, FW)), one)
    assert bytes_of(spans, identify(one)) == set(range(60))
    assert bytes_of(spans, identify(one), frame=True) == set(range(60, 90))
    assert sum(span.range.size for span in spans) == SIZE


def test_nested_signature_lies_where_its_subject_lies() -> None:
    """Ranges of a stored member are shifted into the image."""
    one = signature(INNER, covers=(ByteRange(0, 15),), envelope=(ByteRange(15, 20),))
    spans = marked(account((0, 30, FW), (30, 50, INNER), (50, SIZE, FW)), one, inner=ByteRange(30, 50))
    assert bytes_of(spans, identify(one)) == set(range(30, 45))
    assert bytes_of(spans, identify(one), frame=True) == set(range(45, 50))


def test_packed_member_signed_as_a_whole() -> None:
    """Bytes that hold one packed artifact count when all of that artifact is signed, and not when a part is."""
    image = account((0, 10, FW), (10, 90, PACKED), (90, SIZE, FW))
    whole = signature(PACKED, covers=(ByteRange(0, 450),), envelope=(ByteRange(450, 500),))
    assert bytes_of(marked(image, whole), identify(whole)) == set(range(10, 90))
    part = signature(PACKED, covers=(ByteRange(0, 450),))
    assert bytes_of(marked(image, part), identify(part)) == set()


def test_envelope_alone_covers_nothing() -> None:
    """A signature whose every byte is its own envelope reaches nothing."""
    one = signature(FW, envelope=(ByteRange(0, SIZE),))
    assert reach([one], (), (), {FW: SIZE}) == {}


def test_binding_inside_the_signatures_own_subject() -> None:
    """From a signed part to another part of the same image: the binding reaches on although the first is placed."""
    other = FW.into("box", "other")
    one = signature(INNER, covers=(ByteRange(0, 20),))
    link = Binding(INNER, other, "sha256", True, True)
    spans = signed_spans(
        account((0, 30, FW), (30, 50, INNER), (50, SIZE, other)),
        reach([one], (), (link,), {FW: SIZE, INNER: 20, other: 50}),
        (one,),
        {FW: ByteRange(0, SIZE), INNER: ByteRange(30, 50), other: ByteRange(50, SIZE)},
    )
    assert bytes_of(spans, identify(one)) == set(range(30, SIZE))


def test_broken_or_weak_binding_reaches_nothing() -> None:
    """Only a strong digest that was recomputed carries on."""
    one = signature(INNER, covers=(ByteRange(0, 20),))
    for holds, strong in ((False, True), (True, False)):
        link = Binding(INNER, PACKED, "md5", holds, strong)
        assert PACKED not in reach([one], (), (link,), {FW: SIZE, INNER: 20, PACKED: 500})


def test_constraints_are_alternatives_and_numbers() -> None:
    """Any of several values will do; thresholds are least numbers; what was not recorded is not met."""
    assert unmet([("eku", "codeSigning")], {"eku": "serverAuth, codeSigning"}) == ()
    assert unmet([("bundle-format", "verity,crypt")], {"bundle-format": "plain"}) == (
        ("bundle-format", "plain", "verity,crypt"),
    )
    assert unmet([("threshold", "2")], {"threshold": "3"}) == ()
    assert unmet([("threshold", "2")], {"threshold": "1"}) != ()
    assert unmet([("threshold", "2")], {}) != ()
    assert unmet([("hash", "sha256")], {}) == (("hash", "none", "sha256"),)
    assert unmet([("prehash", "none")], {}) == ()
