"""Vectors of the detectors perl-extension and gstreamer-plugin. ELF files are compiled as in makers/detectors.py."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.vectors.makers.detectors import GCC, case, compiled

END = '\\0" "'
"""Digits behind \\0 would be part of it."""


def make(root: Path) -> None:
    """Write every vector below `root` (tests/vectors)."""
    with tempfile.TemporaryDirectory() as scratch:
        _perl(root / "detectors", Path(scratch))
        _gstreamer(root / "detectors", Path(scratch))


def _module(scratch: Path, function: str, text: str) -> bytes:
    source = f'const char said[] = "\\0" "{text}\\0";\nconst char *{function}(void) {{ return said; }}\n'
    return compiled(scratch, source, "-shared")


def _perl(room: Path, scratch: Path) -> None:
    at, name = "perl-extension", "usr/lib/perl5/5.40/auto/Acme/Meter/Meter.so"
    beside = _module(scratch, "boot_Acme__Meter", f"1.102{END}v5.40.0{END}Meter.c{END}3.1.4")
    product = "libacme-meter-perl"
    case(room, f"{at}/valid/beside", beside, origin=GCC, name=name, clues=(f"{product} 1.102",),
         why="the release handed to xs_handshake stands beside Perl's")  # fmt: skip
    alone = _module(scratch, "boot_Acme__Meter", f"v5.40.0{END}Acme::Meter::read{END}v2.5.11")
    case(room, f"{at}/valid/alone", alone, origin=GCC, name=name, clues=(f"{product} 2.5.11",),
         why="the only number besides Perl's")  # fmt: skip
    two = _module(scratch, "boot_Acme__Meter", f"v5.40.0{END}x{END}2.5{END}x{END}3.1")
    case(room, f"{at}/valid/two-numbers", two, origin=GCC, name=name, clues=(product,), why="which is not told")
    case(room, f"{at}/invalid/other-function", beside, origin=GCC, name="usr/lib/perl5/auto/Acme/Other/Other.so",
         clues=(), why="the function is another module's")  # fmt: skip
    case(room, f"{at}/invalid/other-place", beside, origin=GCC, name="usr/lib/acme/Meter.so", clues=(),
         why="Perl does not look there")  # fmt: skip
    core = _module(scratch, "boot_List__Util", f"1.63{END}v5.40.0")
    case(room, f"{at}/invalid/with-perl", core, origin=GCC, name="usr/lib/perl/5.40/auto/List/Util/Util.so", clues=(),
         why="a module of Perl itself")  # fmt: skip
    case(room, f"{at}/valid/newer-than-perls", core, origin=GCC, clues=("libscalar-list-utils-perl 1.63",),
         name="usr/lib/x86_64-linux-gnu/perl5/5.40/auto/List/Util/Util.so",
         why="a module of Perl's own, where a distribution installs newer ones")  # fmt: skip
    source = _module(scratch, "boot_List__Util", f"2.9.1{END}x{END}v5.40.0{END}ListUtil.c{END}1.63")
    case(room, f"{at}/valid/behind-source", source, origin=GCC, clues=("libscalar-list-utils-perl 1.63",),
         name="usr/share/perl5/vendor_perl/auto/List/Util/Util.so",
         why="a module of Perl's own, installed beside it; its release is behind the name of its source")  # fmt: skip
    binding = _module(scratch, "boot_SVN___Core", f"1.14.2{END}v5.40.0")
    case(room, f"{at}/invalid/binding", binding, origin=GCC, name="usr/lib/perl5/auto/SVN/_Core/_Core.so", clues=(),
         why="Subversion's own binding")  # fmt: skip
    case(room, f"{at}/truncated/half", beside[: len(beside) // 3], origin=GCC, name=name, clues=(), why="cut",
         gaps=("malformed",))  # fmt: skip
    many = beside + b"\0v5.40.0" * 3000 + b"\0" + b"1." * 9000 + b"\0"
    case(room, f"{at}/hostile/near-matches", many, origin=GCC, name=name, clues=(f"{product} 1.102",),
         why="thousands of texts that nearly match", gaps=("unexplained",))  # fmt: skip


def _gstreamer(room: Path, scratch: Path) -> None:
    at, name = "gstreamer-plugin", "usr/lib/gstreamer-1.0/libgstacme.so"
    told = _module(scratch, "gst_plugin_acme_get_desc", f"gst-plugins-good{END}LGPL{END}1.22.0")
    case(room, f"{at}/valid/release", told, origin=GCC, name=name, clues=("gst-plugins-good1.0 1.22.0",),
         why="source package and release of the description")  # fmt: skip
    two = _module(scratch, "gst_plugin_acme_get_desc", f"gst-plugins-good{END}1.22.0{END}1.2.13")
    case(room, f"{at}/valid/two-releases", two, origin=GCC, name=name, clues=("gst-plugins-good1.0",),
         why="which is not told")  # fmt: skip
    others = _module(scratch, "gst_plugin_acme_get_desc", f"acme-plugins{END}LGPL{END}1.22.0")
    case(room, f"{at}/invalid/of-another", others, origin=GCC, name=name, clues=(), why="a package of somebody else")
    case(room, f"{at}/invalid/other-place", told, origin=GCC, name="usr/lib/libgstacme.so", clues=(),
         why="GStreamer does not look there")  # fmt: skip
    plain = _module(scratch, "acme", f"gst-plugins-good{END}LGPL{END}1.22.0")
    case(room, f"{at}/invalid/no-description", plain, origin=GCC, name=name, clues=(), why="exports no description")
    case(room, f"{at}/truncated/half", told[: len(told) // 3], origin=GCC, name=name, clues=(), why="cut",
         gaps=("malformed",))  # fmt: skip
    case(room, f"{at}/hostile/many-sources", told + b"\0gst-plugins-bad\0" * 3000, origin=GCC, name=name, clues=(),
         why="two packages: neither is told", gaps=("unexplained",))  # fmt: skip
