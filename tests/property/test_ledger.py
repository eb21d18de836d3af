"""Properties of the byte arithmetic: ranges, the ledger, locators, and evidence that reads back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fwverify.model.artifact import ByteRange, Locator, Step, merged, subtracted, total
from fwverify.model.canonical import canonical, from_json, to_json
from fwverify.model.evidence import LedgerSpan, Opened
from fwverify.model.ledger import Account, Claim, MemberAccount, account, leaf, reach, signed_spans

RANGES = st.lists(
    st.tuples(st.integers(0, 200), st.integers(1, 50)).map(lambda one: ByteRange(one[0], one[0] + one[1])), max_size=12
)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
LOCATORS = st.lists(st.builds(Step, TEXT, TEXT, st.integers(0, 3)), min_size=1, max_size=4).map(
    lambda steps: Locator(tuple(steps))
)
HERE = Locator((Step("fw.bin"),))


def places(ranges: list[ByteRange]) -> set[int]:
    return {at for one in ranges for at in range(one.start, one.end)}


@given(RANGES, RANGES)
def test_ranges_are_sets_of_bytes(one: list[ByteRange], other: list[ByteRange]) -> None:
    """Merging, subtracting and counting ranges are what they are for sets of byte positions."""
    assert places(list(merged(one))) == places(one)
    assert places(list(subtracted(one, other))) == places(one) - places(other)
    assert total(one) == len(places(one))
    assert all(a.end < b.start for a, b in zip(merged(one), merged(one)[1:], strict=False))


@given(LOCATORS)
def test_locator_reads_back(locator: Locator) -> None:
    """A locator survives its JSON form, whatever its names are, and its text form is printable ASCII."""
    assert from_json(Locator, to_json(locator)) == locator
    assert str(locator).isascii()
    assert str(locator).isprintable()


@given(
    st.integers(1, 300),
    st.lists(st.tuples(RANGES, st.sampled_from(list(Opened)), st.integers(0, 100), st.booleans()), max_size=6),
    RANGES,
)
def test_every_byte_has_one_span(
    size: int, members: list[tuple[list[ByteRange], Opened, int, bool]], structure: list[ByteRange]
) -> None:
    """Whatever is claimed, and however claims overlap, spans are disjoint, sorted, complete, and never over-count."""
    claims = [Claim(one, Opened.STRUCTURE) for one in structure]
    accounts = []
    for index, (ranges, opened, length, stored) in enumerate(members):
        stored = stored and len(ranges) == 1
        held = ranges[0].size if stored else length
        accounts.append(
            MemberAccount(leaf(HERE.into("x", str(index)), held, opened, "r"), stored, ranges[0].start if ranges else 0)
        )
        claims += [Claim(one, Opened.EXAMINED, index) for one in ranges]
    result = account(HERE, size, "box", claims, accounts)
    assert [one.range.start for one in result.spans] == [0, *(one.range.end for one in result.spans[:-1])]
    assert result.spans[-1].range.end == size
    assert all(0 <= one.opened_bytes <= one.range.size for one in result.spans)
    assert 0 <= result.opened_bytes <= size


@given(RANGES)
def test_unclaimed_bytes_are_never_opened(structure: list[ByteRange]) -> None:
    """Bytes that nothing claims are gaps: naming nothing examines nothing."""
    result = account(HERE, 260, "box", [Claim(one, Opened.STRUCTURE) for one in structure], [])
    opened = places([one.range for one in result.spans if one.opened is not Opened.GAP])
    assert opened == places(structure) & set(range(260))


def test_nothing_signed_without_signatures() -> None:
    """Without a signature or an operator's checksum no span is signed."""
    image = Account(HERE, 10, (LedgerSpan(ByteRange(0, 10), HERE, Opened.EXAMINED, "r", 10, (), False),))
    spans = signed_spans(image, reach((), (), (), {HERE: 10}), (), {HERE: ByteRange(0, 10)})
    assert [one.signed_by for one in spans] == [()]


@given(LOCATORS, RANGES)
def test_canonical_is_stable(locator: Locator, ranges: list[ByteRange]) -> None:
    """Canonical bytes do not depend on how often a value was written and read."""
    spans = tuple(LedgerSpan(one, locator, Opened.EXAMINED, "r", one.size, (), True) for one in ranges)
    value = Account(locator, 250, spans)
    assert canonical(from_json(Account, to_json(value))) == canonical(value)
