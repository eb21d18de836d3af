"""Headers in which nothing can be kept that nobody signed, and packed archives that hold nothing else."""

from __future__ import annotations

import gzip
import lzma

import pytest
import zstandard

from fwverify.formats import archive_frames, cpio, packed_tar, tar_archive
from fwverify.limits import Budget
from fwverify.model.examining import Malformed
from tests.vectors.makers import update_archives as maker

FILES = [("fw.bin", maker.IMAGE), ("two.bin", b"x" * 600)]


def test_whole_archives_are_frame_and_content() -> None:
    """With plain headers every byte up to the end marker is content or frame."""
    packed = maker.cpio(FILES)
    archive = cpio.read(memoryview(packed), Budget())
    spans = [*archive_frames.cpio_frames(memoryview(packed), archive, archive.entries)]
    spans += [span for one in archive.entries for span in one.ranges]
    assert sum(one.size for one in spans) == archive.structure[0].end
    view = memoryview(maker.tar(FILES))
    members = tar_archive.read(view, Budget()).entries
    spans = [*archive_frames.tar_frames(view, members), *(span for one in members for span in one.ranges)]
    assert sum(one.size for one in spans) == 512 * 2 + 512 + 1024
    whole = tar_archive.read(view, Budget())
    spans += [*archive_frames.tar_frames(view, (), whole.padding)]
    assert sum(one.size for one in spans) == len(view)


@pytest.mark.parametrize("at", [20, 160, 290, 400, 505])
def test_text_in_a_header_is_no_frame(at: int) -> None:
    """Bytes behind a name, in the link field, behind an owner or at the end of the block are seen."""
    raw = bytearray(maker.tar(FILES))
    raw[at] ^= 0x41
    raw[148:156] = b"%06o\0 " % (sum(raw[:148]) + 8 * 32 + sum(raw[156:512]))
    view = memoryview(bytes(raw))
    members = tar_archive.read(view, Budget()).entries
    assert not archive_frames.plain_header(view, members[0])
    assert archive_frames.plain_header(view, members[1])


@pytest.mark.parametrize("name", ["a.tar", "a.tar.gz", "a.tar.xz", "a.tar.zst"])
def test_every_packing(name: str) -> None:
    """Each packing gives the same files; one byte behind it is refused."""
    plain = maker.tar(FILES)
    pack = {"tar": bytes, "gz": gzip.compress, "xz": lzma.compress, "zst": zstandard.compress}[name.rpartition(".")[2]]
    packed = pack(plain)
    found = packed_tar.read(memoryview(packed), name, Budget())
    assert found.bare
    assert [(one.name, bytes(found.file(one, Budget()))) for one in found.files] == FILES
    with pytest.raises(Malformed):
        packed_tar.read(memoryview(packed + b"!"), name, Budget())


def test_behind_the_end_marker() -> None:
    """Bytes behind the end marker of the packed archive are refused."""
    with pytest.raises(Malformed):
        packed_tar.read(memoryview(gzip.compress(maker.tar(FILES) + b"hidden")), "a.tar.gz", Budget())
