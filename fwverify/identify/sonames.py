"""The SONAME a library would state, where its tables cannot be read.

System V ABI, chapter 5, "Dynamic Section"; read 2026-11-22. A condensed or damaged library still holds its SONAME as a
text. It counts when the file is named by it: a program that merely needs the library has another name. Does NOT look
into anything that is no ELF file.
"""

from __future__ import annotations

import re

from fwverify.formats.executable import detect
from fwverify.identify.interface import Subject

_LIBRARY = re.compile(r"lib[\w.+-]{1,60}?\.so", re.ASCII)


def soname(subject: Subject) -> str:
    """What the library states; of an unreadable one what its name and its texts agree on; empty for everything else."""
    if subject.executable is not None:
        return subject.executable.soname
    content = subject.artifact.content
    name = subject.artifact.name.rpartition("/")[2]
    stem = _LIBRARY.match(name)
    if stem is None or detect(content) != "ELF":
        return ""
    held = re.compile(rb"(?<=[\0\n])" + re.escape(stem[0].encode()) + rb"[.0-9]*(?=[\0\n])")
    texts = sorted({found[0].decode() for found in held.finditer(content)}, key=len)
    return next((one for one in texts if (name + ".").startswith(one.rstrip(".") + ".")), "")
