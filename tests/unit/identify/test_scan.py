"""Version strings: every example of the data is seen as it says, and what only looks like a version is not."""

from __future__ import annotations

import pytest

from fwverify.formats import multi_search
from fwverify.identify.scan import Hit, named, scan
from fwverify.identify.version_table import sources
from fwverify.limits import LimitExceeded

JUNK = bytes(range(1, 256)) + b"1.2.3\n"
SEALS = (
    pytest.param(b"", b"", id="alone"),
    pytest.param(JUNK + b"\0", b"\0" + JUNK, id="amid-junk"),
    pytest.param(JUNK * 40 + b"\0\0", b"\0", id="at-the-end"),
)
WHOLE = sources()
EXAMPLES = WHOLE.examples
TEXTS = [one for one in EXAMPLES if one.text]
FILES = [one for one in EXAMPLES if one.file]
BUSYBOX = b"BusyBox v1.35.0 ("


def looked(content: bytes, soname: str = "", max_events: int = 1000) -> tuple[Hit, ...]:
    return scan(memoryview(content), soname, max_events)


@pytest.mark.parametrize(("before", "after"), SEALS)
def test_examples(before: bytes, after: bytes) -> None:
    """A positive example shows exactly its version, a negative one none, wherever in the content it lies."""
    wrong = []
    for one in TEXTS:
        hits = looked(before + one.text + after, one.soname)
        seen = {hit.version for hit in hits if hit.product == one.product}
        if seen != ({one.version} if one.version else set()):
            wrong.append((one.product, one.text, seen))
    assert wrong == []


@pytest.mark.parametrize("place", ["", "usr/lib/", "squashfs-root/lib/arm-linux/"])
def test_file_names(place: str) -> None:
    """The release in a library's file name, where the project writes it there."""
    for one in FILES:
        seen = [(hit.product, hit.version) for hit in named(place + one.file, one.soname)]
        assert seen == ([(one.product, one.version)] if one.version else []), one


@pytest.mark.parametrize("soname", ["", "libother.so.1", "xlibjansson.so.4"])
def test_soname_ties(soname: str) -> None:
    """What counts only in its own library is nothing in another one, nor in a file without SONAME."""
    anchored = {find.product for find in WHOLE.finds if find.anchor and not find.soname}
    tied = [one for one in TEXTS if one.version and one.soname and one.product not in anchored]
    assert len(tied) > 20
    assert [one for one in tied if looked(b"\0" + one.text, soname)] == []


def test_two_bare_versions_are_none() -> None:
    """A library that holds two texts of the shape says nothing about which is its own; the same text twice is one."""
    assert [one.version for one in looked(b"\x001.9.4\0\0\0", "liblz4.so.1")] == ["1.9.4"]
    assert [one.version for one in looked(b"\x001.9.4\x001.9.4\0", "liblz4.so.1")] == ["1.9.4"]
    assert looked(b"\x001.9.4\x001.9.3\0", "liblz4.so.1") == ()


def test_bare_version_is_a_whole_text() -> None:
    """Neither the end of another text nor the beginning of one is a version that stands alone."""
    for text in (b"\0since 1.9.4\0", b"\x001.9.4 or newer\0", b"\x001.9.41.2\0", b"x1.9.4\0"):
        assert looked(text, "liblz4.so.1") == ()
    assert looked(b"\xf31.9.4\0", "liblz4.so.1")


def test_one_hit_for_each_version() -> None:
    """A version told ten times is one hit, the first; another version is another hit."""
    content = b"\0".join([BUSYBOX] * 10 + [b"BusyBox v1.36.1 ("])
    assert [(one.version, one.offset) for one in looked(content)] == [("1.35.0", 0), ("1.36.1", 180)]
    assert [one.quote for one in looked(b"\0busybox httpd/1.35.0\0" + BUSYBOX)] == [BUSYBOX[:-1]]


def test_offset_and_quote() -> None:
    """A hit says where its quote lies, also in the first bytes and behind a NUL that the expression asks for."""
    for before in (b"", b"\0", JUNK + b"\0", bytes(500)):
        content = before + b"expat_2.5.0\0"
        (hit,) = looked(content)
        assert content[hit.offset : hit.offset + len(hit.quote)] == hit.quote == b"expat_2.5.0"


def test_anchors_at_the_edges() -> None:
    """An anchor that is the first or the last thing of the content is no version and no error."""
    for content in (b"BusyBox v", b"\0expat_", b"OpenSSL ", b"v", b"", b"\0"):
        assert looked(content) == ()
    assert looked(b"\0expat_2.5.0")[0].version == "2.5.0"


def test_content_without_nul() -> None:
    """The texts of a program, line by line, are texts too; in real content a line end ends none."""
    assert [one.version for one in looked(b"\x7fELF\x01\nexpat_2.5.0\nmore\n")] == ["2.5.0"]
    assert looked(b"\x7fELF\x01\0usage:\nexpat_2.5.0\nmore\0") == ()


def test_beside() -> None:
    """A header that a program was built with is quoted without the library's other texts."""
    quote = b"\0OpenSSL 3.0.13 30 Jan 2024\0"
    assert looked(quote) == ()
    assert [one.version for one in looked(quote + b'OPENSSLDIR: "/etc/ssl"\0')] == ["3.0.13"]


def test_too_many_events() -> None:
    """More anchors than the limit end in LimitExceeded; as many as the limit do not."""
    assert looked(BUSYBOX * 20, max_events=20)
    with pytest.raises(LimitExceeded, match="max_scan_events"):
        looked(BUSYBOX * 21, max_events=20)


def test_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Content longer than one block gives what it gives whole, also where an anchor lies across a border."""
    content = JUNK + b"\0expat_2.5.0\0" + JUNK + b"\0" + BUSYBOX + JUNK
    whole = looked(content)
    assert len(whole) == 2
    for size in (1, 7, 64, 300):
        monkeypatch.setattr(multi_search, "BLOCK_BYTES", size)
        assert looked(content) == whole


def test_order_does_not_matter() -> None:
    """The same texts in another order give the same products and versions."""
    texts = [BUSYBOX, b"expat_2.5.0", b"SSH-2.0-dropbear_2022.83", b"libdbus 1.14.10"]
    one, other = (looked(b"\0" + b"\0".join(order) + b"\0") for order in (texts, texts[::-1]))
    assert {(hit.product, hit.version) for hit in one} == {(hit.product, hit.version) for hit in other}
    assert len(one) == len(texts)
