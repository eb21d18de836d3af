"""File systems and volumes that are recognised and not read, so that the gap has a name.

Only the first bytes of the header that told which it is count as looked at. The rest stays unclaimed and is searched:
executables and archives in it may be found, a complete list of its files is not. Encrypted volumes are told as such.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwverify.formats import foreign_filesystems
from fwverify.formats.names import decoded
from fwverify.limits import Budget
from fwverify.model.artifact import Artifact, ByteRange
from fwverify.model.evidence import AnomalyKind
from fwverify.model.examining import Encrypted, Malformed, Unsupported
from fwverify.model.plugin import Doc
from fwverify.unpack.interface import Carve, Container, Event, Fact, Oddity, Part, PartUse

MAGIC_BYTES = 16
"""Of a header, looked at."""


def _detect(artifact: Artifact) -> bool:
    return foreign_filesystems.recognised(artifact.content) is not None


def _unpack(artifact: Artifact, budget: Budget) -> Iterator[Event]:
    found = foreign_filesystems.recognised(artifact.content)
    if found is None:
        raise Malformed("file system", "none that is known begins here", 0)
    begin = found.header.start  # most of the header's fields were not looked at
    yield Part(ByteRange(begin, min(begin + MAGIC_BYTES, found.header.end)), PartUse.HEADER)
    yield Fact("file-system", found.name)
    if found.label:
        yield Fact("label", decoded(found.label))
    if 0 < found.size < artifact.size:
        rest = ByteRange(found.size, artifact.size)
        yield Oddity(AnomalyKind.TRAILING_DATA, "bytes after the file system", rest)
    if found.encrypted:
        raise Encrypted(f"{found.name} volume")
    raise Unsupported(found.name)


CONTAINER = Container(
    name="unsupported_filesystem",
    detect=_detect,
    unpack=_unpack,
    carve=Carve(foreign_filesystems.MAGICS, foreign_filesystems.end),
    doc=Doc(
        title="File systems and volumes that are named, not read",
        references=(
            "ECMA-119 8.4, ECMA-167 3/9.1, Microsoft exFAT specification 3.1, Apple TN1150, read 2026-11-22",
            "Linux headers of XFS, F2FS, btrfs, NTFS, ReiserFS, Minix, JFS, NILFS2 and swap space, read 2026-11-22",
            "LUKS1 1.2.3, LUKS2, LVM2 label, OpenZFS on-disk 1.3.1, littlefs SPEC.md, YAFFS2 yaffs_guts.h,"
            " read 2026-11-22",
        ),
        limitations=(
            "nothing is read: ISO 9660, UDF, btrfs, F2FS, XFS, NTFS, exFAT, ReiserFS, Minix, JFS, NILFS2, HFS Plus,"
            " ZFS, littlefs, YAFFS, LUKS, LVM2, swap space",
            "YAFFS has no magic: it is known by the shape of its first object header",
        ),
        makers=("genisoimage", "mkfs.minix and mkswap (util-linux)", "cryptsetup", "mkfs.* of each file system"),
    ),
)
