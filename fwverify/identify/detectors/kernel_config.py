"""A kernel's configuration: which release it belongs to, and what it says about the kernel's own defences.

Linux kernel/configs.c (`IKCFG_ST`, a gzip stream, `IKCFG_ED`; CONFIG_IKCONFIG) and scripts/kconfig/confdata.c (the
heading `# Linux/ARCH X.Y.Z Kernel Configuration`); Kernel Self Protection Project, recommended settings; read
2026-11-22. The configuration inside a kernel is that kernel's own; a text file beside it (`/boot/config-6.1.0`) says
what somebody built. Does NOT judge: what an option means is the affair of rules.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator

from fwverify.formats.multi_search import places
from fwverify.formats.names import quoted
from fwverify.identify.interface import Detector, Found, Subject
from fwverify.limits import LimitExceeded
from fwverify.model.component import Clue
from fwverify.model.evidence import ContentKind, ContentObservation
from fwverify.model.examining import Malformed
from fwverify.model.plugin import Doc

NAME = "kernel-config"
IN_KERNEL, IN_TEXT = 90, 70
MARK = b"IKCFG_ST\x1f\x8b\x08"
MAX_BYTES = 4 << 20
"""Unpacked. A distribution's configuration has 300 KiB."""
MAX_PLACES = 4
MAX_HEAD = 400
_HEADING = re.compile(
    r"#\n# Automatically generated[^\n]*\n# "
    r"(?:Linux/\S{1,40} (\d{1,2}\.\d{1,3}(?:\.\d{1,4})?)\S{0,100} Kernel Configuration"
    r"|Linux kernel version: (\d{1,2}\.\d{1,3}(?:\.\d{1,4})?))"
)
OPTIONS = (
    "BUG_ON_DATA_CORRUPTION", "DEBUG_FS", "DEVMEM", "DEVKMEM", "FORTIFY_SOURCE", "HARDENED_USERCOPY",
    "INIT_ON_ALLOC_DEFAULT_ON", "INIT_ON_FREE_DEFAULT_ON", "IO_STRICT_DEVMEM", "KEXEC", "KGDB", "LEGACY_PTYS",
    "MAGIC_SYSRQ", "MODULES", "MODULE_SIG", "MODULE_SIG_FORCE", "MODULE_SIG_ALL", "PANIC_ON_OOPS", "PROC_KCORE",
    "RANDOMIZE_BASE", "REFCOUNT_FULL", "SECCOMP", "SECURITY", "SECURITY_APPARMOR", "SECURITY_DMESG_RESTRICT",
    "SECURITY_LANDLOCK", "SECURITY_LOCKDOWN_LSM", "SECURITY_SELINUX", "SECURITY_SMACK", "SECURITY_YAMA",
    "SLAB_FREELIST_HARDENED", "SLAB_FREELIST_RANDOM", "STACKPROTECTOR", "STACKPROTECTOR_STRONG", "STRICT_DEVMEM",
    "STRICT_KERNEL_RWX", "STRICT_MODULE_RWX", "VMAP_STACK", "DM_VERITY", "IMA", "EVM",
)  # fmt: skip
"""Settings that rules may ask about: the project's recommendations, and what checks signatures or opens doors."""
_OPTION = re.compile(
    r"^(?:CONFIG_(" + "|".join(OPTIONS) + r")=(\S{1,40})|# CONFIG_(" + "|".join(OPTIONS) + r") is not set)$",
    re.MULTILINE,
)


def find(subject: Subject) -> Iterator[Found]:
    """Yield the release and the settings."""
    if subject.text is not None:
        yield from _configuration(subject, subject.text, -1, IN_TEXT)
    elif _may_be_kernel(subject):
        for at in places(subject.artifact.content, MARK, MAX_PLACES):
            yield from _configuration(subject, _unpacked(subject.artifact.content[at + 8 :]), at, IN_KERNEL)


def _may_be_kernel(subject: Subject) -> bool:
    executable = subject.executable
    return executable is None or not (executable.needed or executable.interpreter or executable.soname)


def _unpacked(view: memoryview) -> str:
    stream = zlib.decompressobj(wbits=31)
    try:
        data = stream.decompress(view, MAX_BYTES)
    except zlib.error as problem:
        raise Malformed("kernel configuration", f"not gzip: {problem}") from None
    if not stream.eof:
        if len(data) >= MAX_BYTES:
            raise LimitExceeded("max_kernel_config_bytes", MAX_BYTES)
        raise Malformed("kernel configuration", "cut off")
    return data.decode("utf-8", "replace")


def _configuration(subject: Subject, text: str, offset: int, confidence: int) -> Iterator[Found]:
    heading = _HEADING.match(text[:MAX_HEAD])
    if heading is None:
        return
    locator = subject.artifact.locator
    quote = quoted(heading[0].rpartition("\n")[2].encode())
    yield Clue("linux", heading[1] or heading[2], locator, NAME, confidence, quote, offset)
    for hit in _OPTION.finditer(text):
        option, value = hit[1] or hit[3], hit[2] or "n"
        detail = quoted(value.encode(), 40)
        yield ContentObservation(ContentKind.KERNEL_CONFIG, locator, offset, f"CONFIG_{option}", detail)


DETECTOR = Detector(
    name=NAME,
    find=find,
    doc=Doc(
        title="kernel configuration",
        references=(
            "Linux kernel/configs.c and scripts/kconfig/confdata.c, read 2026-11-22",
            "Kernel Self Protection Project, recommended settings, read 2026-11-22",
        ),
        limitations=("A kernel built without CONFIG_IKCONFIG carries none.",),
    ),
)
