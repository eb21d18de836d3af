"""The manifest of a RAUC bundle: read strictly, because two readers would see two."""

from __future__ import annotations

import pytest

from fwverify.formats import rauc_bundle
from fwverify.model.examining import Malformed

GOOD = (
    b"# made by hand\n[update]\ncompatible = Acme Gateway\nversion=1.0\\s2\nbuild=7\n\n[bundle]\nformat=verity\n"
    b"verity-hash=" + b"ab" * 32 + b"\nverity-salt=" + b"cd" * 32 + b"\nverity-size=4096\n\n[image.rootfs]\n"
    b"sha256=" + b"EF" * 32 + b"\nsize=10\nfilename=r.img\n[image.app.v2]\nfilename=a.caibx\n[meta.x]\ny=\n"
)


def test_manifest() -> None:
    """Spaces around `=`, escapes, comments and upper-case digits are read; images and tree come with their values."""
    found = rauc_bundle.manifest(GOOD)
    assert (found.compatible, found.version, found.build) == ("Acme Gateway", "1.0 2", "7")
    assert (found.format, found.root, found.tree_bytes) == ("verity", b"\xab" * 32, 4096)
    assert found.images[0] == rauc_bundle.Image("rootfs", "r.img", "ef" * 32, 10)
    assert found.casync


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        (b"build=7", b"version=2"), (b"[meta.x]", b"[update]"), (b"build=7", b"build"), (b"# made", b"x=y\n# made"),
        (b"format=verity", b"format=Verity"), (b"verity-size=4096", b"verity-size=4096 "b"x"),
        (b"verity-size=4096", b"verity-size=-4096"), (b"verity-size=4096", b"verity-size=0x1000"),
        (b"verity-salt=cd", b"verity-salt=c"), (b"verity-hash=ab", b"verity-hash=zz"), (b"\\s2", b"\\q2"),
        (b"compatible = Acme Gateway\n", b""), (b"Acme", b"\xff"), (b"[bundle]", b"[bundle"), (b"size=10", b"size=1 0"),
        (b"verity-hash=", b"verity-hush="),
    ],
)  # fmt: skip
def test_refused(was: bytes, becomes: bytes) -> None:
    """A key or section twice, a line that is neither, a number with something around it, a digest cut short."""
    assert was in GOOD
    if was == b"verity-hash=":
        assert not rauc_bundle.manifest(GOOD.replace(was, becomes)).root
        return
    with pytest.raises(Malformed):
        rauc_bundle.manifest(GOOD.replace(was, becomes, 1))


def test_what_lies_behind_the_squashfs_is_no_second_bundle() -> None:
    """The end of a bundle, met as a part without a name, ends as a bundle does and is not taken for one."""
    frame = b"\x30\x30\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02" + bytes(37)
    end = bytes(100) + frame + len(frame).to_bytes(8, "big")
    whole = memoryview(rauc_bundle.SQUASHFS + end)
    assert rauc_bundle.looks_like(memoryview(end), "update.raucb")
    assert not rauc_bundle.looks_like(memoryview(end), "@0x8000-0x96b1")
    assert rauc_bundle.looks_like(whole, "@0x8000-0x96b1")
