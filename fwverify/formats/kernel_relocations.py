"""The table of relocations that the x86 kernel's build puts behind vmlinux before it is packed.

Linux arch/x86/tools/relocs.c and arch/x86/boot/compressed/misc.c (handle_relocations), read 2026-11-23: 32-bit words,
little-endian; two or three lists (one, in a 32-bit kernel), each opened by a zero word and sorted; each word is the
low half of an address the kernel is loaded to. Nothing else fits this by chance, and nothing can be hidden in it but a
choice of addresses. Does NOT say whether the addresses are those that need relocation.
"""

from __future__ import annotations

import struct
from itertools import pairwise

from fwverify.formats import elf_tables
from fwverify.model.artifact import ByteRange
from fwverify.model.examining import Malformed

WORD, MOST_LISTS = 4, 3
MAX_BYTES = 16 << 20
"""A distribution's kernel has 0.9 MiB."""
LOW_HALF = 0xFFFFFFFF


def holds(view: memoryview, table: ByteRange) -> bool:
    """Whether these bytes of an ELF file are its table of relocations."""
    if table.size % WORD or not 2 * WORD <= table.size <= MAX_BYTES:
        return False
    try:
        segments = elf_tables.read(view).segments
    except Malformed:
        return False
    loaded = [one for one in segments if one.type == elf_tables.PT_LOAD and one.memory_bytes]
    words = struct.unpack_from(f"<{table.size // WORD}I", view, table.start)
    starts = [at for at, word in enumerate(words) if not word]
    if not loaded or starts[:1] != [0] or len(starts) > MOST_LISTS:
        return False
    lists = [words[start + 1 : end] for start, end in pairwise([*starts, len(words)])]
    low = min(one.address & LOW_HALF for one in loaded)
    high = max((one.address & LOW_HALF) + one.memory_bytes for one in loaded)
    return all(
        not part or (low <= part[0] and part[-1] < high and all(one < other for one, other in pairwise(part)))
        for part in lists
    )
