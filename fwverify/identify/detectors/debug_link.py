"""The name of the separate debug file that RPM's build leaves in every program (`.gnu_debuglink`).

Source: GDB manual, "Debugging Information in Separate Files"; RPM's find-debuginfo names the file
`PROGRAM-VERSION-RELEASE.ARCHITECTURE.debug`; read 2026-11-23. The link counts where it begins with the file's own
name and that names a known product; not in plug-ins (`png.so`), which are called like what they plug in. Does NOT look
for the debug file, nor at links without a version.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from fwverify.formats.executable import detect
from fwverify.formats.names import quoted
from fwverify.formats.products import canonical_product, known_products
from fwverify.identify.handed import places
from fwverify.identify.interface import Detector, Found, Subject
from fwverify.identify.program_table import SHARED, programs
from fwverify.model.component import Clue
from fwverify.model.plugin import Doc

NAME = "debug-link"
CONFIDENCE = 80
_PLUG_IN = re.compile(r"^(?!lib).*\.so|\.so$", re.ASCII)
ARCHITECTURES = rb"(?:x86_64|aarch64|i[3-6]86|armv[5-8]\w{1,4}|ppc64(?:le)?|s390x|riscv64|mips\w{0,6})"
_BEHIND = re.compile(rb"(\d[\w.+^]{0,40})(?:~\w{1,20})?-[\w.+~]{1,60}\." + ARCHITECTURES + rb"\.debug(?=[\0\n])")
"""What follows the file's own name."""


def find(subject: Subject) -> Iterator[Found]:
    """Yield the release in the link."""
    name = subject.artifact.name.rpartition("/")[2]
    product = "" if name in SHARED else programs().get(name) or canonical_product(name)
    if product not in known_products() or _PLUG_IN.search(name) or detect(subject.artifact.content) != "ELF":
        return
    held, begin = bytes(subject.artifact.content), name.encode("utf-8", "replace") + b"-"
    found = next((hit for at in places(held, begin) if (hit := _BEHIND.match(held, at + len(begin)))), None)
    if found:
        at = found.start() - len(begin)
        version, quote = found[1].decode(), quoted(held[at : found.end()])
        yield Clue(product, version, subject.artifact.locator, NAME, CONFIDENCE, quote, at)


DETECTOR = Detector(
    name=NAME,
    find=find,
    doc=Doc(
        title="debug links",
        references=("GDB manual, Debugging Information in Separate Files, read 2026-11-23",),
        limitations=("Files named like their product, of distributions that build with RPM.",),
    ),
)
